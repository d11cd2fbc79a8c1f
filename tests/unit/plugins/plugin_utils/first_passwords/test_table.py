# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a table of first passwords holds is found, and what is not beyond doubt is refused without being quoted."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.first_passwords.table import (
    DELIMITERS,
    TableError,
    read_table,
)

HOSTS = {"agent-1001", "agent-1002", "o'brien", "admin-101"}
COLUMNS = {"cc_agent": 1, "cc_config": 1, "cec_account": 2, "cec_sip": 3, "idaas": 4}
ONE, TWO = "Qz7@mWvLpXr", "Kx3#tBnRsYd"


def password(text: str, host: str = "agent-1001", kind: str = "cc_agent", delimiter: str = "") -> str:
    return read_table(text, COLUMNS, HOSTS, delimiter).password(host, kind)


def faults(text: str, host: str = "agent-1001", kind: str = "cc_agent") -> tuple[str, ...]:
    with pytest.raises(TableError) as caught:
        password(text, host, kind)
    assert ONE not in str(caught.value)
    assert TWO not in str(caught.value)
    return caught.value.faults


# -- what is found -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_rows_of_any_editor(end: str, delimiter: str) -> None:
    table = read_table(f"agent-1001{delimiter}{ONE}{end}{end}agent-1002{delimiter}{TWO}{end}", COLUMNS, HOSTS)
    assert table.password("agent-1001", "cc_agent") == ONE
    assert table.password("agent-1002", "cc_agent") == TWO


def test_a_first_row_that_names_the_columns() -> None:
    """In any order, with columns that are nobody's password."""
    text = f"name;idaas;host;CC_Agent ;remarks\nZhang;{TWO};agent-1001;{ONE}; on leave \n"
    table = read_table(text, COLUMNS, HOSTS)
    assert (table.password("agent-1001", "cc_agent"), table.password("agent-1001", "idaas")) == (ONE, TWO)
    with pytest.raises(TableError, match="no column is for cec_sip; name it in the first row"):
        table.password("agent-1001", "cec_sip")


def test_a_first_row_without_a_name_for_the_hosts() -> None:
    assert read_table(f"person,cc_agent\nagent-1001,{ONE}\n", {}, HOSTS).password("agent-1001", "cc_agent") == ONE


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"a,b;c"', "a,b;c"), ('"say ""hi"""', 'say "hi"'), ('sa"y', 'sa"y'), ("it's", "it's"), ("{{ x }}", "{{ x }}")],
)
def test_characters_of_passwords(written: str, meant: str) -> None:
    assert password(f"o'brien,{written}\n", "o'brien") == meant


def test_the_delimiter_that_is_given() -> None:
    """A password may be a host's name in the eyes of another delimiter."""
    assert password("agent-1001,x;y\n", delimiter=",") == "x;y"
    assert password("agent-1001#x,y\n", delimiter="#") == "x,y"


def test_the_line_that_tells_a_spreadsheet_the_delimiter() -> None:
    assert password("sep=#\nagent-1001#x;y\n") == "x;y"
    assert faults("agent-1001,a\nsep=#\n")[0] == "row 2 names no host of this inventory"


def test_rows_that_were_emptied() -> None:
    assert password(f"host;cc_agent;idaas\nagent-1001;{ONE};\n;;\n ; ;\n") == ONE


def test_no_rows_at_all() -> None:
    assert faults("\n \n") == ("no row is for agent-1001; add one",)


# -- what refuses all of it --------------------------------------------------------------------------------------------


def test_a_quotation_mark_that_is_open_swallows_no_other_row() -> None:
    text = f'agent-1001,"{ONE}\nagent-1002,{TWO}\nadmin-101,"{TWO}"x\n'
    assert faults(text, "agent-1002") == tuple(
        f"row {number} has quotation marks that do not fit; put the password in quotation marks and double those in it"
        for number in (1, 3)
    )


def test_two_open_quotation_marks_do_not_make_one_password() -> None:
    """Together they would be a cell with line breaks, and other people's passwords in it."""
    assert len(faults(f'agent-1001,"{ONE}\nagent-1002,{TWO}\nadmin-101,{TWO}"\n')) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"agent-1001,{ONE}\nagent-1002,{TWO}\nagent-1001,{TWO}\n", "row 3 is for agent-1001, and so is row 1"),
        (f"agent-1001,{ONE}\nagent-10O2,{TWO}\n", "row 2 names no host of this inventory"),
        (f"agent-1001,{ONE}\n,{TWO}\n", "row 2 names no host"),
        (f"remarks,cc_agent,host\nx,{ONE},agent-1001\ny,{TWO}\n", "row 3 names no host"),
        (f"{ONE},agent-1001\n", "row 1 names no host of this inventory"),
        (f"host,cc_agent,cc_agent\nagent-1001,{ONE},{TWO}\n", "row 1 names the column cc_agent twice"),
        (f"host,host,cc_agent\nagent-1001,x,{ONE}\n", "row 1 names the column host twice"),
        (f"host,cc_agent,idaas\nagent-1001,a,b,{ONE}\n", "row 2 has more cells than the first row names"),
        (f"cc_agent,person\n{ONE},agent-1001\n", "row 1 names no column of the hosts; call it host"),
    ],
)
def test_what_refuses_the_table(text: str, fault: str) -> None:
    assert faults(text)[0].startswith(fault)


def test_all_faults_are_told() -> None:
    assert len(faults(f"x,{ONE}\ny,{TWO}\nagent-1001,{ONE}\nagent-1001,{ONE}\n")) == 3


# -- what refuses a credential -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "fault"),
    [
        (f"agent-1002,{ONE}\n", "cc_agent", "no row is for agent-1001"),
        (f"agent-1001,{ONE}\n", "idaas", "row 1 ends before column 4, which is that of idaas"),
        (f"agent-1001,{ONE},,,\n", "idaas", "row 1, column 4 (idaas) is empty"),
        (f"agent-1001, {ONE}\n", "cc_agent", "row 1, column 1 (cc_agent): the password begins with a blank"),
        (f"agent-1001,{ONE}\u3000\n", "cc_agent", "row 1, column 1 (cc_agent): the password ends with a blank"),
        (f'agent-1001,"{ONE}\t1"\n', "cc_agent", "row 1, column 1 (cc_agent): the password holds a line break, a tab"),
        ('agent-1001,"=""17"""\n', "cc_agent", "row 1, column 1 (cc_agent) looks like what a spreadsheet makes"),
        ("agent-1001,1.23457E+11\n", "cc_agent", "row 1, column 1 (cc_agent) looks like what a spreadsheet makes"),
        *(
            (f"agent-1001;{cell}\n", "cc_agent", "row 1, column 1 (cc_agent) looks like what a spreadsheet makes")
            for cell in ("1,23E+05", "-1.23e+05", "Err:509", "#WERT!", "#NOM?", "#N/A")
        ),
        ("agent-1001,#NAME?\n", "cc_agent", "row 1, column 1 (cc_agent) looks like what a spreadsheet makes"),
        ("agent-1001,####\n", "cc_agent", "row 1, column 1 (cc_agent) looks like what a spreadsheet makes"),
        (f"agent-1001,{ONE}\u200b\n", "cc_agent", "row 1, column 1 (cc_agent): the password holds a character that no"),
        (f"agent-1001,{ONE}\ufffd\n", "cc_agent", "row 1, column 1 (cc_agent): the password holds the sign for a char"),
    ],
)
def test_what_refuses_a_password(text: str, kind: str, fault: str) -> None:
    assert faults(text, kind=kind)[0].startswith(fault)


def test_a_fault_of_one_person_is_nobody_elses() -> None:
    table = read_table(f"agent-1001, {ONE}\nagent-1002,{TWO}\n", COLUMNS, HOSTS)
    assert table.password("agent-1002", "cc_agent") == TWO


# -- anything ----------------------------------------------------------------------------------------------------------

PASSWORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FFF, categories=["L", "N", "P", "S"]), min_size=1
).filter(
    # What a spreadsheet makes of other texts is refused.
    lambda text: not text.startswith(("#", "=")) and not text[:1].isdigit()
)


@given(
    st.dictionaries(st.sampled_from(sorted(HOSTS)), st.fixed_dictionaries(dict.fromkeys(KINDS, PASSWORD)), min_size=1),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_read(people: dict[str, dict[str, str]], delimiter: str, end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["host", *KINDS])
    writer.writerows([host, *(passwords[kind] for kind in KINDS)] for host, passwords in people.items())
    for chosen in (delimiter, ""):
        table = read_table(text.getvalue(), {}, HOSTS, chosen)
        assert {host: {kind: table.password(host, kind) for kind in KINDS} for host in people} == people


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(TableError):
        assert password(text) in text

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table of first passwords: CSV, a row for each host, checked as a whole.

A slip in such a file would send one person's password as another one's, so each row is read by itself, and what is not
beyond doubt is refused. No fault quotes a cell: it may be a password.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.module_utils._written import blemish

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

DELIMITERS = (",", ";", "\t", "|")
"""Those that are recognized."""
_HOST_NAMES = ("host", "hostname", "inventory_hostname")
_ALTERED = re.compile(r'=".*"|[+-]?[0-9]+([.,][0-9]+)?[Ee][+-]?[0-9]+|#[A-Z\u00c0-\u00de/0]+[?!]?|Err:[0-9]+|#+')
"""A formula, a number that was rounded, an error, and a column that was too narrow."""
_DELIMITER_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
"""A first line that tells a spreadsheet the delimiter."""
_LINE_END = re.compile(r"\r\n|\n|\r")


class TableError(Exception):
    """The table is no table of first passwords.

    Attributes:
        faults: what is wrong with it, each with its row.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True)
class Table:
    """First passwords.

    Attributes:
        columns: the column of each kind, from 0.
        rows: the number of each host's row, from 1 as an editor counts lines, and its cells.
    """

    columns: Mapping[str, int]
    rows: Mapping[str, tuple[int, Sequence[str]]]

    def password(self, host: str, kind: str) -> str:
        """Return the first password of a credential.

        Raises:
            TableError: there is none.
        """
        if host not in self.rows:
            raise TableError(f"no row is for {host}; add one")
        number, cells = self.rows[host]
        if kind not in self.columns:
            raise TableError(f"no column is for {kind}; name it in the first row, or give its number")
        column = self.columns[kind]
        if column >= len(cells):
            raise TableError(f"row {number} ends before column {column}, which is that of {kind}; complete it")
        if not cells[column]:
            raise TableError(f"row {number}, column {column} ({kind}) is empty; give the password")
        if _ALTERED.fullmatch(cells[column]):
            raise TableError(
                f"row {number}, column {column} ({kind}) looks like what a spreadsheet makes of a text; write it as it "
                "is, in a column of the type text, or give this one with rotate_enroll_passwords"
            )
        if fault := blemish(cells[column]):
            raise TableError(f"row {number}, column {column} ({kind}): the password {fault}")
        return cells[column]


def read_table(text: str, columns: Mapping[str, int], hosts: Collection[str], delimiter: str = "") -> Table:
    """Read a table.

    Args:
        text: of the file.
        columns: the column of each kind, where the first row does not name them. The host is column 0.
        hosts: all that there are.
        delimiter: between columns; empty to recognize it.

    Raises:
        TableError: it is at fault anywhere.
    """
    lines = {number: line for number, line in enumerate(_LINE_END.split(text), 1) if line.strip()}
    if told := _DELIMITER_LINE.fullmatch(lines.get(1, "")):
        del lines[1]
        delimiter = delimiter or told[1]
    delimiter = delimiter or _recognized(lines, hosts)
    rows: dict[int, list[str]] = {}
    faults: list[str] = []
    for number, line in lines.items():
        if not line.strip(f"{delimiter} "):
            continue  # a row of a spreadsheet that was emptied
        try:
            rows[number] = _cells(line, delimiter)
        except csv.Error:
            faults.append(
                f"row {number} has quotation marks that do not fit; put the password in quotation marks and double "
                "those in it"
            )
    first = next(iter(rows), None)
    at = 0
    if first is not None and _is_header(rows[first]):
        named = len(rows[first])
        at, columns = _named_columns(first, rows.pop(first))
        faults += [
            f"row {number} has more cells than the first row names; put a password that holds the delimiter in "
            "quotation marks"
            for number, row in rows.items()
            if any(row[named:])
        ]
    faults += _faults(rows, at, hosts)
    if faults:
        raise TableError(*faults)
    return Table(columns, {row[at].strip(): (number, row) for number, row in rows.items()})


def _cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line. It is read by itself, so that an open quotation mark swallows no other row."""
    return next(csv.reader([line], delimiter=delimiter, strict=True))


def _recognized(lines: Mapping[int, str], hosts: Collection[str]) -> str:
    """Return the delimiter with which the most rows name a host, since a password may hold any of them."""

    def named(delimiter: str) -> int:
        return sum(1 for line in lines.values() if any(cell.strip(' "') in hosts for cell in line.split(delimiter)))

    return max(DELIMITERS, key=named)


# -- columns -----------------------------------------------------------------------------------------------------------


def _is_header(row: list[str]) -> bool:
    return any(cell.strip().lower() in KINDS for cell in row)


def _named_columns(number: int, row: list[str]) -> tuple[int, dict[str, int]]:
    """Return the columns that the first row names: the hosts' one, and those of the kinds."""
    names = [cell.strip().lower() for cell in row]
    twice = [name for name, count in Counter(names).items() if count > 1 and name in (*KINDS, *_HOST_NAMES)]
    if twice:
        raise TableError(*(f"row {number} names the column {name} twice" for name in twice))
    host = next((column for column, name in enumerate(names) if name in _HOST_NAMES), 0)
    kinds = {name: column for column, name in enumerate(names) if name in KINDS}
    if host in kinds.values():
        raise TableError(f"row {number} names no column of the hosts; call it {_HOST_NAMES[0]}")
    return host, kinds


# -- rows --------------------------------------------------------------------------------------------------------------


def _faults(rows: Mapping[int, list[str]], at: int, hosts: Collection[str]) -> Iterator[str]:
    """Give what is wrong with the hosts' column."""
    seen: dict[str, int] = {}
    for number, row in rows.items():
        host = row[at].strip() if at < len(row) else ""
        if not host:
            yield f"row {number} names no host"
        elif host not in hosts:
            yield f"row {number} names no host of this inventory"
        elif host in seen:
            yield f"row {number} is for {host}, and so is row {seen[host]}; leave one of both rows"
        seen.setdefault(host, number)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of first passwords is read once per run, and refused where it is open, unreadable or no such file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.first_passwords.file import FirstPasswords

HOSTS = {"agent-1001", "agent-1002"}
COLUMNS = {"cc_agent": 1, "cc_config": 1, "idaas": "2"}
ONE, TWO = "Qz7@mWvLpXr", "Kx3#tBnRsYd"
VAULT = VaultLib([("default", VaultSecret(b"vault password"))])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "passwords.csv"
    write(path, f"agent-1001,{ONE}\nagent-1002,{TWO}\n")
    return path


@pytest.fixture
def file(path: Path) -> FirstPasswords:
    return FirstPasswords(str(path), columns=COLUMNS, shared=SharedMemory().take())


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)


def password(file: FirstPasswords, host: str = "agent-1001", kinds: tuple[str, ...] = ("cc_agent",)) -> str:
    return file.password(host, "cc_agent", kinds, HOSTS, VAULT)


def fault(file: FirstPasswords, kinds: tuple[str, ...] = ("cc_agent",)) -> str:
    with pytest.raises(InputError) as caught:
        password(file, kinds=kinds)
    told = ". ".join(caught.value.faults)
    assert ONE not in told
    assert TWO not in told
    return told


def test_it_is_read_once(file: FirstPasswords, path: Path) -> None:
    assert password(file) == ONE
    path.unlink()
    assert password(file, "agent-1002") == TWO


def test_what_a_worker_has_read_serves_the_others(file: FirstPasswords, path: Path) -> None:
    child = os.fork()
    if not child:
        os._exit(password(file) != ONE)
    assert os.waitpid(child, 0)[1] == 0
    path.unlink()
    assert password(file, "agent-1002") == TWO


def test_faults_are_found_once_too(file: FirstPasswords, path: Path) -> None:
    write(path, f'agent-1001,"{ONE}\n')
    told = fault(file)
    assert told.startswith(f"{path}, row 1 has quotation marks that do not fit")
    write(path, f"agent-1001,{ONE}\n")
    assert fault(file) == told


def test_many_faults_are_counted(file: FirstPasswords, path: Path) -> None:
    write(path, f"somebody,{ONE}\n" * 50)
    assert "row 10 names no host of this inventory. 40 more rows are at fault" in fault(file)


def test_other_options_are_another_table(file: FirstPasswords, path: Path) -> None:
    assert password(file) == ONE
    write(path, f"agent-1001,x,{TWO}\n")
    assert password(replace(file, columns={"cc_agent": 2})) == TWO


# -- encodings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("UTF8", "utf-8-sig"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gbk"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings(file: FirstPasswords, path: Path, encoding: str, written: str) -> None:
    write(path, "host,姓名,cc_agent\r\nagent-1001,张三,密码Qz7@\r\n".encode(written))
    assert password(replace(file, encoding=encoding)) == "密码Qz7@"


def test_another_encoding_is_told_with_its_row(file: FirstPasswords, path: Path) -> None:
    write(path, "host,姓名,cc_agent\r\n".encode() + "agent-1001,张三,x\r\n".encode("gbk"))
    assert fault(file) == f"{path}, row 2 is no utf-8 text; give rotate_enroll_csv_encoding, such as gbk"
    assert "klingon is no encoding" in fault(replace(file, encoding="klingon"))
    assert "rot13 is no encoding" in fault(replace(file, encoding="rot13"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "gbk"])
def test_utf_16_is_recognized(file: FirstPasswords, path: Path, encoding: str) -> None:
    write(path, f"agent-1001\t{ONE}\n".encode("utf-16"))
    assert password(replace(file, encoding=encoding)) == ONE


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_spreadsheets_own_file(file: FirstPasswords, path: Path, begins: bytes) -> None:
    write(path, begins + bytes(range(256)))
    assert "is a spreadsheet's own file; save it as CSV (UTF-8)" in fault(file)


def test_utf_8_is_not_taken_for_another_encoding(file: FirstPasswords, path: Path) -> None:
    write(path, f"agent-1001,{ONE}\n".encode("utf-8-sig"))
    assert "begins as UTF-8 does, and not as latin-1" in fault(replace(file, encoding="latin-1"))


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o644])
def test_an_open_file_is_refused(file: FirstPasswords, path: Path, mode: int) -> None:
    path.chmod(mode)
    assert fault(file) == (
        f"{path} is open to every user of this machine; run chmod o-rwx on it, or encrypt it with ansible-vault encrypt"
    )


def test_a_file_of_a_group_is_read(file: FirstPasswords, path: Path) -> None:
    path.chmod(0o640)
    assert password(file) == ONE


def test_an_encrypted_file(file: FirstPasswords, path: Path) -> None:
    write(path, VAULT.encrypt(f"agent-1001,{ONE}\n"))
    path.chmod(0o644)
    assert password(file) == ONE


def test_an_encrypted_file_without_its_vault_password(file: FirstPasswords, path: Path) -> None:
    write(path, VaultLib([("default", VaultSecret(b"another"))]).encrypt(f"agent-1001,{ONE}\n"))
    assert fault(file) == f"no vault password of this run opens {path}; give it with --vault-id"


def test_no_file(file: FirstPasswords, path: Path) -> None:
    path.unlink()
    assert f"the file {path} cannot be read (No such file or directory)" in fault(file)
    path.mkdir()
    assert fault(replace(file, columns={"cc_agent": 3})).startswith(f"the file {path} cannot be read (Is a directory)")


def test_a_file_that_is_too_large(file: FirstPasswords, path: Path) -> None:
    write(path, b"agent-1001,x\n" * 200_000)
    assert "has more than 2 MiB" in fault(file)


def test_a_pipe(file: FirstPasswords, path: Path) -> None:
    """It can be read only once, such as that of a program that decrypts the file."""
    path.unlink()
    os.mkfifo(path, 0o600)
    child = os.fork()
    if not child:
        path.write_text(f"agent-1001,{ONE}\nagent-1002,{TWO}\n", encoding="utf-8")
        os._exit(0)
    assert (password(file), password(file, "agent-1002")) == (ONE, TWO)
    os.waitpid(child, 0)


# -- options -----------------------------------------------------------------------------------------------------------


def test_two_kinds_of_a_host_in_one_column(file: FirstPasswords) -> None:
    told = fault(file, ("cc_agent", "cc_config"))
    assert "column 1 is that of cc_agent and of cc_config, and agent-1001 has both" in told


@pytest.mark.parametrize("column", [0, -1, "x", 1.5, None, True])
def test_columns_that_are_no_numbers(file: FirstPasswords, column: object) -> None:
    assert "the column of cc_agent is no number from 1" in fault(replace(file, columns={"cc_agent": column}))


def test_delimiters(file: FirstPasswords, path: Path) -> None:
    write(path, f"agent-1001\t{ONE}\n")
    for delimiter in ("TAB", "\\t", "\t", ""):
        assert password(replace(file, delimiter=delimiter)) == ONE
    assert "the delimiter is one character" in fault(replace(file, delimiter="::"))

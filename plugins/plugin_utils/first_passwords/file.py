# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of first passwords. A run reads it once, and its workers share what was found, faults included."""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleError

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    SHARED_MEMORY,
    SharedDocument,
    SharedMemory,
    key_of,
)

from .table import Table, TableError, read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible.parsing.vault import VaultLib

_MOST_BYTES = 2 * 1024 * 1024
_MOST_FAULTS = 10
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files of spreadsheets begin: .xlsx and .ods, and .xls."""
_TAB = ("TAB", "\\t")


@dataclass(frozen=True)
class FirstPasswords:
    """A CSV file with the passwords that hosts have today.

    Attributes:
        path: of the file.
        encoding: of its text, as Python names it. ``utf-8`` includes a byte order mark; that of UTF-16 is recognized.
        delimiter: between columns; empty to recognize it.
        columns: the column of each kind, where the first row does not name them; the host is column 0.
        shared: the memory of the run.
    """

    path: str
    encoding: str = "utf-8"
    delimiter: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    shared: SharedMemory = SHARED_MEMORY

    def password(self, host: str, kind: str, kinds: Collection[str], hosts: Collection[str], vault: VaultLib) -> str:
        """Return a host's password.

        Args:
            host: whose.
            kind: of credential.
            kinds: all that the host has, no two of which may be in one column.
            hosts: all of the inventory. A row for another one refuses the file.
            vault: opens a file that ``ansible-vault encrypt`` has made.

        Raises:
            InputError: there is none, or the file is at fault anywhere.
        """
        table = self._table(hosts, vault)
        try:
            password = table.password(host, kind)
        except TableError as exc:
            raise InputError(*(f"{self.path}, {fault}" for fault in exc.faults)) from None
        shared = [other for other in kinds if other != kind and table.columns.get(other) == table.columns[kind]]
        if shared:
            raise InputError(
                f"{self.path}: column {table.columns[kind]} is that of {kind} and of {shared[0]}, and {host} has both; "
                "give each kind a column of its own"
            )
        return password

    def _table(self, hosts: Collection[str], vault: VaultLib) -> Table:
        """Return the table, read by the first worker that needs it."""
        document = SharedDocument(self.shared, "first_passwords")
        key = key_of(self.path, self.encoding, self.delimiter, repr(self.columns))
        with document.locked(key):
            with document.locked():
                found = document.load().get(key)
            if found is None:
                found = self._read(hosts, vault)
                with document.locked():
                    document.save({key: found})
        if found["faults"]:
            raise InputError(*found["faults"])
        return Table(found["columns"], found["rows"])

    def _read(self, hosts: Collection[str], vault: VaultLib) -> dict[str, Any]:
        """Return the table as a document, or what is wrong with the file."""
        try:
            table = read_table(self._text(vault), _numbers(self.columns), hosts, self._delimiter())
        except TableError as exc:
            more = len(exc.faults) - _MOST_FAULTS
            faults = [f"{self.path}, {fault}" for fault in exc.faults[:_MOST_FAULTS]]
            return {"faults": [*faults, f"{more} more rows are at fault"] if more > 0 else faults}
        except OSError as exc:
            reason = os.strerror(exc.errno or 0)
            return {"faults": [f"the file {self.path} cannot be read ({reason}); correct rotate_enroll_csv"]}
        except InputError as exc:
            return {"faults": list(exc.faults)}
        return {"faults": [], "columns": dict(table.columns), "rows": dict(table.rows)}

    def _delimiter(self) -> str:
        delimiter = "\t" if self.delimiter in _TAB else self.delimiter
        if len(delimiter) > 1:
            raise InputError("the delimiter is one character, or TAB; leave it out to have it recognized")
        return delimiter

    def _text(self, vault: VaultLib) -> str:
        with open(self.path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise InputError(f"{self.path} has more than {_MOST_BYTES >> 20} MiB; give fewer hosts in each file")
        if vault.is_encrypted(data):
            try:
                data = vault.decrypt(data)
            except AnsibleError:
                raise InputError(f"no vault password of this run opens {self.path}; give it with --vault-id") from None
        elif mode & stat.S_IRWXO:
            raise InputError(
                f"{self.path} is open to every user of this machine; run chmod o-rwx on it, or encrypt it with "
                "ansible-vault encrypt"
            )
        return self._decoded(data)

    def _decoded(self, data: bytes) -> str:
        if data.startswith(_SPREADSHEETS):
            raise InputError(f"{self.path} is a spreadsheet's own file; save it as CSV (UTF-8)")
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16", errors="replace")
        try:
            is_utf_8 = codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig")
            text = data.decode("utf-8-sig" if is_utf_8 else self.encoding)
        except LookupError:
            raise InputError(f"{self.encoding} is no encoding that Python knows, such as utf-8 and gbk") from None
        except UnicodeError as exc:
            row = data[: getattr(exc, "start", 0)].count(b"\n") + 1
            raise InputError(
                f"{self.path}, row {row} is no {self.encoding} text; give rotate_enroll_csv_encoding, such as gbk"
            ) from None
        if not is_utf_8 and data.startswith(codecs.BOM_UTF8):
            raise InputError(f"{self.path} begins as UTF-8 does, and not as {self.encoding}; correct the encoding")
        return text


def _numbers(columns: Mapping[str, Any]) -> dict[str, int]:
    """Return the columns as numbers."""
    faults = [kind for kind, column in columns.items() if not str(column).isdecimal() or int(column) < 1]
    if faults:
        raise InputError(*(f"the column of {kind} is no number from 1; column 0 is the host's" for kind in faults))
    return {kind: int(column) for kind, column in columns.items()}

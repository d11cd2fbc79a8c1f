# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that knows which stores there are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from ansible.parsing.vault import VaultLib

from . import folder
from .entry import Account, BookedLogin, Ciphertext, Entry, StoreError
from .vault_file import VaultFileStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from ansible.parsing.dataloader import DataLoader


class Store(Protocol):
    """What every store can do; the meaning is documented at VaultFileStore."""

    place: str

    def encrypt(self, secret: str, entry: Entry) -> Ciphertext:
        """Encrypt a password for an entry."""

    def decrypt(self, ciphertext: Ciphertext) -> str:
        """Decrypt a password."""

    def check(self, kind: str, entry: Entry) -> None:
        """Raise StoreError unless the passwords of an entry are its own, and in their slots."""

    def rekeyed(self, kind: str, entry: Entry, *, as_found: bool = False) -> Entry:
        """Return an entry with every secret encrypted with the key that the settings choose."""

    def check_introduction(self) -> None:
        """Raise StoreError unless the chosen vault password may be introduced."""

    def check_opens(self, host: str) -> None:
        """Raise StoreError unless the chosen vault password alone opens all secrets of a host."""

    def hosts_left(self) -> list[str]:
        """Return the hosts with a secret that the chosen vault password does not open."""

    def hosts(self) -> Iterator[str]:
        """Yield the hosts that have credentials."""

    def kinds(self, host: str) -> dict[str, Entry]:
        """Return all credentials of a host."""

    def check_vault_password(self) -> None:
        """Raise StoreError unless secrets can be encrypted and those in the store decrypted."""

    def read(self, host: str, kind: str) -> Entry | None:
        """Return a credential."""

    def booked_elsewhere(self, account: Account, kind: str) -> tuple[BookedLogin, ...] | None:
        """Return the ledgers of an account's entries of other kinds, None where there are no such entries."""

    def booked_since(self, account: Account, kind: str, entry: Entry) -> tuple[BookedLogin, ...]:
        """Return an account's logins that were booked after an entry, which is new then, or comes from a backup."""

    def retire(self, host: str, leaving: Mapping[str, Entry], time: datetime) -> str:
        """Take credentials out and return where they are kept."""

    def write(self, host: str, kind: str, entry: Entry) -> Entry:
        """Write a credential, compare-and-swap on its version."""


def place_of(path: str) -> str:
    """Return the folder that an option names.

    Raises:
        StoreError: it names a variable or a user that is not there, or is a URL. Each would become a folder's name.
    """
    found = os.path.expanduser(os.path.expandvars(path))
    if "$" in found or found.startswith("~"):
        raise StoreError(f"store_path names a variable or a user that this run does not know ({path}); correct it")
    if "://" in found:
        raise StoreError(f"store_path is a URL ({path}); give the path of a folder")
    return found if not os.path.isabs(found) else os.path.normpath(found)


def open_store(
    path: str | None,
    vault_id: str | None,
    loader: DataLoader | None,
    inventory: Iterable[str] = (),
    *,
    may_be_new: bool = False,
    may_be_ephemeral: bool = False,
) -> Store:
    """Return the store that the options describe.

    Args:
        path: folder of the store.
        vault_id: which vault password encrypts, where it is not the one that an entry was encrypted with.
        loader: the run's own, which holds its vault passwords.
        inventory: the run's inventory sources, none of which may hold the store.
        may_be_new: whether the first write may make the folder.
        may_be_ephemeral: whether a new store may go with its container or machine.

    Raises:
        StoreError: the options do not describe a store, or one that does not exist.
    """
    if not path or not path.strip():
        raise StoreError("store_path is empty; give the folder that holds the passwords")
    path = place_of(path)
    sources = list(inventory)
    folder.check_place(path, sources)
    if may_be_new:
        folder.check_new(path, sources, may_be_ephemeral=may_be_ephemeral)
    else:
        folder.check_exists(path)
    return VaultFileStore(path, loader._vault if loader else VaultLib(), vault_id)

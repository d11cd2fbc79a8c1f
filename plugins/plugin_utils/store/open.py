# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that knows which stores there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ansible.parsing.vault import VaultLib

from .entry import Entry, Sealed, StoreError
from .vault_file import VaultFileStore

if TYPE_CHECKING:
    from ansible.parsing.dataloader import DataLoader


class Store(Protocol):
    """What every store can do; the meaning is documented at VaultFileStore."""

    def seal(self, secret: str) -> Sealed:
        """Encrypt."""

    def unseal(self, sealed: Sealed) -> str:
        """Decrypt."""

    def check_key(self) -> None:
        """Raise StoreError unless secrets can be encrypted and those in the store decrypted."""

    def read(self, host: str, kind: str) -> Entry | None:
        """Return a credential."""

    def write(self, host: str, kind: str, entry: Entry) -> Entry:
        """Write a credential, compare-and-swap on its version."""


def open_store(path: str | None, vault_id: str | None, loader: DataLoader | None) -> Store:
    """Return the store that the options describe.

    Args:
        path: folder of the store.
        vault_id: which vault password encrypts, where the run has several.
        loader: the run's own, which holds its vault passwords.

    Raises:
        StoreError: the options do not describe a store.
    """
    if not path:
        raise StoreError("store_path is empty; give the folder that holds the passwords")
    return VaultFileStore(path, loader._vault if loader else VaultLib(), vault_id)

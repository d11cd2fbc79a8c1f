# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index of accounts: which inventory hosts own them, by kind. A small file for each account.

Without it, several hosts that name one account would have a ledger each, and would lock it together.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.plugin_utils.durable_file import make_folder, replace

from .entry import Account, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FOLDER = ".accounts"


class Owners:
    """Who owns which account."""

    def __init__(self, folder: str) -> None:
        """Prepare; nothing is read yet.

        Args:
            folder: of the store.
        """
        self._folder = os.path.join(folder, _FOLDER)

    def of(self, account: Account) -> dict[str, str]:
        """Return the inventory host that owns the account, by kind.

        Raises:
            StoreError: the file cannot be read or understood.
        """
        path = self.path(account)
        try:
            with open(path, encoding="utf-8") as file:
                hosts = json.load(file)["hosts"]
            return {str(kind): str(host) for kind, host in hosts.items()}
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise StoreError(
                f"{path} cannot be read ({os.strerror(exc.errno or 0)}); correct that and run again"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StoreError(f"{path} is damaged; remove it, and the next run writes it anew") from None

    def keep(self, account: Account, hosts: Mapping[str, str], check: Callable[[], None]) -> None:
        """Write who owns the account, durably.

        Args:
            account: it.
            hosts: inventory hosts by kind.
            check: raises where the file must not be put in its place any more.

        Raises:
            OSError: it cannot be written.
        """
        make_folder(self._folder)
        replace(self.path(account), json.dumps({**account._asdict(), "hosts": dict(hosts)}, ensure_ascii=False), check)

    def ledger_path(self, account: Account, kind: str) -> str:
        """Return the file of the ledger that was written last."""
        return self.path(account).replace(".json", f"-{kind}.ledger")

    def path(self, account: Account) -> str:
        """Return the account's file."""
        # Names may be long, and in any alphabet.
        return os.path.join(self._folder, hashlib.sha256("\n".join(account).encode()).hexdigest()[:32] + ".json")

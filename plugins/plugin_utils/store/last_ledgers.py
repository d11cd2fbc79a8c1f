# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledgers as they were written last, a small file for each credential of an account.

A host's own file may be restored from a backup, or taken out of the store; its account's server has counted all the
same what failed since. These files are a second witness, so they are not flushed: a crash restores no backup.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.plugin_utils.durable_file import open_in_folder

from .document import line_from_dict, line_to_dict

if TYPE_CHECKING:
    from .entry import BookedLogin, Entry

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def keep(path: str, entry: Entry) -> None:
    """Write an entry's ledger down. Where that cannot be done, what was written before is no witness any more."""
    document = {"version": entry.version, "ledger": [line_to_dict(line) for line in entry.ledger]}
    try:
        with open(open_in_folder(f"{path}.tmp", _NEW), "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.rename(f"{path}.tmp", path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)


def since(path: str, entry: Entry) -> tuple[BookedLogin, ...]:
    """Return the logins that were written down after an entry as it was found: none where it was written last.

    Those before the last proof of its password count no more.
    """
    try:
        with open(path, encoding="utf-8") as file:
            document: dict[str, Any] = json.load(file)
        version = int(document["version"])
        lines = tuple(line_from_dict(values) for values in document["ledger"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    # A run that was killed between both writes has left the one of before.
    if entry.version in (version, version + 1):
        return ()
    return tuple(
        line for line in lines if line not in entry.ledger and (entry.proved_at is None or line.at > entry.proved_at)
    )

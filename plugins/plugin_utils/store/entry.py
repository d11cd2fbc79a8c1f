# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store holds for one credential."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, NewType

Ciphertext = NewType("Ciphertext", str)
"""A secret as the store keeps it. Only the store that encrypted it can decrypt it."""

CURRENT, STAGED, PREVIOUS, INITIAL = "current", "staged", "previous", "initial"
SLOTS = (CURRENT, STAGED, PREVIOUS, INITIAL)
"""The passwords of a credential, each an attribute of its entry."""


class Account(NamedTuple):
    """Whose password it is. What a server locks is an account, whatever an inventory calls the host.

    Attributes:
        service: such as ``CC-Gateway``.
        server: where it is, host:port.
        name: the account's name or number there.
    """

    service: str
    server: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} of the {self.service} at {self.server}"


@dataclass(frozen=True)
class BookedLogin:
    """A login in the ledger: one that is booked before it is tried, or one that failed or may have failed.

    Attributes:
        at: when.
        slot: which password it presents: current, staged or initial.
        outcome: ``wrong_password``, ``unknown`` or ``locked``; or one of those that rotation/ledger.py explains:
            ``in_flight``, ``expected``, ``resent``, ``superseded``.
        run: which run books it.
        code: the server's code, where it answered with one.
        is_answered: whether the server answered at all.
        remaining_attempts: how many attempts the server said it leaves.
        unlocks_at: when the server said it unlocks the account.
        asked_by: who asked for a login beyond the two that are allowed: ``person`` or ``repair``.
        is_free: whether the server has told that the password is wrong without a login that it could count.
    """

    at: datetime
    slot: str
    outcome: str
    run: str
    code: str | None = None
    is_answered: bool = False
    remaining_attempts: int | None = None
    unlocks_at: datetime | None = None
    asked_by: str | None = None
    is_free: bool = False


@dataclass(frozen=True)
class Entry:
    """One credential.

    Attributes:
        version: counts the writes; a write succeeds only on the version that it has read.
        account: whose passwords these are. Bound when the entry is written first.
        code: of what is in which slot, see vault.py. Made by the store when it writes.
        current: the password that works, as far as is known. Absent until enrollment is complete.
        staged: the one candidate, from before it is sent until it is committed or another password is proved.
        previous: what was current before, or a candidate that was sent and gave way.
        initial: what the user gave for enrollment and has not proved to work yet.
        proved_at: when a login proved the current password last. Absent where none has.
        enrolled_at: when a password was taken over last.
        rotated_at: when the current password was committed. Absent after enrollment: its age is unknown.
        staged_at: when the candidate was written.
        temporary: the candidate must be replaced soon after it is in force.
        written_by: the run that wrote last and may still be at work; absent once it has finished.
        written_at: when.
        ledger: logins that failed or may have failed since the last one that succeeded.
        elsewhere: such logins of the same account in entries of other kinds, as they were read; None where there are no
            such entries. Never written.
    """

    version: int = 0
    account: Account | None = None
    code: str | None = None
    current: Ciphertext | None = field(default=None, repr=False)
    staged: Ciphertext | None = field(default=None, repr=False)
    previous: Ciphertext | None = field(default=None, repr=False)
    initial: Ciphertext | None = field(default=None, repr=False)
    proved_at: datetime | None = None
    enrolled_at: datetime | None = None
    rotated_at: datetime | None = None
    staged_at: datetime | None = None
    temporary: bool = False
    written_by: str | None = None
    written_at: datetime | None = None
    ledger: tuple[BookedLogin, ...] = ()
    elsewhere: tuple[BookedLogin, ...] | None = field(default=None, compare=False)

    def password(self, slot: str) -> Ciphertext | None:
        """Return the password of a slot."""
        password: Ciphertext | None = getattr(self, slot)
        return password

    def changed(self, **values: Any) -> Entry:
        """Return a copy with other values."""
        return replace(self, **values)


class StoreError(Exception):
    """The store cannot do what was asked; the text says why and what to do. It never quotes a secret."""


class Conflict(StoreError):
    """Somebody else has written this credential since it was read."""

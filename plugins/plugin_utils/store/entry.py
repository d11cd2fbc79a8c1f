# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store holds for one credential."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NewType

Sealed = NewType("Sealed", str)
"""A secret as the store keeps it. Only the store that made it can open it."""

SECRETS = ("current", "staged", "previous", "given")
"""The secrets of a credential, each an attribute of its entry."""


@dataclass(frozen=True)
class Attempt:
    """A login that may have cost an attempt towards the account's lock.

    Attributes:
        at: when.
        secret: with which secret: current, staged or given.
        outcome: ``bad``, ``unknown`` or ``locked``; or one of those that plugin_utils/rotation.py defines and explains:
            ``pending``, ``expected``, ``resent``, ``superseded``.
        run: which run tried it.
        remaining: how many attempts the server said it leaves.
        until: when the server said it unlocks the account.
    """

    at: datetime
    secret: str
    outcome: str
    run: str
    remaining: int | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One credential.

    Attributes:
        version: counts the writes; a write succeeds only on the version that it has read.
        current: the password that works, as far as is known. Absent until enrolment is complete.
        staged: the one candidate, from before it is sent until it is committed or definitely refused.
        previous: what was current before.
        given: what the user gave for enrolment and has not proved to work yet.
        rotated_at: when the current password was committed. Absent after enrolment: its age is unknown.
        staged_at: when the candidate was written.
        temporary: the candidate must be replaced soon after it is in force.
        written_by: the run that wrote last and may still be at work; absent once it has finished.
        written_at: when.
        ledger: logins that failed or may have failed since the last one that succeeded.
    """

    version: int = 0
    current: Sealed | None = field(default=None, repr=False)
    staged: Sealed | None = field(default=None, repr=False)
    previous: Sealed | None = field(default=None, repr=False)
    given: Sealed | None = field(default=None, repr=False)
    rotated_at: datetime | None = None
    staged_at: datetime | None = None
    temporary: bool = False
    written_by: str | None = None
    written_at: datetime | None = None
    ledger: tuple[Attempt, ...] = ()

    def changed(self, **values: Any) -> Entry:
        """Return a copy with other values."""
        return replace(self, **values)


class StoreError(Exception):
    """The store cannot do what was asked; the text says why and what to do. It never quotes a secret."""


class Conflict(StoreError):
    """Somebody else has written this credential since it was read."""

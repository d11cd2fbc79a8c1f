# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked and what came of it, call by call, without a single secret.

Tests read it to prove that a run made no request, made no second wrong login, or really met the fault it was
meant to meet.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .accounts import Credential


@dataclass(slots=True)
class Entry:
    """One call. It is written when the call arrives and completed when the answer has left."""

    seq: int
    time: float
    service: str
    account: str | None
    operation: str
    method: str
    path: str
    has_guid: bool
    has_cookies: bool
    body_bytes: int
    # What the password in the call was at that moment, never the password.
    credential: Credential = "none"
    fault: str | None = None
    # What the service decided; None if it never saw the call.
    retcode: str | None = None
    # The HTTP status sent; None if none was.
    status: int | None = None
    # Whether the call took effect (password changed, session opened or ended, question answered).
    applied: bool = False
    # A call that a fault held back and that took effect only now.
    late: bool = False
    done: bool = False

    @property
    def outcome(self) -> str:
        if self.fault:
            return self.fault
        if self.retcode is not None:
            return self.retcode
        return f"http {self.status}" if self.done else "pending"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "outcome": self.outcome}


class Journal:
    """Entries by account, so that a question about one account stays cheap among thousands."""

    def __init__(self) -> None:
        self._by_account: dict[str | None, deque[Entry]] = {}
        self._seq = itertools.count(1)
        self.dropped = 0

    def add(self, limit: int, **facts: Any) -> Entry:
        entry = Entry(seq=next(self._seq), **facts)
        entries = self._by_account.get(entry.account)
        if entries is None:
            entries = self._by_account[entry.account] = deque()
        elif len(entries) >= limit:
            entries.popleft()
            self.dropped += 1
        entries.append(entry)
        return entry

    def entries(
        self,
        account: str | None = None,
        operation: str | None = None,
        service: str | None = None,
        since: int = 0,
    ) -> list[Entry]:
        """In the order of arrival; `since` leaves out everything up to that number."""
        if account is None:
            found: Iterable[Entry] = itertools.chain.from_iterable(self._by_account.values())
        else:
            found = self._by_account.get(account, ())
        wanted = (
            entry
            for entry in found
            if entry.seq > since and operation in (None, entry.operation) and service in (None, entry.service)
        )
        return sorted(wanted, key=lambda entry: entry.seq)

    def clear(self) -> None:
        self._by_account.clear()
        self.dropped = 0

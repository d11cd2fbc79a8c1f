# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and what is true of them: the live password, the history, the lock.

A lock that a test never provoked, or a counter higher than allowed, is exactly what the integration tests
look for; this file is therefore the judge, and nothing here depends on how a service speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from .jsonfields import FieldError, fill

Credential = Literal["live", "previous", "wrong", "none"]
DAY = 86400.0


@dataclass(slots=True)
class LockRule:
    """How many wrong passwords in a row lock an account, and for how long."""

    threshold: int
    seconds: float
    # Whether the counter starts again when the lock is over; otherwise only a successful sign-in clears it.
    resets_counter: bool = False


@dataclass(slots=True)
class AccountSettings:
    """What the control interface may set."""

    password: str = ""
    phone: str = ""
    name: str = ""
    # Earlier passwords, the oldest first.
    history: list[str] = field(default_factory=list)
    # First password, or reset by an administrator: must be changed at the next sign-in.
    initial: bool = False
    # Past its validity although `valid_days` does not say so.
    expired: bool = False
    # A live session that nobody may take over (retcode 100-015).
    cannot_be_forced: bool = False
    # In a call: the ordinary sign-out has no effect.
    in_call: bool = False
    # Days after which the password must be changed; 0 = never.
    valid_days: int = 90
    # How old the password is when the account is created.
    age_days: float = 0.0
    vdn: int = 1
    # Of a configuration administrator: 'vdn' or 'system'.
    role: str = "vdn"
    # Anything else a service wants to keep.
    attributes: dict[str, object] = field(default_factory=dict)


SETTINGS = frozenset(entry.name for entry in fields(AccountSettings))


@dataclass(slots=True)
class Account(AccountSettings):
    """One account as it is now."""

    service: str = ""
    id: str = ""
    changed_at: float = 0.0
    consecutive_failures: int = 0
    max_consecutive_failures: int = 0
    failures: int = 0
    times_locked: int = 0
    locked_until: float = 0.0
    refused_while_locked: int = 0
    sign_ins: int = 0
    changes: int = 0
    resets: int = 0
    # The history is cut to what the service remembers; this is not.
    past: set[str] = field(default_factory=set)

    def credential(self, presented: object) -> Credential:
        """What kind of password somebody presented; the comparison is exact."""
        if not isinstance(presented, str) or not presented:
            return "none"
        if presented == self.password:
            return "live"
        return "previous" if presented in self.past or presented in self.history else "wrong"

    def is_locked(self, now: float, rule: LockRule) -> bool:
        if self.locked_until and now >= self.locked_until:
            self.locked_until = 0.0
            if rule.resets_counter:
                self.consecutive_failures = 0
        return bool(self.locked_until)

    def accepts(self, presented: str, now: float, rule: LockRule) -> bool:
        """Compare a password and count it if it is wrong. Asking a locked account is the caller's mistake."""
        if presented == self.password:
            return True
        self.failures += 1
        self.consecutive_failures += 1
        self.max_consecutive_failures = max(self.max_consecutive_failures, self.consecutive_failures)
        if self.consecutive_failures >= rule.threshold:
            self.lock(now + rule.seconds)
        return False

    def signed_in(self) -> None:
        self.sign_ins += 1
        self.consecutive_failures = 0

    def lock(self, until: float) -> None:
        self.times_locked += 1
        self.locked_until = until

    def unlock(self) -> None:
        self.locked_until = 0.0
        self.consecutive_failures = 0

    def set_password(self, new: str, now: float, *, initial: bool = False) -> None:
        self.past.add(self.password)
        self.history.append(self.password)
        self.password = new
        self.changed_at = now
        self.initial = initial
        self.expired = False

    def used_before(self, new: str, size: int) -> bool:
        """Whether `new` is the live password or one of the last `size` before it."""
        return new == self.password or (size > 0 and new in self.history[-size:])

    def days_left(self, now: float) -> int | None:
        """Whole days until the password expires; None = never."""
        if self.expired:
            return 0
        if not self.valid_days:
            return None
        return max(0, int((self.changed_at + self.valid_days * DAY - now) // DAY) + 1)

    def must_change(self, now: float) -> bool:
        overdue = bool(self.valid_days) and now >= self.changed_at + self.valid_days * DAY
        return self.initial or self.expired or overdue


class Accounts:
    """All accounts of all services."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Account] = {}

    def get(self, service: str, account_id: str | None) -> Account | None:
        return self._all.get((service, account_id)) if account_id is not None else None

    def put(self, service: str, account_id: str, values: Mapping[str, object], now: float) -> Account:
        """Create an account or replace it, counters included."""
        where = f"{service}/{account_id}"
        account = Account(service=service, id=account_id)
        fill(account, values, where, only=SETTINGS)
        if not account.password:
            raise FieldError(f"{where}.password: needed")
        if account.role not in ("vdn", "system"):
            raise FieldError(f"{where}.role: 'vdn' or 'system'")
        account.changed_at = now - account.age_days * DAY
        account.past.update(account.history)
        self._all[service, account_id] = account
        return account

    def __iter__(self) -> Iterator[Account]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server, a store and what may go wrong with them, and what must be true whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import (
    EXPECTED,
    NOTHING_TOLD,
    Rules,
    Told,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, Sealed

START = datetime(2026, 11, 21, tzinfo=timezone.utc)
LOCK_AFTER = 3
LOCK_WINDOW = Rules().lock_window
SHORTLY = timedelta(seconds=1)
AFTER_THE_WINDOW = LOCK_WINDOW + timedelta(minutes=1)

SOMEBODY = "somebody else's"
ORIGINAL = "original"


class Point(NamedTuple):
    """A moment of a run right before it does something that lasts.

    Attributes:
        step: of the role; ``end`` after the last one.
        kind: what is done: ``write`` the store, ``login``, ``change``, or nothing (``end``).
    """

    step: str
    kind: str


LOGIN_FAULTS = ("answer lost", "never arrives", "unreachable", "denied", "live", "locked", "lies", "second factor")
CHANGE_FAULTS = ("refused", "not sent", "applied, lost", "lost", "lies", "late", "late, claimed")
WRITE_FAULTS = ("fails", "written, reported failed")
FAULTS = {"login": LOGIN_FAULTS, "change": CHANGE_FAULTS, "write": WRITE_FAULTS, "end": ()}


class Verdict(NamedTuple):
    """What a module reports of a login."""

    outcome: str
    told: Told = NOTHING_TOLD


@dataclass(frozen=True)
class Server:
    """One account.

    Attributes:
        password: the one that works.
        wrong: wrong logins in a row, none of them older than the lock window.
        locked_until: until when somebody else's wrong logins have locked it.
        past: passwords it has had, where it keeps a history.
        has_history: it refuses a password that it has or had.
        tells_attempts: with a wrong password it tells how many attempts are left.
        under_way: a password that a request on its way will put in force, at any moment or never.
    """

    password: str = ORIGINAL
    wrong: int = 0
    locked_until: datetime = START
    past: frozenset[str] = frozenset()
    has_history: bool = False
    tells_attempts: bool = False
    under_way: str | None = None


@dataclass
class World:
    """Server, store and clock. Every value is immutable, so a copy is a snapshot.

    Attributes:
        excuses: why the store may not know the live password, or why it may look as if it did not.
        unbooked: runs that have made a wrong login which the ledger does not count, see ``EXPECTED`` in
            plugin_utils/rotation.py.
        forgotten: wrong logins in a row that a restored store knows nothing of.
        copies: what a backup may have kept: every entry that was ever written. None where nothing is restored.
        story: what has happened, for people.
        written: called at each write with the entry before and after it, the step that writes, and the time.
    """

    server: Server = field(default_factory=Server)
    entry: Entry = field(default_factory=lambda: Entry(version=1, current=Sealed(ORIGINAL)))
    time: datetime = START
    runs: int = 0
    candidates: int = 0
    excuses: frozenset[str] = frozenset()
    unbooked: frozenset[str] = frozenset()
    forgotten: int = 0
    copies: tuple[Entry, ...] | None = None
    story: tuple[str, ...] = ()
    written: Callable[[Entry, Entry, str, datetime], None] | None = None

    def fork(self) -> World:
        """Return a copy that goes its own way."""
        return copy(self)

    def state(self) -> tuple[Any, ...]:
        """Return everything that the future depends on once no run is under way."""
        entry = self.entry.changed(version=0)
        return (
            self.server,
            entry,
            self.time,
            self.candidates,
            self.excuses,
            self.unbooked,
            self.forgotten,
            self.copies,
        )

    def tell(self) -> str:
        """Return the story, and how things are, for people."""
        entry = self.entry
        ledger = [f"{attempt.run}: {attempt.secret} {attempt.outcome}" for attempt in entry.ledger]
        return "\n".join(
            (
                *self.story,
                f"{self.server}",
                f"current {entry.current}, staged {entry.staged}, previous {entry.previous}, ledger {ledger}",
            )
        )

    # -- what may happen between any two steps --

    def options(self, point: Point) -> list[str]:
        """Return what may go wrong at a point; the first option is nothing."""
        found = ["", *FAULTS[point.kind]]
        if point.step != "end":
            found.append("kill")
        if self.server.password != SOMEBODY:
            found.append("somebody")
        return [*found, *(f"restored {number}" for number in range(len(self.copies or ())))]

    def restore(self, number: int) -> None:
        """Put the store back to what a backup has kept."""
        assert self.copies
        self.excuses |= {"restored"}
        self.entry, self.forgotten = self.copies[number], self.server.wrong

    def lands(self) -> None:
        """Let the request that is under way take effect."""
        if self.server.under_way:
            self.excuses |= {"late"}
            self._set(self.server.under_way)
            self.server = replace(self.server, under_way=None)

    def somebody_changes_it(self) -> None:
        self.excuses |= {"somebody"}
        self._set(SOMEBODY)

    def wait(self, pause: timedelta) -> None:
        """Let time pass. The server forgets wrong logins after the lock window."""
        self.time += pause
        if pause > LOCK_WINDOW:
            self._forget_wrong_logins()

    # -- what must be true --

    def check(self) -> None:
        held = {self.entry.current, self.entry.staged, self.entry.previous}
        assert self.server.password in held or self.excuses & {"somebody", "restored"} or self._is_late(), (
            "the live password is lost"
        )
        assert self.server.wrong < LOCK_AFTER + self.forgotten + self._not_counted(), "the account was locked"
        assert len(self.unbooked) <= 1, "more than one wrong login that is not counted"

    def _not_counted(self) -> int:
        """Return how many wrong logins the ledger may miss: one, and only where the password was not what it was."""
        return len(self.unbooked) if self.excuses & {"somebody", "lie", "late"} else 0

    def _is_late(self) -> bool:
        return "late" in self.excuses and self.server.password.startswith("candidate")

    # -- the store --

    def write(self, entry: Entry, step: str) -> None:
        if self.entry.staged and entry.staged not in (None, self.entry.staged):
            raise AssertionError("a second candidate while the first is unresolved")
        counted = {attempt.run for attempt in entry.ledger if attempt.outcome != EXPECTED}
        self.unbooked -= counted
        if self.entry.staged == self.server.password == entry.previous and not entry.staged:
            self.excuses |= {"refused in place"}
        if self.copies is not None:
            self.copies += (self.entry,)
        before, self.entry = self.entry, entry.changed(version=self.entry.version + 1)
        if self.written:
            self.written(before, self.entry, step, self.time)

    # -- the server --

    def log_in(self, password: str, fault: str, run: str = "") -> Verdict:
        """Log in as a module of this collection reports it."""
        if fault in ("unreachable", "denied", "live"):
            return Verdict(fault)
        if fault == "never arrives":
            return Verdict("unknown")
        if fault == "locked":
            self.server = replace(self.server, locked_until=self.time + LOCK_WINDOW)
        if self.time < self.server.locked_until:
            return Verdict("locked")
        if password != self.server.password or fault == "lies":
            if fault == "lies":
                self.excuses |= {"lie"}
            verdict = self._wrong_login(run)
        else:
            self._forget_wrong_logins()
            second_factor = fault == "second factor"
            verdict = Verdict("ok_restricted" if second_factor else "ok", Told(second_factor=second_factor))
        return Verdict("unknown") if fault == "answer lost" else verdict

    def _forget_wrong_logins(self) -> None:
        self.server, self.unbooked, self.forgotten = replace(self.server, wrong=0), frozenset(), 0

    def _wrong_login(self, run: str) -> Verdict:
        self.server = replace(self.server, wrong=self.server.wrong + 1)
        if any((attempt.run, attempt.outcome) == (run, EXPECTED) for attempt in self.entry.ledger):
            self.unbooked |= {run}
        if self.server.tells_attempts:
            return Verdict("bad", Told(remaining_attempts=LOCK_AFTER - self.server.wrong))
        return Verdict("bad")

    def send(self, new: str, fault: str) -> tuple[str, bool]:
        """Send a new password in an open session: outcome, whether the password was refused."""
        is_old = self.server.has_history and new in {self.server.password, *self.server.past}
        if fault == "not sent":
            return "refused", False
        if fault == "refused" or (is_old and fault != "lost"):
            return ("unknown", False) if fault == "applied, lost" else ("refused", True)
        if fault in ("", "applied, lost"):
            self._set(new)
        if fault.startswith("late"):
            self.server = replace(self.server, under_way=new)
        return ("changed" if fault in ("", "lies", "late, claimed") else "unknown"), False

    def _set(self, new: str) -> None:
        past = self.server.past | {self.server.password} if self.server.has_history else frozenset()
        self.server = replace(self.server, password=new, past=past)
        if new != SOMEBODY:
            self.excuses -= {"somebody"}

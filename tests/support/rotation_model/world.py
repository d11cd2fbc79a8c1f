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

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    MOST_FAILED_LOGINS,
    REPAIR,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import is_refused as is_refused_in
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    ChangeReport,
    LoginDetails,
    LoginReport,
    Rules,
    Whose,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import CURRENT, STAGED, Ciphertext, Entry

START = datetime(2026, 11, 21, tzinfo=timezone.utc)
LOCK_AFTER = 3
LOCK_WINDOW = Rules().lock_window
SHORTLY = timedelta(seconds=1)
AFTER_THE_WINDOW = LOCK_WINDOW + timedelta(minutes=1)
A_NIGHT = timedelta(days=1)

LOCKED = Outcome.LOCKED
BOOKED = (IN_FLIGHT, EXPECTED)
CAUSES = frozenset({"somebody", "somebody before", "lie", "late", "restored", "no lease"})
"""Excuses of a login that fails though it should have been the right one."""

SOMEBODY = "somebody else's"
ORIGINAL = "original"

ACCOUNT_RULES = Rules(when="always")


class Point(NamedTuple):
    """A moment of a run right before it does something that lasts.

    Attributes:
        step: of the flow; ``end`` after the last one.
        kind: what is done: ``write`` the store, ``login``, ``change``, or nothing (``end``).
    """

    step: str
    kind: str


LOGIN_FAULTS = {
    "answer lost": "evaluated, and the answer does not arrive",
    "never arrives": "not evaluated, and there is no answer",
    "unmapped": "evaluated, and answered with a code that is in no table",
    "unreachable": "nothing is sent",
    "denied": "not evaluated, and said so",
    "signed in": "not evaluated, since the person is signed in",
    "locked": "somebody else's failed logins have locked the account",
    "lies": "called wrong though it is right",
    "second factor": "right, and a second factor is needed",
}
CHANGE_FAULTS = {
    "refused": "not carried out, and said so",
    "refused, applied": "carried out, and a refusal is the answer",
    "repeated": "sent twice on its way, and the refusal of the second one is the answer",
    "session lost": "not carried out: the session is over",
    "session lost, applied": "carried out, and a lost session is the answer",
    "logs in again": "carried out, and a lost session is the answer; another login with the old password is refused",
    "unmapped": "not carried out, and answered with a code that is in no table",
    "unmapped, applied": "carried out, and answered with a code that is in no table",
    "not sent": "nothing is sent",
    "applied, lost": "carried out, and the answer does not arrive",
    "lost": "not carried out, and there is no answer",
    "lies": "not carried out, and called done",
    "late": "carried out at any moment later, and there is no answer",
    "late, claimed": "carried out at any moment later, and called done",
}
APPLIED = frozenset(
    {
        "",
        "refused, applied",
        "repeated",
        "session lost, applied",
        "logs in again",
        "unmapped, applied",
        "applied, lost",
    }
)
WRITE_FAULTS = {
    "fails": "nothing is written, and said so",
    "written, reported failed": "written, and a failure is reported",
}
FAULTS: dict[str, dict[str, str]] = {
    "login": LOGIN_FAULTS,
    "change": CHANGE_FAULTS,
    "write": WRITE_FAULTS,
    "end": {},
}


@dataclass(frozen=True)
class Server:
    """One account.

    Attributes:
        password: the one that works.
        wrong: failed logins in a row.
        locked_until: until when somebody else's failed logins have locked it.
        past: passwords it has had, where it keeps a history.
        has_history: it refuses a password that it has or had.
        tells_attempts: with a wrong password it tells how many attempts are left.
        forgets: it forgets failed logins after the lock window. Many do not.
        under_way: a password that a request on its way will put in force, at any moment or never.
    """

    password: str = ORIGINAL
    wrong: int = 0
    locked_until: datetime = START
    past: frozenset[str] = frozenset()
    has_history: bool = False
    tells_attempts: bool = False
    forgets: bool = False
    under_way: str | None = None


@dataclass
class World:
    """Server, store and clock. Every value is immutable, so a copy is a snapshot.

    Attributes:
        excuses: why the store may not know the live password, or why it may look as if it did not.
        unbooked: runs that have made a failed login which the ledger does not count, see ``EXPECTED`` in
            plugin_utils/rotation/ledger.py: in a verification, or in a change whose old password was wrong by then.
        forgotten: failed logins in a row that a restored store knows nothing of.
        words: logins beyond the two that a person, or a repair, has asked for.
        outages: logins beyond the two with a proved password, after logins without an answer and a lock window.
        sent: whether the staged password may have left the machine.
        accepted: whether the server has said of the password that was sent last that it is in place.
        proved: the password that a login has proved to the run under way since a password was sent.
        refused: passwords that logins have refused in the run under way since one was sent.
        has_another_way: the run under way can set a password without one that works, so a candidate that was refused, and
            does not work, goes without the proof of another one.
        is_narrow: the administrator can set only what was drawn for it.
        is_disturbed: an older store was restored while the run under way was at work.
        at_once: failed logins that the ledger may miss because another run's success has settled them meanwhile.
        copies: what a backup may have kept: every entry that was ever written. None where nothing is restored.
        story: what has happened, for people.
        written: called at each write with the entry before and after it, the step that writes, and the time.
    """

    server: Server = field(default_factory=Server)
    entry: Entry = field(default_factory=lambda: Entry(version=1, current=Ciphertext(ORIGINAL), proved_at=START))
    time: datetime = START
    runs: int = 0
    candidates: int = 0
    excuses: frozenset[str] = frozenset()
    unbooked: frozenset[str] = frozenset()
    forgotten: int = 0
    words: int = 0
    outages: int = 0
    sent: bool = False
    accepted: bool = False
    proved: str = ""
    refused: frozenset[str] = frozenset()
    has_another_way: bool = False
    is_narrow: bool = False
    is_disturbed: bool = False
    at_once: int = 0
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
            self.words,
            self.outages,
            self.sent,
            self.copies,
        )

    def versions(self) -> tuple[int, ...]:
        """Return what runs under way compare."""
        return (self.entry.version,)

    def tell(self) -> str:
        """Return the story, and how things are, for people."""
        entry = self.entry
        ledger = [
            f"{line.run}: {line.slot} {line.outcome}" + (f" for the {line.asked_by}" if line.asked_by else "")
            for line in entry.ledger
        ]
        story = self.story if len(self.story) < 20 else (*self.story[:8], "...", *self.story[-8:])
        return "\n".join(
            (
                *story,
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

    def restore(self, number: int, *, is_at_work: bool) -> None:
        """Put the store back to what a backup has kept. A run at work may find nobody to tell of one failed login."""
        assert self.copies
        self.excuses |= {"restored"}
        self.entry, self.forgotten = self.copies[number], self.server.wrong + is_at_work
        self.sent = self.entry.staged is not None
        self.is_disturbed = is_at_work

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
        """Let time pass. Some servers forget failed logins after the lock window."""
        self.time += pause
        if pause > LOCK_WINDOW and self.server.forgets:
            self._forget_failed_logins()

    # -- what must be true --

    def check(self) -> None:
        held = {self.entry.current, self.entry.staged, self.entry.previous}
        is_known = self.server.password in held or self.excuses & {"somebody", "restored"} or self._is_late()
        # Who can set any password at any time loses none for good, where a right one was called wrong.
        assert is_known or (self.has_another_way and "lie" in self.excuses), "the live password is lost"
        allowed = LOCK_AFTER + self.forgotten + self.words + self._not_expected()
        assert self.server.wrong < allowed, "the account was locked"
        assert len(self.unbooked) <= 2, "more than two failed logins that are not counted"

    def _not_expected(self) -> int:
        """Return how many failed logins may come besides, and only where the password was not what it had been."""
        number = len(self.unbooked) + self.outages + self.at_once
        return number if self.excuses & CAUSES else 0

    def _is_late(self) -> bool:
        return "late" in self.excuses and self.server.password.startswith("candidate")

    # -- the store --

    def entry_of(self, whose: Whose) -> World:
        """Return the world of an entry."""
        return self

    def write(self, entry: Entry, step: str) -> None:
        self._check_candidate(entry)
        self._count_beyond(entry)
        counted = [line for line in entry.ledger if line.outcome != EXPECTED]
        self.unbooked -= {line.run for line in counted}
        self.unbooked -= {
            f"{line.run}, change" for line in counted if line.slot == CURRENT and line.outcome != IN_FLIGHT
        }
        if self.copies is not None:
            self.copies += (self.entry,)
        before, self.entry = self.entry, entry.changed(version=self.entry.version + 1)
        if entry.staged != before.staged:
            self.sent = False
        if self.written:
            self.written(before, self.entry, step, self.time)

    def _check_candidate(self, entry: Entry) -> None:
        """Whether a candidate goes only when it is known what came of it."""
        gone = self.entry.staged
        if gone in (None, entry.staged) or self.is_disturbed:
            return
        if entry.current == gone:
            assert self.proved == gone, "a candidate is committed that was not proved"
            return
        is_refused = all(is_refused_in(self.entry, slot) for slot in (CURRENT, STAGED))
        is_repair = is_refused and entry.temporary and entry.previous == gone
        assert entry.staged is None or is_repair, "a second candidate while the first is unresolved"
        is_proved = self.proved not in ("", gone) or (self.has_another_way and gone in self.refused)
        assert is_repair or not self.sent or is_proved, "a candidate goes that may be in place"
        is_enrolled = self.entry.initial is not None and entry.initial is None
        assert is_enrolled or not self.sent or entry.previous == gone, "a candidate goes that was sent, and is not kept"

    def _count_beyond(self, entry: Entry) -> None:
        """Whether logins beyond the two are booked only for those who may ask for them, and count them."""
        before = {(line.run, line.slot, line.outcome) for line in self.entry.ledger}
        new = [line for line in entry.ledger if (line.run, line.slot, line.outcome) not in before]
        booked = [line for line in new if line.outcome in BOOKED]
        costly = [line for line in entry.ledger if not line.is_free and line.outcome not in (EXPECTED, LOCKED)]
        earlier = [line for line in costly if line not in booked]
        assert len(booked) <= 1, "two logins are booked at once"
        if booked and booked[0].asked_by:
            self.words += 1
            return
        if not booked or len(earlier) < MOST_FAILED_LOGINS:
            return
        is_outage = not any(line.is_answered for line in earlier) and booked[0].slot in (CURRENT, STAGED)
        is_over = all(self.time - line.at >= LOCK_WINDOW for line in earlier)
        is_proved = self.entry.proved_at is not None
        assert (is_outage, is_over, is_proved) == (True,) * 3, "a third login that nobody has asked for"
        self.outages += 1

    # -- the server --

    def log_in(self, password: str, fault: str, run: str = "") -> LoginReport:
        """Log in as a module of this collection reports it."""
        is_for_repair = any(line.run == run and line.asked_by == REPAIR for line in self.entry.ledger)
        assert self.accepted or not is_for_repair, "a third login with what an administrator may not have set"
        if fault in ("unreachable", "denied", "signed in"):
            word = {"denied": "access_denied", "signed in": "signed_in"}.get(fault, fault)
            return LoginReport(Outcome(word))
        if fault == "never arrives":
            return LoginReport(Outcome.UNKNOWN, is_answered=False)
        if fault == "locked":
            self.server = replace(self.server, locked_until=self.time + LOCK_WINDOW)
        if self.time < self.server.locked_until:
            return LoginReport(Outcome.LOCKED)
        if password != self.server.password or fault == "lies":
            if fault == "lies":
                self.excuses |= {"lie"}
            self.refused |= {password}
            report = self._failed_login(run)
        else:
            self._forget_failed_logins()
            if fault not in ("unmapped", "answer lost"):
                self.proved = password
            second_factor = fault == "second factor"
            details = LoginDetails(second_factor=second_factor)
            report = LoginReport(Outcome.OK_RESTRICTED if second_factor else Outcome.OK, details=details)
        if fault == "unmapped":
            return LoginReport(Outcome.UNKNOWN, code="999")
        return LoginReport(Outcome.UNKNOWN, is_answered=False) if fault == "answer lost" else report

    def _forget_failed_logins(self) -> None:
        self.server, self.unbooked = replace(self.server, wrong=0), frozenset()
        self.forgotten = self.words = self.outages = 0
        self.excuses -= {"somebody before"}

    def _failed_login(self, run: str) -> LoginReport:
        self.server = replace(self.server, wrong=self.server.wrong + 1)
        if any((line.run, line.outcome) == (run, EXPECTED) for line in self.entry.ledger):
            self.unbooked |= {run}
        if self.server.tells_attempts:
            details = LoginDetails(remaining_attempts=LOCK_AFTER - self.server.wrong)
            return LoginReport(Outcome.WRONG_PASSWORD, details=details)
        return LoginReport(Outcome.WRONG_PASSWORD)

    def change(self, old: str, new: str, fault: str, run: str) -> ChangeReport:
        """Send a new password in a session, with the old one, which the server looks at."""
        if fault != "not sent" and not fault.startswith("session lost") and old != self.server.password:
            # Somebody has changed the password since the login.
            self._leaves(new)
            self.refuse_old(run)
            return _UNANSWERED if "lost" in fault or fault == "late" else _UNMAPPED
        report = self.send(new, fault)
        if fault == "repeated":
            self.refuse_old(run)
            return ChangeReport(Outcome.WRONG_PASSWORD, counts=True)
        if fault == "logs in again":
            self.refuse_old(run)
            return ChangeReport(Outcome.WRONG_PASSWORD, counts=True, login=LoginReport(Outcome.WRONG_PASSWORD))
        return report

    def refuse_old(self, run: str) -> None:
        """Count a failed login that a change has made, which the ledger counts once the run has recorded the answer."""
        self.server = replace(self.server, wrong=self.server.wrong + 1)
        self.unbooked |= {f"{run}, change"}

    def send(self, new: str, fault: str) -> ChangeReport:
        """Send a new password with another one's right to do so."""
        is_old = self.server.has_history and new in {self.server.password, *self.server.past}
        if fault == "not sent":
            return ChangeReport(Outcome.UNREACHABLE, is_sent=False)
        self._leaves(new)
        self.accepted = fault in ("", "lies", "late, claimed")
        if fault in APPLIED:
            if is_old:
                return _UNANSWERED if fault == "applied, lost" else _REJECTED
            self._set(new)
        if fault.startswith("late") and not is_old:
            self.server = replace(self.server, under_way=new)
        return {
            "": _CHANGED,
            "lies": _CHANGED,
            "late, claimed": _CHANGED,
            "refused": _REJECTED,
            "refused, applied": _REJECTED,
            "repeated": _REJECTED,
            "session lost": ChangeReport(Outcome.SESSION_LOST),
            "session lost, applied": ChangeReport(Outcome.SESSION_LOST),
            "logs in again": ChangeReport(Outcome.SESSION_LOST),
            "unmapped": _UNMAPPED,
            "unmapped, applied": _UNMAPPED,
        }.get(fault, _UNANSWERED)

    def _leaves(self, new: str) -> None:
        """Note that a password may have left the machine, so that nothing else is known to be in force."""
        self.sent, self.refused = True, frozenset()
        if self.proved != new:
            self.proved = ""

    def _set(self, new: str) -> None:
        past = self.server.past | {self.server.password} if self.server.has_history else frozenset()
        self.server = replace(self.server, password=new, past=past)
        if new != SOMEBODY and "somebody" in self.excuses:
            self.excuses = self.excuses - {"somebody"} | {"somebody before"}


_CHANGED = ChangeReport(Outcome.CHANGED)
_REJECTED = ChangeReport(Outcome.PASSWORD_REJECTED)
_UNMAPPED = ChangeReport(Outcome.UNKNOWN, code="999", counts=True)
_UNANSWERED = ChangeReport(Outcome.UNKNOWN, is_answered=False)


@dataclass
class Dependent(World):
    """A world, and in it that of another credential, with whose password this one is set.

    Attributes:
        other: that of the business account, or of the administrator.
    """

    other: World = field(default_factory=World)

    def fork(self) -> Dependent:
        return replace(self, other=self.other.fork())

    def state(self) -> tuple[Any, ...]:
        return (*super().state(), self.other.state())

    def versions(self) -> tuple[int, ...]:
        return self.entry.version, self.other.entry.version

    def tell(self) -> str:
        return f"{super().tell()}\nThe other one: {self.other.tell()}"

    def check(self) -> None:
        super().check()
        self.other.check()

    def entry_of(self, whose: Whose) -> World:
        return self if whose is Whose.OWN else self.other

    def wait(self, pause: timedelta) -> None:
        super().wait(pause)
        self.other.wait(pause)


@dataclass
class Phone(Dependent):
    """A SIP phone's world, and in it that of its business account, whose password changes the phone's.

    Attributes:
        has_registrar: a registrar verifies the phone's password. Otherwise the CEC does, with the account's.
    """

    has_registrar: bool = False

    @property
    def rules(self) -> Rules:
        """How its password is rotated."""
        return Rules(when="always", has_parent=True, has_witness=self.has_registrar)

    def set_phone(self, new: str, fault: str, run: str) -> ChangeReport:
        """Send a new password for the phone with the account's, which the CEC looks at."""
        if fault == "not sent" or self.other.entry.current == self.other.server.password:
            return self.send(new, fault)
        self._leaves(new)
        self.other.refuse_old(run)
        return _UNANSWERED if "lost" in fault or fault == "late" else _UNMAPPED

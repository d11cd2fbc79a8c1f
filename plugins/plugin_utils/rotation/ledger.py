# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All arithmetic of logins: what is booked, how it is settled, and whether another login may be tried.

A login is *booked* in the ledger before it is tried, and *settled* by its end. A run that is killed in between leaves
the booking, which counts as a login that may have failed.

* Servers count failed logins in a row and many never forget one, so the ledger has no clock: since the last login that
  succeeded at most two may have failed. A success clears the ledger, because it resets the server's count.
* A third one needs a person's word, once. Or it is an outage: no login was answered at all, the current password was
  proved before, and the lock window is over. Where a candidate is staged one of the two is in force, so only the other
  one's logins can have failed; neither is tried so often that it could fail thrice.
* The verification that follows a change is booked when the candidate is staged, a moment after a login has succeeded,
  as *expected*. Where its run was killed, it does not keep the current password from being tried: that had just worked.
  Otherwise every run that is killed during a change would need a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    COUNTS_AS_FAILED,
    FEW_ATTEMPTS,
    Outcome,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    CURRENT,
    INITIAL,
    STAGED,
    BookedLogin,
    Entry,
)

from . import sentences
from .model import LoginReport, Rules, Run

IN_FLIGHT = "in_flight"
"""Outcome of a login that is booked and not settled. It counts as a failed one."""

EXPECTED = "expected"
"""Like in_flight, for the verification of a change that follows a login that has succeeded."""

SUPERSEDED = "superseded"
"""Outcome of a failed login with a password that another one has replaced in the store since."""

RESENT = "resent"
"""Outcome of a failed login with a candidate that was sent once more since: it may be in place now."""

PERSON, REPAIR = "person", "repair"
"""Who may ask for a login beyond those that are allowed."""

MOST_FAILED_LOGINS = 2
"""Servers lock an account after three. Source: apis.md of the CEC (three); others are assumed to do the same."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two controllers may be apart; a time that lies further in the future is not believed."""

LONGEST_LOCK = timedelta(days=1)
"""Longest lock that a server is believed; after that it is asked again, which costs no attempt while it lasts."""


class Waiting(NamedTuple):
    """Why no login may be tried.

    Attributes:
        outcome: ``cooling``, ``held`` or ``few_attempts``.
        why: for people.
        until: when it may be; None where a person has to say so.
    """

    outcome: Outcome
    why: str
    until: datetime | None = None


# -- booking and settling ----------------------------------------------------------------------------------------------


def book(entry: Entry, run: Run, slot: str, outcome: str = IN_FLIGHT, asked_by: str | None = None) -> Entry:
    """Return the entry with a login booked, and held by this run."""
    line = BookedLogin(run.time, slot, outcome, run.name, asked_by=asked_by)
    return hold(entry.changed(ledger=(*entry.ledger, line)), run)


def settle(entry: Entry, run: Run, slot: str, report: LoginReport) -> Entry:
    """Replace this run's bookings by what came of the login with a slot; what costs nothing only removes them."""
    mine = [line for line in entry.ledger if line.run == run.name and line.outcome in (IN_FLIGHT, EXPECTED)]
    kept = tuple(line for line in entry.ledger if line not in mine)
    outcome = report.outcome
    if outcome in (Outcome.LOCKED, *COUNTS_AS_FAILED):
        kept = (*kept, _line(run, slot, report, next((line.asked_by for line in mine if line.asked_by), None)))
    return entry.changed(ledger=kept)


def _line(run: Run, slot: str, report: LoginReport, asked_by: str | None) -> BookedLogin:
    unlocks_at = None
    if report.outcome == Outcome.LOCKED and report.details.unlock_in_seconds is not None:
        longest = LONGEST_LOCK // timedelta(seconds=1)
        unlocks_at = run.time + timedelta(seconds=max(0, min(report.details.unlock_in_seconds, longest)))
    remaining_attempts = report.details.remaining_attempts if report.outcome == Outcome.WRONG_PASSWORD else None
    return BookedLogin(
        run.time,
        slot,
        str(report.outcome),
        run.name,
        report.code,
        report.is_answered,
        remaining_attempts,
        unlocks_at,
        asked_by,
        not report.counts,
    )


def recalled(entry: Entry, lines: Iterable[BookedLogin]) -> Entry:
    """Return an entry that a backup has brought back with the logins since. They tell nothing of its passwords."""
    told = (line if line.outcome == Outcome.LOCKED else replace(line, outcome=SUPERSEDED) for line in lines)
    return entry.changed(ledger=(*entry.ledger, *told))


def supersede(entry: Entry, slot: str, *, of: Run | None = None) -> Entry:
    """Return the entry where what was found out about a slot's password, or by one run, tells nothing any more."""

    def told(line: BookedLogin) -> bool:
        is_meant = line.slot == slot and (of is None or line.run == of.name)
        return is_meant and line.outcome in (Outcome.WRONG_PASSWORD, RESENT)

    return _relabeled(entry, told, SUPERSEDED)


def resend(entry: Entry, run: Run, slot: str = STAGED) -> Entry:
    """Return the entry where a slot's password may be in place, whatever was found out about it before."""
    ledger = tuple(
        replace(line, outcome=RESENT, run=run.name)
        if (line.slot, line.outcome) == (slot, Outcome.WRONG_PASSWORD)
        else line
        for line in entry.ledger
        if not (line.is_free and line.slot == slot)
    )
    return entry.changed(ledger=ledger)


def unsend(entry: Entry, run: Run) -> Entry:
    """Undo what :func:`resend` did in this run, which has not sent the candidate after all."""
    return _relabeled(entry, lambda line: (line.outcome, line.run) == (RESENT, run.name), Outcome.WRONG_PASSWORD)


def _relabeled(entry: Entry, is_meant: Callable[[BookedLogin], bool], outcome: str) -> Entry:
    """Give some logins another outcome. They count as before."""
    lines = (replace(line, outcome=str(outcome)) if is_meant(line) else line for line in entry.ledger)
    return entry.changed(ledger=tuple(lines))


def hold(entry: Entry, run: Run) -> Entry:
    """Return the entry as this run's, for the time of the lease."""
    return entry.changed(written_by=run.name, written_at=run.time)


def release(entry: Entry) -> Entry:
    """Return the entry as nobody's."""
    return entry.changed(written_by=None, written_at=None)


def believed(entry: Entry, run: Run) -> Entry:
    """Return the entry without times that lie in the future: they were written by a clock that was wrong.

    What had happened is counted from now on, since nobody knows when it was; an age is unknown.
    """

    def past(time: datetime | None) -> datetime | None:
        return time and (min(time, run.time) if time <= run.time + CLOCKS_DIFFER else None)

    latest = run.time + LONGEST_LOCK
    return entry.changed(
        enrolled_at=past(entry.enrolled_at),
        rotated_at=past(entry.rotated_at),
        proved_at=entry.proved_at and min(entry.proved_at, run.time),
        written_at=entry.written_at and min(entry.written_at, run.time),
        ledger=tuple(
            replace(
                line, at=min(line.at, run.time), unlocks_at=min(line.unlocks_at, latest) if line.unlocks_at else None
            )
            for line in entry.ledger
        ),
    )


def is_ahead(entry: Entry, run: Run) -> bool:
    """Whether an entry has times that a clock has written which was wrong, or is now."""
    times = (entry.rotated_at, entry.staged_at, entry.proved_at, entry.written_at, *(line.at for line in entry.ledger))
    return any(time > run.time + CLOCKS_DIFFER for time in times if time)


# -- what the ledger tells ---------------------------------------------------------------------------------------------


def is_refused(entry: Entry, slot: str) -> bool:
    """Whether a server has said that the password of a slot is wrong, with no success since."""
    return any(line.slot == slot and line.outcome == Outcome.WRONG_PASSWORD for line in entry.ledger)


def is_diverged(entry: Entry) -> bool:
    """Whether every password that may be in force was refused, with no success since."""
    held = [slot for slot in (CURRENT, STAGED) if entry.password(slot)]
    return bool(held) and all(is_refused(entry, slot) for slot in held)


def counted(entry: Entry, run: Run, slot: str = STAGED) -> list[BookedLogin]:
    """Return the logins that failed or may have failed since the last success, those of other runs and kinds included.

    For a login with the current password one that was expected is left out, where its run is over: the current password
    had worked a moment before it.
    """
    booked = (*entry.ledger, *(entry.elsewhere or ()))
    lines = [line for line in booked if line.outcome != Outcome.LOCKED and not line.is_free]
    failed = [line for line in lines if line.outcome != EXPECTED]
    expected = [line for line in lines if line.outcome == EXPECTED and line.run != run.name]
    if slot == CURRENT and expected and run.is_over(expected[0].run):
        expected.pop(0)
    return sorted(failed + expected, key=lambda line: line.at)


def too_few_attempts(entry: Entry) -> int | None:
    """Return how many attempts the server leaves, where they are too few to make one."""
    told = [line.remaining_attempts for line in entry.ledger if line.remaining_attempts is not None]
    return min(told) if told and min(told) <= FEW_ATTEMPTS else None


def locked_until(entry: Entry, rules: Rules) -> datetime | None:
    """Return until when the account is locked, as the server said or else for the lock window."""
    locks = [line for line in entry.ledger if line.outcome == Outcome.LOCKED]
    return max((line.unlocks_at or line.at + rules.lock_window for line in locks), default=None)


def password_to_try_first(entry: Entry) -> str:
    """Return which password of an unresolved rotation to try first. One of them is in force.

    A server's verdict decides. Without one it is the one that was tried first, since that was the likelier one: the
    staged password, or the current one after a refusal. What is likelier is tried twice.
    """
    if entry.current and is_refused(entry, STAGED):
        return CURRENT
    if entry.current is None or is_refused(entry, CURRENT):
        return STAGED
    untold = (line.slot for line in entry.ledger if line.outcome in (IN_FLIGHT, EXPECTED, Outcome.UNKNOWN))
    likely = CURRENT if next(untold, STAGED) == CURRENT else STAGED
    unanswered = 0
    for line in reversed(entry.ledger):
        if line.slot != likely or line.outcome not in (IN_FLIGHT, Outcome.UNKNOWN):
            break
        unanswered += 1
    return likely if unanswered < MOST_FAILED_LOGINS else other_than(likely)


def other_than(slot: str) -> str:
    """Return the other one of the two passwords of which one is in force."""
    return STAGED if slot == CURRENT else CURRENT


def waiting(entry: Entry, rules: Rules, run: Run, slot: str, *, after_repair: bool = False) -> Waiting | None:
    """Return why a login with a slot must not be tried now, None where it may be.

    A login beyond the two is booked with ``asked_by``, see :func:`beyond`.
    """
    left = too_few_attempts(entry)
    if left is not None:
        return Waiting(Outcome.FEW_ATTEMPTS, sentences.few_attempts(left))
    locked = locked_until(entry, rules)
    if locked and run.time < locked and not rules.retry_diverged:
        return Waiting(Outcome.COOLING, "the account was locked", locked)
    lines = counted(entry, run, slot)
    if len(lines) >= MOST_FAILED_LOGINS:
        if beyond(entry, rules, run, slot, after_repair=after_repair):
            return None
        under_way = [line for line in lines if _is_under_way(line, rules, run)]
        if under_way:
            return Waiting(Outcome.LEASED, sentences.AT_WORK, under_way[-1].at + rules.lease)
        if not (_is_outage(entry, lines) and _cannot_fail_thrice(entry, lines, slot)):
            return _held(entry, lines)
    recent = [line for line in lines if run.time - line.at < rules.lock_window]
    most = 1 if len(lines) >= MOST_FAILED_LOGINS else rules.max_failed_logins
    if len(recent) < most:
        return None
    until = sorted(line.at for line in recent)[-most] + rules.lock_window
    return Waiting(Outcome.COOLING, "logins failed or may have failed", until)


def beyond(entry: Entry, rules: Rules, run: Run, slot: str, *, after_repair: bool = False) -> str | None:
    """Return who asks for a login beyond the two that are allowed.

    Each is heard once since the last success. For a password that a person gives, which is another one each time, a
    person is heard again when the lock window is over. What an administrator has set is proved by a login, or nobody
    will ever know; that login is made only where the server has said that it was set.
    """
    if len(counted(entry, run, slot)) < MOST_FAILED_LOGINS:
        return None
    asked = [line for line in entry.ledger if line.asked_by == PERSON and (line.slot == INITIAL) == (slot == INITIAL)]
    is_heard = all(slot == INITIAL and run.time - line.at >= rules.lock_window for line in asked)
    if rules.retry_diverged and is_heard:
        return PERSON
    return REPAIR if after_repair and all(line.asked_by != REPAIR for line in entry.ledger) else None


def is_for_repair(entry: Entry, run: Run) -> bool:
    """Whether the login that this run has booked is beyond the two, to prove what an administrator sets."""
    return any(line.run == run.name and line.asked_by == REPAIR for line in entry.ledger)


def with_more_attempts(entry: Entry) -> Entry:
    """Return the entry without what the server said of the attempts that it leaves."""
    return entry.changed(ledger=tuple(replace(line, remaining_attempts=None) for line in entry.ledger))


def _is_outage(entry: Entry, lines: list[BookedLogin]) -> bool:
    """Whether logins were not answered at all with an account whose password was proved before.

    With an account that has entries of other kinds one of them may have changed the password since.
    """
    is_proved = entry.proved_at is not None and entry.elsewhere is None
    return is_proved and all(not line.is_answered for line in lines)


def _cannot_fail_thrice(entry: Entry, lines: list[BookedLogin], slot: str) -> bool:
    """Whether a login with a slot is not the third that a server may count, if nothing is amiss but the network.

    The current password is in force, unless a rotation is unresolved. Then one of two is, and only logins with the
    other one can have failed. What was expected may have been either: some changes log in with the old password.
    """
    if slot == CURRENT and not entry.staged:
        return True
    failed = [line for line in entry.ledger if line.outcome == EXPECTED or (line.slot == slot and line in lines)]
    return slot in (CURRENT, STAGED) and len(failed) < MOST_FAILED_LOGINS


def _is_under_way(line: BookedLogin, rules: Rules, run: Run) -> bool:
    """Whether another run may be making this login now."""
    is_open = line.outcome in (IN_FLIGHT, EXPECTED) and line.run != run.name
    return is_open and run.time - line.at < rules.lease and not run.is_over(line.run.partition(" ")[0])


def _held(entry: Entry, lines: list[BookedLogin]) -> Waiting:
    codes = sorted({line.code for line in lines if line.code and line.outcome == Outcome.UNKNOWN})
    is_heard = any(line.asked_by == PERSON for line in entry.ledger)
    return Waiting(Outcome.HELD, sentences.held(len(lines), codes, is_heard=is_heard))

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The algorithm's decisions. Pure: no store, no network, no clock, no secret.

Each function takes what the store holds and what was observed, and returns what to write and what to do next.

The rules behind them:

* A candidate is written before it is sent, and there is never a second one while one is unresolved.
* Before a login is tried, it is booked; its end settles the booking. A run that is killed in between leaves the
  booking, which counts as a wrong login. At any moment at most one booked login is open per run.
* One booking is not counted at once when its run is killed: that of the sign-in for the change, made right after the
  same password had worked. It stands for the verification too. A wrong login it can only have been if somebody else
  changed the password in that very moment, or if the change was not carried out, the verification told so, and the run
  was killed right then. Counting it would make every run that is killed during the change wait for the lock window, so
  the next run may try both passwords. From then on it counts, and so it does where its run may be at work still.
* A change that the server answers with a failure that does not tell its cause may have presented a wrong password: if
  the candidate then turns out not to be in place, it is counted as one.
* A success clears the ledger, because it resets the server's count.
* Only a definite refusal drops a candidate. Whatever else happens, it stays, and the next run resolves it.
* Some kinds are changed with another kind's password (a SIP phone with its account's). Their own current password is
  proof, not key: where it is lost the change goes on, and they cannot diverge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    COUNTS_AS_FAILING,
    FEW_ATTEMPTS,
    PROVES_PASSWORD,
)

from .store.entry import Attempt, Entry, Sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


GIVEN = "given"
"""Name, in the ledger, of a password that the user gives and the store does not hold yet."""

PENDING = "pending"
"""Outcome, in the ledger, of a login that is booked before it is tried. Counts as a wrong one until it is settled."""

EXPECTED = "expected"
"""Like pending, for a password that has worked a moment ago in the same run. Counts only together with others."""

SUPERSEDED = "superseded"
"""Outcome, in the ledger, of a wrong login with a password that another one has replaced in the store since."""

RESENT = "resent"
"""Outcome, in the ledger, of a wrong login with a candidate that was sent once more since: it may be in place now."""

LONGEST_LOCK = timedelta(days=1)
"""Longest lock that a server is believed; after that it is asked again, which costs no attempt while it lasts."""


@dataclass(frozen=True)
class Rules:
    """When to rotate, and how carefully.

    Attributes:
        when: ``due`` by age, ``always``, or ``resume`` only what is unresolved.
        max_age: age from which a password is due.
        max_failing_logins: how many wrong logins per account one lock window may see.
        lock_window: how long a wrong login is counted, and a lock is waited for.
        lease: how long an unresolved candidate is left to the run that wrote it last.
        retry_diverged: try the stored passwords of a diverged credential once more.
        min_age: the server accepts no change earlier than this after the one before.
        needs_current: the change presents the current password; otherwise that of another kind.
        repair: an administrator may set the password of a diverged credential.
    """

    when: str = "due"
    max_age: timedelta = timedelta(days=30)
    max_failing_logins: int = 2
    lock_window: timedelta = timedelta(minutes=30)
    lease: timedelta = timedelta(minutes=2)
    retry_diverged: bool = False
    min_age: timedelta = timedelta(0)
    needs_current: bool = True
    repair: bool = False


@dataclass(frozen=True)
class Run:
    """This run: its name in the store, the time, and whether another run still lives."""

    name: str
    time: datetime
    is_over: Callable[[str], bool] = lambda name: False


class Told(NamedTuple):
    """What a server told with the verdict on a login.

    Attributes:
        remaining_attempts: how many attempts it leaves before it locks the account.
        unlock_in_seconds: when it unlocks the account.
        second_factor: the password is right and nobody can go on without the user.
    """

    remaining_attempts: int | None = None
    unlock_in_seconds: int | None = None
    second_factor: bool = False


NOTHING_TOLD = Told()


class Decision(NamedTuple):
    """What to do.

    Attributes:
        outcome: a word for what was found or done.
        message: a sentence for people.
        step: what comes next: ``log_in``, ``change``, ``repair``, ``commit``, ``done`` or ``fail``.
        entry: what to write; None writes nothing.
        login: which secret the next login presents.
    """

    outcome: str
    message: str
    step: str
    entry: Entry | None = None
    login: str = "current"


def plan(entry: Entry, rules: Rules, run: Run) -> Decision:
    """Decide from the store alone whether to rotate, to resume, or to leave the credential alone."""
    if rules.retry_diverged:
        entry = _given_another_chance(entry)
    held = _held(entry, rules, run, even_diverged=rules.repair)
    if held:
        return held
    if rules.needs_current and is_diverged(entry):
        # From here on the candidate may be in place, whatever was found out about it before.
        sent = _reworded(entry, "staged", "bad", RESENT)
        return _log_in(
            sent, run, "repair", "no stored password works; the administrator sets a candidate", "staged"
        )._replace(step="repair")
    if not rules.needs_current and _is_lost(entry):
        # From here on the candidate may be in place, whatever was found out about it before.
        sent = _held_by(_reworded(entry, "staged", "bad", RESENT), run)
        return Decision("due", "the password is lost and is replaced without a login", "change", sent)
    if entry.staged:
        return _log_in(entry, run, "resume", "an unresolved rotation is taken up", _more_promising(entry))
    if rules.when == "resume":
        return Decision("not_due", "nothing is unresolved", "done")
    if rules.when == "due" and entry.rotated_at and run.time - entry.rotated_at < rules.max_age:
        due_at = entry.rotated_at + rules.max_age
        return Decision("not_due", f"the password is not due before {_text(due_at)}", "done")
    if entry.rotated_at and run.time - entry.rotated_at < rules.min_age:
        possible_at = entry.rotated_at + rules.min_age
        return Decision(
            "too_early",
            f"the server accepts one change in {_hours(rules.min_age)} hours; the next is possible from "
            f"{_text(possible_at)} on",
            "done",
        )
    return _log_in(entry, run, "due", "the password is due", "current")


def plan_verification(entry: Entry, rules: Rules, run: Run) -> Decision:
    """Decide whether the current password may be tried, with no intent to change it."""
    if entry.staged:
        return Decision(
            "unresolved", "a rotation is unresolved, so either password may work; run the rotate playbook", "fail"
        )
    held = _held(entry, rules, run)
    return held or _log_in(entry, run, "verify", "the stored password is verified", "current")


def plan_enrolment(
    entry: Entry, rules: Rules, run: Run, given: Sealed, *, same: bool, replace_current: bool, verify: bool
) -> Decision:
    """Decide whether a password that the user gives may be tried and taken over.

    Args:
        entry: what the store holds; empty for a new credential.
        rules: the rules.
        run: this run.
        given: the password.
        same: whether it is the one that was given last time.
        replace_current: put it in the place of a current password.
        verify: try it before it is taken over.
    """
    if rules.retry_diverged:
        entry = _with_more_attempts(entry)
    if entry.current and not replace_current:
        return Decision("enrolled", "a password is enrolled already and is left as it is", "done")
    if entry.current and not verify:
        return Decision(
            "refused", "an unverified password never replaces a stored one; set rotate_enroll_verify to true", "fail"
        )
    if entry.current and entry.staged and not is_diverged(entry):
        return Decision(
            "unresolved",
            "a rotation is unresolved, so the stored passwords are needed; run the rotate playbook",
            "fail",
        )
    if not verify:
        return Decision("enrol", "the given password is taken over without a login", "commit")
    if same and _refused(entry, GIVEN):
        return Decision(
            "bad", "this password was refused before and is not tried again; give the one that works", "fail"
        )
    held = _held(entry, rules, run, even_diverged=True)
    if held:
        return held._replace(step="fail")
    fresh = entry if same else _reworded(entry, GIVEN, "bad", SUPERSEDED).changed(given=given)
    return _log_in(fresh, run, "enrol", "the given password is verified", GIVEN)


def with_candidate(entry: Entry, run: Run, candidate: Sealed, *, temporary: bool = False) -> Entry:
    """Return the entry with a new candidate. One that was refused everywhere and gives way becomes the previous one."""
    # What was found out about an earlier candidate tells nothing about this one.
    entry = _reworded(_reworded(entry, "staged", "bad", SUPERSEDED), "staged", RESENT, SUPERSEDED)
    if entry.staged:
        entry = entry.changed(previous=entry.staged)
    return entry.changed(staged=candidate, staged_at=run.time, temporary=temporary)


def after_login(entry: Entry, rules: Rules, run: Run, login: str, outcome: str, told: Told = NOTHING_TOLD) -> Decision:
    """Decide what a login with the secret ``login`` proves. With ``change`` next, a candidate must be in the store."""
    if outcome in PROVES_PASSWORD:
        clean = entry.changed(ledger=())
        if login == "staged":
            return Decision("proved", "the staged password works: the change had gone through", "commit", clean)
        if told.second_factor:
            return Decision(
                "second_factor",
                _sentences(
                    "the password works, but the user needs a second factor and it cannot be changed unattended; "
                    "exempt the user from it, or change the password by hand and enrol it",
                    _kept(clean),
                ),
                "fail",
                _released(clean),
            )
        message = "the staged candidate is sent again" if entry.staged else "a new candidate is staged"
        return Decision("staged", message, "change", _booked_for_change(clean, rules, run, EXPECTED))
    settled = _settled(entry, run, login, outcome, told)
    if outcome == "live":
        return Decision(
            "live", "the agent is signed in and is left alone; the next run tries again", "done", _released(settled)
        )
    goes_on = login == "staged" and not _refused(entry, "current") if rules.needs_current else True
    if outcome == "bad" and goes_on and _fewest_attempts(settled) is None:
        counted = _counted(settled, rules, run, lambda other: not run.is_over(other))
        if len(counted) >= (rules.max_failing_logins if rules.needs_current else 2):
            return _cooling(_released(settled), rules, counted)
        message = (
            "the staged candidate is not in place; it is sent again"
            if entry.staged
            else "the current password is lost and not needed; a new candidate is staged"
        )
        resent = _reworded(settled, "staged", "bad", RESENT)
        return Decision("staged", message, "change", _booked_for_change(resent, rules, run, PENDING))
    return after_failure(entry, rules, run, {login: outcome}, told=told)


def after_failure(
    entry: Entry,
    rules: Rules,
    run: Run,
    logins: Mapping[str, str | None],
    *,
    candidate_refused: bool = False,
    resent: bool = False,
    not_carried_out: bool = False,
    reason: str = "",
    told: Told = NOTHING_TOLD,
) -> Decision:
    """Record what a run that stopped had tried, and say what is left.

    Args:
        entry: what the store holds.
        rules: the rules.
        run: this run.
        logins: outcome of each login that ended the run, by secret; None where it was not tried.
        candidate_refused: the server definitely refused the candidate while the current password worked.
        resent: the candidate had been sent before, by this run or another one.
        not_carried_out: the change was definitely not carried out, whatever the reason.
        reason: why the run stopped, for people.
        told: what the server told with the last login.
    """
    settled = entry
    for login, outcome in logins.items():
        settled = _settled(settled, run, login, outcome, told)
    if logins.get("current") == "bad":
        # Then this run has not sent the candidate after all, and what its refusal told still holds. An earlier run may
        # have sent it, and that may be why the current password is wrong.
        settled = _reworded(settled, "staged", RESENT, "bad", of=run)
    settled = _released(settled)
    if candidate_refused:
        # A candidate that had been sent before may have been refused because it is in place.
        previous = settled.staged if resent else settled.previous
        settled = settled.changed(staged=None, staged_at=None, temporary=False, previous=previous)
        return Decision(
            "refused",
            _sentences(
                reason,
                "the candidate was dropped"
                + ("" if is_diverged(settled) or not rules.needs_current else " and the current password still works"),
            ),
            "fail",
            settled,
        )
    if not_carried_out and not resent:
        # Then the candidate is nowhere but here, and to try it would only cost a login.
        settled = settled.changed(staged=None, staged_at=None, temporary=False)
    outcomes = [outcome for outcome in logins.values() if outcome and outcome not in PROVES_PASSWORD]
    if _fewest_attempts(settled) is not None:
        return _few_attempts(settled)._replace(entry=settled)
    if rules.needs_current and is_diverged(settled):
        message = _diverged_message(settled)
        if rules.repair:
            message = _sentences(reason, "no stored password works; the next run repairs it")
        return Decision("diverged", message, "fail", settled)
    if "live" in outcomes:
        return Decision(
            "live", _sentences("the agent is signed in; the next run tries again", _kept(settled)), "done", settled
        )
    if "locked" in outcomes:
        until = _text(_locked_until(settled, rules) or run.time)
        return Decision(
            "locked",
            _sentences(f"the account is locked; nothing is tried before {until}", _kept(settled)),
            "fail",
            settled,
        )
    outcome = next(iter(outcomes), "denied" if not_carried_out else "failed")
    is_replaced = not rules.needs_current and settled.staged is None and _refused(settled, "current")
    what_next = "the next rotation replaces it" if is_replaced else _kept(settled)
    return Decision(outcome, _sentences(reason, what_next), "fail", settled)


def overtaken(entry: Entry, run: Run, logins: Mapping[str, str | None]) -> Decision:
    """Record what a run had tried after another run has taken the credential over.

    What it tried counts towards the lock, but tells nothing about the passwords that the store holds by now. While the
    other run is still at work nothing is written, since it would take a new version for a sign to step aside as well;
    this run's booking, where there is one, goes on counting.
    """
    settled = entry
    for login, outcome in logins.items():
        settled = _settled(settled, run, login, SUPERSEDED if outcome == "bad" else outcome)
    at_rest = entry.written_by in (None, run.name)
    return Decision(
        "leased",
        "another run has taken this credential over in the meantime; it is left to that run",
        "done",
        settled if at_rest and settled != entry else None,
    )


def commit(entry: Entry, run: Run, staged_at: datetime | None) -> Decision:
    """Make the verified candidate the current password.

    Args:
        entry: what the store holds.
        run: this run.
        staged_at: when the verified candidate was staged.
    """
    if entry.staged is None or entry.staged_at != staged_at:
        if entry.rotated_at and staged_at and entry.rotated_at >= staged_at:
            return Decision("rotated", "another run has committed this rotation already", "done")
        return Decision(
            "failed",
            "another run has taken the candidate, which works, out of its place; run the verify playbook, and where it "
            "fails, enrol the previous password",
            "fail",
        )
    committed = entry.changed(
        current=entry.staged,
        previous=entry.current,
        staged=None,
        staged_at=None,
        rotated_at=None if entry.temporary else run.time,
        temporary=False,
        ledger=(),
    )
    message = (
        "a temporary password is in force; the next run replaces it"
        if entry.temporary
        else "the new password is in force"
    )
    return Decision("rotated", message, "done", _released(committed))


def enrol(entry: Entry, given: Sealed) -> Decision:
    """Take over a password that the user gave. Its age is unknown, so it is due at once."""
    taken_over = entry.changed(
        current=given,
        previous=entry.current,
        staged=None,
        given=None,
        staged_at=None,
        temporary=False,
        rotated_at=None,
        ledger=(),
    )
    return Decision("enrolled", "the password is taken over", "done", _released(taken_over))


def verified(entry: Entry) -> Decision:
    """Record that the current password works."""
    return Decision("verified", "the stored password works", "done", _released(entry.changed(ledger=())))


def key_obstacle(key: Entry | None, rules: Rules, run: Run) -> Decision | None:
    """Return why another kind's password must not be used for a change now, None where it may be.

    Args:
        key: what the store holds for that kind.
        rules: the rules.
        run: this run.
    """
    if key is None or key.current is None:
        return Decision("blocked", "the password that its change needs is not enrolled; enrol it first", "fail")
    if key.staged:
        return Decision(
            "blocked", "the rotation of the password that its change needs is unresolved; run again", "fail"
        )
    held = _held(key, rules, run)
    if held is None:
        return None
    return Decision("blocked", f"the password that its change needs cannot be used: {held.message}", held.step)


def booked_as_key(key: Entry, run: Run) -> Entry:
    """Book a login with another kind's password, for a key that several accounts share and try at the same time."""
    return key.changed(ledger=(*key.ledger, Attempt(run.time, "current", PENDING, run.name)))


def after_use_as_key(key: Entry, run: Run, outcome: str | None, told: Told = NOTHING_TOLD) -> Entry:
    """Return the other kind's entry with what came of a login with its password."""
    is_booked = any(attempt.run == run.name and attempt.outcome == PENDING for attempt in key.ledger)
    # A success of another run has cleared the booking, and perhaps with a new password.
    return _settled(key, run, "current", SUPERSEDED if outcome == "bad" and not is_booked else outcome, told)


def is_diverged(entry: Entry) -> bool:
    """Whether every password that the store holds was refused, with no success since."""
    held = [secret for secret in ("current", "staged") if getattr(entry, secret)]
    return bool(held) and all(_refused(entry, secret) for secret in held)


def _held(entry: Entry, rules: Rules, run: Run, *, even_diverged: bool = False) -> Decision | None:
    """Return why the credential must not be touched now, None where it may be."""
    if _fewest_attempts(entry) is not None:
        return _few_attempts(entry)
    if rules.needs_current and is_diverged(entry) and not even_diverged:
        return Decision("diverged", _diverged_message(entry), "fail")
    locked_until = _locked_until(entry, rules)
    if locked_until and run.time < locked_until:
        return Decision("cooling", f"the account was locked; nothing is tried before {_text(locked_until)}", "done")
    counted = _counted(entry, rules, run, lambda earlier: True)
    if len(counted) >= rules.max_failing_logins:
        return _cooling(entry, rules, counted)._replace(entry=None)
    if entry.staged and _is_leased(entry, rules, run):
        until = _text((entry.written_at or run.time) + rules.lease)
        return Decision(
            "leased", f"another run is at work on this credential; it is left to that run until {until}", "done"
        )
    return None


def _is_leased(entry: Entry, rules: Rules, run: Run) -> bool:
    return (
        entry.written_by is not None
        and entry.written_by != run.name
        and entry.written_at is not None
        and run.time - entry.written_at < rules.lease
        and not run.is_over(entry.written_by)
    )


def _log_in(entry: Entry, run: Run, outcome: str, message: str, login: str) -> Decision:
    return Decision(outcome, message, "log_in", _booked(entry, run, login), login)


def _cooling(entry: Entry, rules: Rules, counted: list[Attempt]) -> Decision:
    oldest = sorted(attempt.at for attempt in counted)[-rules.max_failing_logins]
    until = _text(oldest + rules.lock_window)
    return Decision(
        "cooling", f"wrong logins were tried or may have been; nothing is tried before {until}", "done", entry
    )


def _counted(entry: Entry, rules: Rules, run: Run, is_counted: Callable[[str], bool]) -> list[Attempt]:
    """Return the attempts that count towards the lock now.

    Args:
        entry: what the store holds.
        rules: the rules.
        run: this run.
        is_counted: of which other runs the expected logins count, where others count too.
    """
    recent = [
        attempt for attempt in entry.ledger if attempt.outcome != "locked" and run.time - attempt.at < rules.lock_window
    ]
    counted = [attempt for attempt in recent if attempt.outcome != EXPECTED]
    if counted:
        expected = (attempt for attempt in recent if attempt.outcome == EXPECTED and attempt.run != run.name)
        counted += (attempt for attempt in expected if is_counted(attempt.run))
    return counted


def _more_promising(entry: Entry) -> str:
    """Return which of the two passwords to try first.

    One of them is in force. So where a login with one had no answer, perhaps more than once, the other one comes next:
    wrong logins then do not follow each other, not even at a server that never forgets them.
    """
    is_refused = _refused(entry, "staged")
    login = "current" if is_refused else "staged"
    unanswered = 0
    for attempt in reversed(entry.ledger):
        if attempt.secret != login or attempt.outcome not in ("unknown", PENDING):
            break
        unanswered += 1
    # The staged one is so much more likely to work that it is tried twice.
    if unanswered < (1 if is_refused else 2):
        return login
    return "staged" if login == "current" else "current"


def _is_lost(entry: Entry) -> bool:
    """Whether it is known that neither the current password nor a candidate is in place."""
    return _refused(entry, "current") and (entry.staged is None or _refused(entry, "staged"))


def _refused(entry: Entry, secret: str) -> bool:
    return any(attempt.secret == secret and attempt.outcome == "bad" for attempt in entry.ledger)


def _reworded(entry: Entry, secret: str, before: str, after: str, *, of: Run | None = None) -> Entry:
    """Give the attempts with a secret, or those of one run, another outcome. They count towards the lock as before."""
    return entry.changed(
        ledger=tuple(
            replace(attempt, outcome=after)
            if (attempt.secret, attempt.outcome) == (secret, before) and (of is None or attempt.run == of.name)
            else attempt
            for attempt in entry.ledger
        )
    )


def _booked(entry: Entry, run: Run, login: str, outcome: str = PENDING) -> Entry:
    attempt = Attempt(run.time, login, outcome, run.name)
    return _held_by(entry.changed(ledger=(*entry.ledger, attempt)), run)


def _booked_for_change(entry: Entry, rules: Rules, run: Run, outcome: str) -> Entry:
    """Book the sign-in of the change, where that presents the current password."""
    return _booked(entry, run, "current", outcome) if rules.needs_current else _held_by(entry, run)


def _settled(entry: Entry, run: Run, login: str, outcome: str | None, told: Told = NOTHING_TOLD) -> Entry:
    """Replace this run's open bookings by what came of the login; None, or what costs nothing, removes them."""
    kept = tuple(
        attempt for attempt in entry.ledger if attempt.run != run.name or attempt.outcome not in (PENDING, EXPECTED)
    )
    if outcome in COUNTS_AS_FAILING or outcome in ("locked", SUPERSEDED):
        until = None
        if outcome == "locked" and told.unlock_in_seconds is not None:
            longest = LONGEST_LOCK // timedelta(seconds=1)
            until = run.time + timedelta(seconds=max(0, min(told.unlock_in_seconds, longest)))
        remaining = told.remaining_attempts if outcome == "bad" else None
        kept = (*kept, Attempt(run.time, login, str(outcome), run.name, remaining, until))
    return entry.changed(ledger=kept)


def _locked_until(entry: Entry, rules: Rules) -> datetime | None:
    """Return until when the account is locked, as the server said or else for the lock window."""
    ends = [attempt.until or attempt.at + rules.lock_window for attempt in entry.ledger if attempt.outcome == "locked"]
    return max(ends, default=None)


def _fewest_attempts(entry: Entry) -> int | None:
    """Return how many attempts the server leaves, where they are too few to make one."""
    told = [attempt.remaining for attempt in entry.ledger if attempt.remaining is not None]
    return min(told) if told and min(told) <= FEW_ATTEMPTS else None


def _few_attempts(entry: Entry) -> Decision:
    return Decision(
        "few_attempts",
        f"the server leaves {_fewest_attempts(entry)} attempts before it locks the account, so none is made any more. "
        "Let the user log in once, then run again with rotate_retry_diverged",
        "fail",
    )


def _given_another_chance(entry: Entry) -> Entry:
    """Forget verdicts that keep a credential from being tried. The attempts count towards the lock as before."""
    if is_diverged(entry):
        entry = _reworded(_reworded(entry, "staged", "bad", RESENT), "current", "bad", RESENT)
    # Where one of two passwords has not been refused, the other one's refusal still tells which to try.
    return _with_more_attempts(entry)


def _with_more_attempts(entry: Entry) -> Entry:
    return entry.changed(ledger=tuple(replace(attempt, remaining=None) for attempt in entry.ledger))


def _held_by(entry: Entry, run: Run) -> Entry:
    return entry.changed(written_by=run.name, written_at=run.time)


def _released(entry: Entry) -> Entry:
    return entry.changed(written_by=None, written_at=None)


def _diverged_message(entry: Entry) -> str:
    which = "neither the current nor the staged password works" if entry.staged else "the stored password does not work"
    return (
        f"{which}: somebody else has changed it, or the server carried a change out late. Nothing is tried any more; "
        "enrol the right password with rotate_enroll_replace, or try the stored ones once more with "
        "rotate_retry_diverged"
    )


def _kept(entry: Entry) -> str:
    return "the candidate is kept and the next run resolves it" if entry.staged else ""


def _sentences(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}"


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided from the store alone: to rotate, to resume, to repair, or to do nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.rotation_values import (
    CANDIDATE,
    CURRENT,
    DIVERGED,
    DRAWN,
    ENROLLED,
    FRESH,
    GIVEN_ONE,
    IDLE,
    LOCKED,
    LOST,
    NO_ANSWER,
    NOW,
    OLDER_ONE,
    STAGED,
    TWO_UNANSWERED,
    TWO_UNREADABLE,
    UNKNOWN,
    UNRESOLVED,
    WRONG,
    Drawn,
    ago,
    booked,
    decisions,
    held_by_me,
    line,
    lines,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.enrolling import Enrolling
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    PERSON,
    REPAIR,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    Decision,
    Enrollment,
    Next,
    Rules,
    Step,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Account,
    BookedLogin,
    Ciphertext,
    Entry,
)

FEW = line(CURRENT, WRONG, remaining_attempts=2)
JUST_NOW = ago(minutes=5)


def told(decision: Decision) -> tuple[Next, str, bool]:
    """Return what comes next, the outcome, and whether something is written."""
    return decision.next, str(decision.outcome), decision.entry is not None


# -- a rotation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "when", "outcome", "slot"),
    [
        (IDLE, "due", "due", CURRENT),
        (IDLE, "always", "due", CURRENT),
        (IDLE, "resume", "not_due", None),
        (FRESH, "due", "not_due", None),
        (FRESH, "always", "due", CURRENT),
        (ENROLLED, "due", "due", CURRENT),
        (UNRESOLVED, "due", "resumed", STAGED),
        (UNRESOLVED, "resume", "resumed", STAGED),
        (UNRESOLVED.changed(rotated_at=NOW), "due", "resumed", STAGED),
        (UNRESOLVED.changed(ledger=(line(STAGED, WRONG),)), "due", "resumed", CURRENT),
        (UNRESOLVED.changed(ledger=(line(STAGED, UNKNOWN),)), "due", "resumed", STAGED),
        (UNRESOLVED.changed(ledger=(line(STAGED, RESENT),)), "due", "resumed", STAGED),
        (LOST.changed(staged=CANDIDATE), "due", "resumed", STAGED),
    ],
)
def test_what_is_planned(entry: Entry, when: str, outcome: str, slot: str | None) -> None:
    decision = decisions(when=when).plan(entry)
    if slot is None:
        assert told(decision) == (Next.DONE, outcome, False)
    else:
        assert told(decision) == (Next.LOG_IN, outcome, True)
        assert decision.slot == slot
        assert decision.entry == held_by_me(entry, booked(slot))


def test_when_it_will_be_due_is_told() -> None:
    decide = decisions(when="due")
    assert decide.plan(FRESH).message == "the password is not due before 2026-11-22 12:00 UTC"
    assert decide.plan(FRESH.changed(rotated_at=NOW - decide.rules.max_age)).outcome == "due"
    assert decisions(when="resume").plan(IDLE).message == "nothing is unresolved"


@pytest.mark.parametrize(
    ("written_by", "seconds", "is_over", "is_leased"),
    [
        ("another", 60, False, True),
        ("another", 119, False, True),
        ("another", 120, False, False),
        ("another", 60, True, False),
        ("me", 60, False, False),
        (None, 60, False, False),
    ],
)
def test_a_run_at_work_is_left_alone(written_by: str | None, seconds: int, is_over: bool, is_leased: bool) -> None:
    decide = decisions(is_over=lambda name: is_over)
    for unresolved in (UNRESOLVED, DIVERGED):
        entry = unresolved.changed(written_by=written_by, written_at=ago(seconds=seconds))
        decision = decide.plan(entry)
        assert (decision.outcome == "leased") is is_leased
        if is_leased:
            assert told(decision) == (Next.DONE, "leased", False)
            end = "2026-11-21 12:01 UTC" if seconds == 60 else "2026-11-21 12:00 UTC"
            assert decision.message.endswith(f"it is left to that run until {end}")
        eager = decisions(is_over=lambda name: is_over, lease=timedelta(0))
        assert eager.plan(entry).outcome != "leased"
    idle = IDLE.changed(written_by=written_by, written_at=ago(seconds=seconds))
    assert decide.plan(idle).outcome == "due", "nothing has been sent yet"


@pytest.mark.parametrize(
    ("ledger", "most", "until"),
    [
        (
            (line(CURRENT, LOCKED, ago(minutes=10)),),
            2,
            "the account was locked; nothing is tried before 2026-11-21 12:20",
        ),
        ((line(STAGED, UNKNOWN, JUST_NOW),), 1, "may have failed; nothing is tried before 2026-11-21 12:25 UTC"),
        ((line(STAGED, WRONG, JUST_NOW),), 1, "nothing is tried before 2026-11-21 12:25 UTC"),
    ],
)
def test_after_a_failed_login_or_a_lock_it_waits(ledger: tuple[BookedLogin, ...], most: int, until: str) -> None:
    decision = decisions(max_failed_logins=most).plan(UNRESOLVED.changed(ledger=ledger))
    assert told(decision) == (Next.DONE, "cooling", False)
    assert until in decision.message


def test_a_wait_that_only_a_person_ends_is_a_failure() -> None:
    decision = decisions().plan(UNRESOLVED.changed(ledger=TWO_UNREADABLE))
    assert told(decision) == (Next.FAIL, "held", False)
    assert "rotate_retry_diverged" in decision.message


def test_who_was_heard_is_not_told_to_ask_again() -> None:
    heard = IDLE.changed(ledger=(*TWO_UNREADABLE, line(CURRENT, UNKNOWN, asked_by=PERSON)))
    decision = decisions(retry_diverged=True).plan(heard)
    assert decision.outcome == "held"
    assert "rotate_retry_diverged" not in decision.message


def test_an_outage_does_not_hold_an_unresolved_rotation_at_once() -> None:
    """One of the two passwords is in force, so each can be tried twice before one of them could fail a third time."""
    entry = UNRESOLVED
    for night, slot in enumerate((STAGED, STAGED, CURRENT, CURRENT, None, None)):
        decide = decisions(name=f"night {night}", time=NOW + timedelta(days=night))
        planned = decide.plan(entry)
        assert (planned.slot, planned.outcome) == ((slot, "resumed") if slot else (CURRENT, "held")), f"night {night}"
        if slot is None:
            continue
        assert planned.entry
        stopped = decide.after_login(Step(planned, planned.entry), NO_ANSWER, None, planned.entry)
        assert stopped.entry
        entry = stopped.entry


def test_without_a_proof_an_outage_is_none() -> None:
    unproved = UNRESOLVED.changed(proved_at=None, ledger=(*TWO_UNANSWERED, line(STAGED, UNKNOWN, is_answered=False)))
    assert decisions().plan(unproved).outcome == "held"
    refused = UNRESOLVED.changed(ledger=(line(CURRENT, WRONG), *TWO_UNANSWERED))
    assert decisions().plan(refused).outcome == "held"


@pytest.mark.parametrize(
    ("entry", "which"),
    [
        (DIVERGED, "neither the current nor the staged password works: somebody else has changed it"),
        (LOST, "the stored password does not work: somebody else has changed it"),
    ],
)
def test_a_diverged_credential_is_not_touched(entry: Entry, which: str) -> None:
    decision = decisions().plan(entry)
    assert told(decision) == (Next.FAIL, "diverged", False)
    assert decision.message.startswith(which)
    assert "rotate_enroll_replace" in decision.message


@pytest.mark.parametrize("few", [IDLE.changed(ledger=(FEW,)), UNRESOLVED.changed(ledger=(FEW,))])
@pytest.mark.parametrize("rules", [{}, {"has_parent": True}, {"repair": True}, {"max_failed_logins": 1}])
def test_few_attempts_stop_every_plan(few: Entry, rules: dict[str, Any]) -> None:
    decision = decisions(**rules).plan(few)
    assert told(decision) == (Next.FAIL, "few_attempts", False)
    assert decision.message.startswith("the server leaves 2 attempts before it locks the account")


def test_what_may_not_be_changed_is_blocked_only_where_something_would_be_done() -> None:
    decision = decisions(blocked_reason="because").plan(IDLE)
    assert (told(decision), decision.message) == ((Next.FAIL, "blocked", False), "because")
    assert decisions(blocked_reason="because", when="due").plan(FRESH).outcome == "not_due"
    assert decisions(blocked_reason="because").plan(DIVERGED).outcome == "diverged"
    assert decisions(blocked_reason="because").plan_verification(FRESH).next is Next.LOG_IN


# -- a person's word ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [DIVERGED, LOST])
def test_a_diverged_credential_is_tried_again_when_asked(entry: Entry) -> None:
    decision = decisions(retry_diverged=True).plan(entry)
    assert (decision.next, decision.slot) == (Next.LOG_IN, STAGED if entry.staged else CURRENT)
    assert decision.entry is not None
    asked_by = PERSON if len(entry.ledger) == 2 else None
    assert decision.entry.ledger[-1] == booked(decision.slot, asked_by=asked_by)
    assert {one.outcome for one in decision.entry.ledger[:-1]} == {RESENT}


def test_one_refusal_of_two_still_tells_which_password_to_try() -> None:
    """The same one again would end the same way for ever."""
    for slot, other in ((STAGED, CURRENT), (CURRENT, STAGED)):
        decision = decisions(retry_diverged=True).plan(UNRESOLVED.changed(ledger=(line(slot, WRONG),)))
        assert decision.slot == other
        assert lines(decision.entry) == [(slot, WRONG), (other, IN_FLIGHT)]


def test_few_attempts_are_risked_when_asked() -> None:
    decision = decisions(retry_diverged=True).plan(IDLE.changed(ledger=(FEW,)))
    assert told(decision) == (Next.LOG_IN, "due", True)
    assert decision.entry is not None
    assert [one.remaining_attempts for one in decision.entry.ledger] == [None, None]


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (FRESH, "not_due"),
        (FRESH.changed(ledger=(line(CURRENT, UNKNOWN),)), "due"),
        (FRESH.changed(ledger=TWO_UNREADABLE), "due"),
        (FRESH.changed(ledger=(line(CURRENT, LOCKED, JUST_NOW),)), "due"),
    ],
)
@pytest.mark.parametrize("when", ["due", "resume"])
def test_what_a_person_asks_for_is_tried_even_where_it_is_not_due(entry: Entry, outcome: str, when: str) -> None:
    """For the word is about the login: it ends what holds the credential."""
    assert decisions(when=when, retry_diverged=True).plan(entry).outcome == outcome
    assert decisions(when=when).plan(entry).outcome == "not_due", "and not unasked"


def test_where_an_administrator_repairs_a_person_asks_for_the_proof_of_what_is_set() -> None:
    decision = decisions(retry_diverged=True, repair=True).plan(DIVERGED)
    assert (decision.next, decision.slot) == (Next.REPAIR, STAGED)
    assert decision.entry
    assert decision.entry.ledger[-1] == booked(STAGED, asked_by=PERSON)


# -- a clock that was wrong --------------------------------------------------------------------------------------------

AHEAD = NOW + timedelta(days=400)


@pytest.mark.parametrize("when", ["due", "always"])
def test_a_rotation_in_the_future_makes_nobody_wait_for_it(when: str) -> None:
    entry = FRESH.changed(rotated_at=AHEAD)
    decision = decisions(when=when, min_age=timedelta(hours=24)).plan(entry)
    assert told(decision) == (Next.LOG_IN, "due", True)
    assert decision.entry is not None
    assert decision.entry.rotated_at is None


@pytest.mark.parametrize("at", [NOW + timedelta(seconds=1), AHEAD])
def test_a_run_of_the_future_may_be_at_work(at: datetime) -> None:
    entry = UNRESOLVED.changed(written_by="another", written_at=at)
    at_work = decisions(is_over=lambda name: False).plan(entry)
    assert (at_work.next, at_work.outcome) == (Next.DONE, "leased")
    assert decisions(is_over=lambda name: True).plan(entry).outcome == "resumed"


def test_a_run_of_the_future_is_at_work_for_one_lease() -> None:
    """What its clock has written is corrected at once, so that it ends."""
    entry = UNRESOLVED.changed(written_by="another", written_at=AHEAD)
    at_work = decisions(is_over=lambda name: False).plan(entry)
    assert at_work.entry is not None
    later = decisions(is_over=lambda name: False, time=NOW + Rules().lease)
    assert later.plan(at_work.entry).outcome == "resumed"


@pytest.mark.parametrize(("ahead", "outcome"), [(1, "not_due"), (300, "not_due"), (301, "due")])
def test_a_clock_that_is_a_little_ahead_makes_nothing_due(ahead: int, outcome: str) -> None:
    rotated = IDLE.changed(rotated_at=NOW + timedelta(seconds=ahead))
    assert decisions(when="due", min_age=timedelta(days=1)).plan(rotated).outcome == outcome


def test_what_a_wrong_clock_has_written_is_corrected_once() -> None:
    """Otherwise each run would count it anew, and wait for ever."""
    entry = IDLE.changed(ledger=(line(CURRENT, UNKNOWN, AHEAD),))
    decision = decisions(max_failed_logins=1).plan(entry)
    assert told(decision) == (Next.DONE, "cooling", True)
    assert decision.entry == entry.changed(ledger=(line(CURRENT, UNKNOWN, NOW),))
    later = decisions(max_failed_logins=1, time=NOW + timedelta(minutes=30)).plan(decision.entry)
    assert later.outcome == "due"


@pytest.mark.parametrize("plan", ["verification", "enrollment"])
def test_other_plans_do_not_believe_it_either(plan: str) -> None:
    entry = FRESH.changed(ledger=(line(CURRENT, UNKNOWN, AHEAD),), proved_at=AHEAD)
    decide = decisions()
    given = Enrollment(GIVEN_ONE, replace=True)
    decision = decide.plan_verification(entry) if plan == "verification" else Enrolling(decide, given).plan(entry)
    assert decision.entry is not None
    assert (decision.entry.proved_at, decision.entry.ledger[0].at) == (NOW, NOW)


# -- one change in so many hours ---------------------------------------------------------------------------------------

A_DAY = timedelta(hours=24)


@pytest.mark.parametrize("when", ["due", "always"])
def test_a_second_change_is_not_sent_too_early(when: str) -> None:
    entry = IDLE.changed(rotated_at=ago(hours=23))
    decision = decisions(when=when, max_age=timedelta(0), min_age=A_DAY).plan(entry)
    assert told(decision) == (Next.DONE, "too_early", False)
    assert decision.message == (
        "the server accepts one change in 24 hours; the next is possible from 2026-11-21 13:00 UTC on"
    )


@pytest.mark.parametrize(
    ("entry", "when", "outcome"),
    [
        (IDLE.changed(rotated_at=ago(hours=24)), "always", "due"),
        (IDLE.changed(rotated_at=None), "always", "due"),
        (UNRESOLVED.changed(rotated_at=ago(hours=1)), "always", "resumed"),
        (IDLE.changed(rotated_at=ago(hours=1)), "due", "not_due"),
        (IDLE.changed(rotated_at=ago(hours=1)), "resume", "not_due"),
    ],
)
def test_what_is_not_too_early(entry: Entry, when: str, outcome: str) -> None:
    assert decisions(when=when, min_age=A_DAY).plan(entry).outcome == outcome


def test_half_hours_are_told_as_such() -> None:
    entry = IDLE.changed(rotated_at=NOW)
    assert "one change in 1.5 hours" in decisions(min_age=timedelta(minutes=90)).plan(entry).message


# -- changed with a parent's password ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ledger", [(), (line(CURRENT, UNKNOWN),)])
def test_a_password_that_is_not_lost_is_tried_though_its_change_does_not_need_it(
    ledger: tuple[BookedLogin, ...],
) -> None:
    decision = decisions(has_parent=True).plan(IDLE.changed(ledger=ledger))
    assert (decision.next, decision.slot) == (Next.LOG_IN, CURRENT)


@pytest.mark.parametrize("when", ["due", "always", "resume"])
def test_a_lost_password_that_the_change_does_not_need_is_replaced_at_once(when: str) -> None:
    """No login could tell more, and no date matters."""
    candidates = Drawn()
    decide = decisions(has_parent=True, when=when, min_age=A_DAY, candidates=candidates)
    decision = decide.plan(LOST.changed(rotated_at=ago(hours=1), previous=OLDER_ONE))
    assert told(decision) == (Next.CHANGE, "due", True)
    assert decision.message == "the password is lost and is replaced without a login"
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.staged_at, decision.entry.previous) == (DRAWN, NOW, OLDER_ONE)
    # What is booked is the verification.
    assert decision.entry.ledger == (*LOST.ledger, booked(STAGED, EXPECTED))
    assert candidates.announced == [{}]


def test_a_lost_candidate_is_sent_again() -> None:
    """Where two logins were refused that needs a person's word, for the verification could be the third."""
    refused = UNRESOLVED.changed(ledger=DIVERGED.ledger)
    assert decisions(has_parent=True).plan(refused).outcome == "held"
    decision = decisions(has_parent=True, retry_diverged=True).plan(refused)
    assert decision.next is Next.CHANGE
    once = UNRESOLVED.changed(ledger=(line(CURRENT, WRONG),))
    assert decisions(has_parent=True).plan(once).slot == STAGED


def test_a_lost_password_waits_like_any_other() -> None:
    entry = LOST.changed(ledger=(line(CURRENT, WRONG, JUST_NOW),))
    decision = decisions(has_parent=True, max_failed_logins=1).plan(entry)
    assert told(decision) == (Next.DONE, "cooling", False)


def test_a_lost_password_that_is_not_needed_is_never_repaired() -> None:
    assert decisions(has_parent=True, repair=True).plan(LOST).next is Next.CHANGE


def test_a_policy_that_nothing_satisfies_is_told() -> None:
    with pytest.raises(InputError, match="no password"):
        decisions(has_parent=True, candidates=Drawn(fault="no password")).plan(LOST)


# -- repair ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "staged"), [(DIVERGED, CANDIDATE), (LOST, DRAWN)])
@pytest.mark.parametrize("rules", [{}, {"when": "resume"}, {"when": "due"}, {"min_age": A_DAY}])
def test_a_diverged_credential_is_repaired_where_that_is_allowed(
    entry: Entry, staged: Ciphertext, rules: dict[str, Any]
) -> None:
    decision = decisions(repair=True, **rules).plan(entry.changed(rotated_at=NOW))
    assert (told(decision), decision.slot) == ((Next.REPAIR, "due", True), STAGED)
    assert decision.message == "no stored password works; the administrator sets a candidate"
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.written_by) == (staged, "me")
    asked_by = REPAIR if entry.staged else None
    assert decision.entry.ledger[-1] == booked(STAGED, asked_by=asked_by), "what is booked is the verification"
    # From here on the candidate may be in place, whatever was found out before.
    assert lines(decision.entry)[:-1] == [(CURRENT, WRONG), (STAGED, RESENT)][: len(entry.ledger)]


@pytest.mark.parametrize("is_temporary", [True, False])
def test_a_candidate_that_the_administrator_cannot_set_gives_way(is_temporary: bool) -> None:
    candidates = Drawn(suits=False, is_temporary=is_temporary)
    decision = decisions(repair=True, candidates=candidates).plan(DIVERGED.changed(previous=OLDER_ONE))
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.staged_at, decision.entry.previous) == (DRAWN, NOW, CANDIDATE)
    assert decision.entry.temporary is is_temporary
    assert candidates.announced == [None], "drawn for the administrator"
    assert lines(decision.entry) == [(CURRENT, WRONG), (STAGED, SUPERSEDED), (STAGED, IN_FLIGHT)]


def test_a_candidate_that_suits_the_administrator_stays_what_it_is() -> None:
    candidates = Drawn(is_temporary=True)
    decision = decisions(repair=True, candidates=candidates).plan(DIVERGED)
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.temporary, candidates.announced) == (CANDIDATE, False, [])


@pytest.mark.parametrize("entry", [IDLE, UNRESOLVED, FRESH, UNRESOLVED.changed(ledger=LOST.ledger)])
def test_what_has_not_diverged_is_not_repaired(entry: Entry) -> None:
    assert decisions(repair=True).plan(entry).next is Next.LOG_IN


@pytest.mark.parametrize(
    ("ledger", "outcome"),
    [
        ((line(CURRENT, LOCKED, JUST_NOW),), "cooling"),
        ((FEW,), "few_attempts"),
        ((line(STAGED, UNKNOWN, asked_by=REPAIR),), "held"),
    ],
)
def test_a_repair_waits_like_everything_else(ledger: tuple[BookedLogin, ...], outcome: str) -> None:
    decision = decisions(repair=True).plan(DIVERGED.changed(ledger=(*DIVERGED.ledger, *ledger)))
    next_ = Next.DONE if outcome == "cooling" else Next.FAIL
    assert told(decision) == (next_, outcome, False)


def test_a_repair_is_blocked_with_everything_else() -> None:
    assert decisions(repair=True, blocked_reason="because").plan(DIVERGED).outcome == "blocked"


@pytest.mark.parametrize("rules", [{"repair": True}, {}])
def test_what_a_repair_may_have_set_is_set_again_by_the_next_run(rules: dict[str, Any]) -> None:
    """Whatever became of the repair's answer: the same candidate costs no login before the one that verifies it."""
    killed = decisions(repair=True).plan(LOST).entry
    assert killed is not None
    decision = decisions(name="next", time=NOW + timedelta(hours=1), **rules).plan(killed)
    if rules:
        assert (decision.next, decision.slot) == (Next.REPAIR, STAGED)
    else:
        assert decision.outcome == "held", "the booked verification may have failed"


# -- whose password it is ----------------------------------------------------------------------------------------------

MINE = Account("CC-Gateway", "gateway.test:8043", "1001")
ELSEWHERE = MINE._replace(server="other.test:8043")
ANOTHER = MINE._replace(name="1002")


def of(account: Account | None, **rules: Any) -> Decisions:
    return replace(decisions(**rules), account=account)


@pytest.mark.parametrize("named", [ELSEWHERE, ANOTHER, MINE._replace(service="CEC")])
@pytest.mark.parametrize("plan", [Decisions.plan, Decisions.plan_verification])
def test_passwords_are_used_for_their_own_account_only(
    named: Account, plan: Callable[[Decisions, Entry], Decision]
) -> None:
    for rules in ({}, {"retry_diverged": True}, {"when": "due"}, {"repair": True}):
        decision = plan(of(named, **rules), IDLE.changed(account=MINE))
        assert told(decision) == (Next.FAIL, "failed", False)
        assert f"is that of {MINE}, and the inventory names {named}" in decision.message


def test_a_service_that_has_moved_is_acknowledged() -> None:
    stored = IDLE.changed(account=MINE)
    assert "set rotate_service_moved to true in one run" in of(ELSEWHERE).plan(stored).message
    decision = of(ELSEWHERE, service_moved=True).plan(stored)
    assert decision.next is Next.LOG_IN
    assert decision.entry
    assert decision.entry.account == MINE, "only a login proves that it has moved"
    refused = of(ANOTHER, service_moved=True).plan(stored)
    assert refused.next is Next.FAIL
    assert "rotate_service_moved" not in refused.message


@pytest.mark.parametrize(("stored", "named", "bound"), [(None, MINE, MINE), (MINE, None, MINE), (MINE, MINE, MINE)])
def test_an_entry_is_bound_when_it_is_written(
    stored: Account | None, named: Account | None, bound: Account | None
) -> None:
    decision = of(named).plan(IDLE.changed(account=stored))
    assert decision.entry
    assert decision.entry.account == bound
    assert of(named, when="resume").plan(IDLE.changed(account=stored)).entry is None, "nothing is written only for that"


def test_failed_logins_of_other_kinds_of_the_account_count() -> None:
    elsewhere = (line(CURRENT, WRONG), line(CURRENT, UNKNOWN))
    assert decisions().plan(IDLE.changed(elsewhere=elsewhere)).outcome == "held"
    assert decisions().plan(IDLE.changed(elsewhere=elsewhere[:1], ledger=elsewhere[1:])).outcome == "held"
    assert decisions().plan(IDLE.changed(elsewhere=elsewhere[:1])).next is Next.LOG_IN

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided after a login: with a stored password, in a verification, and in an enrollment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.rotation_values import (
    CANDIDATE,
    CURRENT,
    DIVERGED,
    DRAWN,
    FRESH,
    GIVEN_ONE,
    IDLE,
    INITIAL,
    LOCKED,
    LOST,
    NO_ANSWER,
    NOW,
    OLD_ONE,
    OLDER_ONE,
    PROVES,
    REFUSES,
    STAGED,
    UNKNOWN,
    UNREADABLE,
    UNRESOLVED,
    WRONG,
    Drawn,
    ago,
    booked,
    decisions,
    held_by_me,
    line,
    lines,
    step,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ledger, sentences
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.enrolling import Enrolling
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    ChangeReport,
    Decision,
    Enrollment,
    LoginDetails,
    LoginReport,
    Next,
    Step,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account, Ciphertext, Entry

RESTRICTED = LoginReport(Outcome.OK_RESTRICTED)
NEEDS_SECOND_FACTOR = replace(RESTRICTED, details=LoginDetails(second_factor=True))
SIGNED_IN = LoginReport(Outcome.SIGNED_IN, "the agent is signed in")
REFUSAL = ChangeReport(Outcome.PASSWORD_REJECTED, message="against the policy", code="000-002")
TRYING_IDLE = held_by_me(IDLE, booked(CURRENT))
TRYING_STAGED = held_by_me(UNRESOLVED, booked(STAGED))


def after_login(
    entry: Entry,
    login: LoginReport,
    slot: str = CURRENT,
    refusal: ChangeReport | None = None,
    decide: Decisions | None = None,
) -> Decision:
    return (decide or decisions()).after_login(step(entry, slot=slot), login, refusal, entry)


def written(decision: Decision) -> Entry:
    assert decision.entry is not None
    return decision.entry


# -- a login that proves the password ----------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [PROVES, RESTRICTED, NEEDS_SECOND_FACTOR])
@pytest.mark.parametrize("refusal", [None, REFUSAL])
def test_a_staged_password_that_works_is_committed(login: LoginReport, refusal: ChangeReport | None) -> None:
    decision = after_login(TRYING_STAGED, login, STAGED, refusal)
    assert (decision.next, decision.outcome) == (Next.COMMIT, "proved")
    assert decision.entry == TRYING_STAGED.changed(ledger=())
    assert decision.message == "the staged password works: the change had gone through"


@pytest.mark.parametrize("login", [PROVES, RESTRICTED])
def test_a_current_password_that_works_leads_to_the_change(login: LoginReport) -> None:
    candidates = Drawn()
    login = replace(login, details=LoginDetails(announced={"min_length": 22}))
    entry = held_by_me(IDLE.changed(previous=OLDER_ONE), line(CURRENT, UNKNOWN), booked(CURRENT))
    decision = after_login(entry, login, decide=decisions(candidates=candidates))
    assert (decision.next, decision.outcome, decision.message) == (Next.CHANGE, "staged", "a new candidate is staged")
    assert decision.entry == entry.changed(
        ledger=(booked(STAGED, EXPECTED),), staged=DRAWN, staged_at=NOW, proved_at=NOW
    )
    assert candidates.announced == [{"min_length": 22}]


def test_a_candidate_that_is_there_is_sent_again() -> None:
    candidates = Drawn()
    entry = held_by_me(UNRESOLVED, line(STAGED, WRONG), booked(CURRENT))
    decision = after_login(entry, PROVES, decide=decisions(candidates=candidates, max_failed_logins=1))
    assert (decision.next, decision.message) == (Next.CHANGE, "the staged candidate is sent again")
    assert decision.entry == entry.changed(ledger=(booked(STAGED, EXPECTED),), proved_at=NOW)
    assert candidates.announced == [], "never a second one"


@pytest.mark.parametrize(
    ("rules", "rotated_at", "message"),
    [
        ({"when": "due"}, ago(days=1), "the stored password works again; the password is not due before"),
        ({"when": "resume"}, None, "the stored password works again; nothing is unresolved"),
        ({"min_age": timedelta(days=1)}, ago(hours=1), "the server accepts one change in 24 hours"),
    ],
)
def test_what_a_person_had_tried_and_is_not_due_is_left_as_it_is(
    rules: dict[str, Any], rotated_at: Any, message: str
) -> None:
    entry = TRYING_IDLE.changed(rotated_at=rotated_at)
    decision = after_login(entry, PROVES, decide=decisions(**rules))
    assert (decision.next, decision.outcome) == (Next.DONE, "verified")
    assert message in decision.message
    assert decision.entry == IDLE.changed(rotated_at=rotated_at, proved_at=NOW)


def test_announced_rules_that_nothing_satisfies_stage_nothing() -> None:
    decision = after_login(TRYING_IDLE, PROVES, decide=decisions(candidates=Drawn(fault="no password fits")))
    assert (decision.next, decision.outcome, decision.message) == (Next.FAIL, "failed", "no password fits")
    assert decision.entry == IDLE.changed(proved_at=NOW)


@pytest.mark.parametrize("entry", [TRYING_IDLE, held_by_me(UNRESOLVED, booked(CURRENT))])
def test_a_second_factor_leaves_everything_as_it_is(entry: Entry) -> None:
    decision = after_login(entry, NEEDS_SECOND_FACTOR)
    assert (decision.next, decision.outcome) == (Next.FAIL, "second_factor")
    assert decision.entry == ledger.release(entry).changed(ledger=(), proved_at=NOW)
    assert decision.message.endswith("the candidate is kept and the next run resolves it") is bool(entry.staged)


def test_a_success_forgets_how_few_attempts_were_left() -> None:
    entry = held_by_me(IDLE, line(CURRENT, WRONG, remaining_attempts=1), booked(CURRENT))
    assert ledger.too_few_attempts(written(after_login(entry, PROVES))) is None


@pytest.mark.parametrize("login", [PROVES, REFUSES, NO_ANSWER])
def test_a_service_has_moved_where_a_login_there_has_succeeded(login: LoginReport) -> None:
    here, there = (Account("CC-Gateway", server, "1001") for server in ("old.test:443", "new.test:443"))
    decide = replace(decisions(service_moved=True), account=there)
    entry = TRYING_IDLE.changed(account=here)
    for decision in (
        decide.after_login(step(entry), login, None, entry),
        decide.after_verified(step(entry), login, entry),
    ):
        assert written(decision).account == (there if login is PROVES else here)


# -- a login that does not ---------------------------------------------------------------------------------------------


def test_after_a_refused_candidate_the_current_password_is_tried() -> None:
    decision = after_login(TRYING_STAGED, REFUSES, STAGED)
    assert (decision.next, decision.outcome, decision.slot) == (Next.LOG_IN, "resumed", CURRENT)
    assert decision.message == "the staged password does not work; the current one is tried"
    assert lines(decision.entry) == [(STAGED, WRONG), (CURRENT, IN_FLIGHT)]
    assert written(decision).staged == CANDIDATE


@pytest.mark.parametrize("slot", [CURRENT, STAGED])
def test_after_a_refusal_the_other_password_is_tried(slot: str) -> None:
    other = STAGED if slot == CURRENT else CURRENT
    decision = after_login(held_by_me(UNRESOLVED, booked(slot)), REFUSES, slot, REFUSAL)
    assert (decision.next, decision.slot) == (Next.LOG_IN, other)


@pytest.mark.parametrize("rules", [{"has_parent": True}, {"repair": True}])
def test_a_refused_candidate_that_is_not_in_place_gives_way_where_another_can_be_set(rules: dict[str, Any]) -> None:
    """It would be refused again and again. Where nobody else can set one, both passwords are kept."""
    entry = held_by_me(UNRESOLVED, line(CURRENT, WRONG), booked(STAGED))
    decision = after_login(entry, REFUSES, STAGED, REFUSAL, decisions(**rules))
    assert (decision.next, decision.outcome) == (Next.FAIL, "password_rejected")
    assert decision.message.startswith("change: against the policy; ")
    assert (written(decision).staged, written(decision).previous) == (None, CANDIDATE)
    assert lines(decision.entry) == [(CURRENT, WRONG), (STAGED, SUPERSEDED)]
    assert written(decision).written_by is None
    assert after_login(entry, REFUSES, STAGED, None, decisions(repair=True)).outcome == "diverged"


def test_no_third_login_is_made_of_itself() -> None:
    """The verification was refused, and so was a login before it that the server still counts."""
    entry = held_by_me(UNRESOLVED, line(STAGED, RESENT), booked(STAGED))
    decision = after_login(entry, REFUSES, STAGED)
    assert (decision.next, decision.outcome) == (Next.FAIL, "held")
    assert decision.message.startswith("log in: the password is wrong; 2 logins failed")
    assert lines(decision.entry) == [(STAGED, RESENT), (STAGED, WRONG)]
    assert written(decision).written_by is None


def test_one_failed_login_ends_where_one_is_the_most_and_not_as_with_two() -> None:
    decision = after_login(TRYING_STAGED, REFUSES, STAGED, decide=decisions(max_failed_logins=1))
    assert (decision.next, decision.outcome) == (Next.DONE, "cooling")
    assert decision.message == (
        "log in: the password is wrong; logins failed or may have failed; nothing is tried before 2026-11-21 12:30 UTC"
    )
    assert lines(decision.entry) == [(STAGED, WRONG)]
    assert after_login(TRYING_STAGED, REFUSES, STAGED, decide=decisions(max_failed_logins=2)).next is Next.LOG_IN


@pytest.mark.parametrize(
    ("entry", "slot", "which"),
    [
        (TRYING_IDLE, CURRENT, "the stored password"),
        (held_by_me(UNRESOLVED, line(CURRENT, WRONG), booked(STAGED)), STAGED, "neither the current nor the staged"),
        (held_by_me(UNRESOLVED, line(STAGED, WRONG), booked(CURRENT)), CURRENT, "neither the current nor the staged"),
    ],
)
@pytest.mark.parametrize("refusal", [None, REFUSAL])
def test_when_every_password_is_refused_it_has_diverged(
    entry: Entry, slot: str, which: str, refusal: ChangeReport | None
) -> None:
    decision = after_login(entry, REFUSES, slot, refusal)
    assert (decision.next, decision.outcome) == (Next.FAIL, "diverged")
    assert which in decision.message
    assert "repairs" not in decision.message, "it has no repair"
    assert (written(decision).staged, written(decision).written_by) == (entry.staged, None)


def test_only_what_can_be_repaired_is_told_of_a_repair() -> None:
    decision = after_login(TRYING_IDLE, REFUSES, decide=decisions(repair=True))
    assert decision.outcome == "diverged"
    assert decision.message == "log in: the password is wrong; no stored password works; the next run repairs it"


@pytest.mark.parametrize("entry", [TRYING_IDLE, held_by_me(UNRESOLVED, booked(CURRENT))])
def test_an_agent_that_is_signed_in_is_left_alone(entry: Entry) -> None:
    decision = after_login(entry, SIGNED_IN)
    assert (decision.next, decision.outcome) == (Next.DONE, "signed_in")
    assert decision.message.startswith("the agent is signed in and is left alone; the next run tries again")
    assert ("the candidate is kept" in decision.message) is bool(entry.staged)
    assert decision.entry == ledger.release(entry).changed(ledger=())


@pytest.mark.parametrize(
    ("login", "recorded"),
    [
        (UNREADABLE, UNKNOWN),
        (NO_ANSWER, UNKNOWN),
        (LoginReport(Outcome.LOCKED, "locked"), LOCKED),
        (LoginReport(Outcome.ACCESS_DENIED, "HTTP 403"), None),
        (LoginReport(Outcome.UNREACHABLE, "no connection"), None),
        (LoginReport(None, "a bad option"), None),
    ],
)
@pytest.mark.parametrize(("entry", "slot"), [(TRYING_IDLE, CURRENT), (TRYING_STAGED, STAGED)])
def test_any_other_login_ends_the_run_and_is_recorded(
    entry: Entry, slot: str, login: LoginReport, recorded: str | None
) -> None:
    decision = after_login(entry, login, slot)
    assert (decision.next, decision.outcome) == (Next.FAIL, login.outcome or "failed")
    assert lines(decision.entry) == ([(slot, recorded)] if recorded else [])
    assert written(decision).changed(ledger=()) == ledger.release(entry).changed(ledger=())
    reason = "the account is locked; nothing is tried" if login.outcome == LOCKED else f"log in: {login.message}"
    assert decision.message.startswith(reason)
    assert decision.message.endswith("the candidate is kept and the next run resolves it") is bool(entry.staged)


def test_where_there_is_no_reason_none_is_told() -> None:
    decision = after_login(TRYING_STAGED, LoginReport(None), STAGED)
    assert decision.message == "the candidate is kept and the next run resolves it"


def test_when_a_server_unlocks_is_kept_and_told() -> None:
    login = LoginReport(Outcome.LOCKED, details=LoginDetails(unlock_in_seconds=180))
    decision = after_login(TRYING_IDLE, login)
    assert decision.message == "the account is locked; nothing is tried before 2026-11-21 12:03 UTC"
    assert written(decision).ledger[0].unlocks_at == NOW + timedelta(minutes=3)
    assert "before 2026-11-21 12:30 UTC" in after_login(TRYING_IDLE, LoginReport(Outcome.LOCKED)).message


@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize("rules", [{}, {"has_parent": True}, {"repair": True}])
def test_few_attempts_end_everything(left: int, rules: dict[str, Any]) -> None:
    login = replace(REFUSES, details=LoginDetails(remaining_attempts=left))
    for entry, slot in ((TRYING_STAGED, STAGED), (TRYING_IDLE, CURRENT)):
        decision = after_login(entry, login, slot, decide=decisions(**rules))
        assert (decision.next, decision.outcome) == (Next.FAIL, "few_attempts")
        assert f"leaves {left} attempts" in decision.message
        assert (written(decision).staged, written(decision).written_by) == (entry.staged, None)
        later = decisions(name="later", time=NOW + timedelta(days=30), **rules).plan(written(decision))
        assert later.outcome == "few_attempts"


def test_with_enough_attempts_left_a_refusal_is_like_any_other() -> None:
    login = replace(REFUSES, details=LoginDetails(remaining_attempts=3))
    decision = after_login(TRYING_STAGED, login, STAGED)
    assert (decision.next, written(decision).ledger[0].remaining_attempts) == (Next.LOG_IN, 3)


# -- changed with a parent's password ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "slot", "staged", "message"),
    [
        (TRYING_IDLE, CURRENT, DRAWN, "the current password is lost and not needed"),
        (TRYING_STAGED, STAGED, CANDIDATE, "the staged password is not in place; it is sent again"),
    ],
)
@pytest.mark.parametrize("counts", [True, False])
def test_what_its_change_does_not_need_is_replaced(
    entry: Entry, slot: str, staged: Ciphertext, message: str, counts: bool
) -> None:
    decision = after_login(entry, replace(REFUSES, counts=counts), slot, decide=decisions(has_parent=True))
    assert (decision.next, decision.outcome, decision.message) == (Next.CHANGE, "staged", message)
    assert written(decision).staged == staged
    recorded = [(slot, RESENT if slot == STAGED else WRONG)]
    # Where nothing has counted it, nothing is left to be told of a candidate that is sent again.
    assert lines(decision.entry) == [*(recorded if counts or slot == CURRENT else []), (STAGED, EXPECTED)]
    assert written(decision).ledger[0].is_free is (slot == CURRENT and not counts)


def test_what_is_not_needed_waits_like_everything_else() -> None:
    decide = decisions(has_parent=True, max_failed_logins=1)
    decision = after_login(TRYING_IDLE, REFUSES, decide=decide)
    assert (decision.next, decision.outcome) == (Next.DONE, "cooling")
    assert written(decision).staged is None
    held = after_login(
        held_by_me(UNRESOLVED, line(CURRENT, WRONG), booked(STAGED)), REFUSES, STAGED, decide=decisions(has_parent=True)
    )
    assert held.outcome == "held"
    assert lines(held.entry) == [(CURRENT, WRONG), (STAGED, WRONG)]


def test_after_a_refused_change_the_logins_decide_here_too() -> None:
    decide = decisions(has_parent=True)
    entry = held_by_me(UNRESOLVED, booked(CURRENT))
    decision = after_login(entry, REFUSES, CURRENT, REFUSAL, decide)
    assert (decision.next, decision.slot) == (Next.LOG_IN, STAGED)


def test_a_verification_that_fails_is_no_divergence() -> None:
    decide = decisions(has_parent=True)
    entry = held_by_me(UNRESOLVED.changed(ledger=LOST.ledger), booked(STAGED, EXPECTED))
    decision = decide.after_verification(step(entry, Next.CHANGE), ChangeReport(Outcome.CHANGED), REFUSES, entry)
    assert (decision.next, decision.outcome) == (Next.FAIL, WRONG)
    assert decision.message.startswith("verify: the password is wrong; the candidate is kept; 2 logins failed")


def test_a_lost_password_is_replaced_by_the_next_rotation() -> None:
    decide = decisions(has_parent=True)
    decision = decide.after_verified(step(TRYING_IDLE), REFUSES, TRYING_IDLE)
    assert (decision.next, decision.outcome) == (Next.FAIL, WRONG)
    assert decision.message == "log in: the password is wrong; the next rotation replaces it"
    assert "replaces" not in decide.after_verified(step(TRYING_IDLE), UNREADABLE, TRYING_IDLE).message


# -- verified and enrolled ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [PROVES, RESTRICTED])
def test_a_verified_password_clears_the_ledger(login: LoginReport) -> None:
    entry = held_by_me(FRESH, line(CURRENT, RESENT, remaining_attempts=1), booked(CURRENT))
    decision = decisions().after_verified(step(entry), login, entry)
    assert (decision.next, decision.outcome) == (Next.DONE, "verified")
    assert decision.entry == FRESH.changed(proved_at=NOW)


def test_a_second_factor_is_told_by_a_verification_too() -> None:
    decision = decisions().after_verified(step(TRYING_IDLE), NEEDS_SECOND_FACTOR, TRYING_IDLE)
    assert (decision.next, decision.outcome) == (Next.FAIL, "second_factor")
    assert decision.entry == IDLE.changed(proved_at=NOW)


@pytest.mark.parametrize(
    ("login", "outcome", "recorded"),
    [
        (REFUSES, "diverged", [(CURRENT, WRONG)]),
        (NO_ANSWER, UNKNOWN, [(CURRENT, UNKNOWN)]),
        (replace(REFUSES, details=LoginDetails(remaining_attempts=0)), "few_attempts", [(CURRENT, WRONG)]),
    ],
)
def test_a_verification_that_fails_is_recorded(
    login: LoginReport, outcome: str, recorded: list[tuple[str, str]]
) -> None:
    decision = decisions().after_verified(step(TRYING_IDLE), login, TRYING_IDLE)
    assert (decision.outcome, lines(decision.entry)) == (outcome, recorded)
    assert written(decision).ledger[0].remaining_attempts == login.details.remaining_attempts


@pytest.mark.parametrize(("login", "proved_at"), [(PROVES, NOW), (RESTRICTED, NOW), (None, None)])
def test_enrolling(login: LoginReport | None, proved_at: Any) -> None:
    entry = held_by_me(LOST.changed(initial=GIVEN_ONE, rotated_at=NOW), booked(INITIAL))
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE)).after_login(step(entry), login, entry)
    assert (decision.next, decision.outcome, decision.message) == (Next.DONE, "enrolled", "the password is taken over")
    # What was given is the current one now, and of its age nothing is known. Without a proof every login goes on counting.
    kept = () if login else decision.entry.ledger if decision.entry else ()
    assert decision.entry == Entry(
        3, current=GIVEN_ONE, previous=OLD_ONE, proved_at=proved_at, enrolled_at=NOW, ledger=kept
    )
    assert len(kept) == (0 if login else 2)


@pytest.mark.parametrize(
    ("login", "outcome", "recorded"),
    [
        (REFUSES, WRONG, [(INITIAL, WRONG)]),
        (UNREADABLE, UNKNOWN, [(INITIAL, UNKNOWN)]),
        (LoginReport(Outcome.ACCESS_DENIED, "no"), "access_denied", []),
        (replace(REFUSES, details=LoginDetails(remaining_attempts=1)), "few_attempts", [(INITIAL, WRONG)]),
    ],
)
def test_a_failed_enrollment_leaves_a_trace_but_no_password(
    login: LoginReport, outcome: str, recorded: list[tuple[str, str]]
) -> None:
    entry = held_by_me(Entry(1, initial=GIVEN_ONE), booked(INITIAL))
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE)).after_login(step(entry), login, entry)
    assert (decision.next, decision.outcome) == (Next.FAIL, outcome)
    assert (written(decision).current, written(decision).initial, lines(decision.entry)) == (None, GIVEN_ONE, recorded)


@pytest.mark.parametrize(
    ("login", "outcome", "reason"),
    [
        (REFUSES, WRONG, "the password is wrong"),
        (LoginReport(Outcome.ACCESS_DENIED, "HTTP 403"), "access_denied", "403"),
    ],
)
@pytest.mark.parametrize("entry", [LOST, DIVERGED])
@pytest.mark.parametrize("repair", [False, True])
def test_a_failed_enrollment_of_what_has_diverged_tells_its_own_reason(
    login: LoginReport, outcome: str, reason: str, entry: Entry, repair: bool
) -> None:
    tried = held_by_me(entry.changed(initial=GIVEN_ONE), booked(INITIAL))
    decision = Enrolling(decisions(repair=repair), Enrollment(GIVEN_ONE, replace=True)).after_login(
        step(tried), login, tried
    )
    assert (decision.next, decision.outcome) == (Next.FAIL, outcome)
    assert reason in decision.message


@pytest.mark.parametrize("entry", [UNRESOLVED, DIVERGED])
def test_an_enrollment_puts_a_candidate_that_was_sent_aside(entry: Entry) -> None:
    tried = held_by_me(entry.changed(initial=GIVEN_ONE), booked(INITIAL))
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE, replace=True)).after_login(step(tried), PROVES, tried)
    assert (written(decision).current, written(decision).previous) == (GIVEN_ONE, CANDIDATE)
    assert (written(decision).staged, written(decision).ledger) == (None, ())


@pytest.mark.parametrize("login", [PROVES, REFUSES, None])
def test_an_enrollment_that_was_overtaken_takes_nothing_over(login: LoginReport | None) -> None:
    mine = held_by_me(IDLE.changed(initial=GIVEN_ONE), booked(INITIAL))
    theirs = mine.changed(version=6, staged=CANDIDATE, staged_at=NOW, written_by="other", written_at=NOW)
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE, replace=True)).after_login(step(mine), login, theirs)
    assert (decision.next, decision.outcome, decision.entry) == (Next.DONE, "leased", None)


@pytest.mark.parametrize("rules", [{"has_parent": True}, {"repair": True}])
def test_a_candidate_that_was_refused_and_does_not_work_gives_way_to_another(rules: dict[str, Any]) -> None:
    """The same one again would be refused again and again, and there is another way to a new one."""
    entry = held_by_me(DIVERGED.changed(ledger=LOST.ledger), booked(STAGED))
    refusal = ChangeReport(Outcome.PASSWORD_REJECTED, message="against the policy")
    decision = decisions(**rules).after_login(step(entry, slot=STAGED), REFUSES, refusal, entry)
    assert (decision.next, decision.outcome) == (Next.FAIL, "password_rejected")
    assert decision.message.startswith("change: against the policy; the candidate is not in place")
    assert (written(decision).staged, written(decision).previous) == (None, CANDIDATE)
    assert lines(decision.entry) == [(CURRENT, WRONG), (STAGED, SUPERSEDED)]
    kept = decisions().after_login(step(entry, slot=STAGED), REFUSES, refusal, entry)
    assert (kept.outcome, written(kept).staged) == ("diverged", CANDIDATE)


def test_a_booking_that_another_task_of_this_playbook_left_goes_on_counting() -> None:
    """The first task has failed at its second write, so its login with the candidate may have failed."""
    first = line(STAGED, IN_FLIGHT, run="first task")
    cut_off = UNRESOLVED.changed(written_by="first task", written_at=NOW, ledger=(first,))
    assert decisions(is_over=lambda name: False).plan(cut_off).outcome == "leased", "while its worker lives"
    plan = decisions().plan(cut_off)
    assert plan.entry
    decision = decisions().after_login(Step(plan, plan.entry), REFUSES, None, plan.entry)
    assert (decision.next, decision.outcome) == (Next.FAIL, "held")
    assert lines(decision.entry) == [(STAGED, IN_FLIGHT), (STAGED, WRONG)]


@pytest.mark.parametrize("slot", [CURRENT, STAGED])
def test_the_second_failed_login_tells_that_a_person_has_to_act(slot: str) -> None:
    """No run is promised to resolve what the next one would only call held."""
    unknown = LoginReport(UNKNOWN, code="999", message="code 999")
    once = after_login(held_by_me(UNRESOLVED, booked(slot)), unknown, slot)
    assert once.message == "log in: code 999; the candidate is kept and the next run resolves it"
    entry = held_by_me(UNRESOLVED, line(slot, UNKNOWN, code="999", is_answered=True), booked(slot))
    twice = after_login(entry, unknown, slot)
    assert twice.outcome == "unknown"
    assert twice.message.startswith("log in: code 999; the candidate is kept; 2 logins failed or may have failed")
    assert twice.message.endswith("enroll the right one with rotate_enroll_replace")


def test_where_an_administrator_sets_the_candidate_once_more_nobody_is_asked() -> None:
    """Two logins may have failed, and the third one follows what the administrator's server accepts."""
    entry = UNRESOLVED.changed(ledger=(line(STAGED, UNKNOWN),))
    decision = after_login(entry, REFUSES, CURRENT, None, decisions(repair=True))
    assert (decision.next, decision.outcome) == (Next.FAIL, "wrong_password")
    assert decision.message.endswith(sentences.KEPT)
    assert decisions(repair=True).plan(written(decision)).next is Next.REPAIR
    assert after_login(entry, REFUSES).outcome == "held"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided after a change, after its verification, and where another run has written in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from support.rotation_values import (
    CANDIDATE,
    CHANGED,
    CURRENT,
    DIVERGED,
    GIVEN_ONE,
    IDLE,
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
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    PERSON,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    NOT_TRIED,
    ChangeReport,
    Decision,
    LoginDetails,
    LoginReport,
    Next,
    Step,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry

NEEDS_SECOND_FACTOR = LoginReport(Outcome.OK_RESTRICTED, details=LoginDetails(second_factor=True))
SIGNED_IN = LoginReport(Outcome.SIGNED_IN, "the agent is signed in")
REFUSAL = ChangeReport(Outcome.PASSWORD_REJECTED, message="against the policy", code="000-002")
NOT_SENT = ChangeReport(Outcome.UNREACHABLE, is_sent=False, message="no connection")
SENT = held_by_me(UNRESOLVED, booked(STAGED, EXPECTED))
"""A change is under way, its verification booked."""


def after_login(
    entry: Entry,
    login: LoginReport,
    slot: str = CURRENT,
    refusal: ChangeReport | None = None,
    decide: Decisions | None = None,
) -> Decision:
    return (decide or decisions()).after_login(step(entry, slot=slot), login, refusal, entry)


ACCEPTED = ChangeReport(Outcome.CHANGED)


def written(decision: Decision) -> Entry:
    assert decision.entry is not None
    return decision.entry


# -- after a change that was refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["password_rejected", "access_denied", "session_lost", "unknown", "unreachable"])
def test_after_any_refusal_of_what_was_sent_a_fresh_login_decides(outcome: str) -> None:
    change = ChangeReport(Outcome(outcome), message="no")
    for is_new in (True, False):
        decision = decisions().after_refusal(step(SENT, Next.CHANGE, is_new=is_new), change, SENT)
        assert (decision.next, decision.outcome, decision.slot) == (Next.LOG_IN, "resumed", CURRENT)
        assert decision.message == "no; a login finds out which password works"
        assert written(decision).staged == CANDIDATE
        assert lines(decision.entry) == [(CURRENT, IN_FLIGHT)]


@pytest.mark.parametrize("outcome", ["password_rejected", "access_denied", "session_lost", "unknown"])
def test_a_candidate_is_put_aside_after_another_password_was_proved(outcome: str) -> None:
    refusal = ChangeReport(Outcome(outcome), message="no")
    entry = held_by_me(UNRESOLVED.changed(previous=OLDER_ONE, temporary=True), booked(CURRENT))
    for login in (PROVES, NEEDS_SECOND_FACTOR):
        decision = after_login(entry, login, CURRENT, refusal)
        assert (decision.next, decision.outcome) == (Next.FAIL, outcome)
        assert decision.message == (
            "change: no; the current password still works; the candidate is kept as the previous password, and the "
            "next run draws another"
        )
        assert decision.entry == IDLE.changed(version=4, previous=CANDIDATE, proved_at=NOW)


def test_a_candidate_that_surely_was_not_sent_goes_at_once() -> None:
    entry = SENT.changed(previous=OLDER_ONE, temporary=True)
    decision = decisions().after_refusal(step(entry, Next.CHANGE, is_new=True), NOT_SENT, entry)
    assert (decision.next, decision.outcome) == (Next.FAIL, "unreachable")
    assert decision.message == "change: no connection"
    assert decision.entry == IDLE.changed(version=4, previous=OLDER_ONE)


def test_a_candidate_of_an_earlier_run_stays_though_this_run_did_not_send_it() -> None:
    entry = held_by_me(UNRESOLVED, booked(STAGED, RESENT), booked(STAGED, EXPECTED))
    decision = decisions().after_refusal(step(entry, Next.CHANGE), NOT_SENT, entry)
    assert decision.message == "change: no connection; the candidate is kept and the next run resolves it"
    # What this run had found out about it still holds.
    assert decision.entry == UNRESOLVED.changed(ledger=(booked(STAGED, WRONG),))


@pytest.mark.parametrize(
    ("login", "outcome", "next_", "recorded"),
    [
        (REFUSES, "diverged", Next.FAIL, [(CURRENT, WRONG)]),
        (UNREADABLE, UNKNOWN, Next.FAIL, [(CURRENT, UNKNOWN)]),
        (LoginReport(Outcome.LOCKED), LOCKED, Next.FAIL, [(CURRENT, LOCKED)]),
        (SIGNED_IN, "signed_in", Next.DONE, []),
        (LoginReport(Outcome.UNREACHABLE), "unreachable", Next.FAIL, []),
        (replace(REFUSES, details=LoginDetails(remaining_attempts=1)), "few_attempts", Next.FAIL, [(CURRENT, WRONG)]),
    ],
)
def test_the_login_that_kept_a_change_from_being_sent_is_settled(
    login: LoginReport, outcome: str, next_: Next, recorded: list[tuple[str, str]]
) -> None:
    change = ChangeReport(login.outcome, is_sent=False, message="not sent", login=login)
    decision = decisions().after_refusal(step(SENT, Next.CHANGE, is_new=True), change, SENT)
    assert (decision.next, decision.outcome) == (next_, outcome)
    assert lines(decision.entry) == recorded
    assert written(decision).staged is None


def test_a_change_that_may_have_been_a_failed_login_counts() -> None:
    """Somebody else may have changed the password since the login: then the change presented a wrong one."""
    change = ChangeReport(Outcome.UNKNOWN, message="HTTP 500", code="500", counts=True)
    decision = decisions().after_refusal(step(SENT, Next.CHANGE), change, SENT)
    assert (decision.next, decision.slot) == (Next.LOG_IN, CURRENT)
    assert lines(decision.entry) == [(CURRENT, UNKNOWN), (CURRENT, IN_FLIGHT)]
    assert written(decision).ledger[0].code == "500"
    one = decisions(max_failed_logins=1).after_refusal(step(SENT, Next.CHANGE), change, SENT)
    assert (one.next, one.outcome) == (Next.DONE, "cooling")
    assert one.message.startswith("change: HTTP 500; logins failed or may have failed; nothing is tried before")
    parents = decisions(has_parent=True).after_refusal(step(SENT, Next.CHANGE), change, SENT)
    assert lines(parents.entry) == [(CURRENT, IN_FLIGHT)], "it presented the parent's password"
    repair = decisions().after_refusal(step(SENT, Next.REPAIR), change, SENT)
    assert lines(repair.entry) == [(STAGED, IN_FLIGHT)], "it presented the administrator's password"


def test_where_the_change_says_that_the_current_password_is_wrong_the_candidate_is_tried() -> None:
    """A change that was sent twice on its way: the second one presents what the first one has replaced."""
    change = ChangeReport(Outcome.WRONG_PASSWORD, message="wrong", code="1", counts=True)
    decision = decisions().after_refusal(step(SENT, Next.CHANGE, is_new=True), change, SENT)
    assert (decision.next, decision.slot) == (Next.LOG_IN, STAGED)
    assert lines(decision.entry) == [(CURRENT, WRONG), (STAGED, IN_FLIGHT)]


def test_one_failed_login_is_counted_once() -> None:
    """The module tells it as the outcome of the change and as that of its login."""
    change = ChangeReport(Outcome.WRONG_PASSWORD, message="wrong", code="1", counts=True, login=REFUSES)
    decision = decisions().after_refusal(step(SENT, Next.CHANGE), change, SENT)
    assert lines(decision.entry) == [(CURRENT, WRONG), (STAGED, IN_FLIGHT)]


@pytest.mark.parametrize(
    ("outcome", "login"), [("session_lost", "ok"), ("second_factor", "ok_restricted"), ("access_denied", "ok")]
)
def test_a_change_that_was_not_sent_ends_with_its_own_outcome(outcome: str, login: str) -> None:
    """Whatever the login before it has proved."""
    change = ChangeReport(Outcome(outcome), is_sent=False, message="no", login=LoginReport(Outcome(login)))
    decision = decisions().after_refusal(step(SENT, Next.CHANGE, is_new=True), change, SENT)
    assert (decision.next, decision.outcome, decision.message) == (Next.FAIL, outcome, "change: no")
    assert decision.entry == IDLE.changed(version=4)


def test_after_a_refused_repair_the_candidate_is_tried() -> None:
    decide = decisions(repair=True)
    planned = written(decide.plan(LOST))
    decision = decide.after_refusal(step(planned, Next.REPAIR, STAGED, is_new=True), REFUSAL, planned)
    assert (decision.next, decision.slot) == (Next.LOG_IN, STAGED)
    settled = after_login(written(decision), REFUSES, STAGED, REFUSAL, decide)
    assert settled.outcome == "password_rejected"
    assert written(settled).previous == planned.staged


def test_after_a_refused_repair_a_third_login_needs_a_person() -> None:
    """For it is not likely that the candidate is in place."""
    decide = decisions(repair=True)
    planned = written(decide.plan(DIVERGED))
    decision = decide.after_refusal(step(planned, Next.REPAIR, STAGED), REFUSAL, planned)
    assert (decision.next, decision.outcome) == (Next.FAIL, "held")
    assert decision.message.startswith("repair: against the policy; 2 logins failed")
    assert written(decision).staged == CANDIDATE
    asked = decisions(repair=True, retry_diverged=True)
    again = written(asked.plan(written(decision)))
    decision = asked.after_refusal(step(again, Next.REPAIR, STAGED), REFUSAL, again)
    assert (decision.next, decision.slot) == (Next.LOG_IN, STAGED)
    assert written(decision).ledger[-1] == booked(STAGED, asked_by=PERSON)


def test_a_repair_without_an_answer_is_made_once_more_where_a_third_login_would_decide() -> None:
    decide = decisions(repair=True)
    planned = written(decide.plan(DIVERGED))
    unanswered = ChangeReport(Outcome.UNKNOWN, message="no answer", is_answered=False)
    assert not decide.proves(step(planned, Next.REPAIR, STAGED), unanswered)
    decision = decide.after_refusal(step(planned, Next.REPAIR, STAGED), unanswered, planned)
    assert (decision.next, decision.outcome) == (Next.FAIL, "unknown")
    assert decision.message == f"repair: no answer; {sentences.KEPT}"
    assert decide.plan(written(decision)).next is Next.REPAIR


def test_which_changes_are_proved_by_a_login() -> None:
    decide = decisions(repair=True)
    unanswered = ChangeReport(Outcome.UNKNOWN, is_answered=False)
    first, third = (step(written(decide.plan(entry)), Next.REPAIR, STAGED) for entry in (LOST, DIVERGED))
    assert [decide.proves(first, change) for change in (CHANGED, unanswered, REFUSAL)] == [True, True, False]
    assert [decide.proves(third, change) for change in (CHANGED, unanswered, REFUSAL)] == [True, False, False]


def test_a_repair_that_was_not_sent_says_why() -> None:
    planned = decisions(repair=True).plan(LOST).entry
    assert planned is not None
    decision = decisions(repair=True).after_refusal(step(planned, Next.REPAIR, STAGED, is_new=True), NOT_SENT, planned)
    assert (decision.next, decision.outcome) == (Next.FAIL, "diverged")
    assert decision.message == "repair: no connection; no stored password works; the next run repairs it"
    assert decision.entry == LOST


# -- after a verification ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proof", "next_", "outcome", "recorded"),
    [
        (REFUSES, Next.FAIL, WRONG, [(STAGED, WRONG)]),
        (UNREADABLE, Next.FAIL, UNKNOWN, [(STAGED, UNKNOWN)]),
        (NO_ANSWER, Next.FAIL, UNKNOWN, [(STAGED, UNKNOWN)]),
        (LoginReport(Outcome.LOCKED), Next.FAIL, LOCKED, [(STAGED, LOCKED)]),
        (LoginReport(Outcome.UNREACHABLE), Next.FAIL, "unreachable", []),
        (SIGNED_IN, Next.DONE, "signed_in", []),
        (LoginReport(None), Next.FAIL, "failed", []),
        (replace(REFUSES, details=LoginDetails(remaining_attempts=1)), Next.FAIL, "few_attempts", [(STAGED, WRONG)]),
    ],
)
def test_a_verification_without_a_proof_keeps_the_candidate(
    proof: LoginReport, next_: Next, outcome: str, recorded: list[tuple[str, str]]
) -> None:
    decision = decisions().after_verification(step(SENT, Next.CHANGE), ACCEPTED, proof, SENT)
    assert (decision.next, decision.outcome) == (next_, outcome)
    assert lines(decision.entry) == recorded
    assert written(decision).changed(ledger=()) == UNRESOLVED
    if proof.details.remaining_attempts is not None:
        assert written(decision).ledger[0].remaining_attempts == 1, "it survives the verification"


def test_bookings_of_other_runs_stay() -> None:
    entry = SENT.changed(ledger=(line(STAGED, IN_FLIGHT), *SENT.ledger))
    proof = LoginReport(Outcome.UNREACHABLE)
    decision = decisions().after_verification(step(entry, Next.CHANGE), ACCEPTED, proof, entry)
    assert lines(decision.entry) == [(STAGED, IN_FLIGHT)]


@pytest.mark.parametrize(("leaves_session", "outcome"), [(False, "signed_in"), (True, "session_lost")])
def test_this_runs_own_session_is_no_person_at_work(leaves_session: bool, outcome: str) -> None:
    change = replace(ACCEPTED, leaves_session=leaves_session)
    told = [decisions().after_verification(step(SENT, Next.CHANGE), change, SIGNED_IN, SENT)]
    lost = ChangeReport(Outcome.SESSION_LOST, leaves_session=leaves_session)
    told.append(decisions().after_login(step(SENT, Next.LOG_IN), SIGNED_IN, lost, SENT))
    for decision in told:
        assert decision.outcome == outcome
        assert decision.next is (Next.FAIL if leaves_session else Next.DONE)
        assert ("load balancer" in decision.message) is leaves_session
        assert written(decision).staged == CANDIDATE


# -- commit ------------------------------------------------------------------------------------------------------------


def test_committing() -> None:
    entry = SENT.changed(previous=OLDER_ONE, initial=GIVEN_ONE)
    decision = decisions().commit(step(entry, Next.CHANGE), entry)
    assert (decision.next, decision.outcome, decision.message) == (Next.DONE, "rotated", "the new password is in force")
    assert decision.entry == Entry(4, current=CANDIDATE, previous=OLD_ONE, proved_at=NOW, rotated_at=NOW)


def test_a_temporary_password_is_due_at_once() -> None:
    entry = SENT.changed(temporary=True)
    decision = decisions().commit(step(entry, Next.REPAIR), entry)
    assert (decision.outcome, decision.message) == (
        "rotated",
        "a temporary password is in force; the next run replaces it",
    )
    assert decision.entry == Entry(4, current=CANDIDATE, previous=OLD_ONE, proved_at=NOW)
    assert decisions(when="due", min_age=timedelta(days=1)).plan(written(decision)).outcome == "due"


def test_what_another_run_has_committed_is_not_committed_again() -> None:
    committed = Entry(9, current=CANDIDATE, previous=OLD_ONE, rotated_at=NOW)
    decision = decisions().commit(step(SENT, Next.CHANGE), committed)
    assert (decision.next, decision.outcome, decision.entry) == (Next.DONE, "rotated", None)
    assert decision.message == "another run has committed this rotation already"


@pytest.mark.parametrize("now", [IDLE, UNRESOLVED.changed(staged=Ciphertext("another")), Entry(9)])
def test_a_verified_candidate_that_was_taken_away_is_a_failure(now: Entry) -> None:
    """It is not left to the other run, which knows nothing of the password that is in force."""
    theirs = now.changed(version=9, written_by="another")
    decision = decisions().commit(step(SENT, Next.CHANGE), theirs)
    assert (decision.next, decision.outcome) == (Next.FAIL, "failed")
    assert decision.entry == theirs.changed(previous=CANDIDATE), "it is the one that works, and is not lost"
    again = decisions().commit(step(SENT, Next.CHANGE), written(decision))
    assert (again.next, again.outcome, again.entry) == (Next.FAIL, "failed", None)
    assert "run the verify playbook" in decision.message
    without = decisions().commit(step(IDLE, Next.COMMIT), IDLE)
    assert (without.outcome, without.entry) == ("failed", None)


# -- other runs --------------------------------------------------------------------------------------------------------


def others(entry: Entry, **values: Any) -> Entry:
    """Return an entry as another run has written it since."""
    return entry.changed(version=entry.version + 1, **{"written_by": "another", **values})


AFTER = {
    "log in": partial(Decisions.after_login, login=REFUSES, refusal=None),
    "verify": partial(Decisions.after_verification, change=ACCEPTED, proof=REFUSES),
    "verified": partial(Decisions.after_verified, login=REFUSES),
    "change": partial(
        Decisions.after_refusal, change=ChangeReport(Outcome.WRONG_PASSWORD, is_sent=False, login=REFUSES)
    ),
}


def after(name: str, before: Step, entry: Entry) -> Decision:
    decision: Decision = AFTER[name](decisions(), before, entry=entry)
    return decision


@pytest.mark.parametrize("name", AFTER)
def test_a_run_that_was_overtaken_steps_aside(name: str) -> None:
    """And writes nothing, or the other run would take it for a sign to step aside as well."""
    slot = STAGED if name == "verify" else CURRENT
    mine = held_by_me(IDLE, booked(slot))
    decision = after(name, step(mine, slot=slot), others(mine))
    assert (decision.next, decision.outcome, decision.entry) == (Next.DONE, "leased", None)
    assert decision.message == "another run has taken this credential over in the meantime; it is left to that run"


@pytest.mark.parametrize("name", AFTER)
def test_a_run_that_was_overtaken_tells_nothing_about_the_new_passwords(name: str) -> None:
    """Another run has committed: what a login with the password of before told, is no verdict on today's."""
    slot = STAGED if name == "verify" else CURRENT
    mine = held_by_me(IDLE, booked(slot))
    committed = others(mine, current=CANDIDATE, written_by=None, written_at=None)
    decision = after(name, step(mine, slot=slot), committed)
    assert decision.outcome == "leased"
    assert lines(decision.entry) == [(slot, SUPERSEDED)]
    assert not ledger.is_diverged(written(decision))
    assert written(decision).current == CANDIDATE


def test_a_run_that_was_overtaken_writes_nothing_where_it_has_nothing_to_say() -> None:
    mine = held_by_me(IDLE, booked(CURRENT))
    settled = others(mine, written_by=None, ledger=())
    decision = decisions().after_login(step(mine), LoginReport(Outcome.UNREACHABLE), None, settled)
    assert (decision.outcome, decision.entry) == ("leased", None)


@pytest.mark.parametrize("name", AFTER)
def test_a_write_of_its_own_that_failed_half_way_is_not_another_runs(name: str) -> None:
    """Written, and reported as failed: there is a newer version, and this run has written it."""
    slot = STAGED if name == "verify" else CURRENT
    mine = held_by_me(UNRESOLVED, booked(slot))
    again = mine.changed(version=mine.version + 1)
    assert after(name, step(mine, slot=slot), again).outcome != "leased"


def test_a_change_that_made_no_login_of_its_own_is_overtaken_too() -> None:
    committed = others(SENT, written_by=None, ledger=())
    decision = decisions().after_refusal(step(SENT, Next.CHANGE), REFUSAL, committed)
    assert (decision.outcome, decision.entry) == ("leased", None)
    assert NOT_TRIED.outcome is None

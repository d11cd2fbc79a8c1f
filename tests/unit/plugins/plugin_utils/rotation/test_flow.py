# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of writes and requests, whatever the requests come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.rotation_values import (
    CANDIDATE,
    CHANGED,
    CURRENT,
    DIVERGED,
    DRAWN,
    FRESH,
    GIVEN_ONE,
    IDLE,
    LOCKED,
    LOST,
    NO_ANSWER,
    NOW,
    OLD_ONE,
    PROVES,
    REFUSES,
    STAGED,
    TWO_UNREADABLE,
    UNKNOWN,
    UNREADABLE,
    UNRESOLVED,
    WRONG,
    Told,
    ago,
    carry_out,
    decisions,
    line,
    lines,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import IN_FLIGHT
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    ChangeReport,
    Enrollment,
    LoginDetails,
    LoginReport,
    Next,
    Step,
    Whose,
    Write,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry

REFUSAL = ChangeReport(Outcome.PASSWORD_REJECTED, message="against the policy", code="1")
UNANSWERED = ChangeReport(Outcome.UNKNOWN, message="no answer", is_answered=False)
NOT_SENT = ChangeReport(Outcome.UNREACHABLE, is_sent=False, message="no connection")
UNREACHABLE = LoginReport(Outcome.UNREACHABLE, "no connection")
PLAN, STAGE, CHANGE, VERIFY, COMMIT = ((name, "own") for name in ("plan", "stage", "change", "verify", "commit"))
LOG_IN, SEND, PROVE = ("log_in", CURRENT), ("change", STAGED), ("verify", STAGED)
RESUME = ("log_in", STAGED)


def rotated(entry: Entry, *reports: LoginReport | ChangeReport, **rules: Any) -> Told:
    return carry_out(flow.rotate(decisions(**rules)), entry, *reports)


def ends(told: Told) -> str:
    assert told.end
    return str(told.end.decision.outcome)


# -- a rotation --------------------------------------------------------------------------------------------------------


def test_a_rotation_writes_three_times_and_sends_three_requests() -> None:
    told = rotated(IDLE, PROVES, CHANGED, PROVES)
    assert told.effects == [PLAN, LOG_IN, STAGE, SEND, PROVE, COMMIT]
    assert ends(told) == "rotated"
    assert told.entry == Entry(6, current=DRAWN, previous=OLD_ONE, proved_at=NOW, rotated_at=NOW)


@pytest.mark.parametrize(
    ("entry", "reports", "effects", "outcome"),
    [
        (IDLE, [PROVES, UNANSWERED, PROVES], [PLAN, LOG_IN, STAGE, SEND, PROVE, COMMIT], "rotated"),
        (UNRESOLVED, [PROVES], [PLAN, RESUME, STAGE, COMMIT], "rotated"),
        (
            UNRESOLVED,
            [REFUSES, PROVES, CHANGED, PROVES],
            [PLAN, RESUME, STAGE, LOG_IN, STAGE, SEND, PROVE, COMMIT],
            "rotated",
        ),
        (UNRESOLVED, [REFUSES, REFUSES], [PLAN, RESUME, STAGE, LOG_IN, STAGE], "diverged"),
        (IDLE, [UNREADABLE], [PLAN, LOG_IN, STAGE], UNKNOWN),
        (IDLE, [PROVES, NOT_SENT], [PLAN, LOG_IN, STAGE, SEND, CHANGE], "unreachable"),
        (IDLE, [PROVES, UNANSWERED, REFUSES], [PLAN, LOG_IN, STAGE, SEND, PROVE, VERIFY], WRONG),
        (IDLE, [PROVES, CHANGED, UNREACHABLE], [PLAN, LOG_IN, STAGE, SEND, PROVE, VERIFY], "unreachable"),
        (IDLE, [PROVES, REFUSAL, PROVES], [PLAN, LOG_IN, STAGE, SEND, CHANGE, LOG_IN, STAGE], "password_rejected"),
        (
            IDLE,
            [PROVES, REFUSAL, REFUSES, PROVES],
            [PLAN, LOG_IN, STAGE, SEND, CHANGE, LOG_IN, STAGE, RESUME, STAGE, COMMIT],
            "rotated",
        ),
        (
            IDLE,
            [PROVES, REFUSAL, REFUSES, REFUSES],
            [PLAN, LOG_IN, STAGE, SEND, CHANGE, LOG_IN, STAGE, RESUME, STAGE],
            "diverged",
        ),
        (IDLE, [PROVES, REFUSAL, UNREACHABLE], [PLAN, LOG_IN, STAGE, SEND, CHANGE, LOG_IN, STAGE], "unreachable"),
        (LOST, [], [PLAN], "diverged"),
        (FRESH.changed(ledger=TWO_UNREADABLE), [], [PLAN], "held"),
    ],
)
def test_the_ways_of_a_rotation(entry: Entry, reports: list[Any], effects: list[Any], outcome: str) -> None:
    told = rotated(entry, *reports)
    assert (told.effects, ends(told)) == (effects, outcome)
    assert told.entry.written_by is None or outcome in ("diverged", "held")


def test_every_login_counts_from_its_booking_to_its_end() -> None:
    """Two logins may fail in one run, and then none is made any more."""
    told = rotated(UNRESOLVED, REFUSES, REFUSES)
    assert lines(told.entry) == [(STAGED, WRONG), (CURRENT, WRONG)]
    later = carry_out(flow.rotate(decisions(name="later", time=NOW + timedelta(days=9))), told.entry)
    assert (later.effects, ends(later)) == ([PLAN], "diverged")


def test_only_a_login_that_a_change_may_follow_keeps_its_session() -> None:
    told = rotated(UNRESOLVED, REFUSES, PROVES, REFUSAL, REFUSES, PROVES)
    assert ends(told) == "rotated"
    assert [effect for effect in told.effects if effect in (LOG_IN, RESUME)] == [RESUME, LOG_IN, LOG_IN, RESUME]
    assert told.kept_sessions == [LOG_IN], "the second one only finds out what the refused change did"


@pytest.mark.parametrize(
    ("reports", "outcome"), [([CHANGED, PROVES], "rotated"), ([REFUSAL, PROVES], "rotated"), ([NOT_SENT], "diverged")]
)
def test_a_repair(reports: list[Any], outcome: str) -> None:
    told = rotated(LOST, *reports, repair=True)
    assert ends(told) == outcome
    assert told.effects[:2] == [PLAN, ("repair", STAGED)]
    assert told.other == FRESH, "it presents no password of the store"


# -- a parent's or an administrator's password -------------------------------------------------------------------------

BOOK, SETTLE = ("plan", "parent"), ("commit", "parent")
WITH_PARENT = replace(PROVES, parent=PROVES)


def of_parent(report: Any, parent: LoginReport) -> Any:
    return replace(report, parent=parent)


@pytest.mark.parametrize(
    ("entry", "reports", "between"),
    [
        (IDLE, [PROVES, CHANGED, PROVES], [LOG_IN, STAGE, SEND, PROVE, COMMIT]),
        (IDLE, [REFUSES, CHANGED, PROVES], [LOG_IN, STAGE, SEND, PROVE, COMMIT]),
        (LOST, [CHANGED, PROVES], [SEND, PROVE, COMMIT]),
        (IDLE, [UNREACHABLE], [LOG_IN, STAGE]),
        (IDLE, [PROVES, NOT_SENT], [LOG_IN, STAGE, SEND, CHANGE]),
        (IDLE, [PROVES, REFUSAL, PROVES], [LOG_IN, STAGE, SEND, CHANGE, LOG_IN, STAGE]),
        (IDLE, [PROVES, CHANGED, REFUSES], [LOG_IN, STAGE, SEND, PROVE, VERIFY]),
    ],
)
def test_a_parents_login_is_booked_before_and_settled_after(
    entry: Entry, reports: list[Any], between: list[Any]
) -> None:
    """After a stage that stops, after a refusal and after a verification too."""
    for parent, recorded in ((PROVES, []), (NO_ANSWER, [(CURRENT, UNKNOWN)]), (REFUSES, [(CURRENT, WRONG)])):
        given = [*reports[:-1], of_parent(reports[-1], parent)]
        told = rotated(entry, *given, has_parent=True)
        assert told.effects == [PLAN, BOOK, *between, SETTLE]
        assert lines(told.other) == recorded


def test_while_it_is_at_work_the_parents_login_counts() -> None:
    steps = flow.rotate(decisions(has_parent=True))
    plan = steps.send(None)
    assert isinstance(plan, Write)
    decision = plan.decide(IDLE)
    assert decision.entry
    book = steps.send(Step(decision, decision.entry))
    assert isinstance(book, Write)
    assert book.whose is Whose.PARENT
    assert lines(book.decide(FRESH).entry) == [(CURRENT, IN_FLIGHT)]


def test_the_last_login_with_the_parents_password_is_the_one_that_tells() -> None:
    told = rotated(IDLE, WITH_PARENT, of_parent(NOT_SENT, REFUSES), has_parent=True)
    assert lines(told.other) == [(CURRENT, WRONG)]
    early = rotated(IDLE, of_parent(PROVES, PROVES), NOT_SENT, has_parent=True)
    assert lines(early.other) == []


def test_a_proof_without_the_parent_tells_nothing_of_its_login() -> None:
    told = rotated(IDLE, PROVES, of_parent(UNANSWERED, NO_ANSWER), PROVES, has_parent=True, has_witness=True)
    assert (ends(told), lines(told.other)) == ("rotated", [(CURRENT, UNKNOWN)])


@pytest.mark.parametrize("parent", [FRESH.changed(ledger=(line(CURRENT, LOCKED, ago(minutes=1)),)), LOST, UNRESOLVED])
@pytest.mark.parametrize("entry", [IDLE, LOST, UNRESOLVED])
def test_a_parents_password_that_must_not_be_presented_stops_everything(entry: Entry, parent: Entry) -> None:
    told = carry_out(flow.rotate(decisions(has_parent=True)), entry, other=parent)
    assert told.effects == [PLAN, BOOK, PLAN]
    assert (ends(told), told.other) == ("blocked", parent)
    assert told.entry == entry.changed(version=told.entry.version)


def test_what_is_not_due_does_not_look_at_the_parent() -> None:
    told = rotated(FRESH, when="due", has_parent=True)
    assert (told.effects, ends(told)) == ([PLAN], "not_due")


@pytest.mark.parametrize("reports", [[of_parent(CHANGED, PROVES), PROVES], [of_parent(NOT_SENT, REFUSES)]])
def test_an_administrators_login_is_booked_for_a_repair(reports: list[Any]) -> None:
    told = rotated(LOST, *reports, repair=True, has_administrator=True)
    assert told.effects[:3] == [PLAN, ("plan", "administrator"), ("repair", STAGED)]
    assert told.effects[-1] == ("commit", "administrator")
    assert lines(told.other) == ([(CURRENT, WRONG)] if len(reports) == 1 else [])


def test_an_administrator_whose_password_does_not_work_stops_the_repair() -> None:
    told = carry_out(flow.rotate(decisions(repair=True, has_administrator=True)), LOST, other=LOST)
    assert ends(told) == "blocked"
    assert told.entry == LOST.changed(version=told.entry.version)


def test_logins_that_cost_nothing_end_too() -> None:
    """The CEC tells a phone's password, so that nobody tries a login and nothing counts it."""
    told_wrong = replace(REFUSES, counts=False, parent=PROVES)
    told = rotated(IDLE, told_wrong, of_parent(REFUSAL, PROVES), told_wrong, has_parent=True)
    assert told.effects[-3:] == [RESUME, STAGE, SETTLE]
    assert ends(told) == "password_rejected"
    assert (told.entry.staged, told.entry.previous) == (None, DRAWN)


@pytest.mark.parametrize("administrator", [None, FRESH.changed(ledger=(line(CURRENT, LOCKED, ago(minutes=1)),))])
def test_a_repair_that_was_not_sent_leaves_every_verdict(administrator: Entry | None) -> None:
    """Otherwise the next run would make a third login, with a candidate that nobody has set."""
    if administrator:
        told = carry_out(flow.rotate(decisions(repair=True, has_administrator=True)), DIVERGED, other=administrator)
    else:
        told = carry_out(flow.rotate(decisions(repair=True)), DIVERGED, NOT_SENT)
    assert lines(told.entry) == lines(DIVERGED)
    later = decisions(name="later", time=NOW + timedelta(days=1), repair=True).plan(told.entry)
    assert later.next is Next.REPAIR


# -- verification and enrollment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "reports", "effects", "outcome"),
    [
        (FRESH, [PROVES], [PLAN, LOG_IN, COMMIT], "verified"),
        (FRESH, [UNREADABLE], [PLAN, LOG_IN, COMMIT], UNKNOWN),
        (FRESH, [REFUSES], [PLAN, LOG_IN, COMMIT], "diverged"),
        (UNRESOLVED, [], [PLAN], "unresolved"),
        (DIVERGED, [], [PLAN], "unresolved"),
    ],
)
def test_a_verification(entry: Entry, reports: list[Any], effects: list[Any], outcome: str) -> None:
    told = carry_out(flow.verify(decisions()), entry, *reports)
    assert (told.effects, ends(told)) == (effects, outcome)
    assert (told.entry.current, told.entry.staged, told.entry.rotated_at) == (
        entry.current,
        entry.staged,
        entry.rotated_at,
    )


@pytest.mark.parametrize(
    ("has_witness", "effects"), [(False, [PLAN, BOOK, LOG_IN, COMMIT, SETTLE]), (True, [PLAN, LOG_IN, COMMIT])]
)
def test_a_verification_needs_the_parent_where_nobody_else_tells(has_witness: bool, effects: list[Any]) -> None:
    decide = decisions(has_parent=True, has_witness=has_witness)
    told = carry_out(flow.verify(decide), FRESH, of_parent(PROVES, PROVES))
    assert told.effects == effects
    rotation = carry_out(flow.rotate(decide), IDLE, PROVES, CHANGED, PROVES)
    assert BOOK in rotation.effects, "the change presents it in any case"


@pytest.mark.parametrize(("has_parent", "has_witness"), [(False, False), (True, False), (True, True)])
def test_an_enrollment(has_parent: bool, has_witness: bool) -> None:
    decide = decisions(has_parent=has_parent, has_witness=has_witness)
    told = carry_out(flow.enroll(decide, Enrollment(GIVEN_ONE)), Entry(), PROVES)
    given = ("log_in", "initial")
    needs_parent = has_parent and not has_witness
    assert told.effects == ([PLAN, BOOK, given, COMMIT, SETTLE] if needs_parent else [PLAN, given, COMMIT])
    assert told.entry == Entry(2, current=GIVEN_ONE, proved_at=NOW, enrolled_at=NOW)
    assert told.entry.initial is None


@pytest.mark.parametrize(
    ("given", "entry", "reports", "effects", "outcome"),
    [
        (Enrollment(GIVEN_ONE, verify=False), Entry(), [], [PLAN, COMMIT], "enrolled"),
        (Enrollment(GIVEN_ONE), FRESH, [], [PLAN], "enrolled"),
        (Enrollment(GIVEN_ONE), Entry(), [REFUSES], [PLAN, ("log_in", "initial"), COMMIT], WRONG),
        (Enrollment(GIVEN_ONE, replace=True), LOST, [PROVES], [PLAN, ("log_in", "initial"), COMMIT], "enrolled"),
    ],
)
def test_the_ways_of_an_enrollment(
    given: Enrollment, entry: Entry, reports: list[Any], effects: list[Any], outcome: str
) -> None:
    told = carry_out(flow.enroll(decisions(), given), entry, *reports)
    assert (told.effects, ends(told)) == (effects, outcome)


def test_an_enrollment_may_be_the_first_that_is_written() -> None:
    """And nothing else may."""
    for steps, may_create in (
        (flow.enroll(decisions(), Enrollment(GIVEN_ONE)), True),
        (flow.rotate(decisions()), False),
        (flow.verify(decisions()), False),
    ):
        plan = steps.send(None)
        assert isinstance(plan, Write)
        assert plan.may_create is may_create


def test_an_unresolved_candidate_survives_whatever_a_login_comes_to() -> None:
    few = replace(REFUSES, details=LoginDetails(remaining_attempts=1))
    locked = LoginReport(Outcome.LOCKED)
    for report in (UNREADABLE, NO_ANSWER, UNREACHABLE, few, locked, LoginReport(Outcome.SIGNED_IN), LoginReport(None)):
        told = rotated(UNRESOLVED, report)
        assert (told.entry.staged, told.entry.current) == (CANDIDATE, OLD_ONE)
        assert ends(told) != LOCKED or report is locked

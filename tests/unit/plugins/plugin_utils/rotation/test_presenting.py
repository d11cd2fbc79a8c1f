# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Presenting a parent's or an administrator's password: its account is protected like every one."""

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
    ENROLLED,
    FRESH,
    IDLE,
    LOCKED,
    LOST,
    NO_ANSWER,
    NOW,
    PROVES,
    REFUSES,
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
    step,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    Decision,
    LoginDetails,
    LoginReport,
    Next,
    Whose,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.presenting import Presenting
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry


def presenting(**rules: Any) -> Presenting:
    return Presenting(decisions(**{"has_parent": True, "presented": "cec_account", **rules}))


# -- whose password ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "next_", "only_to_log_in", "whose"),
    [
        ({}, Next.LOG_IN, False, Whose.PARENT),
        ({}, Next.CHANGE, False, Whose.PARENT),
        ({}, Next.LOG_IN, True, Whose.PARENT),
        ({}, Next.COMMIT, False, None),
        ({}, Next.DONE, False, None),
        ({}, Next.FAIL, False, None),
        # A witness proves the password, and cannot change it.
        ({"has_witness": True}, Next.LOG_IN, False, Whose.PARENT),
        ({"has_witness": True}, Next.LOG_IN, True, None),
        ({"has_parent": False}, Next.LOG_IN, False, None),
        ({"has_parent": False}, Next.CHANGE, False, None),
        ({"has_parent": False, "has_administrator": True}, Next.REPAIR, False, Whose.ADMINISTRATOR),
        ({"has_parent": False, "has_administrator": True}, Next.LOG_IN, False, None),
        ({"has_parent": False}, Next.REPAIR, False, None),
    ],
)
def test_whose_password_is_presented(
    rules: dict[str, Any], next_: Next, only_to_log_in: bool, whose: Whose | None
) -> None:
    assert presenting(**rules).whose(step(IDLE, next_), only_to_log_in=only_to_log_in) is whose


# -- booking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [FRESH, ENROLLED, FRESH.changed(ledger=(line(CURRENT, UNKNOWN),))])
def test_a_login_is_booked_under_the_name_of_run_and_host(entry: Entry) -> None:
    decision = presenting().book(entry.changed(written_by="x", written_at=ago(hours=1)))
    assert (decision.next, decision.slot) == (Next.LOG_IN, CURRENT)
    # A login of many holds the entry for none of them.
    expected = entry.changed(written_by="x", written_at=ago(hours=1))
    assert decision.entry == expected.changed(ledger=(*entry.ledger, replace(booked(CURRENT), run="me host")))


@pytest.mark.parametrize(
    ("entry", "next_", "why"),
    [
        (Entry(), Next.FAIL, "it is not enrolled; enroll it first"),
        (Entry(1, initial=CANDIDATE), Next.FAIL, "it is not enrolled"),
        (UNRESOLVED, Next.FAIL, "its rotation is unresolved; run again"),
        (DIVERGED, Next.FAIL, "its rotation is unresolved"),
        (LOST, Next.FAIL, "the stored password does not work"),
        (
            FRESH.changed(ledger=(line(CURRENT, LOCKED, ago(minutes=1)),)),
            Next.DONE,
            "was locked; nothing is tried before",
        ),
        (FRESH.changed(ledger=TWO_UNREADABLE), Next.FAIL, "2 logins failed or may have failed"),
        (FRESH.changed(ledger=(line(CURRENT, RESENT, remaining_attempts=2),)), Next.FAIL, "leaves 2 attempts"),
    ],
)
@pytest.mark.parametrize("rules", [{}, {"retry_diverged": True}, {"repair": True, "has_parent": False}])
def test_a_password_that_must_not_be_presented(entry: Entry, next_: Next, why: str, rules: dict[str, Any]) -> None:
    """Whatever a person says, or a repair may do, is about the credential itself."""
    decision = presenting(**rules).book(entry)
    assert (decision.next, decision.outcome, decision.entry) == (next_, "blocked", None)
    assert why in decision.message


def test_a_wrong_clock_does_not_block_for_years() -> None:
    ahead = NOW + timedelta(days=400)
    decision = presenting().book(FRESH.changed(ledger=(line(CURRENT, LOCKED, ahead, unlocks_at=ahead),)))
    assert decision.message.endswith("nothing is tried before 2026-11-22 12:00 UTC")


def test_an_outage_blocks_nothing_once_it_is_over() -> None:
    assert presenting().book(FRESH.changed(ledger=TWO_UNANSWERED)).next is Next.LOG_IN
    assert presenting().book(FRESH.changed(ledger=TWO_UNANSWERED, proved_at=None)).next is Next.FAIL


def test_what_many_hosts_present_is_counted_for_all_of_them() -> None:
    entry = FRESH
    for host in ("one", "two"):
        decide = decisions(has_parent=True)
        other = Presenting(replace(decide, run=replace(decide.run, host=host))).book(entry)
        assert other.entry is not None
        entry = other.entry
    third = presenting().book(entry)
    assert (third.next, third.outcome) == (Next.DONE, "blocked")
    assert [one.run for one in entry.ledger] == ["me one", "me two"]


def test_a_booking_that_was_left_goes_on_counting() -> None:
    """A write that was reported as failed may have been carried out, and this run does not know."""
    left = presenting().book(FRESH).entry
    assert left
    assert lines(presenting().book(left).entry) == [(CURRENT, IN_FLIGHT)] * 2


# -- settling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "recorded"),
    [
        (REFUSES, WRONG),
        (NO_ANSWER, UNKNOWN),
        (LoginReport(Outcome.LOCKED), LOCKED),
        (PROVES, None),
        (LoginReport(Outcome.ACCESS_DENIED), None),
        (LoginReport(Outcome.UNREACHABLE), None),
        (None, None),
    ],
)
def test_what_came_of_the_login_is_recorded_there(login: LoginReport | None, recorded: str | None) -> None:
    earlier = line(CURRENT, UNKNOWN)
    entry = presenting().book(FRESH.changed(ledger=(earlier,))).entry
    assert entry is not None
    decision = presenting().settle(login, entry)
    assert (decision.next, decision.outcome) == (Next.DONE, "ok")
    assert decision.entry is not None
    assert decision.entry.ledger[0] == earlier
    assert [(one.outcome, one.run) for one in decision.entry.ledger[1:]] == (
        [(recorded, "me host")] if recorded else []
    )
    assert decision.entry.changed(ledger=()) == FRESH


def test_what_the_server_says_of_it_is_recorded_too() -> None:
    entry = presenting().book(FRESH).entry
    assert entry is not None
    few = presenting().settle(replace(REFUSES, details=LoginDetails(remaining_attempts=1)), entry).entry
    assert few is not None
    assert few.ledger[0].remaining_attempts == 1
    locked = LoginReport(Outcome.LOCKED, details=LoginDetails(unlock_in_seconds=90))
    settled = presenting().settle(locked, entry).entry
    assert settled is not None
    assert settled.ledger[0].unlocks_at == NOW + timedelta(seconds=90)


def test_bookings_of_other_hosts_stay() -> None:
    others = (line(CURRENT, IN_FLIGHT, run="me two"), line(CURRENT, IN_FLIGHT, run="me"))
    entry = presenting().book(FRESH.changed(ledger=others[:1])).entry
    assert entry is not None
    decision = presenting().settle(PROVES, entry.changed(ledger=(*entry.ledger, others[1])))
    assert decision.entry is not None
    assert decision.entry.ledger == others


@pytest.mark.parametrize(("login", "recorded"), [(REFUSES, SUPERSEDED), (NO_ANSWER, UNKNOWN)])
def test_a_refusal_says_nothing_of_a_password_that_was_replaced_in_the_meantime(
    login: LoginReport, recorded: str
) -> None:
    """Another run has rotated it between this run's booking and its login, which has cleared the booking."""
    decision = presenting().settle(login, FRESH.changed(version=9, current=CANDIDATE))
    assert lines(decision.entry) == [(CURRENT, recorded)]


def test_a_refusal_that_another_run_was_told_of_stays_what_it_is() -> None:
    decision = presenting().settle(REFUSES, LOST.changed(current=CANDIDATE))
    assert lines(decision.entry) == [(CURRENT, WRONG), (CURRENT, SUPERSEDED)]


@pytest.mark.parametrize("login", [None, PROVES, LoginReport(Outcome.UNREACHABLE)])
def test_nothing_is_written_where_nothing_is_to_be_told(login: LoginReport | None) -> None:
    assert presenting().settle(login, FRESH).entry is None


# -- blocked -----------------------------------------------------------------------------------------------------------

WHY = Decision(Next.DONE, Outcome.BLOCKED, "it was locked; nothing is tried before noon")


def test_a_plan_that_cannot_be_carried_out_is_undone() -> None:
    planned = decisions(has_parent=True).plan(IDLE)
    assert planned.entry is not None
    for why in (WHY, WHY._replace(next=Next.FAIL)):
        decision = presenting().after_blocked(step(planned.entry, planned.next, planned.slot), why, planned.entry)
        assert (decision.next, decision.outcome, decision.entry) == (why.next, "blocked", IDLE)
        assert decision.message == f"the password of cec_account is needed and cannot be used: {WHY.message}"


@pytest.mark.parametrize("ledger", [(), (booked(STAGED, RESENT),)])
def test_a_candidate_that_was_not_sent_goes_with_its_plan(ledger: Any) -> None:
    sent = held_by_me(LOST.changed(staged=DRAWN, staged_at=NOW, temporary=True), *ledger, booked(STAGED, EXPECTED))
    new = presenting().after_blocked(step(sent, Next.CHANGE, is_new=True), WHY, sent)
    assert new.entry is not None
    assert (new.entry.staged, new.entry.staged_at, new.entry.temporary) == (None, None, False)
    kept = presenting().after_blocked(step(sent, Next.CHANGE), WHY, sent)
    assert kept.entry is not None
    assert kept.entry.staged == DRAWN
    for decision in (new, kept):
        # What this run had found out about it before still holds.
        assert lines(decision.entry) == [(CURRENT, WRONG), *([(STAGED, WRONG)] if ledger else [])]
        assert decision.entry is not None
        assert decision.entry.written_by is None


def test_a_plan_that_another_run_has_overtaken_is_left_to_that_run() -> None:
    planned = held_by_me(UNRESOLVED, booked(STAGED))
    theirs = planned.changed(version=9, written_by="another")
    decision = presenting().after_blocked(step(planned, is_new=True), WHY, theirs)
    assert (decision.next, decision.outcome, decision.entry) == (Next.DONE, "leased", None)


def test_a_repair_that_cannot_be_carried_out_leaves_what_was_lost() -> None:
    decide = decisions(repair=True, has_administrator=True, candidates=Drawn())
    planned = decide.plan(LOST)
    assert planned.entry is not None
    before = step(planned.entry, planned.next, planned.slot, is_new=True)
    decision = Presenting(decide).after_blocked(before, WHY, planned.entry)
    assert decision.entry == LOST

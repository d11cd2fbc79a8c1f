# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided from the store alone: to verify a password, and to enroll one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from support.rotation_values import (
    CURRENT,
    DIVERGED,
    ENROLLED,
    FRESH,
    GIVEN_ONE,
    INITIAL,
    LOCKED,
    LOST,
    OLD_ONE,
    STAGED,
    TWO_UNREADABLE,
    UNKNOWN,
    UNRESOLVED,
    WRONG,
    ago,
    booked,
    decisions,
    held_by_me,
    line,
    lines,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.enrolling import Enrolling
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    IN_FLIGHT,
    PERSON,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    Decision,
    Enrollment,
    Next,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry

FEW = line(CURRENT, WRONG, remaining_attempts=2)
JUST_NOW = ago(minutes=5)


def told(decision: Decision) -> tuple[Next, str, bool]:
    """Return what comes next, the outcome, and whether something is written."""
    return decision.next, str(decision.outcome), decision.entry is not None


# -- a verification ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "next_", "outcome"),
    [
        (FRESH, Next.LOG_IN, "resumed"),
        (ENROLLED, Next.LOG_IN, "resumed"),
        (FRESH.changed(ledger=(line(CURRENT, UNKNOWN),)), Next.LOG_IN, "resumed"),
        (LOST, Next.FAIL, "diverged"),
        (UNRESOLVED, Next.FAIL, "unresolved"),
        (DIVERGED, Next.FAIL, "unresolved"),
        (FRESH.changed(ledger=(line(CURRENT, LOCKED, JUST_NOW),)), Next.DONE, "cooling"),
        (FRESH.changed(ledger=TWO_UNREADABLE), Next.FAIL, "held"),
        (FRESH.changed(ledger=(FEW,)), Next.FAIL, "diverged"),
        (FRESH.changed(ledger=(replace(FEW, outcome=RESENT),)), Next.FAIL, "few_attempts"),
    ],
)
def test_planning_a_verification(entry: Entry, next_: Next, outcome: str) -> None:
    for repair in (False, True):
        decision = decisions(repair=repair).plan_verification(entry)
        assert told(decision) == (next_, outcome, next_ is Next.LOG_IN)
        assert decision.slot == CURRENT
        if decision.entry:
            assert decision.entry == held_by_me(entry, booked(CURRENT))


def test_a_verification_is_tried_again_when_asked() -> None:
    for entry in (LOST, FRESH.changed(ledger=TWO_UNREADABLE), FRESH.changed(ledger=(FEW,))):
        decision = decisions(retry_diverged=True).plan_verification(entry)
        assert (decision.next, decision.slot) == (Next.LOG_IN, CURRENT)


def test_a_lost_password_is_verified_where_it_cannot_diverge() -> None:
    assert decisions(has_parent=True).plan_verification(LOST).next is Next.LOG_IN


# -- an enrollment -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "replaces", "verifies", "next_", "outcome"),
    [
        (Entry(), False, True, Next.LOG_IN, "due"),
        (Entry(), False, False, Next.COMMIT, "due"),
        (Entry(), True, False, Next.COMMIT, "due"),
        (FRESH, False, True, Next.DONE, "enrolled"),
        (FRESH, False, False, Next.DONE, "enrolled"),
        (DIVERGED, False, True, Next.DONE, "enrolled"),
        (FRESH, True, True, Next.LOG_IN, "due"),
        (FRESH, True, False, Next.FAIL, "failed"),
        (DIVERGED, True, False, Next.FAIL, "failed"),
        (UNRESOLVED, True, True, Next.FAIL, "unresolved"),
        (UNRESOLVED.changed(ledger=(line(STAGED, WRONG),)), True, True, Next.FAIL, "unresolved"),
        (UNRESOLVED.changed(ledger=(line(CURRENT, LOCKED, JUST_NOW),)), True, True, Next.FAIL, "unresolved"),
        (UNRESOLVED.changed(ledger=LOST.ledger), True, True, Next.LOG_IN, "due"),
        (UNRESOLVED.changed(ledger=TWO_UNREADABLE), True, True, Next.LOG_IN, "due"),
        (UNRESOLVED.changed(ledger=(replace(FEW, slot=STAGED),)), True, True, Next.FAIL, "few_attempts"),
        (DIVERGED, True, True, Next.LOG_IN, "due"),
        (LOST, True, True, Next.LOG_IN, "due"),
        (Entry(ledger=(line(INITIAL, WRONG),) * 2), False, True, Next.FAIL, "held"),
        (Entry(ledger=(line(INITIAL, WRONG),) * 2), True, True, Next.LOG_IN, "due"),
        (Entry(ledger=(line(INITIAL, LOCKED, JUST_NOW),)), False, True, Next.FAIL, "cooling"),
        (FRESH.changed(ledger=(FEW,)), True, True, Next.FAIL, "few_attempts"),
    ],
)
def test_planning_an_enrollment(entry: Entry, replaces: bool, verifies: bool, next_: Next, outcome: str) -> None:
    given = Enrollment(GIVEN_ONE, replace=replaces, verify=verifies)
    decision = Enrolling(decisions(), given).plan(entry)
    assert told(decision) == (next_, outcome, next_ is Next.LOG_IN)
    if decision.entry:
        assert (decision.slot, decision.entry.initial) == (INITIAL, GIVEN_ONE)
        assert (decision.entry.current, decision.entry.staged) == (entry.current, entry.staged)
        asked_by = PERSON if len(entry.ledger) == 2 else None
        assert decision.entry.ledger == (*decision.entry.ledger[:-1], booked(INITIAL, asked_by=asked_by))


def test_a_password_that_is_enrolled_already_is_left_as_it_is() -> None:
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE)).plan(FRESH)
    assert decision.message == "a password is enrolled already and is left as it is"
    unverified = Enrolling(decisions(), Enrollment(GIVEN_ONE, replace=True, verify=False)).plan(FRESH)
    assert "set rotate_enroll_verify to true" in unverified.message


@pytest.mark.parametrize("days", [0, 3, 400])
def test_a_given_password_that_was_refused_is_not_tried_again(days: int) -> None:
    """Not even after the lock window: a wrong list that is enrolled every night must not lock anybody."""
    refused = Entry(initial=GIVEN_ONE, ledger=(line(INITIAL, WRONG, ago(days=days)),))
    again = Enrollment(Ciphertext("the same, salted anew"), lambda stored: stored == GIVEN_ONE, replace=True)
    for rules in ({}, {"retry_diverged": True}):
        decision = Enrolling(decisions(**rules), again).plan(refused)
        assert told(decision) == (Next.FAIL, WRONG, False)
        assert decision.message.startswith("this password was refused before")


def test_where_none_was_given_before_there_is_nothing_to_compare() -> None:
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE, lambda stored: True)).plan(Entry())
    assert decision.entry is not None
    assert decision.entry.initial == GIVEN_ONE


def test_another_given_password_is_tried() -> None:
    refused = Entry(initial=GIVEN_ONE, ledger=(line(INITIAL, WRONG),))
    decision = Enrolling(decisions(), Enrollment(Ciphertext("another"))).plan(refused)
    assert lines(decision.entry) == [(INITIAL, SUPERSEDED), (INITIAL, IN_FLIGHT)]
    assert decision.entry is not None
    assert decision.entry.initial == "another"


@pytest.mark.parametrize("outcome", [UNKNOWN, IN_FLIGHT, LOCKED])
def test_a_given_password_that_was_not_refused_is_tried_again(outcome: str) -> None:
    entry = Entry(initial=GIVEN_ONE, ledger=(line(INITIAL, outcome),))
    again = Enrollment(Ciphertext("the same, salted anew"), lambda stored: True)
    decision = Enrolling(decisions(), again).plan(entry)
    assert decision.next is Next.LOG_IN
    assert decision.entry is not None
    assert decision.entry.initial == GIVEN_ONE, "what is stored stays"
    assert lines(decision.entry) == [(INITIAL, outcome), (INITIAL, IN_FLIGHT)]


@pytest.mark.parametrize(
    ("at", "next_"), [(ago(minutes=29), Next.FAIL), (ago(minutes=30), Next.LOG_IN), (ago(days=9), Next.LOG_IN)]
)
def test_a_person_who_gives_one_password_after_the_other_waits_for_the_lock_window(at: datetime, next_: Next) -> None:
    asked = line(INITIAL, WRONG, at, asked_by=PERSON)
    entry = FRESH.changed(initial=OLD_ONE, ledger=(*TWO_UNREADABLE, asked))
    decision = Enrolling(decisions(), Enrollment(GIVEN_ONE, replace=True)).plan(entry)
    assert decision.next is next_


def test_few_attempts_do_not_keep_the_right_password_from_being_enrolled_when_asked() -> None:
    refused = Entry(initial=GIVEN_ONE, ledger=(replace(FEW, slot=INITIAL),))
    given = Enrollment(Ciphertext("right"))
    assert Enrolling(decisions(), given).plan(refused).outcome == "few_attempts"
    decision = Enrolling(decisions(retry_diverged=True), given).plan(refused)
    assert decision.next is Next.LOG_IN
    assert decision.entry is not None
    assert [one.remaining_attempts for one in decision.entry.ledger] == [None, None]


def test_an_outage_that_the_next_run_ends_is_not_stuck() -> None:
    """The next run would try the other password."""
    failed = [(STAGED, 3), (STAGED, 2), (CURRENT, 1)]
    ledger = tuple(line(slot, UNKNOWN, ago(days=days), is_answered=False) for slot, days in failed)
    entry = UNRESOLVED.changed(ledger=ledger)
    assert decisions().plan(entry).outcome == "resumed"
    assert Enrolling(decisions(), Enrollment(GIVEN_ONE, replace=True)).plan(entry).outcome == "unresolved"


def test_what_holds_a_rotation_does_not_count_a_word_that_an_enrollment_brings() -> None:
    """A repair, or a word, that would resolve it is a matter of the next rotation."""
    entry = UNRESOLVED.changed(ledger=TWO_UNREADABLE)
    given = Enrollment(GIVEN_ONE, replace=True)
    for rules in ({"retry_diverged": True}, {"repair": True}):
        assert Enrolling(decisions(**rules), given).plan(entry).next is Next.LOG_IN

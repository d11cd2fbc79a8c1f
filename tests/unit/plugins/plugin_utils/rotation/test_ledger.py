# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arithmetic of logins: what is booked, how it is settled, and when another login may be tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from support.rotation_values import (
    CURRENT,
    DIVERGED,
    IDLE,
    INITIAL,
    LOCKED,
    LOST,
    ME,
    NO_ANSWER,
    NOW,
    PROVES,
    REFUSES,
    STAGED,
    TWO_UNANSWERED,
    TWO_UNREADABLE,
    UNKNOWN,
    UNREADABLE,
    UNRESOLVED,
    WRONG,
    ago,
    booked,
    line,
    lines,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ledger
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    PERSON,
    REPAIR,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    NOT_TRIED,
    LoginDetails,
    LoginReport,
    Rules,
    Run,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import BookedLogin, Entry

RULES = Rules()
ASKING = Rules(retry_diverged=True)
REPAIRING = Rules(repair=True)
AT_WORK = Run("me", NOW, lambda name: False)
"""A run that cannot tell whether another one is over."""


def waits(entry: Entry, rules: Rules = RULES, slot: str = CURRENT, run: Run = ME) -> tuple[str, datetime | None] | None:
    """Return outcome and end of a wait."""
    wait = ledger.waiting(entry, rules, run, slot)
    return (str(wait.outcome), wait.until) if wait else None


# -- booking and settling ----------------------------------------------------------------------------------------------


def test_a_login_is_booked_before_it_is_tried() -> None:
    entry = ledger.book(LOST, ME, STAGED, asked_by=PERSON)
    assert entry.ledger == (*LOST.ledger, booked(STAGED, asked_by=PERSON))
    assert (entry.written_by, entry.written_at) == ("me", NOW)


@pytest.mark.parametrize(
    ("report", "recorded"),
    [
        (REFUSES, BookedLogin(NOW, CURRENT, WRONG, "me", "100-004", True)),
        (UNREADABLE, BookedLogin(NOW, CURRENT, UNKNOWN, "me", "999", True)),
        (NO_ANSWER, BookedLogin(NOW, CURRENT, UNKNOWN, "me", None, False)),
        (LoginReport(Outcome.LOCKED), BookedLogin(NOW, CURRENT, LOCKED, "me", None, True)),
        # A server may tell that a password is wrong without a login that it could count.
        (replace(REFUSES, counts=False), BookedLogin(NOW, CURRENT, WRONG, "me", "100-004", True, is_free=True)),
        (LoginReport(Outcome.SIGNED_IN), None),
        (LoginReport(Outcome.ACCESS_DENIED), None),
        (LoginReport(Outcome.UNREACHABLE), None),
        (PROVES, None),
        (NOT_TRIED, None),
    ],
)
def test_a_booking_gives_way_to_what_came_of_the_login(report: LoginReport, recorded: BookedLogin | None) -> None:
    entry = ledger.settle(ledger.book(IDLE, ME, CURRENT), ME, CURRENT, report)
    assert entry.ledger == ((recorded,) if recorded else ())


@pytest.mark.parametrize("outcome", [IN_FLIGHT, EXPECTED])
def test_only_the_bookings_of_this_run_are_settled(outcome: str) -> None:
    others = (line(CURRENT, outcome, run="other"), line(STAGED, WRONG, run="me"), line(STAGED, RESENT, run="me"))
    entry = IDLE.changed(ledger=(*others, booked(CURRENT, outcome)))
    assert ledger.settle(entry, ME, CURRENT, NOT_TRIED).ledger == others


def test_who_asked_for_a_login_is_kept_with_it() -> None:
    entry = ledger.book(IDLE, ME, CURRENT, asked_by=PERSON)
    assert ledger.settle(entry, ME, CURRENT, REFUSES).ledger[-1].asked_by == PERSON
    assert ledger.settle(entry, ME, CURRENT, LoginReport(Outcome.UNREACHABLE)).ledger == (), "it cost nothing"


@pytest.mark.parametrize(
    ("outcome", "kept"), [(Outcome.WRONG_PASSWORD, 3), (Outcome.UNKNOWN, None), (Outcome.LOCKED, None)]
)
def test_attempts_are_believed_with_a_wrong_password_only(outcome: Outcome, kept: int | None) -> None:
    report = LoginReport(outcome, details=LoginDetails(remaining_attempts=3))
    assert ledger.settle(IDLE, ME, CURRENT, report).ledger[-1].remaining_attempts == kept


@pytest.mark.parametrize(
    ("told", "kept"), [(-(10**400), 0), (-1, 0), (0, 0), (180, 180), (86400, 86400), (86401, 86400), (10**400, 86400)]
)
def test_an_absurd_time_of_unlocking_is_not_believed(told: int, kept: int) -> None:
    report = LoginReport(Outcome.LOCKED, details=LoginDetails(unlock_in_seconds=told))
    settled = ledger.settle(IDLE, ME, CURRENT, report)
    assert settled.ledger[-1].unlocks_at == NOW + timedelta(seconds=kept)


def test_a_time_of_unlocking_is_believed_with_a_lock_only() -> None:
    report = replace(REFUSES, details=LoginDetails(unlock_in_seconds=60))
    assert ledger.settle(IDLE, ME, CURRENT, report).ledger[-1].unlocks_at is None


FOUND_OUT = (
    line(STAGED, WRONG),
    line(CURRENT, WRONG),
    line(STAGED, UNKNOWN),
    line(STAGED, WRONG, run="me"),
    line(STAGED, RESENT),
)


def test_what_was_found_out_about_a_password_is_held_against_no_other_one() -> None:
    entry = IDLE.changed(ledger=FOUND_OUT)
    all_runs, mine = ledger.supersede(entry, STAGED), ledger.supersede(entry, STAGED, of=ME)
    assert [one.outcome for one in all_runs.ledger] == [SUPERSEDED, WRONG, UNKNOWN, SUPERSEDED, SUPERSEDED]
    assert [one.outcome for one in mine.ledger] == [WRONG, WRONG, UNKNOWN, SUPERSEDED, RESENT]
    for told in (all_runs, mine):
        assert len(ledger.counted(told, ME)) == 5, "they count as before"


def test_a_candidate_that_is_sent_again_may_be_in_place() -> None:
    free = line(STAGED, WRONG, is_free=True)
    entry = IDLE.changed(ledger=(*FOUND_OUT, free, replace(free, slot=CURRENT)))
    resent = ledger.resend(entry, ME)
    assert [(one.slot, one.outcome, one.run) for one in resent.ledger] == [
        (STAGED, RESENT, "me"),
        (CURRENT, WRONG, "earlier"),
        (STAGED, UNKNOWN, "earlier"),
        (STAGED, RESENT, "me"),
        (STAGED, RESENT, "earlier"),
        (CURRENT, WRONG, "earlier"),
    ]
    assert [one.at for one in resent.ledger[:5]] == [one.at for one in FOUND_OUT]
    assert lines(ledger.resend(IDLE.changed(ledger=FOUND_OUT), ME, CURRENT))[1] == (CURRENT, RESENT)


def test_a_candidate_that_was_not_sent_after_all_is_refused_still() -> None:
    entry = IDLE.changed(ledger=FOUND_OUT)
    assert lines(ledger.unsend(ledger.resend(entry, ME), ME)) == lines(entry)
    assert ledger.unsend(entry, ME) == entry


def test_holding_and_releasing() -> None:
    held = ledger.hold(IDLE, ME)
    assert held == IDLE.changed(written_by="me", written_at=NOW)
    assert ledger.release(held) == IDLE


# -- times in the future -----------------------------------------------------------------------------------------------

AHEAD = NOW + timedelta(days=400)


def test_what_is_past_is_believed() -> None:
    entry = UNRESOLVED.changed(
        written_by="x",
        written_at=NOW,
        proved_at=NOW,
        rotated_at=NOW,
        ledger=(line(CURRENT, LOCKED, NOW, unlocks_at=NOW + timedelta(hours=3)), line(STAGED, WRONG, ago(days=900))),
    )
    assert ledger.believed(entry, ME) == entry


def test_what_a_clock_ahead_has_written_is_counted_from_now_on() -> None:
    entry = UNRESOLVED.changed(
        proved_at=AHEAD,
        rotated_at=AHEAD,
        written_by="x",
        written_at=AHEAD,
        ledger=(line(STAGED, WRONG, AHEAD), line(CURRENT, LOCKED, AHEAD, unlocks_at=AHEAD)),
    )
    believed = ledger.believed(entry, ME)
    assert (believed.rotated_at, believed.written_at) == (None, NOW), "an age is unknown"
    assert believed.proved_at == NOW, "that it was proved is known"
    assert [(one.at, one.unlocks_at) for one in believed.ledger] == [(NOW, None), (NOW, NOW + timedelta(days=1))]
    assert (believed.current, believed.staged, believed.written_by) == (entry.current, entry.staged, "x")


@pytest.mark.parametrize(("ahead", "believed"), [(0, NOW), (1, NOW), (300, NOW), (301, None)])
def test_the_clocks_of_two_controllers_differ_a_little(ahead: int, believed: datetime | None) -> None:
    entry = IDLE.changed(rotated_at=NOW + timedelta(seconds=ahead))
    assert ledger.believed(entry, ME).rotated_at == believed


def test_nothing_is_believed_to_have_happened_where_nothing_is_written() -> None:
    bare = Entry(1)
    assert ledger.believed(bare, ME) == bare


def test_a_clock_that_goes_back_makes_nobody_wait_for_years() -> None:
    entry = IDLE.changed(ledger=(line(CURRENT, UNKNOWN, AHEAD),))
    rules = Rules(max_failed_logins=1)
    assert waits(ledger.believed(entry, ME), rules) == ("cooling", NOW + timedelta(minutes=30))
    locked = IDLE.changed(ledger=(line(CURRENT, LOCKED, AHEAD),))
    assert waits(ledger.believed(locked, ME)) == ("cooling", NOW + timedelta(minutes=30))


# -- what the ledger tells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "is_diverged"),
    [
        (DIVERGED, True),
        (LOST, True),
        (UNRESOLVED, False),
        (Entry(), False),
        (Entry(ledger=(line(INITIAL, WRONG),)), False),
        (UNRESOLVED.changed(ledger=LOST.ledger), False),
        (UNRESOLVED.changed(ledger=DIVERGED.ledger[1:]), False),
        (DIVERGED.changed(ledger=(line(CURRENT, WRONG), line(STAGED, RESENT))), False),
        (LOST.changed(ledger=(line(CURRENT, UNKNOWN),)), False),
        (LOST.changed(ledger=(line(CURRENT, SUPERSEDED),)), False),
    ],
)
def test_what_is_diverged(entry: Entry, is_diverged: bool) -> None:
    assert ledger.is_diverged(entry) is is_diverged


@pytest.mark.parametrize(
    ("earlier", "first"),
    [
        ([], STAGED),
        ([(STAGED, UNKNOWN)], STAGED),
        ([(STAGED, IN_FLIGHT)], STAGED),
        ([(STAGED, UNKNOWN), (STAGED, IN_FLIGHT)], CURRENT),
        ([(STAGED, UNKNOWN), (STAGED, UNKNOWN), (CURRENT, UNKNOWN)], STAGED),
        ([(STAGED, UNKNOWN), (STAGED, UNKNOWN), (CURRENT, UNKNOWN), (STAGED, UNKNOWN), (STAGED, UNKNOWN)], CURRENT),
        ([(STAGED, UNKNOWN), (STAGED, UNKNOWN), (CURRENT, WRONG)], STAGED),
        ([(CURRENT, WRONG), (STAGED, UNKNOWN), (STAGED, UNKNOWN)], STAGED),
        ([(STAGED, UNKNOWN), (STAGED, EXPECTED)], STAGED),
        ([(STAGED, RESENT), (STAGED, RESENT)], STAGED),
        # What was tried first was the likelier one: after a refusal, the current password.
        ([(CURRENT, UNKNOWN)], CURRENT),
        ([(CURRENT, IN_FLIGHT)], CURRENT),
        ([(CURRENT, UNKNOWN), (CURRENT, UNKNOWN)], STAGED),
        ([(CURRENT, UNKNOWN), (CURRENT, UNKNOWN), (STAGED, UNKNOWN)], CURRENT),
        ([(CURRENT, RESENT), (STAGED, UNKNOWN)], STAGED),
        ([(STAGED, WRONG)], CURRENT),
        # A verdict decides, even where the other one had no answer.
        ([(STAGED, WRONG), (CURRENT, UNKNOWN)], CURRENT),
        ([(STAGED, WRONG), (CURRENT, UNKNOWN), (CURRENT, IN_FLIGHT)], CURRENT),
        ([(STAGED, WRONG), (CURRENT, UNKNOWN), (STAGED, UNKNOWN)], CURRENT),
        ([(STAGED, WRONG), (CURRENT, WRONG)], CURRENT),
    ],
)
def test_which_password_is_tried_first(earlier: list[tuple[str, str]], first: str) -> None:
    entry = UNRESOLVED.changed(ledger=tuple(line(*each) for each in earlier))
    assert ledger.password_to_try_first(entry) == first


@pytest.mark.parametrize(
    ("failed", "run", "number"),
    [
        ([line(CURRENT, LOCKED)], ME, 0),
        ([line(CURRENT, WRONG), line(STAGED, UNKNOWN), line(STAGED, RESENT), line(INITIAL, SUPERSEDED)], ME, 4),
        ([line(CURRENT, WRONG, is_free=True), line(STAGED, UNKNOWN, is_free=True)], ME, 0),
        ([line(CURRENT, IN_FLIGHT)], ME, 1),
        ([booked(CURRENT)], ME, 1),
        # A verification that its run has booked is no failure yet, and one that was killed is not counted.
        ([booked(STAGED, EXPECTED)], AT_WORK, 0),
        ([line(STAGED, EXPECTED)], ME, 0),
        ([line(STAGED, EXPECTED), line(CURRENT, WRONG)], ME, 1),
        ([line(STAGED, EXPECTED), line(STAGED, EXPECTED)], ME, 1),
        ([line(STAGED, EXPECTED), line(STAGED, UNKNOWN, is_answered=False)], ME, 1),
        ([line(STAGED, EXPECTED), line(CURRENT, IN_FLIGHT)], ME, 1),
        ([line(STAGED, EXPECTED)], AT_WORK, 1),
        ([line(STAGED, EXPECTED), line(CURRENT, WRONG)], AT_WORK, 2),
    ],
)
def test_what_is_counted(failed: list[BookedLogin], run: Run, number: int) -> None:
    """For a login with the current password, which had worked before a verification that was killed."""
    assert len(ledger.counted(IDLE.changed(ledger=tuple(failed)), run, CURRENT)) == number


def test_a_verification_that_was_killed_counts_for_the_staged_password() -> None:
    entry = IDLE.changed(ledger=(line(STAGED, EXPECTED), line(STAGED, WRONG)))
    assert len(ledger.counted(entry, ME, STAGED)) == 2


def test_what_is_counted_is_in_the_order_of_its_times() -> None:
    failed = (line(STAGED, EXPECTED, ago(hours=9)), line(CURRENT, WRONG, ago(hours=1)), line(STAGED, WRONG))
    counted = ledger.counted(IDLE.changed(ledger=failed), AT_WORK)
    assert [one.at for one in counted] == [ago(days=3), ago(hours=9), ago(hours=1)]


@pytest.mark.parametrize(("told", "left"), [([], None), ([3], None), ([2], 2), ([0], 0), ([9, 1, 2], 1)])
def test_how_few_attempts_are_left(told: list[int], left: int | None) -> None:
    entry = IDLE.changed(ledger=(line(CURRENT, WRONG), *(line(CURRENT, WRONG, remaining_attempts=n) for n in told)))
    assert ledger.too_few_attempts(entry) == left
    assert ledger.too_few_attempts(ledger.with_more_attempts(entry)) is None
    assert lines(ledger.with_more_attempts(entry)) == lines(entry)


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_where_nothing_has_failed_nothing_waits() -> None:
    for slot in (CURRENT, STAGED, INITIAL):
        assert waits(UNRESOLVED, slot=slot) is None
        assert ledger.beyond(UNRESOLVED, ASKING, ME, slot) is None


@pytest.mark.parametrize("rules", [RULES, ASKING, REPAIRING, Rules(max_failed_logins=1)])
def test_few_attempts_stop_everything(rules: Rules) -> None:
    entry = IDLE.changed(ledger=(line(CURRENT, WRONG, remaining_attempts=2),))
    assert waits(entry, rules) == ("few_attempts", None)


@pytest.mark.parametrize(
    ("at", "unlocks_at", "until"),
    [
        (ago(minutes=10), None, NOW + timedelta(minutes=20)),
        (ago(minutes=30), None, None),
        (ago(days=1), NOW + timedelta(seconds=1), NOW + timedelta(seconds=1)),
        (ago(minutes=1), NOW, None),
        (ago(minutes=1), NOW + timedelta(hours=3), NOW + timedelta(hours=3)),
    ],
)
def test_a_lock_is_waited_for(at: datetime, unlocks_at: datetime | None, until: datetime | None) -> None:
    entry = IDLE.changed(ledger=(line(CURRENT, LOCKED, at, unlocks_at=unlocks_at),))
    assert waits(entry) == (("cooling", until) if until else None)
    assert waits(entry, ASKING) is None, "a person may know better, and a locked account counts nothing"


def test_the_longest_of_several_locks_is_waited_for() -> None:
    ends = [NOW + timedelta(minutes=amount) for amount in (90, 3)]
    entry = IDLE.changed(ledger=tuple(line(STAGED, LOCKED, unlocks_at=end) for end in ends))
    assert waits(entry) == ("cooling", ends[0])


@pytest.mark.parametrize(
    ("minutes", "most", "until"), [(10, 2, None), (10, 1, 20), (29.5, 1, 0.5), (30, 1, None), (31, 1, None)]
)
def test_one_failed_login_waits_only_where_one_is_the_most(minutes: float, most: int, until: float | None) -> None:
    for outcome in (WRONG, UNKNOWN, RESENT, SUPERSEDED, IN_FLIGHT):
        entry = IDLE.changed(ledger=(line(CURRENT, outcome, ago(minutes=minutes)),))
        expected = ("cooling", NOW + timedelta(minutes=until)) if until else None
        assert waits(entry, Rules(max_failed_logins=most)) == expected


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(
    "ledger_", [TWO_UNREADABLE, DIVERGED.ledger, (line(CURRENT, UNKNOWN, is_answered=False), line(CURRENT, WRONG))]
)
def test_two_failed_logins_are_held_however_long_ago(ledger_: tuple[BookedLogin, ...], most: int) -> None:
    """A server may never forget them: a third one could lock the account."""
    for later in (NOW, NOW + timedelta(days=400)):
        entry = UNRESOLVED.changed(ledger=ledger_)
        assert waits(entry, Rules(max_failed_logins=most), run=replace(ME, time=later)) == ("held", None)


def test_what_is_held_tells_how_many_and_which_codes() -> None:
    wait = ledger.waiting(IDLE.changed(ledger=TWO_UNREADABLE), RULES, ME, CURRENT)
    assert wait is not None
    assert wait.why.startswith("2 logins failed or may have failed since the last one that succeeded; ")
    assert "the server's answer was HTTP 998, HTTP 999, which is in no table" in wait.why
    three = (*DIVERGED.ledger, line(CURRENT, WRONG, code="100-004"))
    wait = ledger.waiting(IDLE.changed(ledger=three), RULES, ME, CURRENT)
    assert wait is not None
    assert wait.why.startswith("3 logins failed")
    assert "in no table" not in wait.why


@pytest.mark.parametrize(
    ("minutes", "most", "until"),
    [((90, 10), 2, 20), ((10, 90), 2, 20), ((90, 31), 2, None), ((60, 30), 1, None), ((29, 1), 2, 29)],
)
def test_an_outage_is_over_with_the_lock_window(minutes: tuple[int, int], most: int, until: int | None) -> None:
    failed = tuple(line(CURRENT, UNKNOWN, ago(minutes=amount), is_answered=False) for amount in minutes)
    expected = ("cooling", NOW + timedelta(minutes=until)) if until else None
    assert waits(IDLE.changed(ledger=failed), Rules(max_failed_logins=most)) == expected
    assert ledger.beyond(IDLE.changed(ledger=failed), RULES, ME, CURRENT) is None


@pytest.mark.parametrize(
    ("entry", "slot"),
    [(IDLE.changed(proved_at=None), CURRENT), (UNRESOLVED.changed(proved_at=None), STAGED), (IDLE, INITIAL)],
)
def test_an_outage_is_told_from_a_wrong_password_by_a_proof_only(entry: Entry, slot: str) -> None:
    assert waits(entry.changed(ledger=TWO_UNANSWERED), slot=slot) == ("held", None)
    assert waits(entry.changed(ledger=TWO_UNANSWERED[:1]), slot=slot) is None


@pytest.mark.parametrize(
    ("earlier", "free"),
    [
        ((STAGED, CURRENT), {STAGED, CURRENT}),
        ((CURRENT, STAGED), {STAGED, CURRENT}),
        ((STAGED, STAGED), {CURRENT}),
        ((STAGED, CURRENT, STAGED), {CURRENT}),
        ((CURRENT, CURRENT), {STAGED}),
        ((STAGED, CURRENT, STAGED, CURRENT), set()),
    ],
)
def test_in_an_outage_neither_of_two_passwords_can_fail_thrice(earlier: tuple[str, ...], free: set[str]) -> None:
    """A login that has not arrived clears no server's count, so turns of the two would make nothing safe."""
    entry = UNRESOLVED.changed(ledger=tuple(line(slot, UNKNOWN, is_answered=False) for slot in earlier))
    assert {slot for slot in (STAGED, CURRENT) if waits(entry, slot=slot) is None} == free


@pytest.mark.parametrize(
    ("earlier", "free"), [((CURRENT, CURRENT), {STAGED}), ((STAGED,), {CURRENT}), ((STAGED, CURRENT), set())]
)
def test_what_was_expected_may_have_been_a_login_with_either_password(earlier: tuple[str, ...], free: set[str]) -> None:
    expected = line(STAGED, EXPECTED, run="earlier")
    others = [line(slot, UNKNOWN, is_answered=False) for slot in earlier]
    entry = UNRESOLVED.changed(ledger=(expected, *others))
    run = replace(ME, is_over=lambda name: name == "earlier")
    tried = {slot for slot in (STAGED, CURRENT) if waits(entry, slot=slot, run=run) is None}
    assert tried == free


@pytest.mark.parametrize("outcome", [IN_FLIGHT, EXPECTED])
def test_a_login_that_another_run_may_be_making_is_waited_for(outcome: str) -> None:
    lease = RULES.lease
    for age, run, wait in (
        (timedelta(seconds=1), AT_WORK, ("leased", NOW - timedelta(seconds=1) + lease)),
        (lease, AT_WORK, ("held", None)),
    ):
        failed = (line(STAGED, WRONG), line(STAGED, outcome, NOW - age))
        assert waits(UNRESOLVED.changed(ledger=failed), run=run) == wait
    over = (line(STAGED, WRONG), line(STAGED, outcome, NOW))
    assert waits(UNRESOLVED.changed(ledger=over)) == (("held", None) if outcome == IN_FLIGHT else None)
    mine = (line(STAGED, WRONG), line(STAGED, IN_FLIGHT, NOW, run="me"))
    assert waits(UNRESOLVED.changed(ledger=mine), run=AT_WORK) == ("held", None)
    presenting = (line(CURRENT, WRONG), line(CURRENT, IN_FLIGHT, NOW, run="earlier host"))
    is_earlier_over = replace(ME, is_over=lambda name: name == "earlier")
    assert waits(IDLE.changed(ledger=presenting), run=is_earlier_over) == ("held", None)


def test_logins_that_were_cut_off_are_an_outage_as_well() -> None:
    cut_off = (line(CURRENT, IN_FLIGHT), line(STAGED, EXPECTED), line(STAGED, EXPECTED))
    assert waits(IDLE.changed(ledger=cut_off)) is None
    assert waits(IDLE.changed(ledger=cut_off), slot=STAGED) == ("held", None)


# -- beyond the two ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slot", [CURRENT, STAGED, INITIAL])
def test_a_person_is_heard_once(slot: str) -> None:
    held = UNRESOLVED.changed(ledger=TWO_UNREADABLE)
    assert ledger.beyond(held, ASKING, ME, slot) == PERSON
    assert waits(held, ASKING, slot) is None
    heard = held.changed(ledger=(*TWO_UNREADABLE, line(slot, UNKNOWN, ago(minutes=1), asked_by=PERSON)))
    assert ledger.beyond(heard, ASKING, ME, slot) is None
    assert waits(heard, ASKING, slot) == ("held", None)


@pytest.mark.parametrize(("minutes", "who"), [(29, None), (30, PERSON)])
def test_a_person_who_gives_another_password_is_heard_after_each_lock_window(minutes: int, who: str | None) -> None:
    asked = line(INITIAL, WRONG, ago(minutes=minutes), asked_by=PERSON)
    entry = IDLE.changed(ledger=(*TWO_UNREADABLE, line(INITIAL, WRONG, asked_by=PERSON), asked))
    assert ledger.beyond(entry, ASKING, ME, INITIAL) == who


@pytest.mark.parametrize(("asked", "asking"), [(INITIAL, CURRENT), (CURRENT, INITIAL), (STAGED, INITIAL)])
def test_a_word_for_the_stored_passwords_is_none_for_a_given_one(asked: str, asking: str) -> None:
    entry = UNRESOLVED.changed(ledger=(*TWO_UNREADABLE, line(asked, WRONG, ago(minutes=1), asked_by=PERSON)))
    assert ledger.beyond(entry, ASKING, ME, asking) == PERSON
    other = STAGED if asked == CURRENT else CURRENT
    assert ledger.beyond(entry, ASKING, ME, other) == (PERSON if asked == INITIAL else None)


def test_nobody_is_asked_below_two() -> None:
    entry = LOST.changed(staged=UNRESOLVED.staged)
    assert ledger.beyond(entry, replace(ASKING, repair=True), ME, STAGED) is None


@pytest.mark.parametrize(
    ("failed", "rules", "who"),
    [
        (DIVERGED.ledger, REPAIRING, REPAIR),
        (TWO_UNREADABLE, REPAIRING, REPAIR),
        ((*DIVERGED.ledger, line(STAGED, UNKNOWN, asked_by=REPAIR)), REPAIRING, None),
        ((*DIVERGED.ledger, line(CURRENT, UNKNOWN, asked_by=PERSON)), REPAIRING, REPAIR),
        ((*DIVERGED.ledger, line(CURRENT, UNKNOWN, asked_by=REPAIR)), replace(ASKING, repair=True), PERSON),
    ],
)
def test_what_an_administrator_has_set_is_proved_once(
    failed: tuple[BookedLogin, ...], rules: Rules, who: str | None
) -> None:
    entry = UNRESOLVED.changed(ledger=failed)
    assert ledger.beyond(entry, rules, ME, STAGED, after_repair=True) == who
    assert (ledger.waiting(entry, rules, ME, STAGED, after_repair=True) is None) == (who is not None)


@pytest.mark.parametrize("slot", [CURRENT, STAGED, INITIAL])
def test_a_repair_asks_for_no_other_login(slot: str) -> None:
    assert ledger.beyond(DIVERGED, REPAIRING, ME, slot) is None
    assert waits(DIVERGED, REPAIRING, slot) == ("held", None)


@pytest.mark.parametrize(("asked_by", "is_meant"), [(REPAIR, True), (PERSON, False), (None, False)])
def test_which_login_is_for_a_repair(asked_by: str | None, is_meant: bool) -> None:
    assert ledger.is_for_repair(ledger.book(DIVERGED, ME, STAGED, asked_by=asked_by), ME) == is_meant
    assert not ledger.is_for_repair(ledger.book(DIVERGED, AT_WORK, STAGED, asked_by=asked_by), replace(ME, name="x"))

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each decision of the algorithm, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import GIVEN, RESENT, Rules, Run, Told
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Attempt, Entry, Sealed

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
OLD, NEW, OLDER = Sealed("old"), Sealed("new"), Sealed("older")
RULES = Rules()
RUN = Run("me", NOW)


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def attempt(secret: str, outcome: str, at: datetime | None = None, run: str = "earlier") -> Attempt:
    return Attempt(at or ago(minutes=5), secret, outcome, run)


def pending(secret: str) -> Attempt:
    """Return the booking that this run makes."""
    return Attempt(NOW, secret, "pending", "me")


IDLE = Entry(version=3, current=OLD, rotated_at=ago(days=40))
FRESH = Entry(version=3, current=OLD, rotated_at=ago(days=29))
ENROLLED = Entry(version=1, current=OLD)
UNRESOLVED = Entry(version=4, current=OLD, staged=NEW, staged_at=ago(hours=1), rotated_at=ago(days=40))
DIVERGED = UNRESOLVED.changed(ledger=(attempt("current", "bad", ago(days=9)), attempt("staged", "bad", ago(days=9))))
LOST = IDLE.changed(ledger=(attempt("current", "bad", ago(days=9)),))


EXPECTED = attempt("current", "expected", ago(minutes=5))
PENDING = attempt("staged", "pending", ago(minutes=4))


# -- plan --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "when", "outcome", "login"),
    [
        (IDLE, "due", "due", "current"),
        (IDLE, "always", "due", "current"),
        (IDLE, "resume", "not_due", None),
        (FRESH, "due", "not_due", None),
        (FRESH, "always", "due", "current"),
        (ENROLLED, "due", "due", "current"),
        (UNRESOLVED, "due", "resume", "staged"),
        (UNRESOLVED, "resume", "resume", "staged"),
        (UNRESOLVED.changed(rotated_at=NOW), "due", "resume", "staged"),
        (UNRESOLVED.changed(ledger=(attempt("staged", "bad"),)), "due", "resume", "current"),
        (UNRESOLVED.changed(ledger=(attempt("staged", "bad", ago(days=1)),)), "due", "resume", "current"),
        (UNRESOLVED.changed(ledger=(attempt("staged", "unknown"),)), "due", "resume", "staged"),
        (UNRESOLVED.changed(ledger=(attempt("staged", RESENT),)), "due", "resume", "staged"),
    ],
)
def test_what_is_planned(entry: Entry, when: str, outcome: str, login: str | None) -> None:
    decision = rotation.plan(entry, Rules(when=when), RUN)
    assert decision.outcome == outcome
    if login is None:
        assert (decision.step, decision.entry) == ("done", None)
    else:
        assert (decision.step, decision.login) == ("log_in", login)
        assert decision.entry == entry.changed(ledger=(*entry.ledger, pending(login)), written_by="me", written_at=NOW)


def test_when_it_will_be_due_is_told() -> None:
    assert rotation.plan(FRESH, RULES, RUN).message == "the password is not due before 2026-11-22 12:00 UTC"
    due = FRESH.changed(rotated_at=NOW - RULES.max_age)
    assert rotation.plan(due, RULES, RUN).outcome == "due"


@pytest.mark.parametrize(
    ("ledger", "most", "until"),
    [
        ([attempt("current", "locked", ago(minutes=10))], 2, "2026-11-21 12:20 UTC"),
        ([attempt("current", "locked", ago(minutes=50)), attempt("staged", "locked", ago(minutes=1))], 2, "12:29"),
        ([attempt("staged", "unknown", ago(minutes=20)), attempt("staged", "pending", ago(minutes=5))], 2, "12:10"),
        ([attempt("staged", RESENT, ago(minutes=20)), attempt("staged", "unknown", ago(minutes=5))], 2, "12:10"),
        ([attempt("staged", "unknown", ago(minutes=5))], 1, "12:25"),
        ([attempt("current", "bad", ago(minutes=9)), attempt("current", "bad", ago(minutes=5))], 1, "12:25"),
    ],
)
def test_after_wrong_logins_or_a_lock_it_waits(ledger: list[Attempt], most: int, until: str) -> None:
    entry = UNRESOLVED.changed(ledger=tuple(ledger))
    decision = rotation.plan(entry, Rules(max_failing_logins=most), RUN)
    assert (decision.outcome, decision.step, decision.entry) == ("cooling", "done", None)
    assert until in decision.message


@pytest.mark.parametrize(
    "ledger",
    [
        [attempt("staged", "unknown")],
        [attempt("current", "locked", ago(minutes=30))],
        [attempt("staged", "unknown", ago(minutes=30)), attempt("staged", "pending", ago(minutes=31))],
    ],
)
def test_what_is_past_does_not_hold_it_back(ledger: list[Attempt]) -> None:
    assert rotation.plan(UNRESOLVED.changed(ledger=tuple(ledger)), RULES, RUN).step == "log_in"


@pytest.mark.parametrize(
    ("ledger", "most", "outcome"),
    [
        ((EXPECTED,), 1, "resume"),
        ((EXPECTED,), 2, "resume"),
        ((PENDING,), 2, "resume"),
        ((EXPECTED, PENDING), 2, "cooling"),
        ((replace(EXPECTED, at=ago(minutes=31)), PENDING), 2, "resume"),
    ],
)
def test_an_expected_login_of_a_killed_run_counts_once_there_is_another_one(
    ledger: tuple[Attempt, ...], most: int, outcome: str
) -> None:
    assert rotation.plan(UNRESOLVED.changed(ledger=ledger), Rules(max_failing_logins=most), RUN).outcome == outcome


@pytest.mark.parametrize(("is_over", "outcome"), [(True, "staged"), (False, "cooling")])
def test_an_expected_login_of_a_run_that_may_be_at_work_counts_with_a_refused_candidate(
    is_over: bool, outcome: str
) -> None:
    entry = UNRESOLVED.changed(ledger=(EXPECTED, pending("staged")))
    run = replace(RUN, is_over=lambda name: is_over)
    assert rotation.after_login(entry, RULES, run, "staged", "bad").outcome == outcome


@pytest.mark.parametrize(
    ("written_by", "age", "is_over", "leased"),
    [
        ("another", 60, False, True),
        ("another", 120, False, False),
        ("another", 60, True, False),
        ("me", 60, False, False),
        (None, 60, False, False),
    ],
)
def test_a_run_at_work_is_left_alone(written_by: str | None, age: int, is_over: bool, leased: bool) -> None:
    entry = UNRESOLVED.changed(written_by=written_by, written_at=ago(seconds=age))
    decision = rotation.plan(entry, RULES, Run("me", NOW, lambda _name: is_over))
    assert decision.outcome == ("leased" if leased else "resume")
    if leased:
        assert (decision.step, decision.entry) == ("done", None)
        assert "until 2026-11-21 12:01 UTC" in decision.message
    assert rotation.plan(entry, Rules(lease=timedelta(0)), RUN).outcome == "resume"


@pytest.mark.parametrize(
    ("entry", "which"), [(DIVERGED, "neither the current nor the staged password works"), (LOST, "the stored password")]
)
def test_a_diverged_credential_is_not_touched(entry: Entry, which: str) -> None:
    decision = rotation.plan(entry, Rules(when="always"), RUN)
    assert (decision.outcome, decision.step, decision.entry) == ("diverged", "fail", None)
    assert which in decision.message
    assert "rotate_enroll_replace" in decision.message


@pytest.mark.parametrize("entry", [DIVERGED, LOST])
def test_a_diverged_credential_is_tried_again_when_asked(entry: Entry) -> None:
    plan = rotation.plan(entry, Rules(retry_diverged=True), RUN)
    assert (plan.step, plan.login) == ("log_in", "staged" if entry.staged else "current")
    assert plan.entry is not None
    refused = rotation.after_login(plan.entry, RULES, RUN, plan.login, "bad")
    spent = entry.changed(ledger=tuple(replace(one, at=ago(minutes=1)) for one in DIVERGED.ledger))
    assert refused.entry is not None
    assert refused.entry.ledger[0].outcome == "resent"
    # Wrong logins of this lock window still count.
    assert rotation.plan(spent, Rules(retry_diverged=True), RUN).outcome == "cooling"


@pytest.mark.parametrize(
    ("entry", "diverged"),
    [
        (DIVERGED, True),
        (LOST, True),
        (UNRESOLVED, False),
        (Entry(), False),
        (UNRESOLVED.changed(ledger=LOST.ledger), False),
    ],
)
def test_what_is_diverged(entry: Entry, diverged: bool) -> None:
    assert rotation.is_diverged(entry) is diverged


# -- plans for other jobs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "outcome", "step"),
    [
        (FRESH, "verify", "log_in"),
        (LOST, "diverged", "fail"),
        (UNRESOLVED, "unresolved", "fail"),
        (FRESH.changed(ledger=(attempt("current", "locked"),)), "cooling", "done"),
        (FRESH.changed(ledger=(attempt("current", "unknown"),) * 2), "cooling", "done"),
    ],
)
def test_planning_a_verification(entry: Entry, outcome: str, step: str) -> None:
    decision = rotation.plan_verification(entry, RULES, RUN)
    assert (decision.outcome, decision.step, decision.login) == (outcome, step, "current")
    assert (decision.entry is not None) == (step == "log_in")


@pytest.mark.parametrize(
    ("entry", "replace", "verify", "outcome", "step"),
    [
        (Entry(), False, True, "enrol", "log_in"),
        (Entry(), False, False, "enrol", "commit"),
        (Entry(), True, False, "enrol", "commit"),
        (FRESH, False, True, "enrolled", "done"),
        (FRESH, False, False, "enrolled", "done"),
        (FRESH, True, True, "enrol", "log_in"),
        (FRESH, True, False, "refused", "fail"),
        (UNRESOLVED, True, True, "unresolved", "fail"),
        (DIVERGED, True, True, "enrol", "log_in"),
        (LOST, True, True, "enrol", "log_in"),
        (Entry(ledger=(attempt(GIVEN, "bad"),) * 2), False, True, "cooling", "fail"),
        (Entry(ledger=(attempt(GIVEN, "locked"),)), False, True, "cooling", "fail"),
    ],
)
def test_planning_an_enrolment(entry: Entry, replace: bool, verify: bool, outcome: str, step: str) -> None:
    decision = rotation.plan_enrolment(entry, RULES, RUN, NEW, same=False, replace_current=replace, verify=verify)
    assert (decision.outcome, decision.step) == (outcome, step)
    if step == "log_in":
        assert decision.login == GIVEN
        assert decision.entry is not None
        assert decision.entry.given == NEW
        assert decision.entry.ledger[-1] == pending(GIVEN)
    else:
        assert decision.entry is None


def test_a_given_password_that_was_refused_is_not_tried_again() -> None:
    """Not even after the lock window: a wrong list that is enrolled every night must not lock anybody."""
    refused = Entry(given=NEW, ledger=(attempt(GIVEN, "bad", ago(days=3)),))
    plan = partial(rotation.plan_enrolment, rules=RULES, run=RUN, replace_current=False, verify=True)
    again = plan(refused, given=NEW, same=True)
    assert (again.outcome, again.step, again.entry) == ("bad", "fail", None)
    other = plan(refused, given=Sealed("another"), same=False)
    assert other.step == "log_in"
    assert other.entry is not None
    assert [one.outcome for one in other.entry.ledger] == ["superseded", "pending"]
    cut_off = Entry(given=NEW, ledger=(attempt(GIVEN, "pending"),))
    assert plan(cut_off, given=NEW, same=True).step == "log_in"


# -- after the login ---------------------------------------------------------------------------------------------------

BOOKED = UNRESOLVED.changed(ledger=(pending("staged"),), written_by="me", written_at=NOW)
BOOKED_IDLE = IDLE.changed(ledger=(pending("current"),), written_by="me", written_at=NOW)


@pytest.mark.parametrize(
    ("earlier", "login"),
    [
        ([("staged", "unknown")], "staged"),
        ([("staged", "unknown"), ("staged", "pending")], "current"),
        ([("staged", "unknown"), ("staged", "unknown"), ("current", "unknown")], "staged"),
        ([("staged", "bad"), ("current", "unknown")], "staged"),
        ([("staged", "bad"), ("current", "pending"), ("staged", "bad")], "current"),
        ([("staged", "unknown"), ("staged", "unknown"), ("current", "expected")], "staged"),
    ],
)
def test_no_password_is_tried_on_and_on_without_an_answer(earlier: list[tuple[str, str]], login: str) -> None:
    """One of the two is in force, so a right login comes between two wrong ones, at servers that never forget one too."""
    entry = UNRESOLVED.changed(ledger=tuple(attempt(*each, ago(hours=3)) for each in earlier))
    assert rotation.plan(entry, RULES, RUN).login == login


@pytest.mark.parametrize("outcome", ["ok", "ok_restricted"])
def test_a_staged_password_that_works_is_committed(outcome: str) -> None:
    decision = rotation.after_login(BOOKED, RULES, RUN, "staged", outcome)
    assert (decision.step, decision.entry) == ("commit", BOOKED.changed(ledger=()))


@pytest.mark.parametrize("entry", [BOOKED, BOOKED_IDLE])
@pytest.mark.parametrize("outcome", ["ok", "ok_restricted"])
def test_a_current_password_that_works_leads_to_the_change(entry: Entry, outcome: str) -> None:
    decision = rotation.after_login(entry, RULES, RUN, "current", outcome)
    assert (decision.outcome, decision.step) == ("staged", "change")
    # The password has just worked, so this booking alone does not make a run that is killed now wait.
    assert decision.entry == entry.changed(ledger=(Attempt(NOW, "current", "expected", "me"),))
    assert ("again" in decision.message) == bool(entry.staged)


def test_a_refused_candidate_is_sent_again_with_the_current_password() -> None:
    decision = rotation.after_login(BOOKED, RULES, RUN, "staged", "bad")
    assert decision.step == "change"
    assert decision.entry is not None
    assert decision.entry.staged == NEW
    # It counts as a wrong login, but no longer tells that the candidate is not in place: the change may get through.
    assert decision.entry.ledger == (attempt("staged", RESENT, NOW, "me"), pending("current"))


def test_a_refused_candidate_waits_where_one_wrong_login_is_the_most() -> None:
    decision = rotation.after_login(BOOKED, Rules(max_failing_logins=1), RUN, "staged", "bad")
    assert (decision.outcome, decision.step) == ("cooling", "done")
    assert decision.entry == UNRESOLVED.changed(ledger=(attempt("staged", "bad", NOW, "me"),))


def test_when_both_are_refused_it_has_diverged() -> None:
    entry = BOOKED.changed(ledger=(attempt("current", "bad", ago(days=1)), pending("staged")))
    decision = rotation.after_login(entry, RULES, RUN, "staged", "bad")
    assert (decision.outcome, decision.step) == ("diverged", "fail")
    assert decision.entry is not None
    assert decision.entry.staged == NEW


@pytest.mark.parametrize("entry", [BOOKED, BOOKED_IDLE])
def test_a_live_agent_is_left_alone(entry: Entry) -> None:
    decision = rotation.after_login(entry, RULES, RUN, "current", "live")
    assert (decision.outcome, decision.step) == ("live", "done")
    assert decision.entry == entry.changed(ledger=(), written_by=None, written_at=None)


@pytest.mark.parametrize(
    ("outcome", "booked"),
    [
        ("bad", "bad"),
        ("unknown", "unknown"),
        ("locked", "locked"),
        ("denied", None),
        ("unreachable", None),
        ("None", None),
    ],
)
def test_any_other_login_ends_the_run_and_is_recorded(outcome: str, booked: str | None) -> None:
    decision = rotation.after_login(BOOKED_IDLE, RULES, RUN, "current", outcome)
    assert decision.step == "fail"
    assert decision.entry == IDLE.changed(ledger=(attempt("current", booked, NOW, "me"),) if booked else ())


# -- after a failure ---------------------------------------------------------------------------------------------------


def test_only_a_definite_refusal_drops_the_candidate() -> None:
    decision = rotation.after_failure(
        BOOKED, RULES, RUN, {"current": "ok"}, candidate_refused=True, reason="change: no"
    )
    assert (decision.outcome, decision.step) == ("refused", "fail")
    assert decision.entry == UNRESOLVED.changed(staged=None, staged_at=None)
    assert decision.message == "change: no; the candidate was dropped and the current password still works"


@pytest.mark.parametrize(
    ("logins", "outcome", "step", "recorded"),
    [
        ({"current": "ok"}, "failed", "fail", []),
        ({"current": None}, "failed", "fail", []),
        ({}, "failed", "fail", None),
        ({"staged": "unreachable"}, "unreachable", "fail", []),
        ({"staged": "denied"}, "denied", "fail", []),
        ({"staged": "unknown"}, "unknown", "fail", ["unknown"]),
        ({"staged": "bad"}, "bad", "fail", ["bad"]),
        ({"current": "locked"}, "locked", "fail", ["locked"]),
        ({"current": "live"}, "live", "done", []),
    ],
)
def test_whatever_else_fails_keeps_the_candidate(
    logins: dict[str, str | None], outcome: str, step: str, recorded: list[str] | None
) -> None:
    decision = rotation.after_failure(BOOKED, RULES, RUN, logins, reason="why")
    assert (decision.outcome, decision.step) == (outcome, step)
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.written_by) == (NEW, None)
    # Without a login in the result, the booking stays: it may have been made.
    assert [one.outcome for one in decision.entry.ledger] == (["pending"] if recorded is None else recorded)
    assert decision.message.endswith("the candidate is kept and the next run resolves it")


def test_a_lock_is_told_until_when() -> None:
    decision = rotation.after_failure(IDLE, RULES, RUN, {"current": "locked"})
    assert decision.message == "the account is locked; nothing is tried before 2026-11-21 12:30 UTC"


def test_bookings_of_other_runs_stay() -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("staged", "pending"), pending("staged")))
    decision = rotation.after_failure(entry, RULES, RUN, {"staged": "unreachable"})
    assert decision.entry is not None
    assert decision.entry.ledger == (attempt("staged", "pending"),)


def test_a_resent_candidate_that_was_not_sent_after_all_is_refused_still() -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("staged", RESENT, NOW, "me"), pending("current")))
    decision = rotation.after_failure(entry, RULES, RUN, {"current": "bad"})
    assert decision.outcome == "diverged"
    assert decision.entry is not None
    assert [(one.secret, one.outcome) for one in decision.entry.ledger] == [("staged", "bad"), ("current", "bad")]


def test_a_current_password_that_an_earlier_run_may_have_changed_proves_nothing_about_the_candidate() -> None:
    """Run 2 sent the candidate again and got no answer, and the write of run 3 that told it works has failed."""
    ledger = (attempt("staged", RESENT, ago(hours=2), "two"), attempt("staged", "unknown", ago(hours=2), "two"))
    decision = rotation.after_login(
        UNRESOLVED.changed(ledger=(*ledger, pending("current"))), RULES, RUN, "current", "bad"
    )
    assert decision.outcome == "bad"
    assert decision.entry is not None
    assert not rotation.is_diverged(decision.entry)
    later = Run("later", NOW + timedelta(hours=1))
    assert rotation.plan(decision.entry, RULES, later).login == "staged"


@pytest.mark.parametrize("login", ["ok", "unknown"])
def test_a_resent_candidate_that_may_be_in_place_is_tried_first(login: str) -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("staged", RESENT, NOW, "me"), pending("current")))
    decision = rotation.after_failure(entry, RULES, RUN, {"current": login})
    assert decision.outcome != "diverged"
    assert decision.entry is not None
    later = Run("later", NOW + timedelta(hours=1))
    assert rotation.plan(decision.entry, RULES, later).login == "staged"


# -- commit, enrol, verified -------------------------------------------------------------------------------------------


def test_committing() -> None:
    entry = BOOKED.changed(previous=OLDER)
    decision = rotation.commit(entry, RUN, entry.staged_at)
    assert (decision.outcome, decision.step) == ("rotated", "done")
    assert decision.entry == Entry(version=4, current=NEW, previous=OLD, rotated_at=NOW)


@pytest.mark.parametrize("entry", [IDLE, UNRESOLVED])
def test_what_another_run_has_committed_is_not_committed_again(entry: Entry) -> None:
    committed = entry.changed(rotated_at=ago(minutes=1))
    decision = rotation.commit(committed, RUN, ago(minutes=2))
    assert (decision.outcome, decision.step, decision.entry) == ("rotated", "done", None)


@pytest.mark.parametrize(
    ("entry", "staged_at"),
    [(IDLE, ago(hours=1)), (IDLE.changed(rotated_at=None), ago(hours=1)), (IDLE, None)],
)
def test_a_candidate_that_another_run_has_dropped_is_not_said_to_be_in_force(entry: Entry, staged_at: Any) -> None:
    decision = rotation.commit(entry, RUN, staged_at)
    assert (decision.outcome, decision.step, decision.entry) == ("failed", "fail", None)
    assert "run the verify playbook" in decision.message


def test_enrolling() -> None:
    decision = rotation.enrol(DIVERGED, Sealed("given"))
    assert (decision.outcome, decision.step) == ("enrolled", "done")
    assert decision.entry == Entry(version=4, current=Sealed("given"), previous=OLD)


def test_a_verified_password_clears_the_ledger() -> None:
    decision = rotation.verified(LOST.changed(written_by="me", written_at=NOW))
    assert (decision.outcome, decision.entry) == ("verified", IDLE)


@pytest.mark.parametrize(
    ("outcome", "recorded"), [("bad", ["superseded"]), ("unknown", ["unknown"]), ("ok", []), (None, [])]
)
def test_a_run_that_was_overtaken_tells_nothing_about_the_new_passwords(
    outcome: str | None, recorded: list[str]
) -> None:
    """Another run has committed: what this run's login with the password of before told, is no verdict on today's."""
    committed = IDLE.changed(version=9, ledger=(pending("current"),))
    decision = rotation.overtaken(committed, RUN, {"current": outcome})
    assert (decision.outcome, decision.step) == ("leased", "done")
    assert decision.entry is not None
    assert [one.outcome for one in decision.entry.ledger] == recorded
    assert not rotation.is_diverged(decision.entry)
    assert decision.entry.current == committed.current
    at_work = committed.changed(written_by="another")
    assert rotation.overtaken(at_work, RUN, {"current": outcome}).entry is None, "the other run must not step aside too"


# -- a kind that is changed with another kind's password ---------------------------------------------------------------

PHONE = Rules(when="always", needs_current=False)
BOTH_REFUSED = UNRESOLVED.changed(ledger=(attempt("current", "bad"), attempt("staged", "bad")))


def test_a_lost_password_that_the_change_does_not_need_is_no_divergence() -> None:
    for entry in (LOST, DIVERGED):
        assert rotation.plan(entry, PHONE, RUN).step == "change"
    assert rotation.plan_verification(LOST, PHONE, RUN).outcome == "verify"


def test_a_lost_password_that_the_change_does_not_need_is_replaced() -> None:
    decision = rotation.after_login(BOOKED_IDLE, PHONE, RUN, "current", "bad")
    assert (decision.outcome, decision.step) == ("staged", "change")
    assert "is lost and not needed" in decision.message
    # The change presents no password of this kind, so there is nothing to book.
    assert decision.entry == BOOKED_IDLE.changed(ledger=(attempt("current", "bad", NOW, "me"),))


@pytest.mark.parametrize("outcome", ["ok", "ok_restricted"])
def test_a_change_with_another_password_books_no_login(outcome: str) -> None:
    decision = rotation.after_login(BOOKED_IDLE, PHONE, RUN, "current", outcome)
    assert (decision.step, decision.entry) == ("change", BOOKED_IDLE.changed(ledger=()))


@pytest.mark.parametrize("login", ["staged", "current"])
def test_a_candidate_is_sent_again_whatever_was_refused(login: str) -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("staged", "bad", ago(days=1)), pending(login)))
    if login == "staged":
        entry = entry.changed(ledger=(attempt("current", "bad", ago(days=1)), pending(login)))
    decision = rotation.after_login(entry, PHONE, RUN, login, "bad")
    assert decision.step == "change"
    assert "sent again" in decision.message
    assert decision.entry is not None
    assert decision.entry.staged == NEW
    assert [one.outcome for one in decision.entry.ledger if one.secret == "staged"] == [RESENT]
    assert not [one for one in decision.entry.ledger if one.outcome == "pending"]


def test_what_was_refused_twice_in_a_window_waits_even_where_it_is_not_needed() -> None:
    entry = BOOKED.changed(ledger=(attempt("current", "bad"), pending("staged")))
    decision = rotation.after_login(entry, PHONE, RUN, "staged", "bad")
    assert (decision.outcome, decision.step) == ("cooling", "done")
    assert decision.entry is not None
    assert (decision.entry.staged, decision.entry.written_by) == (NEW, None)
    assert rotation.plan(BOTH_REFUSED, PHONE, RUN).outcome == "cooling"
    later = rotation.plan(BOTH_REFUSED, PHONE, Run("me", NOW + timedelta(hours=1)))
    assert later.step == "change"
    # A run that is killed after it has sent the candidate leaves one that may be in place.
    assert later.entry is not None
    assert rotation.plan(later.entry, PHONE, Run("next", NOW + timedelta(hours=2))).login == "staged"


def test_a_verification_that_fails_is_no_divergence_where_the_password_is_not_needed() -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("current", "bad"),), written_by="me", written_at=NOW)
    decision = rotation.after_failure(entry, PHONE, RUN, {"staged": "bad"}, reason="verify: wrong")
    assert (decision.outcome, decision.step) == ("bad", "fail")
    assert decision.message == "verify: wrong; the candidate is kept and the next run resolves it"


def test_a_refusal_claims_nothing_of_a_password_that_was_refused_too() -> None:
    entry = UNRESOLVED.changed(ledger=(attempt("current", "bad"),))
    decision = rotation.after_failure(entry, PHONE, RUN, {}, candidate_refused=True, reason="change: no")
    assert (decision.outcome, decision.message) == ("refused", "change: no; the candidate was dropped")
    assert decision.entry is not None
    assert decision.entry.staged is None


def test_a_refusal_claims_nothing_of_a_password_that_was_not_tried() -> None:
    resent = UNRESOLVED.changed(ledger=(attempt("staged", RESENT, NOW, "me"),))
    decision = rotation.after_failure(resent, PHONE, RUN, {}, candidate_refused=True, reason="change: no")
    assert "still works" not in decision.message


def test_a_lost_password_that_is_not_needed_is_never_repaired() -> None:
    rules = replace(PHONE, repair=True)
    for entry in (LOST, DIVERGED):
        assert rotation.plan(entry, rules, RUN).step == "change"


# -- the other kind ----------------------------------------------------------------------------------------------------


def test_a_key_at_peace_is_no_obstacle() -> None:
    assert rotation.key_obstacle(FRESH, RULES, RUN) is None
    assert rotation.key_obstacle(ENROLLED, RULES, RUN) is None
    assert rotation.key_obstacle(FRESH.changed(ledger=(attempt("current", "unknown"),)), RULES, RUN) is None


@pytest.mark.parametrize(
    ("key", "step", "why"),
    [
        (None, "fail", "is not enrolled"),
        (Entry(), "fail", "is not enrolled"),
        (UNRESOLVED, "fail", "is unresolved"),
        (DIVERGED, "fail", "is unresolved"),
        (LOST, "fail", "the stored password does not work"),
        (FRESH.changed(ledger=(attempt("current", "locked"),)), "done", "was locked"),
        (FRESH.changed(ledger=(attempt("current", "unknown"),) * 2), "done", "nothing is tried before"),
        (FRESH.changed(ledger=(replace(attempt("current", RESENT), remaining=2),)), "fail", "leaves 2 attempts"),
    ],
)
def test_a_key_that_must_not_be_used(key: Entry | None, step: str, why: str) -> None:
    obstacle = rotation.key_obstacle(key, RULES, RUN)
    assert obstacle is not None
    assert (obstacle.outcome, obstacle.step, obstacle.entry) == ("blocked", step, None)
    assert why in obstacle.message


@pytest.mark.parametrize(
    ("outcome", "recorded"),
    [
        ("bad", ["bad"]),
        ("unknown", ["unknown"]),
        ("locked", ["locked"]),
        ("ok", []),
        ("denied", []),
        ("unreachable", []),
        (None, []),
    ],
)
def test_a_use_as_key_is_recorded_with_the_key(outcome: str | None, recorded: list[str]) -> None:
    used = rotation.after_use_as_key(rotation.booked_as_key(FRESH, RUN), RUN, outcome)
    assert [(one.secret, one.outcome, one.run) for one in used.ledger] == [("current", word, "me") for word in recorded]
    assert used.changed(ledger=()) == FRESH


def test_what_a_server_says_of_a_key_is_recorded_with_it() -> None:
    booked = rotation.booked_as_key(FRESH, RUN)
    few = rotation.after_use_as_key(booked, RUN, "bad", Told(remaining_attempts=1))
    assert few.ledger[0].remaining == 1
    locked = rotation.after_use_as_key(booked, RUN, "locked", Told(unlock_in_seconds=90))
    assert locked.ledger[0].until == NOW + timedelta(seconds=90)


def test_a_booked_key_counts_until_its_use_is_recorded() -> None:
    one, two = Run("me for one", NOW), Run("me for two", NOW)
    booked = rotation.booked_as_key(rotation.booked_as_key(FRESH, one), two)
    obstacle = rotation.key_obstacle(booked, RULES, RUN)
    assert obstacle is not None
    assert (obstacle.outcome, obstacle.step) == ("blocked", "done")
    freed = rotation.after_use_as_key(booked, one, "ok")
    assert [attempt.run for attempt in freed.ledger] == ["me for two"]
    assert rotation.key_obstacle(freed, RULES, RUN) is None


# -- one change in so many hours ---------------------------------------------------------------------------------------

DAILY = Rules(when="always", min_age=timedelta(hours=24))


@pytest.mark.parametrize("when", ["due", "always"])
def test_a_second_change_is_not_sent_too_early(when: str) -> None:
    entry = IDLE.changed(rotated_at=ago(hours=23))
    decision = rotation.plan(entry, replace(DAILY, when=when, max_age=timedelta(0)), RUN)
    assert (decision.outcome, decision.step, decision.entry) == ("too_early", "done", None)
    assert decision.message == (
        "the server accepts one change in 24 hours; the next is possible from 2026-11-21 13:00 UTC on"
    )


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (IDLE.changed(rotated_at=ago(hours=24)), "due"),
        (IDLE.changed(rotated_at=None), "due"),
        (UNRESOLVED.changed(rotated_at=ago(hours=1)), "resume"),
    ],
)
def test_what_is_not_too_early(entry: Entry, outcome: str) -> None:
    assert rotation.plan(entry, DAILY, RUN).outcome == outcome


def test_what_is_not_due_is_not_called_too_early() -> None:
    assert rotation.plan(IDLE.changed(rotated_at=ago(hours=1)), replace(DAILY, when="due"), RUN).outcome == "not_due"
    assert rotation.plan(IDLE.changed(rotated_at=ago(hours=1)), replace(DAILY, when="resume"), RUN).outcome == "not_due"


# -- what a server tells with its verdict ------------------------------------------------------------------------------

FEW = replace(attempt("current", "bad", ago(days=3)), remaining=2)


@pytest.mark.parametrize("remaining", [0, 1, 2])
def test_a_wrong_login_with_few_attempts_left_ends_everything(remaining: int) -> None:
    told = Told(remaining_attempts=remaining)
    for entry, login in ((BOOKED, "staged"), (BOOKED_IDLE, "current")):
        decision = rotation.after_login(entry, RULES, RUN, login, "bad", told)
        assert (decision.outcome, decision.step) == ("few_attempts", "fail")
        assert f"leaves {remaining} attempts" in decision.message
        assert decision.entry is not None
        assert (decision.entry.staged, decision.entry.written_by) == (entry.staged, None)
        assert decision.entry.ledger == (Attempt(NOW, login, "bad", "me", remaining),)
        later = Run("later", NOW + timedelta(days=30))
        assert rotation.plan(decision.entry, RULES, later).outcome == "few_attempts"


def test_a_wrong_login_with_enough_attempts_left_is_like_any_other() -> None:
    decision = rotation.after_login(BOOKED, RULES, RUN, "staged", "bad", Told(remaining_attempts=3))
    assert decision.step == "change"
    assert decision.entry is not None
    assert decision.entry.ledger[0] == Attempt(NOW, "staged", RESENT, "me", 3)


def test_few_attempts_are_told_of_where_the_password_is_not_needed_too() -> None:
    decision = rotation.after_login(BOOKED_IDLE, PHONE, RUN, "current", "bad", Told(remaining_attempts=1))
    assert (decision.outcome, decision.step) == ("few_attempts", "fail")


@pytest.mark.parametrize("logins", [{"staged": "bad"}, {"current": "bad"}])
def test_few_attempts_after_a_failure(logins: dict[str, str]) -> None:
    decision = rotation.after_failure(BOOKED, RULES, RUN, logins, told=Told(remaining_attempts=1))
    assert (decision.outcome, decision.step) == ("few_attempts", "fail")
    assert decision.entry is not None
    assert decision.entry.ledger[-1].remaining == 1
    assert "rotate_retry_diverged" in decision.message


@pytest.mark.parametrize("outcome", ["unknown", "locked"])
def test_attempts_are_believed_with_a_wrong_password_only(outcome: str) -> None:
    decision = rotation.after_failure(BOOKED, RULES, RUN, {"staged": outcome}, told=Told(remaining_attempts=1))
    assert decision.outcome == outcome
    assert decision.entry is not None
    assert decision.entry.ledger[-1].remaining is None


@pytest.mark.parametrize("entry", [IDLE, UNRESOLVED])
def test_few_attempts_stop_every_plan(entry: Entry) -> None:
    held = entry.changed(ledger=(FEW,))
    for rules in (RULES, PHONE, Rules(when="always", repair=True)):
        decision = rotation.plan(held, rules, RUN)
        assert (decision.outcome, decision.step, decision.entry) == ("few_attempts", "fail", None)
    assert rotation.plan_verification(IDLE.changed(ledger=(FEW,)), RULES, RUN).outcome == "few_attempts"
    enrolment = rotation.plan_enrolment(
        IDLE.changed(ledger=(FEW,)), RULES, RUN, NEW, same=False, replace_current=True, verify=True
    )
    assert (enrolment.outcome, enrolment.step) == ("few_attempts", "fail")


@pytest.mark.parametrize(
    ("entry", "refused", "kept", "login"),
    [
        (IDLE, "current", RESENT, "current"),
        # Where only one of two was refused, the other one is tried: the same one again would end the same way for ever.
        (UNRESOLVED, "staged", "bad", "current"),
        (UNRESOLVED, "current", "bad", "staged"),
    ],
)
def test_few_attempts_are_risked_when_asked(entry: Entry, refused: str, kept: str, login: str) -> None:
    held = entry.changed(ledger=(replace(FEW, secret=refused),))
    decision = rotation.plan(held, Rules(retry_diverged=True), RUN)
    assert (decision.step, decision.login) == ("log_in", login)
    assert decision.entry is not None
    assert [(one.outcome, one.remaining) for one in decision.entry.ledger] == [(kept, None), ("pending", None)]


def test_few_attempts_do_not_keep_the_right_password_from_being_enrolled_when_asked() -> None:
    refused = Entry(given=NEW, ledger=(replace(FEW, secret=GIVEN),))
    decision = rotation.plan_enrolment(
        refused, Rules(retry_diverged=True), RUN, Sealed("right"), same=False, replace_current=False, verify=True
    )
    assert decision.step == "log_in"


def test_a_success_forgets_how_few_attempts_were_left() -> None:
    decision = rotation.after_login(BOOKED_IDLE.changed(ledger=(FEW, pending("current"))), RULES, RUN, "current", "ok")
    assert decision.entry is not None
    assert [one.remaining for one in decision.entry.ledger] == [None]


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        (NOW + timedelta(hours=3), "cooling"),
        (NOW + timedelta(seconds=1), "cooling"),
        (NOW, "resume"),
        (ago(minutes=1), "resume"),
        (None, "cooling"),
    ],
)
def test_a_lock_is_waited_for_as_long_as_the_server_says(until: datetime | None, outcome: str) -> None:
    entry = UNRESOLVED.changed(ledger=(replace(attempt("staged", "locked"), until=until),))
    assert rotation.plan(entry, RULES, RUN).outcome == outcome
    assert (rotation.key_obstacle(entry.changed(staged=None), RULES, RUN) is None) == (outcome == "resume")


def test_the_longest_of_several_locks_is_waited_for() -> None:
    short, long = (replace(attempt("staged", "locked"), until=NOW + timedelta(minutes=some)) for some in (3, 90))
    decision = rotation.plan(UNRESOLVED.changed(ledger=(long, short)), RULES, RUN)
    assert "nothing is tried before 2026-11-21 13:30 UTC" in decision.message


@pytest.mark.parametrize(
    ("told", "kept"), [(-(10**400), 0), (-1, 0), (0, 0), (86400, 86400), (86401, 86400), (10**400, 86400)]
)
def test_an_absurd_time_of_unlocking_is_not_believed(told: int, kept: int) -> None:
    decision = rotation.after_failure(BOOKED, RULES, RUN, {"staged": "locked"}, told=Told(unlock_in_seconds=told))
    assert decision.entry is not None
    assert [attempt.until for attempt in decision.entry.ledger] == [RUN.time + timedelta(seconds=kept)]


def test_when_a_server_unlocks_is_kept_and_told() -> None:
    decision = rotation.after_failure(BOOKED, RULES, RUN, {"staged": "locked"}, told=Told(unlock_in_seconds=180))
    assert "nothing is tried before 2026-11-21 12:03 UTC" in decision.message
    assert decision.entry is not None
    assert decision.entry.ledger == (Attempt(NOW, "staged", "locked", "me", None, NOW + timedelta(minutes=3)),)


@pytest.mark.parametrize("entry", [BOOKED_IDLE, BOOKED.changed(ledger=(pending("current"),))])
def test_a_second_factor_leaves_everything_as_it_is(entry: Entry) -> None:
    decision = rotation.after_login(entry, RULES, RUN, "current", "ok_restricted", Told(second_factor=True))
    assert (decision.outcome, decision.step) == ("second_factor", "fail")
    assert decision.entry == entry.changed(ledger=(), written_by=None, written_at=None)
    assert ("the candidate is kept" in decision.message) == bool(entry.staged)


def test_a_staged_password_that_works_up_to_the_second_factor_is_committed() -> None:
    decision = rotation.after_login(BOOKED, RULES, RUN, "staged", "ok_restricted", Told(second_factor=True))
    assert (decision.outcome, decision.step) == ("proved", "commit")


# -- repair ------------------------------------------------------------------------------------------------------------

REPAIR = Rules(when="always", repair=True)


@pytest.mark.parametrize("entry", [DIVERGED, LOST])
def test_a_diverged_credential_is_repaired_where_that_is_allowed(entry: Entry) -> None:
    decision = rotation.plan(entry, REPAIR, RUN)
    assert (decision.outcome, decision.step, decision.login) == ("repair", "repair", "staged")
    assert decision.entry is not None
    assert decision.entry.ledger[-1] == pending("staged")
    assert (decision.entry.staged, decision.entry.written_by) == (entry.staged, "me")
    assert rotation.plan(entry, RULES, RUN).outcome == "diverged"


def test_a_repair_needs_no_due_date() -> None:
    lost = LOST.changed(rotated_at=NOW)
    for rules in (replace(REPAIR, when="resume"), replace(REPAIR, when="due"), replace(DAILY, repair=True)):
        assert rotation.plan(lost, rules, RUN).step == "repair"


@pytest.mark.parametrize("entry", [IDLE, UNRESOLVED, FRESH, UNRESOLVED.changed(ledger=LOST.ledger)])
def test_what_has_not_diverged_is_not_repaired(entry: Entry) -> None:
    assert rotation.plan(entry, REPAIR, RUN).step == "log_in"


@pytest.mark.parametrize(
    ("ledger", "outcome"),
    [
        ((attempt("staged", "unknown"), attempt("current", "unknown")), "cooling"),
        ((attempt("current", "locked"),), "cooling"),
        ((FEW,), "few_attempts"),
    ],
)
def test_a_repair_waits_like_everything_else(ledger: tuple[Attempt, ...], outcome: str) -> None:
    for entry in (DIVERGED, LOST):
        decision = rotation.plan(entry.changed(ledger=(*entry.ledger, *ledger)), REPAIR, RUN)
        assert (decision.outcome, decision.entry) == (outcome, None)


def test_a_repair_at_work_is_left_alone() -> None:
    at_work = DIVERGED.changed(written_by="another", written_at=ago(seconds=10))
    assert rotation.plan(at_work, REPAIR, RUN).outcome == "leased"


def test_a_second_chance_comes_before_a_repair() -> None:
    decision = rotation.plan(DIVERGED, replace(REPAIR, retry_diverged=True), RUN)
    assert (decision.step, decision.login) == ("log_in", "staged")


def test_a_diverged_credential_is_neither_verified_nor_a_key_because_it_may_be_repaired() -> None:
    assert rotation.plan_verification(LOST, REPAIR, RUN).outcome == "diverged"
    assert rotation.key_obstacle(LOST, RULES, RUN) is not None


@pytest.mark.parametrize("entry", [DIVERGED, LOST])
def test_what_a_repair_has_set_is_tried_by_the_next_run(entry: Entry) -> None:
    """Whatever became of the repair's answer: nothing else tells whether it was carried out."""
    planned = rotation.plan(entry, REPAIR, RUN).entry
    assert planned is not None
    killed = planned.changed(staged=NEW, staged_at=NOW)
    later = Run("later", NOW + timedelta(hours=1))
    for rules in (REPAIR, RULES):
        decision = rotation.plan(killed, rules, later)
        assert (decision.outcome, decision.step, decision.login) == ("resume", "log_in", "staged")


def test_a_candidate_that_gives_way_to_another_becomes_the_previous_one() -> None:
    entry = DIVERGED.changed(previous=OLDER)
    replaced = rotation.with_candidate(entry, RUN, Sealed("newer"))
    assert (replaced.staged, replaced.staged_at, replaced.previous) == (Sealed("newer"), NOW, NEW)
    assert not rotation.is_diverged(replaced), "nothing is known about the new one"
    assert rotation.with_candidate(LOST, RUN, NEW) == LOST.changed(staged=NEW, staged_at=NOW)


def test_a_refused_repair_claims_nothing_and_loses_nothing() -> None:
    planned = rotation.plan(DIVERGED, REPAIR, RUN).entry
    assert planned is not None
    decision = rotation.after_failure(
        planned, REPAIR, RUN, {"staged": None}, candidate_refused=True, resent=True, reason="repair: history"
    )
    assert (decision.outcome, decision.message) == ("refused", "repair: history; the candidate was dropped")
    assert decision.entry is not None
    assert (decision.entry.current, decision.entry.staged, decision.entry.staged_at) == (OLD, None, None)
    # It may have been refused because it is in place already.
    assert decision.entry.previous == NEW
    assert rotation.plan(decision.entry, REPAIR, Run("later", NOW + timedelta(hours=1))).step == "repair"


def test_a_repair_that_was_not_carried_out_tells_why() -> None:
    for entry in (DIVERGED, LOST.changed(staged=NEW, staged_at=NOW)):
        planned = rotation.plan(entry, REPAIR, RUN).entry
        assert planned is not None
        decision = rotation.after_failure(planned, REPAIR, RUN, {"staged": None}, reason="repair: HTTP 403")
        assert decision.step == "fail"
        assert decision.message.startswith("repair: HTTP 403")
        assert decision.entry is not None
        assert decision.entry.staged == NEW
        assert not [one for one in decision.entry.ledger if one.outcome == "pending"]


def test_a_temporary_password_is_due_at_once() -> None:
    decision = rotation.commit(BOOKED.changed(temporary=True), RUN, BOOKED.staged_at)
    assert (decision.outcome, decision.step) == ("rotated", "done")
    assert "a temporary password is in force" in decision.message
    assert decision.entry == Entry(version=4, current=NEW, previous=OLD, rotated_at=None)
    assert rotation.plan(decision.entry, replace(DAILY, when="due"), RUN).outcome == "due"


# -- what a candidate that was sent before may be ----------------------------------------------------------------------


def test_a_refused_candidate_that_was_sent_before_is_kept_as_the_previous_one() -> None:
    for resent, previous in ((True, NEW), (False, OLDER)):
        entry = BOOKED.changed(previous=OLDER)
        decision = rotation.after_failure(entry, RULES, RUN, {"current": "ok"}, candidate_refused=True, resent=resent)
        assert decision.entry is not None
        assert (decision.entry.current, decision.entry.staged, decision.entry.previous) == (OLD, None, previous)


@pytest.mark.parametrize("when", ["due", "always"])
def test_a_lost_password_that_is_not_needed_for_its_change_is_due_at_once(when: str) -> None:
    lost = LOST.changed(rotated_at=ago(hours=1))
    rules = replace(RULES, when=when, needs_current=False, min_age=timedelta(hours=24))
    decision = rotation.plan(lost, rules, Run("later", NOW + timedelta(hours=2)))
    assert (decision.outcome, decision.step) == ("due", "change")


def test_what_was_found_out_about_an_earlier_candidate_is_not_held_against_a_new_one() -> None:
    for before in ("bad", rotation.RESENT):
        entry = IDLE.changed(ledger=(attempt("staged", before),))
        fresh = rotation.with_candidate(entry, RUN, NEW)
        assert (fresh.staged, fresh.staged_at) == (NEW, NOW)
        assert [one.outcome for one in fresh.ledger] == [rotation.SUPERSEDED]

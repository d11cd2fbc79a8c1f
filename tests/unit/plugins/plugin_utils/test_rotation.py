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
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import GIVEN, RESENT, Rules, Run
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


@pytest.mark.parametrize(
    ("entry", "staged_at"),
    [(IDLE, None), (IDLE, ago(hours=1)), (UNRESOLVED, ago(hours=2)), (UNRESOLVED, None)],
)
def test_what_another_run_has_committed_is_not_committed_again(entry: Entry, staged_at: Any) -> None:
    decision = rotation.commit(entry, RUN, staged_at)
    assert (decision.outcome, decision.step, decision.entry) == ("rotated", "done", None)


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

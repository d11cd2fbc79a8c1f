# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of modules tell a rotation."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import reports
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    ChangeReport,
    LoginDetails,
    LoginReport,
)

WRONG = {
    "failed": True,
    "changed": False,
    "outcome": "wrong_password",
    "code": "100-004",
    "failed_logins": 1,
    "msg": "the password is wrong",
}
UNKNOWN = {**WRONG, "changed": True, "outcome": "unknown", "code": None, "login": "ok", "msg": "no answer"}
REFUSED = {**WRONG, "outcome": "access_denied", "login": "wrong_password", "change_sent": False}
LOST = {"failed": True, "msg": "the connection was lost"}


def of_login(result: dict[str, Any], *, is_cut_off: bool = False) -> LoginReport:
    return reports.of_login(result, is_cut_off=is_cut_off)


def of_change(result: dict[str, Any], *, is_cut_off: bool = False, by_parent: bool = False) -> ChangeReport:
    return reports.of_change(result, is_cut_off=is_cut_off, by_parent=by_parent)


# -- a login -----------------------------------------------------------------------------------------------------------


def test_a_login_that_was_refused() -> None:
    assert of_login(WRONG) == LoginReport(Outcome.WRONG_PASSWORD, "the password is wrong", "100-004")


@pytest.mark.parametrize("outcome", ["ok", "ok_restricted"])
def test_a_login_that_proves_the_password(outcome: str) -> None:
    report = of_login({"outcome": outcome, "code": "0", "failed_logins": 0, "msg": "fine"})
    assert (report.outcome, report.proves, report.is_answered) == (outcome, True, True)
    assert not of_login(WRONG).proves


def test_a_login_without_a_code_had_no_answer() -> None:
    assert of_login(UNKNOWN) == LoginReport(Outcome.UNKNOWN, "no answer", None, is_answered=False)


@pytest.mark.parametrize(("failed_logins", "counts"), [(0, False), (1, True), (None, True)])
def test_a_login_counts_unless_the_module_says_that_it_cost_nothing(failed_logins: int | None, counts: bool) -> None:
    assert of_login({**WRONG, "failed_logins": failed_logins}).counts is counts
    assert of_login({"outcome": "unknown"}).counts is True


def test_options_that_were_refused_cost_nothing() -> None:
    report = of_login({"failed": True, "msg": "agent_id is missing. Nothing was sent"})
    assert (report.outcome, report.proves, report.message) == (None, False, "agent_id is missing. Nothing was sent")
    assert of_login({}).message == "the task failed"
    assert of_login(dict(reports.NOTHING_SENT)).outcome is None
    assert (reports.NOTHING_SENT["failed"], reports.NOTHING_SENT["changed"]) == (True, False)


def test_a_login_that_was_cut_off_may_have_failed_and_had_no_answer() -> None:
    assert of_login(LOST, is_cut_off=True) == LoginReport(
        Outcome.UNKNOWN, "the connection was lost", None, is_answered=False
    )


def test_what_a_server_says_besides() -> None:
    policy = {"min_length": 22}
    result = {"remaining_attempts": 2, "unlock_in_seconds": 90, "second_factor": True, "policy": policy}
    assert of_login({**WRONG, **result}).details == LoginDetails(2, 90, True, policy)
    assert of_login(WRONG).details == LoginDetails()


@pytest.mark.parametrize("number", [True, "1", 1.5, None, [1]])
def test_what_is_no_number_tells_nothing(number: Any) -> None:
    details = of_login({**WRONG, "remaining_attempts": number, "unlock_in_seconds": number}).details
    assert (details.remaining_attempts, details.unlock_in_seconds) == (None, None)


@pytest.mark.parametrize("policy", [None, "nonsense", []])
def test_what_is_no_policy_tells_nothing(policy: Any) -> None:
    assert of_login({**WRONG, "policy": policy}).details.announced == {}


def test_an_accident_of_a_module_was_no_outage() -> None:
    """It tells of no code at all, and would come again every night."""
    accident = {name: value for name, value in UNKNOWN.items() if name != "code"}
    assert of_login(accident) == LoginReport(Outcome.UNKNOWN, "no answer")


@pytest.mark.parametrize("code", [0, "0", 100004])
def test_a_code_is_a_word(code: Any) -> None:
    report = of_login({**WRONG, "code": code})
    assert (report.code, report.is_answered) == (str(code), True)


@pytest.mark.parametrize("account_login", ["ok", "wrong_password", "locked", "unreachable"])
def test_the_login_of_the_parent_is_told_with_what_the_server_said_of_it(account_login: str) -> None:
    result = {"outcome": "access_denied", "account_login": account_login, "code": "7", "msg": "why"}
    report = of_login({**result, "unlock_in_seconds": 90, "remaining_attempts": 1})
    assert report.parent == LoginReport(Outcome(account_login), "why", "7", details=LoginDetails(1, 90))
    for nothing in ({}, {"account_login": None}, {"account_login": ""}):
        assert of_login({**WRONG, **nothing}).parent is None


# -- a change ----------------------------------------------------------------------------------------------------------


def test_a_change_that_was_made() -> None:
    result = {"changed": True, "outcome": "changed", "code": "0", "login": "ok", "msg": "done", "change_sent": True}
    report = of_change(result)
    assert report == ChangeReport(Outcome.CHANGED, message="done", code="0", login=LoginReport(Outcome.OK, "done", "0"))
    assert report.is_settled_by_proof


@pytest.mark.parametrize(
    ("result", "is_sent", "is_settled"),
    [
        ({"outcome": "changed", "code": "0"}, True, True),
        ({"outcome": "unchanged", "code": "0"}, True, True),
        ({"outcome": "unknown", "code": None}, True, True),
        ({"outcome": "unknown", "code": "107-004"}, True, False),
        # A status in the place of an answer tells nothing of what was done.
        ({"outcome": "unknown", "code": "502"}, True, True),
        ({"outcome": "unknown", "code": "999"}, True, False),
        ({"outcome": "unknown", "code": "5020"}, True, False),
        ({"outcome": "password_rejected", "code": "1"}, True, False),
        ({"outcome": "session_lost", "code": "1"}, True, False),
        ({"outcome": "password_rejected", "code": "1", "change_sent": True}, True, False),
        ({"outcome": "access_denied", "code": "1", "change_sent": False}, False, False),
        ({"outcome": "unknown", "code": None, "change_sent": False}, False, False),
        # A result that does not say so may come of anything.
        ({"outcome": "access_denied", "code": "1"}, True, False),
        ({"outcome": "access_denied", "code": "1", "change_sent": None}, True, False),
        ({"outcome": "unreachable", "code": None}, True, False),
        ({}, False, False),
        ({"outcome": None}, False, False),
        ({"change_sent": True}, False, False),
    ],
)
def test_whether_the_new_password_may_have_left(result: dict[str, Any], is_sent: bool, is_settled: bool) -> None:
    report = of_change({"msg": "why", **result})
    assert (report.is_sent, report.is_settled_by_proof) == (is_sent, is_settled)


def test_a_change_that_was_cut_off_may_have_been_made() -> None:
    report = of_change(LOST, is_cut_off=True)
    assert report == ChangeReport(Outcome.UNKNOWN, message="the connection was lost", is_answered=False)
    assert report.is_settled_by_proof, "so that a login with the new password decides"
    assert of_change({**LOST, "change_sent": False}, is_cut_off=True).is_sent


@pytest.mark.parametrize(
    ("outcome", "code", "counts"),
    [
        ("unknown", "107-004", True),
        ("wrong_password", "100-004", True),
        ("unknown", None, False),
        ("unknown", "502", False),
        ("password_rejected", "1", False),
        ("locked", "1", False),
        ("changed", "0", False),
    ],
)
def test_a_change_may_have_counted_as_a_failed_login(outcome: str, code: str | None, counts: bool) -> None:
    assert of_change({"outcome": outcome, "code": code}).counts is counts


@pytest.mark.parametrize("by_parent", [True, False])
def test_the_login_that_a_change_has_made_is_that_of_the_password_it_presents(by_parent: bool) -> None:
    report = of_change({**REFUSED, "remaining_attempts": 1}, by_parent=by_parent)
    login = LoginReport(
        Outcome.WRONG_PASSWORD, "the password is wrong", "100-004", details=LoginDetails(remaining_attempts=1)
    )
    assert (report.login, report.parent) == ((None, login) if by_parent else (login, None))
    assert report.is_sent is False
    without = of_change({**REFUSED, "login": None}, by_parent=by_parent)
    assert (without.login, without.parent) == (None, None)


@pytest.mark.parametrize("by_parent", [True, False])
def test_a_login_on_the_way_without_a_code_had_no_answer(by_parent: bool) -> None:
    report = of_change({**REFUSED, "login": "unknown", "code": None}, by_parent=by_parent)
    login = report.parent if by_parent else report.login
    assert login == LoginReport(Outcome.UNKNOWN, "the password is wrong", is_answered=False)
    parent = of_login({**WRONG, "account_login": "unknown", "code": None}).parent
    assert parent == LoginReport(Outcome.UNKNOWN, "the password is wrong", is_answered=False)


def test_a_change_without_a_message() -> None:
    assert of_change({"outcome": "access_denied"}).message == "the task failed"

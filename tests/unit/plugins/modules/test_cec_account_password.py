# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cec_account_password, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.cec import (
    ACCOUNT_OPTIONS,
    APP_SECRET,
    CAUSES,
    FLOW_CONTROL,
    REFUSING_STATUSES,
    TOKEN,
    TOKEN_2,
    UNAUTHORISED,
    UNFAMILIAR_TEXTS,
    ask_token,
    change_account,
    check,
    done,
    granted,
    unreadable,
    verdict,
)
from support.module_runner import (
    HTML,
    NEW,
    OLD,
    execute,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cec_account_password"
OPTIONS = {**ACCOUNT_OPTIONS, "old_password": OLD, "new_password": NEW}
WRONG = verdict("1")


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("code", ["0", 0])
def test_the_change_follows_a_check_of_the_old_password(wire: WireScript, code: Any, wrapped: bool) -> None:
    wire.expect(
        ask_token(),
        check(OLD, verdict(code, wrapped=wrapped)),
        change_account(OLD, NEW, done(code, "edit success", wrapped=wrapped)),
    )
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": True,
        "outcome": "changed",
        "code": "0",
        "login": "ok",
        "failing_logins": 0,
        "password_refused": False,
        "msg": "the password was changed",
    }


# -- the new password is in place already ------------------------------------------------------------------------------


def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG), check(NEW))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "unchanged",
        "code": "1",
        "login": "ok",
        "failing_logins": 1,
        "password_refused": False,
        "msg": "the new password was in place already",
    }


def test_two_wrong_logins_only_where_neither_password_works(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG), check(NEW, WRONG))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["login"], result["failing_logins"], result["password_refused"]) == ("bad", 2, False)
    assert "neither the old nor the new password works" in result["msg"]


def test_a_lock_by_the_first_wrong_login_ends_it(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG), check(NEW, verdict("1", "账号已锁定")))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["login"], result["failing_logins"]) == ("refused", "locked", 1)


def test_without_a_probe_there_is_one_wrong_login(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG))
    result = execute(MODULE, {**OPTIONS, "probe_new_password": False})
    assert (result["outcome"], result["login"], result["failing_logins"]) == ("refused", "bad", 1)
    assert "nothing was changed" in result["msg"]


# -- what the CEC may answer to the change -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", UNFAMILIAR_TEXTS)
@pytest.mark.parametrize("code", ["1", 1])
def test_a_failure_is_about_the_new_password(wire: WireScript, code: Any, text: Any) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done(code, text)))
    assert execute(MODULE, OPTIONS) == {
        "failed": True,
        "changed": False,
        "outcome": "refused",
        "code": "1",
        "login": "ok",
        "failing_logins": 0,
        "password_refused": True,
        "msg": "the CEC refused the new password; compare the tenant's password rules and history with the policy "
        "(resultCode 1); nothing was changed",
    }


@pytest.mark.parametrize("text", CAUSES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_another_cause_is_found_in_the_text(wire: WireScript, text: str, wrapped: bool) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done("1", text, wrapped=wrapped)))
    result = execute(MODULE, OPTIONS)
    outcome, hint = CAUSES[text]
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["code"], result["password_refused"], result["failing_logins"]) == ("1", False, 0)
    assert result["login"] == ("locked" if outcome == "locked" else "ok")
    assert hint in result["msg"]
    assert "nothing was changed" in result["msg"]
    assert text not in result["msg"]


@pytest.mark.parametrize("code", [FLOW_CONTROL, int(FLOW_CONTROL)])
def test_flow_control(wire: WireScript, code: Any) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "refused", FLOW_CONTROL)
    assert result["password_refused"] is False


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["code"], result["login"], result["password_refused"]) == (str(status), "ok", False)
    assert REFUSING_STATUSES[status] in result["msg"]


@pytest.mark.parametrize("reply", parametrized(unreadable("resultCode")))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["login"], result["failing_logins"], result["password_refused"]) == ("ok", 0, False)
    assert "the password may be the old or the new one" in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert "was not reached" in result["msg"]


# -- the tenant's token ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [Answer(401), done(UNAUTHORISED), done(int(UNAUTHORISED))])
def test_a_token_that_ends_before_the_change_is_renewed_once(wire: WireScript, refusal: Answer) -> None:
    wire.expect(
        ask_token(),
        check(OLD),
        change_account(OLD, NEW, refusal),
        ask_token(granted(TOKEN_2)),
        change_account(OLD, NEW, token=TOKEN_2),
    )
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


@pytest.mark.parametrize(("refusal", "code"), [(Answer(401), "401"), (done(UNAUTHORISED), UNAUTHORISED)])
def test_a_second_refusal_changes_nothing(wire: WireScript, refusal: Answer, code: str) -> None:
    wire.expect(
        ask_token(),
        check(OLD),
        change_account(OLD, NEW, refusal),
        ask_token(granted(TOKEN_2)),
        change_account(OLD, NEW, refusal, token=TOKEN_2),
    )
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["code"], result["login"], result["password_refused"]) == (code, "ok", False)


def test_a_given_token_that_has_ended_is_replaced(wire: WireScript) -> None:
    wire.expect(
        check(OLD, Answer(401)),
        ask_token(granted(TOKEN_2)),
        check(OLD, token=TOKEN_2),
        # The caller's token is tried anew with each call; the one of the run is there already.
        change_account(OLD, NEW, Answer(401)),
        change_account(OLD, NEW, token=TOKEN_2),
    )
    assert execute(MODULE, {**OPTIONS, "access_token": TOKEN})["outcome"] == "changed"


def test_without_a_secret_a_given_token_is_not_replaced(wire: WireScript) -> None:
    wire.expect(check(OLD), change_account(OLD, NEW, Answer(401)))
    result = execute(MODULE, {**OPTIONS, "app_secret": None, "access_token": TOKEN})
    assert (result["changed"], result["outcome"], result["code"]) == (False, "refused", "401")


# -- a check that ends it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (verdict("1", "The account is locked."), "locked", 0),
        (verdict("1", "流控失败"), "denied", 0),
        (verdict(FLOW_CONTROL), "denied", 0),
        (Answer(403, HTML), "denied", 0),
        (Answer(404, HTML), "denied", 0),
        (Answer(500, HTML), "unknown", 1),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_without_a_good_check_nothing_is_changed(
    wire: WireScript, reply: Answer | Fault, login: str, failing: int
) -> None:
    wire.expect(ask_token(), check(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["login"], result["failing_logins"]) == (login, failing)
    assert "the change was not sent and nothing was changed" in result["msg"]


@pytest.mark.parametrize(
    ("reply", "login"), [(Answer(401), "denied"), (Fault.DROPPED, "denied"), (Fault.NOT_CONNECTED, "unreachable")]
)
def test_without_a_token_nothing_is_changed(wire: WireScript, reply: Answer | Fault, login: str) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["login"]) == (False, "refused", login)
    assert (result["failing_logins"], result["password_refused"]) == (0, False)


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", ["Aa1!Aa1!", "Zhang.wei-9z", "Aaaaaa-1"])
def test_what_only_the_tenant_can_refuse_is_sent(wire: WireScript, new: str) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, new))
    assert execute(MODULE, {**OPTIONS, "new_password": new})["outcome"] == "changed"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"new_password": "Aa1-xyz"}, "shorter than 8"),
        ({"new_password": "Aa1-" + "xy" * 15}, "longer than 32"),
        ({"new_password": "Abcdefgh1"}, "fewer than 4 of upper-case letters"),
        ({"new_password": "Abcd-1 xyz"}, "other than ASCII letters"),
        ({"new_password": "Пароль-Abc1"}, "other than ASCII letters"),
        ({"new_password": OLD}, "earlier passwords"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"new_password": ""}, "new_password is empty"),
        ({"old_password": 12345678}, "old_password arrived as a number"),
        ({"old_password": ""}, "old_password is empty"),
        ({"policy": {"nonsense": 1}}, "there is no rule nonsense"),
        ({"policy": {"pattern": "(a+)+"}}, "pattern is no regular expression that can be used"),
        ({"policy": {"pattern": "[a-z]+"}}, "does not match the pattern"),
        ({"account": " "}, "account must be"),
        ({"app_key": ""}, "app_key must be"),
        ({"app_secret": 1}, "app_secret arrived as a number"),
        ({"token_lifetime": 0}, "token_lifetime is out of range"),
        ({"cec_url": "http://cec.test"}, "cec_url has no TLS"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(wire: WireScript, options: Any, fault: str, check_mode: bool) -> None:
    assert fault in refused_input(MODULE, {**OPTIONS, **options}, check_mode)


def test_bad_input_is_reported_all_at_once() -> None:
    options = {"cec_url": "x", "app_key": " ", "account": "", "app_secret": 1, "old_password": 1, "new_password": "x"}
    message = refused_input(MODULE, {**OPTIONS, **options})
    assert not [option for option in options if option not in message]


@pytest.mark.parametrize("option", ["account", "old_password", "new_password", "app_secret"])
def test_what_the_argument_spec_refuses(option: str) -> None:
    assert option in rejected(MODULE, {**OPTIONS, option: None})


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW), check(OLD), change_account(OLD, NEW, Fault.DROPPED))
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    lost = run_main(MODULE, {**OPTIONS, "app_secret": APP_SECRET}, capsys)
    assert (lost["failed"], lost["changed"], lost["outcome"]) == (True, True, "unknown")
    assert "exception" not in lost

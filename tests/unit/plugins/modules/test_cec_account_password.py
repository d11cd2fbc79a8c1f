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
    NEW_PASSWORD_TEXTS,
    OLD_PASSWORD_TEXTS,
    REFUSING_STATUSES,
    REPEATED,
    TOKEN,
    TOKEN_2,
    UNAUTHORIZED,
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
    code_of,
    execute,
    logins,
    of_a_change,
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
        "change_sent": True,
        "login": "ok",
        "failed_logins": 0,
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
        "change_sent": False,
        "login": "ok",
        "failed_logins": 1,
        "msg": "the new password was in place already",
    }


def test_two_wrong_logins_only_where_neither_password_works(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG), check(NEW, WRONG))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "wrong_password")
    assert (result["login"], result["failed_logins"]) == ("wrong_password", 2)
    assert "neither the old nor the new password works" in result["msg"]


def test_a_lock_by_the_first_wrong_login_ends_it(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG), check(NEW, verdict("1", "账号已锁定")))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("locked", "locked", 1)


def test_without_a_probe_there_is_one_wrong_login(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, WRONG))
    result = execute(MODULE, {**OPTIONS, "probe_new_password": False})
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("wrong_password", "wrong_password", 1)
    assert "nothing was changed" in result["msg"]


# -- what the CEC may answer to the change -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", UNFAMILIAR_TEXTS)
@pytest.mark.parametrize("code", ["1", 1])
def test_a_failure_is_about_the_new_password(wire: WireScript, code: Any, text: Any) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done(code, text)))
    assert execute(MODULE, OPTIONS) == {
        "failed": True,
        "changed": False,
        "outcome": "password_rejected",
        "code": "1",
        "change_sent": True,
        "login": "ok",
        "failed_logins": 0,
        "msg": "the CEC refused the new password; compare the tenant's password rules and history with the policy "
        "(resultCode 1); the server says that nothing was changed",
    }


@pytest.mark.parametrize("text", CAUSES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_another_cause_is_found_in_the_text(wire: WireScript, text: str, wrapped: bool) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done("1", text, wrapped=wrapped)))
    result = execute(MODULE, OPTIONS)
    outcome, hint = CAUSES[text]
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["code"], result["failed_logins"]) == ("1", 0)
    assert result["login"] == ("locked" if outcome == "locked" else "ok")
    assert result["change_sent"]
    assert hint in result["msg"]
    assert "the server says that nothing was changed" in result["msg"]
    assert text not in result["msg"]


@pytest.mark.parametrize("text", OLD_PASSWORD_TEXTS)
def test_a_text_may_be_about_the_old_password(wire: WireScript, text: str) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done("1", text)))
    assert execute(MODULE, OPTIONS) == {
        "failed": True,
        "changed": False,
        "outcome": "wrong_password",
        "code": "1",
        "change_sent": True,
        "login": "wrong_password",
        "failed_logins": 1,
        "msg": "the CEC says that the old password is wrong (resultCode 1); the server says that nothing was changed",
    }


@pytest.mark.parametrize("text", NEW_PASSWORD_TEXTS)
def test_a_text_that_compares_both_passwords_is_about_the_new_one(wire: WireScript, text: str) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done("1", text)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("password_rejected", "ok", 0)


@pytest.mark.parametrize("code", [FLOW_CONTROL, int(FLOW_CONTROL)])
def test_flow_control(wire: WireScript, code: Any) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, done(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "access_denied", FLOW_CONTROL)


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert (result["code"], result["login"], result["change_sent"]) == (str(status), "ok", True)
    assert REFUSING_STATUSES[status] in result["msg"]


@pytest.mark.parametrize("reply", parametrized(unreadable("resultCode")))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)
    assert (result["login"], result["failed_logins"]) == ("ok", 0)
    assert "the password may be the old or the new one" in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert not result["change_sent"]
    assert "was not reached" in result["msg"]


# -- the tenant's token ------------------------------------------------------------------------------------------------


REFUSALS = [(Answer(401), "401"), (done(UNAUTHORIZED), UNAUTHORIZED), (done(int(UNAUTHORIZED)), UNAUTHORIZED)]


@pytest.mark.parametrize(("refusal", "code"), REFUSALS)
def test_a_change_whose_token_is_refused_is_not_sent_again(wire: WireScript, refusal: Answer, code: str) -> None:
    """It may have been carried out all the same, as where a load balancer repeats requests."""
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW, refusal))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert (result["code"], result["login"], result["change_sent"]) == (code, "ok", True)
    assert result["msg"].endswith("; the server says that nothing was changed, run again")
    # The next task does not use that token any more.
    wire.expect(ask_token(granted(TOKEN_2)), check(OLD, token=TOKEN_2), change_account(OLD, NEW, token=TOKEN_2))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


def test_a_given_token_that_has_ended_is_replaced(wire: WireScript) -> None:
    wire.expect(
        check(OLD, verdict(UNAUTHORIZED)),
        ask_token(granted(TOKEN_2)),
        check(OLD, token=TOKEN_2),
        change_account(OLD, NEW, token=TOKEN_2),
    )
    assert execute(MODULE, {**OPTIONS, "access_token": TOKEN})["outcome"] == "changed"


def test_a_given_token_that_ends_before_the_change_ends_it(wire: WireScript) -> None:
    wire.expect(*[check(OLD), change_account(OLD, NEW, Answer(401))] * 2)
    for secret in (None, APP_SECRET):
        result = execute(MODULE, {**OPTIONS, "app_secret": secret, "access_token": TOKEN})
        assert (result["outcome"], result["code"], result["change_sent"]) == ("session_lost", "401", True)


# -- a check that ends it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (verdict("1", "The account is locked."), "locked", 0),
        (verdict("1", "流控失败"), "access_denied", 0),
        (verdict(FLOW_CONTROL), "access_denied", 0),
        (Answer(403, HTML), "access_denied", 0),
        (Answer(404, HTML), "access_denied", 0),
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
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"], result["change_sent"]) == (login, failing, False)
    assert "the change was not sent and nothing was changed" in result["msg"]


@pytest.mark.parametrize(
    ("reply", "login"),
    [(Answer(401), "access_denied"), (Fault.DROPPED, "access_denied"), (Fault.NOT_CONNECTED, "unreachable")],
)
def test_without_a_token_nothing_is_changed(wire: WireScript, reply: Answer | Fault, login: str) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["login"]) == (False, login, login)
    assert (result["failed_logins"], result["change_sent"]) == (0, False)


# -- right after a login -----------------------------------------------------------------------------------------------


PROVED = {**OPTIONS, "verify_old_password": False}


@pytest.mark.parametrize(
    ("reply", "outcome", "login"),
    [
        (done(), "changed", None),
        (done("1"), "password_rejected", None),
        (done("1", "locked"), "locked", "locked"),
        (Answer(403, HTML), "access_denied", None),
        (Fault.DROPPED, "unknown", None),
        (Fault.NOT_CONNECTED, "unreachable", None),
    ],
)
def test_after_a_login_only_the_change_is_sent(
    wire: WireScript, reply: Answer | Fault, outcome: str, login: str | None
) -> None:
    wire.expect(ask_token(), change_account(OLD, NEW, reply))
    result = execute(MODULE, PROVED)
    assert (result["outcome"], result["login"], result["failed_logins"]) == (outcome, login, 0)


def test_a_refused_token_is_followed_by_a_check_before_the_change_is_sent_again(wire: WireScript) -> None:
    wire.expect(
        ask_token(),
        change_account(OLD, NEW, Answer(401)),
        ask_token(granted(TOKEN_2)),
        check(OLD, token=TOKEN_2),
        change_account(OLD, NEW, token=TOKEN_2),
    )
    assert execute(MODULE, PROVED)["outcome"] == "changed"


def test_a_given_token_that_is_refused_is_replaced_for_the_check(wire: WireScript) -> None:
    wire.expect(
        change_account(OLD, NEW, Answer(401)),
        ask_token(granted(TOKEN_2)),
        check(OLD, token=TOKEN_2),
        change_account(OLD, NEW, token=TOKEN_2),
    )
    assert execute(MODULE, {**PROVED, "access_token": TOKEN})["outcome"] == "changed"


def test_a_given_token_that_is_not_replaced_leaves_it_open(wire: WireScript) -> None:
    wire.expect(change_account(OLD, NEW, Answer(401)), check(OLD, Answer(401)))
    result = execute(MODULE, {**PROVED, "app_secret": None, "access_token": TOKEN})
    assert (result["outcome"], result["change_sent"]) == ("access_denied", True)


@pytest.mark.parametrize("new", ["wrong_password", "unchanged"])
def test_a_refused_token_may_hide_that_the_change_was_made(wire: WireScript, new: str) -> None:
    wire.expect(
        ask_token(),
        change_account(OLD, NEW, Answer(401)),
        ask_token(granted(TOKEN_2)),
        check(OLD, WRONG, token=TOKEN_2),
        check(NEW, WRONG if new == "wrong_password" else None, token=TOKEN_2),
    )
    result = execute(MODULE, PROVED)
    assert (result["outcome"], result["change_sent"]) == (new, True)


@pytest.mark.parametrize("reply", [Answer(401), Answer(503), Fault.DROPPED, Fault.NOT_CONNECTED])
def test_without_a_token_no_change_is_sent(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, PROVED)
    assert result["outcome"] == ("unreachable" if reply is Fault.NOT_CONNECTED else "access_denied")
    assert (result["login"], result["change_sent"]) == (None, False)
    assert "there is no tenant token; nothing was changed" in result["msg"]


def test_the_logins_that_it_may_make() -> None:
    for options, count in ((PROVED, 0), ({**OPTIONS, "probe_new_password": False}, 1), (OPTIONS, 2)):
        assert len(logins(MODULE, options)) == count


@pytest.mark.parametrize("new", ["short", "abcdefgh", OLD])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(ask_token(), change_account(OLD, new))
    assert execute(MODULE, {**PROVED, "new_password": new, "check_policy": False})["outcome"] == "changed"


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
    assert not result["change_sent"]
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_token(), check(OLD), change_account(OLD, NEW), check(OLD), change_account(OLD, NEW, Fault.DROPPED))
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    lost = run_main(MODULE, {**OPTIONS, "app_secret": APP_SECRET}, capsys)
    assert (lost["failed"], lost["changed"], lost["outcome"]) == (True, True, "unknown")
    assert "exception" not in lost

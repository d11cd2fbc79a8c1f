# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cec_login_check, from its options to the wire and back; with it what all calls of the CEC share."""

from __future__ import annotations

from typing import Any

import pytest
from support.cec import (
    ACCOUNT_OPTIONS,
    APP_SECRET,
    CAUSES,
    FLOW_CONTROL,
    OLD_PASSWORD_TEXTS,
    REFUSING_STATUSES,
    REPEATED,
    TOKEN,
    TOKEN_2,
    TOKEN_URL,
    UNAUTHORIZED,
    UNFAMILIAR_TEXTS,
    ask_token,
    check,
    done,
    granted,
    phone,
    unreadable,
    verdict,
)
from support.module_runner import (
    HTML,
    OLD,
    code_of,
    execute,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cec_login_check"
OPTIONS = {**ACCOUNT_OPTIONS, "password": OLD}
HELD = {**OPTIONS, "app_secret": None, "access_token": TOKEN}
UNAUTHORIZED_ANSWERS = {
    "HTTP 401 with a code": verdict(UNAUTHORIZED, status=401),
    "code": verdict(UNAUTHORIZED),
    "code as a number": verdict(int(UNAUTHORIZED)),
}


def test_a_right_password_and_no_secret_of_the_answer(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, phone("sip-marker")))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "msg": "the password is right",
    }


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(("code", "outcome"), [("0", "ok"), (0, "ok"), ("1", "wrong_password"), (1, "wrong_password")])
def test_answers_flat_and_wrapped(wire: WireScript, code: Any, outcome: str, wrapped: bool) -> None:
    wire.expect(ask_token(), check(OLD, verdict(code, wrapped=wrapped)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"]) == (outcome, str(code))


@pytest.mark.parametrize("results", [None, [], "text", {"sipAccount": {"a": 1}, "sipPwd": ["marker"]}])
def test_only_the_code_decides(wire: WireScript, results: Any) -> None:
    wire.expect(ask_token(), check(OLD, Answer.json({"returnCode": "0", "results": results})))
    assert execute(MODULE, OPTIONS)["outcome"] == "ok"


@pytest.mark.parametrize("spelling", ["CC-Management", "CC-Mangemant"])
def test_both_spellings_of_the_path(wire: WireScript, spelling: str) -> None:
    wire.expect(ask_token(), check(OLD, spelling=spelling))
    assert execute(MODULE, {**OPTIONS, "management_path": spelling})["outcome"] == "ok"


@pytest.mark.parametrize("account", ["a", "zhang.wei@example.com", "张伟", "x" * 100])
def test_names_of_accounts(account: str) -> None:
    assert not execute(MODULE, {**OPTIONS, "account": account}, check_mode=True)["failed"]


# -- what the CEC may answer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", UNFAMILIAR_TEXTS)
def test_a_failure_is_a_wrong_password(wire: WireScript, text: Any) -> None:
    wire.expect(ask_token(), check(OLD, verdict("1", text)))
    result = execute(MODULE, OPTIONS)
    assert result == {
        "failed": True,
        "changed": False,
        "outcome": "wrong_password",
        "code": "1",
        "failed_logins": 1,
        "msg": "the CEC says that the business account or its password is wrong (returnCode 1)",
    }


@pytest.mark.parametrize("text", CAUSES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_cause_is_found_in_the_text(wire: WireScript, text: str, wrapped: bool) -> None:
    wire.expect(ask_token(), check(OLD, verdict("1", text, wrapped=wrapped)))
    result = execute(MODULE, OPTIONS)
    outcome, hint = CAUSES[text]
    assert (result["failed"], result["outcome"], result["code"], result["failed_logins"]) == (True, outcome, "1", 0)
    assert hint in result["msg"]
    assert text not in result["msg"]


@pytest.mark.parametrize("text", OLD_PASSWORD_TEXTS)
def test_a_text_about_an_old_password_belongs_to_changes(wire: WireScript, text: str) -> None:
    wire.expect(ask_token(), check(OLD, verdict("1", text)))
    assert "the business account or its password is wrong" in execute(MODULE, OPTIONS)["msg"]


@pytest.mark.parametrize("code", [FLOW_CONTROL, int(FLOW_CONTROL)])
def test_flow_control(wire: WireScript, code: Any) -> None:
    wire.expect(ask_token(), check(OLD, verdict(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", FLOW_CONTROL, 0)
    assert "fewer forks" in result["msg"]


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(), check(OLD, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["code"]) == (True, "access_denied", str(status))
    assert result["failed_logins"] == 0
    assert REFUSING_STATUSES[status] in result["msg"]


@pytest.mark.parametrize("reply", parametrized(unreadable("returnCode")))
def test_an_unreadable_answer_is_counted_as_a_wrong_password(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), check(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unknown")
    assert result["code"] == code_of(reply, REPEATED)
    assert result["failed_logins"] == 1


def test_no_connection_costs_no_attempt(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unreachable", 0)
    assert "cec.test was not reached" in result["msg"]


# -- the tenant's token ------------------------------------------------------------------------------------------------


def test_one_token_for_all_tasks_of_a_run(wire: WireScript) -> None:
    wire.expect(ask_token(), *[check(OLD)] * 3)
    assert [execute(MODULE, OPTIONS)["outcome"] for _time in range(3)] == ["ok"] * 3


def test_each_tenant_has_a_token_of_its_own(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD), ask_token(granted(TOKEN_2), secret="other-marker"), check(OLD, token=TOKEN_2))
    assert execute(MODULE, OPTIONS)["outcome"] == "ok"
    assert execute(MODULE, {**OPTIONS, "app_secret": "other-marker"})["outcome"] == "ok"


def test_the_token_service_may_be_elsewhere(wire: WireScript) -> None:
    wire.expect(ask_token(server=TOKEN_URL), check(OLD))
    assert execute(MODULE, {**OPTIONS, "token_url": TOKEN_URL})["outcome"] == "ok"


@pytest.mark.parametrize("refusal", parametrized(UNAUTHORIZED_ANSWERS))
def test_a_refused_token_is_renewed_once(wire: WireScript, refusal: Answer) -> None:
    wire.expect(ask_token(), check(OLD, refusal), ask_token(granted(TOKEN_2)), check(OLD, token=TOKEN_2))
    assert execute(MODULE, OPTIONS)["outcome"] == "ok"
    wire.expect(check(OLD, token=TOKEN_2))
    assert execute(MODULE, OPTIONS)["outcome"] == "ok"


@pytest.mark.parametrize("refusal", parametrized(UNAUTHORIZED_ANSWERS))
def test_a_second_refusal_is_not_the_tokens_fault(wire: WireScript, refusal: Answer) -> None:
    wire.expect(ask_token(), check(OLD, refusal), ask_token(granted(TOKEN_2)), check(OLD, refusal, token=TOKEN_2))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "access_denied", 0)
    assert result["code"] == UNAUTHORIZED
    assert "check app_key" in result["msg"]


@pytest.mark.parametrize("answer", [Answer(401), Answer(401, HTML), verdict("1", status=401), verdict("0", status=401)])
def test_a_401_that_may_be_about_the_password_counts_and_is_not_asked_again(wire: WireScript, answer: Answer) -> None:
    """Only API Fabric's own code says that nothing behind it has looked at the password."""
    wire.expect(ask_token(), check(OLD, answer))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"], result["code"]) == (True, "unknown", 1, "401")
    assert "in good standing" in result["msg"]
    wire.expect(ask_token(granted(TOKEN_2)), check(OLD, token=TOKEN_2))
    assert execute(MODULE, OPTIONS)["outcome"] == "ok", "with another token"


def test_a_service_that_gives_the_same_token_again_is_not_asked_for_ever(wire: WireScript) -> None:
    wire.expect(ask_token(), check(OLD, verdict(UNAUTHORIZED)), ask_token())
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"]) == ("access_denied", UNAUTHORIZED)


def test_a_verdict_after_the_renewal_stands(wire: WireScript) -> None:
    wire.expect(
        ask_token(),
        check(OLD, verdict(UNAUTHORIZED)),
        ask_token(granted(TOKEN_2)),
        check(OLD, verdict("1"), token=TOKEN_2),
    )
    assert execute(MODULE, OPTIONS)["outcome"] == "wrong_password"


@pytest.mark.parametrize(
    ("reply", "outcome", "hint"),
    [
        (Fault.NOT_CONNECTED, "unreachable", "was not reached"),
        (Fault.DROPPED, "access_denied", "gave no complete answer"),
        (Answer(500, HTML), "access_denied", "HTTP 500 came instead of an answer"),
        (Answer(401), "access_denied", "check both"),
        (Answer(403, HTML), "access_denied", "allow list"),
        (Answer(404, HTML), "access_denied", "check token_url"),
        (Answer.json({}), "access_denied", "gave no token"),
    ],
)
def test_without_a_token_no_password_is_presented(
    wire: WireScript, reply: Answer | Fault, outcome: str, hint: str
) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, outcome, 0)
    assert hint in result["msg"]
    assert result["msg"].endswith("there is no tenant token")


def test_a_secret_that_was_denied_is_not_presented_again(wire: WireScript) -> None:
    wire.expect(ask_token(Answer(401)))
    first, second = (execute(MODULE, OPTIONS) for _time in range(2))
    assert first == second
    assert (first["outcome"], first["code"]) == ("access_denied", "401")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_token_service_that_failed_is_asked_again(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(Answer(status)), ask_token(), check(OLD))
    assert [execute(MODULE, OPTIONS)["outcome"] for _time in range(2)] == ["access_denied", "ok"]


# -- a token that the caller holds -------------------------------------------------------------------------------------


def test_a_given_token_is_used(wire: WireScript) -> None:
    wire.expect(check(OLD))
    assert execute(MODULE, HELD)["outcome"] == "ok"


def test_a_given_token_goes_first(wire: WireScript) -> None:
    wire.expect(check(OLD, token=TOKEN_2))
    assert execute(MODULE, {**OPTIONS, "access_token": TOKEN_2})["outcome"] == "ok"


def test_a_given_token_that_is_refused_ends_it(wire: WireScript) -> None:
    wire.expect(check(OLD, verdict(UNAUTHORIZED)))
    result = execute(MODULE, HELD)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", UNAUTHORIZED, 0)


def test_a_given_token_that_is_refused_is_replaced_where_there_is_a_secret(wire: WireScript) -> None:
    wire.expect(check(OLD, verdict(UNAUTHORIZED)), ask_token(granted(TOKEN_2)), check(OLD, token=TOKEN_2))
    assert execute(MODULE, {**HELD, "app_secret": APP_SECRET})["outcome"] == "ok"


@pytest.mark.parametrize("token", ["令牌", "two\nlines", " ", "a b"])
def test_a_given_token_that_cannot_be_sent(wire: WireScript, token: str) -> None:
    assert "access_token" in refused_input(MODULE, {**HELD, "access_token": token})


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault", "cure"),
    [
        ({"account": ""}, "account must be 1 to 100 characters", "name of a business account"),
        ({"account": "zhang wei"}, "account must be", "without blanks"),
        ({"account": "zhang\nwei"}, "account must be", "without blanks"),
        ({"account": "x" * 101}, "account must be", "1 to 100"),
        ({"app_key": ""}, "app_key must be", "ask the CEC's operator"),
        ({"app_key": "schlüssel"}, "app_key must be", "printable ASCII"),
        ({"app_key": "a\r\nX-Other: 1"}, "app_key must be", "without blanks"),
        ({"app_secret": 12345678}, "app_secret arrived as a number", "put it in quotes"),
        ({"password": 12345678}, "password arrived as a number", "put it in quotes"),
        ({"password": {"a": OLD}}, "password arrived as a mapping", "put it in quotes"),
        ({"password": ""}, "password is empty", "give the password"),
        ({"token_lifetime": 0}, "token_lifetime is out of range", "1 to 3600 seconds"),
        ({"token_lifetime": 3601}, "token_lifetime is out of range", "1 to 3600 seconds"),
        ({"cec_url": "http://cec.test"}, "cec_url has no TLS", "set allow_http to true"),
        ({"token_url": "http://cec.test"}, "token_url has no TLS", "set allow_http to true"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_names_option_fault_and_cure(
    wire: WireScript, options: Any, fault: str, cure: str, check_mode: bool
) -> None:
    message = refused_input(MODULE, {**OPTIONS, **options}, check_mode)
    assert fault in message
    assert cure in message


@pytest.mark.parametrize(
    ("options", "fault"),
    [({"app_key": ""}, "app_key must be"), ({"cec_url": "http://cec.test"}, "cec_url has no TLS")],
)
def test_a_fault_is_told_once(options: Any, fault: str) -> None:
    assert refused_input(MODULE, {**OPTIONS, **options}).count(fault) == 1


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_empty_secret_without_a_token_is_refused(wire: WireScript, check_mode: bool) -> None:
    assert "app_secret is empty" in refused_input(MODULE, {**OPTIONS, "app_secret": ""}, check_mode)


def test_characters_that_are_no_text_are_bad_input() -> None:
    assert "account" in refused_input(MODULE, {**HELD, "account": "zhang\udcff"})


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"password": None}, "password"),
        ({"account": None}, "account"),
        ({"app_key": None}, "app_key"),
        ({"app_secret": None}, "one of the following is required: app_secret, access_token"),
        ({"management_path": "CC-Mgmt"}, "management_path"),
        ({"token_lifetime": "long"}, "token_lifetime"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, {**OPTIONS, **options})


@pytest.mark.parametrize("options", [OPTIONS, HELD])
def test_check_mode_makes_no_request(wire: WireScript, options: Any) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"]) == (False, False)
    assert "check mode makes no request" in result["msg"]
    assert "outcome" not in result
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_token(), check(OLD, phone("sip-marker")), check(OLD, verdict("1")), check(OLD, done("0")))
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "ok"
    for outcome in ("wrong_password", "unknown"):
        result = run_main(MODULE, OPTIONS, capsys)
        assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, outcome, 1)
        assert "exception" not in result

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""idaas_login, from its options to the wire and back; with it what all calls of a user share."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.idaas import (
    DEVICE,
    ID_TOKEN,
    LOCKED_TEXTS,
    LOGIN_CODES,
    REFUSING_STATUSES,
    REPEATED,
    RULES,
    SESSION_TOKEN,
    STATE_TOKEN,
    USER_OPTIONS,
    WRONG_TEXTS,
    failure,
    log_in,
    must_change,
    signed_in,
    unreadable,
    wrong,
)
from support.module_runner import (
    HTML,
    OLD,
    SERVER_TEXT,
    code_of,
    execute,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

from ansible_collections.callcenter.passwords.plugins.module_utils._idaas import accounts as idaas_options

MODULE = "idaas_login"
OPTIONS = {**USER_OPTIONS, "password": OLD}
VERIFY = {**OPTIONS, "verify_only": True}


def test_a_login_returns_the_tokens(wire: WireScript) -> None:
    wire.expect(log_in(OLD))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": True,
        "outcome": "ok",
        "code": "SUCCESS",
        "failed_logins": 0,
        "status": "SUCCESS",
        "policy": {},
        "second_factor": False,
        "id_token": ID_TOKEN,
        "session_token": SESSION_TOKEN,
        "msg": "the password is right",
    }


def test_verifying_returns_no_tokens(wire: WireScript) -> None:
    wire.expect(log_in(OLD), log_in(OLD, must_change()))
    assert execute(MODULE, VERIFY) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "SUCCESS",
        "failed_logins": 0,
        "status": "SUCCESS",
        "policy": {},
        "second_factor": False,
        "msg": "the password is right",
    }
    assert not {"id_token", "session_token", "state_token"} & set(execute(MODULE, VERIFY))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("PASSWORD_WARN", "the password is right and about to expire"),
        ("PASSWORD_EXPIRED", "the password is right but has expired; it must be changed"),
    ],
)
def test_a_password_that_must_be_changed_is_right(wire: WireScript, status: str, message: str) -> None:
    wire.expect(log_in(OLD, must_change(status)))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": True,
        "outcome": "ok_restricted",
        "code": status,
        "failed_logins": 0,
        "status": status,
        "policy": {"min_length": 8, "max_length": 18, "pattern": RULES["regEx"]},
        "second_factor": False,
        "state_token": STATE_TOKEN,
        "msg": message,
    }


def test_a_second_factor_proves_the_password(wire: WireScript) -> None:
    wire.expect(log_in(OLD, Answer.json({"status": "MFA_AUTH", "state_token": STATE_TOKEN})))
    result = execute(MODULE, OPTIONS)
    assert result == {
        "failed": False,
        "changed": False,
        "outcome": "ok_restricted",
        "code": "MFA_AUTH",
        "failed_logins": 0,
        "status": "MFA_AUTH",
        "policy": {},
        "second_factor": True,
        "msg": result["msg"],
    }
    assert "cannot be changed unattended" in result["msg"]


def test_a_user_without_a_right_to_the_application(wire: WireScript) -> None:
    wire.expect(log_in(OLD, Answer.json({"status": "ACCESS_DENIED"})))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert (result["code"], result["failed_logins"]) == ("ACCESS_DENIED", 0)
    assert "check the user's rights" in result["msg"]


@pytest.mark.parametrize("token", [None, "", 17, ["token-marker"], "two\nlines", "令牌", "x" * 16385])
def test_a_token_that_cannot_be_used_is_left_out(wire: WireScript, token: Any) -> None:
    wire.expect(log_in(OLD, signed_in(id_token=token)), log_in(OLD, must_change(state_token=token)))
    assert set(execute(MODULE, OPTIONS)) & {"id_token", "session_token"} == {"session_token"}
    assert "state_token" not in execute(MODULE, OPTIONS)


@pytest.mark.parametrize(
    ("data", "policy"),
    [
        pytest.param(RULES, {"min_length": 8, "max_length": 18, "pattern": RULES["regEx"]}, id="an object"),
        pytest.param({"minLength": "6"}, {"min_length": 6}, id="numbers in strings"),
        pytest.param({"minLength": 0, "maxLength": 129}, {}, id="out of range"),
        pytest.param({"minLength": 20, "maxLength": 10}, {}, id="upside down"),
        pytest.param({"minLength": True, "maxLength": 8.5}, {}, id="no numbers"),
        pytest.param({"minLength": -8, "maxLength": "eight"}, {}, id="no lengths"),
        pytest.param({"regEx": "(a+)+$"}, {}, id="takes for ever"),
        pytest.param({"regEx": "["}, {}, id="no expression"),
        pytest.param({"regEx": r"\p{Lower}+"}, {}, id="of another language"),
        pytest.param({"regEx": "x" * 513}, {}, id="too long"),
        pytest.param({"regEx": ["a"]}, {}, id="a list"),
        pytest.param("no JSON at all", {}, id="garbage"),
        pytest.param("[" * 100_000, {}, id="nested beyond measure"),
        pytest.param('"text"', {}, id="a string in a string"),
        pytest.param("9" * 5000, {}, id="a long number"),
        pytest.param(17, {}, id="a number"),
    ],
)
def test_announced_rules(wire: WireScript, data: Any, policy: Any) -> None:
    wire.expect(log_in(OLD, must_change(data=data)))
    assert execute(MODULE, VERIFY)["policy"] == policy
    if isinstance(data, dict):
        wire.expect(log_in(OLD, must_change(data=json.dumps(data))))
        assert execute(MODULE, VERIFY)["policy"] == policy


# -- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["IDAAS.SDK.", "IDAAS.TENANT.", ""])
@pytest.mark.parametrize("code", LOGIN_CODES)
def test_every_code_of_a_login(wire: WireScript, code: str, family: str) -> None:
    wire.expect(log_in(OLD, failure(code, family=family)))
    result = execute(MODULE, OPTIONS)
    outcome, hint = LOGIN_CODES[code]
    assert result == {
        "failed": True,
        "changed": False,
        "outcome": outcome,
        "code": code,
        "failed_logins": int(outcome == "wrong_password"),
        "msg": result["msg"],
    }
    assert hint in result["msg"]
    assert f"({code})" in result["msg"]


def test_a_code_with_http_200_is_a_failure_too(wire: WireScript) -> None:
    wire.expect(log_in(OLD, failure("LOGIN.0002", status=200)))
    assert execute(MODULE, OPTIONS)["outcome"] == "wrong_password"


@pytest.mark.parametrize("text", WRONG_TEXTS)
@pytest.mark.parametrize("remaining", [9, 2, 0])
def test_remaining_attempts_in_both_languages(wire: WireScript, text: str, remaining: int) -> None:
    wire.expect(log_in(OLD, wrong(remaining, text)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["remaining_attempts"]) == ("wrong_password", remaining)
    assert f"{remaining} attempts are left" in result["msg"]


@pytest.mark.parametrize("text", LOCKED_TEXTS)
def test_the_time_of_the_lock_in_both_languages(wire: WireScript, text: str) -> None:
    wire.expect(log_in(OLD, failure("LOGIN.0001", text)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["failed_logins"], result["unlock_in_seconds"]) == ("locked", 0, 185)
    assert "it unlocks in 3 minutes and 5 seconds" in result["msg"]


@pytest.mark.parametrize("code", ["LOGIN.0001", "LOGIN.0002"])
@pytest.mark.parametrize("text", [SERVER_TEXT, "1 2 3 4", "٩", None, 17, ["9"], "9" * 5000])
def test_texts_without_usable_numbers(wire: WireScript, code: str, text: Any) -> None:
    wire.expect(log_in(OLD, failure(code, text)))
    result = execute(MODULE, OPTIONS)
    assert result["outcome"] == LOGIN_CODES[code][0]
    assert not {"remaining_attempts", "unlock_in_seconds"} & set(result)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_language_is_an_option(wire: WireScript, language: str) -> None:
    wire.expect(log_in(OLD, headers={"X-L": language}))
    assert execute(MODULE, {**OPTIONS, "language": language})["outcome"] == "ok"


UNREADABLE = {
    **unreadable({"status": "SUCCESS", "id_token": ID_TOKEN}),
    "no status": Answer.json({"id_token": ID_TOKEN}),
    "status null": signed_in(status=None),
    "status as a number": signed_in(status=0),
    "status as a list": signed_in(status=["SUCCESS"]),
    "status in lower case": signed_in(status="success"),
    "status with a blank": signed_in(status="SUCCESS "),
    "undocumented status": signed_in(status="CAPTCHA"),
    "status that echoes the request": signed_in(status=OLD),
    "HTTP 401": Answer(401, HTML),
}


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_an_unreadable_answer_is_counted_as_a_wrong_password(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(log_in(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unknown")
    assert result["code"] == code_of(reply, REPEATED)
    assert result["failed_logins"] == 1


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(log_in(OLD, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", str(status), 0)
    assert f"HTTP {status}" in result["msg"]
    assert ("run again later" if status in (429, 503) else "check idaas_url") in result["msg"]


def test_no_connection_costs_no_attempt(wire: WireScript) -> None:
    wire.expect(log_in(OLD, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unreachable", 0)
    assert "idaas.test was not reached" in result["msg"]


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login_by", "path", "named"),
    [
        ("user_name", "/login", "user_name"),
        ("mobile", "/login/mobile-pwd", "mobile"),
        ("identifier", "/login/auth", "user_name"),
    ],
)
def test_by_what_the_user_is_named(wire: WireScript, login_by: str, path: str, named: str) -> None:
    wire.expect(log_in(OLD, path=path, named=named, user="13800000000"))
    assert execute(MODULE, {**OPTIONS, "login_by": login_by, "user_name": "13800000000"})["outcome"] == "ok"


def test_the_device_and_the_tenant_are_told(wire: WireScript) -> None:
    device = {"operating_system": "Android 10", "fingerprint": "f", "agent": "a (b; c)", "address": "10.10.10.1"}
    headers = {
        "X-operating-sys-version": "Android 10",
        "X-device-fingerprint": "f",
        "X-agent": "a (b; c)",
        "X-device-ip": "10.10.10.1",
        "X-tenant-id": "tenant-1",
    }
    wire.expect(log_in(OLD, headers=headers))
    assert execute(MODULE, {**OPTIONS, "device": device, "tenant_id": "tenant-1"})["outcome"] == "ok"


def test_without_a_fingerprint_the_machine_has_one_that_stays(wire: WireScript) -> None:
    fingerprint = idaas_options.device_fingerprint()
    assert len(fingerprint) == 32
    for device in ({}, None, {"fingerprint": None}):
        wire.expect(log_in(OLD, headers={**DEVICE, "X-device-fingerprint": fingerprint}))
        assert execute(MODULE, {**OPTIONS, "device": device})["outcome"] == "ok"


def test_a_machine_without_an_id_goes_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(*_arguments: Any, **_options: Any) -> Any:
        raise FileNotFoundError

    with_id = idaas_options.device_fingerprint()
    monkeypatch.setattr("builtins.open", no_file)
    without = [idaas_options.device_fingerprint() for _time in range(2)]
    assert without[0] == without[1] != with_id


@pytest.mark.parametrize("user_name", ["zhang.wei@example.com", "张伟", "zhang wei", "x" * 256])
def test_names_of_users(wire: WireScript, user_name: str) -> None:
    wire.expect(log_in(OLD, user=user_name))
    assert execute(MODULE, {**OPTIONS, "user_name": user_name})["outcome"] == "ok"


@pytest.mark.parametrize(
    ("options", "fault", "cure"),
    [
        ({"client_id": ""}, "client_id must be 1 to 512", "printable ASCII"),
        ({"client_id": "客户"}, "client_id must be", "printable ASCII"),
        ({"client_id": "a\nX-Other: 1"}, "client_id must be", "printable ASCII"),
        ({"client_id": " a"}, "client_id must be", "without blanks around them"),
        ({"tenant_id": ""}, "tenant_id must be", "printable ASCII"),
        ({"tenant_id": "a\r\nb"}, "tenant_id must be", "printable ASCII"),
        ({"device": {"fingerprint": ""}}, "device: fingerprint must be", "1 to 512 printable ASCII"),
        ({"device": {"operating_system": ""}}, "device: operating_system must be", "1 to 512"),
        ({"device": {"agent": "浏览器"}}, "device: agent must be", "ASCII"),
        ({"device": {"agent": "a\r\nX-Other: 1"}}, "device: agent must be", "ASCII"),
        ({"device": {"address": ""}}, "device: address must be", "ASCII"),
        ({"device": {"address": "a\nb"}}, "device: address must be", "ASCII"),
        ({"device": {"fingerprint": "x" * 513}}, "device: fingerprint must be", "1 to 512"),
        ({"user_name": ""}, "user_name must be 1 to 256 characters", "what the user logs in with"),
        ({"user_name": "a\nb"}, "user_name must be", "what the user logs in with"),
        ({"user_name": "x" * 257}, "user_name must be", "what the user logs in with"),
        ({"password": 12345678}, "password arrived as a number", "put it in quotes"),
        ({"password": [OLD]}, "password arrived as a list", "put it in quotes"),
        ({"password": ""}, "password is empty", "give the password"),
        ({"idaas_url": "http://idaas.test"}, "idaas_url has no TLS", "set allow_http to true"),
        ({"idaas_url": "idaas.test"}, "idaas_url is not a URL", "https://host:port"),
        ({"timeout": 301}, "timeout is out of range", "1 to 300 seconds"),
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
    "options",
    [
        pytest.param({"device": {"agent": " a"}}, id="blank before"),
        pytest.param({"device": {"agent": "a "}}, id="blank after"),
        pytest.param({"device": {"agent": " "}}, id="blank"),
    ],
)
def test_blanks_around_a_header_are_bad_input(wire: WireScript, options: Any) -> None:
    assert "device: agent" in refused_input(MODULE, {**OPTIONS, **options})


def test_characters_that_are_no_text_are_bad_input() -> None:
    assert "user_name" in refused_input(MODULE, {**OPTIONS, "user_name": "zhang\udcff"})


def test_bad_input_is_reported_all_at_once() -> None:
    options = {"idaas_url": "x", "client_id": "", "tenant_id": "", "user_name": "", "password": 1, "timeout": 0}
    message = refused_input(MODULE, {**OPTIONS, **options, "device": {"fingerprint": "", "agent": ""}})
    assert not [name for name in (*options, "fingerprint", "agent") if name not in message]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"client_id": None}, "client_id"),
        ({"user_name": None}, "user_name"),
        ({"password": None}, "password"),
        ({"idaas_url": None}, "idaas_url"),
        ({"device": {"fingerprnt": "a"}}, "fingerprnt"),
        ({"language": "de"}, "language"),
        ({"login_by": "mail"}, "login_by"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, {**OPTIONS, **options})


@pytest.mark.parametrize(("options", "changed"), [(OPTIONS, True), (VERIFY, False)])
def test_check_mode_makes_no_request(wire: WireScript, options: Any, changed: bool) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"]) == (False, changed)
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(log_in(OLD), log_in(OLD, wrong(8)))
    assert run_main(MODULE, OPTIONS, capsys)["id_token"] == ID_TOKEN
    result = run_main(MODULE, OPTIONS, capsys)
    assert (result["failed"], result["outcome"], result["remaining_attempts"]) == (True, "wrong_password", 8)
    assert "exception" not in result

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cec_sip_login, from its options to the wire and back; a registrar's own conversation is tested elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from support.cec import (
    ACCOUNT_OPTIONS,
    ACCOUNT_PASSWORD,
    PHONE,
    REPEATED,
    SIP_OLD,
    TOKEN_2,
    UNAUTHORIZED,
    Registrars,
    ask_token,
    check,
    granted,
    phone,
    unreadable,
    verdict,
)
from support.module_runner import (
    HTML,
    code_of,
    execute,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError

MODULE = "cec_sip_login"
QUERY = {**ACCOUNT_OPTIONS, "account_password": ACCOUNT_PASSWORD, "password": SIP_OLD}
REGISTRAR = {**ACCOUNT_OPTIONS, "registrar": "sip:pbx.test", "sip_user": PHONE, "password": SIP_OLD}
MASKED = {
    "three stars": phone("***"),
    "one star": phone("*"),
    "empty": phone(""),
    "null": phone(None),
    "a number": phone(12345678),
    "no phone at all": verdict(workNo="1001"),
    "no results": verdict(),
    "results as a list": Answer.json({"returnCode": "0", "results": [SIP_OLD]}),
    "results null": Answer.json({"returnCode": "0", "results": None}),
}


# -- by asking the CEC -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sip_user", [None, PHONE])
def test_the_cec_knows_the_password(wire: WireScript, sip_user: str | None) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, phone(SIP_OLD)))
    assert execute(MODULE, {**QUERY, "sip_user": sip_user}) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "account_login": "ok",
        "msg": "the password is right",
    }


@pytest.mark.parametrize("number", [int(PHONE), "", None])
def test_a_number_that_is_written_otherwise_or_not_told_is_no_other_one(wire: WireScript, number: Any) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, phone(SIP_OLD, number)))
    assert execute(MODULE, {**QUERY, "sip_user": PHONE})["outcome"] == "ok"


@pytest.mark.parametrize("password", ["Other_Marker.1", SIP_OLD.lower(), SIP_OLD + " ", "****a"])
def test_the_cec_knows_another_password(wire: WireScript, password: str) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, phone(password)))
    result = execute(MODULE, QUERY)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "wrong_password")
    assert (result["code"], result["failed_logins"]) == ("0", 0)
    assert "the SIP phone has another password" in result["msg"]


@pytest.mark.parametrize("reply", parametrized(MASKED))
def test_a_tenant_that_masks_passwords_verifies_nothing(wire: WireScript, reply: Answer) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, reply))
    result = execute(MODULE, QUERY)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "access_denied", 0)
    assert "give a registrar" in result["msg"]


def test_the_account_has_another_phone(wire: WireScript) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, phone(SIP_OLD, "88801002")))
    result = execute(MODULE, {**QUERY, "sip_user": PHONE})
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "access_denied", 0)
    assert "correct sip_user or account" in result["msg"]
    assert "88801002" not in result["msg"]


@pytest.mark.parametrize("reply", [phone("Other_Marker.1"), phone("***"), phone(SIP_OLD, "88801002")])
def test_a_good_login_of_the_account_is_told_whatever_the_phones_password(wire: WireScript, reply: Answer) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, reply))
    assert execute(MODULE, {**QUERY, "sip_user": PHONE})["account_login"] == "ok"


@pytest.mark.parametrize(
    ("reply", "account_login", "outcome", "failing"),
    [
        (verdict("1"), "wrong_password", "access_denied", 1),
        (verdict("1", "账号已锁定"), "locked", "access_denied", 0),
        (verdict("1", "流控失败"), "access_denied", "access_denied", 0),
        (Answer(403, HTML), "access_denied", "access_denied", 0),
        (Answer(500, HTML), "unknown", "access_denied", 1),
        (Fault.DROPPED, "unknown", "access_denied", 1),
        (Fault.NOT_CONNECTED, "unreachable", "unreachable", 0),
    ],
)
def test_a_fault_of_the_account_says_nothing_about_the_phone(
    wire: WireScript, reply: Answer | Fault, account_login: str, outcome: str, failing: int
) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, reply))
    result = execute(MODULE, QUERY)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["account_login"], result["failed_logins"]) == (account_login, failing)
    assert result["msg"].endswith("it was asked for the SIP phone")


@pytest.mark.parametrize("reply", parametrized(unreadable("returnCode")))
def test_an_unreadable_answer_is_counted_for_the_account(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, reply))
    result = execute(MODULE, QUERY)
    assert (result["outcome"], result["account_login"], result["failed_logins"]) == ("access_denied", "unknown", 1)
    assert result["code"] == code_of(reply, REPEATED)


def test_a_refused_token_is_renewed_once(wire: WireScript) -> None:
    wire.expect(
        ask_token(),
        check(ACCOUNT_PASSWORD, verdict(UNAUTHORIZED), spelling="CC-Mangemant"),
        ask_token(granted(TOKEN_2)),
        check(ACCOUNT_PASSWORD, phone(SIP_OLD), token=TOKEN_2, spelling="CC-Mangemant"),
    )
    assert execute(MODULE, {**QUERY, "management_path": "CC-Mangemant"})["outcome"] == "ok"


# -- at the registrar --------------------------------------------------------------------------------------------------


def test_the_registrar_accepts_the_password(wire: WireScript, registrars: Registrars) -> None:
    options = {"sip_auth_user": "auth-1", "sip_domain": "sip.test", "sip_timeout": 3, "sip_validate_certs": False}
    assert execute(MODULE, {**REGISTRAR, **options, "registrar": "sips:pbx.test:5071"}) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "account_login": None,
        "msg": "the password is right",
    }
    ((registrar, user, password, auth_user),) = registrars.asked
    assert (registrar.uri, registrar.domain, registrar.timeout) == ("sips:pbx.test:5071", "sip.test", 3)
    assert (registrar.ca_path, registrar.validate_certs) == (None, False)
    assert (user, password, auth_user) == (PHONE, SIP_OLD, "auth-1")
    assert not wire.sent, "the CEC is not asked"


def test_the_registrar_is_asked_even_where_the_cec_could_be(wire: WireScript, registrars: Registrars) -> None:
    assert execute(MODULE, {**REGISTRAR, "account_password": ACCOUNT_PASSWORD})["outcome"] == "ok"
    assert len(registrars.asked) == 1
    assert not wire.sent


@pytest.mark.parametrize(
    ("outcome", "failing"),
    [("wrong_password", 1), ("unknown", 1), ("access_denied", 0), ("locked", 0), ("unreachable", 0)],
)
def test_what_the_registrar_may_answer(wire: WireScript, registrars: Registrars, outcome: str, failing: int) -> None:
    registrars.answer = ApiError(outcome, "a sentence about the registrar", "403")
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"], result["code"]) == (True, False, outcome, "403")
    assert (result["failed_logins"], result["msg"]) == (failing, "a sentence about the registrar")
    assert not wire.sent


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"registrar": None}, "give registrar, or account_password to ask the CEC"),
        ({"registrar": ""}, "give registrar, or account_password to ask the CEC"),
        ({"sip_user": None}, "sip_user is missing; a registrar knows a phone by its number"),
        ({"sip_user": ""}, "sip_user is missing"),
        ({"sip_user": "888 01001"}, "sip_user must be 1 to 64 printable ASCII characters"),
        ({"sip_user": "88801001\nX-Other: 1"}, "sip_user must be"),
        ({"sip_user": "电话"}, "sip_user must be"),
        ({"sip_auth_user": ""}, "sip_auth_user must be 1 to 64"),
        ({"sip_auth_user": "a\r\nb"}, "sip_auth_user must be 1 to 64"),
        ({"registrar": "pbx.test"}, "registrar is not the SIP URI of a server"),
        ({"registrar": "https://pbx.test"}, "registrar is not the SIP URI of a server"),
        ({"password": 12345678}, "password arrived as a number"),
        ({"password": ""}, "password is empty"),
        ({"account_password": 12345678}, "account_password arrived as a number"),
        ({"account_password": ""}, "account_password is empty"),
        ({"account": ""}, "account must be"),
        ({"app_key": "schlüssel"}, "app_key must be"),
        ({"cec_url": "http://cec.test"}, "cec_url has no TLS"),
        ({"token_lifetime": 3601}, "token_lifetime is out of range"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(
    wire: WireScript, registrars: Registrars, options: Any, fault: str, check_mode: bool
) -> None:
    assert fault in refused_input(MODULE, {**REGISTRAR, **options}, check_mode)
    assert not registrars.asked


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"sip_timeout": 0}, "sip_timeout is out of range"),
        ({"sip_domain": "two words"}, "sip_domain is not a host name"),
        ({"sip_ca_path": "/nowhere/ca.pem"}, "sip_ca_path names no file"),
    ],
)
def test_faults_of_the_registrars_options_name_these_options(options: Any, fault: str) -> None:
    assert fault in refused_input(MODULE, {**REGISTRAR, **options})


def test_what_the_argument_spec_refuses() -> None:
    assert "password" in rejected(MODULE, {**QUERY, "password": None})
    assert "account" in rejected(MODULE, {**QUERY, "account": None})


@pytest.mark.parametrize("options", [QUERY, REGISTRAR])
def test_check_mode_makes_no_request(wire: WireScript, registrars: Registrars, options: Any) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"]) == (False, False)
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent
    assert not registrars.asked


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_token(), check(ACCOUNT_PASSWORD, phone(SIP_OLD)), check(ACCOUNT_PASSWORD, verdict("1")))
    assert run_main(MODULE, QUERY, capsys)["outcome"] == "ok"
    result = run_main(MODULE, QUERY, capsys)
    assert (result["failed"], result["outcome"], result["account_login"]) == (True, "access_denied", "wrong_password")
    assert "exception" not in result

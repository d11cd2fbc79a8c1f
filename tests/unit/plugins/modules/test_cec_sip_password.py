# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cec_sip_password, from its options to the wire and back; a registrar's own conversation is tested elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from support.cec import (
    ACCOUNT_OPTIONS,
    ACCOUNT_PASSWORD,
    CAUSES,
    FLOW_CONTROL,
    PHONE,
    REFUSING_STATUSES,
    SIP_NEW,
    SIP_OLD,
    TOKEN_2,
    UNAUTHORISED,
    UNFAMILIAR_TEXTS,
    Registrars,
    ask_token,
    change_phone,
    check,
    done,
    granted,
    phone,
    unreadable,
    verdict,
)
from support.module_runner import (
    HTML,
    execute,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError

MODULE = "cec_sip_password"
QUERY = {**ACCOUNT_OPTIONS, "account_password": ACCOUNT_PASSWORD, "new_password": SIP_NEW}
REGISTRAR = {**QUERY, "registrar": "sip:pbx.test", "sip_user": PHONE}
AT_ONCE = {**QUERY, "probe_new_password": False}
WRONG_AT_REGISTRAR = ApiError("bad", "it does not accept the password", "401")


def checked(reply: Answer | Fault | None = None, **more: Any) -> Any:
    """Return the check of the business account's password."""
    return check(ACCOUNT_PASSWORD, reply or phone(SIP_OLD), **more)


# -- by asking the CEC -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("code", ["0", 0])
def test_the_change_takes_the_accounts_password(wire: WireScript, code: Any, wrapped: bool) -> None:
    wire.expect(ask_token(), checked(), checked(), change_phone(SIP_NEW, done(code, wrapped=wrapped)))
    assert execute(MODULE, QUERY) == {
        "failed": False,
        "changed": True,
        "outcome": "changed",
        "code": "0",
        "login": "ok",
        "failing_logins": 0,
        "password_refused": False,
        "account_login": "ok",
        "msg": "the password was changed",
    }


def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(ask_token(), checked(phone(SIP_NEW)))
    result = execute(MODULE, QUERY)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert (result["code"], result["failing_logins"], result["password_refused"]) == ("0", 0, False)
    assert result["msg"] == "the new password was in place already"


@pytest.mark.parametrize("reply", [phone(SIP_NEW), phone("***")])
def test_a_login_of_the_account_is_told_even_without_a_change(wire: WireScript, reply: Answer) -> None:
    wire.expect(ask_token(), checked(reply))
    assert execute(MODULE, QUERY)["account_login"] == "ok"


def test_without_a_probe_the_account_is_checked_all_the_same(wire: WireScript) -> None:
    wire.expect(ask_token(), checked(phone("***")), change_phone(SIP_NEW))
    result = execute(MODULE, AT_ONCE)
    assert (result["outcome"], result["login"], result["account_login"]) == ("changed", "ok", "ok")


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (phone("***"), "give a registrar"),
        (phone(None), "give a registrar"),
        (phone(SIP_OLD, "88801002"), "correct sip_user or account"),
    ],
)
def test_where_nothing_can_be_verified_nothing_is_changed(wire: WireScript, reply: Answer, hint: str) -> None:
    wire.expect(ask_token(), checked(reply))
    result = execute(MODULE, {**QUERY, "sip_user": PHONE})
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["failing_logins"], result["password_refused"]) == (0, False)
    assert hint in result["msg"]
    assert "in place already was not found out" in result["msg"]


ACCOUNT_FAULTS = [
    (verdict("1"), "bad", 1),
    (verdict("1", "The account is locked."), "locked", 0),
    (verdict("1", "流控失败"), "denied", 0),
    (Answer(403, HTML), "denied", 0),
    (Answer(500, HTML), "unknown", 1),
    (Fault.DROPPED, "unknown", 1),
    (Fault.NOT_CONNECTED, "unreachable", 0),
]


@pytest.mark.parametrize(("reply", "account_login", "failing"), ACCOUNT_FAULTS)
@pytest.mark.parametrize("options", [QUERY, AT_ONCE])
def test_a_fault_of_the_account_ends_it(
    wire: WireScript, options: Any, reply: Answer | Fault, account_login: str, failing: int
) -> None:
    wire.expect(ask_token(), checked(reply))
    result = execute(MODULE, options)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["login"], result["account_login"]) == (account_login, account_login)
    assert (result["failing_logins"], result["password_refused"]) == (failing, False)
    assert "nothing was changed" in result["msg"].lower()


# -- what the CEC may answer to the change -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", UNFAMILIAR_TEXTS)
@pytest.mark.parametrize("code", ["1", 1])
def test_a_failure_is_about_the_new_password(wire: WireScript, code: Any, text: Any) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done(code, text)))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["code"], result["login"], result["password_refused"]) == ("1", "ok", True)
    assert "the CEC refused the new password" in result["msg"]


@pytest.mark.parametrize("text", CAUSES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_another_cause_is_found_in_the_text(wire: WireScript, text: str, wrapped: bool) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done("1", text, wrapped=wrapped)))
    result = execute(MODULE, AT_ONCE)
    outcome, hint = CAUSES[text]
    assert (result["changed"], result["outcome"], result["password_refused"]) == (False, "refused", False)
    assert result["account_login"] == ("locked" if outcome == "locked" else "ok")
    assert hint in result["msg"]


@pytest.mark.parametrize("code", [FLOW_CONTROL, int(FLOW_CONTROL)])
def test_flow_control(wire: WireScript, code: Any) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done(code)))
    result = execute(MODULE, AT_ONCE)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "refused", FLOW_CONTROL)


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, Answer(status, HTML)))
    result = execute(MODULE, AT_ONCE)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "refused", str(status))
    assert result["password_refused"] is False
    assert REFUSING_STATUSES[status] in result["msg"]


@pytest.mark.parametrize("reply", parametrized(unreadable("resultCode")))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, reply))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["account_login"], result["failing_logins"]) == ("ok", 0)
    assert "the password may be the old or the new one" in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")


@pytest.mark.parametrize("refusal", [Answer(401), done(UNAUTHORISED)])
def test_a_refused_token_is_renewed_once(wire: WireScript, refusal: Answer) -> None:
    wire.expect(
        ask_token(),
        checked(),
        change_phone(SIP_NEW, refusal),
        ask_token(granted(TOKEN_2)),
        change_phone(SIP_NEW, token=TOKEN_2),
        checked(token=TOKEN_2),
        change_phone(SIP_NEW, refusal, token=TOKEN_2),
        ask_token(granted("token-marker-3")),
        change_phone(SIP_NEW, refusal, token="token-marker-3"),
    )
    assert execute(MODULE, AT_ONCE)["outcome"] == "changed"
    result = execute(MODULE, AT_ONCE)
    assert (result["changed"], result["outcome"], result["password_refused"]) == (False, "refused", False)


# -- at the registrar --------------------------------------------------------------------------------------------------


def test_a_change_where_the_registrar_refuses_the_new_password(wire: WireScript, registrars: Registrars) -> None:
    registrars.answer = WRONG_AT_REGISTRAR
    wire.expect(ask_token(), checked(phone("***")), change_phone(SIP_NEW))
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert (result["login"], result["account_login"]) == ("ok", "ok")
    ((registrar, user, password, auth_user),) = registrars.asked
    assert (registrar.uri, user, password, auth_user) == ("sip:pbx.test", PHONE, SIP_NEW, None)


def test_the_probe_at_the_registrar_costs_an_attempt(wire: WireScript, registrars: Registrars) -> None:
    registrars.answer = WRONG_AT_REGISTRAR
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW))
    assert execute(MODULE, REGISTRAR)["failing_logins"] == 1


def test_nothing_changes_where_the_registrar_accepts_the_new_password(wire: WireScript, registrars: Registrars) -> None:
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert (result["login"], result["account_login"], result["failing_logins"]) == (None, None, 0)
    assert len(registrars.asked) == 1
    assert not wire.sent


@pytest.mark.parametrize(("outcome", "failing"), [("unknown", 1), ("denied", 0), ("unreachable", 0)])
def test_a_registrar_that_cannot_tell_ends_it(
    wire: WireScript, registrars: Registrars, outcome: str, failing: int
) -> None:
    registrars.answer = ApiError(outcome, "a sentence about the registrar", "480")
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "refused")
    assert (result["code"], result["failing_logins"], result["password_refused"]) == ("480", failing, False)
    assert "a sentence about the registrar. Nothing was changed" in result["msg"]
    assert not wire.sent


def test_without_a_probe_the_registrar_is_left_alone(wire: WireScript, registrars: Registrars) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW))
    assert execute(MODULE, {**REGISTRAR, "probe_new_password": False})["outcome"] == "changed"
    assert not registrars.asked


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", ["Abcdefg1", "~@^*_+.?aA", "Aa1" * 5 + "x", "aaaaaaA1"])
def test_passwords_that_the_page_allows(wire: WireScript, new: str) -> None:
    wire.expect(ask_token(), checked(), change_phone(new))
    assert execute(MODULE, {**AT_ONCE, "new_password": new})["outcome"] == "changed"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"new_password": "Abcdef1"}, "shorter than 8"),
        ({"new_password": "A1" * 8 + "x"}, "longer than 16"),
        ({"new_password": "Abcdef-1"}, "digits and the specials ~@^*_+.?"),
        ({"new_password": "Abcdefg1!"}, "digits and the specials ~@^*_+.?"),
        ({"new_password": "Abcdefg1 "}, "digits and the specials ~@^*_+.?"),
        ({"new_password": "abcdefg1"}, "fewer than 3"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"new_password": ""}, "new_password is empty"),
        ({"account_password": 12345678}, "account_password arrived as a number"),
        ({"account_password": ""}, "account_password is empty"),
        ({"registrar": "sip:pbx.test"}, "sip_user is missing"),
        ({"registrar": "pbx.test", "sip_user": PHONE}, "registrar is not the SIP URI"),
        ({"sip_user": "电话"}, "sip_user must be"),
        ({"policy": {"specials": "#", "generated_specials": "#"}}, "digits and the specials #"),
        ({"policy": {"max_length": 12}}, "longer than 12"),
        ({"account": ""}, "account must be"),
        ({"app_key": "a\nb"}, "app_key must be"),
        ({"app_secret": 1}, "app_secret arrived as a number"),
        ({"cec_url": "http://cec.test"}, "cec_url has no TLS"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(
    wire: WireScript, registrars: Registrars, options: Any, fault: str, check_mode: bool
) -> None:
    assert fault in refused_input(MODULE, {**QUERY, **options}, check_mode)
    assert not registrars.asked


@pytest.mark.parametrize("option", ["account", "account_password", "new_password"])
def test_what_the_argument_spec_refuses(option: str) -> None:
    assert option in rejected(MODULE, {**REGISTRAR, option: None})


@pytest.mark.parametrize("options", [QUERY, REGISTRAR])
def test_check_mode_makes_no_request(wire: WireScript, registrars: Registrars, options: Any) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent
    assert not registrars.asked


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(
        ask_token(), checked(), checked(), change_phone(SIP_NEW), checked(), checked(), change_phone(SIP_NEW, done("1"))
    )
    assert run_main(MODULE, QUERY, capsys)["outcome"] == "changed"
    refused = run_main(MODULE, QUERY, capsys)
    assert (refused["failed"], refused["changed"], refused["password_refused"]) == (True, False, True)

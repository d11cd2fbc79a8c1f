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
    OLD_PASSWORD_TEXTS,
    PHONE,
    REFUSING_STATUSES,
    REPEATED,
    SIP_NEW,
    SIP_OLD,
    TOKEN_2,
    UNAUTHORIZED,
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

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome

MODULE = "cec_sip_password"
QUERY = {**ACCOUNT_OPTIONS, "account_password": ACCOUNT_PASSWORD, "new_password": SIP_NEW}
REGISTRAR = {**QUERY, "registrar": "sip:pbx.test", "sip_user": PHONE}
AT_ONCE = {**QUERY, "probe_new_password": False}
WRONG_AT_REGISTRAR = ApiError(Outcome.WRONG_PASSWORD, "it does not accept the password", "401")


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
        "change_sent": True,
        "login": "ok",
        "failed_logins": 0,
        "account_login": "ok",
        "msg": "the password was changed",
    }


def test_a_change_as_the_table_of_parameters_shows_it(wire: WireScript) -> None:
    """The queries stay as they are; of them table and example say the same."""
    wire.expect(ask_token(), checked(), checked(), change_phone(SIP_NEW, wrapped=True))
    assert execute(MODULE, {**QUERY, "request_param": True})["outcome"] == "changed"


def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(ask_token(), checked(phone(SIP_NEW)))
    result = execute(MODULE, QUERY)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert (result["code"], result["failed_logins"]) == ("0", 0)
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
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert result["failed_logins"] == 0
    assert hint in result["msg"]
    assert "in place already was not found out" in result["msg"]


ACCOUNT_FAULTS = [
    (verdict("1"), "wrong_password", 1),
    (verdict("1", "The account is locked."), "locked", 0),
    (verdict("1", "流控失败"), "access_denied", 0),
    (Answer(403, HTML), "access_denied", 0),
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
    # Asked for the phone, a fault of its account says nothing about the phone.
    of_phone = "unreachable" if account_login == "unreachable" else "access_denied"
    outcome = of_phone if options is QUERY else of_a_change(account_login)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["login"], result["account_login"]) == (account_login, account_login)
    assert (result["failed_logins"], result["change_sent"]) == (failing, False)
    assert "nothing was changed" in result["msg"].lower()


# -- what the CEC may answer to the change -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", UNFAMILIAR_TEXTS)
@pytest.mark.parametrize("code", ["1", 1])
def test_a_failure_is_about_the_new_password(wire: WireScript, code: Any, text: Any) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done(code, text)))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "password_rejected")
    assert (result["code"], result["login"]) == ("1", "ok")
    assert "the CEC refused the new password" in result["msg"]


@pytest.mark.parametrize("text", CAUSES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_another_cause_is_found_in_the_text(wire: WireScript, text: str, wrapped: bool) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done("1", text, wrapped=wrapped)))
    result = execute(MODULE, AT_ONCE)
    outcome, hint = CAUSES[text]
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, outcome, True)
    assert result["account_login"] == ("locked" if outcome == "locked" else "ok")
    assert hint in result["msg"]


@pytest.mark.parametrize("text", OLD_PASSWORD_TEXTS)
def test_a_text_about_the_old_password_is_about_the_accounts(wire: WireScript, text: str) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done("1", text)))
    result = execute(MODULE, AT_ONCE)
    assert (result["outcome"], result["failed_logins"], result["change_sent"]) == ("wrong_password", 1, True)
    assert (result["login"], result["account_login"]) == ("wrong_password", "wrong_password")


@pytest.mark.parametrize("code", [FLOW_CONTROL, int(FLOW_CONTROL)])
def test_flow_control(wire: WireScript, code: Any) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, done(code)))
    result = execute(MODULE, AT_ONCE)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "access_denied", FLOW_CONTROL)


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, Answer(status, HTML)))
    result = execute(MODULE, AT_ONCE)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "access_denied", str(status))
    assert REFUSING_STATUSES[status] in result["msg"]


@pytest.mark.parametrize("reply", parametrized(unreadable("resultCode")))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, reply))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)
    assert (result["account_login"], result["failed_logins"]) == ("ok", 0)
    assert "the password may be the old or the new one" in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(ask_token(), checked(), change_phone(SIP_NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, AT_ONCE)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert not result["change_sent"]


@pytest.mark.parametrize("refusal", [Answer(401), done(UNAUTHORIZED)])
@pytest.mark.parametrize("verified", [True, False])
def test_a_change_whose_token_is_refused_is_not_sent_again(wire: WireScript, refusal: Answer, verified: bool) -> None:
    """A login of the account would not prove that the phone's password was not changed."""
    options = AT_ONCE if verified else PROVED
    wire.expect(ask_token(), *([checked()] if verified else []), change_phone(SIP_NEW, refusal))
    result = execute(MODULE, options)
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, "session_lost", True)
    assert result["account_login"] == ("ok" if verified else None)
    again = [checked(token=TOKEN_2)] if verified else []
    wire.expect(ask_token(granted(TOKEN_2)), *again, change_phone(SIP_NEW, token=TOKEN_2))
    assert execute(MODULE, options)["outcome"] == "changed"


# -- right after a login -----------------------------------------------------------------------------------------------


PROVED = {**AT_ONCE, "verify_account_password": False}


@pytest.mark.parametrize(
    ("reply", "outcome", "account_login"),
    [
        (done(), "changed", None),
        (done("1"), "password_rejected", None),
        (done("1", "locked"), "locked", "locked"),
        (Fault.DROPPED, "unknown", None),
    ],
)
def test_after_a_login_of_the_account_only_the_change_is_sent(
    wire: WireScript, reply: Answer | Fault, outcome: str, account_login: str | None
) -> None:
    wire.expect(ask_token(), change_phone(SIP_NEW, reply))
    result = execute(MODULE, PROVED)
    assert (result["outcome"], result["login"], result["account_login"]) == (outcome, account_login, account_login)


def test_the_logins_that_it_may_make() -> None:
    for options, count in ((PROVED, 0), (AT_ONCE, 1), ({**QUERY, "verify_account_password": False}, 1), (QUERY, 2)):
        assert len(logins(MODULE, options)) == count


@pytest.mark.parametrize("new", ["short", "Abcdefg1!"])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(ask_token(), change_phone(new))
    assert execute(MODULE, {**PROVED, "new_password": new, "check_policy": False})["outcome"] == "changed"


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
    assert execute(MODULE, REGISTRAR)["failed_logins"] == 1


def test_nothing_changes_where_the_registrar_accepts_the_new_password(wire: WireScript, registrars: Registrars) -> None:
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert (result["login"], result["account_login"], result["failed_logins"]) == (None, None, 0)
    assert len(registrars.asked) == 1
    assert not wire.sent


@pytest.mark.parametrize(("outcome", "failing"), [("unknown", 1), ("access_denied", 0), ("unreachable", 0)])
def test_a_registrar_that_cannot_tell_ends_it(
    wire: WireScript, registrars: Registrars, outcome: str, failing: int
) -> None:
    registrars.answer = ApiError(Outcome(outcome), "a sentence about the registrar", "480")
    result = execute(MODULE, REGISTRAR)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(outcome))
    assert (result["code"], result["failed_logins"]) == ("480", failing)
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
        ({"new_password": "Abcdef 1"}, "digits and the specials ~@^*_+.?"),
        ({"new_password": "Abcdefg1 "}, "ends with a blank"),
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
    assert not result["change_sent"]
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent
    assert not registrars.asked


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(
        ask_token(), checked(), checked(), change_phone(SIP_NEW), checked(), checked(), change_phone(SIP_NEW, done("1"))
    )
    assert run_main(MODULE, QUERY, capsys)["outcome"] == "changed"
    refused = run_main(MODULE, QUERY, capsys)
    assert (refused["failed"], refused["changed"]) == (True, False)

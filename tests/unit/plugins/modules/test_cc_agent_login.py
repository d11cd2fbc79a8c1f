# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_agent_login, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    AGENT_OPTIONS,
    COOKIE,
    GUID,
    GUID_2,
    NOT_EVALUATED,
    REPEATED,
    UNREADABLE,
    answer,
    sign_in,
    sign_out,
    sign_outs,
    signed_in,
)
from support.module_runner import (
    HTML,
    OLD,
    code_of,
    execute,
    parametrized,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cc_agent_login"
OPTIONS = {**AGENT_OPTIONS, "password": OLD}
VERIFY = {**OPTIONS, "verify_only": True}
SIGN_OUT = {**AGENT_OPTIONS, "phone_number": None, "state": "signed_out", "guid": GUID, "cookies": {"route": COOKIE}}


def test_signing_in_returns_the_session(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": True,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "must_change": False,
        "guid": GUID,
        "cookies": {"route": COOKIE},
        "msg": "the password is right",
    }


def test_verifying_signs_out_again_and_returns_no_session(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()), sign_out())
    assert execute(MODULE, VERIFY) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "must_change": False,
        "msg": "the password is right",
    }


def test_the_connection_verifies_and_follows_no_redirect(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()), sign_out())
    execute(MODULE, {**VERIFY, "timeout": 7})
    assert [(one["verify"], one["timeout"]) for one in wire.connections] == [(True, (7.0, 7.0))] * 2


@pytest.mark.parametrize(
    ("flag", "outcome"),
    [
        ("true", "ok_restricted"),
        ("TRUE", "ok_restricted"),
        (True, "ok_restricted"),
        ("false", "ok"),
        ("False", "ok"),
        (False, "ok"),
        (None, "ok"),
        ("", "ok"),
    ],
)
def test_a_password_that_must_be_changed_is_right_all_the_same(wire: WireScript, flag: Any, outcome: str) -> None:
    wire.expect(sign_in(OLD, signed_in(must_change=flag)), sign_out())
    result = execute(MODULE, VERIFY)
    assert (result["outcome"], result["must_change"], result["failed"]) == (outcome, outcome != "ok", False)
    assert ("demands a new one" in result["msg"]) == (outcome != "ok")


@pytest.mark.parametrize(
    ("headers", "result", "guid"),
    [
        pytest.param([("Set-GUID", f"JSESSIONID={GUID}")], {}, GUID, id="prefix"),
        pytest.param([("Set-GUID", GUID)], {}, GUID, id="no prefix"),
        pytest.param([("set-guid", f"guid={GUID}; Path=/; Secure")], {}, GUID, id="another prefix and attributes"),
        pytest.param([("Guid", GUID)], {}, GUID, id="the other header"),
        pytest.param([("Set-GUID", f"JSESSIONID={GUID}"), ("Guid", GUID_2)], {}, GUID, id="both headers"),
        pytest.param([], {"guid": GUID}, GUID, id="only in the body"),
        pytest.param([("Set-GUID", "JSESSIONID=")], {"guid": GUID}, GUID, id="empty header"),
    ],
)
def test_where_the_session_id_may_be(wire: WireScript, headers: Any, result: Any, guid: str) -> None:
    wire.expect(sign_in(OLD, answer("0", result, *headers)), sign_out(guid=guid, cookie=None))
    assert execute(MODULE, VERIFY)["outcome"] == "ok"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer("0", {"workno": "1001"}), id="none"),
        pytest.param(answer("0", {}, ("Set-GUID", "JSESSIONID=")), id="empty"),
        pytest.param(answer("0", {}, ("Set-GUID", "JSESSIONID=no guid at all")), id="illegal characters"),
        pytest.param(answer("0", {}, ("Set-GUID", "x" * 300)), id="too long"),
        pytest.param(answer("0", {"guid": 17}), id="a number"),
        pytest.param(answer("0", [GUID]), id="result is a list"),
    ],
)
def test_a_sign_in_without_a_session_id_proves_nothing(wire: WireScript, reply: Answer) -> None:
    wire.expect(sign_in(OLD, reply))
    result = execute(MODULE, VERIFY)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unknown", 1)
    assert result["code"] == "0"
    assert "no session id" in result["msg"]


def test_several_cookies_are_sent_back_without_their_attributes(wire: WireScript) -> None:
    reply = answer(
        "0",
        {},
        ("Set-GUID", GUID),
        ("Set-Cookie", "route=a=b; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ("Set-Cookie", "node = 2 ;Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("Set-Cookie", "empty=; Path=/"),
        ("Set-Cookie", "no pair at all"),
        ("Set-Cookie", "=nameless"),
    )
    wire.expect(sign_in(OLD, reply))
    session = execute(MODULE, OPTIONS)
    assert session["cookies"] == {"route": "a=b", "node": "2", "empty": ""}
    ended = sign_out()
    wire.expect(type(ended)(**{**vars(ended), "headers": {"guid": GUID, "Cookie": "route=a=b; node=2; empty="}}))
    assert execute(MODULE, {**SIGN_OUT, "cookies": session["cookies"]})["outcome"] == "ok"


@pytest.mark.parametrize(
    ("code", "outcome", "failing", "hint"),
    [
        ("000-002", "access_denied", 0, "parameter or the URL illegal"),
        ("000-006", "access_denied", 0, "parameter illegal"),
        ("000-007", "access_denied", 0, "run again later"),
        ("100-001", "access_denied", 0, "parameter empty or illegal"),
        ("100-002", "signed_in", 0, "signed in"),
        ("100-003", "access_denied", 0, "run again later"),
        ("100-004", "wrong_password", 1, "password is wrong"),
        ("100-011", "access_denied", 0, "check phone_number"),
        ("100-012", "access_denied", 0, "check agent_type"),
        ("100-013", "access_denied", 0, "check phone_number"),
        ("100-014", "access_denied", 0, "check phone_number"),
        ("100-015", "signed_in", 0, "does not allow a take-over"),
        ("100-016", "access_denied", 0, "IP address"),
        ("100-017", "access_denied", 0, "uPortal"),
        ("100-061", "locked", 0, "locked"),
        ("100-062", "wrong_password", 1, "password is wrong"),
        ("110-016", "locked", 0, "locked"),
        # Not in the vendor's table for sign-ins, or not known to be evaluated: counted, to be safe.
        ("000-000", "unknown", 1, "does not tell what was done"),
        ("000-003", "unknown", 1, "does not tell what was done"),
        ("100-007", "unknown", 1, "does not tell what was done"),
        ("100-018", "unknown", 1, "does not tell what was done"),
    ],
)
def test_every_retcode_of_a_sign_in(wire: WireScript, code: str, outcome: str, failing: int, hint: str) -> None:
    wire.expect(sign_in(OLD, answer(code)))
    result = execute(MODULE, VERIFY)
    assert result == {
        "failed": True,
        "changed": False,
        "outcome": outcome,
        "code": code,
        "failed_logins": failing,
        "msg": result["msg"],
    }
    assert hint in result["msg"]
    assert code in result["msg"]


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_an_unreadable_answer_is_counted_as_a_wrong_password(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(sign_in(OLD, reply))
    result = execute(MODULE, VERIFY)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unknown")
    assert (result["code"], result["failed_logins"]) == (code_of(reply, REPEATED), 1)


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_proxy_in_front_has_not_looked_at_the_password(wire: WireScript, status: int) -> None:
    wire.expect(sign_in(OLD, Answer(status, HTML)))
    result = execute(MODULE, VERIFY)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", str(status), 0)
    assert f"HTTP {status}" in result["msg"]
    assert "check gateway_url" in result["msg"]


@pytest.mark.parametrize("status", NOT_EVALUATED)
def test_a_gateway_that_is_busy_has_not_looked_at_the_password(wire: WireScript, status: int) -> None:
    wire.expect(sign_in(OLD, answer("100-004", status=status)))
    result = execute(MODULE, VERIFY)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", str(status), 0)
    assert result["msg"] == (f"the gateway has too many requests or is not available (HTTP {status}); run again later")


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_got_no_answer_has_none(wire: WireScript, status: int) -> None:
    wire.expect(sign_in(OLD, answer("100-004", status=status)))
    result = execute(MODULE, VERIFY)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("unknown", None, 1)
    assert result["msg"] == f"a proxy got no answer from the gateway (HTTP {status})"


def test_no_connection_costs_no_attempt(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, Fault.NOT_CONNECTED))
    result = execute(MODULE, VERIFY)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unreachable", 0)
    assert "gateway.test:8043 was not reached" in result["msg"]


@pytest.mark.parametrize("charset", ["GBK", "gb2312", '"gb18030"'])
def test_an_answer_in_the_gbk_family_is_read(wire: WireScript, charset: str) -> None:
    body = f'{{"message": "密码错误 {OLD}", "retcode": "100-004"}}'.encode("gb18030")
    wire.expect(sign_in(OLD, Answer(body=body, headers=[("Content-Type", f"application/json;charset={charset}")])))
    assert execute(MODULE, VERIFY)["outcome"] == "wrong_password"


def test_an_unfamiliar_charset_is_read_as_utf_8(wire: WireScript) -> None:
    body = '{"message": "密码", "retcode": "100-004"}'.encode()
    wire.expect(sign_in(OLD, Answer(body=body, headers=[("Content-Type", "text/json; charset=rot13")])))
    assert execute(MODULE, VERIFY)["outcome"] == "wrong_password"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer("100-010"), id="state error"),
        pytest.param(answer("100-007"), id="exception"),
        pytest.param(answer(0), id="number"),
        pytest.param(Answer(502, HTML), id="proxy"),
        pytest.param(Fault.DROPPED, id="dropped"),
        pytest.param(Fault.NOT_CONNECTED, id="not connected"),
    ],
)
def test_a_failing_sign_out_does_not_spoil_the_verdict(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(sign_in(OLD, signed_in()), *sign_outs(reply))
    result = execute(MODULE, VERIFY)
    assert (result["failed"], result["outcome"]) == (False, "ok")
    assert "could not be ended" in result["msg"]


@pytest.mark.parametrize("reply", [Fault.DROPPED, Fault.NOT_CONNECTED, Answer(502, HTML)])
def test_a_sign_out_that_was_lost_is_made_once_more(wire: WireScript, reply: Answer | Fault) -> None:
    """A kept connection may have been reset meanwhile, and an agent who stays signed in looks like a person at work."""
    wire.expect(sign_in(OLD, signed_in()), sign_out(reply), sign_out())
    result = execute(MODULE, VERIFY)
    assert (result["failed"], result["outcome"]) == (False, "ok")
    assert "could not be ended" not in result["msg"]


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_shape_the_request(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in(), path="/forcelogin", agenttype=11, status=5, phonelinkage=1), sign_out())
    options = {"take_over": True, "agent_type": 11, "sign_in_parameters": {"status": 5, "phonelinkage": 1}}
    assert execute(MODULE, {**VERIFY, **options})["outcome"] == "ok"


def test_a_password_with_any_character_arrives_as_it_is(wire: WireScript) -> None:
    password = 'пароль-"\\/密 码'
    wire.expect(sign_in(password, signed_in()), sign_out())
    assert execute(MODULE, {**VERIFY, "password": password})["outcome"] == "ok"


@pytest.mark.parametrize("agent_id", [101, 59999])
def test_the_ends_of_the_range_are_accepted(agent_id: int) -> None:
    assert not execute(MODULE, {**OPTIONS, "agent_id": agent_id}, check_mode=True)["failed"]


@pytest.mark.parametrize(
    ("options", "fault", "cure"),
    [
        ({"agent_id": 100}, "agent_id is 100, outside 101 to 59999", "raise agent_id_max to 999999"),
        ({"agent_id": 60000}, "agent_id is 60000, outside 101 to 59999", "raise agent_id_max to 999999"),
        ({"agent_id": -1}, "agent_id is -1", "correct it"),
        ({"phone_number": None}, "phone_number is missing", "number of a softphone"),
        ({"phone_number": ""}, "phone_number is missing", "number of a softphone"),
        ({"phone_number": "+4940001"}, "phone_number must be 1 to 24 digits", "correct it"),
        ({"phone_number": "1" * 25}, "phone_number must be 1 to 24 digits", "correct it"),
        ({"phone_number": "40001\n"}, "phone_number must be 1 to 24 digits", "correct it"),
        ({"password": 12345678}, "password arrived as a number", "put it in quotes"),
        ({"password": True}, "password arrived as a number or boolean", "put it in quotes"),
        ({"password": 1.5}, "password arrived as a number", "put it in quotes"),
        ({"password": {"a": OLD}}, "password arrived as a mapping", "put it in quotes"),
        ({"password": [OLD]}, "password arrived as a list", "put it in quotes"),
        ({"password": ""}, "password is empty", "give the password"),
        ({"sign_in_parameters": {"Password": OLD}}, "sign_in_parameters must hold neither", "use the options"),
        ({"sign_in_parameters": {"phonenum": "1"}}, "sign_in_parameters must hold neither", "use the options"),
        ({"gateway_url": "http://gateway.test:8043"}, "gateway_url has no TLS", "set allow_http to true"),
        ({"gateway_url": "gateway.test:8043"}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": ""}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": "https://gateway.test:port"}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": "https://gateway.test:0"}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": "https://[gateway.test"}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": "ftp://gateway.test"}, "gateway_url is not a URL", "https://host:port"),
        ({"gateway_url": f"https://me:{OLD}@gateway.test"}, "gateway_url carries more", "remove the rest"),
        ({"gateway_url": "https://gateway.test/?a=1#b"}, "gateway_url carries more", "remove the rest"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path names no file", "correct the path"),
        ({"timeout": 0.5}, "timeout is out of range", "1 to 300 seconds"),
        ({"timeout": 301}, "timeout is out of range", "1 to 300 seconds"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_names_option_fault_and_cure(options: Any, fault: str, cure: str, check_mode: bool) -> None:
    result = execute(MODULE, {**OPTIONS, **options}, check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "outcome" not in result
    assert fault in result["msg"]
    assert cure in result["msg"]
    assert result["msg"].endswith(". Nothing was sent")


def test_bad_input_is_reported_all_at_once() -> None:
    options = {"gateway_url": "x", "timeout": 0, "agent_id": 1, "phone_number": "x", "password": 1}
    message = execute(MODULE, {**OPTIONS, **options})["msg"]
    for option in options:
        assert option in message


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({**AGENT_OPTIONS}, "password"),
        ({**OPTIONS, "agent_id": "thousand"}, "agent_id"),
        ({**OPTIONS, "agent_type": 5}, "agent_type"),
        ({**OPTIONS, "state": "gone"}, "state"),
        ({**AGENT_OPTIONS, "state": "signed_out"}, "guid"),
        ({"agent_id": 1001, "password": OLD}, "gateway_url"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, options)


@pytest.mark.parametrize(
    ("options", "changed"), [(OPTIONS, True), (VERIFY, False), ({**SIGN_OUT, "password": None}, True)]
)
def test_check_mode_makes_no_request(wire: WireScript, options: Any, changed: bool) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"]) == (False, changed)
    assert "check mode makes no request" in result["msg"]
    assert "guid" not in result
    assert not wire.sent


# -- signing out -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "changed"), [("0", True), ("000-003", False), ("100-006", False), ("100-008", False)])
def test_signing_out(wire: WireScript, code: str, changed: bool) -> None:
    wire.expect(sign_out(answer(code)))
    result = execute(MODULE, SIGN_OUT)
    assert result == {
        "failed": False,
        "changed": changed,
        "outcome": "ok",
        "code": code,
        "failed_logins": 0,
        "msg": "the session is over",
    }


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (answer("100-010"), "100-010"),
        (answer(0), "200"),
        (Answer(), "200"),
        (answer("0", status=502), None),
        (answer("0", status=503), "503"),
        (Fault.DROPPED, None),
        (Fault.NOT_CONNECTED, None),
    ],
)
def test_a_sign_out_that_may_not_have_worked_fails(wire: WireScript, reply: Answer | Fault, code: str | None) -> None:
    wire.expect(*sign_outs(reply))
    result = execute(MODULE, SIGN_OUT)
    assert (result["failed"], result["outcome"], result["code"]) == (True, "unknown", code)
    assert "ends it by itself" in result["msg"]


def test_signing_out_needs_no_phone_number_but_an_agent_id() -> None:
    result = execute(MODULE, {**SIGN_OUT, "agent_id": 7, "gateway_url": "x"})
    assert "agent_id is 7" in result["msg"]
    assert "gateway_url" in result["msg"]
    assert "phone_number" not in result["msg"]


# -- as Ansible runs it ------------------------------------------------------------------------------------------------


def test_main_succeeds(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(sign_in(OLD, signed_in()), sign_out())
    result = run_main(MODULE, VERIFY, capsys)
    assert (result["outcome"], result["changed"], result["msg"]) == ("ok", False, "the password is right")


def test_main_fails_without_a_traceback(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(sign_in(OLD, answer("100-004")))
    result = run_main(MODULE, VERIFY, capsys)
    assert (result["failed"], result["outcome"]) == (True, "wrong_password")
    assert "exception" not in result


def test_main_in_check_mode(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    assert "check mode makes no request" in run_main(MODULE, VERIFY, capsys, check_mode=True)["msg"]
    assert not wire.sent

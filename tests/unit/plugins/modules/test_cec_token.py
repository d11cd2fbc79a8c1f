# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cec_token, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.cec import (
    APP_KEY,
    TENANT_OPTIONS,
    TOKEN,
    TOKEN_2,
    TOKEN_URL,
    URL,
    ask_token,
    done,
    granted,
)
from support.module_runner import (
    HTML,
    SERVER_TEXT,
    code_of,
    execute,
    no_document,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cec_token"
OPTIONS = TENANT_OPTIONS


def test_a_token(wire: WireScript) -> None:
    wire.expect(ask_token())
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "access_token": TOKEN,
        "expires_in": 600,
        "msg": "the token is valid for 600 seconds",
    }


def test_every_run_asks_anew(wire: WireScript) -> None:
    wire.expect(ask_token(), ask_token(granted(TOKEN_2)))
    assert [execute(MODULE, OPTIONS)["access_token"] for _time in range(2)] == [TOKEN, TOKEN_2]


@pytest.mark.parametrize("token_url", [TOKEN_URL, TOKEN_URL + "/"])
def test_the_token_service_may_be_elsewhere(wire: WireScript, token_url: str) -> None:
    wire.expect(ask_token(server=TOKEN_URL))
    assert execute(MODULE, {**OPTIONS, "token_url": token_url})["outcome"] == "ok"


@pytest.mark.parametrize("lifetime", [1, 3600])
def test_the_lifetime_is_asked_for(wire: WireScript, lifetime: int) -> None:
    wire.expect(ask_token(granted(expires=str(lifetime)), lifetime=lifetime))
    assert execute(MODULE, {**OPTIONS, "token_lifetime": lifetime})["expires_in"] == lifetime


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ("300", 300),
        (300, 300),
        # What cannot be read is what was asked for.
        (None, 600),
        ("", 600),
        ("soon", 600),
        ("-1", 600),
        ("1e3", 600),
        ("\u0663\u0660\u0660", 600),
        (12.5, 600),
        ([300], 600),
        (10**400, 600),
    ],
)
def test_the_life_of_a_token(wire: WireScript, expires: Any, seconds: int) -> None:
    wire.expect(ask_token(granted(expires=expires)))
    assert execute(MODULE, OPTIONS)["expires_in"] == seconds


@pytest.mark.parametrize(
    ("reply", "code", "hint"),
    [
        pytest.param(done("1", status=400), "400", "refused app_key and app_secret", id="400"),
        pytest.param(done("1", status=401), "401", "refused app_key and app_secret", id="401"),
        pytest.param(Answer(403, HTML), "403", "not on the tenant's allow list", id="403"),
        pytest.param(Answer(404, HTML), "404", "check token_url", id="404"),
        pytest.param(Answer(405), "405", "check token_url", id="405"),
        pytest.param(Answer(429), "429", "run again later", id="429"),
        pytest.param(Answer(503, HTML), "503", "run again later", id="503"),
        pytest.param(done("1"), "200", "gave no token; check app_key and app_secret", id="an error code instead"),
        pytest.param(granted(None), "200", "gave no token", id="null"),
        pytest.param(granted(""), "200", "gave no token", id="empty"),
        pytest.param(granted(17), "200", "gave no token", id="a number"),
        pytest.param(granted([TOKEN]), "200", "gave no token", id="a list"),
        pytest.param(granted("token-marker\r\nX-Other: 1"), "200", "gave no token", id="two lines"),
        pytest.param(granted("token-marker "), "200", "gave no token", id="a blank"),
        pytest.param(granted("令牌-marker"), "200", "gave no token", id="no ASCII"),
        pytest.param(granted("x" * 8193), "200", "gave no token", id="too long"),
    ],
)
def test_what_refuses_a_token(wire: WireScript, reply: Answer, code: str, hint: str) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, OPTIONS)
    assert result == {
        "failed": True,
        "changed": False,
        "outcome": "access_denied",
        "code": code,
        "failed_logins": 0,
        "msg": result["msg"],
    }
    assert hint in result["msg"]


UNREADABLE = {
    **no_document({"AccessToken": TOKEN, "Expires": "600"}),
    "HTTP 201": Answer.json({"AccessToken": TOKEN}, status=201),
    "HTTP 302": Answer(302, headers=[("Location", "https://elsewhere.test/")]),
    "HTTP 500": Answer(500, SERVER_TEXT.encode()),
    "HTTP 502": Answer(502, HTML),
    "HTTP 504": Answer.json({"AccessToken": TOKEN}, status=504),
}


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_an_unreadable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(ask_token(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unknown")
    assert result["code"] == code_of(reply, {})
    assert "access_token" not in result


def test_no_connection(wire: WireScript) -> None:
    wire.expect(ask_token(Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unreachable", 0)
    assert "cec.test was not reached" in result["msg"]


@pytest.mark.parametrize(
    ("options", "fault", "cure"),
    [
        ({"app_key": ""}, "app_key must be 1 to 256 printable ASCII characters", "ask the CEC's operator"),
        ({"app_key": " "}, "app_key must be", "without blanks"),
        ({"app_key": "schlüssel"}, "app_key must be", "ASCII"),
        ({"app_key": "a\nX-Other: 1"}, "app_key must be", "without blanks"),
        ({"app_key": "a\r\n"}, "app_key must be", "without blanks"),
        ({"app_key": "a" * 257}, "app_key must be", "1 to 256"),
        ({"app_secret": ""}, "app_secret is empty", "give the password"),
        ({"app_secret": 12345678}, "app_secret arrived as a number", "put it in quotes"),
        ({"app_secret": True}, "app_secret arrived as a number or boolean", "put it in quotes"),
        ({"app_secret": {"a": TOKEN}}, "app_secret arrived as a mapping", "put it in quotes"),
        ({"app_secret": "\udcff"}, "app_secret holds characters that are no Unicode", "correct its encoding"),
        ({"token_lifetime": 0}, "token_lifetime is out of range", "give 1 to 3600 seconds"),
        ({"token_lifetime": 3601}, "token_lifetime is out of range", "give 1 to 3600 seconds"),
        ({"token_lifetime": -1}, "token_lifetime is out of range", "give 1 to 3600 seconds"),
        ({"cec_url": "http://cec.test"}, "cec_url has no TLS", "set allow_http to true"),
        ({"cec_url": "cec.test"}, "cec_url is not a URL", "https://host:port"),
        ({"token_url": "http://cec.test"}, "token_url has no TLS", "set allow_http to true"),
        ({"token_url": "https://me:pw@cec.test"}, "token_url carries more", "remove the rest"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path names no file", "correct the path"),
        ({"timeout": 0.5}, "timeout is out of range", "1 to 300 seconds"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_names_option_fault_and_cure(
    wire: WireScript, options: Any, fault: str, cure: str, check_mode: bool
) -> None:
    message = refused_input(MODULE, {**OPTIONS, **options}, check_mode)
    assert fault in message
    assert cure in message


def test_bad_input_is_reported_all_at_once() -> None:
    options = {"cec_url": "x", "app_key": " ", "app_secret": 1, "token_lifetime": 0}
    message = refused_input(MODULE, options)
    assert not [option for option in options if option not in message]


@pytest.mark.parametrize("option", ["cec_url", "app_key", "app_secret"])
def test_what_the_argument_spec_refuses(option: str) -> None:
    assert option in rejected(MODULE, {**OPTIONS, option: None})


def test_a_secret_that_is_null_is_refused() -> None:
    result = execute(MODULE, {"cec_url": URL, "app_key": APP_KEY, "app_secret": ""})
    assert "app_secret is empty" in result["msg"]


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"]) == (False, False)
    assert "check mode makes no request" in result["msg"]
    assert "access_token" not in result
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_token(), ask_token(done("1", status=401)))
    assert run_main(MODULE, {**OPTIONS}, capsys)["access_token"] == TOKEN
    refused = run_main(MODULE, {**OPTIONS}, capsys)
    assert (refused["failed"], refused["outcome"]) == (True, "access_denied")
    assert "exception" not in refused


def test_too_many_requests_are_not_held_against_the_tenant(wire: WireScript) -> None:
    wire.expect(ask_token(Answer(429)), ask_token())
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "access_denied", 0)
    assert "too many requests" in result["msg"]
    assert execute(MODULE, OPTIONS)["failed"] is False

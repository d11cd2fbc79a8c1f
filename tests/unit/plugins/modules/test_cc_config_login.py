# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_config_login, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    ADMIN_OPTIONS,
    COOKIE,
    GUID,
    GUID_2,
    NOT_EVALUATED,
    REPEATED,
    UNREADABLE,
    URL,
    answer,
    config_login,
    logged_in,
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

MODULE = "cc_config_login"
OPTIONS = {**ADMIN_OPTIONS, "password": OLD}
VERIFY = {**OPTIONS, "verify_only": True}


def test_logging_in_returns_the_session(wire: WireScript) -> None:
    wire.expect(config_login(OLD, logged_in(cookie=COOKIE)))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "failed_logins": 0,
        "guid": GUID,
        "cookies": {"route": COOKIE},
        "msg": "logged in",
    }


def test_verifying_returns_only_the_verdict(wire: WireScript) -> None:
    wire.expect(config_login(OLD))
    result = execute(MODULE, VERIFY)
    assert (result["outcome"], result["msg"], "guid" in result) == ("ok", "the password is right", False)


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"vdn_id": 7}, 100007),
        ({"vdn_id": 7, "vdn_offset": 1000000}, 1000007),
        ({"vdn_id": 99999}, 199999),
        ({"admin_id": 1}, 1),
        ({"admin_id": 999999, "agent_id_max": 999999}, 999999),
    ],
)
def test_the_number_under_which_it_logs_in(wire: WireScript, options: Any, number: int) -> None:
    wire.expect(config_login(OLD, admin=number))
    assert execute(MODULE, {"gateway_url": URL, "password": OLD, **options})["outcome"] == "ok"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer("0", {"guid": GUID}, ("Guid", GUID_2)), id="body before header"),
        pytest.param(answer("0", {}, ("Guid", GUID)), id="header Guid"),
        pytest.param(answer("0", None, ("Set-GUID", f"JSESSIONID={GUID}")), id="header Set-GUID"),
    ],
)
def test_where_the_session_id_may_be(wire: WireScript, reply: Answer) -> None:
    wire.expect(config_login(OLD, reply))
    assert execute(MODULE, OPTIONS)["guid"] == GUID


@pytest.mark.parametrize("result", [None, {}, {"guid": ""}, {"guid": "two words"}, GUID])
def test_a_login_without_a_session_id_proves_nothing(wire: WireScript, result: Any) -> None:
    wire.expect(config_login(OLD, answer("0", result)))
    outcome = execute(MODULE, OPTIONS)
    assert (outcome["failed"], outcome["outcome"], outcome["failed_logins"]) == (True, "unknown", 1)
    assert outcome["code"] == "0"


@pytest.mark.parametrize(
    ("code", "outcome", "failing"),
    [
        ("000-002", "access_denied", 0),
        ("107-002", "access_denied", 0),
        ("107-003", "wrong_password", 1),
        ("000-000", "unknown", 1),
        ("100-004", "unknown", 1),
        ("107-000", "unknown", 1),
        ("107-001", "unknown", 1),
        ("107-004", "unknown", 1),
        ("107-005", "unknown", 1),
        ("107-007", "unknown", 1),
    ],
)
def test_every_retcode_of_a_login(wire: WireScript, code: str, outcome: str, failing: int) -> None:
    wire.expect(config_login(OLD, answer(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["code"], result["failed_logins"]) == (code, failing)
    assert code in result["msg"]


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_an_unreadable_answer_is_counted_as_a_wrong_password(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(config_login(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "unknown", 1)
    assert result["code"] == code_of(reply, REPEATED)


@pytest.mark.parametrize("status", [403, 404, 405, *NOT_EVALUATED])
def test_a_proxy_in_front_has_not_looked_at_the_password(wire: WireScript, status: int) -> None:
    wire.expect(config_login(OLD, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"], result["failed_logins"]) == ("access_denied", str(status), 0)


def test_no_connection_costs_no_attempt(wire: WireScript) -> None:
    wire.expect(config_login(OLD, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["failed_logins"]) == ("unreachable", 0)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"admin_id": 0}, "admin_id is 0, outside 1 to 59999"),
        ({"admin_id": 60000}, "admin_id is 60000, outside 1 to 59999"),
        ({"admin_id": None, "vdn_id": 0}, "vdn_id is 0, outside 1 to 99999"),
        ({"admin_id": None, "vdn_id": 100000}, "vdn_id is 100000, outside 1 to 99999"),
        ({"password": 12345678}, "password arrived as a number"),
        ({"password": ""}, "password is empty"),
        ({"gateway_url": "http://gateway.test"}, "gateway_url has no TLS"),
    ],
)
def test_bad_input_sends_nothing(options: Any, fault: str) -> None:
    result = execute(MODULE, {**OPTIONS, **options})
    assert (result["failed"], result["changed"]) == (True, False)
    assert fault in result["msg"]
    assert result["msg"].endswith(". Nothing was sent")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"vdn_id": 7}, "mutually exclusive"),
        ({"admin_id": None}, "one of the following is required: admin_id, vdn_id"),
        ({"vdn_offset": 5}, "vdn_offset"),
        ({"admin_id": "boss"}, "admin_id"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, {**OPTIONS, **options})


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], "guid" in result) == (False, False, False)
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(config_login(OLD), config_login(OLD, answer("107-003")))
    assert run_main(MODULE, VERIFY, capsys)["outcome"] == "ok"
    failed = run_main(MODULE, VERIFY, capsys)
    assert (failed["failed"], failed["outcome"], failed["failed_logins"]) == (True, "wrong_password", 1)

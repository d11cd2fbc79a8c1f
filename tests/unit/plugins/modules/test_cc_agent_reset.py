# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_agent_reset, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    ADMIN_OPTIONS,
    COOKIE,
    GUID_2,
    REPEATED,
    UNREADABLE,
    URL,
    answer,
    config_login,
    logged_in,
    query,
    set_agent,
)
from support.module_runner import (
    HTML,
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
from support.wire_script import Answer, Exchange, Fault, WireScript

MODULE = "cc_agent_reset"
TEMPORARY = "Marker-7"
OPTIONS = {**ADMIN_OPTIONS, "password": OLD, "agent_id": 1001, "new_password": TEMPORARY}
BARE = {**OPTIONS, "full_record": False}
HELD = {**OPTIONS, "password": None, "guid": GUID_2, "cookies": {"route": COOKIE}}
KEPT = {"name": "Front desk", "validTime": 90, "skills": [1, 2]}
RECORD = {**KEPT, "agentId": 1001, "agentPwd": "old-marker", "timeRemaining": "63"}
FOUND = answer("0", [RECORD])


def reset(reply: Answer | Fault | None = None, **session: Any) -> Exchange:
    """Return the change that sends the agent's record back."""
    return set_agent({**KEPT, "agentPwd": TEMPORARY}, reply, **session)


def test_the_record_is_sent_back_with_the_temporary_password(wire: WireScript) -> None:
    wire.expect(config_login(OLD, logged_in(cookie=COOKIE)), query("1001", FOUND, cookie=COOKIE), reset(cookie=COOKIE))
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


def test_a_vdn_logs_in_under_its_own_number(wire: WireScript) -> None:
    wire.expect(config_login(OLD, admin=100007), query("1001", FOUND), reset())
    assert execute(MODULE, {**OPTIONS, "admin_id": None, "vdn_id": 7})["outcome"] == "changed"


def test_without_the_record_only_the_password_is_sent(wire: WireScript) -> None:
    wire.expect(config_login(OLD), set_agent({"agentPwd": TEMPORARY}))
    assert execute(MODULE, BARE)["outcome"] == "changed"


# -- a session that the caller holds -----------------------------------------------------------------------------------


def test_a_given_session_is_used(wire: WireScript) -> None:
    wire.expect(query("1001", FOUND, guid=GUID_2, cookie=COOKIE), reset(guid=GUID_2, cookie=COOKIE))
    result = execute(MODULE, HELD)
    assert (result["outcome"], result["login"]) == ("changed", None)


@pytest.mark.parametrize("code", ["107-000", "107-007"])
def test_a_lost_session_is_renewed_with_the_password(wire: WireScript, code: str) -> None:
    wire.expect(
        query("1001", answer(code), guid=GUID_2, cookie=COOKIE), config_login(OLD), query("1001", FOUND), reset()
    )
    result = execute(MODULE, {**HELD, "password": OLD})
    assert (result["outcome"], result["login"]) == ("changed", "ok")


@pytest.mark.parametrize("code", ["107-000", "107-007"])
def test_a_change_that_loses_the_session_is_not_sent_again(wire: WireScript, code: str) -> None:
    """A login of the administrator would not prove that it was not carried out."""
    held: dict[str, Any] = {"guid": GUID_2, "cookie": COOKIE}
    wire.expect(query("1001", FOUND, **held), reset(answer(code), **held))
    result = execute(MODULE, {**HELD, "password": OLD})
    assert (result["outcome"], result["code"], result["change_sent"]) == ("session_lost", code, True)


def test_a_lost_session_without_a_password_ends_it(wire: WireScript) -> None:
    wire.expect(query("1001", answer("107-000"), guid=GUID_2, cookie=COOKIE))
    result = execute(MODULE, HELD)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert (result["code"], result["login"], result["change_sent"]) == ("107-000", None, False)


def test_a_session_that_is_lost_at_once_is_not_renewed_for_ever(wire: WireScript) -> None:
    wire.expect(config_login(OLD), query("1001", FOUND), reset(answer("107-007")))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert result["change_sent"]
    assert "run again" in result["msg"]


def test_the_logins_that_it_may_make() -> None:
    assert [len(logins(MODULE, options)) for options in (OPTIONS, HELD, {**HELD, "password": OLD})] == [1, 0, 1]


# -- a record that cannot be read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply", [answer("107-002"), answer("107-012"), Answer(502, HTML), Fault.DROPPED, Fault.NOT_CONNECTED]
)
def test_without_the_record_nothing_is_changed(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(config_login(OLD), query("1001", reply))
    result = execute(MODULE, OPTIONS)
    outcome = "unreachable" if reply is Fault.NOT_CONNECTED else "access_denied"
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["login"], result["failed_logins"], result["change_sent"]) == ("ok", 0, False)
    assert "the agent's record could not be read" in result["msg"]


@pytest.mark.parametrize("records", [[], None, ["x"]])
def test_an_agent_that_the_vdn_does_not_have(wire: WireScript, records: Any) -> None:
    wire.expect(config_login(OLD), query("1001", answer("0", records)))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, "access_denied", False)
    assert (result["code"], "check agent_id" in result["msg"]) == ("0", True)


@pytest.mark.parametrize("key", ["agentId", "agentID", "workNo", "workno"])
@pytest.mark.parametrize("number", [1001, "1001"])
def test_the_record_is_the_agents_own(wire: WireScript, key: str, number: Any) -> None:
    found = {**KEPT, key: number, "agentPwd": "old-marker"}
    kept = {name: value for name, value in found.items() if name not in ("agentId", "agentPwd")}
    records = [{"agentId": 1002, "agentPwd": "other-marker"}, found]
    wire.expect(config_login(OLD), query("1001", answer("0", records)), set_agent({**kept, "agentPwd": TEMPORARY}))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


@pytest.mark.parametrize(
    "own", [{"agentId": 1002}, {"agentId": "01002"}, {"agentId": None}, {}, {"workNo": "9" * 5000}]
)
def test_another_agents_record_is_not_sent_back(wire: WireScript, own: dict[str, Any]) -> None:
    wire.expect(config_login(OLD), query("1001", answer("0", [{**KEPT, "agentPwd": "old-marker", **own}])))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, "access_denied", False)
    assert "the gateway answered with another agent's record; nothing was changed" in result["msg"]


# -- what the server may answer to the change --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("000-002", "password_rejected"),
        ("107-002", "password_rejected"),
        ("107-001", "unknown"),
        ("107-003", "unknown"),
    ],
)
def test_every_retcode_of_a_change(wire: WireScript, code: str, outcome: str) -> None:
    wire.expect(config_login(OLD), query("1001", FOUND), reset(answer(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"]) == (True, outcome == "unknown")
    assert (result["outcome"], result["code"], result["login"]) == (outcome, code, "ok")
    assert result["change_sent"]


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(config_login(OLD), query("1001", FOUND), reset(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(config_login(OLD), query("1001", FOUND), reset(Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert not result["change_sent"]


@pytest.mark.parametrize(
    ("reply", "login", "failed_logins"),
    [
        (answer("107-003"), "wrong_password", 1),
        (answer("107-002"), "access_denied", 0),
        (Answer(403, HTML), "access_denied", 0),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_without_a_login_nothing_is_changed(
    wire: WireScript, reply: Answer | Fault, login: str, failed_logins: int
) -> None:
    wire.expect(config_login(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"]) == (login, failed_logins)


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"new_password": "Mark-7"}, "shorter than 8"),
        ({"new_password": "Marker-77"}, "longer than 8"),
        ({"new_password": "Ab-1001x"}, "3 or more consecutive characters of the account's name or number"),
        ({"new_password": "abcdefgh"}, "fewer than 3"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"password": 12345678}, "password arrived as a number"),
        ({"password": ""}, "password is empty"),
        ({"agent_id": 100}, "agent_id is 100"),
        ({"admin_id": 0}, "admin_id is 0"),
        ({"gateway_url": "http://gateway.test"}, "gateway_url has no TLS"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(wire: WireScript, options: Any, fault: str, check_mode: bool) -> None:
    assert fault in refused_input(MODULE, {**OPTIONS, **options}, check_mode)


@pytest.mark.parametrize("new", ["short", "abcdefgh", "Marker-1001"])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(config_login(OLD), set_agent({"agentPwd": new}))
    assert execute(MODULE, {**BARE, "new_password": new, "check_policy": False})["outcome"] == "changed"


def test_what_the_argument_spec_refuses() -> None:
    assert "mutually exclusive" in rejected(MODULE, {**OPTIONS, "vdn_id": 7})
    assert "one of the following is required: password, guid" in rejected(MODULE, {**OPTIONS, "password": None})


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(
        config_login(OLD), query("1001", FOUND), reset(), config_login(OLD), query("1001", FOUND), reset(Answer())
    )
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    lost = run_main(MODULE, {**OPTIONS, "gateway_url": URL}, capsys)
    assert (lost["failed"], lost["changed"], lost["outcome"]) == (True, True, "unknown")

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_agent_info, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    ADMIN_OPTIONS,
    COOKIE,
    GUID_2,
    REPEATED,
    UNREADABLE,
    answer,
    config_login,
    query,
)
from support.module_runner import (
    OLD,
    code_of,
    execute,
    parametrized,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cc_agent_info"
OPTIONS = {**ADMIN_OPTIONS, "password": OLD, "agent_ids": [1001]}
HELD = {**ADMIN_OPTIONS, "guid": GUID_2, "agent_ids": [1001]}


def record(agent_id: Any = 1001, **values: Any) -> dict[str, Any]:
    """Return an agent as the gateway tells of it, with more than may be shown."""
    return {
        "agentId": agent_id,
        "agentPwd": OLD,
        "name": "Front desk",
        "timeRemaining": "63",
        "validTime": 90,
        "extension": {"secret": OLD},
        **values,
    }


def public(agent_id: int | None = 1001, **values: Any) -> dict[str, Any]:
    return {"agent_id": agent_id, "name": "Front desk", "days_left": 63, "valid_days": 90, **values}


def test_reading_agents(wire: WireScript) -> None:
    wire.expect(config_login(OLD), query("1001,1002", answer("0", [record(), record("1002", name="Back office")])))
    assert execute(MODULE, {**OPTIONS, "agent_ids": [1001, 1002]}) == {
        "failed": False,
        "changed": False,
        "outcome": "ok",
        "code": "0",
        "login": "ok",
        "failed_logins": 0,
        "agents": [public(), public(1002, name="Back office")],
        "missing": [],
        "msg": "2 agents read",
    }


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"timeRemaining": ""}, {"days_left": None}),
        ({"timeRemaining": None}, {"days_left": None}),
        ({"timeRemaining": 0}, {"days_left": 0}),
        ({"timeRemaining": "-1"}, {"days_left": None}),
        ({"timeRemaining": "٣"}, {"days_left": None}),
        ({"validTime": "0"}, {"valid_days": 0}),
        ({"validTime": {"days": 1}}, {"valid_days": None}),
        ({"name": None}, {"name": ""}),
    ],
)
def test_what_is_shown_of_an_agent(wire: WireScript, given: Any, shown: Any) -> None:
    wire.expect(config_login(OLD), query("1001", answer("0", [record(**given)])))
    assert execute(MODULE, OPTIONS)["agents"] == [public(**shown)]


@pytest.mark.parametrize("key", ["agentId", "agentID", "workNo", "workno"])
def test_spellings_of_the_work_number(wire: WireScript, key: str) -> None:
    one = {name: value for name, value in record().items() if name != "agentId"}
    wire.expect(config_login(OLD), query("1001", answer("0", [{**one, key: "1001"}])))
    assert execute(MODULE, OPTIONS)["missing"] == []


@pytest.mark.parametrize(
    ("result", "count"),
    [
        pytest.param([record()], 1, id="list"),
        pytest.param({"agents": [record()]}, 1, id="list in an object"),
        pytest.param(record(), 1, id="one record"),
        pytest.param([record(), None, "x", 7], 1, id="rubbish in the list"),
        pytest.param([], 0, id="empty"),
        pytest.param(None, 0, id="missing"),
    ],
)
def test_shapes_of_the_answer(wire: WireScript, result: Any, count: int) -> None:
    wire.expect(config_login(OLD), query("1001", answer("0", result)))
    outcome = execute(MODULE, OPTIONS)
    assert len(outcome["agents"]) == count
    assert outcome["missing"] == ([] if count else [1001])


def test_a_hundred_agents_for_each_query(wire: WireScript) -> None:
    numbers = list(range(1001, 1204))
    batches = [numbers[:100], numbers[100:200], numbers[200:]]
    wire.expect(config_login(OLD))
    for batch in batches:
        wire.expect(query(",".join(map(str, batch)), answer("0", [record(number) for number in batch])))
    result = execute(MODULE, {**OPTIONS, "agent_ids": numbers})
    assert [agent["agent_id"] for agent in result["agents"]] == numbers


def test_a_given_session_is_used(wire: WireScript) -> None:
    wire.expect(query("1001", answer("0", [record()]), guid=GUID_2, cookie=COOKIE))
    assert execute(MODULE, {**HELD, "cookies": {"route": COOKIE}})["agents"] == [public()]


@pytest.mark.parametrize("code", ["107-000", "107-007"])
def test_a_lost_session_is_renewed_with_the_password(wire: WireScript, code: str) -> None:
    wire.expect(
        query("1001", answer(code), guid=GUID_2),
        config_login(OLD),
        query("1001", answer("0", [record()])),
    )
    assert execute(MODULE, {**HELD, "password": OLD})["agents"] == [public()]


def test_a_session_lost_twice_is_not_renewed_again(wire: WireScript) -> None:
    wire.expect(query("1001", answer("107-000"), guid=GUID_2), config_login(OLD), query("1001", answer("107-000")))
    result = execute(MODULE, {**HELD, "password": OLD})
    assert (result["failed"], result["outcome"], result["code"]) == (True, "session_lost", "107-000")


def test_a_lost_session_without_a_password_fails(wire: WireScript) -> None:
    wire.expect(query("1001", answer("107-000"), guid=GUID_2))
    result = execute(MODULE, HELD)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "session_lost", 0)
    assert "session" in result["msg"]


def test_a_wrong_password(wire: WireScript) -> None:
    wire.expect(config_login(OLD, answer("107-003")))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "wrong_password", 1)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("000-002", "access_denied"), ("107-002", "access_denied"), ("107-012", "unknown"), ("107-001", "unknown")],
)
def test_every_retcode_of_a_query(wire: WireScript, code: str, outcome: str) -> None:
    wire.expect(config_login(OLD), query("1001", answer(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"], result["code"]) == (True, False, outcome, code)


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_a_query_without_a_readable_answer(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(config_login(OLD), query("1001", reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unknown")
    assert result["code"] == code_of(reply, REPEATED)


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"agent_ids": [1001, 7, 60000]}, ["agent_ids is 7,", "agent_ids is 60000,"]),
        ({"admin_id": 0}, ["admin_id is 0"]),
        ({"password": 1234}, ["password arrived as a number"]),
        ({"password": ""}, ["password is empty"]),
        ({"gateway_url": "x", "agent_ids": [1]}, ["gateway_url", "agent_ids"]),
    ],
)
def test_bad_input_sends_nothing(options: Any, faults: list[str]) -> None:
    result = execute(MODULE, {**OPTIONS, **options})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].endswith(". Nothing was sent")
    for fault in faults:
        assert fault in result["msg"]


def test_what_the_argument_spec_refuses() -> None:
    assert "password, guid" in rejected(MODULE, {**OPTIONS, "password": None})
    assert "agent_ids" in rejected(MODULE, {**OPTIONS, "agent_ids": ["front desk"]})


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], result["agents"], result["missing"]) == (False, False, [], [])
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(config_login(OLD), query("1001", answer("0", [record()])), config_login(OLD, answer("107-003")))
    assert run_main(MODULE, OPTIONS, capsys)["agents"] == [public()]
    assert run_main(MODULE, OPTIONS, capsys)["failed"] is True

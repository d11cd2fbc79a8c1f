# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated configuration interface (C5) keeps the rules of the CC-Gateway interface reference."""

from __future__ import annotations

from typing import Any

import pytest
from simulator.client import Simulator
from simulator.wire import ADMIN, FIRST, SECOND, Wire


def test_login(wire: Wire) -> None:
    reply = wire.config_login()
    guid = reply.response.headers["Guid"]
    assert reply.response.json() == {"message": "success", "retcode": "0", "result": {"guid": guid}}
    assert wire.config_login(101).retcode == "0"


@pytest.mark.parametrize(
    ("number", "password", "code"),
    [
        ("100001", ADMIN, "107-002"),
        (True, ADMIN, "107-002"),
        (1.5, ADMIN, "107-002"),
        (0, ADMIN, "107-002"),
        (100001, "", "107-002"),
        (100001, "wrong", "107-003"),
        (100002, ADMIN, "107-003"),
    ],
)
def test_bad_logins(wire: Wire, number: Any, password: str, code: str) -> None:
    assert wire.config_login(number, password).retcode == code


def test_vdn_offset(wire: Wire, simulator: Simulator) -> None:
    simulator.put_account("cc_config", "vdn:7", password=ADMIN, vdn=7)
    assert wire.config_login(100007).retcode == "0"
    simulator.options(gateway={"vdn_offset": 1_000_000})
    assert wire.config_login(100007).retcode == "107-003"
    assert wire.config_login(1_000_007).retcode == "0"


@pytest.mark.parametrize("code", ["107-003", "110-016"])
def test_lock(wire: Wire, simulator: Simulator, code: str) -> None:
    simulator.options(gateway={"config_locked_code": code})
    assert [wire.config_login(password="wrong").retcode for _attempt in range(3)] == ["107-003"] * 3
    assert wire.config_login().retcode == code
    account = simulator.account("cc_config", "100001")
    assert (account["locked"], account["max_consecutive_failures"]) == (True, 3)
    simulator.advance(1801)
    assert wire.config_login().retcode == "0"


def test_change(wire: Wire, simulator: Simulator) -> None:
    login, other = wire.config_login(), wire.config_login()
    assert wire.config_change(login).response.json() == {"message": "success", "retcode": "0", "result": {}}
    assert wire.config_change(login, SECOND, FIRST).retcode == "107-000"
    assert wire.config_change(other, SECOND, FIRST).retcode == "107-000"
    assert wire.config_login().retcode == "107-003"
    assert wire.config_login(password=SECOND).retcode == "0"
    assert simulator.account("cc_config", "100001")["changes"] == 1


@pytest.mark.parametrize(
    ("old", "new", "again", "code"),
    [
        ("wrong-one", SECOND, None, "107-004"),
        (ADMIN, "short12", None, "107-002"),
        (ADMIN, "x" * 33, None, "107-002"),
        (ADMIN, SECOND, FIRST, "107-002"),
        ("short12", SECOND, None, "107-002"),
        (ADMIN, ADMIN, None, "107-004"),
    ],
)
def test_refused_changes(wire: Wire, simulator: Simulator, old: str, new: str, again: str | None, code: str) -> None:
    assert wire.config_change(wire.config_login(), old, new, again).retcode == code
    account = simulator.account("cc_config", "100001")
    assert (account["password"], account["failures"]) == (ADMIN, int(old == "wrong-one"))


def test_sessions_end(wire: Wire, simulator: Simulator) -> None:
    login = wire.config_login()
    simulator.advance(1801)
    assert wire.config_change(login).retcode == "107-000"
    assert wire.call("GET", "/config/vdn/agents?agentIdSet=291").retcode == "107-000"


def test_query(wire: Wire, simulator: Simulator) -> None:
    simulator.put_account("cc_agent", "293", password=FIRST, valid_days=0, attributes={"skills": [{"skillId": 3}]})
    simulator.put_account("cc_agent", "294", password=FIRST, vdn=2)
    reply = wire.call("GET", "/config/vdn/agents?agentIdSet=291,293,294,999", login=wire.config_login())
    first, second = reply.result
    assert first == {
        "agentId": 291,
        "name": "agent 291",
        "agentPwd": FIRST,
        "timeRemaining": "90",
        "validTime": 90,
        "userClassId": 1,
        "skills": [],
    }
    assert (second["agentId"], second["timeRemaining"], second["skills"]) == (293, "", [{"skillId": 3}])


@pytest.mark.parametrize("ids", ["", "291,x", ",".join(str(number) for number in range(101, 202))])
def test_bad_queries(wire: Wire, ids: str) -> None:
    assert wire.call("GET", f"/config/vdn/agents?agentIdSet={ids}", login=wire.config_login()).retcode == "107-002"


def test_a_system_administrator_has_no_agents(wire: Wire) -> None:
    reply = wire.call("GET", "/config/vdn/agents?agentIdSet=291", login=wire.config_login(101))
    assert reply.retcode == "107-007"


def reset(wire: Wire, password: Any, agent: str = "291", **more: Any) -> str:
    body = {"agentPwd": password, **more}
    return str(wire.call("PUT", f"/config/vdn/agents?agentId={agent}", body, wire.config_login()).retcode)


@pytest.mark.parametrize("password", ["Ab3-xYz78", "Ab3-密码", "", 12345678])
def test_seed_passwords_are_short_and_single_byte(wire: Wire, password: Any) -> None:
    assert reset(wire, password) == "107-002"


def test_administrator_resets_an_agent(wire: Wire, simulator: Simulator) -> None:
    assert reset(wire, "Ab3-xYz7", agent="555") == "107-011"
    assert reset(wire, "Ab3-xYz7") == "0"
    account = simulator.account("cc_agent", "291")
    assert (account["password"], account["initial"], account["resets"]) == ("Ab3-xYz7", True, 1)
    login = wire.sign_in(password="Ab3-xYz7")
    assert login.result["isForceChange"] == "true"
    assert wire.change(login, "Ab3-xYz7").retcode == "0"


def test_what_a_reset_does_besides_is_optional(wire: Wire, simulator: Simulator) -> None:
    simulator.act("sign_in", "cc_agent", "291")
    simulator.act("lock", "cc_agent", "291")
    reset(wire, "Ab3-xYz7")
    account = simulator.account("cc_agent", "291")
    assert (account["signed_in"], account["locked"]) == (True, True)
    simulator.options(gateway={"reset_ends_session": True, "reset_unlocks": True, "reset_requires_full_record": True})
    assert reset(wire, "Ab3-xYz8") == "107-002"
    assert reset(wire, "Ab3-xYz8", name="agent 291", userClassId=2) == "0"
    account = simulator.account("cc_agent", "291")
    assert (account["signed_in"], account["locked"]) == (False, False)

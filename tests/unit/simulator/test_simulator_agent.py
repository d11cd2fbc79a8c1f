# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated agent interface keeps the rules of the CC-Gateway interface reference."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from simulator.client import Simulator
from simulator.wire import FIRST, SECOND, Wire

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.AgentGateway0")


def gateway(simulator: Simulator, **options: Any) -> None:
    simulator.options(gateway=options)


# Signing in.


def test_sign_in_answers_as_documented(wire: Wire) -> None:
    reply = wire.sign_in()
    response = reply.response
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert response.headers["Set-GUID"].startswith("JSESSIONID=")
    assert GUID.fullmatch(reply.guid)
    assert "guid" not in response.text
    assert set(reply.cookies) == {"JSESSIONID", "ROUTEID"}
    assert all("Path=/" in line and "Secure" in line for line in response.raw.headers.getlist("Set-Cookie"))
    assert response.json() == {
        "message": "",
        "retcode": "0",
        "result": {
            "vdnid": 1,
            "workno": "291",
            "mediatype": "TTF",
            "loginTime": reply.result["loginTime"],
            "isForceChange": "false",
        },
    }
    assert isinstance(reply.result["loginTime"], str)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"phonenum": ""}, "100-001"),
        ({"password": ""}, "100-001"),
        ({"password": "x" * 33}, "100-001"),
        ({"phonenum": None}, "000-002"),
        ({"password": None}, "000-002"),
        ({"phonenum": 40038}, "000-002"),
        ({"autoanswer": "false"}, "000-002"),
        ({"status": True}, "000-002"),
        ({"phonenum": "40-38"}, "100-013"),
        ({"phonenum": "4" * 25}, "100-013"),
        ({"agenttype": 5}, "100-012"),
        ({"password": "kx7@mQ2vLp"}, "100-004"),
    ],
)
def test_bad_sign_ins(wire: Wire, fields: dict[str, Any], code: str) -> None:
    assert wire.sign_in(**fields).retcode == code


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", '{"password": 1}'])
def test_malformed_bodies(wire: Wire, body: str) -> None:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert wire.call("PUT", "/onlineagent/291", data=body, headers=headers).retcode == "000-002"


def test_other_content_types_never_reach_the_application(wire: Wire) -> None:
    assert wire.call("PUT", "/onlineagent/291", data="{}").response.status_code == 415


@pytest.mark.parametrize(
    ("agent", "limit", "outcome"),
    [
        ("60000", 59999, 404),
        ("60000", 999999, "100-004"),
        ("1000000", 999999, 404),
        ("100", 59999, "000-002"),
    ],
)
def test_agent_id_range(wire: Wire, simulator: Simulator, agent: str, limit: int, outcome: int | str) -> None:
    gateway(simulator, max_agent_id=limit)
    reply = wire.sign_in(agent)
    assert (reply.response.status_code if isinstance(outcome, int) else reply.retcode) == outcome


def test_phone_rules(wire: Wire, simulator: Simulator) -> None:
    assert wire.sign_in("292", phonenum="40038").retcode == "0"
    assert wire.sign_in("291", phonenum="40038").retcode == "100-011"
    simulator.act("sign_out", "cc_agent", "292")
    gateway(simulator, phone_range="40000-40010")
    assert wire.sign_in("291", phonenum="40038").retcode == "100-014"
    assert wire.sign_in("291", phonenum="40010").retcode == "0"


@pytest.mark.parametrize("checked_first", [False, True])
def test_a_live_agent_cannot_sign_in_again(wire: Wire, simulator: Simulator, checked_first: bool) -> None:
    gateway(simulator, check_password_first=checked_first)
    login = wire.sign_in()
    assert wire.sign_in().retcode == "100-002"
    assert wire.sign_in(password="wrong").retcode == ("100-004" if checked_first else "100-002")
    assert simulator.account("cc_agent", "291")["failures"] == int(checked_first)
    assert wire.poll(login).retcode == "0"


def test_force_sign_in_takes_over(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    assert wire.sign_in(suffix="/forcelogin", password="wrong").retcode == "100-004"
    taken = wire.sign_in(suffix="/forcelogin")
    assert taken.retcode == "0"
    assert wire.poll(login).retcode == "100-006"
    assert wire.poll(taken).retcode == "0"
    simulator.put_account("cc_agent", "292", password=FIRST, cannot_be_forced=True)
    assert wire.sign_in("292", suffix="/forcelogin").retcode == "0"
    assert wire.sign_in("292", suffix="/forcelogin").retcode == "100-015"


def test_loginex_proves_nothing(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in(suffix="/loginex", password="wrong", phonenum=None)
    assert login.retcode == "0"
    account = simulator.account("cc_agent", "291")
    assert (account["signed_in"], account["failures"], account["sign_ins"]) == (True, 0, 0)
    assert wire.sign_in(suffix="/loginex").retcode == "100-002"
    wire.sign_out(login)
    gateway(simulator, loginex_checks_password=True)
    assert wire.sign_in(suffix="/loginex", password="wrong").retcode == "100-004"


@pytest.mark.parametrize("settings", [{"initial": True}, {"expired": True}, {"valid_days": 90, "age_days": 91}])
def test_must_change_is_a_success_with_a_flag(wire: Wire, simulator: Simulator, settings: dict[str, Any]) -> None:
    simulator.put_account("cc_agent", "291", password=FIRST, **settings)
    login = wire.sign_in()
    assert (login.retcode, login.result["isForceChange"]) == ("0", "true")
    assert wire.change(login).retcode == "0"
    assert wire.sign_in(password=SECOND).result["isForceChange"] == "false"


def test_must_change_within_a_minute(wire: Wire, simulator: Simulator) -> None:
    simulator.act("expire", "cc_agent", "291")
    login = wire.sign_in()
    simulator.advance(61)
    assert wire.change(login).retcode == "100-006"


# Wrong passwords and the lock.


@pytest.mark.parametrize("code", ["110-016", "100-061"])
def test_three_wrong_passwords_lock(wire: Wire, simulator: Simulator, code: str) -> None:
    gateway(simulator, locked_code=code)
    assert [wire.sign_in(password="wrong").retcode for _attempt in range(3)] == ["100-004"] * 3
    assert wire.sign_in().retcode == code
    account = simulator.account("cc_agent", "291")
    assert (account["locked"], account["times_locked"], account["max_consecutive_failures"]) == (True, 1, 3)
    assert account["refused_while_locked"] == 1
    simulator.advance(1801)
    assert wire.sign_in().retcode == "0"
    account = simulator.account("cc_agent", "291")
    assert (account["locked"], account["consecutive_failures"], account["max_consecutive_failures"]) == (
        False,
        0,
        3,
    )


def test_a_success_clears_the_counter(wire: Wire, simulator: Simulator) -> None:
    for _attempt in range(3):
        wire.sign_in(password="wrong")
        wire.sign_in(password="wrong")
        wire.sign_out(wire.sign_in())
    account = simulator.account("cc_agent", "291")
    assert (account["failures"], account["max_consecutive_failures"], account["times_locked"]) == (6, 2, 0)


@pytest.mark.parametrize(("resets", "after_window"), [(False, "110-016"), (True, "0")])
def test_the_end_of_the_lock_may_clear_the_counter(
    wire: Wire, simulator: Simulator, resets: bool, after_window: str
) -> None:
    gateway(simulator, lock_resets_counter=resets)
    for _attempt in range(3):
        wire.sign_in(password="wrong")
    simulator.advance(1801)
    wire.sign_in(password="wrong")
    assert wire.sign_in().retcode == after_window


def test_control_locks_and_unlocks(wire: Wire, simulator: Simulator) -> None:
    simulator.act("lock", "cc_agent", "291", seconds=60)
    assert wire.sign_in().retcode == "110-016"
    simulator.act("unlock", "cc_agent", "291")
    assert wire.sign_in().retcode == "0"


# Sessions.


@pytest.mark.parametrize("code", ["100-006", "000-003"])
def test_guid_and_cookies_are_needed(wire: Wire, simulator: Simulator, code: str) -> None:
    gateway(simulator, stale_guid_code=code)
    login = wire.sign_in()
    cookies = "; ".join(f"{name}={value}" for name, value in login.cookies.items())
    path = "/onlineagent/291/heartbeat"
    assert wire.call("PUT", path, headers={"Cookie": cookies}).retcode == code
    prefixed = {"Cookie": cookies, "guid": f"JSESSIONID={login.guid}"}
    assert wire.call("PUT", path, headers=prefixed).retcode == code
    assert wire.call("PUT", path, headers={"guid": login.guid}).retcode == "100-006"
    assert wire.call("PUT", path, headers={"Cookie": cookies, "GUID": login.guid}).retcode == "0"
    gateway(simulator, require_cookies=False)
    assert wire.call("PUT", path, headers={"guid": login.guid}).retcode == "0"


def test_two_minutes_without_a_poll_end_the_session(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    for _attempt in range(3):
        simulator.advance(50)
        reply = wire.poll(login)
        login.guid = reply.guid or login.guid
        assert reply.response.json() == {"message": "", "retcode": "0"}
    assert simulator.account("cc_agent", "291")["signed_in"]
    simulator.advance(121)
    assert not simulator.account("cc_agent", "291")["signed_in"]
    assert wire.poll(login).retcode == "100-006"
    assert wire.sign_in().retcode == "0"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/agentevent/291"),
        ("POST", "/onlineagent/291/handshake"),
        ("PUT", "/onlineagent/291/heartbeat"),
    ],
)
def test_dynamic_guids_are_renewed(wire: Wire, simulator: Simulator, method: str, path: str) -> None:
    login = wire.sign_in()
    assert wire.call(method, path, login=login).guid == ""
    simulator.advance(61)
    renewed = wire.call(method, path, login=login).guid
    assert GUID.fullmatch(renewed)
    assert renewed != login.guid
    assert wire.call(method, path, login=login).retcode == "0"
    simulator.advance(60)
    assert wire.call(method, path, login=login).retcode == "100-006"
    login.guid = renewed
    assert wire.call(method, path, login=login).retcode == "0"


def test_static_guids_stay(wire: Wire, simulator: Simulator) -> None:
    gateway(simulator, auth_mode=1)
    login = wire.sign_in()
    for _attempt in range(4):
        simulator.advance(100)
        reply = wire.poll(login)
        assert (reply.retcode, reply.guid) == ("0", "")


def test_signing_out(wire: Wire, simulator: Simulator) -> None:
    for suffix in ("/logout", "/forcelogout", "/forcelogoutwithreason/255"):
        login = wire.sign_in()
        assert wire.sign_out(login, suffix=suffix).retcode == "0"
        assert wire.sign_out(login, suffix=suffix).retcode == "100-006"
    login = wire.sign_in()
    assert wire.sign_out(login, suffix="/forcelogoutwithreason/256").retcode == "000-002"
    simulator.put_account("cc_agent", "292", password=FIRST, in_call=True)
    talking = wire.sign_in("292")
    assert wire.sign_out(talking, "292").retcode == "100-010"
    assert wire.sign_out(talking, "292", "/forcelogout").retcode == "0"


def test_a_human_can_be_signed_in(wire: Wire, simulator: Simulator) -> None:
    simulator.act("sign_in", "cc_agent", "291", phone="40038", seconds=600)
    simulator.advance(500)
    assert wire.sign_in().retcode == "100-002"
    simulator.advance(101)
    assert wire.sign_in().retcode == "0"
    simulator.act("sign_in", "cc_agent", "292")
    simulator.act("sign_out", "cc_agent", "292")
    assert wire.sign_in("292").retcode == "0"


# Changing the password.


def test_change(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    reply = wire.change(login)
    assert reply.response.json() == {"message": "success", "retcode": "0", "result": {}}
    assert wire.sign_out(login).retcode == "100-006"
    assert wire.sign_in().retcode == "100-004"
    assert wire.sign_in(password=SECOND).retcode == "0"
    account = simulator.account("cc_agent", "291")
    assert (account["password"], account["history"], account["changes"]) == (SECOND, [FIRST], 1)


def test_change_may_leave_the_session(wire: Wire, simulator: Simulator) -> None:
    gateway(simulator, change_ends_session=False)
    login = wire.sign_in()
    wire.change(login)
    assert wire.sign_out(login).retcode == "0"


def test_change_needs_a_session(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    wire.sign_out(login)
    assert wire.change(login).retcode == "100-006"
    assert simulator.account("cc_agent", "291")["changes"] == 0


@pytest.mark.parametrize(
    "new",
    [
        "Rw4+tZ9",
        "Rw4+tZ9s" * 4 + "x",
        "rwxtzqsbn4",
        "Rw4+tZZsBn",
        "Rw4+t291Bn",
        FIRST,
        *[f"Older-pw{number}!" for number in range(5, 0, -1)],
    ],
)
@pytest.mark.parametrize("code", ["100-007", "000-002"])
def test_policy_and_history(wire: Wire, simulator: Simulator, new: str, code: str) -> None:
    gateway(simulator, policy_code=code, history_code=code)
    history = [f"Older-pw{number}!" for number in range(6)]
    simulator.put_account("cc_agent", "291", password=FIRST, history=history)
    assert wire.change(wire.sign_in(), new=new).retcode == code
    account = simulator.account("cc_agent", "291")
    assert (account["password"], account["changes"]) == (FIRST, 0)


def test_history_ends_after_five(wire: Wire, simulator: Simulator) -> None:
    history = [f"Older-pw{number}!" for number in range(6)]
    simulator.put_account("cc_agent", "291", password=FIRST, history=history)
    assert wire.change(wire.sign_in(), new="Older-pw0!").retcode == "0"


@pytest.mark.parametrize(
    ("old", "new"), [(None, SECOND), (FIRST, None), ("", SECOND), (FIRST, 12345678), ("x" * 33, SECOND)]
)
def test_malformed_changes(wire: Wire, simulator: Simulator, old: Any, new: Any) -> None:
    assert wire.change(wire.sign_in(), old, new).retcode == "000-002"
    assert simulator.account("cc_agent", "291")["failures"] == 0


@pytest.mark.parametrize("counts", [True, False])
def test_wrong_old_password(wire: Wire, simulator: Simulator, counts: bool) -> None:
    gateway(simulator, wrong_old_counts=counts)
    login = wire.sign_in()
    assert [wire.change(login, old="wrong").retcode for _attempt in range(3)] == ["100-007"] * 3
    account = simulator.account("cc_agent", "291")
    assert (account["failures"], account["locked"]) == ((3, True) if counts else (0, False))
    assert wire.change(login).retcode == ("100-007" if counts else "0")


def test_somebody_else_changes_the_password(wire: Wire, simulator: Simulator) -> None:
    simulator.act("password", "cc_agent", "291", password=SECOND)
    assert wire.sign_in().retcode == "100-004"
    assert wire.sign_in(password=SECOND).retcode == "0"


# Overlapping calls, encodings.


def test_overlapping_calls_of_one_agent(wire: Wire, simulator: Simulator) -> None:
    simulator.fault("latency", account="291", operation="sign_in", seconds=0.4)
    first: list[str] = []
    other = type(wire)(simulator)
    thread = threading.Thread(target=lambda: first.append(wire.sign_in().retcode))
    thread.start()
    while not simulator.journal("291"):
        pass
    assert other.sign_in().retcode == "000-007"
    assert other.sign_in("292").retcode == "0"
    thread.join()
    assert first == ["0"]


def test_gbk(wire: Wire, simulator: Simulator) -> None:
    gateway(simulator, encoding="gbk")
    reply = wire.sign_in(password="wrong")
    assert reply.response.headers["Content-Type"] == "application/json; charset=GBK"
    assert "密码错误".encode("gbk") in reply.response.content
    assert reply.retcode == "100-004"
    with_gbk = {"Content-Type": "application/json; charset=GBK"}
    body = '{"password": "密码", "phonenum": "40291"}'.encode("gbk")
    assert wire.call("PUT", "/onlineagent/291", data=body, headers=with_gbk).retcode == "100-004"

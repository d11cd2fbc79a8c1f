# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a gateway or a network can do to a run. One host for each fault, one run for all, then again until it is quiet."""

from __future__ import annotations

from typing import Any

import pytest
from integration.controller import Controller, Credential
from simulator.client import Simulator

# A fault, and whether the very run that meets it can finish the job.
CHANGE_FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "bad gateway": {"kind": "status", "status": 502},
    "bad gateway, applied": {"kind": "status", "status": 502, "applied": True},
    "empty, applied": {"kind": "empty", "applied": True},
    "garbled, applied": {"kind": "garbled", "applied": True},
    "truncated, applied": {"kind": "truncated", "applied": True},
    "html, applied": {"kind": "html", "applied": True},
    "not utf-8, applied": {"kind": "non_utf8", "applied": True},
    "oversized, applied": {"kind": "oversized", "applied": True, "size": 2},
    "redirect, applied": {"kind": "redirect", "applied": True},
    "lie": {"kind": "lie"},
    "timeout_before": {"kind": "timeout_before"},
    "timeout_after": {"kind": "timeout_after"},
    "operation failed": {"kind": "retcode", "code": "100-007"},
    "operation failed, applied": {"kind": "retcode", "code": "100-007", "applied": True},
    "policy": {"kind": "retcode", "code": "000-002"},
    "session lost": {"kind": "retcode", "code": "100-006"},
    "too many at once": {"kind": "retcode", "code": "000-007"},
}
ADMINISTRATORS_FAULTS = (
    "drop_before",
    "drop_after",
    "bad gateway, applied",
    "garbled, applied",
    "lie",
    "timeout_after",
    "policy",
    "session lost",
)
ADMINISTRATORS_CODES = {"100-007": "107-004", "000-002": "107-002", "100-006": "107-000"}
LATER = ("-e", '{"rotate_lock_window_minutes": 0.01}')
"""The half hour in which wrong logins are counted is over."""


def settle(controller: Controller, runs: int = 3) -> None:
    """Run again until nothing happens any more; the promise holds all the while."""
    for _run in range(runs):
        controller.judge()
        controller.simulator.advance(130)  # sessions that nobody ended are over
        run = controller.rotate()
        if run.rc == 0 and run.calls == []:
            return
    assert run.rc == 0, run.output
    assert run.calls == [], run.calls


def diagnosis(controller: Controller, faulty: dict[str, Credential]) -> dict[str, str]:
    return {name: "not rotated" for name, credential in faulty.items() if not controller.is_rotated(credential)}


@pytest.mark.parametrize("kind", ["cc_agent", "cc_config"])
def test_the_change_goes_wrong(controller: Controller, simulator: Simulator, kind: str) -> None:
    controller.group_vars["rotate_cc_timeout"] = 2
    operation = "change" if kind == "cc_agent" else "config_change"
    add = controller.add_agent if kind == "cc_agent" else controller.add_administrator
    faults = CHANGE_FAULTS
    if kind == "cc_config":
        faults = {name: dict(CHANGE_FAULTS[name]) for name in ADMINISTRATORS_FAULTS}
        for fault in faults.values():
            if "code" in fault:
                fault["code"] = ADMINISTRATORS_CODES[fault["code"]]
    faulty = {name: add(1001 + number) for number, name in enumerate(faults)}
    controller.enroll("-e", '{"rotate_enroll_verify": false}')
    for name, credential in faulty.items():
        simulator.fault(account=credential.number, operation=operation, **faults[name])
    run = controller.rotate()
    assert simulator.faults() == [], "every fault was met"
    for name, credential in faulty.items():
        if faults[name].get("applied") or name in ("drop_after", "timeout_after"):
            # the verification finds out that it was applied, in the same run
            assert run.outcome(credential.host, kind) == "rotated", (name, run.message(credential.host))
        assert len(run.calls_of(credential.number, operation)) <= 2, (name, "a change is never retried")
    settle(controller)
    assert diagnosis(controller, faulty) == {}
    for name, credential in faulty.items():
        assert controller.live(credential)["changes"] == 1, name


def test_the_logins_go_wrong(controller: Controller, simulator: Simulator) -> None:
    """A sign-in that gets no readable answer may have counted as a wrong one, so it is counted as one."""
    controller.group_vars["rotate_cc_timeout"] = 2
    kinds = ("drop_before", "drop_after", "garbled", "lie")
    places = {"first": 0, "of the change": 1, "verification": 2}
    faulty = {
        f"{kind}, {place}": controller.add_agent(1001 + number)
        for number, (kind, place) in enumerate((kind, place) for kind in kinds for place in places)
    }
    controller.enroll("-e", '{"rotate_enroll_verify": false}')
    for name, credential in faulty.items():
        kind, _unused, place = name.partition(", ")
        fault = {"kind": kind, "account": credential.number, "operation": "sign_in", "skip": places[place]}
        simulator.fault(**fault, applied=True)
    controller.rotate()
    assert simulator.faults() == []
    # a sign-in that was applied leaves a session without an owner, which stands in the way until it ends
    for _run in range(2):
        controller.judge()
        simulator.advance(130)
        run = controller.rotate()
    cooling = {host for host, outcome in run.outcomes().items() if outcome == "cooling"}
    assert run.failed == set(), run.output
    assert all(controller.is_rotated(credential) for credential in faulty.values() if credential.host not in cooling)
    controller.judge()
    if cooling:
        controller.rotate(*LATER, "--limit", ",".join(cooling))
    assert diagnosis(controller, faulty) == {}
    assert all(controller.live(credential)["changes"] == 1 for credential in faulty.values())
    controller.judge()


def test_the_sign_out_goes_wrong(controller: Controller, simulator: Simulator) -> None:
    kinds = ("drop_before", "drop_after", "garbled", "status", "timeout_before")
    controller.group_vars["rotate_cc_timeout"] = 1
    faulty = {kind: controller.add_agent(1001 + number) for number, kind in enumerate(kinds)}
    controller.enroll("-e", '{"rotate_enroll_verify": false}')
    for kind, credential in faulty.items():
        simulator.fault(kind, account=credential.number, operation="sign_out")
    first = controller.rotate()
    assert first.failed == set(), first.output
    for _run in range(2):
        simulator.advance(130)
        run = controller.rotate()
    assert run.rc == 0, run.output
    assert diagnosis(controller, faulty) == {}
    controller.judge()


def test_a_change_that_takes_effect_late(controller: Controller, simulator: Simulator) -> None:
    """The server applies it minutes after it has dropped the connection, between two runs or after the second.

    Between two runs both passwords have been refused once when it takes effect. A third wrong login could lock the
    account, so nothing is tried until somebody asks for it.
    """
    between, after = controller.add_agents(1001, 2)
    controller.enroll()
    for agent, seconds in ((between, 300), (after, 900)):
        simulator.fault("late", account=agent.number, operation="change", now="drop", seconds=seconds)
    controller.rotate()
    controller.judge()
    simulator.advance(310)
    controller.rotate()
    controller.judge()
    simulator.advance(900)
    assert controller.rotate(*LATER).failed == {between.host}
    for _run in range(2):
        run = controller.rotate(*LATER, "-e", "rotate_retry_diverged=true")
        controller.judge()
    assert diagnosis(controller, {"between": between, "after": after}) == {}, run.output


def test_accounts_that_are_not_as_usual(controller: Controller, simulator: Simulator) -> None:
    controller.simulator.options(gateway={"phone_range": "40000-49999"})
    first_sign_in = controller.add_agent(1001, initial=True)
    expired = controller.add_agent(1002, expired=True)
    overdue = controller.add_agent(1003, age_days=200, valid_days=90)
    for_ever = controller.add_agent(1004, valid_days=0)
    in_call = controller.add_agent(1005, in_call=True)
    locked = controller.add_agent(1006)
    locked_admin = controller.add_administrator(301)
    wrong_phone = controller.add_agent(1007)
    phone_in_use = controller.add_agent(1008)
    holder = controller.add_agent(1009)
    gone = controller.add_agent(1010)
    history = controller.add_agent(1011, history=["Aa1@Bb2@Cc", "Xx1@Yy2@Zz"])
    usual = [first_sign_in, expired, overdue, for_ever, holder, history]
    controller.enroll("-e", '{"rotate_enroll_verify": false}')
    controller.host_vars[wrong_phone.host]["rotate_cc_phone_number"] = "51007"
    controller.host_vars[gone.host]["rotate_cc_agent_id"] = 1999
    simulator.act("sign_in", "cc_agent", holder.number, phone="41008")
    simulator.act("lock", "cc_agent", locked.number)
    simulator.act("lock", "cc_config", locked_admin.number)
    run = controller.rotate()
    assert run.failed == {
        locked.host,
        locked_admin.host,
        wrong_phone.host,
        phone_in_use.host,
        gone.host,
        in_call.host,
    } - ({in_call.host} if run.outcome(in_call.host) in ("rotated", "live") else set()), run.output
    for agent in (first_sign_in, expired, overdue, for_ever, history):
        assert controller.is_rotated(agent), agent.host
    assert "locked" in run.message(locked.host)
    assert len(run.calls_of(locked.number)) == 1
    assert "phone_number" in run.message(wrong_phone.host)
    assert "phone" in run.message(phone_in_use.host)
    assert controller.stored(wrong_phone.host)["staged"] is None
    again = controller.rotate("--limit", locked.host)
    assert again.calls == []
    assert again.outcome(locked.host) == "cooling"
    assert controller.live(locked)["refused_while_locked"] == 1

    for credential in (locked, locked_admin):
        simulator.act("unlock", credential.kind, credential.number)
    simulator.act("sign_out", "cc_agent", holder.number)
    controller.host_vars[wrong_phone.host]["rotate_cc_phone_number"] = "41007"
    simulator.put_account("cc_agent", in_call.number, password=controller.live(in_call)["password"], phone="41005")
    later = controller.rotate("-e", '{"rotate_lock_window_minutes": 0.01}', "--limit", f"all:!{gone.host}")
    assert later.failed <= {locked_admin.host}, later.output
    rest = {agent.host: agent for agent in (*usual, locked, wrong_phone, phone_in_use, in_call)}
    assert diagnosis(controller, rest) == {}
    controller.judge(but=(locked, locked_admin, gone))


def test_a_password_that_the_gateway_refuses(controller: Controller, simulator: Simulator) -> None:
    """000-002 is definite: the candidate is dropped, the reason told, and a new one is made the next time."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.options(gateway={"policy_code": "000-002"})
    simulator.fault("retcode", account=agent.number, operation="change", code="000-002")
    run = controller.rotate()
    assert run.outcome(agent.host) == "refused"
    assert "policy" in run.message(agent.host)
    assert controller.stored(agent.host)["staged"] is None
    assert controller.stored(agent.host)["current"] == agent.password
    assert controller.rotate().rc == 0
    assert controller.is_rotated(agent)


def test_a_gateway_that_is_away(controller: Controller, simulator: Simulator) -> None:
    """Nothing was sent, so nothing is counted, and the next run rotates."""
    agents = controller.add_agents(1001, 2)
    controller.enroll()
    url = controller.group_vars["rotate_cc_gateway_url"]
    for away in ("https://127.0.0.1:1", "https://gateway.invalid:8043"):
        controller.group_vars["rotate_cc_gateway_url"] = away
        run = controller.rotate()
        assert run.failed == controller.hosts
        assert all("was not reached" in run.message(agent.host) for agent in agents)
        assert all(controller.stored(agent.host)["ledger"] == [] for agent in agents)
    controller.group_vars["rotate_cc_gateway_url"] = url
    assert controller.rotate().rc == 0
    controller.judge()

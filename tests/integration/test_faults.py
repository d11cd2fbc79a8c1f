# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and gateways that are not as usual. What requests can meet is tried out by the fault matrix, tests/faults."""

from __future__ import annotations

from simulator.client import Simulator
from support.controller import Controller, Credential

LATER = ("-e", '{"rotate_lock_window_minutes": 0.01}')
"""The half hour in which wrong logins are counted is over."""


def diagnosis(controller: Controller, faulty: dict[str, Credential]) -> dict[str, str]:
    return {name: "not rotated" for name, credential in faulty.items() if not controller.is_rotated(credential)}


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
    } - ({in_call.host} if run.outcome(in_call.host) in ("rotated", "signed_in") else set()), run.output
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
    """000-002 is what the gateway says, not what it did: a fresh login proves that the old password is in force.

    The candidate is put aside, not thrown away; the reason is told, and another candidate is drawn the next time.
    """
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.options(gateway={"policy_code": "000-002"})
    simulator.fault("retcode", account=agent.number, operation="change", code="000-002")
    run = controller.rotate()
    assert run.outcome(agent.host) == "password_rejected"
    assert run.operations(agent.number) == ["sign_in", "change", "sign_out", "sign_in", "sign_out"]
    assert "policy" in run.message(agent.host)
    stored = controller.stored(agent.host)
    assert (stored["current"], stored["staged"], stored["ledger"]) == (agent.password, None, [])
    assert stored["previous"], "the candidate that was sent"
    assert controller.rotate().rc == 0
    assert controller.is_rotated(agent)
    assert controller.stored(agent.host)["current"] != stored["previous"], "another candidate"


def test_a_gateway_that_is_away(controller: Controller, simulator: Simulator) -> None:
    """Nothing was sent, so nothing is counted, and the next run rotates."""
    agents = controller.add_agents(1001, 2)
    controller.enroll()
    url = controller.group_vars["rotate_cc_gateway_url"]
    controller.group_vars["rotate_service_moved"] = True
    for away in ("https://127.0.0.1:1", "https://gateway.invalid:8043"):
        controller.group_vars["rotate_cc_gateway_url"] = away
        run = controller.rotate()
        assert run.failed == controller.hosts
        assert all("was not reached" in run.message(agent.host) for agent in agents)
        assert all(controller.stored(agent.host)["ledger"] == [] for agent in agents)
    controller.group_vars["rotate_cc_gateway_url"] = url
    assert controller.rotate().rc == 0
    controller.judge()

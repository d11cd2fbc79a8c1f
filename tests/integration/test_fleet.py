# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet: the canary and the brake, ages that hold, windows, exemptions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from simulator.client import Simulator
from support.controller import Controller, ago, new_password

REFUSES = {"kind": "retcode", "operation": "change", "code": "000-002"}


def test_a_canary_that_fails_stops_the_run(controller: Controller, simulator: Simulator) -> None:
    agents = controller.add_agents(1001, 12)
    controller.enroll()
    controller.environment |= {
        "ANSIBLE_CALLBACKS_ENABLED": "results,callcenter.passwords.report",
        "CALLCENTER_PASSWORDS_REPORT_DIRECTORY": str(controller.folder / "reports"),
    }
    simulator.add_faults([{**REFUSES, "account": agents[0].number}])
    run = controller.rotate(one_batch=False)
    assert run.rc == 2
    assert run.failed == {agents[0].host}
    assert {call["account"] for call in run.calls} == {agents[0].number}
    assert {run.outcome(agent.host) for agent in agents[1:]} == {"stopped"}
    why = "the run stopped after 1 of 12 hosts, because its first one, agent-1001, failed (password_rejected)"
    assert {line["result"]["msg"] for line in run.of(agents[5].host) if "outcome" in line["result"]} == {why}
    assert run.output.count("[WARNING]: the run stopped after 1 of 12 hosts") == 1
    assert len([line for line in run.output.splitlines() if line.startswith("skipping: ") and "(item=" in line]) == 11
    (report,) = (controller.folder / "reports").glob("*.json")
    assert json.loads(report.read_text(encoding="utf-8"))["summary"] == {"password_rejected": 1, "stopped": 11}
    assert controller.rotate(one_batch=False).rc == 0
    assert all(controller.is_rotated(agent) for agent in agents)
    controller.judge()


def test_what_the_store_knows_stops_nobody(controller: Controller, simulator: Simulator) -> None:
    """A host at the front that has diverged would otherwise stop every night; the canary is the first one that is due."""
    agents = controller.add_agents(1001, 6)
    controller.enroll()
    lost, done, canary, *others = agents
    simulator.act("password", "cc_agent", lost.number, password=new_password())
    controller.rotate("--limit", f"{lost.host},{done.host}")
    assert controller.rotate("--limit", f"{lost.host},{done.host}").outcome(lost.host) == "diverged"
    run = controller.rotate(one_batch=False)
    assert run.failed == {lost.host}
    assert run.changed == {canary.host, *(agent.host for agent in others)}
    simulator.add_faults([{**REFUSES, "account": canary.number}])
    again = controller.rotate("-e", "rotate_when=always", "--limit", f"all,!{done.host}", one_batch=False)
    assert again.outcome(lost.host) == "diverged"
    assert {again.outcome(agent.host) for agent in others} == {"stopped"}


@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_too_many_failures_stop_the_rest(controller: Controller, simulator: Simulator, strategy: str) -> None:
    """Whatever an ansible.cfg says of the strategy."""
    controller.environment |= {"ANSIBLE_STRATEGY": strategy, "ANSIBLE_BECOME": "true"}
    agents = controller.add_agents(1001, 16)
    controller.enroll()
    simulator.fault("retcode", operation="change", code="000-002", skip=2, count=None)
    run = controller.rotate(one_batch=False)
    assert len({call["account"] for call in run.calls if call["operation"] == "change"}) <= 5
    assert sum(run.outcome(agent.host) == "stopped" for agent in agents) >= 11
    assert "the run stopped after" in run.output


def test_one_that_fails_keeps_nobody_else(controller: Controller, simulator: Simulator) -> None:
    agents = controller.add_agents(1001, 8)
    controller.enroll()
    simulator.add_faults([{**REFUSES, "account": agents[3].number}])
    run = controller.rotate(one_batch=False)
    assert run.failed == {agents[3].host}
    assert run.changed == controller.hosts - run.failed
    percent = json.dumps({"rotate_max_fail_percentage": 100, "rotate_when": "always"})
    simulator.add_faults([{**REFUSES, "account": agent.number} for agent in agents[:4]])
    run = controller.rotate("-e", percent, one_batch=False)
    assert run.failed == {agent.host for agent in agents[:4]}


def test_a_pattern_that_matches_no_host_fails(controller: Controller) -> None:
    controller.add_agent(1001)
    for playbook in ("rotate", "verify", "enroll", "rekey"):
        run = controller.run(f"callcenter.passwords.{playbook}", "-e", "rotate_hosts=agnets")
        assert run.rc != 0
        assert "no host of the inventory matches; correct rotate_hosts" in run.output


# -- schedule ----------------------------------------------------------------------------------------------------------


def test_no_password_gets_older_than_it_may(controller: Controller) -> None:
    """A run every day, and the next one may be lost."""
    young, old = controller.add_agents(1001, 2)
    controller.fill()
    controller.edit(young, rotated_at=ago(days=27, hours=17))
    controller.edit(old, rotated_at=ago(days=27, hours=19))
    run = controller.rotate("--diff")
    assert [run.outcome(young.host), run.outcome(old.host)] == ["not_due", "rotated"]
    assert f"--- before: {old.host}, cc_agent" in run.output
    assert f"-rotated_at: {ago(days=27, hours=19)[:10]}" in run.output
    assert "+outcome: rotated" in run.output
    assert "ANSIBLE_VAULT" not in run.output
    assert controller.rotate("-e", "rotate_run_every_hours=48").outcome(young.host) == "rotated"


def test_a_fleet_of_one_day_is_spread(controller: Controller) -> None:
    agents = controller.add_agents(1001, 12)
    controller.enroll()
    run = controller.rotate("-e", "rotate_spread=true")
    assert run.rc == 0
    assert [run.outcome(agent.host) for agent in agents].count("not_due") >= 10
    assert controller.rotate().rc == 0
    assert all(controller.is_rotated(agent) for agent in agents), "without it an unknown age is due"


def test_a_window(controller: Controller, simulator: Simulator) -> None:
    """After its end nothing new is begun, and what is unresolved is finished."""
    fresh, unresolved = controller.add_agents(1001, 2)
    controller.enroll()
    simulator.fault("drop_after", account=unresolved.number, operation="change")
    simulator.fault("drop_before", account=unresolved.number, operation="sign_in", skip=1)
    controller.rotate("--limit", unresolved.host)
    assert controller.stored(unresolved.host)["staged"]
    hour = datetime.now(timezone.utc)
    closed, opened = (
        f"{hour + timedelta(hours=begins):%H:%M}-{hour + timedelta(hours=begins + 2):%H:%M}" for begins in (3, -1)
    )
    options = ("-e", "rotate_window_time_zone=UTC")
    run = controller.rotate("-e", f"rotate_window={closed}", *options)
    assert (run.rc, run.outcome(fresh.host), run.outcome(unresolved.host)) == (0, "out_of_window", "rotated")
    assert f"no rotation is begun outside {closed} UTC" in run.output
    assert controller.rotate("-e", f"rotate_window={opened}", *options).outcome(fresh.host) == "rotated"
    assert "write it as 22:00-05:00" in controller.rotate("-e", "rotate_window=night").message(fresh.host)


def test_an_exemption(controller: Controller) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    exemption = {"reason": "a robot logs in with it", "owner": "operations", "until": "2999-12-31"}
    controller.host_vars[agent.host]["rotate_exempt"] = {"cc_agent": exemption}
    run = controller.rotate()
    assert (run.rc, run.calls, run.outcome(agent.host)) == (0, [], "exempt")
    assert controller.verify().outcome(agent.host) == "verified"
    controller.host_vars[agent.host]["rotate_exempt"]["cc_agent"] = {**exemption, "until": "2026-01-01"}
    run = controller.rotate()
    assert run.outcome(agent.host) == "rotated"
    assert "its exemption has ended on 2026-01-01" in run.output
    assert controller.rotate().outcome(agent.host) == "not_due"

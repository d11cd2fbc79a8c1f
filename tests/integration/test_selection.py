# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials a run touches: tags, limits, batches, age, and people who are signed in."""

from __future__ import annotations

import yaml
from simulator.client import Simulator
from support.controller import Controller


def test_tags_and_limits(controller: Controller) -> None:
    agents, admin = controller.add_agents(1001, 4), controller.add_administrator(301)
    both = controller.add_agent(1009)
    controller.host_vars[both.host].update(rotate_credentials=["cc_agent", "cc_config"], rotate_cc_admin_id=302)
    controller.simulator.put_account("cc_config", "302", password="Second@Admin7x")
    controller.enroll(agent_1009={"cc_agent": both.password, "cc_config": "Second@Admin7x"})

    other = controller.rotate("--tags", "other")
    assert other.rc == 0, other.output
    assert other.calls == []
    assert other.changed == set()

    skipped = controller.rotate("--skip-tags", "cc_agent,cc_config")
    assert skipped.rc == 0
    assert skipped.calls == []

    one = controller.rotate("--limit", agents[0].host)
    assert set(one.recap) == {agents[0].host}
    assert {call["account"] for call in one.calls} == {agents[0].number}

    retry = controller.folder / "retry"
    retry.write_text(f"{agents[1].host}\n", encoding="utf-8")
    assert set(controller.rotate("--limit", f"@{retry}").recap) == {agents[1].host}

    config = controller.rotate("--tags", "cc_config")
    assert config.rc == 0, config.output
    assert config.changed == {admin.host, both.host}
    assert {call["service"] for call in config.calls} == {"cc_config"}
    assert controller.live(both)["password"] == both.password

    # a tag of the user's own on the role
    playbook = controller.folder / "own.yml"
    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "roles": [{"role": "callcenter.passwords.rotate", "tags": ["night_shift"]}],
    }
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    own = controller.run(str(playbook), "--tags", "night_shift")
    assert own.rc == 0, own.output
    assert own.changed == {agents[2].host, agents[3].host, both.host}
    assert {call["service"] for call in own.calls} == {"cc_agent"}
    assert controller.rotate().changed == set()
    assert all(controller.is_rotated(credential) for credential in controller.credentials)


def test_a_failing_canary_stops_everything(controller: Controller, simulator: Simulator) -> None:
    agents = controller.add_agents(1001, 10)
    controller.enroll()
    simulator.fault("retcode", account=agents[0].number, operation="change", code="000-002")
    run = controller.rotate(one_batch=False)
    assert run.rc != 0
    assert run.failed == {agents[0].host}
    assert {call["account"] for call in run.calls} == {agents[0].number}
    controller.judge()

    assert controller.rotate(one_batch=False).rc == 0
    assert all(controller.is_rotated(agent) for agent in agents)


def test_too_many_failures_in_a_later_batch_stop_the_rest(controller: Controller, simulator: Simulator) -> None:
    agents = controller.add_agents(1001, 8)
    controller.enroll()
    simulator.add_faults(
        [{"kind": "retcode", "account": a.number, "operation": "change", "code": "000-002"} for a in agents[1:3]]
    )
    stopping = '{"rotate_serial": [1, 3, 4], "rotate_max_fail_percentage": 50}'
    run = controller.rotate("-e", stopping, one_batch=False)
    assert run.rc != 0
    assert {call["account"] for call in run.calls} == {agent.number for agent in agents[:4]}
    tolerated = '{"rotate_serial": [1, 3, 4], "rotate_max_fail_percentage": 80, "rotate_when": "always"}'
    simulator.fault("retcode", account=agents[1].number, operation="change", code="000-002")
    run = controller.rotate("-e", tolerated, one_batch=False)
    assert run.failed == {agents[1].host}
    assert run.changed == controller.hosts - run.failed
    controller.judge()


def test_what_is_due(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    assert controller.rotate("-e", "rotate_when=resume").calls == []
    assert controller.rotate().outcome(agent.host) == "rotated"
    assert controller.rotate("-e", "rotate_max_age_days=1").outcome(agent.host) == "not_due"
    assert controller.rotate("-e", "rotate_max_age_days=0").outcome(agent.host) == "rotated"
    assert controller.rotate("-e", "rotate_when=always").outcome(agent.host) == "rotated"
    assert controller.live(agent)["changes"] == 3

    # older than the limit: the store says when
    path = controller.store / f"{agent.host}.yml"
    rotated_at = controller.stored(agent.host)["rotated_at"]
    year = int(rotated_at[:4]) - 1
    path.write_text(path.read_text(encoding="utf-8").replace(rotated_at, f"{year}{rotated_at[4:]}"), encoding="utf-8")
    assert controller.rotate().outcome(agent.host) == "rotated"

    # something unresolved is resumed although it is not due
    simulator.fault("drop_before", account=agent.number, operation="change")
    assert controller.rotate("-e", "rotate_when=always").rc != 0
    run = controller.rotate("-e", "rotate_when=resume")
    assert run.outcome(agent.host) == "rotated", run.output
    assert controller.is_rotated(agent)


def test_a_live_agent_is_left_alone(controller: Controller, simulator: Simulator) -> None:
    live, idle = controller.add_agents(1001, 2)
    controller.enroll()
    simulator.act("sign_in", "cc_agent", live.number, phone="49999")
    run = controller.rotate(one_batch=False)
    assert run.rc == 0, run.output
    assert run.failed == set()
    assert run.outcome(live.host) == "live"
    assert "signed in" in run.said(live.host)
    assert [call["retcode"] for call in run.calls_of(live.number)] == ["100-002"]
    assert controller.live(live)["signed_in"]
    assert controller.live(live)["password"] == live.password
    assert controller.is_rotated(idle)
    assert live.host not in run.changed

    simulator.act("sign_out", "cc_agent", live.number)
    assert controller.rotate().changed == {live.host}
    assert controller.is_rotated(live)
    controller.judge()


def test_a_live_agent_is_neither_enrolled_nor_verified(controller: Controller, simulator: Simulator) -> None:
    enrolled, new = controller.add_agents(1001, 2)
    controller.enroll("--limit", enrolled.host)
    for agent in (enrolled, new):
        simulator.act("sign_in", "cc_agent", agent.number)
    run = controller.verify("--limit", enrolled.host)
    assert len(run.calls) == 1
    assert run.outcome(enrolled.host) == "live"
    run = controller.enroll("--limit", new.host, check=False)
    assert controller.stored(new.host).get("current") is None
    assert run.outcome(new.host) == "live"
    assert len(run.calls) == 1
    assert all(controller.live(agent)["signed_in"] for agent in (enrolled, new))
    for agent in (enrolled, new):
        simulator.act("sign_out", "cc_agent", agent.number)
    controller.enroll()
    assert controller.verify().rc == 0


def test_take_over_is_an_option(controller: Controller, simulator: Simulator) -> None:
    agent, unforced = controller.add_agent(1001), controller.add_agent(1002, cannot_be_forced=True)
    controller.enroll()
    for credential in (agent, unforced):
        simulator.act("sign_in", "cc_agent", credential.number, phone=f"4{credential.number}")
    run = controller.rotate("-e", '{"rotate_cc_take_over": true}')
    assert run.outcome(agent.host) == "rotated", run.output
    assert {call["operation"] for call in run.calls_of(agent.number)} == {"force_sign_in", "change", "sign_out"}
    assert run.outcome(unforced.host) == "live"
    assert controller.is_rotated(agent)
    assert controller.live(unforced)["signed_in"]
    controller.judge()

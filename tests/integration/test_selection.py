# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials a run touches: kinds, limits, batches, age, and people who are signed in."""

from __future__ import annotations

import pytest
import yaml
from simulator.client import Simulator
from support.controller import Controller, Credential

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS

TASKS = {
    "rotate": "Rotate | plan, log in, stage, change, verify, commit",
    "verify": "Verify | log in with each stored password",
    "enroll": "Enroll | prove each initial password and take it over",
}
ALL_KINDS = tuple(KINDS)


def rotated(controller: Controller, people: dict[str, Credential]) -> set[str]:
    return {kind for kind, credential in people.items() if controller.is_rotated(credential)}


def test_one_kind_two_kinds_and_all_but_one(controller: Controller) -> None:
    people = controller.add_person(2001, ALL_KINDS)
    agent = controller.add_agent(1001)
    controller.fill()

    # The host that has none of the kinds is not worked on, and that is no fault.
    run = controller.rotate("-e", "rotate_only=idaas")
    assert run.rc == 0, run.output
    assert run.changed == {people["idaas"].host}
    assert {call["service"] for call in run.calls} == {"idaas"}
    assert rotated(controller, people) == {"idaas"}
    assert run.outcome(agent.host) is None

    run = controller.rotate("-e", "rotate_only=idaas,cc_config", "-e", "rotate_when=always")
    assert run.rc == 0, run.output
    assert {call["service"] for call in run.calls} == {"idaas", "cc_config"}
    assert rotated(controller, people) == {"idaas", "cc_config"}
    assert controller.live(people["idaas"])["changes"] == 2

    run = controller.rotate("-e", '{"rotate_only": ["cec_sip", "cec_account", "idaas", "cc_config"]}')
    assert run.rc == 0, run.output
    assert rotated(controller, people) == set(ALL_KINDS) - {"cc_agent"}
    assert not controller.is_rotated(agent)

    run = controller.rotate("-e", "rotate_only=")
    assert run.rc == 0, run.output
    assert rotated(controller, people) == set(ALL_KINDS)
    assert controller.is_rotated(agent)
    controller.judge()


def test_the_order_is_that_of_the_kinds(controller: Controller) -> None:
    host = controller.add_person(2001, reversed(ALL_KINDS))["idaas"].host
    controller.fill()

    def order(*arguments: str) -> list[str]:
        run = controller.rotate("--check", *arguments)
        assert run.rc == 0, run.output
        assert run.calls == []
        return [line["result"]["kind"] for line in run.of(host, TASKS["rotate"])]

    assert order() == list(ALL_KINDS)
    assert order("-e", "rotate_only=idaas,cec_sip,cec_account,cc_agent") == [
        "cc_agent",
        "cec_account",
        "cec_sip",
        "idaas",
    ]
    # An inventory in INI format gives lists as strings, and people write spaces.
    controller.host_vars[host].update(
        rotate_credentials="idaas, cc_config,cc_agent", rotate_only="cec_sip, cc_agent,idaas"
    )
    assert order() == ["cc_agent", "idaas"]


def test_a_name_that_is_no_kind_is_refused(controller: Controller) -> None:
    agents = controller.add_agents(1001, 2)
    controller.fill()
    for playbook in TASKS:
        run = controller.run(f"callcenter.passwords.{playbook}", "-e", "rotate_only=idass")
        assert run.rc != 0
        assert run.calls == []
        assert "idass is no kind of credential" in run.output
    # A list of nothing but a comma is a typing error, and not the empty list that selects all.
    run = controller.rotate("-e", "rotate_only=,")
    assert run.rc != 0
    assert run.calls == []

    # The other kinds are worked on all the same.
    controller.host_vars[agents[0].host]["rotate_credentials"] = ["cc_agnt", "cc_agent"]
    run = controller.rotate()
    assert run.rc != 0
    assert run.failed == {agents[0].host}
    assert "cc_agnt is no kind of credential" in run.message(agents[0].host)
    assert all(controller.is_rotated(agent) for agent in agents)


@pytest.mark.parametrize("playbook", TASKS)
def test_the_playbooks_refuse_tags(controller: Controller, playbook: str) -> None:
    controller.add_agents(1001, 3)
    controller.fill()
    before = controller.files()
    batches = ["-e", '{"rotate_serial": [1, "100%"], "rotate_max_fail_percentage": 100}']
    for arguments in (
        ["--tags", "idaas"],
        ["--skip-tags", "idaas"],
        ["--tags", "unknown"],
        ["--tags", "cc_agent", "--skip-tags", "idaas"],
    ):
        run = controller.run(f"callcenter.passwords.{playbook}", *batches, *arguments)
        assert run.rc != 0, run.output
        assert "this playbook has no tags; choose kinds with -e rotate_only=" in run.output
        assert run.calls == []
        assert controller.files() == before


def test_no_tag_skips_the_work_silently(controller: Controller) -> None:
    agent = controller.add_agent(1001)
    controller.fill()
    run = controller.rotate("--skip-tags", "always")
    assert run.rc == 0, run.output
    assert run.changed == {agent.host}


@pytest.mark.parametrize("playbook", TASKS)
def test_task_names_are_literal(controller: Controller, playbook: str) -> None:
    controller.add_agent(1001)
    listed = controller.run(f"callcenter.passwords.{playbook}", "--list-tasks").stdout
    assert f"rotate : {TASKS[playbook]}\t" in listed
    assert "{{" not in listed


def test_limits_and_a_tag_of_ones_own(controller: Controller) -> None:
    agents = controller.add_agents(1001, 3)
    controller.fill()

    one = controller.rotate("--limit", agents[0].host)
    assert set(one.recap) == {agents[0].host}
    assert {call["account"] for call in one.calls} == {agents[0].number}

    retry = controller.folder / "retry"
    retry.write_text(f"{agents[1].host}\n", encoding="utf-8")
    assert set(controller.rotate("--limit", f"@{retry}").recap) == {agents[1].host}

    # In a playbook of one's own the role may have a tag, which selects or skips the whole role.
    playbook = controller.folder / "own.yml"
    play = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "roles": [{"role": "callcenter.passwords.rotate", "tags": ["night_shift"]}],
    }
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    assert controller.run(str(playbook), "--skip-tags", "night_shift").calls == []
    own = controller.run(str(playbook), "--tags", "night_shift")
    assert own.rc == 0, own.output
    assert own.changed == {agents[2].host}
    assert all(controller.is_rotated(agent) for agent in agents)
    assert controller.rotate().changed == set()


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


def test_what_is_due(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    assert controller.rotate("-e", "rotate_when=resume").calls == []
    assert controller.rotate().outcome(agent.host) == "rotated"
    assert controller.rotate("-e", "rotate_max_age_days=3").outcome(agent.host) == "not_due"
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


def test_a_signed_in_agent_is_left_alone(controller: Controller, simulator: Simulator) -> None:
    busy, idle = controller.add_agents(1001, 2)
    controller.enroll()
    simulator.act("sign_in", "cc_agent", busy.number, phone="49999")
    run = controller.rotate(one_batch=False)
    assert run.rc == 0, run.output
    assert run.failed == set()
    assert run.outcome(busy.host) == "signed_in"
    assert "signed in" in run.said(busy.host)
    assert [call["retcode"] for call in run.calls_of(busy.number)] == ["100-002"]
    assert controller.live(busy)["signed_in"]
    assert controller.live(busy)["password"] == busy.password
    assert controller.is_rotated(idle)
    assert busy.host not in run.changed

    simulator.act("sign_out", "cc_agent", busy.number)
    assert controller.rotate().changed == {busy.host}
    assert controller.is_rotated(busy)
    controller.judge()


def test_a_signed_in_agent_is_neither_enrolled_nor_verified(controller: Controller, simulator: Simulator) -> None:
    enrolled, new = controller.add_agents(1001, 2)
    controller.enroll("--limit", enrolled.host)
    for agent in (enrolled, new):
        simulator.act("sign_in", "cc_agent", agent.number)
    run = controller.verify("--limit", enrolled.host)
    assert len(run.calls) == 1
    assert run.outcome(enrolled.host) == "signed_in"
    run = controller.enroll("--limit", new.host, check=False)
    assert controller.stored(new.host).get("current") is None
    assert run.outcome(new.host) == "signed_in"
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
    assert run.outcome(unforced.host) == "signed_in"
    assert controller.is_rotated(agent)
    assert controller.live(unforced)["signed_in"]
    controller.judge()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventories that name a wrong account: what is protected is the account, whatever the host is called."""

from __future__ import annotations

from simulator.client import Simulator
from support.controller import Controller, new_password


def test_several_hosts_with_one_account(controller: Controller, simulator: Simulator) -> None:
    """A number in group variables, or a line that was copied. The first host becomes the owner."""
    agent = controller.add_agent(1001)
    copies = [f"desk-{number}" for number in range(5)]
    for host in copies:
        controller.host_vars[host] = dict(controller.host_vars[agent.host])
    run = controller.enroll(check=False, **{host.replace("-", "_"): {"cc_agent": new_password()} for host in copies})
    live = controller.live(agent)
    assert (live["times_locked"], live["max_consecutive_failures"]) <= (0, 1)
    refused = [host for host in (agent.host, *copies) if "belongs to the inventory host" in run.message(host)]
    assert len(refused) == len(copies), run.output
    assert all("Nothing was sent" in run.message(host) for host in refused)


def test_one_account_for_a_whole_inventory(controller: Controller, simulator: Simulator) -> None:
    """With -e rotate_cc_agent_id nobody else's password is sent to that account."""
    agents = controller.add_agents(1001, 4)
    controller.enroll()
    run = controller.rotate("-e", "rotate_when=always", "-e", "rotate_cc_agent_id=1001")
    assert {agent.host: run.outcome(agent.host) for agent in agents[1:]} == {
        agent.host: "failed" for agent in agents[1:]
    }
    assert "is that of 1002 of the CC-Gateway" in run.message(agents[1].host)
    assert "the inventory names 1001 of the CC-Gateway" in run.message(agents[1].host)
    assert controller.live(agents[0])["max_consecutive_failures"] == 0
    assert controller.is_rotated(agents[0])
    assert controller.rotate("-e", "rotate_when=always").outcomes() == {agent.host: "rotated" for agent in agents}
    controller.judge()


def test_a_service_at_another_address(controller: Controller, simulator: Simulator) -> None:
    """A test copy does not replace the real passwords; a service that has moved is acknowledged."""
    agent = controller.add_agent(1001)
    controller.enroll()
    address = simulator.url.replace("localhost", "127.0.0.1")
    moved = ("-e", f"rotate_cc_gateway_url={address}", "-e", "rotate_when=always")
    for playbook in (controller.rotate, controller.verify):
        run = playbook(*moved)
        assert (run.outcome(agent.host), run.calls) == ("failed", [])
        assert "rotate_service_moved" in run.message(agent.host)
    typing_error = ("-e", "rotate_cc_gateway_url=https://localhost:9", "-e", "rotate_service_moved=true")
    for playbook in (controller.rotate, controller.verify):
        assert playbook(*typing_error, "-e", "rotate_when=always").outcome(agent.host) == "unreachable"
    assert controller.verify().outcome(agent.host) == "verified", "nothing has moved without a login that proves it"
    assert controller.rotate(*moved, "-e", "rotate_service_moved=true").outcome(agent.host) == "rotated"
    assert controller.rotate(*moved).outcome(agent.host) == "rotated"
    assert "rotate_service_moved" in controller.rotate("-e", "rotate_when=always").message(agent.host)
    controller.judge()

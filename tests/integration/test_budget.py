# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The budget of wrong logins that many hosts share: an administrator's password, and what one server sees from here."""

from __future__ import annotations

from simulator.client import Simulator
from support.controller import Controller, Run, ago, new_password

CAP = 5


def wrong(run: Run) -> int:
    return sum(call["retcode"] == "100-004" for call in run.calls)


def test_a_server_sees_no_more_wrong_logins_than_the_cap(controller: Controller, simulator: Simulator) -> None:
    """Somebody else has changed most passwords. Those that come after the cap are left as they are, right or wrong."""
    lost, right = controller.add_agents(1001, 12), controller.add_agents(1021, 2)
    controller.fill()
    for agent in lost:
        simulator.act("password", "cc_agent", agent.number, password=new_password())
    controller.group_vars["rotate_max_failed_logins_per_server"] = CAP
    controller.environment["ANSIBLE_FORKS"] = "10"

    run = controller.rotate()
    tried = [agent for agent in lost if run.calls_of(agent.number)]
    assert wrong(run) == len(run.calls) == len(tried) == CAP, run.output
    assert {run.outcome(agent.host) for agent in tried} == {"diverged"}
    assert run.failed == controller.hosts
    for agent in {*lost, *right} - {*tried}:
        assert run.outcome(agent.host) == "access_denied"
        assert controller.stored(agent.host)["ledger"] == []
        message = run.message(agent.host)
        assert f"has seen {CAP} failed logins" in message
        assert "rotate_max_failed_logins_per_server" in message

    at_once = controller.rotate()
    assert at_once.calls == []
    assert at_once.failed == controller.hosts

    (file,) = (controller.store / ".failed-logins").iterdir()
    file.write_text(f"{ago(minutes=31)}\n" * CAP, encoding="utf-8")
    controller.group_vars["rotate_max_failed_logins_per_server"] = 100
    later = controller.rotate()
    assert wrong(later) == len(lost) - CAP
    assert later.changed == {agent.host for agent in right}
    assert all(controller.is_rotated(agent) for agent in right)
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(lost) - CAP
    controller.judge(but=lost)


def test_an_administrator_who_was_refused_is_not_tried_again(controller: Controller, simulator: Simulator) -> None:
    """In the controller's own processes as well as on a bastion."""
    controller.group_vars.update(admin_id=301)
    for number in range(16):
        controller.host_vars[f"desk-{number}"] = {}
    for number in range(4):
        controller.host_vars[f"far-{number}"] = {"ansible_connection": "bastion", "admin_id": 302}
    for admin in ("301", "302"):
        simulator.put_account("cc_config", admin, password="Right@Marker7x")
    simulator.put_account("cc_agent", "1001", password=new_password())
    query = "callcenter.passwords.cc_agent_info"
    common = {"admin_id": "{{ admin_id }}", "agent_ids": [1001], "ca_path": "{{ rotate_cc_ca_path }}"}
    common["gateway_url"] = "{{ rotate_cc_gateway_url }}"
    tasks = [
        {"name": "wrong", query: {**common, "password": "Wrong@Marker7x"}, "ignore_errors": True},
        {"name": "right", query: {**common, "password": "Right@Marker7x"}},
        {"name": "wrong again", query: {**common, "password": "Wrong@Marker7x"}, "ignore_errors": True},
    ]
    controller.environment["ANSIBLE_FORKS"] = "10"
    run = controller.play(tasks)
    assert run.rc == 0, run.output
    for admin, group in (("301", "desk"), ("302", "far")):
        hosts = [host for host in controller.host_vars if host.startswith(group)]
        logins = [call["retcode"] for call in run.calls_of(admin, "config_login")]
        assert sorted(logins) == sorted(["0"] * len(hosts) + ["107-003"])
        first = [run.task(host, "wrong") for host in hosts]
        assert sorted(result["outcome"] for result in first) == ["access_denied"] * (len(hosts) - 1) + [
            "wrong_password"
        ]
        (message,) = {result["msg"] for result in first if result["outcome"] == "access_denied"}
        assert f"configuration administrator {admin} was refused earlier in this run" in message
        assert {run.task(host, "right")["outcome"] for host in hosts} == {"ok"}
        assert {run.task(host, "wrong again")["outcome"] for host in hosts} == {"access_denied"}

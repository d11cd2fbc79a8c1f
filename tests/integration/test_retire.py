# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People come and go: they leave the store, come back, and get other names."""

from __future__ import annotations

from pathlib import Path

from simulator.client import Simulator
from support.controller import Controller, Run, new_password


def retire(controller: Controller, hosts: str, *arguments: str) -> Run:
    return controller.run("callcenter.passwords.retire", "-e", f"rotate_retire={hosts}", *arguments)


def records(controller: Controller) -> list[Path]:
    return sorted((controller.store / ".retired").glob("*.yml"))


def test_a_host_leaves_and_comes_back(controller: Controller) -> None:
    leaving, staying = controller.add_agents(1001, 2)
    controller.enroll()
    assert controller.rotate().rc == 0
    password = controller.stored(leaving.host)["current"]
    before = controller.files()
    assert retire(controller, leaving.host, "--check").changed == {leaving.host}
    assert controller.files() == before
    run = retire(controller, leaving.host)
    assert (run.rc, run.changed, run.calls) == (0, {leaving.host}, [])
    assert controller.live(leaving)["password"] == password, "the account stays as it is"
    assert set(controller.files()) == {f"{staying.host}.yml"}
    (record,) = records(controller)
    assert password not in record.read_text(encoding="utf-8")
    assert f"what was stored is kept in {record}" in run.stderr
    assert "it is not enrolled in the store" in controller.rotate().message(leaving.host)
    again = retire(controller, leaving.host)
    assert (again.rc, again.changed) == (0, set())

    record.rename(controller.store / f"{leaving.host}.yml")
    run = controller.rotate("-e", "rotate_when=always")
    assert run.changed == controller.hosts, run.output
    controller.judge()


def test_one_kind_leaves(controller: Controller) -> None:
    person = controller.add_person(2001, ["cc_agent", "idaas"])
    controller.enroll()
    run = retire(controller, person["idaas"].host, "-e", "rotate_only=idaas")
    assert run.changed == {person["idaas"].host}
    assert controller.stored(person["idaas"].host, "idaas") == {}
    assert controller.stored(person["cc_agent"].host)["current"] == person["cc_agent"].password
    # The account may be another host's by now.
    controller.host_vars["newcomer"] = {**controller.host_vars[person["idaas"].host], "rotate_credentials": ["idaas"]}
    run = controller.enroll("--limit", "newcomer", newcomer={"idaas": person["idaas"].password})
    assert run.outcome("newcomer", "idaas") == "enrolled"


def test_what_is_unresolved_stays(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("drop_after", account=agent.number, operation="change")
    simulator.fault("drop_before", account=agent.number, operation="sign_in", skip=1)
    controller.rotate()
    run = retire(controller, agent.host)
    assert run.failed == {agent.host}
    assert "a rotation of cc_agent is unresolved" in run.message(agent.host)
    assert records(controller) == []
    assert controller.rotate().rc == 0
    assert retire(controller, agent.host).rc == 0


def test_nobody_is_retired_by_accident(controller: Controller) -> None:
    controller.add_agents(1001, 2)
    controller.enroll()
    for arguments in ((), ("-e", "rotate_retire=agent-9999"), ("-e", "rotate_retire=")):
        run = controller.run("callcenter.passwords.retire", *arguments)
        assert run.rc != 0
        assert "name the hosts of the inventory that leave" in run.output
    assert len(controller.files()) == 2


def test_a_host_gets_another_name(controller: Controller) -> None:
    """In the inventory and in the store together, as the documentation says."""
    agent = controller.add_agent(1001)
    controller.enroll()
    controller.host_vars["zhang-wei"] = controller.host_vars.pop(agent.host)
    (controller.store / f"{agent.host}.yml").rename(controller.store / "zhang-wei.yml")
    run = controller.rotate()
    assert (run.rc, run.outcome("zhang-wei")) == (0, "rotated"), run.output


def test_logins_that_failed_are_counted_after_a_host_has_left(controller: Controller, simulator: Simulator) -> None:
    """And after its file came from a backup: the server knows nothing of either."""
    agent, restored = controller.add_agents(1001, 2)
    for password in ("Wrong1@aaXa", "Wrong2@bbXb"):
        controller.enroll("--limit", agent.host, check=False, agent_1001={"cc_agent": password})
    controller.run("callcenter.passwords.retire", "-e", f"rotate_retire={agent.host}")
    run = controller.enroll("--limit", agent.host, check=False, agent_1001={"cc_agent": "Wrong3@ccXc"})
    assert (run.outcome(agent.host), run.calls) == ("held", [])

    controller.enroll("--limit", restored.host)
    path = controller.store / f"{restored.host}.yml"
    backups = []
    for _rotation in range(2):
        backups.append(path.read_bytes())
        controller.rotate("--limit", restored.host, "-e", "rotate_when=always")
    simulator.act("password", "cc_agent", restored.number, password=new_password())
    outcomes = [controller.rotate("--limit", restored.host, "-e", "rotate_when=always").outcome(restored.host)]
    for backup in reversed(backups):
        path.write_bytes(backup)
        outcomes.append(controller.verify("--limit", restored.host).outcome(restored.host))
    assert outcomes == ["diverged", "diverged", "held"]
    controller.judge(but=[restored])
    assert controller.live(restored)["times_locked"] == 0

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run each night, and the same trouble each night. Servers never forget a failed login, so no time that goes by is a
reason to try again: two may fail since the last one that succeeded, and then a person is needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from simulator.client import Simulator
from support.controller import Controller, Credential, new_password, until

TIMES = ("rotated_at", "staged_at", "written_at", "proved_at")
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def a_day_earlier(time: str | None) -> str | None:
    return f"{datetime.fromisoformat(time) - timedelta(days=1):{FORMAT}}" if time else time


def pass_a_day(controller: Controller, credentials: Iterable[Credential]) -> None:
    """The simulator's clock goes on; what the store has written moves back, since Ansible's clock is the machine's."""
    controller.simulator.advance(24 * 3600)
    for credential in credentials:
        controller.edit(
            credential,
            ledger=lambda lines: [{**line, "at": a_day_earlier(line["at"])} for line in lines],
            **dict.fromkeys(TIMES, a_day_earlier),
        )


def test_after_a_run_that_was_killed(controller: Controller, simulator: Simulator) -> None:
    """Killed during the change, before it was carried out. What is found out one night is not asked the next one."""
    # A wrong password is counted for an agent at work too.
    simulator.options(gateway={"check_password_first": True})
    signed_in, busy, narrowed, plain = agents = controller.add_agents(1001, 4)
    controller.fill()
    for agent in agents:
        simulator.fault("timeout_before", account=agent.number, operation="change", seconds=60)
    running = controller.start("callcenter.passwords.rotate", "-e", "rotate_max_fail_percentage=100")
    until(lambda: simulator.faults() == [], seconds=60)
    running.kill()
    candidates = {agent: controller.stored(agent.host)["staged"] for agent in agents}
    assert all(candidates.values())
    # A policy that was corrected since judges no candidate that was sent.
    controller.host_vars[narrowed.host]["rotate_policies"] = {"cc_agent": {"max_length": 16, "generated_length": 16}}
    said: dict[Credential, list[str | None]] = {agent: [] for agent in agents}
    for _night in range(4):
        pass_a_day(controller, agents)
        simulator.act("sign_in", "cc_agent", signed_in.number, phone="49999", seconds=9000)
        simulator.clear_faults()
        # The second sign-in of the run meets a gateway that has no resource left for it.
        simulator.fault("retcode", account=busy.number, operation="sign_in", code="100-003", skip=1)
        run = controller.rotate()
        for agent in agents:
            said[agent].append(run.outcome(agent.host))
        controller.judge()
    assert said == {
        signed_in: ["signed_in"] * 4,
        busy: ["access_denied", "access_denied", "rotated", "not_due"],
        narrowed: ["rotated", *["not_due"] * 3],
        plain: ["rotated", *["not_due"] * 3],
    }
    assert [controller.live(agent)["failures"] for agent in agents] == [1] * 4
    simulator.act("sign_out", "cc_agent", signed_in.number)
    assert controller.rotate().failed == set()
    for agent in agents:
        assert controller.is_rotated(agent), agent
        assert controller.stored(agent.host)["current"] == candidates[agent], "never a second candidate"


def test_an_answer_that_is_in_no_table(controller: Controller, simulator: Simulator) -> None:
    """A wrong password that the server tells in its own way. It is tried twice, in whatever playbook and in how many."""
    agent, admin, account = people = [
        controller.add_person(1001 + number, [kind])[kind]
        for number, kind in enumerate(("cc_agent", "cc_config", "cec_account"))
    ]
    controller.fill()
    for person in people:
        simulator.act("password", person.kind, person.number, password=new_password())
    for person, operation, fault in (
        (agent, "sign_in", {"kind": "retcode", "code": "100-099"}),
        (admin, "config_login", {"kind": "status", "status": 401}),
        (account, "login_check", {"kind": "html"}),
    ):
        simulator.fault(account=person.number, operation=operation, applied=True, count=None, **fault)
    nights = []
    for night in range(5):
        run = controller.verify() if night == 2 else controller.rotate()
        nights.append([run.outcome(person.host, person.kind) for person in people])
        controller.judge(but=people)
        pass_a_day(controller, people)
    assert nights == [["unknown"] * 3] * 2 + [["held"] * 3] * 3
    for person in people:
        live = controller.live(person)
        assert (live["failures"], live["times_locked"]) == (2, 0), person.kind
        assert "2 logins failed or may have failed" in run.message(person.host)
        assert controller.stored(person.host, person.kind)["current"] == person.password
    assert "100-099, which is in no table" in run.message(agent.host)

    # A person is heard once, not each night.
    simulator.clear_faults()
    again = [controller.rotate("-e", "rotate_retry_diverged=true") for _night in range(2)]
    assert [call["operation"] for call in again[0].calls_of(agent.number)] == ["sign_in"]
    assert [call for call in again[1].calls if call["account"] in {person.number for person in people}] == []
    right = {
        person.host.replace("-", "_"): {person.kind: str(controller.live(person)["password"])} for person in people
    }
    pass_a_day(controller, people)
    for person in people:
        simulator.act("unlock", person.kind, person.number)
    enrolled = controller.enroll("-e", "rotate_enroll_replace=true", **right)
    assert enrolled.changed == controller.hosts, enrolled.output


def test_a_candidate_that_is_refused_each_night(controller: Controller, simulator: Simulator) -> None:
    """By a rule that nobody knew, in an answer that is in no table: each is put aside, and the next policy's is taken."""
    agent = controller.add_agent(1001)
    controller.fill()
    simulator.fault("retcode", account=agent.number, operation="change", code="100-007", count=3)
    aside = []
    for _night in range(3):
        run = controller.rotate()
        assert run.outcome(agent.host) == "unknown"
        assert run.operations(agent.number) == ["sign_in", "change", "sign_out", "sign_in", "sign_out"]
        stored = controller.stored(agent.host)
        assert (stored["current"], stored["staged"], stored["ledger"]) == (agent.password, None, [])
        aside.append(stored["previous"])
        pass_a_day(controller, [agent])
    assert len({*aside, agent.password}) == 4
    controller.group_vars["rotate_policies"] = {"cc_agent": {"max_length": 16, "generated_length": 16}}
    run = controller.rotate()
    assert run.outcome(agent.host) == "rotated", run.output
    assert controller.is_rotated(agent)
    assert len(controller.stored(agent.host)["current"]) == 16
    assert controller.live(agent)["failures"] == 0

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed in mid-change, workers that outlive their run, leases. Every other moment is tried by the fault matrix."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from simulator.client import Simulator
from support.controller import Controller, Credential, descendants, until


def is_held(simulator: Simulator, agent: Credential, operation: str) -> Callable[[], bool]:
    return lambda: any(call["fault"] for call in simulator.journal(account=agent.number, operation=operation))


@pytest.mark.oldest_core
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_killed_while_the_change_is_under_way(controller: Controller, simulator: Simulator, kind: str) -> None:
    """Before and after the server has applied it; the next run, at once, finishes the job."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault(kind, account=agent.number, operation="change", seconds=20)
    run = controller.start("callcenter.passwords.rotate", "-e", '{"rotate_serial": ["100%"]}')
    until(is_held(simulator, agent, "change"))
    run.kill()
    stored = controller.stored(agent.host)
    assert stored["staged"], "the candidate was written before it was sent"
    assert controller.live(agent)["password"] == stored["staged" if kind == "timeout_after" else "current"]
    simulator.clear_faults()
    simulator.advance(130)
    again = controller.rotate()
    assert again.rc == 0, again.output
    assert again.outcome(agent.host) == "rotated", "the lease of a dead run is not waited for"
    assert controller.is_rotated(agent)
    assert controller.stored(agent.host)["current"] == stored["staged"], "never a second candidate"
    assert controller.live(agent)["changes"] == 1
    assert controller.rotate().calls == []
    controller.judge()


@pytest.mark.parametrize("end", ["task timeout", "Ctrl-C", "killed worker"])
def test_ended_while_the_change_is_under_way(controller: Controller, simulator: Simulator, end: str) -> None:
    """Ansible's own ways to cut a task off leave what a killed run leaves."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("timeout_after", account=agent.number, operation="change", seconds=30)
    playbook = "callcenter.passwords.rotate"
    if end == "task timeout":  # The role's own tasks have none.
        playbook = controller.playbook([{**controller.agents_task(), "timeout": 8}])
    run = controller.start(playbook, "-vvv", "-e", '{"rotate_cc_timeout": 30}')
    until(is_held(simulator, agent, "change"))
    if end == "Ctrl-C":
        os.kill(run.process.pid, signal.SIGINT)
    elif end == "killed worker":
        for worker in descendants(run.process.pid):
            os.kill(worker, signal.SIGKILL)
    ended = run.result(timeout=25)
    assert ended.rc != 0, ended.output
    stored = controller.stored(agent.host)
    assert controller.live(agent)["password"] == stored["staged"]
    assert not [version for version in ("staged", "current") if stored[version] in ended.output]
    simulator.clear_faults()
    again = controller.rotate()
    assert again.rc == 0, again.output
    assert controller.is_rotated(agent)
    assert controller.stored(agent.host)["current"] == stored["staged"], "never a second candidate"
    assert controller.live(agent)["changes"] == 1
    controller.judge()


def test_workers_that_outlive_their_run(controller: Controller, simulator: Simulator) -> None:
    """Only the main process is killed; its worker's change takes effect while the next run is at work already."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("latency", account=agent.number, operation="change", seconds=5)
    run = controller.start("callcenter.passwords.rotate")
    until(is_held(simulator, agent, "change"))
    run.kill(workers=False)
    controller.rotate()  # which may well be told that the gateway is busy with this agent
    controller.judge()
    until(lambda: controller.live(agent)["changes"])
    until(lambda: not controller.live(agent)["signed_in"])
    controller.judge()
    for later in ((), ("-e", '{"rotate_lock_window_minutes": 0.01}')):
        last = controller.rotate(*later)
    assert last.rc == 0, last.output
    assert controller.is_rotated(agent), last.outcome(agent.host)
    assert controller.live(agent)["changes"] == 1


def test_a_lease_is_left_alone_until_it_runs_out(controller: Controller, simulator: Simulator) -> None:
    """A run that is at work on a credential, however slow it is, is not disturbed by another one."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("latency", account=agent.number, operation="change", seconds=2)
    first = controller.start("callcenter.passwords.rotate", "-e", "rotate_cc_timeout=60")
    until(is_held(simulator, agent, "change"))
    family = {first.process.pid, *descendants(first.process.pid)}
    for process in family:
        os.kill(process, signal.SIGSTOP)
    try:
        second = controller.rotate()
    finally:
        for process in family:
            os.kill(process, signal.SIGCONT)
    assert second.rc == 0, second.output
    assert second.outcome(agent.host) == "leased"
    assert second.calls_of(agent.number, "sign_in") == []
    assert first.result().rc == 0
    assert controller.is_rotated(agent)
    assert controller.live(agent)["changes"] == 1

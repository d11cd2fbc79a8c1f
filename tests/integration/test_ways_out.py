# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a message tells a person to do works."""

from __future__ import annotations

from simulator.client import Simulator
from support.controller import Controller

WORD = ("-e", "rotate_retry_diverged=true")


def test_an_account_that_an_administrator_has_unlocked(controller: Controller, simulator: Simulator) -> None:
    """A person's word ends the wait for the lock window, for the playbook that changes and for the one that does not."""
    agents = controller.add_agents(1001, 2)
    controller.fill()
    for agent in agents:
        simulator.act("lock", "cc_agent", agent.number)
    run = controller.rotate()
    assert [run.outcome(agent.host) for agent in agents] == ["locked", "locked"]
    run = controller.verify()
    assert ([run.outcome(agent.host) for agent in agents], run.calls) == (["cooling", "cooling"], [])
    for agent in agents:
        simulator.act("unlock", "cc_agent", agent.number)
    first, second = agents
    assert controller.rotate("--limit", first.host, *WORD).outcome(first.host) == "rotated"
    assert controller.verify("--limit", second.host, *WORD).outcome(second.host) == "verified"
    assert controller.rotate().outcome(second.host) == "rotated"
    assert all(controller.is_rotated(agent) for agent in agents)


def test_what_is_held_though_nothing_is_due(controller: Controller, simulator: Simulator) -> None:
    """Two checks at night have met a code in no table. The word is heard by either playbook, and each says what it did."""
    agents = controller.add_agents(1001, 2)
    controller.fill()
    assert controller.rotate().rc == 0
    for agent in agents:
        simulator.fault("retcode", account=agent.number, operation="sign_in", code="999-999", count=2)
    assert [controller.verify().outcome(agents[0].host) for _night in range(3)] == ["unknown", "unknown", "held"]
    plainly = controller.rotate()
    assert ([plainly.outcome(agent.host) for agent in agents], plainly.calls) == (["not_due", "not_due"], [])
    first, second = agents
    assert controller.verify("--limit", first.host, *WORD).outcome(first.host) == "verified"
    run = controller.rotate("--limit", second.host, *WORD)
    assert (run.rc, run.outcome(second.host)) == (0, "verified"), run.output
    assert "works again" in run.said(second.host)
    verified = controller.verify()
    assert [verified.outcome(agent.host) for agent in agents] == ["verified", "verified"]
    controller.judge()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any moment, and two controllers at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from integration.controller import Controller, Credential, until
from simulator.client import Simulator

# Where the run is held by the simulator when it is killed: the operation, how many calls of it pass first, and whether
# the held one has taken effect by then.
MOMENTS = {
    "first login": ("sign_in", 0),
    "sign-out after it": ("sign_out", 0),
    "login of the change": ("sign_in", 1),
    "verification": ("sign_in", 2),
    "last sign-out": ("sign_out", 2),
}


def is_held(simulator: Simulator, agent: Credential, operation: str) -> Callable[[], bool]:
    return lambda: any(call["fault"] for call in simulator.journal(account=agent.number, operation=operation))


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


def test_killed_at_other_moments(controller: Controller, simulator: Simulator) -> None:
    """Each host is held at another moment, then all of them are killed at once; the half hour may have to pass."""
    agents = {moment: controller.add_agent(1001 + number) for number, moment in enumerate(MOMENTS)}
    controller.environment["ANSIBLE_FORKS"] = "20"
    controller.environment["ANSIBLE_STRATEGY"] = "free"
    controller.enroll()
    for (operation, skip), agent in zip(MOMENTS.values(), agents.values(), strict=True):
        simulator.fault("timeout_after", account=agent.number, operation=operation, skip=skip, seconds=20)
    run = controller.start("callcenter.passwords.rotate", "-e", '{"rotate_serial": ["100%"]}')
    until(lambda: simulator.faults() == [])
    run.kill()
    controller.judge()
    candidates = {moment: controller.stored(agent.host)["staged"] for moment, agent in agents.items()}
    simulator.advance(130)
    run = controller.rotate()
    assert run.failed == set(), run.output
    controller.judge()
    for later in ((), ("-e", '{"rotate_lock_window_minutes": 0.01}')):
        simulator.advance(130)
        run = controller.rotate(*later)
    assert run.failed == set(), run.output
    for moment, agent in agents.items():
        assert controller.is_rotated(agent), moment
        assert controller.live(agent)["changes"] == 1, moment
        assert candidates[moment] in (None, controller.stored(agent.host)["current"]), moment
    controller.judge()


def test_killed_again_and_again(controller: Controller, simulator: Simulator) -> None:
    """Killed after ever more answers, at whatever place that is; in the end everybody is rotated."""
    agents = controller.add_agents(1001, 8)
    controller.enroll()
    simulator.options(latency=0.02)
    for answers in (3, 9, 17, 29):
        seen = len(simulator.journal())
        run = controller.start("callcenter.passwords.rotate", "-e", '{"rotate_serial": ["100%"]}')
        until(
            lambda seen=seen, answers=answers, run=run: (
                len(simulator.journal()) >= seen + answers or run.process.poll() is not None
            )
        )
        run.kill()
        controller.judge()
        simulator.advance(130)
    simulator.options(latency=0)
    for later in ((), ("-e", '{"rotate_lock_window_minutes": 0.01}')):
        last = controller.rotate(*later)
        controller.judge()
    assert last.failed == set(), last.output
    assert all(controller.is_rotated(agent) for agent in agents)
    assert all(controller.live(agent)["changes"] == 1 for agent in agents)


def test_two_controllers_at_once(controller: Controller, simulator: Simulator) -> None:
    agents, admin = controller.add_agents(1001, 8), controller.add_administrator(301)
    controller.enroll()
    simulator.options(latency=0.03)
    batch = ("-e", '{"rotate_serial": ["100%"], "rotate_max_fail_percentage": 100}')
    # Shuffled differently, so that they meet in all places.
    first = controller.start("callcenter.passwords.rotate", *batch)
    controller.environment["ANSIBLE_STRATEGY"] = "free"
    second = controller.start("callcenter.passwords.rotate", *batch)
    runs = [first.result(), second.result()]
    del controller.environment["ANSIBLE_STRATEGY"]
    controller.judge()
    assert all(run.failed == set() for run in runs), runs[0].output + runs[1].output
    assert all(controller.live(credential)["changes"] == 1 for credential in [*agents, admin])
    simulator.options(latency=0)
    simulator.advance(130)
    for _run in range(2):
        last = controller.rotate()
    assert last.rc == 0, last.output
    assert last.calls == []
    assert all(controller.is_rotated(credential) for credential in [*agents, admin])
    assert all(controller.live(credential)["changes"] == 1 for credential in [*agents, admin])


def test_a_lease_is_left_alone_until_it_runs_out(controller: Controller, simulator: Simulator) -> None:
    """A run that holds a host is not disturbed by another one, unless that one is told to."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("latency", account=agent.number, operation="change", seconds=6)
    first = controller.start("callcenter.passwords.rotate")
    until(is_held(simulator, agent, "change"))
    second = controller.rotate()
    assert second.rc == 0, second.output
    assert second.outcome(agent.host) == "leased"
    assert second.calls_of(agent.number, "sign_in") == []
    assert first.result().rc == 0
    assert controller.is_rotated(agent)
    assert controller.live(agent)["changes"] == 1


# The kind, the operation that is held, how many calls of it pass first, and whether it has taken effect by then.
OTHER_MOMENTS: tuple[tuple[str, str, int, str], ...] = (
    ("cec_account", "login_check", 0, "timeout_after"),
    ("cec_account", "account_change", 0, "timeout_before"),
    ("cec_account", "account_change", 0, "timeout_after"),
    ("cec_account", "login_check", 2, "timeout_after"),
    ("cec_sip", "sip_change", 0, "timeout_before"),
    ("cec_sip", "sip_change", 0, "timeout_after"),
    ("idaas", "idaas_login", 1, "timeout_after"),
    ("idaas", "idaas_change", 0, "timeout_before"),
    ("idaas", "idaas_change", 0, "timeout_after"),
    ("idaas", "idaas_login", 2, "timeout_after"),
)


def test_accounts_phones_and_users_killed_at_every_moment(controller: Controller, simulator: Simulator) -> None:
    """One host for each moment; all are killed at once, and the next run finishes their jobs.

    The password that an account's phone is changed with is somebody else's to lose: a run that is killed while it
    presents a wrong one leaves a booking, so that there is never a third.
    """
    controller.environment |= {"ANSIBLE_FORKS": "20", "ANSIBLE_STRATEGY": "free"}
    people = {}
    for number, moment in enumerate(OTHER_MOMENTS):
        kind, operation, skip, fault = moment
        kinds = ["cec_account", "cec_sip"] if kind == "cec_sip" else [kind]
        people[moment] = controller.add_person(1001 + number, kinds, variables={"rotate_credentials": [kind]})[kind]
        simulator.fault(fault, account=people[moment].number, operation=operation, skip=skip, seconds=20)
    both = controller.add_person(1900, ["cec_account", "cec_sip"], variables={"rotate_credentials": ["cec_sip"]})
    wrong = both["cec_account"]
    controller.fill()
    simulator.act("password", "cec_account", wrong.number, password="Somebody@Else7x")
    for hosts in ("all", wrong.host):
        simulator.fault("timeout_after", account=wrong.number, operation="login_check", seconds=20)
        run = controller.start("callcenter.passwords.rotate", "-e", '{"rotate_serial": ["100%"]}', "--limit", hosts)
        until(lambda: simulator.faults() == [])
        run.kill()
        controller.judge(but=[wrong])
    candidates = {moment: controller.stored(person.host, moment[0])["staged"] for moment, person in people.items()}
    run = controller.rotate()
    assert run.failed == set(), run.output
    assert run.operations(wrong.number) == []
    assert (controller.live(wrong)["failures"], controller.live(wrong)["times_locked"]) == (2, 0)
    assert run.outcome(wrong.host, "cec_sip") == "blocked"
    for later in ((), ("-e", '{"rotate_lock_window_minutes": 0.01}')):
        rest = [person.host for person in people.values() if not controller.is_rotated(person)]
        if rest:
            controller.judge(but=[wrong])
            run = controller.rotate(*later, "--limit", ",".join(rest))
            assert run.failed == set(), run.output
    for moment, person in people.items():
        assert controller.is_rotated(person), moment
        assert controller.live(person)["changes"] == 1, moment
        assert candidates[moment] in (None, controller.stored(person.host, moment[0])["current"]), moment
    controller.judge(but=[wrong])

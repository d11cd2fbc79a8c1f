# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that goes wrong is stopped by its first host, or before many more have failed."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard import brake
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.brake import Brake, Fleet

HOSTS = [f"agent-{number}" for number in range(100)]
FLEET = Fleet("rotate", HOSTS, 10)
Pass = Callable[..., str]


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has begun no host yet."""
    monkeypatch.setattr(brake, "_begun", set())
    monkeypatch.setattr(brake, "_failed", set())


@pytest.fixture
def shared() -> SharedMemory:
    return SharedMemory().take()


@pytest.fixture
def one(shared: SharedMemory) -> Pass:
    """Work on a host, and return why it was not begun, or why the run stops after it."""

    def work(number: int, failure: str = "", fleet: Fleet | None = FLEET) -> str:
        host = Brake(fleet, f"agent-{number}", shared)
        return host.enter() or host.leave(failure)

    return work


def tried(one: Pass, fails: Callable[[int], bool], fleet: Fleet = FLEET) -> int:
    """Return how many hosts are begun of those of a fleet."""
    begun = 0
    for number in range(len(fleet.hosts)):
        before = one(number, "unknown" if fails(number) else "", fleet)
        if "the run stopped" in before and f"agent-{number}" not in before:
            break
        begun += 1
    return begun


def test_a_canary_that_fails_stops_all(one: Pass) -> None:
    told = "the run stopped after 1 of 100 hosts, because its first one, agent-0, failed (wrong_password)"
    assert one(0, "wrong_password") == told
    assert one(1) == told
    assert one(2, "unknown") == told


def test_one_may_fail(one: Pass) -> None:
    assert [one(0), one(1, "unknown"), one(2)] == ["", "", ""]
    assert one(3, "unreachable") == (
        "the run stopped after 4 of 100 hosts, because 2 of them failed, the last one was agent-3 (unreachable)"
    )
    assert one(4) != ""


@pytest.mark.parametrize(
    ("percent", "every", "begun"),
    [(10, 2, 4), (10, 5, 10), (10, 11, 100), (50, 3, 100), (0, 2, 4), (100, 1, 100), (99, 2, 100)],
)
def test_how_many_may_fail(one: Pass, percent: float, every: int, begun: int) -> None:
    """Every second, fifth, eleventh ... host fails."""
    assert tried(one, lambda number: number % every == every - 1, Fleet("rotate", HOSTS, percent)) == begun


def test_what_nobody_brakes(one: Pass) -> None:
    assert [one(number, "unknown", None) for number in range(5)] == [""] * 5


def test_another_play_of_the_run_has_hosts_of_its_own(one: Pass) -> None:
    assert one(0, "unknown")
    assert one(0, "", Fleet("another", HOSTS[:3], 10)) == ""


def test_a_host_with_several_kinds_is_one_host(shared: SharedMemory) -> None:
    fleet = Fleet("rotate", HOSTS[:4], 10)
    for number, failures in enumerate([("",), ("unknown", "unknown", "unknown"), ("", "unknown")]):
        for failure in failures:
            host = Brake(fleet, f"agent-{number}", shared)
            assert host.enter() == ""
            assert host.enter() == "", "it has begun"
            stopped = host.leave(failure)
    assert "stopped after 3 of 4 hosts, because 2 of them failed" in stopped


def test_a_host_that_sends_nothing_counts_for_nothing(shared: SharedMemory) -> None:
    for number in range(3):
        assert Brake(FLEET, f"agent-{number}", shared).leave("diverged") == ""
    assert Brake(FLEET, "agent-3", shared).enter() == ""


# -- several processes -------------------------------------------------------------------------------------------------


class Worker:
    """A process that works on a host until it is told to end."""

    def __init__(self, shared: SharedMemory, number: int) -> None:
        self._told, told = os.pipe()
        end, self._end = os.pipe()
        self.process = os.fork()
        if self.process:
            return
        worker = Brake(FLEET, f"agent-{number}", shared)
        os.write(told, b"n" if worker.enter() else b"y")
        worker.leave(os.read(end, 100).decode().strip())
        os._exit(0)

    @property
    def is_begun(self) -> bool:
        """Waits until the brake has decided."""
        return os.read(self._told, 1) == b"y"

    @property
    def waits(self) -> bool:
        """Whether the brake has not decided within a moment."""
        return not select.select([self._told], [], [], 0.2)[0]

    def end(self, failure: str = "") -> None:
        os.write(self._end, f"{failure} ".encode())
        os.waitpid(self.process, 0)

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def test_all_wait_for_the_canary(shared: SharedMemory) -> None:
    canary = Worker(shared, 0)
    assert canary.is_begun
    others = [Worker(shared, number) for number in range(1, 4)]
    assert all(other.waits for other in others)
    canary.end("unknown")
    assert not any(other.is_begun for other in others)
    for other in others:
        other.end()


def test_the_canary_is_the_first_one_that_sends_anything(shared: SharedMemory) -> None:
    """Whichever of them was quicker. The first two need nothing sent."""
    later = Worker(shared, 3)
    canary = Worker(shared, 2)
    assert canary.waits
    for number in (1, 0):
        Brake(FLEET, f"agent-{number}", shared).leave("")
    assert canary.is_begun
    canary.end("unknown")
    assert not later.is_begun
    later.end()


def test_a_host_that_never_comes_is_not_waited_for_long(shared: SharedMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "_PATIENCE_SECONDS", 0.1)
    assert Brake(FLEET, "agent-5", shared).enter() == ""


def test_a_canary_that_is_killed_is_followed_by_another_one(shared: SharedMemory) -> None:
    canary = Worker(shared, 0)
    assert canary.is_begun
    second = Worker(shared, 1)
    assert second.waits
    canary.kill()
    assert second.is_begun
    second.end()


def test_trust_grows(shared: SharedMemory) -> None:
    """As many are under way as have succeeded, and one."""
    canary = Worker(shared, 0)
    assert canary.is_begun
    canary.end()
    begun = [Worker(shared, 1), Worker(shared, 2)]
    assert all(worker.is_begun for worker in begun)
    third = Worker(shared, 3)
    assert third.waits
    begun.pop().end()
    assert third.is_begun
    fourth = Worker(shared, 4)
    assert fourth.is_begun
    for worker in (*begun, third, fourth):
        worker.end()

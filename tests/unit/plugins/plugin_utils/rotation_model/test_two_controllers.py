# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at once, in every order of their writes and requests, also where neither respects the other's lease."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from support.rotation_model.controllers import (
    Begin,
    meet,
    rotation_and_enrollment,
    rotation_and_verification,
    two_rotations,
)
from support.rotation_model.play import (
    IS_FULL,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import ORIGINAL, START, Server, World

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules

NO_LEASE, LEASE = timedelta(0), Rules().lease
SAME_SECOND, A_SECOND_LATER, A_SECOND_EARLIER = timedelta(0), timedelta(seconds=1), timedelta(seconds=-1)

servers = pytest.mark.parametrize("server", [Server(), Server(has_history=True)], ids=["plain", "history"])
leases = pytest.mark.parametrize("lease", [NO_LEASE, LEASE], ids=["no lease", "lease"])
clocks = pytest.mark.parametrize(
    "apart", [SAME_SECOND, A_SECOND_LATER, A_SECOND_EARLIER], ids=["same second", "a second later", "a second earlier"]
)
limits = pytest.mark.parametrize("most", [2, 1])


@servers
@leases
@clocks
@limits
def test_one_of_two_runs_rotates_and_the_other_one_steps_aside(
    server: Server, lease: timedelta, apart: timedelta, most: int
) -> None:
    rules = Rules(when="always", lease=lease, max_failed_logins=most)
    outcomes: Counter[str] = Counter()
    for world, both in meet(World(server=server, time=START + LEASE), two_rotations(rules, apart), 0):
        with telling(world):
            assert "rotated" in both
            assert set(both) <= {"rotated", "leased", "cooling", *(["held"] if lease == NO_LEASE else [])}
            assert settle(world, rules) == "rotated"
        outcomes.update(both)
    assert outcomes["rotated"] > 2
    assert outcomes["leased"] or (most, lease) == (1, NO_LEASE)


EACH = [(Server(), NO_LEASE, 2), (Server(has_history=True), LEASE, 2)]
MORE = [(Server(), LEASE, 2), (Server(has_history=True), NO_LEASE, 2), (Server(), NO_LEASE, 1), (Server(), LEASE, 1)]


@pytest.mark.parametrize(("server", "lease", "most"), [*EACH, *(MORE if IS_FULL else ())])
def test_two_runs_and_a_fault(server: Server, lease: timedelta, most: int) -> None:
    rules = Rules(when="always", lease=lease, max_failed_logins=most)
    worlds = set()
    ends: Counter[str] = Counter()
    for world, _both in meet(World(server=server), two_rotations(rules), 1):
        if world.state() in worlds:
            continue
        worlds.add(world.state())
        with telling(world):
            world.lands()
            # A verdict of the one may be older than what the other one did. Then it is reported, and nothing is lost.
            world.excuses |= {"two runs"}
            end = settle(world, rules)
            ends[end] += 1
            if end != "rotated":
                ends[take_a_way_out(world)] += 1
    assert len(worlds) > 80
    assert ends["rotated"] > len(worlds) / 3


OTHERS = {
    "enrolls the right one": rotation_and_enrollment(ORIGINAL),
    "enrolls a wrong one": rotation_and_enrollment("a guess"),
    "verifies": rotation_and_verification,
}


@pytest.mark.parametrize("begin", OTHERS.values(), ids=OTHERS)
def test_a_rotation_and_another_run_that(begin: Begin) -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    for world, both in meet(World(), begin, int(IS_FULL)):
        outcomes[both] += 1
        with telling(world):
            world.lands()
            world.excuses |= {"two runs"}
            if settle(world) != "rotated":
                take_a_way_out(world)
    assert outcomes["rotated", "leased"]


@pytest.mark.skipif(not IS_FULL, reason="takes minutes; ROTATION_MODEL=full runs it")
@pytest.mark.timeout(1800)
@servers
def test_two_runs_and_two_faults(server: Server) -> None:
    plays = sum(1 for _end in meet(World(server=server), two_rotations(Rules(when="always", lease=LEASE)), 2))
    assert plays > 10_000

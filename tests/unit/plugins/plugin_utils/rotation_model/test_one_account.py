# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One account with two entries, such as an agent who is a configuration administrator with the same number.

The server counts the failed logins with both together, so each entry's run counts those of the other one. Two hosts
with one kind of entry for one account do not exist; the store refuses the second one.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.rotation_model.play import ALWAYS, Happen, always, play, telling
from support.rotation_model.world import A_NIGHT, CHANGE_FAULTS, LOCK_AFTER, LOGIN_FAULTS, WRITE_FAULTS, World

NIGHTS = 10
FAULTS: dict[str, Happen] = {
    "none": always({}),
    **{f"log in: {fault}": always({"log in": fault}) for fault in LOGIN_FAULTS if fault not in ("locked", "lies")},
    **{f"change: {fault}": always({"change": fault}) for fault in CHANGE_FAULTS if "late" not in fault},
    **{f"verify: {fault}": always({"verify": fault}) for fault in ("answer lost", "never arrives", "unmapped")},
    **{f"stage: {fault}": always({"stage": fault}) for fault in (*WRITE_FAULTS, "kill")},
    "killed at the change": always({"change": "kill"}),
    "killed at the record": always({"record verify": "kill"}),
}


def take_turns(worlds: list[World], faults: list[Happen]) -> int:
    """Make a run with each entry, night after night, and return the most failed logins in a row."""
    most = 0
    for _night in range(NIGHTS):
        for world, other, happen in ((worlds[0], worlds[1], faults[0]), (worlds[1], worlds[0], faults[1])):
            world.server = other.server
            world.entry = world.entry.changed(elsewhere=other.entry.ledger)
            if world.server.password not in (world.entry.current, world.entry.staged, world.entry.previous):
                world.excuses |= {"somebody"}
            with telling(world):
                play(world, ALWAYS, happen)
            other.server = world.server
            most = max(most, world.server.wrong)
        for world in worlds:
            world.wait(A_NIGHT)
    return most


@pytest.mark.parametrize("second", FAULTS)
@pytest.mark.parametrize("first", FAULTS)
def test_two_entries_do_not_lock_their_account_together(first: str, second: str) -> None:
    worlds = [World(), World()]
    assert take_turns(worlds, [FAULTS[first], FAULTS[second]]) < LOCK_AFTER


def test_without_the_other_ones_count_they_would() -> None:
    """The test of the test."""
    happen = always({"log in": "unmapped"})
    wrong = replace(World().server, password="another one")
    worlds = [World(server=wrong, excuses=frozenset({"somebody"})) for _number in range(2)]
    assert take_turns(worlds, [happen, happen]) == LOCK_AFTER - 1
    alone = [World(server=wrong, excuses=frozenset({"somebody"})) for _number in range(2)]
    together = 0
    for world in alone:
        for _night in range(NIGHTS):
            play(world, ALWAYS, happen)
            world.wait(A_NIGHT)
        together += world.server.wrong
    assert together > LOCK_AFTER

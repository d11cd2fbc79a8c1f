# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator sets what nobody knows: what has been set is in the store, and it ends rotated."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.rotation_model.play import (
    explore,
    play,
    script,
    settle,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    ORIGINAL,
    SHORTLY,
    SOMEBODY,
    START,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Attempt, Entry, Sealed

LONG_AGO = START - timedelta(days=9)
REFUSED_CURRENT = Attempt(LONG_AGO, "current", "bad", "earlier")
REFUSED_STAGED = Attempt(LONG_AGO, "staged", "bad", "earlier")
LOST = Entry(version=1, current=Sealed(ORIGINAL), ledger=(REFUSED_CURRENT,))
DIVERGED = LOST.changed(staged=Sealed("candidate 0"), staged_at=LONG_AGO, ledger=(REFUSED_CURRENT, REFUSED_STAGED))


def lost_world(entry: Entry, *, has_history: bool) -> World:
    """Return a world in which somebody has changed the password."""
    server = Server(password=SOMEBODY, has_history=has_history)
    return World(server=server, entry=entry, excuses=frozenset({"somebody"}))


@pytest.mark.parametrize("pause", [SHORTLY, AFTER_THE_WINDOW], ids=["at once", "after the window"])
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("has_history", [False, True])
@pytest.mark.parametrize("entry", [LOST, DIVERGED], ids=["nothing staged", "staged"])
def test_a_repair_ends_repaired(entry: Entry, has_history: bool, most: int, pause: timedelta) -> None:
    rules = Rules(when="always", max_failing_logins=most, repair=True)
    explored = explore(lost_world(entry, has_history=has_history), rules, (1, 1), pause)
    assert explored.sequences > 500
    for world, _sequences in explored.worlds.values():
        with telling(world):
            world.lands()
            assert settle(world, rules) == "rotated"


@pytest.mark.parametrize("entry", [LOST, DIVERGED], ids=["nothing staged", "staged"])
def test_a_repair_that_is_switched_off_afterwards_leaves_what_was_set_to_the_next_run(entry: Entry) -> None:
    """Whatever cut the repair off once the password was set."""
    for faults in (
        {"verify": "kill"},
        {"repair": "applied, lost", "verify": "kill"},
        {"verify": "answer lost"},
        {"commit": "kill"},
    ):
        world = lost_world(entry, has_history=True)
        play(world, Rules(when="always", repair=True), script(faults))
        with telling(world):
            assert settle(world) == "rotated"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An administrator sets what nobody knows: what has been set is in the store, and it ends rotated."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from support.rotation_model.play import (
    ALWAYS,
    IS_FULL,
    Happen,
    explore,
    play,
    script,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    ORIGINAL,
    SHORTLY,
    SOMEBODY,
    START,
    Dependent,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import BookedLogin, Ciphertext, Entry

LONG_AGO = START - timedelta(days=9)
REFUSED_CURRENT = BookedLogin(LONG_AGO, "current", "wrong_password", "earlier", is_answered=True)
REFUSED_STAGED = BookedLogin(LONG_AGO, "staged", "wrong_password", "earlier", is_answered=True)
LOST = Entry(version=1, current=Ciphertext(ORIGINAL), ledger=(REFUSED_CURRENT,))
DIVERGED = LOST.changed(staged=Ciphertext("candidate 0"), staged_at=LONG_AGO, ledger=(REFUSED_CURRENT, REFUSED_STAGED))
REPAIR = replace(ALWAYS, repair=True)

entries = pytest.mark.parametrize("entry", [LOST, DIVERGED], ids=["nothing staged", "staged"])


def lost_world(entry: Entry, *, has_history: bool = True, is_narrow: bool = False) -> Dependent:
    """Return a world in which somebody has changed the password."""
    server = Server(password=SOMEBODY, has_history=has_history, wrong=len(entry.ledger))
    excuses = frozenset({"somebody"})
    return Dependent(server=server, entry=entry, excuses=excuses, sent=entry.staged is not None, is_narrow=is_narrow)


def explore_and_settle(
    world: World,
    pause: timedelta,
    most: int = 2,
    deviations: tuple[int, ...] = (1, 1),
    *,
    has_administrator: bool = False,
) -> Counter[str]:
    """Explore, settle all, and return how many sequences of faults ended how."""
    rules = replace(REPAIR, max_failed_logins=most, has_administrator=has_administrator)
    explored = explore(world, rules, deviations, pause)
    ends = Counter({"sequences": explored.sequences})
    for reached, sequences in explored.worlds.values():
        with telling(reached):
            reached.lands()
            end = settle(reached, rules)
            if end == "blocked":
                assert isinstance(reached, Dependent)
                if settle(reached.other) != "rotated":
                    take_a_way_out(reached.other)
                ends[end] += sequences
                end = settle(reached, rules)
            ends[end] += sequences
            if end == "held":
                ends[take_a_way_out(reached, rules)] += sequences
    return ends


@pytest.mark.parametrize(("has_history", "most", "pause"), [(False, 2, SHORTLY), (True, 2, AFTER_THE_WINDOW)])
@entries
def test_a_repair_ends_repaired(entry: Entry, has_history: bool, most: int, pause: timedelta) -> None:
    ends = explore_and_settle(lost_world(entry, has_history=has_history), pause, most)
    assert ends["sequences"] > 500
    assert ends["rotated"]
    # A server with a history refuses what was set before its answer was lost; only a person may have it tried.
    assert ends["a person's word"] > 10 * ends["enrollment"]


@entries
def test_what_an_administrator_with_other_rules_has_set_is_replaced(entry: Entry) -> None:
    world = lost_world(entry, is_narrow=True)
    assert play(world, REPAIR) == "rotated"
    assert (world.entry.current, world.entry.rotated_at) == ("temporary 1", None)
    assert play(world, replace(REPAIR, when="due")) == "rotated"
    assert world.entry.current == "candidate 2"


@entries
def test_a_repair_by_an_administrator_whose_password_is_in_the_store(entry: Entry) -> None:
    ends = explore_and_settle(lost_world(entry), AFTER_THE_WINDOW, has_administrator=True)
    assert ends["sequences"] > 500
    assert ends["blocked"]


def taking_over(world: World, rules: Rules, happen: Happen) -> str:
    return play(world, rules, happen, takes_over=True)


@pytest.mark.parametrize("deviations", [1, pytest.param(2, marks=pytest.mark.skipif(not IS_FULL, reason="minutes"))])
@pytest.mark.parametrize("has_administrator", [False, True])
@pytest.mark.parametrize(
    ("has_history", "is_narrow", "pause"),
    [(False, False, SHORTLY), (True, False, AFTER_THE_WINDOW), (False, True, AFTER_THE_WINDOW)],
)
def test_an_account_whose_password_nobody_knows(
    has_history: bool, is_narrow: bool, pause: timedelta, deviations: int, has_administrator: bool
) -> None:
    """An administrator sets the first password; what remains of an attempt the next one finishes."""
    world = lost_world(Entry(), has_history=has_history, is_narrow=is_narrow)
    rules = replace(REPAIR, has_administrator=has_administrator)
    explored = explore(world, rules, (deviations, 1), pause, (taking_over, taking_over))
    ends: Counter[str] = Counter()
    for reached, sequences in explored.worlds.values():
        with telling(reached):
            reached.lands()
            end = enrolled(reached, rules)
            if end == "blocked":
                assert isinstance(reached, Dependent)
                if settle(reached.other) != "rotated":
                    take_a_way_out(reached.other)
                end = enrolled(reached, rules)
            if end == "held":
                end = enrolled(reached, replace(rules, retry_diverged=True))
            assert end == "enrolled"
            if settle(reached, rules) == "held":
                take_a_way_out(reached, rules)
            ends[end] += sequences
    assert ends["enrolled"] > 50


def enrolled(world: World, rules: Rules) -> str:
    """Take over until it is done or a person is needed."""
    outcome = ""
    for _run in range(6):
        world.wait(AFTER_THE_WINDOW)
        outcome = play(world, rules, takes_over=True)
        if outcome in ("enrolled", "blocked", "held"):
            break
    return outcome


def test_a_password_that_is_stored_is_left_alone() -> None:
    world = World()
    before = world.entry
    assert play(world, REPAIR, takes_over=True) == "enrolled"
    assert (world.entry, world.server.password) == (before, ORIGINAL)


@pytest.mark.skipif(not IS_FULL, reason="takes minutes; ROTATION_MODEL=full runs it")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("has_administrator", [False, True])
@pytest.mark.parametrize("deviations", [(1, 1), (2, 1), (1, 1, 1)])
@pytest.mark.parametrize(
    ("has_history", "is_narrow", "most", "pause"),
    list(product([False, True], [False, True], [2, 1], [SHORTLY, AFTER_THE_WINDOW])),
)
@entries
def test_more_faults(
    entry: Entry,
    has_history: bool,
    is_narrow: bool,
    most: int,
    pause: timedelta,
    deviations: tuple[int, ...],
    has_administrator: bool,
) -> None:
    world = lost_world(entry, has_history=has_history, is_narrow=is_narrow)
    ends = explore_and_settle(world, pause, most, deviations, has_administrator=has_administrator)
    assert ends["rotated"]


@entries
def test_a_repair_that_is_switched_off_afterwards_leaves_what_was_set_to_a_later_run(entry: Entry) -> None:
    """Whatever cut the repair off once the password was set."""
    for faults in (
        {"verify": "kill"},
        {"repair": "applied, lost", "verify": "kill"},
        {"verify": "answer lost"},
        {"commit": "kill"},
    ):
        world = lost_world(entry)
        play(world, REPAIR, script(faults))
        with telling(world):
            if settle(world) == "held":
                assert take_a_way_out(world) == "a person's word"

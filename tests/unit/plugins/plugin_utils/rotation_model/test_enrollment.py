# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enrollments and verifications among the rotations, with all faults: right passwords, wrong ones, unverified ones."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from support.rotation_model.play import (
    ALWAYS,
    Happen,
    Player,
    enroll,
    explore,
    play,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry


def enrolling(password: str = "", *, replaces: bool = True, verify: bool = True) -> Player:
    """Return what enrolls a password, or the live one."""

    def player(world: World, rules: Rules, happen: Happen) -> str:
        text = password or world.server.password
        return play(world, rules, happen, Enrollment(Ciphertext(text), lambda stored: stored == text, replaces, verify))

    return player


def verifying(world: World, rules: Rules, happen: Happen) -> str:
    return play(world, rules, happen, verifies=True)


FIRST, FIRST_WRONG = enrolling(replaces=False), enrolling("wrong", replaces=False)
RIGHT, WRONG, WRONG_TOO = enrolling(), enrolling("a guess"), enrolling("another guess")
UNVERIFIED = enrolling("wrong again", replaces=False, verify=False)
ORDERS: dict[str, tuple[bool, list[Player], tuple[int, ...]]] = {
    "first, rotate": (True, [FIRST, play], (1, 1)),
    "first a wrong one, then the right one": (True, [FIRST_WRONG, FIRST, play], (1, 1, 0)),
    "first two wrong ones, then an unverified one": (True, [FIRST_WRONG, WRONG_TOO, UNVERIFIED, play], (1, 1, 0, 0)),
    "first an unverified one": (True, [UNVERIFIED, play], (1, 1)),
    "rotate, enroll the right one": (False, [play, RIGHT, play], (1, 1, 0)),
    "rotate, enroll a wrong one": (False, [play, WRONG, play], (1, 1, 0)),
    "rotate, enroll two wrong ones": (False, [play, WRONG, WRONG_TOO, play], (1, 0, 0, 0)),
    "rotate, verify, rotate": (False, [play, verifying, play], (1, 1, 0)),
    "verify, rotate, verify": (False, [verifying, play, verifying], (1, 1, 0)),
}


@pytest.mark.parametrize("pause", [SHORTLY, AFTER_THE_WINDOW], ids=["at once", "after the window"])
@pytest.mark.parametrize(("is_first", "players", "deviations"), ORDERS.values(), ids=ORDERS)
def test_enrollments_and_verifications(
    is_first: bool, players: list[Player], deviations: tuple[int, ...], pause: timedelta
) -> None:
    start = World(entry=Entry(), excuses=frozenset({"somebody"})) if is_first else World()
    explored = explore(start, ALWAYS, deviations, pause, players)
    ends: Counter[str] = Counter()
    for world, sequences in explored.worlds.values():
        with telling(world):
            world.lands()
            if world.entry.current is None:
                enroll(world)
            end = settle(world)
            ends[end] += sequences
            if end != "rotated":
                ends[take_a_way_out(world)] += sequences
    print(explored.sequences, ends)
    assert ends["rotated"] or players[2:3] == [UNVERIFIED]

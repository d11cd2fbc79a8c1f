# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store is put back to what it was before any earlier write, at any moment of two runs."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from support.rotation_model.play import (
    ALWAYS,
    IS_FULL,
    explore,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    World,
)


@pytest.mark.parametrize("pause", [AFTER_THE_WINDOW, *([SHORTLY] if IS_FULL else [])])
def test_a_restored_store_rotates_or_is_reported(pause: timedelta) -> None:
    """It may have forgotten wrong logins and the live password; the account is not locked for it."""
    explored = explore(World(copies=()), ALWAYS, (1, 1), pause)
    ends: Counter[str] = Counter()
    for world, sequences in explored.worlds.values():
        if "restored" not in world.excuses:
            continue
        with telling(world):
            world.lands()
            is_lost = world.server.password not in (world.entry.current, world.entry.staged)
            end = settle(world)
            assert end in ("diverged", "held") or not is_lost
            ends[end] += sequences
            if end != "rotated":
                ends[take_a_way_out(world)] += sequences
    assert min(ends[end] for end in ("rotated", "diverged", "enrollment")) > 100

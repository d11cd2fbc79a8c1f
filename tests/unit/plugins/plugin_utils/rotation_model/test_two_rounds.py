# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All faults and all moments to be killed, in each of two runs and more; and what two and more of them leave.

Whatever happens, at servers that forget failed logins and at those that never do:

* the live password is held by the store, unless somebody else changed it or an older store was restored;
* the account never sees more than two failed logins in a row, whatever the date, unless a person asks for a third;
* there is never a second candidate while the first is unresolved;
* runs without faults end quiet: the password rotated, or what is wrong reported and nothing tried any more, and the way
  out that the message names leads out.

The one exception is that of plugin_utils/rotation/ledger.py: a run that is killed in one particular moment leaves a
failed login uncounted, which shows only where somebody else changes the password too.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import product

import pytest
from support.rotation_model.play import (
    IS_FULL,
    explore,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules

PLAIN, HISTORY, FORGETS = Server(), Server(has_history=True), Server(forgets=True)
COUNTS_DOWN = Server(tells_attempts=True)
PAUSES = [SHORTLY, AFTER_THE_WINDOW]
EACH = [
    *product([PLAIN, HISTORY], [2, 1], PAUSES),
    (FORGETS, 2, AFTER_THE_WINDOW),
    (COUNTS_DOWN, 2, AFTER_THE_WINDOW),
    (COUNTS_DOWN, 1, SHORTLY),
]
SOME = EACH if IS_FULL else [EACH[0], EACH[3], EACH[5], *EACH[8:]]


def explored(server: Server, most: int, pause: timedelta, deviations: tuple[int, ...]) -> tuple[int, Counter[str]]:
    """Explore, settle all, and return how many sequences there were and how they ended."""
    rules = Rules(when="always", max_failed_logins=most)
    found = explore(World(server=server), rules, deviations, pause)
    ends: Counter[str] = Counter()
    for world, sequences in found.worlds.values():
        with telling(world):
            world.lands()
            end = settle(world, rules)
            ends[end] += sequences
            if end != "rotated":
                ends[take_a_way_out(world)] += sequences
    return found.sequences, ends


@pytest.mark.parametrize(("server", "most", "pause"), SOME)
def test_one_fault_in_each_of_two_runs(server: Server, most: int, pause: timedelta) -> None:
    sequences, ends = explored(server, most, pause, (1, 1))
    assert sequences > 1000
    assert ends["rotated"] > sequences / 2


def test_two_faults_in_the_first_run_and_one_in_the_second() -> None:
    """At once, and with a third run before the server forgets."""
    sequences, ends = explored(PLAIN, 2, SHORTLY, (2, 1, 0))
    assert sequences > 16_000
    assert min(ends.values()) > 500


def test_one_fault_in_each_of_three_runs() -> None:
    sequences, ends = explored(PLAIN, 2, AFTER_THE_WINDOW, (1, 1, 1))
    assert sequences > 80_000
    assert ends["rotated"] > sequences / 2


@pytest.mark.skipif(not IS_FULL, reason="takes minutes; ROTATION_MODEL=full runs it")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("server", "most", "pause"), EACH)
@pytest.mark.parametrize("deviations", [(2, 2), (1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (1, 1, 1, 1)])
def test_more_faults(server: Server, most: int, pause: timedelta, deviations: tuple[int, ...]) -> None:
    sequences, ends = explored(server, most, pause, deviations)
    assert sequences > 15_000
    assert ends["rotated"]

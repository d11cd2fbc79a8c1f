# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states that people tell apart, read from what the store holds; and how the model goes from one to another."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from support.rotation_model.play import (
    ALWAYS,
    explore,
    play,
)
from support.rotation_model.run import Drawn
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ledger
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Run
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry

WAITING = {
    Outcome.COOLING: "cooling",
    Outcome.HELD: "held",
    Outcome.FEW_ATTEMPTS: "few attempts",
    Outcome.DIVERGED: "diverged",
}
"""States in which a credential is left alone, by what the next run would report."""


def state_of(entry: Entry, time: datetime) -> str:
    """Return in which state a credential is.

    ``steady``, ``checking`` (a login is booked) with one password; ``unresolved``, ``resuming`` with a candidate besides;
    ``cooling``, ``locked``, ``held``, ``few attempts``, ``diverged`` with either.
    """
    if any((line.outcome, line.run) == (ledger.IN_FLIGHT, entry.written_by) for line in entry.ledger):
        return "resuming" if entry.staged else "checking"
    next_run = Run("the next run", time, lambda name: True)
    outcome = Decisions(ALWAYS, next_run, Drawn(World())).plan(entry).outcome
    until = ledger.locked_until(entry, ALWAYS)
    if outcome == Outcome.COOLING and until and time < until:
        return "locked"
    return WAITING.get(outcome) or ("unresolved" if entry.staged else "steady")


def transitions() -> set[tuple[str, str, str]]:
    """Return every change of state by a write that runs of the role make: before, after, step that writes."""
    found: set[tuple[str, str, str]] = set()
    for tells, pause in ((False, SHORTLY), (False, AFTER_THE_WINDOW), (True, SHORTLY)):
        world = World(server=Server(tells_attempts=tells))

        def written(before: Entry, after: Entry, step: str, time: datetime) -> None:
            found.add((state_of(before, time), state_of(after, time), step))

        world.written = written
        for end, _sequences in explore(world, ALWAYS, (1, 1, 0), pause).worlds.values():
            end.wait(AFTER_THE_WINDOW)
            for rules in (ALWAYS, replace(ALWAYS, retry_diverged=True), replace(ALWAYS, repair=True)):
                play(end.fork(), rules)
    return found

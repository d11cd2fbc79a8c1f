# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states that people tell apart, read from what the store holds; and how the model goes from one to another."""

from __future__ import annotations

from datetime import datetime

from support.rotation_model.play import (
    ALWAYS,
    explore,
    play,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    LOCK_WINDOW,
    SHORTLY,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import (
    FEW_ATTEMPTS,
    PENDING,
    Rules,
    is_diverged,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry


def state_of(entry: Entry, time: datetime) -> str:
    """Return in which state a credential is.

    ``steady``, ``checking`` (a login is booked) with one password; ``unresolved``, ``resuming`` with a candidate besides;
    ``cooling``, ``locked``, ``few attempts``, ``diverged`` with either.
    """
    recent = [attempt for attempt in entry.ledger if time - attempt.at < LOCK_WINDOW]
    is_at_work = any(attempt.outcome == PENDING and attempt.run == entry.written_by for attempt in recent)
    if is_at_work:
        return "resuming" if entry.staged else "checking"
    if any(attempt.remaining is not None and attempt.remaining <= FEW_ATTEMPTS for attempt in entry.ledger):
        return "few attempts"
    if is_diverged(entry):
        return "diverged"
    if any(attempt.outcome == "locked" for attempt in recent):
        return "locked"
    if len(recent) >= Rules().max_failing_logins:
        return "cooling"
    return "unresolved" if entry.staged else "steady"


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
            for rules in (ALWAYS, Rules(when="always", retry_diverged=True), Rules(when="always", repair=True)):
                play(end.fork(), rules)
    return found

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a password that works is changed. Pure: the time is the run's."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome

from . import sentences

if TYPE_CHECKING:
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry

    from .model import Rules, Run

_ROOM_IN_INTERVALS = 2.25
"""How many intervals between two runs a password is due early: one for the next run, one in case that is lost, and a
quarter because runs do not begin on the minute."""
_EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)


def why_not_now(entry: Entry, rules: Rules, run: Run) -> tuple[Outcome, str] | None:
    """Return why a password that works is not changed by this run, None where it is."""
    exemption = rules.exemption
    if rules.when == "resume":
        return Outcome.NOT_DUE, "nothing is unresolved"
    if exemption and not exemption.is_over(run.time):
        return Outcome.EXEMPT, sentences.exempt(exemption)
    due = due_at(entry, rules, run)
    if rules.when == "due" and due and run.time < due:
        return Outcome.NOT_DUE, sentences.not_due(due)
    if entry.rotated_at and run.time < entry.rotated_at + rules.min_age:
        return Outcome.TOO_EARLY, sentences.too_early(rules.min_age, entry.rotated_at + rules.min_age)
    if rules.window and not rules.window.is_open(run.time):
        return Outcome.OUT_OF_WINDOW, sentences.out_of_window(str(rules.window))
    return None


def due_at(entry: Entry, rules: Rules, run: Run) -> datetime | None:
    """Return when a password is due; None where it is due already, since its age is not known."""
    since = entry.rotated_at or (entry.enrolled_at if rules.spread else None)
    if since is None:
        return None
    period = max(timedelta(0), rules.max_age - rules.run_every * _ROOM_IN_INTERVALS)
    exemption = rules.exemption
    if exemption and since.astimezone(timezone.utc).date() <= exemption.until:
        period = timedelta(0)  # It is over, or nobody would ask.
    if not (rules.spread and period):
        return since + period
    # Each host has its own moment in each period, so a fleet that was enrolled on one day is not due on one day.
    first = _EPOCH + period * _share_of(run.host)
    return since + period - (since - first) % period


def _share_of(host: str) -> float:
    """Return a number from 0 to below 1 that is always the same for a host."""
    return int.from_bytes(hashlib.sha256(host.encode()).digest()[:6], "big") / 2**48

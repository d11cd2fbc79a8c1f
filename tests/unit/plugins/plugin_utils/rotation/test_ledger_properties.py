# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds of the arithmetic of logins, whatever the ledger holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.rotation_values import (
    CURRENT,
    IDLE,
    INITIAL,
    LOCKED,
    NO_ANSWER,
    NOW,
    REFUSES,
    STAGED,
    UNKNOWN,
    UNREADABLE,
    UNRESOLVED,
    WRONG,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ledger
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import (
    EXPECTED,
    IN_FLIGHT,
    PERSON,
    REPAIR,
    RESENT,
    SUPERSEDED,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    LoginReport,
    Rules,
    Run,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import BookedLogin, Entry

RULES = Rules()
ASKING = Rules(retry_diverged=True)
REPAIRING = Rules(repair=True)
AT_WORK = Run("me", NOW, lambda name: False)
"""A run that cannot tell whether another one is over."""

times = st.integers(-500 * 24 * 60, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
random_lines = st.builds(
    BookedLogin,
    at=times,
    slot=st.sampled_from([CURRENT, STAGED, INITIAL]),
    outcome=st.sampled_from([WRONG, UNKNOWN, LOCKED, IN_FLIGHT, EXPECTED, RESENT, SUPERSEDED]),
    run=st.sampled_from(["me", "earlier", "elsewhere"]),
    code=st.none() | st.just("999"),
    is_answered=st.booleans(),
    remaining_attempts=st.none() | st.integers(0, 9),
    unlocks_at=st.none() | times,
    asked_by=st.none() | st.sampled_from([PERSON, REPAIR]),
    is_free=st.booleans(),
)
random_entries = st.builds(
    lambda failed, proved_at, has_candidate: IDLE.changed(
        ledger=tuple(failed), proved_at=proved_at, staged=UNRESOLVED.staged if has_candidate else None
    ),
    st.lists(random_lines, max_size=6),
    st.none() | times,
    st.booleans(),
)
random_rules = st.builds(
    Rules,
    max_failed_logins=st.sampled_from([1, 2]),
    lock_window=st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    retry_diverged=st.booleans(),
    repair=st.booleans(),
)
random_runs = st.builds(
    lambda minutes, over: Run("me", NOW + timedelta(minutes=minutes), lambda name: name in over),
    st.integers(0, 10**6),
    st.sets(st.sampled_from(["earlier", "elsewhere"])),
)
slots = st.sampled_from([CURRENT, STAGED, INITIAL])


answered_lines = random_lines.map(lambda one: replace(one, is_answered=True, is_free=False)).filter(
    lambda one: one.outcome not in (LOCKED, EXPECTED)
)


@settings(deadline=None)
@given(random_entries, st.lists(answered_lines, min_size=2, max_size=3), random_rules, random_runs, slots)
def test_nobody_makes_a_third_login_unasked(
    entry: Entry, answered: list[BookedLogin], rules: Rules, run: Run, slot: str
) -> None:
    entry = entry.changed(ledger=(*entry.ledger, *answered))
    wait = ledger.waiting(entry, rules, run, slot)
    if wait is None:
        assert ledger.beyond(entry, rules, run, slot)
    else:
        assert wait.outcome in ("held", "few_attempts", "cooling", "leased")
        ends = {line.at + rules.lease for line in entry.ledger if line.outcome in (IN_FLIGHT, EXPECTED)}
        if wait.outcome == "leased":
            assert wait.until in ends
            assert wait.until > run.time
        else:
            assert wait.until is None or wait.until == ledger.locked_until(entry, rules)


@settings(deadline=None)
@given(random_entries, random_rules, random_runs, slots)
def test_a_login_that_is_let_through_has_a_reason(entry: Entry, rules: Rules, run: Run, slot: str) -> None:
    if ledger.waiting(entry, rules, run, slot):
        return
    counted = ledger.counted(entry, run, slot)
    asked_by = ledger.beyond(entry, rules, run, slot)
    assert ledger.too_few_attempts(entry) is None
    if len(counted) < 2:
        assert asked_by is None
    elif asked_by == PERSON:
        assert rules.retry_diverged
    else:
        assert not any(one.is_answered for one in counted)
        assert entry.proved_at
        is_certain = slot == CURRENT and not entry.staged
        assert is_certain or (slot in (CURRENT, STAGED) and sum(one.slot == slot for one in counted) < 2)
        assert all(run.time - one.at >= rules.lock_window for one in counted)


@settings(deadline=None)
@given(random_entries, random_rules, random_runs, slots, st.lists(st.sampled_from([REFUSES, UNREADABLE, NO_ANSWER])))
def test_at_most_one_login_is_asked_for_by_each(
    entry: Entry, rules: Rules, run: Run, slot: str, reports: list[LoginReport]
) -> None:
    """However often a run with the same rules comes again, within one lock window."""
    entry = entry.changed(ledger=())
    asked: list[Any] = []
    for report in [REFUSES, REFUSES, *reports]:
        if ledger.waiting(entry, rules, run, slot) is not None:
            break
        asked.append(ledger.beyond(entry, rules, run, slot))
        entry = ledger.settle(ledger.book(entry, run, slot, asked_by=asked[-1]), run, slot, report)
    beyond = [who for who in asked if who]
    assert len(asked) - len(beyond) <= 2
    if rules.lock_window:
        assert len(beyond) == len(set(beyond))


@settings(deadline=None)
@given(random_entries, random_runs)
def test_nothing_that_is_believed_lies_in_the_future(entry: Entry, run: Run) -> None:
    believed = ledger.believed(entry, run)
    times = [believed.rotated_at, believed.proved_at, believed.written_at, *(one.at for one in believed.ledger)]
    assert all(time is None or time <= run.time for time in times)
    assert ledger.believed(believed, run) == believed
    assert [replace(one, at=NOW, unlocks_at=None) for one in believed.ledger] == [
        replace(one, at=NOW, unlocks_at=None) for one in entry.ledger
    ]

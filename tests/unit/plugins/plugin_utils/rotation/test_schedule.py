# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No password gets older than it may, whatever the runs do; and nothing is begun when it must not be."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rotation_values import ME, NOW, OLD_ONE, ago

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.exemption import Exemption
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.schedule import due_at, why_not_now
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.window import Window
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry

DAILY = Rules(run_every=timedelta(hours=24))
HOSTS = [f"agent-{number}" for number in range(1001, 2001)]


def aged(**age: float) -> Entry:
    return Entry(current=OLD_ONE, rotated_at=ago(**age))


def outcome(entry: Entry, rules: Rules = DAILY) -> str | None:
    why = why_not_now(entry, rules, ME)
    return str(why[0]) if why else None


# -- age ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "rules", "expected"),
    [
        (29.999, DAILY, None),
        (27.76, DAILY, None),
        (27.74, DAILY, "not_due"),
        (29.999, Rules(), "not_due"),
        (30, Rules(), None),
        (5.74, replace(DAILY, max_age=timedelta(days=8)), "not_due"),
        (0.1, replace(DAILY, max_age=timedelta(days=2)), None),
        (0, replace(DAILY, max_age=timedelta(0)), None),
        (29, replace(DAILY, run_every=timedelta(days=7)), None),
        (0, replace(DAILY, when="always"), None),
        (99, replace(DAILY, when="resume"), "not_due"),
    ],
)
def test_when_a_password_is_due(days: float, rules: Rules, expected: str | None) -> None:
    assert outcome(aged(days=days), rules) == expected


def test_an_unknown_age_is_due() -> None:
    assert outcome(Entry(current=OLD_ONE)) is None
    assert outcome(Entry(current=OLD_ONE, enrolled_at=ago(hours=1))) is None


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("interval", [timedelta(hours=24), timedelta(hours=8), timedelta(days=7)])
@pytest.mark.parametrize("max_days", [30, 90])
def test_a_year_of_runs(interval: timedelta, max_days: int, spread: bool) -> None:
    """Runs that are late or early by some hours, one that is lost now and then, and clocks that change in spring."""
    chance = random.Random(f"{interval} {max_days} {spread}")
    rules = Rules(run_every=interval, max_age=timedelta(days=max_days), spread=spread)
    for host in HOSTS[:40]:
        run = replace(ME, host=host)
        entry = Entry(current=OLD_ONE, enrolled_at=NOW)
        rotations, lost, oldest, since = 0, False, timedelta(0), NOW
        for number in range(1, timedelta(days=365) // interval):
            lost = not lost and chance.random() < 0.1
            if lost:
                continue
            summer = timedelta(hours=1) if 100 < number * interval / timedelta(days=1) < 300 else timedelta(0)
            moment = NOW + number * interval - summer + chance.uniform(0, 0.2) * interval
            oldest = max(oldest, moment - since)
            run = replace(run, time=moment)
            if not why_not_now(entry, rules, run):
                entry, since, rotations = Entry(current=OLD_ONE, rotated_at=moment), moment, rotations + 1
        assert oldest <= rules.max_age, host
        assert rotations <= 365 / (max_days - 3.5 * (interval / timedelta(days=1))) + 2, "not more often than needed"


# -- spread ------------------------------------------------------------------------------------------------------------


def test_a_fleet_that_was_enrolled_on_one_day_is_divided_over_the_period() -> None:
    rules = replace(DAILY, spread=True)
    nights: Counter[int] = Counter()
    for host in HOSTS:
        due = due_at(Entry(enrolled_at=NOW), rules, replace(ME, host=host))
        assert due
        nights[(due - NOW).days] += 1
    assert set(nights) == set(range(28))
    assert max(nights.values()) < 2 * len(HOSTS) / 28
    assert outcome(Entry(current=OLD_ONE), rules) is None, "nobody knows since when it is there"


def test_a_host_keeps_its_moment() -> None:
    rules = replace(DAILY, spread=True)
    first = due_at(aged(days=0), rules, ME)
    assert first
    second = due_at(Entry(rotated_at=first), rules, ME)
    assert second
    assert second - first == timedelta(days=27.75)


# -- window ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "zone", "hour", "is_open"),
    [
        ("22:00-05:00", "UTC", 23, True),
        ("22:00-05:00", "UTC", 4, True),
        ("22:00-05:00", "UTC", 5, False),
        ("22:00 - 05:00", "UTC", 12, False),
        ("09:00-17:00", "UTC", 9, True),
        ("09:00-17:00", "UTC", 17, False),
        ("09:00-17:00", "Asia/Shanghai", 1, True),
        ("09:00-17:00", "Asia/Shanghai", 9, False),
    ],
)
def test_windows(window: str, zone: str, hour: int, is_open: bool) -> None:
    assert Window.of(window, zone).is_open(NOW.replace(hour=hour)) is is_open


def test_a_window_in_summer_time() -> None:
    window = Window.of("02:30-03:30", "Europe/Berlin")
    assert window.is_open(datetime(2026, 7, 1, 0, 45, tzinfo=timezone.utc))
    assert not window.is_open(datetime(2026, 12, 1, 0, 45, tzinfo=timezone.utc))


def test_outside_its_window_nothing_is_begun() -> None:
    closed = replace(DAILY, window=Window.of("22:00-05:00", "UTC"))
    why = why_not_now(aged(days=40), closed, ME)
    assert why == (
        Outcome.OUT_OF_WINDOW,
        "the password is due, and no rotation is begun outside 22:00-05:00 UTC; a run within it takes it up",
    )
    assert outcome(aged(days=40), replace(closed, when="always")) == "out_of_window"
    assert outcome(aged(days=1), closed) == "not_due"


@pytest.mark.parametrize(
    ("text", "zone", "fault"),
    [
        ("09:00-09:00", "", "the window ends when it begins"),
        ("22-5", "", "the window is no span"),
        ("25:00-05:00", "", "no span"),
        ("22:00-05:00", "Mars/Base", "time zone"),
        ("22:00-05:00", "../etc/passwd", "time zone"),
        ("22:00-05:60", "", "no span"),
    ],
)
def test_windows_that_are_none(text: str, zone: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        Window.of(text, zone)


@given(st.times(), st.times(), st.datetimes(timezones=st.just(timezone.utc)))
def test_a_window_and_the_rest_of_the_day(begins: Any, ends: Any, moment: datetime) -> None:
    if begins != ends:
        assert Window(begins, ends, timezone.utc).is_open(moment) != Window(ends, begins, timezone.utc).is_open(moment)


# -- exemptions --------------------------------------------------------------------------------------------------------

EXEMPT = Exemption("a robot logs in with it", "operations", date(2026, 11, 21))


def test_an_exempt_credential_is_left_out_until_its_last_day_is_over() -> None:
    rules = replace(DAILY, exemption=EXEMPT)
    why = why_not_now(aged(days=400), rules, ME)
    assert why == (Outcome.EXEMPT, "it is exempt until 2026-11-21 (operations: a robot logs in with it)")
    assert outcome(aged(days=400), replace(rules, when="always")) == "exempt"
    tomorrow = replace(ME, time=NOW + timedelta(days=1))
    assert why_not_now(aged(days=400), rules, tomorrow) is None


def test_an_exemption_that_is_over_makes_a_password_due_once() -> None:
    rules = replace(DAILY, exemption=replace(EXEMPT, until=date(2026, 11, 20)))
    assert outcome(aged(days=2), rules) is None
    assert outcome(aged(hours=2), rules) == "not_due"


@pytest.mark.parametrize(
    ("given_one", "fault"),
    [
        ({"owner": "o", "until": "2026-12-31"}, "has no reason"),
        ({"reason": "r", "until": "2026-12-31"}, "has no owner"),
        ({"reason": "r", "owner": "o"}, "has no until"),
        ({"reason": "r", "owner": "o", "until": "soon"}, "is no date"),
    ],
)
def test_exemptions_that_nobody_answers_for(given_one: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        Exemption.of(given_one)


@pytest.mark.parametrize("until", ["2026-12-31", date(2026, 12, 31), datetime(2026, 12, 31, 8, tzinfo=timezone.utc)])
def test_the_last_day_as_yaml_reads_it(until: Any) -> None:
    assert Exemption.of({"reason": "r", "owner": "o", "until": until}).until == date(2026, 12, 31)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SIP phone heals, whatever happens, and both kinds together never lock the account."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from support.rotation_model.controllers import meet, phone_and_account
from support.rotation_model.explore import all_choices
from support.rotation_model.play import (
    ALWAYS,
    IS_FULL,
    always,
    chosen,
    explore,
    play,
    run_until_quiet,
    script,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    SOMEBODY,
    Phone,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules

verified_by = pytest.mark.parametrize("has_registrar", [False, True], ids=["by the CEC", "by a registrar"])
LOST = Server(password=SOMEBODY)
STEPS = ["plan", "log in", "stage", "change login", "change", "record change", "verify", "record verify", "commit"]
STEPS += ["plan other", "commit other"]


def heal(phone: Phone, rules: Rules) -> list[str]:
    """Run without faults until the phone is rotated, with the ways out that are named. Returns what was needed."""
    needed = []
    end = settle(phone, rules)
    if end == "blocked":
        needed.append(end)
        account = settle(phone.other)
        if account != "rotated":
            needed.append(f"the account: {account}, {take_a_way_out(phone.other)}")
        end = settle(phone, rules)
    assert end in ("rotated", "held")
    if end == "held":
        needed += [end, take_a_way_out(phone, rules)]
    assert phone.server.password == phone.entry.current
    return needed


PLAIN, HISTORY = Server(), Server(has_history=True)
EACH = [
    (False, HISTORY, SHORTLY, 2),
    (False, LOST, AFTER_THE_WINDOW, 2),
    (True, HISTORY, AFTER_THE_WINDOW, 2),
    (True, LOST, SHORTLY, 2),
]
MORE = list(product([False, True], [PLAIN, HISTORY, LOST], [SHORTLY, AFTER_THE_WINDOW], [2, 1]))


def explore_and_heal(phone: Phone, rules: Rules, deviations: tuple[int, ...], pause: timedelta) -> Counter[str]:
    """Explore, heal all, and return what was needed for that, and for how many sequences of faults."""
    explored = explore(phone, rules, deviations, pause)
    needed = Counter({"sequences": explored.sequences})
    for world, sequences in explored.worlds.values():
        assert isinstance(world, Phone)
        with telling(world):
            world.lands()
            needed.update(dict.fromkeys(heal(world, rules) or ["nothing"], sequences))
    return needed


def phone_of(server: Server, *, has_registrar: bool) -> Phone:
    excuses = frozenset({"somebody"} if server.password == SOMEBODY else ())
    return Phone(server=server, has_registrar=has_registrar, excuses=excuses)


@pytest.mark.parametrize(("has_registrar", "server", "pause", "most"), EACH)
def test_a_phone_is_healed(has_registrar: bool, server: Server, pause: timedelta, most: int) -> None:
    phone = phone_of(server, has_registrar=has_registrar)
    needed = explore_and_heal(phone, replace(phone.rules, max_failed_logins=most), (1, 1), pause)
    assert needed["sequences"] > 2000
    assert needed["blocked"]
    assert needed["nothing"] > needed["sequences"] / 2


@pytest.mark.skipif(not IS_FULL, reason="takes minutes; ROTATION_MODEL=full runs it")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("deviations", [(1, 1), (2, 1, 0)])
@pytest.mark.parametrize(("has_registrar", "server", "pause", "most"), MORE)
def test_more_faults(
    has_registrar: bool, server: Server, pause: timedelta, most: int, deviations: tuple[int, ...]
) -> None:
    phone = phone_of(server, has_registrar=has_registrar)
    needed = explore_and_heal(phone, replace(phone.rules, max_failed_logins=most), deviations, pause)
    assert needed["nothing"]


@verified_by
def test_a_phone_whose_password_was_lost_before_is_healed_at_once(has_registrar: bool) -> None:
    lost = phone_of(LOST, has_registrar=has_registrar)
    assert play(lost, lost.rules) == "rotated"
    assert heal(lost, lost.rules) == []


def test_a_candidate_that_the_server_refuses_makes_way_where_the_phones_own_password_is_lost() -> None:
    """No login can prove another password then; otherwise the same candidate would be sent for ever."""
    lost = phone_of(replace(LOST, has_history=True), has_registrar=False)
    play(lost, lost.rules, script({"verify": "kill"}))
    lost.somebody_changes_it()
    with telling(lost):
        assert run_until_quiet(lost, lost.rules) == "rotated"


@verified_by
def test_both_kinds_together_never_lock_the_account(has_registrar: bool) -> None:
    """Runs of both kinds over and over in one lock window, once somebody has changed the account's password."""
    account = World(server=LOST, excuses=frozenset({"somebody"}))
    sequences = 0
    for kinds in product(["account", "phone"], repeat=2):
        for choices in all_choices(2 if IS_FULL else 1):
            phone = Phone(has_registrar=has_registrar, other=account.fork())
            with telling(phone):
                for kind in kinds * 3:
                    happen = chosen(choices)
                    if kind == "phone":
                        play(phone, phone.rules, happen)
                    else:
                        play(phone.other, ALWAYS, happen)
                    phone.check()
                    phone.wait(timedelta(seconds=10))
            sequences += 1
    assert sequences > 80


@verified_by
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_at_the_same_place_over_and_over_never_locks_the_account(
    has_registrar: bool, step: str
) -> None:
    account = World(server=LOST, excuses=frozenset({"somebody"}))
    phone = Phone(has_registrar=has_registrar, other=account)
    with telling(phone):
        for _run in range(6):
            play(phone, phone.rules, always({step: "kill"}))
            play(phone.other, ALWAYS, always({step: "kill"}))
            phone.check()
            phone.wait(timedelta(seconds=10))


@verified_by
def test_a_run_for_a_phone_and_one_for_its_account_at_once(has_registrar: bool) -> None:
    """In every order of their steps."""
    ends: Counter[tuple[str, str]] = Counter()
    for phone, both in meet(Phone(has_registrar=has_registrar), phone_and_account, int(IS_FULL)):
        assert isinstance(phone, Phone)
        with telling(phone):
            ends[both] += 1
            phone.lands()
            heal(phone, phone.rules)
    assert ends["rotated", "rotated"]

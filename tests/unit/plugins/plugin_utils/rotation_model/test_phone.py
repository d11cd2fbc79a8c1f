# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SIP phone heals, whatever happens, and both kinds together never lock the account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from support.rotation_model.explore import all_choices
from support.rotation_model.phone import (
    ACCOUNT_RULES,
    PHONE_RULES,
    Phone,
)
from support.rotation_model.play import (
    IS_FULL,
    chosen,
    explore,
    play,
    script,
    telling,
)
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    SHORTLY,
    SOMEBODY,
    Server,
    World,
)

verified_by = pytest.mark.parametrize("has_registrar", [False, True], ids=["by the CEC", "by a registrar"])


def settle_phone(phone: Phone) -> str:
    """Run without faults, each run after the lock window, until the phone is at peace; see what was reached."""
    for _run in range(4):
        phone.wait(AFTER_THE_WINDOW)
        outcome = play(phone, PHONE_RULES)
        if outcome in ("rotated", "blocked"):
            break
    if outcome == "blocked":
        assert phone.account.excuses, "blocked without a cause"
        before = phone.account.server, phone.account.entry
        assert play(phone, PHONE_RULES) == "blocked"
        assert (phone.account.server, phone.account.entry) == before, "the account is left alone"
    else:
        assert outcome == "rotated", f"ends {outcome}"
        assert phone.server.password == phone.entry.current
        assert (phone.entry.staged, phone.entry.ledger) == (None, ())
    return outcome


@verified_by
@pytest.mark.parametrize("has_history", [False, True], ids=["any password", "history"])
@pytest.mark.parametrize(("pause", "most"), [(SHORTLY, 2), (AFTER_THE_WINDOW, 2), (SHORTLY, 1)])
def test_a_phone_is_healed(has_registrar: bool, has_history: bool, pause: timedelta, most: int) -> None:
    phone = Phone(server=Server(has_history=has_history), has_registrar=has_registrar)
    rules = replace(PHONE_RULES, max_failing_logins=most)
    explored = explore(phone, rules, (2, 1, 0) if IS_FULL else (1, 1), pause)
    assert explored.sequences > 1400
    ends = set()
    for world, _sequences in explored.worlds.values():
        assert isinstance(world, Phone)
        with telling(world):
            world.lands()
            ends.add(settle_phone(world))
    assert ends == {"rotated", "blocked"}


@verified_by
def test_a_phone_whose_password_was_lost_before_is_healed(has_registrar: bool) -> None:
    lost = Phone(has_registrar=has_registrar, server=Server(password=SOMEBODY), excuses=frozenset({"somebody"}))
    assert settle_phone(lost) == "rotated"


@verified_by
def test_both_kinds_together_never_lock_the_account(has_registrar: bool) -> None:
    """Runs of both kinds over and over in one lock window, once somebody has changed the account's password."""
    account = World(server=Server(password=SOMEBODY), excuses=frozenset({"somebody"}))
    sequences = 0
    for kinds in product(["account", "phone"], repeat=2):
        for choices in all_choices(2 if IS_FULL else 1):
            phone = Phone(has_registrar=has_registrar, account=account.fork())
            with telling(phone):
                for kind in kinds * 3:
                    happen = chosen(choices)
                    if kind == "phone":
                        play(phone, PHONE_RULES, happen)
                    else:
                        play(phone.account, ACCOUNT_RULES, happen)
                    phone.check()
                    phone.wait(timedelta(seconds=10))
            sequences += 1
    assert sequences > 80


@verified_by
@pytest.mark.parametrize("step", ["plan", "log in", "stage", "change login", "change", "verify", "commit", "record"])
def test_a_run_that_is_killed_at_the_same_place_over_and_over_never_locks_the_account(
    has_registrar: bool, step: str
) -> None:
    account = World(server=Server(password=SOMEBODY), excuses=frozenset({"somebody"}))
    phone = Phone(has_registrar=has_registrar, account=account)
    for _run in range(6):
        play(phone, PHONE_RULES, script({step: "kill"}))
        play(phone.account, ACCOUNT_RULES, script({step: "kill"}))
        phone.check()
        phone.wait(timedelta(seconds=10))

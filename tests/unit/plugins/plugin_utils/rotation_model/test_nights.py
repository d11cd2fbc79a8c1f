# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thirty nights, each with the same fault, at a server that never forgets a failed login; and clocks that jump.

However long it lasts, no account sees a third failed login in a row, and once the fault has stopped one run, or the way
out that its outcome names, brings the password back. The one exception is the rule for outages: where no login has had
an answer, a password that was proved before is tried again after each lock window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from support.rotation_model.play import (
    ALWAYS,
    IS_FULL,
    NEEDS_A_PERSON,
    Happen,
    always,
    assert_at_peace,
    play,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    A_NIGHT,
    CAUSES,
    CHANGE_FAULTS,
    LOCK_AFTER,
    LOGIN_FAULTS,
    ORIGINAL,
    SOMEBODY,
    START,
    WRITE_FAULTS,
    Dependent,
    Phone,
    Point,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import BookedLogin, Ciphertext, Entry

NIGHTS = 30
WRITES = ("plan", "stage", "record change", "record verify", "commit")
OTHERS_WRITES = ("plan other", "commit other")
REQUESTS = ("log in", "change", "verify")
YEARS = timedelta(days=2000)

NO_ANSWER = ("answer lost", "kill", "fails", "written, reported failed")
"""Faults after which no run knows what came of its login."""


def _at_every_login(fault: str) -> Happen:
    return lambda world, point: fault if point.kind == "login" else ""


FAULTS: dict[str, Happen] = {
    **{f"every login: {fault}": _at_every_login(fault) for fault in LOGIN_FAULTS},
    **{f"{step}: {fault}": always({step: fault}) for step in ("log in", "verify") for fault in LOGIN_FAULTS},
    **{f"change: {fault}": always({"change": fault}) for fault in CHANGE_FAULTS},
    **{f"{step}: {fault}": always({step: fault}) for step in WRITES for fault in WRITE_FAULTS},
    **{f"{step}: kill": always({step: "kill"}) for step in (*WRITES, *REQUESTS)},
}
"""Each alone."""

PAIRS: dict[str, Happen] = {
    f"change: {change}, {step}: {fault}": always({"change": change, step: fault})
    for change in CHANGE_FAULTS
    for step, faults in {
        **dict.fromkeys(WRITES, ("kill", *WRITE_FAULTS)),
        "log in": ("kill", *LOGIN_FAULTS),
        "verify": ("kill", *LOGIN_FAULTS),
    }.items()
    for fault in faults
}
"""What goes wrong with the change, and with one more step."""

CURRENT = Entry(version=1, current=Ciphertext(ORIGINAL), proved_at=START)
STAGED = CURRENT.changed(staged=Ciphertext("candidate 0"), staged_at=START)

WORLDS: dict[str, World] = {
    "as always": World(),
    "history": World(server=Server(has_history=True)),
    "counts down": World(server=Server(tells_attempts=True)),
    "changed by somebody": World(server=Server(password=SOMEBODY), excuses=frozenset({"somebody"})),
    "enrolled with a wrong one": World(
        entry=Entry(version=1, current=Ciphertext("wrong")), excuses=frozenset({"somebody"})
    ),
    "staged, not in force": World(entry=STAGED, sent=True),
    "staged, in force": World(entry=STAGED, server=Server(password="candidate 0"), sent=True),
    "staged, changed by somebody": World(
        entry=STAGED, server=Server(password=SOMEBODY), sent=True, excuses=frozenset({"somebody"})
    ),
}


class Nights:
    """A watch over nights: the most failed logins in a row, and how many of them the rule for outages has allowed."""

    def __init__(self, happen: Happen) -> None:
        self._happen = happen
        self.most = self.outages = 0

    def __call__(self, world: World, point: Point) -> str:
        self.look(world)
        return self._happen(world, point)

    def look(self, world: World) -> None:
        worlds = [world, world.other] if isinstance(world, Dependent) else [world]
        self.most = max(self.most, *(one.server.wrong for one in worlds))
        self.outages = max(self.outages, *(one.outages for one in worlds))

    def pass_by(self, world: World, rules: Rules, verify_every: int = 0, number: int = NIGHTS) -> None:
        """Make a run each night; every so many nights a verification in its place."""
        for night in range(number):
            play(world, rules, self, verifies=bool(verify_every and night % verify_every == 2))
            self.look(world)
            world.wait(A_NIGHT)

    def check(self, name: str, world: World) -> None:
        """Whether there was no third failed login, or it was one of an outage, and somebody had changed the password."""
        if self.most >= LOCK_AFTER:
            worlds = [world, world.other] if isinstance(world, Dependent) else [world]
            assert name.endswith(NO_ANSWER), "a third failed login where there was an answer"
            assert any(one.excuses & CAUSES for one in worlds), "a third failed login with the right password"
            assert self.most < LOCK_AFTER + self.outages


def recover(world: World, rules: Rules) -> None:
    """Whether one run, or the way out that its outcome names, ends rotated now that nothing goes wrong any more."""
    world.lands()
    outcome = play(world, rules)
    if outcome == "cooling" and rules.max_failed_logins == 1:
        # The second login that may fail waits for the lock window.
        world.wait(A_NIGHT)
        outcome = play(world, rules)
    if isinstance(world, Dependent) and outcome != "rotated":
        # That run has found out what is wrong with the other password.
        recover(world.other, ALWAYS)
        outcome = play(world, rules)
    if outcome in NEEDS_A_PERSON:
        assert settle(world, rules) == outcome
        take_a_way_out(world, rules)
    else:
        assert outcome == "rotated"
        assert_at_peace(world, rules)


def some_nights(
    start: World, rules: Rules, faults: Mapping[str, Happen], verify_every: int = 0, number: int = NIGHTS
) -> None:
    for name, happen in faults.items():
        world = start.fork()
        world.story = (name,)
        with telling(world):
            watch = Nights(happen)
            watch.pass_by(world, rules, verify_every, number)
            watch.check(name, world)
            recover(world, rules)


@pytest.mark.parametrize("start", WORLDS.values(), ids=WORLDS)
def test_thirty_nights_with_one_fault(start: World) -> None:
    some_nights(start, ALWAYS, FAULTS)


@pytest.mark.parametrize("name", ["as always", "changed by somebody", "staged, in force"])
def test_thirty_nights_each_third_of_which_only_verifies(name: str) -> None:
    some_nights(WORLDS[name], ALWAYS, FAULTS, 3)


def test_ten_nights_with_two_faults() -> None:
    some_nights(WORLDS["as always"], ALWAYS, PAIRS, number=10)


@pytest.mark.skipif(not IS_FULL, reason="takes minutes; ROTATION_MODEL=full runs it")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("verify_every", [0, 3], ids=["rotate", "rotate, verify"])
@pytest.mark.parametrize("start", WORLDS.values(), ids=WORLDS)
def test_more_nights(start: World, verify_every: int, most: int) -> None:
    some_nights(start, replace(ALWAYS, max_failed_logins=most), {**FAULTS, **PAIRS}, verify_every)


@pytest.mark.parametrize(
    "faults",
    [
        ({"change": "lies", "record verify": "kill"}, {"stage": "kill"}, {"log in": "never arrives"}, {}),
        ({"change": "logs in again", "record change": "kill"}, {"log in": "never arrives"}, {"stage": "kill"}, {}),
        ({"change": "repeated", "record change": "kill"}, {"log in": "never arrives"}, {"stage": "kill"}, {}),
    ],
)
def test_no_login_of_an_outage_follows_two_that_have_failed(faults: tuple[dict[str, str], ...]) -> None:
    """A login that has not arrived clears no server's count, so a turn of the other password makes nothing safe."""
    world = World()
    with telling(world):
        for fault in faults:
            play(world, ALWAYS, always(fault))
            world.wait(A_NIGHT)
        recover(world, ALWAYS)


PHONES: dict[str, Phone] = {
    "as always": Phone(),
    "changed by somebody": Phone(server=Server(password=SOMEBODY), excuses=frozenset({"somebody"})),
    "its account changed by somebody": Phone(
        other=World(server=Server(password=SOMEBODY), excuses=frozenset({"somebody"}))
    ),
}
FAULTS_OF_A_PHONE: dict[str, Happen] = {
    **FAULTS,
    **{f"change login: {fault}": always({"change login": fault}) for fault in (*LOGIN_FAULTS, "kill")},
    **{f"{step}: {fault}": always({step: fault}) for step in OTHERS_WRITES for fault in (*WRITE_FAULTS, "kill")},
}


@pytest.mark.parametrize("has_registrar", [False, True], ids=["by the CEC", "by a registrar"])
@pytest.mark.parametrize("start", PHONES.values(), ids=PHONES)
def test_nights_of_a_phone(start: Phone, has_registrar: bool) -> None:
    phone = replace(start, has_registrar=has_registrar)
    some_nights(phone, phone.rules, FAULTS_OF_A_PHONE, number=NIGHTS if IS_FULL else 8)


# -- clocks ------------------------------------------------------------------------------------------------------------

JUMPS = {
    "ahead for one night": (0, YEARS, -YEARS),
    "ahead for good": (0, YEARS),
    "back for one night": (0, -YEARS, YEARS),
    "back for good": (0, -YEARS),
    "to and fro": (0, YEARS, -YEARS, -YEARS, YEARS, YEARS, -YEARS),
}
FAULTS_WITH_A_CLOCK = [
    "change: lost",
    "change: applied, lost",
    "every login: answer lost",
    "every login: locked",
    "every login: unmapped",
    "log in: never arrives",
    "log in: kill",
    "change: kill",
    "verify: kill",
    "record verify: kill",
    "commit: kill",
    "commit: written, reported failed",
]


def jump(world: World, span: timedelta) -> None:
    """Let the controller's clock jump, while the server's goes on."""
    world.time += span
    world.server = replace(world.server, locked_until=world.server.locked_until + span)


@pytest.mark.parametrize("when", ["due", "always"])
@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("name", WORLDS if IS_FULL else ["as always", "changed by somebody", "staged, in force"])
def test_no_clock_that_jumps_locks_an_account_or_keeps_a_run_waiting(
    name: str, jumps: tuple[timedelta | int, ...], when: str
) -> None:
    start = WORLDS[name]
    for name in FAULTS_WITH_A_CLOCK:
        world = start.fork()
        world.story = (name,)
        with telling(world):
            watch = Nights(FAULTS[name])
            for span in jumps:
                jump(world, span or timedelta(0))
                watch.pass_by(world, Rules(when=when), number=2)
            watch.check(name, world)
            recover(world, ALWAYS)


FUTURE = START + YEARS
IN_FUTURE: dict[str, dict[str, object]] = {
    "proved": {"proved_at": FUTURE},
    "rotated": {"rotated_at": FUTURE},
    "held by a run": {"written_by": "another", "written_at": FUTURE},
    "a failed login": {"ledger": (BookedLogin(FUTURE, "current", "unknown", "another"),)},
    "two failed logins": {"ledger": (BookedLogin(FUTURE, "current", "unknown", "another"),) * 2},
    "locked": {"ledger": (BookedLogin(FUTURE, "current", "locked", "another", is_answered=True),)},
    "locked until": {
        "ledger": (BookedLogin(START, "current", "locked", "another", is_answered=True, unlocks_at=FUTURE),)
    },
}
"""Times that a clock has written that was ahead."""


@pytest.mark.parametrize("values", IN_FUTURE.values(), ids=IN_FUTURE)
@pytest.mark.parametrize("staged", [None, ORIGINAL, "candidate 0"], ids=["none", "in force", "not in force"])
def test_a_time_in_the_future_keeps_no_run_waiting(values: dict[str, object], staged: str | None) -> None:
    entry = CURRENT if staged is None else STAGED
    server = Server(password="candidate 0" if staged == ORIGINAL else ORIGINAL)
    world = World(entry=entry.changed(**values), server=server, sent=True)
    rules = Rules(when="due", min_age=timedelta(hours=24))
    with telling(world):
        outcomes = []
        for _night in range(3):
            outcomes.append(play(world, rules))
            world.wait(A_NIGHT)
        if "rotated" not in outcomes:
            # Not for the time: a login with the other password has failed as well.
            assert outcomes[-1] == "held"
            assert take_a_way_out(world, rules) == "a person's word"
        assert (world.entry.ledger, world.entry.staged) == ((), None)
        times = [world.entry.proved_at, world.entry.rotated_at, world.entry.written_at]
        assert all(time is None or time <= world.time for time in times)

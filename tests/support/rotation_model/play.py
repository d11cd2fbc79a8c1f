# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playing runs: with a script, with every sequence of faults, and what remains once the faults have stopped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

from support.rotation_model.explore import (
    Choices,
    all_choices,
)
from support.rotation_model.run import ModelRun, PhoneRun
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    Dependent,
    Phone,
    Point,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext

ALWAYS = Rules(when="always")
IS_FULL = os.environ.get("ROTATION_MODEL") == "full"
"""Whether to explore more: a few minutes instead of a few seconds."""
LONGEST_RUN = 40
Happen = Callable[[World, Point], str]


def play(
    world: World,
    rules: Rules = ALWAYS,
    happen: Happen = lambda world, point: "",
    enrolls: Enrollment | None = None,
    *,
    verifies: bool = False,
    takes_over: bool = False,
) -> str:
    """Make one run and return its outcome. ``happen`` says what happens at each point."""
    kind = PhoneRun if isinstance(world, Phone) and rules.has_parent else ModelRun
    steps = kind(world, rules, enrolls=enrolls, verifies=verifies, takes_over=takes_over).steps()
    fault: str | None = None
    try:
        for _point in range(LONGEST_RUN):
            point = next(steps) if fault is None else steps.send(fault)
            fault = pass_point(world, point, happen)
            if fault == "kill":
                return "killed"
    except StopIteration as end:
        pass_point(world, Point("end", "end"), happen)
        return str(end.value)
    raise AssertionError("a run without an end")


def pass_point(world: World, point: Point, happen: Happen) -> str:
    """Let happen what happens at a point, and return what goes wrong with the step itself."""
    fault = happen(world, point)
    if fault:
        world.story += (f"run {world.runs}, {point.step}: {fault}",)
    if fault == "lands":
        world.lands()
        fault = ""
    elif fault == "somebody":
        world.somebody_changes_it()
        fault = ""
    elif fault.startswith("restored "):
        world.restore(int(fault.removeprefix("restored ")), is_at_work=point.kind != "end")
        fault = ""
    world.check()
    return fault


def script(faults: Mapping[str, str]) -> Happen:
    """Let these faults happen in one run, each when its step is met first; that of "log in 2" the second time."""
    met: Counter[str] = Counter()

    def happen(world: World, point: Point) -> str:
        met[point.step] += 1
        number = met[point.step]
        return faults.get(point.step if number == 1 else f"{point.step} {number}", "")

    return happen


def always(faults: Mapping[str, str]) -> Happen:
    """Let these faults happen, each whenever its step is met."""
    return lambda world, point: faults.get(point.step, "")


def chosen(choices: Choices) -> Happen:
    """Let happen what is chosen."""

    def happen(world: World, point: Point) -> str:
        if world.server.under_way and choices.among((False, True), free=True):
            world.lands()
            world.story += (f"run {world.runs}, {point.step}: what was under way takes effect",)
        return choices.among(world.options(point))

    return happen


@contextmanager
def telling(world: World) -> Iterator[None]:
    """Say with a failure what had happened."""
    try:
        yield
    except AssertionError as exc:
        raise AssertionError(f"{exc}\n{world.tell()}") from exc


@dataclass
class Explored:
    """How much was explored.

    Attributes:
        worlds: the different worlds that were reached, and by how many sequences of faults each.
        plays: how many runs were made for that.
    """

    worlds: dict[tuple[Any, ...], tuple[World, int]] = field(default_factory=dict)
    plays: int = 0

    @property
    def sequences(self) -> int:
        return sum(number for _world, number in self.worlds.values())

    def add(self, world: World, sequences: int) -> None:
        state = world.state()
        _same, before = self.worlds.get(state, (world, 0))
        self.worlds[state] = world, before + sequences


Player = Callable[[World, Rules, Happen], str]


def explore(
    start: World, rules: Rules, deviations: Iterable[int], pause: timedelta, players: Iterable[Player] = ()
) -> Explored:
    """Make one run after the other, each with every choice of so many deviations, from every world reached so far.

    Args:
        start: the world before.
        rules: of all runs.
        deviations: for each run, how many things may go wrong.
        pause: how much time passes after each.
        players: for each run, who makes it. Without them each rotates.
    """
    explored = Explored()
    explored.add(start.fork(), 1)
    for most, player in zip(deviations, chain(players, repeat(play)), strict=False):
        reached = Explored(plays=explored.plays)
        for before, sequences in explored.worlds.values():
            for choices in all_choices(most):
                world = before.fork()
                with telling(world):
                    player(world, rules, chosen(choices))
                world.wait(pause)
                reached.plays += 1
                reached.add(world, sequences)
        explored = reached
    return explored


# -- once the faults have stopped --------------------------------------------------------------------------------------


NEEDS_A_PERSON = ("diverged", "held", "few_attempts")


def settle(world: World, rules: Rules = ALWAYS) -> str:
    """Run without faults, each run after the lock window, until the credential is at peace; see what was reached.

    Returns:
        ``rotated``, or what needs a person; or ``blocked`` where that is another credential's password.
    """
    outcome = run_until_quiet(world, rules)
    if outcome == "rotated":
        assert_at_peace(world, rules)
        return outcome
    if outcome == "diverged":
        assert world.excuses, "diverged without a cause"
    assert_left_alone(world, rules, outcome)
    return outcome


def run_until_quiet(world: World, rules: Rules) -> str:
    """Run without faults, each run after the lock window, and return the outcome that stays."""
    ends = ["rotated", "blocked", *(end for end in NEEDS_A_PERSON if not (rules.repair and end == "diverged"))]
    outcome = ""
    for _run in range(8):
        world.wait(AFTER_THE_WINDOW)
        outcome = play(world, rules)
        if outcome in ends:
            break
    assert outcome in ends, f"ends {outcome}"
    return outcome


def assert_at_peace(world: World, rules: Rules = ALWAYS) -> None:
    """Whether the password in force is the current one, and nothing else is open."""
    entry = world.entry
    assert world.server.password == entry.current, "the password in force is not the current one"
    assert (entry.staged, entry.ledger, entry.written_by) == (None, (), None)
    if not entry.temporary and entry.rotated_at:
        assert play(world, replace(rules, when="due")) == "not_due"


def assert_left_alone(world: World, rules: Rules, outcome: str) -> None:
    """Whether nothing is tried any more, however long it is left."""
    for _night in range(3):
        world.wait(timedelta(days=9))
        before = all_of(world)
        assert play(world, rules) == outcome
        assert all_of(world) == before, "what was reported is left alone"


def all_of(world: World) -> tuple[Any, ...]:
    """Return what servers and stores hold. A blocked run has written, in its name, and taken that back."""
    ledger = tuple(replace(line, run="") for line in world.entry.ledger)
    entry = world.entry.changed(version=0, ledger=ledger)
    mine = world.server, entry
    return (*mine, *all_of(world.other)) if isinstance(world, Dependent) else mine


def take_a_way_out(world: World, rules: Rules = ALWAYS) -> str:
    """Bring a credential back that needs a person, as its message says. Returns which way it took.

    The person does not know which password is in force, and has the stored ones tried first.
    """
    for _run in range(3):
        world.wait(AFTER_THE_WINDOW)
        if play(world, replace(rules, retry_diverged=True)) == "rotated":
            assert_at_peace(world, rules)
            return "a person's word"
    enroll(world, rules)
    outcome = play(world, rules)
    if outcome == "blocked" and isinstance(world, Dependent):
        if settle(world.other) != "rotated":
            take_a_way_out(world.other)
        outcome = play(world, rules)
    assert outcome == "rotated", f"an enrollment ends {outcome}"
    assert_at_peace(world, rules)
    return "enrollment"


def enroll(world: World, rules: Rules = ALWAYS) -> None:
    """Enroll the password that is live, as its user knows it."""
    world.wait(AFTER_THE_WINDOW)
    # Where few attempts are left the user has logged in, as the message says.
    rules = replace(rules, retry_diverged=True)
    given = Enrollment(Ciphertext(world.server.password), lambda stored: stored == world.server.password, replace=True)
    assert play(world, rules, enrolls=given) == "enrolled"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playing runs: with a script, with every sequence of faults, and what remains once the faults have stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from support.rotation_model.explore import (
    Choices,
    all_choices,
)
from support.rotation_model.phone import (
    Phone,
    PhoneRotation,
)
from support.rotation_model.role import Rotation
from support.rotation_model.world import (
    AFTER_THE_WINDOW,
    Point,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import GIVEN, Rules, Run
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Sealed

ALWAYS = Rules(when="always")
IS_FULL = os.environ.get("ROTATION_MODEL") == "full"
"""Whether to explore more: a few minutes instead of a few seconds."""
Happen = Callable[[World, Point], str]


def play(world: World, rules: Rules = ALWAYS, happen: Happen = lambda world, point: "") -> str:
    """Make one run and return its outcome. ``happen`` says what happens at each point."""
    steps = rotation_of(world, rules).steps()
    fault: str | None = None
    try:
        while True:
            point = next(steps) if fault is None else steps.send(fault)
            fault = pass_point(world, point, happen)
            if fault == "kill":
                return "killed"
    except StopIteration as end:
        pass_point(world, Point("end", "end"), happen)
        return str(end.value)


def rotation_of(world: World, rules: Rules) -> Rotation:
    """Return a run of the role for what this world is about."""
    return PhoneRotation(world, rules) if isinstance(world, Phone) else Rotation(world, rules)


def pass_point(world: World, point: Point, happen: Happen) -> str:
    """Let happen what happens at a point, and return what goes wrong with the step itself."""
    fault = happen(world, point)
    if fault:
        world.story += (f"run {world.runs}, {point.step}: {fault}",)
    if fault == "somebody":
        world.somebody_changes_it()
        fault = ""
    elif fault.startswith("restored "):
        world.restore(int(fault.removeprefix("restored ")))
        fault = ""
    world.check()
    return fault


def script(faults: Mapping[str, str]) -> Happen:
    """Let these faults happen, each at its step."""
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


def explore(
    start: World, rules: Rules, deviations: Iterable[int], pause: timedelta, player: Callable[..., str] = play
) -> Explored:
    """Make one run after the other, each with every choice of so many deviations, from every world reached so far."""
    explored = Explored()
    explored.add(start.fork(), 1)
    for most in deviations:
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


def settle(world: World, rules: Rules = ALWAYS, player: Callable[..., str] = play) -> str:
    """Run without faults, each run after the lock window, until the credential is at peace; see what was reached.

    Returns:
        ``rotated``, ``diverged`` or ``few_attempts``.
    """
    for _run in range(8):
        world.wait(AFTER_THE_WINDOW)
        outcome = player(world, rules)
        for _retry in range(3):
            if outcome == "few_attempts":
                # What its message asks for: the user logs in, and the next run may try again.
                world.wait(AFTER_THE_WINDOW)
                outcome = player(world, replace(rules, retry_diverged=True))
        if outcome in ("rotated", "few_attempts") or (outcome == "diverged" and not rules.repair):
            break
    assert outcome in ("rotated", "diverged", "few_attempts"), f"ends {outcome}"
    if outcome == "rotated":
        assert_at_peace(world)
    else:
        assert world.excuses, f"{outcome} without a cause"
        assert_left_alone(world, rules, outcome)
    return outcome


def assert_at_peace(world: World) -> None:
    """Whether the password in force is the current one, and nothing else is open."""
    entry = world.entry
    assert world.server.password == entry.current, "the password in force is not the current one"
    assert (entry.staged, entry.ledger, entry.written_by) == (None, (), None)
    assert play(world, Rules(when="due")) == "not_due"


def assert_left_alone(world: World, rules: Rules, outcome: str) -> None:
    """Whether nothing is tried any more, however long it is left."""
    world.wait(timedelta(days=9))
    before = world.server, world.entry
    assert play(world, rules) == outcome
    assert (world.server, world.entry) == before, "what was reported is left alone"


def take_a_way_out(world: World) -> str:
    """Bring a diverged credential back, as its message says. Returns which way it took."""
    if world.server.password in (world.entry.current, world.entry.staged):
        way = "second chance"
        for _run in range(3):
            world.wait(AFTER_THE_WINDOW)
            outcome = play(world, replace(ALWAYS, retry_diverged=True))
            if outcome == "rotated":
                break
    else:
        way = "enrolment"
        enrol(world)
        outcome = play(world, ALWAYS)
    assert outcome == "rotated", f"a {way} ends {outcome}"
    assert_at_peace(world)
    return way


def enrol(world: World) -> None:
    """Enrol the password that is live, as its user knows it."""
    world.wait(AFTER_THE_WINDOW)
    given, run = Sealed(world.server.password), Run("enrolment", world.time)
    rules = replace(ALWAYS, retry_diverged=True)
    plan = rotation.plan_enrolment(world.entry, rules, run, given, same=False, replace_current=True, verify=True)
    assert (plan.step, plan.login) == ("log_in", GIVEN), plan.message
    assert plan.entry
    world.write(plan.entry, "plan")
    assert world.log_in(given, "").outcome == "ok"
    taken_over = rotation.enrol(world.entry, given)
    assert taken_over.entry
    # A candidate of which the server had said that it is wrong gives way.
    world.entry = taken_over.entry.changed(version=world.entry.version + 1)

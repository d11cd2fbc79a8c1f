# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs of two controllers at once, in every order of their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from support.rotation_model.explore import (
    Choices,
    all_choices,
)
from support.rotation_model.play import (
    ALWAYS,
    chosen,
    pass_point,
    telling,
)
from support.rotation_model.run import ModelRun, PhoneRun
from support.rotation_model.world import Dependent, Phone, Point, World

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext


class _Controller:
    """A run that waits at a point."""

    def __init__(self, rotation: ModelRun) -> None:
        self.rotation = rotation
        self.steps = rotation.steps()
        self.outcome = ""
        self.at: Point | None = None
        self._go_on(None)

    def _go_on(self, fault: str | None) -> None:
        try:
            self.at = next(self.steps) if fault is None else self.steps.send(fault)
        except StopIteration as end:
            self.at, self.outcome = None, str(end.value)

    def step(self, choices: Choices) -> None:
        assert self.at
        world = self.rotation.world
        world.story += (f"-- the {self.rotation.name}, {self.at.step}",)
        fault = pass_point(world, self.at, chosen(choices))
        if fault == "kill":
            self.at, self.outcome = None, "killed"
        else:
            self._go_on(fault)

    def state(self) -> tuple[Any, ...]:
        return self.at, self.outcome, self.rotation.memory()


def _is_over(run: str) -> bool:
    return False


Begin = Callable[[World], tuple[ModelRun, ModelRun]]


def two_rotations(rules: Rules, apart: timedelta = timedelta(0)) -> Begin:
    """Return what begins two runs for one credential.

    Args:
        rules: of both.
        apart: how much later than the first one's clock the second one's is.
    """

    def begin(world: World) -> tuple[ModelRun, ModelRun]:
        world.excuses |= {"no lease"} if rules.lease == timedelta(0) else set()
        first = ModelRun(world, rules, "first", _is_over)
        world.time += apart
        return first, ModelRun(world, rules, "second", _is_over)

    return begin


def rotation_and_enrollment(password: str) -> Begin:
    """Return what begins a rotation, and the enrollment of a password in the place of the stored one."""
    given = Enrollment(Ciphertext(password), lambda stored: stored == password, replace=True)
    return lambda world: (
        ModelRun(world, ALWAYS, "rotates", _is_over),
        ModelRun(world, ALWAYS, "enrolls", _is_over, given),
    )


def rotation_and_verification(world: World) -> tuple[ModelRun, ModelRun]:
    """Begin a rotation, and a verification."""
    return ModelRun(world, ALWAYS, "rotates", _is_over), ModelRun(world, ALWAYS, "verifies", _is_over, verifies=True)


def phone_and_account(phone: World) -> tuple[ModelRun, ModelRun]:
    """Begin a run for a phone, and one for its account. A login with the account's password waits for no lease."""
    assert isinstance(phone, Phone)
    phone.other.excuses |= {"no lease"}
    return PhoneRun(phone, phone.rules, "phone", _is_over), ModelRun(phone.other, ALWAYS, "account", _is_over)


def meet(start: World, begin: Begin, deviations: int) -> Iterator[tuple[World, tuple[str, str]]]:
    """Yield each world, and the two outcomes, that two runs can end in.

    What was seen before, with at least as many deviations left, is not followed any further.

    Args:
        start: the world before.
        begin: begins the runs.
        deviations: how many things may go wrong.
    """
    seen: dict[tuple[Any, ...], int] = {}
    for choices in all_choices(deviations):
        world = start.fork()
        for one in (world, *([world.other] if isinstance(world, Dependent) else [])):
            one.at_once = 1
        first, second = (_Controller(run) for run in begin(world))
        is_new = True
        with telling(world):
            while is_new and (ready := [run for run in (first, second) if run.at]):
                choices.among(ready, free=True).step(choices)
                state = (world.state(), world.versions(), first.state(), second.state())
                is_new = choices.is_repeating or seen.get(state, -1) < choices.left
                if is_new:
                    seen[state] = choices.left
            world.check()
        if is_new:
            yield world, (first.outcome, second.outcome)

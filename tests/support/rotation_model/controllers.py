# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs of two controllers at once, in every order of their steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from support.rotation_model.explore import (
    Choices,
    all_choices,
)
from support.rotation_model.play import (
    chosen,
    pass_point,
    telling,
)
from support.rotation_model.role import Rotation
from support.rotation_model.world import Point, World

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Rules


class _Controller:
    """A run that waits at a point."""

    def __init__(self, world: World, rules: Rules, name: str) -> None:
        self.rotation = Rotation(world, rules, name, is_over=lambda other: False)
        self.steps = self.rotation.steps()
        self.outcome = ""
        self.at: Point | None = None
        self._go_on(None)

    def _go_on(self, fault: str | None) -> None:
        try:
            self.at = next(self.steps) if fault is None else self.steps.send(fault)
        except StopIteration as end:
            self.at, self.outcome = None, str(end.value)

    def step(self, world: World, choices: Choices) -> None:
        assert self.at
        fault = pass_point(world, self.at, chosen(choices))
        if fault == "kill":
            self.at, self.outcome = None, "killed"
        else:
            self._go_on(fault)

    def state(self) -> tuple[Any, ...]:
        return self.at, self.outcome, self.rotation.memory()


def meet(
    start: World, rules: Rules, deviations: int, *, apart: timedelta = timedelta(0)
) -> Iterator[tuple[World, set[str]]]:
    """Yield each world, and the two outcomes, that two runs can end in.

    What was seen before, with at least as many deviations left, is not followed any further.

    Args:
        start: the world before.
        rules: of both.
        deviations: how many things may go wrong.
        apart: how much later than the first one's clock the second one's is.
    """
    seen: dict[tuple[Any, ...], int] = {}
    for choices in all_choices(deviations):
        world = start.fork()
        first = _Controller(world, rules, "first")
        world.time += apart
        second = _Controller(world, rules, "second")
        is_new = True
        with telling(world):
            while is_new and (ready := [run for run in (first, second) if run.at]):
                run = choices.among(ready, free=True)
                world.story += (f"-- the {run.rotation.name}, {run.at and run.at.step}",)
                run.step(world, choices)
                state = (world.state(), world.entry.version, first.state(), second.state())
                is_new = choices.is_repeating or seen.get(state, -1) < choices.left
                if is_new:
                    seen[state] = choices.left
            world.check()
        if is_new:
            yield world, {first.outcome, second.outcome}

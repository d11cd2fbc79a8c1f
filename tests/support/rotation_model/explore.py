# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every sequence of choices that a play can meet, one after the other.

A play asks for each choice as it comes to it. The first option is the usual one; every other is a deviation, and a play
meets only so many of them. The plays are repeated from their start, so nothing in them needs to be copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

Option = TypeVar("Option")


class _Taken(NamedTuple):
    number: int
    options: int


class Choices:
    """The choices of one play: it repeats a beginning, and takes the first option from there on."""

    def __init__(self, beginning: Sequence[int], deviations: int) -> None:
        self._beginning = beginning
        self._left = deviations
        self.taken: list[_Taken] = []

    @property
    def left(self) -> int:
        """How many deviations may still be met."""
        return self._left

    @property
    def is_repeating(self) -> bool:
        """Whether what happens now has happened in an earlier play."""
        return len(self.taken) < len(self._beginning)

    def among(self, options: Sequence[Option], *, free: bool = False) -> Option:
        """Choose. A free choice is no deviation, whichever option it takes."""
        count = len(options) if free or self._left else 1
        number = self._beginning[len(self.taken)] if self.is_repeating else 0
        self.taken.append(_Taken(number, count))
        self._left -= bool(number and not free)
        return options[number]


def all_choices(deviations: int) -> Iterator[Choices]:
    """Yield the choices of each play in turn; whoever iterates makes the play with them."""
    beginning: list[int] = []
    while True:
        choices = Choices(beginning, deviations)
        yield choices
        taken = choices.taken
        while taken and taken[-1].number + 1 == taken[-1].options:
            taken.pop()
        if not taken:
            return
        beginning = [*(earlier.number for earlier in taken[:-1]), taken[-1].number + 1]

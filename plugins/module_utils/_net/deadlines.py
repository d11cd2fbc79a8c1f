# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines, as seconds of ``time.monotonic()``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_Way = TypeVar("_Way")


def remaining(deadline: float) -> float:
    """Return the seconds that are left, more than none.

    Raises:
        TimeoutError: the deadline is over.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def shares(ways: Sequence[_Way], deadline: float) -> Iterator[tuple[_Way, float]]:
    """Yield ways to try one after the other, each with the deadline of its fair share of the time that is left.

    So a way that leads nowhere does not use up the time of the others.
    """
    for number, way in enumerate(ways):
        now = time.monotonic()
        yield way, now + (deadline - now) / (len(ways) - number)

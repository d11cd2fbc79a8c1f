# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's own time: real time that the control interface can push forward.

Lock windows, session lives and password ages all read this clock, so testing a half-hour lock takes no time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

Action = Callable[[], None]


class Clock:
    """Seconds since the epoch, plus whatever the tests have advanced."""

    def __init__(self) -> None:
        # Built on the monotonic clock: a step of the machine's clock must not unlock an account.
        self._base = time.time() - time.monotonic()
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._base + time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move time forward and run what has become due."""
        self._base += seconds
        self._run_due()

    def schedule(self, delay: float, action: Action) -> None:
        """Run `action` once `delay` seconds have passed, really or by `advance`."""
        heapq.heappush(self._due, (self.now() + delay, next(self._order), action))
        asyncio.get_running_loop().call_later(delay, self._run_due)

    def forget(self) -> None:
        """Drop everything scheduled."""
        self._due.clear()

    def _run_due(self) -> None:
        # The event loop's timers may fire a hair early: without the grace the action would be missed.
        while self._due and self._due[0][0] <= self.now() + 0.001:
            heapq.heappop(self._due)[2]()

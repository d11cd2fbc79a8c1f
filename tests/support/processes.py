# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forked processes, as the workers of a run are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError

FORK = multiprocessing.get_context("fork")
MANY = 8
PATIENCE = 30
"""Seconds until a test that hangs is given up."""


def at_once(work: Callable[[int], Any], count: int = MANY) -> list[Any]:
    """Return what each of many forked processes gets, all of which start at the same moment."""
    barrier, results = FORK.Barrier(count), FORK.Queue()

    def child(number: int) -> None:
        barrier.wait(PATIENCE)
        try:
            results.put(work(number))
        except ApiError as exc:
            results.put((exc.outcome, exc.message, exc.code))

    processes = [FORK.Process(target=child, args=(number,), daemon=True) for number in range(count)]
    for process in processes:
        process.start()
    found = [results.get(timeout=PATIENCE) for _process in processes]
    for process in processes:
        process.join(PATIENCE)
    assert {process.exitcode for process in processes} == {0}
    return found


@contextmanager
def process(work: Callable[[], Any]) -> Iterator[Any]:
    """Run one forked process meanwhile; it does not survive."""
    child = FORK.Process(target=work, daemon=True)
    child.start()
    try:
        yield child
    finally:
        child.kill()
        child.join(PATIENCE)

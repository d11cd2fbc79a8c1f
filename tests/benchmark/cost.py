# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command costs: time, CPU and memory of the process and of all that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE_SECONDS = 1.0
_MIB = 1024


@dataclass(frozen=True)
class Cost:
    """What one run cost.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of all its processes, user and system.
        memory: MiB of all its processes at the worst moment seen, shared memory counted once (PSS, looked at
            every second).
        largest: MiB of its largest process, what it shares with others included (maximal RSS).
        status: exit code.
    """

    wall: float
    cpu: float
    memory: float
    largest: float
    status: int


def cost_of(command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path) -> Cost:
    """Run a command to its end, with its output in a file."""
    with output.open("wb") as file:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT)
        with _Watch(process.pid) as watch:
            _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.most, usage.ru_maxrss / _MIB, process.returncode)


def cpu_of(process: int) -> float:
    """CPU seconds that a running process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Watch:
    """Looks at the memory of a process and its descendants from time to time."""

    def __init__(self, process: int) -> None:
        self.most = 0.0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            self.most = max(self.most, sum(map(_memory, _family(self._process))) / _MIB)


def _family(process: int) -> Iterator[int]:
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return  # it has ended
    for child in children:
        yield from _family(int(child))


def _memory(process: int) -> int:
    """KiB of a process, its share of shared memory only."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0  # it has ended
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)

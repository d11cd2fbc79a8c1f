# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of a run of one task, and whether another one that left its name still lives."""

from __future__ import annotations

import os
import socket

_DEAD = ("Z", "X")
"""States of a process that has ended. Source: proc_pid_stat(5)."""


def run_name() -> str:
    """Return this run's name: machine, process id and start time of the worker that does the task.

    The worker outlives a main process that is killed, and two tasks of one playbook have a worker each.
    """
    process = os.getpid()
    return f"{socket.gethostname()}:{process}:{_started(process) or 0}"


def is_over(name: str) -> bool:
    """Whether the run of this name surely runs no more. False where that cannot be told, as for another machine."""
    machine, _separator, rest = name.partition(":")
    process, _separator, started = rest.partition(":")
    if machine != socket.gethostname() or not process.isdigit() or not os.path.isdir("/proc/self"):
        return False
    return str(_started(int(process)) or 0) != started


def _started(process: int) -> int | None:
    """Return a process's start time in clock ticks since boot, None where there is no such process or a dead one.

    A dead one stays for ever in a container whose first process collects no orphans.
    """
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            # The second field, the command, may hold anything; it ends with the last parenthesis.
            state, *fields = file.read().rpartition(")")[2].split()
            return None if state in _DEAD else int(fields[18])
    except (OSError, ValueError, IndexError):
        return None

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the ways side by side: `make bench`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.client import Simulator

from .page import fill
from .picture import draw
from .verdict import document, last_line, measured_in
from .ways import WAYS, Floor, Measured


@dataclass(frozen=True)
class Plan:
    """A series of rounds; in each round the ways follow each other.

    Attributes:
        accounts: how many.
        ways: which ways, each with its number of rounds. The role comes first: its tasks are counted for the floor.
        latency: seconds that the simulator waits before it answers.
        forks: of Ansible.
    """

    accounts: int
    ways: dict[str, int]
    latency: float = 0.0
    forks: int = 10

    def runs(self) -> Iterator[tuple[int, str]]:
        """Yield each run's round, from 0, and way."""
        for number in range(max(self.ways.values())):
            yield from ((number, way) for way, rounds in self.ways.items() if number < rounds)


# 1,000 accounts take the tasks of uri most of an hour, and each of them as long as one of 100.
PLANS = (
    Plan(100, {"role": 5, "floor": 5, "steps": 5, "limit": 5, "uri": 2}),
    Plan(100, {"role": 3, "limit": 3}, latency=0.1),
    Plan(1000, {"role": 3, "floor": 3, "steps": 3, "limit": 3}),
    Plan(1000, {"role": 1, "limit": 1}, latency=0.1),
    Plan(10000, {"role": 1, "floor": 1, "limit": 1}),
)


def main() -> None:
    """Run the plans and write down what came of them."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="*", help="only plans with so many accounts")
    parser.add_argument("--ways", nargs="*", choices=WAYS, help="only these ways")
    parser.add_argument("--rounds", type=int, help="no more rounds than these")
    parser.add_argument("--resume", action="store_true", help="keep what --output has already, after a failed run")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--docs", type=Path, help="folder of performance.md and performance.svg, for a complete run")
    arguments = parser.parse_args()
    is_complete = not (arguments.accounts or arguments.ways or arguments.rounds)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)

    has_begun = arguments.resume and arguments.output.exists()
    result = json.loads(arguments.output.read_text(encoding="utf-8")) if has_begun else {}
    runs = measured_in(result)
    tasks = result.get("role_tasks_per_host", 0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Simulator() as simulator:
        floor = Floor(Path(folder), arguments.output.parent.resolve(), simulator)
        for plan, way in _missing(runs, arguments):
            runs.append(floor.measured(way, plan.accounts, plan.latency, plan.forks, tasks))
            if way == "role":
                tasks = floor.tasks_of_the_role()
            print(_line(runs[-1]), flush=True)
            result = document(runs, tasks)
            arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if arguments.docs and is_complete:
        fill(arguments.docs / "performance.md", result)
        draw(result, arguments.docs / "performance.svg")
    print(last_line(result))


def _missing(runs: Sequence[Measured], wanted: argparse.Namespace) -> list[tuple[Plan, str]]:
    """Return the wanted runs that have not been measured, in their order."""
    done = Counter((run.way, run.accounts, run.latency) for run in runs)
    return [
        (plan, way)
        for plan in PLANS
        if plan.accounts in (wanted.accounts or [plan.accounts])
        for number, way in plan.runs()
        if way in (wanted.ways or WAYS)
        and done[way, plan.accounts, plan.latency] <= number < (wanted.rounds or sys.maxsize)
    ]


def _line(run: Measured) -> str:
    cost = run.cost
    return (
        f"{run.way:<6}{run.accounts:>6} accounts, latency {run.latency:.1f} s:{cost.wall:>8.1f} s, "
        f"{1000 * cost.wall / run.accounts:7.1f} ms each, CPU{cost.cpu:>8.1f} s, simulator{run.simulator_cpu:>6.1f} s, "
        f"memory {cost.memory:.0f} MiB, largest process {cost.largest:.0f} MiB"
    )


if __name__ == "__main__":
    main()

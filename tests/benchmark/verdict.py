# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the runs say: medians, ratios, and the targets."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from typing import Any

from .cost import Cost
from .ways import CALLS, EMPTY, WAYS, Measured

_COMPARED_AT = (1000, 100)
"""Numbers of accounts for the ratios, the first that was measured."""


def document(runs: Sequence[Measured], tasks: int) -> dict[str, Any]:
    """Return everything that was measured, with medians and ratios."""
    medians = [_median(group) for group in _groups(runs)]
    return {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "ansible-core": version("ansible-core"),
        },
        "role_tasks_per_host": tasks,
        "calls_per_account": CALLS,
        "ratios": _ratios(medians),
        "simulator": _simulator(runs),
        "medians": medians,
        "runs": [_flat(run) for run in runs],
    }


def measured_in(result: Mapping[str, Any]) -> list[Measured]:
    """Return the runs of a document."""
    costs = [field.name for field in fields(Cost)]
    return [
        Measured(
            **{name: value for name, value in flat.items() if name not in costs},
            cost=Cost(**{name: flat[name] for name in costs}),
        )
        for flat in result.get("runs", [])
    ]


def last_line(result: dict[str, Any]) -> str:
    """Return the sum of it in one line."""
    ratios = result["ratios"]

    def told(name: str) -> str:
        return f"{ratios[name]:.2f}" if ratios.get(name) else "-"

    return (
        f"uri/role {told('uri_by_role')} x at {ratios['uri_accounts']} accounts, role/floor {told('role_by_floor')} x, "
        f"role/limit {told('role_by_limit')} x at {ratios['accounts']} accounts"
    )


def _flat(run: Measured) -> dict[str, Any]:
    flat = asdict(run)
    return {**{name: value for name, value in flat.items() if name != "cost"}, **flat["cost"]}


def _groups(runs: Sequence[Measured]) -> list[list[Measured]]:
    groups: dict[tuple[Any, ...], list[Measured]] = {}
    for run in runs:
        groups.setdefault((run.accounts, run.latency, WAYS.index(run.way), run.forks), []).append(run)
    return [groups[key] for key in sorted(groups)]


def _median(group: Sequence[Measured]) -> dict[str, Any]:
    first = group[0]

    def middle(value: Callable[[Measured], float]) -> float:
        return round(statistics.median(value(run) for run in group), 3)

    wall = middle(lambda run: run.cost.wall)
    median = {
        "way": first.way,
        "accounts": first.accounts,
        "latency": first.latency,
        "forks": first.forks,
        "rounds": len(group),
        "wall": wall,
        "wall_per_account": round(wall / first.accounts, 5),
        "cpu": middle(lambda run: run.cost.cpu),
        "memory": middle(lambda run: run.cost.memory),
        "largest": middle(lambda run: run.cost.largest),
        "simulator_cpu": middle(lambda run: run.simulator_cpu),
    }
    if first.latency:
        # What the waiting alone takes with so many at a time.
        median["by_latency"] = round(wall / (first.accounts * CALLS * first.latency / first.forks), 3)
    return median


def _ratios(medians: Sequence[dict[str, Any]]) -> dict[str, Any]:
    each = {(median["way"], median["accounts"], median["latency"]): median["wall_per_account"] for median in medians}
    accounts = next((number for number in _COMPARED_AT if ("role", number, 0.0) in each), 0)
    uri_accounts = next((number for number in _COMPARED_AT if ("uri", number, 0.0) in each), 0)
    ratios: dict[str, Any] = {"accounts": accounts, "uri_accounts": uri_accounts}
    role = each.get(("role", accounts, 0.0))
    for name, above, below in (
        ("uri_by_role", each.get(("uri", uri_accounts, 0.0)), each.get(("role", uri_accounts, 0.0))),
        ("role_by_floor", role, each.get(("floor", accounts, 0.0))),
        ("role_by_steps", role, each.get(("steps", accounts, 0.0))),
        ("role_by_limit", role, each.get(("limit", accounts, 0.0))),
        ("role_at_10000_by_1000", each.get(("role", 10000, 0.0)), each.get(("role", 1000, 0.0))),
    ):
        if above and below:
            ratios[name] = round(above / below, 3)
    return ratios


def _simulator(runs: Sequence[Measured]) -> dict[str, float]:
    """Return what the simulator could do by itself, and the most that was asked of it."""
    asked = [run for run in runs if run.way not in EMPTY and not run.latency]
    if not asked:
        return {}
    return {
        "calls_per_cpu_second": round(
            statistics.median(CALLS * run.accounts / max(run.simulator_cpu, 0.01) for run in asked), 1
        ),
        "most_calls_per_second_by_ansible": round(
            max((CALLS * run.accounts / run.cost.wall for run in asked if run.way != "limit"), default=0), 1
        ),
    }

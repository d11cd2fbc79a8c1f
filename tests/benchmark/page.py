# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the benchmark in the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_FIGURES = re.compile(r"(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)
_HEAD = """
![Time for each account](performance.svg)

| Accounts | Latency | Way | Rounds | Wall | Each | CPU | Memory |
|---:|---:|---|---:|---:|---:|---:|---:|
"""
_TAIL = """
On {cores} cores, with ansible-core {ansible}, Python {python} and 10 forks; medians of interleaved runs, the simulator on
the same cores. Memory is that of all processes at the worst moment, shared pages counted once.

At {accounts} accounts **role/floor is {floor}, role/steps {steps} and role/limit {limit}**, and at {uri_accounts} accounts
**uri/role is {uri}**. An account at 10,000 takes {growth} times what it takes at 1,000. The simulator answers {capacity} requests in a second of one core;
the role asked for at most {asked} a second.

With 100 ms latency the role takes {latency} times what the
waiting alone takes (accounts x {calls} requests x 0.1 s / forks).
"""


def fill(page: Path, result: dict[str, Any]) -> None:
    """Put a complete run's figures between the marks of the page."""
    rows = "\n".join(_row(median) for median in result["medians"])
    ratios, machine, simulator = result["ratios"], result["machine"], result["simulator"]
    waiting = {median["accounts"]: median["by_latency"] for median in result["medians"] if _waited(median)}
    tail = _TAIL.format(
        cores=machine["cores"],
        ansible=machine["ansible-core"],
        python=machine["python"],
        accounts=f"{ratios['accounts']:,}",
        calls=result["calls_per_account"],
        uri_accounts=f"{ratios['uri_accounts']:,}",
        uri=f"{ratios['uri_by_role']:.1f}",
        floor=f"{ratios['role_by_floor']:.2f}",
        steps=f"{ratios['role_by_steps']:.2f}",
        limit=f"{ratios['role_by_limit']:.2f}",
        growth=f"{ratios['role_at_10000_by_1000']:.2f}",
        latency=" and ".join(f"{times:.2f} (at {accounts:,} accounts)" for accounts, times in sorted(waiting.items())),
        capacity=f"{simulator['calls_per_cpu_second']:,.0f}",
        asked=f"{simulator['most_calls_per_second_by_ansible']:,.0f}",
    )
    text = page.read_text(encoding="utf-8")
    page.write_text(_FIGURES.sub(lambda _old: f"{_HEAD}{rows}\n{tail}\n", text), encoding="utf-8")


def _waited(median: dict[str, Any]) -> bool:
    return median["way"] == "role" and "by_latency" in median


def _row(median: dict[str, Any]) -> str:
    cells = (
        f"{median['accounts']:,}",
        f"{1000 * median['latency']:.0f} ms",
        median["way"],
        median["rounds"],
        f"{median['wall']:,.1f} s",
        f"{1000 * median['wall_per_account']:,.1f} ms",
        f"{median['cpu']:,.1f} s",
        f"{median['memory']:,.0f} MiB",
    )
    return f"| {' | '.join(map(str, cells))} |"

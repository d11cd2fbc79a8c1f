# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of the benchmark for the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TITLES = {
    "uri": "playbook of uri tasks",
    "role": "the role",
    "floor": "as many debug tasks as the role has",
    "steps": "a debug task for each of its six steps",
    "limit": "plain threaded Python",
}


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the time for each account, by way and number of accounts."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "callcenter.passwords"  # the same picture from the same figures
    from matplotlib import pyplot

    medians = [median for median in result["medians"] if not median["latency"]]
    sizes = sorted({median["accounts"] for median in medians})
    figure, axes = pyplot.subplots(figsize=(8, 0.6 + 1.1 * len(sizes) + 0.8))
    names, places = [], []
    place = 0.0
    for size in sizes:
        for way, title in _TITLES.items():
            for median in medians:
                if (median["accounts"], median["way"]) != (size, way):
                    continue
                milliseconds = 1000 * median["wall_per_account"]
                axes.barh(place, milliseconds, color="tab:blue" if way == "role" else "tab:gray")
                axes.text(milliseconds * 1.05, place, f"{milliseconds:,.0f} ms", va="center")
                names.append(f"{title}, {size:,} accounts")
                places.append(place)
                place += 1
        place += 0.7
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xscale("log")
    longest = max(median["wall_per_account"] for median in medians)
    axes.set_xlim(1, 1000 * longest * 4)  # room for its figure
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(f"milliseconds for each account, {result['machine']['cores']} cores (logarithmic)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds up what the judge has seen: the document build/faults.json, and the page made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .floor import Player

FIGURES = ("cases", "lost", "locked", "unresolved", "secrets_leaked")


@dataclass
class Verdict:
    """Sums over the batches played so far."""

    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    rows: dict[str, Counter[str]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    worst: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def add(self, players: Iterable[Player], leaks: Iterable[str] = ()) -> None:
        """Count a batch. A case that did not happen is no case, but a problem."""
        for player in players:
            case = player.case
            kind = self.kinds.setdefault(case.flow.kind, Counter())
            if player.faults:
                self.problems.append({"case": str(case), "host": player.host, "faults": sorted(set(player.faults))})
            if any(fault.startswith("void") for fault in player.faults):
                continue
            kind["cases"] += 1
            kind["lost"] += player.lost
            kind["locked"] += player.locked
            kind["unresolved"] += any(fault.startswith(("unresolved", "not quiet")) for fault in player.faults)
            self.worst[case.flow.kind] = max(self.worst.get(case.flow.kind, 0), player.failing_logins)
            self.rows.setdefault(case.group, Counter())[case.flow.kind] += 1
            self.ends[player.end] += 1
        found = list(leaks)
        if found:
            # A leak is of a run and therefore of all kinds in it; it is counted once for each kind.
            for name in {player.case.flow.kind for player in players}:
                self.kinds[name]["secrets_leaked"] += len(found)
            self.problems.append({"case": "secrets", "faults": found})

    def document(self) -> dict[str, Any]:
        """The content of build/faults.json."""
        kinds = {
            kind: {
                **{name: counts[name] for name in FIGURES},
                "max_consecutive_failing_logins": self.worst.get(kind, 0),
            }
            for kind, counts in sorted(self.kinds.items())
        }
        total = {name: sum(counts[name] for counts in kinds.values()) for name in FIGURES}
        return {
            **total,
            "max_consecutive_failing_logins": max(self.worst.values(), default=0),
            "kinds": kinds,
            "rows": {row: dict(sorted(counts.items())) for row, counts in self.rows.items()},
            "ends": dict(sorted(self.ends.items())),
            "problems": self.problems,
        }

    @property
    def line(self) -> str:
        """The last line that is printed."""
        found = self.document()
        return "cases {cases} lost {lost} locked {locked} unresolved {unresolved} leaked {secrets_leaked}".format(
            **found
        )

    @property
    def is_clean(self) -> bool:
        return not self.problems and bool(self.kinds)


def page(found: Mapping[str, Any]) -> str:
    """The page of the documentation, in reStructuredText."""
    kinds = list(found["kinds"])
    rows = [
        [row, *(str(counts.get(kind, "")) for kind in kinds), str(sum(counts.values()))]
        for row, counts in found["rows"].items()
    ]
    sums = [
        [label, *(str(found["kinds"][kind][name]) for kind in kinds), str(found[name])]
        for label, name in (
            ("**Cases**", "cases"),
            ("**Passwords lost**", "lost"),
            ("**Accounts locked**", "locked"),
            ("**Most wrong logins in a row**", "max_consecutive_failing_logins"),
            ("**Neither finished nor reported**", "unresolved"),
            ("**Secrets shown**", "secrets_leaked"),
        )
    ]
    header = ["What happens", *(f"``{kind}``" for kind in kinds), "together"]
    table = [header, *rows, *sums]
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in table:
        for number, cell in enumerate(cells):
            lines.append(f"   {'*' if number == 0 else ' '} - {cell}".rstrip())
    return PAGE.format(
        table="\n".join(lines), **found, **{f"end_{name}": count for name, count in found["ends"].items()}
    )


PAGE = """..
  Made by make faults. Do not edit.

.. _ansible_collections.callcenter.passwords.docsite.faults:

Interruptions and faults, tried out
===================================

``make faults`` rotates the passwords of a simulated call center with real ``ansible-playbook`` runs. Every host meets an
accident of its own, at a request, at a write of the store, or from other people. After that the plain playbook is run again
until nothing is left to do. The verdict comes from the servers: which passwords are live, which accounts are locked, how
many wrong logins were counted. The store is opened with Ansible Vault and without the collection.

{table}

A password counts as *lost* when it is live and the store does not hold it. Passwords that somebody else has set, or that
are newer than a backup that was restored, cannot be in the store: such a credential must be reported as diverged, or be
repaired by an administrator where that is configured.

"""

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
    people: Counter[str] = field(default_factory=Counter)
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
            self.worst[case.flow.kind] = max(self.worst.get(case.flow.kind, 0), player.failed_logins)
            self.rows.setdefault(case.group, Counter())[case.flow.kind] += 1
            self.ends[player.end] += 1
            self.people["words"] += bool(player.words)
            self.people["enrollments"] += bool(player.enrollments)
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
                "max_consecutive_failed_logins": self.worst.get(kind, 0),
            }
            for kind, counts in sorted(self.kinds.items())
        }
        total = {name: sum(counts[name] for counts in kinds.values()) for name in FIGURES}
        return {
            **total,
            "max_consecutive_failed_logins": max(self.worst.values(), default=0),
            "kinds": kinds,
            "rows": {row: dict(sorted(counts.items())) for row, counts in self.rows.items()},
            "ends": dict(sorted(self.ends.items())),
            "people": {name: self.people[name] for name in ("words", "enrollments")},
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
            ("**Most wrong logins in a row**", "max_consecutive_failed_logins"),
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
    ends = Counter(found["ends"])
    counts = {name: ends[name] for name in ("rotated", "diverged", "unchanged")}
    return PAGE.format(table="\n".join(lines), **counts, **found["people"])


PAGE = """.. Copyright (c) 2026, the callcenter.passwords contributors
   GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later

.. Made by "make faults".

.. _ansible_collections.callcenter.passwords.docsite.faults:

Every fault, tried
==================

``make faults`` rotates the passwords of a simulated call center with real ``ansible-playbook`` runs. Every host meets an
accident of its own: at one of its requests, at a write of the store, or by other people. Then the plain playbook is run
again until nothing is left to do. The verdict comes from the servers: which passwords are live, which accounts are or were
locked, how many wrong logins in a row they have counted. The store is read with Ansible Vault alone.

{table}

Of these cases {rotated} ended with a new password. {diverged} were reported as diverged: somebody else had set a password
that nobody here knows, a backup was restored that is older than the password, a server carried a change out late, or it
called a right password wrong. {unchanged} kept the old password, where a user needs a second factor or may not log in.

In {words} cases two logins had failed, or may have failed, and nothing more was tried until a person did what the message
says: asked for one more login, and in {enrollments} cases then enrolled the right password.

A password is *lost* when it is live and the store does not hold it, unless it was set by somebody else or is newer than
the backup that was restored. Servers lock after three wrong logins (IDaaS: ten). They never forget a wrong login before a
right one comes, except where somebody else changes the password in the middle of a run, or between two runs that were
hurt: there they forget it after the lock window. A lock by a login that a person has asked for is not counted.
"""

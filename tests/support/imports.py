# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who imports whom below plugins, read from the sources. Nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

OURS = "ansible_collections.callcenter.passwords.plugins"

Imports = Mapping[str, frozenset[str]]


def imports_below(plugins: Path) -> Imports:
    """Return what each file imports, wherever the import stands: at the top, in a function, for the type checker.

    Files of this tree are named by their path with dots, ``module_utils._cc.client``; everything else by its full name.
    """
    files = {".".join(path.relative_to(plugins).with_suffix("").parts): path for path in plugins.rglob("*.py")}
    return {
        name: frozenset(
            next((known for known in (f"{base}.{imported}", base, f"{base}.__init__") if known in files), base)
            for base, imported in _imported(ast.parse(path.read_text(encoding="utf-8")), name)
        )
        for name, path in files.items()
    }


def _imported(tree: ast.Module, importer: str) -> Iterator[tuple[str, str]]:
    """Yield each imported module and the name that is taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.removeprefix(OURS + "."), "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = importer.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            yield from ((base.removeprefix(OURS).lstrip("."), alias.name) for alias in node.names)


def below(name: str, place: str) -> bool:
    """Return whether a file or module is this one, or is inside of this package."""
    return f"{name}.".startswith(f"{place}.")


def wrong_arrows(imports: Imports, allowed: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each import that no row allows, and for each file that has no row.

    Args:
        imports: what each file imports.
        allowed: the packages that each package may import. Files of one package may import each other.
    """
    faults = []
    for importer, imported in sorted(imports.items()):
        room = max((room for room in allowed if below(importer, room)), key=len, default=None)
        if room is None:
            if not importer.endswith("__init__"):
                faults.append(f"{importer} is in no row of the table")
            continue
        faults.extend(
            f"{importer} imports {name}"
            for name in sorted(imported & imports.keys())
            if not any(below(name, place) for place in (room, *allowed[room]))
        )
    return faults


def cycle(imports: Imports) -> list[str]:
    """Return the files of a cycle, each importing the next; empty if there is none."""
    try:
        TopologicalSorter({name: sorted(imported & imports.keys()) for name, imported in imports.items()}).prepare()
    except CycleError as exc:
        return list(reversed(exc.args[1]))
    return []

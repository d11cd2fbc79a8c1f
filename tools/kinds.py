# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the literal lists of kinds into line with module_utils/_kinds.py: `make kinds`.

ansible-doc and Galaxy read literals, which cannot derive from anything. So these lists are written by this tool and
compared by tests/unit/plugins/test_kinds.py. It works on lists that it recognizes by their names, and on nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS, REPAIRABLE

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = ", ".join(f"{name}: {kind.csv_column}" for name, kind in KINDS.items())
FAMILIES = {"cc": "the CC-Gateway", "cec": "the CEC", "idaas": "an IDaaS"}
"""What the README calls each action group."""


def _choices(option: str, names: Iterable[str]) -> Callable[[str], str]:
    """Return a function that rewrites the choices of an option, wherever a document describes it."""
    described = re.compile(rf"(^( +){option}:\n(?:\2 .*\n)*?\2  choices: )\[.*\]", re.MULTILINE)
    return lambda text: described.sub(rf"\1[{', '.join(names)}]", text)


def _columns(text: str) -> str:
    inline = re.compile(
        r"(^rotate_enroll_csv_columns: |^ +rotate_enroll_csv_columns:\n(?: +.*\n)*? +default: )\{.*\}", re.MULTILINE
    )
    return inline.sub(rf"\1{{{COLUMNS}}}", text)


def _modules(text: str) -> str:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    for group, family in FAMILIES.items():
        names = ", ".join(f"`{name}`" for name in groups[group])
        text = re.sub(
            rf"^\| Modules for {family} \|.*$", f"| Modules for {family} | {names} |", text, flags=re.MULTILINE
        )
    return text


FILES: dict[str, tuple[Callable[[str], str], ...]] = {
    "plugins/modules/rotation.py": (_choices("kind", KINDS), _choices("repairable", REPAIRABLE)),
    "roles/rotate/meta/argument_specs.yml": (
        _choices("rotate_credentials", KINDS),
        _choices("rotate_only", KINDS),
        _choices("rotate_repair", REPAIRABLE),
        _columns,
    ),
    "roles/rotate/defaults/main.yml": (_columns,),
    "README.md": (_modules,),
}


def stale() -> dict[str, str]:
    """Return the files in which a list does not follow, with the text that they should have."""
    found = {}
    for file, rewrites in FILES.items():
        text = before = (ROOT / file).read_text(encoding="utf-8")
        for rewrite in rewrites:
            text = rewrite(text)
        if text != before:
            found[file] = text
    return found


def main() -> None:
    """Write what does not follow."""
    for file, text in stale().items():
        (ROOT / file).write_text(text, encoding="utf-8")
        print(file)


if __name__ == "__main__":
    main()

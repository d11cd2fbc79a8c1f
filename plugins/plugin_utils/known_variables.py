# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role and the playbooks, by which a misspelled one is found.

Ansible ignores a variable that nobody reads. With ``rotate_host`` for ``rotate_hosts`` everybody would be rotated.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.errors import AnsibleActionFail

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "rotate_"
_OF_PLAYBOOKS = frozenset(
    {"rotate_become", "rotate_connection", "rotate_hosts", "rotate_retire", "rotate_serial"},
)
_SPECIFICATION = Path(__file__).resolve().parents[2] / "roles/rotate/meta/argument_specs.yml"
_ALIKE = 0.75
"""How much two names have in common that are taken for one, from 0 to 1."""

# Read once, when the main process loads the action, and by its lines, since YAML takes its time.
KNOWN = _OF_PLAYBOOKS | set(re.findall(rf"^ +({PREFIX}\w+):", _SPECIFICATION.read_text(encoding="utf-8"), re.MULTILINE))
"""All of them."""


def check_names(names: Iterable[str]) -> list[str]:
    """Return warnings about variables that have no effect.

    Raises:
        AnsibleActionFail: one of them is likely to be misspelled.
    """
    unknown = sorted(name for name in names if name.startswith(PREFIX) and name not in KNOWN)
    by_rest = {name.removeprefix(PREFIX): name for name in KNOWN}
    for name in unknown:
        if alike := difflib.get_close_matches(name.removeprefix(PREFIX), by_rest, n=1, cutoff=_ALIKE):
            raise AnsibleActionFail(
                f"no variable of this collection is called {name}; {by_rest[alike[0]]} is. Correct it, or rename "
                "yours. Nothing was sent"
            )
    return [f"{name} is no variable of this collection and has no effect on it" for name in unknown]

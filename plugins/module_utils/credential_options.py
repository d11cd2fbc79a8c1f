# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the actions that write the store. They stand here because their documentation needs them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._module.argspec import PASSWORD, ArgumentSpec
from ._policy import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping

_CARE: Mapping[str, Any] = {
    "when": {"type": "str", "choices": ["due", "always", "resume"], "default": "due"},
    "max_age_days": {"type": "float", "default": 30},
    "min_age_hours": {"type": "float", "default": 0},
    "max_failing_logins": {"type": "int", "choices": [1, 2], "default": 2},
    "lock_window_minutes": {"type": "float", "default": 30},
    "lease_seconds": {"type": "float", "default": 120},
    "retry_diverged": {"type": "bool", "default": False},
}

_RULES: Mapping[str, Any] = {
    **_CARE,
    "changed_with": {"type": "str", "choices": list(POLICIES)},
    "verified_with": {"type": "str", "choices": list(POLICIES)},
    "repair": {"type": "bool", "default": False},
    "repair_with": {"type": "str", "choices": list(POLICIES)},
    "repair_host": {"type": "str"},
    "repair_policy": {"type": "dict", "default": {}},
}

_CREDENTIAL = ArgumentSpec(
    {
        "kind": {"type": "str", "choices": list(POLICIES), "required": True},
        "host": {"type": "str"},
        "store_path": {"type": "path", "required": True},
        "vault_id": {"type": "str"},
        "intent": {"type": "str", "choices": ["rotate", "verify", "enroll"], "default": "rotate"},
        "identifiers": {"type": "list", "elements": "str", "default": []},
        "policy": {"type": "dict", "default": {}},
        "password": PASSWORD,
        "replace": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": True},
    },
    required_if=(("intent", "enroll", ("password",)),),
)

ARGUMENTS = _CREDENTIAL + ArgumentSpec(
    {
        "state": {
            "type": "str",
            "choices": ["planned", "staged", "committed", "failed", "verified", "enrolled"],
            "required": True,
        },
        "rules": {
            "type": "dict",
            "options": _RULES,
            "apply_defaults": True,
            "required_together": [("repair_with", "repair_host")],
        },
        "obstacle": {"type": "str"},
        "rotation": {"type": "dict"},
        "step": {"type": "str", "choices": ["plan", "log_in", "stage", "change", "repair", "verify", "commit"]},
        "result": {"type": "dict"},
        "change": {"type": "dict", "default": {}},
    },
    required_if=(
        ("state", "staged", ("rotation", "result")),
        ("state", "committed", ("rotation",)),
        ("state", "failed", ("step", "result")),
        ("state", "enrolled", ("password",)),
    ),
)
"""Options of one transition."""

ROTATION_ARGUMENTS = _CREDENTIAL + ArgumentSpec(
    {
        "rules": {"type": "dict", "options": _CARE, "apply_defaults": True},
        "account": {"type": "dict", "default": {}},
        "repairable": {"type": "list", "elements": "str", "choices": ["cc_agent", "idaas"], "default": []},
        "repair_host": {"type": "str"},
        "repair_account": {"type": "dict", "default": {}},
        "variables": {"type": "raw"},
    }
)
"""Options of all steps together."""

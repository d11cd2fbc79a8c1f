# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password rules the gateway enforces itself ('Changing the Password (Extended)', Description)."""

from __future__ import annotations

import itertools

SHORTEST, LONGEST = 8, 32
PIECE = 3
CLASSES = 3


def right_length(password: str) -> bool:
    return SHORTEST <= len(password) <= LONGEST


def classes(password: str) -> int:
    kinds = {
        "upper" if char.isupper() else "lower" if char.islower() else "digit" if char.isdecimal() else "special"
        for char in password
    }
    return len(kinds)


def _longest_run(password: str) -> int:
    return max(len(list(group)) for _character, group in itertools.groupby(password))


def follows_policy(password: str, agent_id: str, identical_run: int) -> bool:
    """Whether an agent may have this password, its history aside."""
    pieces = (agent_id[start : start + PIECE] for start in range(len(agent_id) - PIECE + 1))
    return (
        right_length(password)
        and _longest_run(password) < identical_run
        and classes(password) >= CLASSES
        and not any(piece in password for piece in pieces)
    )

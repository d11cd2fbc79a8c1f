# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task's module would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

_LOCAL_CONNECTIONS = frozenset({"local", "ansible.builtin.local"})


def runs_here(action: ActionBase) -> bool:
    """Whether this task's module would run on the controller, as the controller's own user and in its environment."""
    task = action._task
    return action._connection.ansible_name in _LOCAL_CONNECTIONS and not task.become and not any(task.environment or ())

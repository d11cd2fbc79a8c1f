# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task tells people besides its result: a line on the run's standard error, without -v.

Ansible's own display would hand the line from the worker to the main process, where the thread that writes it ends, and
the run waits for ever, once nobody reads any more: a pipe into head, a full disk. A line of this file is then lost.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ansible import constants

if TYPE_CHECKING:
    from ansible.utils.display import Display

# A copy, made in the main process, since a worker's own one leads nowhere.
try:
    _STDERR = os.dup(2)
except OSError:  # it is closed
    _STDERR = -1


def say(line: str, display: Display) -> None:
    """Show a line, and write it into Ansible's log where there is one."""
    if constants.config.get_config_value("DEFAULT_LOG_PATH"):
        display.display(line, log_only=True)
    with contextlib.suppress(OSError):
        os.write(_STDERR, f"{line}\n".encode(errors="replace"))

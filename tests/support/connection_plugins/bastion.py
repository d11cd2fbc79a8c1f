# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection that behaves like `local` under another name, and prints answers as `ssh` does. For the integration tests only."""

from __future__ import annotations

from typing import Any

from ansible.plugins.connection.local import Connection as Local
from ansible.utils.display import Display

DOCUMENTATION = """
name: bastion
short_description: Local under another name
description: For the integration tests.
author: callcenter.passwords contributors (!UNKNOWN)
extends_documentation_fragment: connection_pipelining
"""


class Connection(Local):
    transport = "bastion"

    def exec_command(self, *args: Any, **options: Any) -> Any:
        answer = super().exec_command(*args, **options)
        Display().vvv(str(answer))
        return answer

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection that behaves like `local` under another name, as `ssh` to the bastion would. For the integration tests only."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: bastion
short_description: Local under another name
description: For the integration tests.
author: callcenter.passwords contributors (!UNKNOWN)
extends_documentation_fragment: connection_pipelining
"""


class Connection(Local):
    transport = "bastion"

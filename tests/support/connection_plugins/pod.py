# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection that cannot pipeline, like paramiko or one to a container. For the integration tests only."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: pod
short_description: Local without pipelining
description: For the integration tests.
author: callcenter.passwords contributors (!UNKNOWN)
"""


class Connection(Local):
    transport = "pod"
    has_pipelining = False

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the CC-Gateway modules. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the CC-Gateway modules; their argument specs are in module_utils/_cc/accounts.py."""

    DOCUMENTATION = r"""
options:
  gateway_url:
    description:
      - Base URL of the CC-Gateway, C(https://host:port). The documented HTTPS port is 8043.
    type: str
    required: true
  agent_id_max:
    description:
      - Highest number of an agent or administrator that the gateway accepts.
      - The gateway's documentation of 2023 says 59999, that of 2025 says 999999.
    type: int
    default: 59999
"""

    AGENT = r"""
options:
  agent_id:
    description:
      - The agent's work number, 101 to O(agent_id_max).
    type: int
    required: true
  phone_number:
    description:
      - Number of the softphone to sign in with, 1 to 24 digits. Needed wherever the module signs the agent in.
      - It must be in the range configured on the gateway and not in use by another agent.
    type: str
  agent_type:
    description:
      - V(4) for PC and phone, V(11) for PC and video phone.
    type: int
    choices: [4, 11]
    default: 4
  sign_in_parameters:
    description:
      - Further fields of the sign-in request, added to or replacing the defaults of this collection.
      - The defaults sign in quietly, so that no call reaches the agent - C(status) 3 (busy), C(autoanswer) false,
        C(autoenteridle) false, C(releasephone) true, C(checkInWebm) false.
      - C(checkInWebm) is not in the gateway's documentation; the vendor's own client sends it.
    type: dict
    default: {}
  take_over:
    description:
      - Sign in even when the agent is signed in elsewhere. The running session ends, perhaps in the middle of a call.
    type: bool
    default: false
"""

    SESSION = r"""
options:
  guid:
    description:
      - Session id of a login that the caller holds already. Where the gateway has lost it, a change or a query logs in
        by itself if it has the password.
    type: str
  cookies:
    description:
      - Cookies that came with O(guid). Gateways behind a load balancer need them.
    type: dict
"""

    ADMINISTRATOR = r"""
options:
  admin_id:
    description:
      - Agent number of a configuration administrator, 1 to O(agent_id_max).
      - Give either O(admin_id) or O(vdn_id).
    type: int
  vdn_id:
    description:
      - Number of a VDN, 1 to 99999, to log in as its configuration administrator.
    type: int
  vdn_offset:
    description:
      - What is added to O(vdn_id) for the login. The documentation of 2023 says 100000, the newest 1000000.
    type: int
    choices: [100000, 1000000]
    default: 100000
notes:
  - Many hosts may log in as the same administrator, so a run does not present a password again that was refused or
    answered with a lock, or left without an answer twice. Nothing is sent then, and the task fails with the outcome
    V(access_denied). The first login of a run with a password is made alone; the tasks of other hosts wait for its
    verdict.
  - A call that comes with a session alone is no login. With a session and a password it may be one.
"""

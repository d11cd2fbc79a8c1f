# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the CC-Gateway modules. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the CC-Gateway modules; their argument specs are in module_utils/cc_options.py."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.28
options:
  gateway_url:
    description:
      - Base URL of the CC-Gateway, C(https://host:port). The documented HTTPS port is 8043.
    type: str
    required: true
  ca_path:
    description:
      - PEM file with the CA certificates that have signed the gateway's certificate.
      - Without it the system's and Python's own certificates are trusted, or what E(REQUESTS_CA_BUNDLE) names.
    type: path
  validate_certs:
    description:
      - Verify the gateway's certificate. Switching this off shows every password to whoever sits in between.
    type: bool
    default: true
  allow_http:
    description:
      - Accept a URL with C(http). Passwords then cross the network in clear text.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the connection, for each part of the answer and for the whole of it; 1 to 300.
      - Nothing is ever sent a second time after a time-out.
    type: float
    default: 20
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
  guid:
    description:
      - Session id of a sign-in that the caller holds already.
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
"""

    CHANGE = r"""
options:
  old_password:
    description:
      - The password that works now. A string; numbers must be quoted.
    type: raw
    required: true
  new_password:
    description:
      - The password that shall work. A string; numbers must be quoted.
      - Checked against O(policy) before anything is sent.
    type: raw
    required: true
  policy:
    description:
      - Rules of this tenant that differ from the documented ones.
      - The rules are C(min_length) (8), C(max_length) (32), C(min_classes) (how many of upper-case letters, lower-case
        letters, digits and specials), C(specials) (accepted specials; empty accepts all printable ones),
        C(max_identical) (longest run of one character) and C(identifier_piece) (from how many characters on a piece of
        the account's number is refused; 0 for never). C(generated_length) and C(generated_specials) matter only where a
        password is generated.
    type: dict
    default: {}
  probe_new_password:
    description:
      - When the old password is wrong, log in once with the new one to see whether it is in place already.
      - This makes the task idempotent, at the price of a second wrong login where neither password works.
    type: bool
    default: true
"""

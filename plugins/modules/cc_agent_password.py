#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_agent_password
short_description: Change an agent's platform password on a CC-Gateway
version_added: 0.1.0
description:
  - Signs the agent in quietly, changes the password (C(modifyaccountpwdex)) and signs out, in one call.
  - The wanted state is that the new password works. When the old password is wrong and the new one works, nothing is
    changed.
  - An agent that is signed in already is left alone and the task fails with RV(outcome=signed_in); run it again later.
  - The gateway has no code of its own for a wrong old password, the history or the policy. Where its answer leaves open
    whether the password was changed, RV(outcome) is V(unknown).
options:
  aicc_workbench:
    description:
      - Says that the agents of this tenant sign in through the AICC workbench. The gateway does not pass a changed
        password on to it, and its documentation forbids this change there, so the module then refuses.
    type: bool
    default: false
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.agent
  - callcenter.passwords.gateway.session
  - callcenter.passwords.change
  - callcenter.passwords.change.new_password
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cc
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
seealso:
  - module: callcenter.passwords.cc_agent_login
    description: Verify the new password with a fresh sign-in.
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Change the password of agent 1001
  callcenter.passwords.cc_agent_password:
    gateway_url: https://gateway.example.com:8043
    agent_id: 1001
    phone_number: "40001"
    old_password: "{{ lookup('ansible.builtin.env', 'OLD_PASSWORD') }}"
    new_password: "{{ lookup('ansible.builtin.env', 'NEW_PASSWORD') }}"

- name: The same for many agents of one gateway, which asks for longer passwords
  module_defaults:
    group/callcenter.passwords.cc:
      gateway_url: https://gateway.example.com:8043
      ca_path: /etc/pki/gateway-ca.pem
  block:
    - name: Change the password
      callcenter.passwords.cc_agent_password:
        agent_id: "{{ agent_id }}"
        phone_number: "{{ phone_number }}"
        old_password: "{{ old_password }}"
        new_password: "{{ new_password }}"
        policy:
          min_length: 12
"""

RETURN = r"""
outcome:
  description:
    - V(changed) - the server says that it changed the password. Confirm it with a login.
    - V(unchanged) - the new password was in place already.
    - V(password_rejected) - the server refused the new one.
    - V(wrong_password), V(locked), V(signed_in), V(access_denied), V(unreachable), V(session_lost) - for
      this reason the server did not change it, or nothing was sent; see RV(change_sent).
    - V(unknown) - no answer that can be understood; the task is both failed and changed. Keep both passwords and find
      out with a login.
    - Absent when an option was refused and nothing was tried.
  returned: when a change was decided
  type: str
  sample: changed
change_sent:
  description:
    - Whether the request to change the password may have left this machine. Where it is false nothing was changed for
      certain.
  returned: when a change was decided
  type: bool
  sample: true
session_open:
  description: The session in which the change was sent could not be ended. The gateway ends it by itself.
  returned: when it could not be ended
  type: bool
  sample: true
login:
  description: Outcome of the last login of this task; see the login modules. Empty when no login was needed.
  returned: when a change was decided
  type: str
  sample: ok
code:
  description: The server's code, or the HTTP status where it gave none. Empty where no answer came.
  returned: when a change was decided
  type: str
  sample: "0"
failed_logins:
  description: How many failed logins this task may have cost, 0 to 2.
  returned: when a change was decided
  type: int
  sample: 0
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the password was changed
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cc.accounts import (
    AGENT,
    GATEWAY,
    AgentAccount,
    given_session,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import (
    CHANGE,
    change,
    change_logins,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    return change("cc_agent", lambda: AgentAccount.of(params), params, check_mode, session=given_session(params))


OPERATION = Operation(
    GATEWAY + AGENT + CHANGE + ArgumentSpec({"aicc_workbench": {"type": "bool", "default": False}}),
    run,
    changes=True,
    logins=lambda params: change_logins(server_of(params["gateway_url"]), params),
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_agent_reset
short_description: Give an agent a temporary password as the configuration administrator
version_added: 0.1.0
description:
  - Logs in as configuration administrator, reads the agent's record and writes it back with a password of exactly eight
    characters. The gateway is expected to demand a change at the agent's next sign-in.
  - This is the way out when nobody knows an agent's password any more. Change the temporary password soon with
    M(callcenter.passwords.cc_agent_password).
  - B(Not proven on a real gateway.) The request is not in the public documentation; it is inferred from those for the
    neighboring resources. Try it on a test agent first.
options:
  agent_id:
    description:
      - The agent's work number.
    type: int
    required: true
  password:
    description:
      - The administrator's password. A string; numbers must be quoted. Needed where there is no usable O(guid).
    type: raw
  new_password:
    description:
      - The temporary password, exactly eight characters. A string; numbers must be quoted.
    type: raw
    required: true
  check_policy:
    description:
      - Check O(new_password) before anything is sent. V(false) for a password that was checked when it was generated,
        as the rotation's candidates are.
    type: bool
    default: true
  full_record:
    description:
      - Read the agent's record first and send all of it back. Without it only the password is sent, and where the
        gateway has lost O(guid) the task fails.
    type: bool
    default: true
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.gateway.administrator
  - callcenter.passwords.gateway.session
  - callcenter.passwords.connection
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cc
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Every run sets the password.
  action:
    support: full
seealso:
  - module: callcenter.passwords.cc_agent_password
  - module: callcenter.passwords.cc_agent_info
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Give agent 1001 a temporary password
  callcenter.passwords.cc_agent_reset:
    gateway_url: https://gateway.example.com:8043
    vdn_id: 7
    password: "{{ lookup('ansible.builtin.env', 'VDN_PASSWORD') }}"
    agent_id: 1001
    new_password: "{{ lookup('ansible.builtin.env', 'TEMPORARY_PASSWORD') }}"
"""

RETURN = r"""
outcome:
  description:
    - V(changed) - the server says that it changed the password. Confirm it with a login.
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
login:
  description:
    - Outcome of the administrator's login; see M(callcenter.passwords.cc_config_login). Empty when none was needed.
  returned: when a change was decided
  type: str
  sample: ok
code:
  description: The server's code, or the HTTP status where it gave none. Empty where no answer came.
  returned: when a change was decided
  type: str
  sample: "0"
failed_logins:
  description: How many failed logins this task may have cost, 0 or 1.
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
    ADMINISTRATOR,
    GATEWAY,
    SESSION,
    ManagedAgent,
    administrator_login,
    given_session,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import check_new_password
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.password_change import change_password
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    change_result,
    predicted_change,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    agent, password, new = check_all(
        lambda: ManagedAgent.of(params),
        lambda: None if params["password"] is None else password_option(params, "password"),
        lambda: check_new_password("cc_agent", params, by_repair=True),
    )
    if check_mode:
        return predicted_change()
    return change_result(change_password(agent, password, new, session=given_session(params), by_parent=True))


OPERATION = Operation(
    GATEWAY
    + ADMINISTRATOR
    + SESSION
    + ArgumentSpec(
        {
            "agent_id": {"type": "int", "required": True},
            "password": PASSWORD,
            "new_password": {**PASSWORD, "required": True},
            "check_policy": {"type": "bool", "default": True},
            "full_record": {"type": "bool", "default": True},
        },
        required_one_of=(("password", "guid"),),
    ),
    run,
    changes=True,
    logins=lambda params: [] if params["password"] is None else [administrator_login(params)],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

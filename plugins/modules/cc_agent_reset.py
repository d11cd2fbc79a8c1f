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
    neighbouring resources. Try it on a test agent first.
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
  guid:
    description:
      - Session id from M(callcenter.passwords.cc_config_login). When the gateway has lost it and O(password) is
        given, the module logs in by itself.
    type: str
  new_password:
    description:
      - The temporary password, exactly eight characters. A string; numbers must be quoted.
    type: raw
    required: true
  full_record:
    description:
      - Read the agent's record first and send all of it back. Without it only the password is sent.
    type: bool
    default: true
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.gateway.administrator
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
    - V(changed) - the server says that it changed the password. Believe it after a login with the new one.
    - V(refused) - nothing was changed.
    - V(unknown) - the request was sent and no readable answer came; the task is both failed and changed. Keep both
      passwords and find out with a login.
    - Absent when an option was refused and nothing was tried.
  returned: when a change was decided
  type: str
  sample: changed
login:
  description:
    - Outcome of the administrator's login; see M(callcenter.passwords.cc_config_login). Empty when none was needed.
  returned: when a change was decided
  type: str
  sample: ok
code:
  description: The server's code, where one was readable.
  returned: when a change was decided
  type: str
  sample: "0"
failing_logins:
  description: How many wrong logins this task may have cost, 0 or 1.
  returned: when a change was decided
  type: int
  sample: 0
password_refused:
  description: The gateway definitely refused the temporary password.
  returned: when a change was decided
  type: bool
  sample: false
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
    ManagedAgent,
    administrator_login,
    given_session,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.password_change import change_password
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    change_result,
    predicted_change,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import (
    CC_AGENT_TEMPORARY,
    Context,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    agent, password, new = check_all(
        lambda: ManagedAgent.of(params),
        lambda: None if params["password"] is None else password_option(params, "password"),
        lambda: password_option(params, "new_password"),
    )
    faults = CC_AGENT_TEMPORARY.violations(new, Context(identifiers=[str(params["agent_id"])]))
    if faults:
        raise InputError("new_password cannot be a temporary password: " + ", ".join(faults))
    if check_mode:
        return predicted_change()
    return change_result(change_password(agent, password, new, session=given_session(params), probe_new=False))


OPERATION = Operation(
    GATEWAY
    + ADMINISTRATOR
    + ArgumentSpec(
        {
            "agent_id": {"type": "int", "required": True},
            "password": PASSWORD,
            "guid": {"type": "str", "no_log": True},
            "new_password": {**PASSWORD, "required": True},
            "full_record": {"type": "bool", "default": True},
        },
        required_one_of=(("password", "guid"),),
    ),
    run,
    changes=True,
    logins=lambda params: [] if params["password"] is None else [administrator_login(params)],
)


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(OPERATION.arguments.options), supports_check_mode=True, **OPERATION.arguments.rules()
    )
    finish(module, OPERATION)


if __name__ == "__main__":
    main()

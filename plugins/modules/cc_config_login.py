#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_config_login
short_description: Log in to a CC-Gateway as configuration administrator
version_added: 0.1.0
description:
  - Logs in with the configuration interface's own authentication (called C5 in its documentation) and returns the
    session id that later configuration calls carry.
  - With O(verify_only) it returns only the verdict on the password.
  - The interface has no logout; the gateway ends the session by itself.
options:
  password:
    description:
      - The administrator's password; for a VDN the password for connecting to the VDN. A string; numbers must be
        quoted.
    type: raw
    required: true
  verify_only:
    description:
      - Return no session id, only whether the password is right.
    type: bool
    default: false
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.administrator
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cc
  - callcenter.passwords.attributes.login
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Each run opens a new session, which the gateway does not count as a change.
  action:
    support: full
seealso:
  - module: callcenter.passwords.cc_config_password
  - module: callcenter.passwords.cc_agent_info
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Log in as configuration administrator 101
  callcenter.passwords.cc_config_login:
    gateway_url: https://gateway.example.com:8043
    admin_id: 101
    password: "{{ lookup('ansible.builtin.env', 'ADMINISTRATOR_PASSWORD') }}"
  register: administrator

- name: Does the password of VDN 7 still work?
  callcenter.passwords.cc_config_login:
    gateway_url: https://gateway.example.com:8043
    vdn_id: 7
    password: "{{ lookup('ansible.builtin.env', 'VDN_PASSWORD') }}"
    verify_only: true
"""

RETURN = r"""
outcome:
  description:
    - What the login proved.
    - V(ok) - the password is right.
    - V(ok_restricted) - the password is right and must be changed now.
    - V(wrong_password) - the password is wrong.
    - V(locked) - the account is locked; nothing is known about the password.
    - V(signed_in) - the agent is signed in elsewhere; nothing is known about the password.
    - V(access_denied) - this caller, its address or a parameter was refused; nothing is known about the password.
    - V(unreachable) - nothing was sent.
    - V(unknown) - sent, but no answer that can be understood.
    - Absent when an option was refused and nothing was tried.
  returned: when a login was decided
  type: str
  sample: ok
code:
  description: The server's code, or the HTTP status where it gave none. Empty where no answer came.
  returned: when a login was decided
  type: str
  sample: "0"
failed_logins:
  description: How many failed logins this task may have cost, 0 or 1.
  returned: when a login was decided
  type: int
  sample: 0
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the password is right
guid:
  description:
    - Session id for later calls. A secret - the whole result is hidden from output while it holds one, but stays usable
      where it is registered.
  returned: success, unless O(verify_only) or in check mode
  type: str
  sample: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.AgentGateway1
cookies:
  description: Cookies that belong to RV(guid). Secrets too.
  returned: together with RV(guid)
  type: dict
  sample: {}
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cc.accounts import (
    ADMINISTRATOR,
    GATEWAY,
    AdministratorAccount,
    administrator_login,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    login_result,
    predicted_login,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    account, password = check_all(lambda: AdministratorAccount.of(params), lambda: password_option(params, "password"))
    if check_mode:
        return predicted_login()
    session = account.log_in(password)
    if params["verify_only"]:
        return login_result("the password is right")
    return login_result("logged in", guid=session.guid, cookies=dict(session.cookies))


OPERATION = Operation(
    GATEWAY
    + ADMINISTRATOR
    + ArgumentSpec(
        {
            "password": {**PASSWORD, "required": True},
            "verify_only": {"type": "bool", "default": False},
        }
    ),
    run,
    secret_results=("guid", "cookies"),
    logins=lambda params: [administrator_login(params)],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_config_password
short_description: Change a configuration administrator's own password on a CC-Gateway
version_added: 0.1.0
description:
  - Logs in as configuration administrator and changes that administrator's own password (C(resetConfigAdminPwd)).
  - The wanted state is that the new password works. When the old password is wrong and the new one works, nothing is
    changed.
  - The gateway documents this change for VDNs that demand a new password after initialisation.
options:
  guid:
    description:
      - Session id of a login that the caller holds already. When the gateway has lost it, the module logs in by itself.
    type: str
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.administrator
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
  - module: callcenter.passwords.cc_config_login
    description: Verify the new password with a fresh login.
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Change the password of configuration administrator 101
  callcenter.passwords.cc_config_password:
    gateway_url: https://gateway.example.com:8043
    admin_id: 101
    old_password: "{{ lookup('ansible.builtin.env', 'OLD_PASSWORD') }}"
    new_password: "{{ lookup('ansible.builtin.env', 'NEW_PASSWORD') }}"
"""

RETURN = r"""
outcome:
  description:
    - V(changed) - the gateway says that it changed the password. Believe it after a login with the new one.
    - V(unchanged) - the new password was in place already.
    - V(refused) - nothing was changed.
    - V(unknown) - the request was sent and no readable answer came; the task is both failed and changed. Keep both
      passwords and find out with a login.
    - Absent when an option was refused and nothing was tried.
  returned: when a change was decided
  type: str
  sample: changed
login:
  description: Outcome of the last login of this task; see the login modules. Empty when no login was needed.
  returned: when a change was decided
  type: str
  sample: ok
code:
  description: The gateway's C(retcode), where one was readable.
  returned: when a change was decided
  type: str
  sample: "0"
failing_logins:
  description: How many wrong logins this task may have cost, 0 to 2.
  returned: when a change was decided
  type: int
  sample: 0
password_refused:
  description: The old password works and the gateway definitely refused the new one.
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
    AdministratorAccount,
    administrator_login,
    given_session,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import CHANGE, change
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    return change(
        "cc_config",
        lambda: AdministratorAccount.of(params),
        [str(params["admin_id"] or params["vdn_id"])],
        params,
        check_mode,
        session=given_session(params),
    )


def _logins(params: Mapping[str, Any]) -> list[Login]:
    old = administrator_login(params, "old_password", becomes="new_password")
    return [old, administrator_login(params, "new_password")] if params["probe_new_password"] else [old]


OPERATION = Operation(
    GATEWAY + ADMINISTRATOR + CHANGE + ArgumentSpec({"guid": {"type": "str", "no_log": True}}),
    run,
    changes=True,
    logins=_logins,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(OPERATION.arguments.options), supports_check_mode=True, **OPERATION.arguments.rules()
    )
    finish(module, OPERATION)


if __name__ == "__main__":
    main()

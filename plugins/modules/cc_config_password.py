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
  - The gateway documents this change for VDNs that demand a new password when they are new.
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.administrator
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
    ADMINISTRATOR,
    GATEWAY,
    SESSION,
    AdministratorAccount,
    administrator_login,
    given_session,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import CHANGE, change
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    return change(
        "cc_config", lambda: AdministratorAccount.of(params), params, check_mode, session=given_session(params)
    )


def _logins(params: Mapping[str, Any]) -> list[Login]:
    old = administrator_login(params, "old_password", becomes="new_password")
    return [old, administrator_login(params, "new_password")] if params["probe_new_password"] else [old]


OPERATION = Operation(
    GATEWAY + ADMINISTRATOR + SESSION + CHANGE,
    run,
    changes=True,
    logins=_logins,
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

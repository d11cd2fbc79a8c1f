#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cec_login_check
short_description: Check the password of a CEC business account
version_added: 0.1.0
description:
  - Asks the CEC whether a business account's password is right (C(queryAgentLoginParams)), without any sign-in.
  - The CEC's answer holds the account's platform password and SIP password. This module never returns them.
options:
  password:
    description:
      - The business account's password. A string; numbers must be quoted.
    type: raw
    required: true
extends_documentation_fragment:
  - callcenter.passwords.cec
  - callcenter.passwords.cec.management
  - callcenter.passwords.connection
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cec
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
notes:
  - RV(outcome) is V(ok) when the password is right; with any other outcome the task fails.
  - Whether a wrong password counts towards the account's lock is not documented. It is counted here.
seealso:
  - module: callcenter.passwords.cec_account_password
  - module: callcenter.passwords.cec_sip_login
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Does the password still work?
  callcenter.passwords.cec_login_check:
    cec_url: https://service.besclouds.com
    app_key: "{{ app_key }}"
    app_secret: "{{ app_secret }}"
    account: user.1001
    password: "{{ lookup('callcenter.passwords.secret', 'person-1001', 'cec_account', store_path='/srv/passwords') }}"
"""

RETURN = r"""
outcome:
  description:
    - What the login proved.
    - V(ok) - the password is right.
    - V(ok_restricted) - the password is right, but the account is restricted; see RV(msg).
    - V(wrong_password) - the password is wrong.
    - V(locked) - the account is locked; nothing is known about the password.
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
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cec.accounts import (
    MANAGEMENT,
    BusinessAccount,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    login_result,
    predicted_login,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    account, password = check_all(lambda: BusinessAccount.of(params), lambda: password_option(params, "password"))
    if check_mode:
        return predicted_login()
    account.log_in(password)
    return login_result("the password is right")


OPERATION = Operation(
    MANAGEMENT + ArgumentSpec({"password": {**PASSWORD, "required": True}}),
    run,
    token_from="cec_token",
    logins=lambda params: [Login(server_of(params["cec_url"]))],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

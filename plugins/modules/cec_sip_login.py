#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cec_sip_login
short_description: Verify the password of an agent's SIP phone
version_added: 0.1.0
description:
  - Finds out whether a SIP phone's password is right - at the registrar (O(registrar)) by a REGISTER with digest
    authentication and without Contact, which leaves no registration behind; otherwise by asking the CEC.
  - A registrar is the better witness, because it is where the phone signs in.
options:
  password:
    description:
      - The SIP phone's password. A string; numbers must be quoted.
    type: raw
    required: true
extends_documentation_fragment:
  - callcenter.passwords.cec
  - callcenter.passwords.cec.management
  - callcenter.passwords.cec.sip_phone
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
seealso:
  - module: callcenter.passwords.cec_sip_password
  - module: callcenter.passwords.cec_login_check
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Does the phone's password still work?
  callcenter.passwords.cec_sip_login:
    cec_url: https://service.besclouds.com
    app_key: "{{ app_key }}"
    app_secret: "{{ app_secret }}"
    account: user.1001
    registrar: sips:pbx.example.com
    sip_user: "88801001"
    password: "{{ lookup('callcenter.passwords.secret', 'person-1001', 'cec_sip', store_path='/srv/passwords') }}"
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
account_login:
  description: Outcome of the last login to the business account, whose lock it counts for. Empty when none was needed.
  returned: when the business account was needed
  type: str
  sample: ok
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
    SIP_PHONE,
    SipPhone,
    phone_login,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    api_failure,
    login_result,
    predicted_login,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    phone, password = check_all(lambda: SipPhone.of(params), lambda: password_option(params, "password"))
    if check_mode:
        return predicted_login()
    try:
        phone.verify(password)
    except ApiError as exc:
        return {**api_failure(exc), "account_login": phone.account_login}
    return login_result("the password is right", account_login=phone.account_login)


OPERATION = Operation(
    MANAGEMENT + SIP_PHONE + ArgumentSpec({"password": {**PASSWORD, "required": True}}),
    run,
    token_from="cec_token",
    logins=lambda params: [phone_login(params)],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

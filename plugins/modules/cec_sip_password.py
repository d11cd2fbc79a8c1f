#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cec_sip_password
short_description: Change the password of an agent's SIP phone
version_added: 0.1.0
description:
  - Changes the password of a business account's SIP phone (C(updateSipPhonePassword)). The CEC wants the account's
    password for that, and not the phone's old one, so a lost SIP password can be replaced.
  - The wanted state is that the new password works. It is tried first, and when it works nothing is changed.
options:
  account_password:
    description:
      - Password of the business account. A string; numbers must be quoted.
      - Every wrong one counts towards the account's lock, three lock it for 30 minutes.
    type: raw
    required: true
  verify_account_password:
    description:
      - Log in with the account's password before the change, so that a refusal is surely about the new SIP password.
        V(false) right after such a login.
    type: bool
    default: true
extends_documentation_fragment:
  - callcenter.passwords.cec
  - callcenter.passwords.cec.management
  - callcenter.passwords.cec.sip_phone
  - callcenter.passwords.change.new_password
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
  - module: callcenter.passwords.cec_sip_login
  - module: callcenter.passwords.cec_account_password
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Change the password of a SIP phone
  callcenter.passwords.cec_sip_password:
    cec_url: https://service.besclouds.com
    app_key: "{{ app_key }}"
    app_secret: "{{ app_secret }}"
    account: user.1001
    account_password: >-
      {{ lookup('callcenter.passwords.secret', 'person-1001', 'cec_account', store_path='/srv/passwords') }}
    registrar: sips:pbx.example.com
    sip_user: "88801001"
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
  description: Outcome of the login to the business account. Empty when none was needed.
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
account_login:
  description: Outcome of the last login to the business account, whose lock it counts for. Empty when none was needed.
  returned: when the business account was needed
  type: str
  sample: ok
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the password was changed
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cec.accounts import (
    MANAGEMENT,
    SIP_PHONE,
    SipPhone,
    phone_login,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._cec.client import LoginParameters
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
    password_option,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import (
    NEW_PASSWORD,
    check_new_password,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.password_change import (
    Change,
    change_password,
    change_unless_in_place,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import (
    Result,
    change_result,
    predicted_change,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    phone, account_password, new = check_all(
        lambda: SipPhone.of(params),
        lambda: password_option(params, "account_password"),
        lambda: check_new_password("cec_sip", params),
    )
    if check_mode:
        return predicted_change()

    def change() -> Change:
        proved = None if params["verify_account_password"] else LoginParameters()
        return change_password(phone, account_password, new, session=proved, by_parent=True)

    made = change_unless_in_place(lambda: phone.verify(new), change) if params["probe_new_password"] else change()
    return {**change_result(made), "login": phone.account_login, "account_login": phone.account_login}


def _logins(params: Mapping[str, Any]) -> list[Login]:
    probed = [phone_login(params)] if params["probe_new_password"] else []
    return probed + [Login(server_of(params["cec_url"]))] * params["verify_account_password"]


OPERATION = Operation(
    MANAGEMENT
    + SIP_PHONE
    + NEW_PASSWORD
    + ArgumentSpec(
        {
            "account_password": {**PASSWORD, "required": True},
            "verify_account_password": {"type": "bool", "default": True, "no_log": False},
        }
    ),
    run,
    changes=True,
    token_from="cec_token",
    logins=_logins,
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: idaas_login
short_description: Log a user of an IDaaS in
version_added: 0.1.0
description:
  - Logs in with a password (C(sdk/login)) and returns what the IDaaS says of it - the status, the tokens and, where the
    password is about to expire or has expired, the rules for the new one.
  - There is no logout without a signature key; a further session stands in nobody's way and ends by itself.
options:
  password:
    description:
      - The user's password. A string; numbers must be quoted.
    type: raw
    required: true
  verify_only:
    description:
      - Return no tokens, only the verdict.
    type: bool
    default: false
extends_documentation_fragment:
  - callcenter.passwords.idaas
  - callcenter.passwords.idaas.user
  - callcenter.passwords.idaas.login
  - callcenter.passwords.attributes.login
  - callcenter.passwords.connection
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_idaas
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Each run opens a new session, which the IDaaS does not count as a change.
  action:
    support: full
seealso:
  - module: callcenter.passwords.idaas_password
  - module: callcenter.passwords.idaas_user_password
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Does the password still work?
  callcenter.passwords.idaas_login:
    idaas_url: https://example.bccastle.com
    client_id: "{{ client_id }}"
    user_name: user.1001
    password: "{{ lookup('callcenter.passwords.secret', 'person-1001', 'idaas', store_path='/srv/passwords') }}"
    verify_only: true
"""

RETURN = r"""
status:
  description: The IDaaS's word for the login - V(SUCCESS), V(PASSWORD_WARN), V(PASSWORD_EXPIRED) or V(MFA_AUTH).
  returned: when the password is right
  type: str
  sample: SUCCESS
policy:
  description: The password rules that the IDaaS announced, empty where it announced none.
  returned: when the password is right
  type: dict
  contains:
    min_length:
      description: Fewest characters.
      type: int
      sample: 8
    max_length:
      description: Most characters.
      type: int
      sample: 18
    pattern:
      description: Regular expression that the whole password must match.
      type: str
      sample: ^(?=.*[a-z])(?=.*[A-Z]).{8,18}$
second_factor:
  description: The user needs a second factor, so there is no session and the password cannot be changed unattended.
  returned: when the password is right
  type: bool
  sample: false
id_token:
  description:
    - Token for calls of the logged-in user. A secret - the whole result is hidden from output while it holds one.
  returned: with RV(status=SUCCESS), unless O(verify_only) or in check mode
  type: str
  sample: xxxxxxxx
session_token:
  description: Token for single sign-on. A secret.
  returned: with RV(status=SUCCESS), unless O(verify_only) or in check mode
  type: str
  sample: xxxxxxxx
state_token:
  description: Token for the change that the IDaaS asks for. A secret.
  returned: with RV(status=PASSWORD_WARN) or RV(status=PASSWORD_EXPIRED), unless O(verify_only) or in check mode
  type: str
  sample: xxxxxxxx
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
remaining_attempts:
  description: How many attempts the server leaves before it locks the user. Where it is 2 or less, stop.
  returned: when the server says so
  type: int
  sample: 8
unlock_in_seconds:
  description: In how many seconds the server unlocks the user.
  returned: when the server says so
  type: int
  sample: 180
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the password is right
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome, check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.accounts import (
    IDAAS,
    USER,
    User,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.client import SecondFactor
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


_MESSAGES = {
    "SUCCESS": "the password is right",
    "PASSWORD_WARN": "the password is right and about to expire",
    "PASSWORD_EXPIRED": "the password is right but has expired; it must be changed",
}


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    user, password = check_all(lambda: User.of(params), lambda: password_option(params, "password"))
    if check_mode:
        return predicted_login(changed=not params["verify_only"])
    try:
        session = user.log_in(password)
    except SecondFactor as exc:
        return login_result(exc.message, exc.outcome, code=exc.code, status=exc.code, policy={}, second_factor=True)
    result = login_result(
        _MESSAGES[session.status],
        Outcome.OK if session.status == "SUCCESS" else Outcome.OK_RESTRICTED,
        code=session.status,
        status=session.status,
        policy=dict(session.policy),
        second_factor=False,
    )
    if params["verify_only"]:
        return result
    tokens = {
        "id_token": session.id_token,
        "session_token": session.session_token,
        "state_token": session.state_token,
    }
    return {**result, "changed": True, **{name: token for name, token in tokens.items() if token}}


OPERATION = Operation(
    IDAAS
    + USER
    + ArgumentSpec(
        {
            "password": {**PASSWORD, "required": True},
            "verify_only": {"type": "bool", "default": False},
        }
    ),
    run,
    changes=True,
    secret_results=("id_token", "session_token", "state_token"),
    logins=lambda params: [Login(server_of(params["idaas_url"]))],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

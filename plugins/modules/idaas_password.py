#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: idaas_password
short_description: Change the password of an IDaaS user
version_added: 0.1.0
description:
  - Logs in and changes the password in the way that the IDaaS asks for - C(pwd/change) after an ordinary login,
    C(pwd/update) when the password is about to expire or has expired.
  - The wanted state is that the new password works. When the old password is wrong and the new one works, nothing is
    changed. Where the IDaaS says that few attempts are left (2 or less), no further one is made.
  - The rules that the IDaaS announces at the login are obeyed as well as O(policy).
  - A user who needs a second factor is left alone.
options:
  old_password:
    description:
      - The password that works now. A string; numbers must be quoted.
      - Not needed with O(id_token) for a user who has no password yet.
    type: raw
  id_token:
    description:
      - Token of a login that the caller holds already. When the IDaaS has lost it and O(old_password) is given, the
        module logs in by itself.
    type: str
  state_token:
    description:
      - State token of a login that the caller holds already; see O(id_token).
    type: str
extends_documentation_fragment:
  - callcenter.passwords.idaas
  - callcenter.passwords.idaas.user
  - callcenter.passwords.idaas.login
  - callcenter.passwords.idaas.identifiers
  - callcenter.passwords.change.new_password
  - callcenter.passwords.connection
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_idaas
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
  - module: callcenter.passwords.idaas_login
  - module: callcenter.passwords.idaas_user_password
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Change the password of a user
  callcenter.passwords.idaas_password:
    idaas_url: https://example.bccastle.com
    client_id: "{{ client_id }}"
    user_name: user.1001
    old_password: "{{ lookup('ansible.builtin.env', 'OLD_PASSWORD') }}"
    new_password: "{{ lookup('ansible.builtin.env', 'NEW_PASSWORD') }}"
    identifiers: ["13800000000"]
"""

RETURN = r"""
outcome:
  description:
    - V(changed) - the server says that it changed the password. Confirm it with a login.
    - V(unchanged) - the new password was in place already.
    - V(password_rejected) - the server refused the new one.
    - V(wrong_password), V(locked), V(signed_in), V(access_denied), V(unreachable), V(session_lost) - for
      this reason the server did not change it, or nothing was sent; see RV(change_sent).
    - V(second_factor) - nothing was changed, because the user needs a second factor.
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
  sample: the password was changed
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import check_all
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.accounts import (
    IDAAS,
    IDENTIFIERS,
    USER,
    User,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.client import Session, check_token
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import (
    PASSWORD,
    ArgumentSpec,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.change_module import (
    NEW_PASSWORD,
    change,
    change_logins,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    needs_old = not params["id_token"]
    return change("idaas", lambda: _user(params), params, check_mode, session=_session(params), needs_old=needs_old)


def _user(params: Mapping[str, Any]) -> User:
    user: User = check_all(
        lambda: User.of(params),
        *(
            lambda option=option: check_token(params[option], option)
            for option in ("id_token", "state_token")
            if params[option]
        ),
    )[0]
    return user


def _session(params: Mapping[str, Any]) -> Session | None:
    if params["state_token"]:
        return Session("PASSWORD_EXPIRED", state_token=params["state_token"])
    if params["id_token"]:
        return Session("SUCCESS", id_token=params["id_token"])
    return None


OPERATION = Operation(
    IDAAS
    + USER
    + IDENTIFIERS
    + NEW_PASSWORD
    + ArgumentSpec(
        {
            "old_password": PASSWORD,
            "id_token": {"type": "str", "no_log": True},
            "state_token": {"type": "str", "no_log": True},
        },
        mutually_exclusive=(("id_token", "state_token"),),
        required_one_of=(("old_password", "id_token"),),
    ),
    run,
    changes=True,
    logins=lambda params: change_logins(server_of(params["idaas_url"]), params),
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: idaas_user_password
short_description: Set the password of an IDaaS user as the tenant's administrator
version_added: 0.1.0
description:
  - Sets a user's password with the tenant's management API (C(change-password)), without knowing the old one, or with
    O(old_password) only if that is the user's password (C(change-password-verify)).
  - This is the way out when nobody knows a user's password any more. The tenant's policy and history hold here too.
options:
  old_password:
    description:
      - The password that the user has now; the IDaaS then checks it and changes nothing where it is wrong. A string;
        numbers must be quoted.
    type: raw
  must_modify:
    description:
      - The user must change the password at the next login. The IDaaS's own default is true; here it is false, because
        the password is meant to stay. Has no effect with O(old_password).
    type: bool
    default: false
extends_documentation_fragment:
  - callcenter.passwords.idaas
  - callcenter.passwords.idaas.tenant
  - callcenter.passwords.idaas.optional_user
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
    support: partial
    details: With O(user_name) the new password is tried first. Without it every run sets the password.
  action:
    support: full
seealso:
  - module: callcenter.passwords.idaas_password
  - module: callcenter.passwords.idaas_login
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Give a user another password
  callcenter.passwords.idaas_user_password:
    idaas_url: https://example.bccastle.com
    tenant_client_id: "{{ tenant_client_id }}"
    tenant_client_secret: "{{ tenant_client_secret }}"
    user_id: 20211112154325789-3A7B-D5A5
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
    OPTIONAL_USER,
    TENANT,
    ManagedUser,
    User,
)
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
    change_once,
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
    given = params["old_password"]
    managed, user, old, new = check_all(
        lambda: ManagedUser.of(params),
        lambda: User.of(params) if params["user_name"] else None,
        lambda: None if given is None else password_option(params, "old_password"),
        lambda: check_new_password("idaas", params),
    )
    if check_mode:
        return predicted_change()

    def change() -> Change:
        return change_once(managed, None, old, new)

    if user and params["probe_new_password"]:
        return change_result(change_unless_in_place(lambda: user.log_in(new), change))
    return change_result(change())


def _logins(params: Mapping[str, Any]) -> list[Login]:
    probes = params["user_name"] and params["probe_new_password"]
    presented = [bool(probes), params["old_password"] is not None]
    return [Login(server_of(params["idaas_url"]))] * sum(presented)


OPERATION = Operation(
    IDAAS
    + TENANT
    + OPTIONAL_USER
    + IDENTIFIERS
    + NEW_PASSWORD
    + ArgumentSpec(
        {
            "old_password": PASSWORD,
            "must_modify": {"type": "bool", "default": False},
        }
    ),
    run,
    changes=True,
    logins=_logins,
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cec_token
short_description: Ask the CEC for a tenant's token
version_added: 0.1.0
description:
  - Asks the token service (C(tokenByAkSk)) for a token of the tenant.
  - The other modules of the group do that by themselves, once for all tasks of a run; use this one for calls of your
    own.
options:
  app_secret:
    description:
      - The tenant's app secret. A string; numbers must be quoted.
    type: raw
    required: true
extends_documentation_fragment:
  - callcenter.passwords.cec
  - callcenter.passwords.connection
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cec
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Each run may return another token, which the CEC does not count as a change.
  action:
    support: full
seealso:
  - module: callcenter.passwords.cec_login_check
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Get a token
  callcenter.passwords.cec_token:
    cec_url: https://service.besclouds.com
    app_key: "{{ app_key }}"
    app_secret: "{{ app_secret }}"
  register: tenant
"""

RETURN = r"""
access_token:
  description: The token. A secret - the whole result is hidden from output, but stays usable where it is registered.
  returned: success, except in check mode
  type: str
  sample: xxxxxxxxxxxxxxxxxxxx
expires_in:
  description: Seconds that the token is valid.
  returned: success, except in check mode
  type: int
  sample: 600
outcome:
  description:
    - What came of the request.
    - V(ok) - the token was given.
    - V(access_denied) - the server refused this caller, its address or the tenant's key or secret.
    - V(unreachable) - nothing was sent.
    - V(unknown) - sent, but no answer that can be understood.
    - Absent when an option was refused and nothing was tried.
  returned: when a request was made
  type: str
  sample: ok
code:
  description: The server's code, or the HTTP status where it gave none. Empty where no answer came.
  returned: when a request was made
  type: str
  sample: "0"
failed_logins:
  description: How many failed logins this task may have cost, 0 or 1.
  returned: when a request was made
  type: int
  sample: 0
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the token is valid for 600 seconds
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cec.accounts import (
    TENANT,
    open_token_service,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import PASSWORD, ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation, finish
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result, login_result

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    service = open_token_service(params)
    if check_mode:
        return {"msg": "a token would be asked for; check mode makes no request"}
    token = service.ask()
    seconds = int(token.lifetime)
    return login_result(f"the token is valid for {seconds} seconds", access_token=token.value, expires_in=seconds)


OPERATION = Operation(
    TENANT + ArgumentSpec({"app_secret": {**PASSWORD, "required": True}}), run, secret_results=("access_token",)
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

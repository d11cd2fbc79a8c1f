#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_agent_login
short_description: Sign an agent in to or out of a CC-Gateway, or verify its password
version_added: 0.1.0
description:
  - Signs an agent in quietly - busy, no automatic answer, in no queue - and returns the session.
  - With O(verify_only) it signs out again at once and returns only the verdict on the password.
  - An agent that is signed in already is left alone; the outcome is then V(signed_in).
options:
  state:
    description:
      - V(signed_in) opens a session, V(signed_out) ends the one given by O(guid) and O(cookies).
      - A session without activity is ended by the gateway after two minutes.
    type: str
    choices: [signed_in, signed_out]
    default: signed_in
  password:
    description:
      - The agent's platform password. A string; numbers must be quoted. Needed with O(state=signed_in).
    type: raw
  verify_only:
    description:
      - Sign out again and return no session, only whether the password is right.
    type: bool
    default: false
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.agent
  - callcenter.passwords.gateway.session
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
    details: With O(verify_only) and with O(state=signed_out). Opening a session is always a change.
  action:
    support: full
seealso:
  - module: callcenter.passwords.cc_agent_password
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Does the password of agent 1001 still work?
  callcenter.passwords.cc_agent_login:
    gateway_url: https://gateway.example.com:8043
    agent_id: 1001
    phone_number: "40001"
    password: "{{ lookup('callcenter.passwords.secret', 'agent-1001', 'cc_agent', store_path='/srv/passwords') }}"
    verify_only: true

- name: Sign agent 1001 in
  callcenter.passwords.cc_agent_login:
    gateway_url: https://gateway.example.com:8043
    agent_id: 1001
    phone_number: "40001"
    password: "{{ lookup('ansible.builtin.env', 'AGENT_PASSWORD') }}"
  register: agent

- name: Sign agent 1001 out
  callcenter.passwords.cc_agent_login:
    gateway_url: https://gateway.example.com:8043
    agent_id: 1001
    state: signed_out
    guid: "{{ agent.guid }}"
    cookies: "{{ agent.cookies }}"
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
must_change:
  description: The gateway demands that the password be changed now. A session that does not is ended within a minute.
  returned: when the password is right
  type: bool
  sample: false
guid:
  description:
    - Session id for later calls. A secret - the whole result is hidden from output while it holds one, but stays usable
      where it is registered.
  returned: success with O(state=signed_in), unless O(verify_only) or in check mode
  type: str
  sample: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.AgentGateway0
cookies:
  description: Cookies that belong to RV(guid). Secrets too.
  returned: together with RV(guid)
  type: dict
  sample: {}
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._cc.accounts import (
    AGENT,
    GATEWAY,
    AgentAccount,
    given_session,
    open_gateway,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._cc.client import check_agent_id
from ansible_collections.callcenter.passwords.plugins.module_utils._cc.codes import SIGN_OUT_DONE
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    Outcome,
    check_all,
)
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
    return (_sign_out if params["state"] == "signed_out" else _sign_in)(params, check_mode)


def _sign_in(params: Mapping[str, Any], check_mode: bool) -> Result:
    account, password = check_all(lambda: AgentAccount.of(params), lambda: password_option(params, "password"))
    verify_only = params["verify_only"]
    if check_mode:
        return predicted_login(changed=not verify_only)
    session = account.log_in(password)
    outcome = Outcome.OK_RESTRICTED if session.must_change else Outcome.OK
    message = "the password is right"
    if session.must_change:
        message += ", but the gateway demands a new one now"
    if not verify_only:
        return login_result(
            message,
            outcome,
            changed=True,
            must_change=session.must_change,
            guid=session.guid,
            cookies=dict(session.cookies),
        )
    if not account.log_out(session):
        message += ". The session could not be ended; the gateway ends it by itself after two minutes"
    return login_result(message, outcome, must_change=session.must_change)


def _sign_out(params: Mapping[str, Any], check_mode: bool) -> Result:
    gateway, _checked = check_all(
        lambda: open_gateway(params),
        lambda: check_agent_id(params["agent_id"], params["agent_id_max"]),
    )
    if check_mode:
        return {"changed": True, "msg": "the session would be ended; check mode makes no request"}
    code = gateway.sign_out(params["agent_id"], given_session(params))
    if code not in SIGN_OUT_DONE:
        message = "whether the session is over is unknown; the gateway ends it by itself after two minutes"
        raise ApiError(Outcome.UNKNOWN, message, code)
    return login_result("the session is over", code=code, changed=code == "0")


OPERATION = Operation(
    GATEWAY
    + AGENT
    + ArgumentSpec(
        {
            "state": {"type": "str", "choices": ["signed_in", "signed_out"], "default": "signed_in"},
            "password": PASSWORD,
            "verify_only": {"type": "bool", "default": False},
        },
        required_if=(("state", "signed_in", ("password",)), ("state", "signed_out", ("guid",))),
    ),
    run,
    changes=True,
    secret_results=("guid", "cookies"),
    logins=lambda params: [Login(server_of(params["gateway_url"]))] if params["state"] == "signed_in" else [],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

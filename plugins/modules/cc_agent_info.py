#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cc_agent_info
short_description: Read agents of a CC-Gateway and when their passwords expire
version_added: 0.1.0
description:
  - Queries agents through the configuration interface, with an administrator's password or session.
  - The gateway's answer holds the agents' passwords. This module never returns them.
options:
  agent_ids:
    description:
      - Work numbers of the agents to query. They are asked for in batches of 100, the most one query accepts.
    type: list
    elements: int
    required: true
  password:
    description:
      - The administrator's password. A string; numbers must be quoted. Needed where there is no usable O(guid).
    type: raw
extends_documentation_fragment:
  - callcenter.passwords.gateway
  - callcenter.passwords.connection
  - callcenter.passwords.gateway.administrator
  - callcenter.passwords.gateway.session
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.action_group_cc
attributes:
  check_mode:
    support: full
    details: Makes no request and returns an empty list.
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
seealso:
  - module: callcenter.passwords.cc_config_login
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: When do the passwords of these agents expire?
  callcenter.passwords.cc_agent_info:
    gateway_url: https://gateway.example.com:8043
    admin_id: 101
    password: "{{ lookup('ansible.builtin.env', 'ADMINISTRATOR_PASSWORD') }}"
    agent_ids: [1001, 1002, 1003]
  register: info

- name: Who has to change within a week?
  ansible.builtin.debug:
    msg: >-
      {{ info.agents | rejectattr('days_left', 'none') | selectattr('days_left', 'le', 7)
         | map(attribute='agent_id') }}
"""

RETURN = r"""
agents:
  description: One entry for each agent that the gateway knows.
  returned: success
  type: list
  elements: dict
  contains:
    agent_id:
      description: The agent's work number.
      type: int
      sample: 1001
    name:
      description: The agent's name.
      type: str
      sample: Front desk
    days_left:
      description: Days until the password expires, 0 to 180. Null when it never does.
      type: int
      sample: 63
    valid_days:
      description: How many days a password is valid. Null when for ever or not told.
      type: int
      sample: 90
missing:
  description: Queried agents that the gateway did not return.
  returned: success
  type: list
  elements: int
  sample: []
outcome:
  description:
    - V(ok), or why the query failed - one of the login outcomes of M(callcenter.passwords.cc_config_login), or
      V(session_lost).
  returned: when a request was made
  type: str
  sample: ok
code:
  description: The server's code, or the HTTP status where it gave none. Empty where no answer came.
  returned: when a request was made
  type: str
  sample: "0"
login:
  description: Outcome of the login, where one was tried. Empty when O(guid) was enough.
  returned: when a request was made
  type: str
  sample: ok
failed_logins:
  description: How many failed logins this task may have cost, 0 or 1.
  returned: when a request was made
  type: int
  sample: 0
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: 3 agents read
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
from ansible_collections.callcenter.passwords.plugins.module_utils._cc.client import (
    AGENTS_PER_QUERY,
    Session,
    agent_number,
    check_agent_id,
    whole_number,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    Outcome,
    SessionLost,
    check_all,
)
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
    from collections.abc import Mapping, Sequence


def run(params: Mapping[str, Any], check_mode: bool) -> Result:
    account, password, *_checked = check_all(
        lambda: AdministratorAccount.of(params),
        lambda: None if params["password"] is None else password_option(params, "password"),
        *(
            lambda agent_id=agent_id: check_agent_id(agent_id, params["agent_id_max"], option="agent_ids")
            for agent_id in params["agent_ids"]
        ),
    )
    if check_mode:
        return {**predicted_login(), "agents": [], "missing": []}
    query = _Query(account, password, given_session(params))
    try:
        agents = query.agents(params["agent_ids"])
    except ApiError as exc:
        failed = exc.failed_logins if query.login == exc.outcome else 0
        return {**api_failure(exc), "login": query.login, "failed_logins": failed}
    found = {agent["agent_id"] for agent in agents}
    missing = [agent_id for agent_id in params["agent_ids"] if agent_id not in found]
    return login_result(f"{len(agents)} agents read", login=query.login, agents=agents, missing=missing)


class _Query:
    """A query in a session that the caller holds, or in one of its own.

    Attributes:
        login: outcome of the login, where one was tried.
    """

    def __init__(self, account: AdministratorAccount, password: str | None, given: Session | None) -> None:
        self._account = account
        self._password = password
        self._given = given
        self.login: Outcome | None = None

    def agents(self, agent_ids: Sequence[int]) -> list[dict[str, Any]]:
        session = self._given or self._log_in()
        agents = []
        for start in range(0, len(agent_ids), AGENTS_PER_QUERY):
            batch = agent_ids[start : start + AGENTS_PER_QUERY]
            try:
                records = self._account.gateway.query_agents(session, batch)
            except SessionLost:
                if self.login or not self._password:
                    raise
                session = self._log_in()
                records = self._account.gateway.query_agents(session, batch)
            agents += [_public(record) for record in records]
        return agents

    def _log_in(self) -> Session:
        try:
            session = self._account.log_in(self._password or "")
        except ApiError as exc:
            self.login = exc.outcome
            raise
        self.login = Outcome.OK
        return session


def _public(record: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what may be shown. By name, so that nothing secret slips through, whatever the gateway adds."""
    return {
        "agent_id": agent_number(record),
        "name": str(record.get("name") or ""),
        "days_left": whole_number(record.get("timeRemaining")),
        "valid_days": whole_number(record.get("validTime")),
    }


OPERATION = Operation(
    GATEWAY
    + ADMINISTRATOR
    + SESSION
    + ArgumentSpec(
        {
            "agent_ids": {"type": "list", "elements": "int", "required": True},
            "password": PASSWORD,
        },
        required_one_of=(("password", "guid"),),
    ),
    run,
    logins=lambda params: [] if params["password"] is None else [administrator_login(params)],
)


def main() -> None:
    finish(AnsibleModule(**OPERATION.arguments.to_kwargs(), supports_check_mode=True), OPERATION)


if __name__ == "__main__":
    main()

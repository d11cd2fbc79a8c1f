#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rotation
short_description: Rotate one password, from plan to commit
version_added: 0.1.0
description:
  - Rotates, verifies or enrolls one credential of the store. The role P(callcenter.passwords.rotate#role) consists of
    it.
  - The steps of a rotation are plan, log in, stage, change (or repair), verify and commit. Each write of the store is
    durable before the next request is sent, so the task can be killed anywhere; the next run takes up what it left.
  - What is sent, the modules of this collection send, in the controller's worker or, where the connection leads to
    another machine, there. Passwords go from the store to the modules and are in no variable.
options:
  kind:
    description: Kind of credential.
    type: str
    choices: [cc_agent, cc_config, cec_account, cec_sip, idaas]
    required: true
  host:
    description: Inventory host that the credential belongs to. Otherwise the host of the task.
    type: str
  store_path:
    description: Folder of the store. Created with mode 0700; refused where other users may enter it.
    type: path
    required: true
  vault_id:
    description: Which of the run's vault passwords encrypts, where there are several.
    type: str
  intent:
    description: What is to be done.
    type: str
    choices: [rotate, verify, enroll]
    default: rotate
  rules:
    description: How carefully to rotate, and what the server accepts.
    type: dict
    suboptions:
      when:
        description:
          - V(due) rotates passwords older than O(rules.max_age_days) and those of unknown age, V(always) every
            password, V(resume) only those whose rotation is unresolved.
        type: str
        choices: [due, always, resume]
        default: due
      max_age_days:
        description: Age in days from which a password is due. At least 0.
        type: float
        default: 30
      min_age_hours:
        description:
          - Hours that must pass between two changes because the server refuses earlier ones. Until then nothing is
            sent, even with O(rules.when=always).
          - Otherwise what the kind's service demands, for O(kind=cec_account) 24.
        type: float
      max_failed_logins:
        description:
          - How many failed logins one account may see within O(rules.lock_window_minutes); 1 or 2. Servers lock after
            three.
          - Since the last login that succeeded there are never more than two, whatever the time.
        type: int
        choices: [1, 2]
        default: 2
      lock_window_minutes:
        description:
          - Minutes for which a lock is waited for, and after which a login that failed without any answer may be
            followed by a third one.
        type: float
        default: 30
      lease_seconds:
        description:
          - Seconds for which an unresolved rotation is left to the run that is at work on it. V(0) takes it over at
            once.
          - A run that was killed on the same machine is recognized and not waited for.
        type: float
        default: 120
      retry_diverged:
        description:
          - Try the stored passwords once more where all of them were refused, or where two logins may have failed. The
            word of a person is heard once since the last login that succeeded.
        type: bool
        default: false
      service_moved:
        description:
          - The service of the account has another address than the one that the store knows. Otherwise a host's
            passwords are used at that address only.
        type: bool
        default: false
  account:
    description:
      - Options of the modules that log in to the account, change its password and repair it, such as C(gateway_url) and
        C(agent_id). Each module takes those that it knows. Passwords are not among them.
      - A C(failed_login_cap) without a folder counts in the store's own.
      - The account's names and numbers among them are what a new password does not resemble.
    type: dict
    default: {}
  repairable:
    description: Kinds whose password an administrator may set where no stored one works.
    type: list
    elements: str
    choices: [cc_agent, idaas]
    default: []
  repair_host:
    description: Inventory host of the administrator whose password in the store the repair presents.
    type: str
  repair_account:
    description: Options of the repairing module that are the administrator's.
    type: dict
    default: {}
  variables:
    description:
      - Options by the names of the variables that hold them, in the same structure as the options themselves; where an
        option is a list, the values of several variables make one list. C(name.key) is what a dictionary holds under
        that key. What is not defined is not given. Messages about a value name its variable.
      - Instead, the name of a variable that holds such a structure for each kind.
      - Names in C(repair_account) are looked up for O(repair_host). Those in C(enroll) are for an enrolment only.
      - Ansible compiles a template anew for every host, task and option, which takes about a millisecond; to look a
        name up takes a hundredth of that.
    type: raw
  policy:
    description: This tenant's rules for passwords; see M(callcenter.passwords.cc_agent_password).
    type: dict
    default: {}
  password:
    description: With O(intent=enroll), the password to take over.
    type: raw
  replace:
    description: With O(intent=enroll), replace a password that is stored already.
    type: bool
    default: false
  verify:
    description: With O(intent=enroll), try the password before it is taken over.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    details: Only the plan is made; nothing is sent and nothing is written.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: A password that is not due is left as it is. What an earlier run began is brought to its end.
  action:
    description: Has an action plugin that does the work on the controller.
    support: full
    details: There is no ordinary module behind it. The modules that log in and change run where the connection leads.
  async:
    description: Can be run with the C(async) keyword.
    support: none
  bypass_host_loop:
    description: Is run once for all hosts instead of once for each.
    support: none
extends_documentation_fragment:
  - callcenter.passwords.attributes
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Rotate the platform password of the host's agent
  callcenter.passwords.rotation:
    kind: cc_agent
    store_path: /srv/passwords
    rules:
      max_age_days: 60
    account:
      gateway_url: https://gateway.example.com:8043
      agent_id: "{{ agent_id }}"
      phone_number: "{{ phone_number }}"

- name: The same, for thousands of hosts
  callcenter.passwords.rotation:
    kind: cc_agent
    store_path: /srv/passwords
    variables:
      account:
        gateway_url: gateway_url
        agent_id: agent_id
        phone_number: phone_number
"""

RETURN = r"""
kind:
  description: Kind of credential.
  returned: always
  type: str
  sample: cc_agent
outcome:
  description:
    - What was found or done - V(rotated), V(enrolled), V(verified), V(not_due), V(too_early), V(leased), V(cooling),
      V(blocked), V(signed_in), V(unresolved), V(diverged), V(held), V(locked), V(few_attempts), V(second_factor),
      V(password_rejected), V(wrong_password), V(access_denied), V(session_lost), V(unreachable), V(unknown),
      V(failed). The collection's documentation explains each.
  returned: always
  type: str
  sample: rotated
rotated_at:
  description: When the current password was committed. Null where its age is unknown.
  returned: when a credential was read
  type: str
  sample: "2026-11-21T22:45:54+00:00"
steps:
  description: The steps that were taken, in their order.
  returned: always
  type: list
  elements: dict
  contains:
    step:
      description: One of V(plan), V(log_in), V(stage), V(change), V(repair), V(verify) and V(commit).
      type: str
      sample: log_in
    outcome:
      description: What it came to.
      type: str
      sample: ok
    code:
      description: The server's code, null where there is none.
      type: str
      sample: "0"
    changed:
      description: Whether it changed something, or may have.
      type: bool
      sample: false
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the new password is in force
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS, REPAIRABLE
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import PASSWORD, ArgumentSpec

_RULES: Mapping[str, Any] = {
    "when": {"type": "str", "choices": ["due", "always", "resume"], "default": "due"},
    "max_age_days": {"type": "float", "default": 30},
    "min_age_hours": {"type": "float"},
    "max_failed_logins": {"type": "int", "choices": [1, 2], "default": 2},
    "lock_window_minutes": {"type": "float", "default": 30},
    "lease_seconds": {"type": "float", "default": 120},
    "retry_diverged": {"type": "bool", "default": False},
    "service_moved": {"type": "bool", "default": False},
}

ARGUMENTS = ArgumentSpec(
    {
        "kind": {"type": "str", "choices": list(KINDS), "required": True},
        "host": {"type": "str"},
        "store_path": {"type": "path", "required": True},
        "vault_id": {"type": "str"},
        "intent": {"type": "str", "choices": ["rotate", "verify", "enroll"], "default": "rotate"},
        "rules": {"type": "dict", "options": _RULES, "apply_defaults": True},
        "policy": {"type": "dict", "default": {}},
        "account": {"type": "dict", "default": {}},
        "repairable": {"type": "list", "elements": "str", "choices": REPAIRABLE, "default": []},
        "repair_host": {"type": "str"},
        "repair_account": {"type": "dict", "default": {}},
        "variables": {"type": "raw"},
        "password": PASSWORD,
        "replace": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": True},
    },
    required_if=(("intent", "enroll", ("password",)),),
)


def main() -> None:
    module = AnsibleModule(**ARGUMENTS.to_kwargs(), supports_check_mode=True)
    module.fail_json(msg="the action plugin of this name does the work; call it through the collection", exception=None)


if __name__ == "__main__":
    main()

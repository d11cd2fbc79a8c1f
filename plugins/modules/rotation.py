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
  store_ephemeral:
    description:
      - With O(intent=enroll), whether a new store may be on a file system that goes with its container or machine, such
        as C(overlay) and C(tmpfs). It takes every new password with it.
    type: bool
    default: false
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
        description:
          - Age in days that no password shall exceed. At least 0.
          - A password is due earlier by two and a quarter times O(rules.run_every_hours), so that it does not get older
            even where one run is lost and another one is late.
        type: float
        default: 30
      run_every_hours:
        description: Hours between two runs. V(0) where passwords are due exactly at the age O(rules.max_age_days).
        type: float
        default: 24
      spread:
        description:
          - Each host has its own moment in each period, so that a fleet that was enrolled on one day is not due on one
            day. A password that was enrolled is then due by the day of its enrollment; otherwise at once, since its age
            is unknown.
        type: bool
        default: false
      window:
        description:
          - When rotations may be begun, such as V(22:00-05:00). Outside nothing new is begun, whatever is due; what is
            unresolved is brought to its end all the same.
        type: str
        default: ""
      window_time_zone:
        description: Time zone of O(rules.window), such as V(Asia/Shanghai). Otherwise the controller's.
        type: str
        default: ""
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
          - It is believed when a login there has succeeded.
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
  max_fail_percentage:
    description:
      - With O(intent=rotate), how many percent of the hosts of a play may fail, of those that were begun, before no
        further one is begun; those are skipped with the outcome V(stopped). One may always fail, unless it is the first
        one that sends anything; the others wait for it.
      - What is known from the store without a request is no failure here. With V(100) nothing is stopped.
    type: float
    default: 10
  exempt:
    description:
      - Credentials that are left out on purpose, by kind. Each has a C(reason), an C(owner) who answers for it, and its
        last day as C(until), such as V(2026-12-31). After that day the credential is due, and a warning says so.
    type: dict
    default: {}
  policy:
    description: This tenant's rules for passwords; see M(callcenter.passwords.cc_agent_password).
    type: dict
    default: {}
  by:
    description:
      - With O(intent=enroll), how the store comes to know a password. With V(password) it is given. With
        V(administrator) an administrator sets a new one, on the way of a repair, where nobody knows the one before; an
        account whose password is stored already is left alone.
      - The administrator's way exists for O(kind=idaas) and O(kind=cc_agent). That of C(cc_agent) follows from the
        documents of the CC-Gateway and was never seen to work at a real one.
    type: str
    choices: [password, administrator]
    default: password
  password:
    description: With O(intent=enroll), the password to take over. None is needed where one is enrolled already.
    type: raw
  csv:
    description:
      - With O(intent=enroll) and no O(password), a CSV file with a row for each host. A run reads it once, whatever the
        number of hosts.
      - A file with a row that is at fault is refused for all hosts, and nothing is sent. So is one that other users may
        read, unless it is encrypted with C(ansible-vault encrypt).
    type: dict
    suboptions:
      path:
        description: The file, on the controller.
        type: path
      encoding:
        description: Encoding of its text, as Python names it, such as V(gbk). V(utf-8) includes a byte order mark.
        type: str
        default: utf-8
      delimiter:
        description:
          - What is between two columns, a character or V(TAB). Otherwise it is the one of comma, semicolon, tab and
            vertical bar that makes cells of the hosts' names.
        type: str
        default: ""
      columns:
        description:
          - Column of each kind, where the first row does not name the columns by kind. They are counted from 0, which
            is the host's.
        type: dict
        default: {}
      kinds:
        description: All kinds of the host. Two of them in one column are refused.
        type: list
        elements: str
        default: []
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
    support: full
    details: Shows dates and the outcome, and no passwords.
  idempotent:
    support: full
    details: A password that is not due is left as it is. What an earlier run began is brought to its end.
  action:
    description: Has an action plugin that does the work on the controller.
    support: full
    details: There is no ordinary module behind it. The modules that log in and change run where the connection leads.
extends_documentation_fragment:
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.controller
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
    - What was found or done - V(rotated), V(enrolled), V(verified), V(not_due), V(too_early), V(out_of_window),
      V(exempt), V(stopped), V(leased), V(cooling), V(blocked), V(signed_in), V(unresolved), V(diverged), V(held),
      V(locked), V(few_attempts), V(second_factor), V(password_rejected), V(wrong_password), V(access_denied),
      V(session_lost), V(unreachable), V(unknown), V(failed). The collection's documentation explains each.
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
  sample: "rotated: logged in, staged, changed, verified; due 2026-12-25"
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS, REPAIRABLE
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import PASSWORD, ArgumentSpec

_RULES: Mapping[str, Any] = {
    "when": {"type": "str", "choices": ["due", "always", "resume"], "default": "due"},
    "max_age_days": {"type": "float", "default": 30},
    "run_every_hours": {"type": "float", "default": 24},
    "spread": {"type": "bool", "default": False},
    "window": {"type": "str", "default": ""},
    "window_time_zone": {"type": "str", "default": ""},
    "min_age_hours": {"type": "float"},
    "max_failed_logins": {"type": "int", "choices": [1, 2], "default": 2},
    "lock_window_minutes": {"type": "float", "default": 30},
    "lease_seconds": {"type": "float", "default": 120},
    "retry_diverged": {"type": "bool", "default": False},
    "service_moved": {"type": "bool", "default": False},
}

_CSV: Mapping[str, Any] = {
    "path": {"type": "path"},
    "encoding": {"type": "str", "default": "utf-8"},
    "delimiter": {"type": "str", "default": ""},
    "columns": {"type": "dict", "default": {}},
    "kinds": {"type": "list", "elements": "str", "default": []},
}

ARGUMENTS = ArgumentSpec(
    {
        "kind": {"type": "str", "choices": list(KINDS), "required": True},
        "host": {"type": "str"},
        "store_path": {"type": "path", "required": True},
        "store_ephemeral": {"type": "bool", "default": False},
        "vault_id": {"type": "str"},
        "intent": {"type": "str", "choices": ["rotate", "verify", "enroll"], "default": "rotate"},
        "rules": {"type": "dict", "options": _RULES, "apply_defaults": True},
        "max_fail_percentage": {"type": "float", "default": 10},
        "exempt": {"type": "dict", "default": {}},
        "policy": {"type": "dict", "default": {}},
        "account": {"type": "dict", "default": {}},
        "repairable": {"type": "list", "elements": "str", "choices": REPAIRABLE, "default": []},
        "repair_host": {"type": "str"},
        "repair_account": {"type": "dict", "default": {}},
        "variables": {"type": "raw"},
        "by": {"type": "str", "choices": ["password", "administrator"], "default": "password"},
        "password": PASSWORD,
        "csv": {"type": "dict", "options": _CSV, "apply_defaults": True},
        "replace": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": True},
    },
)


def main() -> None:
    module = AnsibleModule(**ARGUMENTS.to_kwargs(), supports_check_mode=True)
    module.fail_json(msg="the action plugin of this name does the work; call it through the collection", exception=None)


if __name__ == "__main__":
    main()

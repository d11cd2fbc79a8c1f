#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: credential
short_description: Record one step of a password's rotation in the store
version_added: 0.1.0
description:
  - The only thing in this collection that writes the store. The role P(callcenter.passwords.rotate#role) calls it
    between the requests; nobody needs to call it by hand.
  - Each state is one durable write, compared with the version that was read, so a run can be killed anywhere and two
    runs can meet.
  - It runs on the controller and makes no request.
options:
  state:
    description:
      - V(planned) decides from the store whether anything is to be done (see O(intent)), and books the login that
        follows.
      - V(staged) takes the login's result and, where the current password works, writes a new candidate.
      - V(committed) makes the verified candidate the current password.
      - V(failed) takes the result of the step that failed and records what it may have cost.
      - V(verified) records that the current password works.
      - V(enrolled) stores the first password.
    type: str
    choices: [planned, staged, committed, failed, verified, enrolled]
    required: true
  intent:
    description: With O(state=planned), what the login that follows is for.
    type: str
    choices: [rotate, verify, enroll]
    default: rotate
  rules:
    description: How carefully to rotate, and what the server accepts. Later states take it from O(rotation).
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
        type: float
        default: 0
      max_failing_logins:
        description:
          - How many wrong logins one account may see within O(rules.lock_window_minutes); 1 or 2. Servers lock after
            three.
        type: int
        choices: [1, 2]
        default: 2
      lock_window_minutes:
        description: Minutes for which a wrong login is counted and a lock waited for.
        type: float
        default: 30
      lease_seconds:
        description:
          - Seconds for which an unresolved rotation is left to the run that is at work on it. V(0) takes it over at
            once.
          - A run that was killed on the same machine is recognised and not waited for.
        type: float
        default: 120
      retry_diverged:
        description:
          - With O(state=planned), try the stored passwords once more where all of them were refused before. Wrong
            logins are counted as always.
        type: bool
        default: false
      changed_with:
        description:
          - Kind, of the same host, whose current password the change presents instead of this credential's own.
          - The own one may then be lost. The other one must be enrolled, settled and not locked, and a wrong login with
            it is counted there.
        type: str
        choices: [cc_agent, cc_config, cec_account, cec_sip, idaas]
      verified_with:
        description:
          - Kind, of the same host, whose current password a mere verification presents. Looked after as with
            O(rules.changed_with).
        type: str
        choices: [cc_agent, cc_config, cec_account, cec_sip, idaas]
      repair:
        description:
          - An administrator may set the password of a credential of which no stored password works any more. A
            candidate is then staged, and the next step is V(repair).
        type: bool
        default: false
      repair_with:
        description: Kind whose current password the repair presents. It is looked after as with O(rules.changed_with).
        type: str
        choices: [cc_agent, cc_config, cec_account, cec_sip, idaas]
      repair_host:
        description: Inventory host of O(rules.repair_with).
        type: str
      repair_policy:
        description:
          - Rules for passwords that an administrator sets, where they differ from O(policy). What was set under such
            rules is due at once.
        type: dict
        default: {}
  rotation:
    description:
      - What the earlier step returned as RV(rotation).
      - O(rules), O(identifiers) and O(policy) of the plan are in it and hold for all steps after it.
    type: dict
  step:
    description: With O(state=failed), which step failed.
    type: str
    choices: [plan, log_in, stage, change, repair, verify, commit]
  result:
    description: Registered result of the module that the transition depends on.
    type: dict
  change:
    description:
      - With O(state=failed) and O(step=verify), the registered result of the change. One that the server answered with
        a failure that does not tell its cause may have cost a wrong login, and is counted as one.
    type: dict
    default: {}
  obstacle:
    description:
      - With O(intent=rotate), why this credential must not be rotated, if anything. Where it is due, the plan then
        fails with this reason, and nothing is sent.
    type: str
  password:
    description:
      - With O(intent=enroll) and O(state=enrolled), the password to take over. A string; numbers must be quoted.
    type: raw
attributes:
  check_mode:
    support: full
    details: With O(state=planned) nothing is written, and the steps after it have nothing to do.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Each state follows from the store; what is done already is not done again.
  action:
    support: none
    details: There is no ordinary module behind it; it always runs on the controller.
extends_documentation_fragment:
  - callcenter.passwords.credential
  - callcenter.passwords.attributes
seealso:
  - plugin: callcenter.passwords.secret
    plugin_type: lookup
author:
  - callcenter.passwords contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Is the password of this host due?
  callcenter.passwords.credential:
    kind: cc_agent
    state: planned
    store_path: /srv/passwords
  check_mode: true
  register: plan

- name: Log in with a stored password outside the role, obeying and keeping the ledger
  module_defaults:
    callcenter.passwords.credential:
      host: admin-101
      kind: cc_config
      store_path: /srv/passwords
  block:
    - name: Book the login
      callcenter.passwords.credential:
        state: planned
        intent: verify
      register: plan
    - name: Log in
      callcenter.passwords.cc_agent_info:
        gateway_url: https://gateway.example.com:8043
        admin_id: 101
        password: "{{ lookup('callcenter.passwords.secret', 'admin-101', 'cc_config', store_path='/srv/passwords') }}"
        agent_ids: [1001, 1002]
      when: plan.rotation.step == 'log_in'
    - name: It worked
      callcenter.passwords.credential:
        state: verified
      when: plan.rotation.step == 'log_in'
  rescue:
    - name: It did not work
      callcenter.passwords.credential:
        state: failed
        step: log_in
        rotation: "{{ plan.rotation }}"
        result: "{{ ansible_failed_result }}"
"""

RETURN = r"""
kind:
  description: Kind of credential.
  returned: always
  type: str
  sample: cc_agent
outcome:
  description:
    - What was found or done, for example V(due), V(resume), V(not_due), V(too_early), V(cooling), V(leased),
      V(blocked), V(staged), V(live), V(rotated), V(enrolled), V(verified), V(diverged), V(repair), V(locked),
      V(few_attempts), V(second_factor), V(refused), V(denied), V(failed).
  returned: always
  type: str
  sample: rotated
rotated_at:
  description: When the current password was committed. Null where its age is unknown.
  returned: when a credential was read
  type: str
  sample: "2026-11-21T22:45:54+00:00"
rotation:
  description: What later steps need to know; no secrets.
  returned: when a credential was read
  type: dict
  contains:
    step:
      description: What comes next - V(log_in), V(change), V(repair), V(commit), V(done) or V(fail).
      type: str
      sample: change
    login:
      description: Which stored password the login presents.
      type: str
      sample: current
    resent:
      description: Whether the candidate had been sent before.
      type: bool
      sample: false
    version:
      description: Version of the credential in the store.
      type: int
      sample: 3
    staged_at:
      description: When the candidate was staged.
      type: str
      sample: "2026-11-21T22:45:54+00:00"
    rules:
      description: O(rules) of the plan.
      type: dict
      sample: {max_age_days: 30.0, when: due}
    identifiers:
      description: O(identifiers) of the plan.
      type: list
      elements: str
      sample: ["1001"]
    policy:
      description: O(policy) of the plan.
      type: dict
      sample: {max_length: 16}
fatal:
  description: Whether the run has failed for this credential. False where it was left alone on purpose.
  returned: with O(state=failed)
  type: bool
  sample: true
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: the new password is in force
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ARGUMENTS


def main() -> None:
    module = AnsibleModule(argument_spec=dict(ARGUMENTS.options), supports_check_mode=True, **ARGUMENTS.rules())
    module.fail_json(msg="the action plugin of this name does the work; call it through the collection", exception=None)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: retire
short_description: Take a host's credentials out of the store
version_added: 0.1.0
description:
  - Takes all credentials of a host, or some kinds of them, out of the store. Nothing is sent, and the accounts stay as
    they are; what becomes of them is another decision.
  - What was stored is kept, encrypted, in a record in the folder C(.retired) of the store, which is written first. Put
    back into the store as the host's file, it is what it was.
  - The account then belongs to no host, and may be enrolled for another one.
options:
  store_path:
    description: Folder of the store.
    type: path
    required: true
  host:
    description: Inventory host that the credentials belong to. Otherwise the host of the task.
    type: str
  kinds:
    description: Kinds of credential; empty for all of the host.
    type: list
    elements: str
    choices: [cc_agent, cc_config, cec_account, cec_sip, idaas]
    default: []
attributes:
  check_mode:
    support: full
    details: Nothing is written.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: What is not in the store is left alone.
extends_documentation_fragment:
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.controller
author:
  - callcenter.passwords contributors (!UNKNOWN)
seealso:
  - module: callcenter.passwords.rotation
"""

EXAMPLES = r"""
- name: Zhang Wei has left
  callcenter.passwords.retire:
    store_path: /srv/callcenter/passwords
    host: person-1001

- name: The agent has no user in the IDaaS any more
  callcenter.passwords.retire:
    store_path: /srv/callcenter/passwords
    kinds: [idaas]
"""

RETURN = r"""
kinds:
  description: Kinds of credential that were taken out.
  returned: always
  type: list
  elements: str
  sample: [cc_agent]
record:
  description: File that keeps what was stored; null where nothing was.
  returned: always
  type: str
  sample: /srv/callcenter/passwords/.retired/person-1001-20261127T073000Z.yml
msg:
  description: What happened.
  returned: always
  type: str
  sample: cc_agent left the store
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec

ARGUMENTS = ArgumentSpec(
    {
        "store_path": {"type": "path", "required": True},
        "host": {"type": "str"},
        "kinds": {"type": "list", "elements": "str", "choices": list(KINDS), "default": []},
    }
)


def main() -> None:
    module = AnsibleModule(**ARGUMENTS.to_kwargs(), supports_check_mode=True)
    module.fail_json(msg="the action plugin of this name does the work; call it through the collection", exception=None)


if __name__ == "__main__":
    main()

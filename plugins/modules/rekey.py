#!/usr/bin/python
# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rekey
short_description: Encrypt a host's stored passwords with another vault password
version_added: 0.1.0
description:
  - Encrypts every secret that the store holds for a host with one vault password, and reads all of it back with that
    one alone. Logs in nowhere and sends nothing.
  - Each kind of credential is one durable write, so a run that is cut off is finished by the next one.
  - This is how a new vault password is introduced. Elsewhere one that opens nothing in the store encrypts nothing,
    since a slip in it would lose what it encrypts. For the same reason a new one must not be typed at a prompt.
options:
  vault_id:
    description: Which of the run's vault passwords encrypts from now on.
    type: str
    required: true
  store_path:
    description: Folder of the store.
    type: path
    required: true
  host:
    description: Inventory host that the passwords belong to. Otherwise the host of the task.
    type: str
  as_found:
    description:
      - Accept passwords that a person has put where they are, in a file of the store that was edited by hand. Otherwise
        they are refused.
    type: bool
    default: false
  tells_left:
    description:
      - Do not encrypt anything, and tell which hosts of the store have passwords that O(vault_id) does not open.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details: Nothing is written.
  diff_mode:
    support: none
  idempotent:
    support: full
extends_documentation_fragment:
  - callcenter.passwords.attributes
  - callcenter.passwords.attributes.controller
author:
  - callcenter.passwords contributors (!UNKNOWN)
seealso:
  - module: callcenter.passwords.rotation
"""

EXAMPLES = r"""
- name: Encrypt with the new vault password
  callcenter.passwords.rekey:
    store_path: /srv/callcenter/passwords
    vault_id: new
"""

RETURN = r"""
kinds:
  description: Kinds of credential that were encrypted anew.
  returned: always
  type: list
  elements: str
  sample: [cc_agent]
left:
  description: Hosts of the store that need another vault password as well.
  returned: with O(tells_left)
  type: list
  elements: str
  sample: []
msg:
  description: What happened and what to do next.
  returned: always
  type: str
  sample: 1 credential was encrypted with the vault password new, which opens all of this host's
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec

ARGUMENTS = ArgumentSpec(
    {
        "vault_id": {"type": "str", "required": True},
        "store_path": {"type": "path", "required": True},
        "host": {"type": "str"},
        "as_found": {"type": "bool", "default": False},
        "tells_left": {"type": "bool", "default": False},
    }
)


def main() -> None:
    module = AnsibleModule(**ARGUMENTS.to_kwargs(), supports_check_mode=True)
    module.fail_json(msg="the action plugin of this name does the work; call it through the collection", exception=None)


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of a credential in the store. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the actions that write the store; their argument specs are in module_utils/credential_options.py."""

    DOCUMENTATION = r"""
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
  identifiers:
    description: The account's own numbers and names, which a new password must not resemble.
    type: list
    elements: str
    default: []
  policy:
    description: This tenant's rules for passwords; see M(callcenter.passwords.cc_agent_password).
    type: dict
    default: {}
  replace:
    description: With O(intent=enroll), replace a password that is stored already.
    type: bool
    default: false
  verify:
    description: With O(intent=enroll), try the password before it is taken over.
    type: bool
    default: true
"""

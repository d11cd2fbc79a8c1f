# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the IDaaS modules. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the IDaaS modules; their argument specs are in module_utils/_idaas/accounts.py."""

    DOCUMENTATION = r"""
options:
  idaas_url:
    description:
      - Base URL of the IDaaS, the tenant's own domain, or for an application of an independent software vendor the
        common one.
    type: str
    required: true
"""

    USER = r"""
options:
  client_id:
    description:
      - Client id of the application that is registered at the IDaaS.
    type: str
    required: true
  user_name:
    description:
      - What the user logs in with, see O(login_by).
    type: str
    required: true
"""

    OPTIONAL_USER = r"""
options:
  client_id:
    description:
      - Client id of an application that is registered at the IDaaS. Needed with O(user_name).
    type: str
  user_name:
    description:
      - What the user logs in with, see O(login_by). With it the module tries the new password first, and changes
        nothing when it works already.
    type: str
"""

    LOGIN = r"""
options:
  tenant_id:
    description:
      - Tenant id (C(X-tenant-id)), for an application of an independent software vendor. O(client_id) is then that of
        the application's template.
    type: str
  language:
    description:
      - Language of the IDaaS's texts. They are read for numbers only and never shown.
    type: str
    choices: [en, zh]
    default: en
  login_by:
    description:
      - Whether O(user_name) is a user name, a mobile number, or any of user name, mobile number and mail address.
    type: str
    choices: [user_name, mobile, identifier]
    default: user_name
  device:
    description:
      - What the IDaaS is told about the calling device.
    type: dict
    default: {}
    suboptions:
      operating_system:
        description: Name and version of the operating system. Otherwise V(Linux).
        type: str
      fingerprint:
        description:
          - Fingerprint of the device. Keep it stable, since the IDaaS may treat a new device as a risk.
          - Otherwise a hash of the machine's id, which is stable on a machine but new in every container.
        type: str
      agent:
        description: User agent. Otherwise V(callcenter.passwords).
        type: str
      address:
        description: IP address. Otherwise none is told.
        type: str
"""

    IDENTIFIERS = r"""
options:
  identifiers:
    description:
      - Further names of the user that the new password must not contain, for example the mobile number and the name in
        pinyin. O(user_name) and its part before an C(@) always belong to them.
    type: list
    elements: str
    default: []
"""

    TENANT = r"""
options:
  tenant_client_id:
    description:
      - Client id of an application that may use the tenant's management API.
    type: str
    required: true
  tenant_client_secret:
    description:
      - Its secret. A string; numbers must be quoted. All tasks of a run share one token.
    type: raw
    required: true
  user_id:
    description:
      - The IDaaS's own id of the user, not the name that the user logs in with.
    type: str
    required: true
"""

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the CEC modules. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the CEC modules; their argument specs are in module_utils/_cec/accounts.py."""

    DOCUMENTATION = r"""
options:
  cec_url:
    description:
      - Base URL of the CEC's interfaces, for example C(https://service.besclouds.com). It differs by region.
    type: str
    required: true
  token_url:
    description:
      - Base URL of the token service, where it is another one. The newest documentation gives it the port 28070.
      - Otherwise O(cec_url).
    type: str
  app_key:
    description:
      - The tenant's app key, from the CEC's operator. Also sent as C(x-app-key).
    type: str
    required: true
  app_secret:
    description:
      - The tenant's app secret. A string; numbers must be quoted.
      - All tasks of a run share one token of a tenant. It is renewed before it ends, and when the CEC refuses it.
        A change that the CEC refuses for its token is not sent again before a login.
    type: raw
  token_lifetime:
    description:
      - Seconds that a token shall live, 1 to 3600.
    type: int
    default: 600
"""

    MANAGEMENT = r"""
options:
  access_token:
    description:
      - Token from M(callcenter.passwords.cec_token). When the CEC refuses it and O(app_secret) is given, the module
        asks for a new one.
    type: str
  management_path:
    description:
      - How the path of the CEC's queries is spelled. The documentation has both spellings.
    type: str
    choices: [CC-Management, CC-Mangemant]
    default: CC-Management
  request_param:
    description:
      - Send the parameters of a change inside an object C(requestParam). The documented tables of parameters show it,
        the examples beside them do not.
    type: bool
    default: false
  account:
    description:
      - Name of the agent's business account.
    type: str
    required: true
"""

    SIP_PHONE = r"""
options:
  account_password:
    description:
      - Password of the business account. A string; numbers must be quoted.
      - Every wrong one counts towards the account's lock, three lock it for 30 minutes.
    type: raw
  registrar:
    description:
      - SIP URI of the registrar that the phone signs in at, for example C(sip:pbx.example.com),
        C(sip:pbx.example.com:5070;transport=tcp) or C(sips:pbx.example.com).
      - UDP is the default. Give C(;transport=tcp) or C(sips:) where the registrar offers it. Over UDP the answer to its
        question for the password is sent once, since some registrars count each copy as a failed login. A datagram that
        is lost then makes the outcome V(unknown), which counts as a failed login too, and one that the network doubles
        may count twice at such a registrar.
      - With it a phone's password is verified by a REGISTER without Contact, which changes no registration; the
        password itself does not cross the network. Without it the CEC is asked (C(queryAgentLoginParams)), with
        O(account_password).
    type: str
  sip_user:
    description:
      - Number of the SIP phone. Needed with O(registrar); otherwise compared with what the CEC says, where given.
    type: str
  sip_auth_user:
    description:
      - Name for the authentication at the registrar, where it is not O(sip_user).
    type: str
  sip_domain:
    description:
      - Domain of the phone's address, where it is not the host in O(registrar).
    type: str
  sip_ca_path:
    description:
      - PEM file with the CA certificates that have signed the registrar's certificate.
    type: path
  sip_client_cert:
    description:
      - PEM file with the certificate that this side presents, where the registrar demands one. It may hold the key too.
    type: path
  sip_client_key:
    description:
      - PEM file with the key of O(sip_client_cert), where that does not hold it. The key has no passphrase.
    type: path
  sip_validate_certs:
    description:
      - Verify the registrar's certificate.
    type: bool
    default: true
  sip_timeout:
    description:
      - Seconds that the whole verification at the registrar may take; 1 to 300.
    type: float
    default: 10
"""

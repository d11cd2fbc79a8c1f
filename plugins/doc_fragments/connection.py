# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the connection to a service. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the connection; their argument spec is in module_utils/connection_options.py."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.28
options:
  ca_path:
    description:
      - PEM file with the CA certificates that have signed the server's certificate.
      - Without it the system's and Python's own certificates are trusted, or what E(REQUESTS_CA_BUNDLE) names.
    type: path
  validate_certs:
    description:
      - Verify the server's certificate. Switching this off shows every password to whoever sits in between.
    type: bool
    default: true
  allow_http:
    description:
      - Accept a URL with C(http). Passwords then cross the network in clear text.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the connection, for each part of the answer and for the whole of it; 1 to 300.
      - Nothing is ever sent a second time after a time-out.
    type: float
    default: 20
"""

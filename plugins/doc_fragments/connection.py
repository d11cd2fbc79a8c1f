# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of the connection to a service. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the connection; their argument spec is in module_utils/_http/options.py."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.28
notes:
  - A proxy that E(HTTPS_PROXY) or E(ALL_PROXY) names is used, except for the servers in E(NO_PROXY). It must be an HTTP
    proxy; SOCKS is not supported.
  - Where the proxy, or the file that E(REQUESTS_CA_BUNDLE) names, cannot be used, nothing is sent. The outcome is
    V(unreachable), and the message names the variable.
options:
  ca_path:
    description:
      - PEM file with the CA certificates that have signed the server's certificate.
      - Without it the system's and Python's own certificates are trusted, or what E(REQUESTS_CA_BUNDLE) names.
    type: path
  client_cert:
    description:
      - PEM file with the certificate that this side presents, where the server demands one. It may hold the key too.
    type: path
  client_key:
    description:
      - PEM file with the key of O(client_cert), where that does not hold it. The key has no passphrase.
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
      - Seconds to connect, a proxy and the TLS handshake included, then again to send the request, and then again for
        the whole answer; 1 to 300. Looking up the host's name comes on top.
      - Nothing is ever sent a second time after a time-out.
    type: float
    default: 20
  failed_login_cap:
    description:
      - How many failed logins one server (host and port) may see from this controller. Servers also ban the address
        that too many of them come from.
      - Counted over all hosts, tasks and runs that name the same folder, whosever logins they are. Only those with
        a wrong password count; those that are under way may have one, so others wait for them where they fill the cap.
      - A login beyond the cap is not sent. The task fails with the outcome V(access_denied) and says from when on it is
        tried again.
      - It acts on the controller. Without it there is no cap.
    type: dict
    version_added: 0.1.0
    suboptions:
      folder:
        description:
          - Folder on the controller with a file for each server, which holds nothing but times.
          - Created with mode 0700; the folder above it must be there.
        type: path
        required: true
      most:
        description: How many within O(failed_login_cap.window_minutes); 0 is no cap.
        type: int
        default: 20
      window_minutes:
        description: Minutes for which a failed login is counted.
        type: float
        default: 30
      unanswered:
        description:
          - After how many logins in a row without any answer a run makes no further one at this server; 0 is no limit.
            What is not answered may count as a failed login. Such a task fails with the outcome V(unreachable).
        type: int
        default: 2
"""

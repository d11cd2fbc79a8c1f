# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with certificates, in words that say what to do."""

from __future__ import annotations

import ssl
from functools import lru_cache
from os import stat
from stat import S_ISREG

# OpenSSL's verification codes, X509_V_ERR_*, that have a cure worth naming.
OTHER_NAME = 62
_CERTIFICATE_FAULTS = {
    9: "is not valid yet; compare the clocks of both machines",
    10: "has expired; it must be renewed on the server",
    18: "is self-signed; give its CA certificate with ca_path",
    19: "was issued by a CA that is not trusted here; give that CA certificate with ca_path",
    20: "was issued by a CA that is not trusted here; give that CA certificate with ca_path",
    21: "was issued by a CA that is not trusted here; give that CA certificate with ca_path",
    OTHER_NAME: "was issued for another name; write the host as the certificate names it",
    64: "was issued for another address; write the host as the certificate names it",
}


def certificate_fault(code: int) -> str:
    """Return why a server's certificate was not accepted, from OpenSSL's verification code."""
    return "its certificate " + _CERTIFICATE_FAULTS.get(code, "was not accepted")


def ca_faults(ca_path: str, option: str = "ca_path") -> list[str]:
    """Return what is wrong with a file of CA certificates that `option` names, nothing where it can be used."""
    try:
        status = stat(ca_path)
    except OSError:
        status = None
    if status is None or not S_ISREG(status.st_mode):
        return [f"{option} names no file on the machine that sends the requests; correct the path"]
    if not _is_usable(ca_path, status.st_mtime_ns):
        return [f"{option} names a file that cannot be read or holds no PEM certificate; give the CA's PEM file"]
    return []


@lru_cache(maxsize=16)
def _is_usable(ca_path: str, _changed_at: int) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_path)
    except (OSError, ValueError):
        return False
    return True

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why no connection came about, in words that say what to do: at a server, at a proxy, and between both."""

from __future__ import annotations

import socket
import ssl

from .._net.certificates import (
    HUNG_UP,
    NO_TLS,
    OTHER_NAME,
    certificate_fault,
    client_certificate_fault,
    handshake_fault,
)
from .environment import ca_file_option

_PROXY_DEMANDS = "the proxy demands a client certificate, and this side presents none to proxies; name another proxy"
_BOTH_AUTHORITIES = ". Such a file must hold the CAs of both, the proxy and the server"

_PERHAPS_OF_PROXY = ". Perhaps the proxy presents one of its own to read what passes; NO_PROXY keeps it out"
_NEEDS_AUTHORITY = "with ca_path"
_ENDED = (
    "the connection ended during the TLS handshake; perhaps the proxy does not let it pass, or the server's port is "
    "not the one for TLS"
)


def why_no_server(exc: Exception, ca_path: str | None, *, has_certificate: bool, is_behind_proxy: bool) -> str:
    """Return why there is no connection to a server, behind a proxy that has made way where there is one."""
    if why := _tls_fault(exc, ca_path, has_certificate=has_certificate):
        return _behind_proxy(why) if is_behind_proxy else why
    if isinstance(exc, TimeoutError):
        return "no connection within the time-out; check the address, the port and firewalls"
    if _is_of_tls(exc):
        return "the TLS handshake failed; check that the port speaks HTTPS"
    if isinstance(exc, (socket.gaierror, UnicodeError)):
        return "its name could not be resolved; check the host name and DNS"
    return "the connection was not accepted; check the address, the port and that the service runs"


def why_no_proxy(exc: Exception, ca_path: str | None) -> str:
    """Return why there is no connection to a proxy. Nobody has asked for the server yet, so nothing is said of it."""
    if client_certificate_fault(exc, has_certificate=False):
        return _PROXY_DEMANDS
    why = _tls_fault(exc, ca_path, has_certificate=False)
    if why == NO_TLS:
        return "the proxy's port speaks no TLS; write its URL with http://, or check the port"
    if why:
        said = _said_of("the proxy", why).replace("on the server", "at the proxy")
        said = said.replace(" (client_cert, client_key)", ", which is presented to no proxy")
        return said + (_BOTH_AUTHORITIES if _NEEDS_AUTHORITY in why else "")
    if isinstance(exc, TimeoutError):
        return "the proxy gave no connection within the time-out; check its URL and firewalls"
    if _is_of_tls(exc):
        return "the TLS handshake with the proxy failed; check its URL"
    if isinstance(exc, (socket.gaierror, UnicodeError)):
        return "the proxy's name could not be resolved; check its URL and DNS"
    return "the proxy did not accept the connection; check its URL and that it runs"


def why_no_tunnel(exc: Exception) -> str:
    """Return why a proxy that was reached did not make way to the server."""
    if client_certificate_fault(exc, has_certificate=False):
        return _PROXY_DEMANDS
    late = " within the time-out" if isinstance(exc, TimeoutError) else ""
    return (
        f"the proxy did not connect to the server{late}; check the server's address, what the proxy allows, and your "
        "user there"
    )


def _tls_fault(exc: Exception, ca_path: str | None, *, has_certificate: bool) -> str:
    """Return what was wrong with TLS, "" where that is not it or does not tell."""
    certificate = exc if isinstance(exc, ssl.SSLCertVerificationError) else exc.__cause__
    if isinstance(certificate, ssl.SSLCertVerificationError) or type(exc).__name__ == "CertificateError":
        # The file that requests takes by itself is nobody's to mend, and some systems keep old authorities in it.
        option = ca_file_option(ca_path) if ca_path else ""
        # urllib3 1.26 compares the names by itself, and its CertificateError has no code.
        return certificate_fault(getattr(certificate, "verify_code", OTHER_NAME), ca_path if option else None, option)
    return handshake_fault(exc, has_certificate=has_certificate)


def _behind_proxy(why: str) -> str:
    if why == HUNG_UP:
        return _ENDED
    return _said_of("the server", why) + (_PERHAPS_OF_PROXY if _NEEDS_AUTHORITY in why else "")


def _is_of_tls(exc: Exception) -> bool:
    return isinstance(exc, ssl.SSLError) or type(exc).__name__ == "SSLError"


def _said_of(whom: str, why: str) -> str:
    """Return a sentence about "it" as one about somebody by name, since with a proxy there are two."""
    first, _space, rest = why.partition(" ")
    return {"it": f"{whom} {rest}", "its": f"{whom}'s {rest}"}.get(first, why)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be wrong with certificates and with TLS, in words that say what to do."""

from __future__ import annotations

import ssl
import time
from errno import ENOTCONN
from functools import lru_cache
from os import stat
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# OpenSSL's verification codes, X509_V_ERR_*, that have a cure worth naming.
OTHER_NAME = 62
NO_TLS = "its port speaks no TLS; check the port"
_OLD_TLS = "it speaks only versions of TLS that are broken; it must offer TLS 1.2 or later"
_OTHER_NAME = (
    "was issued for another name, or has no subjectAltName, without which no name counts; write the host as the "
    "certificate names it, or have it issued anew"
)
_NOT_VALID_YET, _EXPIRED = 9, 10
_NO_CA = "was issued by something that is no CA; it must be issued anew by one"
_OTHER_CA = "was issued by a CA that is not trusted here; give that CA certificate with ca_path"
_IN_BETWEEN = f"{_OTHER_CA}. If its root is there, one in between is missing; it must be added on the server"
_BEYOND_LIMITS = "is beyond what its CA may vouch for, by its names or its path length; it must be issued anew"
_NOT_STRICT = (
    "has not the form of RFC 5280, or its CA has not, which Python 3.13 and later demand; the one at fault must be "
    "issued anew"
)
_CERTIFICATE_FAULTS = {
    2: "was issued by a CA whose own issuer is not trusted here; give that root certificate with ca_path too",
    7: (
        "was not issued by the CA that is trusted here but by another one of the same name; give the certificate that "
        "this CA has now with ca_path"
    ),
    _NOT_VALID_YET: "is not valid yet, or one between it and its CA; compare the clocks of both machines",
    _EXPIRED: "has expired, or one between it and its CA; it must be renewed on the server",
    18: "is self-signed; give this certificate itself with ca_path, or have it issued by a CA",
    19: _OTHER_CA,
    20: _IN_BETWEEN,
    21: _IN_BETWEEN,
    24: _NO_CA,
    25: _BEYOND_LIMITS,
    26: "is not meant for servers, or its CA is not; it must be issued anew for them",
    47: _BEYOND_LIMITS,
    48: _BEYOND_LIMITS,
    OTHER_NAME: _OTHER_NAME,
    64: "was issued for another address; write the host as the certificate names it",
    66: "has a key that is too weak; it must be issued anew, with 2048 bits of RSA or more",
    67: "was issued by a CA whose key is too weak; it must be issued anew by one with 2048 bits of RSA or more",
    68: "has a signature that is too weak, or one between it and its CA; it must be issued anew, with SHA-256",
    79: _NO_CA,
    # OpenSSL looks at these only if it is told to be strict.
    **dict.fromkeys(range(80, 95), _NOT_STRICT),
}
_OLD_FILE = {
    _NOT_VALID_YET: (
        "a CA certificate in {0} is not valid yet; check the clock on this side, or give the one that is in use now",
        ". Perhaps it is the CA: {0} also holds one that is not valid yet",
    ),
    _EXPIRED: (
        "a CA certificate in {0} has expired; give the one that is in use now",
        ". Perhaps it is the CA: {0} also holds one that has expired",
    ),
}
"""What to say where all certificates of a file are of another time, and what to add where some are."""


_BROKEN_TLS = "its TLS is so old that it is broken; it must be brought up to date"
_HANDSHAKE_FAULTS = {
    "UNSUPPORTED_PROTOCOL": _OLD_TLS,
    "PROTOCOL_VERSION": _OLD_TLS,
    "WRONG_VERSION_NUMBER": NO_TLS,
    "RECORD_LAYER_FAILURE": NO_TLS,  # OpenSSL 3.2 and later
    "DH_KEY_TOO_SMALL": _BROKEN_TLS,
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": _BROKEN_TLS,
    "INSUFFICIENT_SECURITY": "it accepts none of the ciphers that this side offers; compare both",
    "UNRECOGNIZED_NAME": "it does not serve this name; write the host as the server calls itself",
}
"""Of OpenSSL's reasons, the ends that have a cure worth naming."""
_REFUSED = "it refused the TLS handshake; perhaps it {}does not serve this name, or has only ciphers that are broken"
_NO_CLIENT_CERTIFICATE = "demands a client certificate (client_cert, client_key), "
_BROKEN_OFF = "it broke off the TLS handshake; its log says why. Perhaps it does not serve this name"
HUNG_UP = "it hung up during the TLS handshake; check that its port is the one for TLS, and that it serves this name"
_ENDS = (ssl.SSLEOFError, BrokenPipeError, ConnectionResetError)
_ALERT = ("SSLV3_ALERT_", "TLSV1_", "TLSV13_ALERT_")
"""With these OpenSSL names what the other side has said. So that one does speak TLS."""
_ABOUT_CLIENT = (
    "CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNKNOWN_CA",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNSUPPORTED_CERTIFICATE",
)
"""Those with which a server turns a client away for its certificate. It has not looked at any request then."""


def handshake_fault(exc: BaseException, *, has_certificate: bool = False) -> str:
    """Return why TLS did not come about, from an exception and those behind it; "" where they do not tell."""
    if about_client := client_certificate_fault(exc, has_certificate=has_certificate):
        return about_client
    reasons = list(_reasons(exc))
    for end, fault in _HANDSHAKE_FAULTS.items():
        if any(reason.endswith(end) for reason in reasons):
            return fault
    if any(reason.endswith("ALERT_HANDSHAKE_FAILURE") for reason in reasons):
        return _REFUSED.format("" if has_certificate else _NO_CLIENT_CERTIFICATE)
    if any(reason.startswith(_ALERT) for reason in reasons):
        return _BROKEN_OFF
    return HUNG_UP if any(map(_is_end, _behind(exc))) else ""


def _is_end(exc: BaseException) -> bool:
    # The last is what Python says of a connection that has ended before it looked at it.
    return isinstance(exc, _ENDS) or (isinstance(exc, OSError) and exc.errno == ENOTCONN)


def client_certificate_fault(exc: BaseException, *, has_certificate: bool) -> str:
    """Return that a server has turned the client away for its certificate; "" where it has not.

    With TLS 1.3 a client hears of it only when it waits for the answer to its first request.
    """
    if not any(reason.endswith(_ABOUT_CLIENT) for reason in _reasons(exc)):
        return ""
    if has_certificate:
        return "it does not accept the client certificate; check client_cert, and which authorities it trusts"
    return "it demands a client certificate; give client_cert and client_key"


def _reasons(exc: BaseException) -> Iterator[str]:
    """Give OpenSSL's reasons of an exception and of those behind it."""
    return (str(one.reason) for one in _behind(exc) if isinstance(one, ssl.SSLError))


def _behind(exc: BaseException) -> list[BaseException]:
    """Return an exception and those behind it, which libraries keep in several places."""
    seen: list[BaseException] = []
    behind: list[Any] = [exc]
    while behind:
        one = behind.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            behind += [one.__cause__, one.__context__, *one.args]
    return seen


def certificate_fault(code: int, ca_path: str | None = None, option: str = "ca_path") -> str:
    """Return why a server's certificate was not accepted.

    Args:
        code: OpenSSL's verification code. It does not tell which certificate of the chain it is about.
        ca_path: the file of CA certificates that are trusted, where one was given.
        option: what names that file.
    """
    fault = _CERTIFICATE_FAULTS.get(code, f"was not accepted (OpenSSL's code {code}); have its chain looked at")
    if not ca_path or code not in _OLD_FILE:
        return f"its certificate {fault}"
    whole_file, part_of_it = _OLD_FILE[code]
    of_another_time = _of_another_time(ca_path, code)
    if of_another_time and all(of_another_time):
        # OpenSSL begins with the CA. If the server's certificate were of another time too, that would come up next.
        return whole_file.format(option)
    return f"its certificate {fault}{part_of_it.format(option) if any(of_another_time) else ''}"


def _of_another_time(ca_path: str, code: int) -> list[bool]:
    """Return of each CA certificate in a file whether it has expired, or whether it is not valid yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    now = time.time()
    try:
        context.load_verify_locations(ca_path)
        certificates = context.get_ca_certs()
        if code == _EXPIRED:
            return [now > ssl.cert_time_to_seconds(str(one["notAfter"])) for one in certificates]
        return [now < ssl.cert_time_to_seconds(str(one["notBefore"])) for one in certificates]
    except (OSError, ValueError):
        return []


def ca_faults(ca_path: str, option: str = "ca_path") -> list[str]:
    """Return what is wrong with a file of CA certificates that `option` names, nothing where it can be used."""
    changed_at = _changed_at(ca_path)
    if changed_at is None:
        return [_NO_FILE.format(option)]
    if not _is_usable(ca_path, changed_at):
        return [f"{option} names a file that cannot be read or holds no PEM certificate; give the CA's PEM file"]
    return []


def client_faults(client_cert: str | None, client_key: str | None, prefix: str = "") -> list[str]:
    """Return what is wrong with the client's certificate and key, nothing where they can be used or are not given.

    Args:
        client_cert: path of a PEM file with the certificate, and the key too where `client_key` is not given.
        client_key: path of a PEM file with the key.
        prefix: what messages put before both names.
    """
    if not client_cert:
        return [f"{prefix}client_key is given without {prefix}client_cert; give both"] if client_key else []
    changed: list[int] = []
    for option, path in (("client_cert", client_cert), ("client_key", client_key or client_cert)):
        changed_at = _changed_at(path)
        if changed_at is None:
            return [_NO_FILE.format(f"{prefix}{option}")]
        changed.append(changed_at)
    if not _is_pair(client_cert, client_key, *changed):
        pair = f"{prefix}client_cert and {prefix}client_key"
        return [f"{pair} are no PEM files that can be read and belong together; the key must have no passphrase"]
    return []


_NO_FILE = "{} names no file on the machine that sends the requests; correct the path"


def _changed_at(path: str) -> int | None:
    """Return when a file was changed, in nanoseconds; None where there is no ordinary file."""
    try:
        status = stat(path)
    except OSError:
        return None
    return status.st_mtime_ns if S_ISREG(status.st_mode) else None


@lru_cache(maxsize=16)
def _is_pair(client_cert: str, client_key: str | None, *_changed_at: int) -> bool:
    try:
        # An empty passphrase, because OpenSSL asks the terminal for one otherwise.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(client_cert, client_key, password="")
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=16)
def _is_usable(ca_path: str, _changed_at: int) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_path)
    except (OSError, ValueError):
        return False
    return True

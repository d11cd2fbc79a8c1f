# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where telephones register, as options describe it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from .._errors import InputError
from .._net.certificates import ca_faults, client_faults

_URI = re.compile(
    r"(?P<scheme>sips?):(?P<host>\[[^\]]*\]|[^\]\[:;?@/]+)(?::(?P<port>[0-9]{1,5}))?(?:;transport=(?P<transport>udp|tcp|tls))?",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)


@dataclass(frozen=True)
class Registrar:
    """Where telephones register, and how it is trusted. Checked on creation, before anything is sent.

    Attributes:
        uri: ``sip:host[:port][;transport=udp|tcp|tls]`` or ``sips:host[:port]``, which is TLS. A host is a name, an
            IPv4 address or an IPv6 address in brackets. UDP unless said otherwise (RFC 3263 section 4.1); port 5060,
            with TLS 5061 (RFC 3261 section 19.1.2). Nothing else is tried: a registrar may let a telephone in
            by one transport only, and refuse the right password by another. The name's addresses are used; SRV records
            are not looked up.
        domain: what comes after the @ in a telephone's address; the host of ``uri`` unless given.
        ca_path: PEM file with the CA certificates to trust instead of the system's.
        client_cert: PEM file with the certificate that this side presents, and perhaps its key.
        client_key: PEM file with that key, without a passphrase.
        validate_certs: verify the server's certificate.
        timeout: seconds for the whole verification, 1 to 300. Looking up the host's name comes on top.
        option: what messages call ``uri``.
        prefix: what they put before ``domain``, ``ca_path``, ``client_cert``, ``timeout``, ``user`` and ``auth_user``.

    Raises:
        InputError: naming each option at fault and its cure.
    """

    uri: str
    domain: str = ""
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    timeout: float = 20
    option: str = "registrar"
    prefix: str = ""
    host: str = field(init=False, default="")
    port: int = field(init=False, default=0)
    transport: str = field(init=False, default="udp")

    def __post_init__(self) -> None:
        faults = []
        parts = _URI.fullmatch(self.uri)
        if not parts or not _is_host(parts["host"]) or not 1 <= int(parts["port"] or 5060) <= 65535:
            faults.append(
                f"{self.option} is not the SIP URI of a server; write it as sip:host:port, with ;transport=tcp or "
                ";transport=tls where it is not UDP"
            )
        else:
            secure = parts["scheme"].lower() == "sips"
            transport = (parts["transport"] or ("tls" if secure else "udp")).lower()
            if secure and transport == "udp":
                faults.append(f"{self.option} asks for TLS over UDP; write sip: for sips:, or leave out the transport")
            object.__setattr__(self, "transport", "tls" if secure else transport)
            object.__setattr__(self, "host", parts["host"])
            object.__setattr__(self, "port", int(parts["port"] or (5061 if self.transport == "tls" else 5060)))
        if not self.domain:
            object.__setattr__(self, "domain", self.host)
        elif not _is_host(self.domain):
            faults.append(
                f"{self.prefix}domain is not a host name or an address; give what comes after the @ in a SIP address"
            )
        if self.ca_path:
            faults.extend(self.prefix + fault for fault in ca_faults(self.ca_path))
        faults.extend(client_faults(self.client_cert, self.client_key, self.prefix))
        if not 1 <= self.timeout <= 300:
            faults.append(f"{self.prefix}timeout is out of range; give 1 to 300 seconds")
        if faults:
            raise InputError(*faults)

    @property
    def place(self) -> str:
        """Host, port and transport, for messages."""
        return f"{self.host}:{self.port} ({self.transport.upper()})"


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return bool(_NAME.fullmatch(text))
    try:
        return "%" not in text and text.endswith("]") and bool(ipaddress.IPv6Address(text[1:-1]))
    except ValueError:
        return False

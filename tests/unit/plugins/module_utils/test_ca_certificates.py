# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of certificates that are not accepted: the message says whose fault it is, the file's or the server's."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport

DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class Certificate:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, kind, serialization.NoEncryption())


def issue(
    name: str, by: Certificate | None = None, *, ca: bool = True, key: Key | None = None, begins: timedelta = -DAY
) -> Certificate:
    """Issue a certificate that is valid for three days from `begins`, seen from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(timezone.utc) + begins
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + 3 * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return Certificate(builder.sign(by.key if by else key, hashes.SHA256()), key)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Callable[..., str]]:
    servers: list[LoopbackServer] = []

    def told(trusted: Certificate, *chain: Certificate) -> str:
        """Return what a request comes to at a server with this chain."""
        ca_path, server_path = tmp_path / "ca.pem", tmp_path / "server.pem"
        ca_path.write_bytes(trusted.pem)
        server_path.write_bytes(chain[0].key_pem + b"".join(one.pem for one in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(server_path)
        servers.append(LoopbackServer(context))
        with pytest.raises(NothingSent) as caught:
            Transport(Endpoint(servers[-1].url, ca_path=str(ca_path))).request("GET", "/")
        assert servers[-1].requests == []
        return caught.value.message

    yield told
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("begins", "reason"),
    [(-9 * DAY, "a CA certificate in ca_path has expired"), (9 * DAY, "a CA certificate in ca_path is not valid yet")],
)
def test_a_root_of_another_time(told: Callable[..., str], begins: timedelta, reason: str) -> None:
    root = issue("root", begins=begins)
    assert reason in told(root, issue("server", root, ca=False))


@pytest.mark.parametrize(
    ("begins", "reason"),
    [
        (-9 * DAY, "has expired, or one between it and its CA"),
        (9 * DAY, "is not valid yet, or one between it and its CA"),
    ],
)
def test_an_intermediate_of_another_time(told: Callable[..., str], begins: timedelta, reason: str) -> None:
    root = issue("root")
    between = issue("between", root, begins=begins)
    assert f"its certificate {reason}" in told(root, issue("server", between, ca=False), between)


def test_an_intermediate_without_its_root(told: Callable[..., str]) -> None:
    between = issue("between", issue("root"))
    said = told(between, issue("server", between, ca=False), between)
    assert "whose own issuer is not trusted here; give that root certificate with ca_path too" in said


def test_a_key_that_is_too_short(told: Callable[..., str]) -> None:
    root = issue("root")
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    assert "too weak" in told(root, issue("server", root, ca=False, key=weak))


def test_an_issuer_that_is_no_authority(told: Callable[..., str]) -> None:
    root = issue("root")
    nobody = issue("nobody", root, ca=False)
    assert "issued by something that is no CA" in told(root, issue("server", nobody, ca=False), nobody)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of certificates that are not accepted: the message says whose fault it is, the file's or the server's."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

DAY = timedelta(days=1)
MAY_ISSUE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
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
    name: str,
    by: Certificate | None = None,
    *extensions: x509.ExtensionType,
    ca: bool = True,
    key: Key | None = None,
    begins: timedelta = -DAY,
    path_length: int | None = None,
    has_identifiers: bool = True,
) -> Certificate:
    """Issue a certificate that is valid for three days from `begins`, seen from now.

    With the identifiers of its keys it has the form that Python 3.13 and later demand.
    """
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
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    else:
        builder = builder.add_extension(MAY_ISSUE, critical=True)
    if has_identifiers:
        of_issuer = (by.key if by else key).public_key()
        for identifier in (
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(of_issuer),
        ):
            builder = builder.add_extension(identifier, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return Certificate(builder.sign(by.key if by else key, hashes.SHA256()), key)


def ask(port: int, ca_path: str, over: str) -> None:
    if over == "SIP":
        check_login(Registrar(f"sips:localhost:{port}", ca_path=ca_path, prefix="sip_"), "1001", "x")
    else:
        endpoint = Endpoint(f"https://localhost:{port}", ca_path=ca_path if over == "ca_path" else None)
        Transport(endpoint).request("GET", "/")


Told = Callable[..., str]


@pytest.fixture
def ca_path(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


@pytest.fixture
def told(tmp_path: Path, ca_path: Path) -> Iterator[Told]:
    servers: list[LoopbackServer] = []

    def told(trusted: Certificate | list[Certificate], *chain: Certificate, over: str = "ca_path") -> str:
        """Return what a request comes to at a server with this chain: over HTTPS, with ca_path or without, or SIP."""
        server_path = tmp_path / "server.pem"
        ca_path.write_bytes(b"".join(one.pem for one in (trusted if isinstance(trusted, list) else [trusted])))
        server_path.write_bytes(chain[0].key_pem + b"".join(one.pem for one in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(server_path)
        server = LoopbackServer(context)
        servers.append(server)
        with pytest.raises(NothingSent) as caught:
            ask(server.port, str(ca_path), over)
        assert server.requests == []
        place, _colon, why = caught.value.message.partition(" was not reached: ")
        assert place.startswith("localhost")
        return why

    yield told
    for server in servers:
        server.close()


# -- certificates of another time --------------------------------------------------------------------------------------

PAST, FUTURE = -9 * DAY, 9 * DAY
OLD_FILE = "a CA certificate in ca_path has expired; give the one that is in use now"
EARLY_FILE = (
    "a CA certificate in ca_path is not valid yet; check the clock on this side, or give the one that is in use now"
)
OLD_SERVER = "its certificate has expired, or one between it and its CA; it must be renewed on the server"
EARLY_SERVER = "its certificate is not valid yet, or one between it and its CA; compare the clocks of both machines"


@pytest.mark.parametrize(("begins", "reason"), [(PAST, OLD_FILE), (FUTURE, EARLY_FILE)])
def test_a_root_of_another_time(told: Told, begins: timedelta, reason: str) -> None:
    root = issue("root", begins=begins)
    assert told(root, issue("server", root, ca=False)) == reason
    assert told(root, issue("server", root, ca=False), over="SIP") == reason.replace("ca_path", "sip_ca_path")


def test_everything_has_expired(told: Told) -> None:
    """The file comes first. With a good one the message is about the server's certificate."""
    root = issue("root", begins=PAST)
    assert told(root, issue("server", root, ca=False, begins=PAST)) == OLD_FILE
    renewed = issue("root", key=root.key)
    assert told(renewed, issue("server", renewed, ca=False, begins=PAST)) == OLD_SERVER


@pytest.mark.parametrize(("begins", "reason"), [(PAST, OLD_SERVER), (FUTURE, EARLY_SERVER)])
def test_an_intermediate_of_another_time(told: Told, begins: timedelta, reason: str) -> None:
    root = issue("root")
    between = issue("between", root, begins=begins)
    assert told(root, issue("server", between, ca=False), between) == reason


@pytest.mark.parametrize(
    ("begins", "reason"),
    [
        (PAST, f"{OLD_SERVER}. Perhaps it is the CA: ca_path also holds one that has expired"),
        (FUTURE, f"{EARLY_SERVER}. Perhaps it is the CA: ca_path also holds one that is not valid yet"),
    ],
)
def test_one_of_several_in_the_file_is_of_another_time(told: Told, begins: timedelta, reason: str) -> None:
    """Nothing tells which of them was used, so nobody is blamed for certain."""
    root, other = issue("root"), issue("other", begins=begins)
    assert told([root, other], issue("server", root, ca=False, begins=begins)) == reason
    assert told([root, other], issue("server", other, ca=False)) == reason


def test_the_variable_that_names_the_file(told: Told, ca_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_path))
    root = issue("root", begins=PAST)
    said = told(root, issue("server", root, ca=False), over="the environment")
    assert said == OLD_FILE.replace("ca_path", "REQUESTS_CA_BUNDLE")


def test_the_systems_own_file_is_not_blamed(told: Told, ca_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(ca_path))
    root, other = issue("root"), issue("other", begins=PAST)
    server = issue("server", root, ca=False, begins=PAST)
    assert told([root, other], server, over="the environment") == OLD_SERVER


# -- chains without their end ------------------------------------------------------------------------------------------

without_partial_chains = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="Python 3.13 and later are content with any certificate of the chain"
)
OTHER_CA = "its certificate was issued by a CA that is not trusted here; give that CA certificate with ca_path"
IN_BETWEEN = f"{OTHER_CA}. If its root is there, one in between is missing; it must be added on the server"


@without_partial_chains
def test_an_intermediate_without_its_root(told: Told) -> None:
    between = issue("between", issue("root"))
    assert told(between, issue("server", between, ca=False), between) == (
        "its certificate was issued by a CA whose own issuer is not trusted here; give that root certificate with "
        "ca_path too"
    )


def test_a_root_that_is_not_trusted(told: Told) -> None:
    root = issue("root")
    assert told(issue("other"), issue("server", root, ca=False), root) == OTHER_CA


def test_a_server_that_keeps_its_intermediate_back(told: Told) -> None:
    root = issue("root")
    assert told(root, issue("server", issue("between", root), ca=False)) == IN_BETWEEN


@without_partial_chains
def test_the_servers_certificate_instead_of_its_authoritys(told: Told) -> None:
    server = issue("server", issue("root"), ca=False)
    assert told(server, server) == IN_BETWEEN


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 and later demand the identifiers")
def test_an_authority_with_a_new_key(told: Told) -> None:
    """Without the identifiers of keys only the signature tells. With them it is a CA that is not trusted."""
    root, renewed = issue("root"), issue("root")
    assert told(root, issue("server", renewed, ca=False)) == IN_BETWEEN
    assert told(root, issue("server", renewed, ca=False, has_identifiers=False)) == (
        "its certificate was not issued by the CA that is trusted here but by another one of the same name; give the "
        "certificate that this CA has now with ca_path"
    )


def test_a_certificate_that_nobody_has_issued(told: Told) -> None:
    assert told(issue("root"), issue("server", ca=False)) == (
        "its certificate is self-signed; give this certificate itself with ca_path, or have it issued by a CA"
    )


# -- certificates that must be issued anew -----------------------------------------------------------------------------


def weak_key() -> Key:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505


def test_a_key_that_is_too_short(told: Told) -> None:
    root = issue("root")
    assert told(root, issue("server", root, ca=False, key=weak_key())) == (
        "its certificate has a key that is too weak; it must be issued anew, with 2048 bits of RSA or more"
    )


def test_an_authority_whose_key_is_too_short(told: Told) -> None:
    root = issue("root", key=weak_key())
    assert told(root, issue("server", root, ca=False)) == (
        "its certificate was issued by a CA whose key is too weak; it must be issued anew by one with 2048 bits of RSA "
        "or more"
    )


def test_an_issuer_that_is_no_authority(told: Told) -> None:
    root = issue("root")
    nobody = issue("nobody", root, ca=False)
    assert told(root, issue("server", nobody, ca=False), nobody) == (
        "its certificate was issued by something that is no CA; it must be issued anew by one"
    )


def test_a_certificate_for_clients(told: Told) -> None:
    root = issue("root")
    clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert told(root, issue("server", root, clients, ca=False)) == (
        "its certificate is not meant for servers, or its CA is not; it must be issued anew for them"
    )


def test_an_authority_with_limits(told: Told) -> None:
    said = (
        "its certificate is beyond what its CA may vouch for, by its names or its path length; it must be issued anew"
    )
    root = issue("root", None, x509.NameConstraints([x509.DNSName("corp.test")], None))
    assert told(root, issue("server", root, ca=False)) == said
    root = issue("root", path_length=0)
    between = issue("between", root)
    assert told(root, issue("server", between, ca=False), between) == said


def test_what_has_no_words_of_its_own(told: Told) -> None:
    root = issue("root")
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x")
    assert told(root, issue("server", root, strange, ca=False)) == (
        "its certificate was not accepted (OpenSSL's code 34); have its chain looked at"
    )


def test_a_form_that_new_releases_of_python_demand(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``ssl.create_default_context`` of Python 3.13 does, which demands it of every certificate."""
    create = ssl.create_default_context

    def strict(*args: Any, **options: Any) -> ssl.SSLContext:
        context = create(*args, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)
    root = issue("root")
    assert told(root, issue("server", root, ca=False, has_identifiers=False), over="SIP") == (
        "its certificate has not the form of RFC 5280, or its CA has not, which Python 3.13 and later demand; the one "
        "at fault must be issued anew"
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Handshakes of TLS that fail for another reason than a certificate, over HTTPS and over SIP."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterator

import pytest
from support.authority import Authority
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport
from ansible_collections.callcenter.passwords.plugins.module_utils._net.certificates import handshake_fault
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

Told = Callable[..., str]

REFUSED = (
    "it refused the TLS handshake; perhaps it demands a client certificate (client_cert, client_key), does not serve "
    "this name, or has only ciphers that are broken"
)
REFUSED_WITH_ONE = (
    "it refused the TLS handshake; perhaps it does not serve this name, or has only ciphers that are broken"
)
BROKEN_OFF = "it broke off the TLS handshake; its log says why. Perhaps it does not serve this name"
HUNG_UP = "it hung up during the TLS handshake; check that its port is the one for TLS, and that it serves this name"


def https(port: int, ca_path: str, client: tuple[str, str] | None) -> None:
    cert, key = client or (None, None)
    endpoint = Endpoint(f"https://localhost:{port}", ca_path=ca_path, client_cert=cert, client_key=key)
    Transport(endpoint).request("GET", "/")


def sips(port: int, ca_path: str, client: tuple[str, str] | None) -> None:
    cert, key = client or (None, None)
    check_login(Registrar(f"sips:localhost:{port}", ca_path=ca_path, client_cert=cert, client_key=key), "1001", "x")


@pytest.fixture(params=[https, sips])
def told(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Told]:
    """Return what a request comes to at a server with TLS that a test has made particular."""
    servers: list[LoopbackServer] = []

    def told(change: Callable[[ssl.SSLContext], object], client: tuple[str, str] | None = None) -> str:
        context = authority.context()
        change(context)
        servers.append(LoopbackServer(context))
        with pytest.raises(NothingSent) as caught:
            request.param(servers[-1].port, authority.ca_path, client)
        assert servers[-1].requests == []
        return caught.value.message.partition(" was not reached: ")[2]

    yield told
    for server in servers:
        server.close()


def only_broken_ciphers(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("NULL:@SECLEVEL=0")


def test_no_cipher_in_common(told: Told, authority: Authority) -> None:
    assert told(only_broken_ciphers) == REFUSED
    assert told(only_broken_ciphers, authority.client()) == REFUSED_WITH_ONE


@pytest.mark.parametrize(
    ("alert", "reason"),
    [
        (
            ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME,
            "it does not serve this name; write the host as the server calls itself",
        ),
        (
            ssl.AlertDescription.ALERT_DESCRIPTION_INSUFFICIENT_SECURITY,
            "it accepts none of the ciphers that this side offers; compare both",
        ),
        (ssl.AlertDescription.ALERT_DESCRIPTION_HANDSHAKE_FAILURE, REFUSED),
        (ssl.AlertDescription.ALERT_DESCRIPTION_INTERNAL_ERROR, BROKEN_OFF),
        (ssl.AlertDescription.ALERT_DESCRIPTION_ACCESS_DENIED, BROKEN_OFF),
    ],
)
def test_a_name_that_is_refused(told: Told, alert: int, reason: str) -> None:
    """Servers refuse a name that they do not serve with several alerts; whoever sends one does speak TLS."""

    def refuse(context: ssl.SSLContext) -> None:
        context.sni_callback = lambda *_of_client: alert

    assert told(refuse) == reason


@pytest.mark.parametrize("way", [https, sips])
@pytest.mark.parametrize("is_reset", [False, True])
def test_a_server_that_hangs_up(authority: Authority, way: Callable[..., None], is_reset: bool) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(5)
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    server = LoopbackServer()
    server.welcome = hang_up
    with pytest.raises(NothingSent) as caught:
        way(server.port, authority.ca_path, None)
    assert caught.value.message.endswith(f" was not reached: {HUNG_UP}")
    server.close()


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("DH_KEY_TOO_SMALL", "its TLS is so old that it is broken; it must be brought up to date"),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "its TLS is so old that it is broken; it must be brought up to date"),
        ("RECORD_LAYER_FAILURE", "its port speaks no TLS; check the port"),
        ("BAD_SIGNATURE", ""),
    ],
)
def test_what_no_server_of_ours_can_do(reason: str, fault: str) -> None:
    error = ssl.SSLError(1, "")
    error.reason = reason
    assert handshake_fault(error) == fault

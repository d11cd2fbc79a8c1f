# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections through a proxy that do not come about: the message says whether it is the proxy or the server."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from support.authority import Authority
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.reasons import why_no_proxy, why_no_tunnel
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport

Connect = Callable[..., Transport]
Told = Callable[..., str]

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
QUICK = 0.5
NO_WAY = "the proxy did not connect to the server"
ADVICE = "check the server's address, what the proxy allows, and your user there"
BOTH = ". Such a file must hold the CAs of both, the proxy and the server"
OTHER_NAME = (
    "another name, or has no subjectAltName, without which no name counts; write the host as the certificate names it, "
    "or have it issued anew"
)
DEMANDS = "the proxy demands a client certificate, and this side presents none to proxies; name another proxy"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    def told(transport: Transport, proxy: str, variable: str = "HTTPS_PROXY") -> str:
        """Return what a request through this proxy comes to."""
        monkeypatch.setenv(variable, proxy)
        with pytest.raises(NothingSent) as caught:
            transport.request("PUT", "/", json_body={"password": "x"})
        way, _colon, why = caught.value.message.partition(" names: ")
        assert way == f"{transport.endpoint.place} was not reached through the proxy that {variable}"
        return why

    return told


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            sink.sendall(some)
        sink.shutdown(socket.SHUT_WR)


def wait(connection: socket.socket) -> None:
    connection.recv(1)


def tunnel(connection: socket.socket, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=pump, args=(upstream, connection), daemon=True)
        back.start()
        pump(connection, upstream)
        back.join()


@pytest.fixture
def proxy() -> Iterator[LoopbackServer]:
    proxy = LoopbackServer()
    yield proxy
    proxy.close()


# -- the proxy itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_name_that_cannot_be_resolved(told: Told, scheme: str) -> None:
    transport = Transport(Endpoint(f"{scheme}://localhost:1", allow_http=True))
    assert told(transport, "http://proxy.invalid:3128", f"{scheme}_proxy") == (
        "the proxy's name could not be resolved; check its URL and DNS"
    )


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_proxy_that_is_not_there(told: Told, proxy: LoopbackServer, scheme: str) -> None:
    proxy.close()
    transport = Transport(Endpoint(f"{scheme}://localhost:1", allow_http=True))
    assert told(transport, proxy.url, f"{scheme}_proxy") == (
        "the proxy did not accept the connection; check its URL and that it runs"
    )


def test_a_proxy_that_never_shakes_hands(server: LoopbackServer, connect: Connect, told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://localhost:{mute.getsockname()[1]}"
        assert told(connect(server, timeout=QUICK), url) == (
            "the proxy gave no connection within the time-out; check its URL and firewalls"
        )


def test_a_proxy_that_speaks_no_tls(
    server: LoopbackServer, connect: Connect, proxy: LoopbackServer, told: Told
) -> None:
    proxy.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert told(connect(server), proxy.url.replace("http:", "https:")) == (
        "the proxy's port speaks no TLS; write its URL with http://, or check the port"
    )


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            "self-signed",
            "is self-signed; give this certificate itself with ca_path, or have it issued by a CA" + BOTH,
        ),
        (
            "other authority",
            "was issued by a CA that is not trusted here; give that CA certificate with ca_path. If its root is there, "
            "one in between is missing; it must be added at the proxy" + BOTH,
        ),
        ("expired", "has expired, or one between it and its CA; it must be renewed at the proxy"),
        (
            "other name",
            f"was issued for {OTHER_NAME}",
        ),
    ],
)
def test_the_certificate_of_a_proxy(authority: Authority, connect: Connect, told: Told, kind: str, reason: str) -> None:
    server, proxy = authority.server(), authority.server(kind)
    assert told(connect(server), proxy.url) == f"the proxy's certificate {reason}"
    assert proxy.requests == server.requests == []


def test_a_proxy_that_demands_a_certificate(
    authority: Authority, server: LoopbackServer, connect: Connect, told: Told
) -> None:
    """No option gives one. With TLS 1.2 nothing tells for certain, and with TLS 1.3 a reset may overtake the reason."""
    cert, key = authority.client()
    transport = connect(server, client_cert=cert, client_key=key)
    assert told(transport, authority.server("demands TLS 1.3").url) in (DEMANDS, f"{NO_WAY}; {ADVICE}")
    alert = ssl.SSLError(1, "")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert why_no_tunnel(alert) == DEMANDS
    assert told(transport, authority.server("demands TLS 1.2").url) == (
        "the proxy refused the TLS handshake; perhaps it demands a client certificate, which is presented to no "
        "proxy, does not serve this name, or has only ciphers that are broken"
    )


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", DEMANDS),
        ("BAD_SIGNATURE", "the TLS handshake with the proxy failed; check its URL"),
    ],
)
def test_what_no_proxy_of_ours_can_do(reason: str, why: str) -> None:
    error = ssl.SSLError(1, "")
    error.reason = reason
    assert why_no_proxy(error, None) == why


# -- behind the proxy --------------------------------------------------------------------------------------------------


def test_the_certificate_of_a_server_behind_a_proxy(
    authority: Authority, connect: Connect, proxy: LoopbackServer, told: Told
) -> None:
    server = authority.server("expired")
    proxy.behaviour = lambda connection: tunnel(connection, server.port)
    assert told(connect(server), proxy.url) == (
        "the server's certificate has expired, or one between it and its CA; it must be renewed on the server"
    )
    assert len(proxy.requests) == 1
    assert server.requests == []


def test_a_proxy_that_presents_a_certificate_of_its_own(
    authority: Authority, connect: Connect, proxy: LoopbackServer, told: Told
) -> None:
    server = authority.server("self-signed")
    proxy.behaviour = lambda connection: tunnel(connection, server.port)
    assert told(connect(server), proxy.url) == (
        "the server's certificate is self-signed; give this certificate itself with ca_path, or have it issued by a "
        "CA. Perhaps the proxy presents one of its own to read what passes; NO_PROXY keeps it out"
    )


def test_no_tls_behind_a_proxy(connect: Connect, proxy: LoopbackServer, told: Told) -> None:
    server = LoopbackServer()
    server.welcome = lambda connection: connection.sendall(connection.recv(5) and b"500 What?\r\n")
    proxy.behaviour = lambda connection: tunnel(connection, server.port)
    transport = connect(server, url=f"https://localhost:{server.port}")
    assert told(transport, proxy.url) == "the server's port speaks no TLS; check the port"
    server.close()


def test_a_proxy_that_gets_nowhere(server: LoopbackServer, connect: Connect, proxy: LoopbackServer, told: Told) -> None:
    proxy.behaviour = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    assert told(connect(server), proxy.url) == f"{NO_WAY}; {ADVICE}"
    proxy.behaviour = wait
    late = told(connect(server, timeout=QUICK), proxy.url)
    assert late == f"{NO_WAY} within the time-out; {ADVICE}"


def test_a_portal_that_answers_in_the_place_of_the_server(
    server: LoopbackServer, connect: Connect, proxy: LoopbackServer, told: Told
) -> None:
    """Whether its end has come by then or not: no login has been sent."""
    proxy.behaviour = b"HTTP/1.1 200 OK\r\n\r\n<html>Please log in</html>"
    for _again in range(10):
        assert told(connect(server), proxy.url) == (
            "the connection ended during the TLS handshake; perhaps the proxy does not let it pass, or the server's "
            "port is not the one for TLS"
        )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport against a real server: TLS, broken answers, and the certainty whether anything was sent."""

from __future__ import annotations

import logging
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
from support.authority import Authority
from support.loopback_server import Behaviour, LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    InputError,
    NoAnswer,
    NothingSent,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._http import transport
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import (
    MAX_ANSWER_BYTES,
    Endpoint,
    Reply,
    Transport,
)

QUICK = 0.3
"""Time-out in tests that wait for it; shorter than what users may set."""


Connect = Callable[..., Transport]


def head_of(request: bytes) -> dict[str, str]:
    """Return the headers of a request, their names in lower case."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}


# -- a request and its answer ------------------------------------------------------------------------------------------


def test_a_request_and_its_answer(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = (
        b"HTTP/1.1 200 OK\r\nSet-GUID: JSESSIONID=abc\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n"
        b"Content-Length: 15\r\n\r\n" + b'{"retcode":"0"}'
    )
    reply = connect(server, url=f"{server.url}/base/").request(
        "PUT", "/path", headers={"guid": "g"}, json_body={"key": "ключ"}, params={"ids": "1,2"}
    )
    assert reply.json() == {"retcode": "0"}
    assert reply.cookies == {"a": "1", "b": "2"}
    assert reply.headers["set-guid"] == "JSESSIONID=abc"
    [request] = server.requests
    assert request.startswith(b"PUT /base/path?ids=1%2C2 HTTP/1.1\r\n")
    assert request.endswith('{"key": "ключ"}'.encode())
    headers = head_of(request)
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert (headers["accept"], headers["accept-encoding"], headers["guid"]) == ("application/json", "identity", "g")


def test_an_error_status_is_an_answer(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad"
    reply = connect(server).request("GET", "/")
    assert (reply.status, reply.body) == (502, b"bad")


def test_a_redirect_is_not_followed(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = (
        f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {server.url}/other\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert connect(server).request("POST", "/", json_body={"password": "x"}).status == 307
    assert len(server.requests) == 1


def test_cookies_are_not_sent_back_by_themselves(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 2\r\n\r\n{}"
    transport = connect(server)
    transport.request("GET", "/")
    transport.request("GET", "/")
    assert ["cookie" in head_of(request) for request in server.requests] == [False, False]


def test_a_netrc_adds_no_credentials(
    server: LoopbackServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    connect(server).request("GET", "/")
    assert "authorization" not in head_of(server.requests[0])


def test_the_connection_is_kept(server: LoopbackServer, connect: Connect) -> None:
    server.keep_alive = True
    transport, before = connect(server), server.connections
    for _time in range(3):
        transport.request("GET", "/")
    assert server.connections == before + 1


def test_a_kept_connection_that_the_server_closed_is_opened_anew(server: LoopbackServer, connect: Connect) -> None:
    transport = connect(server)
    for _time in range(3):
        assert transport.request("GET", "/").status == 200
        time.sleep(0.02)
    assert len(server.requests) == 3


def test_chunks_are_put_together(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ret\r\n9\r\ncode":"0"\r\n1\r\n}\r\n0\r\n\r\n'
    )
    assert connect(server).request("GET", "/").json() == {"retcode": "0"}


@pytest.mark.parametrize("verify", [True, False])
def test_the_keys_of_a_connection_are_written_nowhere(
    server: LoopbackServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: bool
) -> None:
    path = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    assert connect(server, validate_certs=verify).request("GET", "/").status == 200
    assert not path.exists()
    assert os.environ["SSLKEYLOGFILE"] == str(path), "the variable is there for others"


# -- nothing was sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("other authority", "one in between is missing; it must be added on the server"),
        ("self-signed", "give this certificate itself with ca_path, or have it issued by a CA"),
        ("expired", "has expired, or one between it and its CA; it must be renewed on the server"),
        ("early", "is not valid yet, or one between it and its CA; compare the clocks of both machines"),
        ("other name", "the host as the certificate names it, or have it issued anew"),
    ],
)
def test_a_certificate_that_is_not_accepted(authority: Authority, connect: Connect, kind: str, reason: str) -> None:
    server = authority.server(kind)
    with pytest.raises(NothingSent) as caught:
        connect(server).request("PUT", "/", json_body={"password": "x"})
    assert caught.value.message.startswith(f"localhost:{server.port} was not reached: its certificate ")
    assert caught.value.message.endswith(reason)
    assert server.requests == []


def test_an_address_that_is_not_in_the_certificate(authority: Authority, connect: Connect) -> None:
    server = authority.server("other name")
    with pytest.raises(NothingSent, match="was issued for another address"):
        connect(server, url=server.url.replace("localhost", "127.0.0.1")).request("GET", "/")


def test_without_ca_path_the_systems_authorities_count(server: LoopbackServer, connect: Connect) -> None:
    with pytest.raises(NothingSent, match="not trusted here"):
        connect(server, ca_path=None).request("GET", "/")
    assert server.requests == []


def test_the_environment_does_not_override_ca_path(
    authority: Authority, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere.pem"
    trustme.CA().cert_pem.write_to_path(str(elsewhere))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(elsewhere))
    assert connect(authority.server()).request("GET", "/").status == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca_path)
    with pytest.raises(NothingSent, match="not trusted here"):
        connect(authority.server(), ca_path=str(elsewhere)).request("GET", "/")


def test_the_environment_counts_without_ca_path(
    authority: Authority, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.ca_path)
    assert connect(authority.server(), ca_path=None).request("GET", "/").status == 200


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("kind", ["self-signed", "expired", "other name"])
def test_verification_can_be_switched_off(authority: Authority, connect: Connect, kind: str) -> None:
    assert connect(authority.server(kind), validate_certs=False).request("GET", "/").status == 200


def test_connection_refused(connect: Connect) -> None:
    server = LoopbackServer()
    server.close()
    with pytest.raises(NothingSent, match="the connection was not accepted; check the address, the port"):
        connect(server, url=server.url.replace("http:", "https:")).request("GET", "/")


def test_a_port_that_speaks_no_tls(connect: Connect) -> None:
    server = LoopbackServer()
    server.greeting = b"SSH-2.0-OpenSSH_9.2\r\n"
    with pytest.raises(NothingSent, match="its port speaks no TLS; check the port"):
        connect(server, url=server.url.replace("http:", "https:")).request("GET", "/")
    server.close()


def test_a_server_that_never_shakes_hands(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(NothingSent, match="no connection within the time-out"):
            Transport(quick(url)).request("GET", "/")
        assert time.monotonic() - started < 10 * QUICK


def quick(url: str) -> Endpoint:
    endpoint = Endpoint(url)
    object.__setattr__(endpoint, "timeout", QUICK)
    return endpoint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(-2, "Name or service not known"), "its name could not be resolved"),
        (TimeoutError(), "no connection within the time-out"),
        (OSError(113, "No route to host"), "the connection was not accepted"),
    ],
)
def test_failures_below_the_connection(monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise error

    monkeypatch.setattr(urllib3.util.connection.socket, "getaddrinfo", fail)
    with pytest.raises(NothingSent, match=reason) as caught:
        Transport(Endpoint("https://gateway.test")).request("GET", "/")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "guid"),
    [("https://.gateway.test", "g"), ("https://gateway.test", "two\nlines")],
)
def test_what_cannot_be_written_is_not_sent(url: str, guid: str) -> None:
    with pytest.raises(NothingSent, match="characters that cannot be sent") as caught:
        Transport(Endpoint(url)).request("GET", "/", headers={"guid": guid})
    assert "lines" not in caught.value.message


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_proxy_that_does_not_answer(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = LoopbackServer()
    proxy.close()
    monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
    with pytest.raises(NothingSent):
        Transport(Endpoint(f"{scheme}://gateway.test", allow_http=True)).request("GET", "/")


def test_a_proxy_that_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = LoopbackServer()
    proxy.behaviour = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    monkeypatch.setenv("https_proxy", proxy.url)
    with pytest.raises(NothingSent):
        Transport(Endpoint("https://gateway.test")).request("PUT", "/", json_body={"password": "x"})
    assert [request.split(b" ")[0] for request in proxy.requests] == [b"CONNECT"]
    proxy.close()


# -- sent, without a complete answer -----------------------------------------------------------------------------------


def reset(connection: socket.socket) -> None:
    """Break the connection as a crashing host does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


BROKEN = {
    "dropped": b"",
    "reset": reset,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "cut off in the body": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"retcode": "0"',
    "cut off in a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{"retcode": "0"}',
    "cut off between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "nonsense for a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n{}",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n{}",
    "announced too large": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1)
    + b" " * (MAX_ANSWER_BYTES + 1),
    "too large": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MAX_ANSWER_BYTES + 1),
}


@pytest.mark.parametrize("behaviour", [pytest.param(value, id=name) for name, value in BROKEN.items()])
def test_a_broken_answer_leaves_open_what_was_done(
    server: LoopbackServer, connect: Connect, behaviour: Behaviour
) -> None:
    server.behaviour = behaviour
    with pytest.raises(NoAnswer) as caught:
        connect(server).request("POST", "/", json_body={"newPassword": "x"})
    assert caught.value.message == f"localhost:{server.port} gave no complete answer"
    assert len(server.requests) == 1, "nothing is sent twice"


def test_headers_that_are_cut_off_leave_no_document(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = b"HTTP/1.1 200 OK\r\nContent-Le"
    with pytest.raises(NoAnswer):
        connect(server).request("GET", "/").json()


def test_the_largest_answer_is_read(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * MAX_ANSWER_BYTES
    assert len(connect(server).request("GET", "/").body) == MAX_ANSWER_BYTES


def drip(connection: socket.socket) -> None:
    """Answer a byte at a time, each well within the time-out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _time in range(1000):
        connection.sendall(b" ")
        time.sleep(QUICK / 10)


def silence(connection: socket.socket) -> None:
    connection.settimeout(20 * QUICK)
    connection.recv(1)


def silence_in_the_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
    silence(connection)


@pytest.mark.parametrize("behaviour", [drip, silence, silence_in_the_body])
def test_every_answer_is_bounded_in_time(server: LoopbackServer, connect: Connect, behaviour: Behaviour) -> None:
    server.behaviour = behaviour
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="gave no complete answer"):
        connect(server, timeout=QUICK).request("POST", "/")
    assert QUICK * 0.9 < time.monotonic() - started < 10 * QUICK
    assert len(server.requests) == 1


# -- where a service is ------------------------------------------------------------------------------------------------


def test_http_only_where_it_is_allowed(connect: Connect) -> None:
    server = LoopbackServer()
    with pytest.raises(InputError, match="url has no TLS"):
        connect(server)
    assert connect(server, allow_http=True).request("GET", "/").status == 200
    server.close()


@pytest.mark.parametrize(
    ("url", "place"),
    [("https://gateway.test", "gateway.test"), ("https://[::1]:8043/base", "[::1]:8043"), ("HTTPS://G:1", "G:1")],
)
def test_places(url: str, place: str) -> None:
    assert Endpoint(url).place == place


@pytest.mark.parametrize("timeout", [1, 300])
def test_the_ends_of_the_range_are_accepted(timeout: float) -> None:
    assert Endpoint("https://gateway.test", timeout=timeout).timeout == timeout


def test_every_fault_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Endpoint("http://me@gateway.test?x", ca_path=str(tmp_path), timeout=1000, option="gateway_url")
    assert [fault.split(" ")[0] for fault in caught.value.faults] == [
        "gateway_url",
        "gateway_url",
        "ca_path",
        "timeout",
    ]


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REQUESTS_IMPORT_ERROR", ImportError("no", name="requests"))
    with pytest.raises(ImportError):
        Transport(Endpoint("https://gateway.test"))


def test_errors_quote_nothing_of_the_answer() -> None:
    for body in (b"\xff secret", b"[secret", b'"secret"'):
        with pytest.raises(ApiError) as caught:
            Reply(200, {}, {}, body).json()
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_headers_that_cannot_be_parsed_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("urllib3.connection", "urllib3.connectionpool"):
        logging.getLogger(name).warning("Failed to parse headers (url=%s): %s", "https://x", "unparsed: MARKER")
        logging.getLogger(name).warning("something else")
    assert "MARKER" not in caplog.text
    assert caplog.text.count("something else") == 2

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that mean harm: whatever they send ends within bounds of time and memory, and passes for nothing else."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from support.authority import Authority
from support.client_operations import OPERATIONS, SECRETS
from support.loopback_server import OK, Behaviour, LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._cc.codes import SIGN_OUT_DONE
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    NoAnswer,
    NothingSent,
    Unreadable,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import (
    MAX_ANSWER_BYTES,
    Endpoint,
    Reply,
    Transport,
)

Connect = Callable[..., Transport]

QUICK = 0.3
"""Time-out in tests that wait for it; shorter than what users may set."""

PATIENCE = 3
"""Seconds that a server keeps on when nobody hangs up; far more than any time-out here."""

MEMORY = 8 * MAX_ANSWER_BYTES
"""What one request may take, whatever the server sends."""


def drips(head: bytes, drop: bytes = b"x") -> Behaviour:
    """Send a beginning, and then a little at a time, each well within the time-out."""

    def behaviour(connection: socket.socket) -> None:
        connection.sendall(head)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connection.sendall(drop)
            time.sleep(QUICK / 20)

    return behaviour


def pours(head: bytes, block: bytes) -> Behaviour:
    """Send a beginning, and then as much as can be."""

    def behaviour(connection: socket.socket) -> None:
        connection.sendall(head)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connection.sendall(block)

    return behaviour


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK", length: int | str | None = None) -> bytes:
    """Return an answer, with a wrong length where one is given."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REDIRECT = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://localhost/\r\n"
BLOCK = b" " * 64 * 1024
BOMB = gzip.compress(bytes(32 * 1024 * 1024))

ENDLESS: Mapping[str, Behaviour] = {
    "a status line that drips": drips(b"HTTP/1.1 200 "),
    "headers that drip": drips(b"HTTP/1.1 200 OK\r\nX: "),
    "header after header": drips(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "a body that drips": drips(b"HTTP/1.1 200 OK\r\n\r\n"),
    "the size of a chunk drips": drips(CHUNKED, b"0"),
    "chunks that drip": drips(CHUNKED, b"1\r\nx\r\n"),
    "trailers that drip": drips(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: x\r\n"),
    "interim answers that drip": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the body of a redirect drips": drips(REDIRECT + b"\r\n"),
    "interim answers": pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "interim answers with headers": pours(b"", b"HTTP/1.1 100 Continue\r\nX: x\r\n\r\n" * 1000),
    "tiny chunks": pours(CHUNKED, b"1\r\nx\r\n" * 1000),
    "trailers": pours(CHUNKED + b"0\r\n", b"X: x\r\n" * 1000),
}
"""Answers that only the time-out ends."""

ENORMOUS: Mapping[str, Behaviour] = {
    "a status line": pours(b"HTTP/1.1 200 ", BLOCK),
    "a header": pours(b"HTTP/1.1 200 OK\r\nX:", BLOCK),
    "headers": pours(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 1000),
    "long headers": pours(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 65_000 + b"\r\n"),
    "folded headers": pours(b"HTTP/1.1 200 OK\r\nX: x\r\n", b" x\r\n" * 1000),
    "a body": pours(b"HTTP/1.1 200 OK\r\n\r\n", BLOCK),
    "a body as long as it says": pours(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", BLOCK),
    "a chunk": pours(CHUNKED + b"ffffffffffffff\r\n", BLOCK),
    "the size of a chunk": pours(CHUNKED, b"0" * 64 * 1024),
    "the extension of a chunk": pours(CHUNKED + b"1;", BLOCK),
    "the body of a redirect": pours(REDIRECT + b"\r\n", BLOCK),
    "the body of a redirect as long as it says": pours(REDIRECT + b"Content-Length: 99999999999\r\n\r\n", BLOCK),
}
"""Answers that are ended by their size."""

WRONG: Mapping[str, Behaviour] = {
    "nothing": b"",
    "NUL": b"\0" * 100,
    "another protocol": b"* OK IMAP4rev1 Service Ready\r\n",
    "an answer of HTTP/0.9": b'{"retcode":"0"}',
    "headers that are large together": answer(b"{}", *["X: " + "x" * 7000] * 10),
    "headers cut off": b"HTTP/1.1 200 OK\r\nContent-Le",
    "no body and no word of it": b"HTTP/1.1 200 OK\r\n\r\n",
    "a negative length": answer(length=-2),
    "a length that is no number": answer(length="two"),
    "a length of many digits": answer(length="9" * 5000),
    "two lengths": answer(b"{}", "Content-Length: 3"),
    "a length and chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a chunk of negative size": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk of a size that is no number": CHUNKED + b"\xb2\r\n{}\r\n0\r\n\r\n",
    "chunks without end": CHUNKED + b"2\r\n{}\r\n",
    "interim for an answer": b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK,
    "another protocol from here on": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    + OK,
    "a status below all": answer(status="099 OK"),
    "a status above all": answer(status="1000 OK"),
    "a negative status": answer(status="-200 OK"),
}
"""Answers that are no complete answer."""


@pytest.fixture
def measured() -> Iterator[Callable[[], tuple[float, int]]]:
    """Start to measure, and return seconds and bytes that it took when called."""
    tracemalloc.start()
    started = time.monotonic()
    yield lambda: (time.monotonic() - started, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()


Measured = Callable[[], tuple[float, int]]


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends(server: LoopbackServer, connect: Connect, measured: Measured, name: str) -> None:
    server.behaviour = ENDLESS[name]
    with pytest.raises(NoAnswer, match="gave no complete answer"):
        connect(server, timeout=QUICK).request("POST", "/", json_body={"newPassword": "x"})
    seconds, peak = measured()
    assert QUICK * 0.9 < seconds < PATIENCE - QUICK
    assert peak < MEMORY
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ENORMOUS)
def test_what_is_enormous(server: LoopbackServer, connect: Connect, measured: Measured, name: str) -> None:
    server.behaviour = ENORMOUS[name]
    with pytest.raises(NoAnswer, match="gave no complete answer"):
        connect(server, timeout=PATIENCE / 2).request("POST", "/", json_body={"newPassword": "x"})
    seconds, peak = measured()
    assert seconds < PATIENCE - QUICK
    assert peak < MEMORY
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_answer(server: LoopbackServer, connect: Connect, name: str) -> None:
    server.behaviour = WRONG[name]
    transport = connect(server)
    with pytest.raises(NoAnswer, match="gave no complete answer"):
        transport.request("POST", "/", json_body={"newPassword": "x"})
    assert len(server.requests) == 1
    server.behaviour = answer(b'{"answer":"second"}')
    assert transport.request("GET", "/").body == b'{"answer":"second"}'


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_what_is_compressed_stays_so(server: LoopbackServer, connect: Connect, measured: Measured, status: str) -> None:
    """Nobody has asked for it, and a few kilobytes would become gigabytes."""
    server.behaviour = answer(BOMB, "Content-Encoding: gzip", "Location: /", status=status)
    reply = connect(server).request("GET", "/")
    assert reply.body == BOMB
    assert measured()[1] < MEMORY
    with pytest.raises(Unreadable):
        reply.json()


COOKIES = {
    "many": ["a=" + "b" * 600] * 90,
    "long": ["a=" + "b" * 60_000],
    "blanks": ["a=b; expires=" + " " * 60_000 + "x"],
    "digits": ["a=b; expires=" + "0 " * 30_000],
    "attributes": ["a=b" + "; x" * 20_000],
    "quotes": ['a="' + '\\"' * 30_000],
    "equal signs": ["=" * 60_000],
}


@pytest.mark.parametrize("name", COOKIES)
def test_cookies_cost_little(server: LoopbackServer, connect: Connect, name: str) -> None:
    server.behaviour = answer(b"{}", *(f"Set-Cookie: {value}" for value in COOKIES[name]))
    started = time.process_time()
    reply = connect(server).request("GET", "/")
    assert time.process_time() - started < 2
    assert all(len(value) <= 4096 for value in reply.cookies.values())


def test_only_what_can_be_sent_back_is_a_cookie(server: LoopbackServer, connect: Connect) -> None:
    server.behaviour = answer(
        b"{}",
        "Set-Cookie: good=1 ; Path=/",
        'Set-Cookie: quoted="a b"',
        "Set-Cookie: empty=",
        "Set-Cookie: folded=1\r\n X-Evil: 2",
        "Set-Cookie: bell=\x07",
        "Set-Cookie: line=\x0b\x0c\x1c\x85",
        "Set-Cookie: latin=\xe4",
        "Set-Cookie: na me=1",
        "Set-Cookie: =1",
        "Set-Cookie: none",
    )
    cookies = dict(connect(server).request("GET", "/").cookies)
    assert cookies.pop("folded", "1 X-Evil: 2") == "1 X-Evil: 2"
    assert cookies == {"good": "1", "quoted": '"a b"', "empty": ""}


# -- kept connections --------------------------------------------------------------------------------------------------

SURPLUS = {
    "a second answer": answer(b'{"answer":"first"}') + answer(b'{"answer":"smuggled"}'),
    "a second answer behind much more": answer(b'{"answer":"first"}') + b" " * 9000 + answer(b'{"answer":"smuggled"}'),
    "many answers": answer(b'{"answer":"first"}') + answer(b'{"answer":"smuggled"}') * 300,
    "behind the last chunk": CHUNKED
    + b'12\r\n{"answer":"first"}\r\n0\r\n\r\n'
    + answer(b'{"answer":"smuggled"}') * 300,
    "a body where there is none": b"HTTP/1.1 204 No Content\r\n\r\n" + answer(b'{"answer":"smuggled"}') * 300,
}


@pytest.mark.parametrize("name", SURPLUS)
def test_what_follows_an_answer_is_not_the_next_one(server: LoopbackServer, connect: Connect, name: str) -> None:
    server.keep_alive = True
    server.behaviour = SURPLUS[name]
    transport, before = connect(server), server.connections
    assert transport.request("GET", "/").body in (b'{"answer":"first"}', b"")
    server.behaviour = answer(b'{"answer":"second"}')
    assert transport.request("GET", "/").body == b'{"answer":"second"}'
    assert server.connections == before + 2


@pytest.mark.parametrize(
    "interim", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]
)
def test_a_late_answer_is_not_the_next_one(server: LoopbackServer, connect: Connect, interim: bytes) -> None:
    server.keep_alive = True

    def late(connection: socket.socket) -> None:
        connection.sendall(interim)
        time.sleep(1.5 * QUICK)
        connection.sendall(answer(b'{"answer":"late"}'))

    server.behaviour = late
    transport = connect(server, timeout=QUICK)
    with pytest.raises(NoAnswer):
        transport.request("GET", "/")
    server.behaviour = answer(b'{"answer":"second"}')
    assert transport.request("GET", "/").body == b'{"answer":"second"}'


def test_a_slow_answer_leaves_the_next_one_its_time(server: LoopbackServer, connect: Connect) -> None:
    server.keep_alive = True

    def slow(connection: socket.socket) -> None:
        time.sleep(0.8 * 2 * QUICK)
        connection.sendall(OK)

    server.behaviour = slow
    transport, before = connect(server, timeout=2 * QUICK), server.connections
    for _time in range(3):
        assert transport.request("GET", "/").status == 200
    assert server.connections == before + 1


def test_a_connection_that_ends_without_a_farewell(server: LoopbackServer, connect: Connect) -> None:
    """TLS says goodbye before it ends; without that somebody in between may have cut an answer short."""

    def cut(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"retcode":"0"}')
        connection.shutdown(socket.SHUT_RDWR)

    server.behaviour = cut
    with pytest.raises(NoAnswer):
        connect(server).request("GET", "/")


# -- before anything was sent ------------------------------------------------------------------------------------------


class Dripping:
    """Accepts connections, and sends a byte now and then, whatever comes."""

    def __init__(self, head: bytes, drop: bytes) -> None:
        self._head, self._drop = head, drop
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._listener.accept()
            with connection:
                self.received += connection.recv(65536)
                drips(self._head, self._drop)(connection)


SLOW_TLS = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
"""The beginning of a TLS handshake's answer, of 16 kilobytes."""


def test_a_handshake_that_drips() -> None:
    server = Dripping(SLOW_TLS, b"\0")
    started = time.monotonic()
    with pytest.raises(NothingSent, match="no connection within the time-out"):
        Transport(quick(f"https://127.0.0.1:{server.port}")).request("POST", "/", json_body={"password": "x"})
    assert QUICK * 0.9 < time.monotonic() - started < PATIENCE - QUICK
    server.close()


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n" + SLOW_TLS],
    ids=["status line", "headers", "handshake"],
)
def test_a_proxy_that_drips(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    proxy = Dripping(head, b"x")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    started = time.monotonic()
    with pytest.raises(NothingSent):
        Transport(quick("https://gateway.test")).request("POST", "/", json_body={"password": "Marker"})
    assert time.monotonic() - started < PATIENCE - QUICK
    assert proxy.received.startswith(b"CONNECT gateway.test:443 ")
    assert b"Marker" not in proxy.received
    proxy.close()


def test_addresses_share_the_time(server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a hundred addresses that lead nowhere takes no longer than one."""
    real = socket.getaddrinfo

    def connect_nowhere(line: socket.socket, address: Any) -> None:
        time.sleep(line.gettimeout() or PATIENCE)
        raise TimeoutError

    def addresses(host: str, port: int, **options: Any) -> list[Any]:
        return real(host, port, **options) * 20

    class Nowhere(socket.socket):
        connect = connect_nowhere  # type: ignore[assignment]

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    monkeypatch.setattr(socket, "socket", Nowhere)
    started = time.monotonic()
    with pytest.raises(NothingSent, match="no connection within the time-out"):
        connect(server, timeout=QUICK).request("GET", "/")
    assert time.monotonic() - started < PATIENCE - QUICK


def quick(url: str) -> Endpoint:
    endpoint = Endpoint(url)
    object.__setattr__(endpoint, "timeout", QUICK)
    return endpoint


# -- where a secret goes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_call_follows_a_redirect(authority: Authority, connect: Connect, name: str) -> None:
    """Neither to another server, nor to one without TLS, nor to another path, nor to itself."""
    server, elsewhere, plain = authority.server(), authority.server("good too"), LoopbackServer()
    server.keep_alive = True
    transport = connect(server)
    redirects = [(status, f"{elsewhere.url}/x") for status in (301, 302, 303, 307, 308)]
    redirects += [(307, plain.url), (308, plain.url), (302, f"//localhost:{elsewhere.port}"), (307, "/"), (308, "")]
    for status, target in redirects:
        server.behaviour = answer(b"", f"Location: {target}", status=f"{status} Elsewhere")
        server.requests.clear()
        assert outcome_of(name, transport) in ("unknown", None)
        assert len(server.requests) == 1
        assert any(secret.encode() in server.requests[0] for secret in SECRETS)
    assert elsewhere.connections == plain.connections == 0
    plain.close()


@pytest.mark.parametrize("kind", ["other name", "self-signed", "expired", "other authority"])
def test_no_call_trusts_another_certificate(authority: Authority, connect: Connect, kind: str) -> None:
    server = authority.server(kind)
    transport = connect(server)
    assert {outcome_of(name, transport) for name in OPERATIONS} == {"unreachable", None}
    assert server.requests == []


def outcome_of(name: str, transport: Transport) -> str | None:
    """Return the outcome of a call that must not succeed; None of a sign-out, which never tells."""
    try:
        result = OPERATIONS[name].call(transport)
    except ApiError as exc:
        return exc.outcome
    assert name == "gateway sign-out"
    assert result not in SIGN_OUT_DONE
    return None


# -- JSON --------------------------------------------------------------------------------------------------------------

HOSTILE_JSON = {
    "deep": b"[" * 500_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and complete": b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
    "two values of a name": b'{"retcode":"100-004","retcode":"0"}',
    "two values of a name inside": b'{"retcode":"0","result":{"guid":"a","guid":"b"}}',
    "an endless number": b'{"a":' + b"9" * 5000 + b"}",
    "not a number": b'{"a":NaN}',
    "an infinite number": b'{"a":-Infinity}',
    "a number out of range": b'{"a":1e999}',
    "half a character": b'{"a":"\\ud800"}',
    "half a character for a name": b'{"\\udfff":1}',
    "a list": b"[]",
    "no UTF-8": b'{"a":"\xff"}',
    "NUL": b'{"a":"\0"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_json_that_is_not_read(name: str) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable, match="the server answered HTTP 200 without a readable JSON object") as caught:
        Reply(200, {}, {}, HOSTILE_JSON[name]).json()
    assert caught.value.code == "200"
    assert time.process_time() - started < 2


def test_json_that_is_read() -> None:
    """The same value twice has one meaning, and what the APIs send is far less deep."""
    nested = b'{"a":' + b"[" * 30 + b"]" * 30 + b',"b":1,"b":1,"c":1e308}'
    assert Reply(200, {}, {}, nested).json()["c"] == 1e308


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "rot13", "idna", "zip", "x" * 60_000])
def test_no_other_encoding_is_used(charset: str) -> None:
    assert Reply(200, {"content-type": f"application/json; charset={charset}"}, {}, b'{"a":"+AGE-"}').json() == {
        "a": "+AGE-"
    }

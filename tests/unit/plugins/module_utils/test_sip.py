# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIP log-ins against registrars that answer whatever a test wants, over UDP, TCP and TLS."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError, NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._sip import wire as sip_wire
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.digest import (
    MAX_VALUE_CHARACTERS,
    Challenge,
    parse_challenges,
    quoted,
    strongest,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

QUICK = 0.3
"""Time-out in tests that wait for it; shorter than what users may set."""

USER, PASSWORD = "88801001", "Kx7@mQ2vLp"
REALM, NONCE = "phones.test", "dcd98b7102dd2f0e8b11d0f600bfb0c093"
DIGEST = f'Digest realm="{REALM}", nonce="{NONCE}"'

Behaviour = Callable[["Request"], list[bytes]]


class Request:
    """A request as a registrar reads it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines = data.decode("utf-8", "surrogateescape").split("\r\n")

    def header(self, name: str) -> str:
        return next(line.partition(":")[2].strip() for line in self.lines if line.lower().startswith(name + ":"))

    @property
    def branch(self) -> str:
        return re.findall("branch=([^;]+)", self.header("via"))[0]

    @property
    def credentials(self) -> dict[str, str]:
        """The parameters of the answer to a challenge; empty if there is none."""
        for name in ("authorization", "proxy-authorization"):
            with contextlib.suppress(StopIteration):
                pairs = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))', self.header(name))
                return {key: quoted_value or token for key, quoted_value, token in pairs}
        return {}

    def answer(self, status: int, *headers: str, body: bytes = b"", **changed: str) -> bytes:
        """An answer to it, some headers changed."""
        echoed = {name: self.header(name) for name in ("via", "from", "to", "call-id", "cseq")}
        lines = [f"SIP/2.0 {status} Whatever", *headers]
        lines += [f"{name}: {value}" for name, value in {**echoed, **changed}.items() if value]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class UdpPeer:
    """Receives datagrams, and answers each with those that the test gives."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.behaviour: Behaviour = lambda request: []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                data, self.client = self.socket.recvfrom(65535)
                if not data:
                    return
                self.requests.append(Request(data))
                for answer in self.behaviour(self.requests[-1]):
                    self.socket.sendto(answer, self.client)


class StreamPeer:
    """The same over TCP or TLS. The connection is kept, as SIP wants it."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.behaviour: Behaviour = lambda request: []
        self.server = LoopbackServer(context)
        self.server.keep_alive = True
        self.server.behaviour = self._answer
        self.port = self.server.port

    @property
    def requests(self) -> list[Request]:
        return [Request(data) for data in self.server.requests]

    def close(self) -> None:
        self.server.close()

    def _answer(self, connection: socket.socket) -> None:
        for data in self.behaviour(self.requests[-1]):
            connection.sendall(data)


Peer: TypeAlias = "UdpPeer | StreamPeer"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_path(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def udp() -> Iterator[UdpPeer]:
    peer = UdpPeer()
    yield peer
    peer.close()


@pytest.fixture
def tcp() -> Iterator[StreamPeer]:
    peer = StreamPeer(None)
    yield peer
    peer.close()


@pytest.fixture
def tls(authority: trustme.CA) -> Iterator[StreamPeer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    peer = StreamPeer(context)
    yield peer
    peer.close()


@pytest.fixture(params=["udp", "tcp", "tls"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def peer(transport: str, request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.getfixturevalue(transport)
    return found


@pytest.fixture
def registrar(transport: str, peer: Peer, ca_path: str) -> Registrar:
    return Registrar(f"sip:127.0.0.1:{peer.port};transport={transport}", domain=REALM, ca_path=ca_path)


def reach(peer: Peer, *, timeout: float = 5, host: str = "127.0.0.1", **options: Any) -> Registrar:
    """A registrar for this peer, with a time-out that users could not give."""
    transport = "udp" if isinstance(peer, UdpPeer) else "tcp"
    registrar = Registrar(
        **{"uri": f"sip:{host}:{peer.port};transport={transport}", "domain": REALM, **options},
    )
    object.__setattr__(registrar, "timeout", timeout)
    return registrar


def outcome_of(registrar: Registrar, user: str = USER, password: str = PASSWORD) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        check_login(registrar, user, password)
    assert password not in caught.value.message
    assert "Whatever" not in caught.value.message
    return caught.value.outcome, caught.value.code


def expected(request: Request, password: str, algorithm: str = "md5") -> str:
    """The digest that belongs to a request, calculated without any code of the collection."""

    def digest(text: str) -> str:
        return hashlib.new(algorithm, text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()

    given = {name: re.sub(r"\\(.)", r"\1", value) for name, value in request.credentials.items()}
    secret = digest(f"{given['username']}:{given['realm']}:{password}")
    if given.get("algorithm", "").endswith("-sess"):
        secret = digest(f"{secret}:{given['nonce']}:{given['cnonce']}")
    counted = [given["nc"], given["cnonce"], given["qop"]] if "qop" in given else []
    return digest(":".join([secret, given["nonce"], *counted, digest(f"REGISTER:{given['uri']}")]))


def asks(*challenges: str, status: int = 401, password: str = PASSWORD, algorithm: str = "md5") -> Behaviour:
    """A registrar that asks for the password, and knows it."""
    header = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"

    def behaviour(request: Request) -> list[bytes]:
        if request.credentials and request.credentials["response"] == expected(request, password, algorithm):
            return [request.answer(200)]
        return [request.answer(status, *(f"{header}: {challenge}" for challenge in challenges or (DIGEST,)))]

    return behaviour


def then(second: Callable[[Request], list[bytes]], *challenges: str) -> Behaviour:
    """A registrar that asks for the password, and answers it as the test wants."""
    first = asks(*challenges)
    return lambda request: second(request) if request.credentials else first(request)


# -- right and wrong passwords -----------------------------------------------------------------------------------------


def test_a_right_password(registrar: Registrar, peer: Peer, transport: str) -> None:
    peer.behaviour = asks()
    check_login(registrar, USER, PASSWORD)
    first, second = peer.requests
    assert first.lines[0] == second.lines[0] == f"REGISTER sip:{REALM} SIP/2.0"
    assert first.header("to") == f"<sip:{USER}@{REALM}>"
    assert re.fullmatch(rf"<sip:{USER}@{REALM}>;tag=\w+", first.header("from"))
    assert first.header("via").startswith(f"SIP/2.0/{transport.upper()} 127.0.0.1:")
    assert first.header("via").endswith(";rport")
    assert (first.header("cseq"), second.header("cseq")) == ("1 REGISTER", "2 REGISTER")
    assert first.branch != second.branch
    assert first.header("call-id") == second.header("call-id")
    assert first.header("from") == second.header("from")
    assert not first.credentials
    assert b"contact" not in (first.data + second.data).lower()
    assert b"expires" not in (first.data + second.data).lower()
    assert PASSWORD.encode() not in second.data


def test_a_wrong_password_is_presented_once(registrar: Registrar, peer: Peer) -> None:
    peer.behaviour = asks()
    assert outcome_of(registrar, password="another") == ("bad", "401")
    assert len(peer.requests) == 2


def test_a_proxy_asks(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(status=407)
    check_login(reach(tcp), USER, PASSWORD)
    assert tcp.requests[1].header("proxy-authorization").startswith("Digest ")
    assert outcome_of(reach(tcp), password="another") == ("bad", "407")


@pytest.mark.parametrize("qop", ["", ', qop="auth"', ', qop="auth-int, auth"', ", qop=auth"])
@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        ("md5", ""),
        ("md5", ", algorithm=MD5"),
        ("sha256", ", algorithm=SHA-256"),
        ("sha512_256", ", algorithm=SHA-512-256"),
    ],
)
def test_algorithms(tcp: StreamPeer, algorithm: str, named: str, qop: str) -> None:
    tcp.behaviour = asks(f'{DIGEST}{named}{qop}, opaque="a\\"b"', algorithm=algorithm)
    check_login(reach(tcp), USER, PASSWORD)
    given = tcp.requests[1].credentials
    assert given["opaque"] == 'a\\"b'
    assert given["uri"] == f"sip:{REALM}"
    assert given.get("algorithm", "") == named.partition("=")[2]
    assert ("qop" in given, "nc" in given, "cnonce" in given) == (bool(qop),) * 3
    assert "qop=auth," in tcp.requests[1].header("authorization") or not qop
    assert outcome_of(reach(tcp), password="another") == ("bad", "401")


@pytest.mark.parametrize(("name", "algorithm"), [("MD5-sess", "md5"), ("sha-256-SESS", "sha256")])
def test_session_algorithms(tcp: StreamPeer, name: str, algorithm: str) -> None:
    tcp.behaviour = asks(f'{DIGEST}, algorithm="{name}", qop="auth"', algorithm=algorithm)
    check_login(reach(tcp), USER, PASSWORD)


def test_the_strongest_of_several_challenges_is_answered(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(
        'Basic realm="x"',
        f"{DIGEST}, algorithm=MD5",
        f"{DIGEST}, algorithm=SHA-256",
        f'{DIGEST}, algorithm=SHA-256, qop="auth", opaque="this"',
        f"{DIGEST}, algorithm=SHA-3000",
        f"{DIGEST}, algorithm=MD5",
        algorithm="sha256",
    )
    check_login(reach(tcp), USER, PASSWORD)
    assert tcp.requests[1].credentials["opaque"] == "this"


def test_another_name_for_the_password(tcp: StreamPeer) -> None:
    tcp.behaviour = asks()
    check_login(reach(tcp), USER, PASSWORD, auth_user='o"ne\\two')
    assert tcp.requests[1].credentials["username"] == 'o\\"ne\\\\two'
    assert tcp.requests[1].header("to") == f"<sip:{USER}@{REALM}>"


# -- RFC examples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        # RFC 2617 section 3.5, and the same without qop as RFC 2069 has it (erratum 749).
        (
            Challenge("testrealm@host.com", NONCE, qop=True),
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        ),
        (Challenge("testrealm@host.com", NONCE), "Circle Of Life", None, "670fd8c2df070c60b045671b8b24ff02"),
        # RFC 7616 section 3.9.1.
        *(
            (
                Challenge(
                    "http-auth@example.org",
                    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                    algorithm=algorithm,
                    qop=True,
                ),
                "Circle of Life",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                response,
            )
            for algorithm, response in (
                ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
                ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            )
        ),
    ],
)
def test_rfc_examples(challenge: Challenge, password: str, cnonce: str | None, response: str) -> None:
    assert f'response="{response}"' in challenge.answer("GET", "/dir/index.html", "Mufasa", password, cnonce)


# -- refused before a password was presented ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [200, 202, 301, 302, 305, 400, 403, 404, 405, 420, 423, 480, 500, 501, 503, 600, 603]
)
def test_an_answer_without_a_challenge_proves_nothing(udp: UdpPeer, status: int) -> None:
    udp.behaviour = lambda request: [request.answer(status, "Contact: <sip:elsewhere.test>", "Retry-After: 0")]
    assert outcome_of(reach(udp)) == ("denied", str(status))
    assert len(udp.requests) == 1


@pytest.mark.parametrize(
    "challenges",
    [
        ('Basic realm="x"',),
        (f"{DIGEST}, algorithm=SHA-3000",),
        (f"{DIGEST}, algorithm=AKAv1-MD5",),
        (f'{DIGEST}, qop="auth-int"',),
        (f"{DIGEST}, algorithm=MD5-sess",),
        ('Digest realm="x"',),
        ('Digest nonce="x"',),
        ("Digest",),
        ("",),
        (f'Digest realm="{REALM}", nonce="\n"',),
        (f'Digest realm="{REALM}", nonce="{"x" * (MAX_VALUE_CHARACTERS + 1)}"',),
    ],
)
def test_a_challenge_that_cannot_be_answered(tcp: StreamPeer, challenges: tuple[str, ...]) -> None:
    tcp.behaviour = asks(*challenges)
    assert outcome_of(reach(tcp)) == ("denied", "401")
    assert len(tcp.requests) == 1


def test_the_challenge_of_a_proxy_does_not_count_in_a_401(tcp: StreamPeer) -> None:
    tcp.behaviour = lambda request: [request.answer(401, f"Proxy-Authenticate: {DIGEST}")]
    assert outcome_of(reach(tcp)) == ("denied", "401")


# -- answers to the password -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(401, "bad"), (403, "bad"), *((status, "unknown") for status in (302, 404, 407, 423, 480, 500, 503, 603))],
)
def test_what_an_answer_to_the_password_means(tcp: StreamPeer, status: int, outcome: str) -> None:
    tcp.behaviour = then(lambda request: [request.answer(status)])
    assert outcome_of(reach(tcp)) == (outcome, str(status))
    assert len(tcp.requests) == 2


def test_a_stale_nonce_is_replaced_once(registrar: Registrar, peer: Peer) -> None:
    fresh = f'Digest realm="{REALM}", nonce="fresh"'

    def behaviour(request: Request) -> list[bytes]:
        if request.credentials.get("nonce") == NONCE:
            return [request.answer(401, f"WWW-Authenticate: {fresh}, stale=TRUE")]
        return asks()(request)

    peer.behaviour = behaviour
    check_login(registrar, USER, PASSWORD)
    assert [request.credentials.get("nonce") for request in peer.requests] == [None, NONCE, "fresh"]
    peer.behaviour = lambda request: [request.answer(401, f"WWW-Authenticate: {fresh}, stale=true")]
    assert outcome_of(registrar) == ("unknown", "401")
    assert len(peer.requests) == 6


def test_a_wrong_password_after_a_stale_nonce(tcp: StreamPeer) -> None:
    answers = iter([f"{DIGEST}", f"{DIGEST}, stale=true", f"{DIGEST}, stale=false"])
    tcp.behaviour = lambda request: [request.answer(401, f"WWW-Authenticate: {next(answers)}")]
    assert outcome_of(reach(tcp)) == ("bad", "401")


def test_no_answer_to_the_password(registrar: Registrar, peer: Peer) -> None:
    object.__setattr__(registrar, "timeout", QUICK)
    peer.behaviour = then(lambda request: [])
    assert outcome_of(registrar) == ("unknown", None)


def test_the_registrar_goes_away_when_it_has_the_password(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_wire, "_T1", 0.05)

    def second(request: Request) -> list[bytes]:
        udp.close()
        return []

    udp.behaviour = then(second)
    assert outcome_of(reach(udp, timeout=1)) == ("unknown", None)


BROKEN_ANSWERS = {
    "cut off": lambda request: request.answer(200)[:-20],
    "no length": lambda request: request.answer(200).replace(b"Content-Length: 0\r\n", b""),
    "two lengths": lambda request: request.answer(200, "Content-Length: 7"),
    "a length that is none": lambda request: request.answer(200).replace(b"Content-Length: 0", b"Content-Length: -1"),
    "less than announced": lambda request: request.answer(200, body=b"x" * 100)[:-1],
    "a body too large": lambda request: request.answer(200, body=b"x" * 64 * 1024),
    "headers too large": lambda request: request.answer(200, *["X: " + "x" * 1000] * 80),
    "headers without end": lambda request: b"x" * 100_000,
    "no SIP": lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "nothing": lambda request: b"",
}


@pytest.mark.parametrize("broken", BROKEN_ANSWERS)
def test_a_broken_answer_on_a_connection(tcp: StreamPeer, broken: str) -> None:
    def reply(request: Request) -> list[bytes]:
        tcp.server.keep_alive = False
        return [BROKEN_ANSWERS[broken](request)]

    tcp.behaviour = then(reply)
    assert outcome_of(reach(tcp)) == ("unknown", None)
    tcp.behaviour = reply
    assert outcome_of(reach(tcp)) == ("unreachable", None)


def test_a_connection_that_is_reset(tcp: StreamPeer) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    tcp.server.behaviour = reset
    assert outcome_of(reach(tcp)) == ("unreachable", None)


def test_an_answer_that_drips_has_an_end(tcp: StreamPeer) -> None:
    def drip(connection: socket.socket) -> None:
        for _byte in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)

    tcp.server.behaviour = drip
    before = time.monotonic()
    assert outcome_of(reach(tcp, timeout=QUICK)) == ("unreachable", None)
    assert time.monotonic() - before < 2 * QUICK + 0.5


# -- registrars that mean harm -----------------------------------------------------------------------------------------


def challenged(*challenges: str) -> Behaviour:
    """Ask for the password again and again, whatever comes."""
    return lambda request: [request.answer(401, *(f"WWW-Authenticate: {challenge}" for challenge in challenges))]


HOSTILE_CHALLENGES = {
    "for ever": (challenged(DIGEST), {("bad", "401")}, 1),
    "stale for ever": (challenged(f"{DIGEST}, stale=true"), {("unknown", "401")}, 2),
    "both for ever": (challenged(DIGEST, f"{DIGEST}, stale=true"), {("unknown", "401")}, 2),
    "a thousand challenges": (
        challenged(*[f'Digest realm="{n}", nonce="n"' for n in range(1000)]),
        {("bad", "401")},
        1,
    ),
    "a thousand in one header": (challenged(", ".join([DIGEST] * 600)), {("bad", "401")}, 1),
    "the longest nonce": (challenged(f'Digest realm="r", nonce="{"n" * MAX_VALUE_CHARACTERS}"'), {("bad", "401")}, 1),
    "a nonce too long": (challenged(f'Digest realm="r", nonce="{"n" * 60_000}"'), {("denied", "401")}, 0),
    "a realm too long": (challenged(f'Digest realm="{"r" * 60_000}", nonce="n"'), {("denied", "401")}, 0),
    "a nonce of a megabyte": (challenged(f'Digest realm="r", nonce="{"n" * 2**20}"'), {("unreachable", None)}, 0),
    "another algorithm": (challenged(f"{DIGEST}, algorithm=MD4"), {("denied", "401")}, 0),
    "an algorithm without end": (challenged(f"{DIGEST}, algorithm={'MD5-' * 9000}sess"), {("denied", "401")}, 0),
    "another qop": (challenged(f'{DIGEST}, qop="{"auth-int," * 6000}none"'), {("denied", "401")}, 0),
    "an empty qop": (challenged(f'{DIGEST}, qop=" , ,,"'), {("bad", "401")}, 1),
    "parameters without end": (challenged(DIGEST + ", x=y" * 10_000), {("bad", "401")}, 1),
    "quotes without end": (challenged('Digest realm="' + '\\"' * 25_000), {("denied", "401")}, 0),
    "escape sequences": (challenged('Digest realm="\x1b[2J", nonce="n"'), {("denied", "401")}, 0),
    "a template": (challenged('Digest realm="{{ 7 * 7 }}", nonce="n"'), {("bad", "401")}, 1),
    "a flood of headers": (lambda request: [request.answer(401, *["X: x"] * 200_000)], {("unreachable", None)}, 0),
}
"""What a registrar does, how that ends, and how often the password is presented in some form at most."""


@pytest.mark.parametrize("name", HOSTILE_CHALLENGES)
def test_hostile_challenges(registrar: Registrar, peer: Peer, name: str) -> None:
    behaviour, outcomes, presented = HOSTILE_CHALLENGES[name]
    if isinstance(peer, UdpPeer) and outcomes == {("unreachable", None)}:
        pytest.skip("no datagram is so large")
    peer.behaviour = behaviour
    before = time.process_time()
    assert outcome_of(registrar) in outcomes
    assert time.process_time() - before < 2
    assert len([request for request in peer.requests if request.credentials]) == presented


@pytest.mark.parametrize(
    "drop",
    [
        b"x",
        b"\r\n",
        b"X: x\r\n",
        b"SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n",
        b"OPTIONS x SIP/2.0\r\nl: 0\r\n\r\n",
    ],
    ids=["a header", "empty lines", "headers", "interim answers", "requests"],
)
@pytest.mark.parametrize("pause", [0.01, 0])
def test_a_connection_that_never_falls_silent(tcp: StreamPeer, drop: bytes, pause: float) -> None:
    def talk(connection: socket.socket) -> None:
        until = time.monotonic() + 10 * QUICK
        while time.monotonic() < until:
            connection.sendall(drop)
            time.sleep(pause)

    tcp.server.behaviour = talk
    before = time.monotonic()
    assert outcome_of(reach(tcp, timeout=QUICK)) == ("unreachable", None)
    assert time.monotonic() - before < 8 * QUICK


@pytest.mark.parametrize(
    "head", [b"", b"SIP/2.0 401 x\r\nContent-Length: 999999999\r\n\r\n"], ids=["headers", "a body"]
)
def test_a_flood_is_not_kept(tcp: StreamPeer, head: bytes) -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(head)
        for _block in range(1000):
            connection.sendall(block)

    block = b"x" * 64 * 1024
    tcp.server.behaviour = pour
    tracemalloc.start()
    assert outcome_of(reach(tcp)) == ("unreachable", None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * sip_wire.MAX_ANSWER_BYTES


def test_a_handshake_that_drips(ca_path: str) -> None:
    def drip() -> None:
        with contextlib.suppress(OSError):
            connection, _address = listener.accept()
            with connection:
                connection.sendall(b"\x16\x03\x03\x40\x00")
                for _byte in range(200):
                    connection.sendall(b"\2")
                    time.sleep(QUICK / 20)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, daemon=True).start()
        registrar = Registrar(f"sips:127.0.0.1:{listener.getsockname()[1]}", ca_path=ca_path)
        object.__setattr__(registrar, "timeout", QUICK)
        before = time.monotonic()
        with pytest.raises(NothingSent):
            check_login(registrar, USER, PASSWORD)
        assert time.monotonic() - before < 5 * QUICK


# -- messages that are no answer ---------------------------------------------------------------------------------------


def foreign(request: Request) -> list[bytes]:
    """What a registrar may send, or somebody in its name, that is no final answer to this request."""
    via = request.header("via")
    return [
        request.answer(100),
        request.answer(183),
        request.answer(200, via=via.replace(request.branch, "z9hG4bKother")),
        request.answer(200, via=via.replace("branch", "other")),
        request.answer(200, via=f"SIP/2.0/UDP proxy.test;branch=z9hG4bKproxy, {via}"),
        request.answer(200, via=""),
        request.answer(200, cseq="77 REGISTER"),
        request.answer(200, cseq=request.header("cseq").replace("REGISTER", "OPTIONS")),
        request.answer(200, cseq=""),
        request.answer(200, "CSeq: 1 REGISTER"),
        request.answer(200).replace(b"SIP/2.0 200", b"SIP/2.0 2000"),
        request.answer(200).replace(b"SIP/2.0 200", b"SIP/2.0 099"),
        request.answer(200).replace(b"SIP/2.0 200", b"SIP/3.0 200"),
        f"OPTIONS sip:x SIP/2.0\r\nVia: {via}\r\nCSeq: {request.header('cseq')}\r\nContent-Length: 2\r\n\r\nhi".encode(),
        b"\r\n\r\n",
    ]


def test_other_messages_are_ignored(registrar: Registrar, peer: Peer) -> None:
    truth = asks()
    peer.behaviour = lambda request: [*foreign(request), *truth(request)]
    check_login(registrar, USER, PASSWORD)
    assert outcome_of(registrar, password="another") == ("bad", "401")


def test_broken_datagrams_are_ignored(udp: UdpPeer) -> None:
    truth = asks()
    broken = [
        BROKEN_ANSWERS[name] for name in ("cut off", "two lengths", "a length that is none", "less than announced")
    ]
    udp.behaviour = lambda request: [b"", b"\xff\x00", *(make(request) for make in broken), *truth(request)]
    check_login(reach(udp), USER, PASSWORD)


def test_datagrams_of_others_are_ignored(udp: UdpPeer) -> None:
    truth = asks()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:

        def behaviour(request: Request) -> list[bytes]:
            stranger.sendto(request.answer(200), udp.client)
            return truth(request)

        udp.behaviour = behaviour
        assert outcome_of(reach(udp), password="another") == ("bad", "401")


def test_unusual_spelling(registrar: Registrar, peer: Peer) -> None:
    def spell(data: bytes) -> bytes:
        data = data.replace(b"via:", b"V :").replace(b"Content-Length: 0", b"l:0").replace(b", nonce", b",\r\n \tNONCE")
        return data.replace(b"branch=", b"Branch = ").replace(b"WWW-Authenticate: Digest", b"www-AUTHENTICATE:  dIGEST")

    truth = asks()
    peer.behaviour = lambda request: [spell(data) for data in truth(request)]
    check_login(registrar, USER, PASSWORD)


# -- UDP ---------------------------------------------------------------------------------------------------------------


def test_a_lost_datagram_is_sent_again_as_it_was(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_wire, "_T1", 0.03)
    lost = iter([True, True, False, True, True, False])
    truth = asks()
    udp.behaviour = lambda request: [] if next(lost) else truth(request)
    check_login(reach(udp), USER, PASSWORD)
    data = [request.data for request in udp.requests]
    assert data[0] == data[1] == data[2] != data[3] == data[4] == data[5]


def test_when_a_datagram_is_sent_again(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After T1, then twice as long each time up to T2, and after 64 T1 never again."""
    monkeypatch.setattr(sip_wire, "_T1", 0.02)
    monkeypatch.setattr(sip_wire, "_T2", 0.16)
    times: list[float] = []

    def behaviour(request: Request) -> list[bytes]:
        times.append(time.monotonic())
        return []

    udp.behaviour = behaviour
    monkeypatch.setattr(sip_wire, "_GIVE_UP", 24)
    assert outcome_of(reach(udp)) == ("unreachable", None)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert [round(gap, 2) for gap in gaps] == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.16], abs=0.03)


def test_a_registrar_at_work_is_not_hurried(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_wire, "_T1", 0.05)
    udp.behaviour = lambda request: [request.answer(100)]
    assert outcome_of(reach(udp, timeout=QUICK)) == ("unreachable", None)
    # The first repetition was due before the news came; from then on there are T2 between them.
    assert len(udp.requests) == 2


def test_nobody_listens(transport: str, ca_path: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        if transport == "udp":
            reserved.close()
        before = time.monotonic()
        outcome = outcome_of(Registrar(f"sip:127.0.0.1:{port};transport={transport}", ca_path=ca_path))
    assert outcome == ("unreachable", None)
    assert time.monotonic() - before < 1


def test_a_flood_of_other_datagrams_has_an_end(udp: UdpPeer) -> None:
    def flood(request: Request) -> list[bytes]:
        until = time.monotonic() + 3 * QUICK
        with contextlib.suppress(OSError):
            while time.monotonic() < until:
                udp.socket.sendto(request.answer(100), udp.client)
        return []

    udp.behaviour = flood
    before = time.monotonic()
    assert outcome_of(reach(udp, timeout=QUICK)) == ("unreachable", None)
    assert time.monotonic() - before < 2 * QUICK


# -- where the registrar is --------------------------------------------------------------------------------------------


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch, peer: Peer, registrar: Registrar) -> None:
    """A silent address gets its share of the time and no more."""
    real = socket.getaddrinfo
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, socket.create_server(("127.0.0.1", 0)) as refusing:
        silent.bind(("127.0.0.1", 0))
        refused = refusing.getsockname()
        refusing.close()

        def addresses(host: str, port: int, **options: Any) -> list[Any]:
            found = real(host, port, family=socket.AF_INET, **options)
            others = [refused, silent.getsockname()] if registrar.transport == "udp" else [refused]
            return [(*found[0][:4], other) for other in others] + found

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        object.__setattr__(registrar, "timeout", 2 * QUICK)
        peer.behaviour = asks()
        check_login(registrar, USER, PASSWORD)
    assert len(peer.requests) == 2


def test_a_name_that_does_not_exist() -> None:
    for host in ("nowhere.invalid", "a" * 64 + ".invalid"):
        with pytest.raises(NothingSent, match="could not be resolved"):
            check_login(Registrar(f"sip:{host}"), USER, PASSWORD)


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python knows no IPv6")
def test_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        seen = []

        def serve() -> None:
            data, client = listener.recvfrom(65535)
            seen.append(Request(data))
            listener.sendto(seen[0].answer(403), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert outcome_of(Registrar(f"sip:[::1]:{listener.getsockname()[1]}")) == ("denied", "403")
        thread.join(5)
    assert seen[0].lines[0] == "REGISTER sip:[::1] SIP/2.0"
    assert seen[0].header("via").startswith("SIP/2.0/UDP [::1]:")


# -- TLS ---------------------------------------------------------------------------------------------------------------


def test_sips_is_tls(tls: StreamPeer, ca_path: str) -> None:
    tls.behaviour = asks()
    check_login(Registrar(f"sips:localhost:{tls.port}", ca_path=ca_path), USER, PASSWORD)
    assert tls.requests[0].lines[0] == "REGISTER sip:localhost SIP/2.0"


def test_a_certificate_that_is_not_trusted(tls: StreamPeer, tmp_path: Path, authority: trustme.CA) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with pytest.raises(
        NothingSent, match="issued by a CA that is not trusted here; give that CA certificate with sip_ca_path"
    ):
        check_login(Registrar(f"sips:localhost:{tls.port}", ca_path=str(other), prefix="sip_"), USER, PASSWORD)
    with pytest.raises(NothingSent, match="not trusted here"):
        check_login(Registrar(f"sips:localhost:{tls.port}"), USER, PASSWORD)
    assert not tls.requests
    tls.behaviour = asks()
    check_login(Registrar(f"sips:localhost:{tls.port}", validate_certs=False), USER, PASSWORD)


def test_a_certificate_for_another_name(authority: trustme.CA, ca_path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    peer = StreamPeer(context)
    with pytest.raises(NothingSent, match="issued for another name"):
        check_login(Registrar(f"sips:localhost:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    with pytest.raises(NothingSent, match="issued for another address"):
        check_login(Registrar(f"sips:127.0.0.1:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    peer.close()


def test_old_tls_is_refused(authority: trustme.CA, ca_path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    peer = StreamPeer(context)
    with pytest.raises(NothingSent, match="handshake failed"):
        check_login(Registrar(f"sips:localhost:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    peer.close()


def test_a_port_that_speaks_no_tls(tcp: StreamPeer) -> None:
    tcp.server.greeting = b"220 ready\r\n"
    with pytest.raises(NothingSent, match="handshake failed; check that the port speaks SIP over TLS"):
        check_login(Registrar(f"sips:localhost:{tcp.port}"), USER, PASSWORD)


def test_a_handshake_that_never_ends(ca_path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        registrar = Registrar(f"sips:127.0.0.1:{listener.getsockname()[1]}", ca_path=ca_path)
        object.__setattr__(registrar, "timeout", QUICK)
        with pytest.raises(NothingSent, match="within the time-out"):
            check_login(registrar, USER, PASSWORD)


# -- input -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "host", "port", "transport"),
    [
        ("sip:pbx.test", "pbx.test", 5060, "udp"),
        ("SIP:pbx.test:5080;transport=TCP", "pbx.test", 5080, "tcp"),
        ("sip:pbx.test;transport=tls", "pbx.test", 5061, "tls"),
        ("sips:pbx.test", "pbx.test", 5061, "tls"),
        ("sips:pbx.test:65535;transport=tcp", "pbx.test", 65535, "tls"),
        ("sip:192.0.2.1:1", "192.0.2.1", 1, "udp"),
        ("sip:[2001:db8::1]:5070", "[2001:db8::1]", 5070, "udp"),
        ("sip:pbx_1", "pbx_1", 5060, "udp"),
    ],
)
def test_uris(uri: str, host: str, port: int, transport: str) -> None:
    registrar = Registrar(uri)
    assert (registrar.host, registrar.port, registrar.transport) == (host, port, transport)
    assert registrar.domain == host
    assert registrar.place == f"{host}:{port} ({transport.upper()})"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "pbx.test",
        "http://pbx.test",
        "sip:",
        "sip:user@pbx.test",
        "sip:pbx.test:0",
        "sip:pbx.test:65536",
        "sip:pbx.test:x",
        "sip:pbx.test:\u0665",
        "sip:pbx.test;transport=sctp",
        "sip:pbx.test;lr",
        "sip:pbx.test/",
        "sip:pbx test",
        "sip:pbx.test\r\nX: y",
        "sip:pbx.test\n",
        "sip:[::1",
        "sip:::1",
        "sip:[pbx]",
        "sip:[::1%lo]",
        "sip:-pbx",
        "sip:pbx..test",
        "sip:пример.test",
        "sip:" + "x" * 254,
    ],
)
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(InputError, match="line is not the SIP URI of a server; write it as sip:host:port"):
        Registrar(uri, option="line")


def test_all_faults_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Registrar("sips:pbx.test;transport=udp", domain="a@b", ca_path=str(tmp_path / "none"), timeout=0, prefix="sip_")
    names = [fault.partition(" ")[0] for fault in caught.value.faults]
    assert names == ["registrar", "sip_domain", "sip_ca_path", "sip_timeout"]


@pytest.mark.parametrize("domain", ["a b", "a\r\nb", "<a>", "::1", "[::1%eth0]", "a:5060", "a;b"])
def test_domains(domain: str) -> None:
    with pytest.raises(InputError, match="domain is not a host name"):
        Registrar("sip:pbx.test", domain=domain)


@pytest.mark.parametrize("timeout", [0.9, 301, -1, float("nan")])
def test_time_outs(timeout: float) -> None:
    with pytest.raises(InputError, match="timeout is out of range; give 1 to 300 seconds"):
        Registrar("sip:pbx.test", timeout=timeout)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"user": ""}, "user is empty"),
        ({"user": "1\r\nContact: <sip:me@evil.test>"}, "user has characters that cannot be sent"),
        ({"user": "1\udcff"}, "user has characters that cannot be sent"),
        ({"auth_user": '1"\r\nX: y'}, "auth_user has characters that cannot be sent"),
        ({"auth_user": ""}, "auth_user is empty"),
        ({"password": ""}, "password is empty"),
        ({"password": "\ud800"}, "password has characters that cannot be sent"),
    ],
)
def test_names_and_passwords_that_cannot_be_sent(udp: UdpPeer, values: dict[str, str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        check_login(reach(udp), **{"user": USER, "password": PASSWORD, **values})
    with pytest.raises(InputError, match="sip_user is empty"):
        check_login(reach(udp, prefix="sip_"), "", PASSWORD)
    assert not udp.requests


def test_a_name_is_escaped(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(password="пароль")
    user = '+49 1@x>;"<%ключ'
    check_login(reach(tcp), user, "пароль")
    escaped = "+49%201%40x%3E;%22%3C%25%D0%BA%D0%BB%D1%8E%D1%87"
    assert tcp.requests[1].header("to") == f"<sip:{escaped}@{REALM}>"
    assert tcp.requests[1].credentials["username"] == user.replace('"', '\\"')


def test_what_a_server_sends_cannot_break_the_answer(tcp: StreamPeer) -> None:
    evil = '\\"\\\\, uri=\\"sip:evil\\"'
    tcp.behaviour = asks(f'Digest realm="{evil}", nonce="{evil}", opaque="{evil}", qop="auth"')
    check_login(reach(tcp), USER, PASSWORD)
    given = tcp.requests[1].credentials
    assert (given["realm"], given["nonce"], given["opaque"]) == (evil, evil, evil)
    assert given["uri"] == f"sip:{REALM}"


def test_a_realm_that_is_no_utf_8(tcp: StreamPeer) -> None:
    def behaviour(request: Request) -> list[bytes]:
        return [data.replace(REALM.encode(), b"K\xf6ln") for data in asks()(request)]

    tcp.behaviour = behaviour
    check_login(reach(tcp), USER, PASSWORD)
    assert b'realm="K\xf6ln"' in tcp.requests[1].data


def test_header_values_never_end_a_header() -> None:
    with pytest.raises(ValueError, match="control"):
        quoted("a\r\nb")


# -- the parsers -------------------------------------------------------------------------------------------------------


def test_several_challenges_in_one_header() -> None:
    header = (
        'Basic realm="a", Digest realm="b,=\\"", nonce=n1 ,, algorithm="md5",Digest nonce="n2",realm="c", stale="True"'
    )
    assert parse_challenges([header]) == [
        Challenge('b,="', "n1", named=True),
        Challenge("c", "n2", stale=True),
    ]
    assert strongest([]) is None


WORDS = st.sampled_from(("auth", "MD5", "SHA-256-sess", "true", "\udcff", "x" * 50, "\n"))
PIECES = st.sampled_from(
    ("Digest ", "Basic ", "realm=", "nonce=", "qop=", "algorithm=", "stale=", '"', "\\", ",", " ", "=", "\r")
)


@given(st.lists(st.one_of(PIECES, WORDS, st.text(max_size=5))).map("".join))
@example('Digest realm="' + "\\" * 60_000)
@example("a" * 60_000)
@example("Digest " * 9_000)
@settings(max_examples=100, deadline=None)
def test_any_challenge_can_be_read(header: str) -> None:
    for challenge in parse_challenges([header]):
        with contextlib.suppress(UnicodeEncodeError):  # no header holds half a character
            value = challenge.answer("REGISTER", "sip:x", "user", "password")
            assert not re.search(r"[\x00-\x1f\x7f]", value)


@pytest.fixture(scope="module")
def careless() -> Iterator[StreamPeer]:
    """A registrar that sends what a test wants and hangs up."""
    peer = StreamPeer(None)
    peer.server.keep_alive = False
    yield peer
    peer.close()


LINES = st.sampled_from(
    (
        b"SIP/2.0 401 x\r\n",
        b"SIP/2.0 200 x\r\n",
        b"Via: ",
        b"CSeq: 1 REGISTER\r\n",
        b"Content-Length: 0\r\n",
        b"\r\n\r\n",
    )
)
BYTES = st.sampled_from((b"\r\n", b":", b" ", b"WWW-Authenticate: Digest ", b'realm="', b"BRANCH"))
MESSAGES = st.lists(st.one_of(LINES, BYTES, st.binary(max_size=5))).map(b"".join)


@given(MESSAGES)
@settings(max_examples=40, deadline=None)
def test_any_answer_can_be_read(careless: StreamPeer, message: bytes) -> None:
    careless.behaviour = lambda request: [message.replace(b"BRANCH", b"x;branch=" + request.branch.encode())]
    with pytest.raises(ApiError):
        check_login(reach(careless), USER, PASSWORD)

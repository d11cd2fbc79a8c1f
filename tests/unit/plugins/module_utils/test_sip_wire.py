# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIP messages over UDP, TCP and TLS: what counts as an answer, and that every wait has an end."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sip import (
    PASSWORD,
    QUICK,
    REALM,
    USER,
    Peer,
    Request,
    StreamPeer,
    UdpPeer,
    asks,
    outcome_of,
    reach,
    then,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._sip import wire as sip_wire
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

pytest_plugins = ["support.sip_fixtures"]


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_name_is_escaped(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(password="пароль")
    user = '+49 1@x>;"<%ключ'
    check_login(reach(tcp), user, "пароль")
    escaped = "+49%201%40x%3E;%22%3C%25%D0%BA%D0%BB%D1%8E%D1%87"
    assert tcp.requests[1].header("to") == f"<sip:{escaped}@{REALM}>"
    assert tcp.requests[1].credentials["username"] == user.replace('"', '\\"')


# -- answers that are broken -------------------------------------------------------------------------------------------


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


# -- answers without end -----------------------------------------------------------------------------------------------


def test_an_answer_that_drips_has_an_end(tcp: StreamPeer) -> None:
    def drip(connection: socket.socket) -> None:
        for _byte in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)

    tcp.server.behaviour = drip
    before = time.monotonic()
    assert outcome_of(reach(tcp, timeout=QUICK)) == ("unreachable", None)
    assert time.monotonic() - before < 2 * QUICK + 0.5


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
    assert outcome_of(registrar, password="another") == ("wrong_password", "401")


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
        assert outcome_of(reach(udp), password="another") == ("wrong_password", "401")


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
    lost = iter([True, True, False, False])
    truth = asks()
    udp.behaviour = lambda request: [] if next(lost) else truth(request)
    check_login(reach(udp), USER, PASSWORD)
    data = [request.data for request in udp.requests]
    assert data[0] == data[1] == data[2] != data[3]


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
    assert 1 <= len(gaps) <= 5
    # A busy machine makes them longer, and fewer.
    least = [0.02, 0.04, 0.08, 0.16, 0.16]
    assert all(gap > expected - 0.005 for gap, expected in zip(gaps, least, strict=False)), gaps


def test_a_registrar_at_work_is_not_hurried(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_wire, "_T1", 0.05)
    udp.behaviour = lambda request: [request.answer(100)]
    assert outcome_of(reach(udp, timeout=QUICK)) == ("unreachable", None)
    # The first repetition was due before the news came; from then on there are T2 between them.
    assert len(udp.requests) == 2


# -- where the registrar is --------------------------------------------------------------------------------------------


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
        assert outcome_of(Registrar(f"sip:[::1]:{listener.getsockname()[1]}")) == ("access_denied", "403")
        thread.join(5)
    assert seen[0].lines[0] == "REGISTER sip:[::1] SIP/2.0"
    assert seen[0].header("via").startswith("SIP/2.0/UDP [::1]:")


# -- TLS ---------------------------------------------------------------------------------------------------------------


def test_sips_is_tls(tls: StreamPeer, ca_path: str) -> None:
    tls.behaviour = asks()
    check_login(Registrar(f"sips:localhost:{tls.port}", ca_path=ca_path), USER, PASSWORD)
    assert tls.requests[0].lines[0] == "REGISTER sip:localhost SIP/2.0"


def test_a_certificate_that_is_not_trusted(tls: StreamPeer, tmp_path: Path) -> None:
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


def test_the_keys_of_a_connection_are_written_nowhere(
    tls: StreamPeer, ca_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    tls.behaviour = asks()
    check_login(Registrar(f"sips:localhost:{tls.port}", ca_path=ca_path), USER, PASSWORD)
    assert list(tmp_path.glob("keys")) == []


def test_a_certificate_for_another_name(sip_authority: trustme.CA, ca_path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    sip_authority.issue_cert("elsewhere.test").configure_cert(context)
    peer = StreamPeer(context)
    with pytest.raises(NothingSent, match="issued for another name"):
        check_login(Registrar(f"sips:localhost:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    with pytest.raises(NothingSent, match="issued for another address"):
        check_login(Registrar(f"sips:127.0.0.1:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    peer.close()


def test_old_tls_is_refused(sip_authority: trustme.CA, ca_path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    sip_authority.issue_cert("localhost").configure_cert(context)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    peer = StreamPeer(context)
    with pytest.raises(NothingSent, match="it speaks only versions of TLS that are broken"):
        check_login(Registrar(f"sips:localhost:{peer.port}", ca_path=ca_path), USER, PASSWORD)
    peer.close()


def test_a_port_that_speaks_no_tls(tcp: StreamPeer) -> None:
    tcp.server.greeting = b"220 ready\r\n"
    with pytest.raises(NothingSent, match="its port speaks no TLS; check the port"):
        check_login(Registrar(f"sips:localhost:{tcp.port}"), USER, PASSWORD)


def test_a_handshake_that_never_ends(ca_path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        registrar = Registrar(f"sips:127.0.0.1:{listener.getsockname()[1]}", ca_path=ca_path)
        object.__setattr__(registrar, "timeout", QUICK)
        with pytest.raises(NothingSent, match="within the time-out"):
            check_login(registrar, USER, PASSWORD)


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

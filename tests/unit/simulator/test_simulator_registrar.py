# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated registrar keeps the rules of RFC 3261 and RFC 7616, seen through bare sockets."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from simulator.client import Simulator

NUMBER, FIRST, SECOND = "88801001", "Kx7@mQ2vLp", "Tf6~pL3xWd"
URI = "sip:phones.test"


@dataclass
class Reply:
    status: int
    headers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def challenges(self) -> list[dict[str, str]]:
        lines = self.headers.get("www-authenticate", [])
        return [{name: quoted or token for name, quoted, token in re.findall(PAIR, line)} for line in lines]


PAIR = r'([\w-]+)=(?:"([^"]*)"|([^,\s]+))'


class Phone:
    """One telephone and its socket."""

    def __init__(self, simulator: Simulator, transport: str = "udp") -> None:
        self.transport = transport.upper()
        self.number = 0
        port = simulator.sips_port if transport == "tls" else simulator.sip_port
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))
        if transport == "tls":
            context = ssl.create_default_context(cafile=simulator.ca_path)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.received = b""

    def request(self, *headers: str, number: str = NUMBER, method: str = "REGISTER", via: str = ";rport") -> bytes:
        self.number += 1
        host, port = self.socket.getsockname()
        lines = [
            f"{method} {URI} SIP/2.0",
            f"Via: SIP/2.0/{self.transport} {host}:{port};branch=z9hG4bK{secrets.token_hex(8)}{via}",
            f"From: <sip:{number}@phones.test>;tag=a",
            f"To: <sip:{number}@phones.test>",
            "Call-ID: one",
            f"CSeq: {self.number} {method}",
            *headers,
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def send(self, request: bytes) -> Reply:
        self.socket.sendall(request)
        return self.receive()

    def receive(self) -> Reply:
        while b"\r\n\r\n" not in self.received:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise ConnectionError
            self.received += chunk
        head, _end, self.received = self.received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        reply = Reply(int(first.split(" ")[1]))
        for line in lines:
            name, _colon, value = line.partition(":")
            reply.headers.setdefault(name.lower(), []).append(value.strip())
        return reply

    def ask(self, **options: Any) -> Reply:
        return self.send(self.request(**options))

    def authorization(self, challenge: dict[str, str], password: str, *, count: int = 1, name: str = NUMBER) -> str:
        hashed = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[challenge["algorithm"]]

        def digest(text: str) -> str:
            return hashed(text.encode()).hexdigest()

        middle = f"{count:08x}:0a4f113b:auth:" if "qop" in challenge else ""
        secret = digest(f"{name}:{challenge['realm']}:{password}")
        response = digest(f"{secret}:{challenge['nonce']}:{middle}{digest(f'REGISTER:{URI}')}")
        more = f', qop=auth, nc={count:08x}, cnonce="0a4f113b"' if middle else ""
        return (
            f'Authorization: Digest username="{name}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}", '
            f'uri="{URI}", response="{response}", algorithm={challenge["algorithm"]}{more}'
        )

    def login(self, password: str, *headers: str, number: str = NUMBER) -> Reply:
        """Ask, and answer the first challenge."""
        challenge = self.ask(number=number).challenges[0]
        return self.send(self.request(self.authorization(challenge, password, name=number), *headers, number=number))


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    process.reset({"accounts": [{"service": "cec_sip", "id": NUMBER, "password": FIRST}]})
    return process


@pytest.fixture(params=["udp", "tcp", "tls"])
def phone(simulator: Simulator, request: pytest.FixtureRequest) -> Iterator[Phone]:
    phone = Phone(simulator, request.param)
    yield phone
    phone.socket.close()


@pytest.fixture
def udp(simulator: Simulator) -> Iterator[Phone]:
    phone = Phone(simulator)
    yield phone
    phone.socket.close()


def account(simulator: Simulator) -> dict[str, Any]:
    return simulator.account("cec_sip", NUMBER)


def told(simulator: Simulator) -> list[tuple[str, str, int | None]]:
    calls = simulator.journal(account=NUMBER, operation="sip_register", service="cec_sip")
    return [(call["outcome"], call["credential"], call["status"]) for call in calls]


def test_a_right_and_a_wrong_password(simulator: Simulator, phone: Phone) -> None:
    assert phone.login(FIRST).status == 200
    assert phone.login(SECOND).status == 401
    assert told(simulator) == [
        ("challenged", "none", 401),
        ("accepted", "live", 200),
        ("challenged", "none", 401),
        ("wrong", "wrong", 401),
    ]
    assert (account(simulator)["sign_ins"], account(simulator)["failures"]) == (1, 1)
    assert "bindings" not in account(simulator)["attributes"]


def test_a_password_changes_live(simulator: Simulator, udp: Phone) -> None:
    simulator.act("password", "cec_sip", NUMBER, password=SECOND)
    assert (udp.login(FIRST).status, udp.login(SECOND).status) == (401, 200)
    assert [credential for outcome, credential, _status in told(simulator) if outcome != "challenged"] == [
        "previous",
        "live",
    ]


def test_the_answer_belongs_to_the_request(udp: Phone) -> None:
    request = udp.request()
    reply = udp.send(request)
    port = udp.socket.getsockname()[1]
    assert reply.headers["via"][0].endswith(f";received=127.0.0.1;rport={port}")
    assert re.search(rb"branch=\w+", request)[0].decode() in reply.headers["via"][0]  # type: ignore[index]
    assert reply.headers["cseq"] == ["1 REGISTER"]
    assert re.fullmatch(rf"<sip:{NUMBER}@phones.test>;tag=\w+", reply.headers["to"][0])
    assert udp.ask(via="").status == 401  # to the port in Via


@pytest.mark.parametrize("qop", [False, True])
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "both"])
def test_what_is_offered(simulator: Simulator, udp: Phone, algorithm: str, qop: bool) -> None:
    simulator.options(registrar={"algorithm": algorithm, "qop": qop, "realm": "other realm"})
    offered = udp.ask().challenges
    assert [challenge["algorithm"] for challenge in offered] == (
        ["SHA-256", "MD5"] if algorithm == "both" else [algorithm]
    )
    for challenge in offered:
        assert (challenge["realm"], challenge.get("qop")) == ("other realm", "auth" if qop else None)
        assert udp.send(udp.request(udp.authorization(challenge, FIRST))).status == 200
        again = udp.send(udp.request(udp.authorization(challenge, FIRST)))
        assert again.challenges[0]["stale"] == "true"
        assert udp.send(udp.request(udp.authorization(challenge, FIRST, count=2))).status == (200 if qop else 401)


def test_an_unknown_nonce_is_stale(simulator: Simulator, udp: Phone) -> None:
    challenge = udp.ask().challenges[0] | {"nonce": "made up"}
    reply = udp.send(udp.request(udp.authorization(challenge, FIRST)))
    assert (reply.status, reply.challenges[0]["stale"]) == (401, "true")
    assert account(simulator)["failures"] == 0


def test_stale_once(simulator: Simulator, udp: Phone) -> None:
    simulator.options(registrar={"stale_once": True})
    reply = udp.login(SECOND)
    assert (reply.status, reply.challenges[0]["stale"]) == (401, "true")
    assert udp.send(udp.request(udp.authorization(reply.challenges[0], FIRST))).status == 200
    assert account(simulator)["failures"] == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("realm", "other"), ("uri", "other"), ("nonce", "other"), ("response", "other"), ("MD5", "MD4")],
)
def test_credentials_that_do_not_fit(simulator: Simulator, udp: Phone, old: str, new: str) -> None:
    header = udp.authorization(udp.ask().challenges[0], FIRST)
    assert udp.send(udp.request(header.replace(old, new))).status == 400
    assert account(simulator)["failures"] == 0


def test_who_does_not_exist_is_asked_again(simulator: Simulator, udp: Phone) -> None:
    assert udp.login(FIRST, number="4711").status == 401
    assert simulator.journal(account="4711")[-1]["credential"] == "wrong"


def test_a_lock(simulator: Simulator, udp: Phone) -> None:
    simulator.options(registrar={"lock_threshold": 2})
    assert [udp.login(word).status for word in (SECOND, SECOND, FIRST)] == [401, 401, 403]
    assert told(simulator)[-1] == ("locked", "live", 403)
    found = account(simulator)
    assert (found["max_consecutive_failures"], found["times_locked"], found["refused_while_locked"]) == (2, 1, 1)
    simulator.advance(1801)
    assert udp.login(FIRST).status == 200
    assert account(simulator)["consecutive_failures"] == 0


def test_bindings_are_counted(simulator: Simulator, udp: Phone) -> None:
    assert udp.login(FIRST, "Contact: <sip:me@127.0.0.1>").status == 200
    assert account(simulator)["attributes"]["bindings"] == 1


def test_a_repetition_is_no_second_attempt(simulator: Simulator, udp: Phone) -> None:
    challenge = udp.ask().challenges[0]
    request = udp.request(udp.authorization(challenge, SECOND))
    assert [udp.send(request).headers for _time in range(3)] == [udp.send(request).headers] * 3
    assert account(simulator)["failures"] == 1


def test_other_methods(simulator: Simulator, phone: Phone) -> None:
    assert phone.ask(method="INVITE").status == 405
    phone.socket.sendall(phone.request(method="ACK"))
    assert phone.ask().status == 401


@pytest.mark.parametrize("only", [False, True])
def test_a_forced_status(simulator: Simulator, udp: Phone, only: bool) -> None:
    simulator.options(registrar={"status": 503, "only_credentials": only})
    assert udp.ask().status == (401 if only else 503)
    simulator.options(registrar={"status": 0})
    challenge = udp.ask().challenges[0]
    simulator.options(registrar={"status": 503})
    assert udp.send(udp.request(udp.authorization(challenge, SECOND))).status == 503
    assert told(simulator)[-1] == ("forced 503", "wrong", 503)
    assert account(simulator)["failures"] == 1


def test_silence(simulator: Simulator, phone: Phone) -> None:
    simulator.options(registrar={"silent": True})
    phone.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        phone.ask()
    assert told(simulator) == [("silent", "none", None)]


@pytest.mark.parametrize("noise", [b"", b"\x00", b"GET / HTTP/1.1\r\n\r\n", b"REGISTER\r\n\r\n", b"x\r\n\r\n" * 9])
def test_noise(simulator: Simulator, udp: Phone, noise: bytes) -> None:
    udp.socket.send(noise)
    stream = Phone(simulator, "tcp")
    stream.socket.sendall(noise + b"x" * 70_000 + b"\r\n\r\n")
    with pytest.raises(OSError):
        stream.receive()
    stream.socket.close()
    assert udp.ask().status == 401


@pytest.mark.parametrize("values", [{"algorithm": "SHA-1"}, {"status": 100}, {"realm": "a\nb"}, {"realm": ""}])
def test_options_that_make_no_sense(simulator: Simulator, values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"options\.registrar"):
        simulator.options(registrar=values)


def test_open_connections_do_not_keep_it_alive() -> None:
    with Simulator() as simulator:
        phones = [Phone(simulator, transport) for transport in ("tcp", "tls")]
        assert [phone.ask().status for phone in phones] == [401, 401]
        log = simulator.state_dir / "simulator.log"
        process = simulator._process
        assert process is not None
        process.terminate()
        assert process.wait(10) == 0
        assert log.read_text() == ""
        for phone in phones:
            phone.socket.close()

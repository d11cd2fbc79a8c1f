# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registrars on loopback that answer whatever a test wants, over UDP, TCP and TLS."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar
from support.loopback_server import LoopbackServer

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


# -- what tests ask and expect -----------------------------------------------------------------------------------------


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

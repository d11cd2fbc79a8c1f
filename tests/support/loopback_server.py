# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tiny HTTP server on loopback, with or without TLS, that answers with whatever bytes a test gives it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

Behaviour = bytes | Callable[[socket.socket], None]

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"retcode":"0"}'


class LoopbackServer:
    """Serves each connection in a thread of its own, and remembers every request."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.greeting = b""
        self.welcome: Callable[[socket.socket], None] | None = None
        self.behaviour: Behaviour = OK
        self.keep_alive = False
        self.requests: list[bytes] = []
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        # A client that refuses the certificate, or hangs up, is what many tests are about.
        with contextlib.suppress(OSError), connection:
            if self.welcome:
                self.welcome(connection)
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            connection.sendall(self.greeting)
            while request := _read_request(connection):
                self.requests.append(request)
                if isinstance(self.behaviour, bytes):
                    connection.sendall(self.behaviour)
                else:
                    self.behaviour(connection)
                if not self.keep_alive:
                    break
            with contextlib.suppress(OSError, ValueError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        if not (chunk := connection.recv(65536)):
            return b""
        received += chunk
    head, _separator, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body

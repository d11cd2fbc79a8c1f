# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load balancer as a process of its own, with the habits of those that stand before a service.

It ends TLS with a certificate of its own, and speaks to the service by TLS again. Standard library only, apart from the
certificate. On request it

- sends each change of a password twice and passes the second answer on, as many do where the answer of the first server
  is late or broken,
- keeps cookies to itself, so that a request finds its session on one server only by luck,
- marks each answer as text (a byte order mark), or encodes it anew without saying so,
- demands a certificate of its clients.
"""

from __future__ import annotations

import argparse
import http.client
import re
import ssl
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from simulator.certificates import issue, server_context

LOOPBACK = "127.0.0.1"
PORT_FILE = "port"
PATIENCE = 20.0
CHANGES = re.compile(
    r"/modifyaccountpwdex$|/resetConfigAdminPwd$|/agentAccount/update$|/updateSipPhonePassword$|/pwd/(change|update)$"
)
"""Paths of the requests that are sent twice."""
_HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "transfer-encoding"})
_TESTS = Path(__file__).resolve().parent.parent

Reply = tuple[int, list[tuple[str, str]], bytes]


class LoadBalancer:
    """The process. Use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        service_url: str,
        service_ca_path: str,
        *,
        sends_changes_twice: bool = False,
        keeps_cookies: bool = False,
        encoding: str = "utf-8",
        client_ca_path: str = "",
    ) -> None:
        """`folder` gets the certificates and is created; the service is the one that it stands before.

        `encoding` is that of the answers, by Python's name; `client_ca_path` vouches for the clients.
        """
        self._folder = folder
        self._command = [
            *(sys.executable, "-m", "support.load_balancer", str(folder), service_url, service_ca_path),
            *(f"--encoding={encoding}", f"--client-ca-path={client_ca_path}"),
            *(["--sends-changes-twice"] if sends_changes_twice else []),
            *(["--keeps-cookies"] if keeps_cookies else []),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.ca_path = str(folder / "ca.pem")
        self.url = ""

    def __enter__(self) -> LoadBalancer:
        self._folder.mkdir(parents=True)
        self._process = subprocess.Popen(self._command, cwd=_TESTS, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not (self._folder / PORT_FILE).exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise RuntimeError("the load balancer did not start")
            time.sleep(0.02)
        self.url = f"https://localhost:{(self._folder / PORT_FILE).read_text(encoding='ascii')}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, habits: argparse.Namespace, context: ssl.SSLContext) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.habits = habits
        self.service = urlsplit(habits.service_url)
        self.to_service = ssl.create_default_context(cafile=habits.service_ca_path)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients without a certificate, or that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self._ask(body)
        if self.server.habits.sends_changes_twice and CHANGES.search(urlsplit(self.path).path):
            reply = self._ask(body)
        status, headers, answer = reply
        answer = answer.decode().encode(self.server.habits.encoding)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _ask(self, body: bytes) -> Reply:
        service = self.server.service
        connection = http.client.HTTPSConnection(
            str(service.hostname), service.port, timeout=PATIENCE, context=self.server.to_service
        )
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(self.command, self.path, body, {**headers, "Connection": "close"})
            reply = connection.getresponse()
            answer = reply.read()
        finally:
            connection.close()
        left_out = {*_HOP_BY_HOP, "content-length", *(["set-cookie"] if self.server.habits.keeps_cookies else [])}
        return (
            reply.status,
            [(name, value) for name, value in reply.getheaders() if name.lower() not in left_out],
            answer,
        )

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  names of http.server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; requests carry passwords."""


def main() -> None:
    """Serve until killed, and say in a file on which port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("service_url")
    parser.add_argument("service_ca_path")
    parser.add_argument("--sends-changes-twice", action="store_true")
    parser.add_argument("--keeps-cookies", action="store_true")
    parser.add_argument("--encoding")
    parser.add_argument("--client-ca-path")
    habits = parser.parse_args()
    _ca_path, certificate = issue(habits.folder, ("localhost", LOOPBACK))
    context = server_context(certificate)
    if habits.client_ca_path:
        context.load_verify_locations(habits.client_ca_path)
        context.verify_mode = ssl.CERT_REQUIRED
    server = _Server(habits, context)
    starting = habits.folder / "starting"
    starting.write_text(str(server.server_port), encoding="ascii")
    starting.rename(habits.folder / PORT_FILE)
    server.serve_forever()


if __name__ == "__main__":
    main()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load balancer as a process of its own, which sends each change of a password twice and passes the second answer on.

Many do that where the answer of the first server is late or broken. It ends TLS with a certificate of its own, and
speaks to the service by TLS again. Standard library only, apart from the certificate.
"""

from __future__ import annotations

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

    def __init__(self, folder: Path, service_url: str, service_ca_path: str) -> None:
        """`folder` gets the certificates and is created; the service is the one that it stands before."""
        self._folder = folder
        self._command = [sys.executable, "-m", "support.load_balancer", str(folder), service_url, service_ca_path]
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

    def __init__(self, service_url: str, service_ca_path: str, context: ssl.SSLContext) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.service = urlsplit(service_url)
        self.to_service = ssl.create_default_context(cafile=service_ca_path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self._ask(body)
        if CHANGES.search(urlsplit(self.path).path):
            reply = self._ask(body)
        status, headers, answer = reply
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
        left_out = {*_HOP_BY_HOP, "content-length"}
        return (
            reply.status,
            [(name, value) for name, value in reply.getheaders() if name.lower() not in left_out],
            answer,
        )

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  names of http.server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; requests carry passwords."""


def main(folder: Path, service_url: str, service_ca_path: str) -> None:
    """Serve until killed, and say in a file on which port."""
    _ca_path, certificate = issue(folder, ("localhost", LOOPBACK))
    server = _Server(service_url, service_ca_path, server_context(certificate))
    (folder / "starting").write_text(str(server.server_port), encoding="ascii")
    (folder / "starting").rename(folder / PORT_FILE)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])

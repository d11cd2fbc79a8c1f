# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority for tests, and the servers on loopback that it vouches for."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme

from support.loopback_server import OK, LoopbackServer


class Authority:
    """A certificate authority and the servers that it vouches for, one for each kind of certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self._servers: dict[str, LoopbackServer] = {}
        self.ca_path = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.ca_path)

    def server(self, kind: str = "good") -> LoopbackServer:
        """Return the server with this kind of certificate, as if nobody had talked to it."""
        if kind not in self._servers:
            self._servers[kind] = LoopbackServer(self.context(kind))
        server = self._servers[kind]
        server.behaviour, server.keep_alive = OK, False
        server.requests.clear()
        return server

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def context(self, kind: str = "good") -> ssl.SSLContext:
        """Return what a server with this kind of certificate needs for TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        now = datetime.now(timezone.utc)
        if kind == "self-signed":
            lonely = trustme.CA()
            pem = lonely.private_key_pem.bytes() + lonely.cert_pem.bytes()
            path = self._folder / "self-signed.pem"
            path.write_bytes(pem)
            context.load_cert_chain(path)
            return context
        certificate = {
            "good": lambda: self._authority.issue_cert("localhost", "127.0.0.1"),
            "good too": lambda: self._authority.issue_cert("localhost", "127.0.0.1"),
            "other name": lambda: self._authority.issue_cert("elsewhere.test"),
            "expired": lambda: self._authority.issue_cert("localhost", not_after=now - timedelta(days=1)),
            "early": lambda: self._authority.issue_cert(
                "localhost", not_before=now + timedelta(days=1), not_after=now + timedelta(days=2)
            ),
            "other authority": lambda: trustme.CA().issue_cert("localhost"),
            "demands TLS 1.2": lambda: self._authority.issue_cert("localhost"),
            "demands TLS 1.3": lambda: self._authority.issue_cert("localhost"),
        }[kind]()
        certificate.configure_cert(context)
        if kind.startswith("demands"):
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
            version = ssl.TLSVersion.TLSv1_2 if kind.endswith("1.2") else ssl.TLSVersion.TLSv1_3
            context.minimum_version = context.maximum_version = version
        return context

    def client(self, *, is_strange: bool = False) -> tuple[str, str]:
        """Return the files of a client's certificate and of its key; a strange one is vouched for by nobody known."""
        authority = trustme.CA() if is_strange else self._authority
        issued = authority.issue_cert("rotator.test")
        paths = (str(self._folder / f"client-{is_strange}.pem"), str(self._folder / f"client-{is_strange}.key"))
        issued.cert_chain_pems[0].write_to_path(paths[0])
        issued.private_key_pem.write_to_path(paths[1])
        return paths

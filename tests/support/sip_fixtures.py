# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests of SIP. A test module loads them with ``pytest_plugins = ["support.sip_fixtures"]``."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import trustme

from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar
from support.sip import REALM, Peer, StreamPeer, UdpPeer


@pytest.fixture(scope="module")
def sip_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_path(sip_authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    sip_authority.cert_pem.write_to_path(str(path))
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
def tls(sip_authority: trustme.CA) -> Iterator[StreamPeer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    sip_authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
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

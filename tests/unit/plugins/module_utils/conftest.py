# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the tests that talk to real servers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.authority import Authority
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    yield authority
    authority.close()


@pytest.fixture
def server(authority: Authority) -> LoopbackServer:
    return authority.server()


@pytest.fixture
def connect(authority: Authority) -> Iterator[Callable[..., Transport]]:
    """Open transports to a server, and close them in the end."""
    opened = []

    def connect(server: LoopbackServer, *, timeout: float = 5, **options: Any) -> Transport:
        endpoint = Endpoint(**{"url": server.url, "ca_path": authority.ca_path, **options})
        object.__setattr__(endpoint, "timeout", timeout)
        opened.append(Transport(endpoint))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()

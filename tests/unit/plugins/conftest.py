# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of all unit tests of the plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.cec import Registrars
from support.gateway import URL
from support.wire_script import WireScript

from ansible_collections.callcenter.passwords.plugins.module_utils._cec import accounts as cec_options
from ansible_collections.callcenter.passwords.plugins.module_utils._http import wire as http_wire
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SHARED_MEMORY


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the developer's machine has set away from the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """Let no test find the tokens of another one, nor what another one has been refused."""
    vars(SHARED_MEMORY).pop("memory", None)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[WireScript]:
    """The network, as a script. Whatever was announced must have been sent when the test ends."""
    script = WireScript(URL)

    def send(_adapter: Any, request: Any, **connection: Any) -> Any:
        return script.send(request, **connection)

    monkeypatch.setattr(http_wire.Adapter, "send", send)
    yield script
    script.finish()


@pytest.fixture
def registrars(monkeypatch: pytest.MonkeyPatch) -> Registrars:
    """The registrars that SIP phones sign in at; accept every password until told otherwise."""
    stand_in = Registrars()
    monkeypatch.setattr(cec_options, "check_login", stand_in.check_login)
    return stand_in

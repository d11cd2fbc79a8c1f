# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIP log-ins against Kamailio: what a real registrar says to right and wrong passwords, and that nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.kamailio import Kamailio

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

pytestmark = pytest.mark.skipif(Kamailio.missing() is not None, reason=str(Kamailio.missing()))

NUMBER, FIRST, SECOND = "88801001", "Kx7@mQ2vLp", 'Tf6~"pL3 \\xWd'
DOMAIN = "phones.test"


@pytest.fixture(
    scope="module",
    params=[("MD5", False), ("MD5", True), ("SHA-256", False), ("SHA-256", True)],
    ids=lambda way: f"{way[0]}{'-qop' if way[1] else ''}",
)
def running_kamailio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kamailio]:
    algorithm, qop = request.param
    with Kamailio(tmp_path_factory.mktemp("kamailio"), algorithm=algorithm, qop=qop) as kamailio:
        yield kamailio


@pytest.fixture
def kamailio(running_kamailio: Kamailio) -> Kamailio:
    running_kamailio.set_password(NUMBER, FIRST)
    return running_kamailio


@pytest.fixture(params=["udp", "tcp", "tls"])
def registrar(kamailio: Kamailio, request: pytest.FixtureRequest) -> Registrar:
    return Registrar(kamailio.uri(request.param), domain=DOMAIN, ca_path=kamailio.ca_path)


def outcome(registrar: Registrar, user: str, password: str, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        check_login(registrar, user, password, **options)
    return caught.value.outcome, caught.value.code


def test_passwords(kamailio: Kamailio, registrar: Registrar) -> None:
    """A right one, a wrong one, and a change while it runs. Nothing of it leaves an address behind."""
    check_login(registrar, NUMBER, FIRST)
    assert outcome(registrar, NUMBER, SECOND) == ("wrong_password", "401")
    kamailio.set_password(NUMBER, SECOND)
    check_login(registrar, NUMBER, SECOND)
    assert outcome(registrar, NUMBER, FIRST) == ("wrong_password", "401")
    assert kamailio.bindings() == []


def test_names(registrar: Registrar) -> None:
    """Kamailio asks a telephone that it does not know again, so that nobody learns which ones exist."""
    assert outcome(registrar, "4711", FIRST) == ("wrong_password", "401")
    # The name in the digest must be the telephone's own; that is this configuration, not SIP.
    assert outcome(registrar, "4711", FIRST, auth_user=NUMBER) == ("wrong_password", "401")


def test_addresses_would_be_seen(kamailio: Kamailio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counter-check: a registration with a Contact does leave an address."""
    from ansible_collections.callcenter.passwords.plugins.module_utils._sip import wire as sip_wire

    plain = sip_wire.Query.next
    contact = "Contact: <sip:me@127.0.0.1:9>"
    monkeypatch.setattr(sip_wire.Query, "next", lambda self, line, *more: plain(self, line, *more, contact))
    check_login(Registrar(kamailio.uri(), domain=DOMAIN), NUMBER, FIRST)
    assert kamailio.bindings() == ["sip:me@127.0.0.1:9"]
    kamailio.call("ul.rm", "location", NUMBER)
    assert kamailio.bindings() == []

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where telephones register, as options describe it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar


@pytest.mark.parametrize(
    ("uri", "host", "port", "transport"),
    [
        ("sip:pbx.test", "pbx.test", 5060, "udp"),
        ("SIP:pbx.test:5080;transport=TCP", "pbx.test", 5080, "tcp"),
        ("sip:pbx.test;transport=tls", "pbx.test", 5061, "tls"),
        ("sips:pbx.test", "pbx.test", 5061, "tls"),
        ("sips:pbx.test:65535;transport=tcp", "pbx.test", 65535, "tls"),
        ("sip:192.0.2.1:1", "192.0.2.1", 1, "udp"),
        ("sip:[2001:db8::1]:5070", "[2001:db8::1]", 5070, "udp"),
        ("sip:pbx_1", "pbx_1", 5060, "udp"),
    ],
)
def test_uris(uri: str, host: str, port: int, transport: str) -> None:
    registrar = Registrar(uri)
    assert (registrar.host, registrar.port, registrar.transport) == (host, port, transport)
    assert registrar.domain == host
    assert registrar.place == f"{host}:{port} ({transport.upper()})"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "pbx.test",
        "http://pbx.test",
        "sip:",
        "sip:user@pbx.test",
        "sip:pbx.test:0",
        "sip:pbx.test:65536",
        "sip:pbx.test:x",
        "sip:pbx.test:\u0665",
        "sip:pbx.test;transport=sctp",
        "sip:pbx.test;lr",
        "sip:pbx.test/",
        "sip:pbx test",
        "sip:pbx.test\r\nX: y",
        "sip:pbx.test\n",
        "sip:[::1",
        "sip:::1",
        "sip:[pbx]",
        "sip:[::1%lo]",
        "sip:-pbx",
        "sip:pbx..test",
        "sip:пример.test",
        "sip:" + "x" * 254,
    ],
)
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(InputError, match="line is not the SIP URI of a server; write it as sip:host:port"):
        Registrar(uri, option="line")


def test_all_faults_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Registrar("sips:pbx.test;transport=udp", domain="a@b", ca_path=str(tmp_path / "none"), timeout=0, prefix="sip_")
    names = [fault.partition(" ")[0] for fault in caught.value.faults]
    assert names == ["registrar", "sip_domain", "sip_ca_path", "sip_timeout"]


@pytest.mark.parametrize("domain", ["a b", "a\r\nb", "<a>", "::1", "[::1%eth0]", "a:5060", "a;b"])
def test_domains(domain: str) -> None:
    with pytest.raises(InputError, match="domain is not a host name"):
        Registrar("sip:pbx.test", domain=domain)


@pytest.mark.parametrize("timeout", [0.9, 301, -1, float("nan")])
def test_time_outs(timeout: float) -> None:
    with pytest.raises(InputError, match="timeout is out of range; give 1 to 300 seconds"):
        Registrar("sip:pbx.test", timeout=timeout)

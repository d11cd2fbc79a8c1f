# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that demand a certificate of their clients get one, or the message says what they demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from support.authority import Authority

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport
from ansible_collections.callcenter.passwords.plugins.module_utils._net.certificates import client_faults

Connect = Callable[..., Transport]
versions = pytest.mark.parametrize("version", ["1.2", "1.3"])


@versions
@pytest.mark.parametrize("is_one_file", [False, True])
def test_a_certificate_is_presented(
    authority: Authority, connect: Connect, tmp_path: Path, version: str, is_one_file: bool
) -> None:
    cert, key = authority.client()
    options = {"client_cert": cert, "client_key": key}
    if is_one_file:
        both = tmp_path / "both.pem"
        both.write_text(Path(cert).read_text(encoding="utf-8") + Path(key).read_text(encoding="utf-8"), "utf-8")
        options = {"client_cert": str(both)}
    server = authority.server(f"demands TLS {version}")
    assert connect(server, **options).request("GET", "/").status == 200


@versions
def test_without_one_the_message_says_what_is_demanded(authority: Authority, connect: Connect, version: str) -> None:
    """Nobody has looked at the request, so a login counts as none; with TLS 1.3 it was sent all the same."""
    server = authority.server(f"demands TLS {version}")
    with pytest.raises(ApiError) as caught:
        connect(server).request("PUT", "/", json_body={"password": "x"})
    assert caught.value.outcome == (Outcome.ACCESS_DENIED if version == "1.3" else Outcome.UNREACHABLE)
    assert "client certificate" in caught.value.message
    assert "client_cert" in caught.value.message
    assert server.requests == []


@versions
def test_a_certificate_that_is_not_accepted(authority: Authority, connect: Connect, version: str) -> None:
    cert, key = authority.client(is_strange=True)
    server = authority.server(f"demands TLS {version}")
    with pytest.raises(ApiError, match="it does not accept the client certificate; check client_cert") as caught:
        connect(server, client_cert=cert, client_key=key).request("PUT", "/", json_body={"password": "x"})
    assert caught.value.outcome in (Outcome.ACCESS_DENIED, Outcome.UNREACHABLE)
    assert server.requests == []


# -- files -------------------------------------------------------------------------------------------------------------


def test_files_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.client()
    _other, strange = authority.client(is_strange=True)
    locked = str(tmp_path / "locked.key")
    Path(locked).write_bytes(
        load_pem_private_key(Path(key).read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    missing = str(tmp_path / "missing.pem")
    faults = {
        (None, None): "",
        (cert, key): "",
        (None, key): "client_key is given without client_cert; give both",
        (missing, key): "client_cert names no file",
        (cert, missing): "client_key names no file",
        (cert, None): "are no PEM files that can be read and belong together",
        (cert, strange): "are no PEM files that can be read and belong together",
        (cert, locked): "the key must have no passphrase",
    }
    for files, fault in faults.items():
        found = client_faults(*files)
        assert bool(found) == bool(fault), files
        assert not fault or fault in found[0]
    assert client_faults(None, key, "sip_") == ["sip_client_key is given without sip_client_cert; give both"]
    with pytest.raises(InputError, match="client_cert names no file"):
        Endpoint("https://gateway.test", client_cert=missing)

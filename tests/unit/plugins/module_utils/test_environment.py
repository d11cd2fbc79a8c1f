# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An environment that no request can be made with: nothing is sent, and the variable at fault is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests.adapters
from support.authority import Authority
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport

Connect = Callable[..., Transport]

SECRET = "Pa#ss/w0rd"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def refusal(transport: Transport) -> str:
    """Return what is said of a login that was not sent, without the server that it was for."""
    with pytest.raises(NothingSent) as caught:
        transport.request("PUT", "/", json_body={"password": "x"})
    assert not caught.value.sent
    assert caught.value.failed_logins == 0
    assert SECRET not in caught.value.message
    place, _colon, message = caught.value.message.partition(" was not reached")
    assert place == transport.endpoint.place
    return message


# -- proxies -----------------------------------------------------------------------------------------------------------

NO_URL = "that is no URL of a proxy; write it as http://host:port"

NO_PROXIES = {
    "another scheme": "ftp://127.0.0.1:1",
    "a path": "unix:///run/proxy",
    "no host": "http://",
    "no host, but a port": "http://:3128",
    "no host behind the user": f"http://svc:{SECRET}@",
    "a # that is not escaped": f"http://svc:{SECRET}@127.0.0.1:3128",
    "a user without a scheme": "svc:secret@127.0.0.1:3128",
    "no port": "http://127.0.0.1:port",
    "a port too high": "http://127.0.0.1:99999",
    "half an IPv6 address": "http://[::1",
    "a blank": " http://127.0.0.1:3128",
    "letters that no header has": "http://пользователь:пароль@127.0.0.1:3128",
    "no text": "http://\udcff:x@127.0.0.1:3128",
    "nothing of a URL": "\\\\",
}


@pytest.mark.parametrize("name", NO_PROXIES)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_what_is_no_proxy(
    authority: Authority, connect: Connect, monkeypatch: pytest.MonkeyPatch, scheme: str, name: str
) -> None:
    server = authority.server()
    variable = f"{scheme}_proxy".upper()
    monkeypatch.setenv(variable, NO_PROXIES[name])
    transport = connect(server, url=f"{scheme}://localhost:{server.port}", allow_http=True)
    assert refusal(transport).startswith(f" through the proxy that {variable} names: {NO_URL}")
    monkeypatch.delenv(variable)
    assert server.requests == []


@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:1", "SOCKS4://svc:secret@127.0.0.1:1"])
def test_a_socks_proxy(server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """With PySocks installed too: its connections would not be ours, and so have no end."""
    monkeypatch.setenv("all_proxy", proxy)
    assert refusal(connect(server)) == (
        " through the proxy that all_proxy names: SOCKS is not supported; name an HTTP proxy, or the server in NO_PROXY"
    )
    monkeypatch.setenv("no_proxy", "localhost")
    assert connect(server).request("GET", "/").status == 200


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"HTTPS_PROXY": "http://", "ALL_PROXY": "ftp://x"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://", "HTTPS_PROXY": "ftp://x"}, "https_proxy"),
        ({"https_proxy": "", "ALL_PROXY": "ftp://x", "http_proxy": "http://"}, "ALL_PROXY"),
        ({"Https_Proxy": "http://"}, "the environment"),
    ],
)
def test_the_variable_that_counts_is_named(
    server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert refusal(connect(server)).startswith(f" through the proxy that {named} names: that is no URL")


def test_a_proxy_that_is_not_there(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = LoopbackServer()
    proxy.close()
    monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//svc:secret@"))
    message = refusal(Transport(Endpoint("https://gateway.test")))
    assert message == (
        " through the proxy that https_proxy names: the proxy did not accept the connection; check its URL and that it "
        "runs"
    )


@pytest.mark.parametrize("status", [403, 407, 429, 503])
def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    proxy = LoopbackServer()
    proxy.behaviour = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    message = refusal(Transport(Endpoint("https://gateway.test")))
    assert message.startswith(
        " through the proxy that HTTPS_PROXY names: the proxy did not connect to the server; check"
    )
    assert [request.split(b" ")[0] for request in proxy.requests] == [b"CONNECT"]
    proxy.close()


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_cannot_be_used(
    server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    bundle = tmp_path / "bundle.pem"
    monkeypatch.setenv(variable, str(bundle))
    assert refusal(connect(server, ca_path=None)).startswith(f": {variable} names no file on the machine")
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    message = refusal(connect(server, ca_path=None))
    assert message.startswith(f": {variable} names a file that cannot be read or holds no PEM certificate")
    assert server.requests == []


def test_certificates_that_are_not_needed(
    server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    assert connect(server).request("GET", "/").status == 200
    plain = LoopbackServer()
    assert connect(plain, ca_path=None, allow_http=True).request("GET", "/").status == 200
    plain.close()


def test_a_folder_of_certificates(
    server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert "was issued by a CA that is not trusted here" in refusal(connect(server, ca_path=None))


def test_a_system_without_certificates(
    server: LoopbackServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "nothing.pem"))
    assert refusal(connect(server, ca_path=None)).startswith(": there are no certificates of authorities to trust")


def test_a_ca_path_that_has_gone(
    authority: Authority, server: LoopbackServer, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(Path(authority.ca_path).read_bytes())
    transport = connect(server, ca_path=str(path))
    path.unlink()
    assert "give ca_path" in refusal(transport)

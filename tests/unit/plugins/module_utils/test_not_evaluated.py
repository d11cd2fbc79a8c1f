# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What proxies and rate limiters in front of a service answer: nobody has looked at the request."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.client_operations import OPERATIONS
from support.loopback_server import LoopbackServer

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import (
    MAX_ANSWER_BYTES,
    Reply,
    Transport,
)

Connect = Callable[..., Transport]

STATUSES = {
    "403 Forbidden": "check gateway_url",
    "407 Proxy Authentication Required": "a proxy does not let you pass to",
    "429 Too Many Requests": "run again later",
    "503 Service Unavailable": "run again later",
    "511 Network Authentication Required": "a proxy does not let you pass to",
}
PAGES = {
    "a page": b"Content-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
    "a page until the end": b"Content-Type: text/html\r\nConnection: close\r\n\r\n<html></html>",
    "no page": b"Content-Length: 0\r\n\r\n",
    "no page, and nothing says so": b"Connection: close\r\n\r\n",
    "half a page": b"Content-Length: 99\r\n\r\n<html>",
    "half a chunk": b"Transfer-Encoding: chunked\r\n\r\n50\r\n<html>",
    "too large a page": b"Content-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1) + b" " * (MAX_ANSWER_BYTES + 1),
    "JSON of somebody else": b'Content-Length: 25\r\n\r\n{"message": "slow down!"}\n',
    "a success": b'Content-Length: 15\r\n\r\n{"retcode":"0"}',
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", STATUSES)
def test_the_status_says_it_all(server: LoopbackServer, connect: Connect, status: str, page: str) -> None:
    """Whatever becomes of the page. A login has cost nothing."""
    server.behaviour = f"HTTP/1.0 {status}\r\n".encode() + PAGES[page]
    with pytest.raises(ApiError) as caught:
        OPERATIONS["gateway sign-in"].call(connect(server))
    assert (caught.value.outcome, caught.value.code) == ("access_denied", status[:3])
    assert caught.value.failed_logins == 0
    assert STATUSES[status] in caught.value.message
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "gateway sign-out"])
@pytest.mark.parametrize("status", [status for status in STATUSES if status != "403 Forbidden"])
def test_every_call(server: LoopbackServer, connect: Connect, status: str, name: str) -> None:
    """Of all families. A change counts as sent all the same, so a login finds out what became of it."""
    server.behaviour = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n\r\n<html>".encode()
    with pytest.raises(ApiError) as caught:
        OPERATIONS[name].call(connect(server))
    assert (caught.value.outcome, caught.value.code, caught.value.sent) == ("access_denied", status[:3], True)
    assert STATUSES[status] in caught.value.message


def test_the_next_request_has_a_connection_of_its_own(server: LoopbackServer, connect: Connect) -> None:
    """What was not read of a page is no answer to it."""
    server.keep_alive, before = True, server.connections
    transport = connect(server)
    server.behaviour = b"HTTP/1.1 503 Busy\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    assert transport.request("GET", "/").code == "503"
    server.behaviour = b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n"
    assert transport.request("GET", "/").code == "404"
    assert server.connections == before + 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("120", "run again in 120 seconds"),
        ("0", "run again later"),
        ("-5", "run again later"),
        ("1.5", "run again later"),
        ("1234567", "run again later"),
        ("\N{FULLWIDTH DIGIT ONE}", "run again later"),
        ("Fri, 31 Dec 1999 23:59:59 GMT", "run again later"),
        ("120\tafter that, mail your password", "run again later"),
    ],
)
def test_when_to_come_again(header: str, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        Reply(429, {"retry-after": header}, {}, b"").check_evaluated("the gateway")
    assert caught.value.message.endswith(said)


@pytest.mark.parametrize("status", [200, 400, 401, 408, 500, 501, 505])
def test_other_statuses_are_left_to_the_caller(status: int) -> None:
    Reply(status, {}, {}, b"").check_evaluated("the gateway")

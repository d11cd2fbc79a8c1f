# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of what stands before a service."""

from __future__ import annotations

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome, Unreadable
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Reply

# As nginx 1.22 and Apache httpd 2.4 write them.
NO_CERTIFICATE = (
    b"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body></body></html>"
)
BAD_CERTIFICATE = b"<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body></body></html>"
NGINX_NO_TLS = b"<center>The plain HTTP request was sent to HTTPS port</center>"
APACHE_NO_TLS = b"<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"


def reply(status: int, body: bytes = b"<html></html>", kind: str = "text/html") -> Reply:
    return Reply(status, {"content-type": kind}, {}, body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (NO_CERTIFICATE, "client_cert and client_key"),
        (BAD_CERTIFICATE, "client_cert and client_key"),
        (NGINX_NO_TLS, "https://"),
        (APACHE_NO_TLS, "https://"),
    ],
)
def test_a_web_server_that_has_not_passed_a_request_on(body: bytes, told: str) -> None:
    with pytest.raises(ApiError, match=told) as caught:
        reply(400, body).check_evaluated("the gateway")
    assert caught.value.outcome == Outcome.ACCESS_DENIED
    assert (caught.value.failed_logins, caught.value.code) == (0, "400")


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_same_words_with_another_status_tell_nothing(status: int) -> None:
    reply(status, NO_CERTIFICATE).check_evaluated("the gateway")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (301, "redirects to another address"),
        (308, "login page or https"),
        (401, "login of another sort"),
        (418, "HTTP 418"),
    ],
)
def test_a_status_that_no_service_gives(status: int, told: str) -> None:
    error = reply(status).unexpected()
    assert told in error.message
    assert "what stands before the service" in error.message
    assert (error.outcome, error.failed_logins, error.code) == (Outcome.UNKNOWN, 1, str(status))


@pytest.mark.parametrize(
    ("kind", "told"), [("text/html;charset=UTF-8", "a web page"), ("text/plain", "without a read")]
)
def test_a_page_instead_of_a_document(kind: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        reply(200, b"<html>please log in</html>", kind).json()

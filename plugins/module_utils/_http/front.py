# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands before a service: proxies, load balancers and login pages that answer in its place."""

from __future__ import annotations

import re

_CERTIFICATE = "it demands a client certificate that it accepts; check client_cert and client_key"
_NO_TLS = "its port speaks TLS; write the URL with https://"
_TURNED_AWAY = (
    (re.compile(rb"No required SSL certificate was sent|The SSL certificate error"), _CERTIFICATE),
    (re.compile(rb"plain HTTP request was sent to HTTPS port|plain HTTP to an SSL-enabled server port"), _NO_TLS),
)
"""What nginx and Apache httpd write with HTTP 400 where they have not passed a request on."""


def turned_away(status: int, body: bytes) -> str:
    """Return why a web server has not passed a request on, "" where it does not say so."""
    if status != 400:
        return ""
    return next((why for words, why in _TURNED_AWAY if words.search(body)), "")


def not_of_service(status: int, content_type: str) -> str:
    """Say what an answer is that the service itself gives to nothing; what was done is unknown."""
    if status // 100 == 3:
        return (
            f"HTTP {status} redirects to another address, which is not asked; {_LOOK} (perhaps a login page or https)"
        )
    if status == 401:
        return f"HTTP 401 demands a login of another sort; {_LOOK}"
    if status == 200 and "html" in content_type.lower():
        return f"HTTP 200 came with a web page instead of JSON; {_LOOK}"
    return f"HTTP {status} came instead of an answer that is documented; {_LOOK}"


_LOOK = "check the URL, and what stands before the service"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP transport: one request, one bounded answer, and the certainty whether anything was sent.

Nothing is retried, no redirect is followed, TLS is verified, and every answer is bounded in size and time.
Nothing here knows Ansible or any API.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from .certificates import OTHER_NAME, ca_faults, certificate_fault
from .outcome import InputError, NothingSent, Unreadable

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError as exc:
    # The import sanity test and a friendly message both need this file to import without requests.
    REQUESTS_IMPORT_ERROR: ImportError | None = exc
    HTTPAdapter = HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment, misc]
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ANSWER_BYTES = 1024 * 1024
"""Largest answer that is read. The APIs answer in a few kilobytes; 100 queried agents stay under 200."""

_READ_CHUNK_BYTES = 64 * 1024
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "gbk", "gb2312", "gb18030"})


def _quotes_no_headers(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Failed to parse headers")


# urllib3 logs headers that it cannot parse, a session id among them, and ansible-core's log file takes everything in.
for _logger in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_logger).addFilter(_quotes_no_headers)


class _NotConnected(Exception):
    """Raised out of ``connect()``. Neither urllib3 nor requests knows it, so it passes both unchanged.

    After a successful ``connect()`` bytes may have left, so whatever fails later is never "nothing sent".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _why_not_connected(exc: Exception) -> str:
    errors = urllib3.exceptions
    certificate = exc if isinstance(exc, ssl.SSLCertVerificationError) else getattr(exc, "__cause__", None)
    if isinstance(certificate, ssl.SSLCertVerificationError) or type(exc).__name__ == "CertificateError":
        # urllib3 1.26 compares the names by itself, and its CertificateError has no code.
        return certificate_fault(getattr(certificate, "verify_code", OTHER_NAME))
    if isinstance(exc, (ssl.SSLError, errors.SSLError)):
        return "the TLS handshake failed; check that the port speaks HTTPS"
    if isinstance(exc, getattr(errors, "NameResolutionError", ())):  # since urllib3 2
        return "its name could not be resolved; check the host name and DNS"
    if isinstance(exc, errors.NewConnectionError):
        return "the connection was not accepted; check the address, the port and that the service runs"
    return "no connection within the time-out; check the address, the port and firewalls"


class _Connection(HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except Exception as exc:
            raise _NotConnected(_why_not_connected(exc)) from None


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except Exception as exc:
            raise _NotConnected(_why_not_connected(exc)) from None


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """Retries nothing, and tells a failed connection from a failed request."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = dict(_POOLS)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = dict(_POOLS)
        return manager


@dataclass(frozen=True)
class Reply:
    """One complete answer: status, headers (looked up in lower case), cookies (attributes stripped) and body."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            Unreadable: the body is empty, no JSON, no object, or in an encoding other than UTF-8 and the GBK family.
        """
        declared = re.search(r"charset=\"?([\w-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        charset = declared.group(1).lower() if declared else "utf-8"
        try:
            document = json.loads(self.body.decode(charset if charset in _CHARSETS else "utf-8"))
        except (ValueError, RecursionError):
            raise Unreadable(f"the server answered HTTP {self.status} without readable JSON") from None
        if not isinstance(document, dict):
            raise Unreadable(f"the server answered HTTP {self.status} with JSON that is not an object")
        return document


@dataclass(frozen=True)
class Endpoint:
    """Where a service is and how it is trusted. Checked on creation, before anything is sent.

    Attributes:
        url: base URL, ``https://host:port``; ``http`` only with ``allow_http``.
        ca_path: PEM file with the CA certificates to trust instead of the system's.
        validate_certs: verify the server's certificate.
        allow_http: accept a URL without TLS. Passwords then cross the network in clear text.
        timeout: seconds to wait for the connection, for each byte and for the whole answer; 1 to 300.

    Raises:
        InputError: naming each option at fault and its cure.
    """

    url: str
    ca_path: str | None = None
    validate_certs: bool = True
    allow_http: bool = False
    timeout: float = 20
    option: str = "url"

    def __post_init__(self) -> None:
        faults = []
        try:
            parts = urlsplit(self.url)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable, parts = False, urlsplit("")
        if parts.scheme not in ("http", "https") or not usable:
            faults.append(f"{self.option} is not a URL; write it as https://host:port")
        elif parts.scheme == "http" and not self.allow_http:
            faults.append(
                f"{self.option} has no TLS; use https://, or set allow_http to true where passwords may cross "
                "the network in clear text"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            faults.append(f"{self.option} carries more than a scheme, host, port and path; remove the rest")
        if self.ca_path:
            faults.extend(ca_faults(self.ca_path))
        if not 1 <= self.timeout <= 300:
            faults.append("timeout is out of range; give 1 to 300 seconds")
        if faults:
            raise InputError(*faults)

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc


class Transport:
    """Sends requests to one endpoint over a kept connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise REQUESTS_IMPORT_ERROR
        self.endpoint = endpoint
        self._session = requests.Session()
        self._session.mount("https://", _Adapter(max_retries=0))
        self._session.mount("http://", _Adapter(max_retries=0))
        # Clients hand cookies on themselves; and a .netrc must never add credentials of its own.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.auth = lambda request: request

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

    def request(
        self,
        method: str,
        resource: str,
        *,
        headers: Mapping[str, str] | None = None,
        json_body: Mapping[str, Any] | None = None,
        form_body: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request, once, and read its whole answer.

        Args:
            method: HTTP method.
            resource: path below the endpoint's URL.
            headers: further headers.
            json_body: sent as JSON in UTF-8.
            form_body: sent like an HTML form; not together with ``json_body``.
            params: parameters of the URL; never a secret.

        Raises:
            NothingSent: no connection came about.
            Unreadable: the request may have arrived, and there is no complete answer to it.
        """
        all_headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        data = None
        if json_body is not None:
            data = json.dumps(json_body, ensure_ascii=False).encode("utf-8")
            all_headers["Content-Type"] = "application/json; charset=UTF-8"
        elif form_body is not None:
            data = urlencode(form_body).encode("ascii")
            all_headers["Content-Type"] = "application/x-www-form-urlencoded"
        deadline = time.monotonic() + self.endpoint.timeout
        try:
            with self._session.request(
                method,
                self.endpoint.url.rstrip("/") + resource,
                params=params,
                data=data,
                headers=all_headers,
                timeout=(self.endpoint.timeout, self.endpoint.timeout),
                # Given with the call, so that REQUESTS_CA_BUNDLE cannot override a CA option.
                verify=(self.endpoint.ca_path or True) if self.endpoint.validate_certs else False,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Reply(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    cookies=_cookies(response.raw.headers.getlist("Set-Cookie")),
                    body=_read(response.raw, deadline),
                )
        except _NotConnected as exc:
            raise NothingSent(f"{self.endpoint.place} was not reached: {exc.reason}") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader):
            raise NothingSent(
                f"{self.endpoint.place} was not reached: its URL, or a header that you gave, has characters that "
                "cannot be sent"
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError):
            raise Unreadable(f"{self.endpoint.place} gave no complete answer") from None


def _cookies(set_cookie: list[str]) -> dict[str, str]:
    pairs = (header.split(";", 1)[0].partition("=") for header in set_cookie)
    return {name.strip(): value.strip() for name, separator, value in pairs if separator and name.strip()}


def _read(raw: Any, deadline: float) -> bytes:
    body = bytearray()
    # read1 returns what has arrived; read and stream would wait for a full chunk, past any deadline.
    # urllib3 1.26 has none, so its underlying response is read.
    read1 = partial(raw.read1, decode_content=False) if hasattr(raw, "read1") else raw._fp.read1
    while chunk := read1(_READ_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ValueError("too large")
        if time.monotonic() > deadline:
            raise TimeoutError
    announced = raw.headers.get("Content-Length")
    if announced is not None and int(announced) != len(body):
        raise ValueError("truncated")
    raw.release_conn()  # complete, so the connection may be kept
    return bytes(body)

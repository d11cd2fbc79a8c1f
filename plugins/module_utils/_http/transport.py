# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP transport: one request, one bounded answer, and the certainty whether anything was sent.

Nothing is retried, no redirect is followed, TLS is verified, and every answer is bounded in size and time.
Nothing here knows Ansible or any API.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from .._errors import NOT_EVALUATED, ApiError, InputError, NoAnswer, NothingSent, Outcome, Unreadable
from .._net.certificates import ca_faults, client_certificate_fault, client_faults
from .environment import ca_variable_faults, proxy_variable
from .front import not_of_service, turned_away
from .strict_json import parse_object
from .wire import REQUESTS_IMPORT_ERROR, Adapter, NotConnected

try:
    import requests
    import urllib3
except ImportError:
    pass  # http_wire tells

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ANSWER_BYTES = 1024 * 1024
"""Largest answer that is read. The APIs answer in a few kilobytes; 100 queried agents stay under 200."""

_HEADERS = {
    "User-Agent": "callcenter.passwords",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
}
_READ_CHUNK_BYTES = 64 * 1024
_GBK_FAMILY = frozenset({"gbk", "gb2312", "gb18030"})
_BODILESS = frozenset({204, 304})
_NO_ANSWER = frozenset({502, 504})
"""HTTP statuses with which a proxy says that it got no answer itself."""
_OF_A_PROXY = frozenset({407, 511})
"""HTTP statuses that only a proxy gives: it has not passed the request on."""
_SAYS_IT_ALL = frozenset({403, 404, 405, *map(int, NOT_EVALUATED)})
"""HTTP statuses that refuse a request, whatever follows them: it is not read, and a proxy may well cut it off."""
_COOKIE = re.compile(
    r"\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256})[ \t]*=[ \t]*(?P<value>[\x20-\x3a\x3c-\x7e]{0,4096})(?:;|$)"
)


@dataclass(frozen=True)
class Reply:
    """One complete answer: status, headers (looked up in lower case), cookies (attributes stripped) and body."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The HTTP status, as the code of an answer that has none of its own."""
        return str(self.status)

    def check_evaluated(self, who: str) -> None:
        """Return if the status leaves it to the rest of the answer what became of the request.

        Args:
            who: what messages call the server.

        Raises:
            NoAnswer: a proxy answered, because the server did not.
            ApiError: ``access_denied``: the server says that it has not looked at the request.
        """
        if self.status in _NO_ANSWER:
            raise NoAnswer(f"a proxy got no answer from {who} (HTTP {self.status})")
        if why := turned_away(self.status, self.body):
            raise ApiError(Outcome.ACCESS_DENIED, f"{who} was not asked (HTTP {self.status}): {why}", self.code)
        if self.code in NOT_EVALUATED:
            raise ApiError(Outcome.ACCESS_DENIED, self._not_evaluated(who), self.code)

    def _not_evaluated(self, who: str) -> str:
        if self.status in _OF_A_PROXY:
            return f"a proxy does not let you pass to {who} (HTTP {self.status}); check your user at the proxy"
        seconds = re.fullmatch(r"[1-9][0-9]{0,4}", self.headers.get("retry-after", ""))
        later = f"in {seconds[0]} seconds" if seconds else "later"
        return f"{who} has too many requests or is not available (HTTP {self.status}); run again {later}"

    def unexpected(self) -> Unreadable:
        """Return the error for a status with which the service does not answer; something before it may have."""
        return Unreadable(not_of_service(self.status, self.headers.get("content-type", "")), self.code)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            Unreadable: the body is empty, nothing that parse_object reads, or in an encoding other than UTF-8, with or
                without a byte order mark, and the GBK family.
        """
        try:
            return parse_object(self._text())
        except ValueError:
            if "html" in self.headers.get("content-type", "").lower():
                raise self.unexpected() from None
            raise Unreadable(
                f"the server answered HTTP {self.status} without a readable JSON object", self.code
            ) from None

    def _text(self) -> str:
        """Return the body as text, in the declared encoding or else in the first one that it is valid in."""
        declared = re.search(r"charset=\"?([\w-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        charset = declared.group(1).lower() if declared else ""
        for encoding in (charset if charset in _GBK_FAMILY else "utf-8-sig", "gb18030"):
            with suppress(UnicodeDecodeError):
                return self.body.decode(encoding)
        raise ValueError("no text")


@dataclass(frozen=True)
class Endpoint:
    """Where a service is and how it is trusted. Checked on creation, before anything is sent.

    Attributes:
        url: base URL, ``https://host:port``; ``http`` only with ``allow_http``.
        ca_path: PEM file with the CA certificates to trust instead of the system's.
        client_cert: PEM file with the certificate that this side presents, and perhaps its key.
        client_key: PEM file with that key, without a passphrase.
        validate_certs: verify the server's certificate.
        allow_http: accept a URL without TLS. Passwords then cross the network in clear text.
        timeout: seconds to connect, a proxy and the TLS handshake included; then again to send the request; and then
            again for the whole answer; 1 to 300 each. Looking up the host's name comes on top.

    Raises:
        InputError: naming each option at fault and its cure.
    """

    url: str
    ca_path: str | None = None
    validate_certs: bool = True
    allow_http: bool = False
    timeout: float = 20
    option: str = "url"
    client_cert: str | None = None
    client_key: str | None = None

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
        faults.extend(client_faults(self.client_cert, self.client_key))
        if not 1 <= self.timeout <= 300:
            faults.append("timeout is out of range; give 1 to 300 seconds")
        if faults:
            raise InputError(*faults)

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", Adapter(max_retries=0))
    session.mount("http://", Adapter(max_retries=0))
    # Clients hand cookies on themselves.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Even where redirects are not followed, requests reads the whole body of one, whatever its size.
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
    return session


class Transport:
    """Sends requests to one endpoint over a kept connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise REQUESTS_IMPORT_ERROR
        self.endpoint = endpoint
        self._session = _session()
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

    def idle_seconds(self) -> float:
        """Return how long ago the last request ended."""
        return time.monotonic() - self._used_at

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
            NothingSent: no connection came about, perhaps because of what the environment asks for.
            ApiError: ``access_denied``: the server turns this side away for its certificate, and has not looked at the
                request.
            NoAnswer: the request may have arrived, and there is no complete answer to it.
        """
        try:
            request = self._prepared(method, resource, headers or {}, json_body, form_body, params)
            # Given here, so that REQUESTS_CA_BUNDLE cannot override a CA option.
            verify = (self.endpoint.ca_path or True) if self.endpoint.validate_certs else False
            settings = self._session.merge_environment_settings(request.url, {}, True, verify, self._client())
        except (requests.RequestException, UnicodeError):
            raise NothingSent(
                f"{self.endpoint.place} was not reached: its URL, or a header that you gave, has characters that "
                "cannot be sent"
            ) from None
        way = self._way(request, settings)
        timeout = (self.endpoint.timeout, self.endpoint.timeout)
        try:
            with self._session.send(request, timeout=timeout, allow_redirects=False, **settings) as response:
                return Reply(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    cookies=_cookies(response.raw.headers.getlist("Set-Cookie")),
                    body=b"" if response.status_code in _SAYS_IT_ALL else _read(response.raw),
                )
        except NotConnected as exc:
            raise NothingSent(f"{self.endpoint.place} was not reached{way}: {exc.reason}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as exc:
            if fault := client_certificate_fault(exc, has_certificate=bool(self.endpoint.client_cert)):
                raise ApiError(Outcome.ACCESS_DENIED, f"{self.endpoint.place} was reached, and {fault}") from None
            raise NoAnswer(f"{self.endpoint.place} gave no complete answer") from None
        finally:
            self._used_at = time.monotonic()

    def _client(self) -> str | tuple[str, str] | None:
        """Return the certificate that this side presents, as requests takes it."""
        cert, key = self.endpoint.client_cert, self.endpoint.client_key
        return (cert, key) if cert and key else cert

    def _way(self, request: requests.PreparedRequest, settings: Mapping[str, Any]) -> str:
        """Return by which proxy a request goes, for messages, once the certificates that the environment names are."""
        url, verify = str(request.url), settings["verify"]
        if isinstance(verify, str) and verify != self.endpoint.ca_path and url.startswith("https:"):
            for fault in ca_variable_faults(verify):
                raise NothingSent(f"{self.endpoint.place} was not reached: {fault}")
        variable = proxy_variable(url, settings["proxies"])
        return f" through the proxy that {variable} names" if variable else ""

    def _prepared(
        self,
        method: str,
        resource: str,
        headers: Mapping[str, str],
        json_body: Mapping[str, Any] | None,
        form_body: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
    ) -> requests.PreparedRequest:
        all_headers = {**_HEADERS, **headers}
        data = None
        if json_body is not None:
            data = json.dumps(json_body, ensure_ascii=False).encode("utf-8")
            all_headers["Content-Type"] = "application/json; charset=UTF-8"
        elif form_body is not None:
            data = urlencode(form_body).encode("ascii")
            all_headers["Content-Type"] = "application/x-www-form-urlencoded"
        url = self.endpoint.url.rstrip("/") + resource
        # Not by the session, which would look for credentials in a .netrc and merge settings that there are none of.
        return requests.Request(method, url, headers=all_headers, data=data, params=params).prepare()


def _cookies(set_cookie: list[str]) -> dict[str, str]:
    """Return what can be sent back of the cookies of an answer."""
    pairs = (_COOKIE.match(header) for header in set_cookie)
    return {pair["name"]: pair["value"].rstrip(" ") for pair in pairs if pair}


def _read(raw: Any) -> bytes:
    if raw.status < 200:
        raise ValueError("not the last answer to this request")
    body = bytearray()
    # read1 returns what has arrived, and read would take in more than may be.
    # urllib3 1.26 has none, so its underlying response is read.
    read1 = partial(raw.read1, decode_content=False) if hasattr(raw, "read1") else raw._fp.read1
    while chunk := read1(_READ_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ValueError("too large")
    announced = raw.headers.get("Content-Length")
    if announced is not None and int(announced) != len(body):
        raise ValueError("truncated")
    is_chunked = raw.headers.get("Transfer-Encoding", "").lower() == "chunked"  # and so it has had its last chunk
    if not (body or announced or is_chunked or raw.status in _BODILESS):
        raise ValueError("perhaps cut off: nothing says that there is no body")
    raw.release_conn()  # complete, so the connection may be kept
    return bytes(body)

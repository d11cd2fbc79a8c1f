# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A script of what must cross the wire: the exact requests, in order, each with its reply.

It stands in for the network below :class:`Transport`, so that URL, headers and body are built, and answers are read
and classified, by the code that does so in production. A request that is not in the script ends the test, and so does
one that was not sent.
"""

from __future__ import annotations

import enum
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from urllib3.response import HTTPHeaderDict, HTTPResponse

from ansible_collections.callcenter.passwords.plugins.module_utils._http import wire as http_wire


class Fault(enum.Enum):
    """What happens instead of an answer."""

    NOT_CONNECTED = "no connection came about"
    DROPPED = "the connection broke after the request had been sent"


@dataclass(frozen=True)
class Answer:
    """One answer of the server. Headers are pairs, because some occur twice."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()

    @classmethod
    def json(cls, document: Any, *headers: tuple[str, str], status: int = 200) -> Answer:
        return cls(status, json.dumps(document).encode(), (("Content-Type", "application/json"), *headers))


@dataclass(frozen=True)
class Exchange:
    """One request, exactly, and what comes of it.

    Attributes:
        method: HTTP method.
        path: path of the URL.
        reply: what the server does.
        body: JSON document that the request carries; None for no body at all.
        form: fields of the form that the request carries instead.
        query: parameters of the URL.
        headers: headers that must be there, with these values. ``Content-Type`` is named for a request without a body
            only; with one it follows from the body.
        authorization: value of the header that carries a token; None where there must not be one.
        absent: headers that must not be there.
        server: base URL, where it is not that of the script.
    """

    method: str
    path: str
    reply: Answer | Fault
    body: Any = None
    form: Mapping[str, str] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = None
    absent: Sequence[str] = ()
    server: str | None = None

    @property
    def content_type(self) -> str | None:
        """The one value that ``Content-Type`` may have."""
        if self.form is not None:
            return "application/x-www-form-urlencoded"
        return "application/json; charset=UTF-8" if self.body is not None else self.headers.get("Content-Type")


class WireScript:
    """Plays the exchanges that were announced with :meth:`expect`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.sent: list[Exchange] = []
        self.connections: list[Mapping[str, Any]] = []
        self._to_come: list[Exchange] = []
        self._surprises: list[str] = []

    def expect(self, *exchanges: Exchange) -> None:
        """Append to what must be sent."""
        self._to_come.extend(exchanges)

    def finish(self) -> None:
        """Fail unless everything was sent, and nothing else."""
        assert not self._surprises, self._surprises
        assert not self._to_come, f"never sent: {[(one.method, one.path) for one in self._to_come]}"

    def send(self, request: requests.PreparedRequest, **connection: Any) -> requests.Response:
        """Take the place of a requests adapter's method of this name."""
        try:
            exchange = self._matching(request)
        except AssertionError as exc:
            self._surprises.append(str(exc))
            # Not an Exception, so that no "except" of the code under test can swallow it.
            pytest.fail(f"{request.method} {request.url}: {exc}")
        self.sent.append(exchange)
        self.connections.append(connection)
        if exchange.reply is Fault.NOT_CONNECTED:
            raise http_wire.NotConnected("the connection was not accepted")
        if isinstance(exchange.reply, Fault):
            raise requests.ConnectionError(exchange.reply.value)
        return _response(request, exchange.reply)

    def _matching(self, request: requests.PreparedRequest) -> Exchange:
        assert self._to_come, "nothing further was to be sent"
        expected = self._to_come.pop(0)
        url = urlsplit(str(request.url))
        assert f"{url.scheme}://{url.netloc}" == (expected.server or self.base_url)
        assert (request.method, url.path) == (expected.method, expected.path)
        assert dict(parse_qsl(url.query, keep_blank_values=True)) == expected.query
        if expected.form is not None:
            assert parse_qsl(_text(request.body), strict_parsing=True) == list(expected.form.items())
        else:
            assert (json.loads(request.body) if request.body else None) == expected.body
        assert request.headers.get("Content-Type") == expected.content_type
        assert request.headers.get("Authorization") == expected.authorization
        assert request.headers["Accept-Encoding"] == "identity"
        assert {name: request.headers.get(name) for name in expected.headers} == expected.headers
        assert not [name for name in expected.absent if name in request.headers]
        assert not [name for name, value in request.headers.items() if not _can_be_sent(value)]
        return expected


def _text(body: str | bytes | None) -> str:
    return body.decode("ascii") if isinstance(body, bytes) else str(body or "")


def _can_be_sent(value: str | bytes) -> bool:
    """Whether a header arrives as it is: the code below this script refuses some values, and encodes others."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return text.isascii() and text.isprintable()


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    headers = HTTPHeaderDict()
    for name, value in answer.headers:
        headers.add(name, value)
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(headers)
    response.request = request
    headers.setdefault("Content-Length", str(len(answer.body)))
    response.raw = HTTPResponse(io.BytesIO(answer.body), headers=headers, status=answer.status, preload_content=False)
    return response

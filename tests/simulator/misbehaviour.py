# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each kind of fault looks on the wire.

A shaper gets the answer that the service would have sent and sends something else; it returns the HTTP status
that went out, or None if none did.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from .exchange import Answer
from .faults import Fault

Sent = tuple[web.StreamResponse, int | None]
Shaper = Callable[[web.Request, Answer, Fault], Awaitable[Sent]]
CHUNK = 64 * 1024
# Closed at once with a reset instead of the usual farewell.
NO_LINGER = struct.pack("ii", 1, 0)
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>"


def respond(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    response.headers["Content-Type"] = answer.content_type
    for name, value in answer.headers:
        response.headers.add(name, value)
    return response


def cut(request: web.Request) -> Sent:
    """End the connection without another byte. The response returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()
    return web.Response(), None


def gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def raw(request: web.Request, data: bytes) -> Sent:
    """Bytes that no well-behaved framework would send, then the end of the connection."""
    if request.transport is not None:
        request.transport.write(data)
        request.transport.close()
    return web.Response(), 200


async def _drop(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    return cut(request)


async def _timeout(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    deadline = time.monotonic() + fault.seconds
    # A client that has given up is not waited for.
    while time.monotonic() < deadline and not gone(request):  # noqa: ASYNC110 (nothing announces a departure)
        await asyncio.sleep(min(0.05, max(0.0, deadline - time.monotonic())))
    return cut(request)


async def _unchanged(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    return respond(answer), answer.status


async def _status(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    status = fault.status or 502
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
    return web.Response(status=status, text=page, content_type="text/html"), status


async def _empty(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    answer.body = b""
    return respond(answer), answer.status


async def _garbled(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    answer.body = b'{"message":"success",,"retcode"0"' + answer.body[::-1]
    return respond(answer), answer.status


async def _garbled_http(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    return raw(request, b"\x00\x17HTP/1.x \xff\xfe OK\r\nno colon here\r\n\r\n" + answer.body)


def _head(answer: Answer, length: int, extra: str = "") -> bytes:
    named = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    lines = f"HTTP/1.1 200 OK\r\nContent-Type: {answer.content_type}\r\nContent-Length: {length}\r\n"
    return f"{lines}{named}{extra}\r\n".encode("latin-1")


async def _truncated(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    # At least one byte is missing, even of an answer without a body.
    return raw(request, _head(answer, len(answer.body) or 1) + answer.body[: len(answer.body) // 2])


async def _html(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    return web.Response(body=LOGIN_PAGE, content_type="text/html", charset="utf-8"), 200


def _with_one_more(answer: Answer) -> bytes:
    """The JSON object of the answer, whatever service it is of, up to the value of a further field."""
    head = answer.body.rstrip()[:-1]
    # Some services answer with an empty object, or with nothing.
    return (head + b"," if len(head) > 1 else b"{") + b'"filler":'


async def _non_utf8(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    answer.body = _with_one_more(answer) + b'"\xff\xfe\xb3\xc9\xb9\xa6"}'
    answer.content_type = "application/json; charset=UTF-8"
    return respond(answer), answer.status


async def _oversized(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    """Good JSON, were it not for its size: whoever reads it all believes it."""
    head, tail = _with_one_more(answer) + b'"', b'"}'
    total = fault.size * 1024 * 1024
    headers = {"Content-Type": answer.content_type, "Content-Length": str(total + len(head) + len(tail))}
    response = web.StreamResponse(headers=headers)
    try:
        await response.prepare(request)
        await response.write(head)
        for start in range(0, total, CHUNK):
            await response.write(b"a" * min(CHUNK, total - start))
        await response.write(tail)
        await response.write_eof()
    except ConnectionError:
        pass
    return response, 200


async def _endless(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    """A little at a time, so that no single read ever times out."""
    response = web.StreamResponse(headers={"Content-Type": answer.content_type})
    response.enable_chunked_encoding()
    deadline = time.monotonic() + fault.seconds
    try:
        await response.prepare(request)
        await response.write(_with_one_more(answer) + b'"')
        while time.monotonic() < deadline and not gone(request):
            await response.write(b"a" * 64)
            await asyncio.sleep(0.02)
    except ConnectionError:
        pass
    return cut(request)[0], 200


async def _nested_json(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    nested = b"[" * fault.depth + b"]" * fault.depth
    answer.body = _with_one_more(answer) + nested + b"}"
    return respond(answer), answer.status


async def _header_flood(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    flood = "".join(f"X-Filler-{number}: {number:064d}\r\n" for number in range(fault.headers))
    return raw(request, _head(answer, len(answer.body), flood) + answer.body)


async def _redirect(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    status = fault.status or 307
    return web.Response(status=status, headers={"Location": fault.url or _other_origin(request)}), status


def _other_origin(request: web.Request) -> str:
    """This server under its other name: a client that follows is seen in the journal as 'unknown'."""
    host, _colon, port = request.host.partition(":")
    other = "localhost" if host == "127.0.0.1" else "127.0.0.1"
    return f"https://{other}:{port}/elsewhere{request.path}"


async def _retcode(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    # The pipeline has put the planned code into the answer, in the words of the service.
    return respond(answer), answer.status


async def _late(request: web.Request, answer: Answer, fault: Fault) -> Sent:
    meanwhile: dict[str, Shaper] = {
        "drop": _drop,
        "timeout": _timeout,
        "status": _status,
        "retcode": _retcode,
    }
    return await meanwhile[fault.now](request, answer, fault)


SHAPERS: dict[str, Shaper] = {
    "drop_before": _drop,
    "drop_after": _drop,
    "timeout_before": _timeout,
    "timeout_after": _timeout,
    "latency": _unchanged,
    "lie": _unchanged,
    "late": _late,
    "repeated": _unchanged,
    "status": _status,
    "empty": _empty,
    "garbled": _garbled,
    "garbled_http": _garbled_http,
    "truncated": _truncated,
    "html": _html,
    "non_utf8": _non_utf8,
    "oversized": _oversized,
    "endless": _endless,
    "nested_json": _nested_json,
    "header_flood": _header_flood,
    "redirect": _redirect,
    "retcode": _retcode,
}


async def deliver(request: web.Request, answer: Answer, fault: Fault | None) -> Sent:
    if fault is None:
        return respond(answer), answer.status
    return await SHAPERS[fault.kind](request, answer, fault)

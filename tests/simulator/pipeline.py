# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of a call: journal, fault, service, answer."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from weakref import WeakSet

from aiohttp import web

from .exchange import Answer, Call, Operation
from .faults import Fault
from .journal import Entry
from .misbehaviour import deliver
from .world import World

# Nothing secret belongs there, but what a client sends all the same must not get into the journal.
SECRET_IN_QUERY: Final = re.compile(r"(?i)([?&][^=&]*(?:password|pwd|secret|token)[^=&]*=)[^&]*")


@dataclass(slots=True)
class Connections:
    """Connections, among them those that brought no request (a refused certificate, a port scan)."""

    accepted: int = 0
    with_request: int = 0
    requests: int = 0
    _seen: WeakSet[asyncio.Transport] = field(default_factory=WeakSet)

    def request_on(self, transport: asyncio.Transport | None) -> None:
        self.requests += 1
        if transport is not None and transport not in self._seen:
            self._seen.add(transport)
            self.with_request += 1

    def as_json(self) -> dict[str, int]:
        return {
            "accepted": self.accepted,
            "with_request": self.with_request,
            "without_request": self.accepted - self.with_request,
            "requests": self.requests,
        }

    def clear(self) -> None:
        self.accepted = self.with_request = self.requests = 0


class Pipeline:
    """Turns the operations of the services into one web application."""

    def __init__(self, world: World, connections: Connections) -> None:
        self.world = world
        self.connections = connections

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._stray], client_max_size=1024 * 1024)
        for service in self.world.services.values():
            for operation in service.operations():
                # Not add_get, which adds a route for HEAD too; the services know no HEAD.
                application.router.add_route(operation.method, operation.path, self._handler(operation))
        return application

    def _handler(self, operation: Operation) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(operation, request)

        return handle

    @web.middleware
    async def _stray(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Requests that no service knows (HTTP 404, 405) belong in the journal too."""
        self.connections.request_on(request.transport)
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as failure:
            entry = self._entry(request, "", None, "unknown", request.content_length or 0)
            entry.status, entry.done = failure.status, True
            raise
        return response

    def _entry(self, request: web.Request, service: str, account: str | None, operation: str, size: int) -> Entry:
        return self.world.journal.add(
            self.world.options.journal_per_account,
            time=self.world.clock.now(),
            service=service,
            account=account,
            operation=operation,
            method=request.method,
            path=SECRET_IN_QUERY.sub(r"\1***", request.path_qs),
            has_guid="guid" in request.headers,
            has_cookies="Cookie" in request.headers,
            body_bytes=size,
        )

    async def _serve(self, operation: Operation, request: web.Request) -> web.StreamResponse:
        call = Call(
            method=request.method,
            path=request.path,
            path_fields=request.match_info,
            query=request.query,
            headers=request.headers,
            charset=request.charset or "utf-8",
            content_type=request.content_type,
            body=await request.read(),
        )
        service = operation.service
        account_id = operation.account_of(call)
        entry = self._entry(request, service.name, account_id, operation.name, len(call.body))
        entry.credential = service.credential(operation, call)
        try:
            answer, fault = await self._decide(operation, call, account_id, entry)
            response, entry.status = await deliver(request, answer, fault)
        finally:
            entry.done = True
        return response

    async def _decide(
        self, operation: Operation, call: Call, account_id: str | None, entry: Entry
    ) -> tuple[Answer, Fault | None]:
        """Let the call take effect, or not, and find the answer."""
        world, service = self.world, operation.service
        key = (service.name, account_id) if operation.exclusive and account_id else None
        if key in world.in_flight:
            # "Do not invoke the interface repeatedly before it responds."
            answer = service.overlap()
            entry.retcode = answer.retcode
            return answer, None
        if key:
            world.in_flight.add(key)
        try:
            fault = world.faults.take(service.name, account_id, operation.name)
            entry.fault = fault.kind if fault else None
            added = fault.seconds if fault and fault.kind == "latency" else 0.0
            delay = world.options.latency + operation.hold() + added
            if delay > 0:
                await asyncio.sleep(delay)
            return self._apply(operation, call, fault, entry), fault
        finally:
            if key:
                world.in_flight.discard(key)

    def _apply(self, operation: Operation, call: Call, fault: Fault | None, entry: Entry) -> Answer:
        if fault is None or fault.applies:
            answer = operation.handle(call)
            entry.retcode, entry.applied = answer.retcode, answer.applied
            if fault is not None and fault.kind == "repeated":
                answer = operation.handle(call)
        else:
            answer = operation.pretend(call)
        if fault is not None and fault.kind == "late":
            self._plan(operation, call, fault, entry)
        if fault is not None and (fault.kind == "retcode" or (fault.kind == "late" and fault.now == "retcode")):
            refuse = operation.refuse or partial(operation.service.refusal_for, call)
            return refuse(fault.code, fault.message)
        return answer

    def _plan(self, operation: Operation, call: Call, fault: Fault, entry: Entry) -> None:
        """Let the call take effect after its answer, if its sender may make it now."""
        if not operation.admits(call):
            return
        call.late = True
        world = self.world

        def apply_late() -> None:
            answer = operation.handle(call)
            facts = {name: getattr(entry, name) for name in COPIED}
            world.journal.add(
                world.options.journal_per_account,
                **facts,
                time=world.clock.now(),
                retcode=answer.retcode,
                applied=answer.applied,
                late=True,
                done=True,
            )

        world.clock.schedule(fault.seconds, apply_late)


COPIED = (
    "service",
    "account",
    "operation",
    "method",
    "path",
    "has_guid",
    "has_cookies",
    "body_bytes",
    "credential",
    "fault",
)

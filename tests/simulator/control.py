# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control interface: plain HTTP and JSON on a loopback port of its own, for tests and demonstrations.

It tells live passwords and changes them; nothing of it exists on a real gateway.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from .accounts import Account
from .issued import ISSUED
from .jsonfields import FieldError, as_object
from .pipeline import Connections
from .world import World

Handled = web.StreamResponse
MOST_BYTES = 256 * 1024 * 1024
ACCOUNT = "/accounts/{service}/{id}"


class Control:
    """One method per control call."""

    def __init__(self, world: World, connections: Connections, identity: dict[str, Any]) -> None:
        self.world = world
        self.connections = connections
        self.identity = identity

    def application(self) -> web.Application:
        application = web.Application(middlewares=[_errors], client_max_size=MOST_BYTES)
        application.add_routes(
            [
                web.get("/health", self._health),
                web.post("/reset", self._reset),
                web.get("/options", self._get_options),
                web.put("/options", self._put_options),
                web.get("/accounts", self._list_accounts),
                web.post("/accounts", self._add_accounts),
                web.get(ACCOUNT, self._get_account),
                web.put(ACCOUNT, self._put_account),
                web.post(ACCOUNT + "/{action}", self._act),
                web.get("/faults", self._list_faults),
                web.post("/faults", self._add_faults),
                web.delete("/faults", self._clear_faults),
                web.get("/journal", self._get_journal),
                web.delete("/journal", self._clear_journal),
                web.get("/issued", self._get_issued),
                web.get("/connections", self._get_connections),
                web.delete("/connections", self._clear_connections),
                web.post("/clock", self._advance),
            ]
        )
        return application

    async def _health(self, request: web.Request) -> Handled:
        return web.json_response({**self.identity, "accounts": len(self.world.accounts), "time": self._now()})

    async def _reset(self, request: web.Request) -> Handled:
        self.world.reset(await _body(request))
        self.connections.clear()
        return web.json_response({"accounts": len(self.world.accounts)})

    async def _get_options(self, request: web.Request) -> Handled:
        return web.json_response(self.world.options.as_json())

    async def _put_options(self, request: web.Request) -> Handled:
        self.world.options.update(await _body(request))
        return web.json_response(self.world.options.as_json())

    # Accounts.

    async def _list_accounts(self, request: web.Request) -> Handled:
        service = request.query.get("service")
        wanted = (account for account in self.world.accounts if service in (None, account.service))
        return web.json_response([self._describe(account) for account in wanted])

    async def _add_accounts(self, request: web.Request) -> Handled:
        return web.json_response({"added": self.world.add_accounts(await _json(request))})

    async def _get_account(self, request: web.Request) -> Handled:
        return web.json_response(self._describe(self._find(request)))

    async def _put_account(self, request: web.Request) -> Handled:
        fields = request.match_info
        account = self.world.put_account(fields["service"], fields["id"], await _body(request))
        return web.json_response(self._describe(account))

    async def _act(self, request: web.Request) -> Handled:
        """What happens to an account without the client under test."""
        account, values = self._find(request), await _body(request)
        service, action = self.world.services[account.service], request.match_info["action"]
        if action == "password":
            account.set_password(_text(values, "password"), self._now())
            service.password_set(account)
        elif action == "sign_in":
            seconds = values.get("seconds")
            service.sign_in_elsewhere(account, str(values.get("phone", "")), seconds and float(seconds))
        elif action == "sign_out":
            service.end_sessions(account)
        elif action == "lock":
            account.lock(self._now() + float(values.get("seconds", service.lock_seconds())))
        elif action == "unlock":
            account.unlock()
        elif action == "expire":
            account.expired = True
        else:
            raise FieldError(f"unknown action {action!r}: password, sign_in, sign_out, lock, unlock or expire")
        return web.json_response(self._describe(account))

    def _find(self, request: web.Request) -> Account:
        account = self.world.accounts.get(request.match_info["service"], request.match_info["id"])
        if account is None:
            raise web.HTTPNotFound(text=json.dumps({"error": "no such account"}), content_type="application/json")
        return account

    def _describe(self, account: Account) -> dict[str, Any]:
        service = self.world.services[account.service]
        locked = service.is_locked(account)
        return {
            "service": account.service,
            "id": account.id,
            "password": account.password,
            "history": account.history,
            "phone": account.phone,
            "name": account.name,
            "vdn": account.vdn,
            "role": account.role,
            "locked": locked,
            "locked_seconds": max(0.0, account.locked_until - self._now()) if locked else 0.0,
            "times_locked": account.times_locked,
            "refused_while_locked": account.refused_while_locked,
            "failures": account.failures,
            "consecutive_failures": account.consecutive_failures,
            "max_consecutive_failures": account.max_consecutive_failures,
            "sign_ins": account.sign_ins,
            "signed_in": service.is_signed_in(account),
            "changes": account.changes,
            "resets": account.resets,
            "initial": account.initial,
            "expired": account.expired,
            "must_change": account.must_change(self._now()),
            "days_left": account.days_left(self._now()),
            "valid_days": account.valid_days,
            "cannot_be_forced": account.cannot_be_forced,
            "in_call": account.in_call,
            "attributes": account.attributes,
        }

    # Faults.

    async def _list_faults(self, request: web.Request) -> Handled:
        return web.json_response(self.world.faults.pending())

    async def _add_faults(self, request: web.Request) -> Handled:
        """One fault, or a list of them."""
        body = await _json(request)
        items = body if isinstance(body, list) else [body]
        added = [self.world.faults.add(as_object(item, "fault")).id for item in items]
        return web.json_response({"ids": added})

    async def _clear_faults(self, request: web.Request) -> Handled:
        self.world.faults.clear()
        return web.json_response({})

    # What happened.

    async def _get_journal(self, request: web.Request) -> Handled:
        query = request.query
        found = self.world.journal.entries(
            query.get("account"), query.get("operation"), query.get("service"), int(query.get("since", "0"))
        )
        return web.json_response([entry.as_json() for entry in found])

    async def _clear_journal(self, request: web.Request) -> Handled:
        self.world.journal.clear()
        return web.json_response({})

    async def _get_issued(self, request: web.Request) -> Handled:
        return web.json_response(list(ISSUED))

    async def _get_connections(self, request: web.Request) -> Handled:
        return web.json_response(self.connections.as_json())

    async def _clear_connections(self, request: web.Request) -> Handled:
        self.connections.clear()
        return web.json_response({})

    async def _advance(self, request: web.Request) -> Handled:
        seconds = (await _body(request)).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise FieldError("advance: a number of seconds, zero or more, is needed")
        self.world.clock.advance(float(seconds))
        return web.json_response({"time": self._now()})

    def _now(self) -> float:
        return self.world.clock.now()


@web.middleware
async def _errors(request: web.Request, handler: Any) -> Handled:
    """A bad control call is answered with what is wrong with it."""
    try:
        response: Handled = await handler(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    return response


async def _json(request: web.Request) -> Any:
    text = await request.text()
    return json.loads(text) if text.strip() else {}


async def _body(request: web.Request) -> dict[str, Any]:
    return as_object(await _json(request), "body")


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise FieldError(f"{name}: a text is needed")
    return value

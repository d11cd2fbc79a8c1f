# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process: listening sockets on loopback, one with TLS for the services, one for control, and SIP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from .certificates import issue, server_context
from .control import Control
from .pipeline import Connections, Pipeline
from .process import READY, Ready
from .registrar import Registrar
from .world import World

LOOPBACK = "127.0.0.1"
NAMES = ("localhost", LOOPBACK)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    state_dir: Path
    port: int = 0
    control_port: int = 0
    config: Mapping[str, object] = field(default_factory=dict)
    names: Sequence[str] = NAMES
    lifetime: float | None = None


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _prepare(application: web.Application) -> tuple[web.AppRunner, web.Server]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("aiohttp made no server")
    return runner, runner.server


async def serve(settings: Settings) -> None:
    """Run until told to stop by SIGTERM or SIGINT, or until the lifetime is over."""
    world, connections = World(), Connections()
    world.reset(settings.config)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    ca_path, server_path = issue(settings.state_dir, settings.names)
    token = secrets.token_hex(16)
    identity: dict[str, Any] = {"status": "ok", "pid": os.getpid(), "token": token}

    services, service_protocol = await _prepare(Pipeline(world, connections).application())
    controls, control_protocol = await _prepare(Control(world, connections, identity).application())

    def accept() -> asyncio.BaseProtocol:
        connections.accepted += 1
        return service_protocol()

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.lifetime is not None:
        loop.call_later(settings.lifetime, stop.set)

    tls = server_context(server_path)
    listener = await loop.create_server(accept, LOOPBACK, settings.port, ssl=tls, backlog=1024)
    control = await loop.create_server(control_protocol, LOOPBACK, settings.control_port)
    registrar = Registrar(world)
    sip_port, sips_port = await registrar.start(tls)
    ready = Ready(
        pid=os.getpid(),
        url=f"https://localhost:{_port(listener)}",
        control_url=f"http://{LOOPBACK}:{_port(control)}",
        ca_path=str(ca_path.resolve()),
        token=token,
        sip_port=sip_port,
        sips_port=sips_port,
    )
    ready.write(settings.state_dir)
    try:
        await stop.wait()
    finally:
        listener.close()
        control.close()
        registrar.close()
        await services.cleanup()
        await controls.cleanup()
        server_path.unlink(missing_ok=True)
        # Another start may have taken the directory over.
        if Ready.read(settings.state_dir) == ready:
            with contextlib.suppress(FileNotFoundError):
                (settings.state_dir / READY).unlink()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drives a simulator from tests, the demonstration and the benchmark. Standard library only."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

from . import process


class Simulator:
    """A simulator process as a context manager, or one that is already running (`attach`)."""

    def __init__(
        self,
        state_dir: Path | str | None = None,
        *,
        config: Mapping[str, object] | None = None,
        arguments: Sequence[str] = (),
        python: str = sys.executable,
    ) -> None:
        """`config` has the sections options, accounts and faults; `state_dir` defaults to a temporary one."""
        self._own_dir = state_dir is None
        self._config = config
        self._arguments = list(arguments)
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: process.Ready | None = None
        self.state_dir = Path(state_dir) if state_dir is not None else Path()

    @classmethod
    def attach(cls, state_dir: Path | str) -> Simulator:
        """The simulator that somebody started for this directory."""
        simulator = cls(state_dir)
        simulator._ready = process.running(Path(state_dir))
        if simulator._ready is None:
            raise process.NotRunning(f"no simulator is running for {state_dir}")
        return simulator

    def start(self) -> Simulator:
        if self._own_dir:
            self.state_dir = Path(tempfile.mkdtemp(prefix="simulator-"))
        if process.running(self.state_dir):
            raise process.NotRunning(f"a simulator is already running for {self.state_dir}")
        (self.state_dir / process.READY).unlink(missing_ok=True)
        self._process = process.spawn(self.state_dir, self._arguments, self._python)
        self._ready = process.wait_for(self.state_dir, self._process)
        if self._config is not None:
            self.reset(self._config)
        return self

    def stop(self) -> None:
        """End the process if this object started it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=process.PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._ready = None
        if self._own_dir and self.state_dir != Path():
            shutil.rmtree(self.state_dir, ignore_errors=True)

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ready(self) -> process.Ready:
        if self._ready is None:
            raise process.NotRunning("the simulator has not been started")
        return self._ready

    @property
    def url(self) -> str:
        return self.ready.url

    @property
    def control_url(self) -> str:
        return self.ready.control_url

    @property
    def ca_path(self) -> str:
        return self.ready.ca_path

    @property
    def sip_port(self) -> int:
        """Of the registrar, UDP and TCP."""
        return self.ready.sip_port

    @property
    def sips_port(self) -> int:
        """Of the registrar, TLS."""
        return self.ready.sips_port

    @property
    def pid(self) -> int:
        return self.ready.pid

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Any control call; a refused one raises ValueError."""
        return process.control(self.ready, method, path, body)

    # Accounts.

    def add_accounts(self, accounts: Sequence[Mapping[str, object]]) -> int:
        """Each with `service`, `id`, `password` and what else is to differ from the defaults."""
        return int(self.control("POST", "/accounts", list(accounts))["added"])

    def put_account(self, service: str, account_id: str, **settings: object) -> dict[str, Any]:
        return self._account_call("PUT", service, account_id, "", settings)

    def account(self, service: str, account_id: str) -> dict[str, Any]:
        return self._account_call("GET", service, account_id, "", None)

    def accounts(self, service: str | None = None) -> list[dict[str, Any]]:
        return list(self.control("GET", f"/accounts?{urlencode({'service': service})}" if service else "/accounts"))

    def act(self, action: str, service: str, account_id: str, **values: object) -> dict[str, Any]:
        """`password`, `sign_in`, `sign_out`, `lock`, `unlock` or `expire`: what others do to the account."""
        return self._account_call("POST", service, account_id, f"/{action}", values)

    def _account_call(
        self, method: str, service: str, account_id: str, suffix: str, body: Mapping[str, object] | None
    ) -> dict[str, Any]:
        return dict(self.control(method, f"/accounts/{service}/{quote(account_id, safe='')}{suffix}", body))

    # Faults, options, time.

    def fault(self, kind: str, **fields: object) -> int:
        """Plan one fault; `service`, `account` and `operation` default to any. Returns its id."""
        return int(self.control("POST", "/faults", {"kind": kind, **fields})["ids"][0])

    def add_faults(self, faults: Sequence[Mapping[str, object]]) -> list[int]:
        return list(self.control("POST", "/faults", list(faults))["ids"])

    def faults(self) -> list[dict[str, Any]]:
        """Those that have not been used up."""
        return list(self.control("GET", "/faults"))

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def options(self, **values: object) -> dict[str, Any]:
        """Set some options (`gateway={...}` merges) and return all."""
        return dict(self.control("PUT", "/options", values))

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance": seconds})

    def reset(self, config: Mapping[str, object] | None = None) -> None:
        self.control("POST", "/reset", dict(config or {}))

    # What happened.

    def journal(
        self,
        account: str | None = None,
        operation: str | None = None,
        service: str | None = None,
        since: int = 0,
    ) -> list[dict[str, Any]]:
        wanted = {"account": account, "operation": operation, "service": service, "since": since or None}
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return list(self.control("GET", f"/journal?{query}"))

    def clear_journal(self) -> None:
        self.control("DELETE", "/journal")

    def issued(self) -> list[str]:
        """Every guid, cookie and token handed out since the reset, oldest first."""
        return list(self.control("GET", "/issued"))

    def connections(self) -> dict[str, int]:
        return dict(self.control("GET", "/connections"))

    def __repr__(self) -> str:
        return f"Simulator({json.dumps(str(self.state_dir))})"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting the simulator as a process of its own, finding it again, and ending exactly that process.

Standard library only: whoever drives the simulator need not be able to import it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

# Started with its own folder on the path, so that nobody else's package named "tests" gets in the way.
PACKAGE = Path(__file__).resolve().parent
READY, LOG = "ready.json", "simulator.log"
PATIENCE = 20.0
# Proxies of the environment are not for loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotRunning(RuntimeError):
    """There is no simulator, or it did not come up; the text says why."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The content of ready.json: where a running simulator is and how to know it is that one."""

    pid: int
    url: str
    control_url: str
    ca_path: str
    token: str
    sip_port: int
    sips_port: int

    def write(self, directory: Path) -> None:
        """Whoever sees the file sees all of it."""
        temporary = directory / f".{READY}.{self.pid}"
        temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        temporary.replace(directory / READY)

    @classmethod
    def read(cls, directory: Path) -> Ready | None:
        try:
            return cls(**json.loads((directory / READY).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def control(ready: Ready, method: str, path: str, body: object = None, timeout: float = 30.0) -> object:
    """One call of the control interface; an error answer becomes a ValueError with its text."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(ready.control_url + path, data=data, method=method, headers=headers)
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            raise ValueError(f"{method} {path}: {error.code} {error.read().decode()}") from None


def running(directory: Path) -> Ready | None:
    """The simulator of this directory, if it is alive and really that one, and not a stranger on its port."""
    ready = Ready.read(directory)
    if ready is None:
        return None
    try:
        health = control(ready, "GET", "/health", timeout=5.0)
    except (OSError, ValueError):
        return None
    same = isinstance(health, dict) and (health.get("pid"), health.get("token")) == (ready.pid, ready.token)
    return ready if same else None


def spawn(directory: Path, arguments: Sequence[str] = (), python: str = sys.executable) -> subprocess.Popen[bytes]:
    """Start `run` detached from this process and its terminal."""
    directory.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    command = [
        python,
        "-m",
        Path(__file__).resolve().parent.name,
        "run",
        "--state-dir",
        str(directory.resolve()),
        *arguments,
    ]
    with (directory / LOG).open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def start(directory: Path, arguments: Sequence[str] = (), python: str = sys.executable) -> Ready:
    """Start the simulator and wait until it accepts TLS connections."""
    if running(directory):
        raise NotRunning(f"a simulator is already running for {directory}")
    (directory / READY).unlink(missing_ok=True)
    return wait_for(directory, spawn(directory, arguments, python))


def wait_for(directory: Path, process: subprocess.Popen[bytes]) -> Ready:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ready = Ready.read(directory)
        if ready and ready.pid == process.pid and _accepts_tls(ready):
            return ready
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    text = (directory / LOG).read_text(encoding="utf-8", errors="replace")
    raise NotRunning(f"the simulator did not start:\n{text[-2000:]}")


def _accepts_tls(ready: Ready) -> bool:
    address = urlsplit(ready.url)
    # Only the chain: the certificate may deliberately be for another name (--names).
    context = ssl.create_default_context(cafile=ready.ca_path)
    context.check_hostname = False
    try:
        plain = socket.create_connection(("127.0.0.1", address.port or 443), timeout=5.0)
        with plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def stop(directory: Path) -> bool:
    """End the simulator of this directory; False if there was none. No other process is ever touched."""
    ready = running(directory)
    if ready is None:
        (directory / READY).unlink(missing_ok=True)
        return False
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(ProcessLookupError):
        os.kill(ready.pid, signal.SIGTERM)
    # The server removes the file as its last deed. Its pid is no evidence: it may linger as a zombie.
    while (directory / READY).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    if running(directory):
        os.kill(ready.pid, signal.SIGKILL)
        (directory / READY).unlink(missing_ok=True)
    return True

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kamailio, a real SIP registrar, as a child process on loopback. Debian: kamailio and kamailio-tls-modules."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from simulator.certificates import issue

LOOPBACK = "127.0.0.1"
MODULES = ("auth", "htable", "jsonrpcs", "pv", "registrar", "sl", "tls", "usrloc")
PATIENCE = 15.0
# Services' programs are not on everybody's path.
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])

CONFIG = """#!KAMAILIO
debug=0
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
dns_try_ipv6=no
enable_tls=yes
listen=udp:{address}:{port}
listen=tcp:{address}:{port}
listen=tls:{address}:{tls_port}

{modules}

modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{socket_path}")
modparam("htable", "htable", "pw=>size=8;")
modparam("auth", "algorithm", "{algorithm}")
modparam("usrloc", "db_mode", 0)
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{certificate}")

request_route {{
    if ($rm != "REGISTER") {{
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }}
    # Passwords are those of the hash table; the name in the digest must be the one in From and To.
    if ($au == $null || $sht(pw=>$au) == $null || !pv_auth_check("$fd", "$sht(pw=>$au)", "0", "1")) {{
        auth_challenge("$fd", "{qop}");
        exit;
    }}
    save("location");
}}
"""


class Kamailio:
    """A Kamailio with one way of asking for passwords. Use it as a context manager, or call `start` and `stop`.

    Passwords are set over a Unix datagram socket, `socket_path`, with JSON-RPC, as anybody else may do.
    """

    def __init__(self, folder: Path, *, algorithm: str = "MD5", qop: bool = False) -> None:
        """`folder` gets the configuration, the log and the certificates; it is created."""
        self.folder = folder
        self.algorithm = algorithm
        self.qop = qop
        self.port = self.tls_port = 0
        self.ca_path = ""
        self.socket_path = ""
        self._run_dir = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._ids = itertools.count(1)

    @staticmethod
    @functools.cache
    def missing() -> str | None:
        """What is missing on this machine, as the reason for a skipped test; None if nothing is."""
        program = _program()
        if program is None:
            return "Kamailio is not installed (Debian: kamailio, kamailio-tls-modules)"
        text = subprocess.run([program, "-h"], capture_output=True, text=True, check=False, timeout=30).stdout
        found = re.search(r"-L path.*?\(default:\s*([^)]+)\)", text, re.DOTALL)
        folders = [Path(folder) for folder in found[1].strip().split(":")] if found else []
        absent = [name for name in MODULES if not any((folder / f"{name}.so").exists() for folder in folders)]
        return f"Kamailio has no {', '.join(absent)} (Debian: kamailio-tls-modules)" if absent else None

    def uri(self, transport: str = "udp") -> str:
        """Where it is, for `registrar`: `udp`, `tcp` or `tls`."""
        if transport == "tls":
            return f"sips:localhost:{self.tls_port}"
        return f"sip:{LOOPBACK}:{self.port};transport={transport}"

    def start(self) -> Kamailio:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ca_path, certificate = issue(self.folder, ("localhost", LOOPBACK))
        self.ca_path = str(ca_path)
        self.port, self.tls_port = _free_ports()
        # A folder of a test may be too deep for the address of a socket, 107 characters.
        self._run_dir = tempfile.mkdtemp(prefix="kamailio-")
        self.socket_path = f"{self._run_dir}/rpc"
        config = self.folder / "kamailio.cfg"
        config.write_text(
            CONFIG.format(
                address=LOOPBACK,
                port=self.port,
                tls_port=self.tls_port,
                modules="\n".join(f'loadmodule "{name}.so"' for name in sorted(MODULES, key=_load_order)),
                socket_path=self.socket_path,
                algorithm=self.algorithm,
                qop=int(self.qop),
                certificate=certificate,
            ),
            encoding="utf-8",
        )
        # In the foreground (-DD), with little memory, and all it says on standard error (-E).
        command = [str(_program()), "-f", str(config), "-DD", "-E", "-Y", self._run_dir, "-m", "32", "-M", "8"]
        with (self.folder / "kamailio.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End it; its children go with it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None
        shutil.rmtree(self._run_dir, ignore_errors=True)

    def __enter__(self) -> Kamailio:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def call(self, method: str, *parameters: object) -> Any:
        """A call of the management interface; RuntimeError if Kamailio refuses it."""
        question = {"jsonrpc": "2.0", "method": method, "params": list(parameters), "id": next(self._ids)}
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(5)
            sender.bind("")  # an abstract address, for the answer
            sender.connect(self.socket_path)
            sender.send(json.dumps(question).encode())
            answer = json.loads(sender.recv(1024 * 1024))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def set_password(self, number: str, password: str) -> None:
        self.call("htable.sets", "pw", number, password)

    def bindings(self) -> list[str]:
        """The addresses that are registered, whoever they belong to."""
        return re.findall(r'"Address": "([^"]+)"', json.dumps(self.call("ul.dump")))

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                self.call("core.uptime")
                for port in (self.port, self.tls_port):
                    socket.create_connection((LOOPBACK, port), timeout=5).close()
                return
            time.sleep(0.02)
        log = (self.folder / "kamailio.log").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"Kamailio did not start:\n{log[-3000:]}")


def _program() -> str | None:
    return shutil.which("kamailio", path=SEARCH)


def _load_order(name: str) -> int:
    """Modules that others need come first; tls before all that may use OpenSSL."""
    order = ["tls", "pv", "sl", "jsonrpcs", "htable", "usrloc", "registrar", "auth"]
    return order.index(name)


def _free_ports() -> tuple[int, int]:
    """A port that is free for UDP and TCP, and another one for TCP."""
    while True:
        with socket.create_server((LOOPBACK, 0)) as first, socket.create_server((LOOPBACK, 0)) as second:
            ports = first.getsockname()[1], second.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, contextlib.suppress(OSError):
                datagrams.bind((LOOPBACK, ports[0]))
                return ports

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line, from the repository root: `python -m tests.simulator start --state-dir DIR`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from . import process


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "serve in the foreground"),
        ("start", "serve in a process of its own; returns when it accepts connections"),
        ("stop", "end the process that 'start' or 'run' left in the state directory"),
        ("status", "say whether it runs (exit code 0) or not (1)"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--state-dir", type=Path, required=True, help="for ca.pem, ready.json and the log")
        if name in ("run", "start"):
            command.add_argument("--port", type=int, default=0, help="of the services, TLS; 0 = any free one")
            command.add_argument("--control-port", type=int, default=0, help="of the control interface")
            command.add_argument("--config", type=Path, help="JSON file with options, accounts and faults")
            command.add_argument("--names", default="localhost,127.0.0.1", help="names in the certificate")
            command.add_argument("--lifetime", type=float, help="end by itself after so many seconds")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    # Imported here: start, stop and status need the standard library only.
    from .server import Settings, serve

    config = json.loads(arguments.config.read_text(encoding="utf-8")) if arguments.config else {}
    names = [name.strip() for name in arguments.names.split(",")]
    settings = Settings(arguments.state_dir, arguments.port, arguments.control_port, config, names, arguments.lifetime)
    asyncio.run(serve(settings))


def _pass_on(arguments: argparse.Namespace) -> list[str]:
    passed = [
        f"--port={arguments.port}",
        f"--control-port={arguments.control_port}",
        f"--names={arguments.names}",
    ]
    if arguments.config:
        passed.append(f"--config={arguments.config.resolve()}")
    if arguments.lifetime is not None:
        passed.append(f"--lifetime={arguments.lifetime}")
    return passed


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    directory: Path = arguments.state_dir
    if arguments.command == "run":
        try:
            _run(arguments)
        except (ValueError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        return 0
    if arguments.command == "start":
        try:
            ready = process.start(directory, _pass_on(arguments))
        except (process.NotRunning, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(f"simulator {ready.pid}: {ready.url} control {ready.control_url} ca {ready.ca_path}")
        return 0
    if arguments.command == "stop":
        print("stopped" if process.stop(directory) else "not running")
        return 0
    found = process.running(directory)
    print(f"simulator {found.pid}: {found.url} control {found.control_url}" if found else "not running")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk that fails, or a moment to be killed in, at a chosen write of the store. Python loads this file by its name.

It stands between the collection and the operating system and knows nothing of the collection but where its files are:
HOST.yml is renamed into the folder, and .locks/HOST.yml is opened before. STORE_POINTS names a folder with `plan.json`:
the store's folder, and for each host the number of a write and what happens there. The folder gets `HOST.N.yml`, the
file after write N, and `HOST.held` where a host is held. A process that is held waits to be killed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import time
from typing import Any

POINTS = os.environ.get("STORE_POINTS")


class Disk:
    """The calls of `os` that the store makes, with accidents."""

    def __init__(self, points: str) -> None:
        self.points = points
        with open(os.path.join(points, "plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
        self.store: str = plan["store"]
        self.hosts: dict[str, dict[str, Any]] = plan["hosts"]
        self.written: str | None = None
        self.real_open, self.real_rename, self.real_fsync = os.open, os.rename, os.fsync

    def open(self, path: Any, *arguments: Any, **options: Any) -> int:
        name = os.fspath(path)
        if isinstance(name, str) and os.path.dirname(name) == os.path.join(self.store, ".locks"):
            self._fail(_host(name), "read-only", errno.EROFS)
        return self.real_open(path, *arguments, **options)

    def rename(self, source: Any, target: Any, **options: Any) -> None:
        name = os.fspath(target)
        if os.path.dirname(name) != self.store:
            return self.real_rename(source, target, **options)
        host = _host(name)
        self._fail(host, "full", errno.ENOSPC)
        number = self._writes(host) + 1
        self._hold(host, number, "killed before")
        self.real_rename(source, target, **options)
        shutil.copyfile(name, os.path.join(self.points, f"{host}.{number}.yml"))
        self._hold(host, number, "killed after")
        self.written = host
        return None

    def fsync(self, descriptor: Any) -> None:
        if self.written and isinstance(descriptor, int) and stat.S_ISDIR(os.fstat(descriptor).st_mode):
            host, self.written = self.written, None
            plan = self.hosts.get(host, {})
            if plan.get("how") == "not flushed" and plan["write"] == self._writes(host):
                raise OSError(errno.EIO, "not flushed")
        self.real_fsync(descriptor)

    def _fail(self, host: str, how: str, code: int) -> None:
        """Fail this write and every later one: a disk that is full stays full while the run lasts."""
        plan = self.hosts.get(host, {})
        if plan.get("how") == how and self._writes(host) + 1 >= plan["write"]:
            self._mark(host)
            raise OSError(code, how)

    def _hold(self, host: str, number: int, how: str) -> None:
        plan = self.hosts.get(host, {})
        if plan.get("how") == how and plan["write"] == number:
            self._mark(host)
            time.sleep(600)

    def _mark(self, host: str) -> None:
        os.close(self.real_open(os.path.join(self.points, f"{host}.held"), os.O_CREAT | os.O_WRONLY, 0o600))

    def _writes(self, host: str) -> int:
        number = 0
        while os.path.exists(os.path.join(self.points, f"{host}.{number + 1}.yml")):
            number += 1
        return number


def _host(path: str) -> str:
    return os.path.basename(path).removesuffix(".yml")


if POINTS:
    disk = Disk(POINTS)
    os.open, os.rename, os.fsync = disk.open, disk.rename, disk.fsync  # type: ignore[assignment]

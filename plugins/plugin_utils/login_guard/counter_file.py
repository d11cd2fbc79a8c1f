# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failed logins by server, in small files: what this controller has sent, over all runs.

A file has a line for each, the time. It tells neither whose login it was nor with what.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from ansible_collections.callcenter.passwords.plugins.plugin_utils import durable_file, timestamps

if TYPE_CHECKING:
    from collections.abc import Iterator


class FailedLogins:
    """The failed logins that one server has seen from here."""

    def __init__(self, folder: str, server: str, window: timedelta) -> None:
        """Prepare the file; nothing is read or written yet.

        Args:
            folder: where the files are. Created with mode 0700 when it is first needed; the folder above it is there.
            server: host:port.
            window: how long a failed login counts.
        """
        self._folder = folder
        self._path = os.path.join(folder, quote(server, safe=""))
        self._window = window

    def times(self, now: datetime) -> list[datetime]:
        """Return when those were that count now, the oldest first.

        Raises:
            OSError: the file cannot be read, or the next one could not be written.
        """
        durable_file.make_folder(self._folder)
        with self._locked() as file:
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(1, "the folder cannot be written")
            return self._read(file, now)

    def add(self, count: int, now: datetime) -> None:
        """Write new ones down, durably, and forget those that do not count any more.

        Raises:
            OSError: they could not be written.
        """
        with self._locked() as file:
            times = [*self._read(file, now), *[now] * count]
            durable_file.replace(self._path, "".join(f"{timestamps.to_text(time)}\n" for time in times))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        while True:
            file = durable_file.open_in_folder(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever held the lock before may have put another file in the place of this one.
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file), os.stat(self._path)):
                        yield file
                        return
            finally:
                os.close(file)

    def _read(self, file: int, now: datetime) -> list[datetime]:
        text = os.pread(file, os.fstat(file).st_size, 0).decode("utf-8", "replace")
        times = []
        for line in text.splitlines():
            with contextlib.suppress(ValueError):  # a damaged line
                times.append(timestamps.from_text(line))
        # One from the future was written before the clock was set back.
        return sorted(time for time in times if abs(now - time) < self._window)

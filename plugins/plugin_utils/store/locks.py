# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks between processes, each a file of its own.

Such a file may be removed or replaced while it is held, by a cleaning job or with the whole folder. Then somebody else
holds a lock of the same name. So a lock is looked at again before anything that it guards is put in place.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.plugin_utils.durable_file import open_in_folder

from .entry import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True)
class Lock:
    """A lock that is held."""

    path: str
    descriptor: int

    def check(self) -> None:
        """Raise StoreError unless the lock is still the one that others find."""
        if not self._is_in_place():
            raise StoreError(
                f"the lock {self.path} was removed or replaced while it was held, so nothing was written; keep "
                "the store out of what cleans up or moves folders, and run again"
            )

    def _is_in_place(self) -> bool:
        mine = os.fstat(self.descriptor)
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (found.st_dev, found.st_ino)


@contextlib.contextmanager
def locked(path: str) -> Iterator[Lock]:
    """Hold the lock of this name, alone. Waits for it.

    Raises:
        StoreError: the file system has no locks.
        OSError: the file cannot be created.
    """
    while True:
        descriptor = open_in_folder(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            _wait_for(descriptor, path)
            lock = Lock(path, descriptor)
            # Another one may have taken its place while this one was waited for.
            if lock._is_in_place():
                yield lock
                return
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int, path: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise
        raise StoreError(
            f"the file system of {os.path.dirname(path)} has no locks ({os.strerror(exc.errno)}), so two runs could "
            "write at once; put the store on a local disk, or on NFS with its lock service"
        ) from None

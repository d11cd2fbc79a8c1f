# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file durably."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def replace(path: str, text: str, check: Callable[[], None] = lambda: None) -> None:
    """Put a file in the place of another one, durably: whatever is killed, one of them is there, and whole.

    Callers hold a lock of the file. So the temporary file has one name, and what a killed writer left goes.

    Args:
        path: of the file.
        text: what it shall hold.
        check: called right before; raises where the file must not be put in its place any more.

    Raises:
        OSError: it could not be written; the old one is still there.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.tmp")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    descriptor = open_in_folder(temporary, _NEW)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        check()
        os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _flush(directory)


def remove(path: str) -> None:
    """Remove a file, durably.

    Raises:
        OSError: it is still there, or may be after a crash.
    """
    os.unlink(path)
    _flush(os.path.dirname(path))


def open_in_folder(path: str, flags: int) -> int:
    """Open a file. A new one may be read by its owner only, and by those of its folder's group who may read there.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, flags, 0o600)
    try:
        mode = 0o600 | os.stat(os.path.dirname(path) or ".").st_mode & (stat.S_IRGRP | stat.S_IWGRP)
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
            os.fchmod(descriptor, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_folder(path: str) -> None:
    """Make a folder where it is missing, for its owner only, and for a group where the folder above is shared with one.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
        shared = os.stat(os.path.dirname(path)).st_mode & (stat.S_ISGID | stat.S_IRWXG)
        if shared & stat.S_IRWXG:
            os.chmod(path, 0o700 | shared)


def _flush(directory: str) -> None:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # Some shared folders cannot flush a folder, and need not.
            raise
    finally:
        os.close(folder)

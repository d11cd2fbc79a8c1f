# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file durably."""

from __future__ import annotations

import contextlib
import errno
import os
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
    descriptor = os.open(temporary, _NEW, 0o600)
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


def _flush(directory: str) -> None:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # Some shared folders cannot flush a folder, and need not.
            raise
    finally:
        os.close(folder)

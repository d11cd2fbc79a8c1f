# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file durably."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable


def replace(path: str, text: str, check: Callable[[], None] = lambda: None) -> None:
    """Put a file in the place of another one, durably: whatever is killed, one of them is there, and whole.

    Args:
        path: of the file.
        text: what it shall hold.
        check: called right before; raises where the file must not be put in its place any more.

    Raises:
        OSError: it could not be written; the old one is still there.
    """
    directory = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".", suffix=".tmp")  # mode 0600
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
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

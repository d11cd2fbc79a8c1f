# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory and locks that the processes of one run share.

A run of Ansible is one process and many that it forks. They share the memory below, which no file and no variable ever
sees: it is made before the forks. Where that did not happen first, each process has one of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH_BYTES = 8
_DOCUMENT = 0
"""Place of the document's own lock; those of names come after it."""


class SharedMemory:
    """A small document, and locks by name, shared by the process that makes this object and all that it forks.

    A process that is killed loses its locks, and leaves either the document that was there or the new one.
    """

    def __init__(self, room: int = 256 * 1024) -> None:
        """Take the memory.

        Args:
            room: bytes that the document, as JSON, may have.
        """
        self._room = room
        # One byte that says which of two places holds the document, and these places.
        self._memory = mmap.mmap(-1, 1 + 2 * (_LENGTH_BYTES + room))
        # A lock of the POSIX kind belongs to a process, and goes with it when it is killed.
        self._lock, path = tempfile.mkstemp()  # open as long as the process lives, and nameless
        os.unlink(path)

    @contextlib.contextmanager
    def locked(self, name: str | None = None) -> Iterator[None]:
        """Hold the lock of a name, or that of the document; other processes wait. Not to be nested for one name."""
        place = _place(name)
        fcntl.lockf(self._lock, fcntl.LOCK_EX, 1, place)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN, 1, place)

    def is_held(self, name: str) -> bool:
        """Whether another process holds the lock of a name. Not to be asked by the one that holds it."""
        place = _place(name)
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return True
        fcntl.lockf(self._lock, fcntl.LOCK_UN, 1, place)
        return False

    def load(self) -> dict[str, Any]:
        """Return the document. To be called with its lock held."""
        start = self._start(self._memory[0])
        length = int.from_bytes(self._memory[start : start + _LENGTH_BYTES], "big")
        text = self._memory[start + _LENGTH_BYTES : start + _LENGTH_BYTES + length]
        document: dict[str, Any] = json.loads(text) if text else {}
        return document

    def save(self, document: dict[str, Any]) -> bool:
        """Keep another document, and return whether there was room for it. To be called with its lock held."""
        text = json.dumps(document).encode()
        if len(text) > self._room:
            return False
        other = 1 - self._memory[0]
        start = self._start(other)
        self._memory[start : start + _LENGTH_BYTES + len(text)] = len(text).to_bytes(_LENGTH_BYTES, "big") + text
        self._memory[0] = other
        return True

    def _start(self, place: int) -> int:
        return 1 + place * (_LENGTH_BYTES + self._room)


def key_of(*parts: str) -> str:
    """Return what stands for these texts in a document, and tells nothing about them."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _place(name: str | None) -> int:
    if name is None:
        return _DOCUMENT
    return _DOCUMENT + 1 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")

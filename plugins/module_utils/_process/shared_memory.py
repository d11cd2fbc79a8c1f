# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory and locks that the processes of one run share.

A run of Ansible is one process and many that it forks. They share the memory below, which no file and no variable ever
sees, where it is taken before the forks. Elsewhere it is taken when it is first needed, and each process has its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import tempfile
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KIB = 1024
ROOMS: Mapping[str, int] = {
    "tenant_tokens": 256 * _KIB,
    "shared_credentials": 256 * _KIB,
    "logins_under_way": 256 * _KIB,
    "outages": 256 * _KIB,
    "brake": 256 * _KIB,
    "first_passwords": 8192 * _KIB,
}
"""Bytes that each document, as JSON, may have. What is not used costs no memory."""
_LENGTH_BYTES = 8


class SharedMemory:
    """A few documents, shared by the process that takes this memory and all that it forks from then on."""

    def __init__(self, rooms: Mapping[str, int] | None = None) -> None:
        """Prepare; nothing is taken yet.

        Args:
            rooms: bytes that each document, as JSON, may have, by its name; ``ROOMS`` unless given.
        """
        self.rooms = ROOMS if rooms is None else rooms
        self.starts: dict[str, int] = {}
        self._bytes = 0
        for name, room in self.rooms.items():
            self.starts[name] = self._bytes
            # One byte says which of two places holds the document; these places follow it.
            self._bytes += 1 + 2 * (_LENGTH_BYTES + room)

    @cached_property
    def memory(self) -> Any:
        """The bytes of all documents."""
        return mmap.mmap(-1, self._bytes)

    @cached_property
    def lock_file(self) -> int:
        """An open file without a name. Locks on it belong to a process, and go with it when it is killed."""
        file, path = tempfile.mkstemp()
        os.unlink(path)
        return file

    def take(self) -> SharedMemory:
        """Take the memory now, so that whatever this process forks shares it, and return it."""
        _taken = self.memory, self.lock_file
        return self


class SharedDocument:
    """One document of a shared memory, and locks by name.

    A process that is killed loses its locks, and leaves either the document that was there or the new one.
    """

    def __init__(self, shared: SharedMemory, name: str) -> None:
        """Prepare; nothing is taken yet.

        Args:
            shared: the memory.
            name: one of ``ROOMS``.
        """
        self._shared = shared
        self._name = name

    @contextlib.contextmanager
    def locked(self, name: str = "") -> Iterator[None]:
        """Hold the lock of a name, or that of the document; other processes wait. Not to be nested for one name."""
        place = self._place(name)
        fcntl.lockf(self._shared.lock_file, fcntl.LOCK_EX, 1, place)
        try:
            yield
        finally:
            fcntl.lockf(self._shared.lock_file, fcntl.LOCK_UN, 1, place)

    def is_held(self, name: str) -> bool:
        """Whether another process holds the lock of a name. Not to be asked by the one that holds it."""
        place = self._place(name)
        try:
            fcntl.lockf(self._shared.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return True
        fcntl.lockf(self._shared.lock_file, fcntl.LOCK_UN, 1, place)
        return False

    def load(self) -> dict[str, Any]:
        """Return the document. To be called with its lock held."""
        memory, start = self._shared.memory, self._start(self._shared.memory[self._switch])
        length = int.from_bytes(memory[start : start + _LENGTH_BYTES], "big")
        text = memory[start + _LENGTH_BYTES : start + _LENGTH_BYTES + length]
        document: dict[str, Any] = json.loads(text) if text else {}
        return document

    def save(self, document: dict[str, Any]) -> bool:
        """Keep another document, and return whether there was room for it. To be called with its lock held."""
        text = json.dumps(document).encode()
        if len(text) > self._shared.rooms[self._name]:
            return False
        memory = self._shared.memory
        other = 1 - memory[self._switch]
        start = self._start(other)
        memory[start : start + _LENGTH_BYTES + len(text)] = len(text).to_bytes(_LENGTH_BYTES, "big") + text
        memory[self._switch] = other
        return True

    @property
    def _switch(self) -> int:
        return self._shared.starts[self._name]

    def _start(self, place: int) -> int:
        return self._switch + 1 + place * (_LENGTH_BYTES + self._shared.rooms[self._name])

    def _place(self, name: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._name} {name}".encode()).digest()[:7], "big")


SHARED_MEMORY = SharedMemory()
"""That of this run."""


def key_of(*parts: str) -> str:
    """Return what stands for these texts in a document, and tells nothing about them."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

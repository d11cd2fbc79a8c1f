# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that the processes of one run have opened or sealed, so that each derives its key once in a run.

Ansible Vault derives a key of its own for each secret, which takes 10,000 rounds and some 10 ms on purpose: it protects
the files. A rotation opens the same two secrets six times, in as many worker processes.

What is here is in the memory of these processes and nowhere else, like the vault password that opens everything.
"""

from __future__ import annotations

import hashlib
import hmac
import mmap
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLOT_BYTES = 256
_HEAD = struct.Struct("<32s16sH")
"""Which secret it is, what proves that the slot is whole, and the length of the secret, which follows."""
_TRIED = 8
"""In how many slots, one after the other, a secret may be."""


class OpenedSecrets:
    """Secrets by their sealed form, shared by the process that makes this object and all that it forks.

    A table of fixed size without locks: who writes while another one reads or is killed spoils a slot, and a spoilt
    slot counts as empty. What finds no room takes the place of something else, which is then opened once more.
    """

    def __init__(self, slots: int = 65536) -> None:
        """Take the memory; the operating system gives it only as it is used.

        Args:
            slots: how many secrets there is room for.
        """
        self._slots = slots
        self._memory = mmap.mmap(-1, slots * _SLOT_BYTES)

    def get(self, sealed: str, key: bytes) -> str | None:
        """Return a secret that was put here.

        Args:
            sealed: its encrypted form.
            key: what opens it. With another key there is nothing here.
        """
        name = _name(sealed, key)
        for place in self._places(name):
            found, proof, length = _HEAD.unpack_from(self._memory, place)
            if found == name:
                secret = self._memory[place + _HEAD.size : place + _HEAD.size + length]
                if hmac.compare_digest(proof, _proof(name, secret)):
                    return secret.decode("utf-8")
        return None

    def put(self, sealed: str, key: bytes, secret: str) -> None:
        """Keep a secret for the other processes. One that is too long for a slot is not kept."""
        name, encoded = _name(sealed, key), secret.encode("utf-8")
        if len(encoded) > _SLOT_BYTES - _HEAD.size:
            return
        places = list(self._places(name))
        own_or_empty = (name, bytes(len(name)))
        place = next((place for place in places if self._memory[place : place + len(name)] in own_or_empty), places[0])
        slot = _HEAD.pack(name, _proof(name, encoded), len(encoded)) + encoded
        self._memory[place : place + len(slot)] = slot

    def _places(self, name: bytes) -> Iterator[int]:
        first = int.from_bytes(name[:8], "big")
        for step in range(_TRIED):
            yield (first + step) % self._slots * _SLOT_BYTES


OPENED_SECRETS = OpenedSecrets()
"""Those of this run."""


def _name(sealed: str, key: bytes) -> bytes:
    return hmac.digest(key, sealed.encode("utf-8"), "sha256")


def _proof(name: bytes, secret: bytes) -> bytes:
    return hashlib.sha256(name + secret).digest()[:16]

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of tenants, asked for once per run.

A run of Ansible is one process and many that it forks. They share the memory below, which no file and no variable ever
sees: it is made when this module is imported, before the forks. Where that did not happen first, each process asks for
a token of its own, which is slower and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import tempfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .outcome import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MEMORY_BYTES = 256 * 1024
_LENGTH_BYTES = 8
_MOST_MARGIN_SECONDS = 60
"""A token is renewed so long before its end, or a tenth of its life where that is shorter."""


@dataclass(frozen=True)
class Token:
    """A tenant's token.

    Attributes:
        value: the secret.
        lifetime: seconds that it is valid from now on.
    """

    value: str = field(repr=False)
    lifetime: float


def without_token(exc: ApiError) -> ApiError:
    """Return what a failed request for a token means for the call that needed it.

    Nothing was asked of the account itself and no password was presented, whatever became of the request.
    """
    outcome = "unreachable" if exc.outcome == "unreachable" else "denied"
    return ApiError(outcome, f"{exc.message}; there is no tenant token", exc.code)


class TenantTokens:
    """Tokens by tenant, shared by the process that makes this object and all that it forks."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _MEMORY_BYTES)
        # A lock of the POSIX kind belongs to a process, and goes with it when it is killed.
        self._lock, path = tempfile.mkstemp()  # open as long as the process lives, and nameless
        os.unlink(path)

    def get(self, tenant: tuple[str, ...], ask: Callable[[], Token], *, refused: str | None = None) -> str:
        """Return the token of a tenant; ask for one where there is none, it is about to end, or it was refused.

        Args:
            tenant: what tells the tenants apart: address of the token service, key and secret.
            ask: asks the token service.
            refused: a token that the service does not accept any more.

        Raises:
            ApiError: of ``ask``. One that says "denied" is remembered, and nobody asks again with the same secret. Any
                other one is shared with those who were waiting for it, so that they do not wait in turn.
        """
        arrived = time.time()
        key = hashlib.sha256("\0".join(tenant).encode()).hexdigest()
        with self._locked():
            known = self._load()
            entry = known.get(key, {})
            if "failure" in entry and (entry["failure"][0] == "denied" or entry["failed_at"] >= arrived):
                raise ApiError(*entry["failure"])
            if "token" in entry and entry["renew_at"] > time.time() and entry["token"] != refused:
                return str(entry["token"])
            try:
                token = ask()
            except ApiError as exc:
                failure = [exc.outcome, exc.message, exc.code]
                self._save({**known, key: {"failure": failure, "failed_at": time.time()}})
                raise
            margin = min(_MOST_MARGIN_SECONDS, token.lifetime / 10)
            self._save({**known, key: {"token": token.value, "renew_at": time.time() + token.lifetime - margin}})
            return token.value

    def forget(self) -> None:
        """Forget every token."""
        with self._locked():
            self._save({})

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def _load(self) -> dict[str, Any]:
        length = int.from_bytes(self._memory[:_LENGTH_BYTES], "big")
        if not length:
            return {}
        known: dict[str, Any] = json.loads(self._memory[_LENGTH_BYTES : _LENGTH_BYTES + length])
        return known

    def _save(self, known: dict[str, Any]) -> None:
        document = json.dumps(known).encode()
        if len(document) > _MEMORY_BYTES - _LENGTH_BYTES:
            return  # Hundreds of tenants in one run; those that find no room ask each time.
        # The length comes last, and the document is no longer valid while it is written.
        self._memory[:_LENGTH_BYTES] = bytes(_LENGTH_BYTES)
        self._memory[_LENGTH_BYTES : _LENGTH_BYTES + len(document)] = document
        self._memory[:_LENGTH_BYTES] = len(document).to_bytes(_LENGTH_BYTES, "big")


TENANT_TOKENS = TenantTokens()
"""The tokens of this run."""

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of tenants, asked for once per run.

They are in the memory that the processes of a run share. A process that does not share it asks for a token of its own,
which is slower and nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import ApiError
from .shared_memory import SharedMemory, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._memory = SharedMemory()

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
        key = key_of(*tenant)
        # One at a time for each tenant; what has been found out by then serves the others.
        with self._memory.locked(key):
            entry = self._known(key)
            if "failure" in entry and (entry["failure"][0] == "denied" or entry["failed_at"] >= arrived):
                raise ApiError(*entry["failure"])
            if "token" in entry and entry["renew_at"] > time.time() and entry["token"] != refused:
                return str(entry["token"])
            try:
                token = ask()
            except ApiError as exc:
                failure = [exc.outcome, exc.message, exc.code]
                self._keep(key, {"failure": failure, "failed_at": time.time()})
                raise
            margin = min(_MOST_MARGIN_SECONDS, token.lifetime / 10)
            self._keep(key, {"token": token.value, "renew_at": time.time() + token.lifetime - margin})
            return token.value

    def forget(self) -> None:
        """Forget every token."""
        with self._memory.locked():
            self._memory.save({})

    def _known(self, key: str) -> dict[str, Any]:
        with self._memory.locked():
            known: dict[str, Any] = self._memory.load().get(key, {})
        return known

    def _keep(self, key: str, entry: dict[str, Any]) -> None:
        with self._memory.locked():
            # Hundreds of tenants in one run may be too many; those that find no room ask each time.
            self._memory.save({**self._memory.load(), key: entry})


TENANT_TOKENS = TenantTokens()
"""The tokens of this run."""

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
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import NOT_EVALUATED, ApiError, Outcome
from .shared_memory import SHARED_MEMORY, SharedDocument, SharedMemory, key_of

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
    return ApiError(exc.of_the_next, f"{exc.message}; there is no tenant token", exc.code, sent=False)


class TokenSource(Protocol):
    """Where a client gets a tenant's token from."""

    def get(self, refused: str | None = None) -> str:
        """Return the token, given one that was refused, if any.

        Raises:
            ApiError: there is none, so the call that needs it is not sent.
        """

    def refuse(self, token: str) -> None:
        """Note that the service does not accept a token any more, so that the next call gets another one."""


class TenantTokens:
    """Tokens by tenant, in a memory that processes share."""

    def __init__(self, shared: SharedMemory = SHARED_MEMORY) -> None:
        self._document = SharedDocument(shared, "tenant_tokens")

    def get(self, tenant: tuple[str, ...], ask: Callable[[], Token], *, refused: str | None = None) -> str:
        """Return the token of a tenant; ask for one where there is none, it is about to end, or it was refused.

        Args:
            tenant: what tells the tenants apart: address of the token service, key and secret.
            ask: asks the token service.
            refused: a token that the service does not accept any more.

        Raises:
            ApiError: of ``ask``. One that denies access for good is remembered, and nobody asks again with the same
                secret. Any other one is shared with those who were waiting for it, so that they do not wait in turn.
        """
        arrived = time.time()
        key = key_of(*tenant)
        # One at a time for each tenant; what has been found out by then serves the others.
        with self._document.locked(key):
            entry = self._known(key)
            if "failure" in entry:
                outcome, message, code = entry["failure"]
                is_final = outcome == Outcome.ACCESS_DENIED and code not in NOT_EVALUATED
                if is_final or entry["failed_at"] >= arrived:
                    raise ApiError(Outcome(outcome), message, code)
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

    def refuse(self, tenant: tuple[str, ...], token: str) -> None:
        """Forget a token of a tenant that the service does not accept any more."""
        key = key_of(*tenant)
        with self._document.locked(key):
            if self._known(key).get("token") == token:
                self._keep(key, {})

    def _known(self, key: str) -> dict[str, Any]:
        with self._document.locked():
            known: dict[str, Any] = self._document.load().get(key, {})
        return known

    def _keep(self, key: str, entry: dict[str, Any]) -> None:
        with self._document.locked():
            # Hundreds of tenants in one run may be too many; those that find no room ask each time.
            self._document.save({**self._document.load(), key: entry})


TENANT_TOKENS = TenantTokens()
"""The tokens of this run."""


@dataclass(frozen=True)
class TokenOfRun:
    """The token that all tasks of a run share."""

    tenant: tuple[str, ...] = field(repr=False)
    ask: Callable[[], Token] = field(repr=False)

    def get(self, refused: str | None = None) -> str:
        """Return it, see TokenSource."""
        try:
            return TENANT_TOKENS.get(self.tenant, self.ask, refused=refused)
        except ApiError as exc:
            raise without_token(exc) from None

    def refuse(self, token: str) -> None:
        """Have the next call renew it, see TokenSource."""
        TENANT_TOKENS.refuse(self.tenant, token)

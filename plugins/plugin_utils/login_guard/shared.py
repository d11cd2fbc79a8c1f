# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials that many hosts log in with: a run does not present one again that was refused.

Who presents one first is alone with it, and the others wait for the verdict. Once it has worked nobody waits.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    PROVES_PASSWORD,
    ApiError,
    Outcome,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import login_outcomes
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    SHARED_MEMORY,
    SharedDocument,
    SharedMemory,
    key_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Credential, Login

_MOST_UNKNOWN = 2
_WHY = {
    Outcome.WRONG_PASSWORD: "was refused",
    Outcome.LOCKED: "was answered with a lock",
    Outcome.UNKNOWN: "was left without an answer twice, and each time may have been a failed login",
}


class SharedCredentials:
    """What is known about shared credentials, in a memory that processes share."""

    def __init__(self, shared: SharedMemory = SHARED_MEMORY) -> None:
        self._document = SharedDocument(shared, "shared_credentials")

    def send(self, logins: Sequence[Login], send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Make logins, unless one of their credentials was refused before.

        Args:
            logins: the logins that ``send`` may make, in their order.
            send: makes them and returns a module's result; raises ApiError where it has sent nothing.

        Raises:
            ApiError: ``access_denied``, or ``unreachable``: nothing was sent. Or one of ``send``.
        """
        credentials = {_key(login.credential): login.credential for login in logins if login.credential}
        arrived = time.time()
        with contextlib.ExitStack() as alone:
            if not self._have_worked(credentials, arrived):
                # In an order, so that no two processes wait for each other.
                for key in sorted(credentials):
                    alone.enter_context(self._document.locked(key))
                if self._have_worked(credentials, arrived):
                    alone.close()
            return self._observed(logins, send)

    def _have_worked(self, credentials: dict[str, Credential], arrived: float) -> bool:
        """Whether all of them have worked in this run. Raises ApiError where one must not be presented."""
        with self._document.locked():
            known = self._document.load()
        entries = {key: known.get(key, {}) for key in credentials}
        for key, entry in entries.items():
            if "refused" in entry:
                raise ApiError(
                    Outcome.ACCESS_DENIED,
                    f"the login as {credentials[key].name} {_WHY[entry['refused']]} earlier in this run, so that this "
                    "password is not presented again; correct it, or have the account unlocked, then run again",
                )
            if entry.get("failed_at", 0) >= arrived:
                # Shared with those who were waiting for it, so that they do not wait in turn.
                outcome, message = entry["failure"]
                raise ApiError(Outcome(outcome), message)
        return all(entry.get("worked") for entry in entries.values())

    def _observed(self, logins: Sequence[Login], send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {"outcome": Outcome.UNKNOWN}  # as long as nothing better is known
        try:
            result = send()
        except ApiError:
            result = {}
            raise
        finally:
            if any(login.credential for login in logins):
                self._keep(logins, result)
        return result

    def _keep(self, logins: Sequence[Login], result: dict[str, Any]) -> None:
        with self._document.locked():
            known = self._document.load()
            for login in logins:
                if login.becomes and result.get("change_sent"):
                    # Whatever it was before, now it is the password, or may be. Perhaps without a login of this task.
                    known.pop(_key(login.becomes), None)
            for login, outcome in zip(logins, login_outcomes(result), strict=False):
                if login.credential:
                    key = _key(login.credential)
                    known[key] = _learned(known.get(key, {}), outcome, str(result.get("msg")))
            if not self._document.save(known):
                # Thousands of administrators in one run. Who has worked may be alone once more.
                self._document.save({key: entry for key, entry in known.items() if "refused" in entry})


SHARED_CREDENTIALS = SharedCredentials()
"""Those of this run."""


def _key(credential: Credential) -> str:
    return key_of(*credential.parts)[:32]


def _learned(entry: dict[str, Any], outcome: Outcome, message: str) -> dict[str, Any]:
    """Return what is known about a credential after a login. What was refused stays refused."""
    if "refused" in entry:
        return entry
    if outcome in PROVES_PASSWORD:
        return {"worked": True}
    if outcome in (Outcome.WRONG_PASSWORD, Outcome.LOCKED):
        return {"refused": outcome}
    if outcome == Outcome.UNKNOWN:
        unknown = entry.get("unknown", 0) + 1
        return {"unknown": unknown} if unknown < _MOST_UNKNOWN else {"refused": outcome}
    if entry.get("worked"):
        return entry
    failure = ApiError(outcome, message)
    return {**entry, "failure": [failure.of_the_next, message], "failed_at": time.time()}

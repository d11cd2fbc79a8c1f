# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that are out of order. Each login without an answer may count as a failed one, so a run stops making them.

A page or an HTTP status in the place of the service's own answer is none: a load balancer or a proxy has written it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome, is_of_service
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import login_outcomes
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    SHARED_MEMORY,
    SharedDocument,
    SharedMemory,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login


class Outages:
    """How many logins in a row each server has left without an answer of its own, in a memory that processes share."""

    def __init__(self, shared: SharedMemory = SHARED_MEMORY) -> None:
        self._document = SharedDocument(shared, "outages")

    def send(self, most: int, logins: Sequence[Login], send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Make logins, unless their server has left too many in a row without an answer.

        Args:
            most: how many are too many; 0 is no limit.
            logins: the logins that ``send`` may make, in their order.
            send: makes them and returns a module's result.

        Raises:
            ApiError: ``unreachable``, nothing was sent.
        """
        if not most or not logins:
            return send()
        with self._document.locked():
            silent = self._document.load()
        for login in logins:
            if silent.get(login.server, 0) >= most:
                raise ApiError(Outcome.UNREACHABLE, _silent(login.server, silent[login.server]))
        result: dict[str, Any] = {"outcome": Outcome.UNKNOWN}  # where Ansible's time-out for tasks cuts it off
        try:
            result = send()
        except Exception:
            result = {}
            raise
        finally:
            self._keep(logins, result)
        return result

    def _keep(self, logins: Sequence[Login], result: Mapping[str, Any]) -> None:
        made = list(zip(logins, login_outcomes(result), strict=False))
        if not made:
            return
        with self._document.locked():
            silent = self._document.load()
            for login, outcome in made:
                if outcome == Outcome.UNKNOWN and not is_of_service(result.get("code")):
                    silent[login.server] = silent.get(login.server, 0) + 1
                elif outcome != Outcome.UNREACHABLE:
                    silent.pop(login.server, None)
            self._document.save(silent)


OUTAGES = Outages()
"""Those of this run."""


def _silent(server: str, number: int) -> str:
    return (
        f"{server} has left {number} logins in a row without an answer of the service itself, and each may count as a "
        "failed one, so this run makes no further one there. Nothing was sent; run again when the service answers"
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cap on the failed logins that one server sees from here, since servers also ban addresses.

It is never exceeded by one run: a login that is under way may fail, so it takes room until it has ended.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import login_outcomes
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    SHARED_MEMORY,
    SharedDocument,
    SharedMemory,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.counter_file import FailedLogins
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login

_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Cap:
    """How many failed logins a server may see.

    Attributes:
        folder: where they are counted.
        most: how many within the window; at least 1.
        window: how long one counts.
    """

    folder: str
    most: int
    window: timedelta

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Cap | None:
        """Return the cap that a module's options describe, None where there is none.

        Raises:
            InputError: naming what is at fault.
        """
        given = params.get("failed_login_cap")
        if given is None or given["most"] == 0:
            return None
        faults = []
        if given["most"] < 0:
            faults.append("most in failed_login_cap is negative; give a number of logins, or 0 for no cap")
        if not 0 < given["window_minutes"] <= 525600:
            faults.append("window_minutes in failed_login_cap is out of range; give more than 0, at most 525600")
        if faults:
            raise InputError(*faults)
        return cls(given["folder"], given["most"], timedelta(minutes=given["window_minutes"]))

    def counted(self, server: str) -> FailedLogins:
        """Return where a server's failed logins are counted."""
        return FailedLogins(self.folder, server, self.window)


class LoginsUnderWay:
    """The logins that the processes of this run are making, by server. Those of a process that is killed are over."""

    def __init__(self, shared: SharedMemory = SHARED_MEMORY) -> None:
        self._document = SharedDocument(shared, "logins_under_way")

    def send(self, cap: Cap | None, logins: Sequence[Login], send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Make logins as soon as the cap leaves room for them, and count those that had a wrong password.

        Args:
            cap: the cap; None leaves room for everything.
            logins: the logins that ``send`` may make, in their order.
            send: makes them and returns a module's result.

        Raises:
            ApiError: ``access_denied``, nothing was sent: the cap is reached, or failed logins cannot be counted.
        """
        if cap is None or not logins:
            return send()
        with self._room(cap, Counter(login.server for login in logins)):
            result = send()
            outcomes = zip(logins, login_outcomes(result), strict=False)
            failed = Counter(login.server for login, outcome in outcomes if outcome == Outcome.WRONG_PASSWORD)
            for server, count in failed.items():
                try:
                    cap.counted(server).add(count, now())
                except OSError as exc:
                    result.setdefault("warnings", []).append(_uncounted(cap, server, exc))
            return result

    @contextlib.contextmanager
    def _room(self, cap: Cap, wanted: Mapping[str, int]) -> Iterator[None]:
        me = str(os.getpid())
        # Held as long as this process lives and its logins are under way.
        with self._document.locked(me):
            while not self._take_room(cap, wanted, me):
                time.sleep(_PAUSE_SECONDS)
            try:
                yield
            finally:
                with self._document.locked():
                    self._document.save({other: servers for other, servers in self._alive(me).items() if other != me})

    def _take_room(self, cap: Cap, wanted: Mapping[str, int], me: str) -> bool:
        with self._document.locked():
            under_way = self._alive(me)
            for server, count in wanted.items():
                failed = _failed_logins(cap, server)
                if len(failed) + count > cap.most:
                    raise ApiError(Outcome.ACCESS_DENIED, _reached(cap, server, failed, count))
                if len(failed) + count + sum(servers.get(server, 0) for servers in under_way.values()) > cap.most:
                    return False
            if not self._document.save({**under_way, me: dict(wanted)}):
                message = "this run has more processes than can be counted; run it with fewer forks"
                raise ApiError(Outcome.ACCESS_DENIED, message)
            return True

    def _alive(self, me: str) -> dict[str, dict[str, int]]:
        return {
            process: servers
            for process, servers in self._document.load().items()
            if process == me or self._document.is_held(process)
        }


LOGINS_UNDER_WAY = LoginsUnderWay()
"""Those of this run."""


def _failed_logins(cap: Cap, server: str) -> list[datetime]:
    try:
        return cap.counted(server).times(now())
    except OSError as exc:
        raise ApiError(Outcome.ACCESS_DENIED, f"{_uncounted(cap, server, exc)}. Nothing was sent") from None


def _uncounted(cap: Cap, server: str, exc: OSError) -> str:
    return (
        f"failed logins to {server} cannot be counted in {cap.folder} ({os.strerror(exc.errno or 0)}); make this "
        "folder, which failed_login_cap names, writable"
    )


def _reached(cap: Cap, server: str, failed: Sequence[datetime], count: int) -> str:
    option = "failed_login_cap.most, in the role rotate_max_failed_logins_per_server"
    if not failed:
        return f"{count} logins may fail here, and {cap.most} is the cap of {server}; raise {option}"
    until = failed[len(failed) + count - cap.most - 1] + cap.window
    return (
        f"{server} has seen {len(failed)} failed logins from this controller within "
        f"{cap.window / timedelta(minutes=1):g} minutes, and {cap.most} is the cap, so that it does not ban this "
        f"machine. No login is tried before {until:%Y-%m-%d %H:%M} UTC; find out why the passwords are wrong, or raise "
        f"{option}"
    )

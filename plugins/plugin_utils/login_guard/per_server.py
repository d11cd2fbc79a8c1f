# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cap on the wrong logins that one server sees from here, since servers also ban addresses.

It is never exceeded by one run: a login that is under way may be a wrong one, so it takes room until it has ended.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import login_outcomes
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.counter_file import WrongLogins
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login

_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Cap:
    """How many wrong logins a server may see.

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
        given = params.get("failing_login_cap")
        if given is None or given["most"] == 0:
            return None
        faults = []
        if given["most"] < 0:
            faults.append("most in failing_login_cap is negative; give a number of logins, or 0 for no cap")
        if not 0 < given["window_minutes"] <= 525600:
            faults.append("window_minutes in failing_login_cap is out of range; give more than 0, at most 525600")
        if faults:
            raise InputError(*faults)
        return cls(given["folder"], given["most"], timedelta(minutes=given["window_minutes"]))

    def counted(self, server: str) -> WrongLogins:
        """Return where a server's wrong logins are counted."""
        return WrongLogins(self.folder, server, self.window)


class LoginsUnderWay:
    """The logins that the processes of this run are making, by server. Those of a process that is killed are over."""

    def __init__(self) -> None:
        self._memory = SharedMemory()

    def send(self, cap: Cap | None, logins: Sequence[Login], send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Make logins as soon as the cap leaves room for them, and count those that were wrong.

        Args:
            cap: the cap; None leaves room for everything.
            logins: the logins that ``send`` may make, in their order.
            send: makes them and returns a module's result.

        Raises:
            ApiError: ``denied``, nothing was sent: the cap is reached, or wrong logins cannot be counted.
        """
        if cap is None or not logins:
            return send()
        with self._room(cap, Counter(login.server for login in logins)):
            result = send()
            outcomes = zip(logins, login_outcomes(result), strict=False)
            wrong = Counter(login.server for login, outcome in outcomes if outcome == "bad")
            for server, count in wrong.items():
                try:
                    cap.counted(server).add(count, now())
                except OSError as exc:
                    result.setdefault("warnings", []).append(_uncounted(cap, server, exc))
            return result

    @contextlib.contextmanager
    def _room(self, cap: Cap, wanted: Mapping[str, int]) -> Iterator[None]:
        me = str(os.getpid())
        # Held as long as this process lives and its logins are under way.
        with self._memory.locked(me):
            while not self._take_room(cap, wanted, me):
                time.sleep(_PAUSE_SECONDS)
            try:
                yield
            finally:
                with self._memory.locked():
                    self._memory.save({other: servers for other, servers in self._alive(me).items() if other != me})

    def _take_room(self, cap: Cap, wanted: Mapping[str, int], me: str) -> bool:
        with self._memory.locked():
            under_way = self._alive(me)
            for server, count in wanted.items():
                wrong = _wrong_logins(cap, server)
                if len(wrong) + count > cap.most:
                    raise ApiError("denied", _reached(cap, server, wrong, count))
                if len(wrong) + count + sum(servers.get(server, 0) for servers in under_way.values()) > cap.most:
                    return False
            if not self._memory.save({**under_way, me: dict(wanted)}):
                raise ApiError("denied", "this run has more processes than can be counted; run it with fewer forks")
            return True

    def _alive(self, me: str) -> dict[str, dict[str, int]]:
        return {
            process: servers
            for process, servers in self._memory.load().items()
            if process == me or self._memory.is_held(process)
        }


LOGINS_UNDER_WAY = LoginsUnderWay()
"""Those of this run."""


def _wrong_logins(cap: Cap, server: str) -> list[datetime]:
    try:
        return cap.counted(server).times(now())
    except OSError as exc:
        raise ApiError("denied", f"{_uncounted(cap, server, exc)}. Nothing was sent") from None


def _uncounted(cap: Cap, server: str, exc: OSError) -> str:
    return (
        f"wrong logins to {server} cannot be counted in {cap.folder} ({os.strerror(exc.errno or 0)}); make this "
        "folder, which failing_login_cap names, writable"
    )


def _reached(cap: Cap, server: str, wrong: Sequence[datetime], count: int) -> str:
    option = "failing_login_cap.most, in the role rotate_max_failing_logins_per_server"
    if not wrong:
        return f"{count} logins may be wrong here, and {cap.most} is the cap of {server}; raise {option}"
    until = wrong[len(wrong) + count - cap.most - 1] + cap.window
    return (
        f"{server} has seen {len(wrong)} wrong logins from this controller within "
        f"{cap.window / timedelta(minutes=1):g} minutes, and {cap.most} is the cap, so that it does not ban this "
        f"machine. No login is tried before {until:%Y-%m-%d %H:%M} UTC; find out why the passwords are wrong, or raise "
        f"{option}"
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that goes wrong is stopped before it has gone through the whole fleet.

The first host that sends anything is the canary: the others wait for it, and where it fails none of them begins. Then
as many may be under way as have succeeded so far, and a run in which too many fail begins no further host. Ansible's
max_fail_percentage knows only batches, and counts what was known without a request.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    SHARED_MEMORY,
    SharedDocument,
    SharedMemory,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAUSE_SECONDS = 0.02
_PATIENCE_SECONDS = 2
"""How long a host waits for those before it, of which one may be the canary. One may never come: it was unreachable."""
_ALLOWED = 1
"""So many hosts may always fail, unless one is the canary: in a small fleet one would be many percent."""

_begun: set[tuple[str, str]] = set()
"""The hosts that this process has begun: a worker of one task, which does the items of its loop in turn."""
_failed: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class Fleet:
    """The hosts of a play.

    Attributes:
        key: what tells this play's hosts from those of another one in the same run.
        hosts: their names, in the order in which they are begun.
        most_percent: how many percent of those that were begun may fail, 0 to 100. With 100 nothing stops the run.
    """

    key: str
    hosts: Sequence[str]
    most_percent: float


class Brake:
    """Whether a host may begin, among the processes of a run. A process that is killed takes itself out."""

    def __init__(self, fleet: Fleet | None, host: str, shared: SharedMemory = SHARED_MEMORY) -> None:
        """Prepare; nothing is waited for yet.

        Args:
            fleet: the hosts; None where nothing is to be braked.
            host: the one that is worked on.
            shared: the memory of the run.
        """
        self._fleet = fleet if fleet and fleet.most_percent < 100 else None
        self._host = host
        self._document = SharedDocument(shared, "brake")
        self._held = ExitStack()
        self._me = str(os.getpid())
        self._place = fleet.hosts.index(host) if fleet and host in fleet.hosts else 0
        self._has_begun = False

    def enter(self) -> str:
        """Wait until the host may begin. Returns "" then, or why it must not."""
        fleet = self._fleet
        if fleet is None or self._has_begun:
            return ""
        # Held as long as this process lives and works on the host.
        self._held.enter_context(self._document.locked(self._me))
        is_known = (fleet.key, self._host) in _begun
        patience = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with self._document.locked():
                state = self._state(fleet)
                if state["stopped"]:
                    self._held.close()
                    return str(state["stopped"])
                is_first = state["passed"] >= self._place or time.monotonic() > patience
                if is_known or ((is_first or state["ended"]) and len(state["under_way"]) < _room(state, fleet)):
                    state["under_way"].append(self._me)
                    self._document.save({fleet.key: state})
                    break
            time.sleep(_PAUSE_SECONDS)
        self._has_begun = True
        return ""

    def leave(self, failure: str) -> str:
        """Note how the host has ended, and return why the run stops now; "" where it goes on.

        Args:
            failure: what it came to; "" for a success.
        """
        fleet = self._fleet
        if fleet is None:
            return ""
        me = fleet.key, self._host
        with self._document.locked():
            state = self._state(fleet)
            if not self._has_begun:
                self._pass_by(fleet, state)
                return ""
            state["under_way"] = [process for process in state["under_way"] if process != self._me]
            state["ended"] += me not in _begun
            state["failed"] += bool(failure) and me not in _failed
            stops = "" if state["stopped"] else _why(state, fleet, self._host, failure)
            state["stopped"] = state["stopped"] or stops
            self._document.save({fleet.key: state})
        _begun.add(me)
        if failure:
            _failed.add(me)
        self._held.close()
        self._has_begun = False
        return stops

    def _pass_by(self, fleet: Fleet, state: dict[str, Any]) -> None:
        """Note that the host is no canary, since nothing is sent for it."""
        if state["ended"]:
            return
        beyond = {*state["beyond"], self._place}
        while state["passed"] in beyond:
            beyond.remove(state["passed"])
            state["passed"] += 1
        self._document.save({fleet.key: {**state, "beyond": [place for place in beyond if place > state["passed"]]}})

    def _state(self, fleet: Fleet) -> dict[str, Any]:
        known: dict[str, Any] = self._document.load().get(fleet.key) or {}
        # All hosts before the place `passed` need nothing sent, and so do those at the places beyond it.
        state = {"under_way": [], "ended": 0, "failed": 0, "stopped": "", "passed": 0, "beyond": [], **known}
        state["under_way"] = [one for one in state["under_way"] if one == self._me or self._document.is_held(one)]
        return state


def _room(state: dict[str, Any], fleet: Fleet) -> float:
    """Return how many hosts may be under way: the canary alone, then as many as trust has grown."""
    ended, failed = state["ended"], state["failed"]
    if not ended:
        return 1
    trust = ended - failed - (failed * 100 / fleet.most_percent if fleet.most_percent else ended * failed)
    return float(1 + max(_most(ended, fleet) - failed, trust))


def _most(ended: int, fleet: Fleet) -> float:
    return max(_ALLOWED, ended * fleet.most_percent / 100)


def _why(state: dict[str, Any], fleet: Fleet, host: str, failure: str) -> str:
    """Return why the run stops; "" where it goes on."""
    ended, failed = state["ended"], state["failed"]
    if not failure or (ended > 1 and failed <= _most(ended, fleet)):
        return ""
    which = f"its first one, {host}, failed" if ended == 1 else f"{failed} of them failed, the last one was {host}"
    return f"the run stopped after {ended} of {len(fleet.hosts)} hosts, because {which} ({failure})"

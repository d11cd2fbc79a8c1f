# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The algorithm, played through: a server, a store and a run that may be cut off anywhere, against the real decisions.

The model follows plugins/action/credential.py and roles/rotate/tasks/*/rotate.yml step by step. A case is a list of
runs, each with at most one thing that goes wrong, and runs without faults after them. Whatever the faults:

* the live password is held by the store, unless somebody else changed it;
* the account never sees more than two wrong logins in a row, so it is never locked;
* there is never a second candidate while the first is unresolved;
* runs without faults end quiet: the password rotated, or the divergence reported and nothing tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Decision, Rules, Run
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, Sealed

START = datetime(2026, 11, 21, tzinfo=timezone.utc)
LOCK_AFTER = 3
SOMEBODY = "somebody else's"
ORIGINAL = "original"


class Killed(Exception):
    """The run ends here, without another word."""


@dataclass
class Server:
    """An account: its password, and a counter of wrong logins that only a success resets."""

    password: str = ORIGINAL
    wrong: int = 0
    most_wrong: int = 0

    def log_in(self, password: str) -> str:
        if self.wrong >= LOCK_AFTER:
            return "locked"
        if password == self.password:
            self.wrong = 0
            return "ok"
        self.wrong += 1
        self.most_wrong = max(self.most_wrong, self.wrong)
        return "bad"


@dataclass
class World:
    """Server, store, clock, and the faults of the run that is being played."""

    faults: dict[str, str] = field(default_factory=dict)
    server: Server = field(default_factory=Server)
    entry: Entry = field(default_factory=lambda: Entry(version=1, current=Sealed(ORIGINAL)))
    time: datetime = START
    runs: int = 0
    candidates: int = 0
    somebody_changed: bool = False

    def wait(self, pause: timedelta) -> None:
        """Let time pass. A server forgets wrong logins after the lock window."""
        self.time += pause
        if pause > RULES.lock_window:
            self.server.wrong = 0

    # -- what may go wrong between any two steps --

    def point(self, name: str) -> None:
        """Pass a point at which the run may be killed, or somebody else may change the password."""
        fault = self.faults.get(name)
        if fault == "somebody":
            self.server.password, self.somebody_changed = SOMEBODY, True
        self.check()
        if fault == "kill":
            raise Killed

    def check(self) -> None:
        held = {self.entry.current, self.entry.staged}
        assert self.server.password in held or self.somebody_changed, "the live password is lost"
        assert self.server.most_wrong < LOCK_AFTER, "the account was locked"

    def write(self, entry: Entry | None) -> None:
        """Write the store."""
        if entry is None:
            return
        if self.entry.staged and entry.staged not in (None, self.entry.staged):
            raise AssertionError("a second candidate while the first is unresolved")
        self.entry = entry.changed(version=self.entry.version + 1)

    # -- the modules --

    def log_in(self, step: str, password: str) -> str:
        """Log in as the module of this collection reports it. Only a lost answer hides that the password was tried."""
        fault = self.faults.get(step)
        if fault in ("live", "denied", "unreachable"):
            return fault
        outcome = self.server.log_in(password)
        return "unknown" if fault == "lost" else outcome

    def change(self, old: str, new: str) -> tuple[str, str | None, bool]:
        """Change the password, as the module reports it: outcome, login, password_refused. It does not probe."""
        fault = self.faults.get("change")
        login = self.log_in("change login", old)
        if login != "ok":
            return "refused", login, False
        if fault == "refused":
            return "refused", "ok", True
        if fault not in ("lie", "lost before", "unreachable"):
            self.server.password = new
        if fault == "killed after":
            self.check()
            raise Killed
        if fault in ("lost before", "lost after"):
            return "unknown", "ok", False
        return ("refused", "ok", False) if fault == "unreachable" else ("changed", "ok", False)

    # -- the role --

    def play(self, rules: Rules) -> Decision:
        """Run the role once, and return its last decision."""
        self.runs += 1
        me = f"run {self.runs}"
        run = Run(me, self.time, is_over=lambda name: name != me)
        try:
            return self._steps(rules, run)
        except Killed:
            return Decision("killed", "", "fail")

    def _steps(self, rules: Rules, run: Run) -> Decision:
        self.point("start")
        plan = rotation.plan(self.entry, rules, run)
        self.write(plan.entry)
        if plan.step != "log_in":
            return plan
        self.point("planned")

        outcome = self.log_in("log in", str(getattr(self.entry, plan.login)))
        self.point("logged in")
        if outcome not in ("ok", "bad", "live"):
            return self._record(rules, run, {plan.login: outcome})

        stage = rotation.after_login(self.entry, rules, run, plan.login, outcome)
        entry = stage.entry
        if stage.step == "change" and entry and not entry.staged:
            self.candidates += 1
            entry = entry.changed(staged=Sealed(f"candidate {self.candidates}"), staged_at=run.time)
        self.write(entry)
        if stage.step not in ("change", "commit"):
            return stage
        self.point("staged")
        staged_at = self.entry.staged_at

        if stage.step == "change":
            outcome, login, refused = self.change(str(self.entry.current), str(self.entry.staged))
            self.point("changed")
            if outcome == "refused":
                return self._record(rules, run, {"current": login}, refused)
            verdict = self.log_in("verify", str(self.entry.staged))
            self.point("verified")
            if verdict != "ok":
                return self._record(rules, run, {"staged": verdict})
        done = rotation.commit(self.entry, run, staged_at)
        self.write(done.entry)
        self.point("committed")
        return done

    def _record(self, rules: Rules, run: Run, logins: dict[str, str | None], refused: bool = False) -> Decision:
        self.point("before recording")
        decision = rotation.after_failure(self.entry, rules, run, logins, candidate_refused=refused)
        self.write(decision.entry)
        self.point("recorded")
        return decision


POINTS = ["start", "planned", "logged in", "staged", "changed", "verified", "committed", "before recording", "recorded"]
FAULTS: list[dict[str, str]] = [
    {},
    *({point: "kill"} for point in POINTS),
    *({point: "somebody"} for point in POINTS),
    *({"change": fault} for fault in ("refused", "lie", "lost before", "lost after", "unreachable", "killed after")),
    *(
        {login: fault}
        for login, fault in product(("log in", "change login", "verify"), ("lost", "live", "denied", "unreachable"))
    ),
    # Two things at once: the answer is lost, and the login that would have told is lost too, or the run ends.
    *(
        {"change": change, **then}
        for change, then in product(
            ("lie", "lost before", "lost after"), ({"verify": "lost"}, {"verify": "unreachable"}, {"changed": "kill"})
        )
    ),
]
RULES = Rules(when="always")
WINDOW = RULES.lock_window + timedelta(minutes=1)
DAY = timedelta(days=1)


def sequences(length: int) -> Iterator[tuple[dict[str, str], ...]]:
    return product(FAULTS, repeat=length)


def named(faults: tuple[dict[str, str], ...]) -> str:
    return ", then ".join(str(one or "no fault") for one in faults)


@pytest.mark.parametrize(
    ("pause", "max_failing_logins"), [(timedelta(seconds=1), 2), (WINDOW, 2), (timedelta(seconds=1), 1)]
)
def test_nothing_is_lost_locked_or_left_open(pause: timedelta, max_failing_logins: int) -> None:
    rules = Rules(when="always", max_failing_logins=max_failing_logins)
    for faults in sequences(2):
        world = World()
        try:
            for one in faults:
                world.faults = one
                world.play(rules)
                world.wait(pause)
            settle(world, rules)
        except AssertionError as exc:
            raise AssertionError(f"{named(faults)}: {exc}") from exc


def settle(world: World, rules: Rules) -> None:
    """Run without faults, each run after the lock window, until the account is at peace; then see what was reached."""
    world.faults = {}
    for _time in range(4):
        world.wait(WINDOW)
        decision = world.play(rules)
        world.check()
        if decision.outcome in ("rotated", "diverged"):
            break
    if decision.outcome == "diverged":
        assert world.somebody_changed, "divergence without a cause"
        before = world.server.most_wrong, world.entry
        assert world.play(rules).outcome == "diverged"
        assert (world.server.most_wrong, world.entry) == before, "a diverged credential is left alone"
    else:
        assert decision.outcome == "rotated", f"ends {decision.outcome}: {decision.message}"
        assert world.server.password == world.entry.current
        assert world.entry.staged is None
        assert world.entry.ledger == ()
        assert world.play(Rules(when="due")).outcome == "not_due"


@pytest.mark.parametrize("first", FAULTS, ids=lambda one: named((one,)))
def test_repeated_faults_within_one_lock_window_never_lock(first: dict[str, str]) -> None:
    """The same runs over and over, as an impatient scheduler does it, while the server forgets nothing."""
    for second in FAULTS:
        world = World()
        for one in (first, second, first, second, {}, {}):
            world.faults = one
            world.play(RULES)
            world.check()
            world.wait(timedelta(seconds=10))

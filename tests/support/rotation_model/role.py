# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of roles/rotate for one credential, step by step, as plugins/plugin_utils/steps.py and transition.py do it,
with the real decisions.

A run is a generator: it stops before everything that lasts, a write or a request, and is told what goes wrong with it.
A run that is killed is one that is not continued.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from support.rotation_model.world import (
    Point,
    Verdict,
    World,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import PROVES_PASSWORD
from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import NOTHING_TOLD, Decision, Rules, Told
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, Sealed

CONFLICTS = 5
NO_PASSWORD = Verdict("")
"""Of a login that was not tried, because the store holds no such password: the lookup fails."""
Steps = Generator[Point, str, Any]


class StoreFailed(Exception):
    """A write of the store was reported as failed."""


class Result(NamedTuple):
    """What a transition of the credential action returns, and what the role registers."""

    step: str
    login: str
    resent: bool
    version: int
    staged_at: datetime | None
    outcome: str


class Change(NamedTuple):
    """What the module that changes the password returns."""

    outcome: str
    login: Verdict | None = None
    password_refused: bool = False


class Rotation:
    """A run."""

    kind = "run"

    def __init__(
        self, world: World, rules: Rules, name: str = "", is_over: Callable[[str], bool] | None = None
    ) -> None:
        world.runs += 1
        self.world = world
        self.rules = rules
        self.name = name or f"{self.kind} {world.runs}"
        self.run = rotation.Run(self.name, world.time, is_over or (lambda name: name != self.name))
        self.registered: dict[str, Any] = {}

    def memory(self) -> tuple[Any, ...]:
        """Return everything that this run's future depends on, apart from the world and where it stands."""
        return tuple(self.registered.items())

    def steps(self) -> Steps:
        """Run the role. Returns the outcome."""
        try:
            plan = yield from self._transition("plan", self._plan)
        except StoreFailed:
            return "failed"  # Then nothing is recorded: the plan may be anything.
        self.registered["plan"] = plan
        try:
            return (yield from self._after_plan(plan))
        except StoreFailed:
            return "failed"

    def _after_plan(self, plan: Result) -> Steps:
        stage = plan
        if plan.step == "log_in":
            verdict = yield from self.log_in("log in", plan.login)
            self.registered["login"] = verdict
            if verdict.outcome not in (*PROVES_PASSWORD, "bad", "live"):
                return (yield from self._record(plan, {plan.login: verdict.outcome or None}, verdict.told))
            try:
                stage = yield from self._transition("stage", lambda entry: self._stage(entry, plan, verdict))
            except StoreFailed:
                return (yield from self._record(plan, {}))  # What came of the login is not known here: it stays booked.
            self.registered["stage"] = stage
        if stage.step not in ("change", "repair", "commit"):
            return stage.outcome
        if stage.step != "commit":
            change = yield from (self.change() if stage.step == "change" else self.repair())
            self.registered["change"] = change
            if change.outcome in ("refused", "failed"):
                return (yield from self._record_change(stage, change))
            verdict = yield from self.log_in("verify", "staged")
            self.registered["verify"] = verdict
            if verdict.outcome not in PROVES_PASSWORD:
                return (yield from self._record(stage, {"staged": verdict.outcome or None}, verdict.told))
        try:
            done = yield from self._transition(
                "commit", lambda entry: rotation.commit(entry, self.run, stage.staged_at)
            )
        except StoreFailed:
            return (yield from self._record(stage, {stage.login: None}, is_commit=True))
        if done.step == "fail":
            return (yield from self._record(stage, {stage.login: None}, is_commit=True))
        return done.outcome

    # -- the requests --

    def password(self, secret: str) -> str:
        """Return what the lookup finds in the store when the task begins."""
        return str(getattr(self.world.entry, secret) or "")

    def log_in(self, step: str, secret: str) -> Steps:
        password = self.password(secret)
        if not password:
            return NO_PASSWORD
        fault = yield Point(step, "login")
        return self.world.log_in(password, fault, self.name)

    def change(self) -> Steps:
        """Log in, change, log out. It does not probe the new password."""
        old, new = self.password("current"), self.password("staged")
        self.registered["sent"] = old, new
        if not (old and new):
            return Change("failed", NO_PASSWORD)
        fault = yield Point("change login", "login")
        verdict = self.world.log_in(old, fault, self.name)
        if verdict.outcome not in PROVES_PASSWORD:
            return Change("refused", verdict)
        fault = yield Point("change", "change")
        outcome, refused = self.world.send(new, fault)
        return Change(outcome, verdict, refused)

    def repair(self) -> Steps:
        """Let the administrator set the candidate."""
        new = self.password("staged")
        self.registered["sent"] = new
        fault = yield Point("repair", "change")
        outcome, refused = self.world.send(new, fault)
        return Change(outcome, None, refused)

    # -- the transitions --

    def _transition(self, step: str, decide: Callable[[Entry], Decision]) -> Steps:
        """Read, decide, write; decide anew when another run wrote in between."""
        for _attempt in range(CONFLICTS):
            read = self.world.entry
            decision = decide(read)
            is_new = decision.entry is not None and decision.entry.staged not in (None, read.staged)
            if decision.entry is None:
                return self._result(decision, read, is_new)
            self.registered["read"] = read.version
            fault = yield Point(step, "write")
            if fault == "fails":
                raise StoreFailed
            if self.world.entry.version != read.version:
                continue
            self.world.write(decision.entry, step)
            if fault == "written, reported failed":
                raise StoreFailed
            return self._result(decision, self.world.entry, is_new)
        raise StoreFailed

    def _result(self, decision: Decision, entry: Entry, is_new: bool) -> Result:
        resent = decision.step in ("change", "repair") and not is_new
        return Result(decision.step, decision.login, resent, entry.version, entry.staged_at, decision.outcome)

    def _plan(self, entry: Entry) -> Decision:
        decision = rotation.plan(entry, self.rules, self.run)
        if decision.step in ("change", "repair"):
            return self._with_candidate(decision)
        return decision

    def _stage(self, entry: Entry, plan: Result, verdict: Verdict) -> Decision:
        if entry.version != plan.version:
            return rotation.overtaken(entry, self.run, {plan.login: verdict.outcome})
        decision = rotation.after_login(entry, self.rules, self.run, plan.login, verdict.outcome, verdict.told)
        return self._with_candidate(decision) if decision.step == "change" else decision

    def _with_candidate(self, decision: Decision) -> Decision:
        """Return the decision with a new candidate, where there is none."""
        entry = decision.entry
        if entry is None or entry.staged:
            return decision
        self.world.candidates += 1
        candidate = Sealed(f"candidate {self.world.candidates}")
        return decision._replace(entry=rotation.with_candidate(entry, self.run, candidate))

    def _record_change(self, sent: Result, change: Change) -> Steps:
        if sent.step == "repair":
            logins: dict[str, str | None] = {"staged": None}
        else:
            logins = {"current": change.login.outcome or None} if change.login and self.rules.needs_current else {}
        told = change.login.told if change.login else NOTHING_TOLD
        return (
            yield from self._record(
                sent,
                logins,
                told,
                candidate_refused=change.password_refused,
                not_carried_out=change.outcome == "refused",
            )
        )

    def _record(
        self,
        since: Result,
        logins: Mapping[str, str | None],
        told: Told = NOTHING_TOLD,
        *,
        is_commit: bool = False,
        **found: bool,
    ) -> Steps:
        def decide(entry: Entry) -> Decision:
            if entry.version != since.version and entry.written_by != self.run.name:
                left = rotation.overtaken(entry, self.run, logins)
                return left._replace(outcome="failed", step="fail") if is_commit else left
            return rotation.after_failure(entry, self.rules, self.run, logins, resent=since.resent, told=told, **found)

        self.registered["failure"] = (tuple(logins.items()), told, tuple(found.items()))
        return (yield from self._transition("record", decide)).outcome

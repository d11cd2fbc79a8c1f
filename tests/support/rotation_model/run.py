# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the product's own flow in a world where everything can go wrong.

It carries out what plugins/plugin_utils/rotation/flow.py yields. It is a generator itself: it stops before everything
that lasts, a write or a request, and is told what goes wrong with it. A run that is killed is one that is not continued.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from support.rotation_model.world import Point, World

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import PERSON, RESENT
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    NOT_TRIED,
    ChangeReport,
    Effect,
    Enrollment,
    LogIn,
    LoginReport,
    Repair,
    Rules,
    Run,
    Step,
    Whose,
    Write,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    CURRENT,
    INITIAL,
    STAGED,
    Ciphertext,
    Entry,
)

CONFLICTS = 5
RECORDS = {"change": "record change", "verify": "record verify"}
"""Points of the writes whose step has a request of the same name."""

Play = Generator[Point, str, Any]


class StoreFailed(Exception):
    """A write of the store was reported as failed."""


class Drawn:
    """Candidates that are told apart."""

    def __init__(self, world: World) -> None:
        self._world = world

    def draw(self, entry: Entry, announced: Mapping[str, Any]) -> Ciphertext:
        return self._next("candidate")

    def draw_for_repair(self, entry: Entry) -> Ciphertext:
        return self._next("temporary" if self.is_temporary else "candidate")

    def suits_repair(self, candidate: Ciphertext) -> bool:
        return candidate.startswith("temporary") or not self.is_temporary

    @property
    def is_temporary(self) -> bool:
        return self._world.is_narrow

    def _next(self, kind: str) -> Ciphertext:
        self._world.candidates += 1
        return Ciphertext(f"{kind} {self._world.candidates}")


class ModelRun:
    """A run.

    Attributes:
        name: as the store knows it.
    """

    def __init__(
        self,
        world: World,
        rules: Rules,
        name: str = "",
        is_over: Callable[[str], bool] | None = None,
        enrolls: Enrollment | None = None,
        *,
        verifies: bool = False,
        takes_over: bool = False,
    ) -> None:
        world.runs += 1
        world.has_another_way = rules.has_parent or rules.repair
        world.proved, world.refused, world.is_disturbed = "", frozenset(), False
        self.world = world
        self.name = name or f"run {world.runs}"
        run = Run(self.name, world.time, is_over or (lambda name: name != self.name), "host")
        decide = Decisions(rules, run, Drawn(world))
        self.rules = rules
        if enrolls:
            self._flow = flow.enroll(decide, enrolls)
        elif takes_over:
            self._flow = flow.take_over(decide)
        else:
            self._flow = flow.verify(decide) if verifies else flow.rotate(decide)
        self._given = enrolls
        self._told: list[Any] = []
        self._reports: list[str] = []
        self._session: str | None = None
        self._read = 0
        self._resent: int | None = None

    def memory(self) -> tuple[Any, ...]:
        """Return everything that this run's future depends on, apart from the world and where it stands."""
        last = self._told[-1] if self._told else None
        step = (last.decision.next, last.decision.slot, last.entry) if isinstance(last, Step) else None
        return step, tuple(self._reports), self._session, self._read

    def steps(self) -> Play:
        """Carry the flow out. Returns the outcome."""
        answer = None
        while True:
            try:
                effect = self._flow.send(answer)
                answer = yield from self._perform(effect)
            except StopIteration as end:
                return str(end.value.decision.outcome)
            except StoreFailed:
                return "failed"
            self._told.append(answer)
            if not isinstance(answer, Step):
                self._reports.append(str(answer))

    def _perform(self, effect: Effect) -> Play:
        if isinstance(effect, Write):
            return (yield from self._write(effect))
        if isinstance(effect, LogIn):
            return (yield from self._log_in(effect))
        return (yield from self._change(effect))

    # -- the store --

    def _write(self, effect: Write) -> Play:
        """Read, decide, write; decide anew when another run wrote in between."""
        world = self.world.entry_of(effect.whose)
        for _attempt in range(CONFLICTS):
            read = world.entry
            self._read = read.version
            if not (read.current or read.staged or effect.may_create):
                raise StoreFailed
            decision = effect.decide(read)
            after = decision.entry
            is_new = after is not None and after.staged not in (None, read.staged)
            if after is None:
                return Step(decision, read, is_new)
            self._check_asked(read, after)
            if effect.whose is Whose.OWN:
                self._check_verdict(read, after)
            name = RECORDS.get(effect.name, effect.name)
            fault = yield Point(name if effect.whose is Whose.OWN else f"{name} other", "write")
            if fault == "fails":
                raise StoreFailed
            if world.entry.version != read.version:
                continue
            world.write(after, effect.name)
            if fault == "written, reported failed":
                raise StoreFailed
            return Step(decision, world.entry, is_new)
        raise StoreFailed

    def _check_asked(self, read: Entry, after: Entry) -> None:
        """Whether a login beyond the two is asked for by one who may, and by each only once."""
        asked = [line for line in after.ledger if line.asked_by and line not in read.ledger]
        may_ask = self.rules.retry_diverged or (self._given is not None and self._given.replace)
        for line in asked:
            assert may_ask if line.asked_by == PERSON else self.rules.repair, f"nobody has asked for {line}"
            if line.slot != INITIAL:
                same = [one for one in after.ledger if one.asked_by == line.asked_by and one.slot != INITIAL]
                assert len(same) == 1, f"{line.asked_by} is heard twice"

    def _check_verdict(self, read: Entry, after: Entry) -> None:
        """Whether a run that ends and has sent nothing leaves what was known about the candidate."""
        resent, left = (
            sum((line.slot, line.outcome) == (STAGED, RESENT) for line in entry.ledger) for entry in (read, after)
        )
        self._resent = resent if self._resent is None else self._resent
        has_sent = any(isinstance(told, ChangeReport) and told.is_sent for told in self._told)
        if after.written_by is None and not has_sent and not self.rules.retry_diverged:
            assert left <= self._resent, "a candidate was not sent, and it is forgotten that it was refused"

    def _password(self, slot: str) -> str:
        """Return what the store holds when the request begins."""
        if self._given and slot == "initial":
            return str(self._given.password)
        return str(self.world.entry.password(slot) or "")

    # -- the requests --

    def _log_in(self, effect: LogIn) -> Play:
        password = self._password(effect.slot)
        if not password:
            return NOT_TRIED
        fault = yield Point(effect.name.replace("_", " "), "login")
        report = self.world.log_in(password, fault, self.name)
        self._session = password if report.proves and effect.for_change else None
        return report

    def _change(self, effect: Effect) -> Play:
        """Change in the session of the login; a repair needs none."""
        session, self._session = self._session, None
        old, new = self._password(CURRENT), self._password(STAGED)
        if not new:
            return ChangeReport(None, is_sent=False)
        if isinstance(effect, Repair):
            return (yield from self._repair(effect, new))
        fault = yield Point(effect.name, "change")
        return self.world.change(session or old, new, fault, self.name)

    def _repair(self, effect: Repair, new: str) -> Play:
        """Have the administrator set a password, who logs in first where the store knows one."""
        login: LoginReport | None = None
        if self.rules.has_administrator:
            fault = yield Point("repair login", "login")
            login = log_in_to_other(self.world, fault, self.name)
            if not login.proves:
                return ChangeReport(login.outcome, is_sent=False, parent=login)
        fault = yield Point(effect.name, "change")
        return replace(self.world.send(new, fault), parent=login)


def log_in_to_other(world: Any, fault: str, run: str) -> LoginReport:
    """Log in with the password of the account, or of the administrator."""
    other = world.other
    report: LoginReport = other.log_in(str(other.entry.current), fault, f"{run} host")
    return report


class PhoneRun(ModelRun):
    """A run for a SIP phone, whose password is changed with that of its business account.

    The CEC verifies the phone's password with the account's as well; a registrar verifies it without.
    """

    world: Any

    def _log_in(self, effect: LogIn) -> Play:
        if self.world.has_registrar:
            return (yield from super()._log_in(effect))
        password = self._password(effect.slot)
        if not password:
            return NOT_TRIED
        fault = yield Point(effect.name.replace("_", " "), "login")
        parent = log_in_to_other(self.world, fault, self.name)
        self._session = None
        if not parent.proves:
            outcome = Outcome.UNREACHABLE if parent.outcome == Outcome.UNREACHABLE else Outcome.ACCESS_DENIED
            return LoginReport(outcome, parent=parent)
        if password != self.world.server.password:
            # The CEC tells the password, and nobody has tried a login with it.
            self.world.refused |= {password}
            return LoginReport(Outcome.WRONG_PASSWORD, counts=False, parent=parent)
        self._session = password if effect.for_change else None
        self.world.proved = password
        return LoginReport(Outcome.OK, parent=parent)

    def _change(self, effect: Effect) -> Play:
        session, self._session = self._session, None
        new = self._password(STAGED)
        if not new:
            return ChangeReport(None, is_sent=False)
        parent = None
        if self.world.has_registrar or not session:
            fault = yield Point("change login", "login")
            parent = log_in_to_other(self.world, fault, self.name)
            if not parent.proves:
                return ChangeReport(parent.outcome, is_sent=False, parent=parent)
        fault = yield Point(effect.name, "change")
        return replace(self.world.set_phone(new, fault, self.name), parent=parent)

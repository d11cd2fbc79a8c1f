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

Two worlds are added to that. In one an administrator may set a diverged password: what has been set is in the store,
whatever happened then, and runs without faults end rotated. In the other a SIP phone is changed with the password of
its business account: a phone's password that is lost is replaced, and both kinds together never lock the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Decision, Rules, Run
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Attempt, Entry, Sealed

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
    has_history: bool = False

    def refuses(self, password: str) -> bool:
        """Whether the policy refuses this password, because it is in place already."""
        return self.has_history and password == self.password

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
        held = {self.entry.current, self.entry.staged, self.entry.previous}
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

    def change(self, old: str, new: str) -> tuple[str, dict[str, str | None], bool]:
        """Change the password, as the module reports it: outcome, logins, password_refused. It does not probe."""
        login = self.log_in("change login", old)
        if login != "ok":
            return "refused", {"current": login}, False
        outcome, refused = self.send("change", new)
        return outcome, {"current": "ok"}, refused

    def send(self, step: str, new: str) -> tuple[str, bool]:
        """Send a new password to the server: outcome, password_refused."""
        fault = self.faults.get(step)
        if fault == "refused" or self.server.refuses(new):
            return "refused", True
        if fault not in ("lie", "lost before", "unreachable", "late"):
            self.set(new)
        if fault == "killed after":
            self.check()
            raise Killed
        if fault in ("lost before", "lost after"):
            return "unknown", False
        return ("refused", False) if fault == "unreachable" else ("changed", False)

    def set(self, new: str) -> None:
        """Put a new password in force on the server."""
        self.server.password, self.somebody_changed = new, False

    # -- the role --

    def play(self, rules: Rules) -> Decision:
        """Run the role once, and return its last decision."""
        self.runs += 1
        me = f"run {self.runs} of {type(self).__name__}"
        run = Run(me, self.time, is_over=lambda name: name != me)
        try:
            return self._steps(rules, run)
        except Killed:
            return Decision("killed", "", "fail")

    def plan(self, rules: Rules, run: Run) -> Decision:
        return rotation.plan(self.entry, rules, run)

    def with_candidate(self, entry: Entry, run: Run) -> Entry:
        """Return the entry with a candidate: the one that it has, or a new one."""
        if entry.staged:
            return entry
        self.candidates += 1
        return entry.changed(staged=Sealed(f"candidate {self.candidates}"), staged_at=run.time)

    def _steps(self, rules: Rules, run: Run) -> Decision:
        self.point("start")
        plan = self.plan(rules, run)
        sends_at_once = plan.step in ("change", "repair")
        self.write(self.with_candidate(plan.entry, run) if sends_at_once and plan.entry else plan.entry)
        if plan.step not in ("log_in", "change", "repair"):
            return plan
        self.point("planned")
        if plan.step == "repair":
            staged_at = self.entry.staged_at
            outcome, refused = self.send("repair", str(self.entry.staged))
            self.point("repaired")
            if outcome == "refused":
                return self._record(rules, run, {"staged": None}, refused, not_carried_out=True)
            return self._finish(rules, run, staged_at, is_proved=False)

        if plan.step == "change":
            return self._change(rules, run)
        outcome = self.log_in("log in", str(getattr(self.entry, plan.login)))
        self.point("logged in")
        if outcome not in ("ok", "bad", "live"):
            return self._record(rules, run, {plan.login: outcome})

        stage = rotation.after_login(self.entry, rules, run, plan.login, outcome)
        self.write(self.with_candidate(stage.entry, run) if stage.step == "change" and stage.entry else stage.entry)
        if stage.step not in ("change", "commit"):
            return stage
        self.point("staged")
        if stage.step == "change":
            return self._change(rules, run)
        return self._finish(rules, run, self.entry.staged_at, is_proved=True)

    def _change(self, rules: Rules, run: Run) -> Decision:
        staged_at = self.entry.staged_at
        outcome, logins, refused = self.change(str(self.entry.current), str(self.entry.staged))
        self.point("changed")
        if outcome == "refused":
            return self._record(rules, run, logins, refused, not_carried_out=True)
        return self._finish(rules, run, staged_at, is_proved=False)

    def _finish(self, rules: Rules, run: Run, staged_at: datetime | None, *, is_proved: bool) -> Decision:
        if not is_proved:
            verdict = self.log_in("verify", str(self.entry.staged))
            if self.faults.get("change") == "late":
                self.set(str(self.entry.staged))
            self.point("verified")
            if verdict != "ok":
                return self._record(rules, run, {"staged": verdict})
        done = rotation.commit(self.entry, run, staged_at)
        self.write(done.entry)
        self.point("committed")
        return done

    def _record(
        self,
        rules: Rules,
        run: Run,
        logins: dict[str, str | None],
        refused: bool = False,
        *,
        not_carried_out: bool = False,
    ) -> Decision:
        self.point("before recording")
        resent = self.entry.staged_at != run.time
        decision = rotation.after_failure(
            self.entry, rules, run, logins, candidate_refused=refused, resent=resent, not_carried_out=not_carried_out
        )
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


def settle(world: World, rules: Rules, runs: int = 4) -> None:
    """Run without faults, each run after the lock window, until the account is at peace; then see what was reached."""
    world.faults = {}
    for _time in range(runs):
        world.wait(WINDOW)
        decision = world.play(rules)
        world.check()
        if decision.outcome == "rotated" or (decision.outcome == "diverged" and not rules.repair):
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


# -- an administrator sets what nobody knows ---------------------------------------------------------------------------

LONG_AGO = START - timedelta(days=9)
REFUSED_CURRENT = Attempt(LONG_AGO, "current", "bad", "earlier")
REFUSED_STAGED = Attempt(LONG_AGO, "staged", "bad", "earlier")
LOST = Entry(version=1, current=Sealed(ORIGINAL), ledger=(REFUSED_CURRENT,))
DIVERGED = LOST.changed(staged=Sealed("candidate 0"), staged_at=LONG_AGO, ledger=(REFUSED_CURRENT, REFUSED_STAGED))
REPAIR_FAULTS: list[dict[str, str]] = [
    {},
    *({point: "kill"} for point in (*POINTS, "repaired")),
    *({point: "somebody"} for point in ("planned", "repaired", "verified")),
    *({"repair": fault} for fault in ("refused", "lie", "lost before", "lost after", "unreachable", "killed after")),
    *(
        {"repair": repair, **then}
        for repair, then in product(
            ("changed", "lie", "lost before", "lost after"),
            ({"verify": "lost"}, {"verify": "unreachable"}, {"verified": "kill"}),
        )
    ),
]


def lost_world(entry: Entry, *, has_history: bool) -> World:
    """Return a world in which somebody has changed the password."""
    server = Server(password=SOMEBODY, has_history=has_history)
    return World(server=server, entry=entry, somebody_changed=True)


@pytest.mark.parametrize("pause", [timedelta(seconds=1), WINDOW])
@pytest.mark.parametrize("max_failing_logins", [1, 2])
@pytest.mark.parametrize("has_history", [False, True])
@pytest.mark.parametrize("entry", [LOST, DIVERGED], ids=["nothing staged", "staged"])
def test_a_repair_ends_repaired(entry: Entry, has_history: bool, max_failing_logins: int, pause: timedelta) -> None:
    rules = Rules(when="always", max_failing_logins=max_failing_logins, repair=True)
    for faults in product(REPAIR_FAULTS, repeat=2):
        world = lost_world(entry, has_history=has_history)
        try:
            for one in faults:
                world.faults = one
                world.play(rules)
                world.check()
                world.wait(pause)
            settle(world, rules, runs=8)
            assert world.server.password == world.entry.current
        except AssertionError as exc:
            raise AssertionError(f"{named(faults)}: {exc}") from exc


@pytest.mark.parametrize("entry", [LOST, DIVERGED], ids=["nothing staged", "staged"])
def test_a_repair_that_is_switched_off_afterwards_leaves_what_was_set_to_the_next_run(entry: Entry) -> None:
    """Whatever cut the repair off once the password was set."""
    for fault in ({"repair": "killed after"}, {"repaired": "kill"}, {"verify": "lost"}, {"verified": "kill"}):
        world = lost_world(entry, has_history=True)
        world.faults = fault
        world.play(Rules(when="always", repair=True))
        settle(world, RULES)
        assert world.server.password == world.entry.current, named((fault,))


# -- a SIP phone, changed with the password of its business account ----------------------------------------------------

PHONE_RULES = Rules(when="always", needs_current=False)


@dataclass
class Phone(World):
    """A SIP phone's password. The CEC verifies and changes it with the account's, a registrar only verifies it."""

    account: World = field(default_factory=World)
    has_registrar: bool = False

    account_login: str | None = None

    def check(self) -> None:
        super().check()
        self.account.check()

    def wait(self, pause: timedelta) -> None:
        super().wait(pause)
        self.account.wait(pause)

    def plan(self, rules: Rules, run: Run) -> Decision:
        decision = super().plan(rules, run)
        if decision.step not in ("log_in", "change"):
            return decision
        obstacle = rotation.key_obstacle(self.account.entry, RULES, run)
        if obstacle is None:
            self.account.write(rotation.booked_as_key(self.account.entry, run))
        return obstacle or decision

    def play(self, rules: Rules) -> Decision:
        self.account_login = None
        decision = super().play(rules)
        if decision.outcome != "killed":
            run = Run(f"run {self.runs} of Phone", self.time)
            self.account.write(rotation.after_use_as_key(self.account.entry, run, None))
        return decision

    def log_in(self, step: str, password: str) -> str:
        if self.has_registrar:
            return super().log_in(step, password)
        outcome = self.log_in_to_account(step)
        if outcome != "ok":
            return "unreachable" if outcome == "unreachable" else "denied"
        return "ok" if password == self.server.password else "bad"

    def log_in_to_account(self, step: str) -> str:
        """Log in to the account as the module of this collection does."""
        fault = self.faults.get(step)
        if fault in ("denied", "unreachable"):
            self.account_login = fault
        else:
            outcome = self.account.server.log_in(str(self.account.entry.current))
            self.account_login = "unknown" if fault == "lost" else outcome
        return str(self.account_login)

    def change(self, old: str, new: str) -> tuple[str, dict[str, str | None], bool]:
        if self.log_in_to_account("change login") != "ok":
            return "refused", {}, False
        outcome, refused = self.send("change", new)
        return outcome, {}, refused

    def _record(
        self,
        rules: Rules,
        run: Run,
        logins: dict[str, str | None],
        refused: bool = False,
        *,
        not_carried_out: bool = False,
    ) -> Decision:
        self.point("before recording")
        if self.account_login not in (None, "ok"):
            self.account.write(rotation.after_use_as_key(self.account.entry, run, self.account_login))
        resent = self.entry.staged_at != run.time
        decision = rotation.after_failure(
            self.entry, rules, run, logins, candidate_refused=refused, resent=resent, not_carried_out=not_carried_out
        )
        self.write(decision.entry)
        self.point("recorded")
        return decision


KILLS: list[dict[str, str]] = [{point: "kill"} for point in POINTS]
KILLED_IN_BETWEEN: list[dict[str, str]] = [
    {"change": "killed after"},
    *({"change": change, "changed": "kill"} for change in ("lie", "lost before", "lost after")),
]
LOSSES: list[dict[str, str]] = [
    {},
    *({point: "somebody"} for point in POINTS),
    *({"change": fault} for fault in ("refused", "lie", "lost before", "lost after", "unreachable")),
    *(
        {login: fault}
        for login, fault in product(("log in", "change login", "verify"), ("lost", "denied", "unreachable"))
    ),
    *({"change": change, "verify": "lost"} for change in ("lie", "lost before", "lost after")),
]
PHONE_FAULTS = [*LOSSES, *KILLS, *KILLED_IN_BETWEEN]
PAUSES = [timedelta(seconds=1), WINDOW]


def settle_phone(phone: Phone, rules: Rules) -> None:
    """Run without faults, each run after the lock window, until the phone is at peace; then see what was reached."""
    phone.faults = {}
    for _time in range(4):
        phone.wait(WINDOW)
        decision = phone.play(rules)
        phone.check()
        if decision.outcome in ("rotated", "blocked"):
            break
    if decision.outcome == "blocked":
        assert phone.account.somebody_changed, "blocked without a cause"
        before = phone.account.server.most_wrong, phone.account.entry
        assert phone.play(rules).outcome == "blocked"
        assert (phone.account.server.most_wrong, phone.account.entry) == before, "the account is left alone"
    else:
        assert decision.outcome == "rotated", f"ends {decision.outcome}: {decision.message}"
        assert phone.server.password == phone.entry.current
        assert (phone.entry.staged, phone.entry.ledger) == (None, ())


def play_phone(
    all_faults: list[dict[str, str]], rules: Rules, *, has_registrar: bool, has_history: bool = False
) -> None:
    """Play all pairs of runs with these faults, at once and after a lock window, and see how it ends."""
    for pause, *faults in product(PAUSES, all_faults, all_faults):
        phone = Phone(has_registrar=has_registrar, server=Server(has_history=has_history))
        try:
            for one in faults:
                phone.faults = one
                phone.play(rules)
                phone.check()
                phone.wait(pause)
            settle_phone(phone, rules)
        except AssertionError as exc:
            raise AssertionError(f"{named(tuple(faults))}: {exc}") from exc


verified_by = pytest.mark.parametrize("has_registrar", [False, True], ids=["by the CEC", "by a registrar"])


@verified_by
@pytest.mark.parametrize("has_history", [False, True], ids=["any password", "history"])
def test_a_phone_is_healed(has_registrar: bool, has_history: bool) -> None:
    play_phone(PHONE_FAULTS, PHONE_RULES, has_registrar=has_registrar, has_history=has_history)


@verified_by
def test_a_phone_is_healed_where_one_wrong_login_is_the_most(has_registrar: bool) -> None:
    play_phone(PHONE_FAULTS, replace(PHONE_RULES, max_failing_logins=1), has_registrar=has_registrar)


@verified_by
def test_a_phones_password_that_takes_effect_late_is_not_lost(has_registrar: bool) -> None:
    late = [{}, {"change": "late"}, {"verify": "lost"}, {"start": "somebody"}]
    play_phone(late, PHONE_RULES, has_registrar=has_registrar, has_history=True)


@verified_by
def test_a_phone_whose_password_was_lost_before_is_healed(has_registrar: bool) -> None:
    phone = Phone(has_registrar=has_registrar, server=Server(password=SOMEBODY), somebody_changed=True)
    settle_phone(phone, PHONE_RULES)


ACCOUNT_FAULTS: list[dict[str, str]] = [
    {},
    {"log in": "lost"},
    {"log in": "unreachable"},
    {"planned": "kill"},
    {"logged in": "kill"},
]


def play_both(phone_faults: list[dict[str, str]], *, has_registrar: bool) -> None:
    """Play runs of both kinds over and over in one lock window, once somebody has changed the account's password."""
    runs = [*product(["account"], ACCOUNT_FAULTS), *product(["phone"], phone_faults)]
    for first, second in product(runs, repeat=2):
        phone = Phone(has_registrar=has_registrar)
        phone.account.server.password, phone.account.somebody_changed = SOMEBODY, True
        try:
            for kind, faults in (first, second, first, second, ("phone", {}), ("account", {})):
                world = phone if kind == "phone" else phone.account
                world.faults = faults
                world.play(PHONE_RULES if kind == "phone" else RULES)
                phone.check()
                phone.wait(timedelta(seconds=10))
        except AssertionError as exc:
            raise AssertionError(f"{first}, then {second}, and once more: {exc}") from exc


@verified_by
def test_both_kinds_together_never_lock_the_account(has_registrar: bool) -> None:
    play_both(LOSSES, has_registrar=has_registrar)


@verified_by
def test_runs_of_a_phone_that_are_killed_never_lock_the_account(has_registrar: bool) -> None:
    play_both([*KILLS, *KILLED_IN_BETWEEN], has_registrar=has_registrar)

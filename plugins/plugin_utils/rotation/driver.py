# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out what the flow yields: the one compare-and-swap loop over the store, and the modules."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import PROVES_PASSWORD, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import operation_of
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    CURRENT,
    INITIAL,
    STAGED,
    Account,
    Conflict,
    Entry,
    StoreError,
)

from . import ledger, reports
from .model import Change, ChangeReport, Decision, LogIn, LoginReport, Next, Step, Whose, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.callcenter.passwords.plugins.module_utils import _kinds as kinds
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.brake import Brake
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import ModuleRunner
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

    from .model import Effect, Flow

    Result = dict[str, Any]

_TOLD = {
    "log_in": ("logged in", PROVES_PASSWORD),
    "stage": ("staged", {Outcome.STAGED}),
    "change": ("changed", {Outcome.CHANGED, Outcome.UNCHANGED}),
    "repair": ("set by the administrator", {Outcome.CHANGED, Outcome.UNCHANGED}),
    "verify": ("verified", PROVES_PASSWORD),
}
"""What people are told of a step that went well, and which outcomes say so."""
_CONFLICTS = 5
"""How often a decision is taken anew because another run wrote in between; each time that run has got further."""


@dataclass(frozen=True)
class Target:
    """What a flow works on.

    Attributes:
        host: inventory host.
        kind: kind of credential.
        account: options of the modules that are the account's.
        owner: the account that they name.
        administrator: inventory host of the administrator who repairs.
        administrator_account: options of the repairing module that are the administrator's.
        initial: the password that is to be enrolled.
    """

    host: str
    kind: str
    account: Mapping[str, Any]
    owner: Account | None = None
    administrator: str | None = None
    administrator_account: Mapping[str, Any] = field(default_factory=dict)
    initial: str | None = field(default=None, repr=False)


class Driver:
    """Carries out the effects of one flow.

    Attributes:
        steps: what each step came to: ``step``, ``outcome``, ``code`` and ``changed``.
        is_prediction: whether check mode has ended the flow before its first request.
    """

    def __init__(
        self,
        target: Target,
        store: Store,
        runner: ModuleRunner,
        brake: Brake | None = None,
        *,
        check_mode: bool = False,
    ) -> None:
        """Prepare; nothing is read, written or sent yet.

        Args:
            target: what to work on.
            store: the store.
            runner: runs the modules.
            brake: tells whether this host may begin; None where nothing is to be braked.
            check_mode: only plan: write nothing, send nothing.
        """
        self._target = target
        self._kind = KINDS[target.kind]
        self._store = store
        self._runner = runner
        self._brake = brake
        self._check_mode = check_mode
        self._session: Result | None = None
        self.is_prediction = False
        self.steps: list[Result] = []

    def carry_out(self, flow: Flow) -> Step:
        """Carry the flow out to its end, and return its last step. In check mode its end is the first request.

        Raises:
            StoreError: the store cannot be read or written.
            InputError: no candidate satisfies the policy.
        """
        answer: Any = None
        planned: Step | None = None
        try:
            while True:
                effect = flow.send(answer)
                if self._check_mode and planned and not (isinstance(effect, Write) and effect.name == "plan"):
                    self.is_prediction = True
                    message = f"{planned.decision.message}; check mode sends and writes nothing"
                    return planned._replace(decision=planned.decision._replace(next=Next.DONE, message=message))
                answer = self._perform(effect)
                if isinstance(effect, Write) and effect.whose is Whose.OWN:
                    planned = answer
        except StopIteration as end:
            step: Step = end.value
            return step
        finally:
            self._sign_out()

    @property
    def changed(self) -> bool:
        """Whether something was changed, or may have been, or in check mode would be."""
        return self.is_prediction or any(step["changed"] for step in self.steps)

    @property
    def story(self) -> str:
        """The steps that were taken, in a line."""
        return ", ".join(filter(None, (_told(step["step"], step["outcome"]) for step in self.steps)))

    def _perform(self, effect: Effect) -> Step | LoginReport | ChangeReport:
        if isinstance(effect, Write):
            return self._write(effect)
        if isinstance(effect, LogIn):
            return self._log_in(effect)
        return self._change() if isinstance(effect, Change) else self._repair()

    # -- the store -----------------------------------------------------------------------------------------------------

    def _write(self, effect: Write) -> Step:
        step = self._update(*self._place(effect.whose), effect)
        if effect.name in ("change", "verify"):
            return step  # It records what the request of this name came to.
        if effect.whose is Whose.OWN and step.decision.entry is not None:
            wrote_password = step.is_new or step.decision.outcome in (Outcome.ROTATED, Outcome.ENROLLED)
            self._note(effect.name, step.decision.outcome, changed=wrote_password and not self._check_mode)
        elif effect.whose is Whose.OWN:
            self._note(effect.name, step.decision.outcome)
        return step

    def _update(self, host: str, kind: str, effect: Write) -> Step:
        """Read, decide, write; decide anew when another run wrote in between."""
        for attempt in range(_CONFLICTS):
            before = self._read(host, kind, effect.whose)
            if effect.whose is Whose.OWN and not (before.current or before.staged or effect.may_create):
                raise StoreError(
                    f"it is not enrolled in the store {self._store.place}; run the enroll playbook for this host first"
                )
            decision = effect.decide(before)
            if decision.next in (Next.LOG_IN, Next.CHANGE, Next.REPAIR):
                if self._brake and (stopped := self._brake.enter()):
                    return Step(Decision(Next.DONE, Outcome.STOPPED, stopped), before)
                # A wrong vault password, an edited file, or a connection that would write passwords to a file is found
                # out before anything is written or sent.
                self._store.check(kind, before)
                self._runner.check_connection()
            after = decision.entry
            is_new = after is not None and after.staged not in (None, before.staged)
            if after is None or self._check_mode:
                return Step(decision, before, is_new)
            try:
                return Step(decision, self._store.write(host, kind, after), is_new)
            except Conflict:
                if attempt == _CONFLICTS - 1:
                    raise
        raise AssertionError

    def _read(self, host: str, kind: str, whose: Whose) -> Entry:
        """Return an entry, with what counts against its account elsewhere; an empty one where there is none yet."""
        entry = self._store.read(host, kind) or Entry()
        owner = self._target.owner
        if whose is Whose.OWN and owner and not (entry.current or entry.staged) and entry.account not in (None, owner):
            # Nobody's password yet: an enrollment has failed, and its line in the inventory was corrected since.
            entry = entry.changed(account=owner, initial=None, ledger=())
            return ledger.recalled(entry, self._store.booked_since(owner, kind, Entry())).changed(
                elsewhere=self._store.booked_elsewhere(owner, kind)
            )
        account = entry.account or (self._target.owner if whose is Whose.OWN else None)
        if account is None:
            return entry
        entry = ledger.recalled(entry, self._store.booked_since(account, kind, entry))
        return entry.changed(elsewhere=self._store.booked_elsewhere(account, kind))

    def _place(self, whose: Whose) -> tuple[str, str]:
        """Return inventory host and kind of an entry."""
        if whose is Whose.OWN:
            return self._target.host, self._target.kind
        if whose is Whose.PARENT:
            return self._target.host, str(self._kind.parent)
        return str(self._target.administrator), str(self._kind.repair and self._kind.repair.parent)

    def _password(self, slot: str, whose: Whose = Whose.OWN) -> str:
        if slot == INITIAL:
            return str(self._target.initial)
        host, kind = self._place(whose)
        entry = self._store.read(host, kind)
        ciphertext = entry.password(slot) if entry else None
        if entry is None or ciphertext is None:
            raise StoreError(f"there is no {slot} password of {kind} for {host}")
        self._store.check(kind, entry)
        return self._store.decrypt(ciphertext)

    # -- the modules ---------------------------------------------------------------------------------------------------

    def _log_in(self, effect: LogIn) -> LoginReport:
        keeps_session = effect.for_change and self._runner.hands_sessions_on
        presents_parent = self._kind.parent is not None and not self._has_witness

        def options() -> Result:
            parent = {"account_password": self._password(CURRENT, Whose.PARENT)} if presents_parent else {}
            return {"password": self._password(effect.slot), **parent, "verify_only": not keeps_session}

        result = self._run(effect.name, self._kind.login, options, changes=False)
        report = reports.of_login(result, is_cut_off=self._is_cut_off(result))
        if effect.for_change and report.proves:
            self._session = result
        return report

    def _change(self) -> ChangeReport:
        session = self._session or {}

        def options() -> Result:
            whose = Whose.PARENT if self._kind.parent else Whose.OWN
            presented = "account_password" if self._kind.parent else "old_password"
            return {
                presented: self._password(CURRENT, whose),
                "new_password": self._password(STAGED),
                "check_policy": False,
                "probe_new_password": False,
                **self._kind.handed_over(session),
            }

        result = self._run("change", self._kind.change, options)
        if result.get("outcome") is not None:
            self._session = None  # The module has ended it.
        return reports.of_change(result, is_cut_off=self._is_cut_off(result), by_parent=self._kind.parent is not None)

    def _repair(self) -> ChangeReport:
        repair = cast("kinds.Repair", self._kind.repair)

        def options() -> Result:
            presented = {"password": self._password(CURRENT, Whose.ADMINISTRATOR)} if repair.parent else {}
            return {
                **self._target.administrator_account,
                **presented,
                "new_password": self._password(STAGED),
                "check_policy": False,
                "probe_new_password": False,
            }

        result = self._run("repair", repair.module, options)
        return reports.of_change(result, is_cut_off=self._is_cut_off(result), by_parent=True)

    def _sign_out(self) -> None:
        """End a session that no change has used. A server ends it by itself too, so this may fail."""
        session, self._session = self._session, None
        if session and self._kind.sign_out and self._kind.handed_over(session):
            given = {**self._target.account, **self._kind.sign_out, **self._kind.handed_over(session)}
            with contextlib.suppress(AnsibleError):
                self._runner.run(self._kind.login, self._known(self._kind.login, given), check_mode=False)

    @property
    def _has_witness(self) -> bool:
        return bool(self._kind.witness and self._target.account.get(self._kind.witness))

    def _run(self, step: str, module: str, options: Callable[[], Mapping[str, Any]], *, changes: bool = True) -> Result:
        """Run a module with the account's options and those of a step, which hold passwords that no variable holds."""
        try:
            given = self._known(module, {**self._target.account, **options()})
            result: Result = self._runner.run(module, given, check_mode=False)
        except StoreError as exc:
            result = {**reports.NOTHING_SENT, "msg": str(exc)}
        except AnsibleActionFail as exc:
            result = {**reports.NOTHING_SENT, "msg": exc.message}
        except AnsibleConnectionFailure:
            # It was there a moment ago, so the module may have begun.
            result = {"failed": True, "msg": "the connection to the machine that sends was lost"}
        changed = changes and bool(result.get("changed"))
        self._note(step, result.get("outcome") or Outcome.FAILED, result.get("code"), changed=changed)
        return result

    def _known(self, module: str, given: Mapping[str, Any]) -> Result:
        known: Result = operation_of(module).arguments.known(given)
        return known

    def _is_cut_off(self, result: Result) -> bool:
        """Whether a module may have been cut off after it had sent something: only one on another machine can be."""
        return "outcome" not in result and "invocation" not in result and not self._runner.runs_here

    def _note(self, step: str, outcome: str, code: str | None = None, *, changed: bool = False) -> None:
        self.steps.append({"step": step, "outcome": str(outcome), "code": code, "changed": changed})


def _told(step: str, outcome: str) -> str:
    """Return what people are told of a step; nothing of those that only write the store."""
    done, well = _TOLD.get(step, ("", ()))
    if outcome in well:
        return done
    return f"{step.replace('_', ' ')}: {outcome}" if done and step != "stage" else ""

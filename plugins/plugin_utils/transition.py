# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One state transition of one credential: read, decide, write. The only thing that writes the store."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import password_option
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import POLICIES, Context
from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import runs_here
from ansible_collections.callcenter.passwords.plugins.plugin_utils.run_name import is_over, run_name
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Conflict, Entry, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible.plugins.action import ActionBase

    from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Decision, Told
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Sealed
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

_LEFT_ALONE = frozenset({"live", "cooling", "leased", "too_early", "blocked"})
_GOES_ON = frozenset({"log_in", "change", "repair", "commit"})
"""Steps of a plan after which something is sent or written."""
_PLANNED = ("rules", "identifiers", "policy")
"""Options of the plan that hold for the steps after it."""
_CONFLICTS = 5
"""How often a decision is taken anew because another run wrote in between; each time that run has got further."""


class Credential:
    """One credential of one task, which takes it from state to state."""

    def __init__(self, action: ActionBase, task_vars: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            action: the running action.
            task_vars: its variables.
            options: those of the credential module, as far as all transitions share them.
        """
        self.kind: str = options["kind"]
        self.host: str = options["host"] or task_vars.get("inventory_hostname", "")
        self.check_mode: bool = action._task.check_mode
        self._options = options
        self._inventory: Sequence[str] = task_vars.get("ansible_inventory_sources") or ()
        self._loader = action._loader
        self._sends_here = runs_here(action)
        self._opened: Store | None = None

    def to(self, state: str, **given: Any) -> dict[str, Any]:
        """Carry out the transition to a state.

        Args:
            state: ``planned``, ``staged``, ``committed``, ``failed``, ``verified`` or ``enrolled``.
            given: further options of this transition. Those of the plan are taken from ``rotation``, where that is one.

        Returns:
            what the credential module returns. Whatever goes wrong is in it.
        """
        args = {"rotation": None, "step": None, "result": None, "change": {}, **self._options, "state": state, **given}
        args.update({name: value for name, value in (args["rotation"] or {}).items() if name in _PLANNED})
        try:
            outcome = _Transition(
                self._store(),
                self.host,
                args,
                rotation.Run(run_name(), now(), is_over),
                check_mode=self.check_mode,
                sends_here=self._sends_here,
            ).carry_out()
        except StoreError as exc:
            # Only a plan comes before every request; later the candidate is in the store, whatever the server has.
            outcome = _failure(f"{exc}. {'Nothing was sent' if state == 'planned' else 'Run again'}")
        except InputError as exc:
            nothing = "Nothing was sent" if state == "planned" else "Nothing was changed"
            outcome = _failure(f"{'. '.join(exc.faults)}. {nothing}")
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            outcome = _failure(f"unexpected {type(exc).__name__} in state {state}. Please report it")
        return {"kind": self.kind, **outcome}

    def secret(self, version: str, *, host: str | None = None, kind: str | None = None) -> str:
        """Return a stored password of this credential, or of another one.

        Raises:
            StoreError: there is none, or it cannot be opened.
        """
        store = self._store()
        entry = store.read(host or self.host, kind or self.kind)
        sealed = getattr(entry, version) if entry else None
        if sealed is None:
            raise StoreError(f"there is no {version} password of {kind or self.kind} for {host or self.host}")
        return store.unseal(sealed)

    def _store(self) -> Store:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Store:
        store = os.path.realpath(self._options["store_path"])
        for source in filter(os.path.isdir, map(str, self._inventory)):
            if os.path.commonpath([store, os.path.realpath(source)]) == os.path.realpath(source):
                raise StoreError(
                    f"store_path lies in the inventory folder {source}, and Ansible would read the store as inventory; "
                    "give a folder elsewhere"
                )
        return open_store(self._options["store_path"], self._options["vault_id"], self._loader)


def left_alone(outcome: Mapping[str, Any]) -> bool:
    """Whether a transition's outcome fails nothing, but is something that somebody should hear of."""
    return outcome["outcome"] in _LEFT_ALONE and not outcome["failed"]


def _failure(message: str) -> dict[str, Any]:
    return {"failed": True, "changed": False, "outcome": "failed", "msg": message}


def _told(result: dict[str, Any]) -> Told:
    """Return what a module's result says of the server's words on a login."""

    def number(key: str) -> int | None:
        value = result.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    return rotation.Told(
        number("remaining_attempts"), number("unlock_in_seconds"), bool(result.get("second_factor", False))
    )


class _Transition:
    """One credential on its way from one state to the next."""

    def __init__(
        self,
        store: Store,
        host: str,
        args: dict[str, Any],
        run: rotation.Run,
        *,
        check_mode: bool,
        sends_here: bool,
    ) -> None:
        self.store = store
        self.host = host
        self.args = args
        self.kind: str = args["kind"]
        self.run = run
        self.check_mode = check_mode
        self.has_new_candidate = False
        self.sends_here = sends_here
        rules = args["rules"]
        self.rules = rotation.Rules(
            when=rules["when"],
            max_age=timedelta(days=rules["max_age_days"]),
            max_failing_logins=rules["max_failing_logins"],
            lock_window=timedelta(minutes=rules["lock_window_minutes"]),
            lease=timedelta(seconds=rules["lease_seconds"]),
            retry_diverged=rules["retry_diverged"],
            min_age=timedelta(hours=rules["min_age_hours"]),
            needs_current=rules["changed_with"] is None,
            repair=rules["repair"],
        )

    def carry_out(self) -> dict[str, Any]:
        states: dict[str, Callable[[], dict[str, Any]]] = {
            "planned": self._plan,
            "staged": self._stage,
            "committed": self._commit,
            "failed": self._fail,
            "verified": self._verified,
            "enrolled": self._enrol,
        }
        return states[self.args["state"]]()

    def _plan(self) -> dict[str, Any]:
        intent = self.args["intent"]
        if intent == "rotate":
            # A policy that nothing satisfies must be found before anything is sent.
            self._candidate(self.args["policy"])
        elif intent == "enroll":
            self.store.check_key()
        plans: dict[str, Callable[[Entry], Decision]] = {
            "rotate": self._plan_rotation,
            "verify": lambda entry: rotation.plan_verification(entry, self.rules, self.run),
            "enroll": self._plan_enrolment,
        }
        decision, entry = self._decide(
            lambda entry: self._with_key(plans[intent](entry)),
            write=not self.check_mode,
            may_create=intent == "enroll",
        )
        if self.check_mode and decision.step in _GOES_ON:
            return self._result(
                decision._replace(step="done", message=decision.message + "; check mode sends and writes nothing"),
                entry,
                changed=intent != "verify",
            )
        return self._result(decision, entry, changed=self.has_new_candidate and decision.step in _GOES_ON)

    def _plan_rotation(self, entry: Entry) -> Decision:
        decision = rotation.plan(entry, self.rules, self.run)
        if decision.step in _GOES_ON and self.args["obstacle"]:
            raise InputError(self.args["obstacle"])
        if decision.step == "change" and entry.staged is None:
            return self._with_candidate(decision, self.args["policy"])
        if decision.step == "repair":
            rules = {**self.args["policy"], **self.args["rules"]["repair_policy"]}
            if self._can_be_set(entry.staged, rules):
                return decision
            # What an administrator can set only under rules of its own is not meant to stay.
            return self._with_candidate(decision, rules, temporary=bool(self.args["rules"]["repair_policy"]))
        return decision

    def _plan_enrolment(self, entry: Entry) -> Decision:
        password = password_option(self.args, "password")
        return rotation.plan_enrolment(
            entry,
            self.rules,
            self.run,
            self.store.seal(password),
            same=entry.given is not None and self.store.unseal(entry.given) == password,
            replace_current=self.args["replace"],
            verify=self.args["verify"],
        )

    def _with_key(self, decision: Decision) -> Decision:
        """Return the decision, or why another password, which the next steps need, must not be used now."""
        host, kind = self._key(decision.step)
        if kind is None:
            return decision
        for attempt in range(_CONFLICTS):
            key = self.store.read(host, kind)
            key = key and rotation.after_use_as_key(key, self._key_run(), None)
            obstacle = rotation.key_obstacle(key, replace(self.rules, needs_current=True, repair=False), self.run)
            if obstacle or key is None:
                message = obstacle.message if obstacle else ""
                return (obstacle or decision)._replace(message=f"{kind} of {host}: {message}")
            if self.check_mode:
                break
            try:
                self.store.write(host, kind, rotation.booked_as_key(key, self._key_run()))
                break
            except Conflict:
                if attempt == _CONFLICTS - 1:
                    raise
        return decision

    def _key(self, step: str) -> tuple[str, str | None]:
        """Return host and kind of another password that the steps from this one on present; no kind, no password."""
        if step == "repair":
            return str(self.args["rules"]["repair_host"]), self.args["rules"]["repair_with"]
        if step not in ("log_in", "change"):
            return self.host, None
        is_verification = self.args["state"] == "planned" and self.args["intent"] != "rotate"
        return self.host, self.args["rules"]["verified_with" if is_verification else "changed_with"]

    def _key_run(self) -> rotation.Run:
        """Return this run under a name of its own for each account, since many may use one key at the same time."""
        return replace(self.run, name=f"{self.run.name} {self.host}")

    def _stage(self) -> dict[str, Any]:
        login, outcome = self.args["rotation"].get("login"), self._outcome(self.args["result"])

        def decide(entry: Entry) -> Decision:
            if self._is_overtaken(entry):
                return rotation.overtaken(entry, self.run, {login: outcome})
            told = _told(self.args["result"])
            decision = rotation.after_login(entry, self.rules, self.run, login, str(outcome), told)
            if decision.step == "change" and entry.staged is None:
                return self._with_candidate(decision, self.args["policy"], self.args["result"].get("policy"))
            return decision

        decision, entry = self._decide(decide)
        if decision.step != "change":
            self._settle_key(*self._key("log_in"), None)
        return self._result(decision, entry, changed=self.has_new_candidate)

    def _is_overtaken(self, entry: Entry) -> bool:
        """Whether another run has written since this run's last step; a write of its own may have failed half-way."""
        return bool(entry.version != self.args["rotation"].get("version")) and entry.written_by != self.run.name

    def _with_candidate(
        self, decision: Decision, rules: dict[str, Any], announced: Any = None, *, temporary: bool = False
    ) -> Decision:
        """Return the decision with a new candidate in the entry that it writes."""
        candidate = self.store.seal(self._candidate(rules, announced))
        self.has_new_candidate = True
        return decision._replace(
            entry=rotation.with_candidate(decision.entry or Entry(), self.run, candidate, temporary=temporary)
        )

    def _candidate(self, rules: dict[str, Any], announced: Any = None) -> str:
        policy = POLICIES[self.kind].overridden(rules)
        if isinstance(announced, dict):
            policy = policy.narrowed(announced)
        return policy.generate(Context(identifiers=self.args["identifiers"]))

    def _can_be_set(self, staged: Sealed | None, rules: dict[str, Any]) -> bool:
        """Whether there is a candidate that the administrator's policy accepts; it may be narrower than the user's."""
        if staged is None:
            return False
        policy = POLICIES[self.kind].overridden(rules)
        return not policy.violations(self.store.unseal(staged), Context(identifiers=self.args["identifiers"]))

    def _commit(self) -> dict[str, Any]:
        staged_at = self.args["rotation"].get("staged_at")
        moment = datetime.fromisoformat(staged_at).astimezone(timezone.utc) if staged_at else None
        repaired = self.args["rotation"].get("step") == "repair"
        decision, entry = self._decide(lambda entry: rotation.commit(entry, self.run, moment))
        self._settle_key(*self._key("repair" if repaired else "log_in"), "ok")
        return self._result(decision, entry, changed=decision.entry is not None)

    def _verified(self) -> dict[str, Any]:
        decision, entry = self._decide(rotation.verified)
        self._settle_key(*self._key("log_in"), "ok")
        return self._result(decision, entry)

    def _enrol(self) -> dict[str, Any]:
        given = self.store.seal(password_option(self.args, "password"))
        decision, entry = self._decide(lambda entry: rotation.enrol(entry, given), may_create=True)
        self._settle_key(*self._key("log_in"), "ok")
        return self._result(decision, entry, changed=True)

    def _fail(self) -> dict[str, Any]:
        step, failure = self.args["step"], self.args["result"]
        reason = str(failure.get("msg") or "the task failed")
        if step == "plan" or not self.args["rotation"]:
            outcome = str(failure.get("outcome") or "failed")
            return {"changed": False, "failed": False, "outcome": outcome, "fatal": True, "msg": reason}
        logins = self._logins(step, failure)
        told = _told(failure)
        self._settle_key(*self._key("log_in"), self._outcome(failure, "account_login"), told)
        if step == "repair" or self.args["rotation"].get("step") == "repair":
            self._settle_key(*self._key("repair"), failure.get("login") if step == "repair" else None, told)

        def decide(entry: Entry) -> Decision:
            if self._is_overtaken(entry):
                left = rotation.overtaken(entry, self.run, logins)
                # A verified candidate that cannot be committed is no other run's business.
                return left if step != "commit" else left._replace(outcome="failed", message=reason, step="fail")
            return rotation.after_failure(
                entry,
                self.rules,
                self.run,
                logins,
                candidate_refused=step in ("change", "repair") and bool(failure.get("password_refused")),
                resent=bool(self.args["rotation"].get("resent")),
                not_carried_out=step in ("change", "repair") and failure.get("outcome") == "refused",
                reason=f"{step.replace('_', ' ')}: {reason}",
                told=told,
            )

        decision, entry = self._decide(decide, may_create=True)
        result = self._result(decision, entry)
        return {**result, "failed": False, "fatal": decision.step == "fail"}

    def _settle_key(self, host: str, kind: str | None, outcome: str | None, told: Told = rotation.NOTHING_TOLD) -> None:
        """Record in the other password's own ledger what came of the login with it; a success settles its booking."""
        if kind is None:
            return
        for attempt in range(_CONFLICTS):
            key = self.store.read(host, kind)
            settled = rotation.after_use_as_key(key, self._key_run(), outcome, told) if key else None
            if settled is None or settled == key:
                return
            try:
                self.store.write(host, kind, settled)
                return
            except Conflict:
                if attempt == _CONFLICTS - 1:
                    raise

    def _logins(self, step: str, failure: dict[str, Any]) -> dict[str, str | None]:
        """Return which login ended the run, and how, from the result of the step that failed."""
        if step == "change":
            return {"current": self._outcome(failure, "login")} if self.rules.needs_current else {}
        if step == "repair":
            return {"staged": None}
        if step == "verify":
            return {"staged": self._outcome(failure), **self._doubtful_login()}
        if step == "stage":
            return {}  # what came of the login is not known here, so it stays booked
        return {self.args["rotation"]["login"]: self._outcome(failure) if step == "log_in" else None}

    def _doubtful_login(self) -> dict[str, str | None]:
        """Return the change as a login, where the server answered it with a failure that may be about the password."""
        change = self.args["change"]
        is_doubtful = self.rules.needs_current and change.get("outcome") == "unknown" and change.get("code")
        return {"current": "unknown"} if is_doubtful else {}

    def _outcome(self, result: dict[str, Any], key: str = "outcome") -> str | None:
        """Return a login's outcome from a module's result; None where nothing was tried.

        A result without one was refused before anything was sent, but only where the module ran in this process: a
        module on another machine may have been cut off after it had sent something.
        """
        outcome = result.get(key)
        if isinstance(outcome, str):
            return outcome
        return None if self.sends_here or "outcome" in result else "unknown"

    def _decide(
        self, decide: Callable[[Entry], Decision], *, write: bool = True, may_create: bool = False
    ) -> tuple[Decision, Entry]:
        """Read, decide, write; decide anew when another run wrote in between."""
        for attempt in range(_CONFLICTS):
            entry = self.store.read(self.host, self.kind)
            if entry is None or not (entry.current or may_create):
                if not may_create:
                    raise StoreError("it is not enrolled; run the enroll playbook for this host first")
                entry = Entry()
            self.has_new_candidate = False
            decision = decide(entry)
            login = decision.login if decision.step == "log_in" else "current"
            if decision.step in ("log_in", "change", "repair") and login in ("current", "staged"):
                # Find out before anything is written or sent that the vault password is the right one.
                self.store.unseal(getattr(entry, login))
            if decision.entry is None or not write:
                return decision, entry
            try:
                return decision, self.store.write(self.host, self.kind, decision.entry)
            except Conflict:
                if attempt == _CONFLICTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _result(self, decision: Decision, entry: Entry, *, changed: bool = False) -> dict[str, Any]:
        return {
            "changed": changed,
            "failed": decision.step == "fail",
            "outcome": decision.outcome,
            "msg": decision.message,
            "rotated_at": entry.rotated_at.isoformat() if entry.rotated_at else None,
            "rotation": {
                "step": decision.step,
                "login": decision.login,
                "resent": decision.step in ("change", "repair") and not self.has_new_candidate,
                "version": entry.version,
                "staged_at": entry.staged_at.isoformat() if entry.staged_at else None,
                **{name: self.args[name] for name in _PLANNED},
            },
        }

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only thing that writes the store. Documented in plugins/modules/credential.py."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.module_utils.outcome import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils.policy import POLICIES, Context
from ansible_collections.callcenter.passwords.plugins.module_utils.run import password_option
from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.in_worker import runs_here
from ansible_collections.callcenter.passwords.plugins.plugin_utils.masking import masked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.run_name import is_over, run_name
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Conflict, Entry, StoreError, now
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Decision
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

_LEFT_ALONE = frozenset({"live", "cooling", "leased"})
"""Outcomes that fail nothing but that somebody should hear of."""
_CONFLICTS = 5
"""How often a decision is taken anew because another run wrote in between; each time that run has got further."""


class ActionModule(ActionBase):
    """One state transition of one credential."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Carry the transition out and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(dict(ARGUMENTS.options), **ARGUMENTS.rules())
        host = args["host"] or (task_vars or {}).get("inventory_hostname", "")
        secrets = [args["password"]] if args["password"] else []
        try:
            _refuse_inventory(args["store_path"], (task_vars or {}).get("ansible_inventory_sources") or ())
            store = open_store(args["store_path"], args["vault_id"], self._loader)
            transition = _Transition(
                store,
                host,
                args,
                rotation.Run(run_name(), now(), is_over),
                check_mode=self._task.check_mode,
                sends_here=runs_here(self),
            )
            outcome = transition.carry_out()
        except StoreError as exc:
            # Only a plan comes before every request; later the candidate is in the store, whatever the server has.
            outcome = _failure(f"{exc}. {'Nothing was sent' if args['state'] == 'planned' else 'Run again'}")
        except InputError as exc:
            outcome = _failure(". ".join(exc.faults) + ". Nothing was sent")
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            outcome = _failure(f"unexpected {type(exc).__name__} in state {args['state']}. Please report it")
        if outcome["outcome"] in _LEFT_ALONE and not outcome["failed"]:
            self._display.warning(f"{host}, {args['kind']}: {outcome['msg']}")
        result.update(masked({"kind": args["kind"], **outcome}, secrets))
        return result


def _refuse_inventory(store_path: str, sources: Iterable[str]) -> None:
    """Raise StoreError where Ansible would read the store as inventory."""
    store = os.path.realpath(store_path)
    for source in filter(os.path.isdir, map(str, sources)):
        if os.path.commonpath([store, os.path.realpath(source)]) == os.path.realpath(source):
            raise StoreError(
                f"store_path lies in the inventory folder {source}, and Ansible would read the store as inventory; "
                "give a folder elsewhere"
            )


def _failure(message: str) -> dict[str, Any]:
    return {"failed": True, "changed": False, "outcome": "failed", "msg": message}


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
        self.sends_here = sends_here
        self.rules = rotation.Rules(
            when=args["when"],
            max_age=timedelta(days=args["max_age_days"]),
            max_failing_logins=args["max_failing_logins"],
            lock_window=timedelta(minutes=args["lock_window_minutes"]),
            lease=timedelta(seconds=args["lease_seconds"]),
            retry_diverged=args["retry_diverged"],
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
            if self.args["obstacle"]:
                raise InputError(self.args["obstacle"])
            self._candidate()  # A policy that nothing satisfies must be found before anything is sent.
        password = password_option(self.args, "password") if intent == "enroll" else ""
        if intent == "enroll":
            self.store.check_key()

        def decide(entry: Entry) -> Decision:
            if intent == "enroll":
                return rotation.plan_enrolment(
                    entry,
                    self.rules,
                    self.run,
                    self.store.seal(password),
                    same=entry.given is not None and self.store.unseal(entry.given) == password,
                    replace_current=self.args["replace"],
                    verify=self.args["verify"],
                )
            return (rotation.plan_verification if intent == "verify" else rotation.plan)(entry, self.rules, self.run)

        decision, entry = self._decide(decide, write=not self.check_mode, may_create=intent == "enroll")
        if self.check_mode and decision.step in ("log_in", "commit"):
            return self._result(
                decision._replace(step="done", message=decision.message + "; check mode sends and writes nothing"),
                entry,
                changed=intent != "verify",
            )
        return self._result(decision, entry)

    def _stage(self) -> dict[str, Any]:
        login, outcome = self.args["rotation"].get("login"), self._outcome(self.args["result"])
        is_new = False

        def decide(entry: Entry) -> Decision:
            nonlocal is_new
            if self._is_overtaken(entry):
                return rotation.overtaken(entry, self.run, {login: outcome})
            decision = rotation.after_login(entry, self.rules, self.run, login, str(outcome))
            is_new = decision.step == "change" and entry.staged is None
            if is_new and decision.entry:
                candidate = self.store.seal(self._candidate())
                return decision._replace(entry=decision.entry.changed(staged=candidate, staged_at=self.run.time))
            return decision

        decision, entry = self._decide(decide)
        return self._result(decision, entry, changed=is_new)

    def _is_overtaken(self, entry: Entry) -> bool:
        """Whether another run has written since this run's last step."""
        return bool(entry.version != self.args["rotation"].get("version"))

    def _candidate(self) -> str:
        policy = POLICIES[self.kind].overridden(self.args["policy"])
        return policy.generate(Context(identifiers=self.args["identifiers"]))

    def _commit(self) -> dict[str, Any]:
        staged_at = self.args["rotation"].get("staged_at")
        moment = datetime.fromisoformat(staged_at).astimezone(timezone.utc) if staged_at else None
        decision, entry = self._decide(lambda entry: rotation.commit(entry, self.run, moment))
        return self._result(decision, entry, changed=decision.entry is not None)

    def _verified(self) -> dict[str, Any]:
        decision, entry = self._decide(rotation.verified)
        return self._result(decision, entry)

    def _enrol(self) -> dict[str, Any]:
        given = self.store.seal(password_option(self.args, "password"))
        decision, entry = self._decide(lambda entry: rotation.enrol(entry, given), may_create=True)
        return self._result(decision, entry, changed=True)

    def _fail(self) -> dict[str, Any]:
        step, failure = self.args["step"], self.args["result"]
        reason = str(failure.get("msg") or "the task failed")
        if step == "plan" or not self.args["rotation"]:
            outcome = str(failure.get("outcome") or "failed")
            return {"changed": False, "failed": False, "outcome": outcome, "fatal": True, "msg": reason}
        logins = self._logins(step, failure)

        def decide(entry: Entry) -> Decision:
            if self._is_overtaken(entry):
                return rotation.overtaken(entry, self.run, logins)
            return rotation.after_failure(
                entry,
                self.rules,
                self.run,
                logins,
                candidate_refused=step == "change" and bool(failure.get("password_refused")),
                reason=f"{step.replace('_', ' ')}: {reason}",
            )

        decision, entry = self._decide(decide, may_create=True)
        result = self._result(decision, entry)
        return {**result, "failed": False, "fatal": decision.step == "fail"}

    def _logins(self, step: str, failure: dict[str, Any]) -> dict[str, str | None]:
        """Return which login ended the run, and how, from the result of the step that failed."""
        if step == "change":
            return {"current": self._outcome(failure, "login")}
        if step == "verify":
            return {"staged": self._outcome(failure)}
        return {self.args["rotation"]["login"]: self._outcome(failure) if step == "log_in" else None}

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
            decision = decide(entry)
            if decision.step == "log_in" and decision.login in ("current", "staged"):
                # Find out before anything is written or sent that the vault password is the right one.
                self.store.unseal(getattr(entry, decision.login))
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
                "version": entry.version,
                "staged_at": entry.staged_at.isoformat() if entry.staged_at else None,
            },
        }

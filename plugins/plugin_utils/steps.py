# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of one credential's rotation, one after the other: plan, log in, stage, change or repair, verify, commit.

What each of them decides is in rotation.py, what it writes in transition.py, and what it sends in the modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import operation_of
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import GIVEN
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import Sender
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.transition import Credential

    Result = dict[str, Any]

_DECIDED_NEXT = ("bad", "live")
"""A wrong password and a live agent are decisions of the next step, not failures."""
_VERIFIED_NEXT = ("unknown",)
"""Whether an unknown outcome was a change is what the verification finds out."""


@dataclass(frozen=True)
class Kind:
    """What is particular about a kind of credential.

    Attributes:
        log_in: the module that finds out whether a password works.
        change: the module that changes it.
        repair: the module by which an administrator sets it.
        key: the kind whose password the change presents instead of its own, and the login where it has no witness.
        repair_key: the kind of the administrator's password, where the repair presents one.
        repair_policy: rules under which an administrator can set a password, where they are narrower.
    """

    log_in: str
    change: str
    repair: str | None = None
    key: str | None = None
    repair_key: str | None = None
    repair_policy: Mapping[str, Any] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = {
    "cc_agent": Kind(
        "cc_agent_login",
        "cc_agent_password",
        "cc_agent_reset",
        repair_key="cc_config",
        repair_policy={"max_length": 8, "generated_length": 8},
    ),
    "cc_config": Kind("cc_config_login", "cc_config_password"),
    "cec_account": Kind("cec_login_check", "cec_account_password"),
    "cec_sip": Kind("cec_sip_login", "cec_sip_password", key="cec_account"),
    "idaas": Kind("idaas_login", "idaas_password", "idaas_user_password"),
}


def rules_of(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules of a rotation for its transitions, from the options of the rotation action."""
    kind = KINDS[args["kind"]]
    # A registrar is a witness who needs no other password.
    has_witness = bool(args["account"].get("registrar"))
    return {
        **args["rules"],
        "changed_with": kind.key,
        "verified_with": None if has_witness else kind.key,
        "repair": args["kind"] in args["repairable"],
        "repair_with": kind.repair_key,
        "repair_host": args["repair_host"],
        "repair_policy": dict(kind.repair_policy),
    }


def account_options(kind: str) -> dict[str, Any]:
    """Return the options of all modules of a kind. Which of them are required differs between these modules."""
    modules = [module for module in (KINDS[kind].log_in, KINDS[kind].change, KINDS[kind].repair) if module]
    return {
        name: {rule: value for rule, value in spec.items() if rule != "required"}
        for module in modules
        for name, spec in operation_of(module).arguments.options.items()
    }


class _StoppedError(Exception):
    """A step has failed. Carries which one, and its result."""

    def __init__(self, step: str, result: Result) -> None:
        super().__init__(step)
        self.step = step
        self.result = result


class Steps:
    """A rotation, verification or enrolment of one credential."""

    def __init__(self, credential: Credential, sender: Sender, args: Mapping[str, Any]) -> None:
        """Prepare; nothing is read, written or sent yet.

        Args:
            credential: the credential.
            sender: runs the modules.
            args: options of the rotation action.
        """
        self._credential = credential
        self._sender = sender
        self._args = args
        self._kind = KINDS[credential.kind]
        self._rotation: dict[str, Any] = {}
        self._change: Result = {}
        self.taken: list[Result] = []
        """What each step came to: ``step``, ``outcome``, ``code`` and ``changed``."""

    def take(self) -> Result:
        """Take the steps as far as they lead, and return the result of the last transition."""
        intents = {"rotate": self._rotate, "verify": self._verify, "enroll": self._enroll}
        try:
            result = intents[self._args["intent"]]()
        except _StoppedError as stopped:
            result = self._credential.to(
                "failed", step=stopped.step, result=stopped.result, rotation=self._rotation, change=self._change
            )
            result["failed"] = result["failed"] or result["fatal"]
        return {**result, "changed": any(step["changed"] for step in self.taken)}

    def _rotate(self) -> Result:
        result = self._transition("plan", "planned")
        if self._next == "log_in":
            login = self._log_in(self._rotation["login"], goes_on_after=_DECIDED_NEXT)
            result = self._transition("stage", "staged", result=login)
        if self._next == "change":
            self._change = self._send("change", self._kind.change, self._for_change, _VERIFIED_NEXT)
            self._log_in("staged", step="verify")
        elif self._next == "repair":
            self._send("repair", str(self._kind.repair), self._for_repair, _VERIFIED_NEXT)
            self._log_in("staged", step="verify")
        elif self._next != "commit":
            return result
        return self._transition("commit", "committed")

    def _verify(self) -> Result:
        result = self._transition("plan", "planned")
        if self._next != "log_in":
            return result
        self._log_in("current")
        return self._transition("commit", "verified")

    def _enroll(self) -> Result:
        result = self._transition("plan", "planned")
        if self._next == "log_in":
            self._log_in(GIVEN)
        elif self._next != "commit":
            return result
        return self._transition("commit", "enrolled")

    # -- a step --------------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> str:
        return str(self._rotation["step"])

    def _transition(self, step: str, state: str, **given: Any) -> Result:
        result = self._credential.to(state, rotation=self._rotation, **given)
        self._note(step, result)
        # Of a step that failed too, since it has written.
        self._rotation = result.get("rotation", self._rotation)
        if result["failed"]:
            raise _StoppedError(step, result)
        return result

    def _log_in(self, version: str, *, step: str = "log_in", goes_on_after: Sequence[str] = ()) -> Result:
        return self._send(step, self._kind.log_in, lambda: self._for_login(version), goes_on_after)

    def _send(
        self, step: str, module: str, options: Callable[[], Mapping[str, Any]], goes_on_after: Sequence[str] = ()
    ) -> Result:
        try:
            given = {**self._args["account"], **options()}
            result = self._sender.send(module, operation_of(module).arguments.known(given), check_mode=False)
        except StoreError as exc:
            result = _nothing_sent(str(exc))
        except AnsibleActionFail as exc:
            result = _nothing_sent(exc.message)
        self._note(step, result)
        if result.get("failed") and result.get("outcome") not in goes_on_after:
            raise _StoppedError(step, result)
        return result

    def _note(self, step: str, result: Result) -> None:
        self.taken.append(
            {
                "step": step,
                "outcome": result.get("outcome") or "failed",
                "code": result.get("code"),
                "changed": bool(result.get("changed")),
            }
        )

    # -- its options, with the passwords that no variable of Ansible ever holds ----------------------------------------

    def _for_login(self, version: str) -> dict[str, Any]:
        key = self._rotation["rules"]["verified_with"]
        return {
            "password": self._args["password"] if version == GIVEN else self._credential.secret(version),
            **({"account_password": self._credential.secret("current", kind=key)} if key else {}),
            "verify_only": True,
        }

    def _for_change(self) -> dict[str, Any]:
        key = self._rotation["rules"]["changed_with"]
        presented = {"account_password": self._credential.secret("current", kind=key)} if key else {}
        return {
            **(presented or {"old_password": self._credential.secret("current")}),
            "new_password": self._credential.secret("staged"),
            "policy": self._rotation["policy"],
            "probe_new_password": False,
        }

    def _for_repair(self) -> dict[str, Any]:
        rules = self._rotation["rules"]
        key, host = rules["repair_with"], rules["repair_host"]
        return {
            **self._args["repair_account"],
            **({"password": self._credential.secret("current", kind=key, host=host)} if key else {}),
            "new_password": self._credential.secret("staged"),
            "policy": self._rotation["policy"],
            "probe_new_password": False,
        }


def _nothing_sent(message: str) -> Result:
    return {"failed": True, "changed": False, "outcome": None, "login": None, "msg": message}

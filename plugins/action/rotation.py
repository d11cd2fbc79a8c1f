# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All steps of a rotation in one task. Documented in plugins/modules/rotation.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ROTATION_ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import masked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import Sender, plain
from ansible_collections.callcenter.passwords.plugins.plugin_utils.named_options import checked, held
from ansible_collections.callcenter.passwords.plugins.plugin_utils.steps import KINDS, Steps, account_options, rules_of
from ansible_collections.callcenter.passwords.plugins.plugin_utils.transition import Credential, left_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

_AICC_WORKBENCH = (
    "aicc_workbench is true: the agent signs in through the AICC workbench, which would not get the new password; "
    "change it there"
)
_failed: set[tuple[str, str]] = set()
"""Host and kind of what has failed in this process: a worker of one task, which does the items of its loop in turn."""


class ActionModule(ActionBase):
    """The way of one credential through all its steps."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take the steps and return what came of them."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        args = self._arguments(variables)
        credential = Credential(self, variables, args)
        host, key = credential.host, args["rules"]["changed_with"]
        if args["intent"] == "rotate" and (host, key) in _failed:
            args["obstacle"] = f"{key}, whose password this change needs, has failed in this run"
        steps = Steps(credential, Sender(self, task_vars), args)
        try:
            outcome = steps.take()
        except AnsibleError:
            raise
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            outcome = {
                "failed": True,
                "changed": True,
                "outcome": "failed",
                "msg": f"unexpected {type(exc).__name__}; run again, which finishes what was begun. Please report it",
            }
        if outcome["failed"]:
            _failed.add((host, args["kind"]))
        elif left_alone(outcome):
            self._display.warning(f"{host}, {args['kind']}: {outcome['msg']}")
        told = {name: value for name, value in outcome.items() if name not in ("rotation", "fatal")}
        if outcome["failed"]:
            told["msg"] = f"{args['kind']}: {outcome['msg']}"
        result.update(masked({**told, "steps": steps.taken}, [args["password"]] if args["password"] else []))
        return result

    def _arguments(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        # Not by the action's own method, for which the task would have to hold the secrets among these arguments.
        args: dict[str, Any] = plain(checked(ROTATION_ARGUMENTS, {**self._named(variables), **self._task.args}))
        args["rules"] = rules_of(args)
        args["obstacle"] = _AICC_WORKBENCH if args["account"].get("aicc_workbench") else ""
        if args["account"].get("failing_login_cap"):
            args["account"]["failing_login_cap"].setdefault("folder", f"{args['store_path']}/.failing-logins")
        return args

    def _named(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that are given by the names of variables."""
        kind = str(self._task.args.get("kind"))
        names = self._names(kind, variables)
        if not names or kind not in KINDS:
            return {}
        of_repair_host, of_enrolment = names.pop("repair_account", None), names.pop("enroll", None)
        of_account, template = account_options(kind), self._templar.template
        options = {**ROTATION_ARGUMENTS.options, "account": {"type": "dict", "options": of_account}}
        named = held(names, options, variables, template)
        if of_enrolment and {**named, **self._task.args}.get("intent") == "enroll":
            named |= held(of_enrolment, options, variables, template)
        if of_repair_host and named.get("repair_host") in variables["hostvars"]:
            theirs = variables["hostvars"][named["repair_host"]]
            named["repair_account"] = held(of_repair_host, of_account, theirs, template)
        return named

    def _names(self, kind: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the names of the variables that hold options of this kind."""
        names = self._task.args.get("variables") or {}
        if isinstance(names, str):
            by_kind = variables.get(names)
            if not isinstance(by_kind, dict):
                raise AnsibleActionFail(f"variables: {names} holds no names for each kind. Nothing was sent")
            if kind not in by_kind:
                known = ", ".join(by_kind)
                raise AnsibleActionFail(f"{kind} is no kind of credential; {names} has {known}. Nothing was sent")
            names = by_kind[kind]
        if not isinstance(names, dict):
            raise AnsibleActionFail("variables: give names of variables, by option. Nothing was sent")
        return dict(names)

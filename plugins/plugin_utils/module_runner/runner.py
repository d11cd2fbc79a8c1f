# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module's operation inside the controller's worker process.

With a local connection an ordinary module would be packed, written to disk and run by a new Python interpreter on the
very machine that is running already. The operation behind it needs none of that. On any other connection the ordinary
module runs on the target. Options, results and masking are the same both ways.
"""

from __future__ import annotations

import contextlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._process.core_dumps import forbid_core_dumps
from ansible_collections.callcenter.passwords.plugins.module_utils._process.tenant_tokens import (
    Token,
    TokenOfRun,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.outages import OUTAGES
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.per_server import LOGINS_UNDER_WAY, Cap
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.shared import SHARED_CREDENTIALS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import masked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.place import runs_here
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.plain import plain
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.preload import freeze, preload
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.secretive_action import SecretiveAction
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.verbosity import prints_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
    from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation
    from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

# In the main process too, which holds the vault passwords and the tenants' tokens.
forbid_core_dumps()
preload()


_FAILED_ATTEMPTS = "_callcenter_passwords_failed_attempts"
_MOST_FAILED_ATTEMPTS = 2
_IS_FINAL = frozenset({Outcome.WRONG_PASSWORD, Outcome.LOCKED})
"""After these no attempt of a task is better than the one before; it only brings a lock nearer."""
_NEVER_BEGUN = (126, 127)
"""What a shell returns where the interpreter that was to run a module is not there, or no program."""


class _CutOffError(Exception):
    """A module on another machine has begun and not ended by itself. Carries what Ansible makes of that."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class ActionModule(SecretiveAction):
    """The action of every API module; its name tells which."""

    def act(self, args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Run the module of this action's name.

        A further attempt of the same task (``until``) presents no password that was refused, nor a third one.
        """
        attempts: list[Result] = vars(self._task).setdefault(_FAILED_ATTEMPTS, [])
        if len(attempts) >= _MOST_FAILED_ATTEMPTS or any(one.get("outcome") in _IS_FINAL for one in attempts):
            message = f"{attempts[-1]['msg']}. This further attempt of the task has sent nothing"
            return {**attempts[-1], "failed_logins": 0, "msg": message}
        result = ModuleRunner(self, variables).run(self._module, args, check_mode=self._task.check_mode)
        if result.get("failed_logins") or result.get("outcome") == Outcome.LOCKED:
            attempts.append(result)
        if any(result.get(key) for key in operation_of(self._module).secret_results):
            result["_ansible_no_log"] = True
            # Older releases of ansible-core look only here when they sum a loop's results up.
            self._task.no_log = True
        return result

    def secrets_among(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return those that the module's documentation calls secrets."""
        return operation_of(self._module).arguments.secrets(args)

    @property
    def _module(self) -> str:
        return str(self._task.resolved_action).rsplit(".", 1)[-1]


class ModuleRunner:
    """Runs modules for a task: in this process where the connection is local, otherwise where that leads."""

    def __init__(self, action: SecretiveAction, task_vars: dict[str, Any] | None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            action: the running action.
            task_vars: its variables.
        """
        freeze()
        self._action = action
        self._task_vars = task_vars
        self.runs_here = runs_here(action)
        self._is_reached = self.runs_here

    @property
    def hands_sessions_on(self) -> bool:
        """Whether a session or token in a module's result is printed nowhere, however much Ansible is told to print."""
        return self.runs_here or not prints_answers()

    def check_connection(self) -> None:
        """Make sure that a module can be run, before anything is written or sent that counts as a login.

        Raises:
            AnsibleActionFail: passwords would be written to a file, or no command can be run there; nothing was sent.
            AnsibleConnectionFailure: no connection to the machine that sends.
        """
        self._keep_off_disks()
        if self._is_reached:
            return
        answer = self._action._low_level_execute_command("echo reached")
        if answer.get("rc") != 0 or "reached" not in str(answer.get("stdout")):
            who = " as another user (become)" if self._action._connection.become else ""
            raise AnsibleActionFail(f"no command can be run{who} on the machine that sends. Nothing was sent")
        self._is_reached = True

    def _keep_off_disks(self) -> None:
        """Have modules and their arguments sent to an interpreter's standard input, once, and make sure of it.

        Otherwise they would be written to a file, which stays there if this worker dies. With become the user decides,
        since sudo may want a terminal; and who wants to keep such files has said so.
        """
        if self.runs_here:
            return
        connection = self._action._connection
        with contextlib.suppress(AnsibleError, KeyError):  # a connection that has no such option
            # It would run a module again that has sent a password and lost its connection.
            connection.set_option("reconnection_retries", 0)
        if constants.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES"):
            return
        if not connection.become:
            with contextlib.suppress(AnsibleError, KeyError):
                connection.set_option("pipelining", True)
        if not self._action._is_pipelining_enabled("new"):
            cure = (
                "set ansible_pipelining: true, or become: false, since no module needs another user"
                if connection.become
                else "use a connection that can pipeline, as ssh does where it asks for no terminal"
            )
            raise AnsibleActionFail(
                f"the connection {connection.ansible_name} would write passwords to a file where the module runs; "
                f"{cure}. Nothing was sent"
            )

    def run(self, module: str, args: Mapping[str, Any], *, check_mode: bool) -> Result:
        """Run a module of this collection and return its result.

        Args:
            module: its short name.
            args: its options as they are given in a task.
            check_mode: send nothing and say what would be done.

        Raises:
            AnsibleActionFail: the options are not what the module documents, or passwords among them would be written
                to a file; nothing was sent.
            AnsibleError: no connection to the machine that sends.
        """
        operation = operation_of(module)
        try:
            return self._result(operation, module, dict(args), check_mode)
        except AnsibleError:
            raise
        except Exception as exc:
            return operation.accident(exc)

    def _result(self, operation: Operation, module: str, args: dict[str, Any], check_mode: bool) -> Result:
        params = plain(checked(operation.arguments, args))
        if any(operation.arguments.secrets(params).values()):
            self._keep_off_disks()
        try:
            cap = Cap.of(params)
            unanswered = (params.get("failed_login_cap") or {}).get("unanswered", 0)
        except InputError as exc:
            return operation.refusal(ApiError(Outcome.ACCESS_DENIED, ". ".join(exc.faults) + ". Nothing was sent"))

        def send() -> Result:
            if self.runs_here:
                return self._run_here(operation, params, check_mode)
            result = self._run_there(operation, module, args, check_mode)
            return masked(result, operation.arguments.secrets(args).values())

        try:
            if check_mode:
                return send()
            return _protected(operation.logins_with(params), cap, unanswered, send)
        except ApiError as exc:
            return operation.refusal(exc)
        except _CutOffError as exc:
            return exc.result

    def _run_here(self, operation: Operation, params: dict[str, Any], check_mode: bool) -> Result:
        return masked(operation.execute(params, check_mode=check_mode), operation.arguments.secrets(params).values())

    def _run_there(self, operation: Operation, module: str, args: dict[str, Any], check_mode: bool) -> Result:
        """Run the ordinary module, with the tenant's token that this run has got already.

        Where the answer with a token would be printed, the module asks for one of its own and keeps it to itself.
        """
        tokens, has_secret = None, not args.get("access_token") and args.get("app_secret")
        if operation.token_from and has_secret and not check_mode and self.hands_sessions_on:
            tokens = self._token_there(operation.token_from, args)
            try:
                args["access_token"] = tokens.get()
            except ApiError as exc:
                return operation.refusal(exc)
        result = self._execute(module, args)
        if tokens and result.get("outcome") == Outcome.SESSION_LOST:
            tokens.refuse(args["access_token"])
        if result.get("rc") in _NEVER_BEGUN:
            raise AnsibleActionFail(
                "no Python interpreter on the machine that sends; set ansible_python_interpreter. Nothing was sent"
            )
        if "outcome" not in result and "invocation" not in result:
            raise _CutOffError(result)
        return result

    def _execute(self, module: str, args: dict[str, Any]) -> Result:
        self._action.answers_secretly = bool(operation_of(module).secret_results)
        result: Result = self._action._execute_module(
            module_name=f"callcenter.passwords.{module}", module_args=args, task_vars=self._task_vars
        )
        return result

    def _token_there(self, module: str, args: dict[str, Any]) -> TokenOfRun:
        wanted = operation_of(module).arguments.known(args)

        def ask() -> Token:
            result = self._execute(module, wanted)
            if result.get("failed"):
                raise ApiError(
                    Outcome(result.get("outcome") or Outcome.UNREACHABLE), str(result.get("msg")), result.get("code")
                )
            return Token(result["access_token"], result["expires_in"])

        tenant = (str(args.get("token_url") or args.get("cec_url")), str(args.get("app_key")), str(args["app_secret"]))
        return TokenOfRun(("elsewhere", *tenant), ask)


def _protected(logins: Sequence[Login], cap: Cap | None, unanswered: int, send: Callable[[], Result]) -> Result:
    """Return the result of a task whose logins endanger no credential that hosts share, no address and no accounts.

    Raises:
        ApiError: nothing was sent, so that they do not.
    """

    def in_order() -> Result:
        return OUTAGES.send(unanswered, logins, send)

    return SHARED_CREDENTIALS.send(logins, lambda: LOGINS_UNDER_WAY.send(cap, logins, in_order))


def operation_of(module: str) -> Operation:
    """Return what a module of this collection does."""
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    operation: Operation = loaded.OPERATION
    return operation

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules share: argument specs as values, the operation behind a module, and its result.

An :class:`Operation` runs unchanged in an ordinary module and inside the controller's worker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .change import Change, not_sent
from .core_dumps import forbid_core_dumps
from .outcome import PROVES_PASSWORD, ApiError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .logins import Login

Result = dict[str, Any]


@dataclass(frozen=True)
class ArgumentSpec:
    """Options of a module together with the rules across them; values add up with ``+``."""

    options: Mapping[str, Any] = field(default_factory=dict)
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[Any, ...], ...] = ()

    def __add__(self, other: ArgumentSpec) -> ArgumentSpec:
        return ArgumentSpec(
            {**self.options, **other.options},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_together + other.required_together,
            self.required_one_of + other.required_one_of,
            self.required_if + other.required_if,
        )

    def rules(self) -> dict[str, list[Any]]:
        """Return the rules across options, as keyword arguments of AnsibleModule and ArgumentSpecValidator."""
        return {
            "mutually_exclusive": [list(rule) for rule in self.mutually_exclusive],
            "required_together": [list(rule) for rule in self.required_together],
            "required_one_of": [list(rule) for rule in self.required_one_of],
            "required_if": [list(rule) for rule in self.required_if],
        }

    def known(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given options that are in this spec."""
        return {name: value for name, value in given.items() if name in self.options}

    def secret_options(self) -> list[str]:
        """Return the names of the options that hold secrets."""
        return [name for name, option in self.options.items() if option.get("no_log")]


PASSWORD: Mapping[str, Any] = {"type": "raw", "no_log": True}
"""Argument spec of a password. Raw, because ``str`` would quietly turn 01234567 or a mapping into something else."""


@dataclass(frozen=True)
class Operation:
    """What a module does, with no word about where it runs.

    Attributes:
        arguments: the module's options.
        run: takes the validated options and whether only a prediction is wanted, and returns the result.
        changes: whether an accident half-way may have changed something on the server.
        secret_results: keys of the result that hold a session or a token. A result with one of them can be registered
            but is never shown.
        token_from: the module that gets the token that this one takes as ``access_token``, where it needs one.
        logins: see ``logins_with``; raises InputError for a faulty option.
    """

    arguments: ArgumentSpec
    run: Callable[[Mapping[str, Any], bool], Result]
    changes: bool = False
    secret_results: tuple[str, ...] = ()
    token_from: str | None = None
    logins: Callable[[Mapping[str, Any]], Sequence[Login]] = lambda params: ()

    def logins_with(self, params: Mapping[str, Any]) -> Sequence[Login]:
        """Return the logins that it may make with validated options, in their order; none where one is at fault."""
        try:
            return self.logins(params)
        except InputError:
            return ()

    def refusal(self, exc: ApiError) -> Result:
        """Return the result of a task that was stopped before it had sent anything to the account."""
        result = change_result(not_sent(exc)) if "new_password" in self.arguments.options else api_failure(exc)
        return {"changed": False, **result}

    def execute(self, params: Mapping[str, Any], check_mode: bool) -> Result:
        """Run and turn whatever comes of it into a result. The one place where errors become results."""
        try:
            result = self.run(params, check_mode)
        except InputError as exc:
            result = {"failed": True, "msg": ". ".join(exc.faults) + ". Nothing was sent"}
        except ApiError as exc:
            result = api_failure(exc)
        except ImportError as exc:
            result = {
                "failed": True,
                "msg": f"the Python library {exc.name or 'requests'} is missing; install it where the module runs",
            }
        except Exception as exc:
            result = self.accident(exc)
        return {"changed": False, "failed": False, **result}

    def accident(self, exc: Exception) -> Result:
        """Return the result of an unforeseen error, whose text may quote a secret and so must not reach Ansible."""
        return {
            "failed": True,
            "changed": self.changes,
            "outcome": "unknown",
            "msg": f"unexpected {type(exc).__name__}; whether the server did anything is unknown. Please report it",
        }


def finish(module: Any, operation: Operation) -> None:
    """Run an operation in an ordinary module and end the module with its result."""
    forbid_core_dumps()
    result = operation.execute(module.params, module.check_mode)
    (module.fail_json if result["failed"] else module.exit_json)(**result)


def password_option(params: Mapping[str, Any], option: str) -> str:
    """Return a password given as an option.

    Raises:
        InputError: it is missing, empty, or no string.
    """
    value = params.get(option)
    if value is None or value == "":
        raise InputError(f"{option} is empty; give the password")
    if not isinstance(value, str):
        what = (
            "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a number or boolean"
        )
        raise InputError(f"{option} arrived as {what}; passwords are strings, so put it in quotes where it is written")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{option} holds characters that are no Unicode text; correct its encoding") from None
    return str(value)


def login_result(message: str, outcome: str = "ok", **more: Any) -> Result:
    """Return the result of a login that proved the password."""
    return {"outcome": outcome, "msg": message, "code": "0", "failing_logins": 0, **more}


def api_failure(exc: ApiError) -> Result:
    """Return the result of a login or query that did not succeed."""
    return {
        "failed": exc.outcome not in PROVES_PASSWORD,
        "outcome": exc.outcome,
        "code": exc.code,
        "failing_logins": exc.failing_logins,
        "msg": exc.message,
        **exc.facts,
    }


def change_result(change: Change) -> Result:
    """Return the result of a change. Unknown is both failed and changed: never take it for unchanged."""
    message = change.message
    if change.session_open:
        message += ". The session could not be ended; the server ends it by itself within minutes"
    return {
        "failed": change.outcome in ("refused", "unknown"),
        "changed": change.outcome in ("changed", "unknown"),
        "outcome": change.outcome,
        "code": change.code,
        "login": change.login,
        "failing_logins": change.failing_logins,
        "password_refused": change.password_refused,
        "msg": message,
        **change.facts,
    }


def predicted_login(changed: bool = False) -> Result:
    """Return what check mode says of a login: no verdict, for there was no request."""
    return {"changed": changed, "msg": "the login would be tried; check mode makes no request"}


def predicted_change() -> Result:
    """Return what check mode says of a change: nothing is known without a login, so it announces the change."""
    return change_result(Change("changed", "the password would be changed; check mode makes no request"))

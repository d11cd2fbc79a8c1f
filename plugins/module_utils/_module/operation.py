# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operation behind a module. It runs unchanged in an ordinary module and inside the controller's worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Outcome, described
from .._process.core_dumps import forbid_core_dumps
from .password_change import not_sent
from .results import api_failure, change_result, complete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .argspec import ArgumentSpec
    from .logins import Login
    from .results import Result


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

    @property
    def sets_password(self) -> bool:
        """Whether the module sets a password."""
        return "new_password" in self.arguments.options

    def refusal(self, exc: ApiError) -> Result:
        """Return the result of a task that was stopped before it had sent anything to the account."""
        return complete(change_result(not_sent(exc)) if self.sets_password else api_failure(exc))

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
        return complete(result)

    def accident(self, exc: Exception) -> Result:
        """Return the result of an unforeseen error, whose text may quote a secret and so must not reach Ansible."""
        message = f"unexpected {described(exc)}; whether the server did anything is unknown. Please report it"
        result = {"failed": True, "changed": self.changes, "outcome": Outcome.UNKNOWN, "msg": message}
        return complete({**result, "change_sent": True} if self.sets_password else result)


def finish(module: Any, operation: Operation) -> None:
    """Run an operation in an ordinary module and end the module with its result."""
    forbid_core_dumps()
    result = operation.execute(module.params, module.check_mode)
    (module.fail_json if result["failed"] else module.exit_json)(**result)

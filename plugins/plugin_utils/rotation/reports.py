# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of modules report, as values of the rotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    COUNTS_AS_FAILED,
    Outcome,
    is_of_service,
)

from .model import ChangeReport, LoginDetails, LoginReport

Result = Mapping[str, Any]

NOTHING_SENT: Mapping[str, Any] = {"failed": True, "changed": False, "outcome": None}
"""Of a module that was not run."""

_CUT_OFF: Mapping[str, Any] = {"failed": True, "changed": True, "outcome": "unknown", "code": None}
"""Of a module that has begun on another machine and not ended by itself."""


def of_login(result: Result, *, is_cut_off: bool) -> LoginReport:
    """Return what a login module's result reports.

    Args:
        result: it. Without an outcome nothing was tried: the options were refused.
        is_cut_off: whether the module may have been cut off after it had sent something.
    """
    told = {**_CUT_OFF, "msg": result.get("msg")} if is_cut_off else result
    parent = told.get("account_login")
    return LoginReport(
        _outcome(told.get("outcome")),
        str(told.get("msg") or "the task failed"),
        _code(told),
        # An accident of the module tells of no code at all.
        "code" not in told or told["code"] is not None,
        told.get("failed_logins") != 0,
        LoginDetails(
            _number(told, "remaining_attempts"),
            _number(told, "unlock_in_seconds"),
            bool(told.get("second_factor", False)),
            _announced(told),
        ),
        _login(told, parent) if parent else None,
    )


def of_change(result: Result, *, is_cut_off: bool, by_parent: bool) -> ChangeReport:
    """Return what the result of a module that sets a password reports.

    Args:
        result: it. Without an outcome nothing was tried: the options were refused.
        is_cut_off: whether the module may have been cut off after it had sent something.
        by_parent: whether the login that it tells of presented another credential's password.
    """
    told = {**_CUT_OFF, "change_sent": True, "msg": result.get("msg")} if is_cut_off else result
    login = _login(told, told["login"]) if told.get("login") else None
    return ChangeReport(
        _outcome(told.get("outcome")),
        # A result that does not say so may come of anything.
        told.get("change_sent") is not False and told.get("outcome") is not None,
        str(told.get("msg") or "the task failed"),
        _code(told),
        _is_answered(told),
        _is_answered(told) and _outcome(told.get("outcome")) in COUNTS_AS_FAILED,
        None if by_parent else login,
        login if by_parent else None,
        bool(told.get("session_open")) and not by_parent,
    )


def _login(result: Result, outcome: Any) -> LoginReport:
    """Return the login that a module has made on its way."""
    details = LoginDetails(_number(result, "remaining_attempts"), _number(result, "unlock_in_seconds"))
    code = _code(result)
    return LoginReport(_outcome(outcome), str(result.get("msg") or ""), code, code is not None, details=details)


def _outcome(word: Any) -> Outcome | None:
    return Outcome(word) if word is not None else None


def _code(result: Result) -> str | None:
    code = result.get("code")
    return str(code) if code is not None else None


def _is_answered(result: Result) -> bool:
    """Whether the service has answered a change. A page or a status in its place tells nothing of what was done."""
    return is_of_service(_code(result))


def _number(result: Result, key: str) -> int | None:
    value = result.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _announced(result: Result) -> Mapping[str, Any]:
    announced = result.get("policy")
    return announced if isinstance(announced, dict) else {}

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a password change, and what all modules that change one do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import InputError, check_all
from .._kinds import KINDS
from .._policy import Context
from .argspec import PASSWORD, ArgumentSpec, password_option
from .logins import Login
from .password_change import change_password
from .results import Result, change_result, predicted_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .password_change import Account

NEW_PASSWORD = ArgumentSpec(
    {
        "new_password": {**PASSWORD, "required": True},
        "policy": {"type": "dict", "default": {}},
        "check_policy": {"type": "bool", "default": True},
        "probe_new_password": {"type": "bool", "default": True, "no_log": False},
    }
)

CHANGE = ArgumentSpec({"old_password": {**PASSWORD, "required": True}}) + NEW_PASSWORD


def check_new_password(kind: str, params: Mapping[str, Any], *, by_repair: bool = False) -> str:
    """Return the new password, after every rule of its kind's policy unless it was checked before.

    Args:
        kind: kind of credential, a key of ``KINDS``.
        params: options, those of ``NEW_PASSWORD`` among them. ``old_password``, where it is given, must differ.
        by_repair: an administrator sets it, whose rules may be narrower.

    Raises:
        InputError: it is no password, or naming each rule that it breaks.
    """
    if not params["check_policy"]:
        return password_option(params, "new_password")
    row = KINDS[kind]
    narrower = row.repair.rules if by_repair and row.repair else {}
    new, rules = check_all(
        lambda: password_option(params, "new_password"),
        lambda: row.policy.overridden({**(params.get("policy") or {}), **narrower}),
    )
    old = params.get("old_password")
    used = [old] if isinstance(old, str) else []
    faults = rules.violations(new, Context(identifiers=row.identifiers(params), used=used))
    if faults:
        raise InputError("new_password breaks the policy: " + ", ".join(faults))
    return str(new)


def change_logins(server: str, params: Mapping[str, Any]) -> list[Login]:
    """Return the logins of a change: with the old password, and with the new one where that may be in place already."""
    return [Login(server)] * (1 + params["probe_new_password"])


def change(
    kind: str,
    account: Callable[[], Account],
    params: Mapping[str, Any],
    check_mode: bool,
    *,
    session: Any = None,
    needs_old: bool = True,
) -> Result:
    """Check the options of a password change and carry it out.

    Args:
        kind: kind of credential, a key of ``KINDS``.
        account: returns the account; raises InputError for its own options.
        params: options, those of ``CHANGE`` among them.
        check_mode: only predict.
        session: a session that the caller holds already, or what stands for a login made a moment ago.
        needs_old: the old password must be given.
    """
    given = needs_old or params["old_password"] is not None
    owner, old, new, _allowed = check_all(
        account,
        lambda: password_option(params, "old_password") if given else None,
        lambda: check_new_password(kind, params),
        lambda: _check_allowed(kind, params),
    )
    if check_mode:
        return predicted_change()
    return change_result(change_password(owner, old, new, session=session, probe_new=params["probe_new_password"]))


def _check_allowed(kind: str, params: Mapping[str, Any]) -> None:
    faults = [f"{option} is true: {why}" for option, why in KINDS[kind].forbidden.items() if params[option]]
    if faults:
        raise InputError(*faults)

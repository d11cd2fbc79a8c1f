# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a password change, and what all modules that change one do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import InputError, check_all
from .._policy import POLICIES, Context
from .argspec import PASSWORD, ArgumentSpec, password_option
from .logins import Login
from .password_change import change_password
from .results import Result, change_result, predicted_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .password_change import Account

NEW_PASSWORD = ArgumentSpec(
    {
        "new_password": {**PASSWORD, "required": True},
        "policy": {"type": "dict", "default": {}},
        "probe_new_password": {"type": "bool", "default": True, "no_log": False},
    }
)

CHANGE = ArgumentSpec({"old_password": {**PASSWORD, "required": True}}) + NEW_PASSWORD


def check_new_password(kind: str, params: Mapping[str, Any], identifiers: Sequence[str]) -> str:
    """Return the new password, after every rule of its kind's policy.

    Args:
        kind: kind of credential, which has a policy.
        params: options, those of ``NEW_PASSWORD`` among them. ``old_password``, where it is given, must differ.
        identifiers: names and numbers of the account that it must not resemble.

    Raises:
        InputError: it is no password, or naming each rule that it breaks.
    """
    new, policy = check_all(
        lambda: password_option(params, "new_password"), lambda: POLICIES[kind].overridden(params["policy"])
    )
    old = params.get("old_password")
    faults = policy.violations(new, Context(identifiers=identifiers, used=[old] if isinstance(old, str) else []))
    if faults:
        raise InputError("new_password breaks the policy: " + ", ".join(faults))
    return str(new)


def change_logins(server: str, params: Mapping[str, Any]) -> list[Login]:
    """Return the logins of a change: with the old password, and with the new one where that may be in place already."""
    return [Login(server)] * (1 + params["probe_new_password"])


def change(
    kind: str,
    account: Callable[[], Account],
    identifiers: Sequence[str],
    params: Mapping[str, Any],
    check_mode: bool,
    *,
    session: Any = None,
) -> Result:
    """Check the options of a password change and carry it out.

    Args:
        kind: kind of credential, which has a policy.
        account: returns the account; raises InputError for its own options.
        identifiers: the account's names and numbers, which its password must not resemble.
        params: options, those of ``CHANGE`` among them.
        check_mode: only predict.
        session: a session that the caller holds already.
    """
    owner, old, new = check_all(
        account,
        lambda: password_option(params, "old_password"),
        lambda: check_new_password(kind, params, identifiers),
    )
    if check_mode:
        return predicted_change()
    return change_result(change_password(owner, old, new, session=session, probe_new=params["probe_new_password"]))

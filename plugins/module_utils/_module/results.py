# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return: of a login, a query or a change, and in check mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import PROVES_PASSWORD, Outcome
from .password_change import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._errors import ApiError

Result = dict[str, Any]


def complete(result: Mapping[str, Any]) -> Result:
    """Return a result with all that Ansible expects, and with words for outcomes, whose type Ansible does not know."""
    whole = {"changed": False, "failed": False, **result}
    return {name: str(value) if isinstance(value, Outcome) else value for name, value in whole.items()}


def login_result(message: str, outcome: Outcome = Outcome.OK, **more: Any) -> Result:
    """Return the result of a login that proved the password."""
    return {"outcome": outcome, "msg": message, "code": "0", "failed_logins": 0, **more}


def api_failure(exc: ApiError) -> Result:
    """Return the result of a login or query that did not succeed."""
    return {
        "failed": exc.outcome not in PROVES_PASSWORD,
        "outcome": exc.outcome,
        "code": exc.code,
        "failed_logins": exc.failed_logins,
        "msg": exc.message,
        **exc.facts,
    }


def change_result(change: Change) -> Result:
    """Return the result of a change. Unknown is both failed and changed: never take it for unchanged."""
    message = change.message
    left_open = {}
    if change.session_open:
        message += ". The session could not be ended; the server ends it by itself within minutes"
        left_open = {"session_open": True}
    return {
        "failed": change.outcome not in (Outcome.CHANGED, Outcome.UNCHANGED),
        "changed": change.outcome in (Outcome.CHANGED, Outcome.UNKNOWN),
        "outcome": change.outcome,
        "code": change.code,
        "change_sent": change.sent,
        "login": change.login,
        "failed_logins": change.failed_logins,
        "msg": message,
        **left_open,
        **change.facts,
    }


def predicted_login(changed: bool = False) -> Result:
    """Return what check mode says of a login: no verdict, for there was no request."""
    return {"changed": changed, "msg": "the login would be tried; check mode makes no request"}


def predicted_change() -> Result:
    """Return what check mode says of a change: nothing is known without a login, so it announces the change."""
    return change_result(Change(Outcome.CHANGED, "the password would be changed; check mode makes no request"))

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module says of the logins that it makes: before, to whom they may go; and afterwards, what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import COUNTS_AS_FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Credential:
    """A credential with which many hosts log in.

    Attributes:
        name: what messages call it.
        parts: what tells it from others, the password among it.
    """

    name: str
    parts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Login:
    """A login that a task may make.

    Attributes:
        server: where it goes to, host:port.
        credential: what it presents, where that is not one host's own.
        becomes: what is valid in its place after the task has changed the password, or may have.
    """

    server: str
    credential: Credential | None = None
    becomes: Credential | None = None


def login_outcomes(result: Mapping[str, Any]) -> Sequence[Outcome]:
    """Return the outcomes of the logins that a module's result tells of, in their order.

    Only a wrong password is ever followed by another login, so that is what all but the last one came to.
    """
    # The last login is ``login`` for a change and ``account_login`` for a SIP phone that is asked about with its
    # account's password; elsewhere the module is nothing but the login.
    last = result.get("login") or result.get("account_login")
    if last is None and "login" not in result:
        last = result.get("outcome")
    failed = int(result.get("failed_logins") or 0)
    return [Outcome.WRONG_PASSWORD] * (failed - (last in COUNTS_AS_FAILED)) + ([Outcome(last)] if last else [])

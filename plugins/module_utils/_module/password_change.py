# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idempotent change of a password, the same for every API.

The wanted state is "the new password works". One request decides whether anything changed, so nothing is retried
and a wrong login is paid at most once for each of the two passwords.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import PROVES_PASSWORD, ApiError, ChangeOutcome, SessionLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_IN_PLACE = "the new password was in place already"
_NOT_DONE = frozenset({"refused", "unreachable", "denied", "bad", "locked"})
"""Outcomes of a change request after which nothing was changed, for certain."""


class Account(Protocol):
    """One account on one service, as its API client sees it."""

    def log_in(self, password: str) -> Any:
        """Open a session, or raise ApiError with a login outcome."""

    def log_out(self, session: Any) -> bool:
        """End a session; whether it is surely over."""

    def change(self, session: Any, old: Any, new: str) -> None:
        """Change the password.

        Raises:
            SessionLost: nothing was changed; a new session may help.
            ApiError: ``refused`` (the new password), ``denied`` or ``unreachable`` (the request as such), ``bad`` or
                ``locked`` (the old password) when nothing was changed; anything else is unknown.
        """


@dataclass(frozen=True)
class Change:
    """What came of a change.

    Attributes:
        outcome: changed, unchanged, refused or unknown.
        message: what happened and what to do next.
        code: the server's code, where one was readable.
        login: outcome of the last login, where one was tried.
        failing_logins: logins that failed or may have failed; each counts towards a lock.
        password_refused: the old password works and the server refuses the new one.
        session_open: a session may have been left open; the server ends it by itself.
        facts: numbers that the server told besides, see ApiError.
    """

    outcome: ChangeOutcome
    message: str
    code: str | None = None
    login: str | None = None
    failing_logins: int = 0
    password_refused: bool = False
    session_open: bool = False
    facts: Mapping[str, int] = field(default_factory=dict)


def change_password(account: Account, old: Any, new: str, *, session: Any = None, probe_new: bool = True) -> Change:
    """Bring the account to the new password.

    Args:
        account: the account.
        old: the password that works now; None only with a session, for an account that has none.
        new: the password that shall work.
        session: an open session to use; a new one is opened where there is none or the server has lost it.
        probe_new: when the old password is wrong, log in once with the new one: it may be in place already.
    """
    if session is not None:
        try:
            return send_change(account, session, old, new)
        except SessionLost:
            pass  # Definitely nothing changed, so a session of our own may try.
    if old is None:
        return Change("refused", "the session is over and there is no old password to log in with; nothing was changed")
    try:
        session = account.log_in(old)
    except ApiError as exc:
        if exc.outcome == "bad" and probe_new and not exc.leaves_few_attempts:
            return _probe(account, new, exc)
        return not_sent(exc)
    try:
        return send_change(account, session, old, new, login="ok", authorised=True)
    except SessionLost as exc:
        left_open = not account.log_out(session)
        return Change(
            "refused", f"{exc.message}; nothing was changed, run again", exc.code, "ok", session_open=left_open
        )


def change_unless_in_place(verify: Callable[[], Any], change: Callable[[], Change]) -> Change:
    """Change a password only where the new one does not work already.

    Args:
        verify: tries the new password; raises ApiError with a login outcome.
        change: makes the change.
    """
    try:
        verify()
    except ApiError as exc:
        if exc.outcome == "bad" and not exc.leaves_few_attempts:
            made = change()
            return replace(made, failing_logins=made.failing_logins + exc.failing_logins)
        if exc.outcome not in PROVES_PASSWORD:
            return Change(
                "refused",
                f"whether the new password is in place already was not found out: {exc.message}. Nothing was changed",
                exc.code,
                exc.outcome,
                exc.failing_logins,
                facts=exc.facts,
            )
    return Change("unchanged", _IN_PLACE, "0", "ok")


def send_change(
    account: Account, session: Any, old: Any, new: str, *, login: str | None = None, authorised: bool = False
) -> Change:
    """Send the change in an open session and end that session.

    Args:
        account: the account.
        session: the session.
        old: the password that works now, where the request needs it.
        new: the password that shall work.
        login: outcome of the login that opened the session, where there was one.
        authorised: the caller is surely allowed to change this password, so that a refusal is about the new one.

    Raises:
        SessionLost: nothing was changed; a new session may help.
    """
    try:
        account.change(session, old, new)
    except SessionLost:
        raise
    except ApiError as exc:
        left_open = not account.log_out(session)
        if exc.outcome in _NOT_DONE:
            about_old = exc.outcome in ("bad", "locked")
            return Change(
                "refused",
                f"{exc.message}; nothing was changed",
                exc.code,
                exc.outcome if about_old else login,
                failing_logins=int(exc.outcome == "bad"),
                password_refused=exc.outcome == "refused" and authorised,
                session_open=left_open,
                facts=exc.facts,
            )
        return Change(
            "unknown",
            f"{exc.message}; the password may be the old or the new one. Keep both and find out with a login",
            exc.code,
            login,
            session_open=left_open,
        )
    return Change("changed", "the password was changed", "0", login, session_open=not account.log_out(session))


def _probe(account: Account, new: str, refusal: ApiError) -> Change:
    try:
        session = account.log_in(new)
    except ApiError as exc:
        if exc.outcome in PROVES_PASSWORD:
            return Change("unchanged", _IN_PLACE, refusal.code, exc.outcome, failing_logins=1)
        failing = 1 + exc.failing_logins
        if exc.outcome == "bad":
            return Change(
                "refused",
                f"neither the old nor the new password works: {exc.message}. Nothing was changed; find out who "
                "changed it before a further attempt locks the account",
                exc.code,
                exc.outcome,
                failing,
                facts=exc.facts,
            )
        return Change(
            "refused",
            f"the old password is wrong, and whether the new one works was not found out: {exc.message}. "
            "Nothing was changed",
            exc.code,
            exc.outcome,
            failing,
            facts=exc.facts,
        )
    left_open = not account.log_out(session)
    return Change(
        "unchanged",
        _IN_PLACE,
        refusal.code,
        "ok",
        failing_logins=1,
        session_open=left_open,
    )


def not_sent(exc: ApiError) -> Change:
    """Return what a change is that a failing login, or whatever else comes before it, has kept from being sent."""
    return Change(
        "refused",
        f"{exc.message}; the change was not sent and nothing was changed",
        exc.code,
        exc.outcome,
        failing_logins=exc.failing_logins,
        facts=exc.facts,
    )

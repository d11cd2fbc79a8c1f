# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idempotent change of a password, the same for every API.

The wanted state is "the new password works". One request decides whether anything changed, so nothing is retried
and a wrong login is paid at most once for each of the two passwords.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from .outcome import COUNTS_AS_FAILING, ApiError, ChangeOutcome, SessionLost


class Account(Protocol):
    """One account on one service, as its API client sees it."""

    def log_in(self, password: str) -> Any:
        """Open a session, or raise ApiError with a login outcome."""

    def log_out(self, session: Any) -> bool:
        """End a session; whether it is surely over."""

    def change(self, session: Any, old: str, new: str) -> None:
        """Change the password, or raise SessionLost, or ApiError: ``refused``, ``unreachable``, else unknown."""


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
    """

    outcome: ChangeOutcome
    message: str
    code: str | None = None
    login: str | None = None
    failing_logins: int = 0
    password_refused: bool = False
    session_open: bool = False


def change_password(account: Account, old: str, new: str, *, session: Any = None, probe_new: bool = True) -> Change:
    """Bring the account to the new password.

    Args:
        account: the account.
        old: the password that works now.
        new: the password that shall work.
        session: an open session to use; a new one is opened where there is none or the server has lost it.
        probe_new: when the old password is wrong, log in once with the new one: it may be in place already.
    """
    if session is not None:
        try:
            return _send(account, session, old, new, login=None)
        except SessionLost:
            pass  # Definitely nothing changed, so a session of our own may try.
    try:
        session = account.log_in(old)
    except ApiError as exc:
        if exc.outcome == "bad" and probe_new:
            return _probe(account, new, exc)
        return _not_sent(exc)
    try:
        return _send(account, session, old, new, login="ok")
    except SessionLost as exc:
        left_open = not account.log_out(session)
        return Change(
            "refused", f"{exc.message}; nothing was changed, run again", exc.code, "ok", session_open=left_open
        )


def _send(account: Account, session: Any, old: str, new: str, login: str | None) -> Change:
    try:
        account.change(session, old, new)
    except SessionLost:
        raise
    except ApiError as exc:
        left_open = not account.log_out(session)
        if exc.outcome in ("refused", "unreachable"):
            return Change(
                "refused",
                f"{exc.message}; nothing was changed",
                exc.code,
                login,
                # Only a login of our own proves that the old password works.
                password_refused=exc.outcome == "refused" and login == "ok",
                session_open=left_open,
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
        failing = 1 + (exc.outcome in COUNTS_AS_FAILING)
        if exc.outcome == "bad":
            return Change(
                "refused",
                f"neither the old nor the new password works: {exc.message}. Nothing was changed; find out who "
                "changed it before a further attempt locks the account",
                exc.code,
                exc.outcome,
                failing,
            )
        return Change(
            "refused",
            f"the old password is wrong, and whether the new one works was not found out: {exc.message}. "
            "Nothing was changed",
            exc.code,
            exc.outcome,
            failing,
        )
    left_open = not account.log_out(session)
    return Change(
        "unchanged",
        "the new password was in place already",
        refusal.code,
        "ok",
        failing_logins=1,
        session_open=left_open,
    )


def _not_sent(exc: ApiError) -> Change:
    return Change(
        "refused",
        f"{exc.message}; the change was not sent and nothing was changed",
        exc.code,
        exc.outcome,
        failing_logins=int(exc.outcome in COUNTS_AS_FAILING),
    )

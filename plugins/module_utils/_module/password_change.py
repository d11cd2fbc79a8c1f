# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idempotent change of a password, the same for every API.

The wanted state is "the new password works". One request decides whether anything changed, so nothing is retried
and a failed login is paid at most once for each of the two passwords.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import ONE_SERVER, PROVES_PASSWORD, ApiError, Outcome, SessionLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_IN_PLACE = "the new password was in place already"
_ABOUT_OLD = frozenset({Outcome.WRONG_PASSWORD, Outcome.LOCKED})
"""Outcomes of a change request that tell about the old password."""
_NOT_CHANGED = _ABOUT_OLD | {Outcome.PASSWORD_REJECTED, Outcome.ACCESS_DENIED, Outcome.UNREACHABLE}
"""Outcomes of a change request after which nothing was changed, as the server says."""
_NOTHING = {False: "nothing was changed", True: "the server says that nothing was changed"}
"""What is known where nothing was changed, by whether the change was sent: what a server says need not be so."""
_OF_A_CHANGE = {Outcome.UNKNOWN: Outcome.ACCESS_DENIED, Outcome.OK_RESTRICTED: Outcome.SECOND_FACTOR}
"""Outcomes of a login without a session that would say something else of a change, and what stands for them there."""


class Account(Protocol):
    """One account on one service, as its API client sees it."""

    def log_in(self, password: str) -> Any:
        """Open a session, or raise ApiError with a login outcome."""

    def log_out(self, session: Any) -> bool:
        """End a session; whether it is surely over."""

    def change(self, session: Any, old: Any, new: str) -> None:
        """Change the password.

        Raises:
            SessionLost: the server says that nothing was changed; a new session may help.
            ApiError: ``password_rejected`` (the new password), ``access_denied`` or ``unreachable`` (the request as
                such), ``wrong_password`` or ``locked`` (the old password) when the server says that nothing was
                changed; anything else is unknown.
        """


@dataclass(frozen=True)
class Change:
    """What came of a change.

    Attributes:
        outcome: changed, unchanged, unknown, or why nothing was changed.
        message: what happened and what to do next.
        code: the server's code, or the HTTP status where it gave none; None where no answer came.
        login: outcome of the last login, where one was tried.
        failed_logins: logins that failed or may have failed; each counts towards a lock.
        session_open: a session may have been left open; the server ends it by itself.
        facts: numbers that the server told besides, see ApiError.
        sent: the request to change the password may have left this machine. Otherwise nothing was changed for certain.
    """

    outcome: Outcome
    message: str
    code: str | None = None
    login: Outcome | None = None
    failed_logins: int = 0
    session_open: bool = False
    facts: Mapping[str, int] = field(default_factory=dict)
    sent: bool = False


def change_password(
    account: Account, old: Any, new: str, *, session: Any = None, probe_new: bool = True, by_parent: bool = False
) -> Change:
    """Bring the account to the new password.

    Args:
        account: the account.
        old: the password that works now; None only with a session, for an account that has none.
        new: the password that shall work.
        session: an open session to use, or what stands for a login made a moment ago; a new one is opened where there
            is none or the server has lost it.
        probe_new: when the old password is wrong, log in once with the new one: it may be in place already.
        by_parent: ``old`` is another credential's password, so a login with it tells nothing about this account.
    """
    lost: SessionLost | None = None
    if session is not None:
        try:
            return _send_change(account, session, old, new)
        except SessionLost as exc:
            if old is None or (by_parent and exc.sent):
                return _lost(exc, "; there is no old password to log in with" if old is None else "")
            # Only a login with the old password proves that nothing was changed, so that it may be sent once more.
            lost = exc
    sent = lost is not None and lost.sent
    try:
        session = account.log_in(old)
    except ApiError as exc:
        if lost and exc.outcome == Outcome.SIGNED_IN:
            return replace(_lost(lost, f"; {ONE_SERVER}"), session_open=True)
        if exc.outcome == Outcome.WRONG_PASSWORD and probe_new and not by_parent and not exc.leaves_few_attempts:
            return replace(_probe(account, new, exc, sent), sent=sent)
        return not_sent(exc, sent=sent)
    return change_once(account, session, old, new, login=Outcome.OK)


def change_unless_in_place(verify: Callable[[], Any], change: Callable[[], Change]) -> Change:
    """Change a password only where the new one does not work already.

    Args:
        verify: tries the new password; raises ApiError with a login outcome.
        change: makes the change.
    """
    try:
        verify()
    except ApiError as exc:
        if exc.outcome == Outcome.WRONG_PASSWORD and not exc.leaves_few_attempts:
            made = change()
            return replace(made, failed_logins=made.failed_logins + exc.failed_logins)
        if exc.outcome not in PROVES_PASSWORD:
            message = f"whether the new password is in place already was not found out: {exc.message}"
            return not_sent(exc, f"{message}. Nothing was changed")
    return Change(Outcome.UNCHANGED, _IN_PLACE, "0", Outcome.OK)


def change_once(account: Account, session: Any, old: Any, new: str, *, login: Outcome | None = None) -> Change:
    """Send the change in an open session and end that session, whatever comes of it.

    Args:
        account: the account.
        session: the session.
        old: the password that works now, where the request needs it.
        new: the password that shall work.
        login: outcome of the login that opened the session, where this task has made it.
    """
    try:
        return _send_change(account, session, old, new, login)
    except SessionLost as exc:
        why = f"; {ONE_SERVER}" if login else ""
        return replace(_lost(exc, why), login=login, session_open=not account.log_out(session))


def not_sent(exc: ApiError, message: str | None = None, *, failed_before: int = 0, sent: bool = False) -> Change:
    """Return what a change is that a failed login, or whatever else comes before it, has kept from being sent.

    Args:
        exc: the failure.
        message: what to say instead of the usual.
        failed_before: failed logins before that one.
        sent: the change was sent once before, in a session that was lost.
    """
    if message is None:
        message = f"{exc.message}; the change was not sent {'again; ' if sent else 'and '}{_NOTHING[sent]}"
    return Change(
        _OF_A_CHANGE.get(exc.outcome, exc.outcome),
        message,
        exc.code,
        exc.outcome,
        failed_before + exc.failed_logins,
        facts=exc.facts,
        sent=sent,
    )


def _send_change(account: Account, session: Any, old: Any, new: str, login: Outcome | None = None) -> Change:
    try:
        account.change(session, old, new)
    except SessionLost:
        raise
    except ApiError as exc:
        message = f"{exc.message}; {_NOTHING[exc.sent]}"
        made = Change(exc.outcome, message, exc.code, login, facts=exc.facts, sent=exc.sent)
        if exc.outcome in _ABOUT_OLD:
            made = replace(made, login=exc.outcome, failed_logins=exc.failed_logins)
        elif exc.outcome not in _NOT_CHANGED:
            message = f"{exc.message}; the password may be the old or the new one. Keep both and find out with a login"
            made = Change(Outcome.UNKNOWN, message, exc.code, login, sent=True)
    else:
        made = Change(Outcome.CHANGED, "the password was changed", "0", login, sent=True)
    return replace(made, session_open=not account.log_out(session))


def _lost(exc: SessionLost, why: str = "") -> Change:
    return Change(exc.outcome, f"{exc.message}{why}; {_NOTHING[exc.sent]}, run again", exc.code, sent=exc.sent)


def _probe(account: Account, new: str, refusal: ApiError, sent: bool) -> Change:
    try:
        session = account.log_in(new)
    except ApiError as exc:
        if exc.outcome in PROVES_PASSWORD:
            return Change(Outcome.UNCHANGED, _IN_PLACE, refusal.code, exc.outcome, failed_logins=1)
        if exc.outcome == Outcome.WRONG_PASSWORD:
            message = (
                f"neither the old nor the new password works: {exc.message}; {_NOTHING[sent]}. Find out who changed it "
                "before a further attempt locks the account"
            )
        else:
            message = (
                f"the old password is wrong, and whether the new one works was not found out: {exc.message}; "
                f"{_NOTHING[sent]}"
            )
        return not_sent(exc, message, failed_before=1)
    left_open = not account.log_out(session)
    return Change(Outcome.UNCHANGED, _IN_PLACE, refusal.code, Outcome.OK, failed_logins=1, session_open=left_open)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a login, a change or a rotation can come to, and the one exception that carries it.

A failing request is a decision. Every one ends in exactly one of three classes: the server said no, nothing was sent
at all, or nobody knows. When in doubt it is *unknown*.
"""

from __future__ import annotations

import re
import traceback
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_PLUGINS = f"{Path(__file__).parent.parent}/"
"""The plugins of this collection, in an archive too, in which an ordinary module runs."""


class Outcome(str, Enum):
    """What a login, a change, a step or a rotation came to. Documentation has its tables from here.

    Attributes:
        meaning: what it says, for people.
    """

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Outcome:
        """Make a member that is its word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    __str__ = str.__str__

    # -- a login
    OK = "ok", "The password is right."
    OK_RESTRICTED = (
        "ok_restricted",
        "The password is right, but the account must change it, needs a second factor, or is about to expire.",
    )
    WRONG_PASSWORD = "wrong_password", "The password is wrong. The only outcome that surely counts towards a lock."
    LOCKED = "locked", "The account is locked. Nothing is known about the password."
    SIGNED_IN = "signed_in", "The person is signed in elsewhere. Nothing is known about the password."
    ACCESS_DENIED = (
        "access_denied",
        "The server did not let this caller, its address or a parameter in. Nothing is known about the password.",
    )
    UNREACHABLE = "unreachable", "Nothing was sent."
    UNKNOWN = (
        "unknown",
        "Sent, and no answer that can be understood. A login counts as failed; after a change either password works.",
    )

    # -- a change, besides those of a login that kept it from being sent
    CHANGED = "changed", "The server says that it changed the password."
    UNCHANGED = "unchanged", "The new password was in place already."
    PASSWORD_REJECTED = "password_rejected", "The server refused the new password."
    SESSION_LOST = "session_lost", "The server does not know the session any more."

    # -- a step of a rotation that leads to the next one
    DUE = "due", "The password is due."
    RESUMED = "resumed", "An unresolved rotation is taken up."
    STAGED = "staged", "A candidate is in the store and is sent next."
    PROVED = "proved", "The staged password works: an earlier change had gone through."

    # -- a rotation, a verification or an enrollment
    ROTATED = "rotated", "The new password is in force."
    VERIFIED = "verified", "The stored password works."
    ENROLLED = "enrolled", "The given password is in the store."
    NOT_DUE = "not_due", "The password is younger than the maximum age; nothing was tried."
    TOO_EARLY = "too_early", "The server accepts no change yet; a later run makes it."
    OUT_OF_WINDOW = "out_of_window", "The password is due, and rotations are begun at other times of the day only."
    EXEMPT = "exempt", "The credential is left out on purpose, until the day that its exemption names."
    STOPPED = "stopped", "Not begun: too many hosts before it have failed, or the first one. Nothing was sent."
    LEASED = "leased", "Another run is at work on this credential; it is left to that run."
    COOLING = "cooling", "Logins failed or may have failed; nothing is tried before the lock window is over."
    HELD = (
        "held",
        "Two logins failed or may have failed; a further one could lock the account and needs a person's word.",
    )
    BLOCKED = "blocked", "The password of another credential, which this one needs, cannot be used now."
    UNRESOLVED = "unresolved", "A rotation is unresolved, so either password may work; run the rotate playbook."
    DIVERGED = "diverged", "No stored password works; somebody has to enroll the right one."
    FEW_ATTEMPTS = "few_attempts", "The server leaves too few attempts before a lock; let the user log in."
    SECOND_FACTOR = "second_factor", "The password works, and the user's second factor keeps it from being changed."
    FAILED = "failed", "The run stopped for the reason that its message tells."


PROVES_PASSWORD = frozenset({Outcome.OK, Outcome.OK_RESTRICTED})
"""Login outcomes that prove the password right."""

COUNTS_AS_FAILED = frozenset({Outcome.WRONG_PASSWORD, Outcome.UNKNOWN})
"""Login outcomes that are counted towards a lock: what surely cost an attempt and what may have."""

NOT_EVALUATED = frozenset({"407", "429", "503", "511"})
"""HTTP statuses of a server, or a proxy before it, that has not looked at the request; the same may succeed later."""

ONE_SERVER = "where a load balancer stands before it, it must send all requests of a session to one server (stickiness)"
"""The likeliest reason why a server does not know a session that was opened a moment ago."""

_HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")


def is_of_service(code: str | None) -> bool:
    """Whether a code is the service's own. Where it is none or an HTTP status, something else may have answered."""
    return code is not None and not _HTTP_STATUS.fullmatch(code)


FEW_ATTEMPTS = 2
"""When the server says that so few attempts are left before it locks the account, none is made any more."""


class Meaning(NamedTuple):
    """What a server's code says about the request that it answers."""

    outcome: Outcome
    sentence: str


class ApiError(Exception):
    """A request that did not succeed: its class, the server's code and a sentence in our own words.

    The sentence never holds anything the server wrote, a header or another exception's text.

    Attributes:
        code: the server's code, or the HTTP status where it gave none; None where no answer came.
        sent: whether the request may have left this machine.
        facts: numbers that the server told besides: ``remaining_attempts``, ``unlock_in_seconds``.
    """

    def __init__(
        self, outcome: Outcome, message: str, code: str | None = None, *, sent: bool = True, **facts: int | None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.code = code
        self.sent = sent
        self.facts = {name: fact for name, fact in facts.items() if fact is not None}

    @property
    def failed_logins(self) -> int:
        """How many failed logins this may have cost, where it came of a login."""
        return int(self.outcome in COUNTS_AS_FAILED)

    @property
    def of_the_next(self) -> Outcome:
        """What became of a request that was not made, because it needed this one to succeed."""
        return self.outcome if self.outcome == Outcome.UNREACHABLE else Outcome.ACCESS_DENIED

    @property
    def leaves_few_attempts(self) -> bool:
        """Whether the server says that it leaves too few attempts to make a further one."""
        return self.facts.get("remaining_attempts", FEW_ATTEMPTS + 1) <= FEW_ATTEMPTS


class NothingSent(ApiError):
    """No connection came about, so the server has not seen the request."""

    def __init__(self, message: str) -> None:
        super().__init__(Outcome.UNREACHABLE, message, sent=False)


class NoAnswer(ApiError):
    """The request went out and no answer came back."""

    def __init__(self, message: str) -> None:
        super().__init__(Outcome.UNKNOWN, message)


class Unreadable(ApiError):
    """An answer came back that cannot be understood."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(Outcome.UNKNOWN, message, code)


class SessionLost(ApiError):
    """The server says that it does not know the session any more, and so did not carry the request out."""

    def __init__(self, message: str, code: str | None = None, *, sent: bool = True) -> None:
        super().__init__(Outcome.SESSION_LOST, message, code, sent=sent)


class InputError(Exception):
    """Bad input, found before anything was sent. Carries every fault that was found, a sentence each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def check_all(*checks: Callable[[], Any]) -> list[Any]:
    """Return what each check returns, or raise one InputError with the faults of all of them, each once."""
    values: list[Any] = []
    faults: list[str] = []
    for check in checks:
        try:
            values.append(check())
        except InputError as exc:
            faults.extend(exc.faults)
    if faults:
        raise InputError(*dict.fromkeys(faults))
    return values


def described(exc: BaseException) -> str:
    """Return an accident's type and the innermost place in this collection that it came through.

    Its text stays out, since it may quote a secret.
    """
    files = ((frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(exc.__traceback__))
    places = [f" at {file[len(_PLUGINS) :]}:{line}" for file, line in files if file.startswith(_PLUGINS)]
    return type(exc).__name__ + "".join(places[-1:])

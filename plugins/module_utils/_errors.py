# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words this collection uses for what a server did, and the one exception that carries them.

A failing request is a decision. Every one ends in exactly one of three classes: the server
definitely said no, nothing was sent at all, or nobody knows. When in doubt it is *unknown*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LoginOutcome = Literal["ok", "ok_restricted", "bad", "locked", "live", "denied", "unreachable", "unknown"]
"""What a login proved.

``ok``
    The password is right.
``ok_restricted``
    The password is right, but the account may not work yet: it must change it, needs a second
    factor, or is about to expire.
``bad``
    The password is wrong. The only outcome that surely costs an attempt.
``locked``
    The account is locked. Says nothing about the password.
``live``
    The person is signed in elsewhere. Says nothing about the password.
``denied``
    The server does not let this caller, address or parameter in. Says nothing about the password.
``unreachable``
    Nothing was sent.
``unknown``
    Sent, but no answer that can be understood. Counted as a wrong password, to be safe.
"""

ChangeOutcome = Literal["changed", "unchanged", "refused", "unknown"]
"""What a change did. ``refused`` means definitely not changed, ``unknown`` means sent without a readable answer."""

PROVES_PASSWORD = frozenset({"ok", "ok_restricted"})
"""Login outcomes that prove the password right."""

COUNTS_AS_FAILING = frozenset({"bad", "unknown"})
"""Login outcomes that are counted towards a lock: what surely cost an attempt and what may have."""

FEW_ATTEMPTS = 2
"""When the server says that so few attempts are left before it locks the account, none is made any more."""


class Meaning(NamedTuple):
    """What a server's code says about the request that it answers."""

    outcome: str
    sentence: str


class ApiError(Exception):
    """A request that did not succeed: its class, the server's code and a sentence in our own words.

    The sentence never holds anything the server wrote, a header or another exception's text.

    Attributes:
        facts: numbers that the server told besides: ``remaining_attempts``, ``unlock_in_seconds``.
    """

    def __init__(self, outcome: str, message: str, code: str | None = None, **facts: int | None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.code = code
        self.facts = {name: fact for name, fact in facts.items() if fact is not None}

    @property
    def failing_logins(self) -> int:
        """How many wrong logins this may have cost, where it came of a login."""
        return int(self.outcome in COUNTS_AS_FAILING)

    @property
    def leaves_few_attempts(self) -> bool:
        """Whether the server says that it leaves too few attempts to make a further one."""
        return self.facts.get("remaining_attempts", FEW_ATTEMPTS + 1) <= FEW_ATTEMPTS


class NothingSent(ApiError):
    """No connection came about, so the server has not seen the request."""

    def __init__(self, message: str) -> None:
        super().__init__("unreachable", message)


class Unreadable(ApiError):
    """The request went out and no answer came back that can be understood."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown", message)


class SessionLost(ApiError):
    """The server does not know the session any more; it did not carry the request out."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__("refused", message, code)


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

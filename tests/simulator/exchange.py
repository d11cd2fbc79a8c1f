# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes between the server and a service: a call, its answer, and the operations a service offers."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from .accounts import Account, Credential

if TYPE_CHECKING:
    from .world import World

FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Call:
    """One request, read completely."""

    method: str
    path: str
    path_fields: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    charset: str
    content_type: str
    body: bytes
    # Set when a fault lets the call take effect only after its answer: who called was checked back then.
    late: bool = False
    _parsed: dict[str, Any] | None = None
    _tried: bool = False

    def fields(self) -> dict[str, Any] | None:
        """The JSON object, or the announced form, in the body; None if there is none."""
        if not self._tried:
            self._tried = True
            try:
                text = self.body.decode(self.charset)
                parsed = dict(parse_qsl(text)) if self.content_type == FORM else json.loads(text)
            except (ValueError, LookupError, RecursionError):
                parsed = None
            self._parsed = parsed if isinstance(parsed, dict) else None
        return self._parsed

    def field(self, name: str) -> object:
        return (self.fields() or {}).get(name)

    def cookies(self) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.headers.get("Cookie", "").split(";"))
        return {name.strip(): value.strip() for name, _equals, value in pairs if name.strip()}


@dataclass(slots=True)
class Answer:
    """What a service replies before any fault touches it."""

    body: bytes
    content_type: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200
    retcode: str | None = None
    applied: bool = False


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation. `name` is what faults and the journal call it."""

    name: str
    service: Service
    method: str
    path: str
    # Lets the call take effect.
    handle: Handler
    # A success that never happened (the fault 'lie', and the body that other faults deform).
    pretend: Handler
    account_of: Callable[[Call], str | None]
    # The field of the body that holds the password that proves who is calling.
    password_field: str | None = None
    # Must not overlap with another exclusive call of the same account.
    exclusive: bool = False
    # Whether the caller may make this call at all; only asked before a late effect is planned.
    admits: Callable[[Call], bool] = lambda call: True
    # A failure in the words of this operation, where they are not those of its service.
    refuse: Callable[[str, str], Answer] | None = None
    # Real seconds the answer is held.
    hold: Callable[[], float] = lambda: 0.0


class Service(ABC):
    """One simulated service; its file knows its paths, codes and rules."""

    name: str

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def operations(self) -> list[Operation]: ...

    @abstractmethod
    def refusal(self, code: str, message: str = "") -> Answer:
        """A failure in the words of this service; without a code, the one it uses for most failures."""

    def refusal_for(self, call: Call, code: str, message: str = "") -> Answer:
        """The same in the language that the caller asks for, where there is a choice."""
        return self.refusal(code, message)

    @abstractmethod
    def overlap(self) -> Answer:
        """The answer to a call that overlaps with another one of the same account."""

    @abstractmethod
    def is_signed_in(self, account: Account) -> bool: ...

    @abstractmethod
    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        """Somebody else signs in and stays (for `seconds` if given)."""

    @abstractmethod
    def end_sessions(self, account: Account) -> None: ...

    @abstractmethod
    def lock_seconds(self) -> float: ...

    @abstractmethod
    def is_locked(self, account: Account) -> bool: ...

    @abstractmethod
    def forget(self) -> None:
        """Drop all sessions."""

    def password_set(self, account: Account, *, created: bool = False) -> None:  # noqa: B027 (most need not know)
        """An account has been created, or its password has been changed over the control interface."""

    def credential(self, operation: Operation, call: Call) -> Credential:
        """What kind of password proves who is calling."""
        account = self.account(operation.account_of(call))
        if account is None or operation.password_field is None:
            return "none"
        return account.credential(call.field(operation.password_field))

    def account(self, account_id: str | None) -> Account | None:
        return self.world.accounts.get(self.name, account_id)

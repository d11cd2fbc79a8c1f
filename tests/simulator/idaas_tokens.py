# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of the IDaaS services: what they look like, whose they are and how long they live."""

from __future__ import annotations

import base64
import json
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from .accounts import Account
from .exchange import Call
from .issued import issued

MOST = 10_000


def _segment(content: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def jwt() -> str:
    """The shape of a JWT. It says nothing: the client is not meant to read it."""
    claims = _segment({"jti": secrets.token_hex(16)})
    return issued(f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{claims}.{secrets.token_urlsafe(32)}")


def session_token() -> str:
    return issued("".join(secrets.choice(string.ascii_letters + string.digits) for _position in range(32)))


def bearer(call: Call) -> str:
    """The token in the header Authorization; empty if there is none."""
    scheme, _space, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(slots=True)
class Token:
    """Something an account was given. `sort` is what it is good for."""

    account: Account
    sort: str
    ends_at: float
    used_up: bool = False


class Tokens:
    """All tokens of one service. Dead ones are kept for a while: the journal wants to know whose they were."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._all: dict[str, Token] = {}
        # Account -> its tokens.
        self._owned: dict[str, set[str]] = {}
        self._most = MOST

    def issue(self, account: Account, sort: str, seconds: float, text: str) -> str:
        if len(self._all) >= self._most:
            self._tidy()
        self._all[text] = Token(account, sort, self._now() + seconds)
        self._owned.setdefault(account.id, set()).add(text)
        return text

    def find(self, text: str) -> Token | None:
        """The token, dead or alive."""
        return self._all.get(text)

    def live(self, text: str, *sorts: str) -> Token | None:
        token = self._all.get(text)
        return token if token and token.sort in sorts and self._is_live(token) else None

    def has_live(self, account: Account, sort: str) -> bool:
        return any(self.live(text, sort) for text in self._owned.get(account.id, ()))

    def drop(self, account: Account) -> None:
        for text in self._owned.pop(account.id, ()):
            del self._all[text]

    def clear(self) -> None:
        self._all.clear()
        self._owned.clear()
        self._most = MOST

    def _tidy(self) -> None:
        dead = [text for text, token in self._all.items() if not self._is_live(token)]
        for text in dead:
            self._owned[self._all.pop(text).account.id].discard(text)
        # If all are alive, the next look is not due at the next token.
        self._most = max(MOST, 2 * len(self._all))

    def _is_live(self, token: Token) -> bool:
        return not token.used_up and self._now() < token.ends_at

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client of an IDaaS of the Bamboocloud family, the tenant administrator's side: token, and a user's password.

Sources: the interface references of Bamboocloud CIAM and Huawei Cloud OneAccess, pages "Obtaining an Access Token",
``change-password`` and ``change-password-verify``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._errors import ApiError, InputError, Outcome, SessionLost, Unreadable
from .._process.tenant_tokens import Token
from .answers import TENANT_CODES, bearer, succeeded, token_in

if TYPE_CHECKING:
    from .._http.transport import Transport
    from .._process.tenant_tokens import TokenSource

_TENANT = "/api/v2/tenant"
_DEFAULT_LIFETIME, _MAX_LIFETIME = 1800, 24 * 3600
"""Seconds that an administrator's token lives unless told otherwise, and longest life that is believed."""


@dataclass(frozen=True)
class TenantTokenService:
    """Gives tokens to a tenant's administrator."""

    transport: Transport
    client_id: str
    client_secret: str = field(repr=False)

    def ask(self) -> Token:
        """Ask for a token.

        Raises:
            ApiError: ``unreachable`` when nothing was sent, else ``access_denied`` or ``unknown``.
        """
        reply = self.transport.request(
            "POST",
            f"{_TENANT}/token",
            form_body={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            },
        )
        if reply.status in (400, 401, 403):
            raise ApiError(
                Outcome.ACCESS_DENIED,
                f"the IDaaS refused the tenant administrator (HTTP {reply.status}); check tenant_client_id and "
                "tenant_client_secret, and that the application may use the management API",
                reply.code,
            )
        document = succeeded(reply, {})
        lifetime = document.get("expires_in")
        value = token_in(document, "access_token")
        if value is None:
            raise Unreadable("the IDaaS gave the tenant administrator no token", reply.code)
        if not isinstance(lifetime, int) or not 1 < lifetime <= _MAX_LIFETIME:
            lifetime = _DEFAULT_LIFETIME
        return Token(value, lifetime)


@dataclass
class Tenant:
    """Calls of a tenant's administrator.

    Attributes:
        transport: where the requests go.
        tokens: gives the administrator's token.
    """

    transport: Transport
    tokens: TokenSource

    def set_password(self, user_id: str, new: str, *, old: str | None = None, must_modify: bool = False) -> None:
        """Give a user another password; with ``old`` only if that is the user's password.

        Args:
            user_id: the IDaaS's own id of the user, not the name.
            new: the password.
            old: the password that the user has now; checked by the IDaaS.
            must_modify: the user must change it at the next login. The IDaaS's own default is true. Not with ``old``.

        Raises:
            SessionLost: the administrator's token was refused; the next call gets another one.
            ApiError: see password_change.Account.change.
        """
        resource = f"{_TENANT}/users/{user_id}/change-password" + ("-verify" if old is not None else "")
        body = {"password": new, "must_modify": must_modify} if old is None else {"password": new, "old_password": old}
        token = self.tokens.get()
        reply = self.transport.request("PUT", resource, headers=bearer(token), json_body=body)
        if reply.status == 401:
            # It may have been carried out all the same. So it is not sent again before a login tells.
            self.tokens.refuse(token)
            raise SessionLost(
                "the IDaaS does not let this token of the tenant administrator in (HTTP 401); if that goes on, grant "
                "the application the management API",
                reply.code,
            )
        if reply.status == 403:
            raise ApiError(
                Outcome.ACCESS_DENIED,
                "the IDaaS does not let the tenant administrator change passwords (HTTP 403); grant the application "
                "the management API",
                reply.code,
            )
        if reply.status == 200 and not reply.body.strip():
            return
        succeeded(reply, TENANT_CODES)


def check_user_id(user_id: str) -> None:
    """Raise InputError unless this can be a user's id: it becomes part of a path."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", user_id):
        raise InputError(
            "user_id must be 1 to 128 letters, digits, - and _; it is the IDaaS's own id, not the login name"
        )

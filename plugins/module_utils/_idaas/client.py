# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client of an IDaaS of the Bamboocloud family, a user's side: CIAM and Huawei Cloud OneAccess.

Sources: the interface references of both, pages on login by password, "Requiring Password Change After Expiry"
(``pwd/update``), "Change Personal Password Using Current Password" (``pwd/change``) and "Check If Personal Password Is
Set".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Outcome, Unreadable
from .._http.strict_json import parse_object
from .._pattern import LONGEST_PASSWORD, is_usable_pattern
from .answers import CHANGE_CODES, LOGIN_CODES, TOKEN, bearer, succeeded, token_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.transport import Reply, Transport

_SDK = "/api/v2/sdk"

LOGIN_PATHS: Mapping[str, tuple[str, str]] = {
    "user_name": ("/login", "user_name"),
    "mobile": ("/login/mobile-pwd", "mobile"),
    "identifier": ("/login/auth", "user_name"),
}
"""By what the user is named in the login: path below the SDK's, and the field of the body."""

_HEADER = re.compile(r"[\x20-\x7e]{1,512}")
_HEADER_RULE = "must be 1 to 512 printable ASCII characters without blanks around them"


@dataclass(frozen=True)
class Device:
    """What the IDaaS wants to know about the device that calls; values of request headers.

    Attributes:
        fingerprint: stable, since the IDaaS may treat an unknown device as a risk.
        operating_system: name and version.
        agent: user agent.
        address: IP address, where it shall be told.

    Raises:
        InputError: naming each value that is missing or cannot be sent.
    """

    fingerprint: str
    operating_system: str = "Linux"
    agent: str = "callcenter.passwords"
    address: str | None = None

    def __post_init__(self) -> None:
        faults = [
            f"device: {name} {_HEADER_RULE}"
            for name in ("fingerprint", "operating_system", "agent", "address")
            if not (name == "address" and self.address is None) and not _is_header(getattr(self, name))
        ]
        if faults:
            raise InputError(*faults)


@dataclass(frozen=True)
class Session:
    """What a login gave. Every token is a secret.

    Attributes:
        status: the IDaaS's word: SUCCESS, PASSWORD_WARN or PASSWORD_EXPIRED.
        id_token: for calls of a user who is logged in.
        session_token: for single sign-on; not used here.
        state_token: for the change that the IDaaS asks for.
        policy: the password rules that it announced with that: min_length, max_length, pattern.
    """

    status: str
    id_token: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    state_token: str | None = field(default=None, repr=False)
    policy: Mapping[str, Any] = field(default_factory=dict)


class SecondFactor(ApiError):
    """The password is right, and a second factor is needed: nobody can go on without the user."""

    def __init__(self) -> None:
        super().__init__(
            Outcome.OK_RESTRICTED,
            "the password is right, but the user needs a second factor (MFA_AUTH), so it cannot be changed unattended",
            "MFA_AUTH",
        )


@dataclass
class Idaas:
    """Calls of a user's side, each one request.

    Attributes:
        transport: where the requests go.
        client_id: of the application that is registered at the IDaaS.
        device: what calls.
        tenant_id: for an application of an independent software vendor, with the common domain.
        language: of the IDaaS's texts; they are read for numbers only.
        login_by: by what the user is named, a key of ``LOGIN_PATHS``.
    """

    transport: Transport
    client_id: str
    device: Device
    tenant_id: str | None = None
    language: str = "en"
    login_by: str = "user_name"

    def log_in(self, user: str, password: str) -> Session:
        """Log a user in.

        Raises:
            SecondFactor: the password is right, and there is no session.
            ApiError: its outcome is a login outcome.
        """
        path, field_name = LOGIN_PATHS[self.login_by]
        reply = self._request("POST", path, json_body={field_name: user, "password": password})
        document = succeeded(reply, LOGIN_CODES)
        status = document.get("status")
        if status == "MFA_AUTH":
            raise SecondFactor
        if status == "ACCESS_DENIED":
            raise ApiError(
                Outcome.ACCESS_DENIED,
                "the IDaaS denies this user the application; check the user's rights",
                "ACCESS_DENIED",
            )
        if status == "SUCCESS":
            return Session(
                "SUCCESS", id_token=token_in(document, "id_token"), session_token=token_in(document, "session_token")
            )
        if status in ("PASSWORD_WARN", "PASSWORD_EXPIRED"):
            return Session(
                status, state_token=token_in(document, "state_token"), policy=announced_policy(document.get("data"))
            )
        raise Unreadable("the IDaaS's answer to the login has no status that is documented", reply.code)

    def has_password(self, id_token: str) -> bool:
        """Whether a logged-in user has a password.

        Raises:
            SessionLost: log in again.
            ApiError: there is no usable answer.
        """
        reply = self._request("GET", "/pwd/check-exist", headers=bearer(id_token))
        answer = str(succeeded(reply, CHANGE_CODES).get("is_set_pwd")).lower()
        if answer not in ("true", "false"):
            message = "the IDaaS does not tell whether the user has a password"
            raise ApiError(Outcome.ACCESS_DENIED, message, reply.code)
        return answer == "true"

    def change_password(self, id_token: str, old: str | None, new: str) -> None:
        """Change the password of a user who is logged in.

        Raises:
            SessionLost: log in again.
            ApiError: see password_change.Account.change.
        """
        body = {"new_password": new} if old is None else {"old_password": old, "new_password": new}
        reply = self._request("POST", "/pwd/change", headers=bearer(id_token), json_body=body)
        if reply.status == 200 and not reply.body.strip():
            return
        succeeded(reply, CHANGE_CODES)

    def update_password(self, state_token: str, old: str, new: str) -> None:
        """Change a password that is about to expire or has expired.

        Raises:
            SessionLost: log in again.
            ApiError: see password_change.Account.change.
        """
        reply = self._request(
            "POST",
            "/pwd/update",
            headers={"X-state-token": state_token},
            json_body={"old_password": old, "new_password": new},
        )
        status = succeeded(reply, CHANGE_CODES).get("status")
        if status != "SUCCESS":
            raise Unreadable("the IDaaS answered the change without status SUCCESS", reply.code)

    def _request(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
        device = {
            "X-operating-sys-version": self.device.operating_system,
            "X-device-fingerprint": self.device.fingerprint,
            "X-agent": self.device.agent,
            "X-client-id": self.client_id,
            "X-L": self.language,
            # Demanded of every call, even of one without a body.
            "Content-Type": "application/json",
        }
        if self.device.address:
            device["X-device-ip"] = self.device.address
        if self.tenant_id:
            device["X-tenant-id"] = self.tenant_id
        return self.transport.request(method, _SDK + path, headers={**device, **(headers or {})}, **body)


def announced_policy(data: Any) -> dict[str, Any]:
    """Return the password rules that a login announces: a JSON document inside a string, with more in it than that.

    What cannot be used is left out; the IDaaS then decides when the password is changed.
    """
    try:
        document = parse_object(data) if isinstance(data, str) else data
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    policy: dict[str, Any] = {}
    for name, key in (("min_length", "minLength"), ("max_length", "maxLength")):
        value = document.get(key)
        if re.fullmatch(r"[0-9]{1,4}", str(value)) and 1 <= int(str(value)) <= LONGEST_PASSWORD:
            policy[name] = int(str(value))
    longest = policy.get("max_length", LONGEST_PASSWORD)
    if policy.get("min_length", 0) > longest:
        policy.clear()
        longest = LONGEST_PASSWORD
    pattern = document.get("regEx")
    if isinstance(pattern, str) and pattern and is_usable_pattern(pattern, longest):
        policy["pattern"] = pattern
    return policy


def check_header(value: str | None, option: str) -> None:
    """Raise InputError unless an option can be sent in a header."""
    if not _is_header(value):
        raise InputError(f"{option} {_HEADER_RULE}")


def check_token(value: str, option: str) -> None:
    """Raise InputError unless an option can be a token that a login returned."""
    if not TOKEN.fullmatch(value):
        raise InputError(f"{option} has characters that no token has; give what idaas_login returned")


def _is_header(value: str | None) -> bool:
    return bool(value and _HEADER.fullmatch(value) and value == value.strip())

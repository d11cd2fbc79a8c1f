# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client of an IDaaS of the Bamboocloud family: CIAM and Huawei Cloud OneAccess.

Sources: the interface references of both, pages on login by password, "Requiring Password Change After Expiry"
(``pwd/update``), "Change Personal Password Using Current Password" (``pwd/change``), "Check If Personal Password Is
Set", and for tenant administrators "Obtaining an Access Token", ``change-password`` and ``change-password-verify``.

A failure is HTTP 400 with ``error_code``; some releases leave the prefix of the code out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from .outcome import ApiError, InputError, SessionLost, Unreadable
from .policy import is_usable_pattern
from .tenant_tokens import Token, without_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .transport import Reply, Transport

_SDK = "/api/v2/sdk"
_TENANT = "/api/v2/tenant"

LOGIN_PATHS: Mapping[str, tuple[str, str]] = {
    "user_name": ("/login", "user_name"),
    "mobile": ("/login/mobile-pwd", "mobile"),
    "identifier": ("/login/auth", "user_name"),
}
"""By what the user is named in the login: path below the SDK's, and the field of the body."""

_DEFAULT_LIFETIME, _MAX_LIFETIME = 1800, 24 * 3600
"""Seconds that an administrator's token lives unless told otherwise, and longest life that is believed."""

_CODE = re.compile(r"(?:[A-Z0-9]+\.)*((?:PARAM|PWD|LOGIN|USER)\.[0-9]{4})")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_HEADER = re.compile(r"[\x20-\x7e]{1,512}")
_HEADER_RULE = "must be 1 to 512 printable ASCII characters without blanks around them"


class Meaning(NamedTuple):
    """What an error code says about the request that it answers."""

    outcome: str
    sentence: str


_SETTINGS: Mapping[str, Meaning] = {
    "PARAM.0001": Meaning("denied", "the IDaaS misses something in the device headers; check the option device"),
    "PARAM.0002": Meaning("denied", "the IDaaS got no client id; check client_id"),
    "PARAM.0003": Meaning(
        "denied", "the IDaaS does not know this application; check client_id, tenant_id and idaas_url"
    ),
}

LOGIN_CODES: Mapping[str, Meaning] = {
    **_SETTINGS,
    "LOGIN.0001": Meaning("locked", "the user is locked after repeated failures"),
    "LOGIN.0002": Meaning("bad", "the IDaaS says that the user or the password is wrong"),
}

_PASSWORD_CODES: Mapping[str, Meaning] = {
    "PWD.0001": Meaning("refused", "the new password was used before; the next run takes another one"),
    "PWD.0002": Meaning("refused", "the new password is the user name backwards; choose another one"),
    "PWD.0003": Meaning(
        "refused",
        "the new password contains the user name, mobile number, mail prefix or the name in pinyin; give them as "
        "identifiers so that generated passwords avoid them",
    ),
    "PWD.0004": Meaning("refused", "the new password is too simple for the tenant; raise min_classes in the policy"),
    "PWD.0005": Meaning("refused", "the new password is in the tenant's list of weak passwords; choose another one"),
    "PWD.0006": Meaning("refused", "the new password repeats a character too often; choose another one"),
    "PWD.0007": Meaning(
        "refused", "the new password is too short or too long for the tenant; set its length in the policy"
    ),
}

CHANGE_CODES: Mapping[str, Meaning] = {
    **LOGIN_CODES,
    **_PASSWORD_CODES,
    "PARAM.0014": Meaning("session_lost", "the IDaaS does not know the state token any more; log in again"),
    "PARAM.0015": Meaning("session_lost", "the IDaaS got no id token; log in again"),
    "PARAM.0016": Meaning("session_lost", "the IDaaS does not know the id token any more; log in again"),
    "PARAM.0018": Meaning("denied", "the IDaaS got no old password, but the user has one; give old_password"),
    "PARAM.0019": Meaning("denied", "the IDaaS got no new password; please report this"),
    # Its English text says that the passwords do not match, its Chinese one that they must not be the same.
    "PARAM.0020": Meaning("refused", "the new password equals the old one; choose another one"),
}

TENANT_CODES: Mapping[str, Meaning] = {
    **_PASSWORD_CODES,
    "USER.0001": Meaning("denied", "the IDaaS does not know this user id; check user_id"),
    "LOGIN.0001": Meaning("locked", "the user is locked after repeated failures"),
    "LOGIN.0002": Meaning("bad", "the IDaaS says that the old password is wrong"),
}


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
            "ok_restricted",
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
        document = _succeeded(reply, LOGIN_CODES)
        status = document.get("status")
        if status == "MFA_AUTH":
            raise SecondFactor
        if status == "ACCESS_DENIED":
            raise ApiError(
                "denied", "the IDaaS denies this user the application; check the user's rights", "ACCESS_DENIED"
            )
        if status == "SUCCESS":
            return Session(
                "SUCCESS", id_token=_token(document, "id_token"), session_token=_token(document, "session_token")
            )
        if status in ("PASSWORD_WARN", "PASSWORD_EXPIRED"):
            return Session(
                status, state_token=_token(document, "state_token"), policy=announced_policy(document.get("data"))
            )
        raise Unreadable("the IDaaS's answer to the login has no status that is documented")

    def has_password(self, id_token: str) -> bool:
        """Whether a logged-in user has a password.

        Raises:
            SessionLost: log in again.
            ApiError: there is no usable answer.
        """
        document = _succeeded(self._request("GET", "/pwd/check-exist", headers=_bearer(id_token)), CHANGE_CODES)
        answer = str(document.get("is_set_pwd")).lower()
        if answer not in ("true", "false"):
            raise ApiError("denied", "the IDaaS does not tell whether the user has a password")
        return answer == "true"

    def change_password(self, id_token: str, old: str | None, new: str) -> None:
        """Change the password of a user who is logged in.

        Raises:
            SessionLost: nothing was changed; log in again.
            ApiError: see change.Account.change.
        """
        body = {"new_password": new} if old is None else {"old_password": old, "new_password": new}
        reply = self._request("POST", "/pwd/change", headers=_bearer(id_token), json_body=body)
        if reply.status == 200 and not reply.body.strip():
            return
        _succeeded(reply, CHANGE_CODES)

    def update_password(self, state_token: str, old: str, new: str) -> None:
        """Change a password that is about to expire or has expired.

        Raises:
            SessionLost: nothing was changed; log in again.
            ApiError: see change.Account.change.
        """
        reply = self._request(
            "POST",
            "/pwd/update",
            headers={"X-state-token": state_token},
            json_body={"old_password": old, "new_password": new},
        )
        status = _succeeded(reply, CHANGE_CODES).get("status")
        if status != "SUCCESS":
            raise Unreadable("the IDaaS answered the change without status SUCCESS")

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


@dataclass(frozen=True)
class TenantTokenService:
    """Gives tokens to a tenant's administrator."""

    transport: Transport
    client_id: str
    client_secret: str = field(repr=False)

    def ask(self) -> Token:
        """Ask for a token.

        Raises:
            ApiError: ``unreachable`` when nothing was sent, else ``denied`` or ``unknown``.
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
                "denied",
                f"the IDaaS refused the tenant administrator (HTTP {reply.status}); check tenant_client_id and "
                "tenant_client_secret, and that the application may use the management API",
                str(reply.status),
            )
        document = _succeeded(reply, {})
        lifetime = document.get("expires_in")
        value = _token(document, "access_token")
        if value is None:
            raise Unreadable("the IDaaS gave the tenant administrator no token")
        if not isinstance(lifetime, int) or not 1 < lifetime <= _MAX_LIFETIME:
            lifetime = _DEFAULT_LIFETIME
        return Token(value, lifetime)


@dataclass
class Tenant:
    """Calls of a tenant's administrator.

    Attributes:
        transport: where the requests go.
        token: returns the administrator's token, given the one that was refused, if any.
    """

    transport: Transport
    token: Callable[[str | None], str]

    def set_password(self, user_id: str, new: str, *, old: str | None = None, must_modify: bool = False) -> None:
        """Give a user another password; with ``old`` only if that is the user's password.

        Args:
            user_id: the IDaaS's own id of the user, not the name.
            new: the password.
            old: the password that the user has now; checked by the IDaaS.
            must_modify: the user must change it at the next login. The IDaaS's own default is true. Not with ``old``.

        Raises:
            ApiError: see change.Account.change.
        """
        resource = f"{_TENANT}/users/{user_id}/change-password" + ("-verify" if old is not None else "")
        body = {"password": new, "must_modify": must_modify} if old is None else {"password": new, "old_password": old}
        token = self._token(None)
        reply = self.transport.request("PUT", resource, headers=_bearer(token), json_body=body)
        if reply.status == 401:
            # Definitely not carried out. Once more with a new token; then it is not the token's fault.
            renewed = self._token(token)
            if renewed != token:
                reply = self.transport.request("PUT", resource, headers=_bearer(renewed), json_body=body)
        if reply.status in (401, 403):
            raise ApiError(
                "denied",
                f"the IDaaS does not let the tenant administrator change passwords (HTTP {reply.status}); grant the "
                "application the management API",
                str(reply.status),
            )
        if reply.status == 200 and not reply.body.strip():
            return
        _succeeded(reply, TENANT_CODES)

    def _token(self, refused: str | None) -> str:
        try:
            return self.token(refused)
        except ApiError as exc:
            raise without_token(exc) from None


def announced_policy(data: Any) -> dict[str, Any]:
    """Return the password rules that a login announces: a JSON document inside a string, with more in it than that.

    What cannot be used is left out; the IDaaS then decides when the password is changed.
    """
    try:
        document = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    policy: dict[str, Any] = {}
    for name, key in (("min_length", "minLength"), ("max_length", "maxLength")):
        value = document.get(key)
        if re.fullmatch(r"[0-9]{1,4}", str(value)) and 1 <= int(str(value)) <= 128:
            policy[name] = int(str(value))
    if policy.get("min_length", 0) > policy.get("max_length", 128):
        policy.clear()
    pattern = document.get("regEx")
    if isinstance(pattern, str) and pattern and is_usable_pattern(pattern):
        policy["pattern"] = pattern
    return policy


def check_header(value: str | None, option: str) -> None:
    """Raise InputError unless an option can be sent in a header."""
    if not _is_header(value):
        raise InputError(f"{option} {_HEADER_RULE}")


def check_token(value: str, option: str) -> None:
    """Raise InputError unless an option can be a token that a login returned."""
    if not _TOKEN.fullmatch(value):
        raise InputError(f"{option} has characters that no token has; give what idaas_login returned")


def check_user_id(user_id: str) -> None:
    """Raise InputError unless this can be a user's id: it becomes part of a path."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", user_id):
        raise InputError(
            "user_id must be 1 to 128 letters, digits, - and _; it is the IDaaS's own id, not the login name"
        )


def _is_header(value: str | None) -> bool:
    return bool(value and _HEADER.fullmatch(value) and value == value.strip())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _token(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def _succeeded(reply: Reply, codes: Mapping[str, Meaning]) -> dict[str, Any]:
    if reply.status in (403, 404, 405):
        raise ApiError(
            "denied",
            f"HTTP {reply.status} instead of an answer of the IDaaS; check idaas_url and whether this machine's "
            "address is let in",
            str(reply.status),
        )
    if reply.status == 429:
        raise ApiError("denied", "the IDaaS has too many requests (HTTP 429); run again later with fewer forks", "429")
    if reply.status not in (200, 400):
        raise Unreadable(f"the IDaaS answered HTTP {reply.status}")
    document = reply.json()
    given = document.get("error_code")
    if given is None and reply.status == 200:
        return document
    found = _CODE.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise Unreadable("the IDaaS answered with a failure that has no documented code")
    code = found.group(1)
    meaning = codes.get(code)
    if meaning is None:
        raise ApiError("unknown", f"the IDaaS answered {code}, which does not tell what was done", code)
    text = document.get("error_msg")
    raise _error(meaning, code, text if isinstance(text, str) else "")


def _error(meaning: Meaning, code: str, text: str) -> ApiError:
    """Return the error with the numbers in its text, which stand in the same order in both languages."""
    message = f"{meaning.sentence} ({code})"
    numbers = [int(number) for number in re.findall(r"[0-9]{1,6}", text)]
    if meaning.outcome == "session_lost":
        return SessionLost(message, code)
    if meaning.outcome == "bad" and len(numbers) == 1:
        return ApiError("bad", f"{message}; {numbers[0]} attempts are left", code, remaining_attempts=numbers[0])
    if meaning.outcome == "locked" and 1 <= len(numbers) <= 2:
        minutes, seconds = numbers[0], numbers[1] if len(numbers) == 2 else 0
        unlock = minutes * 60 + seconds
        return ApiError(
            "locked",
            f"{message}; it unlocks in {minutes} minutes and {seconds} seconds",
            code,
            unlock_in_seconds=unlock,
        )
    return ApiError(meaning.outcome, message, code)

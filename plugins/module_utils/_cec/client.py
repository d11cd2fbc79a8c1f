# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client of the CEC's cc-management interface: tenant token, login parameters, account and SIP phone password.

Sources: CEC interface reference, pages "Authentication" (C1), "Querying Agent Login Parameters", "Modifying an Agent
Account", "Changing the SIP Phone Number Login Password of an Agent" (updateSipPhonePassword).

Bodies are sent flat, as all examples of the reference show them; its tables wrap them, so answers are understood both
ways. There is no catalog of error codes: ``resultCode`` is "0" or "1", and the cause is a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Meaning, Outcome, SessionLost, Unreadable
from .._process.tenant_tokens import Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.transport import Reply, Transport
    from .._process.tenant_tokens import TokenSource

_TOKEN_SERVICE = "/apigovernance/api/oauth/tokenByAkSk"  # a path, no secret
_MANAGEMENT = "/apiaccess/rest/cc-management/v1"
MANAGEMENT_PATHS = ("CC-Management", "CC-Mangemant")
"""Both spellings that the reference uses for the path of the queries."""

MAX_TOKEN_LIFETIME = 3600
"""Longest life of a token that may be asked for, in seconds."""

_TOO_MANY_CALLS = "the tenant's flow control refused the call; run again later with fewer forks"
_NOT_AUTHENTICATED, _FLOW_CONTROL = "10010000001", "10010000002"
_FORBIDDEN = (
    "HTTP 403 without an answer of the API: this machine's address is not on the tenant's allow list; have it added"
)
_WHO = "the CEC"
_CODE = re.compile(r"[0-9]{1,3}|100100[0-9]{5}")
"""Shape of a code. Anything else is not repeated: it could be an echo of the request."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_MASKED = re.compile(r"\*+")


_CAUSES: Mapping[re.Pattern[str], Meaning] = {
    re.compile(r"\block|锁", re.IGNORECASE): Meaning(Outcome.LOCKED, "the business account is locked"),
    re.compile(r"\b24 ?h|24 ?小时|once (a|per|every) day|每天", re.IGNORECASE): Meaning(
        Outcome.ACCESS_DENIED,
        "the business account's password was changed within the last 24 hours; run again after that",
    ),
    re.compile(r"flow control|too (many|frequent)|流控", re.IGNORECASE): Meaning(
        Outcome.ACCESS_DENIED, _TOO_MANY_CALLS
    ),
}
"""What the text of a failure says, found by words in English or Chinese; the text itself is never passed on. Inferred,
since no text is documented. What none of them matches falls back to what the call is about."""

_OLD_IS_WRONG = re.compile(
    r"^(?:(?!new|same|differ|identical|equal|新密码|相同).)*?"
    r"(?:\b(?:old|original|current) (?:password|pwd)\b(?:(?!new|same)[^.;,]){0,20}"
    r"(?:incorrect|wrong|error|invalid|not match)"
    r"|(?:旧|原|当前)密码(?:(?!新|同)[^,。;;,]){0,6}(?:错误|不正确|有误))",
    re.IGNORECASE | re.DOTALL,
)
"""A text about the old password, and not one that compares the new password with it."""


@dataclass(frozen=True)
class _Reading:
    """How the answer to a call is read.

    Attributes:
        code_name: the field of its code.
        causes: what the text of a failure may say.
        otherwise: what a failure means where its text says none of that.
    """

    code_name: str
    causes: Mapping[re.Pattern[str], Meaning]
    otherwise: Meaning


_LOGIN = _Reading(
    "returnCode",
    _CAUSES,
    Meaning(Outcome.WRONG_PASSWORD, "the CEC says that the business account or its password is wrong"),
)
_CHANGE = _Reading(
    "resultCode",
    {**_CAUSES, _OLD_IS_WRONG: Meaning(Outcome.WRONG_PASSWORD, "the CEC says that the old password is wrong")},
    Meaning(
        Outcome.PASSWORD_REJECTED,
        "the CEC refused the new password; compare the tenant's password rules and history with the policy",
    ),
)


@dataclass(frozen=True)
class LoginParameters:
    """What ``queryAgentLoginParams`` returns of an account; kept from every result.

    Attributes:
        sip_account: number of the account's SIP phone, None where there is none.
        sip_password: its password, None where the tenant masks it.
    """

    sip_account: str | None = None
    sip_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TokenService:
    """Gives tenant tokens.

    Attributes:
        transport: where the requests go; the service may have a port of its own.
        app_key: the tenant's key.
        app_secret: its secret.
        lifetime: seconds that a token shall live, at most ``MAX_TOKEN_LIFETIME``.
    """

    transport: Transport
    app_key: str
    app_secret: str = field(repr=False)
    lifetime: int = 600

    def ask(self) -> Token:
        """Ask for a token.

        Raises:
            ApiError: ``unreachable`` when nothing was sent, else ``access_denied`` or ``unknown``.
        """
        reply = self.transport.request(
            "POST",
            _TOKEN_SERVICE,
            headers={"X-Token-Expire": str(self.lifetime)},
            json_body={"app_key": self.app_key, "app_secret": self.app_secret},
        )
        _refuse_status(reply, "the token service", "check token_url")
        if reply.status in (400, 401):
            raise ApiError(
                Outcome.ACCESS_DENIED,
                f"the token service refused app_key and app_secret (HTTP {reply.status}); check both, and that the "
                "tenant has bought the service",
                reply.code,
            )
        if reply.status != 200:
            raise reply.unexpected()
        document = reply.json()
        value, lifetime = document.get("AccessToken"), str(document.get("Expires"))
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            message = "the token service gave no token; check app_key and app_secret"
            raise ApiError(Outcome.ACCESS_DENIED, message, reply.code)
        return Token(value, float(lifetime) if re.fullmatch(r"[0-9]{1,6}", lifetime) else self.lifetime)


@dataclass
class Management:
    """Calls of cc-management, each one request; a query makes one more where the token had to be renewed.

    Attributes:
        transport: where the requests go.
        app_key: sent as ``x-app-key``.
        tokens: gives the tenant's token.
        management_path: the spelling of the queries' path, one of ``MANAGEMENT_PATHS``.
        wraps: a change has its parameters inside an object ``requestParam``, as the documented tables show and the
            examples do not.
    """

    transport: Transport
    app_key: str
    tokens: TokenSource
    management_path: str = MANAGEMENT_PATHS[0]
    wraps: bool = False

    def login_parameters(self, account: str, password: str) -> LoginParameters:
        """Check a business account's password, without any sign-in.

        Raises:
            ApiError: its outcome is a login outcome.
        """
        document = self._query(
            f"/apiaccess/{self.management_path}/v1/queryAgentLoginParams",
            {"account": account, "password": password},
            _LOGIN,
        )
        results = document.get("results")
        results = results if isinstance(results, dict) else {}
        sip_account, sip_password = results.get("sipAccount"), results.get("sipPwd")
        return LoginParameters(
            str(sip_account) if sip_account else None,
            sip_password
            if isinstance(sip_password, str) and sip_password and not _MASKED.fullmatch(sip_password)
            else None,
        )

    def change_account_password(self, account: str, old: str, new: str) -> None:
        """Change a business account's password. Accepted once in 24 hours.

        Raises:
            SessionLost: the tenant's token was refused; the next call gets another one.
            ApiError: ``wrong_password`` (the old one), ``locked``, ``password_rejected``, ``access_denied``,
                ``unreachable`` or ``unknown``.
        """
        self._change(
            f"{_MANAGEMENT}/agentAccount/update",
            {"userAccount": account, "oldPassWord": old, "newPassWord": new},
        )

    def change_sip_password(self, account: str, account_password: str, new: str) -> None:
        """Change the password of an account's SIP phone, with the account's password and not with the phone's.

        Raises:
            SessionLost: see ``change_account_password``.
            ApiError: see there; ``wrong_password`` and ``locked`` are about the account.
        """
        self._change(
            f"{_MANAGEMENT}/sipPhone/updateSipPhonePassword",
            {"userAccount": account, "accountPwd": account_password, "newPhonePwd": new},
        )

    def _query(self, resource: str, body: Mapping[str, str], reading: _Reading) -> dict[str, Any]:
        token = self.tokens.get()
        try:
            return self._send(resource, body, token, reading)
        except SessionLost as exc:
            if exc.code != _NOT_AUTHENTICATED:
                # The password may have been looked at before the token was.
                self.tokens.refuse(token)
                raise ApiError(Outcome.UNKNOWN, exc.message, exc.code) from None
            # Once more with a new token; then it is not the token's fault.
            renewed = self.tokens.get(refused=token)
            if renewed == token:
                raise ApiError(Outcome.ACCESS_DENIED, exc.message, exc.code) from None
        try:
            return self._send(resource, body, renewed, reading)
        except SessionLost as exc:
            raise ApiError(Outcome.ACCESS_DENIED, exc.message, exc.code) from None

    def _change(self, resource: str, body: Mapping[str, str]) -> None:
        token = self.tokens.get()
        try:
            self._send(resource, {"requestParam": body} if self.wraps else body, token, _CHANGE)
        except SessionLost:
            # It may have been carried out all the same. So it is not sent again before a login tells.
            self.tokens.refuse(token)
            raise

    def _send(self, resource: str, body: Mapping[str, Any], token: str, reading: _Reading) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "x-app-key": self.app_key}
        reply = self.transport.request("POST", resource, headers=headers, json_body=body)
        return _succeeded(reply, reading)


def check_account(account: str | None, option: str = "account") -> None:
    """Raise InputError unless this can be the name of a business account."""
    if not account or not re.fullmatch(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,100}", account):
        raise InputError(f"{option} must be 1 to 100 characters without blanks, the name of a business account")


def check_token(token: str, option: str = "access_token") -> None:
    """Raise InputError unless this can be a token: it is sent in a header."""
    if not _TOKEN.fullmatch(token):
        raise InputError(f"{option} has characters that no token has; give what cec_token returned")


def check_app_key(app_key: str | None) -> None:
    """Raise InputError unless this can be an app key: it is sent in a header."""
    if not app_key or not re.fullmatch(r"[\x21-\x7e]{1,256}", app_key):
        raise InputError(
            "app_key must be 1 to 256 printable ASCII characters without blanks; ask the CEC's operator for it"
        )


def _refuse_status(reply: Reply, who: str, advice: str) -> None:
    """Raise ApiError for the statuses that say that a request was not carried out."""
    reply.check_evaluated(who)
    if reply.status == 403:
        raise ApiError(Outcome.ACCESS_DENIED, _FORBIDDEN, reply.code)
    if reply.status in (404, 405):
        message = f"{who} does not know this path (HTTP {reply.status}); {advice}"
        raise ApiError(Outcome.ACCESS_DENIED, message, reply.code)


def _succeeded(reply: Reply, reading: _Reading) -> dict[str, Any]:
    _refuse_status(reply, _WHO, "check cec_url and management_path")
    if reply.status == 401 and not _rejects_token(reply):
        raise SessionLost(
            "the CEC does not let this token in (HTTP 401); check that the tenant has bought the service and that its "
            "account is in good standing",
            reply.code,
        )
    if reply.status == 400:
        raise ApiError(
            Outcome.ACCESS_DENIED,
            "the CEC found the path or a parameter incorrect (HTTP 400); check the options",
            reply.code,
        )
    if reply.status == 500:
        message = "the CEC answered HTTP 500, a failure of the business logic; check the account's name"
        raise Unreadable(message, reply.code)
    if reply.status not in (200, 401):
        raise reply.unexpected()
    document = _document(reply)
    code, text = _code(document.get(reading.code_name)), document.get("resultMessage") or document.get("message")
    if code == "0":
        return document
    if _rejects_token(reply):
        raise SessionLost(
            f"the CEC did not accept the tenant's authentication ({_NOT_AUTHENTICATED}); check app_key",
            _NOT_AUTHENTICATED,
        )
    if _FLOW_CONTROL in _fabric_codes(document):
        raise ApiError(Outcome.ACCESS_DENIED, _TOO_MANY_CALLS, _FLOW_CONTROL)
    if code != "1":
        message = f"the CEC's answer has no {reading.code_name} that is documented"
        raise Unreadable(message, code or reply.code)
    found = (meaning for words, meaning in reading.causes.items() if isinstance(text, str) and words.search(text))
    meaning = next(found, reading.otherwise)
    raise ApiError(meaning.outcome, f"{meaning.sentence} ({reading.code_name} 1)", "1")


def _rejects_token(reply: Reply) -> bool:
    """Whether API Fabric itself refuses the token. Then nothing behind it has looked at the request."""
    try:
        return _NOT_AUTHENTICATED in _fabric_codes(_document(reply))
    except Unreadable:
        return False


def _fabric_codes(document: Mapping[str, Any]) -> set[str | None]:
    """Return where API Fabric's own code may be: its name is the same for all calls."""
    return {_code(document.get("resultCode")), _code(document.get("returnCode"))}


def _document(reply: Reply) -> dict[str, Any]:
    document = reply.json()
    wrapped = document.get("schema")
    return wrapped if isinstance(wrapped, dict) else document


def _code(value: Any) -> str | None:
    """Return a code, which is documented as a string and shown as a number too; None where it is no code."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None

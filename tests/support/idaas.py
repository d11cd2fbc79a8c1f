# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IDaaS as the tests of the modules see it: secrets, answers and exchanges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from support.module_runner import (
    HTML,
    OLD,
    SERVER_TEXT,
    no_document,
)
from support.wire_script import Answer, Exchange, Fault

URL = "https://idaas.test"
SDK = "/api/v2/sdk"
TENANT = "/api/v2/tenant"

CLIENT = "client-1"
USER = "zhang.wei"
USER_ID = "20211112154325789-3A7B-D5A5"
ID_TOKEN = "id.token-marker-1"
ID_TOKEN_2 = "id.token-marker-2"
SESSION_TOKEN = "session-token-marker"
STATE_TOKEN = "state.token-marker-1"
STATE_TOKEN_2 = "state.token-marker-2"
TENANT_SECRET = "tenant-secret-Marker &=密"
TENANT_TOKEN = "tenant-token-marker-1"
TENANT_TOKEN_2 = "tenant-token-marker-2"

USER_OPTIONS: Mapping[str, Any] = {
    "idaas_url": URL,
    "client_id": CLIENT,
    "user_name": USER,
    "device": {"fingerprint": "fingerprint-1"},
}
TENANT_OPTIONS: Mapping[str, Any] = {
    "idaas_url": URL,
    "tenant_client_id": CLIENT,
    "tenant_client_secret": TENANT_SECRET,
    "user_id": USER_ID,
}
DEVICE: Mapping[str, str] = {
    "X-operating-sys-version": "Linux",
    "X-device-fingerprint": "fingerprint-1",
    "X-agent": "callcenter.passwords",
    "X-client-id": CLIENT,
    "X-L": "en",
}
"""Headers of every call of a user."""

WRONG_TEXTS = ("Invalid account name or password. Remaining attempts: {}.", "账号或密码错误,剩余尝试次数:{}")
LOCKED_TEXTS = ("The account is locked. Try again in 3 minutes and 5 seconds.", "账号已被锁定,请在3分钟5秒后重试")

RULES: Mapping[str, Any] = {"maxLength": 18, "minLength": 8, "regEx": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w.-]+$"}
"""What a login announces, inside a string."""

SETTINGS_CODES: Mapping[str, tuple[str, str]] = {
    "PARAM.0001": ("access_denied", "check the option device"),
    "PARAM.0002": ("access_denied", "check client_id"),
    "PARAM.0003": ("access_denied", "check client_id, tenant_id and idaas_url"),
}
LOGIN_CODES: Mapping[str, tuple[str, str]] = {
    **SETTINGS_CODES,
    "LOGIN.0001": ("locked", "locked after repeated failures"),
    "LOGIN.0002": ("wrong_password", "the user or the password is wrong"),
}
PASSWORD_CODES: Mapping[str, str] = {
    "PWD.0001": "used before",
    "PWD.0002": "user name backwards",
    "PWD.0003": "give them as identifiers",
    "PWD.0004": "raise min_classes",
    "PWD.0005": "weak passwords",
    "PWD.0006": "repeats a character",
    "PWD.0007": "set its length in the policy",
}
"""Code without its family, and outcome and piece of the sentence that it leads to."""

REFUSING_STATUSES = (403, 404, 405, 429, 503)
"""Statuses that say that a call was not carried out."""

REPEATED: Mapping[str, str] = {"PARAM.9999": "PARAM.9999"}
"""The undocumented code that is told, see ``code_of``."""


# -- answers -----------------------------------------------------------------------------------------------------------


def failure(code: Any, text: Any = SERVER_TEXT, *, family: str = "IDAAS.SDK.", status: int = 400) -> Answer:
    """Return the answer to a call that failed."""
    return Answer.json(
        {"error_code": family + code if isinstance(code, str) else code, "error_msg": text}, status=status
    )


def wrong(remaining: int | None = None, text: str = WRONG_TEXTS[0]) -> Answer:
    """Return the answer to a wrong password."""
    return failure("LOGIN.0002", SERVER_TEXT if remaining is None else text.format(remaining))


def signed_in(**fields: Any) -> Answer:
    """Return the answer to a good login."""
    tokens = {"id_token": ID_TOKEN, "session_token": SESSION_TOKEN}
    return Answer.json({"status": "SUCCESS", "expire": 432000, **tokens, **fields})


def must_change(status: str = "PASSWORD_EXPIRED", data: Any = None, **fields: Any) -> Answer:
    """Return the answer to a good login with a password that the IDaaS wants changed."""
    data = json.dumps(RULES) if data is None else data
    return Answer.json({"status": status, "state_token": STATE_TOKEN, "data": data, **fields})


def unreadable(success: Mapping[str, Any]) -> dict[str, Answer | Fault]:
    """Return the answers after which nobody knows what the IDaaS did, whatever the call."""
    return {
        **no_document(success),
        "no code": Answer.json({"error_msg": SERVER_TEXT}, status=400),
        "success with HTTP 400": Answer.json(success, status=400),
        "code null": failure(None),
        "code as a number": failure(17),
        "code as a list": failure(["IDAAS.SDK.LOGIN.0002"]),
        "code in lower case": failure("login.0002", family="idaas.sdk."),
        "code with a blank": failure("LOGIN.0002 "),
        "code with a line break": failure("LOGIN.0002\n"),
        "code that echoes the request": failure(OLD, family=""),
        "code of another family": failure("SDK.COMMON.1001", family=""),
        "undocumented code": failure("PARAM.9999"),
        "undocumented code with HTTP 200": failure("PARAM.9999", status=200),
        "HTTP 201": Answer.json(success, status=201),
        "HTTP 302": Answer(302, headers=[("Location", "https://elsewhere.test/")]),
        "HTTP 415": Answer.json({"error": "Unsupported Media Type"}, status=415),
        "HTTP 500": failure("LOGIN.0002", status=500),
        "HTTP 502": Answer(502, HTML),
        "HTTP 504": Answer.json(success, status=504),
    }


# -- exchanges ---------------------------------------------------------------------------------------------------------


def log_in(
    password: str,
    reply: Answer | Fault | None = None,
    *,
    path: str = "/login",
    named: str = "user_name",
    user: str = USER,
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    return _of_user("POST", path, reply or signed_in(), {named: user, "password": password}, headers=headers)


def has_password(reply: Answer | Fault, *, token: str = ID_TOKEN) -> Exchange:
    # Demanded of every call, even of one without a body.
    return _of_user("GET", "/pwd/check-exist", reply, None, token=token, headers={"Content-Type": "application/json"})


def change(old: str | None, new: str, reply: Answer | Fault | None = None, *, token: str = ID_TOKEN) -> Exchange:
    body = {"new_password": new} if old is None else {"old_password": old, "new_password": new}
    return _of_user("POST", "/pwd/change", reply or Answer(), body, token=token)


def update(old: str, new: str, reply: Answer | Fault | None = None, *, state: str = STATE_TOKEN) -> Exchange:
    body = {"old_password": old, "new_password": new}
    return _of_user("POST", "/pwd/update", reply or signed_in(), body, headers={"X-state-token": state})


def _of_user(
    method: str,
    path: str,
    reply: Answer | Fault,
    body: Mapping[str, str] | None,
    *,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    expected = {**DEVICE, **(headers or {})}
    optional = ("X-device-ip", "X-tenant-id", "X-state-token")
    return Exchange(
        method,
        SDK + path,
        reply,
        body,
        headers=expected,
        authorization=f"Bearer {token}" if token else None,
        absent=[name for name in optional if name not in expected],
        server=URL,
    )


def tenant_token(token: Any = TENANT_TOKEN, expires_in: Any = 1800) -> Answer:
    """Return the answer that gives a token to the tenant's administrator."""
    return Answer.json({"access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": "all"})


def ask_tenant_token(reply: Answer | Fault | None = None) -> Exchange:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": TENANT_SECRET}
    return Exchange("POST", f"{TENANT}/token", reply or tenant_token(), form=form, absent=list(DEVICE), server=URL)


def reset(
    new: str,
    reply: Answer | Fault | None = None,
    *,
    old: str | None = None,
    must_modify: bool = False,
    token: str = TENANT_TOKEN,
) -> Exchange:
    """Return the administrator's change; with ``old`` the one that verifies it."""
    body = {"password": new, "must_modify": must_modify} if old is None else {"password": new, "old_password": old}
    return Exchange(
        "PUT",
        f"{TENANT}/users/{USER_ID}/change-password" + ("" if old is None else "-verify"),
        reply or Answer.json({"user_id": USER_ID}),
        body,
        authorization=f"Bearer {token}",
        absent=list(DEVICE),
        server=URL,
    )

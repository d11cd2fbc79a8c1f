# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CEC as the tests of the modules see it: secrets, answers and exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError
from support.module_runner import (
    HTML,
    OLD,
    SERVER_TEXT,
    no_document,
)
from support.wire_script import Answer, Exchange, Fault

URL = "https://cec.test"
TOKEN_URL = "https://cec.test:28070"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"
MANAGEMENT = "/apiaccess/rest/cc-management/v1"

APP_KEY = "app-key-1"
APP_SECRET = "app-secret-Marker"
TOKEN = "token-marker-1"
TOKEN_2 = "token-marker-2"
ACCOUNT = "zhang.wei"
ACCOUNT_PASSWORD = "Account-Marker-1a"
PHONE = "88801001"
SIP_OLD = "Old_Marker.7x"
SIP_NEW = "New_Marker.9z"

TENANT_OPTIONS: Mapping[str, Any] = {"cec_url": URL, "app_key": APP_KEY, "app_secret": APP_SECRET}
ACCOUNT_OPTIONS: Mapping[str, Any] = {**TENANT_OPTIONS, "account": ACCOUNT}

FLOW_CONTROL = "10010000002"
UNAUTHORIZED = "10010000001"

LOCKED_TEXTS = (
    "The account is locked. Try again in 30 minutes or contact the tenant administrator.",
    "LOCKED",
    "账号已锁定,请30分钟后重试",
)
EARLY_TEXTS = (
    "The password can be changed only once within 24 hours.",
    "Only once a day",
    "24小时内只能修改一次密码",
    "密码每天只能修改一次",
)
FLOW_TEXTS = ("Flow control failed.", "Too many requests", "流控失败")
CAUSES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(LOCKED_TEXTS, ("locked", "account is locked")),
    **dict.fromkeys(EARLY_TEXTS, ("access_denied", "within the last 24 hours")),
    **dict.fromkeys(FLOW_TEXTS, ("access_denied", "flow control refused")),
}
"""Text of a failure, and outcome and piece of the sentence that it leads to."""

UNFAMILIAR_TEXTS = ("", "The operation failed.", "Unblock the clock in 240 hours", "原因不明", None, 17, ["locked"])
"""Texts that say nothing known."""

OLD_PASSWORD_TEXTS = (
    "The old password is incorrect.",
    "Old password error",
    "original pwd wrong",
    "The current password does not match; the new password was not set",
    "旧密码错误",
    "原密码不正确",
    "当前密码输入有误,请重新输入",
)
"""Texts of a change that say that the old password is wrong."""

NEW_PASSWORD_TEXTS = (
    "The new password must differ from the old password.",
    "The new password must not match the old password",
    "The password is the same as the old password: invalid",
    "Old password and new password error",
    "An identical old password is wrong",
    "The old password. Something else is wrong",
    "Old passwords are an error",
    "新密码不能与旧密码相同",
    "新密码与旧密码错误",
    "旧密码,新密码错误",
)
"""Texts that only compare it with the new one."""

REFUSING_STATUSES: Mapping[int, str] = {
    400: "path or a parameter incorrect",
    403: "allow list",
    404: "check cec_url and management_path",
    405: "check cec_url and management_path",
    429: "run again later",
    503: "run again later",
}
"""Statuses that say that a call was not carried out, and a piece of the sentence that they lead to."""

REPEATED: Mapping[str, str] = {'"2"': "2", '"00"': "00"}
"""Undocumented codes that are told, see ``code_of``."""


# -- answers -----------------------------------------------------------------------------------------------------------


def granted(token: Any = TOKEN, expires: Any = "600", **more: Any) -> Answer:
    """Return the answer of the token service that gives a token."""
    document = {"AccessToken": token, "ApplyType": "Bearer", "Expires": expires, "Scope": "default", "AppKey": APP_KEY}
    return Answer.json({**document, **more})


def verdict(
    code: Any = "0", text: Any = SERVER_TEXT, *, status: int = 200, wrapped: bool = False, **results: Any
) -> Answer:
    """Return the answer to a check of an account's password."""
    return _answer({"returnCode": code, "message": text, "results": results}, status, wrapped)


def done(code: Any = "0", text: Any = SERVER_TEXT, *, status: int = 200, wrapped: bool = False) -> Answer:
    """Return the answer to a change."""
    return _answer({"resultCode": code, "resultMessage": text}, status, wrapped)


def phone(password: Any, number: Any = PHONE) -> Answer:
    """Return the answer to a good check, with all the secrets in it."""
    return verdict(workNo="1001", password="platform-marker", sipAccount=number, sipPwd=password)


def _answer(document: dict[str, Any], status: int, wrapped: bool) -> Answer:
    return Answer.json({"schema": document} if wrapped else document, status=status)


def unreadable(code_name: str) -> dict[str, Answer | Fault]:
    """Return the answers after which nobody knows what the CEC did. Its code has this name."""

    def coded(code: Any, status: int = 200) -> Answer:
        return Answer.json({code_name: code, "message": SERVER_TEXT}, status=status)

    return {
        **no_document({code_name: "0"}),
        "no code": Answer.json({"message": SERVER_TEXT}),
        "code null": coded(None),
        "code true": coded(True),
        "code false": coded(False),
        "code as a list": coded(["0"]),
        "code with a blank": coded("0 "),
        "code of two digits": coded("00"),
        "code that echoes the request": coded(OLD),
        "code as long as a password": coded("12345678"),
        "undocumented code": coded("2"),
        "code outside of the wrapping": Answer.json({code_name: "0", "schema": {}}),
        "HTTP 201": coded("0", 201),
        "HTTP 302": Answer(302, headers=[("Location", "https://elsewhere.test/")]),
        "HTTP 500": coded("1", 500),
        "HTTP 502": Answer(502, HTML),
        "HTTP 504": coded("0", 504),
    }


# -- exchanges ---------------------------------------------------------------------------------------------------------


def ask_token(
    reply: Answer | Fault | None = None, *, server: str = URL, secret: str = APP_SECRET, lifetime: int = 600
) -> Exchange:
    body = {"app_key": APP_KEY, "app_secret": secret}
    headers = {"X-Token-Expire": str(lifetime)}
    return Exchange("POST", TOKEN_PATH, reply or granted(), body, headers=headers, absent=["x-app-key"], server=server)


def check(
    password: str, reply: Answer | Fault | None = None, *, token: str = TOKEN, spelling: str = "CC-Management"
) -> Exchange:
    path = f"/apiaccess/{spelling}/v1/queryAgentLoginParams"
    return _call(path, {"account": ACCOUNT, "password": password}, reply or verdict(), token)


def change_account(old: str, new: str, reply: Answer | Fault | None = None, *, token: str = TOKEN) -> Exchange:
    body = {"userAccount": ACCOUNT, "oldPassWord": old, "newPassWord": new}
    return _call(f"{MANAGEMENT}/agentAccount/update", body, reply or done(), token)


def change_phone(
    new: str, reply: Answer | Fault | None = None, *, token: str = TOKEN, wrapped: bool = False
) -> Exchange:
    body: dict[str, Any] = {"userAccount": ACCOUNT, "accountPwd": ACCOUNT_PASSWORD, "newPhonePwd": new}
    body = {"requestParam": body} if wrapped else body
    return _call(f"{MANAGEMENT}/sipPhone/updateSipPhonePassword", body, reply or done(), token)


def _call(path: str, body: Mapping[str, Any], reply: Answer | Fault, token: str) -> Exchange:
    return Exchange(
        "POST",
        path,
        reply,
        body,
        headers={"x-app-key": APP_KEY},
        authorization=f"Bearer {token}",
        absent=["X-Token-Expire"],
        server=URL,
    )


# -- registrars --------------------------------------------------------------------------------------------------------


def fail(error: Any) -> None:
    """Raise an error that was prepared."""
    raise error


class Registrars:
    """Stands in for the conversation with a registrar; notes what is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer: ApiError | None = None

    def check_login(self, registrar: Any, user: str, password: str, *, auth_user: str | None = None) -> None:
        self.asked.append((registrar, user, password, auth_user))
        if self.answer:
            fail(self.answer)

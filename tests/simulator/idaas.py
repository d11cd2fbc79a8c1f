# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IDaaS (Bamboocloud CIAM, Huawei OneAccess): the answers and the codes that its interfaces share.

A failure of the application is HTTP 400 with `error_code` and `error_msg`, the latter in the language of `X-L`.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, Final

from .accounts import Account, LockRule
from .exchange import Answer, Call, Service
from .options import IdaasOptions

SDK: Final = "IDAAS.SDK."
TENANT: Final = "IDAAS.TENANT."
SUCCESS: Final = "SUCCESS"
ACCESS_DENIED: Final = "ACCESS_DENIED"

# Code without its family -> English and Chinese text. The PWD codes are the same for users and administrators.
# Documented, except for the Chinese of LOGIN and PARAM.0014, the English of LOGIN.0001, and COMMON and USER.
TEXTS: Final = {
    "COMMON.0001": ("Invalid parameter", "参数错误"),
    "LOGIN.0001": (
        "The account is locked. Try again in {0} minutes and {1} seconds.",
        "账号已被锁定,请在{0}分钟{1}秒后重试",
    ),
    "LOGIN.0002": (
        "Invalid account name or password. Remaining attempts: {0}.",
        "账号或密码错误,剩余尝试次数:{0}",
    ),
    "PARAM.0001": ("Device information is incomplete", "设备信息不完整"),
    "PARAM.0002": ("clientId cannot be empty", "clientId不能为空"),
    "PARAM.0003": ("The app is not registered, please register the app first", "应用未注册,请先注册应用"),
    "PARAM.0014": ("Invalid state token", "state token无效"),
    "PARAM.0015": ("IdToken cannot be empty", "IdToken不能为空"),
    "PARAM.0016": ("IdToken is invalid or expired", "IdToken无效或已过期"),
    "PARAM.0018": ("Original password cannot be empty", "原密码不能为空"),
    "PARAM.0019": ("New password cannot be empty", "新密码不能为空"),
    # The English says the opposite of what is meant; that is how the service puts it.
    "PARAM.0020": ("The original password and the new password do not match", "原密码和新密码不能一致"),
    "PWD.0001": ("The password is used before, cannot be used again", "不允许使用历史密码"),
    "PWD.0002": ("Password cannot username in reverse order", "密码不允许使用用户名的倒写"),
    "PWD.0003": (
        "Password cannot contain :username, phone number, email prefix, name in PinYing",
        "密码中不允许包含:用户名、手机号、邮箱前缀、姓名拼音",
    ),
    "PWD.0004": ("Your password complexity is low, {0}", "密码复杂度低,{0}"),
    "PWD.0005": ("The password is weak", "该密码为弱密码"),
    "PWD.0006": ("Number of character repeat in password should not exceed {0}", "密码中最大字符重复数不能超过{0}"),
    "PWD.0007": ("The password must contain {0} to {1} characters", "密码长度为{0}~{1}个字符"),
    "USER.0001": ("The user does not exist", "用户不存在"),
}
UNKNOWN: Final = ("Unknown error", "未知错误")
HINT: Final = ("follow the password rules", "请遵守密码规则")


class IdaasService(Service):
    """What the interfaces for users and for tenant administrators have in common."""

    @property
    def options(self) -> IdaasOptions:
        return self.world.options.idaas

    @property
    def now(self) -> float:
        return self.world.clock.now()

    # Answers.

    def success(self, content: dict[str, Any] | None = None, outcome: str = SUCCESS) -> Answer:
        """`None` is an answer without a body."""
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        return Answer(body, "application/json", retcode=outcome, applied=outcome != ACCESS_DENIED)

    def refusal(self, code: str, message: str = "") -> Answer:
        return self.refusal_in("", code, message)

    def refusal_for(self, call: Call, code: str, message: str = "") -> Answer:
        return self.refusal_in(call.headers.get("X-L", ""), code, message)

    def refusal_in(self, language: str, code: str, message: str = "") -> Answer:
        code = code or self.options.bad_request_code
        return self._error(code, message or self._text(code, self._chinese(language)))

    def refuse(self, call: Call, code: str, *parameters: object) -> Answer:
        return self._error(code, self._text(code, self._chinese(call.headers.get("X-L", "")), *parameters))

    def overlap(self) -> Answer:
        raise NotImplementedError("the pages know no rule about calls that overlap")

    @staticmethod
    def page(status: int, content: dict[str, str]) -> Answer:
        """An answer of the framework below the application."""
        return Answer(json.dumps(content).encode(), "application/json", status=status)

    def _error(self, code: str, text: str) -> Answer:
        sent = code.removeprefix(SDK).removeprefix(TENANT) if self.options.bare_codes else code
        body = json.dumps({"error_code": sent, "error_msg": text}, ensure_ascii=False).encode()
        return Answer(body, "application/json", status=400, retcode=code)

    def _chinese(self, language: str) -> bool:
        if self.options.chinese_only:
            return True
        return not (language or self.options.language).lower().startswith("en")

    def _text(self, code: str, chinese: bool, *parameters: object) -> str:
        key = code.removeprefix(SDK).removeprefix(TENANT)
        return TEXTS.get(key, UNKNOWN)[chinese].format(*(parameters or self._usual(key, chinese)))

    def _usual(self, key: str, chinese: bool) -> tuple[object, ...]:
        """What fills a text when no particular account does."""
        options = self.options
        usual: dict[str, tuple[object, ...]] = {
            "LOGIN.0001": divmod(int(options.lock_seconds), 60),
            "LOGIN.0002": (options.lock_threshold - 1,),
            "PWD.0004": (HINT[chinese],),
            "PWD.0006": (options.max_repeat,),
            "PWD.0007": (options.policy_min_length, options.policy_max_length),
        }
        return usual.get(key, ())

    # Locks.

    @abstractmethod
    def rule(self) -> LockRule: ...

    def is_locked(self, account: Account) -> bool:
        return account.is_locked(self.now, self.rule())

    def lock_seconds(self) -> float:
        return self.options.lock_seconds

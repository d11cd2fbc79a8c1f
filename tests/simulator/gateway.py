# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CC-Gateway: the envelope and the codes that its agent interface and its configuration interface share.

Application failures are HTTP 200 with a string `retcode` other than "0" ('Response Description' of every
page); anything else than 200 never comes from the application.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, Final

from .exchange import Answer, Call, Service
from .issued import issued
from .options import GatewayOptions

PREFIX: Final = "/agentgateway/resource"
NODE: Final = "AgentGateway0"

# 'Error Codes' of both interfaces: code -> English and Chinese text.
MESSAGES: Final = {
    "0": ("success", "成功"),
    "000-002": ("The parameter or URL is invalid.", "参数或URL非法"),
    "000-003": ("No permission, or the agent authentication has expired.", "没有权限,或座席鉴权已失效"),
    "000-007": ("The interface is invoked repeatedly.", "接口被重复调用"),
    "100-001": ("The sign-in parameter is empty or invalid.", "签入参数为空或非法"),
    "100-002": ("The agent has signed in.", "座席已经签入"),
    "100-004": ("The user name or password is incorrect.", "用户名或密码错误"),
    "100-006": ("The agent has not signed in.", "座席没有签入"),
    "100-007": ("Unknown ERROR._20501", "座席操作异常._20501"),
    "100-010": ("The agent state does not allow signing out.", "座席状态不允许签出"),
    "100-011": ("The phone number is in use.", "电话号码已被占用"),
    "100-012": ("The agent type is incorrect.", "座席类型错误"),
    "100-013": ("The phone number is invalid.", "电话号码非法"),
    "100-014": ("The phone number is not in the configured range.", "电话号码不在配置范围内"),
    "100-015": ("The agent has signed in and cannot be forced out.", "座席已签入且不能被强制签出"),
    "100-061": ("The account is locked.", "帐号被锁定"),
    "107-000": ("The login information is invalid. Sign in again.", "登录信息无效,请重新登录"),
    "107-002": ("An input parameter is invalid or missing.", "输入参数非法或缺失"),
    "107-003": ("Login failed: the user or password is incorrect.", "登录失败:用户或密码错误"),
    "107-004": ("The configuration failed.", "配置失败"),
    "107-007": ("The authentication before the configuration failed.", "配置前鉴权失败"),
    "107-011": ("Modifying the agent failed.", "修改座席失败"),
    "110-016": ("The account is locked.", "帐号被锁定"),
}


def new_guid() -> str:
    return issued(f"{uuid.uuid4()}.{NODE}")


class GatewayService(Service):
    """What both interfaces of the gateway have in common."""

    @property
    def options(self) -> GatewayOptions:
        return self.world.options.gateway

    def envelope(self, content: dict[str, Any], code: str, *, applied: bool = False) -> Answer:
        gbk = self.options.encoding == "gbk"
        body = json.dumps(content, ensure_ascii=False).encode("gbk" if gbk else "utf-8")
        charset = "GBK" if gbk else "UTF-8"
        return Answer(body, f"application/json; charset={charset}", retcode=code, applied=applied)

    def _message(self, code: str) -> str:
        english, chinese = MESSAGES.get(code, ("Unknown ERROR", "未知错误"))
        return chinese if self.options.encoding == "gbk" else english

    def success(self, result: object = None, message: str | None = None) -> Answer:
        text = self._message("0") if message is None else message
        content = {"message": text, "retcode": "0", "result": {} if result is None else result}
        return self.envelope(content, "0", applied=True)

    def refusal(self, code: str, message: str = "") -> Answer:
        code = code or "100-007"
        return self.envelope({"message": message or self._message(code), "retcode": code, "result": {}}, code)

    def overlap(self) -> Answer:
        return self.refusal("000-007")

    @staticmethod
    def page(status: int, text: str) -> Answer:
        """An answer of the container in front of the application."""
        body = f"<html><head><title>{status}</title></head><body><h1>{text}</h1></body></html>"
        return Answer(body.encode(), "text/html;charset=utf-8", status=status)

    def with_json(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """'Content-Type ... mandatory': the container refuses any other type of body."""

        def checked(call: Call) -> Answer:
            if self.options.require_content_type and call.content_type != "application/json":
                return self.page(415, "Unsupported Media Type")
            return handle(call)

        return checked

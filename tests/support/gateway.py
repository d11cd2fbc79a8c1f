# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CC-Gateway as the tests of the modules see it: secrets, answers and exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.module_runner import (
    HTML,
    OLD,
    SERVER_TEXT,
    no_document,
)
from support.wire_script import Answer, Exchange, Fault

URL = "https://gateway.test:8043"
AGENT = "/agentgateway/resource/onlineagent"
CONFIG = "/agentgateway/resource/config"

GUID = "0123abcd-guid-marker.AgentGateway0"
GUID_2 = "4567cdef-guid-marker.AgentGateway1"
COOKIE = "cookie-marker-1"

AGENT_OPTIONS: Mapping[str, Any] = {"gateway_url": URL, "agent_id": 1001, "phone_number": "40001"}
ADMIN_OPTIONS: Mapping[str, Any] = {"gateway_url": URL, "admin_id": 101}
QUIET: Mapping[str, Any] = {
    "phonenum": "40001",
    "autoanswer": False,
    "autoenteridle": False,
    "releasephone": True,
    "agenttype": 4,
    "status": 3,
    "checkInWebm": False,
}
"""What a sign-in sends besides the password."""

NO_SESSION = ("guid", "Cookie")


# -- answers -----------------------------------------------------------------------------------------------------------


def answer(code: Any = "0", result: Any = None, *headers: tuple[str, str], status: int = 200) -> Answer:
    """Return the gateway's envelope."""
    document = {"message": SERVER_TEXT, "retcode": code, **({} if result is None else {"result": result})}
    return Answer.json(document, *headers, status=status)


def signed_in(guid: str = GUID, cookie: str | None = COOKIE, must_change: Any = "false") -> Answer:
    """Return the answer to a good sign-in."""
    result = {"workno": "1001", "isForceChange": must_change}
    return answer("0", result, ("Set-GUID", f"JSESSIONID={guid}"), *_set_cookie(cookie))


def logged_in(guid: str = GUID, cookie: str | None = None) -> Answer:
    """Return the answer to a good administrator's login."""
    return answer("0", {"guid": guid}, *_set_cookie(cookie))


def _set_cookie(cookie: str | None) -> list[tuple[str, str]]:
    return [("Set-Cookie", f"route={cookie}; Path=/; Secure; HttpOnly")] if cookie else []


UNREADABLE: Mapping[str, Answer | Fault] = {
    **no_document({"retcode": "0", "message": SERVER_TEXT}),
    "no retcode": Answer.json({"message": SERVER_TEXT}),
    "retcode as a number": answer(0),
    "retcode null": answer(None),
    "retcode as a list": answer(["0"]),
    "retcode with a blank": answer("0 "),
    "retcode that echoes the request": answer(OLD),
    "undocumented retcode": answer("999-999"),
    "HTTP 201": answer(status=201),
    "HTTP 302": Answer(302, headers=[("Location", "https://elsewhere.test/")]),
    "HTTP 400": answer("100-004", status=400),
    "HTTP 401": Answer(401, HTML),
    "HTTP 500": answer("100-004", status=500),
    "HTTP 502": Answer(502, HTML),
    "HTTP 504": answer("0", status=504),
}
"""Answers after which nobody knows what the server did."""

REPEATED: Mapping[str, str] = {"999-999": "999-999"}
"""The code of such an answer that is told, see ``code_of``."""

NOT_EVALUATED = (429, 503)
"""HTTP statuses of a gateway that has not looked at the request."""


# -- exchanges ---------------------------------------------------------------------------------------------------------


def session_headers(guid: str, cookie: str | None) -> dict[str, str | None]:
    return {"guid": guid, "Cookie": f"route={cookie}" if cookie else None}


def sign_in(password: str, reply: Answer | Fault, *, path: str = "", **fields: Any) -> Exchange:
    body = {**QUIET, "password": password, **fields}
    return Exchange("PUT", f"{AGENT}/1001{path}", reply, body, absent=NO_SESSION)


def sign_out(reply: Answer | Fault | None = None, *, guid: str = GUID, cookie: str | None = COOKIE) -> Exchange:
    return Exchange("DELETE", f"{AGENT}/1001/logout", reply or answer(), headers=session_headers(guid, cookie))


def sign_outs(reply: Answer | Fault) -> list[Exchange]:
    """A sign-out that meets this, and the second one where there was no answer."""
    has_answer = isinstance(reply, Answer) and reply.status not in (502, 504)
    return [sign_out(reply)] if has_answer else [sign_out(reply), sign_out(reply)]


def change_agent(
    old: str, new: str, reply: Answer | Fault | None = None, *, guid: str = GUID, cookie: str | None = COOKIE
) -> Exchange:
    body = {"oldPassword": old, "newPassword": new}
    return Exchange(
        "POST", f"{AGENT}/1001/modifyaccountpwdex", reply or answer(), body, headers=session_headers(guid, cookie)
    )


def config_login(password: str, reply: Answer | Fault | None = None, *, admin: int = 101) -> Exchange:
    body = {"agentId": admin, "password": password}
    return Exchange("POST", f"{CONFIG}/login", reply or logged_in(), body, absent=NO_SESSION)


def change_config(
    old: str, new: str, reply: Answer | Fault | None = None, *, guid: str = GUID, cookie: str | None = None
) -> Exchange:
    body = {"oldPassword": old, "newPassword": new, "newConfirmPwd": new}
    path, headers = f"{CONFIG}/vdn/resetConfigAdminPwd", session_headers(guid, cookie)
    return Exchange("PUT", path, reply or answer(), body, headers=headers)


def query(agent_ids: str, reply: Answer | Fault, *, guid: str = GUID, cookie: str | None = None) -> Exchange:
    headers = session_headers(guid, cookie)
    return Exchange("GET", f"{CONFIG}/vdn/agents", reply, query={"agentIdSet": agent_ids}, headers=headers)


def set_agent(
    body: Mapping[str, Any], reply: Answer | Fault | None = None, *, guid: str = GUID, cookie: str | None = None
) -> Exchange:
    path, headers = f"{CONFIG}/vdn/agents", session_headers(guid, cookie)
    return Exchange("PUT", path, reply or answer(), body, query={"agentId": "1001"}, headers=headers)

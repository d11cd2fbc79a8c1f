# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CC-Gateway as the tests of the modules see it: markers for every secret, exchanges, and the modules themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.testing import patch_module_args

from ansible_collections.callcenter.passwords.plugins.module_utils.run import Operation
from ansible_collections.callcenter.passwords.tests.unit.plugins.wire_script import Answer, Exchange, Fault

URL = "https://gateway.test:8043"
AGENT = "/agentgateway/resource/onlineagent"
CONFIG = "/agentgateway/resource/config"

OLD = "Old.Marker-7x"
NEW = "New_Marker-9z"
GUID = "0123abcd-guid-marker.AgentGateway0"
GUID_2 = "4567cdef-guid-marker.AgentGateway1"
COOKIE = "cookie-marker-1"
SERVER_TEXT = "server-text-marker"
MARKERS = (OLD, NEW, "guid-marker", "cookie-marker", SERVER_TEXT)

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
    cookies = [("Set-Cookie", f"route={cookie}; Path=/; Secure; HttpOnly")] if cookie else []
    return answer("0", {"workno": "1001", "isForceChange": must_change}, ("Set-GUID", f"JSESSIONID={guid}"), *cookies)


def logged_in(guid: str = GUID) -> Answer:
    """Return the answer to a good administrator's login."""
    return answer("0", {"guid": guid})


HTML = b"<html><body>" + SERVER_TEXT.encode() + b"</body></html>"
UNREADABLE: Mapping[str, Answer | Fault] = {
    "dropped": Fault.DROPPED,
    "empty": Answer(),
    "html": Answer(body=HTML, headers=[("Content-Type", "text/html")]),
    "cut off": Answer(body=b'{"retcode": "0", "resu'),
    "not UTF-8": Answer(body=b'{"retcode": "0", "message": "\xb3\xc9\xb9\xa6"}'),
    "not the declared GBK": Answer(
        body=b'{"retcode": "0", "message": "\xff\xff"}', headers=[("Content-Type", "application/json; charset=GBK")]
    ),
    "array": Answer(body=b'[{"retcode": "0"}]'),
    "string": Answer(body=b'"0"'),
    "null": Answer(body=b"null"),
    "nested beyond measure": Answer(body=b"[" * 200_000),
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
}
"""Answers after which nobody knows what the server did."""


def parametrized(cases: Mapping[str, Any]) -> list[Any]:
    """Return the cases with their names as test ids."""
    return [pytest.param(case, id=name) for name, case in cases.items()]


# -- exchanges ---------------------------------------------------------------------------------------------------------


def session_headers(guid: str, cookie: str | None) -> dict[str, str | None]:
    return {"guid": guid, "Cookie": f"route={cookie}" if cookie else None}


def sign_in(password: str, reply: Answer | Fault, *, path: str = "", **fields: Any) -> Exchange:
    body = {**QUIET, "password": password, **fields}
    return Exchange("PUT", f"{AGENT}/1001{path}", reply, body, absent=NO_SESSION)


def sign_out(reply: Answer | Fault | None = None, *, guid: str = GUID, cookie: str | None = COOKIE) -> Exchange:
    return Exchange("DELETE", f"{AGENT}/1001/logout", reply or answer(), headers=session_headers(guid, cookie))


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


def change_config(old: str, new: str, reply: Answer | Fault | None = None, *, guid: str = GUID) -> Exchange:
    body = {"oldPassword": old, "newPassword": new, "newConfirmPwd": new}
    return Exchange("PUT", f"{CONFIG}/vdn/resetConfigAdminPwd", reply or answer(), body, headers={"guid": guid})


def query(agent_ids: str, reply: Answer | Fault, *, guid: str = GUID) -> Exchange:
    return Exchange("GET", f"{CONFIG}/vdn/agents", reply, query={"agentIdSet": agent_ids}, headers={"guid": guid})


# -- modules -----------------------------------------------------------------------------------------------------------


def operation(module: str) -> Operation:
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    assert isinstance(loaded.OPERATION, Operation)
    return loaded.OPERATION


def execute(module: str, options: Mapping[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """Validate the options as Ansible does, run the module, and make sure that it shows no secret.

    An option that is None is left out, as with ``omit``.
    """
    validation = _validated(module, options)
    assert not validation.error_messages, validation.error_messages
    result = operation(module).execute(validation.validated_parameters, check_mode)
    assert_shows_no_secret(result)
    return result


def rejected(module: str, options: Mapping[str, Any]) -> str:
    """Return what Ansible's own validation says of the options."""
    return "; ".join(_validated(module, options).error_messages)


def _validated(module: str, options: Mapping[str, Any]) -> ValidationResult:
    spec = operation(module).arguments
    given = {name: value for name, value in options.items() if value is not None}
    return ArgumentSpecValidator(dict(spec.options), **spec.rules()).validate(given)


def run_main(
    module: str, options: Mapping[str, Any], capsys: pytest.CaptureFixture[str], check_mode: bool = False
) -> dict[str, Any]:
    """Run the module as Ansible does, by its ``main``, and return what it prints."""
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_remote_tmp": "/tmp"}
    # Some releases keep the markers of an earlier module in this process.
    getattr(basic, "_clear_no_log_values", lambda: None)()
    with patch_module_args(arguments), pytest.raises(SystemExit) as end:
        loaded.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert bool(end.value.code) == bool(result.get("failed"))
    return {key: value for key, value in result.items() if key != "invocation" and not key.startswith("_ansible")}


def assert_shows_no_secret(result: Mapping[str, Any]) -> None:
    """Fail if a marker is anywhere but in the two documented return values that are secrets."""
    shown = json.dumps({key: value for key, value in result.items() if key not in ("guid", "cookies")})
    assert not [marker for marker in MARKERS if marker in shown], shown

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call of every HTTP client: how it is made, what a good answer is, and what may come of it.

What an answer may be taken for is said by patterns of its bytes, not by the code that the clients read it with.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._cc.client import Gateway
from ansible_collections.callcenter.passwords.plugins.module_utils._cc.client import Session as GatewaySession
from ansible_collections.callcenter.passwords.plugins.module_utils._cec.client import Management, TokenService
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, NoAnswer, NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http import wire as http_wire
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Endpoint, Transport
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.client import Device, Idaas
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.client import Session as IdaasSession
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.tenant import Tenant, TenantTokenService
from ansible_collections.callcenter.passwords.plugins.module_utils._process.tenant_tokens import Token
from support.module_runner import NEW, OLD, SERVER_TEXT

GUID, COOKIE, TOKEN, SECRET = "guid-marker", "cookie-marker", "token-marker", "app-secret-marker"
SECRETS = (OLD, NEW, GUID, COOKIE, TOKEN, SECRET)
"""What the requests carry, in bodies and headers; none of it may ever be shown."""

LOGIN = frozenset({"wrong_password", "locked", "signed_in", "access_denied", "unknown"})
CHANGE = frozenset({"wrong_password", "locked", "password_rejected", "session_lost", "access_denied", "unknown"})
DEFINITE = (LOGIN | CHANGE | {"ok_restricted"}) - {"unknown"}
"""Outcomes that say for certain what a server did; garbage never does."""


@dataclass(frozen=True)
class ClientOperation:
    """One call.

    Attributes:
        call: makes it.
        good: document of the answer to a call that succeeded; None for no body at all.
        failed: documents of answers to calls that failed for a reason that is documented.
        success: what the bytes of an answer hold that may be taken for a success.
        outcomes: how it may end otherwise, besides ``unknown``.
        headers: of a good answer.
        failed_status: HTTP status of failures.
    """

    call: Callable[[Transport], Any]
    good: Mapping[str, Any] | None
    failed: Sequence[Mapping[str, Any]]
    success: re.Pattern[bytes]
    outcomes: frozenset[str]
    headers: Sequence[tuple[str, str]] = ()
    failed_status: int = 200


HELD = GatewaySession(GUID, {"route": COOKIE})
DEVICE = Device("fingerprint-1")


class Tokens:
    """Gives a token, and another one after a refusal."""

    def get(self, refused: str | None = None) -> str:
        return TOKEN + "-2" if refused else TOKEN

    def refuse(self, token: str) -> None:
        assert token == TOKEN


def _cec(transport: Transport) -> Management:
    return Management(transport, "app-key-1", Tokens())


def _idaas(transport: Transport) -> Idaas:
    return Idaas(transport, "client-1", DEVICE)


def _tenant(transport: Transport) -> Tenant:
    return Tenant(transport, Tokens())


def _gateway(*codes: str, **more: Any) -> dict[str, Any]:
    return {
        "failed": [{"retcode": code, "message": SERVER_TEXT} for code in codes],
        "success": re.compile(rb' 200\b.*"retcode"\s*:\s*"0"', re.DOTALL),
        **more,
    }


def _cec_failures(name: str) -> list[dict[str, Any]]:
    texts = ("locked", "24小时", "flow control", "旧密码错误", SERVER_TEXT)
    return [{name: "1", "message": text} for text in texts] + [{name: code} for code in ("10010000001", "10010000002")]


def _idaas_failures(*codes: str) -> list[dict[str, Any]]:
    texts = (f"{SERVER_TEXT} 3", "3 minutes and 5 seconds", "")
    return [{"error_code": f"IDAAS.SDK.{code}", "error_msg": text} for code in codes for text in texts]


_ANY_200 = re.compile(rb" 200\b.*(\{|\r\n\r\n\s*\Z|\r\n0|Content-Length: \W*0)", re.DOTALL)
_CEC_SUCCESS = re.compile(rb' 200\b.*"(resultCode|returnCode)"\s*:\s*("0"|-?0)', re.DOTALL)
_IDAAS_LOGIN = re.compile(rb' 200\b.*"status"\s*:\s*"(SUCCESS|PASSWORD_WARN|PASSWORD_EXPIRED)"', re.DOTALL)
_POLICY = json.dumps({"minLength": 8, "maxLength": 18, "regEx": r"^(?=.*[a-z])[\w.-]+$"})

OPERATIONS: Mapping[str, ClientOperation] = {
    "gateway sign-in": ClientOperation(
        lambda to: Gateway(to).sign_in(1001, OLD, "40001"),
        {"message": SERVER_TEXT, "retcode": "0", "result": {"workno": "1001", "isForceChange": "false", "guid": GUID}},
        **_gateway("100-002", "100-004", "100-061", "000-002", "100-016"),
        outcomes=LOGIN,
        headers=[("Set-GUID", f"JSESSIONID={GUID}"), ("Set-Cookie", f"route={COOKIE}; Path=/")],
    ),
    "gateway sign-out": ClientOperation(
        lambda to: Gateway(to).sign_out(1001, HELD),
        {"message": SERVER_TEXT, "retcode": "0"},
        failed=[],
        success=re.compile(rb""),
        outcomes=frozenset(),
    ),
    "gateway change": ClientOperation(
        lambda to: Gateway(to).change_agent_password(1001, HELD, OLD, NEW),
        {"message": SERVER_TEXT, "retcode": "0"},
        **_gateway("000-002", "100-006", "100-007", "000-003"),
        outcomes=CHANGE,
    ),
    "gateway administrator's login": ClientOperation(
        lambda to: Gateway(to).config_login(101, OLD),
        {"message": SERVER_TEXT, "retcode": "0", "result": {"guid": GUID}},
        **_gateway("107-002", "107-003", "000-002"),
        outcomes=LOGIN,
    ),
    "gateway administrator's change": ClientOperation(
        lambda to: Gateway(to).change_config_password(HELD, OLD, NEW),
        {"message": SERVER_TEXT, "retcode": "0"},
        **_gateway("107-002", "107-000", "107-004"),
        outcomes=CHANGE,
    ),
    "gateway query": ClientOperation(
        lambda to: Gateway(to).query_agents(HELD, [1001, 1002]),
        {"retcode": "0", "result": [{"agentId": 1001, "agentPwd": OLD, "timeRemaining": 3}]},
        **_gateway("107-002", "107-000"),
        outcomes=CHANGE,
    ),
    "gateway administrator's change of an agent": ClientOperation(
        lambda to: Gateway(to).set_agent_password(HELD, 1001, NEW, (Gateway(to).query_agents(HELD, [1001]) or [{}])[0]),
        {"retcode": "0", "result": {"agents": [{"agentId": 1001, "agentPwd": OLD, "name": "x", "skills": [1, 2]}]}},
        **_gateway("107-002", "107-000"),
        outcomes=CHANGE,
    ),
    "CEC token": ClientOperation(
        lambda to: TokenService(to, "app-key-1", SECRET).ask(),
        {"AccessToken": TOKEN, "Expires": "600"},
        failed=[{"error": SERVER_TEXT}],
        failed_status=401,
        success=re.compile(rb' 200\b.*"AccessToken"\s*:\s*"', re.DOTALL),
        outcomes=frozenset({"access_denied", "unknown"}),
    ),
    "CEC login": ClientOperation(
        lambda to: _cec(to).login_parameters("zhang.wei", OLD),
        {"returnCode": "0", "message": SERVER_TEXT, "results": {"sipAccount": "88801001", "sipPwd": OLD}},
        failed=_cec_failures("returnCode"),
        success=_CEC_SUCCESS,
        outcomes=LOGIN,
    ),
    "CEC change": ClientOperation(
        lambda to: _cec(to).change_account_password("zhang.wei", OLD, NEW),
        {"resultCode": "0", "resultMessage": SERVER_TEXT},
        failed=_cec_failures("resultCode"),
        success=_CEC_SUCCESS,
        outcomes=CHANGE,
    ),
    "CEC phone change": ClientOperation(
        lambda to: _cec(to).change_sip_password("zhang.wei", OLD, NEW),
        {"schema": {"resultCode": 0, "resultMessage": SERVER_TEXT}},
        failed=_cec_failures("resultCode"),
        success=_CEC_SUCCESS,
        outcomes=CHANGE,
    ),
    "IDaaS login": ClientOperation(
        lambda to: _idaas(to).log_in("zhang.wei", OLD),
        {"status": "SUCCESS", "id_token": TOKEN, "session_token": TOKEN},
        failed=_idaas_failures("LOGIN.0001", "LOGIN.0002", "PARAM.0003"),
        failed_status=400,
        success=_IDAAS_LOGIN,
        outcomes=LOGIN | {"ok_restricted"},
    ),
    "IDaaS login of an expired password": ClientOperation(
        lambda to: _idaas(to).log_in("zhang.wei", OLD),
        {"status": "PASSWORD_EXPIRED", "state_token": TOKEN, "data": _POLICY},
        failed=[{"status": "ACCESS_DENIED"}, {"status": "MFA_AUTH"}],
        success=_IDAAS_LOGIN,
        outcomes=LOGIN | {"ok_restricted"},
    ),
    "IDaaS question for a password": ClientOperation(
        lambda to: _idaas(to).has_password(TOKEN),
        {"is_set_pwd": True},
        failed=_idaas_failures("PARAM.0016"),
        failed_status=400,
        success=re.compile(rb' 200\b.*"is_set_pwd"', re.DOTALL),
        outcomes=CHANGE,
    ),
    "IDaaS change": ClientOperation(
        lambda to: _idaas(to).change_password(TOKEN, OLD, NEW),
        None,
        failed=_idaas_failures("LOGIN.0002", "PWD.0001", "PARAM.0016", "PARAM.0020"),
        failed_status=400,
        success=_ANY_200,
        outcomes=CHANGE,
    ),
    "IDaaS update": ClientOperation(
        lambda to: _idaas(to).update_password(TOKEN, OLD, NEW),
        {"status": "SUCCESS", "id_token": TOKEN},
        failed=_idaas_failures("LOGIN.0001", "PWD.0007", "PARAM.0014"),
        failed_status=400,
        success=re.compile(rb' 200\b.*"status"\s*:\s*"SUCCESS"', re.DOTALL),
        outcomes=CHANGE,
    ),
    "IDaaS tenant token": ClientOperation(
        lambda to: TenantTokenService(to, "client-1", SECRET).ask(),
        {"access_token": TOKEN, "expires_in": 1800},
        failed=[{"error": SERVER_TEXT}],
        failed_status=401,
        success=re.compile(rb' 200\b.*"access_token"\s*:\s*"', re.DOTALL),
        outcomes=frozenset({"access_denied", "unknown"}),
    ),
    "IDaaS administrator's change": ClientOperation(
        lambda to: _tenant(to).set_password("id-1", NEW),
        {"user_id": "id-1"},
        failed=_idaas_failures("USER.0001", "PWD.0004"),
        failed_status=400,
        success=_ANY_200,
        outcomes=CHANGE,
    ),
    "IDaaS administrator's change with the old password": ClientOperation(
        lambda to: _tenant(to).set_password("id-1", NEW, old=OLD),
        {"user_id": "id-1"},
        failed=_idaas_failures("LOGIN.0002", "PWD.0004"),
        failed_status=400,
        success=_ANY_200,
        outcomes=CHANGE,
    ),
}


# -- a server that is not there ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def answering(answers: Sequence[bytes]) -> Iterator[Transport]:
    """Return a transport whose n-th connection brings the n-th answer, whatever is asked, and ends; then nothing."""
    to_come = list(answers)
    servers = []

    def connected(connection: Any) -> socket.socket:
        client, server = socket.socketpair()
        client.settimeout(connection.timeout)
        servers.append(server)
        server.sendall(to_come.pop(0) if to_come else b"")
        server.shutdown(socket.SHUT_WR)
        return client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http_wire._Bounded, "_new_conn", connected)
        transport = Transport(Endpoint("http://server.test", allow_http=True, timeout=5))
        try:
            yield transport
        finally:
            transport.close()
            for server in servers:
                server.close()


_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,15}")


def check(name: str, answers: Sequence[bytes]) -> str:
    """Make a call that gets these answers, check how it ends, and return that: ``ok`` or an outcome."""
    operation = OPERATIONS[name]
    with answering(answers) as transport:
        try:
            result = operation.call(transport)
        except ApiError as exc:
            _check_error(exc, operation, answers)
            return exc.outcome
    assert any(operation.success.search(answer) for answer in answers), "garbage is no success"
    _check_result(result)
    return "ok"


def _check_error(exc: ApiError, operation: ClientOperation, answers: Sequence[bytes]) -> None:
    assert exc.outcome in {*operation.outcomes, "unknown"}
    assert exc.message.isascii()
    assert exc.message.isprintable()
    assert len(exc.message) < 400
    shown = repr((exc, exc.code, exc.facts))
    assert not [secret for secret in (*SECRETS, SERVER_TEXT) if secret in shown]
    assert exc.code is None or _CODE.fullmatch(exc.code)
    assert (exc.code is None) == isinstance(exc, (NoAnswer, NothingSent)), "a code tells that there was an answer"
    assert exc.sent
    assert all(0 <= fact < 10**8 for fact in exc.facts.values())
    if exc.outcome in DEFINITE:
        # The server has sent the code or the status that says so; or an object without what was asked for.
        told = exc.code or next(iter(re.findall(r"HTTP (\d+)", exc.message)), "{")
        assert any(told.encode() in answer for answer in answers), "garbage is no refusal"


def _check_result(result: Any) -> None:
    assert not [secret for secret in SECRETS if secret in repr(result)] or isinstance(result, list)
    if isinstance(result, GatewaySession):
        for value in result.headers().values():
            assert value.isascii()
            assert value.isprintable()
            assert len(value) <= 64 * 1024
    if isinstance(result, Token):
        assert re.fullmatch(r"[\x21-\x7e]{1,16384}", result.value)
        assert 0 <= result.lifetime < 10**6
    if isinstance(result, IdaasSession):
        for token in (result.id_token, result.session_token, result.state_token):
            assert token is None or re.fullmatch(r"[\x21-\x7e]{1,16384}", token)

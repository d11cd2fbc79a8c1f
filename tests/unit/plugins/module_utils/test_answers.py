# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server of the CEC or an IDaaS answers, whatever it is, ends in a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import cec, idaas
from support.json_values import json_values
from support.module_runner import NEW, OLD, operation

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, NoAnswer, NothingSent
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Reply, Transport
from ansible_collections.callcenter.passwords.plugins.module_utils._idaas.client import announced_policy
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import Policy
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SHARED_MEMORY

PHONE = {"account_password": cec.ACCOUNT_PASSWORD}
MODULES: Mapping[str, Mapping[str, Any]] = {
    "cec_token": cec.TENANT_OPTIONS,
    "cec_login_check": {**cec.ACCOUNT_OPTIONS, "password": OLD},
    "cec_account_password": {**cec.ACCOUNT_OPTIONS, "old_password": OLD, "new_password": NEW},
    "cec_sip_login": {**cec.ACCOUNT_OPTIONS, **PHONE, "password": cec.SIP_OLD},
    "cec_sip_password": {**cec.ACCOUNT_OPTIONS, **PHONE, "new_password": cec.SIP_NEW},
    "idaas_login": {**idaas.USER_OPTIONS, "password": OLD},
    "idaas_password": {**idaas.USER_OPTIONS, "old_password": OLD, "new_password": NEW},
    "idaas_password first": {**idaas.USER_OPTIONS, "id_token": idaas.ID_TOKEN, "new_password": NEW},
    "idaas_user_password": {**idaas.USER_OPTIONS, **idaas.TENANT_OPTIONS, "new_password": NEW},
}
LOGINS = {"ok", "ok_restricted", "wrong_password", "locked", "access_denied", "unreachable", "unknown"}
CHANGES = {"changed", "unchanged", "password_rejected", "session_lost", "second_factor", *LOGINS} - {
    "ok",
    "ok_restricted",
}

NAMES = [
    "AccessToken",
    "Expires",
    "schema",
    "returnCode",
    "resultCode",
    "message",
    "resultMessage",
    "results",
    "sipAccount",
    "sipPwd",
    "access_token",
    "expires_in",
    "error_code",
    "error_msg",
    "status",
    "id_token",
    "session_token",
    "state_token",
    "data",
    "is_set_pwd",
    "minLength",
    "maxLength",
    "regEx",
]
WORDS = [
    "0",
    "1",
    "10010000001",
    "10010000002",
    "600",
    "SUCCESS",
    "PASSWORD_WARN",
    "PASSWORD_EXPIRED",
    "MFA_AUTH",
    "ACCESS_DENIED",
    "true",
    "false",
    "IDAAS.SDK.LOGIN.0001",
    "IDAAS.SDK.LOGIN.0002",
    "LOGIN.0002",
    "IDAAS.SDK.PARAM.0014",
    "IDAAS.SDK.PARAM.0016",
    "PARAM.0020",
    "IDAAS.TENANT.PWD.0001",
    "IDAAS.TENANT.USER.0001",
    "token",
    "locked",
    "***",
    "{}",
    "[]",
    "null",
    "(a+)+",
    "^.{8,20}$",
    "Remaining attempts: 2.",
    "Try again in 3 minutes and 0 seconds.",
    '{"minLength": 30}',
    "\ud800",
    "",
]

values = json_values(NAMES, WORDS, st.integers(-(10**6), 10**6))
documents = st.dictionaries(st.sampled_from(NAMES), values, max_size=8) | values
bodies = documents.map(lambda document: json.dumps(document).encode()) | st.binary(max_size=60) | st.just(b"")
statuses = st.sampled_from([200, 200, 200, 400, 401, 403, 404, 429, 500]) | st.integers(100, 599)
types = st.sampled_from(["application/json", "application/json;charset=GBK", "text/html; charset=rot13", ""])
replies = st.builds(Reply, statuses, types.map(lambda name: {"content-type": name}), st.just({}), bodies)
answers = replies | st.sampled_from([NoAnswer("no complete answer"), NothingSent("not reached")])


def good(resource: str) -> Reply:
    """Return what the server answers when all is well."""
    documents: Mapping[str, Any] = {
        "tokenByAkSk": {"AccessToken": "t", "Expires": "600"},
        "queryAgentLoginParams": {"returnCode": "0", "results": {"sipPwd": "x"}},
        "update": {"resultCode": "0", "status": "SUCCESS"},
        "updateSipPhonePassword": {"resultCode": "0"},
        "login": {"status": "SUCCESS", "id_token": "t"},
        "check-exist": {"is_set_pwd": False},
        "token": {"access_token": "t", "expires_in": 600},
    }
    body = json.dumps(documents.get(resource.rsplit("/", 1)[-1], {})).encode()
    return Reply(200, {"content-type": "application/json"}, {}, body)


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(st.none() | answers, min_size=1, max_size=5))
def test_every_answer_ends_in_a_result(name: str, script: list[Reply | ApiError | None]) -> None:
    """Of the script, None is a good answer; behind its end all answers are good."""
    ran = operation(name.partition(" ")[0])
    validation = ArgumentSpecValidator(**ran.arguments.to_kwargs()).validate(MODULES[name])
    assert not validation.error_messages
    to_come = list(script)

    def request(_transport: Transport, _method: str, resource: str, **_more: Any) -> Reply:
        answer = to_come.pop(0) if to_come else None
        if isinstance(answer, ApiError):
            cec.fail(answer)
        return answer or good(resource)

    vars(SHARED_MEMORY).pop("memory", None)
    with mock.patch.object(Transport, "request", request):
        result = ran.execute(validation.validated_parameters, check_mode=False)
    assert "unexpected" not in result["msg"]
    changes = name.startswith(("cec_account_password", "cec_sip_password", "idaas_password", "idaas_user_password"))
    assert result["outcome"] in (CHANGES if changes else LOGINS)
    assert result["failed"] is (
        result["outcome"] not in ({"changed", "unchanged"} if changes else {"ok", "ok_restricted"})
    )
    assert 0 <= result["failed_logins"] <= 2
    assert isinstance(result["code"], str | None)
    assert isinstance(result.get("change_sent"), bool) is changes
    if changes and result["outcome"] in ("changed", "unknown"):
        assert result["change_sent"]
    assert json.loads(json.dumps(result)) == result


@settings(max_examples=120, deadline=None)
@given(data=values | documents.map(json.dumps) | st.text(max_size=30) | st.binary(max_size=9))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_announced_rules_are_of_the_right_types_or_left_out(data: Any) -> None:
    policy = announced_policy(data)
    assert set(policy) <= {"min_length", "max_length", "pattern"}
    for name, value in policy.items():
        assert isinstance(value, str if name == "pattern" else int)
        assert not isinstance(value, bool)
    Policy(min_length=1, max_length=128, min_classes=1).narrowed(policy)


@settings(max_examples=50, deadline=None)
@given(rules=st.dictionaries(st.sampled_from(["minLength", "maxLength", "regEx"]), values))
@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_rules_are_read_the_same_inside_and_outside_of_a_string(rules: dict[str, Any], as_text: bool) -> None:
    policy = announced_policy(json.dumps(rules) if as_text else rules)
    for name, key in (("min_length", "minLength"), ("max_length", "maxLength")):
        if name in policy:
            assert policy[name] == int(rules[key])

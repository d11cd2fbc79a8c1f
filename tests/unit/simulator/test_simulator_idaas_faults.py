# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated IDaaS with faults, the words of its refusals, and its journal."""

from __future__ import annotations

import json

import pytest
import requests
from simulator.idaas_wire import CLIENT, SECRET, USER, USER_ID, Idaas, code, text
from simulator.wire import FIRST, SECOND

NAMES = {"english": "en", "chinese": "zh"}


def test_somebody_else_changes_the_password(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
    idaas.simulator.act("password", "idaas", USER, password=SECOND)
    assert idaas.login(SECOND).json()["status"] == "SUCCESS"
    assert idaas.simulator.act("sign_out", "idaas", USER)["signed_in"] is False
    assert idaas.simulator.act("sign_in", "idaas", USER)["signed_in"] is True


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_refusals_in_the_words_of_the_service(idaas: Idaas, language: str) -> None:
    idaas.simulator.fault("retcode", account=USER, code="IDAAS.SDK.LOGIN.0002", operation="idaas_login")
    response = idaas.login(X_L=NAMES[language])
    english = language == "english"
    expected = (
        "Invalid account name or password. Remaining attempts: 9." if english else "账号或密码错误,剩余尝试次数:9"
    )
    assert (code(response), text(response)) == ("SDK.LOGIN.0002", expected)
    idaas.simulator.fault("retcode", account=USER, code="IDAAS.TENANT.PWD.0007", operation="idaas_reset", applied=True)
    response = idaas.reset(idaas.access_token(), password=SECOND)
    assert (code(response), text(response)) == ("TENANT.PWD.0007", "The password must contain 8 to 18 characters")
    assert idaas.account()["password"] == SECOND
    idaas.simulator.fault("retcode", service="idaas_client", message="not now")
    response = idaas.tenant_token()
    assert (code(response), text(response)) == ("SDK.COMMON.0001", "not now")


TEXTS = [
    ("SDK.PARAM.0001", "Device information is incomplete", "设备信息不完整"),
    ("SDK.PARAM.0002", "clientId cannot be empty", "clientId不能为空"),
    ("SDK.PARAM.0003", "The app is not registered, please register the app first", "应用未注册,请先注册应用"),
    ("SDK.PARAM.0014", "Invalid state token", "state token无效"),
    ("SDK.PARAM.0015", "IdToken cannot be empty", "IdToken不能为空"),
    ("SDK.PARAM.0016", "IdToken is invalid or expired", "IdToken无效或已过期"),
    (
        "SDK.LOGIN.0001",
        "The account is locked. Try again in 3 minutes and 0 seconds.",
        "账号已被锁定,请在3分钟0秒后重试",
    ),
    ("TENANT.USER.0001", "The user does not exist", "用户不存在"),
    ("SDK.OTHER.0001", "Unknown error", "未知错误"),
]


@pytest.mark.parametrize(("name", "english", "chinese"), TEXTS)
def test_texts(idaas: Idaas, name: str, english: str, chinese: str) -> None:
    idaas.simulator.fault("retcode", code=f"IDAAS.{name}", count=2)
    for language, message in (("en", english), ("zh", chinese)):
        response = idaas.login(X_L=language)
        assert (code(response), text(response)) == (name, message)


def test_lies(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    idaas.simulator.fault("lie", account=USER, count=None)
    assert idaas.update(state).json()["status"] == "SUCCESS"
    pretended = idaas.login("wrong").json()
    assert (pretended["status"], pretended["expire"]) == ("SUCCESS", 432000)
    assert idaas.skip(state).json()["status"] == "SUCCESS"
    assert idaas.reset(idaas.access_token(), password=SECOND).json() == {"user_id": USER_ID}
    idaas.simulator.clear_faults()
    assert code(idaas.change(pretended["id_token"])) == "SDK.PARAM.0016"
    idaas.set_status("")
    token = idaas.id_token()
    idaas.simulator.fault("lie", account=USER, count=None)
    assert idaas.change(token).content == b""
    assert idaas.check_exist(token).json() == {"is_set_pwd": True}
    idaas.simulator.fault("lie", account=CLIENT)
    assert idaas.reset(idaas.tenant_token(secret="wrong").json()["access_token"], USER).status_code == 401
    account = idaas.account()
    assert (account["password"], account["changes"], account["resets"]) == (FIRST, 0, 0)


@pytest.mark.parametrize("operation", ["idaas_update", "idaas_change", "idaas_reset", "idaas_reset_verify"])
def test_late(idaas: Idaas, operation: str) -> None:
    """The call takes effect although its token has died meanwhile."""
    idaas.simulator.fault("late", account=USER, operation=operation, seconds=8000, now="status")
    if operation == "idaas_update":
        idaas.set_status("PASSWORD_EXPIRED")
        response = idaas.update(idaas.state_token())
    elif operation == "idaas_change":
        response = idaas.change(idaas.id_token())
    else:
        suffix = "-verify" if operation.endswith("verify") else ""
        response = idaas.reset(idaas.access_token(), suffix=suffix, password=SECOND, old_password=FIRST)
    assert (response.status_code, idaas.account()["password"]) == (502, FIRST)
    idaas.simulator.advance(8001)
    assert idaas.account()["password"] == SECOND
    _first, second = idaas.simulator.journal(USER, operation)
    assert (second["late"], second["applied"]) == (True, True)


def test_late_needs_a_token(idaas: Idaas) -> None:
    idaas.simulator.fault("late", operation="idaas_change", seconds=1, now="status")
    assert idaas.change("nonsense").status_code == 502
    idaas.simulator.advance(2)
    assert idaas.account()["password"] == FIRST


@pytest.mark.parametrize(
    "kind", ["garbled", "html", "non_utf8", "nested_json", "oversized", "truncated", "garbled_http"]
)
def test_unreadable_answers(idaas: Idaas, kind: str) -> None:
    token = idaas.id_token()
    idaas.simulator.fault(kind, account=USER, operation="idaas_change", applied=True, size=1)
    try:
        assert idaas.change(token).content
    except requests.RequestException:
        assert kind in ("truncated", "garbled_http")
    assert idaas.account()["password"] == SECOND
    assert idaas.simulator.journal(USER, "idaas_change")[0]["fault"] == kind


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "timeout_before", "timeout_after"])
def test_no_answer(idaas: Idaas, kind: str) -> None:
    token = idaas.id_token()
    idaas.simulator.fault(kind, account=USER, operation="idaas_change", seconds=0.1)
    with pytest.raises(requests.RequestException):
        idaas.change(token)
    assert idaas.account()["password"] == (SECOND if kind.endswith("after") else FIRST)


def test_the_journal_keeps_secrets(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    found = idaas.update(state).json()
    access = idaas.access_token()
    idaas.check_exist(found["id_token"])
    idaas.reset(access, suffix="-verify", password="Nh3=yB6zDf", old_password=SECOND)
    idaas.call("POST", f"/tenant/token?client_id={CLIENT}&client_secret={SECRET}&access_token={access}&x=1")
    journal = json.dumps(idaas.simulator.journal())
    for secret in (FIRST, SECOND, "Nh3=yB6zDf", SECRET, state, access, found["id_token"], found["session_token"]):
        assert secret not in journal
    assert f"client_id={CLIENT}&client_secret=***&access_token=***&x=1" in journal

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated IDaaS takes logins and locks users as the SDK pages of Bamboocloud CIAM and Huawei OneAccess say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from simulator.client import Simulator
from simulator.idaas_wire import MAIL, MOBILE, USER, Idaas, code, text
from simulator.wire import FIRST, SECOND

JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


# Headers.


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("header", ["X-operating-sys-version", "X-device-fingerprint", "X-agent"])
def test_device_headers(idaas: Idaas, header: str, value: str | None) -> None:
    response = idaas.call("POST", "/sdk/login", {}, **{header: value})
    assert (code(response), text(response)) == ("SDK.PARAM.0001", "Device information is incomplete")


def test_client_header(idaas: Idaas) -> None:
    assert code(idaas.login(X_client_id=None)) == "SDK.PARAM.0002"
    assert text(idaas.login(X_client_id="", X_L="zh")) == "clientId不能为空"
    idaas.configure(clients=["app-2"])
    assert code(idaas.login()) == "SDK.PARAM.0003"
    assert idaas.login(X_client_id="app-2").json()["status"] == "SUCCESS"


def test_tenant_header(idaas: Idaas) -> None:
    idaas.configure(tenants=["t1"])
    assert code(idaas.login()) == "SDK.PARAM.0003"
    assert code(idaas.login(X_tenant_id="t2")) == "SDK.PARAM.0003"
    assert idaas.login(X_tenant_id="t1").status_code == 200


def test_every_sdk_call_asks_for_the_headers(idaas: Idaas) -> None:
    for method, path in (
        ("POST", "/sdk/login"),
        ("POST", "/sdk/login/mobile-pwd"),
        ("POST", "/sdk/login/auth"),
        ("POST", "/sdk/pwd/update"),
        ("POST", "/sdk/pwd/change"),
        ("GET", "/sdk/pwd/skip-update"),
        ("GET", "/sdk/pwd/check-exist"),
    ):
        assert code(idaas.call(method, path, X_agent=None)) == "SDK.PARAM.0001"
        assert idaas.call(method, path, Content_Type="text/plain").status_code == 415
    idaas.configure(require_content_type=False)
    assert idaas.login(Content_Type=None).status_code == 200


@pytest.mark.parametrize(
    ("language", "chinese"),
    [("en", False), ("en-US", False), ("zh", True), ("zh-CN", True), ("", True), (None, True)],
)
def test_language(idaas: Idaas, language: str | None, chinese: bool) -> None:
    expected = (
        "账号或密码错误,剩余尝试次数:9" if chinese else "Invalid account name or password. Remaining attempts: 9."
    )
    assert text(idaas.login("wrong", X_L=language)) == expected


def test_language_options(idaas: Idaas) -> None:
    idaas.configure(language="en")
    assert text(idaas.login("wrong", X_L=None)).startswith("Invalid account")
    idaas.configure(chinese_only=True)
    assert text(idaas.login("wrong")) == "账号或密码错误,剩余尝试次数:8"


# Signing in.


def test_login(idaas: Idaas) -> None:
    response = idaas.login()
    found = response.json()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert set(found) == {"status", "session_token", "expire", "id_token"}
    assert (found["status"], found["expire"]) == ("SUCCESS", 432000)
    assert re.fullmatch(r"[0-9A-Za-z]{32}", found["session_token"])
    assert JWT.fullmatch(found["id_token"])
    account = idaas.account()
    assert (account["sign_ins"], account["signed_in"]) == (1, True)


@pytest.mark.parametrize(
    ("path", "field", "name", "known"),
    [
        ("", "user_name", USER, True),
        ("", "user_name", MOBILE, False),
        ("/mobile-pwd", "mobile", MOBILE, True),
        ("/mobile-pwd", "mobile", USER, False),
        ("/auth", "user_name", USER, True),
        ("/auth", "user_name", MOBILE, True),
        ("/auth", "user_name", MAIL, True),
        ("/auth", "user_name", "nobody", False),
    ],
)
def test_names(idaas: Idaas, path: str, field: str, name: str, known: bool) -> None:
    response = idaas.call("POST", "/sdk/login" + path, {field: name, "password": FIRST})
    assert response.status_code == (200 if known else 400)
    if known:
        (entry,) = idaas.simulator.journal(USER)
        assert (entry["operation"], entry["credential"], entry["retcode"]) == ("idaas_login", "live", "SUCCESS")
    else:
        assert text(response) == "Invalid account name or password. Remaining attempts: 9."


def test_a_name_that_moved(idaas: Idaas) -> None:
    idaas.call("POST", "/sdk/login/auth", {"user_name": MOBILE, "password": FIRST})
    idaas.simulator.put_account("idaas", USER, password=FIRST)
    idaas.simulator.put_account("idaas", "other", password=SECOND, attributes={"mobile": MOBILE})
    body = {"user_name": MOBILE, "password": SECOND}
    assert idaas.call("POST", "/sdk/login/auth", body).json()["status"] == "SUCCESS"


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", {}, {"user_name": USER}, {"user_name": USER, "password": ""}, {"user_name": 1, "password": "x"}],
)
def test_malformed_logins(idaas: Idaas, body: Any) -> None:
    assert code(idaas.call("POST", "/sdk/login", body)) == "SDK.COMMON.0001"
    assert idaas.account()["failures"] == 0


@pytest.mark.parametrize("name", ["PASSWORD_WARN", "PASSWORD_EXPIRED"])
def test_a_password_to_be_changed(idaas: Idaas, name: str) -> None:
    idaas.set_status(name)
    found = idaas.login().json()
    assert (set(found), found["status"]) == ({"status", "state_token", "data"}, name)
    assert JWT.fullmatch(found["state_token"])
    assert isinstance(found["data"], str)
    policy = json.loads(found["data"])
    assert set(policy) == {"maxLength", "minLength", "regEx"}
    assert (policy["maxLength"], policy["minLength"]) == (18, 8)
    assert re.search(policy["regEx"], FIRST)
    idaas.configure(policy_data='{"regEx": "("}')
    assert idaas.login().json()["data"] == '{"regEx": "("}'
    idaas.configure(announce_policy=False)
    assert set(idaas.login().json()) == {"status", "state_token"}


@pytest.mark.parametrize("settings", [{"initial": True}, {"expired": True}, {"age_days": 91}])
def test_reasons_to_change(idaas: Idaas, settings: dict[str, Any]) -> None:
    idaas.simulator.put_account("idaas", USER, password=FIRST, **settings)
    assert idaas.login().json()["status"] == "PASSWORD_EXPIRED"
    assert idaas.update(idaas.state_token()).status_code == 200
    assert idaas.login(SECOND).json()["status"] == "SUCCESS"


def test_second_factor(idaas: Idaas) -> None:
    idaas.set_status("MFA_AUTH")
    found = idaas.login().json()
    assert (set(found), found["status"]) == ({"status", "state_token"}, "MFA_AUTH")
    assert code(idaas.update(found["state_token"])) == "SDK.PARAM.0014"
    assert code(idaas.skip(found["state_token"])) == "SDK.PARAM.0014"


def test_access_denied(idaas: Idaas) -> None:
    idaas.set_status("ACCESS_DENIED")
    response = idaas.login()
    assert (response.status_code, response.json()) == (200, {"status": "ACCESS_DENIED"})
    assert code(idaas.login("wrong")) == "SDK.LOGIN.0002"
    first, _second = idaas.simulator.journal(USER)
    assert (first["outcome"], first["applied"], idaas.account()["sign_ins"]) == ("ACCESS_DENIED", False, 0)


@pytest.mark.parametrize("attributes", [{"status": "EXPIRED"}, {"userid": "x"}, {"mobile": 1}])
def test_attributes_are_checked(simulator: Simulator, attributes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="attributes"):
        simulator.put_account("idaas", "x", password=FIRST, attributes=attributes)


# Locks.


def test_lock(idaas: Idaas) -> None:
    answers = [idaas.login("wrong") for _attempt in range(9)]
    assert [code(answer) for answer in answers] == ["SDK.LOGIN.0002"] * 9
    assert text(answers[-1]) == "Invalid account name or password. Remaining attempts: 1."
    locked = idaas.login("wrong")
    assert code(locked) == "SDK.LOGIN.0001"
    assert text(locked) == "The account is locked. Try again in 3 minutes and 0 seconds."
    idaas.simulator.advance(60)
    # Rounded up: the moment that this test takes does not show.
    assert text(idaas.login(X_L="zh")) == "账号已被锁定,请在2分钟0秒后重试"
    account = idaas.account()
    assert (account["locked"], account["times_locked"], account["max_consecutive_failures"]) == (True, 1, 10)
    assert (account["failures"], account["refused_while_locked"]) == (10, 1)
    idaas.simulator.advance(121)
    assert idaas.login().json()["status"] == "SUCCESS"
    assert idaas.account()["consecutive_failures"] == 0


def test_lock_options(idaas: Idaas) -> None:
    idaas.configure(lock_threshold=2, lock_seconds=61, lock_told_at_once=False, bare_codes=True)
    answers = [idaas.login("wrong") for _attempt in range(3)]
    assert [answer.json()["error_code"] for answer in answers] == ["LOGIN.0002", "LOGIN.0002", "LOGIN.0001"]
    assert text(answers[1]).endswith("Remaining attempts: 0.")
    assert text(answers[2]) == "The account is locked. Try again in 1 minutes and 1 seconds."
    # The journal does not abbreviate.
    assert [entry["retcode"] for entry in idaas.simulator.journal(USER)] == [
        "IDAAS.SDK.LOGIN.0002",
        "IDAAS.SDK.LOGIN.0002",
        "IDAAS.SDK.LOGIN.0001",
    ]
    idaas.simulator.act("unlock", "idaas", USER)
    assert idaas.login().status_code == 200
    idaas.simulator.act("lock", "idaas", USER, seconds=30)
    assert "0 minutes and 30 seconds" in text(idaas.login())


def test_the_count_after_a_lock(idaas: Idaas) -> None:
    idaas.configure(lock_threshold=2)
    for resets, expected in ((False, "SDK.LOGIN.0001"), (True, "SDK.LOGIN.0002")):
        idaas.configure(lock_resets_counter=resets)
        idaas.simulator.act("unlock", "idaas", USER)
        idaas.login("wrong")
        idaas.login("wrong")
        idaas.simulator.advance(181)
        assert code(idaas.login("wrong")) == expected

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated IDaaS keeps the rules of the SDK and tenant pages of Bamboocloud CIAM and Huawei OneAccess."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from simulator.client import Simulator
from simulator.wire import FIRST, SECOND, Wire

USER, USER_ID, MOBILE, MAIL = "agent.chen", "20260101-5E16-6B30", "13912345678", "chen.wei@example.com"
PERSON = {"user_id": USER_ID, "mobile": MOBILE, "mail": MAIL, "pinyin": "weichen"}
CLIENT, SECRET = "console", "Zt6!secret-of-the-console"
HEADERS = {
    "X-operating-sys-version": "Android 10",
    "X-device-fingerprint": "156aysdna213sc50",
    "X-agent": "tests",
    "X-client-id": "app-1",
    "X-L": "en",
    "Content-Type": "application/json",
}
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
NAMES = {"english": "en", "chinese": "zh"}


class Idaas:
    """Sends what it is told to the SDK and tenant interfaces."""

    def __init__(self, wire: Wire) -> None:
        self.simulator, self.http = wire.simulator, wire.http

    def call(self, method: str, path: str, body: Any = None, **headers: str | None) -> requests.Response:
        """`X_state_token="..."` sets that header; `None` leaves one out."""
        sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        return self.http.request(
            method,
            f"{self.simulator.url}/api/v2{path}",
            data=data,
            headers={name: value for name, value in sent.items() if value is not None},
            verify=self.simulator.ca_path,
            timeout=5,
            allow_redirects=False,
        )

    def login(self, password: str = FIRST, name: str = USER, **headers: str | None) -> requests.Response:
        return self.call("POST", "/sdk/login", {"user_name": name, "password": password}, **headers)

    def state_token(self) -> str:
        return str(self.login().json()["state_token"])

    def id_token(self, password: str = FIRST) -> str:
        return str(self.login(password).json()["id_token"])

    def update(
        self, state: str | None, old: Any = FIRST, new: Any = SECOND, **headers: str | None
    ) -> requests.Response:
        body = {"old_password": old, "new_password": new}
        return self.call("POST", "/sdk/pwd/update", body, X_state_token=state, **headers)

    def skip(self, state: str | None) -> requests.Response:
        return self.call("GET", "/sdk/pwd/skip-update", X_state_token=state)

    def check_exist(self, token: str | None) -> requests.Response:
        return self.call("GET", "/sdk/pwd/check-exist", Authorization=token and f"Bearer {token}")

    def change(self, token: str | None, old: Any = FIRST, new: Any = SECOND) -> requests.Response:
        body = {"old_password": old, "new_password": new}
        sent = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", "/sdk/pwd/change", sent, Authorization=token and f"Bearer {token}")

    def tenant_token(self, client: str = CLIENT, secret: str = SECRET, **fields: Any) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, **fields}
        url = f"{self.simulator.url}/api/v2/tenant/token"
        return self.http.post(url, data=form, verify=self.simulator.ca_path, timeout=5)

    def access_token(self) -> str:
        return str(self.tenant_token().json()["access_token"])

    def reset(self, token: str | None, user_id: str = USER_ID, suffix: str = "", **body: Any) -> requests.Response:
        path = f"/tenant/users/{user_id}/change-password{suffix}"
        return self.call("PUT", path, body, Authorization=token and f"Bearer {token}")

    def account(self) -> dict[str, Any]:
        return self.simulator.account("idaas", USER)


@pytest.fixture
def idaas(wire: Wire, simulator: Simulator) -> Idaas:
    simulator.put_account("idaas", USER, password=FIRST, attributes=PERSON)
    simulator.put_account("idaas_client", CLIENT, password=SECRET)
    return Idaas(wire)


@pytest.fixture
def status(idaas: Idaas) -> Any:
    """Makes the logins of the user answer something else than SUCCESS."""

    def set_status(name: str) -> None:
        idaas.simulator.put_account("idaas", USER, password=FIRST, attributes={**PERSON, "status": name})

    return set_status


def configure(idaas: Idaas, **options: Any) -> None:
    idaas.simulator.options(idaas=options)


def code(response: requests.Response) -> str:
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    found = response.json()
    assert set(found) == {"error_code", "error_msg"}
    return str(found["error_code"]).removeprefix("IDAAS.")


def text(response: requests.Response) -> str:
    return str(response.json()["error_msg"])


# Headers.


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("header", ["X-operating-sys-version", "X-device-fingerprint", "X-agent"])
def test_device_headers(idaas: Idaas, header: str, value: str | None) -> None:
    response = idaas.call("POST", "/sdk/login", {}, **{header: value})
    assert (code(response), text(response)) == ("SDK.PARAM.0001", "Device information is incomplete")


def test_client_header(idaas: Idaas) -> None:
    assert code(idaas.login(X_client_id=None)) == "SDK.PARAM.0002"
    assert text(idaas.login(X_client_id="", X_L="zh")) == "clientId不能为空"
    configure(idaas, clients=["app-2"])
    assert code(idaas.login()) == "SDK.PARAM.0003"
    assert idaas.login(X_client_id="app-2").json()["status"] == "SUCCESS"


def test_tenant_header(idaas: Idaas) -> None:
    configure(idaas, tenants=["t1"])
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
    configure(idaas, require_content_type=False)
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
    configure(idaas, language="en")
    assert text(idaas.login("wrong", X_L=None)).startswith("Invalid account")
    configure(idaas, chinese_only=True)
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
def test_a_password_to_be_changed(idaas: Idaas, status: Any, name: str) -> None:
    status(name)
    found = idaas.login().json()
    assert (set(found), found["status"]) == ({"status", "state_token", "data"}, name)
    assert JWT.fullmatch(found["state_token"])
    assert isinstance(found["data"], str)
    policy = json.loads(found["data"])
    assert set(policy) == {"maxLength", "minLength", "regEx"}
    assert (policy["maxLength"], policy["minLength"]) == (18, 8)
    assert re.search(policy["regEx"], FIRST)
    configure(idaas, policy_data='{"regEx": "("}')
    assert idaas.login().json()["data"] == '{"regEx": "("}'
    configure(idaas, announce_policy=False)
    assert set(idaas.login().json()) == {"status", "state_token"}


@pytest.mark.parametrize("settings", [{"initial": True}, {"expired": True}, {"age_days": 91}])
def test_reasons_to_change(idaas: Idaas, settings: dict[str, Any]) -> None:
    idaas.simulator.put_account("idaas", USER, password=FIRST, **settings)
    assert idaas.login().json()["status"] == "PASSWORD_EXPIRED"
    assert idaas.update(idaas.state_token()).status_code == 200
    assert idaas.login(SECOND).json()["status"] == "SUCCESS"


def test_second_factor(idaas: Idaas, status: Any) -> None:
    status("MFA_AUTH")
    found = idaas.login().json()
    assert (set(found), found["status"]) == ({"status", "state_token"}, "MFA_AUTH")
    assert code(idaas.update(found["state_token"])) == "SDK.PARAM.0014"
    assert code(idaas.skip(found["state_token"])) == "SDK.PARAM.0014"


def test_access_denied(idaas: Idaas, status: Any) -> None:
    status("ACCESS_DENIED")
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
    configure(idaas, lock_threshold=2, lock_seconds=61, lock_told_at_once=False, bare_codes=True)
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
    configure(idaas, lock_threshold=2)
    for resets, expected in ((False, "SDK.LOGIN.0001"), (True, "SDK.LOGIN.0002")):
        configure(idaas, lock_resets_counter=resets)
        idaas.simulator.act("unlock", "idaas", USER)
        idaas.login("wrong")
        idaas.login("wrong")
        idaas.simulator.advance(181)
        assert code(idaas.login("wrong")) == expected


# Changing a password that expires.


@pytest.mark.parametrize("name", ["PASSWORD_WARN", "PASSWORD_EXPIRED"])
def test_update(idaas: Idaas, status: Any, name: str) -> None:
    status(name)
    state = idaas.state_token()
    found = idaas.update(state).json()
    assert set(found) == {"status", "session_token", "expire", "id_token"}
    assert (found["status"], found["expire"]) == ("SUCCESS", 43200)
    assert code(idaas.update(state, SECOND, FIRST)) == "SDK.PARAM.0014"
    account = idaas.account()
    assert (account["password"], account["changes"], account["failures"]) == (SECOND, 1, 0)
    assert idaas.login(SECOND).json()["status"] == "SUCCESS"
    assert idaas.check_exist(found["id_token"]).json() == {"is_set_pwd": True}
    assert idaas.simulator.journal(USER, "idaas_update")[0]["credential"] == "live"


def test_update_as_oneaccess_shows_it(idaas: Idaas, status: Any) -> None:
    configure(idaas, update_returns_id_token=False)
    status("PASSWORD_EXPIRED")
    assert set(idaas.update(idaas.state_token()).json()) == {"status", "session_token", "expire"}


def test_state_tokens_die(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
    for state in ("nonsense", "", None):
        response = idaas.update(state)
        assert (code(response), text(response)) == ("SDK.PARAM.0014", "Invalid state token")
    state = idaas.state_token()
    idaas.simulator.advance(301)
    assert code(idaas.update(state)) == "SDK.PARAM.0014"
    # The journal still knows whose token it was.
    assert idaas.simulator.journal(USER, "idaas_update")[0]["retcode"] == "IDAAS.SDK.PARAM.0014"
    state = idaas.state_token()
    idaas.simulator.act("sign_out", "idaas", USER)
    assert code(idaas.update(state)) == "SDK.PARAM.0014"


def test_a_refused_update_may_end_the_token(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    assert code(idaas.update(state, new="short")) == "SDK.PWD.0007"
    configure(idaas, failed_update_uses_state_token=True)
    assert code(idaas.update(state, new="short")) == "SDK.PWD.0007"
    assert code(idaas.update(state)) == "SDK.PARAM.0014"


@pytest.mark.parametrize(
    ("old", "new", "expected", "english", "chinese"),
    [
        ("", SECOND, "PARAM.0018", "Original password cannot be empty", "原密码不能为空"),
        (None, SECOND, "PARAM.0018", "Original password cannot be empty", "原密码不能为空"),
        (FIRST, "", "PARAM.0019", "New password cannot be empty", "新密码不能为空"),
        (FIRST, 12345678, "PARAM.0019", "New password cannot be empty", "新密码不能为空"),
        (
            FIRST,
            FIRST,
            "PARAM.0020",
            "The original password and the new password do not match",
            "原密码和新密码不能一致",
        ),
    ],
)
def test_pairs(idaas: Idaas, status: Any, old: Any, new: Any, expected: str, english: str, chinese: str) -> None:
    status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    for language, message in (("en", english), ("zh", chinese)):
        response = idaas.update(state, old, new, X_L=language)
        assert (code(response), text(response)) == ("SDK." + expected, message)
    assert code(idaas.change(idaas.update(state).json()["id_token"], SECOND, "")) == "SDK.PARAM.0019"


RULES = [
    ("Pw5#abcd", "PWD.0001", "The password is used before, cannot be used again", "不允许使用历史密码"),
    ("Zx9#nehc.tnega", "PWD.0002", "Password cannot username in reverse order", "密码不允许使用用户名的倒写"),
    (
        "Zx9#Agent.Chen",
        "PWD.0003",
        "Password cannot contain :username, phone number, email prefix, name in PinYing",
        "密码中不允许包含:用户名、手机号、邮箱前缀、姓名拼音",
    ),
    ("Zx9#chen.wei", "PWD.0003", None, None),
    ("Zx9#weichen", "PWD.0003", None, None),
    (f"Zx#{MOBILE}", "PWD.0003", None, None),
    (
        "zx9#abcdef",
        "PWD.0004",
        "Your password complexity is low, follow the password rules",
        "密码复杂度低,请遵守密码规则",
    ),
    ("Zx9abcdé", "PWD.0004", None, None),
    ("Passw0rd", "PWD.0005", "The password is weak", "该密码为弱密码"),
    (
        "Zx9aQaWaEa",
        "PWD.0006",
        "Number of character repeat in password should not exceed 3",
        "密码中最大字符重复数不能超过3",
    ),
    ("Zx9#abc", "PWD.0007", "The password must contain 8 to 18 characters", "密码长度为8~18个字符"),
    ("Zx9#abcdefghijklmno", "PWD.0007", None, None),
]


@pytest.mark.parametrize(("new", "expected", "english", "chinese"), RULES)
def test_policy(idaas: Idaas, new: str, expected: str, english: str | None, chinese: str | None) -> None:
    history = [f"Pw{number}#abcd" for number in range(5, 10)]
    idaas.simulator.put_account(
        "idaas", USER, password=FIRST, history=history, attributes={**PERSON, "status": "PASSWORD_WARN"}
    )
    state, access = idaas.state_token(), idaas.access_token()
    for language, message in (("en", english), ("zh", chinese)):
        response = idaas.update(state, new=new, X_L=language)
        assert code(response) == "SDK." + expected
        if message:
            assert text(response) == message
    assert code(idaas.reset(access, password=new)) == "TENANT." + expected
    assert code(idaas.reset(access, suffix="-verify", password=new, old_password=FIRST)) == "TENANT." + expected
    account = idaas.account()
    assert (account["password"], account["changes"], account["resets"]) == (FIRST, 0, 0)


def test_policy_options(idaas: Idaas) -> None:
    token = idaas.id_token()
    configure(idaas, max_repeat=2, repeat_anywhere=False)
    assert code(idaas.change(token, new="Zx9#aaab")) == "SDK.PWD.0006"
    assert idaas.change(token, new="Zx9#abaca").status_code == 200
    configure(idaas, policy_min_length=4, policy_max_length=6, policy_regex="^[a-z]+$", max_repeat=0, history_size=0)
    assert code(idaas.change(token, "Zx9#abaca", "abc")) == "SDK.PWD.0007"
    assert code(idaas.change(token, "Zx9#abaca", "ABCD")) == "SDK.PWD.0004"
    assert idaas.change(token, "Zx9#abaca", "aaaaaa").status_code == 200
    assert idaas.change(token, "aaaaaa", "bbbbbb").status_code == 200
    assert idaas.change(token, "bbbbbb", "aaaaaa").status_code == 200


@pytest.mark.parametrize("bad", [{"policy_regex": "("}, {"language": "fr"}, {"lock_threshold": 0}])
def test_options_are_checked(idaas: Idaas, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        configure(idaas, **bad)


def test_a_wrong_old_password_counts(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    assert text(idaas.update(state, "wrong")).endswith("Remaining attempts: 9.")
    configure(idaas, wrong_old_code="IDAAS.SDK.PWD.0099", lock_threshold=2)
    response = idaas.update(state, "wrong")
    assert code(response) == "SDK.LOGIN.0001"
    # Not even the right one helps now.
    assert code(idaas.update(state)) == "SDK.LOGIN.0001"
    account = idaas.account()
    assert (account["failures"], account["times_locked"], account["refused_while_locked"]) == (2, 1, 1)


def test_a_wrong_old_password_need_not_count(idaas: Idaas) -> None:
    configure(idaas, wrong_old_code="IDAAS.SDK.PWD.0099", wrong_old_counts=False, verify_wrong_old_counts=False)
    response = idaas.change(idaas.id_token(), "wrong")
    assert (code(response), text(response)) == ("SDK.PWD.0099", "Unknown error")
    response = idaas.reset(idaas.access_token(), suffix="-verify", password=SECOND, old_password="wrong")
    assert text(response).endswith("Remaining attempts: 10.")
    assert idaas.account()["failures"] == 0


def test_skip(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_WARN")
    state = idaas.state_token()
    found = idaas.skip(state).json()
    assert (found["status"], found["expire"], bool(found["id_token"])) == ("SUCCESS", 43200, True)
    assert code(idaas.skip(state)) == "SDK.PARAM.0014"
    assert idaas.login().json()["status"] == "PASSWORD_WARN"
    status("PASSWORD_EXPIRED")
    assert idaas.skip(idaas.state_token()).json() == {"status": "ACCESS_DENIED"}
    configure(idaas, skip_expired_answer="IDAAS.SDK.PARAM.0014")
    assert code(idaas.skip(idaas.state_token())) == "SDK.PARAM.0014"


# Changing a password with the id_token.


def test_change(idaas: Idaas) -> None:
    token = idaas.id_token()
    assert idaas.check_exist(token).json() == {"is_set_pwd": True}
    response = idaas.change(token)
    assert (response.status_code, response.content) == (200, b"")
    account = idaas.account()
    assert (account["password"], account["changes"]) == (SECOND, 1)
    # The session lives on.
    assert idaas.change(token, SECOND, "Nh3=yB6zDf").status_code == 200
    configure(idaas, change_ends_sessions=True, is_set_pwd_as_text=True)
    assert idaas.check_exist(token).json() == {"is_set_pwd": "true"}
    assert idaas.change(token, "Nh3=yB6zDf", "Tc8:wG2kVm").status_code == 200
    assert code(idaas.check_exist(token)) == "SDK.PARAM.0016"


def test_id_tokens_die(idaas: Idaas, status: Any) -> None:
    token = idaas.id_token()
    for call in (idaas.change, idaas.check_exist):
        assert code(call(None)) == "SDK.PARAM.0015"
        assert text(call(None)) == "IdToken cannot be empty"
        assert code(call("nonsense")) == "SDK.PARAM.0016"
    idaas.simulator.advance(7199)
    assert idaas.check_exist(token).status_code == 200
    idaas.simulator.advance(2)
    assert text(idaas.change(token)) == "IdToken is invalid or expired"
    status("PASSWORD_WARN")
    assert code(idaas.change(idaas.state_token())) == "SDK.PARAM.0016"
    assert idaas.account()["signed_in"] is False


def test_no_password_yet(idaas: Idaas) -> None:
    idaas.simulator.put_account("idaas", USER, password=FIRST, attributes={**PERSON, "no_password": True})
    token = idaas.id_token()
    assert idaas.check_exist(token).json() == {"is_set_pwd": False}
    assert idaas.change(token, None).status_code == 200
    assert idaas.check_exist(token).json() == {"is_set_pwd": True}
    assert code(idaas.change(token, None, "Nh3=yB6zDf")) == "SDK.PARAM.0018"


# Tenant administrators.


def test_tenant_token(idaas: Idaas) -> None:
    found = idaas.tenant_token().json()
    assert set(found) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", 1800, "all")
    assert idaas.access_token() != found["access_token"]
    assert idaas.reset(found["access_token"], password=SECOND).status_code == 200
    (entry, _other) = idaas.simulator.journal(CLIENT)
    assert (entry["operation"], entry["credential"]) == ("idaas_tenant_token", "live")


@pytest.mark.parametrize(
    ("fields", "status_code"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_secret": ""}, 401),
        ({"client_id": "other"}, 401),
        ({"client_id": ""}, 401),
        ({"grant_type": "password"}, 400),
    ],
)
def test_bad_tenant_tokens(idaas: Idaas, fields: dict[str, str], status_code: int) -> None:
    response = idaas.tenant_token(**fields)
    assert (response.status_code, "access_token" in response.json()) == (status_code, False)


def test_tenant_token_wants_a_form(idaas: Idaas) -> None:
    body = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    assert idaas.call("POST", "/tenant/token", body).status_code == 415


def test_applications_are_locked_by_hand_only(idaas: Idaas) -> None:
    assert {idaas.tenant_token(secret="wrong").status_code for _attempt in range(12)} == {401}
    assert idaas.tenant_token().status_code == 200
    idaas.simulator.act("lock", "idaas_client", CLIENT)
    assert idaas.tenant_token().status_code == 401
    account = idaas.simulator.account("idaas_client", CLIENT)
    assert (account["failures"], account["refused_while_locked"], account["times_locked"]) == (12, 1, 1)
    assert account["signed_in"] is True


def test_access_tokens_die(idaas: Idaas, simulator: Simulator) -> None:
    token = idaas.access_token()
    for bad in (None, "nonsense", idaas.id_token()):
        response = idaas.reset(bad, password=SECOND)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    simulator.advance(1801)
    assert idaas.reset(token, password=SECOND).status_code == 401
    configure(idaas, access_token_seconds=60)
    assert idaas.tenant_token().json()["expires_in"] == 60
    assert idaas.account()["password"] == FIRST
    token = idaas.access_token()
    simulator.act("sign_out", "idaas_client", CLIENT)
    assert idaas.reset(token, password=SECOND).status_code == 401


@pytest.mark.parametrize(("body", "status_name"), [({}, "PASSWORD_EXPIRED"), ({"must_modify": False}, "SUCCESS")])
def test_reset(idaas: Idaas, body: dict[str, Any], status_name: str) -> None:
    idaas.simulator.act("expire", "idaas", USER)
    idaas.simulator.act("lock", "idaas", USER)
    token = idaas.access_token()
    response = idaas.reset(token, password=SECOND, **body)
    assert (response.status_code, response.json()) == (200, {"user_id": USER_ID})
    account = idaas.account()
    assert (account["password"], account["resets"], account["changes"]) == (SECOND, 1, 0)
    assert (account["locked"], account["initial"]) == (True, status_name != "SUCCESS")
    configure(idaas, reset_unlocks=True)
    assert idaas.reset(token, password="Nh3=yB6zDf", **body).status_code == 200
    assert idaas.login("Nh3=yB6zDf").json()["status"] == status_name
    assert [entry["operation"] for entry in idaas.simulator.journal(USER)] == ["idaas_reset"] * 2 + ["idaas_login"]


def test_bad_resets(idaas: Idaas) -> None:
    token = idaas.access_token()
    response = idaas.reset(token, USER, password=SECOND)
    assert (code(response), text(response)) == ("TENANT.USER.0001", "The user does not exist")
    response = idaas.reset(token, USER, "-verify", password=SECOND, old_password=FIRST)
    assert code(response) == "TENANT.USER.0001"
    for body in ({}, {"password": ""}, {"password": 1}, {"password": SECOND, "must_modify": "false"}):
        assert code(idaas.reset(token, **body)) == "SDK.COMMON.0001"
    assert code(idaas.reset(token, suffix="-verify", password=SECOND)) == "SDK.COMMON.0001"
    assert idaas.account()["password"] == FIRST


def test_reset_with_the_old_password(idaas: Idaas) -> None:
    token = idaas.access_token()
    response = idaas.reset(token, suffix="-verify", password=SECOND, old_password="wrong")
    assert (code(response), text(response)[-2:]) == ("SDK.LOGIN.0002", "9.")
    response = idaas.reset(token, suffix="-verify", password=SECOND, old_password=FIRST)
    assert response.json() == {"user_id": USER_ID}
    account = idaas.account()
    assert (account["changes"], account["resets"], account["initial"], account["failures"]) == (1, 0, False, 1)
    wrong, right = idaas.simulator.journal(USER, "idaas_reset_verify")
    assert (wrong["credential"], right["credential"], right["retcode"]) == ("wrong", "live", "SUCCESS")


# Faults and the journal.


def test_somebody_else_changes_the_password(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
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


def test_lies(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    idaas.simulator.fault("lie", account=USER, count=None)
    assert idaas.update(state).json()["status"] == "SUCCESS"
    pretended = idaas.login("wrong").json()
    assert (pretended["status"], pretended["expire"]) == ("SUCCESS", 432000)
    assert idaas.skip(state).json()["status"] == "SUCCESS"
    assert idaas.reset(idaas.access_token(), password=SECOND).json() == {"user_id": USER_ID}
    idaas.simulator.clear_faults()
    assert code(idaas.change(pretended["id_token"])) == "SDK.PARAM.0016"
    status("")
    token = idaas.id_token()
    idaas.simulator.fault("lie", account=USER, count=None)
    assert idaas.change(token).content == b""
    assert idaas.check_exist(token).json() == {"is_set_pwd": True}
    idaas.simulator.fault("lie", account=CLIENT)
    assert idaas.reset(idaas.tenant_token(secret="wrong").json()["access_token"], USER).status_code == 401
    account = idaas.account()
    assert (account["password"], account["changes"], account["resets"]) == (FIRST, 0, 0)


@pytest.mark.parametrize("operation", ["idaas_update", "idaas_change", "idaas_reset", "idaas_reset_verify"])
def test_late(idaas: Idaas, status: Any, operation: str) -> None:
    """The call takes effect although its token has died meanwhile."""
    idaas.simulator.fault("late", account=USER, operation=operation, seconds=8000, now="status")
    if operation == "idaas_update":
        status("PASSWORD_EXPIRED")
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


def test_the_journal_keeps_secrets(idaas: Idaas, status: Any) -> None:
    status("PASSWORD_EXPIRED")
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

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated IDaaS changes a user's password as the SDK pages of Bamboocloud CIAM and Huawei OneAccess say."""

from __future__ import annotations

from typing import Any

import pytest
from simulator.idaas_wire import MOBILE, PERSON, USER, Idaas, code, text
from simulator.wire import FIRST, SECOND

# Changing a password that expires.


@pytest.mark.parametrize("name", ["PASSWORD_WARN", "PASSWORD_EXPIRED"])
def test_update(idaas: Idaas, name: str) -> None:
    idaas.set_status(name)
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


def test_update_as_oneaccess_shows_it(idaas: Idaas) -> None:
    idaas.configure(update_returns_id_token=False)
    idaas.set_status("PASSWORD_EXPIRED")
    assert set(idaas.update(idaas.state_token()).json()) == {"status", "session_token", "expire"}


def test_state_tokens_die(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
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


def test_a_refused_update_may_end_the_token(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    assert code(idaas.update(state, new="short")) == "SDK.PWD.0007"
    idaas.configure(failed_update_uses_state_token=True)
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
def test_pairs(idaas: Idaas, old: Any, new: Any, expected: str, english: str, chinese: str) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
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
    idaas.configure(max_repeat=2, repeat_anywhere=False)
    assert code(idaas.change(token, new="Zx9#aaab")) == "SDK.PWD.0006"
    assert idaas.change(token, new="Zx9#abaca").status_code == 200
    idaas.configure(policy_min_length=4, policy_max_length=6, policy_regex="^[a-z]+$", max_repeat=0, history_size=0)
    assert code(idaas.change(token, "Zx9#abaca", "abc")) == "SDK.PWD.0007"
    assert code(idaas.change(token, "Zx9#abaca", "ABCD")) == "SDK.PWD.0004"
    assert idaas.change(token, "Zx9#abaca", "aaaaaa").status_code == 200
    assert idaas.change(token, "aaaaaa", "bbbbbb").status_code == 200
    assert idaas.change(token, "bbbbbb", "aaaaaa").status_code == 200


@pytest.mark.parametrize("bad", [{"policy_regex": "("}, {"language": "fr"}, {"lock_threshold": 0}])
def test_options_are_checked(idaas: Idaas, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        idaas.configure(**bad)


def test_a_wrong_old_password_counts(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_EXPIRED")
    state = idaas.state_token()
    assert text(idaas.update(state, "wrong")).endswith("Remaining attempts: 9.")
    idaas.configure(wrong_old_code="IDAAS.SDK.PWD.0099", lock_threshold=2)
    response = idaas.update(state, "wrong")
    assert code(response) == "SDK.LOGIN.0001"
    # Not even the right one helps now.
    assert code(idaas.update(state)) == "SDK.LOGIN.0001"
    account = idaas.account()
    assert (account["failures"], account["times_locked"], account["refused_while_locked"]) == (2, 1, 1)


def test_a_wrong_old_password_need_not_count(idaas: Idaas) -> None:
    idaas.configure(wrong_old_code="IDAAS.SDK.PWD.0099", wrong_old_counts=False, verify_wrong_old_counts=False)
    response = idaas.change(idaas.id_token(), "wrong")
    assert (code(response), text(response)) == ("SDK.PWD.0099", "Unknown error")
    response = idaas.reset(idaas.access_token(), suffix="-verify", password=SECOND, old_password="wrong")
    assert text(response).endswith("Remaining attempts: 10.")
    assert idaas.account()["failures"] == 0


def test_skip(idaas: Idaas) -> None:
    idaas.set_status("PASSWORD_WARN")
    state = idaas.state_token()
    found = idaas.skip(state).json()
    assert (found["status"], found["expire"], bool(found["id_token"])) == ("SUCCESS", 43200, True)
    assert code(idaas.skip(state)) == "SDK.PARAM.0014"
    assert idaas.login().json()["status"] == "PASSWORD_WARN"
    idaas.set_status("PASSWORD_EXPIRED")
    assert idaas.skip(idaas.state_token()).json() == {"status": "ACCESS_DENIED"}
    idaas.configure(skip_expired_answer="IDAAS.SDK.PARAM.0014")
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
    idaas.configure(change_ends_sessions=True, is_set_pwd_as_text=True)
    assert idaas.check_exist(token).json() == {"is_set_pwd": "true"}
    assert idaas.change(token, "Nh3=yB6zDf", "Tc8:wG2kVm").status_code == 200
    assert code(idaas.check_exist(token)) == "SDK.PARAM.0016"


def test_id_tokens_die(idaas: Idaas) -> None:
    token = idaas.id_token()
    for call in (idaas.change, idaas.check_exist):
        assert code(call(None)) == "SDK.PARAM.0015"
        assert text(call(None)) == "IdToken cannot be empty"
        assert code(call("nonsense")) == "SDK.PARAM.0016"
    idaas.simulator.advance(7199)
    assert idaas.check_exist(token).status_code == 200
    idaas.simulator.advance(2)
    assert text(idaas.change(token)) == "IdToken is invalid or expired"
    idaas.set_status("PASSWORD_WARN")
    assert code(idaas.change(idaas.state_token())) == "SDK.PARAM.0016"
    assert idaas.account()["signed_in"] is False


def test_no_password_yet(idaas: Idaas) -> None:
    idaas.simulator.put_account("idaas", USER, password=FIRST, attributes={**PERSON, "no_password": True})
    token = idaas.id_token()
    assert idaas.check_exist(token).json() == {"is_set_pwd": False}
    assert idaas.change(token, None).status_code == 200
    assert idaas.check_exist(token).json() == {"is_set_pwd": True}
    assert code(idaas.change(token, None, "Nh3=yB6zDf")) == "SDK.PARAM.0018"

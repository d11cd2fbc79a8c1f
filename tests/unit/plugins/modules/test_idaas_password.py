# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""idaas_password, from its options to the wire and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.idaas import (
    ID_TOKEN,
    ID_TOKEN_2,
    LOCKED_TEXTS,
    LOGIN_CODES,
    PASSWORD_CODES,
    REFUSING_STATUSES,
    REPEATED,
    SETTINGS_CODES,
    STATE_TOKEN,
    STATE_TOKEN_2,
    USER_OPTIONS,
    WRONG_TEXTS,
    change,
    failure,
    has_password,
    log_in,
    must_change,
    signed_in,
    unreadable,
    update,
    wrong,
)
from support.module_runner import (
    HTML,
    NEW,
    OLD,
    code_of,
    execute,
    of_a_change,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import (
    Answer,
    Exchange,
    Fault,
    WireScript,
)

MODULE = "idaas_password"
OPTIONS = {**USER_OPTIONS, "old_password": OLD, "new_password": NEW}
HELD = {**OPTIONS, "id_token": ID_TOKEN_2}
HELD_STATE = {**OPTIONS, "state_token": STATE_TOKEN_2}
FIRST = {**OPTIONS, "old_password": None, "id_token": ID_TOKEN}
SECOND_FACTOR = Answer.json({"status": "MFA_AUTH"})
WAYS = {"change": (None, change), "update": (must_change(), update)}
"""The answer to the login, and the change that follows from it."""


def no_tokens(status: str) -> Answer:
    return Answer.json({"status": status})


@pytest.mark.parametrize("reply", [Answer(), Answer(body=b" \r\n"), Answer.json({}), Answer.json({"any": "thing"})])
def test_a_change_after_an_ordinary_login(wire: WireScript, reply: Answer) -> None:
    wire.expect(log_in(OLD), change(OLD, NEW, reply))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": True,
        "outcome": "changed",
        "code": "0",
        "change_sent": True,
        "login": "ok",
        "failed_logins": 0,
        "msg": "the password was changed",
    }


@pytest.mark.parametrize("status", ["PASSWORD_WARN", "PASSWORD_EXPIRED"])
@pytest.mark.parametrize("data", [None, "", "garbage", "{", 17, {"minLength": "x"}])
def test_a_change_that_the_idaas_demands(wire: WireScript, status: str, data: Any) -> None:
    wire.expect(log_in(OLD, must_change(status, data)), update(OLD, NEW))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


def test_the_answer_to_a_demanded_change_may_lack_the_id_token(wire: WireScript) -> None:
    wire.expect(log_in(OLD, must_change()), update(OLD, NEW, no_tokens("SUCCESS")))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ({"minLength": 14}, "it is shorter than 14 characters"),
        ({"maxLength": "12"}, "it is longer than 12 characters"),
        ({"regEx": "^[a-z]+$"}, "it does not match the pattern"),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_announced_rules_are_obeyed_before_the_change_is_sent(
    wire: WireScript, rules: Any, fault: str, as_text: bool
) -> None:
    wire.expect(log_in(OLD, must_change(data=json.dumps(rules) if as_text else rules)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "password_rejected")
    assert (result["code"], result["login"], result["failed_logins"]) == (None, "ok", 0)
    assert not result["change_sent"]
    assert "breaks the policy that the IDaaS announced: " + fault in result["msg"]


@pytest.mark.parametrize("new", ["short", "abcdefgh", "zhang.wei", OLD])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    """The IDaaS decides, even where it has announced its rules."""
    wire.expect(log_in(OLD, must_change()), update(OLD, new))
    assert execute(MODULE, {**OPTIONS, "new_password": new, "check_policy": False})["outcome"] == "changed"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(", r"\p{Upper}", "a" * 600])
def test_a_pattern_that_cannot_be_used_is_left_to_the_idaas(wire: WireScript, pattern: str) -> None:
    wire.expect(log_in(OLD, must_change(data=json.dumps({"regEx": pattern}))), update(OLD, NEW))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


@pytest.mark.parametrize("reply", [no_tokens("SUCCESS"), no_tokens("PASSWORD_EXPIRED")])
def test_a_login_without_a_token_for_the_change(wire: WireScript, reply: Answer) -> None:
    wire.expect(log_in(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert not result["change_sent"]
    assert "gave no token for a change" in result["msg"]


# -- the new password is in place already ------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [None, must_change("PASSWORD_WARN")])
def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript, reply: Answer | None) -> None:
    wire.expect(log_in(OLD, wrong(9)), log_in(NEW, reply))
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "unchanged",
        "code": "LOGIN.0002",
        "change_sent": False,
        "login": "ok",
        "failed_logins": 1,
        "msg": "the new password was in place already",
    }


def test_a_second_factor_proves_that_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(log_in(OLD, wrong(9)), log_in(NEW, SECOND_FACTOR))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert (result["login"], result["failed_logins"]) == ("ok_restricted", 1)


def test_neither_password_works(wire: WireScript) -> None:
    wire.expect(log_in(OLD, wrong(9)), log_in(NEW, wrong(8)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "wrong_password")
    assert (result["login"], result["failed_logins"], result["remaining_attempts"]) == ("wrong_password", 2, 8)
    assert "neither the old nor the new password works" in result["msg"]


@pytest.mark.parametrize("text", WRONG_TEXTS)
@pytest.mark.parametrize(("remaining", "probes"), [(3, True), (2, False), (1, False), (0, False)])
def test_the_last_attempts_are_left_to_people(wire: WireScript, text: str, remaining: int, probes: bool) -> None:
    wire.expect(log_in(OLD, wrong(remaining, text)), *([log_in(NEW)] if probes else []))
    result = execute(MODULE, OPTIONS)
    assert result["outcome"] == ("unchanged" if probes else "wrong_password")
    assert result["failed_logins"] == 1
    if not probes:
        assert (result["login"], result["remaining_attempts"]) == ("wrong_password", remaining)
        assert f"{remaining} attempts are left" in result["msg"]


def test_attempts_that_are_not_told_are_probed(wire: WireScript) -> None:
    wire.expect(log_in(OLD, wrong()), log_in(NEW))
    assert execute(MODULE, OPTIONS)["outcome"] == "unchanged"


def test_without_a_probe_there_is_one_wrong_login(wire: WireScript) -> None:
    wire.expect(log_in(OLD, wrong(9)))
    result = execute(MODULE, {**OPTIONS, "probe_new_password": False})
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("wrong_password", "wrong_password", 1)


# -- what the IDaaS may answer to the change ---------------------------------------------------------------------------


CHANGE_CODES = {
    **{code: ("password_rejected", "ok", hint) for code, hint in PASSWORD_CODES.items()},
    **{code: ("access_denied", "ok", hint) for code, (_outcome, hint) in SETTINGS_CODES.items()},
    "PARAM.0018": ("access_denied", "ok", "give old_password"),
    "PARAM.0019": ("access_denied", "ok", "got no new password"),
    "PARAM.0020": ("password_rejected", "ok", "equals the old one"),
    "LOGIN.0001": ("locked", "locked", "locked"),
    "LOGIN.0002": ("wrong_password", "wrong_password", "password is wrong"),
    "PARAM.9999": ("unknown", "ok", "does not tell what was done"),
    "USER.0001": ("unknown", "ok", "does not tell what was done"),
}


@pytest.mark.parametrize("family", ["IDAAS.SDK.", ""])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("code", CHANGE_CODES)
def test_every_code_of_a_change(wire: WireScript, code: str, way: str, family: str) -> None:
    (login, send), (outcome, last_login, hint) = WAYS[way], CHANGE_CODES[code]
    wire.expect(log_in(OLD, login), send(OLD, NEW, failure(code, family=family)))
    result = execute(MODULE, OPTIONS)
    assert result == {
        "failed": True,
        "changed": outcome == "unknown",
        "outcome": outcome,
        "code": code,
        "change_sent": True,
        "login": last_login,
        "failed_logins": int(last_login == "wrong_password"),
        "msg": result["msg"],
    }
    assert hint in result["msg"]
    assert f"{code}" in result["msg"]
    assert ("Keep both" if outcome == "unknown" else "the server says that nothing was changed") in result["msg"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", LOCKED_TEXTS)
def test_numbers_in_a_failing_change_are_told(wire: WireScript, way: str, text: str) -> None:
    login, send = WAYS[way]
    wire.expect(log_in(OLD, login), send(OLD, NEW, failure("LOGIN.0001", text)))
    assert execute(MODULE, OPTIONS)["unlock_in_seconds"] == 185
    wire.expect(log_in(OLD, login), send(OLD, NEW, wrong(4)))
    assert execute(MODULE, OPTIONS)["remaining_attempts"] == 4


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("code", ["PARAM.0014", "PARAM.0015", "PARAM.0016"])
def test_a_session_that_is_lost_at_once_is_not_renewed_for_ever(wire: WireScript, way: str, code: str) -> None:
    login, send = WAYS[way]
    wire.expect(log_in(OLD, login), send(OLD, NEW, failure(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"], result["code"]) == (
        True,
        False,
        "session_lost",
        code,
    )
    assert result["change_sent"]
    assert "the server says that nothing was changed, run again" in result["msg"]


UNREADABLE = {
    "update": {
        **unreadable({"status": "SUCCESS"}),
        "no status": Answer.json({}),
        "another status": no_tokens("PASSWORD_EXPIRED"),
        "access denied": no_tokens("ACCESS_DENIED"),
        "status as a list": Answer.json({"status": ["SUCCESS"]}),
        "HTTP 401": Answer(401, HTML),
    },
    # An empty body with HTTP 200 is what the page documents.
    "change": {
        **{name: reply for name, reply in unreadable({"any": "thing"}).items() if name != "empty"},
        "HTTP 401": Answer(401, HTML),
    },
}


@pytest.mark.parametrize(
    ("way", "reply"),
    [
        pytest.param(way, reply, id=f"{way}, {name}")
        for way, cases in UNREADABLE.items()
        for name, reply in cases.items()
    ],
)
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, way: str, reply: Answer | Fault) -> None:
    login, send = WAYS[way]
    wire.expect(log_in(OLD, login), send(OLD, NEW, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)
    assert result["login"] == "ok"
    assert "the password may be the old or the new one" in result["msg"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, way: str, status: int) -> None:
    login, send = WAYS[way]
    wire.expect(log_in(OLD, login), send(OLD, NEW, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["changed"], result["outcome"], result["code"]) == (False, "access_denied", str(status))
    assert result["change_sent"]


@pytest.mark.parametrize("way", WAYS)
def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript, way: str) -> None:
    login, send = WAYS[way]
    wire.expect(log_in(OLD, login), send(OLD, NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert not result["change_sent"]


# -- a login that ends it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [code for code, (outcome, _hint) in LOGIN_CODES.items() if outcome != "wrong_password"]
)
def test_codes_of_a_login_that_end_it(wire: WireScript, code: str) -> None:
    wire.expect(log_in(OLD, failure(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["login"], result["failed_logins"]) == (
        LOGIN_CODES[code][0],
        LOGIN_CODES[code][0],
        0,
    )
    assert "the change was not sent and nothing was changed" in result["msg"]


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (SECOND_FACTOR, "ok_restricted", 0),
        (no_tokens("ACCESS_DENIED"), "access_denied", 0),
        (Answer(403, HTML), "access_denied", 0),
        (Answer(500, HTML), "unknown", 1),
        (no_tokens("CAPTCHA"), "unknown", 1),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_without_a_login_nothing_is_changed(wire: WireScript, reply: Answer | Fault, login: str, failing: int) -> None:
    wire.expect(log_in(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"], result["change_sent"]) == (login, failing, False)
    assert "the change was not sent and nothing was changed" in result["msg"]


def test_a_user_who_needs_a_second_factor_is_left_alone(wire: WireScript) -> None:
    wire.expect(log_in(OLD, SECOND_FACTOR))
    result = execute(MODULE, OPTIONS)
    assert result["code"] == "MFA_AUTH"
    assert "cannot be changed unattended" in result["msg"]


# -- tokens that the caller holds --------------------------------------------------------------------------------------


def test_a_given_id_token_is_used(wire: WireScript) -> None:
    wire.expect(change(OLD, NEW, token=ID_TOKEN_2))
    result = execute(MODULE, HELD)
    assert (result["outcome"], result["login"]) == ("changed", None)


def test_a_given_state_token_is_used(wire: WireScript) -> None:
    wire.expect(update(OLD, NEW, state=STATE_TOKEN_2))
    assert execute(MODULE, HELD_STATE)["outcome"] == "changed"


GIVEN = [
    pytest.param(HELD, change(OLD, NEW, failure("PARAM.0015"), token=ID_TOKEN_2), id="PARAM.0015"),
    pytest.param(HELD, change(OLD, NEW, failure("PARAM.0016", family=""), token=ID_TOKEN_2), id="PARAM.0016"),
    pytest.param(HELD_STATE, update(OLD, NEW, failure("PARAM.0014"), state=STATE_TOKEN_2), id="PARAM.0014"),
]


@pytest.mark.parametrize(("options", "lost"), GIVEN)
@pytest.mark.parametrize("way", WAYS)
def test_a_lost_token_is_renewed_by_a_login(wire: WireScript, options: Any, lost: Exchange, way: str) -> None:
    login, send = WAYS[way]
    wire.expect(lost, log_in(OLD, login), send(OLD, NEW))
    result = execute(MODULE, options)
    assert (result["outcome"], result["login"]) == ("changed", "ok")


@pytest.mark.parametrize(("options", "lost"), GIVEN)
def test_a_token_that_is_lost_again_ends_it(wire: WireScript, options: Any, lost: Exchange) -> None:
    wire.expect(lost, log_in(OLD), change(OLD, NEW, failure("PARAM.0016")))
    result = execute(MODULE, options)
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, "session_lost", True)


def test_a_refusal_with_a_given_token_is_about_the_new_password(wire: WireScript) -> None:
    wire.expect(change(OLD, NEW, failure("PWD.0001"), token=ID_TOKEN_2))
    result = execute(MODULE, HELD)
    assert (result["outcome"], result["code"]) == ("password_rejected", "PWD.0001")


def test_an_unknown_outcome_with_a_given_token_is_not_tried_again(wire: WireScript) -> None:
    wire.expect(change(OLD, NEW, Fault.DROPPED, token=ID_TOKEN_2))
    assert execute(MODULE, HELD)["outcome"] == "unknown"


@pytest.mark.parametrize("option", ["id_token", "state_token"])
@pytest.mark.parametrize("token", ["令牌", "two\nlines", " a"])
def test_a_given_token_that_cannot_be_sent(wire: WireScript, option: str, token: str) -> None:
    assert option in refused_input(MODULE, {**OPTIONS, option: token})


# -- a user who has no password yet ------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, "false", "False"])
def test_a_first_password(wire: WireScript, told: Any) -> None:
    wire.expect(has_password(Answer.json({"is_set_pwd": told})), change(None, NEW))
    assert execute(MODULE, FIRST)["outcome"] == "changed"


@pytest.mark.parametrize("told", [True, "true", "True"])
def test_the_user_has_a_password_after_all(wire: WireScript, told: Any) -> None:
    wire.expect(has_password(Answer.json({"is_set_pwd": told})))
    result = execute(MODULE, FIRST)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert "give it as old_password" in result["msg"]


@pytest.mark.parametrize("told", [None, 0, 1, "", "no", [False]])
def test_an_answer_that_does_not_tell_whether_there_is_a_password(wire: WireScript, told: Any) -> None:
    wire.expect(has_password(Answer.json({"is_set_pwd": told})))
    result = execute(MODULE, FIRST)
    assert (result["changed"], result["outcome"]) == (False, "access_denied")
    assert "does not tell whether the user has a password" in result["msg"]


@pytest.mark.parametrize("code", ["PARAM.0015", "PARAM.0016"])
def test_without_an_old_password_a_lost_token_ends_it(wire: WireScript, code: str) -> None:
    wire.expect(
        has_password(failure(code)), has_password(Answer.json({"is_set_pwd": False})), change(None, NEW, failure(code))
    )
    for sent in (False, True):
        result = execute(MODULE, FIRST)
        assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
        assert "there is no old password to log in with" in result["msg"]
        assert (result["code"], result["change_sent"]) == (code, sent)
        assert ("the server says that nothing was changed" in result["msg"]) is sent


@pytest.mark.parametrize("reply", [Answer(403, HTML), failure("PARAM.0001"), Fault.NOT_CONNECTED])
def test_a_question_that_is_refused_changes_nothing(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(has_password(reply))
    result = execute(MODULE, FIRST)
    outcome = "unreachable" if reply is Fault.NOT_CONNECTED else "access_denied"
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert not result["change_sent"]


@pytest.mark.parametrize("reply", [Fault.DROPPED, Answer(), Answer(500, HTML), failure("PARAM.9999")])
def test_a_question_without_a_readable_answer_changes_nothing(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(has_password(reply))
    result = execute(MODULE, FIRST)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert not result["change_sent"]


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"new_password": "Abc-123"}, "shorter than 8"),
        ({"new_password": "Abcdefgh"}, "fewer than 3"),
        ({"new_password": "x-Zhang.Wei-1"}, "a name or number of the account, forwards or backwards"),
        ({"new_password": "A1-iew.gnahz"}, "a name or number of the account, forwards or backwards"),
        ({"user_name": "li@example.com", "new_password": "Abc-1li-xyz"}, "a name or number of the account"),
        ({"user_name": "li@example.com", "new_password": "Abc-1iL-xyz"}, "a name or number of the account"),
        ({"identifiers": ["13800000000"], "new_password": "Ab-13800000000"}, "a name or number of the account"),
        ({"identifiers": ["13800000000"], "new_password": "Ab-00000000831"}, "a name or number of the account"),
        ({"new_password": OLD}, "earlier passwords"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"old_password": 12345678}, "old_password arrived as a number"),
        ({"old_password": ""}, "old_password is empty"),
        ({"policy": {"pattern": "(x*)*"}}, "pattern is no regular expression that can be used"),
        ({"policy": {"min_length": 14}}, "shorter than 14"),
        ({"client_id": ""}, "client_id must be"),
        ({"device": {"agent": "a\nb"}}, "device: agent must be"),
        ({"user_name": ""}, "user_name must be"),
        ({"idaas_url": "http://idaas.test"}, "idaas_url has no TLS"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(wire: WireScript, options: Any, fault: str, check_mode: bool) -> None:
    assert fault in refused_input(MODULE, {**OPTIONS, **options}, check_mode)


def test_pieces_of_names_are_allowed(wire: WireScript) -> None:
    wire.expect(log_in(OLD), change(OLD, "Zhang_Wei-88"))
    assert execute(MODULE, {**OPTIONS, "new_password": "Zhang_Wei-88"})["outcome"] == "changed"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"new_password": None}, "new_password"),
        ({"old_password": None}, "one of the following is required: old_password, id_token"),
        ({"id_token": ID_TOKEN, "state_token": STATE_TOKEN}, "mutually exclusive"),
        ({"client_id": None}, "client_id"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, {**OPTIONS, **options})


@pytest.mark.parametrize("options", [OPTIONS, HELD, HELD_STATE, FIRST])
def test_check_mode_makes_no_request(wire: WireScript, options: Any) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert not result["change_sent"]
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(log_in(OLD), change(OLD, NEW), log_in(OLD, signed_in()), change(OLD, NEW, Fault.DROPPED))
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    lost = run_main(MODULE, OPTIONS, capsys)
    assert (lost["failed"], lost["changed"], lost["outcome"]) == (True, True, "unknown")

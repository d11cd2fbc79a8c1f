# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""idaas_user_password, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.idaas import (
    CLIENT,
    LOCKED_TEXTS,
    PASSWORD_CODES,
    REFUSING_STATUSES,
    REPEATED,
    TENANT_OPTIONS,
    TENANT_TOKEN_2,
    URL,
    USER,
    USER_ID,
    USER_OPTIONS,
    WRONG_TEXTS,
    ask_tenant_token,
    failure,
    log_in,
    must_change,
    reset,
    tenant_token,
    unreadable,
    wrong,
)
from support.module_runner import (
    HTML,
    NEW,
    OLD,
    code_of,
    execute,
    of_a_change,
    parametrized,
    refused_input,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "idaas_user_password"
OPTIONS = {**TENANT_OPTIONS, "new_password": NEW}
VERIFIED = {**OPTIONS, "old_password": OLD}
PROBED = {**OPTIONS, **USER_OPTIONS}
WAYS = {"set": (OPTIONS, None), "verified": (VERIFIED, OLD)}
"""The options, and the old password that goes with them."""


@pytest.mark.parametrize("reply", [Answer.json({"user_id": USER_ID}), Answer(), Answer.json({})])
@pytest.mark.parametrize("way", WAYS)
def test_the_administrator_sets_a_password(wire: WireScript, way: str, reply: Answer) -> None:
    options, old = WAYS[way]
    wire.expect(ask_tenant_token(), reset(NEW, reply, old=old))
    assert execute(MODULE, options) == {
        "failed": False,
        "changed": True,
        "outcome": "changed",
        "code": "0",
        "change_sent": True,
        "login": None,
        "failed_logins": 0,
        "msg": "the password was changed",
    }


def test_the_user_need_not_change_it_again_unless_that_is_wanted(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(), reset(NEW), reset(NEW, must_modify=True), reset(NEW, old=OLD))
    for options in (OPTIONS, {**OPTIONS, "must_modify": True}, {**VERIFIED, "must_modify": True}):
        assert execute(MODULE, options)["outcome"] == "changed"


# -- what the IDaaS may answer to the change ---------------------------------------------------------------------------


CODES = {
    **{code: ("password_rejected", None, hint) for code, hint in PASSWORD_CODES.items()},
    "USER.0001": ("access_denied", None, "check user_id"),
    "LOGIN.0001": ("locked", "locked", "locked"),
    "LOGIN.0002": ("wrong_password", "wrong_password", "the old password is wrong"),
    "PARAM.0020": ("unknown", None, "does not tell what was done"),
    "USER.9999": ("unknown", None, "does not tell what was done"),
}


@pytest.mark.parametrize("family", ["IDAAS.TENANT.", "IDAAS.SDK.", ""])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("code", CODES)
def test_every_code_of_a_change(wire: WireScript, code: str, way: str, family: str) -> None:
    (options, old), (outcome, login, hint) = WAYS[way], CODES[code]
    wire.expect(ask_tenant_token(), reset(NEW, failure(code, family=family), old=old))
    result = execute(MODULE, options)
    assert result == {
        "failed": True,
        "changed": outcome == "unknown",
        "outcome": outcome,
        "code": code,
        "change_sent": True,
        "login": login,
        "failed_logins": int(login == "wrong_password"),
        "msg": result["msg"],
    }
    assert hint in result["msg"]
    assert code in result["msg"]


@pytest.mark.parametrize("language", [0, 1])
def test_numbers_in_a_failing_change_are_told(wire: WireScript, language: int) -> None:
    wire.expect(
        ask_tenant_token(),
        reset(NEW, wrong(2, WRONG_TEXTS[language]), old=OLD),
        reset(NEW, failure("LOGIN.0001", LOCKED_TEXTS[language]), old=OLD),
    )
    assert execute(MODULE, VERIFIED)["remaining_attempts"] == 2
    assert execute(MODULE, VERIFIED)["unlock_in_seconds"] == 185


UNREADABLE = {name: reply for name, reply in unreadable({"user_id": USER_ID}).items() if name != "empty"}


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
@pytest.mark.parametrize("way", WAYS)
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, way: str, reply: Answer | Fault) -> None:
    options, old = WAYS[way]
    wire.expect(ask_tenant_token(), reset(NEW, reply, old=old))
    result = execute(MODULE, options)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)
    assert "the password may be the old or the new one" in result["msg"]


@pytest.mark.parametrize("status", REFUSING_STATUSES)
def test_statuses_that_refuse(wire: WireScript, status: int) -> None:
    wire.expect(ask_tenant_token(), reset(NEW, Answer(status, HTML)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert (result["code"], result["change_sent"]) == (str(status), True)
    hints = {403: "management API", 429: "run again later", 503: "run again later"}
    assert hints.get(status, "check idaas_url") in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(), reset(NEW, Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert not result["change_sent"]
    assert "was not reached" in result["msg"]


# -- the administrator's token -----------------------------------------------------------------------------------------


def test_one_token_for_all_tasks_of_a_run(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(), reset(NEW), reset(NEW, old=OLD))
    assert [execute(MODULE, options)["outcome"] for options in (OPTIONS, VERIFIED)] == ["changed"] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_change_whose_token_is_refused_is_not_sent_again(wire: WireScript, way: str) -> None:
    """It may have been carried out all the same, as where a load balancer repeats requests."""
    options, old = WAYS[way]
    wire.expect(ask_tenant_token(), reset(NEW, Answer(401, HTML), old=old))
    result = execute(MODULE, options)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert (result["code"], result["login"], result["change_sent"]) == ("401", None, True)
    assert "management API; the server says that nothing was changed, run again" in result["msg"]
    # The next task does not use that token any more.
    wire.expect(ask_tenant_token(tenant_token(TENANT_TOKEN_2)), reset(NEW, old=old, token=TENANT_TOKEN_2))
    assert execute(MODULE, options)["outcome"] == "changed"


def test_a_probe_does_not_make_up_for_a_refused_token(wire: WireScript) -> None:
    wire.expect(log_in(NEW, wrong(9)), ask_tenant_token(), reset(NEW, Answer(401)))
    result = execute(MODULE, PROBED)
    assert (result["outcome"], result["failed_logins"], result["change_sent"]) == ("session_lost", 1, True)


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_token_service_that_is_busy_is_asked_again(wire: WireScript, status: int) -> None:
    wire.expect(ask_tenant_token(Answer(status)), ask_tenant_token(), reset(NEW))
    assert [execute(MODULE, OPTIONS)["outcome"] for _time in range(2)] == ["access_denied", "changed"]


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (Answer.json({"error": "invalid_client"}, status=400), "check tenant_client_id and tenant_client_secret"),
        (Answer.json({"error": "invalid_client"}, status=401), "check tenant_client_id and tenant_client_secret"),
        (Answer(403, HTML), "may use the management API"),
        (Answer(404, HTML), "check idaas_url"),
        (Answer(429), "run again later"),
        (Answer(503, HTML), "run again later"),
        (Answer(500, HTML), "HTTP 500 came instead of an answer"),
        (Answer(), "without a readable JSON object"),
        (Answer.json([]), "without a readable JSON object"),
        (Answer.json({}), "gave the tenant administrator no token"),
        (tenant_token(None), "gave the tenant administrator no token"),
        (tenant_token("two\nlines"), "gave the tenant administrator no token"),
        (tenant_token(["token-marker"]), "gave the tenant administrator no token"),
        (failure("PARAM.0001", status=200), "does not tell what was done"),
        (Fault.DROPPED, "gave no complete answer"),
        (Fault.NOT_CONNECTED, "was not reached"),
    ],
)
def test_without_a_token_nothing_is_changed(wire: WireScript, reply: Answer | Fault, hint: str) -> None:
    wire.expect(ask_tenant_token(reply))
    result = execute(MODULE, OPTIONS)
    outcome = "unreachable" if reply is Fault.NOT_CONNECTED else "access_denied"
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, outcome)
    assert (result["failed_logins"], result["change_sent"]) == (0, False)
    assert hint in result["msg"]
    assert "there is no tenant token; nothing was changed" in result["msg"]


def test_a_secret_that_was_denied_is_not_presented_again(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(Answer(401)))
    first, second = (execute(MODULE, OPTIONS) for _time in range(2))
    assert first == second


@pytest.mark.parametrize("lifetime", [None, True, "1800", 0, -5, 12.5, []])
def test_the_life_of_a_token_need_not_be_told(wire: WireScript, lifetime: Any) -> None:
    wire.expect(ask_tenant_token(tenant_token(expires_in=lifetime)), reset(NEW))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


def test_a_life_beyond_measure_is_none(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(tenant_token(expires_in=10**400)), reset(NEW))
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


# -- the new password is tried first -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply", [None, must_change("PASSWORD_WARN"), must_change(), Answer.json({"status": "MFA_AUTH"})]
)
def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript, reply: Answer | None) -> None:
    wire.expect(log_in(NEW, reply))
    assert execute(MODULE, PROBED) == {
        "failed": False,
        "changed": False,
        "outcome": "unchanged",
        "code": "0",
        "change_sent": False,
        "login": "ok",
        "failed_logins": 0,
        "msg": "the new password was in place already",
    }


def test_a_change_where_the_new_password_is_not_in_place(wire: WireScript) -> None:
    wire.expect(log_in(NEW, wrong(9)), ask_tenant_token(), reset(NEW))
    result = execute(MODULE, PROBED)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")


@pytest.mark.parametrize("reply", [None, failure("PWD.0001"), Fault.DROPPED])
def test_the_probe_costs_an_attempt(wire: WireScript, reply: Answer | Fault | None) -> None:
    wire.expect(log_in(NEW, wrong(9)), ask_tenant_token(), reset(NEW, reply))
    assert execute(MODULE, PROBED)["failed_logins"] == 1


@pytest.mark.parametrize("remaining", [2, 1, 0])
def test_the_last_attempts_are_left_to_people(wire: WireScript, remaining: int) -> None:
    wire.expect(log_in(NEW, wrong(remaining)))
    result = execute(MODULE, {**PROBED, "old_password": OLD})
    assert (result["changed"], result["outcome"], result["remaining_attempts"]) == (False, "wrong_password", remaining)


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (Answer.json({"status": "ACCESS_DENIED"}), "access_denied", 0),
        (failure("PARAM.0003"), "access_denied", 0),
        (Answer(403, HTML), "access_denied", 0),
        (Answer(500, HTML), "unknown", 1),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_a_probe_that_cannot_tell_ends_it(wire: WireScript, reply: Answer | Fault, login: str, failing: int) -> None:
    wire.expect(log_in(NEW, reply))
    result = execute(MODULE, PROBED)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"], result["change_sent"]) == (login, failing, False)
    assert "in place already was not found out" in result["msg"]


def test_a_probe_of_a_locked_user_tells_when_the_lock_ends(wire: WireScript) -> None:
    wire.expect(log_in(NEW, failure("LOGIN.0001", LOCKED_TEXTS[0])))
    result = execute(MODULE, PROBED)
    assert (result["outcome"], result["login"], result["unlock_in_seconds"]) == ("locked", "locked", 185)


def test_without_a_probe_the_user_is_not_logged_in(wire: WireScript) -> None:
    wire.expect(ask_tenant_token(), reset(NEW))
    assert execute(MODULE, {**PROBED, "probe_new_password": False})["outcome"] == "changed"


@pytest.mark.parametrize("new", ["short", "abcdefgh"])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(ask_tenant_token(), reset(new))
    assert execute(MODULE, {**OPTIONS, "new_password": new, "check_policy": False})["outcome"] == "changed"


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"user_id": "a/b"}, "user_id must be 1 to 128 letters, digits, - and _"),
        ({"user_id": "../a"}, "user_id must be"),
        ({"user_id": "a?b"}, "user_id must be"),
        ({"user_id": ""}, "the IDaaS's own id, not the login name"),
        ({"user_id": "a\n"}, "user_id must be"),
        ({"user_id": "用户"}, "user_id must be"),
        ({"tenant_client_id": ""}, "tenant_client_id must be 1 to 512"),
        ({"tenant_client_id": "a\nb"}, "tenant_client_id must be"),
        ({"tenant_client_secret": ""}, "tenant_client_secret is empty"),
        ({"tenant_client_secret": 12345678}, "tenant_client_secret arrived as a number"),
        ({"new_password": "Abc-123"}, "shorter than 8"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"old_password": 12345678}, "old_password arrived as a number"),
        ({"old_password": ""}, "old_password is empty"),
        ({"old_password": NEW}, "earlier passwords"),
        ({"identifiers": ["zhangwei"], "new_password": "A1-ZhangWei"}, "a name or number of the account"),
        ({"identifiers": ["zhangwei"], "new_password": "A1-iewgnahz"}, "a name or number of the account"),
        ({"user_name": USER, "client_id": CLIENT, "new_password": "A1-zhang.wei"}, "a name or number of the account"),
        ({"user_name": USER, "client_id": ""}, "client_id must be"),
        ({"user_name": USER, "client_id": CLIENT, "device": {"agent": "a\nb"}}, "device: agent must be"),
        ({"idaas_url": "http://idaas.test"}, "idaas_url has no TLS"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_bad_input_sends_nothing(wire: WireScript, options: Any, fault: str, check_mode: bool) -> None:
    assert fault in refused_input(MODULE, {**OPTIONS, **options}, check_mode)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"user_id": None}, "user_id"),
        ({"tenant_client_id": None}, "tenant_client_id"),
        ({"tenant_client_secret": None}, "tenant_client_secret"),
        ({"new_password": None}, "new_password"),
        ({"user_name": USER}, "required together: user_name, client_id"),
    ],
)
def test_what_the_argument_spec_refuses(options: Any, complaint: str) -> None:
    assert complaint in rejected(MODULE, {**OPTIONS, **options})


@pytest.mark.parametrize("options", [OPTIONS, VERIFIED, PROBED])
def test_check_mode_makes_no_request(wire: WireScript, options: Any) -> None:
    result = execute(MODULE, options, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert not result["change_sent"]
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(ask_tenant_token(), reset(NEW), reset(NEW, failure("PWD.0004"), old=OLD))
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    refused = run_main(MODULE, {**VERIFIED, "idaas_url": URL}, capsys)
    assert (refused["failed"], refused["changed"]) == (True, False)

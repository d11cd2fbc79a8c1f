# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_agent_password, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    AGENT_OPTIONS,
    COOKIE,
    GUID_2,
    NOT_EVALUATED,
    REPEATED,
    UNREADABLE,
    answer,
    change_agent,
    sign_in,
    sign_out,
    sign_outs,
    signed_in,
)
from support.module_runner import (
    HTML,
    NEW,
    OLD,
    code_of,
    execute,
    of_a_change,
    parametrized,
    rejected,
    run_main,
)
from support.wire_script import Answer, Fault, WireScript

MODULE = "cc_agent_password"
OPTIONS = {**AGENT_OPTIONS, "old_password": OLD, "new_password": NEW}
HELD = {**OPTIONS, "guid": GUID_2, "cookies": {"route": COOKIE}}
WRONG = answer("100-004")


def test_the_change_owns_its_session(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW), sign_out())
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


def test_an_agent_that_must_change_its_password_may(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in(must_change="true")), change_agent(OLD, NEW), sign_out())
    assert execute(MODULE, OPTIONS)["outcome"] == "changed"


@pytest.mark.parametrize("code", ["0", "000-003", "100-006", "100-008"])
def test_the_session_may_be_over_after_the_change(wire: WireScript, code: str) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW), sign_out(answer(code)))
    assert execute(MODULE, OPTIONS)["msg"] == "the password was changed"


@pytest.mark.parametrize("reply", [answer("100-010"), answer(0), Answer(502, HTML), Fault.DROPPED, Fault.NOT_CONNECTED])
def test_a_failing_sign_out_does_not_undo_the_change(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW), *sign_outs(reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["outcome"]) == (False, "changed")
    assert "could not be ended" in result["msg"]


# -- the new password is in place already ------------------------------------------------------------------------------


def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, WRONG), sign_in(NEW, signed_in()), sign_out())
    assert execute(MODULE, OPTIONS) == {
        "failed": False,
        "changed": False,
        "outcome": "unchanged",
        "code": "100-004",
        "change_sent": False,
        "login": "ok",
        "failed_logins": 1,
        "msg": "the new password was in place already",
    }


def test_two_wrong_logins_only_where_neither_password_works(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, WRONG), sign_in(NEW, WRONG))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "wrong_password")
    assert (result["login"], result["failed_logins"]) == ("wrong_password", 2)
    assert "neither the old nor the new password works" in result["msg"]


def test_without_a_probe_there_is_one_wrong_login(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, WRONG))
    result = execute(MODULE, {**OPTIONS, "probe_new_password": False})
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("wrong_password", "wrong_password", 1)
    assert "nothing was changed" in result["msg"]


# -- what the server may answer to the change --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("000-002", "password_rejected"),
        ("000-006", "password_rejected"),
        ("100-007", "unknown"),
        ("000-000", "unknown"),
        ("000-004", "unknown"),
        ("000-007", "unknown"),
        ("100-004", "unknown"),
        ("100-018", "unknown"),
    ],
)
def test_every_retcode_of_a_change(wire: WireScript, code: str, outcome: str) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, answer(code)), sign_out())
    result = execute(MODULE, OPTIONS)
    assert result == {
        "failed": True,
        "changed": outcome == "unknown",
        "outcome": outcome,
        "code": code,
        "change_sent": True,
        "login": "ok",
        "failed_logins": 0,
        "msg": result["msg"],
    }
    assert code in result["msg"]
    said = "the server says that nothing was changed"
    assert (said if outcome == "password_rejected" else "Keep both") in result["msg"]


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, reply), sign_out(answer("100-006")))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)
    assert "the password may be the old or the new one" in result["msg"]


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_proxy_that_answers_a_change_may_hide_its_success(wire: WireScript, status: int) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, Answer(status, HTML)), sign_out())
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["code"], result["change_sent"]) == ("unknown", str(status), True)


@pytest.mark.parametrize("status", NOT_EVALUATED)
def test_a_gateway_that_is_busy_says_that_nothing_was_changed(wire: WireScript, status: int) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, answer(status=status)), sign_out())
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
    assert (result["code"], result["change_sent"]) == (str(status), True)
    assert "the server says that nothing was changed" in result["msg"]


def test_a_change_that_was_never_sent_is_definitely_no_change(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, Fault.NOT_CONNECTED), *sign_outs(Fault.NOT_CONNECTED))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert (result["code"], result["change_sent"]) == (None, False)
    assert "was not reached" in result["msg"]


# -- a sign-in that ends it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (answer("100-002"), "signed_in", 0),
        (answer("110-016"), "locked", 0),
        (answer("100-016"), "access_denied", 0),
        (answer("100-007"), "unknown", 1),
        (Answer(403, HTML), "access_denied", 0),
        (answer("100-004", status=503), "access_denied", 0),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_without_a_sign_in_nothing_is_changed(
    wire: WireScript, reply: Answer | Fault, login: str, failing: int
) -> None:
    wire.expect(sign_in(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"], result["change_sent"]) == (login, failing, False)
    assert "the change was not sent and nothing was changed" in result["msg"]


def test_take_over_is_an_option(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in(), path="/forcelogin"), change_agent(OLD, NEW), sign_out())
    assert execute(MODULE, {**OPTIONS, "take_over": True})["outcome"] == "changed"


# -- a session that the caller holds -----------------------------------------------------------------------------------


def test_a_given_session_is_used(wire: WireScript) -> None:
    wire.expect(change_agent(OLD, NEW, guid=GUID_2), sign_out(guid=GUID_2))
    assert execute(MODULE, HELD)["outcome"] == "changed"


@pytest.mark.parametrize("code", ["000-003", "100-006", "100-008"])
def test_a_lost_session_is_renewed(wire: WireScript, code: str) -> None:
    wire.expect(
        change_agent(OLD, NEW, answer(code), guid=GUID_2),
        sign_in(OLD, signed_in()),
        change_agent(OLD, NEW),
        sign_out(),
    )
    assert execute(MODULE, HELD)["outcome"] == "changed"


@pytest.mark.parametrize("new", ["wrong_password", "unchanged"])
def test_a_lost_session_may_hide_that_the_change_was_made(wire: WireScript, new: str) -> None:
    probe = [sign_in(NEW, WRONG)] if new == "wrong_password" else [sign_in(NEW, signed_in()), sign_out()]
    wire.expect(change_agent(OLD, NEW, answer("100-006"), guid=GUID_2), sign_in(OLD, WRONG), *probe)
    result = execute(MODULE, HELD)
    assert (result["changed"], result["outcome"], result["change_sent"]) == (False, new, True)
    assert ("the server says that nothing was changed" in result["msg"]) is (new == "wrong_password")


def test_without_a_sign_in_a_lost_session_leaves_it_open(wire: WireScript) -> None:
    wire.expect(change_agent(OLD, NEW, answer("100-006"), guid=GUID_2), sign_in(OLD, answer("110-016")))
    result = execute(MODULE, HELD)
    assert (result["outcome"], result["change_sent"]) == ("locked", True)
    assert "the change was not sent again; the server says that nothing was changed" in result["msg"]


@pytest.mark.parametrize("code", ["000-003", "100-006", "100-008"])
def test_a_session_that_is_lost_at_once_is_not_renewed_for_ever(wire: WireScript, code: str) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, answer(code)), sign_out())
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert result["change_sent"]
    assert "the server says that nothing was changed, run again" in result["msg"]


def test_an_unknown_outcome_in_a_given_session_is_not_tried_again(wire: WireScript) -> None:
    wire.expect(change_agent(OLD, NEW, Fault.DROPPED, guid=GUID_2), sign_out(guid=GUID_2))
    assert execute(MODULE, HELD)["outcome"] == "unknown"


def test_a_given_session_that_cannot_be_sent_changes_nothing(wire: WireScript) -> None:
    result = execute(MODULE, {**HELD, "guid": "two\nlines"})
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "unreachable")
    assert "a header that you gave, has characters" in result["msg"]
    assert not wire.sent


@pytest.mark.parametrize("new", ["short", "abcdefgh", "Marker-1001", OLD])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(change_agent(OLD, new, guid=GUID_2), sign_out(guid=GUID_2))
    assert execute(MODULE, {**HELD, "new_password": new, "check_policy": False})["outcome"] == "changed"


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "faults"),
    [
        ("Sh0rt-x", ["shorter than 8"]),
        ("Aa-" + "xy" * 15, ["longer than 32"]),
        ("abcdefghij", ["fewer than 3"]),
        ("Old--Marker7", ["identical characters in a row"]),
        ("Ab-1234-xyz", ["consecutive characters of the account's name or number"]),
        ("Ab-432-xyz", ["consecutive characters of the account's name or number"]),
        ("Пароль-Abc1", ["other than ASCII letters"]),
        (OLD, ["earlier passwords"]),
        ("aa1234é", ["shorter", "other than ASCII", "fewer than 3", "identical", "name or number"]),
    ],
)
def test_every_broken_rule_is_named_before_anything_is_sent(wire: WireScript, new: str, faults: list[str]) -> None:
    result = execute(MODULE, {**OPTIONS, "agent_id": 1234, "new_password": new})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("new_password breaks the policy: ")
    assert result["msg"].endswith(". Nothing was sent")
    assert result["msg"].count(", it ") == len(faults) - 1
    assert new not in result["msg"]
    for fault in faults:
        assert fault in result["msg"]
    assert not wire.sent


def test_a_tenants_own_policy(wire: WireScript) -> None:
    result = execute(MODULE, {**OPTIONS, "policy": {"min_length": 20, "specials": "@", "generated_specials": "@"}})
    assert "shorter than 20" in result["msg"]
    assert "the specials @" in result["msg"]
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, "short", answer()), sign_out())
    relaxed = {"min_length": 4, "min_classes": 1}
    assert execute(MODULE, {**OPTIONS, "new_password": "short", "policy": relaxed})["outcome"] == "changed"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"old_password": 12345678}, "old_password arrived as a number"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"new_password": {"a": NEW}}, "new_password arrived as a mapping"),
        ({"old_password": [OLD]}, "old_password arrived as a list"),
        ({"old_password": ""}, "old_password is empty"),
        ({"agent_id": 99}, "agent_id is 99"),
        ({"phone_number": None}, "phone_number is missing"),
        ({"gateway_url": "http://gateway.test"}, "gateway_url has no TLS"),
        ({"policy": {"min_lenght": 9}}, "there is no rule min_lenght"),
        ({"policy": {"min_length": "9"}}, "min_length must be a number"),
        ({"policy": {"specials": 9}}, "specials must be a string"),
        ({"policy": {"min_length": True}}, "min_length must be a number"),
        ({"policy": {"min_length": 40}}, "min_length <= max_length"),
        ({"aicc_workbench": True}, "set aicc_workbench to false"),
    ],
)
def test_bad_input_sends_nothing(options: Any, fault: str) -> None:
    result = execute(MODULE, {**OPTIONS, **options})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "outcome" not in result
    assert fault in result["msg"]
    assert result["msg"].endswith(". Nothing was sent")


def test_bad_input_is_reported_all_at_once() -> None:
    options = {"gateway_url": "x", "agent_id": 1, "phone_number": "x", "old_password": 1, "policy": {"nonsense": 1}}
    message = execute(MODULE, {**OPTIONS, **options})["msg"]
    for word in ("gateway_url", "agent_id", "phone_number", "old_password", "nonsense"):
        assert word in message


def test_what_the_argument_spec_refuses() -> None:
    complaint = rejected(MODULE, AGENT_OPTIONS)
    assert "old_password" in complaint
    assert "new_password" in complaint


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "changed")
    assert not result["change_sent"]
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_check_mode_still_refuses_bad_input() -> None:
    result = execute(MODULE, {**OPTIONS, "new_password": "short"}, check_mode=True)
    assert (result["failed"], result["changed"]) == (True, False)


# -- as Ansible runs it ------------------------------------------------------------------------------------------------


def test_main_succeeds(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW), sign_out())
    result = run_main(MODULE, OPTIONS, capsys)
    assert (result["changed"], result["outcome"]) == (True, "changed")


def test_main_fails_and_changes_where_the_outcome_is_unknown(
    wire: WireScript, capsys: pytest.CaptureFixture[str]
) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW, answer("100-007")), sign_out())
    result = run_main(MODULE, OPTIONS, capsys)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert "exception" not in result

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_config_password, from its options to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from support.gateway import (
    ADMIN_OPTIONS,
    COOKIE,
    GUID_2,
    REPEATED,
    UNREADABLE,
    URL,
    answer,
    change_config,
    config_login,
    logged_in,
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

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS

MODULE = "cc_config_password"
OPTIONS = {**ADMIN_OPTIONS, "old_password": OLD, "new_password": NEW}
WRONG = answer("107-003")


def test_the_change_owns_its_session(wire: WireScript) -> None:
    wire.expect(config_login(OLD), change_config(OLD, NEW))
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


def test_a_vdn_logs_in_under_its_own_number(wire: WireScript) -> None:
    wire.expect(config_login(OLD, admin=100007), change_config(OLD, NEW))
    options = {"gateway_url": URL, "vdn_id": 7, "old_password": OLD, "new_password": NEW}
    assert execute(MODULE, options)["outcome"] == "changed"


def test_nothing_changes_where_the_new_password_is_in_place(wire: WireScript) -> None:
    wire.expect(config_login(OLD, WRONG), config_login(NEW))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (False, False, "unchanged")
    assert result["failed_logins"] == 1


def test_two_wrong_logins_only_where_neither_password_works(wire: WireScript) -> None:
    wire.expect(config_login(OLD, WRONG), config_login(NEW, WRONG))
    result = execute(MODULE, OPTIONS)
    assert (result["outcome"], result["login"], result["failed_logins"]) == ("wrong_password", "wrong_password", 2)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("000-002", "password_rejected"),
        ("107-002", "password_rejected"),
        ("000-000", "unknown"),
        ("107-001", "unknown"),
        ("107-003", "unknown"),
        ("107-004", "unknown"),
        ("107-005", "unknown"),
        ("107-022", "unknown"),
    ],
)
def test_every_retcode_of_a_change(wire: WireScript, code: str, outcome: str) -> None:
    wire.expect(config_login(OLD), change_config(OLD, NEW, answer(code)))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"]) == (True, outcome == "unknown")
    assert (result["outcome"], result["code"]) == (outcome, code)


@pytest.mark.parametrize("reply", parametrized(UNREADABLE))
def test_a_change_without_a_readable_answer_is_unknown(wire: WireScript, reply: Answer | Fault) -> None:
    wire.expect(config_login(OLD), change_config(OLD, NEW, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert (result["code"], result["change_sent"]) == (code_of(reply, REPEATED), True)


@pytest.mark.parametrize(
    ("reply", "login", "failing"),
    [
        (answer("107-002"), "access_denied", 0),
        (Answer(403, HTML), "access_denied", 0),
        (answer("107-005"), "unknown", 1),
        (Fault.DROPPED, "unknown", 1),
        (Fault.NOT_CONNECTED, "unreachable", 0),
    ],
)
def test_without_a_login_nothing_is_changed(wire: WireScript, reply: Answer | Fault, login: str, failing: int) -> None:
    wire.expect(config_login(OLD, reply))
    result = execute(MODULE, OPTIONS)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, of_a_change(login))
    assert (result["login"], result["failed_logins"], result["change_sent"]) == (login, failing, False)


def test_a_given_session_is_used(wire: WireScript) -> None:
    wire.expect(change_config(OLD, NEW, guid=GUID_2, cookie=COOKIE), change_config(OLD, NEW, guid=GUID_2))
    held = {**OPTIONS, "guid": GUID_2}
    assert execute(MODULE, {**held, "cookies": {"route": COOKIE}})["outcome"] == "changed"
    assert execute(MODULE, held)["outcome"] == "changed"


def test_the_session_of_a_login_goes_on_to_the_change(wire: WireScript) -> None:
    wire.expect(config_login(OLD, logged_in(cookie=COOKIE)), change_config(OLD, NEW, answer("107-002"), cookie=COOKIE))
    login = execute("cc_config_login", {**ADMIN_OPTIONS, "password": OLD})
    result = execute(MODULE, {**OPTIONS, **KINDS["cc_config"].handed_over(login)})
    assert (result["outcome"], result["login"]) == ("password_rejected", None)


@pytest.mark.parametrize("new", ["short", "x" * 33, OLD])
def test_a_password_that_was_checked_before_is_sent_as_it_is(wire: WireScript, new: str) -> None:
    wire.expect(config_login(OLD), change_config(OLD, new))
    assert execute(MODULE, {**OPTIONS, "new_password": new, "check_policy": False})["outcome"] == "changed"


@pytest.mark.parametrize("code", ["107-000", "107-007"])
def test_a_lost_session_is_renewed_once(wire: WireScript, code: str) -> None:
    wire.expect(
        change_config(OLD, NEW, answer(code), guid=GUID_2),
        config_login(OLD),
        change_config(OLD, NEW, answer(code)),
    )
    result = execute(MODULE, {**OPTIONS, "guid": GUID_2})
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "session_lost")
    assert result["change_sent"]
    assert "run again" in result["msg"]


@pytest.mark.parametrize("new", ["aaaaaaaa", "1" * 32, "admin101"])
def test_only_the_length_is_documented(wire: WireScript, new: str) -> None:
    wire.expect(config_login(OLD), change_config(OLD, new))
    assert execute(MODULE, {**OPTIONS, "new_password": new})["outcome"] == "changed"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"new_password": "short"}, "shorter than 8"),
        ({"new_password": "x" * 33}, "longer than 32"),
        ({"new_password": OLD}, "earlier passwords"),
        ({"new_password": 12345678}, "new_password arrived as a number"),
        ({"admin_id": 0}, "admin_id is 0"),
        ({"admin_id": None, "vdn_id": 0}, "vdn_id is 0"),
        ({"policy": {"nonsense": 1}}, "there is no rule nonsense"),
    ],
)
def test_bad_input_sends_nothing(options: Any, fault: str) -> None:
    result = execute(MODULE, {**OPTIONS, **options})
    assert (result["failed"], result["changed"]) == (True, False)
    assert fault in result["msg"]
    assert result["msg"].endswith(". Nothing was sent")


def test_what_the_argument_spec_refuses() -> None:
    assert "mutually exclusive" in rejected(MODULE, {**OPTIONS, "vdn_id": 7})
    assert "required" in rejected(MODULE, {**OPTIONS, "admin_id": None})


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = execute(MODULE, OPTIONS, check_mode=True)
    assert (result["failed"], result["changed"], result["change_sent"]) == (False, True, False)
    assert not wire.sent


def test_main(wire: WireScript, capsys: pytest.CaptureFixture[str]) -> None:
    wire.expect(
        config_login(OLD), change_config(OLD, NEW), config_login(OLD), change_config(OLD, NEW, answer("107-002"))
    )
    assert run_main(MODULE, OPTIONS, capsys)["outcome"] == "changed"
    refused = run_main(MODULE, OPTIONS, capsys)
    assert (refused["failed"], refused["changed"]) == (True, False)

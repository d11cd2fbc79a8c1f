# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idempotent change: what is tried, in which order, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    NoAnswer,
    NothingSent,
    Outcome,
    SessionLost,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.password_change import (
    Change,
    change_once,
    change_password,
)

LOGINS = ["ok", "wrong_password", "locked", "signed_in", "access_denied", "unreachable", "unknown"]
CHANGES = ["done", "password_rejected", "unknown", "unreachable", "lost"]
FAILING = {"wrong_password", "unknown"}


def error(outcome: str) -> ApiError:
    if outcome == "lost":
        return SessionLost("session lost", "100-006")
    if outcome == "lost before":
        return SessionLost("session lost", "100-006", sent=False)
    if outcome == "unreachable":
        return NothingSent("no connection")
    return NoAnswer("no answer") if outcome == "unknown" else ApiError(Outcome(outcome), f"said {outcome}", "123-456")


@dataclass
class FakeAccount:
    """An account that answers as it is told and remembers what it was asked."""

    logins: dict[str, str]
    change_in_own: str = "done"
    change_in_given: str = "done"
    signs_out: bool = True
    calls: list[str] = field(default_factory=list)

    def log_in(self, password: str) -> str:
        self.calls.append(f"log in {password}")
        if self.logins[password] != "ok":
            raise error(self.logins[password])
        return "own"

    def log_out(self, session: Any) -> bool:
        self.calls.append(f"log out {session}")
        return self.signs_out

    def change(self, session: Any, old: str, new: str) -> None:
        assert (old or "old", new) == ("old", "new")
        self.calls.append(f"change {session}")
        outcome = self.change_in_given if session == "given" else self.change_in_own
        if outcome != "done":
            raise error(outcome)


EXPECTED_OF_CHANGE = {
    "done": "changed",
    "password_rejected": "password_rejected",
    "unreachable": "unreachable",
    "unknown": "unknown",
    "lost": "session_lost",
}
EXPECTED_OF_LOGIN = {**{outcome: outcome for outcome in LOGINS}, "ok": "unchanged", "unknown": "access_denied"}
"""What a change is that ended with a login: unknown is said of a change only where the request for it was sent."""


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("new_login", LOGINS)
def test_with_the_old_password_right_the_new_one_is_never_tried(new_login: str, change: str) -> None:
    account = FakeAccount({"old": "ok", "new": new_login}, change_in_own=change)
    result = change_password(account, "old", "new")
    assert result.outcome == EXPECTED_OF_CHANGE[change]
    assert (result.login, result.failed_logins, result.session_open) == ("ok", 0, False)
    assert result.sent is (change != "unreachable")
    assert account.calls == ["log in old", "change own", "log out own"]


@pytest.mark.parametrize("old_login", LOGINS[2:])
@pytest.mark.parametrize("new_login", LOGINS)
def test_only_a_wrong_old_password_justifies_a_second_login(old_login: str, new_login: str) -> None:
    account = FakeAccount({"old": old_login, "new": new_login})
    result = change_password(account, "old", "new")
    assert (result.outcome, result.login) == (EXPECTED_OF_LOGIN[old_login], old_login)
    assert (result.failed_logins, result.sent) == (old_login in FAILING, False)
    assert account.calls == ["log in old"]


@pytest.mark.parametrize("new_login", LOGINS)
def test_a_wrong_old_password_is_followed_by_one_probe(new_login: str) -> None:
    account = FakeAccount({"old": "wrong_password", "new": new_login})
    result = change_password(account, "old", "new")
    assert result.outcome == EXPECTED_OF_LOGIN[new_login]
    assert result.login == new_login
    assert result.failed_logins == 1 + (new_login in FAILING)
    assert account.calls == ["log in old", "log in new", *(["log out own"] if new_login == "ok" else [])]


@pytest.mark.parametrize("new_login", LOGINS)
def test_without_a_probe_a_wrong_old_password_ends_it(new_login: str) -> None:
    account = FakeAccount({"old": "wrong_password", "new": new_login})
    result = change_password(account, "old", "new", probe_new=False)
    assert (result.outcome, result.login, result.failed_logins) == ("wrong_password", "wrong_password", 1)
    assert account.calls == ["log in old"]


@pytest.mark.parametrize("in_given", ["done", "password_rejected", "unreachable", "unknown"])
def test_a_given_session_that_the_server_knows_needs_no_login(in_given: str) -> None:
    account = FakeAccount({"old": "wrong_password", "new": "wrong_password"}, change_in_given=in_given)
    result = change_password(account, "old", "new", session="given")
    assert result.outcome == EXPECTED_OF_CHANGE[in_given]
    assert (result.login, result.failed_logins) == (None, 0)
    assert account.calls == ["change given", "log out given"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_lost_session_leads_to_what_would_have_come_without_one(change: str) -> None:
    for old_login, new_login in product(LOGINS, LOGINS):
        logins = {"old": old_login, "new": new_login}
        with_session = FakeAccount(logins, change_in_own=change, change_in_given="lost")
        without = FakeAccount(logins, change_in_own=change)
        first, second = (
            change_password(with_session, "old", "new", session="given"),
            change_password(without, "old", "new"),
        )
        if old_login == "signed_in":
            # By the session that was given, of which the server knows nothing any more.
            assert (first.outcome, first.session_open) == ("session_lost", True)
            assert "load balancer" in first.message
        else:
            assert replace(first, message="", sent=False) == replace(second, message="", sent=False)
        assert with_session.calls == ["change given", *without.calls]
        # The change of the given session may have been carried out, unless the old password still works.
        assert first.sent is (second.sent or old_login != "ok")
        assert ("nothing was changed" in first.message) == ("nothing was changed" in second.message.lower())


@pytest.mark.parametrize("new_login", LOGINS)
@pytest.mark.parametrize("old_login", LOGINS[1:])
@pytest.mark.parametrize("lost", ["lost", "lost before"])
def test_a_change_that_was_sent_is_not_said_to_have_changed_nothing(lost: str, old_login: str, new_login: str) -> None:
    account = FakeAccount({"old": old_login, "new": new_login}, change_in_given=lost)
    result = change_password(account, "old", "new", session="given")
    assert result.sent is (lost == "lost")
    if result.outcome != "unchanged":
        assert ("the server says that nothing was changed" in result.message) is result.sent
        assert "nothing was changed" in result.message


@pytest.mark.parametrize(("lost", "again"), [("lost", False), ("lost before", True)])
def test_a_login_of_another_credential_proves_nothing_about_a_change(lost: str, again: bool) -> None:
    account = FakeAccount({"old": "ok"}, change_in_given=lost)
    result = change_password(account, "old", "new", session="given", by_parent=True)
    assert (result.outcome, result.sent) == ("changed" if again else "session_lost", True)
    assert account.calls == ["change given", *(["log in old", "change own", "log out own"] if again else [])]


def test_a_wrong_password_of_another_credential_is_no_reason_to_try_the_new_one() -> None:
    account = FakeAccount({"old": "wrong_password"})
    assert change_password(account, "old", "new", by_parent=True).outcome == "wrong_password"
    assert account.calls == ["log in old"]


@pytest.mark.parametrize(("outcome", "failed"), [("wrong_password", 1), ("locked", 0)])
def test_a_change_may_tell_about_the_old_password(outcome: str, failed: int) -> None:
    account = FakeAccount({"old": "ok"}, change_in_own=outcome)
    result = change_password(account, "old", "new")
    assert (result.outcome, result.login, result.failed_logins, result.sent) == (outcome, outcome, failed, True)


def test_a_change_once_ends_the_session_whatever_comes_of_it() -> None:
    account = FakeAccount({}, change_in_given="lost")
    result = change_once(account, "given", None, "new")
    assert (result.outcome, result.code, result.login, result.sent) == ("session_lost", "100-006", None, True)
    assert result.message == "session lost; the server says that nothing was changed, run again"
    assert account.calls == ["change given", "log out given"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("session", [None, "given"])
@pytest.mark.parametrize("probe", [True, False])
def test_what_holds_whatever_the_logins_answer(change: str, session: str | None, probe: bool) -> None:
    for old_login, new_login in product(LOGINS, LOGINS):
        account = FakeAccount({"old": old_login, "new": new_login}, change, change)
        result = change_password(account, "old", "new", session=session, probe_new=probe)
        tried = [call.removeprefix("log in ") for call in account.calls if call.startswith("log in")]
        wrong = [password for password in tried if account.logins[password] == "wrong_password"]
        assert len(set(tried)) == len(tried), "no password is tried twice"
        assert len(wrong) <= (1 if "ok" in (old_login, new_login) else 2)
        assert len(wrong) <= result.failed_logins <= len(tried)
        assert account.calls.count("change own") <= 1
        assert result.outcome != "unchanged" or "change own" not in account.calls
        sends = any(call.startswith("change") for call in account.calls)
        assert (result.outcome in ("changed", "unknown")) <= result.sent <= sends


@pytest.mark.parametrize("change", ["done", "password_rejected", "unreachable", "unknown"])
def test_a_session_that_stays_open_is_told(change: str) -> None:
    account = FakeAccount({"old": "ok", "new": "wrong_password"}, change, signs_out=False)
    assert change_password(account, "old", "new").session_open


def test_a_session_of_the_probe_that_stays_open_is_told() -> None:
    account = FakeAccount({"old": "wrong_password", "new": "ok"}, signs_out=False)
    assert change_password(account, "old", "new") == Change(
        Outcome.UNCHANGED,
        "the new password was in place already",
        "123-456",
        Outcome.OK,
        failed_logins=1,
        session_open=True,
    )


def test_a_password_that_opens_no_session_without_a_second_factor_is_not_changed() -> None:
    account = FakeAccount({"old": "ok_restricted", "new": "wrong_password"})
    result = change_password(account, "old", "new")
    assert (result.outcome, result.login, account.calls) == ("second_factor", "ok_restricted", ["log in old"])


def test_a_session_that_is_over_cannot_be_replaced_without_a_password() -> None:
    account = FakeAccount({}, change_in_given="lost")
    result = change_password(account, None, "new", session="given")
    assert (result.outcome, result.sent) == ("session_lost", True)
    assert account.calls == ["change given"]

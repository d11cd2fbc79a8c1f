# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idempotent change: what is tried, in which order, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    NothingSent,
    SessionLost,
    Unreadable,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._module.password_change import (
    Change,
    change_password,
)

LOGINS = ["ok", "bad", "locked", "live", "denied", "unreachable", "unknown"]
CHANGES = ["done", "refused", "unknown", "unreachable", "lost"]
FAILING = {"bad", "unknown"}


def error(outcome: str) -> ApiError:
    if outcome == "lost":
        return SessionLost("session lost", "100-006")
    if outcome == "unreachable":
        return NothingSent("no connection")
    return Unreadable("no answer") if outcome == "unknown" else ApiError(outcome, f"said {outcome}", "123-456")


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
        assert (old, new) == ("old", "new")
        self.calls.append(f"change {session}")
        outcome = self.change_in_given if session == "given" else self.change_in_own
        if outcome != "done":
            raise error(outcome)


EXPECTED_OF_CHANGE = {
    "done": ("changed", False),
    "refused": ("refused", True),
    "unreachable": ("refused", False),
    "unknown": ("unknown", False),
    "lost": ("refused", False),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("new_login", LOGINS)
def test_with_the_old_password_right_the_new_one_is_never_tried(new_login: str, change: str) -> None:
    account = FakeAccount({"old": "ok", "new": new_login}, change_in_own=change)
    result = change_password(account, "old", "new")
    assert (result.outcome, result.password_refused) == EXPECTED_OF_CHANGE[change]
    assert (result.login, result.failing_logins, result.session_open) == ("ok", 0, False)
    assert account.calls == ["log in old", "change own", "log out own"]


@pytest.mark.parametrize("old_login", LOGINS[2:])
@pytest.mark.parametrize("new_login", LOGINS)
def test_only_a_wrong_old_password_justifies_a_second_login(old_login: str, new_login: str) -> None:
    account = FakeAccount({"old": old_login, "new": new_login})
    result = change_password(account, "old", "new")
    assert (result.outcome, result.login) == ("refused", old_login)
    assert result.failing_logins == (old_login in FAILING)
    assert account.calls == ["log in old"]


@pytest.mark.parametrize("new_login", LOGINS)
def test_a_wrong_old_password_is_followed_by_one_probe(new_login: str) -> None:
    account = FakeAccount({"old": "bad", "new": new_login})
    result = change_password(account, "old", "new")
    assert result.outcome == ("unchanged" if new_login == "ok" else "refused")
    assert result.login == new_login
    assert result.failing_logins == 1 + (new_login in FAILING)
    assert account.calls == ["log in old", "log in new", *(["log out own"] if new_login == "ok" else [])]


@pytest.mark.parametrize("new_login", LOGINS)
def test_without_a_probe_a_wrong_old_password_ends_it(new_login: str) -> None:
    account = FakeAccount({"old": "bad", "new": new_login})
    result = change_password(account, "old", "new", probe_new=False)
    assert (result.outcome, result.login, result.failing_logins) == ("refused", "bad", 1)
    assert account.calls == ["log in old"]


@pytest.mark.parametrize("in_given", ["done", "refused", "unreachable", "unknown"])
def test_a_given_session_that_the_server_knows_needs_no_login(in_given: str) -> None:
    account = FakeAccount({"old": "bad", "new": "bad"}, change_in_given=in_given)
    result = change_password(account, "old", "new", session="given")
    assert result.outcome == EXPECTED_OF_CHANGE[in_given][0]
    # Without a login of its own nothing proves that the old password works.
    assert (result.login, result.password_refused) == (None, False)
    assert result.failing_logins == 0
    assert account.calls == ["change given", "log out given"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_lost_session_leads_to_what_would_have_come_without_one(change: str) -> None:
    for old_login, new_login in product(LOGINS, LOGINS):
        logins = {"old": old_login, "new": new_login}
        with_session = FakeAccount(logins, change_in_own=change, change_in_given="lost")
        without = FakeAccount(logins, change_in_own=change)
        assert change_password(with_session, "old", "new", session="given") == change_password(without, "old", "new")
        assert with_session.calls == ["change given", *without.calls]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("session", [None, "given"])
@pytest.mark.parametrize("probe", [True, False])
def test_what_holds_whatever_the_logins_answer(change: str, session: str | None, probe: bool) -> None:
    for old_login, new_login in product(LOGINS, LOGINS):
        account = FakeAccount({"old": old_login, "new": new_login}, change, change)
        result = change_password(account, "old", "new", session=session, probe_new=probe)
        tried = [call.removeprefix("log in ") for call in account.calls if call.startswith("log in")]
        wrong = [password for password in tried if account.logins[password] == "bad"]
        assert len(set(tried)) == len(tried), "no password is tried twice"
        assert len(wrong) <= (1 if "ok" in (old_login, new_login) else 2)
        assert len(wrong) <= result.failing_logins <= len(tried)
        assert account.calls.count("change own") <= 1
        assert result.outcome != "unchanged" or "change own" not in account.calls
        assert result.outcome == "refused" or not result.password_refused


@pytest.mark.parametrize("change", ["done", "refused", "unreachable", "unknown"])
def test_a_session_that_stays_open_is_told(change: str) -> None:
    account = FakeAccount({"old": "ok", "new": "bad"}, change, signs_out=False)
    assert change_password(account, "old", "new").session_open


def test_a_session_of_the_probe_that_stays_open_is_told() -> None:
    account = FakeAccount({"old": "bad", "new": "ok"}, signs_out=False)
    assert change_password(account, "old", "new") == Change(
        "unchanged", "the new password was in place already", "123-456", "ok", failing_logins=1, session_open=True
    )

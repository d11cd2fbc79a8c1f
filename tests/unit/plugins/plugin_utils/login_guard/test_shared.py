# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A credential that many hosts present: alone at first, and never again once it was refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.processes import FORK, MANY, PATIENCE, at_once, process

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Credential, Login
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import ROOMS, SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.shared import SharedCredentials


def login(password: str = "one", becomes: str | None = None) -> Login:
    def credential(secret: str) -> Credential:
        return Credential("administrator 7", ("gateway:8043", "7", secret))

    return Login("gateway:8043", credential(password), credential(becomes) if becomes else None)


class Server:
    """Answers logins, and counts them and how many there are at once, in whichever process."""

    def __init__(self, *outcomes: str, seconds: float = 0.0) -> None:
        self.outcomes = outcomes
        self.seconds = seconds
        self.asked = FORK.Value("i", 0)
        self.now = FORK.Value("i", 0)
        self.most = FORK.Value("i", 0)

    def send(self) -> dict[str, Any]:
        with self.asked.get_lock():
            number = self.asked.value
            self.asked.value += 1
            self.now.value += 1
            self.most.value = max(self.most.value, self.now.value)
        time.sleep(self.seconds)
        with self.asked.get_lock():
            self.now.value -= 1
        outcome = self.outcomes[min(number, len(self.outcomes) - 1)]
        return {
            "outcome": outcome,
            "failed_logins": int(outcome in ("wrong_password", "unknown")),
            "msg": f"it is {outcome}",
        }


@pytest.fixture
def shared() -> SharedCredentials:
    return SharedCredentials(SharedMemory().take())


def said(shared: SharedCredentials, server: Server, *logins: Login) -> Any:
    """Return the outcome of a login; in brackets where nothing was sent."""
    try:
        return shared.send(logins or [login()], server.send)["outcome"]
    except ApiError as exc:
        return (exc.outcome,)


# -- many processes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["wrong_password", "locked"])
def test_many_processes_are_refused_once(shared: SharedCredentials, outcome: str) -> None:
    server = Server(outcome, seconds=0.1)
    found = at_once(lambda _number: said(shared, server))
    assert sorted(found, key=str) == sorted([outcome, *[("access_denied",)] * (MANY - 1)], key=str)
    assert server.asked.value == 1
    assert said(shared, server) == ("access_denied",), "the parent and its later children know it as well"


def test_the_first_is_alone_and_the_others_are_not(shared: SharedCredentials) -> None:
    server = Server("ok", seconds=0.3)
    first = Server("ok", seconds=0.3)

    def work(number: int) -> Any:
        return said(shared, server)

    assert at_once(work) == ["ok"] * MANY
    assert server.asked.value == MANY
    assert server.most.value > 1, "no waiting after the verdict"
    assert said(shared, first) == "ok"


def test_nobody_is_beside_the_first(shared: SharedCredentials) -> None:
    seen = FORK.Value("i", 0)

    def slow() -> dict[str, Any]:
        with seen.get_lock():
            seen.value += 1
            first = seen.value == 1
        if first:
            time.sleep(0.3)
            assert seen.value == 1
        return {"outcome": "ok", "failed_logins": 0}

    assert at_once(lambda _number: shared.send([login()], slow)["outcome"]) == ["ok"] * MANY


def test_different_credentials_do_not_wait_for_each_other(shared: SharedCredentials) -> None:
    server = Server("wrong_password", seconds=0.3)
    assert at_once(lambda number: said(shared, server, login(str(number)))) == ["wrong_password"] * MANY
    assert server.most.value > 1


def test_a_process_that_is_killed_while_it_is_alone_blocks_nobody(shared: SharedCredentials) -> None:
    begun = FORK.Event()

    def hang() -> dict[str, Any]:
        begun.set()
        time.sleep(PATIENCE * 10)
        return {}

    with process(lambda: shared.send([login()], hang)) as holder:
        assert begun.wait(PATIENCE)
        holder.kill()
        assert at_once(lambda _number: said(shared, Server("ok")), 2) == ["ok"] * 2


def test_who_waited_for_a_server_that_is_away_does_not_wait_in_turn(shared: SharedCredentials) -> None:
    server = Server("unreachable", seconds=0.5)
    found = at_once(lambda _number: said(shared, server))
    assert set(found) <= {"unreachable", ("unreachable",)}
    assert server.asked.value < MANY
    # Who comes later asks again.
    assert said(shared, Server("ok")) == "ok"


# -- one after the other -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["wrong_password"], ["wrong_password", ("access_denied",), ("access_denied",)]),
        (["locked"], ["locked", ("access_denied",), ("access_denied",)]),
        (["unknown"], ["unknown", "unknown", ("access_denied",)]),
        (["unknown", "ok", "unknown", "unknown"], ["unknown", "ok", "unknown", "unknown", ("access_denied",)]),
        (["unknown", "wrong_password"], ["unknown", "wrong_password", ("access_denied",)]),
        (["ok", "wrong_password"], ["ok", "wrong_password", ("access_denied",)]),
        (["ok", "ok_restricted", "ok"], ["ok", "ok_restricted", "ok"]),
        (["access_denied", "unreachable", "signed_in", "ok"], ["access_denied", "unreachable", "signed_in", "ok"]),
        (["ok", "unreachable", "ok"], ["ok", "unreachable", "ok"]),
    ],
)
def test_what_is_learnt(shared: SharedCredentials, answers: list[str], expected: list[Any]) -> None:
    server = Server(*answers)
    assert [said(shared, server) for _time in expected] == expected


def test_an_accident_counts_like_an_answer_that_did_not_come(shared: SharedCredentials) -> None:
    def break_down() -> dict[str, Any]:
        raise RuntimeError

    for _time in range(2):
        with pytest.raises(RuntimeError):
            shared.send([login()], break_down)
    assert said(shared, Server("ok")) == ("access_denied",)


def test_what_was_not_sent_tells_nothing(shared: SharedCredentials) -> None:
    def stop() -> dict[str, Any]:
        raise ApiError(Outcome.ACCESS_DENIED, "the cap")

    for _time in range(3):
        with pytest.raises(ApiError, match="the cap"):
            shared.send([login()], stop)
    assert said(shared, Server("ok")) == "ok"


def test_a_success_under_way_clears_no_refusal(shared: SharedCredentials) -> None:
    assert said(shared, Server("ok")) == "ok"

    def overtaken() -> dict[str, Any]:
        assert said(shared, Server("wrong_password")) == "wrong_password"
        return {"outcome": "ok", "failed_logins": 0}

    assert shared.send([login()], overtaken)["outcome"] == "ok"
    assert said(shared, Server("ok")) == ("access_denied",)


def test_another_password_is_another_credential(shared: SharedCredentials) -> None:
    assert said(shared, Server("wrong_password")) == "wrong_password"
    assert said(shared, Server("ok"), login("two")) == "ok"
    assert said(shared, Server("ok")) == ("access_denied",), "a success elsewhere clears nothing"


@pytest.mark.parametrize("login_of_the_change", ["ok", None])
def test_a_password_that_a_change_may_have_put_in_place_is_tried_again(login_of_the_change: str | None) -> None:
    """A candidate was refused, is sent once more, and verified."""
    for changed, expected in ((False, ("access_denied",)), (True, "ok")):
        shared = SharedCredentials(SharedMemory())
        assert said(shared, Server("wrong_password"), login("new")) == "wrong_password"
        result = {
            "outcome": "changed" if changed else "password_rejected",
            "login": login_of_the_change,
            "change_sent": changed,
        }
        shared.send([login("old", becomes="new")], lambda result=result: result)  # type: ignore[misc]
        assert said(shared, Server("ok"), login("new")) == expected


def test_a_change_that_finds_the_old_password_wrong(shared: SharedCredentials) -> None:
    result = {"outcome": "unchanged", "login": "ok", "failed_logins": 1}
    shared.send([login("old", becomes="new"), login("new")], lambda: result)
    assert said(shared, Server("ok"), login("old")) == ("access_denied",)
    assert said(shared, Server("ok"), login("new")) == "ok"


def test_the_message_says_what_was_refused_and_what_to_do(shared: SharedCredentials) -> None:
    said(shared, Server("wrong_password"), login("marker"))
    with pytest.raises(ApiError) as caught:
        shared.send([login("marker")], Server("ok").send)
    assert "administrator 7 was refused earlier in this run" in caught.value.message
    assert "correct it" in caught.value.message
    assert "marker" not in caught.value.message


def test_logins_of_ones_own_are_none_of_its_business(shared: SharedCredentials) -> None:
    server = Server("wrong_password")
    assert [said(shared, server, Login("gateway:8043")) for _time in range(3)] == ["wrong_password"] * 3


def test_what_was_refused_is_kept_when_room_is_short() -> None:
    shared = SharedCredentials(SharedMemory(dict.fromkeys(ROOMS, 1000)))
    assert said(shared, Server("wrong_password")) == "wrong_password"
    assert [said(shared, Server("ok"), login(f"number {number}")) for number in range(100)] == ["ok"] * 100
    assert said(shared, Server("ok")) == ("access_denied",)

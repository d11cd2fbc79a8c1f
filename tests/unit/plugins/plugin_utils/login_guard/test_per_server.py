# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cap on failed logins, which many processes obey together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.processes import FORK, MANY, PATIENCE, at_once, process

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard import per_server as login_cap
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.per_server import Cap, LoginsUnderWay
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

STOPPED = "stopped: access_denied"
HERE, THERE = Login("gateway:8043"), Login("registrar:5061")


@pytest.fixture
def under_way() -> LoginsUnderWay:
    return LoginsUnderWay(SharedMemory().take())


def cap(folder: Path, most: int = 3, minutes: float = 30) -> Cap:
    found = Cap.of({"failed_login_cap": {"folder": str(folder / "wrong"), "most": most, "window_minutes": minutes}})
    assert found
    return found


def answer(outcome: str, seconds: float = 0) -> Callable[[], dict[str, Any]]:
    def send() -> dict[str, Any]:
        time.sleep(seconds)
        return {"outcome": outcome, "failed_logins": int(outcome in ("wrong_password", "unknown"))}

    return send


def said(under_way: LoginsUnderWay, limit: Cap | None, outcome: str, *logins: Login, seconds: float = 0) -> str:
    try:
        under_way.send(limit, logins or [HERE], answer(outcome, seconds))
    except ApiError as exc:
        return f"stopped: {exc.outcome}"
    return outcome


# -- many processes ----------------------------------------------------------------------------------------------------


def test_many_processes_never_exceed_it(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit = cap(tmp_path)

    def work(_number: int) -> list[str]:
        return [said(under_way, limit, "wrong_password", seconds=0.02) for _time in range(3)]

    found = [outcome for outcomes in at_once(work, 2 * MANY) for outcome in outcomes]
    assert found.count("wrong_password") == 3
    assert len(limit.counted(HERE.server).times(now())) == 3


def test_right_logins_take_their_turns_and_are_never_stopped(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit, at_work, most = cap(tmp_path, 2), FORK.Value("i", 0), FORK.Value("i", 0)

    def send() -> dict[str, Any]:
        with at_work.get_lock():
            at_work.value += 1
            most.value = max(most.value, at_work.value)
        time.sleep(0.05)
        with at_work.get_lock():
            at_work.value -= 1
        return {"outcome": "ok"}

    assert at_once(lambda _number: under_way.send(limit, [HERE], send)["outcome"]) == ["ok"] * MANY
    assert most.value <= 2


def test_a_killed_process_blocks_nobody(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit, begun = cap(tmp_path, 1), FORK.Event()

    def hang() -> dict[str, Any]:
        begun.set()
        time.sleep(PATIENCE * 10)
        return {}

    with process(lambda: under_way.send(limit, [HERE], hang)) as worker:
        assert begun.wait(PATIENCE)
        waiting = FORK.Process(target=lambda: under_way.send(limit, [HERE], answer("ok")), daemon=True)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive(), "it may be a wrong one"
        worker.kill()  # and is not waited for, so that it stays in the table of processes
        waiting.join(PATIENCE)
        assert waiting.exitcode == 0


def test_servers_have_caps_of_their_own(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit = cap(tmp_path, 1)
    assert (
        at_once(lambda n: said(under_way, limit, "wrong_password", HERE if n % 2 else THERE), 2)
        == ["wrong_password"] * 2
    )
    assert [said(under_way, limit, "ok", login) for login in (HERE, THERE)] == [STOPPED] * 2


# -- one after the other -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["ok", "unknown", "locked", "signed_in", "access_denied", "unreachable"])
def test_only_definitely_wrong_logins_count(under_way: LoginsUnderWay, tmp_path: Path, outcome: str) -> None:
    limit = cap(tmp_path, 1)
    assert [said(under_way, limit, outcome) for _time in range(3)] == [outcome] * 3
    assert [said(under_way, limit, "wrong_password") for _time in range(2)] == ["wrong_password", STOPPED]


def test_a_task_that_may_make_two_needs_room_for_two(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit = cap(tmp_path, 3)
    result = {"outcome": "wrong_password", "login": "wrong_password", "failed_logins": 2}
    under_way.send(limit, [HERE, HERE], lambda: result)
    assert said(under_way, limit, "ok", HERE, HERE) == STOPPED
    assert said(under_way, limit, "wrong_password", HERE) == "wrong_password"
    with pytest.raises(ApiError, match="the cap of"):
        under_way.send(cap(tmp_path / "..", 1), [THERE, THERE], answer("ok"))


def test_each_of_two_servers_gets_its_own_wrong_login(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    limit = cap(tmp_path, 9)
    result = {"outcome": "access_denied", "login": "unknown", "failed_logins": 2}
    under_way.send(limit, [THERE, HERE], lambda: result)
    assert [len(limit.counted(login.server).times(now())) for login in (THERE, HERE)] == [1, 0]


def test_an_accident_frees_the_room(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    def break_down() -> dict[str, Any]:
        raise RuntimeError

    limit = cap(tmp_path, 1)
    for _time in range(2):
        with pytest.raises(RuntimeError):
            under_way.send(limit, [HERE], break_down)
    assert said(under_way, limit, "ok") == "ok"


def test_the_message_says_where_how_many_until_when_and_what_to_do(
    under_way: LoginsUnderWay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = cap(tmp_path, 2)
    start = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    for minutes in (0, 10):
        monkeypatch.setattr(login_cap, "now", lambda minutes=minutes: start + timedelta(minutes=minutes))
        assert said(under_way, limit, "wrong_password") == "wrong_password"
    with pytest.raises(ApiError) as caught:
        under_way.send(limit, [HERE], answer("ok"))
    for words in (HERE.server, "2 failed logins", "12:30 UTC", "rotate_max_failed_logins_per_server"):
        assert words in caught.value.message
    with pytest.raises(ApiError, match="12:40 UTC"):
        under_way.send(limit, [HERE, HERE], answer("ok"))
    monkeypatch.setattr(login_cap, "now", lambda: start + timedelta(minutes=30))
    assert said(under_way, limit, "wrong_password") == "wrong_password"


def test_what_cannot_be_counted_is_not_sent(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("", encoding="utf-8")
    with pytest.raises(ApiError, match="Nothing was sent") as caught:
        under_way.send(cap(tmp_path), [HERE], answer("ok"))
    assert caught.value.outcome == "access_denied"
    assert str(tmp_path / "wrong") in caught.value.message


def test_a_wrong_login_that_could_not_be_counted_is_told(
    under_way: LoginsUnderWay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(login_cap.FailedLogins, "add", full)
    (warning,) = under_way.send(cap(tmp_path), [HERE], answer("wrong_password"))["warnings"]
    assert os.strerror(28) in warning


def test_without_a_cap_nothing_is_counted(under_way: LoginsUnderWay, tmp_path: Path) -> None:
    for given in (None, {"folder": str(tmp_path / "wrong"), "most": 0, "window_minutes": 30}):
        assert Cap.of({"failed_login_cap": given}) is None
    assert [said(under_way, None, "wrong_password") for _time in range(3)] == ["wrong_password"] * 3


def test_options_at_fault() -> None:
    with pytest.raises(InputError) as caught:
        Cap.of({"failed_login_cap": {"folder": "/x", "most": -1, "window_minutes": 0}})
    assert len(caught.value.faults) == 2

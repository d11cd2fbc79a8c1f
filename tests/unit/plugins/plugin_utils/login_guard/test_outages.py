# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers nothing sees no further login of the run."""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError
from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SharedMemory
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.outages import Outages

HERE, THERE = Login("here.test:443"), Login("there.test:443")
OK = {"outcome": "ok", "code": "0", "failed_logins": 0}
WRONG = {"outcome": "wrong_password", "code": "100-004", "failed_logins": 1}
SILENT = {"outcome": "unknown", "code": None, "failed_logins": 1, "failed": True}
UNREADABLE = {"outcome": "unknown", "code": "100-099", "failed_logins": 1, "failed": True}
PAGE = {"outcome": "unknown", "code": "302", "failed_logins": 1, "failed": True}
AWAY = {"outcome": "unreachable", "code": None, "failed_logins": 0, "failed": True}
CHANGED_SILENTLY = {"outcome": "unknown", "code": None, "login": "ok", "failed_logins": 0}
CHANGED_IN_A_SESSION = {"outcome": "unknown", "code": None, "login": None, "failed_logins": 0}


@pytest.fixture
def outages() -> Outages:
    return Outages(SharedMemory().take())


def is_sent(outages: Outages, result: dict[str, Any], *logins: Login, most: int = 2) -> bool:
    """Return whether a login was sent, which comes to this result."""
    sent = []

    def send() -> dict[str, Any]:
        sent.append(True)
        return result

    with contextlib.suppress(ApiError):
        assert outages.send(most, logins or (HERE,), send) is result
    return bool(sent)


def test_what_is_not_sent_is_unreachable(outages: Outages) -> None:
    assert [is_sent(outages, SILENT), is_sent(outages, SILENT)] == [True, True]
    with pytest.raises(
        ApiError, match=r"here.test:443 has left 2 logins in a row .* Nothing was sent; run again"
    ) as told:
        outages.send(2, (HERE,), lambda: OK)
    assert told.value.outcome == "unreachable"


def test_after_two_logins_without_an_answer_no_further_one_is_sent(outages: Outages) -> None:
    assert [is_sent(outages, result) for result in (SILENT, SILENT, OK, OK)] == [True, True, False, False]
    assert is_sent(outages, OK, THERE), "another server is not concerned"


def test_an_answer_of_something_else_is_none(outages: Outages) -> None:
    assert [is_sent(outages, result) for result in (PAGE, SILENT, OK)] == [True, True, False]


class Interrupted(BaseException):
    """What Ansible raises where a task takes longer than task_timeout says."""


def test_a_task_that_is_cut_off_has_had_no_answer(outages: Outages) -> None:
    def cut_off() -> dict[str, Any]:
        raise Interrupted

    for _task in range(2):
        with pytest.raises(Interrupted):
            outages.send(2, (HERE,), cut_off)
    assert not is_sent(outages, OK)


@pytest.mark.parametrize("answer", [OK, WRONG, UNREADABLE])
def test_an_answer_between_them_shows_that_the_server_works(outages: Outages, answer: dict[str, Any]) -> None:
    assert [is_sent(outages, result) for result in (SILENT, answer, SILENT, answer, SILENT, OK)] == [True] * 6


def test_what_was_not_sent_tells_nothing(outages: Outages) -> None:
    assert [is_sent(outages, result) for result in (SILENT, AWAY, AWAY, SILENT, OK)] == [True] * 4 + [False]


def test_a_change_is_no_login(outages: Outages) -> None:
    assert [is_sent(outages, CHANGED_IN_A_SESSION) for _number in range(4)] == [True] * 4
    assert [is_sent(outages, result) for result in (SILENT, CHANGED_SILENTLY, SILENT, OK)] == [True] * 4


def test_without_a_limit_every_login_is_sent(outages: Outages) -> None:
    assert [is_sent(outages, SILENT, most=0) for _number in range(4)] == [True] * 4


def test_what_makes_no_login_is_not_concerned(outages: Outages) -> None:
    assert [is_sent(outages, SILENT) for _number in range(2)] == [True] * 2
    assert outages.send(2, (), lambda: OK) is OK


def test_all_processes_of_a_run_know_it(outages: Outages) -> None:
    fork = multiprocessing.get_context("fork")
    for _number in range(2):
        worker = fork.Process(target=is_sent, args=(outages, SILENT))
        worker.start()
        worker.join()
    assert not is_sent(outages, OK)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of runs, and whether the run of a name is over."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils import run_name
from ansible_collections.callcenter.passwords.plugins.plugin_utils.run_name import is_over

HERE = socket.gethostname()


def name_of(process: int) -> str:
    return f"{HERE}:{process}:{run_name._started(process)}"


def test_a_run_is_named_after_its_own_worker() -> None:
    assert run_name.run_name() == name_of(os.getpid())


def test_two_tasks_of_one_playbook_have_a_name_each() -> None:
    fork = multiprocessing.get_context("fork")
    with fork.Pool(1) as one, fork.Pool(1) as two:
        names = {run_name.run_name(), *(worker.apply(run_name.run_name) for worker in (one, two))}
        assert len(names) == 3
        assert not any(is_over(name) for name in names)


def test_a_live_process_is_not_over() -> None:
    assert not is_over(name_of(os.getpid()))
    assert not is_over(run_name.run_name())


def test_a_dead_process_is_over() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_of(child.pid)
    assert not is_over(name)
    child.communicate(b"\n")
    assert is_over(name)


def test_a_dead_process_that_nobody_has_collected_is_over() -> None:
    """In a container whose first process collects no orphans, a killed worker stays like this."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    name = name_of(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_over(name)
    child.communicate()


def test_a_number_that_another_process_has_now_is_over() -> None:
    assert is_over(f"{HERE}:{os.getpid()}:1")


@pytest.mark.parametrize("name", ["elsewhere.test:{me}:1", "", "{here}", "{here}:x:1", "{here}:-1:1", "a:b:c:d"])
def test_what_cannot_be_told_is_not_over(name: str) -> None:
    assert not is_over(name.format(here=HERE, me=os.getpid()))


def test_without_proc_nothing_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_name.os.path, "isdir", lambda _path: False)
    assert not is_over(f"{HERE}:{os.getpid()}:1")


def test_the_name_of_a_command_does_not_confuse(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    stat = "7 (x) y) 1 2) S " + " ".join(str(number) for number in range(4, 53))
    monkeypatch.setattr(run_name, "open", lambda *_args, **_options: _File(stat), raising=False)
    assert run_name._started(7) == 22
    monkeypatch.setattr(run_name, "open", lambda *_args, **_options: _File("7 (x"), raising=False)
    assert run_name._started(7) is None


class _File:
    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    def read(self) -> str:
        return self._text

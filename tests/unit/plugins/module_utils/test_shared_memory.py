# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory and locks of many processes, whatever happens to one of them."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest
from support.processes import FORK, MANY, PATIENCE, at_once, process

from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import (
    ROOMS,
    SharedDocument,
    SharedMemory,
    key_of,
)


@pytest.fixture
def memory() -> SharedDocument:
    return document()


def document(room: int = 1000) -> SharedDocument:
    """Return a document in a memory that was taken, as the main process does before it forks."""
    return SharedDocument(SharedMemory(dict.fromkeys(ROOMS, room)).take(), "tenant_tokens")


def test_what_one_process_saves_the_others_load(memory: SharedDocument) -> None:
    def work(number: int) -> None:
        with memory.locked():
            known = memory.load()
            time.sleep(0.005)
            assert memory.save({**known, str(number): number})

    at_once(work)
    assert memory.load() == {str(number): number for number in range(MANY)}


def test_nothing_is_there_at_first_and_everything_can_be_replaced(memory: SharedDocument) -> None:
    assert memory.load() == {}
    for document in ({"long": "x" * 900}, {"short": 1}, {}, {"again": [1, None]}):
        assert memory.save(document)
        assert memory.load() == document


def test_what_finds_no_room_changes_nothing() -> None:
    memory = document(20)
    assert memory.save({"a": "0123456789"})
    assert not memory.save({"a": "0123456789abcdef"})
    assert memory.load() == {"a": "0123456789"}


class Deadly:
    """The memory, as a process sees it that is killed before one of its writes."""

    def __init__(self, memory: Any, writes: int) -> None:
        self.memory = memory
        self.writes = writes

    def __getitem__(self, place: Any) -> Any:
        return self.memory[place]

    def __setitem__(self, place: Any, value: Any) -> None:
        if not self.writes:
            os.kill(os.getpid(), signal.SIGKILL)
        self.writes -= 1
        self.memory[place] = value


@pytest.mark.parametrize(("writes", "left"), [(0, "old"), (1, "old"), (2, "new")])
def test_a_process_killed_while_it_writes_leaves_one_document_or_the_other(
    memory: SharedDocument, writes: int, left: str
) -> None:
    memory.save({"is": "older"})
    memory.save({"is": "old"})

    def work() -> None:
        memory._shared.memory = Deadly(memory._shared.memory, writes)
        with memory.locked():
            memory.save({"is": "new"})

    with process(work) as killed:
        killed.join(PATIENCE)
        assert killed.exitcode == (0 if writes == 2 else -signal.SIGKILL)
    with memory.locked():
        assert memory.load() == {"is": left}


def test_a_lock_by_name_keeps_nobody_else_waiting(memory: SharedDocument) -> None:
    holds = FORK.Event()

    def hold() -> None:
        with memory.locked("one"):
            holds.set()
            time.sleep(PATIENCE * 10)

    with process(hold) as holder:
        assert holds.wait(PATIENCE)
        assert memory.is_held("one")
        assert not memory.is_held("two")
        with memory.locked("two"), memory.locked():
            assert memory.save({}) is not None
        holder.kill()
        with memory.locked("one"):
            pass
    assert not memory.is_held("one")


def test_the_documents_of_one_memory_are_apart() -> None:
    shared = SharedMemory()
    one, other = SharedDocument(shared, "tenant_tokens"), SharedDocument(shared, "logins_under_way")
    with one.locked(), other.locked():
        assert one.save({"is": "one"})
        assert other.save({"is": "other"})
        assert (one.load(), other.load()) == ({"is": "one"}, {"is": "other"})


def test_nothing_is_taken_before_it_is_needed() -> None:
    shared = SharedMemory()
    one = SharedDocument(shared, "tenant_tokens")
    assert not {"memory", "lock_file"} & set(vars(shared))
    with one.locked():
        assert one.load() == {}
    assert {"memory", "lock_file"} <= set(vars(shared))


def test_a_key_tells_its_parts_apart() -> None:
    assert len({key_of("a", "b"), key_of("ab"), key_of("a\0b", ""), key_of("a", "b", "")}) == 4

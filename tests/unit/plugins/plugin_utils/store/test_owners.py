# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account belongs to one inventory host, whatever the inventory says, and locks that are taken away protect nothing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib

from ansible_collections.callcenter.passwords.plugins.plugin_utils import durable_file
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store import locks
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Account,
    BookedLogin,
    Conflict,
    Entry,
    StoreError,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

ACCOUNT = Account("CC-Gateway", "gateway.test:8043", "1001")
FILLED = Entry(account=ACCOUNT)


@pytest.fixture
def store(tmp_path: Path) -> VaultFileStore:
    return VaultFileStore(str(tmp_path / "store"), VaultLib())


def index(store: VaultFileStore) -> list[Path]:
    return list(Path(store.place, ".accounts").glob("*.json"))


# -- owners ------------------------------------------------------------------------------------------------------------


def test_the_second_host_of_an_account_is_refused(store: VaultFileStore) -> None:
    store.write("agent-1001", "cc_agent", FILLED)
    with pytest.raises(
        StoreError, match=r"1001 of the CC-Gateway at gateway.test:8043 belongs to the inventory host agent-1001"
    ):
        store.write("desk-1001", "cc_agent", FILLED)
    assert store.read("desk-1001", "cc_agent") is None


def test_an_account_at_another_server_is_another_account(store: VaultFileStore) -> None:
    store.write("agent-1001", "cc_agent", FILLED)
    store.write("test-1001", "cc_agent", FILLED.changed(account=ACCOUNT._replace(server="test:8043")))
    assert store.read("test-1001", "cc_agent")


def test_who_owns_it_may_write_again(store: VaultFileStore) -> None:
    written = store.write("agent-1001", "cc_agent", FILLED)
    assert store.write("agent-1001", "cc_agent", written).version == 2


@pytest.mark.parametrize("gone", ["removed", "another account"])
def test_what_a_host_owns_no_more_is_free(store: VaultFileStore, gone: str) -> None:
    written = store.write("agent-1001", "cc_agent", FILLED)
    if gone == "removed":
        Path(store.place, "agent-1001.yml").unlink()
    else:
        store.write("agent-1001", "cc_agent", written.changed(account=ACCOUNT._replace(name="1002")))
    store.write("agent-1002", "cc_agent", FILLED)


def test_another_kind_of_the_same_account_is_no_other_host(store: VaultFileStore) -> None:
    store.write("agent-1001", "cc_agent", FILLED)
    store.write("admin-1001", "cc_config", FILLED)
    with pytest.raises(StoreError, match="belongs to"):
        store.write("desk-1001", "cc_config", FILLED)


def test_failed_logins_of_other_kinds_of_the_account_are_told(store: VaultFileStore) -> None:
    line = BookedLogin(now(), "current", "wrong_password", "a run")
    store.write("agent-1001", "cc_agent", FILLED.changed(ledger=(line,)))
    store.write("admin-1001", "cc_config", FILLED)
    assert store.booked_elsewhere(ACCOUNT, "cc_config") == (line,)
    assert store.booked_elsewhere(ACCOUNT, "cc_agent") == ()
    assert store.booked_elsewhere(ACCOUNT._replace(name="7"), "cc_agent") is None


def test_what_was_counted_elsewhere_is_not_written(store: VaultFileStore) -> None:
    line = BookedLogin(now(), "current", "wrong_password", "a run")
    written = store.write("agent-1001", "cc_agent", FILLED.changed(elsewhere=(line,)))
    assert written.elsewhere == (line,)
    read = store.read("agent-1001", "cc_agent")
    assert read
    assert (read.ledger, read.elsewhere) == ((), None)


def test_an_entry_without_an_account_is_in_no_index(store: VaultFileStore) -> None:
    store.write("agent-1001", "cc_agent", replace(FILLED, account=None))
    assert not Path(store.place, ".accounts").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hosts": 1}', '"hosts"'])
def test_a_damaged_file_of_the_index_is_named(store: VaultFileStore, text: str) -> None:
    store.write("agent-1001", "cc_agent", FILLED)
    (file,) = index(store)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"\.accounts/\w+\.json is damaged; remove it"):
        store.write("desk-1001", "cc_agent", FILLED)
    file.unlink()
    store.write("agent-1001", "cc_agent", FILLED.changed(version=1))


def claim(folder: str, host: str, begin: Any, said: Any) -> None:
    store = VaultFileStore(folder, VaultLib())
    begin.wait()
    try:
        store.write(host, "cc_agent", FILLED)
        said.put(host)
    except StoreError as exc:
        said.put(str(exc))


def test_of_many_hosts_at_once_one_becomes_the_owner(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    begin, said = fork.Barrier(6), fork.Queue()
    arguments = [(str(tmp_path / "store"), f"host-{number}", begin, said) for number in range(6)]
    processes = [fork.Process(target=claim, args=given) for given in arguments]
    for process in processes:
        process.start()
    answers = [said.get(timeout=60) for _process in processes]
    for process in processes:
        process.join()
    owners = [answer for answer in answers if answer.startswith("host-")]
    assert len(owners) == 1
    assert all(f"belongs to the inventory host {owners[0]}" in answer for answer in answers if answer not in owners)


# -- locks -------------------------------------------------------------------------------------------------------------


def unlink(folder: Path) -> None:
    (folder / ".locks" / "agent-1001.yml").unlink()


def remove_locks(folder: Path) -> None:
    shutil.rmtree(folder / ".locks")


def replace_folder(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    shutil.copytree(folder.with_name("moved"), folder, ignore=shutil.ignore_patterns(".locks"))


@pytest.mark.parametrize("accident", [unlink, remove_locks, replace_folder])
def test_a_lock_that_is_taken_away_makes_no_two_writers(
    store: VaultFileStore, monkeypatch: pytest.MonkeyPatch, accident: Callable[[Path], None]
) -> None:
    entry = store.write("agent-1001", "cc_agent", FILLED)
    other = VaultFileStore(store.place, VaultLib())
    fsync, has_happened = os.fsync, []

    def another_writer(descriptor: int) -> None:
        """Between the writing of the temporary file and its renaming, once."""
        fsync(descriptor)
        if not has_happened:
            has_happened.append(True)
            accident(Path(store.place))
            other.write("agent-1001", "cc_agent", entry.changed(written_by="theirs"))

    monkeypatch.setattr(durable_file.os, "fsync", another_writer)
    with pytest.raises(StoreError, match="was removed or replaced while it was held, so nothing was written"):
        store.write("agent-1001", "cc_agent", entry.changed(written_by="mine"))
    read = VaultFileStore(store.place, VaultLib()).read("agent-1001", "cc_agent")
    assert read
    assert read.written_by == "theirs"


def hold(path: str, held: Any, go_on: Any) -> None:
    with locks.locked(path):
        held.set()
        go_on.wait()


def test_a_lock_that_was_waited_for_is_looked_at_again(tmp_path: Path) -> None:
    """Who gets the lock of a file that is gone holds nothing."""
    path = str(tmp_path / "lock")
    fork = multiprocessing.get_context("fork")
    held, go_on, waiting = fork.Event(), fork.Event(), fork.Event()
    holder = fork.Process(target=hold, args=(path, held, go_on))
    holder.start()
    held.wait()

    def wait_for(_path: str, waiting: Any) -> None:
        flock = locks.fcntl.flock

        def told(descriptor: int, how: int) -> None:
            waiting.set()
            flock(descriptor, how)

        locks.fcntl.flock = told
        with locks.locked(path) as lock:
            lock.check()

    waiter = fork.Process(target=wait_for, args=(path, waiting))
    waiter.start()
    waiting.wait()
    time.sleep(0.05)
    os.unlink(path)
    go_on.set()
    holder.join()
    waiter.join()
    assert waiter.exitcode == 0


def test_a_file_system_without_locks_is_named(store: VaultFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(locks.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with pytest.raises(StoreError, match=r"has no locks .*NFS with its lock service"):
        store.write("agent-1001", "cc_agent", FILLED)


def test_a_conflict_is_no_claim(store: VaultFileStore) -> None:
    with pytest.raises(Conflict):
        store.write("desk-1001", "cc_agent", FILLED.changed(version=7))
    store.write("agent-1001", "cc_agent", FILLED)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file of the store that comes from a backup, or is gone, takes back nothing that a server has counted."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ledger
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store import last_ledgers
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account, BookedLogin, Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

HOST, KIND = "agent-1001", "cc_agent"
ACCOUNT = Account("CC-Gateway", "gateway.test:8043", "1001")
NOW = now()
FAILED = BookedLogin(NOW, "current", "wrong_password", "a run", "100-004", is_answered=True)
LOCKED = BookedLogin(NOW, "current", "locked", "a run", unlocks_at=NOW + timedelta(minutes=30))


@pytest.fixture
def store(tmp_path: Path) -> VaultFileStore:
    return VaultFileStore(str(tmp_path / "store"), VaultLib())


def found(store: VaultFileStore) -> Entry:
    return store.read(HOST, KIND) or Entry()


def since(store: VaultFileStore) -> tuple[BookedLogin, ...]:
    return store.booked_since(ACCOUNT, KIND, found(store))


def test_what_was_written_last_has_nothing_since(store: VaultFileStore) -> None:
    assert since(store) == ()
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT))
    assert since(store) == ()
    store.write(HOST, KIND, entry.changed(ledger=(FAILED,)))
    assert since(store) == ()


def test_a_restored_file(store: VaultFileStore) -> None:
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT))
    backup = Path(store.place, f"{HOST}.yml").read_bytes()
    entry = store.write(HOST, KIND, entry.changed(ledger=(FAILED,)))
    store.write(HOST, KIND, entry.changed(ledger=(FAILED, LOCKED)))
    Path(store.place, f"{HOST}.yml").write_bytes(backup)
    assert since(store) == (FAILED, LOCKED)
    # The next write carries them on.
    recalled = ledger.recalled(found(store), since(store))
    store.write(HOST, KIND, recalled)
    assert [line.outcome for line in found(store).ledger] == ["superseded", "locked"]
    assert since(store) == ()


def test_a_file_that_is_gone(store: VaultFileStore) -> None:
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT, ledger=(FAILED,)))
    store.retire(HOST, {KIND: entry}, NOW)
    assert since(store) == (FAILED,)
    assert store.booked_since(ACCOUNT._replace(name="1002"), KIND, Entry()) == ()


def test_a_proof_counts_for_what_came_before_it(store: VaultFileStore) -> None:
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT, ledger=(FAILED,)))
    path = store._owners.ledger_path(ACCOUNT, KIND)
    for proved_at, told in ((None, (FAILED,)), (NOW - timedelta(1), (FAILED,)), (NOW, ()), (NOW + timedelta(1), ())):
        assert last_ledgers.since(path, entry.changed(version=9, ledger=(), proved_at=proved_at)) == told


def test_a_run_that_was_killed_between_both_writes(store: VaultFileStore) -> None:
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT, ledger=(FAILED,)))
    path = store._owners.ledger_path(ACCOUNT, KIND)
    assert last_ledgers.since(path, entry.changed(version=entry.version + 1, ledger=())) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "ledger": [{}]}'])
def test_a_witness_that_is_damaged_says_nothing(store: VaultFileStore, text: str) -> None:
    store.write(HOST, KIND, Entry(account=ACCOUNT, ledger=(FAILED,)))
    Path(store._owners.ledger_path(ACCOUNT, KIND)).write_text(text, encoding="utf-8")
    assert store.booked_since(ACCOUNT, KIND, Entry()) == ()


def test_a_witness_that_cannot_be_written_is_taken_away(store: VaultFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = store.write(HOST, KIND, Entry(account=ACCOUNT, ledger=(FAILED,)))
    path = store._owners.ledger_path(ACCOUNT, KIND)

    def full(*_paths: str) -> None:
        raise OSError

    monkeypatch.setattr(os, "rename", full)
    last_ledgers.keep(path, entry)
    assert not Path(path).exists()

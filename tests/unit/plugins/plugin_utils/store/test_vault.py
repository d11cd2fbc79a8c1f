# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords stay where the store has put them, and are encrypted with a key that opens what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import PromptVaultSecret, VaultAES256, VaultLib, VaultSecret

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    SLOTS,
    Account,
    Ciphertext,
    Entry,
    StoreError,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore

HOST, KIND = "agent-1001", "cc_agent"
MINE = Account("CC-Gateway", "gateway.test:8043", "1001")
THEIRS = MINE._replace(name="101")
DERIVATIONS: Any = VaultAES256._gen_key_initctr
OLD, NEW = VaultSecret(b"the old key"), VaultSecret(b"the new key")
FOLDER = "store"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / FOLDER)


def opened(folder: str, *keys: tuple[str, VaultSecret], vault_id: str | None = None) -> VaultFileStore:
    return VaultFileStore(folder, VaultLib(list(keys)), vault_id)


@pytest.fixture
def store(folder: str) -> VaultFileStore:
    return opened(folder, ("old", OLD))


def filled(store: VaultFileStore, host: str = HOST, account: Account | None = MINE, kind: str = KIND) -> Entry:
    """Return an entry of the store with three passwords."""
    entry = Entry(account=account)
    passwords = {slot: store.encrypt(f"the {slot} of {host}", entry) for slot in SLOTS}
    return store.write(host, kind, entry.changed(**passwords))


# -- where it is -------------------------------------------------------------------------------------------------------


def test_passwords_are_where_the_store_has_put_them(store: VaultFileStore) -> None:
    entry = filled(store)
    store.check(KIND, entry)
    read = store.read(HOST, KIND)
    assert read == entry
    moved = store.write(HOST, KIND, entry.changed(current=entry.staged, staged=None, previous=entry.current))
    store.check(KIND, moved)
    assert moved.code != entry.code


def test_what_moves_no_password_makes_no_new_code(store: VaultFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take a key derivation that a booking does not need."""
    entry = filled(store)
    later = VaultFileStore(store.place, VaultLib([]))
    assert later.write(HOST, KIND, entry.changed(rotated_at=None, written_by="me")).code == entry.code


@pytest.mark.skipif(not hasattr(DERIVATIONS, "cache_info"), reason="this ansible-core keeps no derived key")
def test_the_code_costs_no_key_derivation(folder: str, store: VaultFileStore) -> None:
    """One opens the current password, one encrypts the candidate; each takes 10,000 rounds on purpose."""
    entry = filled(store)
    DERIVATIONS.cache_clear()
    later = opened(folder, ("old", OLD))
    later.check(KIND, entry)
    later.decrypt(Ciphertext(str(entry.current)))
    staged = later.write(HOST, KIND, entry.changed(staged=later.encrypt("a candidate", entry), previous=None))
    later.write(HOST, KIND, Entry(staged.version, staged.account, current=staged.staged, previous=staged.current))
    assert DERIVATIONS.cache_info().misses == 2


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("theirs", SLOTS)
def test_a_password_of_another_account_is_refused(store: VaultFileStore, slot: str, theirs: str) -> None:
    """Somebody without the vault password has copied it into the file."""
    other = filled(store, "admin-101", THEIRS)
    copied = filled(store).changed(**{slot: other.password(theirs)})
    with pytest.raises(StoreError, match="are not where this collection has put them: somebody has edited the file"):
        store.check(KIND, copied)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("theirs", [None, *SLOTS])
def test_a_password_of_another_slot_is_refused(store: VaultFileStore, slot: str, theirs: str | None) -> None:
    entry = filled(store)
    if slot != theirs:
        with pytest.raises(StoreError, match="somebody has edited the file"):
            store.check(KIND, entry.changed(**{slot: entry.password(theirs) if theirs else None}))


def test_a_whole_entry_of_another_account_is_refused(store: VaultFileStore) -> None:
    other, entry = filled(store, "admin-101", THEIRS), filled(store)
    with pytest.raises(StoreError, match="somebody has edited the file"):
        store.check(KIND, other.changed(account=entry.account))
    with pytest.raises(StoreError, match="somebody has edited the file"):
        store.check("cc_config", entry)


@pytest.mark.parametrize("values", [{"code": None}, {"code": ""}, {"code": "00"}])
def test_an_entry_without_a_code_is_refused(store: VaultFileStore, values: dict[str, Any]) -> None:
    entry = filled(store)
    with pytest.raises(StoreError, match="rotate_rekey_as_found"):
        store.check(KIND, entry.changed(**values))


def test_an_entry_without_passwords_needs_none(store: VaultFileStore) -> None:
    store.check(KIND, Entry())
    assert store.write(HOST, KIND, Entry()).code is None


def test_what_a_person_has_put_there_can_be_accepted(store: VaultFileStore) -> None:
    entry = filled(store)
    edited = entry.changed(current=entry.previous, staged=None)
    with pytest.raises(StoreError, match="edited"):
        store.rekeyed(KIND, edited)
    accepted = store.rekeyed(KIND, edited, as_found=True)
    store.check(KIND, accepted)
    assert accepted.current == entry.previous


# -- with which key ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(store: VaultFileStore) -> Entry:
    """An entry in the store, encrypted with the old key."""
    return filled(store)


BOTH = (("new", NEW), ("old", OLD))
BY_OLD, BY_NEW = ("$ANSIBLE_VAULT;1.2;AES256;old\n", "$ANSIBLE_VAULT;1.2;AES256;new\n")


def test_an_entry_is_encrypted_with_the_key_that_opens_it(folder: str, stored: Entry) -> None:
    """Not with the first one of the run."""
    assert opened(folder, *BOTH).encrypt("x", stored).startswith(BY_OLD)
    assert opened(folder, *BOTH).encrypt("x", Entry()).startswith(BY_OLD), "a new host"


@pytest.mark.parametrize("is_new", [True, False])
def test_a_key_that_opens_nothing_encrypts_nothing(folder: str, stored: Entry, is_new: bool) -> None:
    """A slip in a new vault password would lose whatever it encrypts."""
    typed = opened(folder, *BOTH, vault_id="new")
    with pytest.raises(StoreError, match=r"the id new opens no password in .* new one with the playbook rekey"):
        typed.encrypt("x", Entry() if is_new else stored)
    with pytest.raises(StoreError, match="opens no password"):
        typed.check_vault_password()


def test_in_an_empty_store_every_key_is_new(folder: str) -> None:
    assert opened(folder, *BOTH, vault_id="new").encrypt("x", Entry()).startswith(BY_NEW)


def test_a_key_that_was_introduced_is_chosen(folder: str, stored: Entry) -> None:
    both = opened(folder, *BOTH, vault_id="new")
    both.write(HOST, KIND, both.rekeyed(KIND, stored))
    assert both.encrypt("x", Entry()).startswith(BY_NEW)


def test_a_rekeyed_entry_needs_the_new_key_only(folder: str, stored: Entry) -> None:
    both = opened(folder, *BOTH, vault_id="new")
    rekeyed = both.write(HOST, KIND, both.rekeyed(KIND, stored))
    new_only = opened(folder, ("new", NEW))
    new_only.check(KIND, rekeyed)
    assert [new_only.decrypt(Ciphertext(str(rekeyed.password(slot)))) for slot in SLOTS] == [
        f"the {slot} of {HOST}" for slot in SLOTS
    ]
    assert both.rekeyed(KIND, rekeyed) == rekeyed, "nothing is left to do"
    same = {name: getattr(stored, name) for name in ("version", "code", *SLOTS)}
    assert rekeyed.changed(**same) == stored, "nothing else is another"


def test_a_damaged_neighbor_keeps_nobody_from_the_store(folder: str, store: VaultFileStore, stored: Entry) -> None:
    Path(folder, "a-notes.yml").write_text("a: b: c\n", encoding="utf-8")
    Path(folder, "b-directory.yml").mkdir()
    store.check_vault_password()
    assert opened(folder, *BOTH).encrypt("x", Entry()).startswith(BY_OLD)
    assert sorted(store.hosts()) == ["a-notes", HOST, "b-directory"]


def typed(secret: bytes) -> PromptVaultSecret:
    key = PromptVaultSecret()
    key._bytes = secret
    return key


def test_a_new_key_is_not_typed_at_a_prompt(folder: str, stored: Entry) -> None:
    """Nobody would see a slip in it."""
    with pytest.raises(StoreError, match=r"was typed at a prompt, .* give --vault-id new@FILE"):
        opened(folder, ("new", typed(b"a new kye")), ("old", OLD), vault_id="new").check_introduction()
    opened(folder, ("new", typed(b"the old key")), vault_id="new").check_introduction()
    opened(folder, *BOTH, vault_id="new").check_introduction()


def test_which_hosts_are_left(folder: str, stored: Entry) -> None:
    both = opened(folder, *BOTH, vault_id="new")
    other = filled(opened(folder, ("old", OLD)), "admin-101", THEIRS)
    assert both.hosts_left() == ["admin-101", HOST]
    both.write(HOST, KIND, both.rekeyed(KIND, stored))
    assert both.hosts_left() == ["admin-101"]
    both.check_opens(HOST)
    with pytest.raises(StoreError, match="does not open all of admin-101"):
        both.check_opens("admin-101")
    both.write("admin-101", KIND, both.rekeyed(KIND, other))
    assert both.hosts_left() == []


def test_what_nobody_can_open_is_written_and_refused(folder: str, store: VaultFileStore) -> None:
    """Somebody has put something into the file that is no password of this store."""
    written = store.write(HOST, KIND, Entry(account=MINE, current=Ciphertext("no vault text")))
    assert written.code is None
    with pytest.raises(StoreError, match="the vault password does not open"):
        store.check(KIND, written)
    with pytest.raises(StoreError, match="this run has no vault password"):
        opened(folder).write(HOST, KIND, written.changed(staged=written.current))

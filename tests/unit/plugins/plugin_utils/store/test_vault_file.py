# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file store: what is on the disk, who may read it, and what a crash or a second writer leaves."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import stat
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store import vault_file
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    BookedLogin,
    Ciphertext,
    Conflict,
    Entry,
    StoreError,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

NOW = datetime(2026, 11, 21, 22, 45, 54, tzinfo=timezone.utc)
HOST, KIND = "agent-1001", "cc_agent"
PASSWORD = "Marker-pässword: \"#'x"


def vault(*keys: tuple[str, str]) -> VaultLib:
    return VaultLib([(label, VaultSecret(secret.encode())) for label, secret in keys])


KEYS = vault(("default", "key"))


@cache
def encrypted(secret: str = "encrypted") -> Ciphertext:
    """Return a ciphertext, each made once: they take their time."""
    return Ciphertext(KEYS.encrypt(secret, KEYS.secrets[0][1]).decode())


ENTRY = Entry(
    current=encrypted("current"),
    staged=encrypted("staged"),
    previous=encrypted("previous"),
    rotated_at=NOW,
    staged_at=NOW,
    written_by="machine:1:2",
    written_at=NOW,
    ledger=(BookedLogin(NOW, "staged", "wrong_password", "machine:1:2"),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> VaultFileStore:
    return VaultFileStore(str(folder), KEYS)


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(".tmp")]


# -- round trips -------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(store: VaultFileStore) -> None:
    assert store.read(HOST, KIND) is None
    written = store.write(HOST, KIND, ENTRY)
    assert written == ENTRY.changed(version=1, code=written.code)
    assert store.read(HOST, KIND) == written
    assert store.read(HOST, "cc_config") is None


def test_an_entry_that_is_nearly_empty(store: VaultFileStore) -> None:
    store.write(HOST, KIND, Entry())
    assert store.read(HOST, KIND) == Entry(version=1)


def test_a_file_that_another_process_has_written_is_read_anew(store: VaultFileStore, folder: Path) -> None:
    written = store.write(HOST, KIND, ENTRY)
    other = VaultFileStore(str(folder), KEYS).write(HOST, KIND, written.changed(staged=None))
    assert store.read(HOST, KIND) == other
    assert store.read("another host", KIND) is None


def test_the_home_folder_may_be_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    VaultFileStore("~/store", KEYS).write(HOST, KIND, ENTRY)
    assert (tmp_path / "store" / "agent-1001.yml").exists()


def test_the_kinds_of_a_host_share_a_file_but_no_version(store: VaultFileStore, folder: Path) -> None:
    one = store.write(HOST, KIND, ENTRY)
    other = store.write(HOST, "cc_config", Entry(current=encrypted("admin")))
    assert (store.read(HOST, KIND), store.read(HOST, "cc_config")) == (one, other)
    store.write(HOST, KIND, one.changed(staged=None))
    assert store.read(HOST, "cc_config") == other
    assert [name for name in os.listdir(folder) if name.endswith(".yml")] == ["agent-1001.yml"]


def test_encrypting_and_decrypting(store: VaultFileStore, folder: Path) -> None:
    ciphertext = store.encrypt(PASSWORD, Entry())
    assert PASSWORD not in ciphertext
    assert VaultFileStore(str(folder), KEYS).decrypt(ciphertext) == PASSWORD
    assert store.encrypt(PASSWORD, Entry()) != ciphertext, "salted"


def test_a_secret_is_decrypted_once(store: VaultFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible Vault derives a key for each secret, which takes its time."""
    one = store.encrypt(PASSWORD, Entry())
    other = VaultFileStore(store.place, KEYS).encrypt("other", Entry())
    assert store.decrypt(other) == "other"
    monkeypatch.setattr(VaultLib, "decrypt_and_get_vault_id", None)
    assert (store.decrypt(one), store.decrypt(other)) == (PASSWORD, "other")


def test_plain_ansible_vault_opens_a_password(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, Entry(current=store.encrypt(PASSWORD, Entry())))
    lines = (folder / "agent-1001.yml").read_text().splitlines()
    start = lines.index("    current: !vault |") + 1
    scalar = [line.strip() for line in lines[start:] if line.startswith(" " * 6)]
    assert KEYS.decrypt("\n".join(scalar)).decode() == PASSWORD


def test_the_file_is_plain_but_for_the_secrets(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, ENTRY)
    text = (folder / "agent-1001.yml").read_text()
    assert text.startswith("# Passwords of one inventory host")
    assert text.count("!vault |\n      $ANSIBLE_VAULT;1.1;AES256") == 3
    document = yaml.safe_load(text.replace("!vault ", ""))
    credential = document["credentials"][KIND]
    assert (document["format"], document["host"], credential["version"]) == (1, HOST, 1)
    assert credential["ledger"] == [
        {"at": "2026-11-21T22:45:54Z", "slot": "staged", "outcome": "wrong_password", "run": "machine:1:2"}
    ]
    assert "python" not in text


def test_an_entry_shows_no_secret() -> None:
    assert "encrypted" not in repr(Entry(current=encrypted(), staged=encrypted(), previous=encrypted()))
    assert "ANSIBLE_VAULT" not in repr(ENTRY)


def test_the_time_is_whole_seconds_in_utc() -> None:
    assert (now().microsecond, now().tzinfo) == (0, timezone.utc)


# -- vault passwords ---------------------------------------------------------------------------------------------------


def test_without_a_vault_password(folder: Path) -> None:
    store = VaultFileStore(str(folder), vault())
    for attempt in (
        lambda: store.encrypt("x", Entry()),
        lambda: store.decrypt(encrypted()),
        store.check_vault_password,
    ):
        with pytest.raises(StoreError, match="no vault password; give one with --vault-password-file"):
            attempt()
    assert not folder.exists()


def test_with_another_vault_password(store: VaultFileStore, folder: Path) -> None:
    ciphertext = store.encrypt(PASSWORD, Entry())
    other = VaultFileStore(str(folder), vault(("default", "another key")))
    with pytest.raises(StoreError, match="the vault password does not open") as caught:
        other.decrypt(ciphertext)
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)


def test_the_vault_id_chooses_the_key_and_is_recorded(folder: Path) -> None:
    both = vault(("first", "key one"), ("second", "key two"))
    store = VaultFileStore(str(folder), both, "second")
    ciphertext = store.encrypt(PASSWORD, Entry())
    assert ciphertext.startswith("$ANSIBLE_VAULT;1.2;AES256;second\n")
    assert VaultFileStore(str(folder), vault(("any", "key two"))).decrypt(ciphertext) == PASSWORD
    assert VaultFileStore(str(folder), both).encrypt("x", Entry()).startswith("$ANSIBLE_VAULT;1.2;AES256;first\n")


def test_the_identity_of_ansible_cfg_chooses_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = vault(("first", "key one"), ("second", "key two"))
    monkeypatch.setenv("ANSIBLE_VAULT_ENCRYPT_IDENTITY", "second")
    assert VaultFileStore(str(folder), both).encrypt("x", Entry()).startswith("$ANSIBLE_VAULT;1.2;AES256;second\n")
    given = VaultFileStore(str(folder), both, "first")
    assert given.encrypt("x", Entry()).startswith("$ANSIBLE_VAULT;1.2;AES256;first\n"), "what is given wins"
    with pytest.raises(StoreError, match="no vault password with the id second"):
        VaultFileStore(str(folder), KEYS).encrypt("x", Entry())


def test_the_default_label_is_not_recorded(store: VaultFileStore) -> None:
    assert store.encrypt("x", Entry()).startswith("$ANSIBLE_VAULT;1.1;AES256\n")


def test_a_vault_id_that_the_run_does_not_have(folder: Path) -> None:
    store = VaultFileStore(str(folder), KEYS, "elsewhere")
    with pytest.raises(StoreError, match="no vault password with the id elsewhere; give it with --vault-id"):
        store.encrypt("x", Entry())


def test_the_key_is_checked_against_what_is_stored(store: VaultFileStore, folder: Path) -> None:
    store.check_vault_password()
    store.write("empty", KIND, Entry())
    store.check_vault_password()
    store.write(HOST, KIND, Entry(current=store.encrypt(PASSWORD, Entry())))
    store.check_vault_password()
    with pytest.raises(StoreError, match="does not open the passwords"):
        VaultFileStore(str(folder), vault(("default", "another key"))).check_vault_password()


def test_what_is_no_file_of_the_store_is_not_checked(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, Entry())
    (folder / "notes.txt").write_text("none of ours")
    store.check_vault_password()
    (folder / "damaged.yml").write_text("nonsense")
    store.check_vault_password()


def test_a_store_that_cannot_be_listed_is_left_to_the_first_write(folder: Path) -> None:
    folder.write_text("a file")
    VaultFileStore(str(folder), KEYS).check_vault_password()


# -- compare and swap --------------------------------------------------------------------------------------------------


def test_a_write_on_an_old_version_is_refused(store: VaultFileStore) -> None:
    first = store.write(HOST, KIND, ENTRY)
    second = store.write(HOST, KIND, first.changed(staged=None))
    for stale in (ENTRY, first, second.changed(version=9)):
        with pytest.raises(Conflict, match="another run has written this credential"):
            store.write(HOST, KIND, stale)
    assert store.read(HOST, KIND) == second


def test_a_write_on_what_is_gone_is_refused(store: VaultFileStore, folder: Path) -> None:
    written = store.write(HOST, KIND, ENTRY)
    (folder / "agent-1001.yml").unlink()
    with pytest.raises(Conflict):
        store.write(HOST, KIND, written)


def in_a_child(work: Callable[[], Any]) -> multiprocessing.Process:
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    return child


def test_two_processes_lose_no_update(store: VaultFileStore) -> None:
    rounds = 10

    def count() -> None:
        done = 0
        while done < rounds:
            entry = store.read(HOST, KIND) or Entry()
            try:
                store.write(HOST, KIND, entry.changed(ledger=(*entry.ledger, ENTRY.ledger[0])))
            except Conflict:
                continue
            done += 1

    children = [in_a_child(count) for _child in range(2)]
    for child in children:
        child.join(20)
        assert child.exitcode == 0
    entry = store.read(HOST, KIND)
    assert entry is not None
    assert (entry.version, len(entry.ledger)) == (2 * rounds, 2 * rounds)


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_writer_that_is_killed_leaves_the_old_file(
    store: VaultFileStore, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = store.write(HOST, KIND, ENTRY)

    def die() -> None:
        monkeypatch.setattr(vault_file.os, call, lambda *_args: os.kill(os.getpid(), signal.SIGKILL))
        store.write(HOST, KIND, written.changed(staged=None))

    child = in_a_child(die)
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    assert store.read(HOST, KIND) == written
    # Nor does it leave the lock.
    assert store.write(HOST, KIND, written).version == 2


# -- the disk ----------------------------------------------------------------------------------------------------------


def test_nobody_else_may_read(store: VaultFileStore, folder: Path) -> None:
    before = os.umask(0)
    try:
        store.write(HOST, KIND, ENTRY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / ".locks").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "agent-1001.yml").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o701, 0o704, 0o755, 0o777])
def test_a_folder_open_to_everybody_is_refused(store: VaultFileStore, folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StoreError, match="is open to every user of this machine; run chmod o-rwx"):
        store.write(HOST, KIND, ENTRY)
    assert list(folder.iterdir()) == []


def test_a_folder_of_a_group_is_accepted(store: VaultFileStore, folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o2770)
    assert store.write(HOST, KIND, ENTRY).version == 1
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (*folder.iterdir(), *folder.glob(".*/*"))}
    assert modes == {
        "agent-1001.yml": 0o660,
        ".locks": 0o2770,
        **{path.name: 0o660 for path in folder.glob(".*/*")},
    }


def test_a_folder_that_only_its_owner_may_enter_has_files_of_its_owner(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, ENTRY)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if path.is_dir()} == {0o700}


def test_a_folder_that_does_not_hand_its_group_on_is_refused(store: VaultFileStore, folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(StoreError, match=r"shared with its group.*run chmod g\+s on it"):
        store.write(HOST, KIND, ENTRY)


@pytest.mark.parametrize(("call", "number"), [("rename", errno.EROFS), ("fsync", errno.ENOSPC)])
def test_a_write_that_fails_leaves_nothing_behind(
    store: VaultFileStore, folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    written = store.write(HOST, KIND, ENTRY)

    def fail(*_args: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(vault_file.os, call, fail)
        with pytest.raises(StoreError, match="cannot be written") as caught:
            store.write(HOST, KIND, written.changed(staged=None))
    assert os.strerror(number) in str(caught.value)
    assert "correct that and" in str(caught.value)
    assert leftovers(folder) == []
    assert store.read(HOST, KIND) == written


def test_a_temporary_file_that_cannot_be_removed_hides_no_error(
    store: VaultFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(vault_file.os, "rename", fail)
    monkeypatch.setattr(vault_file.os, "unlink", fail)
    with pytest.raises(StoreError, match="cannot be written"):
        store.write(HOST, KIND, ENTRY)


def test_what_reaches_the_disk_in_which_order(store: VaultFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def rename(before: str, after: str) -> None:
        done.append("rename")
        real_rename(before, after)

    monkeypatch.setattr(vault_file.os, "fsync", fsync)
    monkeypatch.setattr(vault_file.os, "rename", rename)
    store.write(HOST, KIND, ENTRY)
    assert done == ["file", "rename", "folder"]


def test_a_store_that_is_a_file(folder: Path, store: VaultFileStore) -> None:
    folder.write_text("")
    with pytest.raises(StoreError, match="cannot be read"):
        store.read(HOST, KIND)
    with pytest.raises(StoreError, match="cannot be written"):
        store.write(HOST, KIND, ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "- a list",
        "format: 1",
        "format: 1\ncredentials: []",
        "format: 1\ncredentials: {cc_agent: {}}",
        "format: 1\ncredentials: {cc_agent: null}",
        "format: 1\ncredentials: {cc_agent: {version: x}}",
        "format: 1\n\tcredentials: {",
        "format: 1\ncredentials: !!python/object/apply:os.getcwd []",
        "format: !unknown 1",
    ],
)
def test_a_damaged_file(store: VaultFileStore, folder: Path, text: str) -> None:
    store.write("other", KIND, ENTRY)
    path = folder / "agent-1001.yml"
    path.write_text(text)
    fault = "damaged" if text else "empty"
    with pytest.raises(StoreError, match=rf"agent-1001\.yml is {fault}; restore it from the newest backup"):
        store.read(HOST, KIND)
    with pytest.raises(StoreError, match=f"is {fault}"):
        store.write(HOST, KIND, ENTRY)
    assert path.read_text() == text


def test_a_file_cut_off_anywhere_is_damaged_or_whole(store: VaultFileStore, folder: Path) -> None:
    written = store.write(HOST, KIND, ENTRY)
    path = folder / "agent-1001.yml"
    whole = path.read_bytes()
    # The last scalar may lose its end unnoticed; ansible-vault notices, by its checksum.
    for length in range(0, whole.index(b"previous:"), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"is empty|is damaged|has a format that this version does not know"):
            store.read(HOST, KIND)
    path.write_bytes(whole)
    assert store.read(HOST, KIND) == written


def test_bytes_that_are_no_text(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, ENTRY)
    (folder / "agent-1001.yml").write_bytes(b"format: 1\nhost: \xff\xfe")
    with pytest.raises(StoreError, match="is damaged"):
        store.read(HOST, KIND)


def test_a_file_of_a_later_version(store: VaultFileStore, folder: Path) -> None:
    store.write(HOST, KIND, ENTRY)
    (folder / "agent-1001.yml").write_text("format: 2\ncredentials: {}")
    with pytest.raises(StoreError, match="has a format that this version does not know; update the collection"):
        store.read(HOST, KIND)


@pytest.mark.parametrize(
    ("host", "file"),
    [
        ("../x", "%2E.%2Fx.yml"),
        (".hidden", "%2Ehidden.yml"),
        ("..", "%2E..yml"),
        (".locks", "%2Elocks.yml"),
        ("a/b", "a%2Fb.yml"),
        ("/etc/passwd", "%2Fetc%2Fpasswd.yml"),
        ("%2E", "%252E.yml"),
        ("агент", "%D0%B0%D0%B3%D0%B5%D0%BD%D1%82.yml"),
        ("two words\n", "two%20words%0A.yml"),
        ("", ".yml"),
        ("agent-1001.example.com", "agent-1001.example.com.yml"),
    ],
)
def test_odd_host_names_stay_in_the_folder(store: VaultFileStore, folder: Path, host: str, file: str) -> None:
    written = store.write(host, KIND, ENTRY)
    assert store.read(host, KIND) == written
    assert [name for name in os.listdir(folder) if name != ".locks"] == [file]
    assert [one.name for one in folder.parent.iterdir()] == ["store"]
    assert yaml.safe_load((folder / file).read_text().replace("!vault ", ""))["host"] == host


def test_a_host_name_that_is_too_long(store: VaultFileStore) -> None:
    for name in ("x" * 246, "\u5ba2" * 28):
        with pytest.raises(StoreError, match="the host's name is too long for the name of a file"):
            store.write(name, KIND, ENTRY)
        with pytest.raises(StoreError, match="the host's name is too long"):
            store.read(name, KIND)
    assert store.write("x" * 245, KIND, ENTRY) == store.read("x" * 245, KIND)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The default store: one YAML file for each inventory host, its secrets as Ansible Vault scalars.

Who may list the folder sees which accounts exist and when they were changed; the passwords need the vault password.
A write is locked, compared, written to a temporary file, flushed, renamed over the old file, and the folder flushed.
"""

from __future__ import annotations

import contextlib
import os
import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ansible import constants
from ansible.parsing.vault import PromptVaultSecret

from ansible_collections.callcenter.passwords.plugins.plugin_utils.durable_file import make_folder, remove, replace

from . import folder, host_file, last_ledgers
from .entry import SLOTS, Account, BookedLogin, Ciphertext, Conflict, Entry, StoreError
from .locks import locked
from .owners import Owners
from .vault import Key, NotOpened, Vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ansible.parsing.vault import VaultLib

_LOCKS = ".locks"
_RETIRED = ".retired"
_LONGEST_NAME = 245
"""Most characters of a file's name without its end. File systems take 255; a temporary file has five more."""
_ENOUGH_HOSTS = 20
"""Files of other hosts that are looked into for a secret that a key opens."""


class VaultFileStore:
    """Credentials in a folder.

    Attributes:
        place: the folder.
    """

    def __init__(self, path: str, vault: VaultLib, vault_id: str | None = None) -> None:
        """Prepare a store; nothing is read or written yet.

        Args:
            path: folder of the files. Created with mode 0700 by the first write.
            vault: the run's vault passwords.
            vault_id: which of them encrypts. Otherwise it is the one that an entry was encrypted with.
        """
        self.place = os.path.abspath(os.path.expanduser(path))
        self._owners = Owners(self.place)
        self._last_loaded: tuple[str, str, dict[str, Entry]] | None = None
        vault_id = vault_id or constants.config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY")
        self._vault = Vault(vault, vault_id, self.place)

    # -- secrets -------------------------------------------------------------------------------------------------------

    def encrypt(self, secret: str, entry: Entry) -> Ciphertext:
        """Encrypt a password for an entry.

        The key is one that opens passwords of this store. Otherwise a slip in a new vault password would lose all.

        Raises:
            StoreError: there is no such vault password.
        """
        return self._vault.encrypt(secret, self._key_for(entry))

    def decrypt(self, ciphertext: Ciphertext) -> str:
        """Decrypt a password.

        Raises:
            StoreError: the vault password is missing or another one.
        """
        return self._vault.decrypt(ciphertext)

    def check(self, kind: str, entry: Entry) -> None:
        """Make sure that an entry's passwords are its own and in their slots, and that others can be encrypted.

        Raises:
            StoreError: they are not, or the vault password is missing or another one.
        """
        path = self._last_loaded[0] if self._last_loaded else self.place
        try:
            self._vault.check(kind, entry)
        except NotOpened:
            if any(map(self._is_opened, islice(self._current_ones(), _ENOUGH_HOSTS))):
                raise StoreError(
                    f"{path} has a password of {kind} that no vault password of this run opens, though they open those "
                    "of other hosts: it is damaged, so restore the file from the newest backup; or it was encrypted "
                    "with another vault password, so give that one too"
                ) from None
            raise
        self._key_for(entry)

    def _is_opened(self, text: Ciphertext) -> bool:
        try:
            self._vault.decrypt(text)
        except StoreError:
            return False
        return True

    def check_vault_password(self) -> None:
        """Make sure that there is a vault password, and that it opens the store's passwords.

        Raises:
            StoreError: it is not there, or another one.
        """
        self._key_for(Entry())

    def rekeyed(self, kind: str, entry: Entry, *, as_found: bool = False) -> Entry:
        """Return an entry with every secret encrypted with the key that the settings choose.

        Args:
            kind: of credential.
            entry: it.
            as_found: accept passwords that a person has put where they are.

        Raises:
            StoreError: a secret cannot be opened, or is not where this collection has put it.
        """
        key = self._vault.chosen_key()
        if not as_found:
            self._vault.check(kind, entry)
        held = {slot: text for slot in SLOTS if (text := entry.password(slot))}
        again = {slot: text for slot, text in held.items() if self._vault.key_of(text)[1] is not key[1]}
        rekeyed = entry.changed(
            **{slot: self._vault.encrypt(self._vault.decrypt(text), key) for slot, text in again.items()}
        )
        return self._vault.bound(kind, rekeyed)

    def check_introduction(self) -> None:
        """Make sure that the chosen key may be introduced: it opens something here, or was not typed at a prompt.

        Raises:
            StoreError: a slip in it would lose what it encrypts.
        """
        label, key = self._vault.chosen_key()
        if same := self._vault.same_as(key):
            raise StoreError(
                f"the vault password with the id {label} is the same as the one with the id {same}; give another one, "
                "or leave one of both ids out"
            )
        held = list(islice(self._current_ones(), _ENOUGH_HOSTS))
        if isinstance(key, PromptVaultSecret) and not any(self._vault.opens(text, (label, key)) for text in held):
            raise StoreError(
                f"the vault password with the id {label} is new here and was typed at a prompt, where a slip in it "
                f"would lose all passwords; put it into a file and give --vault-id {label}@FILE"
            )

    def check_opens(self, host: str) -> None:
        """Make sure that the chosen key alone opens all secrets of a host.

        Raises:
            StoreError: it does not.
        """
        if not self._is_open(host):
            raise StoreError(f"the vault password with the id {self._vault.vault_id} does not open all of {host}")

    def hosts_left(self) -> list[str]:
        """Return the hosts with a secret that the chosen key does not open, or with a file that cannot be read."""
        return sorted(host for host in self.hosts() if not self._is_open(host))

    def _is_open(self, host: str) -> bool:
        alone = self._vault.alone()
        try:
            for kind, entry in self.kinds(host).items():
                alone.check(kind, entry)
                for text in map(entry.password, SLOTS):
                    if text:
                        alone.decrypt(text)
        except StoreError:
            return False
        return True

    def _key_for(self, entry: Entry) -> Key:
        """Return the key to encrypt with: the chosen one, or the one that has encrypted what is there already."""
        in_use = self._vault.key_of(entry.current) if entry.current else None
        if in_use and self._vault.vault_id is None:
            return in_use
        key = self._vault.chosen_key()
        if in_use and in_use[1] is key[1]:
            return key
        held = [text for text in (entry.current, *islice(self._current_ones(), _ENOUGH_HOSTS)) if text]
        if self._vault.vault_id is None and held:
            return self._vault.key_of(held[0])
        if held and not any(self._vault.opens(text, key) for text in held):
            raise StoreError(
                f"the vault password with the id {key[0]} opens no password in {self.place}, and a slip in it would "
                "lose what it encrypts; give the right one, or introduce a new one with the playbook rekey"
            )
        return key

    def _current_ones(self) -> Iterator[Ciphertext]:
        """Yield current passwords of any hosts. What cannot be read is another run's matter."""
        for host in self.hosts():
            with contextlib.suppress(StoreError):
                yield from (entry.current for entry in self.kinds(host).values() if entry.current)

    def _bound(self, kind: str, stored: Entry | None, entry: Entry) -> Entry:
        """Return an entry with the code of what is where, which is there already where nothing moves."""
        return entry if stored and entry.code and _is_same_place(stored, entry) else self._vault.bound(kind, entry)

    # -- entries -------------------------------------------------------------------------------------------------------

    def hosts(self) -> Iterator[str]:
        """Yield the hosts that have a file. A folder that is not there yet, or cannot be read, has none."""
        with contextlib.suppress(OSError), os.scandir(self.place) as files:
            for file in files:
                if file.name.endswith(".yml") and not file.name.startswith("."):
                    yield unquote(file.name.removesuffix(".yml"))

    def kinds(self, host: str) -> dict[str, Entry]:
        """Return all credentials of a host.

        Raises:
            StoreError: the file cannot be read or understood.
        """
        return self._load(self._path(host))

    def read(self, host: str, kind: str) -> Entry | None:
        """Return a credential, None where it does not exist.

        Raises:
            StoreError: the file cannot be read or understood.
        """
        return self.kinds(host).get(kind)

    def write(self, host: str, kind: str, entry: Entry) -> Entry:
        """Write a credential that was read at ``entry.version``; durable when this returns.

        Returns:
            the entry with its new version.

        Raises:
            Conflict: it has another version by now. Nothing was written.
            StoreError: it cannot be written. Nothing was written.
        """
        with self._writing(), self._owned(host, kind, entry.account), locked(self._lock_path(self._path(host))) as lock:
            credentials = self.kinds(host)
            stored = credentials.get(kind)
            if (stored.version if stored else 0) != entry.version:
                raise Conflict("another run has written this credential in the meantime")
            bound = self._bound(kind, stored, entry)
            credentials[kind] = bound.changed(version=entry.version + 1)
            replace(os.path.realpath(self._path(host)), host_file.text_of(host, credentials), lock.check)
            if entry.account:
                last_ledgers.keep(self._owners.ledger_path(entry.account, kind), credentials[kind])
            return credentials[kind]

    def retire(self, host: str, leaving: Mapping[str, Entry], time: datetime) -> str:
        """Take credentials out, which were read as they are given, and return the file that keeps them.

        Raises:
            Conflict: another run has written one of them by now. Nothing is taken out.
            StoreError: it cannot be written. Nothing is taken out.
        """
        path, name = self._path(host), f"{time:%Y%m%dT%H%M%SZ}-{'-'.join(leaving)}"
        record = os.path.join(self.place, _RETIRED, f"{os.path.basename(path).removesuffix('.yml')}-{name}.yml")
        with self._writing(), locked(self._lock_path(path)) as lock:
            held = self.kinds(host)
            if any(held.get(kind) != entry for kind, entry in leaving.items()):
                raise Conflict("another run has written this credential in the meantime")
            make_folder(os.path.dirname(record))
            replace(record, host_file.text_of(host, leaving), lock.check)
            staying = {kind: entry for kind, entry in held.items() if kind not in leaving}
            if staying:
                replace(os.path.realpath(path), host_file.text_of(host, staying), lock.check)
            else:
                remove(os.path.realpath(path))
        return record

    def booked_elsewhere(self, account: Account, kind: str) -> tuple[BookedLogin, ...] | None:
        """Return the ledgers of an account's entries of other kinds, None where there are no such entries.

        A server counts the failed logins with all of them together.

        Raises:
            StoreError: a file cannot be read or understood.
        """
        others = [(host, other) for other, host in self._owners.of(account).items() if other != kind]
        found = [self.read(host, other) for host, other in others]
        entries = [entry for entry in found if entry and entry.account == account]
        return tuple(line for entry in entries for line in entry.ledger) if entries else None

    def booked_since(self, account: Account, kind: str, entry: Entry) -> tuple[BookedLogin, ...]:
        """Return an account's logins that were booked after an entry, which is new then, or comes from a backup."""
        return last_ledgers.since(self._owners.ledger_path(account, kind), entry)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Write into the folder, which is there and safe; raise StoreError where the file system refuses something."""
        try:
            folder.prepare(self.place)
            yield
        except OSError as exc:
            raise StoreError(
                f"the store {self.place} cannot be written ({os.strerror(exc.errno or 0)}); correct that and retry"
            ) from None

    @contextlib.contextmanager
    def _owned(self, host: str, kind: str, account: Account | None) -> Iterator[None]:
        """Make an account the host's, until its entry is written; raise StoreError where it is another host's."""
        if account is None or self._owners.of(account).get(kind) == host:
            yield
            return
        with locked(self._lock_path(self._owners.path(account))) as lock:
            hosts = self._owners.of(account)
            owner = hosts.get(kind, host)
            if owner != host:
                bound = self.read(owner, kind)
                if bound and bound.account == account:
                    raise StoreError(
                        f"account {account} belongs to the inventory host {owner}, and two hosts would lock it "
                        f"together. Correct the inventory; if {owner} has another name now, rename its file in the "
                        "store as well"
                    )
            self._owners.keep(account, {**hosts, kind: host}, lock.check)
            yield

    # -- files ---------------------------------------------------------------------------------------------------------

    def _path(self, host: str) -> str:
        """Return the host's file. Quoted, so that no name leaves the folder, hides, or is a lock."""
        name = re.sub(r"^\.", "%2E", quote(host, safe=""))
        if len(name) > _LONGEST_NAME:
            raise StoreError(
                "the host's name is too long for the name of a file; give it a shorter one in the inventory"
            )
        return os.path.join(self.place, f"{name}.yml")

    def _lock_path(self, path: str) -> str:
        locks = os.path.join(self.place, _LOCKS)
        make_folder(locks)
        return os.path.join(locks, os.path.basename(path))

    def _load(self, path: str) -> dict[str, Entry]:
        try:
            text = host_file.read_text(path)
        except FileNotFoundError:
            return {}
        # A write compares with what was read just before, and mostly nothing has changed.
        if self._last_loaded is None or self._last_loaded[:2] != (path, text):
            self._last_loaded = path, text, host_file.parse(path, text)
        return dict(self._last_loaded[2])


def _is_same_place(stored: Entry, entry: Entry) -> bool:
    """Whether every password is where it was."""
    names = ("account", "code", *SLOTS)
    return all(getattr(stored, name) == getattr(entry, name) for name in names)

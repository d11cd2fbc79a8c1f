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
import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret

from ansible_collections.callcenter.passwords.plugins.plugin_utils.durable_file import replace

from .document import from_dict, to_dict
from .entry import SLOTS, Account, BookedLogin, Ciphertext, Conflict, Entry, StoreError
from .locks import locked
from .owners import Owners

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMAT = 1
_HEADER = "# Passwords of one inventory host, kept by callcenter.passwords. Secrets are Ansible Vault scalars.\n"
_LOCKS = ".locks"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _StoreLoader(_Loader):  # type: ignore[misc]
    """Reads vault scalars as they stand."""


class _StoreDumper(_Dumper):  # type: ignore[misc]
    """Writes vault scalars the way ansible-vault does."""


class _VaultScalar(str):
    __slots__ = ()


_StoreLoader.add_constructor("!vault", lambda loader, node: _VaultScalar(loader.construct_scalar(node)))
_StoreDumper.add_representer(
    _VaultScalar, lambda dumper, scalar: dumper.represent_scalar("!vault", str(scalar), style="|")
)

# ansible-core marks strings by subclasses, which YAML does not know.
_StoreDumper.add_multi_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", "".join(text))
)


class VaultFileStore:
    """Credentials in a folder."""

    def __init__(self, folder: str, vault: VaultLib, vault_id: str | None = None) -> None:
        """Prepare a store; nothing is read or written yet.

        Args:
            folder: where the files are. Created with mode 0700 by the first write.
            vault: the run's vault passwords.
            vault_id: which of them encrypts; otherwise the run's own rule decides.
        """
        self._folder = os.path.abspath(os.path.expanduser(folder))
        self._owners = Owners(self._folder)
        self._vault = vault
        self._last_loaded: tuple[str, str, dict[str, Entry]] | None = None
        # Ansible Vault derives a key of its own for each secret, which takes 10,000 rounds on purpose.
        self._opened: dict[Ciphertext, str] = {}
        self._vault_id = vault_id or constants.config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY")

    def encrypt(self, secret: str) -> Ciphertext:
        """Encrypt a secret.

        Raises:
            StoreError: there is no vault password to encrypt with.
        """
        label, key = self._encryption_key()
        ciphertext = Ciphertext(
            self._vault.encrypt(secret, key, vault_id=label if label != "default" else None).decode()
        )
        self._opened[ciphertext] = secret
        return ciphertext

    def decrypt(self, ciphertext: Ciphertext) -> str:
        """Decrypt a secret.

        Raises:
            StoreError: the vault password is missing or another one.
        """
        if not self._vault.secrets:
            raise StoreError(_NO_VAULT_PASSWORD)
        if ciphertext in self._opened:
            return self._opened[ciphertext]
        try:
            self._opened[ciphertext] = str(self._vault.decrypt(str(ciphertext)).decode())
        except AnsibleError:
            raise StoreError(
                f"the vault password does not open the passwords in {self._folder}; give the one they were "
                "encrypted with"
            ) from None
        return self._opened[ciphertext]

    def check_vault_password(self) -> None:
        """Make sure that the vault password is there, and the one that the store's other secrets are encrypted with.

        Raises:
            StoreError: it is not.
        """
        self._encryption_key()
        # A folder that is not there yet holds nothing, and one that cannot be read is refused by the first write.
        with contextlib.suppress(OSError), os.scandir(self._folder) as files:
            for file in files:
                if file.name.endswith(".yml"):
                    for credential in self._load(file.path).values():
                        if credential.current:
                            self.decrypt(credential.current)
                            return

    def read(self, host: str, kind: str) -> Entry | None:
        """Return a credential, None where it does not exist.

        Raises:
            StoreError: the file cannot be read or understood.
        """
        return self._load(self._path(host)).get(kind)

    def write(self, host: str, kind: str, entry: Entry) -> Entry:
        """Write a credential that was read at ``entry.version``; durable when this returns.

        Returns:
            the entry with its new version.

        Raises:
            Conflict: it has another version by now. Nothing was written.
            StoreError: it cannot be written. Nothing was written.
        """
        try:
            self._prepare_folder()
            with self._owned(host, kind, entry.account), locked(self._lock_path(self._path(host))) as lock:
                credentials = self._load(self._path(host))
                stored = credentials.get(kind)
                if (stored.version if stored else 0) != entry.version:
                    raise Conflict("another run has written this credential in the meantime")
                credentials[kind] = entry.changed(version=entry.version + 1)
                replace(self._path(host), _text(_document(host, credentials)), lock.check)
                return credentials[kind]
        except OSError as exc:
            raise StoreError(
                f"the store {self._folder} cannot be written ({os.strerror(exc.errno or 0)}); correct that and retry"
            ) from None

    def booked_elsewhere(self, account: Account, kind: str) -> tuple[BookedLogin, ...] | None:
        """Return the ledgers of an account's entries of other kinds, None where there are no such entries.

        A server counts the failed logins with all of them together.

        Raises:
            StoreError: a file cannot be read or understood.
        """
        others = [(host, other) for other, host in self._owners.of(account).items() if other != kind]
        found = [self._load(self._path(host)).get(other) for host, other in others]
        entries = [entry for entry in found if entry and entry.account == account]
        return tuple(line for entry in entries for line in entry.ledger) if entries else None

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
                bound = self._load(self._path(owner)).get(kind)
                if bound and bound.account == account:
                    raise StoreError(
                        f"account {account} belongs to the inventory host {owner}, and two hosts would lock it "
                        f"together. Correct the inventory; if {owner} has another name now, rename its file in the "
                        "store as well"
                    )
            self._owners.keep(account, {**hosts, kind: host}, lock.check)
            yield

    def _encryption_key(self) -> tuple[str, Any]:
        if not self._vault.secrets:
            raise StoreError(_NO_VAULT_PASSWORD)
        try:
            label, key = match_encrypt_secret(self._vault.secrets, encrypt_vault_id=self._vault_id)
        except AnsibleError:
            raise StoreError(
                f"this run has no vault password with the id {self._vault_id}; give it with --vault-id"
            ) from None
        return str(label), key

    def _path(self, host: str) -> str:
        """Return the host's file. Quoted, so that no name leaves the folder, hides, or is a lock."""
        name = quote(host, safe="")
        return os.path.join(self._folder, re.sub(r"^\.", "%2E", name) + ".yml")

    def _prepare_folder(self) -> None:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        if os.stat(self._folder).st_mode & stat.S_IRWXO:
            raise StoreError(
                f"the store {self._folder} is open to every user of this machine; run chmod o-rwx on it, then run again"
            )

    def _lock_path(self, path: str) -> str:
        locks = os.path.join(self._folder, _LOCKS)
        os.makedirs(locks, mode=0o700, exist_ok=True)
        return os.path.join(locks, os.path.basename(path))

    def _load(self, path: str) -> dict[str, Entry]:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            # A write compares with what was read just before, and mostly nothing has changed.
            if self._last_loaded is None or self._last_loaded[:2] != (path, text):
                self._last_loaded = path, text, _credentials(path, text)
            return dict(self._last_loaded[2])
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise StoreError(
                f"{path} cannot be read ({os.strerror(exc.errno or 0)}); correct that and run again"
            ) from None
        except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError):
            raise StoreError(f"{path} is damaged; restore it from a backup") from None


_NO_VAULT_PASSWORD = (
    "this run has no vault password; give one with --vault-password-file, --vault-id or --ask-vault-pass"
)


def _text(document: dict[str, Any]) -> str:
    return _HEADER + str(yaml.dump(document, None, _StoreDumper, sort_keys=False, explicit_start=True))


def _credentials(path: str, text: str) -> dict[str, Entry]:
    document = yaml.load(text, _StoreLoader)  # noqa: S506  a subclass of the safe loader
    if document["format"] != _FORMAT:
        raise StoreError(f"{path} has a format that this version does not know; update the collection")
    return {kind: from_dict(values) for kind, values in document["credentials"].items()}


def _document(host: str, credentials: dict[str, Entry]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "host": host,
        "credentials": {kind: _with_scalars(to_dict(credentials[kind])) for kind in sorted(credentials)},
    }


def _with_scalars(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _VaultScalar(value) if name in SLOTS and value else value for name, value in values.items()}

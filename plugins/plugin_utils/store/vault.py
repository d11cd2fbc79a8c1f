# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets as Ansible Vault texts, and the code by which an entry's texts are bound to their account and their slots.

Who can write the store, and has no vault password, can still copy a text to another place, such as a password that he
knows to where the next run sets it. So an entry has a key of its own, encrypted like its passwords, and with that key a
code of what is where.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret

from .entry import SLOTS, Ciphertext, Entry, StoreError

Key = tuple[str, Any]
"""A vault id, and the vault password of that id."""

_BINDING_KEY_BYTES = 32


class Vault:
    """Encrypts and decrypts with a run's vault passwords."""

    def __init__(self, vault: VaultLib, vault_id: str | None, what: str) -> None:
        """Prepare; nothing is encrypted yet.

        Args:
            vault: the run's vault passwords.
            vault_id: which of them encrypts, where the user says so.
            what: whose secrets they are, for messages.
        """
        self._vault = vault
        self.vault_id = vault_id
        self._what = what
        # Ansible Vault derives a key of its own for each secret, which takes 10,000 rounds on purpose.
        self._opened: dict[Ciphertext, tuple[str, Any]] = {}

    def chosen_key(self) -> Key:
        """Return the key that the user's settings choose to encrypt.

        Raises:
            StoreError: there is none, or none with this id.
        """
        if not self._vault.secrets:
            raise StoreError(_NO_VAULT_PASSWORD)
        try:
            label, key = match_encrypt_secret(self._vault.secrets, encrypt_vault_id=self.vault_id)
        except AnsibleError:
            raise StoreError(
                f"this run has no vault password with the id {self.vault_id}; give it with --vault-id"
            ) from None
        return str(label), key

    def alone(self) -> Vault:
        """Return one that knows only the chosen key."""
        return Vault(VaultLib([self.chosen_key()]), self.vault_id, self._what)

    def encrypt(self, secret: str, key: Key) -> Ciphertext:
        """Encrypt a secret."""
        label, known = key
        vault_id = label if label not in ("", "default") else None
        ciphertext = Ciphertext(self._vault.encrypt(secret, known, vault_id=vault_id).decode())
        self._opened[ciphertext] = secret, known
        return ciphertext

    def decrypt(self, ciphertext: Ciphertext) -> str:
        """Decrypt a secret.

        Raises:
            StoreError: the vault password is missing or another one.
        """
        return self._open(ciphertext)[0]

    def key_of(self, ciphertext: Ciphertext) -> Key:
        """Return the key that opens a text.

        Raises:
            StoreError: none does.
        """
        key = self._open(ciphertext)[1]
        return next(((str(label), known) for label, known in self._vault.secrets if known is key), ("", key))

    def opens(self, ciphertext: Ciphertext, key: Key) -> bool:
        """Whether a key opens a text."""
        try:
            VaultLib([key]).decrypt(str(ciphertext))
        except AnsibleError:
            return False
        return True

    # -- binding -------------------------------------------------------------------------------------------------------

    def bound(self, kind: str, entry: Entry) -> Entry:
        """Return the entry with the code of what is where. Its key is new where it has none yet."""
        binding = entry.binding or self.encrypt(secrets.token_hex(_BINDING_KEY_BYTES), self._key_in_use(entry))
        return entry.changed(binding=binding, code=self._code(kind, entry, binding))

    def check(self, kind: str, entry: Entry) -> None:
        """Make sure that the passwords of an entry are where this collection has put them.

        Raises:
            StoreError: they are not, or the vault password is missing or another one.
        """
        if not any(map(entry.password, SLOTS)):
            return
        code = self._code(kind, entry, entry.binding) if entry.binding else ""
        if not hmac.compare_digest(code, entry.code or "-"):
            raise StoreError(
                f"passwords in {self._what} are not where this collection has put them: somebody has edited the file. "
                "Restore it from a backup; or, where that was done on purpose, run the playbook rekey for this host "
                "with rotate_rekey_as_found"
            )

    def _key_in_use(self, entry: Entry) -> Key:
        """Return the key with which this process has encrypted a password of the entry, or else the chosen one."""
        used = [text for text in map(entry.password, SLOTS) if text in self._opened]
        return self.key_of(used[0]) if used else self.chosen_key()

    def _code(self, kind: str, entry: Entry, binding: Ciphertext) -> str:
        held = [kind, entry.account, {slot: entry.password(slot) for slot in SLOTS}]
        key = bytes.fromhex(self.decrypt(binding))
        return hmac.new(key, json.dumps(held, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()

    def _open(self, ciphertext: Ciphertext) -> tuple[str, Any]:
        if not self._vault.secrets:
            raise StoreError(_NO_VAULT_PASSWORD)
        if ciphertext not in self._opened:
            try:
                text, _label, key = self._vault.decrypt_and_get_vault_id(str(ciphertext))
            except AnsibleError:
                raise StoreError(
                    f"the vault password does not open the passwords in {self._what}; give the one they were "
                    "encrypted with"
                ) from None
            self._opened[ciphertext] = str(text.decode()), key
        return self._opened[ciphertext]


_NO_VAULT_PASSWORD = (
    "this run has no vault password; give one with --vault-password-file, --vault-id or --ask-vault-pass"
)

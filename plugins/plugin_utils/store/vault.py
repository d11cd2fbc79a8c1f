# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets as Ansible Vault texts, and the code by which an entry's texts are bound to their account and their slots.

Who can write the store, and has no vault password, can still copy a text to another place, such as a password that he
knows to where the next run sets it. So an entry has a code of what is where, which nobody can make without the vault
password. The code's key comes from the vault password and the salt of the entry's first text. Ansible Vault has derived
that key in order to open the text, and keeps it, so the code costs no derivation of its own.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret, parse_vaulttext, parse_vaulttext_envelope

from .entry import SLOTS, Ciphertext, Entry, StoreError

Key = tuple[str, Any]
"""A vault id, and the vault password of that id."""

_PURPOSE = "callcenter.passwords: what is in which slot"


class NotOpened(StoreError):
    """No vault password of the run opens a text."""


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
        # Versions of ansible-core before 2.19 keep no derived key.
        self._code_keys: dict[Ciphertext, bytes] = {}

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

    def same_as(self, key: Any) -> str:
        """Return the id of another vault password of the run that is the same as one; "" where there is none."""
        others = (label for label, other in self._vault.secrets if other is not key and other.bytes == key.bytes)
        return str(next(others, ""))

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

    # -- what is in which slot ----------------------------------------------------------------------------------------

    def bound(self, kind: str, entry: Entry) -> Entry:
        """Return an entry with the code of what is where; without one where nobody can open what is there.

        Raises:
            StoreError: this run has no vault password.
        """
        try:
            code = self._code(kind, entry)
        except StoreError:
            if not self._vault.secrets:
                raise
            code = None  # The check refuses such an entry in any case.
        return entry.changed(code=code)

    def check(self, kind: str, entry: Entry) -> None:
        """Make sure that the passwords of an entry are where this collection has put them.

        Raises:
            StoreError: they are not, or the vault password is missing or another one.
        """
        code = self._code(kind, entry)
        if code and not hmac.compare_digest(code, entry.code or ""):
            raise StoreError(
                f"passwords in {self._what} are not where this collection has put them: somebody has edited the file. "
                "Restore it from a backup; or, where that was done on purpose, run the playbook rekey for this host "
                "with rotate_rekey_as_found"
            )

    def _code(self, kind: str, entry: Entry) -> str | None:
        """Return the code of what is where, None where there is nothing."""
        texts = {slot: entry.password(slot) for slot in SLOTS}
        first = next(filter(None, texts.values()), None)
        if first is None:
            return None
        held = json.dumps([kind, entry.account, texts], ensure_ascii=False).encode()
        return hmac.new(self._code_key(first), held, "sha256").hexdigest()

    def _code_key(self, text: Ciphertext) -> bytes:
        if text not in self._code_keys:
            _plain, key = self._open(text)
            salt, _mac = _salt_and_mac(str(text).encode())
            # What this encrypts to stays here: the text itself is encrypted with the same key and counter.
            self._code_keys[text] = _salt_and_mac(self._vault.encrypt(_PURPOSE, key, salt=salt))[1]
        return self._code_keys[text]

    def _open(self, ciphertext: Ciphertext) -> tuple[str, Any]:
        if not self._vault.secrets:
            raise StoreError(_NO_VAULT_PASSWORD)
        if ciphertext not in self._opened:
            try:
                text, _label, key = self._vault.decrypt_and_get_vault_id(str(ciphertext))
            except AnsibleError:
                raise NotOpened(
                    f"the vault password does not open the passwords in {self._what}; give the one they were "
                    "encrypted with"
                ) from None
            self._opened[ciphertext] = str(text.decode()), key
        return self._opened[ciphertext]


def _salt_and_mac(text: bytes) -> tuple[bytes, bytes]:
    """Return the salt of the key of a vault text, and the message authentication code that this key has made of it."""
    _encrypted, salt, mac = parse_vaulttext(parse_vaulttext_envelope(text)[0])
    return salt, mac


_NO_VAULT_PASSWORD = (
    "this run has no vault password; give one with --vault-password-file, --vault-id or --ask-vault-pass"
)

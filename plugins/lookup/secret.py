# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup of a stored password."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
short_description: Read a password from the store
version_added: 0.1.0
description:
  - Reads one password of one inventory host from the store of this collection.
  - Used in an argument, the password is read when the argument is templated, so it is in no registered variable and
    no fact.
options:
  _terms:
    description:
      - The inventory host and the kind of credential, for example V('agent-1001', 'cc_agent').
    type: list
    elements: str
    required: true
  slot:
    description:
      - V(current) is the password that works, V(staged) the candidate of a rotation that is not finished, V(previous)
        the password before the current one.
    type: str
    choices: [current, staged, previous]
    default: current
  store_path:
    description: Folder of the store. Where the role's variable is set it is that of the role.
    # No path, which Ansible would make of a template before it is filled in.
    type: str
    required: true
    vars:
      - name: rotate_store_path
    env:
      - name: CALLCENTER_PASSWORDS_STORE
author:
  - callcenter.passwords contributors (!UNKNOWN)
notes:
  - This lookup cannot know what the password is for. A login with it outside the role is not in the ledger of failed
    logins that the store keeps for each account. Give the module C(failed_login_cap), and do not repeat a login that
    failed.
  - Do not look a password up in a task's name or in a C(debug) task; what is templated there is printed.
  - In an argument of a module of this collection, callbacks see the template and no password. In one of another module
    they see the password, which C(display_args_to_stdout) prints with some strategies and ansible-runner keeps in its
    artifacts, unless the task has C(no_log).
seealso:
  - module: callcenter.passwords.rotation
"""

EXAMPLES = r"""
- name: Does the stored password still work?
  callcenter.passwords.cc_agent_login:
    gateway_url: https://gateway.example.com:8043
    agent_id: 1001
    phone_number: "40001"
    password: "{{ lookup('callcenter.passwords.secret', 'agent-1001', 'cc_agent', store_path='/srv/passwords') }}"
    verify_only: true
"""

RETURN = r"""
_raw:
  description: The password, a list of one.
  type: list
  elements: str
"""

from typing import Any

from ansible.plugins.lookup import LookupBase

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import described
from ansible_collections.callcenter.passwords.plugins.module_utils._process.core_dumps import forbid_core_dumps
from ansible_collections.callcenter.passwords.plugins.plugin_utils.filling import StoredPasswordError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import register
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import SLOTS, Entry, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store, open_store


class LookupModule(LookupBase):
    """Reads one password."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the password.

        Raises:
            AnsibleLookupError: the terms are wrong, there is no such password, or it cannot be opened.
        """
        forbid_core_dumps()
        self.set_options(var_options=variables, direct=kwargs)
        unknown = sorted(kwargs.keys() - self.get_options().keys())
        if unknown:
            raise StoredPasswordError(f"there is no option {unknown[0]}; the options are slot and store_path")
        if len(terms) != 2:
            raise StoredPasswordError("give two terms: the inventory host and the kind of credential")
        host, kind, slot = str(terms[0]), str(terms[1]), self.get_option("slot")
        try:
            path = self.get_option("store_path")
            store = open_store(self._templar.template(path) if self._templar else path, None, self._loader)
            entry = _entry(store, host, kind)
            ciphertext = entry.password(slot)
            if ciphertext is None:
                held = ", ".join(filter(entry.password, SLOTS)) or "no password yet"
                raise StoreError(f"the store {store.place} has no {slot} password of it; it has {held}")
            store.check(kind, entry)
            return [register(store.decrypt(ciphertext))]
        except StoreError as exc:
            raise StoredPasswordError(f"{host}, {kind}: {exc}") from None
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            raise StoredPasswordError(
                f"{host}, {kind}: unexpected {described(exc)} while reading the store. Please report it"
            ) from None


def _entry(store: Store, host: str, kind: str) -> Entry:
    """Return a credential; raise StoreError that says whether the host or its kind is not there."""
    kinds = store.kinds(host)
    if not kinds:
        raise StoreError(f"the store {store.place} has no host of this name; correct it, or enroll the host")
    if kind not in kinds:
        raise StoreError(f"the store {store.place} has {', '.join(kinds)} of this host, and no {kind}")
    return kinds[kind]

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypting a host's passwords anew. Documented in plugins/modules/rekey.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import described
from ansible_collections.callcenter.passwords.plugins.modules.rekey import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Conflict, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store

if TYPE_CHECKING:
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

_CONFLICTS = 5
"""How often an entry is read again because another run wrote in between."""


class ActionModule(ActionBase):
    """Encrypts a host's passwords anew."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Encrypt, verify, and tell."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        args = checked(ARGUMENTS, self._task.args)
        host = str(args["host"] or variables.get("inventory_hostname", ""))
        try:
            store = open_store(args["store_path"], args["vault_id"], self._loader)
            told = self._left(store, args["vault_id"]) if args["tells_left"] else self._rekeyed(store, host, args)
        except StoreError as exc:
            told = {"failed": True, "msg": f"{exc}. What was encrypted already is in place; run again"}
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            told = {"failed": True, "msg": f"unexpected {described(exc)}; run again. Please report it"}
        return {**result, "changed": False, "kinds": [], **told}

    def _rekeyed(self, store: Store, host: str, args: dict[str, Any]) -> dict[str, Any]:
        store.check_introduction()
        changed = [kind for kind in store.kinds(host) if self._rekey(store, host, kind, as_found=args["as_found"])]
        if not self._task.check_mode:
            store.check_opens(host)
        number = f"{len(changed)} credential{'s were' if len(changed) != 1 else ' was'}"
        message = f"{number} encrypted with the vault password {args['vault_id']}, which opens all of this host's"
        if changed and not self._task.check_mode:
            # Shown without -v, and kept from the standard output, which a callback may fill with a document.
            self._display.display(f"{host}: {message}", stderr=True)
        return {"changed": bool(changed), "kinds": changed, "msg": message}

    def _rekey(self, store: Store, host: str, kind: str, *, as_found: bool) -> bool:
        for attempt in range(_CONFLICTS):
            entry = store.kinds(host)[kind]
            rekeyed = store.rekeyed(kind, entry, as_found=as_found)
            if rekeyed == entry or self._task.check_mode:
                return rekeyed != entry
            try:
                store.write(host, kind, rekeyed)
            except Conflict:
                if attempt == _CONFLICTS - 1:
                    raise
            else:
                return True
        raise AssertionError

    def _left(self, store: Store, vault_id: str) -> dict[str, Any]:
        left = store.hosts_left()
        if not left:
            message = f"the vault password {vault_id} opens everything in the store"
            self._display.display(message, stderr=True)
            return {"left": [], "msg": message}
        message = (
            f"{len(left)} hosts of the store need another vault password as well: {', '.join(left)}. Run the playbook "
            "for them, or remove their files where they are hosts no more"
        )
        self._display.warning(message)
        return {"left": left, "msg": message}

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypting a host's passwords anew. Documented in plugins/modules/rekey.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.modules.rekey import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Conflict
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store_action import StoreAction

if TYPE_CHECKING:
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

_CONFLICTS = 5
"""How often an entry is read again because another run wrote in between."""


class ActionModule(StoreAction):
    """Encrypts a host's passwords anew."""

    arguments = ARGUMENTS
    advice = "What was encrypted already is in place; run again"

    def act(self, store: Store, host: str, args: dict[str, Any]) -> dict[str, Any]:
        """Encrypt, verify, and tell."""
        return self._left(store, args["vault_id"]) if args["tells_left"] else self._rekeyed(store, host, args)

    def _rekeyed(self, store: Store, host: str, args: dict[str, Any]) -> dict[str, Any]:
        store.check_introduction()
        changed = [kind for kind in store.kinds(host) if self._rekey(store, host, kind, as_found=args["as_found"])]
        if not self._task.check_mode:
            store.check_opens(host)
        number = f"{len(changed)} credential{'s' if len(changed) != 1 else ''}"
        if self._task.check_mode:
            message = f"{number} would be encrypted with the vault password {args['vault_id']}"
            return {"changed": bool(changed), "kinds": changed, "msg": message}
        was = "were" if len(changed) != 1 else "was"
        message = f"{number} {was} encrypted with the vault password {args['vault_id']}, which opens all of this host's"
        if changed:
            self.show(f"{host}: {message}")
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
            self.show(message)
            return {"left": [], "msg": message}
        message = (
            f"{len(left)} hosts of the store have passwords that {vault_id} alone does not open, or a file that cannot "
            f"be read: {', '.join(left)}. Run the playbook for them, retire those that are hosts no more, and restore "
            "what is damaged"
        )
        self._display.warning(message)
        return {"left": left, "msg": message}

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take credentials out of the store. Documented in plugins/modules/retire.py."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import described
from ansible_collections.callcenter.passwords.plugins.modules.retire import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now


class ActionModule(ActionBase):
    """Takes a host's credentials out."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take them out, and tell where they are kept."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        args = checked(ARGUMENTS, self._task.args)
        host = str(args["host"] or variables.get("inventory_hostname", ""))
        try:
            told = self._retired(host, args)
        except StoreError as exc:
            told = {"failed": True, "msg": f"{exc}. Run again"}
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            told = {"failed": True, "msg": f"unexpected {described(exc)}; run again. Please report it"}
        return {**result, "changed": False, "kinds": [], "record": None, **told}

    def _retired(self, host: str, args: dict[str, Any]) -> dict[str, Any]:
        store = open_store(args["store_path"], None, self._loader)
        held = store.kinds(host)
        kinds = [kind for kind in held if kind in (args["kinds"] or held)]
        if not kinds:
            return {"msg": f"the store {store.place} has nothing of it to take out"}
        unresolved = [kind for kind in kinds if held[kind].staged]
        if unresolved:
            raise StoreError(
                f"a rotation of {', '.join(unresolved)} is unresolved, so either password may work; run the rotate "
                "playbook for it first"
            )
        told = {"changed": True, "kinds": kinds}
        if self._task.check_mode:
            return {**told, "msg": f"{', '.join(kinds)} would leave the store"}
        record = store.retire(host, {kind: held[kind] for kind in kinds}, now())
        message = f"{', '.join(kinds)} left the store; what was stored is kept in {record}"
        # Shown without -v, and kept from the standard output, which a callback may fill with a document.
        self._display.display(f"{host}: {message}", stderr=True)
        return {**told, "record": record, "msg": message}

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take credentials out of the store. Documented in plugins/modules/retire.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.callcenter.passwords.plugins.modules.retire import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store_action import StoreAction
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store


class ActionModule(StoreAction):
    """Takes a host's credentials out."""

    arguments = ARGUMENTS
    unchanged: ClassVar[Mapping[str, Any]] = {**StoreAction.unchanged, "record": None}

    def act(self, store: Store, host: str, args: dict[str, Any]) -> dict[str, Any]:
        """Take them out, and tell where they are kept."""
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
        self.show(f"{host}: {message}")
        return {**told, "record": record, "msg": message}

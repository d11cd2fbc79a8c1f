# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that works on what the store holds for a host, and sends nothing."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import described
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.spoken import say
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store


class StoreAction(ActionBase):
    """An action on the store."""

    _supports_check_mode = True
    _supports_async = False
    arguments: ArgumentSpec
    unchanged: ClassVar[Mapping[str, Any]] = {"changed": False, "kinds": []}
    """The result of a task that does nothing."""
    advice = "Run again"
    """What a message about a fault ends with."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do what the task is for. Whatever goes wrong is in the result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = checked(self.arguments, self._task.args)
        host = str(args["host"] or (task_vars or {}).get("inventory_hostname", ""))
        try:
            told = self.act(open_store(args["store_path"], args.get("vault_id"), self._loader), host, args)
        except StoreError as exc:
            told = {"failed": True, "msg": f"{exc}. {self.advice}"}
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            told = {"failed": True, "msg": f"unexpected {described(exc)}; run again. Please report it"}
        return {**result, **self.unchanged, **told}

    @abstractmethod
    def act(self, store: Store, host: str, args: dict[str, Any]) -> dict[str, Any]:
        """Return the result of the task.

        Raises:
            StoreError: it cannot be done.
        """

    def show(self, message: str) -> None:
        """Show a message without -v, and not on the standard output, which a callback may fill with a document."""
        say(message, self._display)

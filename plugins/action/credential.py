# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only thing that writes the store. Documented in plugins/modules/credential.py."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import masked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.transition import Credential, left_alone


class ActionModule(ActionBase):
    """One state transition of one credential."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Carry the transition out and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(dict(ARGUMENTS.options), **ARGUMENTS.rules())
        credential = Credential(self, task_vars or {}, args)
        outcome = credential.to(args["state"])
        if left_alone(outcome):
            self._display.warning(f"{credential.host}, {credential.kind}: {outcome['msg']}")
        result.update(masked(outcome, [args["password"]] if args["password"] else []))
        return result

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that shows nobody what its arguments are, and nobody what a module answers to it."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.plugin_utils.filling import (
    altered_texts,
    filled,
    refuse_altered,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import leaves
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.verbosity import answers_unprinted

KEEPS_TEMPLATES = hasattr(ActionBase, "finalize_task_arg")
"""Whether this ansible-core (2.19 and later) leaves it to an action to fill its arguments in."""
_GIVEN = "_callcenter_passwords_given"


class SecretiveAction(ActionBase):
    """An action whose callbacks get to see the templates of its arguments, as they were written, and no values.

    What a task's arguments are in the end goes to every callback: some print it, and ansible-runner keeps it in files.
    """

    _supports_check_mode = True
    _supports_async = False
    answers_secretly = False
    """Whether the module that is run on another machine may answer with a session or a token."""

    @classmethod
    def finalize_task_arg(cls, _name: str, value: Any, *_templar_and_context: Any) -> Any:
        """Leave an argument as it was written."""
        return value

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do what the task is for."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        task = self._task
        if not KEEPS_TEMPLATES:  # They are filled in already. A further attempt needs them again.
            given = vars(task).setdefault(_GIVEN, task.args)
            task.args = dict.fromkeys(given, "not shown")
            return {**result, **self.act(given, task_vars or {})}
        return {**result, **self.act(self._filled(task.args), task_vars or {})}

    @abstractmethod
    def act(self, args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return the result of the task.

        Args:
            args: its arguments, filled in.
            variables: the variables of its host.
        """

    @abstractmethod
    def secrets_among(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return the secrets among arguments, by names for messages."""

    def _low_level_execute_command(self, *args: Any, **options: Any) -> dict[str, Any]:
        with answers_unprinted() if self.answers_secretly else nullcontext():
            answer: dict[str, Any] = super()._low_level_execute_command(*args, **options)
        return answer

    def _filled(self, written: dict[str, Any]) -> dict[str, Any]:
        args: dict[str, Any] = {}
        # What a task itself makes of templates and other text is meant so.
        with altered_texts(self._templar, meant={*leaves(written)}) as altered:
            for name, value in written.items():
                # In a dictionary, from which a value that is omitted drops out.
                args |= filled(name, {name: value}, self._templar.template)
        refuse_altered(self.secrets_among(args), altered)
        return args

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What callbacks get to see of a task's arguments."""

from __future__ import annotations

from typing import Any

import pytest
from support.action_harness import action

from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner import arguments
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.arguments import SecretiveAction

WRITTEN = {"password": "{{ secret }}"}


class Echo(SecretiveAction):
    def act(self, args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return {"used": args["password"]}

    def secrets_among(self, args: dict[str, Any]) -> dict[str, Any]:
        return args


def test_templates_are_kept() -> None:
    task = action(Echo, "echo", WRITTEN, template={"{{ secret }}": "Marker-1"}.__getitem__)
    assert Echo.finalize_task_arg("password", "{{ secret }}", None, None) == "{{ secret }}"
    assert [task.run(task_vars={})["used"] for _attempt in range(2)] == ["Marker-1"] * 2
    assert task._task.args == WRITTEN


def test_values_are_taken_away_where_ansible_has_filled_them_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "_KEEPS_TEMPLATES", False)
    task = action(Echo, "echo", {"password": "Marker-1"})
    assert [task.run(task_vars={})["used"] for _attempt in range(2)] == ["Marker-1"] * 2
    assert task._task.args == {"password": "not shown"}

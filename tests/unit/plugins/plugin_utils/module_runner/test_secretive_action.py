# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What callbacks get to see of a task's arguments, and connection plugins print of a module's answer."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from support.action_harness import action

from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner import secretive_action
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.secretive_action import SecretiveAction

WRITTEN = {"password": "{{ secret }}"}


class Echo(SecretiveAction):
    def act(self, args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return {"used": args["password"]}

    def secrets_among(self, args: dict[str, Any]) -> dict[str, Any]:
        return args


@pytest.mark.skipif(not secretive_action.KEEPS_TEMPLATES, reason="ansible-core before 2.19 fills arguments in itself")
def test_templates_are_kept() -> None:
    task = action(Echo, "echo", WRITTEN, template={"{{ secret }}": "Marker-1"}.__getitem__)
    assert Echo.finalize_task_arg("password", "{{ secret }}", None, None) == "{{ secret }}"
    assert [task.run(task_vars={})["used"] for _attempt in range(2)] == ["Marker-1"] * 2
    assert task._task.args == WRITTEN


def test_values_are_taken_away_where_ansible_has_filled_them_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secretive_action, "KEEPS_TEMPLATES", False)
    task = action(Echo, "echo", {"password": "Marker-1"})
    assert [task.run(task_vars={})["used"] for _attempt in range(2)] == ["Marker-1"] * 2
    assert task._task.args == {"password": "not shown"}


@pytest.mark.parametrize(("secretly", "verbosity"), [(True, 2), (False, 4)])
def test_how_much_a_connection_plugin_says(monkeypatch: pytest.MonkeyPatch, secretly: bool, verbosity: int) -> None:
    display = Display()
    monkeypatch.setattr(display, "verbosity", 4)
    monkeypatch.setattr(
        ActionBase, "_low_level_execute_command", lambda self, cmd, **_more: {"cmd": cmd, "said": display.verbosity}
    )
    task = action(Echo, "echo", WRITTEN)
    task.answers_secretly = secretly  # type: ignore[attr-defined]
    assert task._low_level_execute_command("run", sudoable=True) == {"cmd": "run", "said": verbosity}
    assert display.verbosity == 4

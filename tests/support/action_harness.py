# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugins without a playbook around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret
from ansible.plugins.action import ActionBase


def loader(*keys: tuple[str, str]) -> DataLoader:
    """Return a loader with these vault passwords."""
    loads = DataLoader()
    loads.set_vault_secrets([(label, VaultSecret(key.encode())) for label, key in keys])
    return loads


def action(
    plugin: type[ActionBase],
    name: str,
    args: Mapping[str, Any],
    *,
    loads: DataLoader | None = None,
    check_mode: bool = False,
    connection: str = "local",
    become: bool = False,
    pipelines: bool = True,
    template: Callable[[Any], Any] = lambda value: value,
) -> ActionBase:
    """Return the action of a task, as far as the plugins of this collection look at one."""
    task = SimpleNamespace(
        _uuid="the task",
        diff=False,
        action=name,
        resolved_action=f"callcenter.passwords.{name}",
        args=dict(args),
        async_val=0,
        become=become,
        check_mode=check_mode,
        environment=[],
    )
    connection_options: dict[str, Any] = {}
    connected = SimpleNamespace(
        ansible_name=connection,
        become=SimpleNamespace(name="sudo") if become else None,
        _shell=SimpleNamespace(tmpdir=None),
        options=connection_options,
        set_option=connection_options.__setitem__,
        # What ansible-core before 2.19 asks about pipelining, and what later ones do.
        get_option=lambda name: connection_options.get(name, False),
        has_pipelining=pipelines,
        always_pipeline_modules=False,
        is_pipelining_enabled=lambda _wrap_async: pipelines and connection_options.get("pipelining", False),
    )
    templar = SimpleNamespace(template=lambda value: _filled(value, template))
    built: ActionBase = plugin(task, connected, SimpleNamespace(), loads or loader(), templar, None)
    built._load_name = name
    return built


def _filled(value: Any, template: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, template) for name, inner in value.items()}
    return [_filled(inner, template) for inner in value] if isinstance(value, list) else template(value)

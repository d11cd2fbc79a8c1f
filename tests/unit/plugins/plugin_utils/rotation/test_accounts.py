# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose password it is: what may be one account is one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.accounts import account_of

IDAAS: dict[str, Any] = {"idaas_url": "https://id.example.com", "user_name": "li.na"}
GATEWAY: dict[str, Any] = {"gateway_url": "https://gateway.test:8043", "agent_id": 1001}


@pytest.mark.parametrize("name", ["li.na", "Li.Na", " li.na ", "\uff4ci.na", "\uff2c\uff29\uff0e\uff2e\uff21"])
def test_spellings_of_one_account(name: str) -> None:
    assert account_of(KINDS["idaas"], {**IDAAS, "user_name": name}) == account_of(KINDS["idaas"], IDAAS)


@pytest.mark.parametrize(
    "url", ["https://GATEWAY.test:8043", "https://gateway.test:8043/", "HTTPS://gateway.test:8043/x"]
)
def test_spellings_of_one_server(url: str) -> None:
    kind = KINDS["cc_agent"]
    assert account_of(kind, {**GATEWAY, "gateway_url": url}) == account_of(kind, GATEWAY)


@pytest.mark.parametrize("more", [{"agent_id": 1002}, {"gateway_url": "https://gateway.test"}])
def test_others(more: dict[str, Any]) -> None:
    kind = KINDS["cc_agent"]
    assert account_of(kind, {**GATEWAY, **more}) != account_of(kind, GATEWAY)


@pytest.mark.parametrize(
    "more", [{"agent_id": None}, {"agent_id": "ten"}, {"gateway_url": ""}, {"gateway_url": "https://[::1"}]
)
def test_options_that_name_none(more: dict[str, Any]) -> None:
    assert account_of(KINDS["cc_agent"], {**GATEWAY, **more}) is None

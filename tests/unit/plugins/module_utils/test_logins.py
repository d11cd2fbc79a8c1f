# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which logins a module may make, and what its result says of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.module_runner import NEW, OLD

from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login, login_outcomes
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation

ADMIN = {"gateway_url": "https://gateway.test:8043", "admin_id": 101}
VDN = {"gateway_url": "https://Gateway.test:8043/", "vdn_id": 7}
AGENT = {"gateway_url": "https://gateway.test", "agent_id": 1001, "phone_number": "40001"}
CEC = {"cec_url": "http://cec.test", "app_key": "key", "app_secret": "secret", "account": "zhang.wei"}
USER = {"idaas_url": "https://[::1]:9443/x", "client_id": "client", "user_name": "zhang.wei"}
TENANT = {
    "idaas_url": "https://idaas.test",
    "tenant_client_id": "id",
    "tenant_client_secret": "secret",
    "user_id": "u",
    "new_password": NEW,
}
BOTH = {"old_password": OLD, "new_password": NEW}
PHONE = {**CEC, "registrar": "sips:pbx.test", "sip_user": "8880"}


def logins(module: str, options: dict[str, Any]) -> list[Login]:
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    operation: Operation = loaded.OPERATION
    spec = operation.arguments
    checked = ArgumentSpecValidator(**spec.to_kwargs()).validate(options)
    assert not checked.error_messages
    return list(operation.logins_with(checked.validated_parameters))


@pytest.mark.parametrize(
    ("module", "options", "servers"),
    [
        ("cc_agent_login", {**AGENT, "password": OLD}, ["gateway.test:443"]),
        ("cc_agent_login", {**AGENT, "state": "signed_out", "guid": "x"}, []),
        ("cc_agent_password", {**AGENT, **BOTH}, ["gateway.test:443"] * 2),
        ("cc_agent_password", {**AGENT, **BOTH, "probe_new_password": False}, ["gateway.test:443"]),
        ("cc_agent_info", {**ADMIN, "agent_ids": [1], "password": OLD}, ["gateway.test:8043"]),
        ("cc_agent_info", {**ADMIN, "agent_ids": [1], "guid": "x"}, []),
        ("cc_agent_reset", {**VDN, "agent_id": 1001, "password": OLD, "new_password": NEW}, ["gateway.test:8043"]),
        ("cc_agent_reset", {**VDN, "agent_id": 1001, "guid": "x", "new_password": NEW}, []),
        ("cc_config_login", {**ADMIN, "password": OLD}, ["gateway.test:8043"]),
        ("cc_config_password", {**ADMIN, **BOTH}, ["gateway.test:8043"] * 2),
        ("cec_token", {name: CEC[name] for name in ("cec_url", "app_key", "app_secret")}, []),
        ("cec_login_check", {**CEC, "password": OLD}, ["cec.test:80"]),
        ("cec_account_password", {**CEC, **BOTH}, ["cec.test:80"] * 2),
        ("cec_sip_login", {**CEC, "password": OLD, "account_password": OLD}, ["cec.test:80"]),
        ("cec_sip_login", {**PHONE, "password": OLD}, ["pbx.test:5061"]),
        ("cec_sip_password", {**PHONE, "account_password": OLD, "new_password": NEW}, ["pbx.test:5061", "cec.test:80"]),
        (
            "cec_sip_password",
            {**PHONE, "account_password": OLD, "new_password": NEW, "probe_new_password": False},
            ["cec.test:80"],
        ),
        ("idaas_login", {**USER, "password": OLD}, ["[::1]:9443"]),
        ("idaas_password", {**USER, **BOTH}, ["[::1]:9443"] * 2),
        ("idaas_user_password", TENANT, []),
        ("idaas_user_password", {**TENANT, "old_password": OLD}, ["idaas.test:443"]),
        ("idaas_user_password", {**USER, **TENANT, "old_password": OLD}, ["idaas.test:443"] * 2),
    ],
)
def test_where_the_logins_of_a_module_go_to(module: str, options: dict[str, Any], servers: list[str]) -> None:
    assert [login.server for login in logins(module, options)] == servers


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("cc_config_login", {**ADMIN, "gateway_url": "gateway", "password": OLD}),
        ("cc_config_login", {**ADMIN, "gateway_url": "https://gateway:x", "password": OLD}),
        ("cc_config_login", {**ADMIN, "admin_id": 0, "password": OLD}),
        ("cc_config_login", {**ADMIN, "password": 12345678}),
        ("cec_sip_login", {**PHONE, "registrar": "pbx", "password": OLD}),
    ],
)
def test_options_at_fault_make_no_login(module: str, options: dict[str, Any]) -> None:
    assert logins(module, options) == []


def test_an_administrators_credential_is_the_same_in_all_modules() -> None:
    one = logins("cc_config_login", {**VDN, "password": OLD})[0].credential
    other = logins("cc_agent_reset", {**VDN, "agent_id": 1001, "password": OLD, "new_password": NEW})[0].credential
    assert one == other
    assert OLD not in repr(one)
    by_number = {**ADMIN, "admin_id": 100007, "agent_id_max": 999999}
    assert one == logins("cc_config_login", {**by_number, "password": OLD})[0].credential


def test_a_change_makes_the_new_password_the_credential() -> None:
    old, new = logins("cc_config_password", {**ADMIN, **BOTH})
    assert old.credential == logins("cc_config_login", {**ADMIN, "password": OLD})[0].credential
    assert old.becomes == new.credential == logins("cc_config_login", {**ADMIN, "password": NEW})[0].credential
    (alone,) = logins("cc_config_password", {**ADMIN, **BOTH, "probe_new_password": False})
    assert alone == old


@pytest.mark.parametrize(
    ("result", "outcomes"),
    [
        ({"outcome": "ok", "failed_logins": 0}, ["ok"]),
        ({"outcome": "wrong_password", "failed_logins": 1}, ["wrong_password"]),
        ({"outcome": "unknown", "failed_logins": 1}, ["unknown"]),
        ({"outcome": "unknown"}, ["unknown"]),
        ({"outcome": "locked", "failed_logins": 0}, ["locked"]),
        ({"failed": True, "msg": "an option is at fault"}, []),
        (
            {"outcome": "wrong_password", "login": "wrong_password", "failed_logins": 2},
            ["wrong_password", "wrong_password"],
        ),
        ({"outcome": "access_denied", "login": "unknown", "failed_logins": 2}, ["wrong_password", "unknown"]),
        ({"outcome": "locked", "login": "locked", "failed_logins": 1}, ["wrong_password", "locked"]),
        ({"outcome": "unchanged", "login": "ok", "failed_logins": 1}, ["wrong_password", "ok"]),
        ({"outcome": "unknown", "login": "ok", "failed_logins": 0}, ["ok"]),
        ({"outcome": "unknown", "login": None, "failed_logins": 0}, []),
        ({"outcome": "changed", "login": None, "failed_logins": 1}, ["wrong_password"]),
        ({"outcome": "access_denied", "account_login": "wrong_password", "failed_logins": 1}, ["wrong_password"]),
        ({"outcome": "access_denied", "account_login": "unknown", "failed_logins": 1}, ["unknown"]),
        ({"outcome": "wrong_password", "account_login": "ok", "failed_logins": 0}, ["ok"]),
        ({"outcome": "wrong_password", "account_login": None, "failed_logins": 1}, ["wrong_password"]),
    ],
)
def test_what_a_result_says_of_the_logins(result: dict[str, Any], outcomes: list[str]) -> None:
    assert list(login_outcomes(result)) == outcomes

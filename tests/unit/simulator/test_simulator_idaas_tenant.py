# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated IDaaS serves a tenant's administrators as the tenant pages say."""

from __future__ import annotations

from typing import Any

import pytest
from simulator.client import Simulator
from simulator.idaas_wire import CLIENT, SECRET, USER, USER_ID, Idaas, code, text
from simulator.wire import FIRST, SECOND


def test_tenant_token(idaas: Idaas) -> None:
    found = idaas.tenant_token().json()
    assert set(found) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", 1800, "all")
    assert idaas.access_token() != found["access_token"]
    assert idaas.reset(found["access_token"], password=SECOND).status_code == 200
    (entry, _other) = idaas.simulator.journal(CLIENT)
    assert (entry["operation"], entry["credential"]) == ("idaas_tenant_token", "live")


@pytest.mark.parametrize(
    ("fields", "status_code"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_secret": ""}, 401),
        ({"client_id": "other"}, 401),
        ({"client_id": ""}, 401),
        ({"grant_type": "password"}, 400),
    ],
)
def test_bad_tenant_tokens(idaas: Idaas, fields: dict[str, str], status_code: int) -> None:
    response = idaas.tenant_token(**fields)
    assert (response.status_code, "access_token" in response.json()) == (status_code, False)


def test_tenant_token_wants_a_form(idaas: Idaas) -> None:
    body = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    assert idaas.call("POST", "/tenant/token", body).status_code == 415


def test_applications_are_locked_by_hand_only(idaas: Idaas) -> None:
    assert {idaas.tenant_token(secret="wrong").status_code for _attempt in range(12)} == {401}
    assert idaas.tenant_token().status_code == 200
    idaas.simulator.act("lock", "idaas_client", CLIENT)
    assert idaas.tenant_token().status_code == 401
    account = idaas.simulator.account("idaas_client", CLIENT)
    assert (account["failures"], account["refused_while_locked"], account["times_locked"]) == (12, 1, 1)
    assert account["signed_in"] is True


def test_access_tokens_die(idaas: Idaas, simulator: Simulator) -> None:
    token = idaas.access_token()
    for bad in (None, "nonsense", idaas.id_token()):
        response = idaas.reset(bad, password=SECOND)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    simulator.advance(1801)
    assert idaas.reset(token, password=SECOND).status_code == 401
    idaas.configure(access_token_seconds=60)
    assert idaas.tenant_token().json()["expires_in"] == 60
    assert idaas.account()["password"] == FIRST
    token = idaas.access_token()
    simulator.act("sign_out", "idaas_client", CLIENT)
    assert idaas.reset(token, password=SECOND).status_code == 401


@pytest.mark.parametrize(("body", "status_name"), [({}, "PASSWORD_EXPIRED"), ({"must_modify": False}, "SUCCESS")])
def test_reset(idaas: Idaas, body: dict[str, Any], status_name: str) -> None:
    idaas.simulator.act("expire", "idaas", USER)
    idaas.simulator.act("lock", "idaas", USER)
    token = idaas.access_token()
    response = idaas.reset(token, password=SECOND, **body)
    assert (response.status_code, response.json()) == (200, {"user_id": USER_ID})
    account = idaas.account()
    assert (account["password"], account["resets"], account["changes"]) == (SECOND, 1, 0)
    assert (account["locked"], account["initial"]) == (True, status_name != "SUCCESS")
    idaas.configure(reset_unlocks=True)
    assert idaas.reset(token, password="Nh3=yB6zDf", **body).status_code == 200
    assert idaas.login("Nh3=yB6zDf").json()["status"] == status_name
    assert [entry["operation"] for entry in idaas.simulator.journal(USER)] == ["idaas_reset"] * 2 + ["idaas_login"]


def test_bad_resets(idaas: Idaas) -> None:
    token = idaas.access_token()
    response = idaas.reset(token, USER, password=SECOND)
    assert (code(response), text(response)) == ("TENANT.USER.0001", "The user does not exist")
    response = idaas.reset(token, USER, "-verify", password=SECOND, old_password=FIRST)
    assert code(response) == "TENANT.USER.0001"
    for body in ({}, {"password": ""}, {"password": 1}, {"password": SECOND, "must_modify": "false"}):
        assert code(idaas.reset(token, **body)) == "SDK.COMMON.0001"
    assert code(idaas.reset(token, suffix="-verify", password=SECOND)) == "SDK.COMMON.0001"
    assert idaas.account()["password"] == FIRST


def test_reset_with_the_old_password(idaas: Idaas) -> None:
    token = idaas.access_token()
    response = idaas.reset(token, suffix="-verify", password=SECOND, old_password="wrong")
    assert (code(response), text(response)[-2:]) == ("SDK.LOGIN.0002", "9.")
    response = idaas.reset(token, suffix="-verify", password=SECOND, old_password=FIRST)
    assert response.json() == {"user_id": USER_ID}
    account = idaas.account()
    assert (account["changes"], account["resets"], account["initial"], account["failures"]) == (1, 0, False, 1)
    wrong, right = idaas.simulator.journal(USER, "idaas_reset_verify")
    assert (wrong["credential"], right["credential"], right["retcode"]) == ("wrong", "live", "SUCCESS")

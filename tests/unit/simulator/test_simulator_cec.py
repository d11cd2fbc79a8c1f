# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CEC services take tokens and calls as the cc-management interface reference says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from simulator.cec_wire import (
    ACCOUNT,
    APP_KEY,
    APP_SECRET,
    EDITED,
    FIRST,
    LOGIN_CHECK,
    PHONE,
    PHONE_SECOND,
    SECOND,
    SUCCESS,
    UPDATE,
    UPDATE_PHONE,
    CecWire,
    business,
    code_of,
)
from simulator.client import Simulator

# Tokens.


def test_token(cec: CecWire, simulator: Simulator) -> None:
    reply = cec.issue()
    answer = reply.json()
    now = simulator.control("GET", "/health")["time"]
    assert abs(int(answer.pop("CreateTime")) - now) < 5
    assert len(answer.pop("AccessToken")) == 32
    assert answer == {
        "ApplyType": "Bearer",
        "Expires": "600",
        "Scope": "default",
        "AppKey": APP_KEY,
        "UserID": "Anonymous",
    }
    (entry,) = simulator.journal(APP_KEY, "cec_token", "cec_app")
    assert (entry["credential"], entry["applied"], entry["outcome"]) == ("live", True, "http 200")


@pytest.mark.parametrize(("wanted", "granted"), [("60", 60), ("3600", 3600), ("7200", 3600)])
def test_life_of_a_token(cec: CecWire, simulator: Simulator, wanted: str, granted: int) -> None:
    answer = cec.issue(**{"X-Token-Expire": wanted}).json()
    assert answer["Expires"] == str(granted)
    simulator.advance(granted - 5)
    assert cec.check(token=answer["AccessToken"]).status_code == 200
    simulator.advance(6)
    assert cec.check(token=answer["AccessToken"]).status_code == 401


@pytest.mark.parametrize("wanted", ["0", "-1", "soon"])
def test_bad_lives(cec: CecWire, wanted: str) -> None:
    assert cec.issue(**{"X-Token-Expire": wanted}).status_code == 400


@pytest.mark.parametrize(
    ("key", "secret", "status"),
    [(APP_KEY, "wrong", 401), ("nobody", APP_SECRET, 401), (APP_KEY, "", 400), (None, APP_SECRET, 400)],
)
def test_refused_tokens(cec: CecWire, simulator: Simulator, key: Any, secret: str, status: int) -> None:
    reply = cec.issue(key, secret)
    assert (reply.status_code, "AccessToken" in reply.json()) == (status, False)
    tenant = simulator.account("cec_app", APP_KEY)
    assert (tenant["failures"], tenant["locked"]) == (int(secret == "wrong"), False)


def test_status_of_a_refused_token(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"token_refused_status": 200})
    reply = cec.issue(app_secret="wrong")
    assert (reply.status_code, code_of(reply)) == (200, "10010000001")
    assert simulator.journal(APP_KEY)[0]["retcode"] == "10010000001"


@pytest.mark.parametrize("revokes", [False, True])
def test_a_new_token_and_the_old_one(cec: CecWire, simulator: Simulator, revokes: bool) -> None:
    simulator.options(cec={"new_token_revokes": revokes})
    old, new = cec.token(), cec.token()
    assert cec.check(token=old).status_code == (401 if revokes else 200)
    assert cec.check(token=new).status_code == 200


def test_tokens_and_the_control_interface(cec: CecWire, simulator: Simulator) -> None:
    token = cec.token()
    assert simulator.account("cec_app", APP_KEY)["signed_in"]
    simulator.act("lock", "cec_app", APP_KEY)
    assert (cec.check(token=token).status_code, cec.issue().status_code) == (401, 401)
    simulator.act("unlock", "cec_app", APP_KEY)
    assert cec.check(token=token).status_code == 200
    simulator.act("sign_out", "cec_app", APP_KEY)
    assert cec.check(token=token).status_code == 401
    simulator.options(cec={"new_token_revokes": True})
    token = cec.token()
    simulator.act("sign_in", "cec_app", APP_KEY)
    assert cec.check(token=token).status_code == 401


# What every call has in common.


@pytest.mark.parametrize("path", [UPDATE, UPDATE_PHONE, LOGIN_CHECK])
@pytest.mark.parametrize(
    "headers",
    [
        {"x-app-key": APP_KEY},
        {"x-app-key": APP_KEY, "Authorization": "Bearer unknown"},
        {"x-app-key": APP_KEY, "Authorization": "{token}"},
        {"x-app-key": "another", "Authorization": "Bearer {token}"},
        {"Authorization": "Bearer {token}"},
    ],
)
def test_unauthorised(cec: CecWire, simulator: Simulator, path: str, headers: dict[str, str]) -> None:
    sent = {name: value.format(token=cec.token()) for name, value in headers.items()}
    reply = cec.send(path, {"userAccount": ACCOUNT, "account": ACCOUNT, "accountPwd": "wrong"}, sent)
    assert (reply.status_code, code_of(reply)) == (401, "10010000001")
    assert business(simulator)["failures"] == 0


def test_the_app_key_may_be_optional(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"require_app_key": False})
    body, authorization = {"account": ACCOUNT, "password": FIRST}, {"Authorization": f"Bearer {cec.token()}"}
    assert code_of(cec.send(LOGIN_CHECK, body, authorization)) == "0"
    assert cec.send(LOGIN_CHECK, body, {**authorization, "x-app-key": "another"}).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/apigovernance/api/oauth/tokenByAkSk", UPDATE, UPDATE_PHONE, LOGIN_CHECK, "/apiaccess/x", "/apigovernance/x"],
)
def test_addresses_that_are_not_allowed(cec: CecWire, simulator: Simulator, path: str) -> None:
    headers = cec.headers()
    simulator.options(cec={"address_allowed": False})
    reply = cec.send(path, {}, headers)
    assert (reply.status_code, reply.headers["Content-Type"]) == (403, "text/html")
    assert "<center>nginx</center>" in reply.text


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/apiaccess/rest/cc-management/v1/agentAccount/delete", "POST"),
        ("/apiaccess/CC-Management/v1/queryAgentInfo", "GET"),
        ("/apigovernance/api/oauth/token", "POST"),
        (UPDATE, "GET"),
    ],
)
def test_unknown_paths(cec: CecWire, simulator: Simulator, path: str, method: str) -> None:
    reply = cec.send(path, headers=cec.headers(), method=method)
    assert (reply.status_code, code_of(reply)) == (404, "1")
    assert [entry["status"] for entry in simulator.journal(operation="unknown")] == [404]


@pytest.mark.parametrize("spelling", ["CC-Management", "CC-Mangemant"])
def test_spelling_of_the_path(cec: CecWire, simulator: Simulator, spelling: str) -> None:
    simulator.options(cec={"management_path": spelling})
    found = {
        tried: cec.check(path=f"/apiaccess/{tried}/v1/queryAgentLoginParams").status_code
        for tried in ("CC-Management", "CC-Mangemant")
    }
    assert found.pop(spelling) == 200
    assert list(found.values()) == [404]


@pytest.mark.parametrize(
    ("path", "words"), [(UPDATE, "resultCode"), (UPDATE_PHONE, "resultCode"), (LOGIN_CHECK, "returnCode")]
)
@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"userAccount": "zhang.wei", "account": 1}'])
def test_malformed_bodies(cec: CecWire, path: str, words: str, body: str) -> None:
    headers = {**cec.headers(), "Content-Type": "application/json"}
    reply = cec.send(path, headers=headers, data=body)
    assert (reply.status_code, reply.json()[words]) == (400, "1")


def test_a_body_that_is_not_announced_as_json(cec: CecWire, simulator: Simulator) -> None:
    body = json.dumps({"account": ACCOUNT, "password": FIRST})
    assert cec.send(LOGIN_CHECK, headers=cec.headers(), data=body).status_code == 400
    simulator.options(cec={"require_content_type": False})
    assert cec.send(LOGIN_CHECK, headers=cec.headers(), data=body).status_code == 200


@pytest.mark.parametrize(
    ("understood", "flat", "wrapped"), [("both", 200, 200), ("flat", 200, 400), ("wrapped", 400, 200)]
)
def test_flat_and_wrapped_bodies(cec: CecWire, simulator: Simulator, understood: str, flat: int, wrapped: int) -> None:
    simulator.options(cec={"requests": understood})
    body = {"userAccount": ACCOUNT, "accountPwd": FIRST, "newPhonePwd": PHONE_SECOND}
    assert cec.call(UPDATE_PHONE, body).status_code == flat
    assert cec.call(UPDATE_PHONE, {"requestParam": body}).status_code == wrapped
    assert [entry["credential"] for entry in simulator.journal(PHONE)] == ["live", "live"]
    assert cec.check().status_code == 200


def test_wrapped_answers(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"answers": "wrapped"})
    assert cec.change_phone().json() == {"schema": SUCCESS}
    assert cec.change().json() == {"schema": EDITED}
    assert cec.change("wrong").json()["schema"]["resultCode"] == "1"
    assert cec.check(SECOND).json()["returnCode"] == "0"


@pytest.mark.parametrize("status", [200, 500])
def test_unknown_accounts(cec: CecWire, simulator: Simulator, status: int) -> None:
    simulator.options(cec={"unknown_account_status": status})
    for reply in (cec.change(account="li.na"), cec.change_phone(account="li.na"), cec.check(account="li.na")):
        assert (reply.status_code, code_of(reply)) == (status, "1")


def test_accounts_of_another_tenant_are_unknown(cec: CecWire, simulator: Simulator) -> None:
    for owner, code in ((APP_KEY, "0"), ("another", "1")):
        simulator.put_account("cec_account", ACCOUNT, password=FIRST, attributes={"app_key": owner})
        assert [code_of(cec.check()), code_of(cec.change_phone()), code_of(cec.change())] == [code] * 3
        assert business(simulator)["failures"] == 0


@pytest.mark.parametrize(
    "options", [{"requests": "nested"}, {"answers": "both"}, {"management_path": "CC"}, {"unknown_account_status": 404}]
)
def test_bad_options(simulator: Simulator, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"options\.cec\."):
        simulator.options(cec=options)

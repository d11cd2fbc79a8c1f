# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CEC services keep the rules of the cc-management interface reference."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from simulator.cec_wire import (
    ACCOUNT,
    APP_KEY,
    APP_SECRET,
    FIRST,
    LOGIN_CHECK,
    PHONE,
    PHONE_FIRST,
    PHONE_SECOND,
    SECOND,
    THIRD,
    UPDATE,
    UPDATE_PHONE,
    CecWire,
    accounts,
)
from simulator.client import Simulator

SUCCESS = {"resultCode": "0", "resultMessage": "success"}
EDITED = {"resultCode": "0", "resultMessage": "edit success"}
HALF_AN_HOUR, DAY = 1800, 86400


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    process.reset({"accounts": accounts()})
    return process


@pytest.fixture
def cec(simulator: Simulator) -> Iterator[CecWire]:
    wire = CecWire(simulator)
    yield wire
    wire.http.close()


def business(simulator: Simulator) -> dict[str, Any]:
    return simulator.account("cec_account", ACCOUNT)


def phone(simulator: Simulator) -> dict[str, Any]:
    return simulator.account("cec_sip", PHONE)


def code_of(reply: Any) -> str:
    answer = reply.json()
    return str(answer.get("resultCode") or answer["returnCode"])


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


# Business accounts.


def test_change(cec: CecWire, simulator: Simulator) -> None:
    assert cec.change().json() == EDITED
    account = business(simulator)
    assert (account["password"], account["changes"], account["failures"]) == (SECOND, 1, 0)
    (entry,) = simulator.journal(ACCOUNT, "account_change", "cec_account")
    assert (entry["credential"], entry["retcode"], entry["applied"]) == ("live", "0", True)


@pytest.mark.parametrize(
    ("new", "text"),
    [
        ("Kx7@mQ2", "rules"),
        ("Kx7mQ2vLpA", "rules"),
        ("kx7@mq2vlp", "rules"),
        ("Kx7@" * 8 + "m", "rules"),
        (FIRST, "recently"),
        (THIRD, "recently"),
    ],
)
def test_refused_new_passwords(cec: CecWire, simulator: Simulator, new: str, text: str) -> None:
    simulator.put_account("cec_account", ACCOUNT, password=FIRST, history=[THIRD])
    answer = cec.change(new=new).json()
    assert (answer["resultCode"], text in answer["resultMessage"]) == ("1", True)
    account = business(simulator)
    assert (account["password"], account["changes"], account["failures"]) == (FIRST, 0, 0)


def test_three_wrong_passwords_lock(cec: CecWire, simulator: Simulator) -> None:
    """However they are presented: all three calls count on the business account."""
    for reply in (cec.change("wrong"), cec.change_phone("wrong"), cec.check("wrong")):
        assert (code_of(reply), "incorrect" in reply.text) == ("1", True)
    account = business(simulator)
    assert (account["locked"], account["times_locked"], account["max_consecutive_failures"]) == (True, 1, 3)
    for reply in (cec.change(), cec.change_phone(), cec.check()):
        assert (code_of(reply), "locked" in reply.text) == ("1", True)
    account = business(simulator)
    assert (account["refused_while_locked"], account["failures"]) == (3, 3)
    simulator.advance(HALF_AN_HOUR - 5)
    assert code_of(cec.check(token=cec.token())) == "1"
    simulator.advance(6)
    assert code_of(cec.check(token=cec.token())) == "0"
    account = business(simulator)
    assert (account["locked"], account["consecutive_failures"], phone(simulator)["locked"]) == (False, 0, False)


def test_a_right_password_ends_the_row(cec: CecWire, simulator: Simulator) -> None:
    for _round in range(3):
        assert [code_of(cec.check("wrong")) for _attempt in range(2)] == ["1", "1"]
        assert code_of(cec.change_phone()) == "0"
    account = business(simulator)
    assert (account["times_locked"], account["failures"], account["max_consecutive_failures"]) == (0, 6, 2)


@pytest.mark.parametrize("resets", [False, True])
def test_the_count_after_a_lock(cec: CecWire, simulator: Simulator, resets: bool) -> None:
    simulator.options(cec={"lock_resets_counter": resets})
    simulator.act("lock", "cec_account", ACCOUNT)
    simulator.act("unlock", "cec_account", ACCOUNT)
    for _attempt in range(3):
        cec.check("wrong")
    simulator.advance(HALF_AN_HOUR + 1)
    cec.check("wrong", token=cec.token())
    assert (business(simulator)["locked"], business(simulator)["times_locked"]) == (not resets, 2 if resets else 3)


def test_checks_may_not_count(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"login_check_counts": False})
    assert {code_of(cec.check("wrong")) for _attempt in range(4)} == {"1"}
    assert (business(simulator)["failures"], business(simulator)["locked"]) == (0, False)


def test_one_change_in_a_day(cec: CecWire, simulator: Simulator) -> None:
    assert code_of(cec.change()) == "0"
    answer = cec.change(SECOND, THIRD).json()
    assert (answer["resultCode"], "24 hours" in answer["resultMessage"]) == ("1", True)
    simulator.advance(DAY - 60)
    assert code_of(cec.change(SECOND, THIRD, token=cec.token())) == "1"
    simulator.advance(61)
    assert code_of(cec.change(SECOND, THIRD, token=cec.token())) == "0"
    assert (business(simulator)["changes"], business(simulator)["failures"]) == (2, 0)
    simulator.options(cec={"change_interval": 0})
    assert code_of(cec.change(THIRD, "Yw3*nE5uGk", token=cec.token())) == "0"


def test_a_change_by_somebody_else_uses_up_the_day(cec: CecWire, simulator: Simulator) -> None:
    simulator.act("password", "cec_account", ACCOUNT, password=SECOND)
    assert "24 hours" in cec.change(SECOND, THIRD).text
    assert business(simulator)["changes"] == 0
    simulator.put_account("cec_account", ACCOUNT, password=FIRST, age_days=0.5)
    assert "24 hours" in cec.change().text
    simulator.put_account("cec_account", ACCOUNT, password=FIRST)
    assert code_of(cec.change()) == "0"


def test_login_check(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cc_agent", "291", password=THIRD)
    assert cec.check().json() == {
        "message": "success",
        "returnCode": "0",
        "results": {
            "workNo": "291",
            "password": THIRD,
            "sipAccount": PHONE,
            "sipPwd": PHONE_FIRST,
            "sipServerInfo": [{"sipServiceIp": "127.0.0.1", "sipServicePort": "5060", "node": "1", "type": "0"}],
        },
    }
    simulator.options(cec={"mask_sip_password": True, "sip_service_port": "5070"})
    results = cec.check().json()["results"]
    assert (results["sipPwd"], results["sipServerInfo"][0]["sipServicePort"]) == ("***", "5070")
    refused = cec.check("wrong").json()
    assert (refused["returnCode"], "results" in refused) == ("1", False)


def test_login_check_without_agent_and_phone(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cec_account", "li.na", password=FIRST, attributes={"platform_password": "Ab3-xYz7"})
    results = cec.check(account="li.na").json()["results"]
    assert (results["workNo"], results["password"]) == ("", "Ab3-xYz7")
    assert (results["sipAccount"], results["sipPwd"]) == ("", "")
    assert "no SIP phone" in cec.change_phone(account="li.na").text


# SIP phones.


def test_change_of_a_phone(cec: CecWire, simulator: Simulator) -> None:
    assert cec.change_phone().json() == SUCCESS
    assert cec.check().json()["results"]["sipPwd"] == PHONE_SECOND
    assert (phone(simulator)["password"], phone(simulator)["changes"]) == (PHONE_SECOND, 1)
    (entry,) = simulator.journal(PHONE, "sip_change", "cec_sip")
    assert (entry["credential"], entry["applied"]) == ("live", True)


def test_a_phone_needs_the_current_password_of_the_account(cec: CecWire, simulator: Simulator) -> None:
    cec.change()
    assert code_of(cec.change_phone(FIRST)) == "1"
    assert code_of(cec.change_phone(PHONE_FIRST)) == "1"
    assert code_of(cec.change_phone(SECOND)) == "0"
    assert [entry["credential"] for entry in simulator.journal(PHONE)] == ["previous", "wrong", "live"]
    assert (business(simulator)["failures"], phone(simulator)["failures"]) == (2, 0)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("Nb8^gC2", "1"),
        ("Nb8^gC2rNb8^gC2rN", "1"),
        ("Nb8^gC2rNb8^gC2r", "0"),
        ("Nb8cgC2r", "0"),
        ("nb8^gc2r", "0"),
        ("nb8cgc2r", "1"),
        ("Nb8^gC2-", "1"),
        ("Nb8^gC2é", "1"),
        ("~@^*_+.?aA", "0"),
        (PHONE_FIRST, "0"),
    ],
)
def test_rules_for_a_phone(cec: CecWire, simulator: Simulator, new: str, code: str) -> None:
    assert code_of(cec.change_phone(new=new)) == code
    assert phone(simulator)["password"] == (new if code == "0" else PHONE_FIRST)


def test_stricter_rules_for_a_phone(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"sip_classes": 4, "sip_history_size": 1})
    assert "rules" in cec.change_phone(new="nb8^gc2r").text
    assert "recently" in cec.change_phone(new=PHONE_FIRST).text
    assert code_of(cec.change_phone()) == "0"


def test_a_phone_that_moves(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cec_account", "li.na", password=FIRST)
    simulator.put_account("cec_sip", PHONE, password=PHONE_FIRST, attributes={"account": "li.na"})
    assert code_of(cec.change_phone()) == "1"
    assert code_of(cec.change_phone(account="li.na")) == "0"


def test_control_of_a_phone(simulator: Simulator) -> None:
    assert simulator.act("password", "cec_sip", PHONE, password=PHONE_SECOND)["changes"] == 0
    with pytest.raises(ValueError, match="never locked"):
        simulator.act("lock", "cec_sip", PHONE)
    with pytest.raises(ValueError, match="nobody signs in"):
        simulator.act("sign_in", "cec_account", ACCOUNT)


# Faults.


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("code", ["1", "10010000002"])
def test_failures_in_the_words_of_the_service(cec: CecWire, simulator: Simulator, code: str, applied: bool) -> None:
    for service, account in (("cec_account", ACCOUNT), ("cec_sip", PHONE), ("cec_app", APP_KEY)):
        simulator.fault("retcode", service=service, account=account, code=code, applied=applied)
    text = {"1": "The operation failed.", "10010000002": "Flow control failed."}[code]
    assert cec.issue().json() == {"resultCode": code, "resultMessage": text}
    assert cec.change_phone().json() == {"resultCode": code, "resultMessage": text}
    assert cec.change().json() == {"resultCode": code, "resultMessage": text}
    assert business(simulator)["password"] == (SECOND if applied else FIRST)
    assert phone(simulator)["password"] == (PHONE_SECOND if applied else PHONE_FIRST)


def test_failures_without_a_code(cec: CecWire, simulator: Simulator) -> None:
    simulator.fault("retcode", service="cec_account", message="busy", count=2)
    assert cec.check().json() == {"message": "busy", "returnCode": "1"}
    assert cec.change().json() == {"resultCode": "1", "resultMessage": "busy"}


def test_lies(cec: CecWire, simulator: Simulator) -> None:
    cec.headers()
    simulator.fault("lie", count=4)
    assert cec.change("wrong").json() == EDITED
    assert cec.change_phone("wrong").json() == SUCCESS
    assert code_of(cec.check("wrong")) == "0"
    assert cec.check(token=cec.token()).status_code == 401
    assert (business(simulator)["password"], phone(simulator)["password"]) == (FIRST, PHONE_FIRST)
    assert business(simulator)["failures"] == 0


def test_a_late_effect(cec: CecWire, simulator: Simulator) -> None:
    token = cec.token()
    simulator.fault("late", account=PHONE, service="cec_sip", seconds=900, now="status", status=504)
    assert cec.change_phone(token="unknown").status_code == 504
    simulator.fault("late", account=PHONE, service="cec_sip", seconds=900, now="status", status=504)
    assert cec.change_phone(token=token).status_code == 504
    assert phone(simulator)["password"] == PHONE_FIRST
    simulator.advance(901)
    assert (phone(simulator)["password"], phone(simulator)["changes"]) == (PHONE_SECOND, 1)


@pytest.mark.parametrize("kind", ["drop_after", "timeout_after", "truncated", "garbled_http", "header_flood"])
def test_broken_connections(cec: CecWire, simulator: Simulator, kind: str) -> None:
    token = cec.token()
    simulator.fault(kind, account=PHONE, operation="sip_change", seconds=0.1, applied=True)
    with pytest.raises(requests.RequestException):
        cec.change_phone(token=token)
    assert phone(simulator)["password"] == PHONE_SECOND


@pytest.mark.parametrize("kind", ["oversized", "nested_json", "non_utf8", "garbled", "html", "empty", "redirect"])
def test_deformed_answers(cec: CecWire, simulator: Simulator, kind: str) -> None:
    simulator.fault(kind, account=PHONE, size=1, depth=50)
    reply = cec.change_phone()
    if kind in ("oversized", "nested_json"):
        assert code_of(reply) == "0"
    elif kind == "redirect":
        assert reply.status_code == 307
    else:
        with pytest.raises(ValueError):
            json.loads(reply.content)
    assert simulator.journal(PHONE)[0]["outcome"] == kind
    assert phone(simulator)["password"] == PHONE_FIRST


# Secrets.


def test_the_journal_holds_no_secret(cec: CecWire, simulator: Simulator) -> None:
    token = cec.token()
    cec.check(token=token)
    cec.change_phone(token=token)
    cec.change(token=token)
    cec.issue(app_secret="wrong-secret")
    written = json.dumps(simulator.journal())
    for secret in (token, APP_SECRET, FIRST, SECOND, PHONE_FIRST, PHONE_SECOND, "wrong-secret"):
        assert secret not in written


@pytest.mark.parametrize(
    "options", [{"requests": "nested"}, {"answers": "both"}, {"management_path": "CC"}, {"unknown_account_status": 404}]
)
def test_bad_options(simulator: Simulator, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"options\.cec\."):
        simulator.options(cec=options)


# Kamailio.


@contextmanager
def kamailio(path: Path, answer: dict[str, object]) -> Iterator[list[dict[str, Any]]]:
    """What a Kamailio would have been told."""
    told: list[dict[str, Any]] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))

        def serve() -> None:
            while True:
                question, sender = server.recvfrom(65536)
                if not question:
                    return
                told.append(json.loads(question))
                server.sendto(json.dumps(answer).encode(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield told
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", str(path))
            thread.join()


def test_kamailio_is_told(cec: CecWire, simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "rpc.sock"
    with kamailio(path, {"jsonrpc": "2.0", "result": "", "id": 1}) as told:
        simulator.reset({"options": {"cec": {"kamailio_socket": str(path)}}, "accounts": accounts()})
        assert code_of(cec.change_phone()) == "0"
        assert code_of(cec.change_phone(new="short")) == "1"
        simulator.act("password", "cec_sip", PHONE, password="Vc4?hJ7sZm")
        simulator.put_account("cec_sip", "88801002", password=PHONE_FIRST)
        simulator.act("password", "cec_account", ACCOUNT, password=SECOND)
        assert [call["params"] for call in told] == [
            ["pw", PHONE, PHONE_FIRST],
            ["pw", PHONE, PHONE_SECOND],
            ["pw", PHONE, "Vc4?hJ7sZm"],
            ["pw", "88801002", PHONE_FIRST],
        ]
        assert {(call["jsonrpc"], call["method"], call["id"]) for call in told} == {("2.0", "htable.sets", 1)}
        simulator.options(cec={"kamailio_socket": ""})
        cec.change_phone(SECOND)
        assert len(told) == 4


def test_a_kamailio_that_refuses_or_is_gone(tmp_path: Path) -> None:
    """A process of its own: it complains in the log, and carries on."""
    path = tmp_path / "rpc.sock"
    config = {"options": {"cec": {"kamailio_socket": str(path)}}, "accounts": accounts()}
    with Simulator(tmp_path / "state") as own:
        with kamailio(path, {"jsonrpc": "2.0", "error": {"code": 500, "message": "no such table"}, "id": 1}):
            own.reset(config)
        log = (tmp_path / "state" / "simulator.log").read_text()
        assert "refused" in log
        path.unlink()
        assert code_of(CecWire(own).change_phone()) == "0"
        log = (tmp_path / "state" / "simulator.log").read_text()
        assert "was not told" in log
        assert PHONE_FIRST not in log
        assert PHONE_SECOND not in log

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CEC services with faults, their journal, and the Kamailio that learns of new passwords."""

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
    EDITED,
    FIRST,
    PHONE,
    PHONE_FIRST,
    PHONE_SECOND,
    SECOND,
    SUCCESS,
    CecWire,
    accounts,
    business,
    code_of,
    phone,
)
from simulator.client import Simulator

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

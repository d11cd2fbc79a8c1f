# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of fault does on the wire what it says, and journal and accounts tell the truth about it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from simulator.client import Simulator
from simulator.wire import FIRST, SECOND, Wire


def live(simulator: Simulator) -> str:
    return str(simulator.account("cc_agent", "291")["password"])


def meet(wire: Wire, simulator: Simulator, kind: str, applied: bool | None = None, **fields: Any) -> Any:
    """One change that meets the fault; returns the reply or the exception, and checks what took effect."""
    fields = {"account": "291", "operation": "change", **fields}
    if applied is not None and kind not in ("drop_before", "drop_after", "timeout_before", "timeout_after"):
        fields["applied"] = applied
    login = wire.sign_in()
    simulator.fault(kind, **fields)
    found: Any
    try:
        found = wire.change(login, timeout=2)
    except requests.RequestException as error:
        found = error
    if applied is not None:
        assert live(simulator) == (SECOND if applied else FIRST)
    entry = simulator.journal("291", "change")[0]
    assert (entry["fault"], entry["outcome"]) == (kind, kind)
    assert entry["applied"] is bool(applied)
    assert entry["retcode"] == ("0" if applied else None)
    assert simulator.faults() == []
    return found


both = pytest.mark.parametrize("applied", [False, True])


@both
def test_drop(wire: Wire, simulator: Simulator, applied: bool) -> None:
    found = meet(wire, simulator, "drop_after" if applied else "drop_before", applied)
    assert isinstance(found, requests.ConnectionError)
    assert simulator.journal("291", "change")[0]["status"] is None


@both
def test_timeout(wire: Wire, simulator: Simulator, applied: bool) -> None:
    began = time.monotonic()
    found = meet(wire, simulator, "timeout_after" if applied else "timeout_before", applied, seconds=0.2)
    assert isinstance(found, requests.ConnectionError)
    assert 0.2 <= time.monotonic() - began < 1.5


@both
def test_status(wire: Wire, simulator: Simulator, applied: bool) -> None:
    found = meet(wire, simulator, "status", applied, status=503)
    assert found.response.status_code == 503
    assert found.response.headers["Content-Type"].startswith("text/html")


@both
def test_empty(wire: Wire, simulator: Simulator, applied: bool) -> None:
    assert meet(wire, simulator, "empty", applied).response.content == b""


@both
@pytest.mark.parametrize("kind", ["garbled", "html", "non_utf8"])
def test_unreadable_bodies(wire: Wire, simulator: Simulator, kind: str, applied: bool) -> None:
    response = meet(wire, simulator, kind, applied).response
    assert response.status_code == 200
    if kind == "non_utf8":
        with pytest.raises(UnicodeDecodeError):
            response.content.decode("utf-8")
    else:
        with pytest.raises(requests.JSONDecodeError):
            response.json()


@both
@pytest.mark.parametrize("kind", ["truncated", "garbled_http", "header_flood"])
def test_broken_http(wire: Wire, simulator: Simulator, kind: str, applied: bool) -> None:
    assert isinstance(meet(wire, simulator, kind, applied), requests.RequestException)


@both
def test_oversized(wire: Wire, simulator: Simulator, applied: bool) -> None:
    response = meet(wire, simulator, "oversized", applied, size=2).response
    assert len(response.content) > 2 * 1024 * 1024
    assert response.json()["retcode"] == "0"


@both
def test_nested_json(wire: Wire, simulator: Simulator, applied: bool) -> None:
    response = meet(wire, simulator, "nested_json", applied).response
    assert response.content.count(b"[") == 100_000


@both
def test_endless(wire: Wire, simulator: Simulator, applied: bool) -> None:
    login = wire.sign_in()
    simulator.fault("endless", operation="change", seconds=30, applied=applied)
    began = time.monotonic()
    with wire.change(login, stream=True).response as response:
        chunks = response.iter_content(64)
        assert sum(len(next(chunks)) for _attempt in range(8)) > 200
    assert 0.05 < time.monotonic() - began < 5
    assert live(simulator) == (SECOND if applied else FIRST)


@both
def test_redirect(wire: Wire, simulator: Simulator, applied: bool) -> None:
    response = meet(wire, simulator, "redirect", applied).response
    assert response.status_code == 307
    target = response.headers["Location"]
    assert target == simulator.url.replace("localhost", "127.0.0.1") + "/elsewhere" + response.request.path_url
    # Whoever follows is seen.
    requests.post(target, json={}, headers={"Guid": "x"}, verify=simulator.ca_path, timeout=5)
    (stray,) = simulator.journal(operation="unknown")
    assert (stray["has_guid"], stray["outcome"]) == (True, "http 404")


def test_redirect_elsewhere(wire: Wire, simulator: Simulator) -> None:
    response = meet(wire, simulator, "redirect", False, url="http://localhost:1/", status=302).response
    assert (response.status_code, response.headers["Location"]) == (302, "http://localhost:1/")


@both
def test_retcode(wire: Wire, simulator: Simulator, applied: bool) -> None:
    found = meet(wire, simulator, "retcode", applied, code="000-004", message="switching")
    assert found.response.json() == {"message": "switching", "retcode": "000-004", "result": {}}


def test_latency(wire: Wire, simulator: Simulator) -> None:
    began = time.monotonic()
    login = wire.sign_in()
    simulator.fault("latency", operation="change", seconds=0.2)
    assert wire.change(login).retcode == "0"
    assert time.monotonic() - began >= 0.2
    simulator.options(latency=0.1)
    began = time.monotonic()
    wire.sign_in(password=SECOND)
    assert time.monotonic() - began >= 0.1


def test_lie(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    simulator.fault("lie", operation="change")
    assert wire.change(login).response.json() == {"message": "success", "retcode": "0", "result": {}}
    assert live(simulator) == FIRST
    assert not simulator.journal("291", "change")[0]["applied"]
    wire.sign_out(login)
    simulator.fault("lie", operation="sign_in")
    pretended = wire.sign_in(password="wrong")
    assert (pretended.retcode, bool(pretended.guid)) == ("0", True)
    assert wire.poll(pretended).retcode == "100-006"
    simulator.fault("lie", operation="config_login")
    assert wire.config_login(password="wrong").result["guid"]


@pytest.mark.parametrize("now", ["drop", "timeout", "status", "retcode"])
def test_late(wire: Wire, simulator: Simulator, now: str) -> None:
    login = wire.sign_in()
    simulator.fault("late", operation="change", seconds=300, now=now, code="100-007")
    try:
        reply = wire.change(login, timeout=0.3)
        assert now == "status" or reply.retcode == "100-007"
    except requests.RequestException:
        assert now in ("drop", "timeout")
    # Signing out does not call the change back.
    wire.sign_out(login)
    assert live(simulator) == FIRST
    simulator.advance(301)
    assert live(simulator) == SECOND
    first, second = simulator.journal("291", "change")
    assert (first["applied"], first["late"], second["applied"], second["late"]) == (False, False, True, True)


def test_late_in_real_time(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    simulator.fault("late", operation="change", seconds=0.2, now="status")
    assert wire.change(login).response.status_code == 502
    assert live(simulator) == FIRST
    time.sleep(0.3)
    assert live(simulator) == SECOND


def test_late_needs_a_session(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    wire.sign_out(login)
    simulator.fault("late", operation="change", seconds=1, now="status")
    wire.change(login)
    simulator.advance(2)
    assert live(simulator) == FIRST


def test_count_and_skip(wire: Wire, simulator: Simulator) -> None:
    simulator.fault("retcode", account="291", operation="sign_in", code="000-004", skip=1, count=2)
    codes = [wire.sign_in(password="wrong").retcode for _attempt in range(4)]
    assert codes == ["100-004", "000-004", "000-004", "100-004"]
    simulator.fault("retcode", code="100-003", count=None)
    assert {wire.sign_in(agent).retcode for agent in ("291", "292", "291")} == {"100-003"}
    assert simulator.faults()[0]["hits"] == 3
    simulator.clear_faults()
    assert wire.sign_in("292").retcode == "0"


def test_faults_of_others_do_not_matter(wire: Wire, simulator: Simulator) -> None:
    simulator.add_faults(
        [
            {"kind": "status", "account": "292"},
            {"kind": "status", "account": "291", "operation": "change"},
            {"kind": "status", "account": "291", "service": "cc_config"},
        ]
    )
    assert wire.sign_in().retcode == "0"
    assert len(simulator.faults()) == 3


def test_a_held_call_lets_others_through(wire: Wire, simulator: Simulator) -> None:
    """A client that gives up can ask again at once, and the server does not wait for the one who left."""
    simulator.fault("timeout_after", operation="sign_in", seconds=30)
    with pytest.raises(requests.Timeout):
        wire.call("PUT", "/onlineagent/291", {"password": FIRST, "phonenum": "40291"}, timeout=0.2)
    assert wire.sign_in().retcode == "100-002"

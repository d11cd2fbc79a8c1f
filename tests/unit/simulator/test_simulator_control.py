# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process, its command line and its control interface."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from simulator.client import Simulator
from simulator.process import NotRunning
from simulator.wire import FIRST, SECOND, Wire

ROOT = Path(__file__).resolve().parents[3]


# Certificates and connections.


def test_only_its_own_authority_is_trusted(simulator: Simulator) -> None:
    simulator.control("DELETE", "/connections")
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(simulator.url, verify=True, timeout=5)
    for host in ("localhost", "127.0.0.1"):
        url = simulator.url.replace("localhost", host)
        assert requests.get(url, verify=simulator.ca_path, timeout=5).status_code == 404
    counted = simulator.connections()
    assert (counted["accepted"], counted["with_request"], counted["without_request"]) == (3, 2, 1)
    assert counted["requests"] == 2


def test_sessions_are_resumed(simulator: Simulator) -> None:
    context = ssl.create_default_context(cafile=simulator.ca_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    port = urlsplit(simulator.url).port
    session = None
    for reused in (False, True):
        plain = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            assert connection.session_reused is reused
            session = connection.session


def test_connections_are_kept(wire: Wire, simulator: Simulator) -> None:
    simulator.control("DELETE", "/connections")
    for _attempt in range(5):
        wire.sign_in()
    assert simulator.connections()["accepted"] == 1


# Journal.


def test_journal(wire: Wire, simulator: Simulator) -> None:
    login = wire.sign_in()
    wire.change(login)
    for password in (FIRST, "wrong", "", SECOND):
        wire.sign_in(password=password)
    admin = wire.config_login()
    wire.call("GET", "/config/vdn/agents?agentIdSet=291", login=admin)
    wire.call("GET", "/nothing/here")
    wire.call("PUT", "/onlineagent/291/modifyaccountpwdex", {})
    entries = simulator.journal()
    facts = [(e["service"], e["account"], e["operation"], e["outcome"], e["credential"]) for e in entries]
    assert facts == [
        ("cc_agent", "291", "sign_in", "0", "live"),
        ("cc_agent", "291", "change", "0", "live"),
        ("cc_agent", "291", "sign_in", "100-004", "previous"),
        ("cc_agent", "291", "sign_in", "100-004", "wrong"),
        ("cc_agent", "291", "sign_in", "100-001", "none"),
        ("cc_agent", "291", "sign_in", "0", "live"),
        ("cc_config", "100001", "config_login", "0", "live"),
        ("cc_config", "100001", "config_query", "0", "none"),
        ("", None, "unknown", "http 404", "none"),
        ("", None, "unknown", "http 405", "none"),
    ]
    assert [e["applied"] for e in entries[:4]] == [True, True, False, False]
    assert (entries[0]["has_guid"], entries[0]["has_cookies"]) == (False, False)
    assert (entries[1]["has_guid"], entries[1]["has_cookies"]) == (True, True)
    assert [e["seq"] for e in entries] == sorted(e["seq"] for e in entries)
    text = json.dumps(entries)
    assert not any(secret in text for secret in (FIRST, SECOND, login.guid, *login.cookies.values()))
    assert len(simulator.journal("291", "sign_in")) == 5
    assert len(simulator.journal(service="cc_config")) == 2
    assert len(simulator.journal(since=entries[-2]["seq"])) == 1
    simulator.clear_journal()
    assert simulator.journal() == []


def test_journal_is_bounded(wire: Wire, simulator: Simulator) -> None:
    simulator.options(journal_per_account=2)
    for _attempt in range(4):
        wire.sign_in()
    assert len(simulator.journal("291")) == 2


# Accounts and options.


def test_accounts(wire: Wire, simulator: Simulator) -> None:
    assert simulator.add_accounts([{"service": "cc_agent", "id": str(n), "password": FIRST} for n in (301, 302)]) == 2
    assert {a["id"] for a in simulator.accounts("cc_agent")} == {"291", "292", "301", "302"}
    assert len(simulator.accounts()) == 6
    wire.sign_in()
    assert not simulator.put_account("cc_agent", "291", password=SECOND)["signed_in"]
    with pytest.raises(ValueError, match="404"):
        simulator.account("cc_agent", "999")
    simulator.reset()
    assert simulator.accounts() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("PUT", "/options", {"latencyy": 1}, "unknown field 'latencyy'"),
        ("PUT", "/options", {"latency": "1"}, "options.latency: str does not fit"),
        ("PUT", "/options", {"gateway": {"auth_mode": 3}}, "auth_mode"),
        ("PUT", "/options", {"gateway": {"encoding": "big5"}}, "encoding"),
        ("PUT", "/options", {"gateway": {"phone_range": "4"}}, "phone_range"),
        ("PUT", "/options", {"gateway": {"max_agent_id": True}}, "max_agent_id"),
        ("POST", "/faults", {"kind": "gremlins"}, "fault.kind"),
        ("POST", "/faults", {"kind": "late", "now": "never"}, "fault.now"),
        ("POST", "/faults", {"kind": "drop_before", "hits": 3}, "unknown field 'hits'"),
        ("PUT", "/accounts/cc_agent/1", {}, "password: needed"),
        ("PUT", "/accounts/cc_agent/1", {"password": "x", "history": [1]}, "history"),
        ("PUT", "/accounts/cc_agent/1", {"password": "x", "role": "boss"}, "role"),
        ("PUT", "/accounts/nobody/1", {"password": "x"}, "unknown service"),
        ("POST", "/accounts", [{"service": "cc_agent", "id": 1}], "both strings"),
        ("POST", "/accounts", {}, "a list is needed"),
        ("POST", "/accounts/cc_agent/291/dance", {}, "unknown action"),
        ("POST", "/accounts/cc_agent/291/password", {}, "password: a text"),
        ("POST", "/reset", {"acounts": []}, "unknown section"),
        ("POST", "/clock", {"advance": -1}, "advance"),
    ],
)
def test_bad_control_calls_say_why(simulator: Simulator, method: str, path: str, body: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        simulator.control(method, path, body)


def test_what_was_handed_out_is_known(wire: Wire, simulator: Simulator) -> None:
    assert simulator.issued() == []
    answer = wire.sign_in("291")
    handed_out = {answer.guid, *answer.cookies.values()}
    assert handed_out == {*simulator.issued()}
    simulator.reset()
    assert simulator.issued() == []


def test_options_are_merged(simulator: Simulator) -> None:
    options = simulator.options(gateway={"lock_threshold": 5})
    assert (options["gateway"]["lock_threshold"], options["gateway"]["poll_hold"]) == (5, 0.0)
    assert simulator.control("GET", "/options") == options


# The command line.


def command(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulator", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_start_status_stop(tmp_path: Path, wire: Wire) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"accounts": [{"service": "cc_agent", "id": "500", "password": FIRST}]}))
    state = tmp_path / "state"
    started = command("start", "--state-dir", state, "--config", config, "--lifetime", 60, cwd=tmp_path)
    try:
        assert (started.returncode, started.stderr, started.stdout.count("\n")) == (0, "", 1)
        ready = json.loads((state / "ready.json").read_text())
        assert ready["url"] in started.stdout
        assert ready["ca_path"] == str(state / "ca.pem")
        assert requests.get(ready["control_url"] + "/accounts/cc_agent/500", timeout=5).json()["id"] == "500"
        again = command("start", "--state-dir", state)
        assert (again.returncode, "already running" in again.stderr) == (1, True)
        assert command("status", "--state-dir", state).returncode == 0
        # A stranger's pid is left alone, even if the file names it.
        (state / "ready.json").write_text(json.dumps({**ready, "pid": os.getpid()}))
        assert command("stop", "--state-dir", state).stdout == "not running\n"
        (state / "ready.json").write_text(json.dumps(ready))
    finally:
        stopped = command("stop", "--state-dir", state)
    assert stopped.stdout == "stopped\n"
    assert command("status", "--state-dir", state).returncode == 1
    assert {path.name for path in state.iterdir()} == {"ca.pem", "simulator.log"}


def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    with Simulator(tmp_path, arguments=["--names", "gateway.example"], config={"options": {"latency": 0.0}}):
        attached = Simulator.attach(tmp_path)
        with pytest.raises(requests.exceptions.SSLError, match="Hostname mismatch"):
            requests.get(attached.url, verify=attached.ca_path, timeout=5)
    with pytest.raises(NotRunning):
        Simulator.attach(tmp_path)


def test_a_failed_start_says_why(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"options": {"nonsense": 1}}')
    failed = command("start", "--state-dir", tmp_path, "--config", config)
    assert failed.returncode == 1
    assert "unknown field 'nonsense'" in failed.stderr

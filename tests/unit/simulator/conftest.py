# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator process for all tests here, wiped before each."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if all(importlib.util.find_spec(name) for name in ("aiohttp", "cryptography", "requests")):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from simulator.cec_wire import CecWire, accounts
    from simulator.client import Simulator
    from simulator.idaas_wire import CLIENT, PERSON, SECRET, USER, Idaas
    from simulator.process import LOG
    from simulator.wire import ADMIN, FIRST, Wire
else:
    # Not everybody who runs the unit tests of the collection has what the simulator needs.
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def process() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator
        # Whatever the tests sent, nothing took the server by surprise.
        assert (simulator.state_dir / LOG).read_text() == ""


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    """Two agents, one VDN administrator and one system administrator; nothing else of earlier tests."""
    process.reset(
        {
            "options": {"gateway": {"poll_hold": 0.0}},
            "accounts": [
                {"service": "cc_agent", "id": "291", "password": FIRST, "name": "agent 291"},
                {"service": "cc_agent", "id": "292", "password": FIRST},
                {"service": "cc_config", "id": "100001", "password": ADMIN},
                {"service": "cc_config", "id": "101", "password": ADMIN, "role": "system"},
            ],
        }
    )
    return process


@pytest.fixture
def wire(simulator: Simulator) -> Iterator[Wire]:
    wire = Wire(simulator)
    yield wire
    wire.http.close()


@pytest.fixture
def cec(simulator: Simulator) -> Iterator[CecWire]:
    """One tenant of the CEC, its business account and its SIP phone, instead of the agents."""
    simulator.reset({"accounts": accounts()})
    wire = CecWire(simulator)
    yield wire
    wire.http.close()


@pytest.fixture
def idaas(simulator: Simulator) -> Iterator[Idaas]:
    """One user and one application of the IDaaS, besides the agents."""
    simulator.put_account("idaas", USER, password=FIRST, attributes=PERSON)
    simulator.put_account("idaas_client", CLIENT, password=SECRET)
    idaas = Idaas(simulator)
    yield idaas
    idaas.http.close()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real ansible-playbook runs against the simulator, one simulator for each pytest process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulator.client import Simulator
from support.controller import Controller
from support.marked import give_tenants, make_loud


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def controller(simulator: Simulator, tmp_path: Path) -> Controller:
    return Controller(tmp_path, simulator)


@pytest.fixture
def loud(controller: Controller) -> Controller:
    """A controller that writes all it can, with tenants whose secrets can be told."""
    make_loud(controller)
    give_tenants(controller)
    return controller

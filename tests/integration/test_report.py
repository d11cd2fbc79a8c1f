# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback `report`: a line for each credential, and the same as files."""

from __future__ import annotations

import csv
import json
import re
import stat
from typing import Any

import pytest
from simulator.client import Simulator
from support.controller import Controller, Run, ago, new_password

COLORS = {"31": "red", "32": "green", "33": "yellow", "36": "cyan"}


@pytest.fixture
def controller(controller: Controller) -> Controller:
    controller.environment |= {
        "ANSIBLE_CALLBACKS_ENABLED": "results,callcenter.passwords.report",
        "CALLCENTER_PASSWORDS_REPORT_DIRECTORY": str(controller.folder / "reports"),
    }
    return controller


def table(run: Run) -> list[str]:
    return run.stdout.rpartition("PASSWORDS *")[2].splitlines()[1:]


def rows(controller: Controller) -> dict[tuple[str, str], dict[str, Any]]:
    """What the newest file says, in both formats."""
    (*_older, newest) = sorted((controller.folder / "reports").glob("*.json"))
    document = json.loads(newest.read_text(encoding="utf-8"))
    with newest.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    shown = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in document["credentials"]
    ]
    assert read == shown
    assert sum(document["summary"].values()) == len(shown)
    for path in (newest, newest.with_suffix(".csv")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.rename(path.with_name(f"read-{path.name}"))
    return {(row["host"], row["kind"]): row for row in document["credentials"]}


@pytest.mark.oldest_core
def test_a_line_for_each_credential(controller: Controller, simulator: Simulator) -> None:
    """What needs nobody is green or cyan, what fails nothing is yellow, and what fails the host is red."""
    controller.environment |= {"ANSIBLE_NOCOLOR": "", "ANSIBLE_FORCE_COLOR": "1"}
    del controller.environment["ANSIBLE_NOCOLOR"]
    rotated, wrong, busy, young, typo, far = controller.add_agents(1001, 6)
    person = controller.add_person(1101, ["cc_agent", "idaas"])
    controller.fill()
    controller.fill(young, rotated_at=ago(days=1))
    simulator.act("password", "cc_agent", wrong.number, password=new_password())
    simulator.act("password", "idaas", person["idaas"].number, password=new_password())
    simulator.act("sign_in", "cc_agent", busy.number)
    controller.host_vars[typo.host]["rotate_cc_agent_id"] = "ten"
    controller.host_vars[far.host] |= {
        "ansible_connection": "ssh",
        "rotate_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
    }
    run = controller.rotate()
    found = {
        key: (row["outcome"], row["failed"], row["needs_attention"], bool(row["rotated_at"]))
        for key, row in rows(controller).items()
    }
    assert found == {
        (rotated.host, "cc_agent"): ("rotated", False, False, True),
        (wrong.host, "cc_agent"): ("diverged", True, True, False),
        (busy.host, "cc_agent"): ("signed_in", False, True, False),
        (young.host, "cc_agent"): ("not_due", False, False, True),
        # What Ansible itself refuses or does not reach has no outcome of ours.
        (typo.host, "cc_agent"): ("failed", True, True, False),
        (far.host, "cc_agent"): ("unreachable", True, True, False),
        ("person-1101", "cc_agent"): ("rotated", False, False, True),
        ("person-1101", "idaas"): ("diverged", True, True, False),
    }
    lines = [re.fullmatch(r"\x1b\[\d;(\d+)m(\S+)\s+(\S+)\s+(\S+).*", line) for line in table(run)]
    colors = {(line[2], line[3]): (COLORS[line[1]], line[4]) for line in lines if line}
    assert colors == {
        (rotated.host, "cc_agent"): ("green", "rotated"),
        (wrong.host, "cc_agent"): ("red", "diverged"),
        (busy.host, "cc_agent"): ("yellow", "signed_in"),
        (young.host, "cc_agent"): ("cyan", "not_due"),
        (typo.host, "cc_agent"): ("red", "failed"),
        (far.host, "cc_agent"): ("red", "unreachable"),
        ("person-1101", "cc_agent"): ("green", "rotated"),
        ("person-1101", "idaas"): ("red", "diverged"),
    }, run.stdout
    assert "8 credentials: 2 rotated, 2 diverged" in table(run)[-2]
    assert "the agent is signed in and is left alone" in run.stdout


def test_what_needs_attention_of_many(controller: Controller, simulator: Simulator) -> None:
    """Of more lines than wanted only those; and a line of progress meanwhile. A prediction needs nobody's attention."""
    controller.environment |= {
        "CALLCENTER_PASSWORDS_REPORT_ROWS": "3",
        "CALLCENTER_PASSWORDS_REPORT_PROGRESS_EVERY": "2",
    }
    agents = controller.add_agents(1001, 5)
    controller.fill()
    checked = controller.rotate("--check")
    assert {row["outcome"] for row in rows(controller).values()} == {"due"}
    assert table(checked)[0] == "5 credentials: 5 due"
    simulator.act("password", "cc_agent", agents[2].number, password=new_password())
    run = controller.rotate()
    assert [line.split()[0] for line in table(run)[:2]] == ["host", agents[2].host]
    assert "5 credentials: 4 rotated, 1 diverged" in run.stdout
    assert [number for number in (1, 2, 3, 4, 5) if f"{number} credentials finished: " in run.stdout] == [2, 4]
    assert len(rows(controller)) == 5
    verified = controller.verify("--limit", agents[0].host)
    assert table(verified)[1].split()[:3] == [agents[0].host, "cc_agent", "verified"]


def test_a_folder_that_cannot_be_written(controller: Controller) -> None:
    controller.add_agent(1001)
    controller.fill()
    (controller.folder / "reports").write_text("", encoding="utf-8")
    run = controller.rotate()
    assert run.rc == 0
    assert f"the report was not written to {controller.folder / 'reports'}: File exists" in " ".join(run.output.split())

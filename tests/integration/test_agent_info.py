# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cc_agent_info: what administrators may see, in batches, with one login."""

from __future__ import annotations

import json
from typing import Any

from simulator.client import Simulator
from support.controller import Controller, new_password

MODULE = "callcenter.passwords.cc_agent_info"


def test_reading_agents(controller: Controller, simulator: Simulator) -> None:
    admin = controller.add_administrator(301)
    passwords = [new_password() for _agent in range(230)]
    simulator.add_accounts(
        [
            {"service": "cc_agent", "id": str(1001 + n), "password": password, "name": f"Desk {n}", "age_days": n % 90}
            for n, password in enumerate(passwords)
        ]
    )
    simulator.put_account("cc_agent", "2001", password=new_password(), valid_days=0)
    simulator.put_account("cc_agent", "2002", password=new_password(), expired=True)
    simulator.put_account("cc_agent", "2003", password=new_password(), vdn=2)
    ids = [*range(1001, 1231), 2001, 2002, 2003, 2004]
    controller.environment["ADMIN"] = admin.password
    password = "{{ lookup('ansible.builtin.env', 'ADMIN') }}"
    common: dict[str, Any] = {"admin_id": 301, "agent_ids": ids}
    some = {**common, "agent_ids": [1001]}
    connection = {"gateway_url": "{{ rotate_cc_gateway_url }}", "ca_path": "{{ rotate_cc_ca_path }}"}
    tasks = [
        {"name": "all", MODULE: {**common, "password": password}},
        {
            "name": "login",
            "callcenter.passwords.cc_config_login": {"admin_id": 301, "password": password},
            "register": "admin",
        },
        {"name": "with a session", MODULE: {**some, "guid": "{{ admin.guid }}"}},
        {"name": "with a lost session", MODULE: {**some, "guid": "gone", "password": password}},
        {"name": "with a lost session only", MODULE: {**some, "guid": "gone"}, "ignore_errors": True},
        {"name": "check", MODULE: {**common, "password": password}, "check_mode": True},
        {"name": "none", MODULE: {**some, "agent_ids": [], "password": password}},
        {"name": "wrong", MODULE: {**some, "password": "Wrong@Marker7x"}, "ignore_errors": True},
    ]
    run = controller.play(tasks, module_defaults={"group/callcenter.passwords.cc": connection})
    assert run.rc == 0, run.output
    result = run.task(admin.host, "all")
    agents = {agent["agent_id"]: agent for agent in result["agents"]}
    assert set(agents) == set(ids) - {2003, 2004}
    assert result["missing"] == [2003, 2004]
    assert agents[1001] == {"agent_id": 1001, "name": "Desk 0", "days_left": 90, "valid_days": 90}
    assert agents[1031]["days_left"] == simulator.account("cc_agent", "1031")["days_left"]
    assert agents[2001]["days_left"] is None
    assert agents[2002]["days_left"] == 0
    assert {key for agent in agents.values() for key in agent} == {"agent_id", "name", "days_left", "valid_days"}

    # one login each, three batches for 234 ids, a lost session renewed once
    operations = [call["operation"] for call in run.calls]
    assert operations[:4] == ["config_login", *["config_query"] * 3]
    assert operations[4:6] == ["config_login", "config_query"]
    assert operations[6:9] == ["config_query", "config_login", "config_query"]
    assert operations[9] == "config_query"
    assert run.task(admin.host, "with a session")["agents"][0]["agent_id"] == 1001
    assert run.task(admin.host, "with a lost session")["agents"][0]["agent_id"] == 1001
    (lost,) = run.of(admin.host, "with a lost session only")
    assert lost["status"] == "failed"
    assert lost["result"]["outcome"] == "session_lost"
    assert run.task(admin.host, "check")["agents"] == []
    assert run.task(admin.host, "none")["agents"] == []
    (wrong,) = run.of(admin.host, "wrong")
    assert (wrong["status"], wrong["result"]["outcome"], wrong["result"]["failed_logins"]) == (
        "failed",
        "wrong_password",
        1,
    )
    shown = json.dumps(run.results) + run.output
    assert not [password for password in (*passwords, admin.password) if password in shown]
    assert run.changed == set()

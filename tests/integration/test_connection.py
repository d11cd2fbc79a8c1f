# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules through a connection that is not local, and the role through it: same options, same results."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from simulator.client import Simulator
from support.controller import Controller

PREFIX = "callcenter.passwords."
AGENT, NEW, NEXT = "First@Marker7x", "Second@Marker7x", "Third@Marker7x"
WRONG = "Wrong@Marker7x"
ADMIN, ADMIN_NEW = "Admin@Marker7x", "Adminis@Marker7x"

# name, module, options, whether in check mode
CASES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("config_login_ok", "cc_config_login", {"password": ADMIN}, False),
    ("config_login_verify", "cc_config_login", {"password": ADMIN, "verify_only": True}, False),
    ("config_login_bad", "cc_config_login", {"password": WRONG}, False),
    ("config_login_check", "cc_config_login", {"password": ADMIN}, True),
    ("config_login_number", "cc_config_login", {"password": 12345678}, False),
    ("config_login_both_ids", "cc_config_login", {"password": ADMIN, "vdn_id": 7}, False),
    ("agent_login_ok", "cc_agent_login", {"password": AGENT}, False),
    ("agent_login_live", "cc_agent_login", {"password": AGENT}, False),
    (
        "agent_login_out",
        "cc_agent_login",
        {"state": "signed_out", "guid": "{{ agent_login_ok.guid }}", "cookies": "{{ agent_login_ok.cookies }}"},
        False,
    ),
    ("agent_login_verify", "cc_agent_login", {"password": AGENT, "verify_only": True}, False),
    ("agent_login_bad", "cc_agent_login", {"password": WRONG}, False),
    ("agent_login_check", "cc_agent_login", {"password": AGENT}, True),
    ("agent_login_id", "cc_agent_login", {"password": AGENT, "agent_id": 7, "phone_number": "x"}, False),
    ("agent_login_no_password", "cc_agent_login", {}, False),
    ("agent_login_choice", "cc_agent_login", {"password": AGENT, "agent_type": 5}, False),
    ("agent_login_http", "cc_agent_login", {"password": AGENT, "gateway_url": "http://127.0.0.1:1"}, False),
    ("agent_login_away", "cc_agent_login", {"password": AGENT, "gateway_url": "https://127.0.0.1:1"}, False),
    ("agent_password_check", "cc_agent_password", {"old_password": AGENT, "new_password": NEW}, True),
    ("agent_password_policy", "cc_agent_password", {"old_password": AGENT, "new_password": "Sh0rt!"}, False),
    ("agent_password_refused", "cc_agent_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("agent_password_unknown", "cc_agent_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("agent_password_changed", "cc_agent_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("agent_password_unchanged", "cc_agent_password", {"old_password": AGENT, "new_password": NEW}, False),
    (
        "agent_password_no_probe",
        "cc_agent_password",
        {"old_password": AGENT, "new_password": NEW, "probe_new_password": False},
        False,
    ),
    (
        "agent_password_guid_gone",
        "cc_agent_password",
        {"old_password": NEW, "new_password": NEXT, "guid": "gone"},
        False,
    ),
    (
        "agent_password_workbench",
        "cc_agent_password",
        {"old_password": NEXT, "new_password": NEW, "aicc_workbench": True},
        False,
    ),
    ("config_password_check", "cc_config_password", {"old_password": ADMIN, "new_password": ADMIN_NEW}, True),
    ("config_password_short", "cc_config_password", {"old_password": ADMIN, "new_password": "Sh0rt!"}, False),
    ("config_password_changed", "cc_config_password", {"old_password": ADMIN, "new_password": ADMIN_NEW}, False),
    ("config_password_unchanged", "cc_config_password", {"old_password": ADMIN, "new_password": ADMIN_NEW}, False),
    ("info_ok", "cc_agent_info", {"password": ADMIN_NEW, "agent_ids": [1001, 1999]}, False),
    ("info_check", "cc_agent_info", {"password": ADMIN_NEW, "agent_ids": [1001]}, True),
    ("info_bad_id", "cc_agent_info", {"password": ADMIN_NEW, "agent_ids": [1]}, False),
    ("info_nothing", "cc_agent_info", {"agent_ids": [1001]}, False),
]


def results(controller: Controller, simulator: Simulator, connection: str) -> dict[str, dict[str, Any]]:
    simulator.reset()
    simulator.put_account("cc_agent", "1001", password=AGENT, name="Front desk")
    simulator.put_account("cc_config", "301", password=ADMIN)
    simulator.add_faults(
        [
            {"kind": "retcode", "code": "000-002", "account": "1001", "operation": "change"},
            {"kind": "html", "account": "1001", "operation": "change"},
        ]
    )
    written = controller.folder / f"{connection}.json"
    tasks: list[dict[str, Any]] = [
        {PREFIX + module: options, "register": name, "check_mode": check, "ignore_errors": True, "name": name}
        for name, module, options, check in CASES
    ]
    names = [name for name, *_others in CASES]
    document = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
    tasks.append({"name": "Write", "ansible.builtin.copy": {"content": document, "dest": str(written)}, "no_log": True})
    agent, admin = {"agent_id": 1001, "phone_number": "41001"}, {"admin_id": 301}
    defaults = {
        "group/callcenter.passwords.cc": {
            "gateway_url": "{{ rotate_cc_gateway_url }}",
            "ca_path": "{{ rotate_cc_ca_path }}",
            "timeout": 5,
        },
        **{PREFIX + module: agent for module in ("cc_agent_login", "cc_agent_password")},
        **{PREFIX + module: admin for module in ("cc_config_login", "cc_config_password", "cc_agent_info")},
    }
    controller.host_vars = {"agent-1001": {}}
    controller.environment["ANSIBLE_PIPELINING"] = "true"
    run = controller.play(tasks, "-vvv", connection=connection, module_defaults=defaults)
    assert run.rc == 0, run.output
    # What ran where: only the ordinary module is packed.
    packed = set(re.findall(r"Using module file \S+/(cc_\w+)\.py", run.stdout))
    assert packed == (set() if connection == "local" else {module for _name, module, *_more in CASES})
    found = json.loads(written.read_text(encoding="utf-8"))
    for result in found.values():
        for key in [
            key
            for key in result
            if key.startswith(("_ansible", "ansible_"))
            or key in ("invocation", "ansible_facts", "warnings", "exception")
        ]:
            del result[key]
        if "guid" in result:
            result["guid"] = bool(result["guid"])
        if "cookies" in result:
            result["cookies"] = sorted(result["cookies"])
    return dict(found)


@pytest.mark.oldest_core
def test_the_results_are_the_same(controller: Controller, simulator: Simulator) -> None:
    here, there = (results(controller, simulator, connection) for connection in ("local", "bastion"))
    different = {
        name: {
            key: (here[name].get(key), there[name].get(key))
            for key in here[name].keys() | there[name].keys()
            if here[name].get(key) != there[name].get(key)
        }
        for name in here
    }
    assert {name: keys for name, keys in different.items() if keys} == {}

    outcomes = {name: result.get("outcome") for name, result in here.items()}
    assert outcomes == {
        **dict.fromkeys(outcomes),
        "config_login_ok": "ok",
        "config_login_verify": "ok",
        "config_login_bad": "wrong_password",
        "agent_login_ok": "ok",
        "agent_login_live": "signed_in",
        "agent_login_out": "ok",
        "agent_login_verify": "ok",
        "agent_login_bad": "wrong_password",
        "agent_login_away": "unreachable",
        "agent_password_check": "changed",
        "agent_password_refused": "password_rejected",
        "agent_password_unknown": "unknown",
        "agent_password_changed": "changed",
        "agent_password_unchanged": "unchanged",
        "agent_password_no_probe": "wrong_password",
        "agent_password_guid_gone": "changed",
        "config_password_check": "changed",
        "config_password_changed": "changed",
        "config_password_unchanged": "unchanged",
        "info_ok": "ok",
    }
    changed = {name for name, result in here.items() if result["changed"]}
    assert changed == {
        "agent_login_ok",
        "agent_login_out",
        "agent_login_check",
        "agent_password_check",
        "agent_password_unknown",
        "agent_password_changed",
        "agent_password_guid_gone",
        "config_password_check",
        "config_password_changed",
    }
    assert here["agent_password_unknown"]["failed"] is True
    assert here["info_ok"]["missing"] == [1999]
    assert simulator.account("cc_agent", "1001")["times_locked"] == 0


def test_the_role_through_a_connection(controller: Controller, simulator: Simulator) -> None:
    """A bastion reaches the gateway; the store stays on the controller. A lost answer is no reason to lose a password."""
    plain, lossy, admin = controller.add_agent(1001), controller.add_agent(1002), controller.add_administrator(301)
    live = controller.add_agent(1003)
    for variables in controller.host_vars.values():
        variables |= {"ansible_connection": "bastion", "rotate_connection": "bastion"}
    controller.enroll()
    simulator.fault("drop_after", account=lossy.number, operation="change")
    simulator.act("sign_in", "cc_agent", live.number)
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert all(controller.is_rotated(credential) for credential in (plain, lossy, admin))
    assert run.outcome(live.host) == "signed_in"
    assert controller.verify("--limit", f"all:!{live.host}").rc == 0
    controller.judge()


AWAY: dict[str, dict[str, Any]] = {
    "no connection": {
        "ansible_connection": "ssh",
        "rotate_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": 1,
    },
    "become refused": {
        "ansible_connection": "bastion",
        "rotate_connection": "bastion",
        "ansible_pipelining": True,
        "ansible_become": True,
        "rotate_become": True,
        "ansible_become_method": "sudo",
        "ansible_become_user": "nobody",
        "ansible_become_exe": "/bin/false",
    },
    "no interpreter": {
        "ansible_connection": "bastion",
        "rotate_connection": "bastion",
        "ansible_python_interpreter": "/nowhere/python3",
    },
}


@pytest.mark.parametrize("what", AWAY)
def test_a_bastion_that_is_of_no_use(controller: Controller, simulator: Simulator, what: str) -> None:
    """The host fails night after night, nothing is sent, nothing is counted; then the next run rotates."""
    agent = controller.add_agent(1001)
    controller.enroll()
    usual = dict(controller.host_vars[agent.host])
    controller.host_vars[agent.host] |= AWAY[what]
    for _night in range(3):
        run = controller.rotate()
        assert (run.rc != 0, run.calls) == (True, []), run.output
        controller.judge()
        stored = controller.stored(agent.host)
        assert (stored["staged"], stored["ledger"]) == (None, []), run.output
    controller.host_vars[agent.host] = usual
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert controller.is_rotated(agent), run.outcome(agent.host)


def test_a_connection_that_would_write_passwords_to_a_file(controller: Controller) -> None:
    """It is refused before anything is sent or written, in the store and on the other machine."""
    pod, becoming = controller.add_agents(1001, 2)
    controller.fill()
    controller.host_vars[pod.host]["rotate_connection"] = "pod"
    controller.host_vars[becoming.host] |= {
        "ansible_connection": "bastion",
        "rotate_connection": "bastion",
        "ansible_become": True,
        "rotate_become": True,
    }
    controller.environment["ANSIBLE_REMOTE_TMP"] = str(controller.folder / "remote")
    before = controller.files()
    run = controller.rotate()
    assert (run.failed, run.calls, controller.files()) == (controller.hosts, [], before), run.output
    assert "as ssh does" in run.message(pod.host)
    assert "ansible_pipelining: true, or become: false" in run.message(becoming.host)
    assert not (controller.folder / "remote").exists()


# name, module, options, whether in check mode
OTHER_CASES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("token_ok", "cec_token", {}, False),
    ("token_bad", "cec_token", {"app_secret": "wrong"}, False),
    ("check_bad", "cec_login_check", {"password": WRONG}, False),
    ("check_no_token", "cec_login_check", {"password": AGENT, "app_secret": "wrong"}, False),
    ("check_number", "cec_login_check", {"password": 12345678}, False),
    ("account_changed", "cec_account_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("account_early", "cec_account_password", {"old_password": NEW, "new_password": NEXT}, False),
    ("phone_bad", "cec_sip_login", {"password": WRONG}, False),
    ("phone_unknown", "cec_sip_password", {"account_password": NEW, "new_password": "Phone@Marker7x"}, False),
    ("login_ok", "idaas_login", {"password": AGENT}, False),
    ("login_bad", "idaas_login", {"password": WRONG, "verify_only": True}, False),
    ("user_refused", "idaas_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("user_changed", "idaas_password", {"old_password": AGENT, "new_password": NEW}, False),
    ("user_token", "idaas_password", {"new_password": NEXT, "old_password": NEW, "id_token": "gone"}, False),
    ("reset_ok", "idaas_user_password", {"new_password": "Fourth#Marker7x"}, False),
    ("reset_denied", "idaas_user_password", {"new_password": NEW, "tenant_client_secret": "wrong"}, False),
]


def other_results(controller: Controller, simulator: Simulator, connection: str) -> dict[str, dict[str, Any]]:
    simulator.reset()
    controller.credentials.clear()
    passwords = {kind: {"password": AGENT} for kind in ("cec_account", "cec_sip", "idaas")}
    person = controller.add_person(1001, **passwords)
    simulator.put_account("idaas_client", "client-2", password="tenant-secret")
    simulator.fault("html", operation="sip_change", applied=True)
    simulator.fault("retcode", operation="idaas_change", code="IDAAS.SDK.PWD.0001")
    written = controller.folder / f"other-{connection}.json"
    tasks: list[dict[str, Any]] = [
        {PREFIX + module: options, "register": name, "check_mode": check, "ignore_errors": True, "name": name}
        for name, module, options, check in OTHER_CASES
    ]
    document = "{{ {" + ", ".join(f"'{name}': {name}" for name, *_others in OTHER_CASES) + "} | to_json }}"
    tasks.append({"name": "Write", "ansible.builtin.copy": {"content": document, "dest": str(written)}, "no_log": True})
    ca_path = {"ca_path": simulator.ca_path, "timeout": 5}
    tenant = {"app_key": "app-key-1", "app_secret": "app-secret-Marker7"}
    account = {"account": person["cec_account"].number}
    phone = {**account, "registrar": f"sip:127.0.0.1:{simulator.sip_port}", "sip_user": person["cec_sip"].number}
    administrator = {"tenant_client_id": "client-2", "tenant_client_secret": "tenant-secret", "user_id": "id-1001"}
    defaults: dict[str, Any] = {
        "group/callcenter.passwords.cec": {"cec_url": "{{ rotate_cec_url }}", **tenant, **ca_path},
        "group/callcenter.passwords.idaas": {"idaas_url": "{{ rotate_idaas_url }}", **ca_path},
        **{PREFIX + module: account for module in ("cec_login_check", "cec_account_password")},
        **{PREFIX + module: phone for module in ("cec_sip_login", "cec_sip_password")},
        **{
            PREFIX + module: {"client_id": "client-1", "user_name": person["idaas"].number}
            for module in ("idaas_login", "idaas_password")
        },
        PREFIX + "idaas_user_password": administrator,
    }
    controller.environment["ANSIBLE_PIPELINING"] = "true"
    run = controller.play(tasks, connection=connection, module_defaults=defaults)
    assert run.rc == 0, run.output
    # One that cec_token asked for, one that all others share, and one for each refused secret.
    tokens = [call["credential"] for call in run.calls_of("app-key-1", "cec_token")]
    assert sorted(tokens) == ["live", "live", "wrong", "wrong"], tokens
    found = json.loads(written.read_text(encoding="utf-8"))
    for result in found.values():
        for key in [
            key
            for key in result
            if key.startswith(("_ansible", "ansible_"))
            or key in ("invocation", "ansible_facts", "warnings", "exception")
        ]:
            del result[key]
        for key in ("access_token", "id_token", "session_token"):
            if key in result:
                result[key] = bool(result[key])
    return dict(found)


def test_the_results_of_tenants_modules_are_the_same(controller: Controller, simulator: Simulator) -> None:
    here, there = (other_results(controller, simulator, connection) for connection in ("local", "bastion"))
    assert {name: result for name, result in here.items() if result != there[name]} == {}, there
    assert {name: result.get("outcome") for name, result in here.items()} == {
        "token_ok": "ok",
        "token_bad": "access_denied",
        "check_bad": "wrong_password",
        "check_no_token": "access_denied",
        "check_number": None,
        "account_changed": "changed",
        "account_early": "access_denied",
        "phone_bad": "wrong_password",
        "phone_unknown": "unknown",
        "login_ok": "ok",
        "login_bad": "wrong_password",
        "user_refused": "password_rejected",
        "user_changed": "changed",
        "user_token": "changed",
        "reset_ok": "changed",
        "reset_denied": "access_denied",
    }


def test_people_through_a_connection(controller: Controller, simulator: Simulator) -> None:
    """Their tenant's token is asked for once, although every module is a process of its own on the bastion."""
    there = {"ansible_connection": "bastion", "rotate_connection": "bastion"}
    lossy = controller.add_person(1001, ["cec_account", "cec_sip"], variables=there)["cec_sip"]
    controller.fill()
    simulator.fault("drop_after", account=lossy.number, operation="sip_change")
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert all(controller.is_rotated(credential) for credential in controller.credentials)
    assert len(run.calls_of("app-key-1", "cec_token")) == 1
    controller.judge()

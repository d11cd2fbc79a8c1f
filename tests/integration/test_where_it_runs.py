# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between Ansible and the services, and what people's ansible.cfg and inventories say of all their hosts.

Where a run cannot work, the message names the thing at fault, and nothing is counted: corrected, it works at once.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from simulator.client import Simulator
from support.authority import Authority
from support.controller import APP_KEY, APP_SECRET, Controller, Run
from support.load_balancer import LoadBalancer

MUST_NOT_BE_COUNTED = 3
"""Runs in a row. A third login after two that are counted is not sent."""


def rotate_again_and_again(controller: Controller) -> Run:
    """Rotate so often that a login would be held back if the earlier ones had been counted."""
    runs = [controller.rotate() for _run in range(MUST_NOT_BE_COUNTED)]
    for credential in controller.credentials:
        said = {run.said(credential.host, credential.kind) for run in runs}
        assert len(said) == 1, said
        assert controller.stored(credential.host, credential.kind)["ledger"] == []
    return runs[-1]


# -- proxies and certificates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_away(controller: Controller, simulator: Simulator, variable: str) -> None:
    agent = controller.add_agent(1001)
    controller.fill()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dead = taken.getsockname()[1]
    controller.environment[variable] = f"http://127.0.0.1:{dead}"
    run = rotate_again_and_again(controller)
    assert run.outcome(agent.host) == "unreachable"
    assert f"the proxy that {variable} names: the proxy did not accept the connection" in run.message(agent.host)
    controller.environment["NO_PROXY"] = "localhost"
    assert controller.rotate().changed == {agent.host}
    controller.judge()


def test_a_bundle_of_certificates_that_is_not_there(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.fill()
    trusted = controller.group_vars.pop("rotate_cc_ca_path")
    controller.environment["REQUESTS_CA_BUNDLE"] = "/nowhere/ca-bundle.crt"
    run = rotate_again_and_again(controller)
    assert run.outcome(agent.host) == "unreachable"
    assert "REQUESTS_CA_BUNDLE" in run.message(agent.host), run.message(agent.host)
    controller.environment["REQUESTS_CA_BUNDLE"] = trusted
    assert controller.rotate().changed == {agent.host}


def test_a_service_that_demands_a_certificate(controller: Controller, simulator: Simulator, tmp_path: Path) -> None:
    """All services stand behind it; without the certificate the options are named, and with it all of them rotate."""
    clients = tmp_path / "clients"
    clients.mkdir()
    authority = Authority(clients)
    person = controller.add_person(1001, ["cc_agent", "cec_account", "cec_sip", "idaas"])
    controller.group_vars.pop("rotate_sip_registrar")
    controller.fill()
    with LoadBalancer(tmp_path / "front", simulator.url, simulator.ca_path, client_ca_path=authority.ca_path) as front:
        controller.group_vars |= {
            "rotate_cc_gateway_url": front.url,
            **{f"rotate_{service}_url": front.url for service in ("cec", "idaas")},
            **{f"rotate_{service}_ca_path": front.ca_path for service in ("cc", "cec", "idaas")},
        }
        run = rotate_again_and_again(controller)
        assert run.calls == []
        for kind in ("cc_agent", "cec_account", "idaas"):
            said = run.said(person[kind].host, kind)
            assert "client certificate" in said, said
            assert "client_cert" in said, said
        certificate, key = authority.client()
        controller.group_vars |= {
            name: value
            for service in ("cc", "cec", "idaas")
            for name, value in (
                (f"rotate_{service}_client_cert", certificate),
                (f"rotate_{service}_client_key", key),
            )
        }
        run = controller.rotate()
        assert run.rc == 0, run.output
    for credential in controller.credentials:
        assert controller.is_rotated(credential), credential
    controller.judge()


def test_a_gateway_by_its_address(controller: Controller) -> None:
    with Simulator(arguments=["--names", "::1,127.0.0.1"]) as gateway:
        controller.simulator = gateway
        controller.group_vars |= {
            "rotate_cc_gateway_url": gateway.url.replace("localhost", "127.0.0.1"),
            "rotate_cc_ca_path": gateway.ca_path,
        }
        agent = controller.add_agent(1001)
        controller.enroll()
        assert controller.rotate().changed == {agent.host}
        controller.judge()


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_answers_in_other_encodings(
    controller: Controller, simulator: Simulator, tmp_path: Path, encoding: str
) -> None:
    """With a byte order mark, or in the encoding of a Chinese system without saying so."""
    controller.add_person(1001, ["cc_agent", "cc_config", "cec_account", "cec_sip", "idaas"])
    with LoadBalancer(tmp_path / "front", simulator.url, simulator.ca_path, encoding=encoding) as front:
        controller.group_vars |= {
            "rotate_cc_gateway_url": front.url,
            **{f"rotate_{service}_url": front.url for service in ("cec", "idaas")},
            **{f"rotate_{service}_ca_path": front.ca_path for service in ("cc", "cec", "idaas")},
        }
        controller.enroll()
        run = controller.rotate()
        assert run.rc == 0, run.output
    for credential in controller.credentials:
        assert controller.is_rotated(credential), credential


@pytest.mark.parametrize("status", [429, 503])
def test_a_front_that_turns_logins_away(controller: Controller, simulator: Simulator, status: int) -> None:
    """The gateway has looked at none of them, so none is counted."""
    agent = controller.add_agent(1001)
    controller.fill()
    simulator.fault("status", operation="sign_in", status=status, count=MUST_NOT_BE_COUNTED)
    run = rotate_again_and_again(controller)
    assert run.outcome(agent.host) == "access_denied"
    assert f"HTTP {status}" in run.message(agent.host)
    assert "run again later" in run.message(agent.host)
    assert controller.rotate().changed == {agent.host}
    controller.judge()


def test_a_sign_out_that_is_lost(controller: Controller, simulator: Simulator) -> None:
    """It is sent once more on a new connection, and nobody is left signed in."""
    agent = controller.add_agent(1001)
    controller.fill()
    simulator.fault("drop_before", account=agent.number, operation="sign_out", count=1)
    assert controller.rotate().changed == {agent.host}
    assert simulator.faults() == []
    assert controller.live(agent)["signed_in"] is False
    controller.judge()


def test_tenants_that_wrap_their_requests(controller: Controller, simulator: Simulator) -> None:
    """As the tables of the interface reference have it; the examples do not."""
    simulator.options(cec={"requests": "wrapped"})
    person = controller.add_person(1001, ["cec_account", "cec_sip"])
    controller.group_vars["rotate_cec_request_param"] = True
    controller.enroll()
    run = controller.rotate()
    assert run.rc == 0, run.output
    for credential in person.values():
        assert controller.is_rotated(credential), credential
    simulator.put_account("cec_app", APP_KEY, password=APP_SECRET)


def test_a_registrar_that_insists_on_a_contact(controller: Controller, simulator: Simulator) -> None:
    """It cannot be asked without taking the person's calls, and the message says which option to leave out; it helps."""
    person = controller.add_person(1001, ["cec_account", "cec_sip"])
    simulator.options(registrar={"status": 400})
    run = controller.enroll(check=False)
    said = run.message(person["cec_sip"].host)
    assert "demands a Contact" in said, said
    assert "give no registrar" in said, said
    del controller.group_vars["rotate_sip_registrar"]
    controller.enroll()
    assert controller.rotate().rc == 0
    controller.judge()


def test_a_load_balancer_that_parts_sessions(controller: Controller, simulator: Simulator, tmp_path: Path) -> None:
    """The run's own session is no person at work. Each night says what is wrong, and mended, it works."""
    agent = controller.add_agent(1001)
    controller.fill()
    direct = {name: controller.group_vars[name] for name in ("rotate_cc_gateway_url", "rotate_cc_ca_path")}
    with LoadBalancer(tmp_path / "front", simulator.url, simulator.ca_path, keeps_cookies=True) as front:
        moved = {"rotate_cc_gateway_url": front.url, "rotate_cc_ca_path": front.ca_path, "rotate_service_moved": True}
        controller.group_vars |= moved
        for _night in range(3):
            run = controller.rotate()
            assert run.outcome(agent.host) == "session_lost", run.output
            assert run.failed == {agent.host}
            assert "stickiness" in run.message(agent.host)
            simulator.act("sign_out", "cc_agent", agent.number)
    controller.group_vars |= direct
    assert controller.rotate().changed == {agent.host}
    controller.judge()


def test_a_page_in_the_place_of_the_gateway(controller: Controller, simulator: Simulator) -> None:
    """Two logins are sent into it, and no third; the fleet needs nobody's word afterwards."""
    agents = controller.add_agents(1001, 8)
    controller.fill()
    controller.environment["ANSIBLE_FORKS"] = "1"
    simulator.fault("status", operation="sign_in", status=302, count=None)
    run = controller.verify()
    assert [call["operation"] for call in run.calls] == ["sign_in"] * 2
    assert "redirects to another address" in run.message(agents[0].host)
    assert "without an answer of the service itself" in run.message(agents[2].host)
    simulator.clear_faults()
    assert controller.verify().outcomes() == {agent.host: "verified" for agent in agents}
    controller.judge()


# -- habits ------------------------------------------------------------------------------------------------------------


def test_an_ansible_cfg_made_for_servers(controller: Controller, simulator: Simulator) -> None:
    """Privileges, another strategy, ssh and pipelining for all hosts are of no use here, and do no harm."""
    agents = controller.add_agents(1001, 3)
    controller.environment |= {
        "ANSIBLE_BECOME": "true",
        "ANSIBLE_BECOME_EXE": "/no/such/sudo",
        "ANSIBLE_STRATEGY": "free",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_TRANSPORT": "ssh",
        "ANSIBLE_REMOTE_USER": "nobody-of-this-name",
        "ANSIBLE_GATHERING": "implicit",
    }
    controller.group_vars |= {"ansible_connection": "ssh", "ansible_become": True, "ansible_host": "192.0.2.1"}
    controller.enroll()
    run = controller.rotate()
    assert run.changed == {agent.host for agent in agents}, run.output
    assert controller.verify().rc == 0
    controller.judge()


def test_the_canary_holds_under_another_strategy(controller: Controller, simulator: Simulator) -> None:
    """The shipped plays name their strategy: a failing canary stops the fleet whatever ansible.cfg says."""
    agents = controller.add_agents(1001, 12)
    controller.fill()
    controller.environment["ANSIBLE_STRATEGY"] = "free"
    for agent in agents:
        simulator.fault("retcode", account=agent.number, operation="change", code="100-007")
    run = controller.rotate(one_batch=False)
    assert run.rc != 0
    assert {call["account"] for call in run.calls} == {agents[0].number}
    controller.judge()


def test_a_time_out_for_tasks(controller: Controller, simulator: Simulator) -> None:
    """The role's tasks have none. In a playbook of one's own it cuts a task off, and the brake holds all the same."""
    agents = controller.add_agents(1001, 4)
    controller.fill()
    controller.environment |= {"ANSIBLE_TASK_TIMEOUT": "3", "ANSIBLE_FORKS": "1"}
    simulator.fault("latency", operation="sign_in", seconds=4, count=1)
    assert controller.rotate("--limit", agents[0].host).changed == {agents[0].host}
    simulator.fault("timeout_before", operation="sign_in", seconds=6, count=None)
    run = controller.play([controller.agents_task()])
    assert len([call for call in run.calls if call["operation"] == "sign_in"]) == 1, run.output


def test_a_standard_error_that_nobody_reads(controller: Controller, simulator: Simulator) -> None:
    """A full disk, or a pipe into head. What is told of a rotation is lost, and the run goes on to its end."""
    agents = controller.add_agents(1001, 4)
    controller.fill()
    controller.program = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", *controller.program]
    run = controller.rotate()
    assert run.changed == {agent.host for agent in agents}
    controller.judge()


def test_until_it_works(controller: Controller, simulator: Simulator) -> None:
    """Retries of a module present a refused password once."""
    agent = controller.add_agent(1001)
    login = {
        "gateway_url": "{{ rotate_cc_gateway_url }}",
        "ca_path": "{{ rotate_cc_ca_path }}",
        "agent_id": 1001,
        "phone_number": "41001",
        "password": "Wrong@Marker7x",
        "verify_only": True,
    }
    task = {"callcenter.passwords.cc_agent_login": login, "register": "login", "until": "login is success"}
    run = controller.play([{**task, "retries": 4, "delay": 0, "name": "Log in"}])
    assert run.rc != 0
    assert [call["operation"] for call in run.calls] == ["sign_in"]
    assert "has sent nothing" in run.message(agent.host)


def test_a_home_that_cannot_be_written(controller: Controller, simulator: Simulator) -> None:
    """Ansible says itself what it needs; a run that did not start has counted nothing."""
    agent = controller.add_agent(1001)
    controller.fill()
    controller.environment["ANSIBLE_LOCAL_TEMP"] = "/proc/nothing"
    assert controller.rotate().rc != 0
    assert controller.stored(agent.host)["ledger"] == []
    del controller.environment["ANSIBLE_LOCAL_TEMP"]
    assert controller.rotate().changed == {agent.host}


def test_names_that_a_shell_would_split(controller: Controller, simulator: Simulator) -> None:
    """Inventory names as people have them, in a list of first passwords and in the store."""
    names = ["o'brien", "li na", "agent.1003.example.com", "AGENT-1004", "坐席1005", "100%"]
    passwords = []
    for number, name in enumerate(names):
        agent = controller.add_agent(1001 + number)
        controller.host_vars[name] = controller.host_vars.pop(agent.host)
        passwords.append(agent.password)
    first = controller.folder / "first.csv"
    first.write_text(
        "".join(f"{name},{password}\n" for name, password in zip(names, passwords, strict=True)), encoding="utf-8"
    )
    first.chmod(0o600)
    run = controller.run("callcenter.passwords.enroll", "-e", f"rotate_enroll_csv={first}")
    assert run.rc == 0, run.output
    assert controller.rotate().changed == set(names)
    assert controller.verify().rc == 0
    assert len(os.listdir(controller.store)) >= len(names)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: a message that names the option, the fault and the cure; nothing sent and nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from simulator.client import Simulator
from support.controller import Controller, Run

SECRET = "Sekret@Marker7x"


def assert_untouched(controller: Controller, run: Run, before: dict[str, bytes]) -> None:
    assert run.calls == []
    assert controller.simulator.connections()["with_request"] == 0
    assert controller.files() == before


def test_options_of_a_host(controller: Controller, simulator: Simulator) -> None:
    """Each host has another fault; an enrolled and healthy one among them is rotated all the same."""
    cases: dict[str, tuple[dict[str, Any], list[str]]] = {
        "another agent": ({"rotate_cc_agent_id": 1002}, ["is that of 1001", "the inventory names 1002"]),
        "agent id too large": ({"rotate_cc_agent_id": 60000}, ["the inventory names 60000"]),
        "agent id is no number": ({"rotate_cc_agent_id": "ten"}, ["rotate_cc_agent_id", "int"]),
        "no agent id": ({"rotate_cc_agent_id": None}, ["agent_id"]),
        "no phone number": ({"rotate_cc_phone_number": None}, ["phone_number", "missing"]),
        "phone number with letters": ({"rotate_cc_phone_number": "4000a"}, ["phone_number", "1 to 24 digits"]),
        "phone number too long": ({"rotate_cc_phone_number": "4" * 25}, ["phone_number", "1 to 24 digits"]),
        "several at once": (
            {"rotate_cc_agent_id": None, "rotate_cc_phone_number": None, "rotate_cc_timeout": 0},
            ["agent_id"],
        ),
        "unknown kind": ({"rotate_credentials": ["cc_agnt"]}, ["cc_agnt is no kind of credential", "cc_agent"]),
        "plain http": ({"rotate_cc_gateway_url": simulator.url.replace("https", "http")}, ["gateway_url", "https"]),
        "no url": ({"rotate_cc_gateway_url": "gateway"}, ["gateway_url", "https://host:port"]),
        "password in the url": (
            {"rotate_cc_gateway_url": simulator.url.replace("//", "//u:p@")},
            ["gateway_url", "remove"],
        ),
        "no such ca file": ({"rotate_cc_ca_path": "/nowhere/ca.pem"}, ["ca_path"]),
        "timeout": ({"rotate_cc_timeout": 0}, ["timeout", "1 to 300"]),
        "agent type": ({"rotate_cc_agent_type": 5}, ["agent_type", "4", "11"]),
        "password as sign-in parameter": (
            {"rotate_cc_sign_in_parameters": {"Password": "x"}},
            ["sign_in_parameters", "password"],
        ),
        "failed logins": ({"rotate_max_failed_logins": 3}, ["rotate_max_failed_logins", "one of: 1, 2"]),
        "when": ({"rotate_when": "sometimes"}, ["rotate_when", "one of: due, always"]),
        "policy without such a rule": (
            {"rotate_policies": {"cc_agent": {"min_lenght": 9}}},
            ["policy", "min_lenght", "min_length"],
        ),
        "policy of the wrong type": (
            {"rotate_policies": {"cc_agent": {"min_length": "9"}}},
            ["policy", "min_length", "number"],
        ),
        "policy that nothing satisfies": (
            {"rotate_policies": {"cc_agent": {"max_length": 3}}},
            ["policy", "min_length"],
        ),
        "admin and vdn": (
            {"rotate_credentials": ["cc_config"], "rotate_cc_vdn_id": 7},
            ["the inventory names 100007"],
        ),
        "workbench": ({"rotate_cc_aicc_workbench": True}, ["aicc_workbench"]),
    }
    agents = {name: controller.add_agent(1001 + number) for number, name in enumerate(cases)}
    healthy = controller.add_agent(1900)
    # Both kinds are enrolled everywhere, so that the store is not what is complained of.
    both = {
        agent.host.replace("-", "_"): {"cc_agent": agent.password, "cc_config": agent.password}
        for agent in agents.values()
    }
    for number, agent in enumerate(agents.values()):
        controller.host_vars[agent.host].update(
            rotate_credentials=["cc_agent", "cc_config"], rotate_cc_admin_id=301 + number
        )
    controller.enroll("-e", '{"rotate_enroll_verify": false}', **both)
    for name, agent in agents.items():
        controller.host_vars[agent.host] = {
            name: value
            for name, value in {
                **controller.host_vars[agent.host],
                "rotate_credentials": ["cc_agent"],
                **cases[name][0],
            }.items()
            if value is not None
        }
        if "cc_config" not in controller.host_vars[agent.host]["rotate_credentials"]:
            controller.host_vars[agent.host].pop("rotate_cc_admin_id", None)
    before = controller.files()
    run = controller.rotate()
    after = controller.files()
    assert controller.is_rotated(healthy)
    complaints = {}
    for name, agent in agents.items():
        said, wanted = run.message(agent.host), cases[name][1]
        if agent.host not in run.failed:
            complaints[name] = "not failed"
        elif missing := [word for word in wanted if word not in said]:
            complaints[name] = f"{missing} not in: {said[:300]}"
        elif run.calls_of(agent.number):
            complaints[name] = f"{len(run.calls_of(agent.number))} requests"
        elif _without_times(after, agent.host) != _without_times(before, agent.host):
            complaints[name] = "something was written"
        elif controller.live(agent)["password"] != agent.password or controller.stored(agent.host)["staged"]:
            complaints[name] = "something is staged or changed"
    assert complaints == {}


def _without_times(files: dict[str, bytes], host: str) -> list[bytes]:
    """A credential is booked before its login and released after it; that much may be written."""
    return [line for line in files[f"{host}.yml"].splitlines() if b"version:" not in line and b"written_" not in line]


def test_names_with_nothing_behind_them(controller: Controller, simulator: Simulator) -> None:
    """YAML makes nothing of them. Each is refused by name before a login, and no host is left out silently."""
    names = (
        "rotate_credentials",
        "rotate_store_path",
        "rotate_when",
        "rotate_max_age_days",
        "rotate_exempt",
        "rotate_cc_gateway_url",
        "rotate_cc_agent_id",
        "rotate_cc_validate_certs",
        "rotate_cc_timeout",
        "rotate_cc_aicc_workbench",
    )
    agents = {name: controller.add_agent(1001 + number) for number, name in enumerate(names)}
    controller.fill()
    for name, agent in agents.items():
        controller.host_vars[agent.host][name] = None
    run = controller.rotate()
    assert run.failed == controller.hosts
    assert run.calls == []
    for name, agent in agents.items():
        told = (
            "rotate_credentials without a"
            if name == "rotate_credentials"
            else f"{name.removeprefix('rotate_cc_')} has no"
        )
        assert f"{told} value" in run.message(agent.host)


def test_what_would_silently_mean_something_else(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.fill()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"rotate_host": agent.host}, "no variable of this collection is called rotate_host; rotate_hosts is"),
        ({"rotate_max_age_day": 1}, "rotate_max_age_days is"),
        ({"rotate_run_every_hours": -2400}, "run_every_hours is out of range"),
        ({"rotate_max_fail_percentage": "nan"}, "max_fail_percentage is out of range"),
        ({"rotate_exempt": {"cc_agnet": {"reason": "r"}}}, "rotate_exempt names cc_agnet"),
        ({"rotate_exempt": {"cc_agent": {}}}, "the exemption has no reason"),
        ({"rotate_exempt": {"cc_agent": None}}, "the exemption is no dictionary"),
        ({"rotate_policies": {"cc_agnet": {}}}, "rotate_policies names cc_agnet"),
        ({"rotate_window": "00:00-00:00"}, "the window ends when it begins"),
        ({"rotate_store_path": "$STORE_UNSET/passwords"}, "names a variable or a user that this run does not know"),
        ({"rotate_store_path": "file:///srv/passwords"}, "store_path is a URL"),
        ({"rotate_store_path": "   "}, "store_path is empty"),
        ({"rotate_store_path": str(controller.folder / "host_vars")}, "Ansible would read its passwords as variables"),
    ]
    for variables, told in cases:
        run = controller.rotate("-e", json.dumps(variables), one_batch="rotate_max_fail_percentage" not in variables)
        assert told in run.message(agent.host), (variables, run.message(agent.host))
        assert run.calls == []
    run = controller.rotate("-e", "rotate_kinds=idaas")
    assert "rotate_kinds is no variable of this collection and has no effect on it" in run.stderr
    assert run.changed == {agent.host}


def test_passwords_that_are_no_strings(controller: Controller, simulator: Simulator) -> None:
    cases = {
        "number": (12345678, "number"),
        "boolean": (True, "boolean"),
        "mapping": ({"value": SECRET}, "mapping"),
        "list": ([SECRET], "list"),
        "empty": ("", "is not given"),
        "none": (None, "is not given"),
    }
    agents = {name: controller.add_agent(1001 + number) for number, name in enumerate(cases)}
    run = controller.enroll(
        check=False, **{agent.host.replace("-", "_"): {"cc_agent": cases[name][0]} for name, agent in agents.items()}
    )
    assert run.failed == controller.hosts
    for name, agent in agents.items():
        assert cases[name][1] in run.message(agent.host), name
        assert "password" in run.message(agent.host), name
    assert "quotes" in run.message(agents["number"].host)
    assert SECRET not in run.output
    assert "12345678" not in run.output
    assert simulator.connections()["accepted"] == 0
    assert controller.files() == {}


def test_all_broken_rules_of_a_password_at_once(controller: Controller, simulator: Simulator) -> None:
    controller.add_agent(1234)
    common = {
        "gateway_url": "{{ rotate_cc_gateway_url }}",
        "ca_path": "{{ rotate_cc_ca_path }}",
        "agent_id": 1234,
        "phone_number": "41234",
        "old_password": "{{ lookup('ansible.builtin.env', 'OLD') }}",
    }
    controller.environment["OLD"] = SECRET
    cases: dict[str, tuple[Any, list[str]]] = {
        "everything": ("aa123é", ["shorter than 8", "fewer than 3", "identical", "consecutive", "other than ASCII"]),
        "long and backwards": ("Ab@" + "xY9" * 12 + "4321", ["longer than 32", "consecutive"]),
        "the old one": (SECRET, ["earlier"]),
        "a number": (1234567890, ["new_password", "number", "quotes"]),
        "a mapping": ({"a": "b"}, ["new_password", "mapping"]),
        "several options": ("short", ["agent_id"]),
    }
    tasks = [
        {
            "name": name,
            "callcenter.passwords.cc_agent_password": {
                **common,
                "new_password": value,
                **({"agent_id": 5} if name == "several options" else {}),
            },
            "ignore_errors": True,
        }
        for name, (value, _words) in cases.items()
    ]
    run = controller.play(tasks)
    for name, (_value, words) in cases.items():
        (line,) = run.of("agent-1234", name)
        result = line["result"]
        assert line["status"] == "failed"
        assert result["changed"] is False
        assert [word for word in words if word not in result["msg"]] == [], result["msg"]
        assert "Nothing was sent" in result["msg"], name
    assert simulator.connections()["accepted"] == 0


@pytest.mark.parametrize("playbook", ["enroll", "rotate"])
def test_vault_passwords(controller: Controller, simulator: Simulator, playbook: str) -> None:
    agent, other = controller.add_agents(1001, 2)
    controller.enroll("--limit", other.host)
    if playbook == "rotate":
        controller.enroll()
    simulator.control("DELETE", "/connections")
    before = controller.files()
    wrong = controller.folder / "wrong"
    wrong.write_text("another one\n", encoding="utf-8")
    for arguments, words in (
        ([], ["no vault password"]),
        (["--vault-password-file", str(wrong)], ["vault password", "does not open"]),
    ):
        controller.vault_arguments = list(arguments)
        run = controller.rotate() if playbook == "rotate" else controller.enroll(check=False)
        assert agent.host in run.failed
        assert [word for word in words if word not in run.message(agent.host)] == [], run.output
        assert_untouched(controller, run, before)


def test_stores_that_cannot_be_used(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.control("DELETE", "/connections")
    before = controller.files()

    controller.store.chmod(0o755)
    run = controller.rotate()
    assert run.failed == {agent.host}
    assert "chmod o-rwx" in run.message(agent.host)
    assert_untouched(controller, run, before)
    controller.store.chmod(0o700)

    file = controller.folder / "file"
    file.write_text("")
    for playbook in (controller.rotate, lambda *more: controller.enroll(*more, check=False)):
        run = playbook("-e", f"rotate_store_path={file}/store")
        assert run.failed == {agent.host}
        assert str(file) in run.message(agent.host)
        assert_untouched(controller, run, before)

    path = controller.store / f"{agent.host}.yml"
    for damage, words in (
        (b"format: [", ["damaged", "backup"]),
        (b"format: 9\ncredentials: {}\n", ["format", "update"]),
    ):
        path.write_bytes(damage)
        run = controller.rotate()
        assert run.failed == {agent.host}
        assert [word for word in words if word not in run.message(agent.host)] == []
        assert run.calls == []
        assert path.read_bytes() == damage


def test_hosts_that_are_not_enrolled(controller: Controller, simulator: Simulator) -> None:
    agents, admin = controller.add_agents(1001, 2), controller.add_administrator(301)
    for playbook in (controller.rotate, controller.verify):
        run = playbook()
        assert run.failed <= controller.hosts
        assert agents[0].host in run.failed
        assert "does not exist; is it mounted?" in run.message(agents[0].host)
        assert "enroll playbook" in run.message(agents[0].host)
    assert admin.host in run.failed
    assert simulator.connections()["accepted"] == 0
    assert not controller.store.exists()


def test_certificates_that_are_not_trusted(controller: Controller, simulator: Simulator, tmp_path: Path) -> None:
    agent = controller.add_agent(1001)
    controller.enroll()
    trusted = controller.group_vars["rotate_cc_ca_path"]
    with Simulator(arguments=["--names", "gateway.example.com"]) as misnamed:
        misnamed.put_account("cc_agent", agent.number, password=agent.password)
        cases = (
            # another gateway's CA, no CA at all, the right CA and the wrong name
            ({"rotate_cc_ca_path": misnamed.ca_path}, ["certificate", "not trusted", "ca_path"]),
            ({"rotate_cc_ca_path": None}, ["certificate", "ca_path"]),
            (
                {"rotate_cc_ca_path": misnamed.ca_path, "rotate_cc_gateway_url": misnamed.url},
                ["certificate", "another"],
            ),
        )
        for variables, words in cases:
            simulator.clear_journal()
            arguments = json.dumps(
                {"rotate_service_moved": True, **{name: value for name, value in variables.items() if value}}
            )
            if variables["rotate_cc_ca_path"] is None:
                del controller.group_vars["rotate_cc_ca_path"]
            run = controller.rotate("-e", arguments)
            controller.group_vars["rotate_cc_ca_path"] = trusted
            assert run.failed == {agent.host}
            assert [word for word in words if word not in run.message(agent.host)] == [], run.message(agent.host)
            assert run.calls == []
            assert misnamed.journal() == []
            stored = controller.stored(agent.host)
            assert (stored["staged"], stored["ledger"]) == (None, [])
        careless = json.dumps(
            {"rotate_cc_validate_certs": False, "rotate_cc_gateway_url": misnamed.url, "rotate_service_moved": True}
        )
        assert controller.rotate("-e", careless).rc == 0
        assert misnamed.account("cc_agent", agent.number)["password"] == controller.stored(agent.host)["current"]


def test_a_proxy_that_cannot_be_used(controller: Controller, simulator: Simulator) -> None:
    """Nothing is sent and nothing counts, however often: with the variable corrected, it works at once."""
    agents = controller.add_agents(1001, 2)
    controller.fill()
    for proxy in ("socks5h://127.0.0.1:1", "ftp://127.0.0.1:1", "http://", "http://svc:Pa#ss/w@127.0.0.1:3128"):
        controller.environment["HTTPS_PROXY"] = proxy
        run = controller.rotate()
        assert run.calls == []
        for agent in agents:
            assert run.outcome(agent.host) == "unreachable"
            assert "the proxy that HTTPS_PROXY names" in run.message(agent.host)
            assert controller.stored(agent.host)["ledger"] == []
        assert "Pa#ss" not in run.output
    del controller.environment["HTTPS_PROXY"]
    assert controller.rotate().changed == controller.hosts
    controller.judge()


def test_options_of_business_accounts_phones_and_users(controller: Controller, simulator: Simulator) -> None:
    cases: dict[str, tuple[str, dict[str, Any], list[str]]] = {
        "no app key": ("cec_account", {"rotate_cec_app_key": ""}, ["app_key must be", "CEC's operator"]),
        "no app secret": ("cec_account", {"rotate_cec_app_secret": ""}, ["app_secret is empty"]),
        "no account": ("cec_account", {"rotate_cec_account": ""}, ["account must be"]),
        "nonsense": ("cec_account", {"rotate_cec_url": "service"}, ["cec_url", "https://host"]),
        "no TLS": ("cec_account", {"rotate_cec_url": "http://127.0.0.1:8043"}, ["cec_url", "https"]),
        "lifetime": ("cec_account", {"rotate_cec_token_lifetime": 9999}, ["token_lifetime", "1 to 3600"]),
        "no phone": ("cec_sip", {"rotate_sip_user": ""}, ["sip_user is missing"]),
        "registrar": ("cec_sip", {"rotate_sip_registrar": "pbx"}, ["registrar is not the SIP URI"]),
        "domain": ("cec_sip", {"rotate_sip_domain": "https://a.test"}, ["sip_domain", "after the @"]),
        "specials": (
            "cec_sip",
            {"rotate_policies": {"cec_sip": {"generated_specials": "!"}}},
            ["policy", "among specials"],
        ),
        "no client id": ("idaas", {"rotate_idaas_client_id": ""}, ["client_id must be"]),
        "device": ("idaas", {"rotate_idaas_device": {"fingerprnt": "1"}}, ["fingerprnt", "fingerprint"]),
        "fingerprint": ("idaas", {"rotate_idaas_device": {"fingerprint": "é"}}, ["device: fingerprint", "ASCII"]),
        "several": (
            "idaas",
            {"rotate_idaas_url": "ftp://a", "rotate_idaas_user_name": "", "rotate_idaas_tenant_id": " "},
            ["idaas_url", "user_name", "tenant_id"],
        ),
        "repair": ("idaas", {"rotate_repair": ["cec_sip"]}, ["rotate_repair", "one of: cc_agent, idaas"]),
    }
    people = {}
    for number, (name, (kind, variables, _words)) in enumerate(cases.items()):
        kinds = ["cec_account", "cec_sip"] if kind == "cec_sip" else [kind]
        variables = {"rotate_credentials": [kind], **variables}
        people[name] = controller.add_person(1001 + number, kinds, variables=variables)[kind]
    controller.fill()
    run = controller.rotate()
    assert run.calls == []
    assert run.failed == controller.hosts
    for name, person in people.items():
        said = run.message(person.host)
        assert [word for word in cases[name][2] if word not in said] == [], (name, said)
        stored = controller.stored(person.host, person.kind)
        assert (stored["current"], stored["staged"], stored["ledger"]) == (person.password, None, []), name
    assert simulator.connections()["with_request"] == 0

    numeric = next(iter(people.values()))
    first = dict.fromkeys(("cec_account", "cec_sip", "idaas"), 12345678)
    controller.host_vars[numeric.host] |= {
        **{
            name: value
            for host in people.values()
            for name, value in controller.host_vars[host.host].items()
            if "_user" in name
        },
        "rotate_credentials": list(first),
    }
    controller.store.rename(controller.folder / "old-store")
    enrolled = controller.enroll("--limit", numeric.host, check=False, person_1001=first)
    said = enrolled.message(numeric.host)
    assert all(f"{kind}: password arrived as a number" in said for kind in first), said
    assert "12345678" not in enrolled.output
    assert enrolled.calls == []
    assert controller.files() == {}


def test_rules_of_phones_and_users(controller: Controller, simulator: Simulator) -> None:
    controller.add_person(1001, ["idaas"])
    cec = {"cec_url": "{{ rotate_cec_url }}", "app_key": "key", "app_secret": "secret", "account": "zhang.wei"}
    phone = {**cec, "account_password": SECRET, "registrar": "sip:127.0.0.1", "sip_user": "88801001"}
    user = {"idaas_url": "{{ rotate_idaas_url }}", "client_id": "client-1", "user_name": "li.na@example.com"}
    user |= {"old_password": SECRET}
    module = "callcenter.passwords."
    cases: dict[str, tuple[str, dict[str, Any], list[str]]] = {
        "17 characters": ("cec_sip_password", {**phone, "new_password": "Abc~1Abc~2Abc~3Ab"}, ["longer than 16"]),
        "special": ("cec_sip_password", {**phone, "new_password": "Abcdef!12345"}, ["the specials ~@^*_+.?"]),
        "three classes": (
            "cec_account_password",
            {**cec, "old_password": SECRET, "new_password": "abcdefgh1234"},
            ["fewer than 4"],
        ),
        "forwards": ("idaas_password", {**user, "new_password": "Xy1#Li.Na@Example.com"}, ["forwards or backwards"]),
        "mail prefix backwards": (
            "idaas_password",
            {**user, "new_password": "Xy1#An.iL#47"},
            ["forwards or backwards"],
        ),
        "pinyin": (
            "idaas_password",
            {**user, "new_password": "Xy1#WangFang", "identifiers": ["wangfang"]},
            ["forwards or backwards"],
        ),
        "the old one": ("idaas_password", {**user, "new_password": SECRET}, ["earlier passwords"]),
        "token": (
            "cec_login_check",
            {**cec, "access_token": "token with blanks", "password": SECRET},
            ["access_token"],
        ),
        "both tokens": (
            "idaas_password",
            {**user, "new_password": "Xy1#Xy2#", "id_token": "id-token", "state_token": "state-token"},
            [],
        ),
        "path": (
            "idaas_user_password",
            {
                "idaas_url": "{{ rotate_idaas_url }}",
                "tenant_client_id": "client",
                "tenant_client_secret": "secret",
                "user_id": "../../token",
                "new_password": "Xy1#Xy2#Xy3",
            },
            ["user_id must be"],
        ),
    }
    tasks = [
        {"name": name, module + action: options, "ignore_errors": True}
        for name, (action, options, _words) in cases.items()
    ]
    run = controller.play(tasks)
    for name, (_action, _options, words) in cases.items():
        (line,) = run.of("person-1001", name)
        said = line["result"]["msg"]
        assert line["status"] == "failed", name
        assert [word for word in words if word not in said] == [], (name, said)
    assert simulator.connections()["accepted"] == 0

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""At the highest verbosity no password, guid or cookie is in any output or file, whatever goes wrong."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from integration.controller import VAULT_PASSWORD, Controller, Run, new_password
from simulator.client import Simulator

SESSION = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}\.AgentGateway|JSESSIONID\W+[0-9A-Fa-f]{32}|\.gw[0-9a-f]{4}\b|eyJhbGciOi[\w-]+\.|Bearer [\w.-]{8}"
)
AWKWARD = ('Mark"er\\7&<é>x', "Mark'er {7} %41+/=?", "Marker#7: [x], - y")
"""Passwords that look different once they are quoted, escaped or encoded."""


def forms(secret: str) -> set[str]:
    """What a secret may look like in text."""
    raw = secret.encode()
    found = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        repr(secret)[1:-1],
        secret.replace("'", "''"),
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        raw.hex(),
        secret[::-1],
    }
    for shift in range(3):  # wherever it begins in what is encoded
        encoded = base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :]
        found.add(encoded[: len(encoded) - 4].decode())
    return found


def every_password(controller: Controller) -> set[str]:
    """Each that was ever live, is stored, or was given."""
    found = {credential.password for credential in controller.credentials}
    for account in controller.simulator.accounts():
        found |= {account["password"], *account["history"]}
    for credential in controller.credentials:
        stored = controller.stored(credential.host, credential.kind)
        found |= {stored[name] for name in ("current", "staged", "previous", "given") if stored.get(name)}
    return found


def leaks(
    controller: Controller, runs: Iterable[Run], secrets: Iterable[str], spared: Iterable[Path] = ()
) -> list[str]:
    """Where a secret is: name of the text and form, never the secret."""
    texts = {f"stdout of run {n}": run.stdout for n, run in enumerate(runs)}
    texts |= {f"stderr of run {n}": run.stderr for n, run in enumerate(runs)}
    given = {controller.vault_file, controller.folder / "initial-passwords.json", *spared}
    for path in controller.folder.rglob("*"):
        if path.is_file() and path not in given and not any(parent in given for parent in path.parents):
            texts[str(path.relative_to(controller.folder))] = path.read_text(encoding="utf-8", errors="replace")
    needles = {form for secret in secrets for form in forms(secret)} | {VAULT_PASSWORD}
    found = [
        f"a password in {name}: …{text[max(0, text.index(n) - 60) : text.index(n)]}"
        for name, text in texts.items()
        for n in needles
        if n in text
    ]
    found += [
        f"a session in {name}: …{text[max(0, hit.start() - 60) : hit.start()]}"
        for name, text in texts.items()
        if (hit := SESSION.search(text))
    ]
    return found


def test_forms_of_a_secret() -> None:
    """The test of the test: each of these would be found."""
    secret = AWKWARD[0]
    for text in (
        f"msg: {secret}",
        json.dumps({"a": secret}),
        json.dumps(json.dumps([secret])),
        f"https://gateway/?password={quote(secret)}",
        base64.b64encode(f"u:{secret}".encode()).decode(),
        base64.b64encode(f"user:{secret}x".encode()).decode(),
        secret.encode().hex(),
    ):
        assert any(form in text for form in forms(secret)), text
    assert SESSION.search("Cookie: JSESSIONID=0123456789abcdef0123456789abcdef; ROUTEID=.gw00ff")
    assert SESSION.search("'guid': '01234567-89ab-cdef-0123-456789abcdef.AgentGateway0'")


@pytest.fixture
def loud(controller: Controller) -> Controller:
    controller.environment["ANSIBLE_LOG_PATH"] = str(controller.folder / "ansible.log")
    controller.environment["ANSIBLE_DISPLAY_TRACEBACK"] = "always"
    return controller


def test_the_three_playbooks(loud: Controller, simulator: Simulator) -> None:
    loud.group_vars["rotate_cc_timeout"] = 2
    faults: dict[str, dict[str, Any]] = {
        "drop_before": {},
        "drop_after": {},
        "html": {"applied": True},
        "lie": {},
        "garbled_http": {"applied": True},
        "retcode": {"code": "000-002", "message": "illegal"},
        "redirect": {"applied": True},
        "header_flood": {"applied": True},
    }
    agents = [loud.add_agent(1001 + n, password=AWKWARD[n] if n < 3 else new_password()) for n in range(len(faults))]
    wrong, unread = loud.add_agent(1020), loud.add_agent(1021)
    admin = loud.add_administrator(301, password=AWKWARD[0])
    rows = loud.folder / "given" / "passwords.csv"
    rows.parent.mkdir()
    with rows.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [[agents[0].host, AWKWARD[0]], [agents[1].host, AWKWARD[1]], [wrong.host, AWKWARD[2]]]
        )
    simulator.fault("garbled", account=unread.number, operation="sign_in", applied=True)
    runs = [
        loud.enroll(
            "-vvvv",
            "--diff",
            "-e",
            f"rotate_enroll_csv={rows}",
            check=False,
            agent_1001={},
            agent_1002={},
            agent_1020={},
        )
    ]
    assert runs[0].failed == {wrong.host, unread.host}
    for agent, (kind, more) in zip(agents, faults.items(), strict=True):
        simulator.fault(kind, account=agent.number, operation="change", **more)
    simulator.fault("drop_after", account=admin.number, operation="config_change")
    secrets = every_password(loud)
    for _attempt in range(2):
        simulator.advance(130)
        runs.append(loud.rotate("-vvvv", "--diff", "-e", "rotate_when=always"))
        secrets |= every_password(loud)
    simulator.act("lock", "cc_agent", agents[3].number)
    simulator.act("password", "cc_agent", agents[4].number, password=new_password())
    runs.append(loud.verify("-vvvv"))
    assert {agents[3].host, agents[4].host} <= runs[-1].failed
    secrets |= every_password(loud)
    assert len(secrets) > 2 * len(agents)
    assert "ansible.log" in {path.name for path in loud.folder.iterdir()}
    assert leaks(loud, runs, secrets, [rows]) == []


@pytest.mark.parametrize("connection", ["local", "bastion"])
def test_modules_of_their_own(loud: Controller, simulator: Simulator, connection: str) -> None:
    """Sessions that are registered and handed on, in this process and through a connection; in loops and failures too."""
    agent, admin = loud.add_agent(1001), loud.add_administrator(301)
    new, newer, wrong = new_password(), new_password(), new_password()
    captured = loud.folder / "captured"
    captured.mkdir()
    loud.environment["ANSIBLE_PIPELINING"] = "false"
    loud.environment |= {"OLD": agent.password, "NEW": new, "NEWER": newer, "WRONG": wrong, "ADMIN": admin.password}

    def env(name: str) -> str:
        return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"

    name = "callcenter.passwords."
    login = {"password": env("OLD")}
    tasks: list[dict[str, Any]] = [
        {"name": "Sign in", name + "cc_agent_login": login, "register": "agent"},
        {
            "name": "Keep what would have leaked",
            "ansible.builtin.copy": {
                "content": "{{ [agent.guid, agent.cookies] | to_json }}",
                "dest": str(captured / "session"),
            },
            "no_log": True,
        },
        {
            "name": "Change in this session",
            name + "cc_agent_password": {
                "old_password": env("OLD"),
                "new_password": env("NEW"),
                "guid": "{{ agent.guid }}",
                "cookies": "{{ agent.cookies }}",
            },
        },
        {
            "name": "Sign out",
            name + "cc_agent_login": {
                "state": "signed_out",
                "guid": "{{ agent.guid }}",
                "cookies": "{{ agent.cookies }}",
            },
        },
        {
            "name": "Sign in twice",
            name + "cc_agent_login": {"password": env("NEW"), "take_over": True},
            "loop": [1, 2],
            "register": "loop",
        },
        {
            "name": "Sign out twice",
            # By number: Ansible itself shows what a loop goes through.
            name + "cc_agent_login": {
                "state": "signed_out",
                "guid": "{{ loop.results[item].guid }}",
                "cookies": "{{ loop.results[item].cookies }}",
            },
            "loop": [0, 1],
        },
        {"name": "Wrong password", name + "cc_agent_login": {"password": env("WRONG")}, "ignore_errors": True},
        {
            "name": "Both wrong",
            "ignore_errors": True,
            name + "cc_agent_password": {
                "old_password": env("WRONG"),
                "new_password": env("NEWER"),
                "probe_new_password": False,
            },
        },
        {"name": "Log in", name + "cc_config_login": {"password": env("ADMIN"), "admin_id": 301}, "register": "admin"},
        {
            "name": "Read",
            name + "cc_agent_info": {"admin_id": 301, "guid": "{{ admin.guid }}", "agent_ids": [1001, 1002]},
            "register": "info",
        },
        {"name": "Show", "ansible.builtin.debug": {"var": "info"}},
        {
            "name": "Change the administrator's",
            "register": "admin_change",
            name + "cc_config_password": {"admin_id": 301, "old_password": env("ADMIN"), "new_password": env("NEWER")},
        },
        {"name": "Show the change", "ansible.builtin.debug": {"var": "admin_change"}},
        {
            "name": "Cut off",
            name + "cc_config_login": {"password": env("NEWER"), "admin_id": 301},
            "ignore_errors": True,
        },
        {
            "name": "Not even the right type",
            "ignore_errors": True,
            name + "cc_agent_password": {"old_password": {"a": env("NEW")}, "new_password": [env("NEWER")]},
        },
        {
            "name": "Bad option",
            name + "cc_agent_login": {"password": env("NEW"), "agent_type": 5},
            "ignore_errors": True,
        },
        {
            "name": "Unknown option",
            name + "cc_agent_login": {"password": env("NEW"), "passwd": 5},
            "ignore_errors": True,
        },
    ]
    simulator.fault("garbled_http", operation="config_login", skip=2, applied=True)
    defaults = {
        "group/callcenter.passwords.cc": {
            "gateway_url": "{{ rotate_cc_gateway_url }}",
            "ca_path": "{{ rotate_cc_ca_path }}",
        },
        **{
            name + module: {"agent_id": 1001, "phone_number": "41001"}
            for module in ("cc_agent_login", "cc_agent_password")
        },
    }
    run = loud.play(tasks, "-vvvv", "--diff", "--limit", agent.host, connection=connection, module_defaults=defaults)
    assert run.rc == 0, run.output
    assert run.recap[agent.host]["ignored"] == 6, run.output
    assert run.recap[agent.host]["ok"] == len(tasks)
    assert loud.live(agent)["password"] == new
    assert loud.live(admin)["password"] == newer
    guid, cookies = json.loads((captured / "session").read_text(encoding="utf-8"))
    assert SESSION.search(guid), "the pattern fits this simulator's sessions"
    assert cookies
    secrets = {agent.password, admin.password, new, newer, wrong, guid, *cookies.values()}
    assert leaks(loud, [run], secrets, [captured]) == []


APP_KEY, CLIENT = "app-key-1", "admin-app"
KEYS = {"APP_SECRET": "app-secret-Marker7", "CLIENT_SECRET": 'tenant-"secret"-Marker7&'}


def env(name: str) -> str:
    return f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}"


@pytest.fixture
def tenants(loud: Controller, simulator: Simulator) -> Controller:
    """The tenants' secrets come from the environment, so that they stand in no file at all."""
    loud.environment |= KEYS
    loud.group_vars |= {
        "rotate_cec_app_secret": env("APP_SECRET"),
        "rotate_idaas_tenant_client_id": CLIENT,
        "rotate_idaas_tenant_client_secret": env("CLIENT_SECRET"),
        "rotate_cec_timeout": 2,
        "rotate_idaas_timeout": 2,
    }
    simulator.put_account("idaas_client", CLIENT, password=KEYS["CLIENT_SECRET"])
    return loud


def test_the_playbooks_with_accounts_phones_and_users(tenants: Controller, simulator: Simulator) -> None:
    faults: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("cec_account", "account_change", {"kind": "drop_after"}),
        ("cec_account", "login_check", {"kind": "garbled_http", "applied": True}),
        ("cec_sip", "sip_change", {"kind": "html", "applied": True}),
        ("idaas", "idaas_change", {"kind": "retcode", "code": "IDAAS.SDK.PWD.0001"}),
        ("idaas", "idaas_update", {"kind": "garbled", "applied": True}),
        ("idaas", "idaas_reset", {"kind": "drop_before"}),
    )
    people = []
    for number, (kind, operation, fault) in enumerate(faults):
        status = {"attributes": {"status": "PASSWORD_EXPIRED"}} if operation == "idaas_update" else {}
        kinds = ["cec_account", "cec_sip"] if kind == "cec_sip" else [kind]
        awkward = {name: {"password": AWKWARD[number % 3]} for name in ("cec_account", "idaas")}
        accounts = {"cec_account": awkward["cec_account"], "idaas": {**awkward["idaas"], **status}}
        people.append(tenants.add_person(1001 + number, kinds, **accounts)[kind])
        simulator.fault(account=people[-1].number, operation=operation, skip=int(operation == "login_check"), **fault)
    simulator.fault("oversized", account=APP_KEY, operation="cec_token", skip=1, size=2, applied=True)
    repaired = people[-1]
    arguments = ("-vvvv", "--diff", "-e", '{"rotate_repair": ["idaas"]}')
    runs = [tenants.enroll(*arguments, check=False)]
    secrets = every_password(tenants) | set(KEYS.values())
    simulator.act("password", "idaas", repaired.number, password=new_password())
    for _attempt in range(2):
        runs.append(tenants.rotate(*arguments))
        secrets |= every_password(tenants)
    assert repaired.host in runs[-1].changed
    simulator.act("lock", "idaas", people[3].number)
    runs.append(tenants.verify("-vvvv"))
    secrets |= every_password(tenants)
    assert len(secrets) > 2 * len(people)
    assert leaks(tenants, runs, secrets) == []


@pytest.mark.parametrize("connection", ["local", "bastion"])
def test_modules_with_tokens(tenants: Controller, simulator: Simulator, connection: str) -> None:
    """Tokens that are registered and handed on, also to tasks that fail."""
    person = tenants.add_person(1001)
    account, phone, user = person["cec_account"], person["cec_sip"], person["idaas"]
    forced = tenants.add_person(1002, ["idaas"], idaas={"initial": True})["idaas"]
    names = ("NEW_PHONE", "NEW_USER", "NEW_FORCED", "NEW_RESET")
    new = {name: f"{new_password()[:13]}@7x" for name in names}
    tenants.environment |= {
        **new,
        "OLD_ACCOUNT": account.password,
        "OLD_USER": user.password,
        "OLD_FORCED": forced.password,
    }
    tenants.environment["ANSIBLE_PIPELINING"] = "false"
    captured = tenants.folder / "captured"
    captured.mkdir()
    name = "callcenter.passwords."
    person_1, person_2 = {"user_name": user.number}, {"user_name": forced.number}
    old = {"old_password": env("OLD_USER")}
    tasks: list[dict[str, Any]] = [
        {"name": "Token", name + "cec_token": {"app_secret": env("APP_SECRET")}, "register": "tenant"},
        {"name": "User", name + "idaas_login": {**person_1, "password": env("OLD_USER")}, "register": "user"},
        {"name": "Forced", name + "idaas_login": {**person_2, "password": env("OLD_FORCED")}, "register": "forced"},
        {
            "name": "Keep what would have leaked",
            "ansible.builtin.copy": {
                "content": "{{ [tenant.access_token, user.id_token, user.session_token, forced.state_token] | to_json }}",
                "dest": str(captured / "tokens"),
            },
            "no_log": True,
        },
        {
            "name": "Phone",
            name + "cec_sip_password": {
                "account": account.number,
                "access_token": "{{ tenant.access_token }}",
                "account_password": env("OLD_ACCOUNT"),
                "new_password": env("NEW_PHONE"),
            },
        },
        {
            "name": "Change",
            name + "idaas_password": {
                **person_1,
                **old,
                "new_password": env("NEW_USER"),
                "id_token": "{{ user.id_token }}",
            },
        },
        {
            "name": "Update",
            name + "idaas_password": {
                **person_2,
                "old_password": env("OLD_FORCED"),
                "new_password": env("NEW_FORCED"),
                "state_token": "{{ forced.state_token }}",
            },
        },
        {
            "name": "Bad token",
            name + "cec_login_check": {
                "account": account.number,
                "access_token": "{{ tenant.access_token }} ",
                "password": env("OLD_ACCOUNT"),
            },
            "ignore_errors": True,
        },
        {
            "name": "Cut off",
            name + "idaas_user_password": {
                "tenant_client_id": CLIENT,
                "tenant_client_secret": env("CLIENT_SECRET"),
                "user_id": "id-1001",
                "new_password": env("NEW_RESET"),
            },
            "register": "reset",
            "ignore_errors": True,
        },
        {"name": "Show", "ansible.builtin.debug": {"var": "reset"}},
    ]
    simulator.fault("garbled_http", operation="idaas_reset", applied=True)
    shared = {"cec_url": "{{ rotate_cec_url }}", "app_key": APP_KEY, "ca_path": simulator.ca_path}
    idaas = {"idaas_url": "{{ rotate_idaas_url }}", "ca_path": simulator.ca_path, "timeout": 5}
    defaults: dict[str, Any] = {"group/callcenter.passwords.cec": shared, "group/callcenter.passwords.idaas": idaas}
    defaults |= {name + module: {"client_id": "client-1"} for module in ("idaas_login", "idaas_password")}
    arguments = ("-vvvv", "--diff", "--limit", account.host)
    run = tenants.play(tasks, *arguments, connection=connection, module_defaults=defaults)
    assert run.rc == 0, run.output
    assert run.recap[account.host]["ignored"] == 2, run.output
    assert tenants.live(phone)["password"] == new["NEW_PHONE"]
    assert (tenants.live(user)["password"], tenants.live(forced)["password"]) == (new["NEW_RESET"], new["NEW_FORCED"])
    tokens = json.loads((captured / "tokens").read_text(encoding="utf-8"))
    assert [len(token) > 20 for token in tokens] == [True] * 4
    secrets = {*KEYS.values(), *new.values(), account.password, user.password, forced.password, phone.password, *tokens}
    assert leaks(tenants, [run], secrets, [captured]) == []

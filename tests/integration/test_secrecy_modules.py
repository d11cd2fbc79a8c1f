# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No module shows a secret or leaves one anywhere, neither in the worker nor as a process behind a connection."""

from __future__ import annotations

from typing import Any

from simulator.client import Simulator
from support.controller import Controller, new_password, until
from support.marked import CLIENT, LOUD, NAME, SERVICES, evidence, give_vaulted, leaks, watch

CONNECTIONS = {1001: "local", 1002: "bastion"}
USER = {"user_name": "{{ rotate_idaas_user_name }}"}
FORCED = {"user_name": "{{ forced_user }}"}
ACCOUNT = {"account": "{{ rotate_cec_account }}"}
ADMIN = {"admin_id": "{{ rotate_cc_admin_id }}"}
FAILS: dict[str, Any] = {"ignore_errors": True}


def secret(name: str) -> str:
    return f"{{{{ secret_{name} }}}}"


def session(variable: str) -> dict[str, str]:
    return {"guid": f"{{{{ {variable}.guid }}}}", "cookies": f"{{{{ {variable}.cookies }}}}"}


def task(name: str, module: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, NAME + module: arguments, **more}


def show(variable: str) -> dict[str, Any]:
    return {"name": f"Show {variable}", "ansible.builtin.debug": {"var": variable}}


# Each password of the play: what it replaces and what replaces it.
CHANGE = {"old_password": secret("cc_agent"), "new_password": secret("new")}
BOTH_WRONG = {"old_password": secret("wrong"), "new_password": secret("forced"), "probe_new_password": False}
NO_STRINGS = {"old_password": {"a": secret("new")}, "new_password": [secret("new")]}
ADMIN_CHANGE = {**ADMIN, "old_password": secret("cc_config"), "new_password": secret("new")}
PHONE = {**ACCOUNT, "account_password": secret("cec_account"), "new_password": secret("new")}
USER_CHANGE = {**USER, "old_password": secret("idaas"), "new_password": secret("new")}
FORCED_CHANGE = {**FORCED, "old_password": secret("forced"), "new_password": secret("new")}
RESET = {"user_id": "{{ rotate_idaas_user_id }}", "new_password": secret("wrong")}

TASKS: list[dict[str, Any]] = [
    task("Sign in", "cc_agent_login", {"password": secret("cc_agent")}, register="agent"),
    task("Change in this session", "cc_agent_password", {**CHANGE, **session("agent")}, register="changed"),
    show("changed"),
    task("Sign out", "cc_agent_login", {"state": "signed_out", **session("agent")}),
    task(
        "Sign in twice", "cc_agent_login", {"password": secret("new"), "take_over": True}, loop=[1, 2], register="twice"
    ),
    # By number: Ansible itself shows what a loop goes through.
    task("Sign out of it", "cc_agent_login", {"state": "signed_out", **session("twice.results[item]")}, loop=[0, 1]),
    task("Wrong password", "cc_agent_login", {"password": secret("wrong")}, register="wrong", **FAILS),
    show("wrong"),
    task("Both wrong", "cc_agent_password", BOTH_WRONG, **FAILS),
    task("Log in", "cc_config_login", {**ADMIN, "password": secret("cc_config")}, register="admin"),
    task("Read", "cc_agent_info", {**ADMIN, "guid": "{{ admin.guid }}", "agent_ids": [*CONNECTIONS]}, register="info"),
    show("info"),
    task("Change the administrator's", "cc_config_password", ADMIN_CHANGE),
    task("Cut off", "cc_config_login", {**ADMIN, "password": secret("new")}, **FAILS),
    task("Not the right type", "cc_agent_password", NO_STRINGS, **FAILS),
    task("Bad option", "cc_agent_login", {"password": secret("new"), "agent_type": 5}, **FAILS),
    task("No number", "cc_agent_login", {"agent_id": secret("new"), "password": "x"}, **FAILS),
    task("No choice", "cc_agent_login", {"state": secret("new"), "password": "x"}, **FAILS),
    task("Unknown option", "cc_agent_login", {"password": secret("new"), "passwd": 5}, **FAILS),
    task(
        "Cookies of the wrong type",
        "cc_agent_login",
        {"state": "signed_out", "guid": "{{ agent.guid }}", "cookies": "{{ agent.cookies.JSESSIONID }}"},
        **FAILS,
    ),
    task("Token", "cec_token", {}, register="tenant"),
    task("User", "idaas_login", {**USER, "password": secret("idaas")}, register="user"),
    task("Forced", "idaas_login", {**FORCED, "password": secret("forced")}, register="forced"),
    task("Phone", "cec_sip_password", {**PHONE, "access_token": "{{ tenant.access_token }}"}),
    task("Change", "idaas_password", {**USER_CHANGE, "id_token": "{{ user.id_token }}"}),
    task("Update", "idaas_password", {**FORCED_CHANGE, "state_token": "{{ forced.state_token }}"}),
    task(
        "Bad token",
        "cec_login_check",
        {**ACCOUNT, "access_token": "{{ tenant.access_token }} ", "password": secret("cec_account")},
        **FAILS,
    ),
    task("Cut off in a reset", "idaas_user_password", RESET, register="reset", **FAILS),
    show("reset"),
]
_AGENT = {"agent_id": "{{ rotate_cc_agent_id }}", "phone_number": "{{ rotate_cc_phone_number }}"}
_USER_SIDE = {"client_id": "{{ rotate_idaas_client_id }}"}
DEFAULTS: dict[str, Any] = {
    **SERVICES,
    f"{NAME}cc_agent_login": _AGENT,
    f"{NAME}cc_agent_password": _AGENT,
    f"{NAME}idaas_login": _USER_SIDE,
    f"{NAME}idaas_password": _USER_SIDE,
    f"{NAME}idaas_user_password": {
        "tenant_client_id": CLIENT,
        "tenant_client_secret": "{{ rotate_idaas_tenant_client_secret }}",
    },
}


def add_marked_person(controller: Controller, number: int, connection: str) -> set[str]:
    """A person with all kinds, a second user who must change the password, and passwords that are still to come."""
    forced = new_password()
    controller.simulator.put_account("idaas", f"forced{number}", password=forced, initial=True)
    kinds = ("cc_agent", "cc_config", "cec_account", "cec_sip", "idaas")
    variables = {"ansible_connection": connection, "forced_user": f"forced{number}"}
    people = controller.add_person(number, kinds, variables=variables)
    own = {kind: credential.password for kind, credential in people.items()}
    own |= {"new": f"{new_password()[:13]}@7x", "wrong": new_password(), "forced": forced}
    give_vaulted(controller, f"host_vars/person-{number}", {f"secret_{name}": own[name] for name in own})
    return {*own.values()}


def test_the_modules(loud: Controller, simulator: Simulator) -> None:
    """Sessions and tokens are registered and handed on, in loops and to tasks that fail, and shown by nothing."""
    secrets: set[str] = set()
    for number, connection in CONNECTIONS.items():
        secrets |= add_marked_person(loud, number, connection)
        simulator.fault("latency", account=str(number), operation="change", seconds=2)
        simulator.fault("garbled_http", account=str(number), operation="config_login", skip=2, applied=True)
        simulator.fault("garbled_http", account=f"zhang.wei{number}", operation="idaas_reset", applied=True)
    # Other than linear, this strategy has its banners made of the arguments that come back from the workers.
    running = loud.start(loud.playbook(TASKS, module_defaults=DEFAULTS, strategy="free"), *LOUD)
    with watch(loud, running) as watched:
        until(lambda: simulator.journal(account="1002", operation="change"), seconds=120)
        shells = [name for name, text in watched.look().items() if name.startswith("cmdline") and b"/bin/sh" in text]
        assert shells, "the module behind the connection is looked at while it sends passwords"
        run = running.result(timeout=240)
    assert run.rc == 0, run.output
    for host, recap in run.recap.items():
        assert recap["ignored"] == len([one for one in TASKS if one.get("ignore_errors")]), (host, run.output)
        assert recap["ok"] == len(TASKS), host
    for credential in loud.credentials:
        is_as_it_was = loud.live(credential)["password"] == credential.password
        assert is_as_it_was is (credential.kind == "cec_account"), credential.kind
    assert len(simulator.issued()) > 20
    assert leaks(loud, secrets, watched.texts, evidence(loud, [run])) == []

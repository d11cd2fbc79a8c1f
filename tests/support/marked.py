# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that write all that Ansible can write, with secrets that can be told, and the evidence that they leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from support.controller import VAULT_PASSWORD, Controller, Encrypted, Run, Running, Writer, descendants
from support.secrecy import Watch, below, hits

AWKWARD = ('Mark"er\\7&<é>x', "Mark'er {7} %41+/=?", "Marker#7: [x], - y")
"""Passwords that look different once they are quoted, escaped or encoded."""
APP_KEY, CLIENT = "app-key-1", "admin-app"
NAME = "callcenter.passwords."
SERVICES: dict[str, Any] = {
    f"group/{NAME}cc": {"gateway_url": "{{ rotate_cc_gateway_url }}", "ca_path": "{{ rotate_cc_ca_path }}"},
    f"group/{NAME}cec": {
        "cec_url": "{{ rotate_cec_url }}",
        "ca_path": "{{ rotate_cec_ca_path }}",
        "app_key": APP_KEY,
        "app_secret": "{{ rotate_cec_app_secret }}",
    },
    f"group/{NAME}idaas": {"idaas_url": "{{ rotate_idaas_url }}", "ca_path": "{{ rotate_idaas_ca_path }}"},
}
"""Defaults of the modules: where the services are."""
APP_SECRET, CLIENT_SECRET = "app-secret-Marker7", 'tenant-"secret"-Marker7&'
LOUD = ("-vvvv", "--diff")


def make_loud(controller: Controller) -> None:
    """Have everything written that Ansible writes only when asked: a log, tracebacks, facts, retry and report files."""
    for name in ("tmp", "retry"):
        (controller.folder / name).mkdir()
    controller.environment |= {
        "TMPDIR": str(controller.folder / "tmp"),
        "ANSIBLE_REMOTE_TMP": str(controller.folder / "tmp" / "remote"),
        "PYTHONFAULTHANDLER": "1",
        "ANSIBLE_LOG_PATH": str(controller.folder / "ansible.log"),
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
        "ANSIBLE_PIPELINING": "false",
        "ANSIBLE_RETRY_FILES_ENABLED": "true",
        "ANSIBLE_RETRY_FILES_SAVE_PATH": str(controller.folder / "retry"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(controller.folder / "facts"),
        "ANSIBLE_CALLBACKS_ENABLED": "results,ansible.builtin.junit,ansible.builtin.tree,callcenter.passwords.report",
        "ANSIBLE_CALLBACK_TREE_DIR": str(controller.folder / "tree"),
        "JUNIT_OUTPUT_DIR": str(controller.folder / "junit"),
        "CALLCENTER_PASSWORDS_REPORT_DIRECTORY": str(controller.folder / "reports"),
    }


def give_tenants(controller: Controller) -> None:
    """A tenant and an administrator's application, their secrets vaulted."""
    vaulted = {"vaulted_app_secret": APP_SECRET, "vaulted_client_secret": CLIENT_SECRET}
    give_vaulted(controller, "group_vars/all", vaulted)
    controller.group_vars |= {
        # Older releases of ansible-core take no !vault where a role's argument is meant to be a string.
        "rotate_cec_app_secret": "{{ vaulted_app_secret }}",
        "rotate_idaas_tenant_client_secret": "{{ vaulted_client_secret }}",
        "rotate_idaas_tenant_client_id": CLIENT,
        "rotate_cec_timeout": 2,
        "rotate_idaas_timeout": 2,
    }
    controller.simulator.put_account("idaas_client", CLIENT, password=CLIENT_SECRET)


def give_vaulted(controller: Controller, place: str, secrets: Mapping[str, str]) -> None:
    """Give secrets as variables, so that they stand in no file and no environment."""
    vault = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])
    path = controller.folder / "inventory" / f"{place}.yml"
    path.parent.mkdir(exist_ok=True)
    encrypted = {name: Encrypted(vault.encrypt(secret).decode()) for name, secret in secrets.items()}
    path.write_text(yaml.dump(encrypted, Dumper=Writer), encoding="utf-8")


def every_secret(controller: Controller) -> set[str]:
    """Each that was ever live, is stored, was given, or was handed out by a server."""
    found = {VAULT_PASSWORD, *controller.simulator.issued()}
    for account in controller.simulator.accounts():
        found |= {account["password"], *account["history"]}
    for credential in controller.credentials:
        stored = controller.stored(credential.host, credential.kind)
        found |= {credential.password}
        found |= {stored[name] for name in ("current", "staged", "previous", "initial") if stored.get(name)}
    return found


def watch(controller: Controller, running: Running) -> Watch:
    """Look at a run, its workers and modules, and at everything that they may write to while they are at work."""
    pid = running.process.pid
    folders = (controller.folder / "home", controller.folder / "tmp", Path("/dev/shm"))
    return Watch(lambda: {pid, *descendants(pid)}, *folders)


def evidence(controller: Controller, runs: Iterable[Run], spared: Iterable[Path] = ()) -> dict[str, bytes]:
    """What runs have said and left, except what they were given in files."""
    texts = {f"stdout of run {n}": run.stdout.encode() for n, run in enumerate(runs)}
    texts |= {f"stderr of run {n}": run.stderr.encode() for n, run in enumerate(runs)}
    given = (controller.vault_file, controller.folder / "initial-passwords.json", *spared)
    return texts | below(controller.folder, given)


def leaks(controller: Controller, secrets: Iterable[str], *texts: Mapping[str, bytes]) -> list[str]:
    """Where a secret is in any of the texts."""
    secrets = {*secrets, *every_secret(controller)}
    return [hit for some in texts for hit in hits(some, secrets)]

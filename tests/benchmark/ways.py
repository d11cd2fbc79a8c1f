# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to rotate, each on accounts and passwords that were made anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from simulator.client import Simulator

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account, Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore

from .cost import Cost, cost_of, cpu_of

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
VAULT_PASSWORD = "correct horse battery staple"
START_PASSWORD = "Kx7@mQ2vLpWz"
FIRST = 1001
WAYS = ("uri", "role", "floor", "steps", "limit")
EMPTY = ("floor", "steps")
"""Ways that do nothing: as many debug tasks as the role has, or one for each of its six steps."""
STEPS = 6
CALLS = 5
"""Requests for each account: log in and out; log in, change, log out; log in and out."""


class BenchError(Exception):
    """A run did not do what it was measured for."""


@dataclass(frozen=True)
class Measured:
    """One run."""

    way: str
    accounts: int
    latency: float
    forks: int
    cost: Cost
    simulator_cpu: float


class Floor:
    """A folder with all that the ways need: inventories, playbooks and the passwords as they are before a run."""

    def __init__(self, folder: Path, outputs: Path, simulator: Simulator) -> None:
        """Prepare.

        Args:
            folder: an empty one for the inventories, playbooks and passwords.
            outputs: where the output of each way's last run stays.
            simulator: has all the accounts.
        """
        self.folder = folder
        self.outputs = outputs
        self.simulator = simulator
        self.vault_file = folder / "vault-password"
        self.vault_file.write_text(VAULT_PASSWORD, encoding="utf-8")
        (folder / "home").mkdir()

    def measured(self, way: str, accounts: int, latency: float = 0.0, forks: int = 10, tasks: int = 0) -> Measured:
        """Run a way and look whether it has done its work.

        Args:
            way: one of WAYS.
            accounts: how many.
            latency: seconds that every answer of the simulator takes longer.
            forks: of Ansible.
            tasks: of the floor, for each host.
        """
        self._prepare(way, accounts, latency, tasks)
        before = cpu_of(self.simulator.pid)
        cost = cost_of(self._command(way, forks), self.folder, self._environment(), self.output(way))
        used = cpu_of(self.simulator.pid) - before
        if cost.status:
            raise BenchError(f"{way} ended with {cost.status}; its output is in {self.output(way)}")
        if way not in EMPTY:
            self._check(way, accounts)
        return Measured(way, accounts, latency, forks, cost, used)

    def tasks_of_the_role(self) -> int:
        """How many results each host of the last run of the role has, skipped ones and includes too."""
        recap = re.findall(r": ok=(\d+) .*?skipped=(\d+)", self.output("role").read_text(encoding="utf-8"))
        # The first host has one more, of a task that runs once.
        return min(int(ok) + int(skipped) for ok, skipped in recap)

    def output(self, way: str) -> Path:
        """Where a way's last run has written to."""
        return self.outputs / f"bench-{way}.out"

    # -- before a run --------------------------------------------------------------------------------------------------

    def _prepare(self, way: str, accounts: int, latency: float, tasks: int) -> None:
        numbers = range(FIRST, FIRST + accounts)
        self.simulator.reset(
            {
                "options": {"latency": latency},
                "accounts": [
                    {"service": "cc_agent", "id": str(number), "password": START_PASSWORD, "phone": str(30000 + number)}
                    for number in numbers
                ],
            }
        )
        store = self.folder / "passwords"
        shutil.rmtree(store, ignore_errors=True)
        if way in EMPTY:
            play = {"hosts": "all", "connection": "local", "gather_facts": False}
            debug = [
                {"ansible.builtin.debug": {"msg": f"Task {number}"}}
                for number in range(STEPS if way == "steps" else tasks)
            ]
            (self.folder / "floor.yml").write_text(yaml.safe_dump([{**play, "tasks": debug}]), encoding="utf-8")
        else:
            shutil.copytree(self._passwords(way, accounts), store)
        self._write("inventory.json", {"all": {"vars": self._variables(), "hosts": _hosts(accounts)}})
        agents = [{"agent_id": str(number), "phone_number": str(30000 + number)} for number in numbers]
        self._write("limit.json", {**self._settings(), "folder": str(store), "agents": agents})

    def _settings(self) -> dict[str, str]:
        return {
            "gateway_url": self.simulator.url,
            "ca_path": self.simulator.ca_path,
            "vault_password_file": str(self.vault_file),
        }

    def _variables(self) -> dict[str, Any]:
        return {
            **self._settings(),
            "ansible_python_interpreter": sys.executable,
            "passwords_folder": str(self.folder / "passwords"),
            "rotate_store_path": str(self.folder / "passwords"),
            "rotate_cc_gateway_url": self.simulator.url,
            "rotate_cc_ca_path": self.simulator.ca_path,
            "rotate_when": "always",
        }

    def _passwords(self, way: str, accounts: int) -> Path:
        """Return the files that a run of this way starts with; made once, since encrypting takes long."""
        template = self.folder / f"passwords-{way}-{accounts}"
        if not template.exists():
            template.mkdir(mode=0o700)
            with ProcessPoolExecutor() as pool:
                numbers = range(FIRST, FIRST + accounts)
                servers = [self.simulator.url.removeprefix("https://")] * accounts
                list(pool.map(_WRITERS[way], [template] * accounts, numbers, servers, chunksize=50))
        return template

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        (self.folder / name).write_text(json.dumps(document), encoding="utf-8")

    # -- a run ---------------------------------------------------------------------------------------------------------

    def _command(self, way: str, forks: int) -> list[str]:
        if way == "limit":
            return [sys.executable, str(HERE / "limit.py"), "limit.json"]
        playbook = {"uri": str(HERE / "uri.yml"), "role": "callcenter.passwords.rotate"}.get(way, "floor.yml")
        ansible = [str(BIN / "ansible-playbook"), "--inventory", "inventory.json", "--forks", str(forks)]
        # The playbook's batches without the small first ones; a play's keyword sees no variable of the inventory.
        batches = ["--extra-vars", json.dumps({"rotate_serial": [1000]})] if way == "role" else []
        return [*ansible, "--vault-password-file", str(self.vault_file), *batches, playbook]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }

    def _check(self, way: str, accounts: int) -> None:
        """Raise BenchError unless every password is another one and all the calls were made that are compared."""
        changed = sum(account["password"] != START_PASSWORD for account in self.simulator.accounts("cc_agent"))
        calls = len(self.simulator.journal())
        if changed != accounts or calls != CALLS * accounts:
            raise BenchError(f"{way}: {changed} of {accounts} passwords changed, {calls} calls; see {self.output(way)}")


def _hosts(accounts: int) -> dict[str, dict[str, Any]]:
    hosts = {}
    for number in range(FIRST, FIRST + accounts):
        agent, phone = number, str(30000 + number)
        hosts[f"agent-{number}"] = {
            "rotate_cc_agent_id": agent,
            "rotate_cc_phone_number": phone,
            "agent_id": agent,
            "phone_number": phone,
        }
    return hosts


def _vault() -> VaultLib:
    return VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])


def _for_role(folder: Path, number: int, server: str) -> None:
    store = VaultFileStore(str(folder), _vault())
    entry = Entry(account=Account("CC-Gateway", server, str(number)), current=store.encrypt(START_PASSWORD, Entry()))
    store.write(f"agent-{number}", "cc_agent", entry)


def _for_uri(folder: Path, number: int, _server: str) -> None:
    text = yaml.safe_dump({"current": START_PASSWORD})
    (folder / f"agent-{number}.yml").write_bytes(_vault().encrypt(text))


def _for_limit(folder: Path, number: int, _server: str) -> None:
    sealed = _vault().encrypt(START_PASSWORD).decode()
    (folder / f"{number}.json").write_text(json.dumps({"current": sealed}), encoding="utf-8")


_WRITERS = {"role": _for_role, "uri": _for_uri, "limit": _for_limit}

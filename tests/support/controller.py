# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller: a folder with an inventory, a vault password and a store, and real ansible-playbook runs in it."""

from __future__ import annotations

import contextlib
import hmac
import itertools
import json
import os
import secrets
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import certifi
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from simulator.client import Simulator

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
COLLECTION = "callcenter.passwords"
VAULT_PASSWORD = "correct horse battery staple"
APP_KEY, APP_SECRET = "app-key-1", "app-secret-Marker7"
KEPT_VARIABLES = ("LANG", "TZ", "TMPDIR", "COVERAGE_PROCESS_START")


def new_password() -> str:
    """A password that both gateways' policies accept: no digits run, so no piece of anybody's number."""
    letters = "".join(secrets.choice(pair) for pair in (string.ascii_uppercase, string.ascii_lowercase) * 7)
    return f"{letters}@{secrets.randbelow(9) + 1}"


def ago(**span: float) -> str:
    """A time in the past, as the store writes it."""
    return f"{datetime.now(timezone.utc) - timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


class Encrypted(str):
    """A secret of the store as it stands in its file."""

    __slots__ = ()


class Keeper(yaml.SafeLoader):
    """Reads the store and leaves secrets encrypted."""


class Writer(yaml.SafeDumper):
    """Writes what Keeper has read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Keeper.add_constructor("!vault", lambda loader, node: Encrypted(loader.construct_scalar(node)))
Writer.add_representer(Encrypted, lambda dumper, text: dumper.represent_scalar("!vault", str(text), style="|"))


VAULT = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])
SLOTS = ("current", "staged", "previous", "initial")


def vault_parts(text: bytes | str) -> list[bytes]:
    """The salt, the message authentication code and the encrypted secret of a vault text, each in hexadecimal."""
    lines = text.decode().splitlines() if isinstance(text, bytes) else text.splitlines()
    return bytes.fromhex("".join(lines[1:])).split(b"\n")


def bind(kind: str, entry: dict[str, Any]) -> None:
    """Make the code of what is where, as the store documents it."""
    texts = {slot: entry[slot] for slot in SLOTS}
    first = next(filter(None, texts.values()), None)
    entry["code"] = None
    if first:
        salt = bytes.fromhex(vault_parts(first)[0].decode())
        key = vault_parts(VAULT.encrypt("callcenter.passwords: what is in which slot", salt=salt))[1]
        account = entry.get("account")
        held = [kind, list(account.values()) if account else None, texts]
        entry["code"] = hmac.new(key, json.dumps(held, ensure_ascii=False).encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Credential:
    """One account of one host, here and in the simulator."""

    host: str
    kind: str
    number: str
    password: str

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.number


@dataclass(frozen=True)
class Run:
    """What one run said and did."""

    rc: int
    stdout: str
    stderr: str
    recap: dict[str, dict[str, int]]
    results: list[dict[str, Any]]
    # Journal entries of the simulator since the run began.
    calls: list[dict[str, Any]]

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def of(self, host: str, task: str | None = None) -> list[dict[str, Any]]:
        """Results of a host's tasks, or of those with this name, in their order."""
        return [line for line in self.results if line["host"] == host and task in (None, line["task"])]

    def task(self, host: str, task: str) -> dict[str, Any]:
        """The one result of a host's task."""
        (line,) = self.of(host, task)
        return dict(line["result"])

    def outcome(self, host: str, kind: str = "cc_agent") -> str | None:
        """What the last task of a credential came to."""
        result = self._of_credential(host, kind)
        return result["outcome"] if result else None

    def said(self, host: str, kind: str = "cc_agent") -> str:
        """What the last task of a credential said."""
        return str(self._of_credential(host, kind)["msg"])

    def _of_credential(self, host: str, kind: str) -> dict[str, Any]:
        results = [
            line["result"]
            for line in self.of(host)
            if line["action"].endswith("rotation")
            and line["result"].get("kind") == kind
            and "outcome" in line["result"]
        ]
        return dict(results[-1]) if results else {}

    def outcomes(self) -> dict[str, str | None]:
        return {host: self.outcome(host) for host in self.recap}

    def message(self, host: str) -> str:
        """Why the host failed, in the words that the user sees."""
        return " ".join(str(line["result"].get("msg", "")) for line in self.of(host) if line["status"] == "failed")

    def calls_of(self, account: str, *operations: str) -> list[dict[str, Any]]:
        return [
            call
            for call in self.calls
            if call["account"] == account and (not operations or call["operation"] in operations)
        ]

    def operations(self, account: str) -> list[str]:
        """What was asked about an account, in order."""
        return [call["operation"] for call in self.calls_of(account)]

    @property
    def changed(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["changed"]}

    @property
    def failed(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["failures"] or counts["unreachable"]}


@dataclass
class Controller:
    """The machine that runs Ansible."""

    folder: Path
    simulator: Simulator
    credentials: list[Credential] = field(default_factory=list)
    host_vars: dict[str, dict[str, Any]] = field(default_factory=dict)
    group_vars: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    vault_arguments: list[str] | None = None
    program: list[str] = field(default_factory=lambda: [str(BIN / "ansible-playbook")])
    _runs: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("home", "inventory"):
            (self.folder / name).mkdir(exist_ok=True)
        self.vault_file = self.folder / "vault-password"
        self.vault_file.write_text(VAULT_PASSWORD + "\n", encoding="utf-8")
        self.store = self.folder / "store"
        self.group_vars = {
            "rotate_store_path": str(self.store),
            "rotate_cc_gateway_url": self.simulator.url,
            "rotate_cc_ca_path": self.simulator.ca_path,
            "rotate_cc_timeout": 10,
            "rotate_cec_url": self.simulator.url,
            "rotate_cec_ca_path": self.simulator.ca_path,
            "rotate_cec_app_key": APP_KEY,
            "rotate_cec_app_secret": APP_SECRET,
            "rotate_sip_registrar": f"sip:localhost:{self.simulator.sip_port}",
            "rotate_idaas_url": self.simulator.url,
            "rotate_idaas_ca_path": self.simulator.ca_path,
            "rotate_idaas_client_id": "client-1",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            **self.group_vars,
        }

    # -- hosts ---------------------------------------------------------------------------------------------------------

    def add_agent(self, number: int, *, variables: Mapping[str, Any] | None = None, **account: object) -> Credential:
        """An agent, known to the inventory and to the gateway. `account` differs from the gateway's defaults."""
        host, phone = f"agent-{number}", str(40000 + number)
        password = str(account.pop("password", new_password()))
        self.simulator.put_account("cc_agent", str(number), password=password, phone=phone, **account)
        self.host_vars[host] = {
            "rotate_cc_agent_id": number,
            "rotate_cc_phone_number": phone,
            **(variables or {}),
        }
        self.credentials.append(Credential(host, "cc_agent", str(number), password))
        return self.credentials[-1]

    def add_agents(self, first: int, count: int, **account: object) -> list[Credential]:
        return [self.add_agent(number, **account) for number in range(first, first + count)]

    def add_administrator(
        self, number: int, *, variables: Mapping[str, Any] | None = None, **account: object
    ) -> Credential:
        """A configuration administrator."""
        host = f"admin-{number}"
        password = str(account.pop("password", new_password()))
        self.simulator.put_account("cc_config", str(number), password=password, **account)
        self.host_vars[host] = {
            "rotate_credentials": ["cc_config"],
            "rotate_cc_admin_id": number,
            **(variables or {}),
        }
        self.credentials.append(Credential(host, "cc_config", str(number), password))
        return self.credentials[-1]

    def add_person(
        self,
        number: int,
        kinds: Iterable[str] = ("cec_account", "cec_sip", "idaas"),
        *,
        variables: Mapping[str, Any] | None = None,
        **accounts: Mapping[str, Any],
    ) -> dict[str, Credential]:
        """A person with credentials of these kinds. `accounts` differ, by kind, from the simulator's defaults."""
        host, name = f"person-{number}", f"zhang.wei{number}"
        kinds = list(kinds)
        defaults: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
            "cc_agent": (
                str(number),
                {"phone": str(40000 + number)},
                {"rotate_cc_agent_id": number, "rotate_cc_phone_number": str(40000 + number)},
            ),
            "cc_config": (str(number), {}, {"rotate_cc_admin_id": number}),
            "cec_account": (name, {}, {"rotate_cec_account": name}),
            "cec_sip": (
                f"8880{number}",
                {"attributes": {"account": name}},
                {"rotate_sip_user": f"8880{number}"},
            ),
            "idaas": (
                name,
                {"valid_days": 0, "attributes": {"user_id": f"id-{number}"}},
                {"rotate_idaas_user_name": name, "rotate_idaas_user_id": f"id-{number}"},
            ),
        }
        self.simulator.put_account("cec_app", APP_KEY, password=APP_SECRET)
        self.host_vars[host] = {"rotate_credentials": kinds}
        people = {}
        for kind in kinds:
            account_id, settings, needed = defaults[kind]
            given = dict(accounts.get(kind, {}))
            password = str(given.pop("password", new_password()))
            attributes = {**settings.pop("attributes", {}), **given.pop("attributes", {})}
            self.simulator.put_account(
                kind, account_id, password=password, **{**settings, **given, "attributes": attributes}
            )
            self.host_vars[host].update(needed)
            self.credentials.append(Credential(host, kind, account_id, password))
            people[kind] = self.credentials[-1]
        self.host_vars[host].update(variables or {})
        return people

    @property
    def hosts(self) -> set[str]:
        return set(self.host_vars)

    def initial_passwords(self, **others: Any) -> Path:
        """A file of extra variables for enrollment: the passwords of all hosts, or others."""
        passwords: dict[str, dict[str, Any]] = {}
        for credential in self.credentials:
            passwords.setdefault(credential.host, {})[credential.kind] = credential.password
        for host, password in others.items():
            passwords[host.replace("_", "-")] = password
        path = self.folder / "initial-passwords.json"
        # The names differ, so that the host that has none falls back to the CSV file.
        values = {
            "initial_passwords": passwords,
            "rotate_enroll_passwords": "{{ initial_passwords[inventory_hostname] | default({}) }}",
        }
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    # -- runs ----------------------------------------------------------------------------------------------------------

    def enroll(self, *arguments: str, check: bool = True, **others: Any) -> Run:
        """Enroll every host from variables; it must succeed unless `check` is false."""
        run = self.run(f"{COLLECTION}.enroll", "-e", f"@{self.initial_passwords(**others)}", *arguments)
        if check:
            assert run.rc == 0, run.output
        return run

    def rotate(self, *arguments: str, one_batch: bool = True) -> Run:
        """Rotate. By default all hosts in one batch, so that one that fails does not keep the others from their turn."""
        batches = ["-e", '{"rotate_serial": ["100%"], "rotate_max_fail_percentage": 100}'] if one_batch else []
        return self.run(f"{COLLECTION}.rotate", *batches, *arguments)

    def verify(self, *arguments: str) -> Run:
        return self.run(f"{COLLECTION}.verify", *arguments)

    def agents_task(self) -> dict[str, Any]:
        """The action of the role for agents, in a task of one's own."""
        names = ("gateway_url", "ca_path", "timeout", "agent_id", "phone_number")
        account = {name: f"{{{{ rotate_cc_{name} }}}}" for name in names}
        options = {"kind": "cc_agent", "store_path": "{{ rotate_store_path }}", "account": account}
        return {f"{COLLECTION}.rotation": options, "name": "Rotate"}

    def play(self, tasks: list[dict[str, Any]], *arguments: str, **play: Any) -> Run:
        """Run tasks of one's own."""
        return self.run(self.playbook(tasks, **play), *arguments)

    def playbook(self, tasks: list[dict[str, Any]], **play: Any) -> str:
        """Write a playbook of one's own and return its path."""
        path = self.folder / f"play-{next(iter(self._runs))}.yml"
        document = {"hosts": "all", "gather_facts": False, "connection": "local", **play, "tasks": tasks}
        path.write_text(yaml.safe_dump([document], sort_keys=False), encoding="utf-8")
        return str(path)

    def run(self, playbook: str, *arguments: str, timeout: float = 120) -> Run:
        return self.start(playbook, *arguments).result(timeout)

    def start(self, playbook: str, *arguments: str) -> Running:
        """Start a run and return at once."""
        inventory = self.folder / "inventory" / "hosts.yml"
        inventory.write_text(
            json.dumps({"all": {"hosts": self.host_vars, "vars": self.group_vars}}, indent=1), encoding="utf-8"
        )
        number = next(iter(self._runs))
        results = self.folder / f"results-{number}.jsonl"
        vault = (
            self.vault_arguments
            if self.vault_arguments is not None
            else ["--vault-password-file", str(self.vault_file)]
        )
        command = [*self.program, "-i", str(inventory.parent), *vault, playbook, *arguments]
        seen = max((call["seq"] for call in self.simulator.journal()), default=0)
        output, errors = (self.folder / f"{name}-{number}.txt" for name in ("output", "errors"))
        # Not into pipes: a run that nobody reads from stops when they are full.
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.env(RESULTS_FILE=str(results)),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        return Running(self, process, output, errors, results, seen)

    def env(self, **more: str) -> dict[str, str]:
        """A user's environment with nothing of the tester's in it, except that it names other CA certificates."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return {
            **kept,
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "REQUESTS_CA_BUNDLE": certifi.where(),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_FORKS": "8",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            **self.environment,
            **more,
        }

    def command(self, *arguments: str) -> str:
        """Any other command of ansible-core; its standard output."""
        done = subprocess.run(
            [str(BIN / arguments[0]), *arguments[1:]],
            cwd=self.folder,
            env=self.env(RESULTS_FILE=os.devnull),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # -- the store, read without any code of the collection ------------------------------------------------------------

    def stored(self, host: str, kind: str = "cc_agent") -> dict[str, Any]:
        """What the store holds for a credential, its secrets opened; empty where there is nothing."""
        path = self.store / f"{host}.yml"
        if not path.exists():
            return {}

        class Loader(yaml.SafeLoader):
            pass

        Loader.add_constructor("!vault", lambda loader, node: VAULT.decrypt(loader.construct_scalar(node)).decode())
        document = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506
        return dict(document["credentials"].get(kind, {}))

    def fill(self, *credentials: Credential, **values: Any) -> None:
        """Put credentials (all, unless some are named) into the store as if they had been enrolled; without a run.

        `values` are plain fields of the file: `rotated_at`, `ledger` and others.
        """
        self.store.mkdir(mode=0o700, exist_ok=True)
        for credential in credentials or self.credentials:
            document = self._encrypted(credential.host) or {"format": 1, "host": credential.host, "credentials": {}}
            document["credentials"][credential.kind] = {
                "version": 1,
                "proved_at": ago(hours=1),
                **dict.fromkeys(("rotated_at", "staged_at", "written_at", "written_by")),
                "ledger": [],
                "current": Encrypted(VAULT.encrypt(credential.password).decode()),
                **dict.fromkeys(("staged", "previous", "initial")),
                **values,
            }
            self._write(credential.host, document)

    def edit(self, credential: Credential, **values: Any) -> None:
        """Give plain fields of a stored credential other values; a callable gets the old one."""
        document = self._encrypted(credential.host)
        entry = document["credentials"][credential.kind]
        for name, value in values.items():
            entry[name] = value(entry[name]) if callable(value) else value
        self._write(credential.host, document)

    def add_copy(self, host: str, copy: str, **account: str) -> None:
        """Another host with the same line in the inventory and the same file, or with one of other accounts."""
        self.host_vars[copy] = dict(self.host_vars[host])
        document = {**self._encrypted(host), "host": copy}
        for entry in document["credentials"].values():
            if entry.get("account"):
                entry["account"] = {**entry["account"], **account}
        self._write(copy, document)

    def _encrypted(self, host: str) -> dict[str, Any]:
        path = self.store / f"{host}.yml"
        return dict(yaml.load(path.read_text(encoding="utf-8"), Keeper)) if path.exists() else {}  # noqa: S506

    def _write(self, host: str, document: Mapping[str, Any]) -> None:
        for kind, entry in document["credentials"].items():
            bind(kind, entry)
        path = self.store / f"{host}.yml"
        path.write_text(yaml.dump(document, Dumper=Writer, sort_keys=False), encoding="utf-8")
        path.chmod(0o600)

    def files(self) -> dict[str, bytes]:
        """The store's files, its locks left out."""
        if not self.store.is_dir():
            return {}
        return {path.name: path.read_bytes() for path in sorted(self.store.iterdir()) if path.is_file()}

    # -- the judge -----------------------------------------------------------------------------------------------------

    def live(self, credential: Credential) -> dict[str, Any]:
        return self.simulator.account(credential.kind, credential.number)

    def judge(self, *, but: Iterable[Credential] = ()) -> None:
        """The promise: no password lost, no account locked; `but` names accounts that somebody else meddled with."""
        spared = {credential.key for credential in but}
        faults = []
        for credential in self.credentials:
            if credential.key in spared:
                continue
            account, stored = self.live(credential), self.stored(credential.host, credential.kind)
            if stored and account["password"] not in (stored["current"], stored["staged"]):
                faults.append(f"{credential.host}: the live password is not in the store")
            if account["times_locked"]:
                faults.append(f"{credential.host}: locked")
            if account["max_consecutive_failures"] > 2:
                faults.append(f"{credential.host}: {account['max_consecutive_failures']} failed logins in a row")
        assert not faults, faults

    def is_rotated(self, credential: Credential) -> bool:
        """Whether the live password is the store's current one and not the first one, with nothing unresolved."""
        stored = self.stored(credential.host, credential.kind)
        live = self.live(credential)["password"]
        return live == stored["current"] != credential.password and stored["staged"] is None


@dataclass
class Running:
    """A run that has been started."""

    controller: Controller
    process: subprocess.Popen[bytes]
    output: Path
    errors: Path
    results: Path
    seen: int

    def kill(self, *, workers: bool = True) -> None:
        """End the run without a farewell. Its workers have sessions of their own and would outlive the main process."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)  # no new workers
            for pid in [self.process.pid, *(descendants(self.process.pid) if workers else ())]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def result(self, timeout: float = 120) -> Run:
        try:
            self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        lines = []
        if self.results.exists():
            lines = [json.loads(line) for line in self.results.read_text(encoding="utf-8").splitlines()]
        recap = next((line["recap"] for line in lines if "recap" in line), {})
        return Run(
            self.process.returncode,
            self.output.read_text(encoding="utf-8", errors="replace"),
            self.errors.read_text(encoding="utf-8", errors="replace"),
            recap,
            [line for line in lines if "task" in line],
            self.controller.simulator.journal(since=self.seen),
        )


def descendants(process: int) -> set[int]:
    """Process ids of children, their children, and so on."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
    found = {process}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def until(condition: Callable[[], Any], seconds: float = 30, pause: float = 0.01) -> Any:
    """Wait for something and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError("it did not happen in time")

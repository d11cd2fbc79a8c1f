# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A call center of one host per case: it is set up, runs are made, and after each one everybody is judged.

The judge asks the simulator what is live, locked and counted, opens the store with Ansible Vault alone, and believes
nothing that a run has said but one thing: whether it reported a credential as diverged.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from simulator.client import Simulator
from support.controller import (
    VAULT_PASSWORD,
    Controller,
    Credential,
    Encrypted,
    Keeper,
    Run,
    Running,
    ago,
    new_password,
)
from support.secrecy import hits

from .cases import Accident, Case, Request, is_change
from .flows import TENANT_CLIENT, TENANT_SECRET, WRONG_BEFORE

MINUTES, HOURS = 60, 3600
LOCK_WINDOW = 30 * MINUTES
FORKS = 16
"""How many hosts are rotated at once, unless all are held at once."""
PAUSES = (0, 31 * MINUTES, 31 * MINUTES, 31 * MINUTES, 25 * HOURS, 31 * MINUTES, 31 * MINUTES)
"""Seconds before each further run: at once, then whenever the lock window or the day between two changes is over."""
QUIET_SAMPLE = 4
"""One rotated host in so many is looked at once more, whether the run leaves it alone."""
REPORTED = frozenset({"diverged", "few_attempts", "blocked"})
"""Outcomes with which a host fails until somebody acts; blocked is one whose parent is diverged."""
SLOTS = ("current", "staged", "previous", "initial")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_vault = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])


@dataclass
class Player:
    """One case on its host, and what the judge has seen of it."""

    case: Case
    credentials: dict[str, Credential]
    # Passwords that somebody else has set, or that are newer than a restored backup: the store cannot hold them.
    foreign: set[str] = field(default_factory=set)
    # Locks that the case itself has put.
    locks: int = 0
    end: str = "open"
    lost: bool = False
    locked: bool = False
    failed_logins: int = 0
    # How often a person has had to say that another login may be tried, and to enroll the right password.
    words: int = 0
    enrollments: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.main.host

    @property
    def main(self) -> Credential:
        return self.credentials[self.case.flow.kind]

    def account(self, service: str) -> str:
        return self.credentials[service].number

    def fault(self, accident: Accident) -> dict[str, Any]:
        """The accident as the simulator plans it."""
        request = accident.request
        account = self.account(request.service)
        return {
            "service": request.service,
            "account": account,
            "operation": request.operation,
            "skip": request.skip,
            **accident.fault,
        }


@dataclass
class Place:
    """Where floors are set up: the simulator, a folder for their controllers, and what is in their environment."""

    simulator: Simulator
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_folder(self) -> Path:
        return self.folder / str(next(self._numbers))


class Floor:
    """Hosts, one for each case, with a controller and a store of their own."""

    def __init__(self, place: Place, cases: Iterable[Case], *, free: bool = False) -> None:
        simulator = place.simulator
        simulator.reset()
        self.simulator = simulator
        self.controller = Controller(place.new_folder(), simulator, environment=dict(place.environment))
        self.controller.group_vars |= {
            **dict.fromkeys(("rotate_cc_timeout", "rotate_cec_timeout", "rotate_idaas_timeout"), 2),
            "rotate_sip_timeout": 1,
            # So many accidents in one run would use it up.
            "rotate_max_failed_logins_per_server": 0,
            # Every host is to meet its own accident.
            "rotate_max_unanswered_logins_per_server": 0,
            "rotate_idaas_tenant_client_id": TENANT_CLIENT,
            "rotate_idaas_tenant_client_secret": TENANT_SECRET,
        }
        registrar = self.controller.group_vars.pop("rotate_sip_registrar")
        simulator.put_account("idaas_client", TENANT_CLIENT, password=TENANT_SECRET)
        self.players = [self._add(1001 + number, case, registrar) for number, case in enumerate(cases)]
        self.secrets = {TENANT_SECRET, str(self.controller.group_vars["rotate_cec_app_secret"])}
        self.outputs: list[Run] = []
        # Whether the servers forget wrong logins after the lock window; otherwise only a right one clears their count.
        self.forgets = False
        # Whether the runs are of the playbook enroll; all cases of a floor share one.
        (self.is_new,) = {player.case.flow.is_new for player in self.players}
        self._opened: dict[str, str] = {}
        if free:
            # All hosts can be held at once.
            self.controller.environment["ANSIBLE_FORKS"] = str(len(self.players))
        else:
            self.take_turns()
        self._fill()

    def _add(self, number: int, case: Case, registrar: str) -> Player:
        flow = case.flow
        variables: dict[str, Any] = {"rotate_credentials": [flow.kind], **flow.variables}
        if flow.has_registrar:
            variables["rotate_sip_registrar"] = registrar
        if flow.is_lost and flow.kind == "cc_agent":
            variables["rotate_repair_cc_host"] = f"person-{number}"
        credentials = self.controller.add_person(
            number, [*flow.needs, flow.kind], variables=variables, **{flow.kind: flow.account}
        )
        return Player(case, credentials)

    def _fill(self) -> None:
        self.controller.store.mkdir(mode=0o700, exist_ok=True)
        for player in self.players:
            if known := [one for one in player.credentials.values() if not (self.is_new and one is player.main)]:
                self.controller.fill(*known)
            if self.is_new:
                player.foreign.add(player.main.password)
            elif player.case.flow.is_lost:
                self.set_password(player)
                refused = {
                    "at": ago(hours=WRONG_BEFORE),
                    "slot": "current",
                    "outcome": "wrong_password",
                    "is_answered": True,
                    "run": "earlier",
                }
                self.controller.edit(player.main, ledger=[refused])

    def set_password(self, player: Player) -> None:
        """Somebody else sets the account's password."""
        password = new_password()
        player.foreign.add(password)
        self.simulator.act("password", player.main.kind, player.main.number, password=password)

    def take_turns(self) -> None:
        """Go on with as many hosts at once as is usual."""
        self.controller.environment["ANSIBLE_FORKS"] = str(FORKS)

    # -- runs ----------------------------------------------------------------------------------------------------------

    def plan(self, which: str = "accidents") -> None:
        """Plan the faults of the first run, or of the second."""
        faults = [player.fault(accident) for player in self.players for accident in getattr(player.case, which)]
        if faults:
            self.simulator.add_faults(faults)

    def start(self, players: Sequence[Player] | None = None, *more: str) -> Running:
        """Start the playbook for some hosts, or all, in one batch."""
        playbook = "callcenter.passwords.enroll" if self.is_new else "callcenter.passwords.rotate"
        usual = {"rotate_serial": ["100%"], "rotate_max_fail_percentage": 100}
        given = usual | ({"rotate_enroll_by": "administrator"} if self.is_new else {})
        only = [] if players is None or len(players) == len(self.players) else self._only(players)
        return self.controller.start(playbook, "-vv", "-e", json.dumps(given), *only, *more)

    def _only(self, players: Sequence[Player]) -> list[str]:
        path = self.controller.folder / "limit"
        path.write_text("".join(f"{player.host}\n" for player in players), encoding="utf-8")
        return ["--limit", f"@{path}"]

    def run(self, players: Sequence[Player] | None = None, *more: str) -> Run:
        """Run the playbook to its end, and judge."""
        run = self.start(players, *more).result(timeout=1800)
        for player in self.players:
            if _is_sent_twice(calls_of(player, run.calls)):
                player.faults.append("sent twice: a change that had no clear answer was repeated without a login")
        return self.seen(run)

    def seen(self, run: Run) -> Run:
        """Keep a run's output and judge."""
        self.outputs.append(run)
        self.judge(run)
        return run

    def settle(self) -> None:
        """Run again, plainly, until nobody is left to be rotated; much later once more, which must ask nothing."""
        self.simulator.clear_faults()
        for pause in PAUSES:
            left = [player for player in self.players if player.end == "open" or player.end not in player.case.ends]
            if not left:
                break
            self.wait(pause)
            self.run(left)
            self._unblock([player for player in left if player.end == "blocked"])
            self._take_ways_out([player for player in left if player.end == "held"])
        self.wait(2 * HOURS)  # whatever comes late has come by then
        self.judge()
        sample = [player for player in self.players if player.end == "rotated"][::QUIET_SAMPLE]
        if sample:
            asked = {(call["service"], call["account"]) for call in self.run(sample).calls}
            for player in sample:
                if asked & {credential.key for credential in player.credentials.values()}:
                    player.faults.append("not quiet: a rotated credential was asked about again")

    def _unblock(self, blocked: Sequence[Player]) -> None:
        """Ask for one more login with the password that is needed and may be held."""
        for needed in sorted({player.case.flow.needs for player in blocked}):
            some = [player for player in blocked if player.case.flow.needs == needed]
            for player in some:
                player.words += 1
            given = json.dumps({"rotate_credentials": needed, "rotate_retry_diverged": True})
            self.seen(self.controller.run("callcenter.passwords.verify", "-e", given, *self._only(some)))

    def _take_ways_out(self, held: Sequence[Player]) -> None:
        """Do what the messages say: ask for one more login; where that was not enough, enroll the right password."""
        unheard = [player for player in held if not player.words]
        if unheard:
            for player in unheard:
                player.words += 1
            self.run(unheard, "-e", "rotate_retry_diverged=true")
        for kind, stuck in _by_kind(player for player in held if player.end == "held").items():
            passwords = {}
            for player in stuck:
                player.enrollments += 1
                self.simulator.act("unlock", *player.main.key)
                account = self.simulator.account(*player.main.key)
                passwords[player.host.replace("-", "_")] = {kind: account["password"]}
            given = f"@{self.controller.initial_passwords(**passwords)}"
            more = ["-e", "rotate_enroll_replace=true", "-e", f"rotate_only={kind}"]
            self.seen(self.controller.run("callcenter.passwords.enroll", "-e", given, *more, *self._only(stuck)))

    def wait(self, seconds: float) -> None:
        """Let time pass, for the servers and in the store."""
        if not seconds:
            return
        self.simulator.advance(seconds)
        if self.forgets and seconds >= LOCK_WINDOW:
            for player in self.players:
                for credential in player.credentials.values():
                    self.simulator.act("unlock", *credential.key)

        for player in self.players:
            self.date_back(seconds, player)
        for witness in (self.controller.store / ".accounts").glob("*.ledger"):
            _date_back(seconds, witness)

    def date_back(self, seconds: float, player: Player) -> None:
        """Make what the store has written about a host earlier, or later where the seconds are negative."""
        _date_back(seconds, self.controller.store / f"{player.host}.yml")

    # -- the judge -----------------------------------------------------------------------------------------------------

    def judge(self, run: Run | None = None) -> None:
        """Look at every account and at the store, and note what breaks the promise."""
        accounts = {(account["service"], account["id"]): account for account in self.simulator.accounts()}
        outcomes = _outcomes(run) if run else {}
        for player in self.players:
            stored = self.stored(player.host)
            for kind, credential in player.credentials.items():
                account, held = accounts[credential.key], stored[kind]
                self.secrets |= {account["password"], *account["history"]}
                self.secrets |= {held[name] for name in SLOTS if held[name]}
                is_main = kind == player.case.flow.kind
                if account["password"] not in {held[name] for name in SLOTS} | (player.foreign if is_main else set()):
                    player.lost = True
                    player.faults.append(f"lost: the live password of {kind} is not in the store")
                # A person's word for a third login may lock an account; that is said on the page.
                if account["times_locked"] > player.words + (player.locks if is_main else 0):
                    player.locked = True
                    player.faults.append(f"locked: {kind}")
                if not player.words:
                    player.failed_logins = max(player.failed_logins, account["max_consecutive_failures"])
            player.end = self._end(player, accounts[player.main.key], stored, outcomes.get(player.main.kind, {}))

    def _end(
        self, player: Player, account: dict[str, Any], stored: dict[str, Any], outcomes: dict[str, str | None]
    ) -> str:
        held = stored[player.case.flow.kind]
        is_over = account["password"] == held["current"] and held["staged"] is None
        if is_over and held["current"] != player.main.password:
            # What an administrator has set may be temporary, and then has no date; what is new is enrolled with it.
            return "rotated" if held["rotated_at"] or self.is_new else "open"
        if outcomes.get(player.host) == "held":
            return "held"
        if outcomes.get(player.host) == "blocked" and not player.words:
            return "blocked"
        is_reported = outcomes[player.host] in REPORTED if player.host in outcomes else player.end == "diverged"
        if is_reported:
            return "diverged"
        return "unchanged" if is_over else "open"

    def stored(self, host: str) -> dict[str, dict[str, Any]]:
        """What the store holds for a host, its secrets opened. Each is opened once, since opening is slow."""
        path = self.controller.store / f"{host}.yml"
        text = path.read_text(encoding="utf-8") if path.exists() else "credentials: {}"
        document = yaml.load(text, Keeper)  # noqa: S506  a subclass of the safe loader
        return defaultdict(
            lambda: dict.fromkeys((*SLOTS, "rotated_at")),
            {
                kind: {name: self._open(value) for name, value in values.items()}
                for kind, values in document["credentials"].items()
            },
        )

    def _open(self, value: Any) -> Any:
        if not isinstance(value, Encrypted):
            return value
        if value not in self._opened:
            self._opened[value] = _vault.decrypt(str(value)).decode()
        return self._opened[value]

    def leaks(self) -> list[str]:
        """Secrets in what the runs have said, and in what they have left on the disk beside the store."""
        texts = {
            f"{name} of run {n}": text.encode()
            for n, run in enumerate(self.outputs)
            for name, text in (("stdout", run.stdout), ("stderr", run.stderr))
        }
        folder = self.controller.folder
        for path in (*folder.glob("results-*.jsonl"), *(folder / "home").rglob("*")):
            if path.is_file():
                texts[str(path.relative_to(folder))] = path.read_bytes()
        followed = {call["path"] for call in self.simulator.journal() if "/elsewhere/" in call["path"]}
        return [
            *hits(texts, self.secrets | {VAULT_PASSWORD}),
            *(f"a redirect was followed to {path}" for path in followed),
        ]

    def unmet(self) -> list[Player]:
        """Players whose faults of the first run have not happened, so that their cases prove nothing."""
        left = {(fault["account"], fault["operation"]) for fault in self.simulator.faults()}
        return [
            player
            for player in self.players
            if any((player.fault(a)["account"], a.request.operation) in left for a in player.case.accidents)
        ]


def _date_back(seconds: float, path: Path) -> None:
    def earlier(match: re.Match[str]) -> str:
        moment = datetime.strptime(match.group(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        return f"{moment - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"

    if path.exists():
        path.write_text(_TIME.sub(earlier, path.read_text(encoding="utf-8")), encoding="utf-8")


def _by_kind(players: Iterable[Player]) -> dict[str, list[Player]]:
    found: dict[str, list[Player]] = {}
    for player in players:
        found.setdefault(player.main.kind, []).append(player)
    return found


def _outcomes(run: Run) -> dict[str, dict[str, str | None]]:
    """The last word on each credential that somebody who reads the output gets: by kind, then by host."""
    found: dict[str, dict[str, str | None]] = {}
    for line in run.results:
        result = line["result"]
        if line["action"].endswith("rotation") and "outcome" in result:
            is_quiet = result["outcome"] == "blocked" and line["host"] not in run.failed
            found.setdefault(str(result.get("kind")), {})[line["host"]] = None if is_quiet else result["outcome"]
    return found


def calls_of(player: Player, calls: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was asked about a host's accounts, in order."""
    numbers = {credential.key for credential in player.credentials.values()}
    return [call for call in calls if (call["service"], call["account"]) in numbers]


def requests_of(player: Player, calls: Iterable[dict[str, Any]]) -> list[Request]:
    """The requests that a run has made for a host, in their order."""
    found: list[Request] = []
    for call in calls_of(player, calls):
        skip = sum((r.service, r.operation) == (call["service"], call["operation"]) for r in found)
        found.append(Request(call["service"], call["operation"], skip))
    return found


def _is_sent_twice(calls: Sequence[dict[str, Any]]) -> bool:
    """Whether a change follows the same change, which was cut off or answered with rubbish, without any login."""
    return any(
        is_change(first["operation"])
        and first["operation"] == second["operation"]
        and not second["late"]
        and first["fault"] not in (None, "retcode", "latency")
        for first, second in itertools.pairwise(calls)
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A driver of the rotation with a store in memory, and modules that answer as they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.driver import Driver, Target
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Flow, Step
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Account,
    BookedLogin,
    Ciphertext,
    Conflict,
    Entry,
    StoreError,
)
from support.module_runner import MARKER, NEW, OLD
from support.rotation_values import UNKNOWN, WRONG, Drawn, ago, decisions

HOST, ADMIN, ADMIN_PASSWORD = "agent-1001", "admin-101", "Admin@7Marker"
GUID, COOKIES = "guid-marker", {"route": "cookie-marker"}
ACCOUNT: Mapping[str, Any] = {"gateway_url": "https://gateway.test", "agent_id": 1001, "phone_number": "40001"}

OK = {"failed": False, "changed": False, "outcome": "ok", "code": "0", "failed_logins": 0}
SESSION = {**OK, "changed": True, "guid": GUID, "cookies": COOKIES}
NO = {
    "failed": True,
    "changed": False,
    "outcome": WRONG,
    "code": "100-004",
    "failed_logins": 1,
    "msg": "the password is wrong",
}
CHANGED = {"failed": False, "changed": True, "outcome": "changed", "code": "0", "change_sent": True}
REFUSED = {**NO, "outcome": "password_rejected", "code": "000-002", "change_sent": True, "msg": "against the policy"}
NOT_SENT = {**NO, "outcome": "unreachable", "code": None, "change_sent": False, "msg": "no connection"}
UNANSWERED = {**CHANGED, "failed": True, "outcome": UNKNOWN, "code": None, "msg": "no answer"}


def encrypted(secret: str) -> Ciphertext:
    return Ciphertext(secret[::-1])


class Store:
    """A store in memory, whose secrets are written backwards.

    Attributes:
        entries: by host and kind.
        writes: what was written, of whom.
        before_write: called before each write with its number.
        has_password: whether secrets can be read.
    """

    def __init__(self) -> None:
        self.place = "/srv/passwords"
        self.entries: dict[tuple[str, str], Entry] = {}
        self.writes: list[tuple[str, Entry]] = []
        self.before_write: Callable[[int], None] = lambda number: None
        self.has_password = True

    def encrypt(self, secret: str, entry: Entry) -> Ciphertext:
        return encrypted(secret)

    def check(self, kind: str, entry: Entry) -> None:
        if not self.has_password:
            raise StoreError("the vault password does not open it")

    def rekeyed(self, kind: str, entry: Entry, *, as_found: bool = False) -> Entry:
        return entry

    def check_introduction(self) -> None:
        return

    def check_opens(self, host: str) -> None:
        return

    def hosts_left(self) -> list[str]:
        return []

    def hosts(self) -> Iterator[str]:
        yield from {host: None for host, _kind in self.entries}

    def kinds(self, host: str) -> dict[str, Entry]:
        return {kind: entry for (owner, kind), entry in self.entries.items() if owner == host}

    def decrypt(self, ciphertext: Ciphertext) -> str:
        if not self.has_password:
            raise StoreError("the vault password does not open it")
        return ciphertext[::-1]

    def check_vault_password(self) -> None:
        return

    def booked_elsewhere(self, account: Account, kind: str) -> tuple[BookedLogin, ...] | None:
        others = [entry for (_host, other), entry in self.entries.items() if other != kind and entry.account == account]
        return tuple(line for entry in others for line in entry.ledger) if others else None

    def booked_since(self, account: Account, kind: str, entry: Entry) -> tuple[BookedLogin, ...]:
        return ()

    def read(self, host: str, kind: str) -> Entry | None:
        return self.entries.get((host, kind))

    def retire(self, host: str, leaving: Mapping[str, Entry], time: datetime) -> str:
        return ""

    def write(self, host: str, kind: str, entry: Entry) -> Entry:
        self.before_write(len(self.writes) + 1)
        before = self.entries.get((host, kind), Entry())
        if before.version != entry.version:
            raise Conflict("another run has written this credential in the meantime; run again")
        self.entries[host, kind] = entry.changed(version=entry.version + 1)
        self.writes.append((kind, self.entries[host, kind]))
        return self.entries[host, kind]


class Runner:
    """Modules that answer as they are told.

    Attributes:
        sent: which ran, with which options.
    """

    def __init__(self, *answers: Mapping[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.runs_here = True
        self.hands_sessions_on = True

    def check_connection(self) -> None:
        """Accept it."""

    def run(self, module: str, args: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        assert check_mode is False
        self.sent.append((module, dict(args)))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    @property
    def modules(self) -> list[str]:
        return [module for module, _args in self.sent]

    def finish(self) -> None:
        assert not self._answers, "modules that were not run"


class Scene:
    """A credential with a driver."""

    def __init__(self, kind: str = "cc_agent", account: Mapping[str, Any] = ACCOUNT, **target: Any) -> None:  # pylint: disable=dangerous-default-value
        self.store, self.kind = Store(), kind
        self.target = Target(HOST, kind, account, **target)
        self.runner = Runner()
        self.enroll(kind)

    def enroll(self, kind: str, host: str = HOST, password: str = OLD, **values: Any) -> None:
        given = {"current": encrypted(password), "proved_at": ago(days=40), "rotated_at": ago(days=40)}
        self.store.entries[host, kind] = Entry(1, **{**given, **values})

    def stage(self, **values: Any) -> None:
        self.enroll(self.kind, staged=encrypted(NEW), staged_at=ago(hours=1), **values)

    def driver(self, *answers: Mapping[str, Any] | Exception, check_mode: bool = False, **runner: Any) -> Driver:
        self.runner = Runner(*answers)
        vars(self.runner).update(runner)
        return Driver(self.target, self.store, self.runner, check_mode=check_mode)  # type: ignore[arg-type]

    def rotate(self, *answers: Mapping[str, Any] | Exception, **rules: Any) -> Step:
        runner = {name: rules.pop(name) for name in ("runs_here", "hands_sessions_on") if name in rules}
        self.made = self.driver(*answers, **runner)
        return self.finish(flow.rotate(decisions(candidates=Candidates(), **rules)))

    def finish(self, steps: Flow) -> Step:
        step = self.made.carry_out(steps)
        self.runner.finish()
        shown = f"{self.made.steps}{self.made.story}{step.decision.message}".lower()
        assert MARKER not in shown
        return step

    @property
    def entry(self) -> Entry:
        return self.store.entries[HOST, self.kind]

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(one["step"], one["outcome"]) for one in self.made.steps]


class Candidates(Drawn):
    """Draws the one password that the tests look out for."""

    def draw(self, entry: Entry, announced: Mapping[str, Any]) -> Ciphertext:
        super().draw(entry, announced)
        return encrypted(NEW)

    def draw_for_repair(self, entry: Entry) -> Ciphertext:
        return encrypted(NEW)

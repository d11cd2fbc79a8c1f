# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of the rotation with a store on the disk, and modules that answer as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.callcenter.passwords.plugins.action import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import ModuleRunner
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.secretive_action import KEEPS_TEMPLATES
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import BookedLogin, Ciphertext, Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now
from support.action_harness import action, loader
from support.module_runner import NEW, OLD, assert_shows_no_secret

ACCOUNT: Mapping[str, Any] = {"gateway_url": "https://gateway.test:8043", "agent_id": 1001}
"""Whose password it is, unless a test says so."""

HOST, ADMIN, ADMIN_PASSWORD, OTHER = "agent-1001", "admin-101", "Admin@7Marker", "Account@7Marker"
SESSION = {"guid": "guid-marker", "cookies": {"route": "cookie-marker"}}
OK = {"failed": False, "changed": False, "outcome": "ok", "code": "0", "failed_logins": 0}
NO = {
    "failed": True,
    "changed": False,
    "outcome": "wrong_password",
    "code": "100-004",
    "failed_logins": 1,
    "msg": "the password is wrong",
}
CHANGED = {"failed": False, "changed": True, "outcome": "changed", "code": "0", "change_sent": True}


def of(outcome: str, **more: Any) -> dict[str, Any]:
    """Return the result of a module that failed."""
    return {**NO, "outcome": outcome, "msg": "why", **more}


class Controller:
    """A store, and modules that answer as they are told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loads = loader(("default", "vault password"))
        self.folder = str(folder)
        self.store = open_store(self.folder, None, self.loads, may_be_new=True)
        self.answers: list[dict[str, Any] | Exception] = []
        # What a command on the machine that sends comes to, where that is another one.
        self.reached: dict[str, Any] = {"rc": 0, "stdout": "reached\n"}
        self.is_down = False
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.warnings: list[str] = []
        self.shown: list[str] = []
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(rotation, "_failed", set())

    def _run(self, module: str, args: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        assert check_mode is False
        self.sent.append((module, dict(args)))
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return dict(given)

    def _reach(self) -> dict[str, Any]:
        if self.is_down:
            raise AnsibleConnectionFailure("host is down")
        return self.reached

    def do(self, *answers: dict[str, Any] | Exception, **options: Any) -> dict[str, Any]:
        """Run a task whose modules answer like this."""
        self.answers, self.sent = list(answers), []
        with self._monkeypatch.context() as patched:
            patched.setattr(ModuleRunner, "run", lambda _runner, *args, **more: self._run(*args, **more))
            patched.setattr(rotation, "say", lambda line, _display: self.shown.append(line))
            patched.setattr(ActionBase, "_low_level_execute_command", lambda *_args, **_more: self._reach())
            result = self.task(**options)
        assert not self.answers, "modules that were not called"
        for password in (ADMIN_PASSWORD, OTHER, *(one for _module, args in self.sent for one in secrets_of(args))):
            assert password not in f"{result}{self.warnings}{self.shown}"
        return result

    def task(
        self,
        *,
        check_mode: bool = False,
        connection: str = "local",
        template: Any = lambda value: value,
        **options: Any,
    ) -> dict[str, Any]:
        """Run a task with the modules as they are."""
        self.warnings, self.shown = [], []
        account = {} if "variables" in options else {"account": ACCOUNT}
        given = {"kind": "cc_agent", "store_path": self.folder, **account, **options}
        variables = given.pop("task_vars", {})
        task = action(
            rotation.ActionModule,
            "rotation",
            given,
            loads=self.loads,
            check_mode=check_mode,
            connection=connection,
            template=template,
        )
        task._display = SimpleNamespace(warning=self.warnings.append)
        before = dict(task._task.args)
        result: dict[str, Any] = task.run(task_vars={"inventory_hostname": HOST, **variables})
        shown = before if KEEPS_TEMPLATES else dict.fromkeys(before, "not shown")
        assert task._task.args == shown, "a task's arguments are sent to callbacks"
        assert_shows_no_secret(result)
        return result

    def enroll(self, host: str = HOST, kind: str = "cc_agent", password: str = OLD, **values: Any) -> None:
        self.store.write(host, kind, Entry(**{"current": self.encrypted(password), **values}))

    def encrypted(self, password: str) -> Ciphertext:
        return self.store.encrypt(password, Entry())

    def stage(self, **values: Any) -> None:
        self.enroll(staged=self.encrypted(NEW), staged_at=now(), **values)

    def entry(self, host: str = HOST, kind: str = "cc_agent") -> Entry:
        entry = self.store.read(host, kind)
        assert entry is not None
        return entry

    def secret(self, slot: str, **whose: str) -> str:
        ciphertext = self.entry(**whose).password(slot)
        assert ciphertext is not None
        return self.store.decrypt(ciphertext)

    def ledger(self, **whose: str) -> list[tuple[str, str]]:
        return [(one.slot, one.outcome) for one in self.entry(**whose).ledger]


def secrets_of(args: Mapping[str, Any]) -> list[str]:
    return [value for name, value in args.items() if name.endswith("password") and isinstance(value, str)]


def steps(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(step["step"], step["outcome"]) for step in result["steps"]]


def failed(slot: str, outcome: str = "wrong_password", **ago: float) -> BookedLogin:
    return BookedLogin(now() - timedelta(**{"days": 3, **ago}), slot, outcome, "earlier", is_answered=True)

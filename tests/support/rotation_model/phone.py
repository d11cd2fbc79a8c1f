# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SIP phone, whose password is changed with that of its business account.

The CEC verifies the phone's password with the account's as well; a registrar verifies it without.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from support.rotation_model.role import (
    Change,
    Rotation,
    Steps,
)
from support.rotation_model.world import (
    Point,
    Verdict,
    World,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import PROVES_PASSWORD
from ansible_collections.callcenter.passwords.plugins.plugin_utils import rotation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import Decision, Rules
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry

PHONE_RULES = Rules(when="always", needs_current=False)
ACCOUNT_RULES = Rules(when="always")


@dataclass
class Phone(World):
    """The phone's world, and in it that of its account."""

    account: World = field(default_factory=World)
    has_registrar: bool = False

    def fork(self) -> Phone:
        return replace(self, account=self.account.fork())

    def state(self) -> tuple[Any, ...]:
        return (*super().state(), self.account.state())

    def check(self) -> None:
        super().check()
        self.account.check()

    def _not_counted(self) -> int:
        """A registrar has no lock. The verification there is not booked, and is the only one that is not."""
        return 1

    def wait(self, pause: timedelta) -> None:
        super().wait(pause)
        self.account.wait(pause)


class PhoneRotation(Rotation):
    """A run of the role for the phone."""

    kind = "phone run"
    world: Phone
    account_login: Verdict | None = None

    def steps(self) -> Steps:
        outcome = yield from super().steps()
        self._settle_key(None)
        return outcome

    def _plan(self, entry: Entry) -> Decision:
        decision = super()._plan(entry)
        if decision.step not in ("log_in", "change"):
            return decision
        key = rotation.after_use_as_key(self.world.account.entry, self.run, None)
        obstacle = rotation.key_obstacle(key, replace(self.rules, needs_current=True, repair=False), self.run)
        if obstacle is None:
            self.world.account.write(rotation.booked_as_key(key, self.run), "key")
        return obstacle or decision

    def log_in(self, step: str, secret: str) -> Steps:
        if self.world.has_registrar:
            return (yield from super().log_in(step, secret))
        fault = yield Point(step, "login")
        verdict = self._log_in_to_account(fault)
        if verdict.outcome not in PROVES_PASSWORD:
            return Verdict("unreachable" if verdict.outcome == "unreachable" else "denied")
        return Verdict("ok" if self.password(secret) == self.world.server.password else "bad")

    def change(self) -> Steps:
        new = self.password("staged")
        self.registered["sent"] = new
        fault = yield Point("change login", "login")
        if self._log_in_to_account(fault).outcome not in PROVES_PASSWORD:
            return Change("refused")
        fault = yield Point("change", "change")
        outcome, refused = self.world.send(new, fault)
        return Change(outcome, None, refused)

    def _log_in_to_account(self, fault: str) -> Verdict:
        account = self.world.account
        self.account_login = account.log_in(str(account.entry.current), fault, self.name)
        return self.account_login

    def _record(self, *args: Any, **found: bool) -> Steps:
        login = self.account_login
        if login and login.outcome not in PROVES_PASSWORD:
            self._settle_key(login)
        return (yield from super()._record(*args, **found))

    def _settle_key(self, login: Verdict | None) -> None:
        """Record with the account what came of a login with its password."""
        key = self.world.account.entry
        outcome, told = login or (None, rotation.NOTHING_TOLD)
        settled = rotation.after_use_as_key(key, self.run, outcome, told)
        if settled != key:
            self.world.account.write(settled, "key")

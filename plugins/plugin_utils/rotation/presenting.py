# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Presenting another credential's password: a parent's, or an administrator's. Its account is protected like every one.

Many hosts may present one password at the same time, so each books its login under a name of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import CURRENT, Entry

from . import ledger, sentences
from .decisions import Decisions
from .ends import diverged
from .model import NOT_TRIED, Decision, LoginReport, Next, Whose

if TYPE_CHECKING:
    from .model import Step


@dataclass(frozen=True)
class Presenting:
    """What a run decides about a password that it presents besides the credential's own.

    Attributes:
        decide: the decisions about the credential itself.
    """

    decide: Decisions

    def whose(self, step: Step, *, only_to_log_in: bool = False) -> Whose | None:
        """Return whose password the steps from this one on present."""
        rules = self.decide.rules
        if step.next is Next.REPAIR:
            return Whose.ADMINISTRATOR if rules.has_administrator else None
        if step.next not in (Next.LOG_IN, Next.CHANGE) or not rules.has_parent:
            return None
        return None if only_to_log_in and rules.has_witness else Whose.PARENT

    def book(self, stored: Entry) -> Decision:
        """Book a login with the other password."""
        run = self.decide.run.presenting
        rules = replace(self.decide.rules, retry_diverged=False, repair=False)
        entry = ledger.believed(stored, run)
        if not self.decide.is_meant(stored, self.decide.presented_account):
            message = sentences.of_another(stored.account, self.decide.presented_account)
            return Decision(Next.FAIL, Outcome.BLOCKED, message)
        if entry.current is None:
            return Decision(Next.FAIL, Outcome.BLOCKED, "it is not enrolled; enroll it first")
        if entry.staged:
            return Decision(Next.FAIL, Outcome.BLOCKED, "its rotation is unresolved; run again")
        if ledger.is_diverged(entry):
            return diverged(entry)._replace(outcome=Outcome.BLOCKED)
        decision = replace(self.decide, run=run, rules=rules).log_in(entry, CURRENT, Outcome.DUE, "")
        if decision.entry is None:
            return decision._replace(outcome=Outcome.BLOCKED)
        # A login of many holds the entry for none of them.
        booked = decision.entry.changed(written_by=stored.written_by, written_at=stored.written_at)
        return decision._replace(entry=booked)

    def settle(self, login: LoginReport | None, entry: Entry) -> Decision:
        """Record what came of the login with the other password; where there was none the booking goes."""
        run, report = self.decide.run.presenting, login or NOT_TRIED
        is_booked = any((line.run, line.outcome) == (run.name, ledger.IN_FLIGHT) for line in entry.ledger)
        settled = ledger.settle(entry, run, CURRENT, report)
        if not is_booked:
            # A success of another run has cleared the booking, and perhaps with a new password.
            settled = ledger.supersede(settled, CURRENT, of=run)
        return Decision(Next.DONE, Outcome.OK, "", settled if settled != entry else None)

    def after_blocked(self, step: Step, why: Decision, entry: Entry) -> Decision:
        """Undo a plan that cannot be carried out because the other password must not be used."""
        run = self.decide.run
        if self.decide.is_overtaken(entry, step):
            return Decision(Next.DONE, Outcome.LEASED, sentences.OVERTAKEN)
        freed = ledger.release(ledger.settle(entry, run, step.decision.slot, NOT_TRIED))
        freed = ledger.unsend(freed, run)
        if step.is_new:
            freed = freed.changed(staged=None, staged_at=None, temporary=False)
        message = f"the password of {self.decide.rules.presented} is needed and cannot be used: {why.message}"
        return Decision(why.next, Outcome.BLOCKED, message, freed)

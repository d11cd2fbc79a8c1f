# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking over a password that the user gives: whether it may be tried, and what a login with it proves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import CURRENT, INITIAL, Entry

from . import ledger, sentences
from .decisions import Decisions
from .model import NOT_TRIED, Decision, Enrollment, LoginReport, Next

if TYPE_CHECKING:
    from .model import Step


@dataclass(frozen=True)
class Enrolling:
    """What a run decides about a password that the user gives.

    Attributes:
        decide: the decisions about the credential.
        given: the password, and how it is to be taken over.
    """

    decide: Decisions
    given: Enrollment

    def plan(self, stored: Entry) -> Decision:
        """Decide whether a password that the user gives may be tried and taken over."""
        rules = self.decide.rules
        if not self.decide.is_meant(stored, self.decide.account):
            return self.decide.of_another(stored)
        entry = self.decide.bound(ledger.believed(stored, self.decide.run))
        is_stuck = self._is_stuck(entry)
        if rules.retry_diverged:
            entry = ledger.with_more_attempts(entry)
        if entry.current and not self.given.replace:
            return _ALREADY
        if entry.current and not self.given.verify:
            return Decision(Next.FAIL, Outcome.FAILED, sentences.UNVERIFIED)
        if entry.current and entry.staged and not is_stuck:
            return Decision(Next.FAIL, Outcome.UNRESOLVED, sentences.UNRESOLVED)
        if not self.given.verify:
            return Decision(Next.COMMIT, Outcome.DUE, "the given password is taken over without a login")
        is_same = entry.initial is not None and self.given.is_same(entry.initial)
        if is_same and ledger.is_refused(entry, INITIAL):
            return Decision(Next.FAIL, Outcome.WRONG_PASSWORD, sentences.REFUSED_BEFORE)
        if not is_same:
            entry = ledger.supersede(entry, INITIAL).changed(initial=self.given.password)
        # Who replaces a password by another one says so in person.
        is_asked_for = rules.retry_diverged or self.given.replace
        asking = replace(self.decide, rules=replace(rules, retry_diverged=is_asked_for))
        decision = asking.log_in(entry, INITIAL, Outcome.DUE, "the given password is verified")
        return decision if decision.next is Next.LOG_IN else decision._replace(next=Next.FAIL)

    def _is_stuck(self, entry: Entry) -> bool:
        """Whether the run that could resolve a rotation cannot."""
        unasked = replace(self.decide, rules=replace(self.decide.rules, retry_diverged=False, repair=False))
        return ledger.is_refused(entry, CURRENT) or unasked.resume(entry).next is Next.FAIL

    def after_login(self, step: Step, login: LoginReport | None, entry: Entry) -> Decision:
        """Take over a password that the user gave, unless a login has failed. Its age is unknown, so it is due."""
        if self.decide.is_overtaken(entry, step):
            return self.decide.overtaken(entry, INITIAL, login or NOT_TRIED)
        if login is not None and not login.proves:
            settled = ledger.settle(entry, self.decide.run, INITIAL, login)
            return self.decide.after_failure(settled, login, "log in", is_initial=True)
        taken_over = Entry(
            entry.version,
            self.decide.account or entry.account,
            current=self.given.password,
            # A candidate may have left this machine; what was current has failed, or gives way on purpose.
            previous=entry.staged or entry.current,
            proved_at=self.decide.run.time if login else None,
            enrolled_at=self.decide.run.time,
            # What was not proved clears no server's count.
            ledger=() if login else ledger.supersede(entry, INITIAL).ledger,
        )
        return Decision(Next.DONE, Outcome.ENROLLED, "the password is taken over", taken_over)


def plan_taking_over(decide: Decisions, stored: Entry) -> Decision:
    """Decide whether an administrator sets the first password: never where the store has one.

    A candidate of an earlier attempt may be in force, and is found out about as in every rotation.
    """
    return _ALREADY if stored.current else decide.plan(stored)


_ALREADY = Decision(Next.DONE, Outcome.ENROLLED, "a password is enrolled already and is left as it is")

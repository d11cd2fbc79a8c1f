# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions of a rotation. Pure: no store, no network, no clock; what draws a candidate is given.

Each takes what the store holds and what was observed, and returns what to write and what to do next. The rules:

* A candidate is written before it is sent, and there is never a second one while one is unresolved.
* A refusal is what a server says, not what it did. A candidate that may have left this machine is put aside only when a
  later login has proved another password; one that surely was not sent may go at once.
* No rule of this side judges a candidate a second time.
* Some kinds are changed with a parent's password. Their own current password is proof and nothing else: where it is
  lost the change goes on, and they cannot diverge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    CURRENT,
    STAGED,
    Account,
    Ciphertext,
    Entry,
)

from . import ends, ledger, schedule, sentences
from .model import NOT_TRIED, ChangeReport, Decision, LoginReport, Next

if TYPE_CHECKING:
    from .model import Candidates, Rules, Run, Step

WRONG = Outcome.WRONG_PASSWORD


@dataclass(frozen=True)
class Decisions:
    """What one run decides about one credential.

    Attributes:
        rules: what it obeys.
        run: which run it is.
        candidates: draws new passwords.
        account: whose password the inventory means.
        presented_account: whose password the change or the repair presents.
    """

    rules: Rules
    run: Run
    candidates: Candidates
    account: Account | None = None
    presented_account: Account | None = None

    # -- plans ---------------------------------------------------------------------------------------------------------

    def plan(self, stored: Entry) -> Decision:
        """Decide from the store alone whether to rotate, to resume, or to leave the credential alone."""
        if not self.is_meant(stored, self.account):
            return self.of_another(stored)
        entry = ledger.believed(stored, self.run)
        is_asked_for = self.rules.retry_diverged and bool(entry.ledger)
        decision = self._plan(self._with_another_chance(self.bound(entry)), is_asked_for)
        if decision.next.goes_on and self.rules.blocked_reason:
            return Decision(Next.FAIL, Outcome.BLOCKED, self.rules.blocked_reason)
        # What a wrong clock has written is counted from now on, and not from each run anew.
        return decision._replace(entry=entry) if decision.entry is None and entry != stored else decision

    def _plan(self, entry: Entry, is_asked_for: bool) -> Decision:
        if self._is_leased(entry):
            return Decision(Next.DONE, Outcome.LEASED, sentences.leased(entry, self.rules))
        left = ledger.too_few_attempts(entry)
        if left is not None:
            return Decision(Next.FAIL, Outcome.FEW_ATTEMPTS, sentences.few_attempts(left))
        if ends.nothing_works(entry) and not self.rules.has_parent:
            return self._plan_repair(entry) if self.rules.repair else ends.diverged(entry)
        if self.rules.has_parent and ends.is_lost(entry):
            return self._replace_without_proof(
                entry, Outcome.DUE, "the password is lost and is replaced without a login"
            )
        if entry.staged:
            # Setting the same candidate once more needs no login before the one that verifies it.
            return self._plan_repair(entry) if self._can_set_again(entry, entry.staged) else self.resume(entry)
        early = None if is_asked_for else self._not_yet(entry)
        return early or self.log_in(entry, CURRENT, Outcome.DUE, "the password is due")

    def _can_set_again(self, entry: Entry, candidate: Ciphertext) -> bool:
        """Whether an administrator sets a candidate once more, since only one login is left to find out about it."""
        is_used_up = len(ledger.counted(entry, self.run)) >= ledger.MOST_FAILED_LOGINS
        has_lost = entry.current is None or ledger.is_refused(entry, CURRENT)
        return self.rules.repair and is_used_up and has_lost and self.candidates.suits_repair(candidate)

    def resume(self, entry: Entry) -> Decision:
        """Decide which password of an unresolved rotation to try: the likelier one, or the one that may be tried."""
        message = "an unresolved rotation is taken up"
        likely = ledger.password_to_try_first(entry)
        other = ledger.other_than(likely)
        decision = self.log_in(entry, likely, Outcome.RESUMED, message)
        if decision.outcome != Outcome.HELD or not entry.password(other) or ledger.is_refused(entry, other):
            return decision
        otherwise = self.log_in(entry, other, Outcome.RESUMED, message)
        return decision if otherwise.outcome == Outcome.HELD else otherwise

    def _plan_repair(self, entry: Entry) -> Decision:
        # From here on the candidate may be in place, whatever was found out about it before.
        sent = ledger.resend(entry, self.run)
        if not (sent.staged and self.candidates.suits_repair(sent.staged)):
            sent = self._with_candidate(sent, self.candidates.draw_for_repair(sent))
            sent = sent.changed(temporary=self.candidates.is_temporary)
        message = "no stored password works; the administrator sets a candidate"
        # What is booked is the verification.
        decision = self.log_in(sent, STAGED, Outcome.DUE, message, after_repair=True)
        return decision._replace(next=Next.REPAIR) if decision.next is Next.LOG_IN else decision

    def _replace_without_proof(self, entry: Entry, outcome: Outcome, message: str) -> Decision:
        """Go on with a change that does not need the password that was refused."""
        sent = ledger.resend(entry, self.run)
        return self._change(
            sent if sent.staged else self._with_candidate(sent, self.candidates.draw(sent, {})), outcome, message
        )

    def plan_verification(self, stored: Entry) -> Decision:
        """Decide whether the current password may be tried, with no intent to change it."""
        if not self.is_meant(stored, self.account):
            return self.of_another(stored)
        entry = self._with_another_chance(self.bound(ledger.believed(stored, self.run)))
        if entry.staged:
            return Decision(Next.FAIL, Outcome.UNRESOLVED, sentences.UNRESOLVED)
        if ledger.is_diverged(entry) and not self.rules.has_parent:
            return ends.diverged(entry)
        return self.log_in(entry, CURRENT, Outcome.RESUMED, "the stored password is verified")

    # -- after a login -------------------------------------------------------------------------------------------------

    def after_login(self, step: Step, login: LoginReport, refusal: ChangeReport | None, entry: Entry) -> Decision:
        """Decide what a login proves, which is to find out what a refused change did where there is one."""
        slot = step.decision.slot
        if self.is_overtaken(entry, step):
            return self.overtaken(entry, slot, login)
        if login.proves:
            return self._after_proof(entry, slot, login, refusal)
        login = ends.of_own_session(login, refusal)
        settled = ledger.settle(entry, self.run, slot, login)
        if login.outcome != WRONG or ledger.too_few_attempts(settled) is not None:
            return self.after_failure(settled, login, "log in")
        if self.rules.has_parent and not refusal:
            message = "is not in place; it is sent again" if entry.staged else "is lost and not needed"
            decision = self._replace_without_proof(settled, Outcome.STAGED, f"the {slot} password {message}")
            if decision.next.goes_on or slot == CURRENT or ledger.is_refused(settled, CURRENT):
                return self._goes_on(settled, login, decision)
        other = ledger.other_than(slot)
        if settled.password(other) is None or ledger.is_refused(settled, other):
            if refusal and slot == STAGED and (self.rules.has_parent or self.rules.repair):
                # It is not in place, and would be refused again and again. There is another way to a new one.
                return ends.put_aside(ledger.supersede(settled, STAGED), refusal, sentences.NOT_IN_PLACE)
            return self.after_failure(settled, login, "log in")
        message = f"the {slot} password does not work; the {other} one is tried"
        return self._goes_on(settled, login, self.log_in(settled, other, Outcome.RESUMED, message))

    def _goes_on(self, settled: Entry, login: LoginReport, decision: Decision) -> Decision:
        """Return a decision to go on, or else what a login came to, with the reason why nothing more is tried."""
        if decision.next.goes_on:
            return decision
        is_set_again = settled.staged is not None and self._can_set_again(settled, settled.staged)
        return self.after_failure(settled, login, "log in", None if is_set_again else decision)

    def _after_proof(self, entry: Entry, slot: str, login: LoginReport, refusal: ChangeReport | None) -> Decision:
        clean = self._proved(entry)
        if slot == STAGED:
            return Decision(
                Next.COMMIT, Outcome.PROVED, "the staged password works: the change had gone through", clean
            )
        clean = clean.changed(proved_at=self.run.time)
        if refusal:
            return ends.put_aside(clean, refusal, sentences.PUT_ASIDE)
        if login.details.second_factor:
            return ends.second_factor(clean)
        if clean.staged:
            return self._change(clean, Outcome.STAGED, "the staged candidate is sent again")
        if early := self._not_yet(clean):
            message = f"the stored password works again; {early.message}"
            return Decision(Next.DONE, Outcome.VERIFIED, message, ledger.release(clean))
        try:
            staged = self._with_candidate(clean, self.candidates.draw(clean, login.details.announced))
        except InputError as exc:  # The server has announced rules that nothing satisfies.
            return Decision(Next.FAIL, Outcome.FAILED, ". ".join(exc.faults), ledger.release(clean))
        return self._change(staged, Outcome.STAGED, "a new candidate is staged")

    def after_verified(self, step: Step, login: LoginReport, entry: Entry) -> Decision:
        """Record what a login with the current password proved, where nothing is to be changed."""
        if self.is_overtaken(entry, step):
            return self.overtaken(entry, CURRENT, login)
        if not login.proves:
            return self.after_failure(ledger.settle(entry, self.run, CURRENT, login), login, "log in")
        clean = self._proved(entry).changed(proved_at=self.run.time)
        if login.details.second_factor:
            return ends.second_factor(clean)
        return Decision(Next.DONE, Outcome.VERIFIED, "the stored password works", ledger.release(clean))

    # -- after a change ------------------------------------------------------------------------------------------------

    def proves(self, step: Step, change: ChangeReport) -> bool:
        """Whether the login that was booked for the candidate is made, to decide what the change did.

        One beyond the two is made only where an administrator's change was accepted. Otherwise it is sent once more.
        """
        return change.is_settled_by_proof and (change.is_accepted or not ledger.is_for_repair(step.entry, self.run))

    def after_refusal(self, step: Step, change: ChangeReport, entry: Entry) -> Decision:
        """Decide how to find out what a change did that the server did not accept, or that was not sent."""
        if self.is_overtaken(entry, step):
            return self.overtaken(entry, CURRENT, change.login or NOT_TRIED)
        failed = change.login if change.login and not change.login.proves else None
        said = replace(failed or LoginReport(change.outcome, code=change.code), message=change.message)
        settled = ledger.settle(entry, self.run, CURRENT, failed or NOT_TRIED)
        if not change.is_sent:
            # Then this run has not sent the candidate after all, and what was found out about it before still holds.
            settled = ledger.unsend(settled, self.run)
            if step.is_new:
                # It is nowhere but here, and to try it would only cost a login.
                settled = settled.changed(staged=None, staged_at=None, temporary=False)
            return self.after_failure(settled, said, step.next.value)
        if change.counts and not failed and not self.rules.has_parent and step.next is Next.CHANGE:
            settled = ledger.settle(settled, self.run, CURRENT, said)
        slot = STAGED if step.next is Next.REPAIR or ledger.is_refused(settled, CURRENT) else CURRENT
        message = f"{change.message}; a login finds out which password works"
        decision = self.log_in(settled, slot, Outcome.RESUMED, message)
        if decision.next is Next.LOG_IN:
            return decision
        # What had no answer is sent once more by the next run. What was refused would be refused again.
        is_sent_again = decision.outcome == Outcome.HELD and not change.is_answered
        return self.after_failure(settled, said, step.next.value, None if is_sent_again else decision)

    def after_verification(self, step: Step, change: ChangeReport, proof: LoginReport, entry: Entry) -> Decision:
        """Record a verification after which the candidate is not known to work."""
        if self.is_overtaken(entry, step):
            return self.overtaken(entry, STAGED, proof)
        proof = ends.of_own_session(proof, change)
        return self.after_failure(ledger.settle(entry, self.run, STAGED, proof), proof, "verify")

    def commit(self, step: Step, entry: Entry) -> Decision:
        """Make the verified candidate the current password."""
        candidate = step.entry.staged
        if candidate is None or entry.staged != candidate:
            if candidate and entry.current == candidate:
                return Decision(Next.DONE, Outcome.ROTATED, "another run has committed this rotation already")
            is_kept = candidate in (entry.previous, None)
            kept = None if is_kept else entry.changed(previous=candidate)
            return Decision(Next.FAIL, Outcome.FAILED, sentences.TAKEN_AWAY, kept)
        committed = Entry(
            entry.version,
            self.account or entry.account,
            current=candidate,
            previous=entry.current,
            proved_at=self.run.time,
            rotated_at=None if entry.temporary else self.run.time,
        )
        message = sentences.TEMPORARY if entry.temporary else "the new password is in force"
        return Decision(Next.DONE, Outcome.ROTATED if entry.current else Outcome.ENROLLED, message, committed)

    # -- whose password it is ------------------------------------------------------------------------------------------

    def is_meant(self, stored: Entry, account: Account | None) -> bool:
        """Whether an entry is an account's, or may become so."""
        if stored.account is None or account is None or stored.account == account:
            return True
        return self.rules.service_moved and stored.account == account._replace(server=stored.account.server)

    def of_another(self, stored: Entry) -> Decision:
        """Return the decision that a host's passwords are another account's."""
        return Decision(Next.FAIL, Outcome.FAILED, sentences.of_another(stored.account, self.account))

    def bound(self, entry: Entry) -> Entry:
        """Return the entry as the account's that the inventory means, where it is nobody's yet."""
        return entry if entry.account else entry.changed(account=self.account)

    def _proved(self, entry: Entry) -> Entry:
        """Return the entry after a login that has succeeded. Only that proves that a service has moved."""
        return entry.changed(account=self.account or entry.account, ledger=())

    # -- what they have in common --------------------------------------------------------------------------------------

    def log_in(
        self, entry: Entry, slot: str, outcome: Outcome, message: str, *, after_repair: bool = False
    ) -> Decision:
        """Return the decision to log in with a slot, or why that must not be done now."""
        wait = ledger.waiting(entry, self.rules, self.run, slot, after_repair=after_repair)
        if wait:
            return ends.waits(wait)
        asked_by = ledger.beyond(entry, self.rules, self.run, slot, after_repair=after_repair)
        return Decision(Next.LOG_IN, outcome, message, ledger.book(entry, self.run, slot, asked_by=asked_by), slot)

    def _change(self, entry: Entry, outcome: Outcome, message: str) -> Decision:
        """Return the decision to send the candidate, its verification booked, or why that must not be tried now."""
        wait = ledger.waiting(entry, self.rules, self.run, STAGED)
        if wait:
            return ends.waits(wait)
        asked_by = ledger.beyond(entry, self.rules, self.run, STAGED)
        return Decision(Next.CHANGE, outcome, message, ledger.book(entry, self.run, STAGED, ledger.EXPECTED, asked_by))

    def after_failure(
        self,
        settled: Entry,
        login: LoginReport,
        step: str,
        waits: Decision | None = None,
        *,
        is_initial: bool = False,
    ) -> Decision:
        """Record what a run that stops has found out, and say what is left."""
        freed = ledger.release(settled)
        reason = f"{step}: {login.message}" if login.message else ""
        left = ledger.too_few_attempts(freed)
        if left is not None:
            return Decision(Next.FAIL, Outcome.FEW_ATTEMPTS, sentences.few_attempts(left), freed)
        if ledger.is_diverged(freed) and not (self.rules.has_parent or is_initial):
            if self.rules.repair:
                message = sentences.join(
                    reason, "no stored password works", self._left(freed, "the next run repairs it")
                )
                return Decision(Next.FAIL, Outcome.DIVERGED, message, freed)
            return ends.diverged(freed)._replace(entry=freed)
        kept = "" if is_initial else self._left(freed)
        if login.outcome == Outcome.SIGNED_IN:
            message = sentences.SIGNED_IN_LATER if step == "verify" else sentences.SIGNED_IN
            return Decision(Next.DONE, Outcome.SIGNED_IN, sentences.join(message, kept), freed)
        locked_until = ledger.locked_until(freed, self.rules)
        if login.outcome == Outcome.LOCKED and locked_until:
            message = sentences.locked(locked_until)
            return Decision(Next.FAIL, Outcome.LOCKED, sentences.join(message, kept), freed)
        if waits:
            return waits._replace(message=sentences.join(reason, waits.message), entry=freed)
        if self.rules.has_parent and freed.staged is None and ledger.is_refused(freed, CURRENT):
            kept = "the next rotation replaces it"
        return Decision(Next.FAIL, login.outcome or Outcome.FAILED, sentences.join(reason, kept), freed)

    def _left(self, freed: Entry, usually: str = "") -> str:
        """Say what a later run does about what is left, or that a person has to act first."""
        kept = usually or (sentences.KEPT if freed.staged else "")
        if len(ledger.counted(freed, self.run)) < ledger.MOST_FAILED_LOGINS:
            return kept
        later = replace(self, rules=replace(self.rules, retry_diverged=False))._plan(freed, is_asked_for=True)
        return (
            sentences.join("the candidate is kept" if freed.staged else "", later.message)
            if later.outcome == Outcome.HELD
            else kept
        )

    def _with_candidate(self, entry: Entry, candidate: Ciphertext) -> Entry:
        """Return the entry with a new candidate. One that gives way becomes the previous password."""
        # What was found out about an earlier candidate tells nothing about this one.
        entry = ledger.supersede(entry, STAGED)
        previous = entry.staged or entry.previous
        return entry.changed(staged=candidate, staged_at=self.run.time, previous=previous)

    def _with_another_chance(self, entry: Entry) -> Entry:
        """Return the entry without verdicts that keep it from being tried, where a person says so."""
        if not self.rules.retry_diverged:
            return entry
        # Where an administrator repairs, what a person asks for is the proof of what is set.
        if ledger.is_diverged(entry) and not (self.rules.has_parent or self.rules.repair):
            for slot in (STAGED, CURRENT):
                entry = ledger.resend(entry, self.run, slot)
        # Where one of two passwords has not been refused, the other one's refusal still tells which to try.
        return ledger.with_more_attempts(entry)

    def _not_yet(self, entry: Entry) -> Decision | None:
        """Return why a password that works is not changed now."""
        why = schedule.why_not_now(entry, self.rules, self.run)
        return Decision(Next.DONE, *why) if why else None

    def _is_leased(self, entry: Entry) -> bool:
        return (
            entry.staged is not None
            and entry.written_by not in (None, self.run.name)
            and entry.written_at is not None
            and self.run.time - entry.written_at < self.rules.lease
            and not self.run.is_over(str(entry.written_by))
        )

    def is_overtaken(self, entry: Entry, step: Step) -> bool:
        """Whether another run has written since this run's last step; a write of its own may have failed half-way."""
        return entry.version != step.entry.version and entry.written_by != self.run.name

    def overtaken(self, entry: Entry, slot: str, login: LoginReport) -> Decision:
        """Record what a run had tried after another run has taken the credential over.

        It counts towards the lock, but tells nothing about the passwords that the store holds by now. While the other
        run is still at work nothing is written, since it would take a new version for a sign to step aside as well;
        this run's booking, where there is one, goes on counting.
        """
        settled = ledger.settle(entry, self.run, slot, login)
        settled = ledger.supersede(settled, slot, of=self.run)
        at_rest = entry.written_by in (None, self.run.name)
        return Decision(
            Next.DONE, Outcome.LEASED, sentences.OVERTAKEN, settled if at_rest and settled != entry else None
        )

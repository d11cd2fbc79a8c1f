# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The algorithm. Each way is a generator that yields effects and is told what came of them; it does nothing itself.

The driver carries the effects out. The exhaustive model of the tests drives these very generators, in a world where
everything can go wrong. A run that is killed is a generator that nobody continues.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import CURRENT, STAGED

from .enrolling import Enrolling, plan_taking_over
from .model import Change, ChangeReport, Decide, Effect, Flow, LogIn, LoginReport, Next, Repair, Step, Whose, Write
from .presenting import Presenting

if TYPE_CHECKING:
    from .decisions import Decisions
    from .model import Enrollment


def rotate(decide: Decisions) -> Flow:
    """Plan, log in, stage, change, verify, commit. An unresolved rotation is taken up where it was left."""
    step = yield from _write("plan", decide.plan)
    other = Presenting(decide)
    return (yield from _presenting(other, other.whose(step), step, _rotate(decide, step)))


def _rotate(decide: Decisions, step: Step) -> Flow:
    step = yield from _log_in(decide, step)
    if step.next in (Next.CHANGE, Next.REPAIR):
        change: ChangeReport = yield (Change() if step.next is Next.CHANGE else Repair())
        if decide.proves(step, change):
            proof: LoginReport = yield LogIn(STAGED, "verify")
            if not proof.proves:
                return (yield from _write("verify", partial(decide.after_verification, step, change, proof)))
            return (yield from _write("commit", partial(decide.commit, step)))
        step = yield from _write("change", partial(decide.after_refusal, step, change))
        step = yield from _log_in(decide, step, change)
    if step.next is Next.COMMIT:
        step = yield from _write("commit", partial(decide.commit, step))
    return step


def _log_in(decide: Decisions, step: Step, refusal: ChangeReport | None = None) -> Flow:
    """Log in until it is known which password is in force, or nothing more may be tried."""
    while step.next is Next.LOG_IN:
        slot = step.decision.slot
        login: LoginReport = yield LogIn(slot, for_change=slot == CURRENT and refusal is None)
        step = yield from _write("stage", partial(decide.after_login, step, login, refusal))
    return step


def verify(decide: Decisions) -> Flow:
    """Prove the current password, and change nothing."""
    step = yield from _write("plan", decide.plan_verification)
    other = Presenting(decide)
    return (yield from _presenting(other, other.whose(step, only_to_log_in=True), step, _verify(decide, step)))


def _verify(decide: Decisions, step: Step) -> Flow:
    if step.next is Next.LOG_IN:
        login: LoginReport = yield LogIn(CURRENT)
        step = yield from _write("commit", partial(decide.after_verified, step, login))
    return step


def enroll(decide: Decisions, given: Enrollment) -> Flow:
    """Prove a password that the user gives, and take it over."""
    enrolling = Enrolling(decide, given)
    step = yield from _write("plan", enrolling.plan, may_create=True)
    other = Presenting(decide)
    return (yield from _presenting(other, other.whose(step, only_to_log_in=True), step, _enroll(enrolling, step)))


def take_over(decide: Decisions) -> Flow:
    """Have an administrator set the first password that the store knows; nobody has to know the one before."""
    step = yield from _write("plan", partial(plan_taking_over, decide), may_create=True)
    other = Presenting(decide)
    return (yield from _presenting(other, other.whose(step), step, _rotate(decide, step)))


def _enroll(enrolling: Enrolling, step: Step) -> Flow:
    if step.next.goes_on:
        login: LoginReport | None = (yield LogIn(step.decision.slot)) if step.next is Next.LOG_IN else None
        step = yield from _write("commit", partial(enrolling.after_login, step, login), may_create=True)
    return step


def _write(name: str, decide: Decide, whose: Whose = Whose.OWN, *, may_create: bool = False) -> Flow:
    step: Step = yield Write(name, decide, whose, may_create)
    return step


def _presenting(other: Presenting, whose: Whose | None, step: Step, steps: Flow) -> Flow:
    """Take steps that present another credential's password, with a login of it booked before and settled after."""
    if whose is None:
        return (yield from steps)
    booked = yield from _write("plan", other.book, whose)
    if not booked.next.goes_on:
        return (yield from _write("plan", partial(other.after_blocked, step, booked.decision), may_create=True))
    logins: list[LoginReport] = []
    end = yield from _noting(steps, logins)
    yield from _write("commit", partial(other.settle, logins[-1] if logins else None), whose)
    return end


def _noting(steps: Flow, logins: list[LoginReport]) -> Generator[Effect, Any, Step]:
    """Pass effects on, and note what came of each login with the other credential's password."""
    answer = None
    while True:
        try:
            answer = yield steps.send(answer)
        except StopIteration as end:
            step: Step = end.value
            return step
        if isinstance(answer, (LoginReport, ChangeReport)) and answer.parent:
            logins.append(answer.parent)

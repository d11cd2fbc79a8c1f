# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions with which a run ends, in several places alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import CURRENT, STAGED, Entry

from . import ledger, sentences
from .model import Decision, Next

if TYPE_CHECKING:
    from .model import ChangeReport, LoginReport


def waits(wait: ledger.Waiting) -> Decision:
    """Return the decision to try nothing now."""
    if wait.until is None:
        return Decision(Next.FAIL, wait.outcome, wait.why)
    return Decision(Next.DONE, wait.outcome, sentences.until(wait.why, wait.until))


def of_own_session(login: LoginReport, change: ChangeReport | None) -> LoginReport:
    """Return what a login came to. Who is signed in after a change that has left its session open is this run."""
    if login.outcome != Outcome.SIGNED_IN or not (change and change.leaves_session):
        return login
    return replace(login, outcome=Outcome.SESSION_LOST, message=sentences.OWN_SESSION)


def put_aside(entry: Entry, refusal: ChangeReport, why: str) -> Decision:
    """Put the candidate aside, after a login has shown that it is not in force."""
    aside = entry.changed(staged=None, staged_at=None, temporary=False, previous=entry.staged)
    message = sentences.join(f"change: {refusal.message}", why)
    return Decision(Next.FAIL, refusal.outcome or Outcome.FAILED, message, ledger.release(aside))


def second_factor(entry: Entry) -> Decision:
    """Return the decision that only the user can go on."""
    message = sentences.join(sentences.SECOND_FACTOR, sentences.KEPT if entry.staged else "")
    return Decision(Next.FAIL, Outcome.SECOND_FACTOR, message, ledger.release(entry))


def diverged(entry: Entry) -> Decision:
    """Return the decision that no stored password works."""
    return Decision(Next.FAIL, Outcome.DIVERGED, sentences.diverged(entry))


def nothing_works(entry: Entry) -> bool:
    """Whether no password is stored that may be in force."""
    return not (entry.current or entry.staged) or ledger.is_diverged(entry)


def is_lost(entry: Entry) -> bool:
    """Whether it is known that neither the current password nor a candidate is in place."""
    return ledger.is_refused(entry, CURRENT) and (entry.staged is None or ledger.is_refused(entry, STAGED))

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries, reports and decisions as the tests of the rotation need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import EXPECTED, IN_FLIGHT
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import (
    ChangeReport,
    Decision,
    Flow,
    LogIn,
    LoginReport,
    Next,
    Rules,
    Run,
    Step,
    Whose,
    Write,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    BookedLogin,
    Ciphertext,
    Entry,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
ME = Run("me", NOW, lambda name: name != "me", "host")
WRONG, UNKNOWN, LOCKED = "wrong_password", "unknown", "locked"
CURRENT, STAGED, INITIAL = "current", "staged", "initial"
OLD_ONE, CANDIDATE, OLDER_ONE, GIVEN_ONE = (Ciphertext(name) for name in ("old", "candidate", "older", "given"))

PROVES = LoginReport(Outcome.OK)
REFUSES = LoginReport(Outcome.WRONG_PASSWORD, "the password is wrong", "100-004")
NO_ANSWER = LoginReport(Outcome.UNKNOWN, "no answer", is_answered=False)
UNREADABLE = LoginReport(Outcome.UNKNOWN, "HTTP 999", "999")
CHANGED = ChangeReport(Outcome.CHANGED)


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def line(slot: str, outcome: str, at: datetime | None = None, run: str = "earlier", **more: Any) -> BookedLogin:
    """Return a login of the ledger, some days old and with an answer unless told otherwise."""
    answered = outcome not in (IN_FLIGHT, EXPECTED)
    return BookedLogin(at or ago(days=3), slot, outcome, run, **{"is_answered": answered, **more})


def booked(slot: str, outcome: str = IN_FLIGHT, **more: Any) -> BookedLogin:
    """Return the booking that this run makes."""
    return BookedLogin(NOW, slot, outcome, "me", **more)


def lines(entry: Entry | None) -> list[tuple[str, str]]:
    assert entry is not None
    return [(one.slot, one.outcome) for one in entry.ledger]


IDLE = Entry(3, current=OLD_ONE, proved_at=ago(days=40), rotated_at=ago(days=40))
FRESH = IDLE.changed(rotated_at=ago(days=29))
ENROLLED = Entry(1, current=OLD_ONE)
UNRESOLVED = IDLE.changed(version=4, staged=CANDIDATE, staged_at=ago(hours=1))
LOST = IDLE.changed(ledger=(line(CURRENT, WRONG),))
DIVERGED = UNRESOLVED.changed(ledger=(line(CURRENT, WRONG), line(STAGED, WRONG)))
TWO_UNREADABLE = (line(CURRENT, UNKNOWN, code="998"), line(CURRENT, UNKNOWN, code="999"))
TWO_UNANSWERED = (line(CURRENT, UNKNOWN, is_answered=False), line(CURRENT, UNKNOWN, is_answered=False))


@dataclass
class Drawn:
    """Candidates with a name each.

    Attributes:
        fault: why none can be drawn.
        suits: whether the administrator accepts what there is.
        is_temporary: as in the protocol.
        announced: what each was drawn for; None for a repair.
    """

    fault: str = ""
    suits: bool = True
    is_temporary: bool = False
    announced: list[Mapping[str, Any] | None] = field(default_factory=list)

    def draw(self, entry: Entry, announced: Mapping[str, Any]) -> Ciphertext:
        return self._draw(announced)

    def draw_for_repair(self, entry: Entry) -> Ciphertext:
        return self._draw(None)

    def suits_repair(self, candidate: Ciphertext) -> bool:
        return self.suits

    def _draw(self, announced: Mapping[str, Any] | None) -> Ciphertext:
        if self.fault:
            raise InputError(self.fault)
        self.announced.append(announced)
        return Ciphertext(f"drawn {len(self.announced)}")


DRAWN = Ciphertext("drawn 1")


def decisions(
    *,
    name: str = "me",
    time: datetime = NOW,
    is_over: Callable[[str], bool] | None = None,
    candidates: Drawn | None = None,
    **rules: Any,
) -> Decisions:
    """Return what a run decides under these rules, which rotate always unless they say when."""
    run = Run(name, time, is_over or (lambda other: other != name), "host")
    return Decisions(Rules(**{"when": "always", **rules}), run, candidates or Drawn())


def held_by_me(entry: Entry, *ledger: BookedLogin) -> Entry:
    """Return an entry as this run has written it."""
    return entry.changed(written_by="me", written_at=NOW, ledger=(*entry.ledger, *ledger))


def step(
    entry: Entry,
    next_: Next = Next.LOG_IN,
    slot: str = CURRENT,
    outcome: Outcome = Outcome.DUE,
    *,
    is_new: bool = False,
) -> Step:
    """Return a step after which the store holds an entry."""
    return Step(Decision(next_, outcome, "", entry, slot), entry, is_new)


class Told(NamedTuple):
    """What a flow has done.

    Attributes:
        end: its last step; None where it would have gone on.
        entry: what the store holds of the credential then.
        other: and of the one whose password it presents.
        effects: what it has yielded: of a write its name and whose entry it was, of a request its name and slot.
        kept_sessions: those logins among them that keep their session for a change.
    """

    end: Step | None
    entry: Entry
    other: Entry
    effects: list[tuple[str, str]]
    kept_sessions: list[tuple[str, str]]


def carry_out(
    flow: Flow, entry: Entry, *reports: LoginReport | ChangeReport, other: Entry = FRESH, most: int = 40
) -> Told:
    """Carry a flow out with these reports of its requests, in their order."""
    answers = list(reports)
    effects: list[tuple[str, str]] = []
    kept: list[tuple[str, str]] = []
    answer: Any = None
    try:
        while len(effects) < most:
            effect = flow.send(answer)
            if isinstance(effect, Write):
                before = entry if effect.whose is Whose.OWN else other
                decision = effect.decide(before)
                after = decision.entry.changed(version=before.version + 1) if decision.entry else before
                is_new = decision.entry is not None and after.staged not in (None, before.staged)
                entry, other = (after, other) if effect.whose is Whose.OWN else (entry, after)
                answer = Step(decision, after, is_new)
                effects.append((effect.name, effect.whose.value))
            else:
                answer = answers.pop(0)
                effects.append((effect.name, effect.slot if isinstance(effect, LogIn) else STAGED))
                kept += effects[-1:] if isinstance(effect, LogIn) and effect.for_change else []
    except StopIteration as end:
        assert not answers, "requests that were not made"
        return Told(end.value, entry, other, effects, kept)
    return Told(None, entry, other, effects, kept)

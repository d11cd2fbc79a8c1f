# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a rotation: what it is to obey, what it has seen, what it does next. Nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple, Protocol

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import PROVES_PASSWORD, Outcome
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    CURRENT,
    Ciphertext,
    Entry,
)

from .exemption import Exemption
from .window import Window


@dataclass(frozen=True)
class Rules:
    """When to rotate, and how carefully.

    Attributes:
        when: ``due`` by age, ``always``, or ``resume`` only what is unresolved.
        max_age: age from which a password is due.
        max_failed_logins: how many failed logins one lock window may see, 1 or 2. Two are the most without a clock.
        lock_window: how long a lock is waited for, and a failed login keeps the next one waiting where it does.
        lease: how long an unresolved rotation is left to the run that wrote it last.
        retry_diverged: a person says that the stored passwords may be tried once more.
        run_every: how much time passes between two runs. A password is due so early that it never gets older than its
            maximum age, even where one run is lost.
        spread: the hosts of a fleet are due one after the other, and not together as they were enrolled.
        window: when rotations may be begun; None for always.
        exemption: why the credential is left out.
        min_age: the server accepts no change earlier than this after the one before.
        has_parent: the change presents another credential's password instead of the current one.
        has_witness: a login proves the password without that other one.
        repair: an administrator may set the password of a diverged credential.
        service_moved: a person says that the service has another address than the store knows.
        has_administrator: the repair presents an administrator's password that is in the store.
        presented: whose password the change or the repair presents, for people.
        blocked_reason: why nothing must be changed, whatever is due; empty where it may.
    """

    when: str = "due"
    max_age: timedelta = timedelta(days=30)
    max_failed_logins: int = 2
    lock_window: timedelta = timedelta(minutes=30)
    lease: timedelta = timedelta(minutes=2)
    retry_diverged: bool = False
    run_every: timedelta = timedelta(0)
    spread: bool = False
    window: Window | None = None
    exemption: Exemption | None = None
    min_age: timedelta = timedelta(0)
    has_parent: bool = False
    has_witness: bool = False
    repair: bool = False
    service_moved: bool = False
    has_administrator: bool = False
    presented: str = ""
    blocked_reason: str = ""


@dataclass(frozen=True)
class Run:
    """This run.

    Attributes:
        name: its name in the store.
        time: when it began.
        is_over: whether the run of a name has surely ended.
        host: inventory host that it works on.
    """

    name: str
    time: datetime
    is_over: Callable[[str], bool] = lambda name: False
    host: str = ""

    @property
    def presenting(self) -> Run:
        """This run as it presents another credential's password, which many hosts may do at the same time."""
        return replace(self, name=f"{self.name} {self.host}")


@dataclass(frozen=True)
class Enrollment:
    """A password that a user gives.

    Attributes:
        password: it, encrypted. None is enough where a password is enrolled already.
        is_same: whether a ciphertext of the store holds the same one.
        replace: put it in the place of a password that is stored already.
        verify: prove it by a login before it is taken over.
    """

    password: Ciphertext | None = None
    is_same: Callable[[Ciphertext], bool] = lambda stored: False
    replace: bool = False
    verify: bool = True


class Candidates(Protocol):
    """Draws new passwords, and keeps them encrypted."""

    def draw(self, entry: Entry, announced: Mapping[str, Any]) -> Ciphertext:
        """Return one for an entry that obeys the policy, and the rules that the server announced at the login."""

    def draw_for_repair(self, entry: Entry) -> Ciphertext:
        """Return one for an entry that the administrator can set."""

    def suits_repair(self, candidate: Ciphertext) -> bool:
        """Whether the administrator can set a candidate; the administrator's rules may be narrower."""

    @property
    def is_temporary(self) -> bool:
        """Whether what an administrator sets is under rules of its own, and so not meant to stay."""


class LoginDetails(NamedTuple):
    """What a server says with the verdict on a login.

    Attributes:
        remaining_attempts: how many attempts it leaves before it locks the account.
        unlock_in_seconds: when it unlocks the account.
        second_factor: the password is right and nobody can go on without the user.
        announced: rules for the next password.
    """

    remaining_attempts: int | None = None
    unlock_in_seconds: int | None = None
    second_factor: bool = False
    announced: Mapping[str, Any] = {}


NO_DETAILS = LoginDetails()


@dataclass(frozen=True)
class LoginReport:
    """What came of a login.

    Attributes:
        outcome: what it came to; None where nothing was tried and no booking stands for it.
        message: why it did not succeed, for people.
        code: the server's code, where one was readable.
        is_answered: whether the server answered at all.
        counts: whether it may have counted as a failed login of this account.
        details: what the server said besides.
        parent: what came of the login with the parent's password, where this one presented it.
    """

    outcome: Outcome | None
    message: str = ""
    code: str | None = None
    is_answered: bool = True
    counts: bool = True
    details: LoginDetails = NO_DETAILS
    parent: LoginReport | None = None

    @property
    def proves(self) -> bool:
        """Whether the password is right."""
        return self.outcome in PROVES_PASSWORD


NOT_TRIED = LoginReport(None)


@dataclass(frozen=True)
class ChangeReport:
    """What came of a change.

    Attributes:
        outcome: what it came to; None where nothing was tried.
        is_sent: whether the new password may have left this machine.
        message: why it did not succeed, for people.
        code: the server's code, where one was readable.
        is_answered: whether the server answered at all.
        counts: whether the server may have counted it as a failed login of this account.
        login: the login with the current password that the change made itself, where it made one.
        parent: what came of a login with the password of the parent or the administrator.
        leaves_session: whether the account's session, in which it was sent, may be open.
    """

    outcome: Outcome | None
    is_sent: bool = True
    message: str = ""
    code: str | None = None
    is_answered: bool = True
    counts: bool = False
    login: LoginReport | None = None
    parent: LoginReport | None = None
    leaves_session: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether the server says that the new password is in place."""
        return self.outcome in (Outcome.CHANGED, Outcome.UNCHANGED)

    @property
    def is_settled_by_proof(self) -> bool:
        """Whether the candidate is likely to be in place, so that a login with it decides."""
        return self.is_sent and (self.is_accepted or (self.outcome == Outcome.UNKNOWN and not self.is_answered))


class Next(Enum):
    """What comes after a decision."""

    LOG_IN = "log in"
    CHANGE = "change"
    REPAIR = "repair"
    COMMIT = "commit"
    DONE = "done"
    FAIL = "fail"

    @property
    def goes_on(self) -> bool:
        """Whether something is sent or written next."""
        return self not in (Next.DONE, Next.FAIL)


class Decision(NamedTuple):
    """What to write, and what to do then.

    Attributes:
        next: what comes next.
        outcome: what was found or done.
        message: a sentence for people.
        entry: what to write; None writes nothing.
        slot: which password the next login presents.
    """

    next: Next
    outcome: Outcome
    message: str
    entry: Entry | None = None
    slot: str = CURRENT


class Step(NamedTuple):
    """A decision that was carried out.

    Attributes:
        decision: it.
        entry: what the store holds now.
        is_new: whether it has put a new candidate there.
    """

    decision: Decision
    entry: Entry
    is_new: bool = False

    @property
    def next(self) -> Next:
        """What comes next."""
        return self.decision.next


# -- effects -----------------------------------------------------------------------------------------------------------


class Whose(Enum):
    """Whose entry of the store is meant."""

    OWN = "own"
    PARENT = "parent"
    ADMINISTRATOR = "administrator"


Decide = Callable[[Entry], Decision]


@dataclass(frozen=True)
class Write:
    """Read an entry, decide, write; decide anew where another run wrote in between. Answered by a Step.

    Attributes:
        name: of the step, for people.
        decide: the decision.
        whose: whose entry it is.
        may_create: whether there need not be one yet.
    """

    name: str
    decide: Decide = field(compare=False)
    whose: Whose = Whose.OWN
    may_create: bool = False


@dataclass(frozen=True)
class LogIn:
    """Log in with the password of a slot. Answered by a LoginReport.

    Attributes:
        slot: which one.
        name: of the step, for people.
        for_change: keep the session, so that a change can be made in it.
    """

    slot: str
    name: str = "log_in"
    for_change: bool = False


@dataclass(frozen=True)
class Change:
    """Change the password to the candidate, in the session of the login before. Answered by a ChangeReport."""

    name: str = "change"


@dataclass(frozen=True)
class Repair:
    """Have an administrator set the candidate. Answered by a ChangeReport."""

    name: str = "repair"


Effect = Write | LogIn | Change | Repair
Flow = Generator[Effect, Any, Step]

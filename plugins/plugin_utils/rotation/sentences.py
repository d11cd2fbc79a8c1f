# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What decisions tell people: what is the matter, and what to do next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ONE_SERVER

if TYPE_CHECKING:
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account, Entry

    from .exemption import Exemption
    from .model import Rules

KEPT = "the candidate is kept and the next run resolves it"
PUT_ASIDE = (
    "the current password still works; the candidate is kept as the previous password, and the next run draws another"
)
NOT_IN_PLACE = "the candidate is not in place; it is kept as the previous password, and the next run draws another"
UNRESOLVED = "a rotation is unresolved, so either password may work; run the rotate playbook"
UNVERIFIED = "an unverified password never replaces a stored one; set rotate_enroll_verify to true"
REFUSED_BEFORE = "this password was refused before and is not tried again; give the one that works"
AT_WORK = "another run is at work on this account"
OVERTAKEN = "another run has taken this credential over in the meantime; it is left to that run"
OWN_SESSION = (
    "this run's own session is open at the server and could not be used to its end; the server ends it by itself. "
    f"If this happens again: {ONE_SERVER}"
)
SIGNED_IN = "the agent is signed in and is left alone; the next run tries again"
SIGNED_IN_LATER = "the agent is signed in, so that no login proves it now"
TEMPORARY = "a temporary password is in force; the next run replaces it"
TAKEN_AWAY = (
    "another run has taken the candidate, which works, out of its place; run the verify playbook, and where it fails, "
    "enroll the previous password"
)
SECOND_FACTOR = (
    "the password works, but the user needs a second factor and it cannot be changed unattended; exempt the user from "
    "it, or change the password by hand and enroll it"
)


def join(*parts: str) -> str:
    """Return the parts that are not empty as one sentence."""
    return "; ".join(part for part in parts if part)


def text(time: datetime) -> str:
    """Return a time as people read it."""
    return time.strftime("%Y-%m-%d %H:%M UTC")


def until(why: str, time: datetime) -> str:
    """Say until when nothing is tried."""
    return f"{why}; nothing is tried before {text(time)}"


def locked(time: datetime) -> str:
    """Say that an account is locked."""
    return f"the account is locked; nothing is tried before {text(time)}"


def few_attempts(left: int) -> str:
    """Say that a server leaves too few attempts."""
    return (
        f"the server leaves {left} attempts before it locks the account, so none is made any more. "
        "Let the user log in once, then run again with rotate_retry_diverged"
    )


def held(number: int, codes: list[str], *, is_heard: bool) -> str:
    """Say that too many logins may have failed, and with which codes that are in no table."""
    named = [f"HTTP {code}" if code.isdigit() and len(code) == len("200") else code for code in codes]
    told = f"; the server's answer was {', '.join(named)}, which is in no table" if codes else ""
    once_more = "" if is_heard else "have the stored passwords tried once more with rotate_retry_diverged, or "
    return (
        f"{number} logins failed or may have failed since the last one that succeeded{told}. A further one could lock "
        f"the account, so none is made any more. Find out what is wrong, then {once_more}enroll the right one with "
        "rotate_enroll_replace"
    )


def leased(entry: Entry, rules: Rules) -> str:
    """Say until when a credential is left to another run."""
    end = f" until {text(entry.written_at + rules.lease)}" if entry.written_at else ""
    return f"another run is at work on this credential; it is left to that run{end}"


def of_another(stored: Account | None, named: Account | None) -> str:
    """Say that the inventory names another account than the store."""
    has_moved = stored and named and named._replace(server=stored.server) == stored
    way_out = (
        "set rotate_service_moved to true in one run, if this is the same service at a new address"
        if has_moved
        else "give the other account an inventory host of its own"
    )
    return f"the stored password is that of {stored}, and the inventory names {named}. Correct it, or {way_out}"


def not_due(time: datetime) -> str:
    """Say when a password is due."""
    return f"the password is not due before {text(time)}"


def out_of_window(window: str) -> str:
    """Say that no rotation is begun now."""
    return f"the password is due, and no rotation is begun outside {window}; a run within it takes it up"


def exempt(exemption: Exemption) -> str:
    """Say that a credential is left out, and who answers for it."""
    return f"it is exempt until {exemption.until} ({exemption.owner}: {exemption.reason})"


def too_early(span: timedelta, time: datetime) -> str:
    """Say when a server accepts a change again."""
    hours = f"{span / timedelta(hours=1):g}"
    return f"the server accepts one change in {hours} hours; the next is possible from {text(time)} on"


def diverged(entry: Entry) -> str:
    """Say that no stored password works."""
    which = "neither the current nor the staged password works" if entry.staged else "the stored password does not work"
    return (
        f"{which}: somebody else has changed it, or the server carried a change out late. Nothing is tried any more; "
        "enroll the right password with rotate_enroll_replace, or have the stored ones tried once more with "
        "rotate_retry_diverged"
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers and kinds of a task that would silently do something else than what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_YEAR_DAYS = 366
_RULES = {
    "max_age_days": 10 * _YEAR_DAYS,
    "run_every_hours": _YEAR_DAYS * 24,
    "min_age_hours": _YEAR_DAYS * 24,
    "lock_window_minutes": _YEAR_DAYS * 24 * 60,
    "lease_seconds": _YEAR_DAYS * 24 * 3600,
}
"""Rules that are numbers from 0 to this. What is no number, such as nan, is in no range."""
_PER_CENT = 100


def check(args: Mapping[str, Any], policies: Any) -> None:
    """Raise InputError where a number of a task is out of range, or a dictionary by kind names what is none.

    Args:
        args: the options.
        policies: the policies of all kinds, where they are one dictionary.
    """
    numbers = [(name, args["rules"][name], most) for name, most in _RULES.items()]
    numbers.append(("max_fail_percentage", args["max_fail_percentage"], _PER_CENT))
    faults = [
        f"{name} is out of range; give a number from 0 to {most}"
        for name, value, most in numbers
        if value is not None and not 0 <= value <= most
    ]
    faults += [*_no_kinds("rotate_exempt", args["exempt"]), *_no_kinds("rotate_policies", policies)]
    if faults:
        raise InputError(*faults)


def _no_kinds(variable: str, by_kind: Any) -> Iterator[str]:
    for kind in by_kind if isinstance(by_kind, Mapping) else ():
        if kind not in KINDS:
            yield f"{variable} names {kind}, which is no kind of credential; the kinds are {', '.join(KINDS)}"

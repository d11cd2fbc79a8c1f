# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials that are left out on purpose, for a time, and somebody answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Exemption:
    """A credential that is left out on purpose.

    Attributes:
        reason: why.
        owner: who answers for it.
        until: its last day, in UTC.
    """

    reason: str
    owner: str
    until: date

    @classmethod
    def of(cls, given: Any) -> Exemption:
        """Return the exemption that a user has written down.

        Raises:
            InputError: a part is missing, or the last day is no date.
        """
        if not isinstance(given, Mapping):
            raise InputError("the exemption is no dictionary; give reason, owner and until")
        missing = [name for name in ("reason", "owner", "until") if not given.get(name)]
        if missing:
            raise InputError(f"the exemption has no {missing[0]}; give reason, owner and until")
        last = given["until"]
        try:
            until = date.fromisoformat(str(last.date() if isinstance(last, datetime) else last))
        except ValueError:
            raise InputError("the exemption's until is no date; write it as 2026-12-31") from None
        return cls(str(given["reason"]), str(given["owner"]), until)

    def is_over(self, moment: datetime) -> bool:
        """Whether its last day is over."""
        return moment.astimezone(timezone.utc).date() > self.until

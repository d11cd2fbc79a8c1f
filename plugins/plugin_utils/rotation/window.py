# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When rotations may be begun."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from zoneinfo import ZoneInfo

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError

_WINDOW = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class Window:
    """When rotations may be begun, each day anew; one that ends before it begins lasts over midnight.

    Attributes:
        begins: time of day.
        ends: time of day.
        zone: of both; None for that of this machine.
    """

    begins: time
    ends: time
    zone: tzinfo | None = None

    @classmethod
    def of(cls, text: str, zone: str = "") -> Window:
        """Return the window of a text such as 22:00-05:00.

        Raises:
            InputError: it is none, or no time zone has this name.
        """
        found = _WINDOW.fullmatch(text.replace(" ", ""))
        if not found:
            raise InputError("the window is no span of time; write it as 22:00-05:00")
        of_machine = os.environ.get("TZ", "").removeprefix(":")
        try:
            where = ZoneInfo(zone) if zone else None
            if not zone and "/" in of_machine and not os.path.isabs(of_machine):
                ZoneInfo(of_machine)  # The C library takes a name that it does not know for UTC.
        except (OSError, ValueError, KeyError):
            who = "" if zone else " in TZ"
            raise InputError(
                f"no time zone has the name{who} on the controller; write it as Asia/Shanghai, or install tzdata"
            ) from None
        if found[1] == found[3] and found[2] == found[4]:
            raise InputError(
                "the window ends when it begins, so that nothing would ever be begun; leave it out for all day"
            )
        hours = [int(number) for number in found.groups()]
        return cls(time(hours[0], hours[1]), time(hours[2], hours[3]), where)

    def is_open(self, moment: datetime) -> bool:
        """Whether a rotation may be begun."""
        now = moment.astimezone(self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}" + (f" {self.zone}" if self.zone else "")

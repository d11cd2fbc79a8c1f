# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as the files of this collection keep them: UTC and whole seconds."""

from __future__ import annotations

from datetime import datetime, timezone

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def now() -> datetime:
    """Return the time, in UTC and whole seconds."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def to_text(time: datetime) -> str:
    """Return a time as it stands in the files."""
    return time.strftime(_FORMAT)


def from_text(text: str) -> datetime:
    """Return the time that a file tells.

    Raises:
        ValueError: it tells none.
    """
    return datetime.strptime(text, _FORMAT).replace(tzinfo=timezone.utc)

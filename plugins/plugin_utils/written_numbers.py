# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a number is what was written down.

An inventory in INI format has no quotes that would last, and makes a number of whatever looks like one. ansible-core
2.19 and later tell the line that a value comes from, so it can be compared.
"""

from __future__ import annotations

import linecache
import re


def is_as_written(number: int) -> bool:
    """Whether a line of an INI inventory has exactly these digits. False where nobody can tell."""
    line, column = _written(number)
    # A value of a YAML file has a column too.
    return not column and bool(re.search(rf"(?<![\w.+-]){number}(?![\w.])", line))


def is_another(number: int) -> bool:
    """Whether a number of a YAML file was written in digits that are not its own, as 0201 is 129."""
    line, column = _written(number)
    found = re.match(r"[+-]?\w+", line[column - 1 :]) if column else None
    return bool(found) and bool(re.fullmatch(r"[+-]?0\w+|[+-]?\d+_\w+", found[0]))  # type: ignore[index]


def _written(number: int) -> tuple[str, int]:
    """Return the line that a number comes from, and its column in a YAML file; "" and 0 where nobody can tell."""
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return "", 0
    origin = Origin.get_tag(number)
    if origin is None or not (origin.path and origin.line_num):
        return "", 0
    return linecache.getline(str(origin.path), origin.line_num), origin.col_num or 0

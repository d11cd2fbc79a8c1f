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
    try:
        from ansible._internal._datatag._tags import Origin
    except ImportError:
        return False
    origin = Origin.get_tag(number)
    # A value of a YAML file has a column too.
    if origin is None or not (origin.path and origin.line_num) or origin.col_num:
        return False
    line = linecache.getline(str(origin.path), origin.line_num)
    return bool(re.search(rf"(?<![\w.+-]){number}(?![\w.])", line))

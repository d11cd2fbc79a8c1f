# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON of a server that nobody trusts: what has one meaning only, and can be handled without surprises."""

from __future__ import annotations

import json
from typing import Any

MAX_DEPTH = 32
"""Deepest nesting that is read. The APIs nest four levels; Python's own bound depends on who calls."""


def parse_object(text: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: it is no JSON object; or one that readers understand differently, by two values of one name; or it
            is nested deeper than ``MAX_DEPTH``, or holds what could not be sent on: infinite numbers, half characters.
    """
    try:
        document = json.loads(text, object_pairs_hook=_with_unique_names)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("no object")
    level: list[Any] = [document]
    for _depth in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, (dict, list))
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    if level:
        raise ValueError("nested too deep")
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    return document


def _with_unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs) and any(document[name] != value for name, value in pairs):
        raise ValueError("a name with two values")
    return document

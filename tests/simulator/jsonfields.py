# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills dataclasses from JSON objects and says precisely what is wrong with a bad one.

A misspelt option that is silently ignored would make a test pass for the wrong reason, so unknown names and
wrong types are errors.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any


class FieldError(ValueError):
    """A JSON value that does not fit; the text is meant for the person who wrote it."""


_HINTS: dict[str, dict[str, Any]] = {}


def _hints(kind: type[Any]) -> dict[str, Any]:
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in _HINTS:
        _HINTS[name] = typing.get_type_hints(kind)
    return _HINTS[name]


def _fits(hint: Any, value: object) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_fits(option, value) for option in typing.get_args(hint))
    origin = typing.get_origin(hint)
    if origin is list:
        (item,) = typing.get_args(hint)
        return isinstance(value, list) and all(_fits(item, entry) for entry in value)
    if origin is dict:
        return isinstance(value, dict)
    if hint is object:
        return True
    if isinstance(value, bool):
        return hint is bool
    if hint is float:
        return isinstance(value, int | float)
    return isinstance(value, hint)


def as_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FieldError(f"{where}: a JSON object is needed")
    return value


def fill(target: Any, values: Mapping[str, object], where: str, only: Collection[str] | None = None) -> None:
    """Set the fields of the dataclass instance `target`; nested dataclasses are merged, not replaced."""
    hints = _hints(type(target))
    names = hints.keys() if only is None else only
    for name, value in values.items():
        if name not in names:
            raise FieldError(f"{where}: unknown field {name!r}; known are {', '.join(sorted(names))}")
        current = getattr(target, name)
        if dataclasses.is_dataclass(current):
            fill(current, as_object(value, f"{where}.{name}"), f"{where}.{name}")
        elif _fits(hints[name], value):
            setattr(target, name, value)
        else:
            raise FieldError(f"{where}.{name}: {type(value).__name__} does not fit, needed is {hints[name]}")

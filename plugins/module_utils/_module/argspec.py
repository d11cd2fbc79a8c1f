# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argument specs of modules, as values that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import InputError
from .._written import blemish

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ArgumentSpec:
    """Options of a module together with the rules across them; values add up with ``+``."""

    options: Mapping[str, Any] = field(default_factory=dict)
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[Any, ...], ...] = ()

    def __add__(self, other: ArgumentSpec) -> ArgumentSpec:
        return ArgumentSpec(
            {**self.options, **other.options},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_together + other.required_together,
            self.required_one_of + other.required_one_of,
            self.required_if + other.required_if,
        )

    def to_kwargs(self) -> dict[str, Any]:
        """Return the keyword arguments that AnsibleModule and ArgumentSpecValidator take for it."""
        return {
            "argument_spec": dict(self.options),
            "mutually_exclusive": [list(rule) for rule in self.mutually_exclusive],
            "required_together": [list(rule) for rule in self.required_together],
            "required_one_of": [list(rule) for rule in self.required_one_of],
            "required_if": [list(rule) for rule in self.required_if],
        }

    def known(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given options that are in this spec."""
        return {name: value for name, value in given.items() if name in self.options}

    def secrets(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the given options that are secrets."""
        return {name: given[name] for name, rule in self.options.items() if rule.get("no_log") and name in given}


PASSWORD: Mapping[str, Any] = {"type": "raw", "no_log": True}
"""Argument spec of a password. Raw, because ``str`` would quietly turn 01234567 or a mapping into something else."""


def password_option(params: Mapping[str, Any], option: str) -> str:
    """Return a password given as an option.

    Raises:
        InputError: it is missing, empty, no string, or holds what nobody has meant to be in it.
    """
    value = params.get(option)
    if value is None or value == "":
        raise InputError(f"{option} is empty; give the password")
    if not isinstance(value, str):
        what = (
            "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a number or boolean"
        )
        raise InputError(f"{option} arrived as {what}; passwords are strings, so put it in quotes where it is written")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{option} holds characters that are no Unicode text; correct its encoding") from None
    fault = blemish(value)
    if fault:
        raise InputError(f"{option} {fault}")
    return str(value)

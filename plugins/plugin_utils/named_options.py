# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an action by the names of the variables that hold them.

A template is compiled anew in every worker; a name is only looked up. And what is wrong with a value can be told with
the name of the variable that has to be corrected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.filling import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHECKED = ("type", "elements", "choices", "required", "default", "no_log")
_UNDEFINED = object()


def resolve_variables(
    names: Mapping[str, Any],
    options: Mapping[str, Any],
    variables: Mapping[str, Any],
    template: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return what the variables hold, converted to the types of the options. What is not defined is left out.

    Args:
        names: ``name``, ``name.key`` or a list of them, by option; those of suboptions in a dictionary.
        options: argument spec of the options.
        variables: all variables, as they were written.
        template: what fills a value's templates in.

    Raises:
        AnsibleActionFail: a variable holds what the option does not accept, or what cannot be filled in. It is named.
    """
    specs = _specs(names, options)
    values = {name: filled(name, variables[name], template) for name in specs if name in variables}
    converted = checked(ArgumentSpec(specs), values)
    return dict(_filled(names, {name: converted[name] for name in values}))


def _specs(names: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the argument spec of the variables."""
    specs: dict[str, dict[str, Any]] = {}
    for option, name in names.items():
        spec = options.get(option, {})
        if isinstance(name, dict):
            specs |= _specs(name, spec.get("options", {}))
        elif isinstance(name, list):
            specs |= {one: {"type": "raw"} for one in name}
        elif "." in str(name):
            specs[name.partition(".")[0]] = {"type": "dict"}
        else:
            specs[str(name)] = {"type": "raw", **{rule: spec[rule] for rule in _CHECKED if rule in spec}}
    return specs


def _filled(names: Any, values: Mapping[str, Any]) -> Any:
    """Return the values in the places of their names."""
    if isinstance(names, dict):
        options = {option: _filled(name, values) for option, name in names.items()}
        return {option: value for option, value in options.items() if value is not _UNDEFINED}
    if isinstance(names, list):
        given = [values[name] for name in names if name in values]
        return [value for several in given for value in (several if isinstance(several, list) else [several])]
    name, _dot, key = str(names).partition(".")
    value = values.get(name, _UNDEFINED)
    return (value or {}).get(key, _UNDEFINED) if key and value is not _UNDEFINED else value

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an action by the names of the variables that hold them.

A template is compiled anew in every worker; a name is only looked up. And what is wrong with a value can be told with
the name of the variable that has to be corrected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHECKED = ("type", "elements", "choices", "required")
_UNDEFINED = object()


class NamedOptions:
    """Options by names of variables: ``name``, ``name.key`` or a list of them, in the structure of the options."""

    def __init__(self, names: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Prepare; nothing is looked up yet.

        Args:
            names: the names, by option; those of suboptions in a dictionary.
            options: argument spec of the options.
        """
        self._names = names
        self._specs: dict[str, dict[str, Any]] = {}
        self._note(names, options)

    def held(self, variables: Mapping[str, Any], template: Callable[[Any], Any]) -> dict[str, Any]:
        """Return what the variables hold, converted to the types of the options. What is not defined is left out.

        Args:
            variables: all variables, as they were written.
            template: what fills a value's templates in.

        Raises:
            AnsibleActionFail: a variable holds what the option does not accept. It is named.
        """
        values = {name: template(variables[name]) for name in self._specs if name in variables}
        validated = ArgumentSpecValidator(self._specs).validate(values)
        if validated.error_messages:
            raise AnsibleActionFail(f"{'. '.join(validated.error_messages)}. Nothing was sent")
        options = _filled(self._names, {name: validated.validated_parameters[name] for name in values})
        return dict(options)

    def _note(self, names: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        for option, name in names.items():
            spec = options.get(option, {})
            if isinstance(name, dict):
                self._note(name, spec.get("options", {}))
            elif isinstance(name, list):
                self._specs.update({one: {"type": "raw"} for one in name})
            elif "." in str(name):
                self._specs[name.partition(".")[0]] = {"type": "dict"}
            else:
                checked = {rule: spec[rule] for rule in _CHECKED if rule in spec}
                self._specs[str(name)] = {"type": "raw", **checked}


def _filled(names: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(names, dict):
        options = {option: _filled(name, values) for option, name in names.items()}
        return {option: value for option, value in options.items() if value is not _UNDEFINED}
    if isinstance(names, list):
        held = [values[name] for name in names if name in values]
        return [value for several in held for value in (several if isinstance(several, list) else [several])]
    name, _dot, key = str(names).partition(".")
    value = values.get(name, _UNDEFINED)
    return (value or {}).get(key, _UNDEFINED) if key and value is not _UNDEFINED else value

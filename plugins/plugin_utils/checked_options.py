# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an action, checked in words of our own: Ansible's quote the values, and any of them may be a password.

And Ansible takes a number or a boolean for a text, which it was not where it was written: YAML has made 15 of ``0017``
and false of ``no``, and a login with such a name is one at another person's account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils import errors
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.callcenter.passwords.plugins.module_utils._written import blemish
from ansible_collections.callcenter.passwords.plugins.plugin_utils.written_numbers import is_another, is_as_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec

_QUOTE_NO_VALUE = (
    errors.MutuallyExclusiveError,
    errors.RequiredError,
    errors.RequiredIfError,
    errors.RequiredOneOfError,
    errors.RequiredTogetherError,
    errors.UnsupportedError,
)
_TYPE = ("type", "elements")
_QUOTES = (
    "put it in quotes where it is written, since YAML makes other text of 0017, 12_34 and no; in an INI inventory in "
    "two kinds of quotes, as in '\"0017\"'; where a template computes it, end that with | string"
)


def checked(spec: ArgumentSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options converted to their types, with defaults.

    Raises:
        AnsibleActionFail: naming all that the spec does not accept, and quoting no value.
    """
    if misread := list(_misread(spec.options, given)):
        raise AnsibleActionFail(f"{'. '.join(misread)}. Nothing was sent")
    validated = ArgumentSpecValidator(**spec.to_kwargs()).validate(given)
    found = validated.errors.errors
    if found:
        faults = [str(error.msg) for error in found if isinstance(error, _QUOTE_NO_VALUE)]
        faults += _faults(spec.options, given)
        raise AnsibleActionFail(f"{'. '.join(faults) or 'the options are not as documented'}. Nothing was sent")
    return dict(validated.validated_parameters)


def _misread(options: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Give what is no longer what was written, or holds what nobody has meant."""
    for name, rule in options.items():
        value = given.get(name)
        if value is None and name in given and _needs_value(rule):
            yield f"{name} has no value; give it one, or remove it"
        elif isinstance(value, Mapping) and "options" in rule:
            yield from _misread(rule["options"], value)
        elif isinstance(value, list):
            yield from (fault for one in value if (fault := _altered(name, rule.get("elements"), one)))
        elif fault := _altered(name, rule.get("type", "str"), value):
            yield fault
        # A password is raw, and its module looks at it.
        elif rule.get("no_log") and rule.get("type") == "str" and isinstance(value, str) and (fault := blemish(value)):
            yield f"{name} {fault}"


def _needs_value(rule: Mapping[str, Any]) -> bool:
    """Whether no value, which YAML makes of a name with nothing behind it, is something else than no option."""
    return bool(rule.get("required") or rule.get("no_log") or rule.get("default") is not None)


def _altered(name: str, wanted: Any, value: Any) -> str:
    if isinstance(value, bool) and wanted in ("int", "float"):
        return f"{name} arrived as a boolean; write the number in digits"
    if isinstance(value, int) and wanted == "int" and is_another(value):
        return f"{name} is another number than it looks like, as 0201 is 129 in YAML; write it without leading zeros"
    if isinstance(value, int) and not isinstance(value, bool) and is_as_written(value):
        return ""
    if isinstance(value, (bool, int, float)) and wanted in ("str", "path"):
        return f"{name} arrived as a {'boolean' if isinstance(value, bool) else 'number'}; {_QUOTES}"
    return ""


def _faults(options: Mapping[str, Any], given: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Give what is wrong with the values of single options."""
    for name, rule in options.items():
        value = given.get(name)
        if isinstance(value, Mapping) and "options" in rule:
            yield from _faults(rule["options"], value, f" in '{name}'")
        elif value is None or _fits(rule, value, *_TYPE, "choices"):
            continue
        elif _fits(rule, value, *_TYPE):
            yield f"value of {name} must be one of: {', '.join(map(str, rule['choices']))}{place}"
        else:
            wanted = " of ".join(rule[part] for part in _TYPE if part in rule)
            yield f"argument '{name}' is of type {_type_of(value)}, which is no {wanted}{place}"


def _type_of(value: Any) -> str:
    # The class itself may be one of ansible-core's own.
    return next(kind.__name__ for kind in (bool, int, float, str, dict, list, object) if isinstance(value, kind))


def _fits(rule: Mapping[str, Any], value: Any, *parts: str) -> bool:
    spec = {"value": {part: rule[part] for part in parts if part in rule}}
    return not ArgumentSpecValidator(spec).validate({"value": value}).error_messages

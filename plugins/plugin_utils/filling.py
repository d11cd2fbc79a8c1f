# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filling templates in without showing what stands in them, and without altering a password that looks like one.

Ansible prints the lines around a template that it cannot fill in, and these may be a file of passwords. And it takes
``{{`` in a password for the beginning of a template, wherever the password is written down.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsibleLookupError, AnsibleUndefinedVariable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_BEGINS = re.compile(r"\{[{%#]")
_IS_ONE_TEMPLATE = re.compile(r"\s*(\{\{.*\}\}|\{%.*%\})\s*", re.DOTALL)
_CURE = "mark a password with {{, {% or {# in it, as in cc_agent: !unsafe 'the password'. Nothing was sent"


class StoredPasswordError(AnsibleLookupError):
    """The lookup of a stored password failed. Its text is our own and quotes no secret."""


def filled(name: str, value: Any, template: Callable[[Any], Any]) -> Any:
    """Return a value with its templates filled in.

    Args:
        name: the variable or option that holds it.
        value: it as it was written.
        template: fills templates in.

    Raises:
        AnsibleActionFail: it cannot be done. No piece of a template is quoted, nor the lines where it stands.
    """
    try:
        return template(value)
    except Exception as exc:
        raise AnsibleActionFail(f"{name} cannot be filled in: {_why(exc)}") from None


def _why(exc: BaseException) -> str:
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, StoredPasswordError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        told = str(cause)
        return f"{told}{'' if told.endswith('?') else '.'} Nothing was sent"
    if isinstance(exc, AnsibleUndefinedVariable):
        fault = "it, or a variable behind it, names something that is not defined"
    else:
        fault = "a template or a vaulted value in it, or in a variable behind it, fails"
    return f"{fault}. Correct it, or {_CURE}"


def _is_mixed(text: str) -> bool:
    return bool(_BEGINS.search(text)) and not _IS_ONE_TEMPLATE.fullmatch(text)


@contextmanager
def altered_texts(templar: Any, meant: Collection[str] = ()) -> Iterator[Collection[str]]:
    """Collect what comes of texts with templates among other characters, which is what a password looks like.

    A text that cannot be filled in counts as an empty one, since that is what a default often makes of it.

    Args:
        templar: what fills templates in meanwhile.
        meant: texts that are templates beyond doubt.
    """
    engine = getattr(templar, "_engine", templar)  # what fills in the variables behind variables
    fill, found = engine.template, set[str]()

    def noting(variable: Any, *args: Any, **options: Any) -> Any:
        is_mixed = isinstance(variable, str) and _is_mixed(variable) and variable not in meant
        try:
            made = fill(variable, *args, **options)
        except Exception:
            if is_mixed:
                found.add("")
            raise
        text = made if isinstance(made, str) else ""
        if is_mixed and text != variable:
            found.add(text)
        return made

    engine.template = noting
    try:
        yield found
    finally:
        engine.template = fill


def refuse_altered(secrets: Mapping[str, Any], altered: Collection[str]) -> None:
    """Refuse secrets that templates were filled into.

    Raises:
        AnsibleActionFail: naming the first of them.
    """
    for name, secret in secrets.items():
        if isinstance(secret, str) and secret in altered:
            raise AnsibleActionFail(f"{name} holds characters that Ansible takes for a template; {_CURE}")

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as the tests run them: by their operation or by their ``main``, and never with a secret in the result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult

from ansible_collections.callcenter.passwords.plugins.module_utils._module.logins import Login
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation
from support.wire_script import Answer, Fault

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core before 2.19

    def patch_module_args(module_args: dict[str, Any] | None = None) -> AbstractContextManager[None]:
        """Give a module its arguments, as Ansible does."""
        given = json.dumps({"ANSIBLE_MODULE_ARGS": module_args}).encode()
        return mock.patch.object(basic, "_ANSIBLE_ARGS", given)


MARKER = "marker"
"""A piece of every secret of the tests, whatever its case, and of every text that a server writes."""

OLD = "Old.Marker-7x"
NEW = "New_Marker-9z"
SERVER_TEXT = "server-text-marker"
HTML = b"<html><body>" + SERVER_TEXT.encode() + b"</body></html>"


def operation(module: str) -> Operation:
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    assert isinstance(loaded.OPERATION, Operation)
    return loaded.OPERATION


def execute(module: str, options: Mapping[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """Validate the options as Ansible does, run the module, and make sure that it shows no secret.

    An option that is None is left out, as with ``omit``.
    """
    validation = _validated(module, options)
    assert not validation.error_messages, validation.error_messages
    ran = operation(module)
    result = ran.execute(validation.validated_parameters, check_mode)
    assert_shows_no_secret(result, *ran.secret_results)
    return result


def rejected(module: str, options: Mapping[str, Any]) -> str:
    """Return what Ansible's own validation says of the options."""
    return "; ".join(_validated(module, options).error_messages)


def refused_input(module: str, options: Mapping[str, Any], check_mode: bool = False) -> str:
    """Return why the module itself refuses the options, without any verdict on a password."""
    result = execute(module, options, check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "outcome" not in result
    assert result["msg"].endswith(". Nothing was sent")
    return str(result["msg"])


def logins(module: str, options: Mapping[str, Any]) -> Sequence[Login]:
    """Return the logins that the module may make."""
    return operation(module).logins_with(_validated(module, options).validated_parameters)


def of_a_change(login: str) -> str:
    """Return the outcome of a change that a login with this outcome has kept from being sent."""
    return {"unknown": "access_denied", "ok_restricted": "second_factor"}.get(login, login)


def _validated(module: str, options: Mapping[str, Any]) -> ValidationResult:
    spec = operation(module).arguments
    given = {name: value for name, value in options.items() if value is not None}
    return ArgumentSpecValidator(**spec.to_kwargs()).validate(given)


def run_main(
    module: str, options: Mapping[str, Any], capsys: pytest.CaptureFixture[str], check_mode: bool = False
) -> dict[str, Any]:
    """Run the module as Ansible does, by its ``main``, and return what it prints."""
    loaded = import_module(f"ansible_collections.callcenter.passwords.plugins.modules.{module}")
    arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_remote_tmp": "/tmp"}
    # Some releases keep the markers of an earlier module in this process.
    getattr(basic, "_clear_no_log_values", lambda: None)()
    with patch_module_args(arguments), pytest.raises(SystemExit) as end:
        loaded.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert bool(end.value.code) == bool(result.get("failed"))
    return {key: value for key, value in result.items() if key != "invocation" and not key.startswith("_ansible")}


ONLY_ACTIONS = ("rekey", "retire", "rotation")
"""Modules that are documentation only: their action plugins do the work, and there is no operation behind them."""


def assert_shows_no_secret(result: Mapping[str, Any], *secret_results: str) -> None:
    """Fail if a secret is anywhere but in the return values that are declared as secrets."""
    shown = json.dumps({key: value for key, value in result.items() if key not in secret_results})
    assert MARKER not in shown.lower(), shown


def no_document(success: Mapping[str, Any]) -> dict[str, Answer | Fault]:
    """Return the answers that hold no JSON object, however much they resemble this one of a success."""
    document = json.dumps(success)
    return {
        "dropped": Fault.DROPPED,
        "empty": Answer(),
        "html": Answer(body=HTML, headers=[("Content-Type", "text/html")]),
        "cut off": Answer(body=document[:-3].encode()),
        "neither UTF-8 nor GBK": Answer(body=b'{"text": "\xff\xb9\xa6", ' + document[1:].encode()),
        "not the declared GBK": Answer(
            body=b'{"text": "\xff\xff", ' + document[1:].encode(),
            headers=[("Content-Type", "application/json; charset=GBK")],
        ),
        "array": Answer.json([success]),
        "string": Answer.json(document),
        "null": Answer(body=b"null"),
        "nested beyond measure": Answer(body=b"[" * 200_000),
    }


def code_of(reply: Answer | Fault, repeated: Mapping[str, str]) -> str | None:
    """Return the code of a result that comes of an answer that cannot be understood.

    Args:
        reply: the answer.
        repeated: codes that are told although they are not documented, by what the body holds.
    """
    if isinstance(reply, Fault) or reply.status in (502, 504):
        return None
    told = (code for text, code in repeated.items() if text.encode() in reply.body)
    return next(told, str(reply.status))


def parametrized(cases: Mapping[str, Any]) -> list[Any]:
    """Return the cases with their names as test ids."""
    return [pytest.param(case, id=name) for name, case in cases.items()]

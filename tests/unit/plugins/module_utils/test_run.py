# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules share: specs that add up, and errors that become results in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.gateway import (
    AGENT_OPTIONS,
)
from support.module_runner import (
    NEW,
    OLD,
    ONLY_ACTIONS,
    assert_shows_no_secret,
    execute,
    operation,
)

from ansible_collections.callcenter.passwords.plugins import modules
from ansible_collections.callcenter.passwords.plugins.module_utils._cc import accounts as cc_options
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import (
    ApiError,
    InputError,
    Outcome,
    check_all,
    described,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._http import transport
from ansible_collections.callcenter.passwords.plugins.module_utils._http.strict_json import parse_object
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation
from ansible_collections.callcenter.passwords.plugins.module_utils._module.results import Result

MODULES = sorted(
    path.stem for path in Path(modules.__path__[0]).glob("*.py") if path.stem not in ("__init__", *ONLY_ACTIONS)
)
CHANGES = [name for name in MODULES if name.endswith(("_password", "_reset"))]
SECRETS = {
    "password",
    "old_password",
    "new_password",
    "guid",
    "cookies",
    "app_secret",
    "access_token",
    "account_password",
    "tenant_client_secret",
    "id_token",
    "state_token",
}


def failing(error: BaseException, changes: bool = False) -> Operation:
    def run(_params: Mapping[str, Any], _check_mode: bool) -> Result:
        raise error

    return Operation(ArgumentSpec(), run, changes)


def test_specs_add_up() -> None:
    one = ArgumentSpec({"a": {"type": "str"}}, (("a", "b"),), (("a", "c"),), (("a", "d"),), (("a", 1, ("e",)),))
    two = ArgumentSpec({"a": {"type": "int"}, "b": {"no_log": True}}, mutually_exclusive=(("b", "c"),))
    both = one + two
    assert both.options == {"a": {"type": "int"}, "b": {"no_log": True}}
    assert both.to_kwargs() == {
        "argument_spec": both.options,
        "mutually_exclusive": [["a", "b"], ["b", "c"]],
        "required_together": [["a", "c"]],
        "required_one_of": [["a", "d"]],
        "required_if": [["a", 1, ("e",)]],
    }
    assert both.secrets({"a": 1, "b": "x"}) == {"b": "x"}


@pytest.mark.parametrize("module", MODULES)
def test_every_secret_option_is_marked(module: str) -> None:
    spec = operation(module).arguments
    assert set(spec.secrets(spec.options)) == SECRETS & set(spec.options)


@pytest.mark.parametrize("changes", [True, False])
def test_an_accident_shows_its_kind_and_nothing_else(changes: bool) -> None:
    result = failing(RuntimeError(f"server said {OLD}"), changes).execute({}, check_mode=False)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, changes, "unknown")
    assert "unexpected RuntimeError at module_utils/_module/operation.py:" in result["msg"]
    assert "change_sent" not in result
    assert_shows_no_secret(result)


def test_an_accident_of_a_change_may_come_after_it() -> None:
    def run(_params: Mapping[str, Any], _check_mode: bool) -> Result:
        raise RuntimeError

    result = Operation(ArgumentSpec({"new_password": {}}), run, changes=True).execute({}, check_mode=False)
    assert (result["outcome"], result["changed"], result["change_sent"]) == ("unknown", True, True)


def test_a_task_that_was_stopped_sent_no_change() -> None:
    exc = ApiError(Outcome.ACCESS_DENIED, "a sentence", "401")
    results = [operation(module).refusal(exc) for module in MODULES]
    sent = {
        module: result["change_sent"]
        for module, result in zip(MODULES, results, strict=True)
        if "change_sent" in result
    }
    assert sent == dict.fromkeys(CHANGES, False)


@pytest.mark.parametrize("name", ["requests", None])
def test_a_missing_library(name: str | None) -> None:
    result = failing(ImportError(OLD, name=name)).execute({}, check_mode=False)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "the Python library requests is missing" in result["msg"]
    assert_shows_no_secret(result)


def test_a_missing_library_is_found_out_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REQUESTS_IMPORT_ERROR", ImportError("no", name="urllib3"))
    result = execute("cc_agent_password", {**AGENT_OPTIONS, "old_password": OLD, "new_password": NEW})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "urllib3 is missing" in result["msg"]


@pytest.mark.parametrize(
    ("outcome", "failed", "failed_logins"),
    [
        ("wrong_password", True, 1),
        ("unknown", True, 1),
        ("locked", True, 0),
        ("signed_in", True, 0),
        ("ok_restricted", False, 0),
    ],
)
def test_errors_of_the_api(outcome: str, failed: bool, failed_logins: int) -> None:
    result = failing(ApiError(Outcome(outcome), "a sentence", "100-000")).execute({}, check_mode=False)
    assert (result["failed"], result["outcome"], result["failed_logins"]) == (failed, outcome, failed_logins)
    assert (result["msg"], result["code"], result["changed"]) == ("a sentence", "100-000", False)


def test_an_outcome_reaches_ansible_as_a_word() -> None:
    result = failing(ApiError(Outcome.LOCKED, "a sentence")).execute({}, check_mode=False)
    assert type(result["outcome"]) is str  # pylint: disable=unidiomatic-typecheck


def test_an_accident_is_found_where_it_happened_in_this_collection() -> None:
    """Not where Python's own library raised it, nor where a caller from outside stands."""
    with pytest.raises(TypeError) as caught:
        parse_object(1)  # type: ignore[arg-type]
    assert re.fullmatch(r"TypeError at module_utils/_http/strict_json\.py:[0-9]+", described(caught.value))
    assert described(RuntimeError(OLD)) == "RuntimeError"


def test_the_end_of_the_process_is_no_result() -> None:
    with pytest.raises(KeyboardInterrupt):
        failing(KeyboardInterrupt()).execute({}, check_mode=False)


def test_all_faults_are_gathered() -> None:
    def bad(*faults: str) -> None:
        raise InputError(*faults)

    assert check_all(lambda: 1, lambda: None) == [1, None]
    with pytest.raises(InputError) as caught:
        check_all(lambda: bad("one", "two"), lambda: 1, lambda: bad("three"))
    assert caught.value.faults == ("one", "two", "three")


def test_a_session_given_with_cookies_of_other_types() -> None:
    session = cc_options.given_session({"guid": "g", "cookies": {1: 2}})
    assert session is not None
    assert session.headers() == {"guid": "g", "Cookie": "1=2"}
    assert "g" not in repr(session).replace("Session", "").replace("must_change", "")
    assert cc_options.given_session({"guid": "", "cookies": {"a": "b"}}) is None

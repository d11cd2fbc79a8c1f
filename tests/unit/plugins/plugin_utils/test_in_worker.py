# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's operation inside the controller's worker."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.plugin_utils.in_worker import ActionModule, plain, runs_here
from ansible_collections.callcenter.passwords.tests.unit.plugins.action_harness import action
from ansible_collections.callcenter.passwords.tests.unit.plugins.gateway import (
    ADMIN_OPTIONS,
    AGENT_OPTIONS,
    GUID,
    NEW,
    OLD,
    answer,
    assert_shows_no_secret,
    change_agent,
    config_login,
    sign_in,
    sign_out,
    signed_in,
)
from ansible_collections.callcenter.passwords.tests.unit.plugins.wire_script import WireScript

LOGIN = {**ADMIN_OPTIONS, "password": OLD}


def test_it_runs_the_module_of_its_name(wire: WireScript) -> None:
    wire.expect(sign_in(OLD, signed_in()), change_agent(OLD, NEW), sign_out())
    options = {**AGENT_OPTIONS, "old_password": OLD, "new_password": NEW}
    result = action(ActionModule, "cc_agent_password", options).run(task_vars={})
    assert (result["outcome"], result["changed"]) == ("changed", True)
    assert "_ansible_no_log" not in result
    assert_shows_no_secret(result)


def test_a_result_with_a_session_is_hidden(wire: WireScript) -> None:
    wire.expect(config_login(OLD))
    result = action(ActionModule, "cc_config_login", LOGIN).run(task_vars={})
    assert (result["guid"], result["_ansible_no_log"]) == (GUID, True)


@pytest.mark.parametrize("options", [{**LOGIN, "verify_only": True}])
def test_a_verdict_is_shown(wire: WireScript, options: dict[str, Any]) -> None:
    wire.expect(config_login(OLD), config_login(OLD, answer("107-003")))
    for outcome in ("ok", "bad"):
        result = action(ActionModule, "cc_config_login", options).run(task_vars={})
        assert (result["outcome"], "_ansible_no_log" in result) == (outcome, False)


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = action(ActionModule, "cc_config_login", LOGIN, check_mode=True).run(task_vars={})
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_the_argument_spec_is_the_modules() -> None:
    with pytest.raises(AnsibleActionFail, match="gateway_url"):
        action(ActionModule, "cc_config_login", {"admin_id": 101, "password": OLD}).run(task_vars={})


@pytest.mark.parametrize(
    ("connection", "become", "here"),
    [("local", False, True), ("ansible.builtin.local", False, True), ("local", True, False), ("ssh", False, False)],
)
def test_where_it_runs(monkeypatch: pytest.MonkeyPatch, connection: str, become: bool, here: bool) -> None:
    elsewhere = {"failed": False, "outcome": "ok", "guid": GUID}
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: dict(elsewhere))
    monkeypatch.setattr(ActionModule, "_run_here", lambda self, _operation: {"outcome": "here"})
    task = action(ActionModule, "cc_config_login", LOGIN, connection=connection, become=become)
    assert runs_here(task) is here
    result = task.run(task_vars={})
    assert result["outcome"] == ("here" if here else "ok")
    assert result.get("_ansible_no_log", False) is not here, "hidden, wherever it ran"


class Marked(str):
    """A string with a mark, as ansible-core makes them."""

    __slots__ = ()


def test_marks_of_ansible_core_do_not_reach_the_module() -> None:
    marked = {Marked("cookies"): {Marked("a"): Marked("b")}, "list": [Marked("c"), 1, None], "flag": True}
    cleaned = plain(marked)
    assert cleaned == {"cookies": {"a": "b"}, "list": ["c", 1, None], "flag": True}
    (cookies,) = (value for key, value in cleaned.items() if key == "cookies")
    texts = [*cleaned, *cookies, *cookies.values(), cleaned["list"][0]]
    assert {type(text) for text in texts} == {str}

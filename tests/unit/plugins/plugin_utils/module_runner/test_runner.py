# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's operation inside the controller's worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from support.action_harness import action
from support.cec import Registrars
from support.gateway import (
    ADMIN_OPTIONS,
    AGENT_OPTIONS,
    GUID,
    answer,
    change_agent,
    config_login,
    sign_in,
    sign_out,
    signed_in,
)
from support.module_runner import (
    NEW,
    OLD,
    ONLY_ACTIONS,
    assert_shows_no_secret,
)
from support.wire_script import Answer, WireScript

from ansible_collections.callcenter.passwords.plugins import modules
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.module_utils._module.operation import Operation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner import runner as in_worker
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import (
    ActionModule,
    ModuleRunner,
    operation_of,
    plain,
    runs_here,
)

LOGIN = {**ADMIN_OPTIONS, "password": OLD}
MODULES = sorted(path.stem for path in Path(modules.__path__[0]).glob("[!_]*.py") if path.stem not in ONLY_ACTIONS)


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
    for outcome in ("ok", "wrong_password"):
        result = action(ActionModule, "cc_config_login", options).run(task_vars={})
        assert (result["outcome"], "_ansible_no_log" in result) == (outcome, False)


def test_check_mode_makes_no_request(wire: WireScript) -> None:
    result = action(ActionModule, "cc_config_login", LOGIN, check_mode=True).run(task_vars={})
    assert "check mode makes no request" in result["msg"]
    assert not wire.sent


def test_the_argument_spec_is_the_modules() -> None:
    with pytest.raises(AnsibleActionFail, match="gateway_url"):
        action(ActionModule, "cc_config_login", {"admin_id": 101, "password": OLD}).run(task_vars={})


ACCEPTED: dict[str, Any] = {
    **dict.fromkeys(("gateway_url", "cec_url", "idaas_url"), "https://127.0.0.1:1"),
    **dict.fromkeys(("password", "old_password", "account_password", "app_secret", "tenant_client_secret"), "x"),
    "agent_id": 1001,
    "agent_ids": [1001],
    "admin_id": 301,
    "phone_number": "40001",
    "new_password": "Abcdef@77x",
    "app_key": "k",
    "account": "a",
    "registrar": "sip:127.0.0.1:1",
    "sip_user": "888",
    "timeout": 1,
    "client_id": "c",
    "user_name": "u",
    "user_id": "i",
    "tenant_client_id": "t",
}
"""Options that each module takes those from that it has. Nothing listens there."""


@pytest.mark.parametrize("module", MODULES)
def test_a_password_in_any_other_option_is_not_quoted(module: str) -> None:
    options = operation_of(module).arguments.options
    given = {name: value for name, value in ACCEPTED.items() if name in options}
    for name in [name for name, rule in options.items() if not rule.get("no_log")]:
        for value in (OLD, f"{OLD}@/ 7", [OLD], {"most": OLD}, {"failed": {"most": [OLD]}}):
            try:
                result = action(ActionModule, module, {**given, name: value}).run(task_vars={})
            except AnsibleActionFail as exc:
                result = {"failed": True, "msg": exc.message}
            assert_shows_no_secret(result)


@pytest.mark.parametrize(
    ("connection", "become", "here"),
    [("local", False, True), ("ansible.builtin.local", False, True), ("local", True, False), ("ssh", False, False)],
)
def test_where_it_runs(monkeypatch: pytest.MonkeyPatch, connection: str, become: bool, here: bool) -> None:
    elsewhere = {"failed": False, "outcome": "ok", "guid": GUID}
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: dict(elsewhere))
    monkeypatch.setattr(ModuleRunner, "_run_here", lambda self, *_options: {"outcome": "locked"})
    task = action(ActionModule, "cc_config_login", LOGIN, connection=connection, become=become)
    task._connection.options["pipelining"] = True
    assert runs_here(task) is here
    result = task.run(task_vars={})
    assert result["outcome"] == ("locked" if here else "ok")
    assert result.get("_ansible_no_log", False) is not here, "hidden, wherever it ran"


@pytest.mark.parametrize(
    ("connection", "screen", "log", "debug", "hands_on"),
    [
        ("local", 5, 5, True, True),
        ("ssh", 2, 2, False, True),
        ("ssh", 3, 3, False, False),
        ("ssh", 0, 3, False, False),
        ("ssh", 0, 0, True, False),
    ],
)
def test_sessions_are_not_handed_on_where_connections_print_them(
    monkeypatch: pytest.MonkeyPatch, connection: str, screen: int, log: int, debug: bool, hands_on: bool
) -> None:
    monkeypatch.setattr(Display(), "verbosity", screen)
    monkeypatch.setattr(Display(), "log_verbosity", log, raising=False)
    monkeypatch.setattr(in_worker.constants.config, "get_config_value", {"DEFAULT_DEBUG": debug}.__getitem__)
    task = action(ActionModule, "cc_config_login", LOGIN, connection=connection)
    assert ModuleRunner(task, {}).hands_sessions_on is hands_on


def test_arguments_are_written_to_no_file_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: {"outcome": "ok"})
    task = action(ActionModule, "cc_config_login", LOGIN, connection="ssh")
    assert task.run(task_vars={})["outcome"] == "ok"
    # Nor is a module run again that has lost its connection after it has sent a password.
    assert task._connection.options == {"pipelining": True, "reconnection_retries": 0}


def test_a_machine_is_tried_once_before_anything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def command(_self: Any, cmd: str, **_more: Any) -> dict[str, Any]:
        tried.append(cmd)
        return {"rc": 0, "stdout": "reached\n"}

    monkeypatch.setattr(ActionModule, "_low_level_execute_command", command)
    for connection, number in (("local", 0), ("ssh", 1)):
        runner = ModuleRunner(action(ActionModule, "cc_config_login", LOGIN, connection=connection), {})
        runner.check_connection()
        runner.check_connection()
        assert len(tried) == number


def test_become_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionModule, "_low_level_execute_command", lambda *_args, **_more: {"rc": 1, "stdout": ""})
    task = action(ActionModule, "cc_config_login", LOGIN, connection="ssh", become=True)
    task._connection.options["pipelining"] = True
    with pytest.raises(AnsibleActionFail, match=r"no command can be run as another user \(become\)"):
        ModuleRunner(task, {}).check_connection()


@pytest.mark.parametrize("rc", [126, 127])
def test_a_machine_without_an_interpreter(monkeypatch: pytest.MonkeyPatch, rc: int) -> None:
    answer = {"failed": True, "rc": rc, "module_stderr": "python3: not found"}
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: answer)
    with pytest.raises(AnsibleActionFail, match="no Python interpreter on the machine that sends"):
        action(ActionModule, "cc_config_login", LOGIN, connection="ssh").run(task_vars={})


def cannot(name: str, _value: object) -> None:
    raise KeyError(name)


@pytest.mark.parametrize(
    ("options", "change", "cure"),
    [
        ({"pipelines": False}, None, "as ssh does"),
        ({}, cannot, "as ssh does"),
        ({"become": True}, None, "ansible_pipelining: true, or become: false"),
    ],
    ids=["no pipelining", "no such option", "become"],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_where_arguments_would_be_written_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], change: Any, cure: str, check_mode: bool
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **given: ran.append(given) or {"outcome": "ok"})
    task = action(ActionModule, "cc_config_login", LOGIN, connection="other", check_mode=check_mode, **options)
    if change:
        monkeypatch.setattr(task._connection, "set_option", change)
    with pytest.raises(AnsibleActionFail, match=f"the connection other would write passwords to a file .*{cure}"):
        task.run(task_vars={})
    assert ran == []
    monkeypatch.setattr(in_worker.constants.config, "get_config_value", {"DEFAULT_KEEP_REMOTE_FILES": True}.__getitem__)
    assert task.run(task_vars={})["outcome"] == "ok", "who wants such files has said so"


def test_become_with_pipelining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: {"outcome": "ok"})
    task = action(ActionModule, "cc_config_login", LOGIN, connection="ssh", become=True)
    task._connection.options["pipelining"] = True
    assert task.run(task_vars={})["outcome"] == "ok"


@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_an_accident_around_the_module_shows_nothing_of_its_cause(
    monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    def burst(*_given: object, **_options: object) -> None:
        raise RuntimeError(f"it was {OLD}")

    monkeypatch.setattr(in_worker, "plain", burst)
    monkeypatch.setattr(ActionModule, "_execute_module", burst)
    result = action(ActionModule, "cc_config_login", LOGIN, connection=connection).run(task_vars={})
    assert (result["failed"], result["outcome"]) == (True, "unknown")
    assert "unexpected RuntimeError" in result["msg"]
    assert_shows_no_secret(result)


# -- the tenant's token on another machine -----------------------------------------------------------------------------

TOKEN = "token-marker-1"
TOKEN_MODULE = "callcenter.passwords.cec_token"
CHECK = {
    "cec_url": "https://cec.test",
    "app_key": "key",
    "app_secret": "secret-marker",
    "account": "zhang.wei",
    "password": OLD,
}


class Elsewhere:
    """Another machine: what was run there, and what it answers."""

    def __init__(self) -> None:
        self.ran: list[tuple[str | None, dict[str, Any]]] = []
        self.token: dict[str, Any] = {"outcome": "ok", "access_token": TOKEN, "expires_in": 600}
        self.result = {"changed": False, "failed": False, "outcome": "ok"}

    def execute(self, module_name: str | None = None, module_args: Any = None, **_options: Any) -> dict[str, Any]:
        self.ran.append((module_name, dict(module_args)))
        return dict(self.token if module_name == TOKEN_MODULE else self.result)

    def asked(self) -> list[dict[str, Any]]:
        """Return the options of each request for a token."""
        return [options for name, options in self.ran if name == TOKEN_MODULE]

    def sent(self) -> list[Any]:
        """Return the token that each other module was given."""
        return [options.get("access_token") for name, options in self.ran if name != TOKEN_MODULE]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    machine = Elsewhere()
    monkeypatch.setattr(ActionModule, "_execute_module", machine.execute)
    return machine


def check_there(*, check_mode: bool = False, module: str = "cec_login_check", **changed: Any) -> dict[str, Any]:
    """Check a business account's password from another machine. An option that is None is left out."""
    options = {name: value for name, value in {**CHECK, **changed}.items() if value is not None}
    task = action(ActionModule, module, options, connection="ssh", check_mode=check_mode)
    result: dict[str, Any] = task.run(task_vars={})
    return result


def test_a_token_is_asked_for_once_for_several_tasks_there(elsewhere: Elsewhere) -> None:
    for account in ("one", "two", "three"):
        assert check_there(account=account)["outcome"] == "ok"
    assert len(elsewhere.asked()) == 1
    assert elsewhere.sent() == [TOKEN] * 3


def test_a_token_that_would_be_printed_is_left_to_each_module(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Display(), "verbosity", 3)
    check_there()
    assert (elsewhere.asked(), elsewhere.sent()) == ([], [None])


def test_a_token_is_asked_for_with_the_options_that_its_module_knows(elsewhere: Elsewhere) -> None:
    check_there(token_url="https://token.test", timeout=7)
    (asked,) = elsewhere.asked()
    assert asked == {
        "cec_url": "https://cec.test",
        "token_url": "https://token.test",
        "app_key": "key",
        "app_secret": "secret-marker",
        "timeout": 7,
    }


@pytest.mark.parametrize(
    "other",
    [
        {"app_key": "another"},
        {"app_secret": "another"},
        {"cec_url": "https://another.test"},
        {"token_url": "https://token.test"},
    ],
)
def test_each_tenant_has_a_token_of_its_own(elsewhere: Elsewhere, other: dict[str, Any]) -> None:
    check_there()
    check_there(**other)
    check_there()
    assert len(elsewhere.asked()) == 2


def test_a_token_that_is_about_to_end_is_renewed(elsewhere: Elsewhere) -> None:
    elsewhere.token["expires_in"] = 0
    check_there()
    check_there()
    assert len(elsewhere.asked()) == 2


@pytest.mark.parametrize(("outcome", "asked"), [("session_lost", 2), ("access_denied", 1)])
def test_a_token_that_a_change_was_refused_with_is_renewed(elsewhere: Elsewhere, outcome: str, asked: int) -> None:
    elsewhere.result["outcome"] = outcome
    check_there()
    check_there()
    assert len(elsewhere.asked()) == asked


def test_no_token_is_asked_for_in_check_mode(elsewhere: Elsewhere) -> None:
    check_there(check_mode=True)
    assert (elsewhere.asked(), elsewhere.sent()) == ([], [None])


@pytest.mark.parametrize(
    ("options", "token"),
    [({"access_token": "given"}, "given"), ({"app_secret": None, "access_token": "given"}, "given")],
)
def test_a_token_that_is_given_is_used(elsewhere: Elsewhere, options: dict[str, Any], token: str) -> None:
    check_there(**options)
    assert (elsewhere.asked(), elsewhere.sent()) == ([], [token])


def test_options_that_are_at_fault_are_not_sent_there(elsewhere: Elsewhere) -> None:
    with pytest.raises(AnsibleActionFail, match=r"app_secret, access_token. Nothing was sent"):
        check_there(app_secret=None)
    assert elsewhere.ran == []


def test_a_module_that_takes_no_token_asks_for_none(elsewhere: Elsewhere) -> None:
    action(ActionModule, "cc_config_login", LOGIN, connection="ssh").run(task_vars={})
    assert (elsewhere.asked(), len(elsewhere.ran)) == ([], 1)


@pytest.mark.parametrize("outcome", ["access_denied", "unreachable"])
def test_a_token_that_is_not_given_ends_the_task(elsewhere: Elsewhere, outcome: str) -> None:
    elsewhere.token = {"failed": True, "outcome": outcome, "msg": "why", "code": "401"}
    result = check_there()
    assert (result["failed"], result["changed"], result["outcome"], result["code"]) == (True, False, outcome, "401")
    assert result["failed_logins"] == 0
    assert "why" in result["msg"]
    assert elsewhere.sent() == []


def test_a_module_that_could_not_run_there_sent_nothing(elsewhere: Elsewhere) -> None:
    elsewhere.token = {"failed": True, "msg": "no Python there"}
    result = check_there()
    assert (result["failed"], result["outcome"], "no Python there" in result["msg"]) == (True, "unreachable", True)


@pytest.mark.parametrize(
    ("outcome", "code", "asked"),
    [("access_denied", "401", 1), ("access_denied", "503", 3), ("unreachable", None, 3)],
)
def test_who_is_refused_does_not_ask_again(elsewhere: Elsewhere, outcome: str, code: str | None, asked: int) -> None:
    elsewhere.token = {"failed": True, "outcome": outcome, "msg": "why", "code": code}
    for _task in range(3):
        assert check_there()["outcome"] == outcome
    assert len(elsewhere.asked()) == asked


def test_an_unreadable_answer_to_the_request_for_a_token_costs_no_login(elsewhere: Elsewhere) -> None:
    """No password was presented to anybody."""
    elsewhere.token = {"failed": True, "outcome": "unknown", "msg": "why"}
    result = check_there()
    assert (result["outcome"], result["failed_logins"]) == ("access_denied", 0)


# -- logins that endanger others ---------------------------------------------------------------------------------------

QUERY = {**LOGIN, "agent_ids": [1001]}
RESET = {**LOGIN, "agent_id": 1001, "new_password": "Temp@123"}


def test_a_refused_administrator_is_not_presented_again_by_any_module(wire: WireScript) -> None:
    wire.expect(config_login(OLD, answer("107-003")))
    assert action(ActionModule, "cc_agent_info", QUERY).run(task_vars={})["outcome"] == "wrong_password"
    for module, options in (("cc_agent_info", QUERY), ("cc_config_login", LOGIN)):
        result = action(ActionModule, module, options).run(task_vars={})
        assert (result["failed"], result["outcome"], result["failed_logins"]) == (True, "access_denied", 0)
        assert "configuration administrator 101 was refused earlier in this run" in result["msg"]
        assert_shows_no_secret(result)
    for module, options in (
        ("cc_agent_reset", RESET),
        ("cc_config_password", {**ADMIN_OPTIONS, "old_password": OLD, "new_password": NEW}),
    ):
        result = action(ActionModule, module, options).run(task_vars={})
        assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "access_denied")
        assert (result["login"], result["failed_logins"], result["change_sent"]) == ("access_denied", 0, False)
        assert "nothing was changed" in result["msg"]


def test_a_session_of_ones_own_is_no_login(wire: WireScript) -> None:
    wire.expect(config_login(OLD, answer("107-003")))
    action(ActionModule, "cc_config_login", LOGIN).run(task_vars={})
    held = {**ADMIN_OPTIONS, "guid": GUID, "agent_ids": []}
    assert action(ActionModule, "cc_agent_info", held).run(task_vars={})["outcome"] == "ok"


def test_check_mode_is_not_stopped(wire: WireScript) -> None:
    wire.expect(config_login(OLD, answer("107-003")))
    action(ActionModule, "cc_config_login", LOGIN).run(task_vars={})
    assert "outcome" not in action(ActionModule, "cc_config_login", LOGIN, check_mode=True).run(task_vars={})


@pytest.mark.parametrize(
    ("answered", "more"),
    [
        ({"failed": True, "outcome": "wrong_password", "failed_logins": 1}, 0),
        ({"failed": True, "outcome": "unknown", "failed_logins": 1}, 1),
        ({"failed": True, "msg": "cut off"}, 1),
        ({"failed": True, "msg": "an option is at fault", "invocation": {}}, 3),
        ({"failed": False, "outcome": "ok"}, 3),
    ],
)
def test_the_same_holds_on_another_machine(
    monkeypatch: pytest.MonkeyPatch, answered: dict[str, Any], more: int
) -> None:
    ran = []

    def execute(*_nothing: Any, **options: Any) -> dict[str, Any]:
        ran.append(options)
        return dict(answered)

    monkeypatch.setattr(ActionModule, "_execute_module", execute)
    results = [action(ActionModule, "cc_config_login", LOGIN, connection="ssh").run(task_vars={}) for _time in range(4)]
    assert len(ran) == 1 + more
    for result in results[: len(ran)]:
        assert {key: result.get(key) for key in answered} == answered
    assert {result["outcome"] for result in results[len(ran) :]} <= {"access_denied"}


@pytest.mark.parametrize("connection", ["local", "ssh"])
def test_a_cap_holds_for_all_hosts_together(
    wire: WireScript, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, connection: str
) -> None:
    bad = {"failed": True, "outcome": "wrong_password", "failed_logins": 1}
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: dict(bad))
    if connection == "local":
        wire.expect(*[sign_in(OLD, answer("100-004"))] * 2)
    options = {**AGENT_OPTIONS, "password": OLD, "failed_login_cap": {"folder": str(tmp_path / "wrong"), "most": 2}}
    tasks = [action(ActionModule, "cc_agent_login", options, connection=connection) for _host in range(4)]
    assert [task.run(task_vars={})["outcome"] for task in tasks] == [
        "wrong_password",
        "wrong_password",
        "access_denied",
        "access_denied",
    ]
    change = {name: value for name, value in options.items() if name != "password"}
    change = {**change, "old_password": OLD, "new_password": NEW}
    result = action(ActionModule, "cc_agent_password", change, connection=connection).run(task_vars={})
    assert (result["outcome"], result["login"], result["changed"]) == ("access_denied", "access_denied", False)
    assert "has seen 2 failed logins" in result["msg"]


@pytest.mark.parametrize(
    ("reply", "sent", "failed"),
    [(answer("100-004"), 1, [1, 0, 0, 0]), (answer("110-016"), 1, [0, 0, 0, 0]), (answer("999-999"), 2, [1, 1, 0, 0])],
)
def test_further_attempts_of_a_task_lock_nobody(wire: WireScript, reply: Answer, sent: int, failed: list[int]) -> None:
    """As with `until` and `retries`."""
    wire.expect(*[sign_in(OLD, reply)] * sent)
    task = action(ActionModule, "cc_agent_login", {**AGENT_OPTIONS, "password": OLD})
    results = [task.run(task_vars={}) for _attempt in range(4)]
    assert [result["failed_logins"] for result in results] == failed
    assert all(result["failed"] for result in results)
    assert "has sent nothing" in results[-1]["msg"]


def test_a_wrong_login_at_a_registrar_counts_there(registrars: Registrars, tmp_path: Path) -> None:
    registrars.answer = ApiError(Outcome.WRONG_PASSWORD, "a sentence", "403")
    phone = {**CHECK, "registrar": "sip:pbx.test", "sip_user": "88801001", "failed_login_cap": {"most": 1}}
    phone["failed_login_cap"]["folder"] = str(tmp_path / "wrong")
    tasks = [action(ActionModule, "cec_sip_login", phone) for _host in range(2)]
    assert [task.run(task_vars={})["outcome"] for task in tasks] == ["wrong_password", "access_denied"]
    assert [file.name for file in (tmp_path / "wrong").iterdir()] == ["pbx.test%3A5060"]


@pytest.mark.parametrize("fault", [{"most": -1}, {"window_minutes": 0}])
def test_a_cap_at_fault_stops_everything(wire: WireScript, tmp_path: Path, fault: dict[str, Any]) -> None:
    options = {**LOGIN, "failed_login_cap": {"folder": str(tmp_path), **fault}}
    result = action(ActionModule, "cc_config_login", options).run(task_vars={})
    assert (result["failed"], result["outcome"]) == (True, "access_denied")
    assert next(iter(fault)) in result["msg"]
    assert not wire.sent


# -- results that hold secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("connection", ["local", "ssh"])
@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ({"outcome": "ok"}, False),
        ({"access_token": ""}, False),
        ({"access_token": None}, False),
        ({"another": "x"}, False),
        ({"access_token": TOKEN}, True),
        ({"id_token": TOKEN}, True),
        ({"access_token": "", "id_token": TOKEN}, True),
    ],
)
def test_a_result_with_any_of_its_secrets_is_hidden(
    monkeypatch: pytest.MonkeyPatch, shown: dict[str, Any], hidden: bool, connection: str
) -> None:
    operation = Operation(
        ArgumentSpec(), lambda _params, _check: dict(shown), secret_results=("access_token", "id_token")
    )
    monkeypatch.setattr(in_worker, "operation_of", lambda _name: operation)
    monkeypatch.setattr(ActionModule, "_execute_module", lambda self, **_options: dict(shown))
    result = action(ActionModule, "cec_token", {}, connection=connection).run(task_vars={})
    assert result.get("_ansible_no_log", False) is hidden


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

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation action: which module each step sends, with which options, and what stops it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from support.action_harness import action, loader
from support.module_runner import (
    NEW,
    OLD,
    assert_shows_no_secret,
    run_main,
)

from ansible_collections.callcenter.passwords.plugins.action import rotation
from ansible_collections.callcenter.passwords.plugins.doc_fragments.credential import ModuleDocFragment
from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ROTATION_ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.modules import rotation as documentation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import Sender
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Attempt, Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

HOST, ADMIN, ADMIN_PASSWORD = "agent-1001", "admin-101", "Admin@7Marker"
OK = {"failed": False, "changed": False, "outcome": "ok", "code": "0"}
BAD = {"failed": True, "changed": False, "outcome": "bad", "code": "100-001", "msg": "the password is wrong"}
CHANGED = {"failed": False, "changed": True, "outcome": "changed", "code": "0"}
UNKNOWN = {"failed": True, "changed": True, "outcome": "unknown", "code": None, "login": "ok", "msg": "no answer"}
REFUSED = {
    "failed": True,
    "changed": False,
    "outcome": "refused",
    "code": "000-002",
    "login": "ok",
    "password_refused": True,
    "msg": "against the policy",
}


class Controller:
    """A store, and modules that answer as they are told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loads = loader(("default", "vault password"))
        self.folder = str(folder)
        self.store = open_store(self.folder, None, self.loads)
        self.answers: list[dict[str, Any] | Exception] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        monkeypatch.setattr(Sender, "send", lambda _sender, *args, **options: self._send(*args, **options))
        monkeypatch.setattr(rotation, "_failed", set())

    def _send(self, module: str, args: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        assert check_mode is False
        self.sent.append((module, dict(args)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def do(self, *answers: dict[str, Any] | Exception, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        self.answers, self.sent = list(answers), []
        given = {"kind": "cc_agent", "store_path": self.folder, **options}
        variables = given.pop("task_vars", {})
        task = action(rotation.ActionModule, "rotation", given, loads=self.loads, check_mode=check_mode)
        task._templar = type("Templar", (), {"template": staticmethod(lambda value: value)})()
        before = dict(task._task.args)
        result: dict[str, Any] = task.run(task_vars={"inventory_hostname": HOST, **variables})
        assert task._task.args == before, "a task's arguments are sent to callbacks"
        assert not self.answers, "modules that were not called"
        assert_shows_no_secret(result)
        for password in (ADMIN_PASSWORD, *(value for _module, args in self.sent for value in secrets_of(args))):
            assert password not in str(result)
        return result

    def enroll(self, host: str = HOST, kind: str = "cc_agent", password: str = OLD, **values: Any) -> None:
        self.store.write(host, kind, Entry(current=self.store.seal(password), **values))

    def entry(self, host: str = HOST, kind: str = "cc_agent") -> Entry:
        entry = self.store.read(host, kind)
        assert entry is not None
        return entry

    def secret(self, version: str, **whose: str) -> str:
        return self.store.unseal(getattr(self.entry(**whose), version))

    @property
    def modules(self) -> list[str]:
        return [module for module, _args in self.sent]


def secrets_of(args: Mapping[str, Any]) -> list[str]:
    return [value for name, value in args.items() if name.endswith("password") and isinstance(value, str)]


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    return Controller(tmp_path / "store", monkeypatch)


def steps(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(step["step"], step["outcome"]) for step in result["steps"]]


# -- the ways through --------------------------------------------------------------------------------------------------


def test_a_whole_rotation(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(
        OK, CHANGED, OK, account={"agent_id": 1001, "timeout": 5}, policy={"generated_length": 20}, identifiers=["1001"]
    )
    assert (result["failed"], result["changed"], result["outcome"]) == (False, True, "rotated")
    assert steps(result) == [
        ("plan", "due"),
        ("log_in", "ok"),
        ("stage", "staged"),
        ("change", "changed"),
        ("verify", "ok"),
        ("commit", "rotated"),
    ]
    new = controller.secret("current")
    account = {"agent_id": 1001, "timeout": 5}
    login = {**account, "verify_only": True}
    change = {"old_password": OLD, "new_password": new, "policy": {"generated_length": 20}, "probe_new_password": False}
    assert controller.sent == [
        ("cc_agent_login", {**login, "password": OLD}),
        ("cc_agent_password", {**account, **change}),
        ("cc_agent_login", {**login, "password": new}),
    ]
    assert len(new) == 20
    assert (controller.secret("previous"), controller.entry().staged, controller.entry().ledger) == (OLD, None, ())
    again = controller.do()
    assert (again["outcome"], again["changed"], steps(again)) == ("not_due", False, [("plan", "not_due")])


def test_a_change_that_had_gone_through_is_committed(controller: Controller) -> None:
    controller.enroll(staged=controller.store.seal(NEW), staged_at=now())
    result = controller.do(OK)
    assert steps(result) == [("plan", "resume"), ("log_in", "ok"), ("stage", "proved"), ("commit", "rotated")]
    assert controller.sent[0][1]["password"] == NEW
    assert controller.secret("current") == NEW


def test_a_candidate_that_is_not_in_place_is_sent_again(controller: Controller) -> None:
    controller.enroll(staged=controller.store.seal(NEW), staged_at=now())
    result = controller.do(BAD, CHANGED, OK)
    assert result["outcome"] == "rotated"
    assert [args.get("password", args.get("new_password")) for _module, args in controller.sent] == [NEW, NEW, NEW]


def test_an_unknown_change_is_verified(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(OK, UNKNOWN, OK)
    assert (result["failed"], result["outcome"]) == (False, "rotated")


def test_a_repair_presents_the_administrators_password(controller: Controller) -> None:
    bad = tuple(Attempt(now(), secret, "bad", "earlier") for secret in ("current",))
    controller.enroll(ledger=bad)
    controller.enroll(ADMIN, "cc_config", ADMIN_PASSWORD)
    result = controller.do(
        CHANGED,
        OK,
        account={"agent_id": 1001, "vdn_offset": 100000},
        repairable=["cc_agent"],
        repair_host=ADMIN,
        repair_account={"admin_id": 101},
    )
    assert [step for step, _outcome in steps(result)] == ["plan", "repair", "verify", "commit"]
    module, args = controller.sent[0]
    assert (module, args["password"], args["admin_id"], args["agent_id"]) == (
        "cc_agent_reset",
        ADMIN_PASSWORD,
        101,
        1001,
    )
    assert args["vdn_offset"] == 100000
    assert len(args["new_password"]) == 8
    assert "admin_id" not in controller.sent[1][1], "options of the administrator are for the repair only"


@pytest.mark.parametrize("registrar", [None, "sip:localhost"])
def test_a_phone_needs_its_accounts_password(controller: Controller, registrar: str | None) -> None:
    controller.enroll(kind="cec_account", password="Account@7Marker")
    controller.enroll(kind="cec_sip")
    account = {"account": "zhang.wei", **({"registrar": registrar} if registrar else {})}
    result = controller.do(OK, CHANGED, OK, kind="cec_sip", account=account)
    assert result["outcome"] == "rotated"
    assert controller.modules == ["cec_sip_login", "cec_sip_password", "cec_sip_login"]
    login, change, _verify = (args for _module, args in controller.sent)
    assert login.get("account_password") == (None if registrar else "Account@7Marker")
    assert change["account_password"] == "Account@7Marker"
    assert "old_password" not in change
    assert "verify_only" not in login, "that module has no such option"


def test_a_verification(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(OK, intent="verify")
    assert steps(result) == [("plan", "verify"), ("log_in", "ok"), ("commit", "verified")]
    assert (result["failed"], result["changed"]) == (False, False)


@pytest.mark.parametrize(("verify", "answers"), [(True, [OK]), (False, [])])
def test_an_enrolment(controller: Controller, verify: bool, answers: list[dict[str, Any]]) -> None:
    result = controller.do(*answers, intent="enroll", password=OLD, verify=verify)
    assert (result["outcome"], result["changed"], controller.secret("current")) == ("enrolled", True, OLD)
    assert [args["password"] for _module, args in controller.sent] == [OLD] * verify


def test_check_mode_only_plans(controller: Controller) -> None:
    controller.enroll()
    before = controller.entry()
    result = controller.do(check_mode=True)
    assert (result["failed"], result["changed"], controller.sent) == (False, True, [])
    assert "check mode sends and writes nothing" in result["msg"]
    assert controller.entry() == before


# -- what stops it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome", "failed", "message", "left"),
    [
        ([BAD], "diverged", True, "cc_agent: ", [("current", "bad")]),
        ([{**BAD, "outcome": "live"}], "live", False, "signed in", []),
        ([{**BAD, "outcome": "locked"}], "locked", True, "locked", [("current", "locked")]),
        ([{**BAD, "outcome": "denied"}], "denied", True, "log in: ", []),
        ([{**BAD, "outcome": "unknown"}], "unknown", True, "log in: ", [("current", "unknown")]),
        ([OK, REFUSED], "refused", True, "change: against the policy", []),
        ([OK, UNKNOWN, BAD], "bad", True, "verify: ", [("staged", "bad")]),
        ([OK, CHANGED, {**BAD, "outcome": "unreachable"}], "unreachable", True, "verify: ", []),
    ],
)
def test_a_step_that_fails(
    controller: Controller,
    answers: list[dict[str, Any]],
    outcome: str,
    failed: bool,
    message: str,
    left: list[tuple[str, str]],
) -> None:
    controller.enroll()
    result = controller.do(*answers)
    assert (result["outcome"], result["failed"]) == (outcome, failed)
    assert message in result["msg"]
    assert [(attempt.secret, attempt.outcome) for attempt in controller.entry().ledger] == left
    assert (controller.entry().staged is None) is (outcome not in ("bad", "unreachable"))


def test_an_option_that_the_module_refuses_costs_nothing(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(AnsibleActionFail("agent_id is no number"))
    assert (result["failed"], result["msg"]) == (True, "cc_agent: log in: agent_id is no number")
    assert controller.entry().ledger == ()


def test_a_password_that_is_not_in_the_store_costs_nothing(controller: Controller) -> None:
    controller.enroll(kind="cec_sip")
    result = controller.do(kind="cec_sip", intent="verify")
    assert result["failed"] is True
    assert controller.sent == []


def test_a_phone_whose_account_has_failed_is_left_alone(controller: Controller) -> None:
    controller.enroll(kind="cec_account", password="Account@7Marker")
    controller.enroll(kind="cec_sip")
    assert controller.do({**BAD, "outcome": "denied"}, kind="cec_account")["failed"] is True
    result = controller.do(kind="cec_sip")
    assert result["failed"] is True
    assert "cec_account, whose password this change needs, has failed in this run" in result["msg"]
    assert controller.entry(kind="cec_sip").ledger == ()


def test_an_agent_of_the_workbench_is_left_alone(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(account={"aicc_workbench": True})
    assert result["failed"] is True
    assert "aicc_workbench is true" in result["msg"]


def test_a_vault_password_that_is_not_the_right_one(controller: Controller) -> None:
    controller.enroll()
    before = controller.entry()
    controller.loads = loader(("default", "another"))
    result = controller.do()
    assert result["failed"] is True
    assert "the vault password does not open" in result["msg"]
    assert controller.entry() == before


def test_an_accident_shows_nothing_of_its_cause(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(RuntimeError(f"it was {OLD}"))
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "failed")
    assert "unexpected RuntimeError" in result["msg"]
    assert [attempt.outcome for attempt in controller.entry().ledger] == ["pending"]


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_by_the_names_of_variables(controller: Controller) -> None:
    controller.enroll()
    controller.enroll(ADMIN, "cc_config", ADMIN_PASSWORD)
    task_vars = {
        "number": 1001,
        "names": ["a.b", "c.d"],
        "days": 90,
        "admin": ADMIN,
        "mine": "not looked at",
        "hostvars": {ADMIN: {"theirs": 101}},
        "length": {"generated_length": 25},
    }
    variables = {
        "account": {"agent_id": "number", "ca_path": "not_defined"},
        "identifiers": ["number", "names", "not_defined"],
        "rules": {"max_age_days": "days"},
        "policy": "length",
        "vault_id": "not_defined",
        "repair_host": "admin",
        "repair_account": {"admin_id": "theirs", "vdn_id": "mine"},
        "enroll": {"password": "not_looked_at"},
    }
    result = controller.do(OK, CHANGED, OK, variables=variables, task_vars=task_vars)
    assert result["outcome"] == "rotated"
    assert controller.sent[0][1] == {"agent_id": 1001, "password": OLD, "verify_only": True}
    assert len(controller.secret("current")) == 25


def test_names_for_each_kind(controller: Controller) -> None:
    controller.enroll()
    names = {
        "cc_agent": {"policy": "policies.cc_agent", "account": {"failing_login_cap": {"most": "cap"}}},
        "idaas": {"policy": "policies.idaas"},
    }
    task_vars = {"names": names, "policies": {"cc_agent": {"generated_length": 22}}, "cap": 5}
    assert controller.do(OK, CHANGED, OK, variables="names", task_vars=task_vars)["outcome"] == "rotated"
    assert len(controller.secret("current")) == 22
    cap = {"folder": f"{controller.folder}/.failing-logins", "most": 5}
    assert [args["failing_login_cap"] for _module, args in controller.sent] == [cap] * 3, "counted in the store"
    controller.enroll(kind="idaas")
    assert controller.do(OK, CHANGED, OK, kind="idaas", variables="names", task_vars=task_vars)["changed"]


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ("missing", "missing holds no names"),
        ("names", "cc_agent is no kind of credential; names has idaas"),
        ("text", "text holds no names"),
        (["names"], "give names of variables"),
    ],
)
def test_names_that_are_none_are_refused(controller: Controller, variables: Any, fault: str) -> None:
    controller.enroll()
    with pytest.raises(AnsibleActionFail, match=fault):
        controller.do(variables=variables, task_vars={"names": {"idaas": {}}, "text": "cc_agent"})


def test_an_option_that_is_given_wins_over_a_variable(controller: Controller) -> None:
    variables = {"enroll": {"password": "first", "verify": "no"}}
    result = controller.do(intent="enroll", password=NEW, variables=variables, task_vars={"first": OLD, "no": False})
    assert result["outcome"] == "enrolled"
    assert controller.secret("current") == NEW


def test_an_option_of_the_wrong_type_is_refused(controller: Controller) -> None:
    with pytest.raises(AnsibleActionFail, match="'days' is of type"):
        controller.do(variables={"rules": {"max_age_days": "days"}}, task_vars={"days": "many"})
    with pytest.raises(AnsibleActionFail, match="max_age_days"):
        controller.do(rules={"max_age_days": "many"})
    with pytest.raises(AnsibleActionFail, match="value of kind must be one of"):
        controller.do(kind="other", variables={"rules": {"max_age_days": "days"}}, task_vars={"days": 5})


def test_the_module_behind_it_says_where_the_work_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_main("rotation", {"kind": "cc_agent", "store_path": "/nowhere"}, capsys)
    assert "the action plugin of this name does the work" in result["msg"]
    documented = documentation.DOCUMENTATION + ModuleDocFragment.DOCUMENTATION
    assert set(ROTATION_ARGUMENTS.options) <= {
        line.strip(" :") for line in documented.splitlines() if line.startswith("  ")
    }

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation action: what stops it, what it says then, and the options that it takes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from support.action_harness import loader
from support.gateway import AGENT_OPTIONS
from support.module_runner import NEW, OLD, run_main
from support.rotation_task import (
    ACCOUNT,
    ADMIN,
    ADMIN_PASSWORD,
    CHANGED,
    HOST,
    NO,
    OK,
    SESSION,
    Controller,
    failed,
    of,
    steps,
)

from ansible_collections.callcenter.passwords.plugins.action import rotation
from ansible_collections.callcenter.passwords.plugins.modules import rotation as documentation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

# -- what stops it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome", "message", "left", "is_staged"),
    [
        ([NO], "diverged", "cc_agent: ", [("current", "wrong_password")], False),
        ([of("locked")], "locked", "the account is locked", [("current", "locked")], False),
        ([of("access_denied")], "access_denied", "log in: why", [], False),
        ([of("unknown")], "unknown", "log in: why", [("current", "unknown")], False),
        ([OK, of("password_rejected"), OK], "password_rejected", "change: why; the current password", [], False),
        ([OK, of("access_denied", change_sent=False)], "access_denied", "change: why", [], False),
        ([OK, of("unknown", code=None), NO], "wrong_password", "verify: ", [("staged", "wrong_password")], True),
        ([OK, CHANGED, of("unreachable")], "unreachable", "verify: why", [], True),
        (
            [of("wrong_password", remaining_attempts=1)],
            "few_attempts",
            "leaves 1",
            [("current", "wrong_password")],
            False,
        ),
        ([{**OK, "second_factor": True}], "second_factor", "second factor", [], False),
    ],
)
def test_a_step_that_fails(
    controller: Controller,
    answers: list[dict[str, Any]],
    outcome: str,
    message: str,
    left: list[tuple[str, str]],
    is_staged: bool,
) -> None:
    controller.enroll()
    result = controller.do(*answers)
    assert (result["outcome"], result["failed"]) == (outcome, True)
    assert message in result["msg"]
    assert (controller.ledger(), controller.entry().staged is not None) == (left, is_staged)
    assert controller.entry().written_by is None


def test_the_most_failed_logins_end_with_an_outcome_of_their_own(controller: Controller) -> None:
    """Not like those of two, where the other password is tried."""
    for most, answers, outcome in ((1, [NO], "cooling"), (2, [NO, NO], "diverged")):
        controller.store.write(
            f"host-{most}",
            "cc_agent",
            Entry(current=controller.encrypted(OLD), staged=controller.encrypted(NEW)),
        )
        account = {"gateway_url": "https://gateway.test", "agent_id": 1000 + most}
        result = controller.do(*answers, host=f"host-{most}", rules={"max_failed_logins": most}, account=account)
        assert (result["outcome"], result["failed"]) == (outcome, outcome == "diverged")


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ({}, "not_due"),
        ({"max_age_days": 0.5}, "due"),
        ({"when": "always"}, "due"),
        ({"when": "resume"}, "not_due"),
        ({"when": "always", "min_age_hours": 25}, "too_early"),
        ({"when": "always", "min_age_hours": 0}, "due"),
    ],
)
def test_the_rules_of_a_task(controller: Controller, rules: dict[str, Any], outcome: str) -> None:
    controller.enroll(rotated_at=now() - timedelta(days=1))
    assert controller.do(check_mode=True, rules=rules)["outcome"] == outcome


@pytest.mark.parametrize(("minutes", "outcome"), [(30, "cooling"), (9, "leased")])
@pytest.mark.parametrize("seconds", [120, 10])
def test_the_rules_of_caution(controller: Controller, minutes: int, seconds: int, outcome: str) -> None:
    controller.stage(
        ledger=(failed("current", "locked", days=0, minutes=10),),
        written_by="elsewhere:1:2",
        written_at=now() - timedelta(seconds=60),
    )
    result = controller.do(check_mode=True, rules={"lock_window_minutes": minutes, "lease_seconds": seconds})
    expected = {(30, 10): "cooling", (9, 10): "resumed"}.get((minutes, seconds), "leased")
    assert result["outcome"] == expected


def test_a_persons_word(controller: Controller) -> None:
    controller.enroll(ledger=(failed("current", "unknown"), failed("current", "unknown")))
    assert controller.do()["outcome"] == "held"
    result = controller.do({**OK, **SESSION}, CHANGED, OK, rules={"retry_diverged": True})
    assert result["outcome"] == "rotated"


def test_a_service_demands_its_age_without_being_told(controller: Controller) -> None:
    controller.enroll(kind="cec_account", rotated_at=now() - timedelta(hours=23))
    assert controller.do(kind="cec_account", rules={"when": "always"}, check_mode=True)["outcome"] == "too_early"
    given = {"when": "always", "min_age_hours": 1}
    assert controller.do(kind="cec_account", rules=given, check_mode=True)["outcome"] == "due"


def test_a_phone_whose_account_has_failed_is_left_alone(controller: Controller) -> None:
    for kind in ("cec_account", "cec_sip"):
        controller.enroll(kind=kind)
        controller.enroll("another", kind)
    assert controller.do(of("access_denied"), kind="cec_account")["failed"] is True
    result = controller.do(kind="cec_sip")
    assert (result["failed"], result["outcome"]) == (True, "blocked")
    assert "cec_account, whose password this change needs, has failed in this run" in result["msg"]
    assert controller.ledger(kind="cec_sip") == []
    assert controller.do(OK, CHANGED, OK, kind="cec_sip", host="another")["outcome"] == "rotated"


def test_an_agent_of_the_workbench_is_left_alone(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(account={"aicc_workbench": True})
    assert (result["failed"], result["outcome"]) == (True, "blocked")
    assert "aicc_workbench is true: the gateway would not pass" in result["msg"]
    assert controller.do(OK, account={"aicc_workbench": True}, intent="verify")["outcome"] == "verified"


def test_an_option_that_the_module_refuses_costs_nothing(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(AnsibleActionFail("agent_id is no number"))
    assert (result["failed"], result["msg"]) == (True, "cc_agent: log in: agent_id is no number")
    assert controller.ledger() == []


def test_a_module_that_was_cut_off_on_another_machine_may_have_failed(controller: Controller) -> None:
    controller.enroll()
    result = controller.do({"failed": True, "msg": "connection lost"}, connection="ssh")
    assert (result["outcome"], controller.ledger()) == ("unknown", [("current", "unknown")])
    assert controller.entry().ledger[0].is_answered is False


# -- what the store may say --------------------------------------------------------------------------------------------


def test_a_host_that_is_not_enrolled(controller: Controller) -> None:
    result = controller.do()
    assert (result["failed"], result["changed"], result["outcome"], result["steps"]) == (True, False, "failed", [])
    assert f"cc_agent: the store {controller.folder} does not exist; is it mounted?" in result["msg"]
    controller.enroll(host="another")
    result = controller.do()
    assert result["msg"] == (
        f"cc_agent: it is not enrolled in the store {controller.folder}; run the enroll playbook for this host first. "
        "Nothing was sent"
    )


@pytest.mark.parametrize(
    ("keys", "fault"),
    [((), "this run has no vault password"), ((("default", "another"),), "the vault password does not open")],
)
@pytest.mark.parametrize("intent", ["rotate", "verify", "enroll"])
def test_no_or_another_vault_password_is_found_out_before_anything_is_written(
    controller: Controller, keys: Any, fault: str, intent: str
) -> None:
    controller.enroll()
    before = controller.entry()
    controller.loads = loader(*keys)
    host = {"host": "somebody new"} if intent == "enroll" else {}
    result = controller.do(intent=intent, password=OLD, **host)
    assert (result["failed"], result["msg"].endswith("Nothing was sent")) == (True, True)
    assert fault in result["msg"]
    assert controller.entry() == before
    assert controller.store.read("somebody new", "cc_agent") is None


def test_a_vault_id_that_the_run_does_not_have(controller: Controller) -> None:
    result = controller.do(intent="enroll", password=OLD, vault_id="elsewhere")
    assert "no vault password with the id elsewhere" in result["msg"]


def test_a_store_in_the_inventory_is_refused(controller: Controller) -> None:
    controller.enroll()
    sources = {"ansible_inventory_sources": [str(Path(controller.folder).parent)]}
    result = controller.do(task_vars=sources)
    assert (result["failed"], "give a folder elsewhere. Nothing was sent" in result["msg"]) == (True, True)


def test_a_policy_that_cannot_be_met_is_told_before_anything_is_sent(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(policy={"nonsense": 1, "min_length": "x"})
    assert result["failed"] is True
    assert "there is no rule nonsense" in result["msg"]
    assert "min_length must be a number. Nothing was sent" in result["msg"], "every fault at once"
    assert controller.do(OK, policy={"nonsense": 1}, intent="verify")["outcome"] == "verified"


def test_a_store_that_fails_later_is_no_reason_to_forget(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.enroll()
    original, writes = VaultFileStore.write, []

    def write(store: VaultFileStore, *args: Any) -> Entry:
        writes.append(args)
        if len(writes) == 2:
            raise StoreError("the disk is full")
        return original(store, *args)

    monkeypatch.setattr(VaultFileStore, "write", write)
    signed_out = {**OK, "msg": "the session is over"}
    result = controller.do({**OK, **SESSION}, signed_out, account=AGENT_OPTIONS)
    assert (result["failed"], result["outcome"]) == (True, "failed")
    assert result["msg"] == "cc_agent: the disk is full. Run again"
    assert steps(result) == [("plan", "due"), ("log_in", "ok")]
    assert controller.sent[1][1]["state"] == "signed_out"
    assert controller.ledger() == [("current", "in_flight")]


def test_an_accident_names_its_type_and_place_and_nothing_else(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(RuntimeError(f"it was {OLD}"))
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "failed")
    assert "unexpected RuntimeError at plugin_utils/rotation/driver.py:" in result["msg"]
    assert "run again, which finishes what was begun. Please report it" in result["msg"]
    assert controller.ledger() == [("current", "in_flight")]


def test_an_accident_before_anything_was_read(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_args: Any, **_options: Any) -> None:
        raise KeyError(OLD)

    monkeypatch.setattr(rotation, "open_store", burst)
    result = controller.do()
    assert (result["failed"], result["changed"], result["steps"]) == (True, False, [])
    assert "unexpected KeyError at action/rotation.py:" in result["msg"]


def test_a_machine_that_cannot_be_reached_is_ansibles_matter_and_nothing_is_booked(controller: Controller) -> None:
    controller.enroll()
    controller.is_down = True
    with pytest.raises(AnsibleConnectionFailure, match="host is down"):
        controller.do(connection="ssh")
    assert controller.ledger() == []


@pytest.mark.parametrize(
    "answer", [{"rc": 1, "stdout": "", "stderr": "a password is required"}, {"rc": 0, "stdout": ""}]
)
def test_a_machine_that_runs_nothing_is_found_out_before_anything_is_booked(
    controller: Controller, answer: dict[str, Any]
) -> None:
    controller.enroll()
    controller.reached = answer
    with pytest.raises(AnsibleActionFail, match="no command can be run on the machine that sends\\. Nothing was sent"):
        controller.do(connection="ssh")
    assert (controller.sent, controller.ledger()) == ([], [])


def test_a_connection_that_is_lost_in_the_middle_may_have_made_a_login(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(AnsibleConnectionFailure("host is down"), connection="ssh")
    assert (result["outcome"], controller.ledger()) == ("unknown", [("current", "unknown")])
    assert "the connection to the machine that sends was lost" in result["msg"]
    assert controller.entry().ledger[0].is_answered is False


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_by_the_names_of_variables(controller: Controller) -> None:
    controller.enroll()
    controller.enroll(ADMIN, "cc_config", ADMIN_PASSWORD)
    task_vars = {
        "number": "1001",
        "days": 90,
        "admin": ADMIN,
        "mine": "not looked at",
        "hostvars": {ADMIN: {"theirs": 101}},
        "length": {"generated_length": 25},
    }
    variables = {
        "account": {"agent_id": "number", "ca_path": "not_defined"},
        "rules": {"max_age_days": "days"},
        "policy": "length",
        "vault_id": "not_defined",
        "repair_host": "admin",
        "repair_account": {"admin_id": "theirs", "vdn_id": "mine"},
        "enroll": {"password": "not_looked_at"},
    }
    result = controller.do(OK, CHANGED, OK, variables=variables, task_vars=task_vars)
    assert result["outcome"] == "rotated"
    assert controller.sent[0][1] == {"agent_id": 1001, "password": OLD, "verify_only": False}
    assert len(controller.secret("current")) == 25
    lost = {"ledger": (failed("current"),), "version": 4, "current": controller.encrypted(OLD)}
    controller.store.write(HOST, "cc_agent", Entry(**lost))
    controller.do(CHANGED, OK, variables=variables, task_vars=task_vars, repairable=["cc_agent"])
    reset = controller.sent[0][1]
    assert (reset["admin_id"], "vdn_id" in reset, reset["agent_id"]) == (101, False, 1001)


def test_an_administrator_that_is_no_host_has_no_options(controller: Controller) -> None:
    controller.enroll()
    variables = {"repair_host": "admin", "repair_account": {"admin_id": "theirs"}}
    task_vars = {"admin": "nobody", "hostvars": {}}
    assert controller.do(OK, CHANGED, OK, variables=variables, task_vars=task_vars)["outcome"] == "rotated"


def test_names_for_each_kind(controller: Controller) -> None:
    controller.enroll()
    names = {
        "cc_agent": {"policy": "policies.cc_agent", "account": {"failed_login_cap": {"most": "cap"}}},
        "idaas": {"policy": "policies.idaas"},
    }
    task_vars = {"names": names, "policies": {"cc_agent": {"generated_length": 22}}, "cap": 5}
    assert controller.do(OK, CHANGED, OK, variables="names", task_vars=task_vars)["outcome"] == "rotated"
    assert len(controller.secret("current")) == 22
    cap = {"folder": f"{controller.folder}/.failed-logins", "most": 5}
    assert [args["failed_login_cap"] for _module, args in controller.sent] == [cap] * 3, "counted in the store"
    controller.enroll(kind="idaas")
    assert controller.do(OK, CHANGED, OK, kind="idaas", variables="names", task_vars=task_vars)["changed"]


def test_a_cap_with_a_folder_of_its_own_counts_there(controller: Controller) -> None:
    controller.enroll()
    cap = {"folder": "/elsewhere", "most": 5}
    controller.do(NO, account={"failed_login_cap": cap})
    assert controller.sent[0][1]["failed_login_cap"] == cap


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ("missing", "missing holds no names"),
        ("names", "cc_agent is no kind of credential; the kinds are idaas"),
        ("text", "text holds no names"),
        (["names"], "give names of variables"),
    ],
)
def test_names_that_are_none_are_refused(controller: Controller, variables: Any, fault: str) -> None:
    controller.enroll()
    with pytest.raises(AnsibleActionFail, match=fault):
        controller.do(variables=variables, task_vars={"names": {"idaas": {}}, "text": "cc_agent"})


def test_the_password_of_an_enrollment_may_be_in_a_variable(controller: Controller) -> None:
    variables = {"enroll": {"password": "first", "verify": "no"}}
    task_vars = {"first": "{{ x }}", "no": False}
    options = {
        "variables": variables,
        "task_vars": task_vars,
        "template": lambda value: {"{{ x }}": OLD}.get(value, value),
        "account": ACCOUNT,
    }
    assert controller.do(intent="enroll", **options)["outcome"] == "enrolled"
    assert (controller.secret("current"), controller.sent) == (OLD, [])
    given = controller.do(OK, intent="enroll", password=NEW, verify=True, replace=True, **options)
    assert (given["outcome"], controller.secret("current")) == ("enrolled", NEW), "what is given wins"


def test_the_intent_may_be_in_a_variable_too(controller: Controller) -> None:
    variables = {"intent": "what", "enroll": {"password": "first"}}
    task_vars = {"what": "enroll", "first": OLD}
    result = controller.do(OK, variables=variables, task_vars=task_vars, account=ACCOUNT)
    assert result["outcome"] == "enrolled"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"variables": {"rules": {"max_age_days": "days"}}, "task_vars": {"days": "many"}}, "'days' is of type"),
        ({"rules": {"max_age_days": "many"}}, "max_age_days"),
        ({"rules": {"max_failed_logins": 3}}, "max_failed_logins"),
        ({"kind": "other", "variables": {"policy": "p"}, "task_vars": {"p": 5}}, "value of kind must be one of"),
        ({"intent": "enroll", "by": "magic"}, "by"),
        ({"intent": "gone"}, "intent"),
        ({"repairable": ["cec_sip"]}, "repairable"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_the_argument_spec_refuses(controller: Controller, options: dict[str, Any], fault: str) -> None:
    with pytest.raises(AnsibleActionFail, match=fault):
        controller.do(**options)


def test_the_module_behind_it_says_where_the_work_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_main("rotation", {"kind": "cc_agent", "store_path": "/nowhere"}, capsys)
    assert (result["failed"], "the action plugin of this name does the work" in result["msg"]) == (True, True)
    documented = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    assert set(documented) == set(documentation.ARGUMENTS.options)
    assert set(documented["rules"]["suboptions"]) == set(documentation.ARGUMENTS.options["rules"]["options"])


@pytest.mark.parametrize(("days", "is_warned"), [(-1, True), (1, False)])
@pytest.mark.parametrize("where", ["rotated_at", "ledger"])
def test_times_in_the_future_are_warned_of(controller: Controller, days: int, where: str, is_warned: bool) -> None:
    values = (
        {"rotated_at": now() - timedelta(days=days)}
        if where == "rotated_at"
        else {"ledger": (failed("current", "unknown", days=days),)}
    )
    controller.enroll(**values)
    controller.do(check_mode=True, rules={"when": "resume"})
    assert any("times that lie in the future" in warning for warning in controller.warnings) is is_warned


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "cc_config for an administrator whom no variable names (rotate_repair_cc_host) is needed"),
        ({"repair_host": "admin-7"}, "cc_config for admin-7, which is no host of this inventory, is needed"),
        ({"repair_host": "admin-7", "repair_account": {"admin_id": 7}}, "cc_config for admin-7 is needed"),
    ],
)
def test_a_repair_without_its_administrator_names_what_is_missing(
    controller: Controller, options: dict[str, Any], words: str
) -> None:
    controller.enroll(ledger=(failed("current"),))
    result = controller.do(repairable=["cc_agent"], **options)
    assert result["outcome"] == "blocked"
    assert words in result["msg"]
    assert "it is not enrolled; enroll it first" in result["msg"]

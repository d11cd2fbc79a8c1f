# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation action: from a task to its result, and what people see of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.gateway import AGENT_OPTIONS, answer, change_agent, sign_in, sign_out, signed_in
from support.module_runner import NEW, OLD
from support.rotation_task import (
    ADMIN,
    ADMIN_PASSWORD,
    CHANGED,
    HOST,
    NO,
    OK,
    OTHER,
    SESSION,
    Controller,
    failed,
    of,
    steps,
)
from support.wire_script import WireScript

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.candidates import PolicyCandidates
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

# -- the ways through --------------------------------------------------------------------------------------------------


def test_a_whole_rotation(controller: Controller) -> None:
    controller.enroll()
    account = {"agent_id": 1001, "timeout": 5}
    result = controller.do({**OK, **SESSION}, CHANGED, OK, account=account, policy={"generated_length": 20})
    assert (result["failed"], result["changed"], result["outcome"], result["kind"]) == (
        False,
        True,
        "rotated",
        "cc_agent",
    )
    assert steps(result) == [
        ("plan", "due"),
        ("log_in", "ok"),
        ("stage", "staged"),
        ("change", "changed"),
        ("verify", "ok"),
        ("commit", "rotated"),
    ]
    new = controller.secret("current")
    unjudged = {"check_policy": False, "probe_new_password": False}
    assert controller.sent == [
        ("cc_agent_login", {**account, "password": OLD, "verify_only": False}),
        ("cc_agent_password", {**account, **SESSION, **unjudged, "old_password": OLD, "new_password": new}),
        ("cc_agent_login", {**account, "password": new, "verify_only": True}),
    ]
    assert len(new) == 20
    entry = controller.entry()
    assert (controller.secret("previous"), entry.staged, entry.ledger, entry.version) == (OLD, None, (), 4)
    assert result["rotated_at"] == entry.rotated_at.isoformat() if entry.rotated_at else None
    again = controller.do()
    assert (again["outcome"], again["changed"], steps(again)) == ("not_due", False, [("plan", "not_due")])


def test_a_healthy_rotation_makes_five_requests_and_three_writes(
    controller: Controller, wire: WireScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session carries the login and the change, and another one the proof."""
    controller.enroll()
    writes = []
    original = VaultFileStore.write

    def write(store: VaultFileStore, host: str, kind: str, entry: Entry) -> Entry:
        writes.append((host, kind))
        return original(store, host, kind, entry)

    monkeypatch.setattr(VaultFileStore, "write", write)
    monkeypatch.setattr(PolicyCandidates, "draw", lambda drawn, entry, announced: drawn.store.encrypt(NEW, entry))
    other = {"guid": "89abcdef-guid-marker.AgentGateway2", "cookie": None}
    wire.expect(
        sign_in(OLD, signed_in()),
        change_agent(OLD, NEW),
        sign_out(),
        sign_in(NEW, signed_in(**other)),
        sign_out(**other),
    )
    result = controller.task(account=AGENT_OPTIONS)
    assert (result["outcome"], len(wire.sent), writes) == ("rotated", 5, [(HOST, "cc_agent")] * 3)
    assert controller.secret("current") == NEW


def test_a_candidate_in_the_store_is_sent_as_it_is(controller: Controller, wire: WireScript) -> None:
    """The policy was tightened after it was staged, and no rule of this side judges it a second time."""
    controller.stage()
    wrong = answer("100-004")
    wire.expect(sign_in(NEW, wrong), sign_in(OLD, signed_in()), change_agent(OLD, NEW), sign_out())
    wire.expect(sign_in(NEW, signed_in()), sign_out())
    result = controller.task(account=AGENT_OPTIONS, policy={"min_length": 24, "generated_length": 24})
    assert (result["outcome"], controller.secret("current")) == ("rotated", NEW)


def test_a_change_that_had_gone_through_is_committed(controller: Controller) -> None:
    controller.stage()
    result = controller.do(OK)
    assert steps(result) == [("plan", "resumed"), ("log_in", "ok"), ("stage", "proved"), ("commit", "rotated")]
    assert (controller.sent[0][1]["password"], controller.secret("current")) == (NEW, NEW)


def test_a_repair_presents_the_administrators_password(controller: Controller) -> None:
    controller.enroll(ledger=(failed("current"),))
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
    assert "a temporary password is in force; the next run replaces it" in result["msg"]
    assert result["rotated_at"] is None
    module, args = controller.sent[0]
    assert (module, args["password"], args["admin_id"]) == ("cc_agent_reset", ADMIN_PASSWORD, 101)
    assert len(args["new_password"]) == 8
    assert controller.entry(ADMIN, "cc_config").ledger == ()
    assert controller.do({**OK, **SESSION}, CHANGED, OK)["outcome"] == "rotated", "a temporary one is due at once"


@pytest.mark.parametrize(
    ("options", "outcome"),
    [({}, "diverged"), ({"repairable": ["idaas"]}, "diverged"), ({"repairable": ["cc_agent"]}, "blocked")],
)
def test_what_has_diverged_is_left_alone_unless_it_may_be_repaired(
    controller: Controller, options: dict[str, Any], outcome: str
) -> None:
    controller.enroll(ledger=(failed("current"),))
    result = controller.do(repair_host=ADMIN, **options)
    assert (result["failed"], result["outcome"]) == (True, outcome)
    assert ("repairs it" in result["msg"]) is False
    assert controller.ledger() == [("current", "wrong_password")]


@pytest.mark.parametrize("registrar", [None, "sip:localhost"])
def test_a_phone_needs_its_accounts_password(controller: Controller, registrar: str | None) -> None:
    controller.enroll(kind="cec_account", password=OTHER)
    controller.enroll(kind="cec_sip")
    account = {"account": "zhang.wei", **({"registrar": registrar} if registrar else {})}
    assert controller.do(OK, CHANGED, OK, kind="cec_sip", account=account)["outcome"] == "rotated"
    login, change, _verify = (args for _module, args in controller.sent)
    assert login.get("account_password") == (None if registrar else OTHER)
    assert change["account_password"] == OTHER


def test_a_witness_verifies_a_phone_without_its_account(controller: Controller) -> None:
    controller.enroll(kind="cec_sip")
    account = {"account": "zhang.wei", "registrar": "sip:localhost"}
    assert controller.do(OK, kind="cec_sip", account=account, intent="verify")["outcome"] == "verified"
    result = controller.do(kind="cec_sip", account={"account": "zhang.wei"}, intent="verify")
    assert (result["outcome"], "it is not enrolled" in result["msg"]) == ("blocked", True)
    lost = controller.do(NO, kind="cec_sip", account=account, intent="verify")
    assert lost["msg"] == "cec_sip: log in: the password is wrong; the next rotation replaces it"


def test_a_verification(controller: Controller) -> None:
    controller.enroll(ledger=(failed("current", "unknown"),))
    result = controller.do(OK, intent="verify")
    assert steps(result) == [("plan", "resumed"), ("log_in", "ok"), ("commit", "verified")]
    assert (result["failed"], result["changed"], controller.ledger()) == (False, False, [])
    assert controller.sent[0][1]["verify_only"] is True


@pytest.mark.parametrize("verify", [True, False])
def test_an_enrollment(controller: Controller, verify: bool) -> None:
    result = controller.do(*[OK] * verify, intent="enroll", password=OLD, verify=verify)
    assert (result["outcome"], result["changed"], result["rotated_at"]) == ("enrolled", True, None)
    assert [args["password"] for _module, args in controller.sent] == [OLD] * verify
    entry = controller.entry()
    assert (controller.secret("current"), entry.initial, bool(entry.proved_at)) == (OLD, None, verify)
    again = controller.do(intent="enroll", password=NEW)
    assert (again["outcome"], again["changed"], again["failed"]) == ("enrolled", False, False)


def test_a_failed_enrollment_leaves_a_trace_but_no_password(controller: Controller) -> None:
    result = controller.do(NO, intent="enroll", password=OLD)
    assert (result["outcome"], result["failed"], controller.ledger()) == (
        "wrong_password",
        True,
        [("initial", "wrong_password")],
    )
    assert controller.entry().current is None
    again = controller.do(intent="enroll", password=OLD)
    assert (again["outcome"], "refused before" in again["msg"]) == ("wrong_password", True)
    assert controller.do(OK, intent="enroll", password=NEW)["outcome"] == "enrolled"
    assert controller.do(OK, intent="enroll", password=OLD, replace=True)["outcome"] == "enrolled"
    assert (controller.secret("current"), controller.secret("previous")) == (OLD, NEW)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "the password of today is not given; give it by kind in rotate_enroll_passwords"),
        (12345678, "arrived as a number"),
        ({"a": OLD}, "a mapping"),
        (f"{OLD}\n", "password ends with a line break"),
        (f" {OLD}", "password begins with a blank"),
    ],
)
def test_enrolling_what_is_no_password(controller: Controller, password: Any, fault: str) -> None:
    result = controller.do(intent="enroll", password=password)
    assert (result["failed"], result["outcome"]) == (True, "failed")
    assert fault in result["msg"]
    assert not Path(controller.folder).exists()


# -- check mode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "options", "changed", "outcome"),
    [
        ({}, {}, True, "due"),
        ({"rotated_at": now()}, {}, False, "not_due"),
        ({}, {"intent": "verify"}, False, "resumed"),
        ({"ledger": (failed("current"),)}, {}, False, "diverged"),
        ({"ledger": (failed("current", "locked", days=0),)}, {}, False, "cooling"),
    ],
)
def test_check_mode_writes_and_sends_nothing(
    controller: Controller, entry: dict[str, Any], options: dict[str, Any], changed: bool, outcome: str
) -> None:
    controller.enroll(**entry)
    before = controller.entry()
    result = controller.do(check_mode=True, **options)
    assert (result["changed"], result["outcome"], controller.entry()) == (changed, outcome, before)
    is_prediction = outcome in ("due", "resumed")
    assert ("check mode sends and writes nothing" in result["msg"]) is is_prediction
    assert "(plan" not in result["msg"], "nothing was done"
    assert (controller.warnings, controller.shown, steps(result)) == ([], [], [("plan", outcome)])


def test_check_mode_of_an_enrollment(controller: Controller) -> None:
    result = controller.do(check_mode=True, intent="enroll", password=OLD)
    assert (result["changed"], result["failed"]) == (True, False)
    assert not Path(controller.folder).exists()


# -- what people see ---------------------------------------------------------------------------------------------------


def test_a_change_is_shown_with_its_steps_and_is_no_warning(controller: Controller) -> None:
    controller.enroll()
    result = controller.do({**OK, **SESSION}, CHANGED, OK)
    due = now() + timedelta(days=27.75)
    told = f"rotated: logged in, staged, changed, verified; due {due:%Y-%m-%d}"
    assert (result["msg"], controller.shown, controller.warnings) == (told, [f"{HOST}, cc_agent: {told}"], [])


@pytest.mark.parametrize(("entry", "options"), [({"rotated_at": now()}, {}), ({}, {"intent": "verify"})])
def test_where_nothing_has_changed_nothing_is_shown(
    controller: Controller, entry: dict[str, Any], options: dict[str, Any]
) -> None:
    controller.enroll(**entry)
    result = controller.do(*[OK] * len(options), **options)
    assert (result["failed"], controller.shown, controller.warnings) == (False, [], [])
    assert "(plan" not in result["msg"]


@pytest.mark.parametrize(
    ("entry", "answers", "rules", "outcome"),
    [
        ({"ledger": (failed("current", "locked", days=0),)}, [], {}, "cooling"),
        ({"ledger": (failed("current", "unknown", days=0),)}, [], {"max_failed_logins": 1}, "cooling"),
        ({"staged": "x", "written_by": "elsewhere:1:2", "written_at": now()}, [], {}, "leased"),
        ({"rotated_at": now()}, [], {"when": "always", "min_age_hours": 24}, "too_early"),
        ({}, [of("signed_in", code="100-002")], {}, "signed_in"),
    ],
)
def test_what_is_left_alone_is_a_warning(
    controller: Controller, entry: dict[str, Any], answers: list[Any], rules: dict[str, Any], outcome: str
) -> None:
    if "staged" in entry:
        entry = {**entry, "staged": controller.encrypted(NEW)}
    controller.enroll(**entry)
    result = controller.do(*answers, rules=rules)
    assert (result["outcome"], result["failed"], result["changed"]) == (outcome, False, False)
    assert (controller.warnings, controller.shown) == ([f"{HOST}, cc_agent: {result['msg']}"], [])


def test_a_failure_is_told_by_the_task_itself(controller: Controller) -> None:
    controller.enroll()
    result = controller.do(NO)
    assert (result["failed"], result["outcome"]) == (True, "diverged")
    assert result["msg"].startswith("cc_agent: the stored password does not work")
    assert (controller.warnings, controller.shown) == ([], [])


def test_another_host_may_be_named(controller: Controller) -> None:
    controller.enroll("agent-2", rotated_at=now())
    assert controller.do(host="agent-2")["outcome"] == "not_due"
    assert controller.do(host="agent-2", rules={"when": "always"}, account={"aicc_workbench": True})["failed"]

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the effects of a flow do: which module is run with which options, and when the store is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from support.module_runner import NEW, OLD
from support.rotation_scene import (
    ACCOUNT,
    ADMIN,
    ADMIN_PASSWORD,
    CHANGED,
    COOKIES,
    GUID,
    HOST,
    NO,
    NOT_SENT,
    OK,
    REFUSED,
    SESSION,
    UNANSWERED,
    Candidates,
    Runner,
    Scene,
    encrypted,
)
from support.rotation_values import (
    CURRENT,
    NOW,
    STAGED,
    UNKNOWN,
    WRONG,
    decisions,
    line,
    lines,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.driver import Driver, Target
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import EXPECTED, IN_FLIGHT
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Next
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Conflict,
    Entry,
    StoreError,
)

# -- a rotation --------------------------------------------------------------------------------------------------------


def test_a_whole_rotation_writes_three_times() -> None:
    scene = Scene()
    step = scene.rotate(SESSION, CHANGED, OK)
    assert (step.next, step.decision.outcome) == (Next.DONE, "rotated")
    assert [kind for kind, _entry in scene.store.writes] == ["cc_agent"] * 3
    assert scene.steps == [
        ("plan", "due"),
        ("log_in", "ok"),
        ("stage", "staged"),
        ("change", "changed"),
        ("verify", "ok"),
        ("commit", "rotated"),
    ]
    assert scene.entry == Entry(4, current=encrypted(NEW), previous=encrypted(OLD), proved_at=NOW, rotated_at=NOW)


def test_the_modules_get_the_accounts_options_and_the_passwords_of_the_store() -> None:
    scene = Scene(account={**ACCOUNT, "vdn_offset": 5, "admin_id": 101})
    scene.rotate(SESSION, CHANGED, OK)
    unjudged = {"check_policy": False, "probe_new_password": False}
    assert scene.runner.sent == [
        ("cc_agent_login", {**ACCOUNT, "password": OLD, "verify_only": False}),
        (
            "cc_agent_password",
            {**ACCOUNT, **unjudged, "old_password": OLD, "new_password": NEW, "guid": GUID, "cookies": COOKIES},
        ),
        ("cc_agent_login", {**ACCOUNT, "password": NEW, "verify_only": True}),
    ]


def test_everything_is_durable_before_it_is_sent() -> None:
    scene = Scene()
    seen = []
    original = Runner.run

    class Watching(Runner):
        def run(self, module: str, args: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
            seen.append((module, lines(scene.entry), scene.entry.staged))
            return original(self, module, args, check_mode=check_mode)

    scene.made = Driver(scene.target, scene.store, Watching(SESSION, CHANGED, OK))  # type: ignore[arg-type]
    scene.made.carry_out(flow.rotate(decisions(candidates=Candidates())))
    assert seen == [
        ("cc_agent_login", [(CURRENT, IN_FLIGHT)], None),
        ("cc_agent_password", [(STAGED, EXPECTED)], encrypted(NEW)),
        ("cc_agent_login", [(STAGED, EXPECTED)], encrypted(NEW)),
    ]


def test_a_session_that_would_be_printed_is_not_kept() -> None:
    """The change logs in itself then, with the password that has just been proved."""
    scene = Scene()
    assert scene.rotate(OK, CHANGED, OK, hands_sessions_on=False).decision.outcome == "rotated"
    login, change, _verify = (args for _module, args in scene.runner.sent)
    assert login["verify_only"] is True
    assert (change["old_password"], "guid" in change, "cookies" in change) == (OLD, False, False)


def test_a_candidate_is_sent_as_it_is_stored() -> None:
    """No rule of this side judges it a second time, however the policy was tightened since it was drawn."""
    scene = Scene(account={**ACCOUNT, "policy": {"min_length": 24}})
    scene.stage()
    assert scene.rotate(NO, SESSION, CHANGED, OK).decision.outcome == "rotated"
    assert [args.get("new_password") or args["password"] for _module, args in scene.runner.sent] == [NEW, OLD, NEW, NEW]
    module, change = scene.runner.sent[2]
    assert (module, change["check_policy"]) == ("cc_agent_password", False)


def test_a_resumed_rotation_verifies_without_a_session() -> None:
    scene = Scene()
    scene.stage()
    assert scene.rotate(OK).decision.outcome == "rotated"
    assert scene.runner.sent == [("cc_agent_login", {**ACCOUNT, "password": NEW, "verify_only": True})]
    assert scene.steps == [("plan", "resumed"), ("log_in", "ok"), ("stage", "proved"), ("commit", "rotated")]


def test_what_was_sent_and_had_no_answer_is_verified() -> None:
    scene = Scene()
    assert scene.rotate(SESSION, UNANSWERED, OK).decision.outcome == "rotated"
    assert scene.made.changed


# -- sessions ----------------------------------------------------------------------------------------------------------

SIGN_OUT = ("cc_agent_login", {**ACCOUNT, "state": "signed_out", "guid": GUID, "cookies": COOKIES})


def test_a_session_that_no_change_has_used_is_signed_out_after_a_second_factor() -> None:
    scene = Scene()
    step = scene.rotate({**SESSION, "outcome": "ok_restricted", "second_factor": True}, OK)
    assert step.decision.outcome == "second_factor"
    assert scene.runner.sent[1:] == [SIGN_OUT]
    assert ("log_in", "ok") not in scene.steps[2:], "it is no step"


@pytest.mark.parametrize("fault", [StoreError("the disk is full"), Conflict("for ever")])
def test_a_session_that_no_change_has_used_is_signed_out_after_a_failed_write(fault: StoreError) -> None:
    scene = Scene()

    def fail(number: int) -> None:
        if number == 2:
            raise fault

    scene.store.before_write = fail
    with pytest.raises(StoreError, match=str(fault)):
        scene.rotate(SESSION, OK)
    assert scene.runner.sent[1:] == [SIGN_OUT]
    assert lines(scene.entry) == [(CURRENT, IN_FLIGHT)]


def test_what_was_no_session_is_not_signed_out() -> None:
    scene = Scene()
    step = scene.rotate({**OK, "second_factor": True}, hands_sessions_on=False)
    assert (step.decision.outcome, scene.runner.modules) == ("second_factor", ["cc_agent_login"])


def test_a_session_is_signed_out_where_the_credential_was_taken_over() -> None:
    scene = Scene()

    def take_over(number: int) -> None:
        if number == 2 and scene.entry.written_by == "me":
            scene.store.entries[HOST, "cc_agent"] = scene.entry.changed(version=9, written_by="another")

    scene.store.before_write = take_over
    assert scene.rotate(SESSION, OK).decision.outcome == "leased"
    assert scene.runner.sent[1:] == [SIGN_OUT]


@pytest.mark.parametrize(
    ("kind", "login"), [("cc_config", SESSION), ("idaas", {**OK, "state_token": "token-marker"}), ("cec_account", OK)]
)
def test_kinds_without_a_way_to_sign_out_leave_that_to_the_server(kind: str, login: dict[str, Any]) -> None:
    scene = Scene(kind, {})
    assert scene.rotate({**login, "second_factor": True}).decision.outcome == "second_factor"


@pytest.mark.parametrize(
    ("kind", "login", "handed"),
    [
        ("cc_config", {"guid": GUID, "cookies": COOKIES}, {"guid": GUID, "cookies": COOKIES}),
        ("cc_config", {"guid": GUID, "cookies": {}}, {"guid": GUID}),
        ("idaas", {"id_token": "id-marker"}, {"id_token": "id-marker"}),
        ("idaas", {"state_token": "state-marker", "id_token": None}, {"state_token": "state-marker"}),
        ("cec_account", {}, {"verify_old_password": False}),
    ],
)
def test_the_session_of_the_login_is_handed_to_the_change(
    kind: str, login: dict[str, Any], handed: dict[str, Any]
) -> None:
    scene = Scene(kind, {})
    assert scene.rotate({**OK, **login}, CHANGED, OK).decision.outcome == "rotated"
    change = scene.runner.sent[1][1]
    known = {"old_password", "new_password", "check_policy", "probe_new_password"}
    assert {name: value for name, value in change.items() if name not in known} == handed


# -- failures ----------------------------------------------------------------------------------------------------------


def test_options_that_are_refused_before_anything_is_sent_cost_nothing() -> None:
    scene = Scene()
    for refused in (AnsibleActionFail("agent_id is no number"), {"failed": True, "msg": "agent_id is no number"}):
        step = scene.rotate(refused)
        assert (step.next, step.decision.outcome) == (Next.FAIL, "failed")
        assert step.decision.message == "log in: agent_id is no number"
        assert (scene.entry.ledger, scene.entry.written_by) == ((), None)
        assert scene.steps[1] == ("log_in", "failed")


def test_a_change_whose_options_are_refused_was_not_sent() -> None:
    scene = Scene()
    step = scene.rotate(OK, AnsibleActionFail("policy is no mapping"))
    assert (step.decision.outcome, step.decision.message) == ("failed", "change: policy is no mapping")
    assert (scene.entry.staged, scene.entry.ledger) == (None, ())


def test_a_password_that_is_gone_from_the_store_costs_nothing() -> None:
    scene = Scene("cec_sip", {})
    scene.enroll("cec_account")
    original = scene.store.read

    def read(host: str, kind: str) -> Entry | None:
        is_booked = scene.store.entries[HOST, "cec_account"].ledger != ()
        return None if kind == "cec_account" and is_booked else original(host, kind)

    scene.store.read = read  # type: ignore[method-assign]
    step = scene.rotate(has_parent=True)
    assert step.decision.message == "log in: there is no current password of cec_account for agent-1001"
    assert (scene.entry.ledger, scene.runner.sent) == ((), [])


def test_a_module_that_was_cut_off_elsewhere_may_have_failed_without_an_answer() -> None:
    scene = Scene()
    step = scene.rotate({"failed": True, "msg": "connection lost"}, runs_here=False)
    assert (step.decision.outcome, step.decision.message) == (UNKNOWN, "log in: connection lost")
    assert [(one.outcome, one.is_answered) for one in scene.entry.ledger] == [(UNKNOWN, False)]


def test_a_change_that_was_cut_off_elsewhere_is_verified() -> None:
    scene = Scene()
    lost = {"failed": True, "msg": "connection lost"}
    assert scene.rotate(SESSION, lost, OK, OK, runs_here=False).decision.outcome == "rotated"
    assert scene.runner.sent[-1][1]["state"] == "signed_out", "its session may be open still"
    scene = Scene()
    step = scene.rotate(SESSION, lost, NO, OK, runs_here=False)
    assert step.decision.outcome == WRONG
    assert scene.entry.staged == encrypted(NEW)


def test_options_that_are_refused_on_another_machine_cost_nothing() -> None:
    """Ansible adds the invocation to what a module has ended with, see ModuleRunner._run_there."""
    scene = Scene()
    refused = {"failed": True, "msg": "agent_id is out of range. Nothing was sent", "invocation": {}}
    assert scene.rotate(refused, runs_here=False).decision.outcome == "failed"
    assert scene.entry.ledger == ()


@pytest.mark.parametrize("fault", [AnsibleError("host is down"), AnsibleActionFail("a bad option")])
def test_a_sign_out_that_fails_hides_nothing(fault: Exception) -> None:
    scene = Scene()
    step = scene.rotate({**SESSION, "second_factor": True}, fault)
    assert step.decision.outcome == "second_factor"
    scene = Scene()

    def fail(number: int) -> None:
        if number == 2:
            raise StoreError("the disk is full")

    scene.store.before_write = fail
    with pytest.raises(StoreError, match="the disk is full"):
        scene.rotate(SESSION, fault)


def test_a_session_is_signed_out_where_the_change_was_not_run() -> None:
    scene = Scene()
    scene.rotate(SESSION, AnsibleActionFail("a bad option"), OK)
    assert scene.runner.sent[-1][1].get("state") == "signed_out"


def test_what_else_happens_to_ansible_is_its_matter_and_the_booking_stays() -> None:
    scene = Scene()
    with pytest.raises(AnsibleError, match="what is this"):
        scene.rotate(AnsibleError("what is this"), runs_here=False)
    assert lines(scene.entry) == [(CURRENT, IN_FLIGHT)]


def test_a_connection_that_is_lost_during_a_change_leaves_the_login_to_decide() -> None:
    scene = Scene()
    lost = AnsibleConnectionFailure("host is down")
    assert scene.rotate(SESSION, lost, OK, OK, runs_here=False).decision.outcome == "rotated"


@pytest.mark.parametrize(
    ("change_sent", "left"), [({}, True), ({"change_sent": True}, True), ({"change_sent": False}, False)]
)
def test_a_refusal_that_does_not_say_so_counts_as_sent(change_sent: dict[str, bool], left: bool) -> None:
    scene = Scene()
    refused = {name: value for name, value in REFUSED.items() if name != "change_sent"}
    step = scene.rotate(SESSION, {**refused, **change_sent}, *([OK] if left else []))
    assert step.decision.outcome == "password_rejected"
    assert scene.entry.previous == (encrypted(NEW) if left else None)
    assert scene.entry.staged is None
    if left:
        module, args = scene.runner.sent[-1]
        assert (module, args["password"], args["verify_only"]) == ("cc_agent_login", OLD, True)


def test_a_vault_password_that_is_not_the_right_one_is_found_out_before_anything_is_written() -> None:
    for ledger, rules in (((), {}), ((line(CURRENT, WRONG),), {"repair": True})):
        scene = Scene(administrator=ADMIN)
        scene.enroll("cc_agent", ledger=ledger)
        scene.store.has_password = False
        with pytest.raises(StoreError, match="the vault password does not open it"):
            scene.rotate(**rules)
        assert (scene.store.writes, scene.made.steps) == ([], [])


# -- other kinds and other hosts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("registrar", [None, "sip:localhost"])
def test_a_phone_is_changed_with_its_accounts_password(registrar: str | None) -> None:
    account = {"account": "zhang.wei", **({"registrar": registrar} if registrar else {})}
    scene = Scene("cec_sip", account)
    scene.enroll("cec_account", password="Account@7Marker")
    told = {} if registrar else {"account_login": "ok"}
    step = scene.rotate({**OK, **told}, CHANGED, OK, has_parent=True)
    assert step.decision.outcome == "rotated"
    login, change, verify = (args for _module, args in scene.runner.sent)
    for args in (login, verify):
        assert args.get("account_password") == (None if registrar else "Account@7Marker")
        assert "verify_only" not in args, "that module has no such option"
    assert (change["account_password"], "old_password" in change) == ("Account@7Marker", False)
    # A registrar has not seen the account's password, so that the change verifies it.
    assert change.get("verify_account_password") == (None if registrar else False)
    assert [kind for kind, _entry in scene.store.writes] == ["cec_sip", "cec_account", *["cec_sip"] * 2, "cec_account"]
    assert scene.store.entries[HOST, "cec_account"].ledger == ()


@pytest.mark.parametrize(
    "answers",
    [
        [{**NO, "outcome": "access_denied", "account_login": WRONG}],
        [OK, {**NO, "outcome": WRONG, "login": WRONG, "change_sent": False}],
        [OK, CHANGED, {**NO, "outcome": "access_denied", "account_login": WRONG}],
    ],
)
def test_a_failed_login_with_the_accounts_password_is_recorded_there(answers: list[dict[str, Any]]) -> None:
    """After a stage that stops, after a refusal and after a verification."""
    scene = Scene("cec_sip", {})
    scene.enroll("cec_account")
    assert scene.rotate(*answers, has_parent=True).next is Next.FAIL
    assert lines(scene.store.entries[HOST, "cec_account"]) == [(CURRENT, WRONG)]
    assert [one.run for one in scene.store.entries[HOST, "cec_account"].ledger] == ["me host"]
    assert lines(scene.entry) == []
    assert [step for step, _outcome in scene.steps].count("plan") == 1, "of another credential nothing is told"


def test_a_lost_phone_is_changed_without_a_login() -> None:
    scene = Scene("cec_sip", {"registrar": "sip:localhost"})
    scene.enroll("cec_sip", ledger=(line(CURRENT, WRONG),))
    scene.enroll("cec_account")
    assert scene.rotate(CHANGED, OK, has_parent=True, has_witness=True).decision.outcome == "rotated"
    assert scene.runner.modules == ["cec_sip_password", "cec_sip_login"]


@pytest.mark.parametrize("is_there", [True, False])
def test_an_account_that_is_not_enrolled_blocks_its_phone(is_there: bool) -> None:
    scene = Scene("cec_sip", {})
    if is_there:
        scene.enroll("cec_account", current=None)
    step = scene.rotate(has_parent=True)
    assert (step.decision.outcome, "it is not enrolled" in step.decision.message) == ("blocked", True)
    assert ((HOST, "cec_account") in scene.store.entries) is is_there


def test_a_repair_presents_the_administrators_password() -> None:
    scene = Scene(administrator=ADMIN, administrator_account={"admin_id": 101, "gateway_url": "https://admin.test"})
    scene.enroll("cc_agent", ledger=(line(CURRENT, WRONG),))
    scene.enroll("cc_config", ADMIN, ADMIN_PASSWORD)
    step = scene.rotate({**CHANGED, "login": "ok"}, OK, repair=True, has_administrator=True)
    assert step.decision.outcome == "rotated"
    assert scene.steps == [("plan", "due"), ("repair", "changed"), ("verify", "ok"), ("commit", "rotated")]
    module, args = scene.runner.sent[0]
    assert module == "cc_agent_reset"
    assert args == {
        "gateway_url": "https://admin.test",
        "agent_id": 1001,
        "admin_id": 101,
        "password": ADMIN_PASSWORD,
        "new_password": NEW,
        "check_policy": False,
    }
    assert "admin_id" not in scene.runner.sent[1][1], "options of the administrator are for the repair only"
    assert scene.store.entries[ADMIN, "cc_config"].ledger == ()


def test_a_repair_by_the_tenants_application_presents_no_password() -> None:
    scene = Scene("idaas", {"user_name": "li"}, administrator_account={"tenant_client_secret": "secret"})
    scene.enroll("idaas", ledger=(line(CURRENT, WRONG),))
    assert scene.rotate(CHANGED, OK, repair=True).decision.outcome == "rotated"
    module, args = scene.runner.sent[0]
    assert module == "idaas_user_password"
    assert (args["tenant_client_secret"], "password" in args, "old_password" in args) == ("secret", False, False)
    assert args["probe_new_password"] is False


def test_a_failed_login_of_the_administrator_is_recorded_there() -> None:
    scene = Scene(administrator=ADMIN)
    scene.enroll("cc_agent", ledger=(line(CURRENT, WRONG),))
    scene.enroll("cc_config", ADMIN, ADMIN_PASSWORD)
    answer = {**NO, "login": WRONG, "change_sent": False}
    assert scene.rotate(answer, repair=True, has_administrator=True).decision.outcome == "diverged"
    assert lines(scene.store.entries[ADMIN, "cc_config"]) == [(CURRENT, WRONG)]
    assert lines(scene.entry) == [(CURRENT, WRONG)]


# -- enrolling and verifying -------------------------------------------------------------------------------------------


def test_enrolling() -> None:
    scene = Scene(initial=OLD)
    scene.store.entries.clear()
    scene.made = scene.driver(OK)
    step = scene.finish(flow.enroll(decisions(), Enrollment(encrypted(OLD))))
    enrolled = Entry(2, current=encrypted(OLD), proved_at=NOW, enrolled_at=NOW)
    assert (step.decision.outcome, scene.entry) == ("enrolled", enrolled)
    assert scene.runner.sent == [("cc_agent_login", {**ACCOUNT, "password": OLD, "verify_only": True})]
    assert [one["changed"] for one in scene.made.steps] == [False, False, True]


@pytest.mark.parametrize("entry", [None, Entry(1, initial=encrypted(OLD))])
def test_what_is_not_enrolled_is_not_rotated(entry: Entry | None) -> None:
    for steps in (flow.rotate, flow.verify):
        scene = Scene()
        scene.store.entries.clear()
        if entry:
            scene.store.entries[HOST, "cc_agent"] = entry
        scene.made = scene.driver()
        with pytest.raises(StoreError, match="it is not enrolled in the store /srv/passwords; run the enroll playbook"):
            scene.finish(steps(decisions()))
        assert scene.made.steps == []


def test_a_verification_changes_nothing() -> None:
    scene = Scene()
    scene.made = scene.driver({**SESSION, "changed": True})
    assert scene.finish(flow.verify(decisions())).decision.outcome == "verified"
    assert scene.made.changed is False
    assert scene.runner.sent[0][1]["verify_only"] is True


def test_an_enrollment_that_is_blocked_leaves_no_password() -> None:
    scene = Scene("cec_sip", {}, initial=OLD)
    scene.store.entries.clear()
    scene.made = scene.driver()
    step = scene.finish(flow.enroll(decisions(has_parent=True), Enrollment(encrypted(OLD))))
    assert (step.decision.outcome, scene.entry.current, scene.entry.ledger) == ("blocked", None, ())


def test_a_target_shows_no_password() -> None:
    assert OLD not in repr(Target(HOST, "cc_agent", ACCOUNT, initial=OLD))


# -- what is told ------------------------------------------------------------------------------------------------------


def test_the_story_tells_what_the_requests_came_to() -> None:
    scene = Scene()
    scene.rotate(SESSION, CHANGED, OK)
    assert scene.made.story == "logged in, staged, changed, verified"
    assert [one["changed"] for one in scene.made.steps] == [False, False, True, True, False, True]
    assert [one["code"] for one in scene.made.steps] == [None, "0", None, "0", "0", None]


@pytest.mark.parametrize(
    ("answers", "steps"),
    [
        ([SESSION, REFUSED, OK], [("change", "password_rejected"), ("log_in", "ok"), ("stage", "password_rejected")]),
        ([SESSION, CHANGED, NO], [("change", "changed"), ("verify", WRONG)]),
    ],
)
def test_what_a_request_came_to_is_told_once(answers: list[dict[str, Any]], steps: list[tuple[str, str]]) -> None:
    """And not by the write of its name, which records it."""
    scene = Scene()
    scene.rotate(*answers)
    assert scene.steps == [("plan", "due"), ("log_in", "ok"), ("stage", "staged"), *steps]


@pytest.mark.parametrize(
    ("answers", "changed"),
    [
        ([NO], False),
        ([SESSION, NOT_SENT], True),  # a candidate was written, though it went again
        ([SESSION, UNANSWERED, NO], True),
    ],
)
def test_whether_something_may_have_changed(answers: list[dict[str, Any]], changed: bool) -> None:
    scene = Scene()
    scene.rotate(*answers)
    assert scene.made.changed is changed


def test_a_candidate_that_there_was_is_no_change() -> None:
    scene = Scene()
    scene.stage()
    scene.rotate(NO, SESSION, {**NOT_SENT})
    assert scene.made.changed is False

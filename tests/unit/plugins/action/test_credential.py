# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential action: one state after the other, and what it does with bad input and other runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.action import credential
from ansible_collections.callcenter.passwords.plugins.module_utils.policy import CC_AGENT, Context
from ansible_collections.callcenter.passwords.plugins.modules import credential as documentation
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Attempt,
    Conflict,
    Entry,
    StoreError,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store, open_store
from ansible_collections.callcenter.passwords.tests.unit.plugins.action_harness import action, loader
from ansible_collections.callcenter.passwords.tests.unit.plugins.gateway import (
    NEW,
    OLD,
    assert_shows_no_secret,
    run_main,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
HOST, KIND = "agent-1001", "cc_agent"
KEYS = loader(("default", "key"))


class Controller:
    """A controller with its store; :meth:`do` runs one task."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = open_store(str(folder), None, KEYS)
        self.keys = KEYS
        self.inventory: list[str] = []

    def do(self, state: str, *, check_mode: bool = False, connection: str = "local", **args: Any) -> dict[str, Any]:
        given = {"kind": KIND, "state": state, "store_path": str(self.folder), **args}
        task = action(
            credential.ActionModule,
            "credential",
            given,
            loads=self.keys,
            check_mode=check_mode,
            connection=connection,
        )
        task_vars = {"inventory_hostname": HOST, "ansible_inventory_sources": self.inventory}
        result: dict[str, Any] = task.run(task_vars=task_vars)
        assert_shows_no_secret(result)
        assert result["kind"] == KIND
        return result

    def enroll(self, **values: Any) -> Entry:
        return self.store.write(HOST, KIND, Entry(current=self.store.seal(OLD), **values))

    def stage(self, **values: Any) -> Entry:
        return self.enroll(staged=self.store.seal(NEW), staged_at=NOW, **values)

    @property
    def entry(self) -> Entry:
        entry = self.store.read(HOST, KIND)
        assert entry is not None
        return entry

    def secret(self, version: str) -> str:
        return self.store.unseal(getattr(self.entry, version))

    def ledger(self) -> list[tuple[str, str]]:
        return [(attempt.secret, attempt.outcome) for attempt in self.entry.ledger]


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    monkeypatch.setattr(credential, "now", lambda: NOW)
    return Controller(tmp_path / "store")


# -- a rotation --------------------------------------------------------------------------------------------------------


def test_a_whole_rotation(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    assert (plan["outcome"], plan["changed"], plan["failed"]) == ("due", False, False)
    assert plan["rotation"] == {"step": "log_in", "login": "current", "version": 2, "staged_at": None}
    assert controller.ledger() == [("current", "pending")]

    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"}, identifiers=["1001"])
    assert (staged["outcome"], staged["changed"]) == ("staged", True)
    assert staged["rotation"] == {"step": "change", "login": "current", "version": 3, "staged_at": NOW.isoformat()}
    candidate = controller.secret("staged")
    assert CC_AGENT.violations(candidate, Context(["1001"], [OLD])) == []
    assert candidate not in str(staged)

    done = controller.do("committed", rotation=staged["rotation"])
    assert (done["outcome"], done["changed"], done["rotated_at"]) == ("rotated", True, NOW.isoformat())
    entry = controller.entry
    assert (entry.staged, entry.ledger, entry.written_by) == (None, (), None)
    assert controller.secret("current") == candidate
    assert controller.secret("previous") == OLD

    assert controller.do("planned")["outcome"] == "not_due"
    again = controller.do("committed", rotation=staged["rotation"])
    assert (again["outcome"], again["changed"]) == ("rotated", False)
    assert controller.entry == entry


def test_an_unresolved_rotation_is_taken_up(controller: Controller) -> None:
    before = controller.stage()
    plan = controller.do("planned")
    assert (plan["outcome"], plan["rotation"]["login"]) == ("resume", "staged")
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "bad", "failed": True})
    assert (staged["rotation"]["step"], staged["changed"]) == ("change", False)
    assert controller.entry.staged == before.staged, "never a second candidate"
    assert controller.do("committed", rotation=staged["rotation"])["changed"] is True


def test_a_staged_password_that_works_is_committed(controller: Controller) -> None:
    controller.stage()
    plan = controller.do("planned")
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok_restricted"})
    assert (staged["outcome"], staged["rotation"]["step"], staged["changed"]) == ("proved", "commit", False)


@pytest.mark.parametrize(
    ("outcome", "step", "failed"), [("live", "done", False), ("locked", "fail", True), ("unreachable", "fail", True)]
)
def test_a_login_that_ends_it(controller: Controller, outcome: str, step: str, failed: bool) -> None:
    controller.enroll()
    plan = controller.do("planned")
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": outcome})
    assert (staged["rotation"]["step"], staged["failed"], staged["changed"]) == (step, failed, False)
    assert controller.entry.staged is None


def test_another_run_that_is_at_work_is_left_to_it(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    controller.store.write(HOST, KIND, controller.entry.changed(written_by="another run"))
    before = controller.entry
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    assert (staged["outcome"], staged["rotation"]["step"], staged["changed"]) == ("leased", "done", False)
    assert controller.entry == before


def test_a_tenants_policy_shapes_the_candidate(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"}, policy={"generated_length": 31})
    assert len(controller.secret("staged")) == 31


def test_a_policy_that_cannot_be_met(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    result = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"}, policy={"nonsense": 1})
    assert result["failed"] is True
    assert "there is no rule nonsense" in result["msg"]
    assert controller.entry.staged is None


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({}, "due"),
        ({"max_age_days": 41}, "not_due"),
        ({"when": "resume"}, "not_due"),
        ({"when": "always", "max_age_days": 41}, "due"),
    ],
)
def test_options_of_a_plan(controller: Controller, options: dict[str, Any], outcome: str) -> None:
    controller.enroll(rotated_at=NOW - timedelta(days=40))
    assert controller.do("planned", **options)["outcome"] == outcome


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({}, "cooling"),
        ({"max_failing_logins": 2}, "cooling"),
        ({"lock_window_minutes": 9}, "leased"),
        ({"lock_window_minutes": 9, "lease_seconds": 10}, "resume"),
    ],
)
def test_options_of_caution(controller: Controller, options: dict[str, Any], outcome: str) -> None:
    attempts = (Attempt(NOW - timedelta(minutes=10), "staged", "unknown", "x"),) * 2
    controller.stage(ledger=attempts, written_by="elsewhere:1:2", written_at=NOW - timedelta(seconds=60))
    assert controller.do("planned", **options)["outcome"] == outcome


# -- check mode --------------------------------------------------------------------------------------------------------


def test_check_mode_writes_nothing(controller: Controller) -> None:
    before = controller.enroll()
    plan = controller.do("planned", check_mode=True)
    assert (plan["changed"], plan["failed"], plan["outcome"], plan["rotation"]["step"]) == (True, False, "due", "done")
    assert "check mode" in plan["msg"]
    assert controller.entry == before


@pytest.mark.parametrize(("intent", "changed"), [("rotate", False), ("verify", False)])
def test_check_mode_announces_no_change_where_there_is_none(controller: Controller, intent: str, changed: bool) -> None:
    before = controller.enroll(rotated_at=NOW)
    assert controller.do("planned", check_mode=True, intent=intent)["changed"] is changed
    assert controller.entry == before


def test_check_mode_of_an_enrolment(controller: Controller) -> None:
    plan = controller.do("planned", check_mode=True, intent="enroll", password=OLD)
    assert (plan["changed"], plan["rotation"]["step"]) == (True, "done")
    assert not controller.folder.exists()


# -- enrolling and verifying -------------------------------------------------------------------------------------------


def test_enrolling(controller: Controller) -> None:
    plan = controller.do("planned", intent="enroll", password=OLD)
    assert (plan["outcome"], plan["rotation"]["step"], plan["rotation"]["login"]) == ("enrol", "log_in", "given")
    done = controller.do("enrolled", password=OLD)
    assert (done["outcome"], done["changed"], done["rotated_at"]) == ("enrolled", True, None)
    assert controller.secret("current") == OLD
    again = controller.do("planned", intent="enroll", password=OLD)
    assert (again["outcome"], again["changed"], again["rotation"]["step"]) == ("enrolled", False, "done")


def test_enrolling_without_a_login(controller: Controller) -> None:
    assert controller.do("planned", intent="enroll", password=OLD, verify=False)["rotation"]["step"] == "commit"


@pytest.mark.parametrize(
    ("password", "fault"), [("", "password is empty"), (12345678, "arrived as a number"), ({"a": OLD}, "a mapping")]
)
@pytest.mark.parametrize("state", ["planned", "enrolled"])
def test_enrolling_what_is_no_password(controller: Controller, state: str, password: Any, fault: str) -> None:
    result = controller.do(state, intent="enroll", password=password)
    assert result["failed"] is True
    assert fault in result["msg"]
    assert not controller.folder.exists()


def test_a_failed_enrolment_leaves_a_trace_but_no_password(controller: Controller) -> None:
    plan = controller.do("planned", intent="enroll", password=OLD)
    failure = {"outcome": "bad", "msg": "the password is wrong"}
    result = controller.do("failed", step="log_in", result=failure, rotation=plan["rotation"])
    assert (result["outcome"], result["fatal"], result["failed"]) == ("bad", True, False)
    assert (controller.entry.current, controller.ledger()) == (None, [("given", "bad")])
    missing = controller.do("planned")
    assert (missing["failed"], "is not enrolled" in missing["msg"]) == (True, True)


def test_verifying(controller: Controller) -> None:
    controller.enroll(ledger=(Attempt(NOW - timedelta(days=1), "current", "unknown", "x"),))
    plan = controller.do("planned", intent="verify")
    assert (plan["outcome"], plan["rotation"]["step"]) == ("verify", "log_in")
    done = controller.do("verified")
    assert (done["outcome"], done["changed"], controller.ledger()) == ("verified", False, [])


# -- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "result", "outcome", "fatal", "staged", "ledger"),
    [
        ("log_in", {"outcome": "locked"}, "locked", True, True, [("staged", "locked")]),
        ("log_in", {"outcome": "unreachable"}, "unreachable", True, True, []),
        ("log_in", {"msg": "bad option"}, "failed", True, True, []),
        ("stage", {"outcome": "failed"}, "failed", True, True, []),
        ("change", {"outcome": "refused", "login": "bad"}, "bad", True, True, [("current", "bad")]),
        ("change", {"outcome": "refused", "login": "live"}, "live", False, True, []),
        ("change", {"outcome": "refused", "login": "ok", "password_refused": True}, "refused", True, False, []),
        ("verify", {"outcome": "bad", "password_refused": True}, "bad", True, True, [("staged", "bad")]),
        ("verify", {"outcome": "unknown"}, "unknown", True, True, [("staged", "unknown")]),
        ("commit", {"outcome": "failed"}, "failed", True, True, []),
    ],
)
def test_what_a_failing_step_leaves(
    controller: Controller,
    step: str,
    result: dict[str, Any],
    outcome: str,
    fatal: bool,
    staged: bool,
    ledger: list[tuple[str, str]],
) -> None:
    controller.stage()
    plan = controller.do("planned")
    failed = controller.do("failed", step=step, result={"failed": True, **result}, rotation=plan["rotation"])
    assert (failed["outcome"], failed["fatal"], failed["failed"]) == (outcome, fatal, False)
    assert bool(controller.entry.staged) is staged
    assert controller.ledger() == ledger
    assert controller.entry.written_by is None


def test_a_step_on_another_machine_that_was_cut_off_is_counted(controller: Controller) -> None:
    controller.stage()
    plan = controller.do("planned", connection="ssh")
    failure = {"failed": True, "msg": "connection lost"}
    result = controller.do("failed", connection="ssh", step="log_in", result=failure, rotation=plan["rotation"])
    assert result["outcome"] == "unknown"
    assert controller.ledger() == [("staged", "unknown")]


def test_the_reason_is_told_with_the_step(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    failure = {"outcome": "denied", "msg": "HTTP 403"}
    assert (
        controller.do("failed", step="log_in", result=failure, rotation=plan["rotation"])["msg"] == "log in: HTTP 403"
    )
    plan = controller.do("planned")
    assert (
        "the task failed" in controller.do("failed", step="change", result={"x": 1}, rotation=plan["rotation"])["msg"]
    )


@pytest.mark.parametrize(("step", "rotation"), [("plan", {"login": "current"}), ("log_in", {})])
def test_a_plan_that_failed_has_nothing_to_record(controller: Controller, step: str, rotation: dict[str, Any]) -> None:
    result = controller.do("failed", step=step, result={"outcome": "diverged", "msg": "why"}, rotation=rotation)
    assert (result["outcome"], result["fatal"], result["failed"], result["msg"]) == ("diverged", True, False, "why")
    assert not controller.folder.exists()
    bare = controller.do("failed", step="plan", result={"failed": True})
    assert (bare["outcome"], bare["msg"]) == ("failed", "the task failed")


# -- what the store may say --------------------------------------------------------------------------------------------


def test_a_host_that_is_not_enrolled(controller: Controller) -> None:
    result = controller.do("planned")
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "failed")
    assert result["msg"] == "it is not enrolled; run the enroll playbook for this host first. Nothing was sent"


def test_another_host_may_be_named(controller: Controller) -> None:
    controller.store.write("agent-2", KIND, Entry(current=controller.store.seal(OLD), rotated_at=NOW))
    assert controller.do("planned", host="agent-2")["outcome"] == "not_due"


@pytest.mark.parametrize(
    ("keys", "fault"),
    [((), "this run has no vault password"), ((("default", "another"),), "the vault password does not open")],
)
@pytest.mark.parametrize("intent", ["rotate", "verify", "enroll"])
def test_no_or_another_vault_password_is_found_out_before_anything_is_written(
    controller: Controller, keys: Any, fault: str, intent: str
) -> None:
    before = controller.enroll()
    controller.keys = loader(*keys)
    host = {"host": "somebody new"} if intent == "enroll" else {}
    result = controller.do("planned", intent=intent, password=OLD, **host)
    assert result["failed"] is True
    assert fault in result["msg"]
    assert result["msg"].endswith("Nothing was sent")
    assert controller.entry == before
    assert controller.store.read("somebody new", KIND) is None


def test_a_vault_id_that_the_run_does_not_have(controller: Controller) -> None:
    result = controller.do("planned", intent="enroll", password=OLD, vault_id="elsewhere")
    assert "no vault password with the id elsewhere" in result["msg"]


def test_a_store_that_is_open_to_everybody(controller: Controller) -> None:
    controller.enroll()
    controller.folder.chmod(0o755)
    result = controller.do("planned")
    assert (result["failed"], "is open to every user" in result["msg"]) == (True, True)


@pytest.mark.parametrize(
    ("inventory", "refused"),
    [(["."], True), (["store"], True), (["elsewhere"], False), (["hosts.yml", "one,"], False), ([], False)],
)
def test_a_store_that_ansible_would_read_as_inventory(
    controller: Controller, inventory: list[str], refused: bool
) -> None:
    controller.enroll()
    parent = controller.folder.parent
    (parent / "elsewhere").mkdir()
    (parent / "hosts.yml").touch()
    controller.inventory = [str(parent / source) for source in inventory]
    result = controller.do("planned")
    assert result["failed"] is refused
    assert ("give a folder elsewhere" in result["msg"]) is refused


def test_a_store_that_fails_later_is_no_reason_to_forget(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.enroll()
    plan = controller.do("planned")

    def fail(*_args: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(type(controller.store), "write", fail)
    result = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("the disk is full. ")
    assert "Nothing was sent" not in result["msg"]


def test_an_accident_shows_nothing_of_its_cause(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError(OLD)

    monkeypatch.setattr(type(controller.store), "read", fail)
    result = controller.do("planned")
    assert result["failed"] is True
    assert "unexpected RuntimeError in state planned" in result["msg"]


def interfere(store: Store, times: list[int], then: Callable[[Entry], Entry]) -> Any:
    """Return a ``read`` after which another run writes, as often as ``times`` has entries."""
    real_read, real_write = type(store).read, type(store).write

    def read(self: Any, host: str, kind: str) -> Entry | None:
        entry: Entry | None = real_read(self, host, kind)
        if times and entry:
            times.pop()
            real_write(self, host, kind, then(entry))
        return entry

    return read


def test_a_decision_is_taken_anew_when_another_run_wrote_in_between(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.enroll()
    read = interfere(controller.store, [1], lambda entry: entry.changed(rotated_at=NOW))
    monkeypatch.setattr(type(controller.store), "read", read)
    assert controller.do("planned")["outcome"] == "not_due"


def test_for_ever_in_conflict(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    controller.enroll()
    read = interfere(controller.store, [1] * 99, lambda entry: entry)
    monkeypatch.setattr(type(controller.store), "read", read)
    result = controller.do("planned")
    assert (result["failed"], "another run has written" in result["msg"]) == (True, True)
    assert issubclass(Conflict, StoreError)


# -- arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({"kind": "cc_supervisor"}, "kind"),
        ({"state": "gone"}, "state"),
        ({"state": "failed"}, "step"),
        ({"state": "enrolled"}, "password"),
        ({"intent": "enroll"}, "password"),
        ({"max_failing_logins": 3}, "max_failing_logins"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_the_argument_spec_refuses(controller: Controller, args: dict[str, Any], complaint: str) -> None:
    given = {"kind": KIND, "state": "planned", "store_path": str(controller.folder), **args}
    with pytest.raises(AnsibleActionFail, match=complaint):
        action(credential.ActionModule, "credential", given).run(task_vars={"inventory_hostname": HOST})


def test_the_module_of_this_name_only_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert documentation.DOCUMENTATION
    result = run_main("credential", {"kind": KIND, "state": "verified", "store_path": "/nowhere"}, capsys)
    assert (result["failed"], "action plugin" in result["msg"]) == (True, True)

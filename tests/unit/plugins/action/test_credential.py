# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential action: one state after the other, and what it does with bad input and other runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
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

from ansible_collections.callcenter.passwords.plugins.action import credential
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import CC_AGENT, Context
from ansible_collections.callcenter.passwords.plugins.module_utils.credential_options import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.modules import credential as documentation
from ansible_collections.callcenter.passwords.plugins.plugin_utils import transition
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Attempt,
    Conflict,
    Entry,
    StoreError,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store, open_store

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
HOST, KIND = "agent-1001", "cc_agent"
KEYS = loader(("default", "key"))
RULES = frozenset(ARGUMENTS.options["rules"]["options"])


class Controller:
    """A controller with its store; :meth:`do` runs one task."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = open_store(str(folder), None, KEYS)
        self.keys = KEYS
        self.inventory: list[str] = []

    def do(self, state: str, *, check_mode: bool = False, connection: str = "local", **args: Any) -> dict[str, Any]:
        rules = {name: args.pop(name) for name in RULES if name in args}
        given = {"kind": KIND, "state": state, "store_path": str(self.folder), "rules": rules, **args}
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
        assert result["kind"] == given["kind"]
        return result

    def enroll(self, *, host: str = HOST, kind: str = KIND, **values: Any) -> Entry:
        return self.store.write(host, kind, Entry(**{"current": self.store.seal(OLD), **values}))

    def stage(self, **values: Any) -> Entry:
        return self.enroll(staged=self.store.seal(NEW), staged_at=NOW, **values)

    @property
    def entry(self) -> Entry:
        return self.entry_of(HOST, KIND)

    def entry_of(self, host: str, kind: str) -> Entry:
        entry = self.store.read(host, kind)
        assert entry is not None
        return entry

    def secret(self, version: str) -> str:
        return self.store.unseal(getattr(self.entry, version))

    def ledger(self, host: str = HOST, kind: str = KIND) -> list[tuple[str, str]]:
        return [(attempt.secret, attempt.outcome) for attempt in self.entry_of(host, kind).ledger]


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    monkeypatch.setattr(transition, "now", lambda: NOW)
    return Controller(tmp_path / "store")


# -- a rotation --------------------------------------------------------------------------------------------------------


def test_a_whole_rotation(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned", identifiers=["1001"])
    assert (plan["outcome"], plan["changed"], plan["failed"]) == ("due", False, False)
    assert plan["rotation"] == plan["rotation"] | {
        "step": "log_in",
        "login": "current",
        "resent": False,
        "version": 2,
        "staged_at": None,
    }
    assert controller.ledger() == [("current", "pending")]

    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    assert (staged["outcome"], staged["changed"]) == ("staged", True)
    assert staged["rotation"] == staged["rotation"] | {
        "step": "change",
        "login": "current",
        "resent": False,
        "version": 3,
        "staged_at": NOW.isoformat(),
    }
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


def test_the_rules_of_the_plan_hold_to_the_end(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned", max_failing_logins=1, lock_window_minutes=5)
    assert plan["rotation"]["rules"]["max_failing_logins"] == 1
    failed = controller.do(
        "staged", rotation=plan["rotation"], result={"outcome": "bad", "failed": True}, max_failing_logins=2
    )
    assert failed["rotation"]["rules"] == plan["rotation"]["rules"]
    assert controller.do("planned", max_failing_logins=1, lock_window_minutes=5)["outcome"] == "diverged"


def test_a_tenants_policy_shapes_the_candidate(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned", policy={"generated_length": 31})
    controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    assert len(controller.secret("staged")) == 31


def test_a_policy_that_cannot_be_met(controller: Controller) -> None:
    controller.enroll()
    plan = controller.do("planned")
    rotation = {**plan["rotation"], "policy": {"nonsense": 1}}
    result = controller.do("staged", rotation=rotation, result={"outcome": "ok"})
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
        ("stage", {"outcome": "failed"}, "failed", True, True, [("staged", "pending")]),
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
    sent_before = {**plan["rotation"], "resent": True}
    failed = controller.do("failed", step=step, result={"failed": True, **result}, rotation=sent_before)
    assert (failed["outcome"], failed["fatal"], failed["failed"]) == (outcome, fatal, False)
    assert bool(controller.entry.staged) is staged
    assert controller.ledger() == ledger
    assert controller.entry.written_by is None


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({"outcome": "unknown", "code": "107-004"}, True),
        ({"outcome": "unknown", "code": None}, False),
        ({"outcome": "changed", "code": "0"}, False),
        ({"skipped": True}, False),
    ],
)
def test_a_change_that_failed_for_no_told_cause_may_have_been_a_wrong_login(
    controller: Controller, change: dict[str, Any], counted: bool
) -> None:
    """Somebody else may have changed the password since the login: then the change presented a wrong one."""
    controller.stage()
    plan = controller.do("planned")
    result = {"failed": True, "outcome": "bad"}
    failed = controller.do("failed", step="verify", result=result, change=change, rotation=plan["rotation"])
    assert failed["outcome"] == "bad"
    assert controller.ledger() == [("staged", "bad"), *([("current", "unknown")] if counted else [])]
    assert controller.do("planned")["outcome"] == ("cooling" if counted else "resume")


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({"outcome": "refused", "login": "ok", "msg": "once in 24 hours"}, "denied"),
        ({"outcome": "refused", "login": None, "msg": "session lost"}, "denied"),
        ({"outcome": "refused", "login": "live"}, "live"),
        ({"outcome": "refused", "login": "unreachable"}, "unreachable"),
    ],
)
def test_a_candidate_that_was_never_sent_is_dropped(
    controller: Controller, result: dict[str, Any], outcome: str
) -> None:
    controller.enroll()
    plan = controller.do("planned")
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    failed = controller.do("failed", step="change", result={"failed": True, **result}, rotation=staged["rotation"])
    assert failed["outcome"] == outcome
    assert controller.entry.staged is None
    assert "candidate" not in failed["msg"]


def test_a_candidate_that_was_sent_before_is_kept_where_it_was_not_carried_out(controller: Controller) -> None:
    controller.stage(ledger=refused("staged"))
    plan = controller.do("planned")
    staged = controller.do("staged", rotation=plan["rotation"], result={"outcome": "ok"})
    result = {"failed": True, "outcome": "refused", "login": "ok", "msg": "session lost"}
    controller.do("failed", step="change", result=result, rotation=staged["rotation"])
    assert controller.entry.staged is not None


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


# -- one change in so many hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"when": "always", "min_age_hours": 24}, "too_early"),
        ({"max_age_days": 0, "min_age_hours": 24}, "too_early"),
        ({"when": "always", "min_age_hours": 10}, "due"),
        ({"when": "always"}, "due"),
        ({"min_age_hours": 24}, "not_due"),
    ],
)
def test_the_age_from_which_a_server_accepts_a_change(
    controller: Controller, options: dict[str, Any], outcome: str
) -> None:
    controller.enroll(rotated_at=NOW - timedelta(hours=10))
    plan = controller.do("planned", **options)
    assert (plan["outcome"], plan["failed"], plan["changed"]) == (outcome, False, False)


# -- changed with another kind's password ------------------------------------------------------------------------------

ACCOUNT = "cec_account"
PHONE: dict[str, Any] = {"kind": "cec_sip", "changed_with": ACCOUNT, "verified_with": ACCOUNT}
AT_REGISTRAR: dict[str, Any] = {"kind": "cec_sip", "changed_with": ACCOUNT}
DAYS_AGO = NOW - timedelta(days=9)


def refused(*secrets: str) -> tuple[Attempt, ...]:
    """Return the ledger of a credential whose passwords were refused some days ago."""
    return tuple(Attempt(DAYS_AGO, secret, "bad", "earlier") for secret in secrets)


@pytest.fixture
def phone(controller: Controller) -> Controller:
    """A controller that looks after a business account and its SIP phone."""
    controller.enroll(kind=ACCOUNT)
    controller.enroll(kind="cec_sip")
    return controller


def test_a_whole_rotation_with_another_kinds_password(phone: Controller) -> None:
    account = phone.entry_of(HOST, ACCOUNT)
    plan = phone.do("planned", **PHONE)
    assert (plan["outcome"], plan["rotation"]["step"]) == ("due", "log_in")
    staged = phone.do("staged", **PHONE, rotation=plan["rotation"], result={"outcome": "bad", "failed": True})
    assert (staged["rotation"]["step"], staged["changed"]) == ("change", True)
    done = phone.do("committed", **PHONE, rotation=staged["rotation"])
    assert (done["outcome"], phone.ledger(kind="cec_sip")) == ("rotated", [])
    after = phone.entry_of(HOST, ACCOUNT)
    assert (after.current, after.ledger) == (account.current, ())


@pytest.mark.parametrize("intent", ["rotate", "verify"])
@pytest.mark.parametrize(
    ("account", "failed", "why"),
    [
        ({"current": None}, True, "is not enrolled"),
        ({"staged": "seal", "staged_at": NOW}, True, "is unresolved"),
        ({"ledger": refused("current")}, True, "the stored password does not work"),
        ({"ledger": (Attempt(NOW, "current", "unknown", "x"),) * 2}, False, "nothing is tried before"),
        ({"ledger": (Attempt(NOW, "current", "locked", "x"),)}, False, "nothing is tried before"),
        ({"ledger": (Attempt(DAYS_AGO, "current", "bad", "x", 1),)}, True, "leaves 1 attempts"),
    ],
)
def test_another_kind_that_cannot_be_used_stops_the_plan(
    controller: Controller, account: dict[str, Any], failed: bool, why: str, intent: str
) -> None:
    if "staged" in account:
        account = {**account, "staged": controller.store.seal(NEW)}
    controller.enroll(kind=ACCOUNT, **account)
    before = controller.enroll(kind="cec_sip")
    plan = controller.do("planned", **PHONE, intent=intent)
    assert (plan["outcome"], plan["failed"], plan["changed"]) == ("blocked", failed, False)
    assert plan["rotation"]["step"] == ("fail" if failed else "done")
    assert plan["msg"].startswith(ACCOUNT)
    assert why in plan["msg"]
    assert controller.entry_of(HOST, "cec_sip") == before


def test_another_kind_that_is_not_looked_after_stops_the_plan(controller: Controller) -> None:
    controller.enroll(kind="cec_sip")
    plan = controller.do("planned", **PHONE)
    assert (plan["outcome"], "is not enrolled" in plan["msg"]) == ("blocked", True)


def test_another_kind_that_cannot_be_used_stops_an_enrolment(controller: Controller) -> None:
    """The CEC verifies a phone with the account's password."""
    controller.enroll(kind=ACCOUNT, ledger=refused("current"))
    plan = controller.do("planned", **PHONE, intent="enroll", password=OLD)
    assert (plan["outcome"], plan["failed"]) == ("blocked", True)
    assert controller.store.read(HOST, "cec_sip") is None


def test_a_verification_at_the_registrar_needs_no_other_kind(controller: Controller) -> None:
    controller.enroll(kind="cec_sip")
    plan = controller.do("planned", **AT_REGISTRAR, intent="verify")
    assert plan["rotation"]["step"] == "log_in"
    # A wrong password is no divergence, for the next rotation replaces it.
    failure = {"failed": True, "outcome": "bad", "msg": "wrong", "account_login": None}
    failed = controller.do("failed", **AT_REGISTRAR, step="log_in", result=failure, rotation=plan["rotation"])
    assert (failed["outcome"], failed["fatal"], failed["msg"]) == (
        "bad",
        True,
        "log in: wrong; the next rotation replaces it",
    )
    assert controller.do("planned", **AT_REGISTRAR)["outcome"] == "blocked"


def test_what_is_not_due_does_not_look_at_the_other_kind(controller: Controller) -> None:
    controller.enroll(kind="cec_sip", rotated_at=NOW)
    assert controller.do("planned", **PHONE)["outcome"] == "not_due"


@pytest.mark.parametrize("step", ["log_in", "change", "verify"])
@pytest.mark.parametrize(
    ("account_login", "recorded"),
    [
        ("bad", [("current", "bad")]),
        ("unknown", [("current", "unknown")]),
        ("locked", [("current", "locked")]),
        ("unreachable", []),
        ("ok", []),
        (None, []),
    ],
)
def test_a_failed_login_with_another_kinds_password_is_recorded_there(
    phone: Controller, step: str, account_login: str | None, recorded: list[tuple[str, str]]
) -> None:
    plan = phone.do("planned", **PHONE)
    result = {"outcome": "denied", "account_login": account_login, "msg": "why", "failed": True}
    failed = phone.do("failed", **PHONE, step=step, result=result, rotation=plan["rotation"])
    assert (failed["fatal"], failed["failed"]) == (True, False)
    assert phone.ledger(kind=ACCOUNT) == recorded
    if step != "change":  # There is nothing of this kind's own to settle with a change.
        assert phone.ledger(kind="cec_sip") == []
    assert phone.do("planned", **PHONE)["outcome"] == ("blocked" if account_login in ("bad", "locked") else "due")


def test_what_the_server_says_of_another_kinds_login_is_recorded_there(phone: Controller) -> None:
    plan = phone.do("planned", **PHONE)
    result = {"outcome": "denied", "account_login": "locked", "unlock_in_seconds": 90, "failed": True}
    phone.do("failed", **PHONE, step="log_in", result=result, rotation=plan["rotation"])
    assert phone.entry_of(HOST, ACCOUNT).ledger[0].until == NOW + timedelta(seconds=90)


def test_a_lost_password_is_no_divergence_where_another_kinds_is_presented(controller: Controller) -> None:
    controller.enroll(kind=ACCOUNT)
    controller.enroll(kind="cec_sip", ledger=refused("current"))
    assert controller.do("planned", kind="cec_sip")["outcome"] == "diverged"
    plan = controller.do("planned", **PHONE)
    # No login could tell more, so the candidate is staged at once.
    assert (plan["outcome"], plan["changed"], plan["rotation"]["step"]) == ("due", True, "change")
    assert controller.entry_of(HOST, "cec_sip").staged is not None


def test_a_wrong_login_with_a_password_that_was_replaced_in_the_meantime_says_nothing_of_the_new_one(
    phone: Controller,
) -> None:
    """Another run rotates the account between this run's plan and its login."""
    plan = phone.do("planned", **PHONE)
    account = phone.entry_of(HOST, ACCOUNT)
    rotated = account.changed(current=phone.store.seal(NEW), previous=account.current, rotated_at=NOW, ledger=())
    phone.store.write(HOST, ACCOUNT, rotated)
    result = {"outcome": "denied", "account_login": "bad", "failed": True}
    phone.do("failed", **PHONE, step="log_in", result=result, rotation=plan["rotation"])
    assert phone.do("planned", kind=ACCOUNT, when="always")["outcome"] == "due"


def test_a_step_elsewhere_that_was_cut_off_may_have_cost_the_other_kind_a_login(phone: Controller) -> None:
    plan = phone.do("planned", **PHONE, connection="ssh")
    failure = {"failed": True, "msg": "connection lost"}
    phone.do("failed", **PHONE, connection="ssh", step="log_in", result=failure, rotation=plan["rotation"])
    assert phone.ledger(kind=ACCOUNT) == [("current", "unknown")]


def test_another_run_that_writes_the_other_kind_in_between_loses_no_record(
    phone: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = phone.do("planned", **PHONE)
    read = interfere(phone.store, [1], lambda entry: entry.changed(written_by="another run"))
    monkeypatch.setattr(type(phone.store), "read", read)
    result = {"outcome": "denied", "account_login": "unknown", "failed": True}
    phone.do("failed", **PHONE, step="log_in", result=result, rotation=plan["rotation"])
    assert phone.ledger(kind=ACCOUNT) == [("current", "unknown")]


# -- repair ------------------------------------------------------------------------------------------------------------


def test_a_whole_repair(controller: Controller) -> None:
    controller.enroll(ledger=refused("current"))
    plan = controller.do("planned", repair=True, identifiers=["1001"])
    assert (plan["outcome"], plan["changed"], plan["failed"]) == ("repair", True, False)
    assert plan["rotation"] == plan["rotation"] | {
        "step": "repair",
        "login": "staged",
        "resent": False,
        "version": 2,
        "staged_at": NOW.isoformat(),
    }
    # Durable before anything is sent.
    candidate = controller.secret("staged")
    assert candidate not in str(plan)
    assert CC_AGENT.violations(candidate, Context(["1001"], [OLD])) == []
    assert controller.ledger() == [("current", "bad"), ("staged", "pending")]
    done = controller.do("committed", rotation=plan["rotation"])
    assert (done["outcome"], done["rotated_at"]) == ("rotated", NOW.isoformat())
    assert (controller.secret("current"), controller.secret("previous"), controller.ledger()) == (candidate, OLD, [])


def test_a_diverged_credential_is_left_alone_unless_it_may_be_repaired(controller: Controller) -> None:
    before = controller.stage(ledger=refused("current", "staged"))
    assert controller.do("planned")["outcome"] == "diverged"
    assert controller.entry == before


def test_a_repair_in_check_mode_says_what_would_be_done(controller: Controller) -> None:
    before = controller.enroll(ledger=refused("current"))
    plan = controller.do("planned", repair=True, check_mode=True)
    assert (plan["outcome"], plan["changed"], plan["failed"], plan["rotation"]["step"]) == (
        "repair",
        True,
        False,
        "done",
    )
    assert "the administrator sets a candidate; check mode sends and writes nothing" in plan["msg"]
    assert controller.entry == before


def test_a_repair_sets_the_candidate_that_there_is(controller: Controller) -> None:
    candidate = "Kept_Marker-5q"
    seal = controller.store.seal
    controller.enroll(staged=seal(candidate), staged_at=DAYS_AGO, ledger=refused("current", "staged"))
    plan = controller.do("planned", repair=True)
    assert (plan["outcome"], plan["changed"], plan["rotation"]["staged_at"]) == ("repair", False, DAYS_AGO.isoformat())
    assert controller.secret("staged") == candidate


@pytest.mark.parametrize("option", ["policy", "repair_policy"])
def test_a_candidate_that_the_administrators_policy_refuses_gives_way(controller: Controller, option: str) -> None:
    controller.stage(ledger=refused("current", "staged"))
    plan = controller.do("planned", repair=True, **{option: {"max_length": 12}})
    assert (plan["outcome"], plan["changed"], plan["rotation"]["staged_at"]) == ("repair", True, NOW.isoformat())
    assert len(controller.secret("staged")) == 12
    assert controller.secret("previous") == NEW
    assert controller.ledger()[0] == ("current", "bad")


def test_what_an_administrator_set_under_rules_of_its_own_is_due_at_once(controller: Controller) -> None:
    controller.enroll(ledger=refused("current"))
    rules = {"repair": True, "repair_policy": {"max_length": 12}}
    plan = controller.do("planned", **rules)
    done = controller.do("committed", **rules, rotation=plan["rotation"])
    assert (done["outcome"], done["rotated_at"], "temporary" in done["msg"]) == ("rotated", None, True)
    assert controller.do("planned", **rules)["outcome"] == "due"


def test_an_ordinary_change_is_not_temporary_where_a_repair_would_be(controller: Controller) -> None:
    controller.stage()
    rules = {"repair": True, "repair_policy": {"max_length": 12}}
    plan = controller.do("planned", **rules)
    staged = controller.do("staged", **rules, rotation=plan["rotation"], result={"outcome": "ok"})
    assert controller.do("committed", **rules, rotation=staged["rotation"])["rotated_at"] == NOW.isoformat()


def test_a_refused_repair_drops_the_candidate_and_claims_nothing(controller: Controller) -> None:
    controller.stage(ledger=refused("current", "staged"))
    plan = controller.do("planned", repair=True)
    failure = {"outcome": "refused", "password_refused": True, "msg": "history", "failed": True}
    result = controller.do("failed", step="repair", repair=True, result=failure, rotation=plan["rotation"])
    assert (result["outcome"], result["fatal"]) == ("refused", True)
    assert result["msg"] == "repair: history; the candidate was dropped"
    assert controller.entry.staged is None
    assert controller.secret("previous") == NEW, "it may be in place"


@pytest.mark.parametrize("outcome", ["denied", "unreachable"])
def test_a_repair_that_fails_keeps_the_candidate_and_says_why(controller: Controller, outcome: str) -> None:
    controller.enroll(ledger=refused("current"))
    plan = controller.do("planned", repair=True)
    failure = {"outcome": outcome, "msg": "HTTP 403", "failed": True}
    result = controller.do("failed", step="repair", repair=True, result=failure, rotation=plan["rotation"])
    assert result["fatal"] is True
    assert result["msg"].startswith("repair: HTTP 403")
    assert controller.entry.staged is not None
    assert controller.ledger() == [("current", "bad")]


def test_another_vault_password_is_found_out_before_a_repair(controller: Controller) -> None:
    before = controller.stage(ledger=refused("current", "staged"))
    controller.keys = loader(("default", "another"))
    result = controller.do("planned", repair=True)
    assert (result["failed"], "the vault password does not open" in result["msg"]) == (True, True)
    assert controller.entry == before


def test_another_vault_password_is_found_out_before_a_repair_with_a_new_candidate(controller: Controller) -> None:
    before = controller.enroll(ledger=refused("current"))
    controller.keys = loader(("default", "another"))
    assert controller.do("planned", repair=True)["failed"] is True
    assert controller.entry == before


# -- a repair with the password of an administrator that is looked after -----------------------------------------------

ADMIN_HOST, ADMIN_KIND = "admin-101", "cc_config"
BY_ADMIN: dict[str, Any] = {"repair": True, "repair_with": ADMIN_KIND, "repair_host": ADMIN_HOST}


@pytest.fixture
def administered(controller: Controller) -> Controller:
    """A controller with an agent that has diverged, and its administrator."""
    controller.enroll(ledger=refused("current"))
    controller.enroll(host=ADMIN_HOST, kind=ADMIN_KIND)
    return controller


def test_the_administrators_login_is_booked_until_the_repair_is_over(administered: Controller) -> None:
    plan = administered.do("planned", **BY_ADMIN)
    assert plan["rotation"]["step"] == "repair"
    assert administered.ledger(ADMIN_HOST, ADMIN_KIND) == [("current", "pending")]
    administered.do("committed", **BY_ADMIN, rotation=plan["rotation"])
    assert administered.ledger(ADMIN_HOST, ADMIN_KIND) == []


@pytest.mark.parametrize(
    ("step", "result", "recorded"),
    [
        ("repair", {"outcome": "refused", "login": "bad"}, [("current", "bad")]),
        ("repair", {"outcome": "refused", "login": "unknown"}, [("current", "unknown")]),
        ("repair", {"outcome": "refused", "login": "ok", "password_refused": True}, []),
        ("repair", {"outcome": "refused", "login": "unreachable"}, []),
        ("verify", {"outcome": "bad"}, []),
    ],
)
def test_a_failed_login_of_the_administrator_is_recorded_there(
    administered: Controller, step: str, result: dict[str, Any], recorded: list[tuple[str, str]]
) -> None:
    plan = administered.do("planned", **BY_ADMIN)
    administered.do("failed", **BY_ADMIN, step=step, result={"failed": True, **result}, rotation=plan["rotation"])
    assert administered.ledger(ADMIN_HOST, ADMIN_KIND) == recorded


def test_an_administrator_whose_password_does_not_work_stops_the_repair(controller: Controller) -> None:
    before = controller.enroll(ledger=refused("current"))
    controller.enroll(host=ADMIN_HOST, kind=ADMIN_KIND, ledger=refused("current"))
    plan = controller.do("planned", **BY_ADMIN)
    assert (plan["outcome"], plan["failed"], plan["rotation"]["step"]) == ("blocked", True, "fail")
    assert plan["msg"].startswith(f"{ADMIN_KIND} of {ADMIN_HOST}: ")
    assert controller.entry == before


def test_a_repair_that_is_stopped_announces_no_change(controller: Controller) -> None:
    controller.enroll(ledger=refused("current"))
    controller.enroll(host=ADMIN_HOST, kind=ADMIN_KIND, ledger=refused("current"))
    assert controller.do("planned", **BY_ADMIN)["changed"] is False


def test_a_repair_by_an_administrator_in_check_mode_books_nothing(administered: Controller) -> None:
    plan = administered.do("planned", check_mode=True, **BY_ADMIN)
    assert (plan["outcome"], plan["changed"]) == ("repair", True)
    assert administered.ledger(ADMIN_HOST, ADMIN_KIND) == []
    assert administered.entry.staged is None


def test_a_repair_that_is_planned_anew_is_not_stopped_by_its_own_booking(
    administered: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_read, real_write = type(administered.store).read, type(administered.store).write
    once = [1]

    def read(self: Any, host: str, kind: str) -> Entry | None:
        entry: Entry | None = real_read(self, host, kind)
        if once and kind == KIND and entry:
            once.pop()
            real_write(self, host, kind, entry)
        return entry

    monkeypatch.setattr(type(administered.store), "read", read)
    plan = administered.do("planned", **BY_ADMIN, max_failing_logins=1)
    assert plan["outcome"] == "repair"
    assert administered.ledger(ADMIN_HOST, ADMIN_KIND) == [("current", "pending")]


# -- what a server tells -----------------------------------------------------------------------------------------------

USER = "idaas"


@pytest.fixture
def user(controller: Controller) -> Controller:
    """A controller that looks after an IDaaS user."""
    controller.enroll(kind=USER)
    return controller


def test_a_candidate_obeys_the_policy_that_the_login_announced(user: Controller) -> None:
    plan = user.do("planned", kind=USER)
    announced = {"min_length": 22, "max_length": 24, "pattern": "[A-Za-z0-9#]+"}
    result = {"outcome": "ok_restricted", "policy": announced, "second_factor": False}
    staged = user.do("staged", kind=USER, rotation=plan["rotation"], result=result)
    assert staged["rotation"]["step"] == "change"
    candidate = user.store.unseal(user.entry_of(HOST, USER).staged or user.store.seal(""))
    assert re.fullmatch(r"[A-Za-z0-9#]{22,24}", candidate)


@pytest.mark.parametrize("announced", [{}, None, "nonsense"])
def test_a_login_that_announces_no_policy(user: Controller, announced: Any) -> None:
    plan = user.do("planned", kind=USER)
    result = {"outcome": "ok", "policy": announced}
    assert user.do("staged", kind=USER, rotation=plan["rotation"], result=result)["outcome"] == "staged"


def test_an_announced_policy_that_nothing_satisfies_stages_nothing(user: Controller) -> None:
    plan = user.do("planned", kind=USER, policy={"min_length": 30})
    result = {"outcome": "ok", "policy": {"max_length": 8}}
    rules = {"policy": {"min_length": 30}}
    staged = user.do("staged", kind=USER, rotation=plan["rotation"], result=result, **rules)
    assert staged["failed"] is True
    assert user.entry_of(HOST, USER).staged is None


def test_a_second_factor_stages_nothing(user: Controller) -> None:
    plan = user.do("planned", kind=USER)
    result = {"outcome": "ok_restricted", "second_factor": True, "policy": {}}
    staged = user.do("staged", kind=USER, rotation=plan["rotation"], result=result)
    assert (staged["outcome"], staged["failed"], staged["changed"]) == ("second_factor", True, False)
    entry = user.entry_of(HOST, USER)
    assert (entry.staged, entry.ledger, entry.written_by) == (None, (), None)


@pytest.mark.parametrize(("state", "step"), [("staged", None), ("failed", "log_in")])
def test_how_many_attempts_are_left_is_kept_and_obeyed(user: Controller, state: str, step: str | None) -> None:
    plan = user.do("planned", kind=USER)
    result = {"outcome": "bad", "remaining_attempts": 1, "failed": True}
    options = {"step": step} if step else {}
    done = user.do(state, kind=USER, rotation=plan["rotation"], result=result, **options)
    assert done["outcome"] == "few_attempts"
    assert user.entry_of(HOST, USER).ledger[0].remaining == 1
    again = user.do("planned", kind=USER, when="always")
    assert (again["outcome"], again["failed"]) == ("few_attempts", True)
    assert user.do("planned", kind=USER, retry_diverged=True)["rotation"]["step"] == "log_in"


def test_when_the_server_unlocks_is_kept_and_obeyed(user: Controller) -> None:
    plan = user.do("planned", kind=USER)
    result = {"outcome": "locked", "unlock_in_seconds": 3600 * 5, "failed": True}
    user.do("failed", kind=USER, step="log_in", rotation=plan["rotation"], result=result)
    assert user.entry_of(HOST, USER).ledger[0].until == NOW + timedelta(hours=5)
    again = user.do("planned", kind=USER)
    assert (again["outcome"], "2026-11-21 17:00 UTC" in again["msg"]) == ("cooling", True)


@pytest.mark.parametrize("number", [True, "1", 1.5, None, [1]])
def test_what_is_no_number_tells_nothing(user: Controller, number: Any) -> None:
    plan = user.do("planned", kind=USER)
    result = {"outcome": "bad", "remaining_attempts": number, "unlock_in_seconds": number, "failed": True}
    user.do("staged", kind=USER, rotation=plan["rotation"], result=result)
    attempt = user.entry_of(HOST, USER).ledger[0]
    assert (attempt.remaining, attempt.until) == (None, None)


# -- arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({"kind": "cc_supervisor"}, "kind"),
        ({"state": "gone"}, "state"),
        ({"state": "failed"}, "step"),
        ({"state": "enrolled"}, "password"),
        ({"intent": "enroll"}, "password"),
        ({"rules": {"max_failing_logins": 3}}, "max_failing_logins"),
        ({"rules": {"changed_with": "cc_supervisor"}}, "changed_with"),
        ({"rules": {"repair_with": "cc_config"}}, "repair_host"),
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

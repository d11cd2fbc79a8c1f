# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the effects of a flow do in check mode, and where other runs write in between."""

from __future__ import annotations

from typing import Any

import pytest
from support.module_runner import NEW, OLD
from support.rotation_scene import (
    ADMIN,
    CHANGED,
    HOST,
    NO,
    OK,
    SESSION,
    Scene,
    encrypted,
)
from support.rotation_values import (
    CURRENT,
    NOW,
    WRONG,
    decisions,
    line,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Next
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    Entry,
    StoreError,
)

# -- check mode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cc_agent", "cec_sip"])
def test_check_mode_ends_before_the_first_request(kind: str) -> None:
    scene = Scene(kind)
    scene.enroll("cec_account")
    before = dict(scene.store.entries)
    scene.made = scene.driver(check_mode=True)
    step = scene.finish(flow.rotate(decisions(has_parent=kind == "cec_sip")))
    assert (step.next, step.decision.outcome) == (Next.DONE, "due")
    assert step.decision.message == "the password is due; check mode sends and writes nothing"
    assert (scene.made.is_prediction, scene.made.changed, scene.store.entries) == (True, True, before)


def test_check_mode_of_an_enrollment() -> None:
    for verifies in (True, False):
        scene = Scene(initial=OLD)
        scene.store.entries.clear()
        scene.made = scene.driver(check_mode=True)
        step = scene.finish(flow.enroll(decisions(), Enrollment(encrypted(OLD), verify=verifies)))
        assert (step.next, scene.made.is_prediction, scene.store.entries) == (Next.DONE, True, {})


@pytest.mark.parametrize(
    ("entry", "outcome", "next_"),
    [({"rotated_at": NOW}, "not_due", Next.DONE), ({"ledger": (line(CURRENT, WRONG),)}, "diverged", Next.FAIL)],
)
def test_check_mode_predicts_no_change_where_there_is_none(entry: dict[str, Any], outcome: str, next_: Next) -> None:
    scene = Scene()
    scene.enroll("cc_agent", **entry)
    scene.made = scene.driver(check_mode=True)
    step = scene.finish(flow.rotate(decisions(when="due")))
    assert (step.next, step.decision.outcome) == (next_, outcome)
    assert (scene.made.is_prediction, scene.made.changed) == (False, False)


def test_check_mode_tells_that_a_parent_blocks() -> None:
    scene = Scene("cec_sip")
    scene.enroll("cec_account", ledger=(line(CURRENT, WRONG),))
    before = dict(scene.store.entries)
    scene.made = scene.driver(check_mode=True)
    step = scene.finish(flow.rotate(decisions(has_parent=True)))
    assert (step.decision.outcome, scene.made.changed, scene.store.entries) == ("blocked", False, before)


def test_a_new_candidate_of_a_repair_is_no_change_in_check_mode() -> None:
    scene = Scene(administrator=ADMIN)
    scene.enroll("cc_agent", ledger=(line(CURRENT, WRONG),))
    scene.made = scene.driver(check_mode=True)
    step = scene.finish(flow.rotate(decisions(repair=True, has_administrator=True)))
    assert (step.decision.outcome, "cannot be used" in step.decision.message) == ("blocked", True)
    assert [one["changed"] for one in scene.made.steps] == [False, False]


# -- other runs --------------------------------------------------------------------------------------------------------


def interfere(scene: Scene, times: int, **values: Any) -> None:
    """Let another run write right before a write of this one, so many times."""

    def write(number: int) -> None:
        nonlocal times
        if times:
            times -= 1
            entry = scene.entry
            scene.store.entries[HOST, scene.kind] = entry.changed(version=entry.version + 1, **values)

    scene.store.before_write = write


def test_a_decision_is_taken_anew_where_another_run_wrote_in_between() -> None:
    scene = Scene()
    interfere(scene, 1, rotated_at=NOW)
    assert scene.rotate(when="due").decision.outcome == "not_due"
    assert (scene.store.writes, scene.steps) == ([], [("plan", "not_due")])


def test_four_conflicts_are_overcome() -> None:
    scene = Scene()
    interfere(scene, 4)
    assert scene.rotate(SESSION, CHANGED, OK).decision.outcome == "rotated"


def test_five_conflicts_are_a_fault_of_the_store() -> None:
    scene = Scene()
    interfere(scene, 5)
    with pytest.raises(StoreError, match="another run has written this credential in the meantime"):
        scene.rotate()
    assert scene.store.writes == []


def test_a_candidate_that_was_committed_in_between_is_not_committed_again() -> None:
    scene = Scene()

    def commit(number: int) -> None:
        if number == 3 and scene.entry.staged:
            scene.store.entries[HOST, "cc_agent"] = Entry(9, current=scene.entry.staged, rotated_at=NOW)

    scene.store.before_write = commit
    step = scene.rotate(SESSION, CHANGED, OK)
    assert (step.decision.outcome, step.decision.message) == (
        "rotated",
        "another run has committed this rotation already",
    )
    assert (scene.entry.version, scene.made.steps[-1]["changed"]) == (9, False)


def test_a_verified_candidate_that_was_taken_away_is_a_failure() -> None:
    scene = Scene()

    def take_away(number: int) -> None:
        if number == 3 and scene.entry.staged:
            scene.store.entries[HOST, "cc_agent"] = Entry(9, current=encrypted(OLD), previous=scene.entry.staged)

    scene.store.before_write = take_away
    step = scene.rotate(SESSION, CHANGED, OK)
    assert (step.next, step.decision.outcome) == (Next.FAIL, "failed")
    assert scene.made.changed, "the password has changed, for certain"


def test_a_write_that_was_reported_as_failed_is_taken_up_by_the_next_run() -> None:
    scene = Scene()
    original = scene.store.write

    def write(host: str, kind: str, entry: Entry) -> Entry:
        written = original(host, kind, entry)
        if len(scene.store.writes) == 2:
            raise StoreError("the folder could not be flushed")
        return written

    scene.store.write = write  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        scene.rotate(SESSION, OK)
    assert (scene.entry.staged, scene.entry.written_by) == (encrypted(NEW), "me")
    scene.store.write = original  # type: ignore[method-assign]
    step = scene.rotate(NO, SESSION, CHANGED, OK, name="next")
    assert (step.decision.outcome, scene.entry.current) == ("rotated", encrypted(NEW))

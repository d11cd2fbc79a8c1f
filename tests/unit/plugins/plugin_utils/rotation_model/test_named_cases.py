# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases that have a name: every moment to be killed in, and every answer that leaves a doubt.

Each says what its runs report, how many failed logins in a row it costs at most, how many candidates are drawn, how it
ends once nothing goes wrong any more, and which way out leads out where that needs a person.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from support.rotation_model.play import (
    ALWAYS,
    play,
    script,
    settle,
    take_a_way_out,
    telling,
)
from support.rotation_model.world import (
    LOCK_AFTER,
    ORIGINAL,
    SHORTLY,
    Point,
    Server,
    World,
)

from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry


class Case(NamedTuple):
    """Runs, one shortly after the other, each with what goes wrong at its steps."""

    runs: list[dict[str, str]]
    outcomes: list[str]
    failed: int = 0
    candidates: int = 1
    end: str = "rotated"
    way: str = ""


KILLED = {
    "before anything is written": Case([{"plan": "kill"}, {}], ["killed", "rotated"]),
    "before the login": Case([{"log in": "kill"}, {}], ["killed", "rotated"]),
    "before the candidate is written": Case([{"stage": "kill"}, {}], ["killed", "rotated"], candidates=2),
    "candidate written, nothing sent": Case([{"change": "kill"}, {}], ["killed", "rotated"], failed=1),
    "sent, not applied": Case([{"change": "lost", "verify": "kill"}, {}], ["killed", "rotated"], failed=1),
    "sent, applied, answer not read": Case([{"change": "applied, lost", "verify": "kill"}, {}], ["killed", "rotated"]),
    "sent, refused, answer not recorded": Case(
        [{"change": "refused", "record change": "kill"}, {}], ["killed", "rotated"], failed=1
    ),
    "sent, refused, answer not read, and refused again": Case(
        [{"change": "lost", "verify": "kill"}, {"change": "refused"}, {}],
        ["killed", "password_rejected", "rotated"],
        failed=1,
        candidates=2,
    ),
    "refused but applied, answer not recorded": Case(
        [{"change": "refused, applied", "record change": "kill"}, {}], ["killed", "rotated"]
    ),
    # The booked login may have failed, and so did that with the candidate; nothing tells that the first was not made.
    "refused, before the login that decides": Case(
        [{"change": "refused", "log in 2": "kill"}, {}], ["killed", "rotated"]
    ),
    "refused but applied, before the login that decides": Case(
        [{"change": "refused, applied", "log in 2": "kill"}, {}],
        ["killed", "held"],
        failed=1,
        end="held",
        way="a person's word",
    ),
    "refused, the login that decides not recorded": Case(
        [{"change": "refused", "stage 2": "kill"}, {}], ["killed", "rotated"]
    ),
    "refused but applied, the second login that decides not recorded": Case(
        [{"change": "refused, applied", "stage 3": "kill"}, {}],
        ["killed", "held"],
        failed=1,
        end="held",
        way="a person's word",
    ),
    "answer read": Case([{"verify": "kill"}, {}], ["killed", "rotated"]),
    "sent, applied only afterwards": Case(
        [{"change": "late", "verify": "kill"}, {"log in": "lands"}], ["killed", "rotated"]
    ),
    "verification's answer not read": Case(
        [{"verify": "answer lost", "record verify": "kill"}, {}], ["killed", "rotated"]
    ),
    "refused verification not recorded": Case(
        [{"change": "lost", "record verify": "kill"}, {}], ["killed", "rotated"], failed=2
    ),
    # What was found out is lost with both runs. The current password had worked before the change, so it comes next.
    "refused verification not recorded, nor the next login": Case(
        [{"change": "lost", "record verify": "kill"}, {"stage": "kill"}, {}], ["killed", "killed", "rotated"], failed=2
    ),
    "verified, not committed": Case([{"commit": "kill"}, {}], ["killed", "rotated"]),
    "committed, not told so": Case([{"commit": "written, reported failed"}, {}], ["failed", "rotated"], candidates=2),
    "not committed, the disk is full": Case([{"commit": "fails"}, {}], ["failed", "rotated"]),
    "failure not recorded": Case([{"verify": "unreachable", "record verify": "kill"}, {}], ["killed", "rotated"]),
    "candidate not written, the disk is full": Case([{"stage": "fails"}, {}], ["failed", "rotated"], candidates=2),
    "candidate written, reported as not written": Case(
        [{"stage": "written, reported failed"}, {}], ["failed", "rotated"], failed=1
    ),
    "three runs before their login": Case(
        [{"log in": "kill"}, {"log in": "kill"}, {}], ["killed", "killed", "cooling"]
    ),
    "proved later, before it is committed": Case(
        [{"verify": "kill"}, {"commit": "kill"}, {}], ["killed", "killed", "rotated"]
    ),
}

ANSWERED = {
    "no answer, applied": Case([{"change": "applied, lost"}], ["rotated"]),
    "no answer, not applied": Case([{"change": "lost"}, {}], ["wrong_password", "rotated"], failed=1),
    "not sent": Case([{"change": "not sent"}, {}], ["unreachable", "rotated"], candidates=2),
    "not sent on a resend": Case(
        [{"change": "lost"}, {"change": "not sent"}, {}], ["wrong_password", "unreachable", "rotated"], failed=1
    ),
    "success that was not applied": Case([{"change": "lies"}, {}], ["wrong_password", "rotated"], failed=1),
    "success that is applied before the verification": Case(
        [{"change": "late, claimed", "verify": "lands"}], ["rotated"]
    ),
    "success that is applied between two runs": Case(
        [{"change": "late, claimed"}, {"plan": "lands"}],
        ["wrong_password", "diverged"],
        failed=2,
        end="diverged",
        way="a person's word",
    ),
    "no answer, applied after the second run": Case(
        [{"change": "late"}, {"change": "lost"}, {"plan": "lands"}],
        ["wrong_password", "wrong_password", "diverged"],
        failed=2,
        end="diverged",
        way="a person's word",
    ),
    "one replica does not know it yet": Case(
        [{"verify": "lies"}, {}], ["wrong_password", "diverged"], failed=2, end="diverged", way="a person's word"
    ),
    "refused by the policy": Case([{"change": "refused"}, {}], ["password_rejected", "rotated"], candidates=2),
    "refused by the policy on a resend": Case(
        [{"change": "lost"}, {"change": "refused"}, {}],
        ["wrong_password", "password_rejected", "rotated"],
        failed=1,
        candidates=2,
    ),
    "refused but applied": Case([{"change": "refused, applied"}], ["rotated"], failed=1),
    "refused but applied, and no answer at the login that decides": Case(
        [{"change": "refused, applied", "log in 2": "never arrives"}, {}],
        ["unknown", "held"],
        failed=1,
        end="held",
        way="a person's word",
    ),
    "refused, and no answer at the login that decides": Case(
        [{"change": "refused", "log in 2": "never arrives"}, {}], ["unknown", "rotated"]
    ),
    "applied between the login and the change of the second run": Case(
        [{"change": "late"}, {"change": "lands"}, {}],
        ["wrong_password", "held", "held"],
        failed=2,
        end="held",
        way="a person's word",
    ),
    "repeated by a load balancer": Case([{"change": "repeated"}], ["rotated"], failed=1),
    "repeated by a load balancer, and no answer at the login that decides": Case(
        [{"change": "repeated", "log in 2": "answer lost"}, {}],
        ["unknown", "held"],
        failed=1,
        end="held",
        way="a person's word",
    ),
    "session lost, not applied": Case([{"change": "session lost"}, {}], ["session_lost", "rotated"], candidates=2),
    "session lost, applied": Case([{"change": "session lost, applied"}], ["rotated"], failed=1),
    "session lost, applied, and the module logs in again": Case([{"change": "logs in again"}], ["rotated"], failed=1),
    "a code in no table, not applied": Case([{"change": "unmapped"}, {}], ["unknown", "rotated"], candidates=2),
    "a code in no table, applied": Case(
        [{"change": "unmapped, applied"}, {}], ["held", "held"], failed=1, end="held", way="a person's word"
    ),
    "locked at the login": Case([{"log in": "locked"}, {}], ["locked", "cooling"]),
    "locked at the verification": Case([{"verify": "locked"}, {}], ["locked", "cooling"]),
    "locked at the login that decides": Case([{"change": "refused", "log in 2": "locked"}, {}], ["locked", "cooling"]),
    "signed in at the login": Case([{"log in": "signed in"}, {}], ["signed_in", "rotated"]),
    "signed in at the verification": Case([{"verify": "signed in"}, {}], ["signed_in", "rotated"]),
    "right but restricted at the verification": Case([{"verify": "second factor"}], ["rotated"]),
    "second factor at the login": Case([{"log in": "second factor"}, {}], ["second_factor", "rotated"]),
    "no answer at the login": Case([{"log in": "answer lost"}, {}], ["unknown", "rotated"]),
    "no answer twice at the login": Case(
        [{"log in": "never arrives"}, {"log in": "never arrives"}, {}], ["unknown", "unknown", "cooling"]
    ),
    "no answer twice at the login of a changed password": Case(
        [{"log in": "answer lost", "plan": "somebody"}, {"log in": "answer lost"}, {}],
        ["unknown", "unknown", "cooling"],
        failed=2,
        candidates=0,
        end="diverged",
        way="enrollment",
    ),
    "a code in no table at the login": Case([{"log in": "unmapped"}, {}], ["unknown", "rotated"]),
    "a code in no table twice at the login": Case(
        [{"log in": "unmapped"}, {"log in": "unmapped"}, {}],
        ["unknown", "unknown", "held"],
        candidates=0,
        end="held",
        way="a person's word",
    ),
    "no answer at the verification": Case([{"verify": "answer lost"}, {}], ["unknown", "rotated"]),
    # After an outage only a proved password may be tried; it is not the one in force here.
    "no answer at the verification, and at the next login": Case(
        [{"verify": "answer lost"}, {"log in": "answer lost"}, {}],
        ["unknown", "unknown", "cooling"],
        end="held",
        way="a person's word",
    ),
    "no answer at the verification of what was not applied, and at the next login": Case(
        [{"change": "lost", "verify": "answer lost"}, {"log in": "answer lost"}, {}],
        ["unknown", "unknown", "cooling"],
        failed=2,
    ),
    "a code in no table at the verification": Case([{"verify": "unmapped"}, {}], ["unknown", "rotated"]),
    "a code in no table at the verification of what was not applied": Case(
        [{"change": "lies", "verify": "unmapped"}, {}], ["unknown", "held"], failed=2, end="held", way="a person's word"
    ),
    "unreachable at the login": Case([{"log in": "unreachable"}, {}], ["unreachable", "rotated"]),
    "unreachable at the verification": Case([{"verify": "unreachable"}, {}], ["unreachable", "rotated"]),
    "caller or address refused": Case([{"log in": "denied"}, {}], ["access_denied", "rotated"]),
    "right password called wrong": Case(
        [{"log in": "lies"}, {}],
        ["diverged", "diverged"],
        failed=1,
        candidates=0,
        end="diverged",
        way="a person's word",
    ),
    "both passwords called wrong": Case(
        [{"change": "lies"}, {"log in": "lies"}, {}],
        ["wrong_password", "diverged", "diverged"],
        failed=2,
        end="diverged",
        way="enrollment",
    ),
    "changed by somebody before the run": Case(
        [{"plan": "somebody"}, {}], ["diverged", "diverged"], failed=1, candidates=0, end="diverged", way="enrollment"
    ),
    "changed by somebody after the login": Case(
        [{"stage": "somebody"}, {}], ["held", "held"], failed=2, end="held", way="enrollment"
    ),
    # The change itself presents the old password and may count; no ledger can know, see rotation/ledger.py.
    "changed by somebody before the change, no answer": Case(
        [{"stage": "somebody", "change": "lost"}, {}],
        ["wrong_password", "diverged"],
        failed=3,
        end="diverged",
        way="enrollment",
    ),
    "changed by somebody after the change": Case(
        [{"verify": "somebody"}, {}], ["wrong_password", "diverged"], failed=2, end="diverged", way="enrollment"
    ),
    "older store restored after the commit": Case(
        [{"end": "restored 1"}, {}], ["rotated", "diverged"], failed=1, end="diverged", way="enrollment"
    ),
    "older store restored before the change": Case(
        [{"change": "restored 0"}, {}], ["leased", "diverged"], failed=1, end="diverged", way="enrollment"
    ),
    "older store restored, in which the candidate is staged": Case([{"end": "restored 2"}, {}], ["rotated", "rotated"]),
    "older store restored after two rotations": Case(
        [{}, {"end": "restored 2"}, {}],
        ["rotated", "rotated", "diverged"],
        failed=2,
        candidates=2,
        end="diverged",
        way="enrollment",
    ),
}

CASES = [*(("killed: " + name, case) for name, case in KILLED.items()), *ANSWERED.items()]


def follow(case: Case, world: World) -> tuple[list[str], int]:
    """Make the runs of a case. Returns their outcomes, and the most failed logins in a row."""
    most = 0
    outcomes = []
    for faults in case.runs:
        happen = script(faults)

        def watch(world: World, point: Point, happen=happen) -> str:  # type: ignore[no-untyped-def]
            nonlocal most
            most = max(most, world.server.wrong)
            return str(happen(world, point))

        outcomes.append(play(world, ALWAYS, watch))
        most = max(most, world.server.wrong)
        world.wait(SHORTLY)
    return outcomes, most


@pytest.mark.parametrize("case", [case for _name, case in CASES], ids=[name for name, _case in CASES])
def test_case(case: Case) -> None:
    world = World(server=Server(has_history=True), copies=())
    with telling(world):
        outcomes, failed = follow(case, world)
        assert outcomes == case.outcomes
        assert failed == case.failed, "failed logins in a row"
        end = "rotated" if outcomes[-1] == "rotated" else settle(world)
        assert (end, world.candidates) == (case.end, case.candidates)
        assert (take_a_way_out(world) if end != "rotated" else "") == case.way


@pytest.mark.parametrize("fault", ["somebody", "kill"])
def test_where_the_server_counts_down_nothing_is_tried_after_the_first_failed_login(fault: str) -> None:
    world = World(server=Server(tells_attempts=True))
    case = Case([{"plan": "somebody"}, {}], ["few_attempts", "few_attempts"], 1)
    if fault == "kill":
        case = Case([{"change": "lost", "verify": "kill"}, {}, {}], ["killed", "few_attempts", "few_attempts"], 1)
    with telling(world):
        assert follow(case, world) == (case.outcomes, case.failed)
        assert settle(world) == "few_attempts"
        assert take_a_way_out(world) == ("a person's word" if fault == "kill" else "enrollment")


def test_two_wrong_first_passwords_still_count_when_a_third_is_taken_over_unverified() -> None:
    world = World(entry=Entry(), excuses=frozenset({"somebody"}))

    def enroll(password: str, *, verify: bool, replace: bool = False) -> str:
        given = Enrollment(Ciphertext(password), lambda stored: stored == password, replace, verify)
        return play(world, ALWAYS, enrolls=given)

    with telling(world):
        assert [enroll(password, verify=True) for password in ("wrong", "wrong too")] == ["wrong_password"] * 2
        assert enroll("wrong again", verify=False) == "enrolled"
        assert play(world) == "held"
        assert world.server.wrong == LOCK_AFTER - 1
        assert enroll(ORIGINAL, verify=True, replace=True) == "enrolled"
        assert play(world) == "rotated"

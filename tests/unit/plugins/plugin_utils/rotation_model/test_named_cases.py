# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases that have a name: every moment to be killed in, and every answer that leaves a doubt.

Each says what its runs report, how many wrong logins in a row it costs at most, and how many candidates are drawn.
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
    SHORTLY,
    Point,
    Server,
    World,
)


class Case(NamedTuple):
    """Runs, one shortly after the other, each with what goes wrong at its steps."""

    runs: list[dict[str, str]]
    outcomes: list[str]
    wrong: int = 0
    candidates: int = 1
    end: str = "rotated"


KILLED = {
    "before anything is written": Case([{"plan": "kill"}, {}], ["killed", "rotated"]),
    "before the login": Case([{"log in": "kill"}, {}], ["killed", "rotated"]),
    "before the candidate is written": Case([{"stage": "kill"}, {}], ["killed", "rotated"], candidates=2),
    "candidate written, nothing sent": Case([{"change login": "kill"}, {}], ["killed", "rotated"], wrong=1),
    "signed in, nothing sent": Case([{"change": "kill"}, {}], ["killed", "rotated"], wrong=1),
    "sent, not applied": Case([{"change": "lost", "verify": "kill"}, {}], ["killed", "rotated"], wrong=1),
    "sent, applied, answer not read": Case([{"change": "applied, lost", "verify": "kill"}, {}], ["killed", "rotated"]),
    "sent, refused, answer not read": Case(
        [{"change": "lost", "verify": "kill"}, {"change": "refused"}, {}],
        ["killed", "refused", "cooling"],
        wrong=1,
        candidates=2,
    ),
    "answer read": Case([{"verify": "kill"}, {}], ["killed", "rotated"]),
    "sent, applied only afterwards": Case(
        [{"change": "late", "verify": "kill"}, {"log in": "lands"}], ["killed", "rotated"]
    ),
    "verification's answer not read": Case([{"verify": "answer lost", "record": "kill"}, {}], ["killed", "rotated"]),
    "refused verification not recorded": Case(
        [{"change": "lost", "record": "kill"}, {}], ["killed", "rotated"], wrong=2
    ),
    # What was found out is lost with both runs; a third one would lock the account.
    "refused verification not recorded, nor the next login": Case(
        [{"change": "lost", "record": "kill"}, {"stage": "kill"}, {}], ["killed", "killed", "cooling"], wrong=2
    ),
    "verified, not committed": Case([{"commit": "kill"}, {}], ["killed", "rotated"]),
    "committed, not told so": Case([{"commit": "written, reported failed"}, {}], ["failed", "rotated"], candidates=2),
    "not committed, the disk is full": Case([{"commit": "fails"}, {}], ["failed", "rotated"]),
    "failure not recorded": Case([{"verify": "unreachable", "record": "kill"}, {}], ["killed", "rotated"]),
    "candidate not written, the disk is full": Case([{"stage": "fails"}, {}], ["failed", "rotated"], candidates=2),
    "candidate written, reported as not written": Case(
        [{"stage": "written, reported failed"}, {}], ["failed", "rotated"], wrong=1
    ),
    "older store restored after the commit": Case(
        [{"end": "restored 1"}, {}], ["rotated", "diverged"], wrong=1, end="diverged"
    ),
    "older store restored before the change": Case(
        [{"change": "restored 1"}, {}], ["failed", "diverged"], wrong=1, end="diverged"
    ),
}

ANSWERED = {
    "no answer, applied": Case([{"change": "applied, lost"}], ["rotated"]),
    "no answer, not applied": Case([{"change": "lost"}, {}], ["bad", "rotated"], wrong=1),
    "not sent": Case([{"change": "not sent"}, {}], ["denied", "rotated"], candidates=2),
    "success that was not applied": Case([{"change": "lies"}, {}], ["bad", "rotated"], wrong=1),
    "success that is applied before the verification": Case(
        [{"change": "late, claimed", "verify": "lands"}], ["rotated"]
    ),
    "success that is applied between two runs": Case(
        [{"change": "late, claimed"}, {"plan": "lands"}], ["bad", "diverged"], wrong=2, end="diverged"
    ),
    "no answer, applied after the second run": Case(
        [{"change": "late"}, {"change": "lost"}, {"plan": "lands"}], ["bad", "bad", "diverged"], wrong=2, end="diverged"
    ),
    "one replica does not know it yet": Case([{"verify": "lies"}, {}], ["bad", "diverged"], wrong=2, end="diverged"),
    "refused by the policy": Case([{"change": "refused"}, {}], ["refused", "rotated"], candidates=2),
    "refused by the policy on a resend": Case(
        [{"change": "lost"}, {"change": "refused"}, {}], ["bad", "refused", "rotated"], wrong=1, candidates=2
    ),
    "refused by the history, because it is in place": Case(
        [{"change": "late"}, {"change": "lands"}, {}], ["bad", "refused", "diverged"], wrong=1, end="diverged"
    ),
    "locked at the login": Case([{"log in": "locked"}, {}], ["locked", "cooling"]),
    "locked at the change": Case([{"change login": "locked"}, {}], ["locked", "cooling"], candidates=2),
    "locked at the verification": Case([{"verify": "locked"}, {}], ["locked", "cooling"]),
    "live at the login": Case([{"log in": "live"}, {}], ["live", "rotated"]),
    "live at the change": Case([{"change login": "live"}, {}], ["live", "rotated"], candidates=2),
    "live at the verification": Case([{"verify": "live"}, {}], ["live", "rotated"]),
    "right but restricted at the verification": Case([{"verify": "second factor"}], ["rotated"]),
    "second factor at the login": Case([{"log in": "second factor"}, {}], ["second_factor", "rotated"]),
    "no answer at the login": Case([{"log in": "answer lost"}, {}], ["unknown", "rotated"]),
    "no answer at the login, twice": Case(
        [{"log in": "never arrives"}, {"log in": "never arrives"}, {}], ["unknown", "unknown", "cooling"]
    ),
    "no answer at the change's sign-in": Case(
        [{"change login": "answer lost"}, {}], ["unknown", "rotated"], candidates=2
    ),
    "no answer at the verification": Case([{"verify": "answer lost"}, {}], ["unknown", "rotated"]),
    "unreachable at the verification": Case([{"verify": "unreachable"}, {}], ["unreachable", "rotated"]),
    "caller or address refused": Case([{"log in": "denied"}, {}], ["denied", "rotated"]),
    "right password called wrong": Case(
        [{"log in": "lies"}, {}], ["diverged", "diverged"], wrong=1, end="diverged", candidates=0
    ),
    "changed by somebody before the run": Case(
        [{"plan": "somebody"}, {}], ["diverged", "diverged"], wrong=1, candidates=0, end="diverged"
    ),
    "changed by somebody before the change": Case(
        [{"change login": "somebody"}, {}], ["diverged", "diverged"], wrong=1, end="diverged"
    ),
    "changed by somebody after the change": Case(
        [{"verify": "somebody"}, {}], ["bad", "diverged"], wrong=2, end="diverged"
    ),
}

CASES = [*(("killed: " + name, case) for name, case in KILLED.items()), *ANSWERED.items()]


@pytest.mark.parametrize("case", [case for _name, case in CASES], ids=[name for name, _case in CASES])
def test_case(case: Case) -> None:
    world = World(server=Server(has_history=True), copies=())
    most = 0
    with telling(world):
        outcomes = []
        for faults in case.runs:
            happen = script(faults)

            def watch(world: World, point: Point, happen=happen) -> str:  # type: ignore[no-untyped-def]
                nonlocal most
                most = max(most, world.server.wrong)
                if happen(world, point) == "lands":
                    world.lands()
                    return ""
                return happen(world, point)

            outcomes.append(play(world, ALWAYS, watch))
            world.wait(SHORTLY)
        assert outcomes == case.outcomes
        assert most == case.wrong, "wrong logins in a row"
        end = "rotated" if outcomes[-1] == "rotated" else settle(world)
        assert end == case.end
        assert world.candidates == case.candidates
        if end == "diverged":
            take_a_way_out(world)

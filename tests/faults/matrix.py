# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the matrix together and plays it, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from . import cases, lasting, scenes
from .cases import Case, Request
from .floor import Floor, Place, Player, requests_of
from .flows import WITHOUT_FAULTS, Flow
from .scenes import Scene

MOST_HOSTS, MOST_HELD = 250, 40
"""Hosts of a run, and of one in which all are held at once, each by a process of its own."""


REGISTRARS: Sequence[Mapping[str, object]] = (
    {"silent": True},
    {"silent": True, "only_credentials": True},
    *({"status": status, "only_credentials": only} for status in (403, 404, 486, 500) for only in (True, False)),
)
"""How a SIP registrar can fail; what it is told by the options of the simulator."""


TOKEN_FAULTS: Mapping[str, Mapping[str, object]] = {
    "cut off": {"kind": "drop_before"},
    "never answered": {"kind": "drop_before", "count": None},
    "502 for ever": {"kind": "status", "count": None},
    "garbled": {"kind": "garbled", "applied": True},
    "oversized": {"kind": "oversized", "size": 2, "applied": True},
    "redirected": {"kind": "redirect", "applied": True},
    "timed out": {"kind": "timeout_after"},
}


@dataclass(frozen=True)
class Healthy:
    """What a run without accidents does for a flow: its requests, those that can be hurt, and how often it writes."""

    flow: Flow
    requests: Sequence[Request]
    writes: int

    @property
    def hurtable(self) -> list[Request]:
        return [request for request in self.requests if request.operation not in WITHOUT_FAULTS]


@dataclass(frozen=True)
class Batch:
    """Cases that share a run."""

    name: str
    scene: Scene
    cases: Sequence[Case]
    free: bool = False


@dataclass(frozen=True)
class Played:
    """A batch that is over."""

    batch: Batch
    players: Sequence[Player]
    leaks: Sequence[str]


def healthy(place: Place, flows: Iterable[Flow]) -> list[Healthy]:
    """Rotate one host of each flow without accidents, and watch."""
    of_playbooks = _by_playbook([Case(flow, "healthy", "healthy") for flow in flows])
    return list(chain.from_iterable(_healthy(Floor(place, of_one)) for of_one in of_playbooks))


def _healthy(floor: Floor) -> list[Healthy]:
    points = scenes.watched(floor)
    run = floor.run()
    found = [
        Healthy(player.case.flow, requests_of(player, run.calls), len(list(points.glob(f"{player.host}.*.yml"))))
        for player in floor.players
    ]
    scenes.unwatched(floor)
    floor.settle()
    bad = [str(player.case) for player in floor.players if player.end != "rotated" or player.faults]
    if bad:
        raise AssertionError(f"not even a healthy run works for {bad}:\n{run.output}")
    return found


def batches(flows: Sequence[Healthy], *, quick: bool) -> Iterator[Batch]:
    """The whole matrix, or two minutes of it, in which every request of every flow is hurt once."""

    def of(make: Callable[[Healthy], Iterable[Case]], some: int) -> list[Case]:
        found = list(chain.from_iterable(make(each) for each in flows))
        return cases.thinned(found, some) if quick else found

    answers = of(lambda h: cases.single(h.flow, h.hurtable), 43)
    answers += of(lambda h: cases.double(h.flow, h.hurtable), 2)
    yield from _split("answers", scenes.wrong_answers, answers)
    held = of(lambda h: cases.killed(h.flow, h.hurtable), 10)
    yield from _split("killed at requests", scenes.killed_at_requests, held, free=True)
    written = of(lambda h: cases.at_writes(h.flow, h.hurtable, h.writes), 16)
    killed = [case for case in written if case.write["how"].startswith("killed")]
    yield from _split("killed at writes", scenes.killed_at_writes, killed, free=True)
    disks = [case for case in written if not case.write["how"].startswith("killed")]
    if not quick:
        yield from _split("broken disk", scenes.broken_disk, disks)
    backups = of(lambda h: cases.restored(h.flow, h.hurtable, h.writes), 6)
    yield from _split("restored backup", scenes.restored_backup, backups)
    tried = of(lambda h: lasting.nightly(h.flow, h.hurtable) if _has_budget(h) else (), 3)
    tried += of(lambda h: lasting.nightly_changes(h.flow, h.hurtable), 1)
    yield from _split("nights", scenes.nights, tried)
    clocks = of(lambda h: lasting.with_wrong_clocks(h.flow, h.hurtable), 3)
    yield from _split("wrong clocks", scenes.wrong_clocks, clocks)
    twins = of(lambda h: lasting.with_twins(h.flow, h.hurtable), 2)
    yield from _split("twins", scenes.twins, twins)
    if not quick:
        yield from _outages(flows)
        yield from _split("meddled before", scenes.meddled_before, of(_meddled_before, 0))
        yield from _split("meddled between", scenes.meddled_between, of(_meddled_between, 0))
    during = of(_meddled_during, 8)
    yield from _split("meddled during", scenes.meddled_during, during, free=True)
    for controllers in (2,) if quick else (2, 4):
        crowd = of(lambda h, n=controllers: cases.contested(h.flow, h.hurtable, n), 6)  # type: ignore[misc]
        yield from _split(f"{controllers} controllers", scenes.crowded(controllers), crowd, most=60)
    if not quick:
        yield from _registrars(flows)
        yield from _tokens(flows)


def play(place: Place, batch: Batch) -> Played:
    """Play a batch and let it settle."""
    floor = Floor(place, batch.cases, free=batch.free)
    batch.scene(floor)
    floor.take_turns()
    floor.settle()
    for player in floor.players:
        if player.end not in player.case.ends:
            player.faults.append(f"unresolved: {player.end}, not {' or '.join(sorted(player.case.ends))}")
    return Played(batch, floor.players, floor.leaks())


def _split(name: str, scene: Scene, found: Sequence[Case], *, free: bool = False, most: int = 0) -> Iterator[Batch]:
    most = most or (MOST_HELD if free else MOST_HOSTS)
    parts = [some[n :: -(-len(some) // most)] for some in _by_playbook(found) for n in range(-(-len(some) // most))]
    for number, part in enumerate(parts):
        yield Batch(f"{name} {number + 1}/{len(parts)}", scene, part, free)


def _by_playbook(found: Sequence[Case]) -> Iterator[Sequence[Case]]:
    """Cases that can share a run."""
    for is_new in (False, True):
        if some := [case for case in found if case.flow.is_new == is_new]:
            yield some


def _has_budget(h: Healthy) -> bool:
    """Whether the flow's own logins count, and nothing heals it besides."""
    return not h.flow.is_lost and h.flow.kind != "cec_sip"


def _meddled_before(h: Healthy) -> Iterator[Case]:
    yield from cases.meddled(h.flow, "before")
    if h.flow.name == "user":
        yield from cases.denied_logins(h.flow)


def _meddled_between(h: Healthy) -> Iterator[Case]:
    change = cases.change_of(h.hurtable)
    verify = cases.verification(h.flow, h.hurtable)
    late = cases.Accident(change, "late", {"kind": "late", "now": "drop", "seconds": 20})
    runs: list[tuple[cases.Accident, ...]] = [(cases.at(change, "drop_before"),), (late,)]
    if verify:
        runs += [(cases.at(change, kind), cases.at(verify, "drop_after")) for kind in ("drop_after", "drop_before")]
    for run in runs:
        yield from cases.meddled(h.flow, "between two runs", run)


def _meddled_during(h: Healthy) -> Iterator[Case]:
    verify = cases.verification(h.flow, h.hurtable) or h.hurtable[-1]
    # What happens after the verification is no part of the rotation.
    for request in h.hurtable[: h.hurtable.index(verify) + 1]:
        yield from cases.meddled(h.flow, "during the run", (cases.on_its_way(request),))


def _outages(flows: Sequence[Healthy]) -> Iterator[Batch]:
    for what in lasting.OUTAGES:
        some = [case for h in flows for case in lasting.in_outages(h.flow, h.hurtable, what)]
        if some:
            yield Batch(f"outage, {what}", scenes.outage, some)


def _registrars(flows: Sequence[Healthy]) -> Iterator[Batch]:
    phones = [h for h in flows if h.flow.has_registrar]
    for h in phones:
        for options in REGISTRARS:
            name = "registrar " + ", ".join(f"{key} {value}" for key, value in options.items())
            # One that calls a right password wrong makes the phone's password look lost, and it is replaced.
            some = [Case(h.flow, "registrar silent or failing", name, write={"registrar": options})] * 3
            yield Batch(name, scenes.strange_registrar, some)


def _tokens(flows: Sequence[Healthy]) -> Iterator[Batch]:
    """The request that is made once for all hosts goes wrong."""
    for token in sorted({h.flow.token for h in flows if h.flow.token}):
        for name, fault in TOKEN_FAULTS.items():
            write = {"fault": {"operation": token, **fault}}
            row = "tenant's token service failing"
            some = [Case(h.flow, row, f"{token} {name}", write=write) for h in flows if h.flow.token == token] * 2
            yield from _split(f"{token} {name}", scenes.no_token, some)

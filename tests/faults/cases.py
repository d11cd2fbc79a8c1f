# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of the matrix: what goes wrong, where, in which flow. Data only; the scenes play them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .flows import FLOWS, LIES, REFUSALS, TOO_FEW_LEFT, Flow

Fault = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One request of a flow: the operation, of which of the person's accounts, and how many like it come before."""

    service: str
    operation: str
    skip: int

    def __str__(self) -> str:
        return f"{self.operation} {self.skip + 1}"


@dataclass(frozen=True)
class Accident:
    """A fault at a request."""

    request: Request
    name: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.request} {self.name}"


@dataclass(frozen=True)
class Case:
    """One host's story.

    Attributes:
        flow: how its password is changed.
        group: what goes wrong, as a row of the published table.
        name: exactly what, exactly where.
        accidents: faults of the first run.
        later: faults of the second run.
        act: what somebody else does to the account, and its values.
        write: which write of the store goes wrong.
        ends: how it may end: rotated, diverged (reported), or unchanged (the old password works, nothing is open).
    """

    flow: Flow
    group: str
    name: str
    accidents: tuple[Accident, ...] = ()
    later: tuple[Accident, ...] = ()
    act: tuple[str, Mapping[str, Any]] | None = None
    write: Mapping[str, Any] = field(default_factory=dict)
    ends: frozenset[str] = frozenset({"rotated"})

    def __str__(self) -> str:
        return f"{self.flow.name}: {self.name}"


CHANGES = frozenset(flow.change for flow in FLOWS)
ROTATED = frozenset({"rotated"})
OR_DIVERGED = frozenset({"rotated", "diverged"})

# Row of the table -> kinds of faults. What is in braces goes to the simulator as it stands.
_BODIES: Mapping[str, Mapping[str, Fault]] = {
    "empty answer": {"empty": {}},
    "garbled answer": {"garbled": {}, "garbled_http": {}},
    "truncated answer": {"truncated": {}},
    "HTML": {"html": {}},
    "not UTF-8": {"non_utf8": {}},
    "oversized or endless answer": {"oversized": {"size": 2}, "endless": {}},
    "deeply nested JSON, header flood": {"nested_json": {}, "header_flood": {}},
    "redirect to another origin": {"redirect": {}},
}
ANSWERS: Mapping[str, Mapping[str, Fault]] = {
    "connection dropped before applying": {"drop_before": {"kind": "drop_before"}},
    "applied, then dropped": {"drop_after": {"kind": "drop_after"}},
    "time-out": {
        "timeout_before": {"kind": "timeout_before"},
        "timeout_after": {"kind": "timeout_after"},
        "slow": {"kind": "latency", "seconds": 0.4},
    },
    "HTTP 502": {
        "502": {"kind": "status", "status": 502, "applied": False},
        "502, applied": {"kind": "status", "status": 502, "applied": True},
    },
    **{
        row: {
            f"{kind}{', applied' if applied else ''}": {"kind": kind, "applied": applied, **more}
            for kind, more in kinds.items()
            for applied in (False, True)
        }
        for row, kinds in _BODIES.items()
    },
    "redirect without TLS": {
        "downgrade": {"kind": "redirect", "url": "http://localhost:1/"},
        "downgrade, applied": {"kind": "redirect", "url": "http://localhost:1/", "applied": True},
    },
    "success that was not applied": {"lie": {"kind": "lie"}},
    "late application": {
        f"late {seconds} s, {now}": {"kind": "late", "now": now, "seconds": seconds}
        for seconds, now in ((1, "drop"), (300, "status"), (5400, "drop"))
    },
}
APPLIED = "refused, and carried out all the same"
REPEATED = "sent twice by a load balancer"
REFUSED = "refused (policy, history, wrong, locked, live, busy, session lost)"


def accidents(request: Request) -> Iterator[tuple[str, Accident]]:
    """Everything that can happen to a request, with the row of the table it belongs to."""
    for row, faults in ANSWERS.items():
        for name, fault in faults.items():
            if _matters(request, fault):
                yield row, Accident(request, name, fault)
    if is_change(request.operation):
        yield REPEATED, Accident(request, "repeated", {"kind": "repeated"})
    for meaning, code, message in REFUSALS[request.operation]:
        fault = {"kind": "retcode", "code": code, "message": message}
        yield REFUSED, Accident(request, meaning, fault)
        if meaning == "unheard of" or is_change(request.operation):
            # Whatever an answer says, the request may have been carried out.
            yield APPLIED, Accident(request, f"{meaning}, applied", {**fault, "applied": True})


def _matters(request: Request, fault: Fault) -> bool:
    """Whether the fault makes a case of its own at this request.

    What a login or a sign-out does is the same whether its answer is unreadable or missing, so that only those that
    were carried out are tried with every answer, and none takes effect late. An administrator's reset undoes a change
    that the agent has made in the meantime; nobody but the verify playbook can find that out once the rotation is over.
    """
    if not is_change(request.operation):
        return fault["kind"] != "late" and bool(fault.get("applied", True))
    return fault["kind"] != "late" or request.operation != "config_reset" or bool(fault["seconds"] <= 300)


def is_change(operation: str) -> bool:
    """Whether the operation sets a password."""
    return operation in CHANGES


def single(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """One accident at one request."""
    for request in requests:
        for row, accident in accidents(request):
            yield Case(flow, row, str(accident), (accident,), ends=ends_of(flow, accident))


def double(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """The change and its verification go wrong in one run, and the first login or the change in the next."""
    change = change_of(requests)
    verify = verification(flow, requests)
    again = Request(change.service, change.operation, 0)
    login = Request(requests[0].service, requests[0].operation, 0)
    refused = _refusals(change)
    first = [
        Accident(change, "lie", {"kind": "lie"}),
        Accident(change, "late 300 s", {"kind": "late", "now": "drop", "seconds": 300}),
        Accident(change, "repeated", {"kind": "repeated"}),
    ]
    at_verification = [None, at(verify, "drop_after")] if verify else [None]
    afterwards: list[Accident | None] = [
        at(login, "drop_after"),
        at(again, "drop_after"),
        *(
            Accident(again, f"{meaning} on a resend", refused[meaning])
            for meaning in ("policy", "history")
            if meaning in refused
        ),
    ]
    yield from _in_two_runs(flow, itertools.product(first, at_verification, afterwards))
    if verify:
        # A refusal is what a server says. What it did only the next login can tell, and that one is hurt as well.
        believed = [
            Accident(change, f"{meaning}{', applied' if applied else ''}", {**fault, "applied": applied})
            for meaning, fault in refused.items()
            for applied in (False, True)
            if meaning != "locked"  # then no login decides before the account is open again
        ]
        deciding = [at(verify, "drop_after"), Accident(verify, "html, applied", {"kind": "html", "applied": True})]
        next_night = [None, at(login, "drop_after"), at(again, "drop_after")]
        yield from _in_two_runs(flow, itertools.product(believed, deciding, next_night))


def _in_two_runs(flow: Flow, chains: Iterable[tuple[Accident, Accident | None, Accident | None]]) -> Iterator[Case]:
    for one, two, three in chains:
        run = tuple(accident for accident in (one, two) if accident)
        later = (three,) if three else ()
        name = " + ".join(map(str, run)) + "".join(f" then {accident}" for accident in later)
        yield Case(flow, "two or three accidents in two runs", name, run, later, ends=ends_of(flow, *run))


def _refusals(request: Request) -> dict[str, Fault]:
    """What a server may answer to a request beside success, by what it means."""
    return {
        meaning: {"kind": "retcode", "code": code, "message": message}
        for meaning, code, message in REFUSALS[request.operation]
    }


def change_of(requests: Sequence[Request]) -> Request:
    """The request that sets the new password."""
    return next(request for request in requests if is_change(request.operation))


def verification(flow: Flow, requests: Sequence[Request]) -> Request | None:
    """The request that proves the new password, where it can be hurt."""
    return next((request for request in reversed(requests) if request.operation == flow.verify), None)


def at(request: Request, kind: str) -> Accident:
    """A fault that needs no more than its name."""
    return Accident(request, kind, {"kind": kind})


def ends_of(flow: Flow, *run: Accident) -> frozenset[str]:
    """How a case may end. What an administrator repairs must always end well."""
    # A server that calls a right password wrong, or that carries a change out late, can leave no known password.
    # The password with which this one is changed, the administrator's, or one that only the user may still try.
    if any(
        accident.name == TOO_FEW_LEFT or (accident.name in LIES and accident.request.service != flow.kind)
        for accident in run
    ):
        return OR_DIVERGED
    may_diverge = any(accident.name in LIES or accident.fault["kind"] == "late" for accident in run)
    return OR_DIVERGED if may_diverge and not flow.is_lost else ROTATED


def thinned(cases: Sequence[Case], most: int) -> list[Case]:
    """Some of the cases, so that every request of every flow and every kind of accident stays, as far as they fit."""
    seen: Counter[object] = Counter()
    chosen: list[Case] = []
    left = list(cases)

    def novelty(case: Case) -> tuple[int, int]:
        counts = [seen[mark] for mark in _marks(case)]
        return counts.count(0), -sum(counts)

    while left and len(chosen) < most:
        chosen.append(max(left, key=novelty))
        left.remove(chosen[-1])
        seen.update(_marks(chosen[-1]))
    return chosen


def _marks(case: Case) -> list[object]:
    """What a case covers; a mark that few have seen makes a case wanted."""
    places = [(case.flow.name, str(accident.request)) for accident in (*case.accidents, *case.later)]
    kinds = [accident.name.removesuffix(", applied") for accident in (*case.accidents, *case.later)]
    return [*places, *kinds, case.flow.name, (case.group, case.flow.kind)]


def killed(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """Killed before and after the server has carried a request out; the next run is whole, or is hurt as well."""
    for request, later in itertools.product(requests, _next_runs(flow, requests)):
        for moment, kind in (("before", "timeout_before"), ("after", "timeout_after")):
            accident = Accident(request, f"killed {moment}", {"kind": kind, "seconds": 600})
            name = " then ".join(map(str, (accident, *later)))
            yield Case(flow, f"killed {moment} a request", name, (accident,), later)


def _next_runs(flow: Flow, requests: Sequence[Request]) -> list[tuple[Accident, ...]]:
    """Accidents of the run after a killed one: none, at the change, at its first login, or at its verification."""
    change, login, verify = change_of(requests), requests[0], verification(flow, requests)
    hurt = [replace(change, skip=0), replace(login, skip=0), *([verify] if verify else [])]
    return [(), *((at(request, "drop_after"),) for request in dict.fromkeys(hurt))]


def at_writes(flow: Flow, requests: Sequence[Request], writes: int) -> Iterator[Case]:
    """Killed before and after a write of the store, and the next run hurt as well; a disk that fails from a write on."""
    for write, how in itertools.product(range(1, writes + 1), DISK):
        for later in _next_runs(flow, requests) if how.startswith("killed") else [()]:
            name = " then ".join((f"write {write} {how}", *map(str, later)))
            yield Case(flow, DISK[how], name, later=later, write={"write": write, "how": how})


DISK = {
    "killed before": "killed before a write of the store",
    "killed after": "killed after a write of the store",
    "full": "store full (ENOSPC)",
    "read-only": "store read-only",
    "not flushed": "store written, but not flushed",
}


def restored(flow: Flow, requests: Sequence[Request], writes: int) -> Iterator[Case]:
    """The store as it was after an earlier write, after a run that was whole and after one that stayed open."""
    change, verify = change_of(requests), verification(flow, requests)
    runs = [(), *((at(request, "drop_after"),) for request in (change, verify) if request)]
    for write, run in itertools.product(range(writes), runs):
        name = f"backup of write {write}" + "".join(f", {accident}" for accident in run)
        ends = ROTATED if flow.is_lost else OR_DIVERGED
        yield Case(flow, "store restored from an older backup", name, run, write={"write": write}, ends=ends)


ACTS: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any], frozenset[str]]]] = {
    "cc_agent": {
        "password changed": ("password", {}, OR_DIVERGED),
        "locked": ("lock", {}, ROTATED),
        "expired": ("expire", {}, ROTATED),
        "live": ("sign_in", {"phone": "49999", "seconds": 900}, ROTATED),
        "session ended": ("sign_out", {}, ROTATED),
    },
    "cc_config": {
        "password changed": ("password", {}, OR_DIVERGED),
        # The gateway answers a locked administrator as it answers a wrong password.
        "locked": ("lock", {}, OR_DIVERGED),
        "expired": ("expire", {}, ROTATED),
    },
    "cec_account": {"password changed": ("password", {}, OR_DIVERGED), "locked": ("lock", {}, ROTATED)},
    "cec_sip": {"password changed": ("password", {}, ROTATED)},
    "idaas": {
        "password changed": ("password", {}, OR_DIVERGED),
        "locked": ("lock", {}, ROTATED),
        "expired": ("expire", {}, ROTATED),
        "sessions ended": ("sign_out", {}, ROTATED),
    },
}
"""What somebody else does to an account: action of the simulator, its values, and how the case may end."""
OTHERS = {
    "password changed": "somebody else changed the password",
    "locked": "locked, live, expired, must change, second factor",
    "expired": "locked, live, expired, must change, second factor",
    "live": "locked, live, expired, must change, second factor",
    "session ended": "token or session ended between two steps",
    "sessions ended": "token or session ended between two steps",
}


def meddled(flow: Flow, when: str, run: tuple[Accident, ...] = ()) -> Iterator[Case]:
    """Somebody else does something before the run, between two runs, or while one of its requests is on its way."""
    for what, (action, values, ends) in ACTS[flow.kind].items():
        if (when, action) == ("before", "sign_out"):
            continue  # there is no session yet
        name = f"{what} {when}" + "".join(f", {accident}" for accident in run)
        # Two parties may have changed the password, or one and the server late.
        may_end = ROTATED if flow.is_lost else ends | ends_of(flow, *run)
        yield Case(flow, OTHERS[what], name, run, act=(action, values), ends=may_end)


def denied_logins(flow: Flow) -> Iterator[Case]:
    """The right password, and the server lets nobody in with it unattended."""
    for what, action in (("second factor", "mfa"), ("access denied", "denied")):
        yield Case(flow, OTHERS["locked"], what, act=(action, {}), ends=frozenset({"unchanged"}))


def on_its_way(request: Request) -> Accident:
    """A request that takes so long that others can do something first."""
    return Accident(request, "on its way", {"kind": "latency", "seconds": 6})


def contested(flow: Flow, requests: Sequence[Request], controllers: int) -> Iterator[Case]:
    """Several controllers at once, with an accident at any request, or none."""
    row = f"{['', '', 'two', '', 'four'][controllers]} controllers at once"
    yield Case(flow, row, row)
    html = {"kind": "html", "applied": True}
    for request in requests:
        for accident in (
            at(request, "drop_before"),
            at(request, "drop_after"),
            Accident(request, "html, applied", html),
        ):
            yield Case(flow, row, f"{row}, {accident}", (accident,))

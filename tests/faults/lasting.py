# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases of what lasts for nights, of clocks that are wrong, and of what meets many hosts at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .cases import OR_DIVERGED, Accident, Case, Fault, Request, at, change_of, ends_of, is_change, verification
from .flows import REFUSALS, Flow

_UNTOLD: Mapping[str, Fault] = {
    "no code for it": {"kind": "retcode"},
    "HTTP 401": {"kind": "status", "status": 401},
    "a page": {"kind": "html"},
    "garbled": {"kind": "garbled"},
}
"""Answers to a login that tell nothing; the login has been looked at."""
_UNANSWERED: Mapping[str, Fault] = {
    "HTTP 502": {"kind": "status", "status": 502},
    "connection dropped": {"kind": "drop_before"},
}
"""No answer to a login, which has not been looked at."""
DAY = 24 * 3600
CLOCKS = {"a day ahead": DAY, "two years ahead": 730 * DAY, "ten years behind": -3650 * DAY}
"""How a controller's clock was wrong during a run, and by how many seconds."""


def nightly(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """The logins of an account meet the same fault every night; perhaps its password was changed before."""
    login, *_later = (request for request in requests if request.operation == flow.verify)
    codes = {meaning: code for meaning, code, _text in REFUSALS[login.operation]}
    unheard = codes.get("unheard of", "77")
    for what, fault in {**_UNTOLD, **_UNANSWERED}.items():
        more = {"code": unheard} if fault["kind"] == "retcode" else {}
        accident = Accident(login, what, {**fault, **more, "applied": what in _UNTOLD, "count": None})
        row = f"a login that {'tells nothing' if what in _UNTOLD else 'has no answer'}, every night"
        yield Case(flow, row, what, (accident,))
        yield Case(flow, row, f"password changed before, {what}", (accident,), act=("password", {}), ends=OR_DIVERGED)


def nightly_changes(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """The change is refused in the same way every night, or is never answered."""
    change = change_of(requests)
    for meaning, code, message in REFUSALS[change.operation]:
        fault = {"kind": "retcode", "code": code, "message": message, "count": None}
        accident = Accident(change, meaning, fault)
        row, ends = "a change that is refused, every night", ends_of(flow, accident)
        yield Case(flow, row, f"{accident}, every night", (accident,), ends=ends)
    for what, fault in {**_UNTOLD, **_UNANSWERED}.items():
        more = {"code": "77"} if fault["kind"] == "retcode" else {}
        accident = Accident(change, what, {**fault, **more, "applied": False, "count": None})
        yield Case(flow, "a change that is not carried out, every night", f"{accident}, every night", (accident,))


def with_wrong_clocks(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """The controller's clock was wrong in the run that was hurt, and is right in the next."""
    change, verify = change_of(requests), verification(flow, requests)
    hurt = [at(change, "drop_before"), at(change, "drop_after"), *([at(verify, "drop_after")] if verify else [])]
    for clock, seconds in CLOCKS.items():
        for accident in hurt:
            name = f"{accident}, clock {clock}"
            yield Case(flow, "a clock that was wrong", name, (accident,), write={"clock": seconds})


TWINS = {"copied": "a copy of its line and its file", "other": "a host whose own account is another one"}
"""A second inventory host that names the account."""


def with_twins(flow: Flow, requests: Sequence[Request]) -> Iterator[Case]:
    """Two inventory hosts name one account, and the rotation is hurt besides."""
    if flow.is_lost:
        return
    change, verify = change_of(requests), verification(flow, requests)
    runs: list[tuple[Accident, ...]] = [(), (at(change, "drop_before"),), (at(change, "drop_after"),)]
    runs += [(at(verify, "drop_after"),)] if verify else []
    for twin, what in TWINS.items():
        for run in runs:
            name = ", ".join([what, *map(str, run)])
            yield Case(flow, "two hosts with one account", name, run, write={"twin": twin}, ends=ends_of(flow, *run))


OUTAGES: Mapping[str, Fault] = {
    "connection dropped": {"kind": "drop_before", "count": None},
    "no answer": {"kind": "timeout_before", "count": None},
    "HTTP 502": {"kind": "status", "status": 502, "count": None},
    "HTTP 504": {"kind": "status", "status": 504, "count": None},
}


def in_outages(flow: Flow, requests: Sequence[Request], what: str) -> Iterator[Case]:
    """No login at the server is answered, while the run lasts."""
    login = requests[0]
    if not is_change(login.operation) and not flow.is_lost:
        for number in range(4):
            accident = Accident(login, what, OUTAGES[what])
            yield Case(flow, "an outage of the server", f"outage, {what}, account {number + 1}", (accident,))

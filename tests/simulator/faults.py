# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls go wrong, and how: the book of faults that the control interface fills.

How a fault looks on the wire is in misbehaviour.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from .jsonfields import FieldError, fill

ANY: Final = "*"

# Kind -> whether the call takes effect all the same; None = the fault's own field `applied` says it.
KINDS: Final[dict[str, bool | None]] = {
    "drop_before": False,
    "drop_after": True,
    "timeout_before": False,
    "timeout_after": True,
    "latency": True,
    "lie": False,
    "late": False,
    # A load balancer that sends the call twice and passes the second answer on.
    "repeated": True,
    "status": None,
    "empty": None,
    "garbled": None,
    "garbled_http": None,
    "truncated": None,
    "html": None,
    "non_utf8": None,
    "oversized": None,
    "endless": None,
    "nested_json": None,
    "header_flood": None,
    "redirect": None,
    "retcode": None,
}
NOW: Final = ("drop", "timeout", "status", "retcode")


@dataclass(slots=True)
class Fault:
    """One planned fault. Fields that a kind does not use are ignored."""

    kind: str = ""
    service: str = ANY
    account: str = ANY
    operation: str = ANY
    # How many calls it hits; None = every one from then on.
    count: int | None = 1
    # How many matching calls pass unharmed first.
    skip: int = 0
    applied: bool = False
    # timeout_*: held for; latency: added; endless: dripped for; late: takes effect after (internal clock).
    seconds: float = 30.0
    # status (502), redirect (307).
    status: int = 0
    # retcode; empty = the code that the service uses for most failures.
    code: str = ""
    message: str = ""
    # redirect: where to; empty = this server under its other name, which is another origin.
    url: str = ""
    # oversized: MiB.
    size: int = 64
    # nested_json: levels.
    depth: int = 100_000
    # header_flood: number of headers.
    headers: int = 20_000
    # late: what is answered meanwhile, 'drop', 'timeout', 'status' or 'retcode'.
    now: str = "drop"
    id: int = 0
    hits: int = 0

    @property
    def applies(self) -> bool:
        fixed = KINDS[self.kind]
        return self.applied if fixed is None else fixed

    def matches(self, service: str, account: str | None, operation: str) -> bool:
        return self.service in (ANY, service) and self.account in (ANY, account) and self.operation in (ANY, operation)


SETTABLE = frozenset(asdict(Fault())) - {"id", "hits"}


class Faults:
    """Faults by account, so that thousands of planned ones cost a call nothing."""

    def __init__(self) -> None:
        self._by_account: dict[str, list[Fault]] = {}
        self._ids = itertools.count(1)

    def add(self, values: Mapping[str, object]) -> Fault:
        fault = Fault()
        fill(fault, values, "fault", only=SETTABLE)
        if fault.kind not in KINDS:
            raise FieldError(f"fault.kind: one of {', '.join(sorted(KINDS))}")
        if fault.now not in NOW:
            raise FieldError(f"fault.now: one of {', '.join(NOW)}")
        fault.id = next(self._ids)
        self._by_account.setdefault(fault.account, []).append(fault)
        return fault

    def take(self, service: str, account: str | None, operation: str) -> Fault | None:
        """The fault that hits this call, if any. Faults still skipping count the call, whichever one hits."""
        if not self._by_account:
            return None
        hit: Fault | None = None
        for key in (account, ANY):
            for fault in self._by_account.get(key or "", ()):
                if not fault.matches(service, account, operation):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif hit is None and fault.count != 0:
                    hit = fault
        if hit is not None:
            hit.hits += 1
            if hit.count is not None:
                hit.count -= 1
                if not hit.count:
                    self._drop(hit)
        return hit

    def _drop(self, fault: Fault) -> None:
        remaining = self._by_account[fault.account]
        remaining.remove(fault)
        if not remaining:
            del self._by_account[fault.account]

    def pending(self) -> list[dict[str, Any]]:
        faults = itertools.chain.from_iterable(self._by_account.values())
        return [asdict(fault) for fault in sorted(faults, key=lambda fault: fault.id)]

    def clear(self) -> None:
        self._by_account.clear()

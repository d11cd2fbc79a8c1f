# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Callback that reports what became of every credential."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: aggregate
short_description: Report what became of every credential
version_added: 0.1.0
description:
  - Shows how far a run is, and at its end a table with one line for each credential that the role
    P(callcenter.passwords.rotate#role) worked on. A run that is interrupted has no table.
  - Writes the same as JSON and CSV, where O(directory) is set.
  - Reads only results of M(callcenter.passwords.rotation), which hold no secrets.
options:
  directory:
    description:
      - Folder for the report files. They are called C(callcenter-passwords-TIME-X.json) and C(.csv) after the UTC time
        of the run's end and six hexadecimal digits by chance, and are readable by their owner only.
    type: path
    env:
      - name: CALLCENTER_PASSWORDS_REPORT_DIRECTORY
    ini:
      - section: callback_callcenter_passwords_report
        key: directory
  rows:
    description: Most lines of the table. With more credentials than that only those that need attention are listed.
    type: int
    default: 50
    env:
      - name: CALLCENTER_PASSWORDS_REPORT_ROWS
    ini:
      - section: callback_callcenter_passwords_report
        key: rows
  progress_every:
    description: Show a line of progress each time this many credentials are finished. V(0) for never.
    type: int
    default: 100
    env:
      - name: CALLCENTER_PASSWORDS_REPORT_PROGRESS_EVERY
    ini:
      - section: callback_callcenter_passwords_report
        key: progress_every
author:
  - callcenter.passwords contributors (!UNKNOWN)
requirements:
  - Enable it with C(callbacks_enabled = callcenter.passwords.report) in the section C([defaults]) of C(ansible.cfg).
"""

import csv
import io
import json
import os
import secrets
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Outcome, described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ACTION = "callcenter.passwords.rotation"
_QUIET = {
    Outcome.ROTATED: "green",
    Outcome.ENROLLED: "green",
    Outcome.VERIFIED: "green",
    Outcome.NOT_DUE: "cyan",
    Outcome.EXEMPT: "cyan",
    # What check mode foretells.
    Outcome.DUE: "cyan",
    Outcome.RESUMED: "cyan",
}
"""Outcomes that need nobody's attention, and their colors."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With what a cell begins that a spreadsheet takes for a formula."""


@dataclass(frozen=True)
class Line:
    """What became of one credential."""

    host: str
    kind: str
    outcome: str
    rotated_at: str | None
    message: str
    failed: bool

    @property
    def needs_attention(self) -> bool:
        return self.failed or self.outcome not in _QUIET

    @property
    def color(self) -> str:
        return "red" if self.failed else _QUIET.get(self.outcome, "yellow")  # type: ignore[call-overload]

    @property
    def cells(self) -> tuple[str, ...]:
        return self.host, self.kind, self.outcome, (self.rotated_at or "-").replace("+00:00", "Z")


class CallbackModule(CallbackBase):
    """Collects the results of the action."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "callcenter.passwords.report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lines: dict[tuple[str, str], Line] = {}
        self._finished = 0

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note a result."""
        self._guarded(self._note, result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Note a failure."""
        self._guarded(self._note, result, failed=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Note a failure."""
        self._guarded(self._note, result, failed=True)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Note a result."""
        self._guarded(self._note, result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Note a host that was not begun."""
        self._guarded(self._note, result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Note a host that was not begun."""
        self._guarded(self._note, result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Note a failure; one without a connection is one of these too."""
        self._guarded(self._note, result, failed=True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show the table and write the files."""
        self._guarded(self._conclude)

    def _guarded(self, work: Callable[..., None], *args: Any, **more: Any) -> None:
        """Run one's own work. An exception's text may quote what a result holds, so none may reach Ansible."""
        try:
            work(*args, **more)
        except BrokenPipeError:
            return  # Whoever read the output has seen enough.
        except Exception as exc:
            self._display.warning(f"the report is incomplete: unexpected {described(exc)}. Please report it")

    def _conclude(self) -> None:
        if not self._lines:
            return
        lines = sorted(self._lines.values(), key=lambda line: (line.host, line.kind))
        self._show(lines)
        directory = self.get_option("directory")
        if directory:
            self._write(os.path.expanduser(directory), lines)

    def _note(self, result: Any, *, failed: bool = False) -> None:
        values = result._result
        if result._task.resolved_action != _ACTION or "results" in values:  # the sum of a loop
            return
        if values.get("skipped") and "outcome" not in values:  # by a condition
            return
        line = _line(result._host.get_name(), values, failed=failed)
        self._lines[line.host, line.kind] = line
        self._finished += 1
        every = self.get_option("progress_every")
        if every and self._finished % every == 0:
            self._display.display(f"{self._finished} credentials finished: {_summary(self._lines.values())}")

    def _show(self, lines: list[Line]) -> None:
        shown = lines if len(lines) <= self.get_option("rows") else [line for line in lines if line.needs_attention]
        self._display.banner("PASSWORDS")
        if shown:
            heads = ("host", "kind", "outcome", "rotated at")
            widths = [max(map(_width, column)) for column in zip(heads, *(line.cells for line in shown), strict=True)]
            self._display.display(_row(heads, widths))
            for line in shown:
                self._display.display(_row(line.cells, widths), color=line.color)
                if line.needs_attention:
                    self._display.display(f"    {line.message}")
        self._display.display(f"{len(lines)} credential{'s' if len(lines) != 1 else ''}: {_summary(lines)}")

    def _write(self, directory: str, lines: list[Line]) -> None:
        ended = datetime.now(timezone.utc)
        name = os.path.join(directory, f"callcenter-passwords-{ended:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
        summary = dict(Counter(line.outcome for line in lines))
        rows = [{**asdict(line), "needs_attention": line.needs_attention} for line in lines]
        table = io.StringIO()
        writer = csv.DictWriter(table, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
        document = {"ended_at": ended.isoformat(timespec="seconds"), "summary": summary, "credentials": rows}
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            _write_private(f"{name}.json", json.dumps(document, indent=2) + "\n")
            _write_private(f"{name}.csv", table.getvalue())
        except OSError as exc:
            self._display.warning(f"the report was not written to {directory}: {os.strerror(exc.errno or 0)}")
        else:
            self._display.display(f"written to {name}.json and .csv")


def _line(host: str, values: dict[str, Any], *, failed: bool) -> Line:
    """Return what a result says. One that Ansible has made itself, such as of options that are refused, has no kind."""
    return Line(
        host,
        str(values.get("kind") or values.get(str(values.get("ansible_loop_var")), "")),
        str(values.get("outcome") or (Outcome.UNREACHABLE if values.get("unreachable") else Outcome.FAILED)),
        values.get("rotated_at"),
        str(values.get("msg", "")),
        failed,
    )


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two, accents none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def _cell(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _summary(lines: Iterable[Line]) -> str:
    counts = Counter(line.outcome for line in lines)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())


def _write_private(path: str, text: str) -> None:
    # A name that is there already, a link above all, is somebody else's.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

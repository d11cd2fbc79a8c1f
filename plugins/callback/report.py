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
    P(callcenter.passwords.rotate#role) worked on.
  - Writes the same as JSON and CSV, where O(directory) is set.
  - Reads only results of M(callcenter.passwords.credential), which hold no secrets.
options:
  directory:
    description:
      - Folder for the report files. They are called C(callcenter-passwords-TIME.json) and C(.csv) after the UTC time
        of the run's end, and are readable by their owner only.
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
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from collections.abc import Callable

_ACTIONS = ("callcenter.passwords.rotation", "callcenter.passwords.credential")
_QUIET = frozenset({"rotated", "enrolled", "verified", "not_due"})
"""Outcomes that need nobody's attention."""
_LAST_STEPS = ("done", "fail")
_COLOURS = {"rotated": "green", "enrolled": "green", "verified": "green", "not_due": "cyan", "live": "yellow"}


@dataclass
class Line:
    """What became of one credential."""

    host: str
    kind: str
    outcome: str
    rotated_at: str | None
    message: str
    finished: bool

    @property
    def needs_attention(self) -> bool:
        return self.outcome not in _QUIET


class CallbackModule(CallbackBase):
    """Collects the results of the credential action."""

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
        """Note a result."""
        self._guarded(self._note, result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Note a result."""
        self._guarded(self._note, result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Note a result."""
        self._guarded(self._note, result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show the table and write the files."""
        self._guarded(self._conclude)

    def _guarded(self, work: Callable[..., None], *args: Any) -> None:
        """Run one's own work. An exception's text may quote what a result holds, so none may reach Ansible."""
        try:
            work(*args)
        except Exception as exc:
            self._display.warning(f"the report is incomplete: unexpected {type(exc).__name__}. Please report it")

    def _conclude(self) -> None:
        if not self._lines:
            return
        lines = sorted(self._lines.values(), key=lambda line: (line.host, line.kind))
        for line in lines:
            if not line.finished:
                line.outcome, line.message = "unfinished", f"cut off after: {line.message}; run again"
        self._show(lines)
        directory = self.get_option("directory")
        if directory:
            self._write(os.path.expanduser(directory), lines)

    def _note(self, result: Any) -> None:
        values = result._result
        if result._task.resolved_action not in _ACTIONS or "results" in values:  # the sum of a loop
            return
        line = Line(
            host=result._host.get_name(),
            kind=str(values.get("kind", "")),
            outcome=str(values.get("outcome", "failed")),
            rotated_at=values.get("rotated_at"),
            message=str(values.get("msg", "")),
            finished=values.get("rotation", {}).get("step", "fail") in _LAST_STEPS,
        )
        before = self._lines.get((line.host, line.kind))
        if before and before.rotated_at and not line.rotated_at:
            line.rotated_at = before.rotated_at
        self._lines[line.host, line.kind] = line
        if line.finished:
            self._progress()

    def _progress(self) -> None:
        self._finished += 1
        every = self.get_option("progress_every")
        if every and self._finished % every == 0:
            self._display.display(f"{self._finished} credentials finished: {_summary(self._lines.values())}")

    def _show(self, lines: list[Line]) -> None:
        shown = lines if len(lines) <= self.get_option("rows") else [line for line in lines if line.needs_attention]
        self._display.banner("PASSWORDS")
        if shown:
            widths = [max(len(str(row[column])) for row in map(_cells, shown)) for column in range(4)]
            heads = ("host", "kind", "outcome", "rotated at")
            widths = [max(width, len(head)) for width, head in zip(widths, heads, strict=True)]
            self._display.display(_row(heads, widths))
            for line in shown:
                self._display.display(_row(_cells(line), widths), color=_COLOURS.get(line.outcome, "red"))
                if line.needs_attention:
                    self._display.display(f"    {line.message}")
        self._display.display(f"{len(lines)} credentials: {_summary(lines)}")

    def _write(self, directory: str, lines: list[Line]) -> None:
        ended = datetime.now(timezone.utc)
        name = os.path.join(directory, f"callcenter-passwords-{ended:%Y%m%dT%H%M%SZ}")
        summary = dict(Counter(line.outcome for line in lines))
        rows = [{**asdict(line), "needs_attention": line.needs_attention} for line in lines]
        table = io.StringIO()
        writer = csv.DictWriter(table, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        document = {"ended_at": ended.isoformat(timespec="seconds"), "summary": summary, "credentials": rows}
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            _write_private(f"{name}.json", json.dumps(document, indent=2) + "\n")
            _write_private(f"{name}.csv", table.getvalue())
        except OSError as exc:
            self._display.warning(f"the report was not written to {directory}: {os.strerror(exc.errno or 0)}")
        else:
            self._display.display(f"written to {name}.json and .csv")


def _cells(line: Line) -> tuple[str, str, str, str]:
    return line.host, line.kind, line.outcome, (line.rotated_at or "-").replace("+00:00", "Z")


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _summary(lines: Any) -> str:
    counts = Counter(line.outcome for line in lines)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())


def _write_private(path: str, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

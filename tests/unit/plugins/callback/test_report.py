# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report that spreadsheets, terminals and other users of the machine cannot turn into something else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.callback import report


@pytest.mark.parametrize(
    ("text", "columns"), [("agent", 5), ("张伟", 4), ("ﾊﾝｶｸ", 4), ("e\u0301", 1), ("", 0), ("\uff21\uff11", 4)]
)
def test_how_wide_a_text_is(text: str, columns: int) -> None:
    assert report._width(text) == columns
    assert report._row((text, "|"), [6, 1]) == text + " " * (6 - columns) + "  |"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert report._cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["agent-1001", "", None, True, "a=b"])
def test_other_cells_are_as_they_are(value: Any) -> None:
    assert report._cell(value) == value


def test_a_file_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(victim)
    for name in ("link", "victim"):
        with pytest.raises(FileExistsError):
            report._write_private(str(tmp_path / name), "x")
    assert victim.read_text(encoding="utf-8") == "mine"
    report._write_private(str(tmp_path / "new"), "x")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_reader_who_has_seen_enough_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    callback = report.CallbackModule.__new__(report.CallbackModule)
    warnings: list[str] = []
    callback._display = SimpleNamespace(warning=warnings.append)

    def ends(error: Exception) -> None:
        raise error

    callback._guarded(ends, BrokenPipeError())
    assert warnings == []
    callback._guarded(ends, ValueError("a secret"))
    assert len(warnings) == 1
    assert "a secret" not in warnings[0]

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong logins in files."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.processes import MANY, at_once

from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.counter_file import FailedLogins

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=30)


@pytest.fixture
def wrong(tmp_path: Path) -> FailedLogins:
    logins = FailedLogins(str(tmp_path / "counted"), "gateway.test:8043", WINDOW)
    assert logins.times(NOW) == []
    return logins


@pytest.fixture
def file(tmp_path: Path, wrong: FailedLogins) -> Path:
    return tmp_path / "counted" / "gateway.test%3A8043"


def test_what_is_added_counts_for_the_window(wrong: FailedLogins) -> None:
    wrong.add(2, NOW - timedelta(minutes=10))
    wrong.add(1, NOW)
    assert wrong.times(NOW) == [NOW - timedelta(minutes=10)] * 2 + [NOW]
    assert wrong.times(NOW + timedelta(minutes=20)) == [NOW]
    assert wrong.times(NOW + timedelta(minutes=30)) == []


def test_what_counts_no_more_is_dropped_with_the_next_one(wrong: FailedLogins, file: Path) -> None:
    wrong.add(3, NOW - timedelta(hours=1))
    wrong.add(1, NOW)
    assert file.read_text(encoding="utf-8") == "2026-03-01T12:00:00Z\n"


def test_only_the_owner_reads_it(wrong: FailedLogins, file: Path) -> None:
    wrong.add(1, NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("rubbish", [b"\xff\xfe\n", b"2026-99-01T12:00:00Z\n", b"\0" * 100 + b"\n", b"\n\n"])
def test_damaged_lines_are_ignored(wrong: FailedLogins, file: Path, rubbish: bytes) -> None:
    file.write_bytes(rubbish + b"2026-03-01T11:59:00Z\n" + b"2026-03-01T11:5")
    assert wrong.times(NOW) == [NOW - timedelta(minutes=1)]
    wrong.add(1, NOW)
    assert file.read_text(encoding="utf-8") == "2026-03-01T11:59:00Z\n2026-03-01T12:00:00Z\n"


def test_a_clock_that_was_set_back_stops_nobody_for_ever(wrong: FailedLogins) -> None:
    wrong.add(1, NOW + timedelta(days=365))
    assert wrong.times(NOW) == []


def test_many_processes_lose_none(wrong: FailedLogins) -> None:
    at_once(lambda _number: [wrong.add(1, NOW) for _time in range(10)] and None)
    assert len(wrong.times(NOW)) == 10 * MANY


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_cannot_be_written_is_said_before(wrong: FailedLogins, file: Path) -> None:
    file.parent.chmod(0o500)
    with pytest.raises(OSError):
        wrong.times(NOW)
    file.parent.chmod(0o700)
    assert wrong.times(NOW) == []
    file.chmod(0o400)
    with pytest.raises(OSError):
        wrong.times(NOW)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "missing" / "counted"):
        with pytest.raises(OSError):
            FailedLogins(str(folder), "server:1", WINDOW).times(NOW)

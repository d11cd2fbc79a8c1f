# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the action plugins' tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.rotation_task import Controller


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """A controller whose modules answer as they are told."""
    return Controller(tmp_path / "store", monkeypatch)

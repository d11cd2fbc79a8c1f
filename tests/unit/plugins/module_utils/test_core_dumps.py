# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Core dumps are forbidden, and nobody is surprised where they cannot be."""

from __future__ import annotations

import resource

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._process import core_dumps


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What is asked of the system, which is not the one of this process."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (resource.RLIM_INFINITY, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limit: asked.append((which, *limit)))
    return asked


def test_none_is_written_and_the_hard_limit_stays(limits: list[tuple[int, ...]]) -> None:
    core_dumps.forbid_core_dumps()
    assert limits == [(resource.RLIMIT_CORE, 1, 4096)]


@pytest.mark.parametrize("exc", [ValueError, OSError])
def test_a_refusal_is_no_failure(monkeypatch: pytest.MonkeyPatch, exc: type[Exception]) -> None:
    def refuse(which: int, limit: object) -> None:
        raise exc

    monkeypatch.setattr(resource, "setrlimit", refuse)
    core_dumps.forbid_core_dumps()


def test_a_system_without_limits(monkeypatch: pytest.MonkeyPatch, limits: list[tuple[int, ...]]) -> None:
    monkeypatch.setattr(core_dumps, "resource", None)
    core_dumps.forbid_core_dumps()
    assert limits == []

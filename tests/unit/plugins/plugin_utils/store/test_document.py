# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry as plain values, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.document import from_dict, to_dict
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    BookedLogin,
    Ciphertext,
    Entry,
)

NOW = datetime(2026, 11, 21, 22, 45, 54, tzinfo=timezone.utc)
LINE = BookedLogin(NOW, "staged", "wrong_password", "machine:1:2")
FULL = BookedLogin(NOW, "current", "locked", "run", "100-004", True, 3, NOW + timedelta(minutes=3), "person", True)

FEWEST = 1
"""Attempts that are left; 0 once the fault that is marked below is corrected."""

times = st.integers(0, 32 * 10**9).map(lambda second: datetime.fromtimestamp(second, timezone.utc))
texts = st.text(min_size=1, max_size=20)
ciphertexts = st.none() | texts.map(Ciphertext)
lines = st.builds(
    BookedLogin,
    at=times,
    slot=st.sampled_from(["current", "staged", "initial"]),
    outcome=texts,
    run=texts,
    code=st.none() | texts,
    is_answered=st.booleans(),
    remaining_attempts=st.none() | st.integers(FEWEST, 99),
    unlocks_at=st.none() | times,
    asked_by=st.none() | st.sampled_from(["person", "repair"]),
    is_free=st.booleans(),
)
entries = st.builds(
    Entry,
    version=st.integers(0, 10**6),
    current=ciphertexts,
    staged=ciphertexts,
    previous=ciphertexts,
    initial=ciphertexts,
    proved_at=st.none() | times,
    rotated_at=st.none() | times,
    staged_at=st.none() | times,
    temporary=st.booleans(),
    written_by=st.none() | texts,
    written_at=st.none() | times,
    ledger=st.lists(lines, max_size=4).map(tuple),
)


@settings(deadline=None)
@given(entries)
def test_what_is_kept_is_what_was_given(entry: Entry) -> None:
    assert from_dict(to_dict(entry)) == entry


@settings(deadline=None)
@given(entries)
def test_what_is_kept_is_plain(entry: Entry) -> None:
    assert yaml.safe_load(yaml.safe_dump(to_dict(entry))) == to_dict(entry)


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        FULL,
        replace(LINE, remaining_attempts=2),
        replace(LINE, remaining_attempts=0),
        replace(LINE, unlocks_at=NOW),
        replace(LINE, code="0", is_answered=True),
    ],
)
def test_what_a_server_told_is_kept_with_the_login(line: BookedLogin) -> None:
    assert from_dict(to_dict(Entry(ledger=(line,)))).ledger == (line,)


def test_only_what_a_login_has_is_written() -> None:
    bare, full = to_dict(Entry(ledger=(LINE, FULL)))["ledger"]
    assert bare == {"at": "2026-11-21T22:45:54Z", "slot": "staged", "outcome": "wrong_password", "run": "machine:1:2"}
    assert full == {
        "at": "2026-11-21T22:45:54Z",
        "slot": "current",
        "outcome": "locked",
        "run": "run",
        "code": "100-004",
        "is_answered": True,
        "remaining_attempts": 3,
        "unlocks_at": "2026-11-21T22:48:54Z",
        "asked_by": "person",
        "is_free": True,
    }


def test_an_entry_that_is_nearly_empty() -> None:
    values = to_dict(Entry())
    assert "temporary" not in values
    assert to_dict(Entry(temporary=True))["temporary"] is True
    assert (values["version"], values["ledger"], values["current"], values["written_by"]) == (0, [], None, None)
    assert from_dict(values) == Entry()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"version": None},
        {"ledger": None},
        {"ledger": [None]},
        {"ledger": [{"slot": "current", "outcome": "unknown", "run": "x"}]},
        {"rotated_at": "soon"},
        {"rotated_at": 5},
        {"ledger": [{"at": "2026-11-21T22:45:54Z", "slot": "s", "outcome": "o", "run": "r", "unlocks_at": "soon"}]},
        {
            "ledger": [
                {"at": "2026-11-21T22:45:54Z", "slot": "s", "outcome": "o", "run": "r", "remaining_attempts": "x"}
            ]
        },
    ],
)
def test_what_is_no_entry(values: dict[str, Any]) -> None:
    whole = to_dict(Entry(version=1, current=Ciphertext("x")))
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        from_dict({**whole, **values} if values else {})

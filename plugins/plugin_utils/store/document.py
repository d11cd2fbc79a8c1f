# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry as a document: plain values that every store can keep, and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from ansible_collections.callcenter.passwords.plugins.plugin_utils import timestamps
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import (
    SLOTS,
    Account,
    BookedLogin,
    Ciphertext,
    Entry,
)

_TIMES = ("proved_at", "enrolled_at", "rotated_at", "staged_at", "written_at")
_LINE_TIMES = ("at", "unlocks_at")
_ALWAYS = ("at", "slot", "outcome", "run")


def to_dict(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain values; its passwords are ciphertexts."""
    return {
        "version": entry.version,
        **({"account": entry.account._asdict()} if entry.account else {}),
        "code": entry.code,
        **{name: _text(getattr(entry, name)) for name in _TIMES},
        "written_by": entry.written_by,
        **({"temporary": True} if entry.temporary else {}),
        "ledger": [line_to_dict(line) for line in entry.ledger],
        **{slot: entry.password(slot) for slot in SLOTS},
    }


def from_dict(values: dict[str, Any]) -> Entry:
    """Return the entry that a document holds.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it holds none.
    """
    known: dict[str, Any] = {name: _time(values.get(name)) for name in _TIMES}
    known.update({slot: Ciphertext(str(values[slot])) if values[slot] else None for slot in SLOTS})
    return Entry(
        version=int(values["version"]),
        account=Account(**values["account"]) if values.get("account") else None,
        code=values.get("code"),
        written_by=values["written_by"],
        temporary=bool(values.get("temporary")),
        ledger=tuple(line_from_dict(line) for line in values["ledger"]),
        **known,
    )


def line_to_dict(line: BookedLogin) -> dict[str, Any]:
    """Return a line of a ledger as plain values."""
    values = {one.name: getattr(line, one.name) for one in fields(line)}
    texts = {name: _text(value) if name in _LINE_TIMES else value for name, value in values.items()}
    return {
        name: value for name, value in texts.items() if name in _ALWAYS or (value is not None and value is not False)
    }


def line_from_dict(values: dict[str, Any]) -> BookedLogin:
    """Return the line of a ledger that a document holds.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it holds none.
    """
    left = values.get("remaining_attempts")
    return BookedLogin(
        timestamps.from_text(values["at"]),
        values["slot"],
        values["outcome"],
        values["run"],
        values.get("code"),
        bool(values.get("is_answered")),
        None if left is None else int(left),
        _time(values.get("unlocks_at")),
        values.get("asked_by"),
        bool(values.get("is_free")),
    )


def _text(time: datetime | None) -> str | None:
    return timestamps.to_text(time) if time else None


def _time(text: str | None) -> datetime | None:
    return timestamps.from_text(text) if text else None

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as an ordinary module would receive them."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Return a value without the marks that ansible-core puts on strings, as an ordinary module would receive it."""
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return "".join(value) if isinstance(value, str) else value

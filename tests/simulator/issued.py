# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every guid, cookie and token that this process has made up, so that tests can look for them where they must not be."""

from __future__ import annotations

from collections import deque

ISSUED: deque[str] = deque(maxlen=100_000)


def issued(secret: str) -> str:
    """Note a secret that is about to be handed out, and return it."""
    ISSUED.append(secret)
    return secret

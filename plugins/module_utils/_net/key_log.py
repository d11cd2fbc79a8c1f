# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping the keys of TLS connections out of files: with them, whoever records the traffic reads the passwords."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "SSLKEYLOGFILE"


@contextmanager
def no_key_log() -> Iterator[None]:
    """Hide the variable that has Python and urllib3 write the keys of each TLS context that they make meanwhile."""
    path = os.environ.pop(_NAME, None)
    try:
        yield
    finally:
        if path is not None:
            os.environ[_NAME] = path

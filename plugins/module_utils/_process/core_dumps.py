# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping the memory of a process that crashes, and the passwords in it, off the disk."""

from __future__ import annotations

import contextlib

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

_ONE_BYTE = 1
"""Zero bytes would do for files. But Linux hands a dump to a program that collects them (systemd-coredump, apport)
whatever the limit is, unless it is one byte: with that it makes none at all."""


def forbid_core_dumps() -> None:
    """Have no core dump written of this process and of those that it starts from now on, if it should crash.

    The hard limit stays, so that a program that wants its dumps can raise its own limit again.
    """
    if resource is None:
        return
    with contextlib.suppress(OSError, ValueError):  # A limit of zero stays: it is as good for files.
        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (_ONE_BYTE, hard))

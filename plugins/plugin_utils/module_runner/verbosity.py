# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible prints of a module's answer. Connection plugins show all of it when they are asked to say much."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ansible import constants
from ansible.utils.display import Display

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRINTS_ANSWERS = 3
"""Verbosity from which on connection plugins do so."""
_VERBOSITIES = ("verbosity", "log_verbosity")
"""That of the screen, and that of the log file where ansible-core has one of its own."""


def prints_answers() -> bool:
    """Whether what a module on another machine answers is printed or logged."""
    display, debugs = Display(), constants.config.get_config_value("DEFAULT_DEBUG")
    return bool(debugs) or any(getattr(display, name, 0) >= _PRINTS_ANSWERS for name in _VERBOSITIES)


@contextmanager
def answers_unprinted() -> Iterator[None]:
    """Keep what connection plugins say meanwhile below the verbosity at which they print answers."""
    shown = vars(Display())
    before = {name: shown[name] for name in _VERBOSITIES if name in shown}
    shown.update({name: min(verbosity, _PRINTS_ANSWERS - 1) for name, verbosity in before.items()})
    try:
        yield
    finally:
        shown.update(before)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything about the simulated services that the documentation leaves open or that differs by installation.

The defaults are what the interface references say, or where they are silent, the reading that is hardest on a
client. Sections are named after the CC-Gateway interface reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .jsonfields import FieldError, fill


@dataclass(slots=True)
class GatewayOptions:
    """CC-Gateway: agents and configuration administrators."""

    # Agent ids: 101-59999 in the 2023 pages, 101-999999 in those of 2025.
    max_agent_id: int = 59999
    # 'C5 Intelligent Auxiliary Interface Authentication': VDN id + 100000, in the newest page + 1000000.
    vdn_offset: int = 100_000
    # 'utf-8' or 'gbk': the encoding of the answers.
    encoding: str = "utf-8"
    # A call whose body is not announced as JSON gets HTTP 415 ("Content-Type ... mandatory").
    require_content_type: bool = True

    # 'C4 authentication': AUTHMODE 1 = static, 2 = dynamic GUIDs, and the two knobs of the dynamic mode.
    auth_mode: int = 2
    guid_interval: float = 60.0
    guid_timeout: float = 120.0
    # 'Signing In': no event poll for two minutes means signed out.
    session_timeout: float = 120.0
    # How long a session that must change its password lives without doing so; 0 = as any other.
    force_change_seconds: float = 60.0
    # How long an event poll without events is held, in real seconds (10 on a real gateway).
    poll_hold: float = 0.05
    # Behind a load balancer only the cookies of the sign-in lead back to the node that knows the session.
    require_cookies: bool = True
    # The code for a guid that is wrong or has been replaced: 100-006 or 000-003.
    stale_guid_code: str = "100-006"

    # Undocumented: whether a sign-in of a live agent checks the password before it answers 100-002.
    check_password_first: bool = False
    # 'Signing In to the Platform by an Agent' (loginex) allows an empty password.
    loginex_checks_password: bool = False
    # Allowed telephone numbers as 'first-last'; empty = any.
    phone_range: str = ""

    # Undocumented for agents: three wrong passwords, half an hour, as elsewhere in the product.
    lock_threshold: int = 3
    lock_seconds: float = 1800.0
    lock_resets_counter: bool = False
    locked_code: str = "110-016"
    wrong_old_counts: bool = True

    # 'Changing the Password (Extended)'.
    history_size: int = 5
    policy_code: str = "100-007"
    history_code: str = "100-007"
    # The shortest run of equal characters that is refused; the two language versions of the page differ.
    identical_run: int = 2
    change_ends_session: bool = True

    # Administrator's reset of an agent's password (inferred from its siblings).
    reset_ends_session: bool = False
    reset_unlocks: bool = False
    reset_requires_full_record: bool = False

    # Configuration administrators.
    config_lock_threshold: int = 3
    config_lock_seconds: float = 1800.0
    config_locked_code: str = "107-003"
    config_wrong_old_counts: bool = True
    config_session_seconds: float = 1800.0
    config_history_size: int = 5
    config_history_code: str = "107-004"

    def check(self) -> None:
        if self.encoding not in ("utf-8", "gbk"):
            raise FieldError("options.gateway.encoding: 'utf-8' or 'gbk'")
        if self.auth_mode not in (1, 2):
            raise FieldError("options.gateway.auth_mode: 1 (static) or 2 (dynamic)")
        first, dash, last = self.phone_range.partition("-")
        if self.phone_range and not (dash and first.isdecimal() and last.isdecimal()):
            raise FieldError("options.gateway.phone_range: '40000-49999', or empty for any number")


@dataclass(slots=True)
class Options:
    """What is common to all services, and one group for each."""

    # Added to every answer, in real seconds.
    latency: float = 0.0
    # Calls remembered for each account; older ones are dropped.
    journal_per_account: int = 1000
    gateway: GatewayOptions = field(default_factory=GatewayOptions)

    def update(self, values: Mapping[str, object]) -> None:
        fill(self, values, "options")
        self.gateway.check()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

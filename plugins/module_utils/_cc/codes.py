# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the CC-Gateway's return codes mean, by request.

Source: CC-Gateway interface reference, both error code tables. A code that is not in its table is unknown: the tables
go on and differ by release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import Meaning, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGN_IN_CODES: Mapping[str, Meaning] = {
    "000-002": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter or the URL illegal"),
    "000-006": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter illegal"),
    "000-007": Meaning(
        Outcome.ACCESS_DENIED, "the gateway is still busy with an earlier identical call; run again later"
    ),
    "100-001": Meaning(Outcome.ACCESS_DENIED, "the gateway found a sign-in parameter empty or illegal"),
    "100-002": Meaning(Outcome.SIGNED_IN, "the agent is signed in"),
    "100-003": Meaning(
        Outcome.ACCESS_DENIED, "the gateway has no resource for a sign-in at the moment; run again later"
    ),
    "100-004": Meaning(Outcome.WRONG_PASSWORD, "the gateway says that the agent id or the password is wrong"),
    "100-011": Meaning(
        Outcome.ACCESS_DENIED,
        "the gateway found a parameter illegal, or the phone number is in use; check phone_number",
    ),
    "100-012": Meaning(Outcome.ACCESS_DENIED, "the gateway refused the agent type; check agent_type"),
    "100-013": Meaning(Outcome.ACCESS_DENIED, "the gateway refused the phone number; check phone_number"),
    "100-014": Meaning(
        Outcome.ACCESS_DENIED, "the phone number is outside the range configured on the gateway; check phone_number"
    ),
    "100-015": Meaning(Outcome.SIGNED_IN, "the agent is signed in and the gateway does not allow a take-over"),
    "100-016": Meaning(Outcome.ACCESS_DENIED, "the gateway refused this machine's IP address"),
    "100-017": Meaning(Outcome.ACCESS_DENIED, "the gateway's uPortal refused the authentication"),
    "100-061": Meaning(Outcome.LOCKED, "the account is locked"),
    "100-062": Meaning(Outcome.WRONG_PASSWORD, "the gateway says that the account or the password is wrong"),
    "110-016": Meaning(Outcome.LOCKED, "the account is locked"),
}

# There is no code of its own for a wrong old password, the policy or the history: 100-007 may be any of them,
# or an accident after the change was applied.
CHANGE_CODES: Mapping[str, Meaning] = {
    "000-002": Meaning(
        Outcome.PASSWORD_REJECTED, "the gateway found a parameter illegal, such as a password against its policy"
    ),
    "000-006": Meaning(
        Outcome.PASSWORD_REJECTED, "the gateway found a parameter illegal, such as a password against its policy"
    ),
    "000-003": Meaning(Outcome.SESSION_LOST, "the gateway does not know the session any more"),
    "100-006": Meaning(Outcome.SESSION_LOST, "the gateway does not know the session any more"),
    "100-008": Meaning(Outcome.SESSION_LOST, "the gateway does not know the session any more"),
}

SIGN_OUT_DONE = frozenset({"0", "000-003", "100-006", "100-008"})
"""Answers to a sign-out after which there is no session: signed out now, earlier, or by the change itself."""

CONFIG_LOGIN_CODES: Mapping[str, Meaning] = {
    "000-002": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter illegal"),
    "107-002": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter illegal or missing"),
    "107-003": Meaning(Outcome.WRONG_PASSWORD, "the gateway says that the administrator or the password is wrong"),
}

_CONFIG_SESSION_CODES: Mapping[str, Meaning] = {
    "107-000": Meaning(Outcome.SESSION_LOST, "the gateway does not know the administrator's session any more"),
    "107-007": Meaning(Outcome.SESSION_LOST, "the gateway did not accept the administrator's session"),
}

CONFIG_QUERY_CODES: Mapping[str, Meaning] = {
    **_CONFIG_SESSION_CODES,
    "000-002": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter illegal"),
    "107-002": Meaning(Outcome.ACCESS_DENIED, "the gateway found a parameter illegal or missing"),
}

CONFIG_CHANGE_CODES: Mapping[str, Meaning] = {
    **_CONFIG_SESSION_CODES,
    "000-002": Meaning(Outcome.PASSWORD_REJECTED, "the gateway found a parameter illegal"),
    "107-002": Meaning(
        Outcome.PASSWORD_REJECTED, "the gateway found a parameter illegal, such as a password against its policy"
    ),
}

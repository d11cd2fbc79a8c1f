# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways in which a password is changed: one for each kind of credential and each variant of its API.

Which requests a flow makes is not written down here: a healthy run shows it (see matrix.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TENANT_CLIENT, TENANT_SECRET = "admin-app", "client-secret-Marker7"
WRONG_BEFORE = 2
"""Hours since the wrong login that a diverged credential's ledger tells of."""


@dataclass(frozen=True)
class Flow:
    """One way to change a password.

    Attributes:
        name: for people.
        kind: the kind of credential that is rotated.
        change: the operation that sets the new password, as the simulator names it.
        verify: the operation that proves it.
        needs: other kinds of credentials that the person must have.
        account: how the account differs from the simulator's default.
        variables: the host's.
        is_lost: nobody knows the password, and an administrator is to set another one.
        is_new: the store has no password of it yet. The playbook enroll has the first one set.
        has_registrar: SIP phones are tried at the registrar.
        token: the operation that gets the tenant's token, once for all hosts of a run.
    """

    name: str
    kind: str
    change: str
    verify: str
    needs: tuple[str, ...] = ()
    account: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    is_lost: bool = False
    is_new: bool = False
    has_registrar: bool = False
    token: str = ""


FLOWS = (
    Flow("agent", "cc_agent", "change", "sign_in"),
    Flow("agent's first sign-in", "cc_agent", "change", "sign_in", account={"initial": True}),
    Flow(
        "agent, repaired",
        "cc_agent",
        "config_reset",
        "sign_in",
        needs=("cc_config",),
        variables={"rotate_repair": ["cc_agent"]},
        is_lost=True,
    ),
    Flow(
        "agent, taken over",
        "cc_agent",
        "config_reset",
        "sign_in",
        needs=("cc_config",),
        is_lost=True,
        is_new=True,
    ),
    Flow("administrator", "cc_config", "config_change", "config_login"),
    Flow("business account", "cec_account", "account_change", "login_check", token="cec_token"),
    Flow("phone", "cec_sip", "sip_change", "login_check", needs=("cec_account",), token="cec_token"),
    Flow(
        "phone at a registrar",
        "cec_sip",
        "sip_change",
        "sip_register",
        needs=("cec_account",),
        has_registrar=True,
        token="cec_token",
    ),
    Flow("user", "idaas", "idaas_change", "idaas_login"),
    Flow(
        "user, expired",
        "idaas",
        "idaas_update",
        "idaas_login",
        account={"attributes": {"status": "PASSWORD_EXPIRED"}},
    ),
    Flow(
        "user, repaired",
        "idaas",
        "idaas_reset",
        "idaas_login",
        variables={"rotate_repair": ["idaas"]},
        is_lost=True,
        token="idaas_tenant_token",
    ),
    Flow(
        "user, taken over",
        "idaas",
        "idaas_reset",
        "idaas_login",
        is_lost=True,
        is_new=True,
        token="idaas_tenant_token",
    ),
)

WITHOUT_FAULTS = frozenset({"sip_register"})
"""Requests that take no planned faults; the registrar has options of its own."""

Refusal = tuple[str, str, str]
"""What the server means, its code, its text."""

TOO_FEW_LEFT = "wrong, two left"
"""A refusal after which only the user may try again."""

REFUSALS: Mapping[str, tuple[Refusal, ...]] = {
    "sign_in": (
        ("wrong", "100-004", ""),
        ("locked", "110-016", ""),
        ("live", "100-002", ""),
        ("busy", "000-007", ""),
        ("not allowed", "100-016", ""),
        ("unheard of", "999-999", ""),
    ),
    "sign_out": (("refused", "100-010", ""), ("session lost", "100-006", ""), ("unheard of", "999-999", "")),
    "change": (
        ("policy", "000-002", ""),
        ("history", "100-007", ""),
        ("session lost", "100-006", ""),
        ("busy", "000-007", ""),
        ("unheard of", "999-999", ""),
    ),
    "config_login": (("wrong", "107-003", ""), ("bad request", "107-002", ""), ("unheard of", "999-999", "")),
    "config_change": (
        ("policy", "107-002", ""),
        ("history", "107-004", ""),
        ("session lost", "107-000", ""),
        ("unheard of", "999-999", ""),
    ),
    "config_query": (("session lost", "107-000", ""), ("unheard of", "999-999", "")),
    "config_reset": (
        ("policy", "107-002", ""),
        ("history", "107-011", ""),
        ("session lost", "107-007", ""),
        ("unheard of", "999-999", ""),
    ),
    "login_check": (
        ("wrong", "1", "The user name or password is incorrect."),
        ("locked", "1", "The account is locked."),
        ("busy", "10010000002", "Flow control failed."),
        ("session lost", "10010000001", "Authentication failed."),
    ),
    "account_change": (
        ("policy", "1", "The password does not meet the complexity requirements."),
        ("history", "1", "The password has been used before."),
        ("24 hours", "1", "The password can be changed only once in 24 hours."),
        ("locked", "1", "The account is locked."),
        ("session lost", "10010000001", "Authentication failed."),
    ),
    "sip_change": (
        ("policy", "1", "The password does not meet the complexity requirements."),
        ("locked", "1", "The account is locked."),
        ("busy", "10010000002", "Flow control failed."),
        ("session lost", "10010000001", "Authentication failed."),
    ),
    "idaas_login": (
        ("wrong", "IDAAS.SDK.LOGIN.0002", ""),
        ("wrong, five left", "IDAAS.SDK.LOGIN.0002", "Wrong user name or password. You have 5 attempts left."),
        (TOO_FEW_LEFT, "IDAAS.SDK.LOGIN.0002", "Wrong user name or password. You have 2 attempts left."),
        ("locked", "IDAAS.SDK.LOGIN.0001", "The account is locked and unlocks in 3 minutes 0 seconds."),
        ("bad request", "IDAAS.SDK.PARAM.0001", ""),
        ("unheard of", "IDAAS.SDK.LOGIN.9999", ""),
    ),
    "idaas_change": (
        ("policy", "IDAAS.SDK.PWD.0004", ""),
        ("history", "IDAAS.SDK.PWD.0001", ""),
        ("session lost", "IDAAS.SDK.PARAM.0016", ""),
        ("wrong", "IDAAS.SDK.LOGIN.0002", ""),
        ("unheard of", "IDAAS.SDK.PWD.9999", ""),
    ),
    "idaas_update": (
        ("policy", "IDAAS.SDK.PWD.0004", ""),
        ("history", "IDAAS.SDK.PWD.0001", ""),
        ("session lost", "IDAAS.SDK.PARAM.0014", ""),
        ("wrong", "IDAAS.SDK.LOGIN.0002", ""),
        ("unheard of", "IDAAS.SDK.PWD.9999", ""),
    ),
    "idaas_reset": (
        ("policy", "IDAAS.TENANT.PWD.0004", ""),
        ("history", "IDAAS.TENANT.PWD.0001", ""),
        ("bad request", "IDAAS.TENANT.USER.0001", ""),
        ("unheard of", "IDAAS.TENANT.PWD.9999", ""),
    ),
}
"""What a server may answer to an operation beside success."""

LIES = frozenset({"wrong", "wrong, five left", TOO_FEW_LEFT})
"""Refusals that are untrue where the password is right: the run may then report the credential as diverged."""

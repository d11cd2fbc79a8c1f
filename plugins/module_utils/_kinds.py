# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of credential: all that is particular about one, a row for each. The only list of them.

Whatever else lists kinds derives from this one, or tests/unit/plugins/test_kinds.py compares it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from ._policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Options = Mapping[str, Any]


def _named(*options: str) -> Callable[[Options], list[str]]:
    """Return a function that picks the values of these options, where there are any."""

    def identifiers(params: Options) -> list[str]:
        return [str(params[option]) for option in options if params.get(option) not in (None, "")]

    return identifiers


def _text(option: str) -> Callable[[Options], str]:
    """Return a function that picks an account's name. What differs in case or width only may be one account."""
    return lambda params: normalize("NFKC", str(params.get(option) or "")).strip().casefold()


def _user_identifiers(params: Options) -> list[str]:
    """Return an IDaaS user's names: what the user logs in with, its mail prefix, and those that are given."""
    user = str(params.get("user_name") or "")
    return [name for name in (user, user.partition("@")[0], *map(str, params.get("identifiers") or ())) if name]


def _administrator(params: Options) -> str:
    """Return the number that a configuration administrator logs in with: its own, or a VDN's plus an offset."""
    vdn_id = params.get("vdn_id")
    number = params.get("admin_id") if vdn_id is None else int(vdn_id) + int(params["vdn_offset"])
    return str(int(number or 0) or "")


@dataclass(frozen=True)
class Repair:
    """How an administrator sets a password of a kind.

    Attributes:
        module: sets it.
        parent: kind of the administrator's own password in the store, where the module presents that.
        rules: rules of a policy, where the administrator's is narrower. What is set under them is temporary.
    """

    module: str
    parent: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of credential.

    Attributes:
        login: the module that finds out whether a password works.
        change: the module that changes it.
        service: whose accounts these are. Kinds of one service with one account share the count of failed logins.
        url: the option that says where the service is.
        account: returns, from the modules' options, the account's name at the service; empty where they name none.
        policy: what the service documents about its passwords.
        identifiers: returns, from the modules' options, the account's names and numbers, which no password resembles.
        csv_column: column of the first passwords' file, counted from 0.
        parent: the kind whose password the change presents instead of its own, and the login where it has no witness.
        witness: the option that names who verifies a password without the parent's.
        repair: how an administrator sets it.
        min_age_hours: hours between two changes that the service demands.
        handed_over: options of the change that a result of the login gives it, so that it needs no login of its own.
        sign_out: options with which the login module ends a session that it has opened.
        forbidden: options that must not be true, with the reason why the change is refused then.
    """

    login: str
    change: str
    service: str
    url: str
    account: Callable[[Options], str]
    policy: Policy
    identifiers: Callable[[Options], list[str]]
    csv_column: int
    parent: str | None = None
    witness: str | None = None
    repair: Repair | None = None
    min_age_hours: float = 0
    handed_over: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda login: {}
    sign_out: Mapping[str, Any] = field(default_factory=dict)
    forbidden: Mapping[str, str] = field(default_factory=dict)


def _handed_over(*names: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function that picks these values of a login's result."""
    return lambda login: {name: login[name] for name in names if login.get(name)}


# In the order in which a host's credentials are worked on: a parent comes before what needs it.
KINDS: Mapping[str, Kind] = {
    "cc_agent": Kind(
        login="cc_agent_login",
        change="cc_agent_password",
        service="CC-Gateway",
        url="gateway_url",
        account=lambda params: str(int(params.get("agent_id") or 0) or ""),
        # CC-Gateway interface reference, "Changing the Password (Extended)". The text allows several readings of
        # "consecutive identical characters" and does not list the specials, so no two neighbors are equal and a small
        # set of specials is used.
        policy=Policy(),
        identifiers=_named("agent_id"),
        csv_column=1,
        repair=Repair(
            "cc_agent_reset",
            parent="cc_config",
            # "Adding an Agent", agentPwd: eight single-byte characters.
            rules={"max_length": 8, "generated_length": 8},
        ),
        handed_over=_handed_over("guid", "cookies"),
        sign_out={"state": "signed_out"},
        forbidden={
            "aicc_workbench": "the gateway would not pass the new password on to the AICC workbench, where the agent "
            "could not sign in then. Change it in AICC, or set aicc_workbench to false"
        },
    ),
    "cc_config": Kind(
        login="cc_config_login",
        change="cc_config_password",
        service="CC-Gateway",
        url="gateway_url",
        account=_administrator,
        # Only the length is documented; what is generated keeps all rules.
        policy=Policy(min_classes=1, max_identical=32, identifier_piece=0),
        identifiers=_named("admin_id", "vdn_id"),
        csv_column=1,
        handed_over=_handed_over("guid", "cookies"),
    ),
    "cec_account": Kind(
        login="cec_login_check",
        change="cec_account_password",
        service="CEC",
        url="cec_url",
        account=_text("account"),
        # CEC interface reference, "Modifying an Agent Account": eight characters and all four classes by default; the
        # rest of the rule group is the tenant's.
        policy=Policy(min_classes=4, max_identical=128, identifier_piece=0),
        identifiers=_named("account"),
        csv_column=2,
        min_age_hours=24,
        handed_over=lambda login: {"verify_old_password": False},
    ),
    "cec_sip": Kind(
        login="cec_sip_login",
        change="cec_sip_password",
        service="SIP phone in the CEC",
        url="cec_url",
        account=_text("account"),
        # CEC interface reference, "Changing the SIP Phone Number Login Password of an Agent".
        policy=Policy(max_length=16, specials="~@^*_+.?", max_identical=16, identifier_piece=0, generated_length=16),
        identifiers=_named("account", "sip_user"),
        csv_column=3,
        parent="cec_account",
        witness="registrar",
        # A registrar has not seen the account's password.
        handed_over=lambda login: {"verify_account_password": False} if login.get("account_login") else {},
    ),
    "idaas": Kind(
        login="idaas_login",
        change="idaas_password",
        service="IDaaS",
        url="idaas_url",
        account=_text("user_name"),
        # The login announces the tenant's rules where a change is due. The error codes name what they are about:
        # history, user name forwards and backwards, telephone number, mail prefix, complexity, repetition, length.
        policy=Policy(max_identical=128, identifier_piece=0, whole_identifier=True, generated_length=16),
        identifiers=_user_identifiers,
        csv_column=4,
        repair=Repair("idaas_user_password"),
        handed_over=_handed_over("id_token", "state_token"),
    ),
}

REPAIRABLE = [name for name, kind in KINDS.items() if kind.repair]
"""Kinds whose password an administrator can set."""

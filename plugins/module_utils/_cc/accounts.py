# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the CC-Gateway modules, and the accounts that they describe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Outcome, SessionLost, check_all
from .._http.options import CONNECTION, open_transport, server_of
from .._module.argspec import ArgumentSpec, password_option
from .._module.logins import Credential, Login
from .client import Gateway, Session, agent_number, check_agent_id, check_phone_number, vdn_admin_id
from .codes import SIGN_OUT_DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

GATEWAY = CONNECTION + ArgumentSpec(
    {
        "gateway_url": {"type": "str", "required": True},
        "agent_id_max": {"type": "int", "default": 59999},
    }
)

SESSION = ArgumentSpec({"guid": {"type": "str", "no_log": True}, "cookies": {"type": "dict", "no_log": True}})


def open_gateway(params: Mapping[str, Any]) -> Gateway:
    """Return the client that the options describe; sends nothing.

    Raises:
        InputError: an option of the connection is at fault.
    """
    return Gateway(
        open_transport(params, "gateway_url"), params.get("agent_type", 4), params.get("sign_in_parameters") or {}
    )


def given_session(params: Mapping[str, Any]) -> Session | None:
    """Return the session that the caller holds already, if any."""
    if not params.get("guid"):
        return None
    return Session(params["guid"], {str(name): str(value) for name, value in (params.get("cookies") or {}).items()})


def administrator_login(params: Mapping[str, Any], option: str = "password", becomes: str | None = None) -> Login:
    """Return the login of a configuration administrator, whose password many hosts may present.

    Args:
        params: the options.
        option: which of them is the password.
        becomes: which of them is the password afterwards, where the task changes it.

    Raises:
        InputError: one of the options is at fault.
    """
    server, number = server_of(params["gateway_url"]), _administrator_number(params)

    def credential(password: str) -> Credential:
        return Credential(
            f"configuration administrator {number}", (server, str(number), password_option(params, password))
        )

    return Login(server, credential(option), credential(becomes) if becomes else None)


AGENT = SESSION + ArgumentSpec(
    {
        "agent_id": {"type": "int", "required": True},
        "phone_number": {"type": "str"},
        "agent_type": {"type": "int", "choices": [4, 11], "default": 4},
        "sign_in_parameters": {"type": "dict", "default": {}},
        "take_over": {"type": "bool", "default": False},
    }
)


@dataclass(frozen=True)
class AgentAccount:
    """An agent's platform account."""

    gateway: Gateway
    agent_id: int
    phone_number: str
    take_over: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> AgentAccount:
        """Return the account that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        gateway, *_checked = check_all(
            lambda: open_gateway(params),
            lambda: check_agent_id(params["agent_id"], params["agent_id_max"]),
            lambda: check_phone_number(params["phone_number"]),
            lambda: _check_sign_in_parameters(params["sign_in_parameters"]),
        )
        return cls(gateway, params["agent_id"], params["phone_number"], params["take_over"])

    def log_in(self, password: str) -> Session:
        """Sign in."""
        return self.gateway.sign_in(self.agent_id, password, self.phone_number, take_over=self.take_over)

    def log_out(self, session: Session) -> bool:
        """Sign out."""
        return self.gateway.sign_out(self.agent_id, session) in SIGN_OUT_DONE

    def change(self, session: Session, old: str, new: str) -> None:
        """Change the password."""
        self.gateway.change_agent_password(self.agent_id, session, old, new)


ADMINISTRATOR = ArgumentSpec(
    {
        "admin_id": {"type": "int"},
        "vdn_id": {"type": "int"},
        "vdn_offset": {"type": "int", "choices": [100000, 1000000], "default": 100000},
    },
    mutually_exclusive=(("admin_id", "vdn_id"),),
    required_one_of=(("admin_id", "vdn_id"),),
)


@dataclass(frozen=True)
class AdministratorAccount:
    """A configuration administrator's account: an agent's number, or a VDN's number plus an offset."""

    gateway: Gateway
    admin_id: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> AdministratorAccount:
        """Return the account that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        gateway, admin_id = check_all(lambda: open_gateway(params), lambda: _administrator_number(params))
        return cls(gateway, admin_id)

    def log_in(self, password: str) -> Session:
        """Log in."""
        return self.gateway.config_login(self.admin_id, password)

    def log_out(self, session: Session) -> bool:
        """Do nothing: the interface has no sign-out, and an open session stands in nobody's way."""
        return True

    def change(self, session: Session, old: str, new: str) -> None:
        """Change the password."""
        self.gateway.change_config_password(session, old, new)


@dataclass(frozen=True)
class ManagedAgent:
    """An agent whose password a configuration administrator sets."""

    administrator: AdministratorAccount
    agent_id: int
    full_record: bool = True

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ManagedAgent:
        """Return the agent that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        administrator, _checked = check_all(
            lambda: AdministratorAccount.of(params),
            lambda: check_agent_id(params["agent_id"], params["agent_id_max"]),
        )
        return cls(administrator, params["agent_id"], params["full_record"])

    def log_in(self, password: str) -> Session:
        """Log the administrator in."""
        return self.administrator.log_in(password)

    def log_out(self, session: Session) -> bool:
        """Do nothing, see AdministratorAccount."""
        return True

    def change(self, session: Session, old: str | None, new: str) -> None:
        """Set the agent's password."""
        gateway = self.administrator.gateway
        gateway.set_agent_password(session, self.agent_id, new, self._record(session) if self.full_record else None)

    def _record(self, session: Session) -> Mapping[str, Any]:
        try:
            records = self.administrator.gateway.query_agents(session, [self.agent_id])
        except SessionLost as exc:
            raise SessionLost(exc.message, exc.code, sent=False) from None
        except ApiError as exc:
            message = f"the agent's record could not be read: {exc.message}"
            raise ApiError(exc.of_the_next, message, exc.code, sent=False) from None
        if not records:
            message = "the administrator's VDN has no such agent; check agent_id"
            raise ApiError(Outcome.ACCESS_DENIED, message, "0", sent=False)
        for record in records:
            if agent_number(record) == self.agent_id:
                return record
        raise ApiError(Outcome.ACCESS_DENIED, "the gateway answered with another agent's record", "0", sent=False)


def _administrator_number(params: Mapping[str, Any]) -> int:
    if params["vdn_id"] is not None:
        if not 1 <= params["vdn_id"] <= 99999:
            raise InputError(f"vdn_id is {params['vdn_id']}, outside 1 to 99999; correct it")
        return vdn_admin_id(params["vdn_id"], params["vdn_offset"])
    check_agent_id(params["admin_id"], params["agent_id_max"], lowest=1, option="admin_id")
    return int(params["admin_id"])


def _check_sign_in_parameters(parameters: Mapping[str, Any]) -> None:
    if {"password", "phonenum"} & {str(name).lower() for name in parameters}:
        raise InputError("sign_in_parameters must hold neither password nor phonenum; use the options for them")

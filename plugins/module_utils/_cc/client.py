# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client of the CC-Gateway.

Source: CC-Gateway interface reference, the pages that the methods name. The codes are in codes.py.

The gateway answers HTTP 200 for nearly everything; what happened is in ``retcode``, a string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Meaning, Outcome, SessionLost, Unreadable
from .codes import (
    CHANGE_CODES,
    CONFIG_CHANGE_CODES,
    CONFIG_LOGIN_CODES,
    CONFIG_QUERY_CODES,
    SIGN_IN_CODES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._http.transport import Reply, Transport

_AGENT = "/agentgateway/resource/onlineagent"
_CONFIG = "/agentgateway/resource/config"

MIN_AGENT_ID = 101
AGENTS_PER_QUERY = 100
"""Most agents that one configuration query accepts."""

_NOT_SENT_BACK = frozenset({"agentId", "agentPwd", "timeRemaining"})
"""Fields of an agent's record that say what is, not what shall be."""

_WHO = "the gateway"
_CODE = re.compile(r"0|[0-9]{3}-[0-9]{3}")
"""Shape of a retcode. Anything else is not repeated: it could be an echo of the request."""
_GUID = re.compile(r"[A-Za-z0-9_.:-]{1,256}")
_NOT_EVALUATED = frozenset({403, 404, 405})
"""HTTP statuses of a proxy, an address filter or the routing layer: the login behind them was not looked at."""


@dataclass(frozen=True)
class Session:
    """A signed-in session: what later calls must carry. Every value is a secret.

    Attributes:
        guid: sent as header ``guid``.
        cookies: sent back as they came; a load balancer finds the right node by them.
        must_change: the gateway demands a change of the password now.
    """

    guid: str = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    must_change: bool = False

    def headers(self) -> dict[str, str]:
        """Return the request headers that identify the session."""
        headers = {"guid": self.guid}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return headers


def check_agent_id(agent_id: int, highest: int, lowest: int = MIN_AGENT_ID, option: str = "agent_id") -> None:
    """Raise InputError unless the number is one that the gateway accepts.

    Older gateways accept 101 to 59999, newer ones up to 999999; administrators start at 1.
    """
    if not lowest <= agent_id <= highest:
        raise InputError(
            f"{option} is {agent_id}, outside {lowest} to {highest}; correct it, "
            "or raise agent_id_max to 999999 for a gateway of 2025 or later"
        )


def check_phone_number(phone_number: str | None) -> None:
    """Raise InputError unless the gateway can accept the number: 1 to 24 digits, required to sign in."""
    if not phone_number:
        raise InputError("phone_number is missing; the gateway signs an agent in only with the number of a softphone")
    if not re.fullmatch(r"[0-9]{1,24}", phone_number):
        raise InputError("phone_number must be 1 to 24 digits; correct it")


@dataclass
class Gateway:
    """Calls of the gateway, each one request.

    Attributes:
        transport: where the requests go.
        agent_type: 4 for PC and phone, 11 for PC and video phone.
        sign_in_parameters: further sign-in fields. The defaults sign in quietly: busy, no automatic answer, not
            idle after a call, and not signed in to text media (that one is seen in the vendor's client only).
    """

    transport: Transport
    agent_type: int = 4
    sign_in_parameters: Mapping[str, Any] = field(default_factory=dict)

    def sign_in(self, agent_id: int, password: str, phone_number: str, *, take_over: bool = False) -> Session:
        """Sign an agent in.

        Source: "Signing In".

        Raises:
            ApiError: its outcome is a login outcome.
        """
        body = {
            "password": password,
            "phonenum": phone_number,
            "autoanswer": False,
            "autoenteridle": False,
            "releasephone": True,
            "agenttype": self.agent_type,
            "status": 3,
            "checkInWebm": False,
            **self.sign_in_parameters,
        }
        reply, document = self._login(
            "PUT", f"{_AGENT}/{agent_id}" + ("/forcelogin" if take_over else ""), body, SIGN_IN_CODES
        )
        result = _result(document)
        guid = _guid(reply) or _clean_guid(result.get("guid"))
        if not guid:
            raise Unreadable("the gateway accepted the sign-in but gave no session id", "0")
        return Session(guid, dict(reply.cookies), must_change=str(result.get("isForceChange")).lower() == "true")

    def sign_out(self, agent_id: int, session: Session) -> str | None:
        """Sign an agent out and return the retcode, else the HTTP status, None where no answer came. Never raises.

        Source: "Signing Out".

        The session is surely over when the retcode is in ``SIGN_OUT_DONE``. Without an answer it is asked once more on
        a new connection, which harms nothing; otherwise the agent stays signed in, and looks like a person at work.
        """
        code = self._signed_out(agent_id, session)
        if code is None:
            self.transport.close()
            code = self._signed_out(agent_id, session)
        return code

    def _signed_out(self, agent_id: int, session: Session) -> str | None:
        try:
            reply = self.transport.request("DELETE", f"{_AGENT}/{agent_id}/logout", headers=session.headers())
            reply.check_evaluated(_WHO)
            return _retcode(reply.json()) or reply.code
        except ApiError as exc:
            return exc.code

    def change_agent_password(self, agent_id: int, session: Session, old: str, new: str) -> None:
        """Change the password of a signed-in agent. Treat the session as over afterwards.

        Source: "Changing the Password (Extended)".

        Raises:
            SessionLost: sign in again.
            ApiError: outcome ``password_rejected``, ``access_denied``, ``unreachable`` or ``unknown``.
        """
        self._call(
            "POST",
            f"{_AGENT}/{agent_id}/modifyaccountpwdex",
            session,
            CHANGE_CODES,
            json_body={"oldPassword": old, "newPassword": new},
        )

    def config_login(self, admin_id: int, password: str) -> Session:
        """Sign a configuration administrator in. No sign-out exists.

        Source: "C5 Intelligent Auxiliary Interface Authentication".

        Raises:
            ApiError: its outcome is a login outcome.
        """
        reply, document = self._login(
            "POST", f"{_CONFIG}/login", {"agentId": admin_id, "password": password}, CONFIG_LOGIN_CODES
        )
        guid = _clean_guid(_result(document).get("guid")) or _guid(reply)
        if not guid:
            raise Unreadable("the gateway accepted the login but gave no session id", "0")
        return Session(guid, dict(reply.cookies))

    def change_config_password(self, session: Session, old: str, new: str) -> None:
        """Change the signed-in configuration administrator's own password.

        Source: "Resetting the Configuration Administrator Password".

        Raises:
            SessionLost: log in again.
            ApiError: see ``change_agent_password``.
        """
        self._call(
            "PUT",
            f"{_CONFIG}/vdn/resetConfigAdminPwd",
            session,
            CONFIG_CHANGE_CODES,
            json_body={"oldPassword": old, "newPassword": new, "newConfirmPwd": new},
        )

    def query_agents(self, session: Session, agent_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return the gateway's records of up to 100 agents, **their passwords included**: pass on fields by name only.

        Source: "Querying Agents".

        Raises:
            SessionLost: log in again.
            ApiError: outcome ``access_denied`` or ``unknown``.
        """
        document = self._call(
            "GET",
            f"{_CONFIG}/vdn/agents",
            session,
            CONFIG_QUERY_CODES,
            params={"agentIdSet": ",".join(str(agent_id) for agent_id in agent_ids)},
        )
        return list(_records(document.get("result")))

    def set_agent_password(
        self, session: Session, agent_id: int, temporary: str, record: Mapping[str, Any] | None = None
    ) -> None:
        """Give an agent a temporary password of at most eight characters. Not documented, inferred from its siblings.

        Args:
            session: of the administrator of the agent's VDN.
            agent_id: the agent.
            temporary: the password.
            record: the agent's record, where the gateway wants all of it again.

        Raises:
            SessionLost: log in again.
            ApiError: see ``change_agent_password``.
        """
        kept = {name: value for name, value in (record or {}).items() if name not in _NOT_SENT_BACK}
        self._call(
            "PUT",
            f"{_CONFIG}/vdn/agents",
            session,
            CONFIG_CHANGE_CODES,
            params={"agentId": str(agent_id)},
            json_body={**kept, "agentPwd": temporary},
        )

    def _login(
        self, method: str, resource: str, body: Mapping[str, Any], codes: Mapping[str, Meaning]
    ) -> tuple[Reply, dict[str, Any]]:
        reply = self.transport.request(method, resource, json_body=body)
        if reply.status in _NOT_EVALUATED:
            raise ApiError(
                Outcome.ACCESS_DENIED,
                f"HTTP {reply.status} instead of an answer of the gateway; check gateway_url and whether this "
                "machine's address is let in",
                reply.code,
            )
        return reply, _succeeded(reply, codes)

    def _call(
        self, method: str, resource: str, session: Session, codes: Mapping[str, Meaning], **request: Any
    ) -> dict[str, Any]:
        return _succeeded(self.transport.request(method, resource, headers=session.headers(), **request), codes)


def vdn_admin_id(vdn_id: int, offset: int) -> int:
    """Return the number under which a VDN logs in: its id plus 100000, on the newest gateways plus 1000000."""
    return vdn_id + offset


def _succeeded(reply: Reply, codes: Mapping[str, Meaning]) -> dict[str, Any]:
    reply.check_evaluated(_WHO)
    if reply.status != 200:
        raise reply.unexpected()
    document = reply.json()
    code = _retcode(document)
    if code == "0":
        return document
    if code is None:
        raise Unreadable("the gateway's answer has no retcode", reply.code)
    meaning = codes.get(code)
    if meaning is None:
        raise ApiError(Outcome.UNKNOWN, f"the gateway answered {code}, which does not tell what was done", code)
    message = f"{meaning.sentence} ({code})"
    if meaning.outcome == Outcome.SESSION_LOST:
        raise SessionLost(message, code)
    raise ApiError(meaning.outcome, message, code)


def _retcode(document: Mapping[str, Any]) -> str | None:
    code = document.get("retcode")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def agent_number(record: Mapping[str, Any]) -> int | None:
    """Return the number of the agent that one of the gateway's records is about, None where it does not tell."""
    named = (record[key] for key in ("agentId", "agentID", "workNo", "workno") if key in record)
    return whole_number(next(named, None))


def whole_number(value: Any) -> int | None:
    """Return a number that the gateway gives as a number or as a text of digits, None for anything else."""
    return int(str(value)) if re.fullmatch(r"[0-9]{1,18}", str(value)) else None


def _result(document: Mapping[str, Any]) -> Mapping[str, Any]:
    result = document.get("result")
    return result if isinstance(result, dict) else {}


def _records(result: Any) -> Iterable[dict[str, Any]]:
    """Yield the records of a query, whether ``result`` is the list or an object that holds it."""
    if isinstance(result, dict):
        result = next((value for value in result.values() if isinstance(value, list)), [result])
    return (record for record in (result if isinstance(result, list) else ()) if isinstance(record, dict))


def _guid(reply: Reply) -> str | None:
    """Return the session id of an answer: header ``Set-GUID: JSESSIONID=<guid>``, else header ``Guid``."""
    header = reply.headers.get("set-guid") or reply.headers.get("guid") or ""
    return _clean_guid(header.split("=", 1)[-1].split(";", 1)[0].strip())


def _clean_guid(value: Any) -> str | None:
    return value if isinstance(value, str) and _GUID.fullmatch(value) else None

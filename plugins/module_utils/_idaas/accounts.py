# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the IDaaS modules, and the users that they describe."""

from __future__ import annotations

import hashlib
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Outcome, SessionLost, check_all
from .._http.options import CONNECTION, open_transport
from .._module.argspec import PASSWORD, ArgumentSpec, password_option
from .._policy import ANY
from .._process.tenant_tokens import TokenOfRun
from .client import LOGIN_PATHS, Device, Idaas, Session, check_header
from .tenant import Tenant, TenantTokenService, check_user_id

if TYPE_CHECKING:
    from collections.abc import Mapping

IDAAS = CONNECTION + ArgumentSpec({"idaas_url": {"type": "str", "required": True}})

_USER: Mapping[str, Any] = {
    "client_id": {"type": "str"},
    "tenant_id": {"type": "str"},
    "language": {"type": "str", "choices": ["en", "zh"], "default": "en"},
    "login_by": {"type": "str", "choices": list(LOGIN_PATHS), "default": "user_name"},
    "user_name": {"type": "str"},
    "device": {
        "type": "dict",
        "default": {},
        "options": {
            "operating_system": {"type": "str"},
            "fingerprint": {"type": "str"},
            "agent": {"type": "str"},
            "address": {"type": "str"},
        },
    },
}

OPTIONAL_USER = ArgumentSpec(_USER, required_together=(("user_name", "client_id"),))

USER = ArgumentSpec({**_USER, **{name: {"type": "str", "required": True} for name in ("client_id", "user_name")}})

IDENTIFIERS = ArgumentSpec({"identifiers": {"type": "list", "elements": "str", "default": []}})

TENANT = ArgumentSpec(
    {
        "tenant_client_id": {"type": "str", "required": True},
        "tenant_client_secret": {**PASSWORD, "required": True},
        "user_id": {"type": "str", "required": True},
    }
)


def device_fingerprint() -> str:
    """Return what this machine calls itself towards an IDaaS: the same in every run, and telling nothing about it."""
    try:
        with open("/etc/machine-id", encoding="ascii") as file:
            machine = file.read().strip()
    except (OSError, ValueError):
        machine = ""
    return hashlib.sha256(f"callcenter.passwords {machine or socket.gethostname()}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class User:
    """A user of an IDaaS.

    Attributes:
        check_policy: obey the rules that a login announces.
    """

    idaas: Idaas
    name: str
    check_policy: bool = True

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> User:
        """Return the user that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        transport, device, *_checked = check_all(
            lambda: open_transport(params, "idaas_url"),
            lambda: _device(params["device"]),
            lambda: check_header(params["client_id"], "client_id"),
            lambda: _check_name(params["user_name"]),
            *([lambda: check_header(params["tenant_id"], "tenant_id")] if params["tenant_id"] is not None else []),
        )
        return cls(
            Idaas(
                transport,
                params["client_id"],
                device,
                params["tenant_id"],
                params["language"],
                params["login_by"],
            ),
            params["user_name"],
            params.get("check_policy", True),
        )

    def log_in(self, password: str) -> Session:
        """Log in."""
        return self.idaas.log_in(self.name, password)

    def log_out(self, session: Session) -> bool:
        """Do nothing: the IDaaS has no logout without a signature key, and further sessions stand in nobody's way."""
        return True

    def change(self, session: Session, old: str | None, new: str) -> None:
        """Change the password in the way that the login's status asks for."""
        if session.state_token:
            faults = ANY.narrowed(session.policy).violations(new) if self.check_policy else []
            if faults:
                message = "new_password breaks the policy that the IDaaS announced: " + ", ".join(faults)
                raise ApiError(Outcome.PASSWORD_REJECTED, message, sent=False)
            self.idaas.update_password(session.state_token, old or "", new)
        elif session.id_token:
            self.idaas.change_password(session.id_token, self._old(session.id_token, old), new)
        else:
            message = "the IDaaS accepted the login but gave no token for a change"
            raise ApiError(Outcome.ACCESS_DENIED, message, session.status, sent=False)

    def _old(self, id_token: str, old: str | None) -> str | None:
        """Return the old password as the change needs it: none where the user has none."""
        if old is None and self._has_password(id_token):
            message = "the user has a password; give it as old_password"
            raise ApiError(Outcome.ACCESS_DENIED, message, "0", sent=False)
        return old

    def _has_password(self, id_token: str) -> bool:
        try:
            return self.idaas.has_password(id_token)
        except SessionLost as exc:
            raise SessionLost(exc.message, exc.code, sent=False) from None
        except ApiError as exc:
            message = f"whether the user has a password is unknown: {exc.message}"
            raise ApiError(exc.of_the_next, message, exc.code, sent=False) from None


@dataclass(frozen=True)
class ManagedUser:
    """A user whose password a tenant's administrator sets."""

    tenant: Tenant
    user_id: str
    must_modify: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ManagedUser:
        """Return the user that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        transport, secret, *_checked = check_all(
            lambda: open_transport(params, "idaas_url"),
            lambda: password_option(params, "tenant_client_secret"),
            lambda: check_header(params["tenant_client_id"], "tenant_client_id"),
            lambda: check_user_id(params["user_id"]),
        )
        service = TenantTokenService(transport, params["tenant_client_id"], secret)
        tenant = (transport.endpoint.url, params["tenant_client_id"], secret)
        return cls(
            Tenant(transport, TokenOfRun(tenant, service.ask)),
            params["user_id"],
            params["must_modify"],
        )

    def log_in(self, password: str) -> None:
        """Do nothing: the administrator's token is asked for with the change."""

    def log_out(self, session: None) -> bool:
        """Do nothing: the administrator's token ends by itself."""
        return True

    def change(self, session: None, old: str | None, new: str) -> None:
        """Set the password; with the old one only if that is right."""
        self.tenant.set_password(self.user_id, new, old=old, must_modify=self.must_modify)


def _device(given: Mapping[str, Any]) -> Device:
    values = {name: value for name, value in given.items() if value is not None}
    return Device(**{"fingerprint": device_fingerprint(), **values})


def _check_name(name: str | None) -> None:
    if not name or not re.fullmatch(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,256}", name):
        raise InputError("user_name must be 1 to 256 characters; it is what the user logs in with")

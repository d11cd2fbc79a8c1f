# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the CEC modules, and the accounts that they describe."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, InputError, Outcome, check_all
from .._http.options import CONNECTION, open_transport, server_of
from .._module.argspec import PASSWORD, ArgumentSpec, password_option
from .._module.logins import Login
from .._process.tenant_tokens import TokenOfRun
from .._sip.client import check_login
from .._sip.registrar import Registrar
from .client import (
    MANAGEMENT_PATHS,
    MAX_TOKEN_LIFETIME,
    LoginParameters,
    Management,
    TokenService,
    check_account,
    check_app_key,
    check_token,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TENANT = CONNECTION + ArgumentSpec(
    {
        "cec_url": {"type": "str", "required": True},
        "token_url": {"type": "str", "no_log": False},
        "app_key": {"type": "str", "required": True, "no_log": False},
        "app_secret": {**PASSWORD},
        "token_lifetime": {"type": "int", "default": 600, "no_log": False},
    }
)

MANAGEMENT = TENANT + ArgumentSpec(
    {
        "access_token": {"type": "str", "no_log": True},
        "management_path": {"type": "str", "choices": list(MANAGEMENT_PATHS), "default": MANAGEMENT_PATHS[0]},
        "request_param": {"type": "bool", "default": False},
        "account": {"type": "str", "required": True},
    },
    required_one_of=(("app_secret", "access_token"),),
)

SIP_PHONE = ArgumentSpec(
    {
        "account_password": {**PASSWORD},
        "registrar": {"type": "str"},
        "sip_user": {"type": "str"},
        "sip_auth_user": {"type": "str"},
        "sip_domain": {"type": "str"},
        "sip_ca_path": {"type": "path"},
        "sip_client_cert": {"type": "path"},
        "sip_client_key": {"type": "path", "no_log": False},
        "sip_validate_certs": {"type": "bool", "default": True},
        "sip_timeout": {"type": "float", "default": 10},
    }
)


def open_token_service(params: Mapping[str, Any]) -> TokenService:
    """Return the client of the token service that the options describe; sends nothing.

    Raises:
        InputError: naming every option at fault.
    """
    option = "token_url" if params["token_url"] else "cec_url"
    transport, secret, *_checked = check_all(
        lambda: open_transport(params, option),
        lambda: password_option(params, "app_secret"),
        lambda: check_app_key(params["app_key"]),
        lambda: _check_lifetime(params["token_lifetime"]),
    )
    return TokenService(transport, params["app_key"], secret, params["token_lifetime"])


def open_management(params: Mapping[str, Any]) -> Management:
    """Return the client that the options describe; sends nothing.

    Raises:
        InputError: naming every option at fault.
    """
    given = params["access_token"]
    transport, service, *_checked = check_all(
        lambda: open_transport(params, "cec_url"),
        lambda: None if params["app_secret"] is None else open_token_service(params),
        lambda: check_app_key(params["app_key"]),
        lambda: check_account(params["account"]),
        *([lambda: check_token(given)] if given else []),
    )

    return Management(
        transport, params["app_key"], _Tokens(given, service), params["management_path"], wraps=params["request_param"]
    )


class _Tokens:
    """The token that the caller holds, where there is one, and the one of the run after the CEC has refused it."""

    def __init__(self, given: str | None, service: TokenService | None) -> None:
        self._given = given
        self._of_run = None
        if service is not None:
            tenant = (service.transport.endpoint.url, service.app_key, service.app_secret)
            self._of_run = TokenOfRun(tenant, service.ask)
        self._is_refused = not given

    def get(self, refused: str | None = None) -> str:
        """Return it, see TokenSource."""
        self._is_refused = self._is_refused or refused == self._given
        return self._of_run.get(refused) if self._of_run and self._is_refused else str(self._given)

    def refuse(self, token: str) -> None:
        """Use it no more, see TokenSource."""
        self._is_refused = self._is_refused or token == self._given
        if self._of_run:
            self._of_run.refuse(token)


def phone_login(params: Mapping[str, Any]) -> Login:
    """Return the login that verifies a SIP phone's password: at its registrar, else with the account's at the CEC.

    Raises:
        InputError: one of the options is at fault.
    """
    registrar = _registrar(params)
    return Login(f"{registrar.host}:{registrar.port}" if registrar else server_of(params["cec_url"]))


@dataclass(frozen=True)
class BusinessAccount:
    """An agent's business account."""

    management: Management
    name: str

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> BusinessAccount:
        """Return the account that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        return cls(open_management(params), params["account"])

    def log_in(self, password: str) -> LoginParameters:
        """Check the password."""
        return self.management.login_parameters(self.name, password)

    def log_out(self, session: LoginParameters) -> bool:
        """Do nothing: the check opens no session."""
        return True

    def change(self, session: LoginParameters, old: str, new: str) -> None:
        """Change the password."""
        self.management.change_account_password(self.name, old, new)


@dataclass
class SipPhone:
    """The SIP phone of a business account. The account's password opens it; its own one is only verified.

    Attributes:
        account_login: outcome of the last login to the account; None as long as there was none.
    """

    account: BusinessAccount
    account_password: str | None = field(repr=False)
    registrar: Registrar | None
    user: str | None
    auth_user: str | None
    account_login: Outcome | None = None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> SipPhone:
        """Return the phone that the options describe; sends nothing.

        Raises:
            InputError: naming every option at fault.
        """
        account, registrar, account_password, *_checked = check_all(
            lambda: BusinessAccount.of(params),
            lambda: _registrar(params),
            lambda: None if params["account_password"] is None else password_option(params, "account_password"),
            lambda: _check_verifiable(params),
        )
        return cls(account, account_password, registrar, params["sip_user"], params["sip_auth_user"])

    def log_in(self, password: str) -> LoginParameters:
        """Check the account's password."""
        try:
            parameters = self.account.log_in(password)
        except ApiError as exc:
            self.account_login = exc.outcome
            raise
        self.account_login = Outcome.OK
        return parameters

    def log_out(self, session: LoginParameters) -> bool:
        """Do nothing: the check opens no session."""
        return True

    def change(self, session: LoginParameters, old: str, new: str) -> None:
        """Change the phone's password with the account's."""
        try:
            self.account.management.change_sip_password(self.account.name, old, new)
        except ApiError as exc:
            if exc.outcome in (Outcome.WRONG_PASSWORD, Outcome.LOCKED):
                self.account_login = exc.outcome
            raise

    def verify(self, password: str) -> None:
        """Find out whether the phone's password is this one: at the registrar, else by asking the CEC.

        Raises:
            AccountError: the account's password was not accepted.
            ApiError: its outcome is a login outcome.
        """
        if self.registrar:
            check_login(self.registrar, str(self.user), password, auth_user=self.auth_user)
            return
        try:
            parameters = self.log_in(str(self.account_password))
        except ApiError as exc:
            raise AccountError(exc) from None
        if self.user and parameters.sip_account and parameters.sip_account != self.user:
            message = "the account has another SIP phone; correct sip_user or account"
            raise ApiError(Outcome.ACCESS_DENIED, message, "0")
        if parameters.sip_password is None:
            raise ApiError(
                Outcome.ACCESS_DENIED,
                "the CEC does not show SIP passwords of this tenant, so this one cannot be verified; give a registrar",
                "0",
            )
        if parameters.sip_password != password:
            raise _OtherPassword


class AccountError(ApiError):
    """The password of the account behind a SIP phone was not accepted; nothing is known about the phone's own."""

    def __init__(self, cause: ApiError) -> None:
        super().__init__(cause.of_the_next, f"{cause.message}; it was asked for the SIP phone", cause.code)
        self._cause = cause

    @property
    def failed_logins(self) -> int:
        """How many failed logins to the account this may have cost."""
        return self._cause.failed_logins


class _OtherPassword(ApiError):
    """The CEC told another password. Nobody has tried a login."""

    failed_logins = 0

    def __init__(self) -> None:
        super().__init__(Outcome.WRONG_PASSWORD, "the CEC says that the SIP phone has another password", "0")


def _registrar(params: Mapping[str, Any]) -> Registrar | None:
    if not params["registrar"]:
        return None
    return Registrar(
        params["registrar"],
        domain=params["sip_domain"] or "",
        ca_path=params["sip_ca_path"],
        client_cert=params["sip_client_cert"],
        client_key=params["sip_client_key"],
        validate_certs=params["sip_validate_certs"],
        timeout=params["sip_timeout"],
        prefix="sip_",
    )


def _check_verifiable(params: Mapping[str, Any]) -> None:
    if params["registrar"] and not params["sip_user"]:
        raise InputError("sip_user is missing; a registrar knows a phone by its number")
    if not params["registrar"] and params["account_password"] is None:
        raise InputError("give registrar, or account_password to ask the CEC; otherwise nothing can be verified")
    for option in ("sip_user", "sip_auth_user"):
        if params[option] is not None and not re.fullmatch(r"[\x21-\x7e]{1,64}", params[option]):
            raise InputError(f"{option} must be 1 to 64 printable ASCII characters without blanks")


def _check_lifetime(seconds: int) -> None:
    if not 1 <= seconds <= MAX_TOKEN_LIFETIME:
        raise InputError(f"token_lifetime is out of range; give 1 to {MAX_TOKEN_LIFETIME} seconds")

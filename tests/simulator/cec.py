# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CEC behind API Fabric: tokens of the tenants, and the envelope that all calls share.

Unlike the gateway, API Fabric does speak with HTTP statuses: 400, 401, 404 and 500 are documented for each call.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .accounts import Account, Credential, LockRule
from .clock import Clock
from .exchange import Answer, Call, Handler, Operation, Service
from .issued import issued
from .jsonfields import FieldError
from .options import CecOptions

if TYPE_CHECKING:
    from .world import World

TOKEN_PATH: Final = "/apigovernance/api/oauth/tokenByAkSk"
API: Final = "/apiaccess"
REST: Final = API + "/rest/cc-management/v1"

FAILED: Final = "1"
UNAUTHORISED, FLOW_CONTROL = "10010000001", "10010000002"
# Codes of API Fabric that a sibling interface lists.
MESSAGES: Final = {
    "0": "success",
    FAILED: "The operation failed.",
    UNAUTHORISED: "Authentication failed.",
    FLOW_CONTROL: "Flow control failed.",
}
FORBIDDEN: Final = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    b"<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
# The secret of a tenant can be guessed at for ever: nothing is documented that would stop it.
NO_LOCK: Final = LockRule(threshold=1_000_000_000, seconds=0.0)


@dataclass(frozen=True, slots=True)
class Token:
    """One token; several of a tenant may be alive at once."""

    app_key: str
    ends_at: float


class Tokens:
    """Every token issued, dead ones too, so that a call with one is still known to be of its tenant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Token] = {}

    def issue(self, app_key: str, seconds: float) -> str:
        now = self._clock.now()
        if len(self._all) > 10_000:
            self._all = {text: token for text, token in self._all.items() if now < token.ends_at}
        text = issued(secrets.token_hex(16))
        self._all[text] = Token(app_key, now + seconds)
        return text

    def presented(self, call: Call) -> Token | None:
        scheme, _space, text = call.headers.get("Authorization", "").partition(" ")
        return self._all.get(text) if scheme == "Bearer" else None

    def is_alive(self, token: Token) -> bool:
        return self._clock.now() < token.ends_at

    def any_alive(self, app_key: str) -> bool:
        return any(token.app_key == app_key and self.is_alive(token) for token in self._all.values())

    def revoke(self, app_key: str) -> None:
        self._all = {text: token for text, token in self._all.items() if token.app_key != app_key}

    def clear(self) -> None:
        self._all.clear()


class CecService(Service):
    """What tenants, business accounts and SIP phones have in common."""

    def __init__(self, world: World, tokens: Tokens) -> None:
        super().__init__(world)
        self.tokens = tokens

    @property
    def options(self) -> CecOptions:
        return self.world.options.cec

    # Nobody signs in here: each call proves itself.

    def is_signed_in(self, account: Account) -> bool:
        return False

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        raise FieldError(f"{self.name}: nobody signs in")

    def end_sessions(self, account: Account) -> None:
        pass

    def forget(self) -> None:
        pass

    # Answers.

    def answer(
        self, content: dict[str, Any], code: str | None = None, status: int = 200, *, wrap: bool = True
    ) -> Answer:
        if wrap and self.options.answers == "wrapped":
            content = {"schema": content}
        body = json.dumps(content).encode()
        # The code is the application's word; with another status than 200 the status is.
        retcode, applied = (code, code in (None, "0")) if status == 200 else (None, False)
        return Answer(body, "application/json;charset=UTF-8", status=status, retcode=retcode, applied=applied)

    def result(self, code: str, message: str, status: int = 200) -> Answer:
        return self.answer({"resultCode": code, "resultMessage": message}, code, status)

    def refusal(self, code: str, message: str = "") -> Answer:
        code = code or FAILED
        return self.result(code, message or MESSAGES.get(code, "Unknown error."))

    def overlap(self) -> Answer:
        return self.refusal(FLOW_CONTROL)

    def malformed(self) -> Answer:
        return self.result(FAILED, "Incorrect request.", 400)

    def not_found(self, call: Call) -> Answer:
        return self.result(FAILED, "The requested content is not found.", 404)

    # Who calls.

    def open_operation(self, name: str, method: str, path: str, handle: Handler, **more: Any) -> Operation:
        """For everybody whose address is allowed."""
        defaults: dict[str, Any] = {
            "account_of": lambda call: None,
            "pretend": lambda call: self.refusal("0"),
        }
        return Operation(
            name=name,
            service=self,
            method=method,
            path=path,
            handle=self._behind_front_end(handle),
            **{**defaults, **more},
        )

    def operation(
        self, name: str, path: str, handle: Handler, exists: Callable[[], bool] = lambda: True, **more: Any
    ) -> Operation:
        """For callers with a token."""

        def checked(call: Call) -> Answer:
            if not exists():
                return self.not_found(call)
            if not call.late and not self._authorised(call):
                return self.result(UNAUTHORISED, MESSAGES[UNAUTHORISED], 401)
            return handle(call)

        return self.open_operation(name, "POST", path, checked, admits=self._authorised, **more)

    def _behind_front_end(self, handle: Handler) -> Handler:
        def checked(call: Call) -> Answer:
            if not self.options.address_allowed:
                return Answer(FORBIDDEN, "text/html", status=403)
            return handle(call)

        return checked

    def _authorised(self, call: Call) -> bool:
        token = self.tokens.presented(call)
        if token is None or not self.tokens.is_alive(token):
            return False
        silent = "" if self.options.require_app_key else token.app_key
        return call.headers.get("x-app-key", silent) == token.app_key and self._in_good_standing(token.app_key)

    def _in_good_standing(self, app_key: str) -> bool:
        """401 also means 'check the status of your account': here, that the tenant is locked."""
        tenants = self.world.services[TenantService.name]
        tenant = tenants.account(app_key)
        return tenant is not None and not tenants.is_locked(tenant)

    # Bodies.

    def texts(self, call: Call, *names: str, wrappable: bool = True) -> list[str] | None:
        """The fields of these names, all of them texts and none empty; None if the body is malformed."""
        if self.options.require_content_type and call.content_type != "application/json":
            return None
        fields = call.fields() or {}
        if wrappable and self.options.requests != "flat" and "requestParam" in fields:
            fields = fields["requestParam"]
        elif wrappable and self.options.requests == "wrapped":
            return None
        if not isinstance(fields, dict):
            return None
        values = [fields.get(name) for name in names]
        texts = [value for value in values if isinstance(value, str) and value]
        return texts if len(texts) == len(names) else None

    def credential(self, operation: Operation, call: Call) -> Credential:
        account = self.proving(operation, call)
        if account is None or operation.password_field is None:
            return "none"
        return account.credential(field_of(call, operation.password_field))

    def proving(self, operation: Operation, call: Call) -> Account | None:
        """Whose password the call carries."""
        return self.account(operation.account_of(call))


def field_of(call: Call, name: str) -> object:
    """A field of the body, wrapped or not: for the journal, which also shows calls that are refused."""
    fields = call.fields() or {}
    inner = fields.get("requestParam", fields)
    return inner.get(name) if isinstance(inner, dict) else None


def named_by(name: str) -> Callable[[Call], str | None]:
    """The account whose id is in that field of the body."""

    def account_of(call: Call) -> str | None:
        value = field_of(call, name)
        return value if isinstance(value, str) else None

    return account_of


class TenantService(CecService):
    """'tokenByAkSk': app key and app secret for a token. Also answers for the paths that nobody knows."""

    name = "cec_app"

    def __init__(self, world: World) -> None:
        super().__init__(world, Tokens(world.clock))

    def operations(self) -> list[Operation]:
        return [
            self.open_operation(
                "cec_token",
                "POST",
                TOKEN_PATH,
                self._issue,
                account_of=named_by("app_key"),
                password_field="app_secret",
                pretend=self._pretend_token,
            ),
            self.open_operation("unknown", "*", "/apigovernance/{rest:.*}", self.not_found),
            self.open_operation("unknown", "*", API + "/{rest:.*}", self.not_found),
        ]

    def is_signed_in(self, account: Account) -> bool:
        return self.tokens.any_alive(account.id)

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        """Another client of the same tenant gets a token."""
        self._new_token(account.id, self.options.token_seconds if seconds is None else seconds)

    def end_sessions(self, account: Account) -> None:
        self.tokens.revoke(account.id)

    def is_locked(self, account: Account) -> bool:
        return account.is_locked(self.world.clock.now(), NO_LOCK)

    def lock_seconds(self) -> float:
        return self.options.lock_seconds

    def forget(self) -> None:
        self.tokens.clear()

    def _new_token(self, app_key: str, seconds: float) -> str:
        if self.options.new_token_revokes:
            self.tokens.revoke(app_key)
        return self.tokens.issue(app_key, seconds)

    def _seconds(self, call: Call) -> int | None:
        """What X-Token-Expire asks for, within bounds; None if it is no number."""
        wanted = call.headers.get("X-Token-Expire")
        if wanted is None:
            return self.options.token_seconds
        if not (wanted.isascii() and wanted.isdecimal() and int(wanted) > 0):
            return None
        return min(int(wanted), self.options.token_seconds_max)

    def _issue(self, call: Call) -> Answer:
        fields, seconds = self.texts(call, "app_key", "app_secret", wrappable=False), self._seconds(call)
        if fields is None or seconds is None:
            return self.malformed()
        app_key, app_secret = fields
        tenant = self.account(app_key)
        if tenant is None or self.is_locked(tenant):
            return self._refused()
        if not tenant.accepts(app_secret, self.world.clock.now(), NO_LOCK):
            return self._refused()
        tenant.signed_in()
        return self._granted(app_key, self._new_token(app_key, seconds), seconds)

    def _refused(self) -> Answer:
        return self.result(UNAUTHORISED, MESSAGES[UNAUTHORISED], self.options.token_refused_status)

    def _granted(self, app_key: str, token: str, seconds: int) -> Answer:
        # Numbers are texts on this page, and it alone has no code and never wraps anything.
        content = {
            "AccessToken": token,
            "ApplyType": "Bearer",
            "CreateTime": str(int(self.world.clock.now())),
            "Expires": str(seconds),
            "Scope": "default",
            "AppKey": app_key,
            "UserID": "Anonymous",
        }
        return self.answer(content, wrap=False)

    def _pretend_token(self, call: Call) -> Answer:
        """Looks like a token, and nothing accepts it."""
        app_key = named_by("app_key")(call) or ""
        return self._granted(app_key, issued(secrets.token_hex(16)), self._seconds(call) or self.options.token_seconds)

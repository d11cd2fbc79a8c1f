# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IDaaS, SDK interface: users sign in and change their own passwords."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .accounts import Account, LockRule
from .exchange import Answer, Call, Handler, Operation
from .idaas import ACCESS_DENIED, SDK, SUCCESS, IdaasService
from .idaas_policy import announcement, broken_rule
from .idaas_tokens import Token, Tokens, bearer, jwt, session_token
from .jsonfields import FieldError, fill

if TYPE_CHECKING:
    from .world import World

PREFIX: Final = "/api/v2/sdk"
DEVICE_HEADERS: Final = ("X-operating-sys-version", "X-device-fingerprint", "X-agent")

WARN: Final = "PASSWORD_WARN"
EXPIRED: Final = "PASSWORD_EXPIRED"
MFA: Final = "MFA_AUTH"
# The fourth sort of token, besides the state tokens that are named after their status.
ID: Final = "id_token"

# The figures of the examples: of a login, of 'pwd/update' and 'pwd/skip-update'.
LOGIN_EXPIRE, UPDATE_EXPIRE = 432_000, 43_200


@dataclass(slots=True)
class UserAttributes:
    """What `attributes` of an account of this service may hold."""

    # What tenant calls know the user by; without it they do not know the user.
    user_id: str = ""
    mobile: str = ""
    mail: str = ""
    pinyin: str = ""
    # What the next logins answer: PASSWORD_WARN, PASSWORD_EXPIRED, MFA_AUTH or ACCESS_DENIED; empty = SUCCESS.
    status: str = ""
    # No password has been set yet; `password` stands for the code that such a user signs in with.
    no_password: bool = False


class UserService(IdaasService):
    """The operations below /api/v2/sdk."""

    name = "idaas"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._tokens = Tokens(world.clock.now)
        # (attribute, value) -> user name: thousands of accounts are not searched call by call.
        self._known: dict[tuple[str, object], str] = {}

    # What the rest of the simulator asks.

    def operations(self) -> list[Operation]:
        return [
            self._login_operation("", "user_name", ()),
            self._login_operation("/mobile-pwd", "mobile", ("mobile",)),
            self._login_operation("/auth", "user_name", ("mobile", "mail")),
            self._operation(
                "idaas_update",
                "POST",
                "/pwd/update",
                self._update,
                account_of=self._state_owner,
                password_field="old_password",
                pretend=lambda call: self._welcome_back(),
                admits=lambda call: self._state(call, WARN, EXPIRED) is not None,
            ),
            self._operation(
                "idaas_skip",
                "GET",
                "/pwd/skip-update",
                self._skip,
                account_of=self._state_owner,
                pretend=lambda call: self._welcome_back(),
                admits=lambda call: self._state(call, WARN) is not None,
            ),
            self._operation(
                "idaas_check_exist",
                "GET",
                "/pwd/check-exist",
                self._check_exist,
                account_of=self._bearer_owner,
                pretend=lambda call: self._is_set(True),
            ),
            self._operation(
                "idaas_change",
                "POST",
                "/pwd/change",
                self._change,
                account_of=self._bearer_owner,
                password_field="old_password",
                pretend=lambda call: self.success(),
                admits=lambda call: self._tokens.live(bearer(call), ID) is not None,
            ),
        ]

    def password_set(self, account: Account, *, created: bool = False) -> None:
        if not created:
            self._renewed(account)
            return
        known = UserAttributes()
        fill(known, account.attributes, f"{account.id}.attributes")
        if known.status not in ("", WARN, EXPIRED, MFA, ACCESS_DENIED):
            raise FieldError(f"{account.id}.attributes.status: empty, {WARN}, {EXPIRED}, {MFA} or {ACCESS_DENIED}")
        for attribute in ("user_id", "mobile", "mail"):
            if value := getattr(known, attribute):
                self._known[attribute, value] = account.id

    def is_signed_in(self, account: Account) -> bool:
        return self._tokens.has_live(account, ID)

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        self._tokens.issue(account, ID, self.options.id_token_seconds if seconds is None else seconds, jwt())

    def end_sessions(self, account: Account) -> None:
        self._tokens.drop(account)

    def forget(self) -> None:
        self._tokens.clear()
        self._known.clear()

    def rule(self) -> LockRule:
        return LockRule(self.options.lock_threshold, self.options.lock_seconds, self.options.lock_resets_counter)

    def find(self, attribute: str, value: object) -> Account | None:
        """The user with this attribute; what is known may be out of date."""
        found = self.account(self._known.get((attribute, value)))
        return found if found and found.attributes.get(attribute) == value else None

    # Building blocks.

    def _operation(self, name: str, method: str, path: str, handle: Handler, **more: Any) -> Operation:
        def checked(call: Call) -> Answer:
            return self._header_refused(call) or handle(call)

        return Operation(name=name, service=self, method=method, path=PREFIX + path, handle=checked, **more)

    def _login_operation(self, suffix: str, field: str, attributes: tuple[str, ...]) -> Operation:
        """A login whose `field` holds one of `attributes`, or the user name."""

        def login_id(call: Call) -> str | None:
            sent = call.field(field)
            if not isinstance(sent, str):
                return None
            if field == "user_name" and self.account(sent):
                return sent
            users = (self.find(attribute, sent) for attribute in attributes)
            return next((user.id for user in users if user), sent)

        def login(call: Call) -> Answer:
            sent, password = call.field(field), call.field("password")
            if not isinstance(sent, str) or not isinstance(password, str) or not sent or not password:
                return self.refuse(call, self.options.bad_request_code)
            account_id = login_id(call)
            # A user name is not a mobile number, even if they are spelt alike.
            known = field == "user_name" or account_id != sent
            return self._login(call, self.account(account_id) if known else None, password)

        return self._operation(
            "idaas_login",
            "POST",
            "/login" + suffix,
            login,
            account_of=login_id,
            password_field="password",
            pretend=lambda call: self.success(self._session(LOGIN_EXPIRE, jwt())),
        )

    def _header_refused(self, call: Call) -> Answer | None:
        options, headers = self.options, call.headers
        if options.require_content_type and call.content_type != "application/json":
            return self.page(415, {"error": "Unsupported Media Type"})
        if not all(headers.get(name, "").strip() for name in DEVICE_HEADERS):
            return self.refuse(call, SDK + "PARAM.0001")
        client = headers.get("X-client-id", "").strip()
        if not client:
            return self.refuse(call, SDK + "PARAM.0002")
        if options.clients and client not in options.clients:
            return self.refuse(call, SDK + "PARAM.0003")
        if options.tenants and headers.get("X-tenant-id") not in options.tenants:
            return self.refuse(call, options.wrong_tenant_code)
        return None

    def _session(self, expire: int, id_token: str | None) -> dict[str, object]:
        content: dict[str, object] = {"status": SUCCESS, "session_token": session_token(), "expire": expire}
        return content if id_token is None else {**content, "id_token": id_token}

    def _id_token(self, account: Account) -> str:
        return self._tokens.issue(account, ID, self.options.id_token_seconds, jwt())

    # 'Username + Password Login' and its siblings.

    def _login(self, call: Call, account: Account | None, password: str) -> Answer:
        if account is None:
            return self.refuse(call, SDK + "LOGIN.0002")
        if self.is_locked(account):
            return self._locked(call, account)
        if not account.accepts(password, self.now, self.rule()):
            return self._wrong(call, account, SDK + "LOGIN.0002")
        status = self._status(account)
        if status == ACCESS_DENIED:
            return self.success({"status": status}, status)
        account.signed_in()
        if status == SUCCESS:
            return self.success(self._session(LOGIN_EXPIRE, self._id_token(account)))
        state = self._tokens.issue(account, status, self.options.state_token_seconds, jwt())
        content = {"status": status, "state_token": state}
        if status in (WARN, EXPIRED) and self.options.announce_policy:
            content["data"] = announcement(self.options)
        return self.success(content, status)

    def _status(self, account: Account) -> str:
        status = str(account.attributes.get("status") or SUCCESS)
        if status in (ACCESS_DENIED, MFA):
            return status
        return EXPIRED if account.must_change(self.now) else status

    def _locked(self, call: Call, account: Account) -> Answer:
        account.refused_while_locked += 1
        return self._lock_told(call, account)

    def _lock_told(self, call: Call, account: Account) -> Answer:
        left = math.ceil(account.locked_until - self.now)
        return self.refuse(call, SDK + "LOGIN.0001", *divmod(left, 60))

    def _wrong(self, call: Call, account: Account, code: str) -> Answer:
        if self.options.lock_told_at_once and self.is_locked(account):
            return self._lock_told(call, account)
        return self.refuse(call, code, max(0, self.options.lock_threshold - account.consecutive_failures))

    # What changing one's own password and an administrator's change have in common.

    def old_password_refused(self, call: Call, account: Account, old: str, code: str, *, counts: bool) -> Answer | None:
        if self.is_locked(account):
            return self._locked(call, account)
        if old == account.password:
            return None
        if counts:
            account.accepts(old, self.now, self.rule())
        return self._wrong(call, account, code)

    def new_password_refused(self, call: Call, account: Account, new: str, family: str) -> Answer | None:
        rule = broken_rule(new, account, self.options)
        return self.refuse(call, family + rule) if rule else None

    def set_password(self, account: Account, new: str, *, initial: bool = False) -> None:
        account.set_password(new, self.now, initial=initial)
        self._renewed(account)
        if self.options.change_ends_sessions:
            self.end_sessions(account)

    @staticmethod
    def _renewed(account: Account) -> None:
        """A new password has neither of the faults of the old one."""
        account.attributes.pop("no_password", None)
        if account.attributes.get("status") in (WARN, EXPIRED):
            account.attributes["status"] = ""

    # 'Requiring Password Change After Expiry' and 'Skip Forced Password Change'.

    def _state(self, call: Call, *sorts: str) -> Token | None:
        text = call.headers.get("X-state-token", "")
        return self._tokens.find(text) if call.late else self._tokens.live(text, *sorts)

    def _state_owner(self, call: Call) -> str | None:
        token = self._tokens.find(call.headers.get("X-state-token", ""))
        return token.account.id if token else None

    def _welcome_back(self, account: Account | None = None) -> Answer:
        id_token = None
        if self.options.update_returns_id_token:
            id_token = self._id_token(account) if account else jwt()
        return self.success(self._session(UPDATE_EXPIRE, id_token))

    def _update(self, call: Call) -> Answer:
        state = self._state(call, WARN, EXPIRED)
        if state is None:
            return self.refuse(call, SDK + "PARAM.0014")
        old, new = call.field("old_password"), call.field("new_password")
        refused = self._pair_refused(call, state.account, old, new, old_needed=True)
        if refused:
            state.used_up = self.options.failed_update_uses_state_token
            return refused
        state.used_up = True
        self.set_password(state.account, str(new))
        state.account.changes += 1
        return self._welcome_back(state.account)

    def _skip(self, call: Call) -> Answer:
        state = self._state(call, WARN, EXPIRED)
        if state is None:
            return self.refuse(call, SDK + "PARAM.0014")
        if state.sort == EXPIRED:
            answer = self.options.skip_expired_answer
            return self.success({"status": answer}, answer) if answer == ACCESS_DENIED else self.refuse(call, answer)
        state.used_up = True
        return self._welcome_back(state.account)

    def _pair_refused(
        self, call: Call, account: Account, old: object, new: object, *, old_needed: bool
    ) -> Answer | None:
        """Why a user may not change the old password to the new one."""
        if old_needed and not (isinstance(old, str) and old):
            return self.refuse(call, SDK + "PARAM.0018")
        if not isinstance(new, str) or not new:
            return self.refuse(call, SDK + "PARAM.0019")
        if old == new:
            return self.refuse(call, SDK + "PARAM.0020")
        if old_needed:
            options = self.options
            refused = self.old_password_refused(
                call, account, str(old), options.wrong_old_code, counts=options.wrong_old_counts
            )
            if refused:
                return refused
        return self.new_password_refused(call, account, new, SDK)

    # 'Check Whether User Set Password' and 'Change Personal Password Using Current Password'.

    def _bearer_owner(self, call: Call) -> str | None:
        token = self._tokens.find(bearer(call))
        return token.account.id if token else None

    def _caller(self, call: Call) -> Account | Answer:
        text = bearer(call)
        if not text:
            return self.refuse(call, SDK + "PARAM.0015")
        token = self._tokens.find(text) if call.late else self._tokens.live(text, ID)
        return token.account if token else self.refuse(call, SDK + "PARAM.0016")

    def _is_set(self, answer: bool) -> Answer:
        return self.success({"is_set_pwd": str(answer).lower() if self.options.is_set_pwd_as_text else answer})

    def _check_exist(self, call: Call) -> Answer:
        account = self._caller(call)
        if isinstance(account, Answer):
            return account
        return self._is_set(not account.attributes.get("no_password"))

    def _change(self, call: Call) -> Answer:
        account = self._caller(call)
        if isinstance(account, Answer):
            return account
        old, new = call.field("old_password"), call.field("new_password")
        has_password = not account.attributes.get("no_password")
        refused = self._pair_refused(call, account, old, new, old_needed=has_password)
        if refused:
            return refused
        self.set_password(account, str(new))
        account.changes += 1
        return self.success()

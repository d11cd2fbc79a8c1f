# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IDaaS, tenant interface: applications with administrative rights, and what they can do to users' passwords."""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING, Final

from .accounts import Account, LockRule
from .exchange import Answer, Call, Handler, Operation
from .idaas import TENANT, IdaasService
from .idaas_tokens import Tokens, bearer, jwt
from .idaas_user import UserService
from .issued import issued

if TYPE_CHECKING:
    from .world import World

PREFIX: Final = "/api/v2/tenant"
ACCESS: Final = "access_token"


class ClientService(IdaasService):
    """The operations below /api/v2/tenant. Its accounts are the applications: client_id and client_secret."""

    name = "idaas_client"

    def __init__(self, world: World, users: UserService) -> None:
        super().__init__(world)
        self._users = users
        self._tokens = Tokens(world.clock.now)

    def operations(self) -> list[Operation]:
        return [
            Operation(
                name="idaas_tenant_token",
                service=self,
                method="POST",
                path=PREFIX + "/token",
                handle=self._token,
                pretend=lambda call: self._granted(issued(str(uuid.uuid4()))),
                account_of=self._client_id,
                password_field="client_secret",
            ),
            self._user_operation("idaas_reset", "/change-password", self._reset, None),
            self._user_operation("idaas_reset_verify", "/change-password-verify", self._reset_verify, "old_password"),
        ]

    def is_signed_in(self, account: Account) -> bool:
        return self._tokens.has_live(account, ACCESS)

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        self._open(account, self.options.access_token_seconds if seconds is None else seconds)

    def end_sessions(self, account: Account) -> None:
        self._tokens.drop(account)

    def forget(self) -> None:
        self._tokens.clear()

    def rule(self) -> LockRule:
        # Nothing is said about locks of applications: only the control interface locks one.
        return LockRule(sys.maxsize, self.options.lock_seconds)

    # 'Obtaining an Access Credential'.

    def _client_id(self, call: Call) -> str | None:
        sent = call.field("client_id")
        return sent if isinstance(sent, str) else None

    def _token(self, call: Call) -> Answer:
        if call.content_type != "application/x-www-form-urlencoded":
            return self.page(415, {"error": "Unsupported Media Type"})
        if call.field("grant_type") != "client_credentials":
            return self.page(400, {"error": "unsupported_grant_type"})
        account = self.account(self._client_id(call))
        if account is None:
            return self._unknown_client()
        if self.is_locked(account):
            account.refused_while_locked += 1
            return self._unknown_client()
        if not account.accepts(str(call.field("client_secret") or ""), self.now, self.rule()):
            return self._unknown_client()
        account.signed_in()
        # Earlier tokens stay valid.
        return self._granted(self._open(account, self.options.access_token_seconds))

    def _open(self, account: Account, seconds: float) -> str:
        return self._tokens.issue(account, ACCESS, seconds, issued(str(uuid.uuid4())))

    def _granted(self, token: str) -> Answer:
        options = self.options
        return self.success(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": int(options.access_token_seconds),
                "scope": options.access_token_scope,
                "id_token": jwt(),
            }
        )

    def _unknown_client(self) -> Answer:
        return self.page(self.options.wrong_client_status, {"error": "invalid_client"})

    # Users' passwords. Faults and journal know these calls by the user, not by the application.

    def _user_operation(self, name: str, suffix: str, handle: Handler, password_field: str | None) -> Operation:
        def checked(call: Call) -> Answer:
            return self._caller_refused(call) or handle(call)

        def user_name(call: Call) -> str | None:
            user = self._user(call)
            return user.id if user else None

        return Operation(
            name=name,
            service=self._users,
            method="PUT",
            path=PREFIX + "/users/{user_id}" + suffix,
            handle=checked,
            pretend=self._done,
            account_of=user_name,
            password_field=password_field,
            admits=lambda call: self._caller_refused(call) is None,
        )

    def _user(self, call: Call) -> Account | None:
        return self._users.find("user_id", call.path_fields["user_id"])

    def _caller_refused(self, call: Call) -> Answer | None:
        if not call.late and self._tokens.live(bearer(call), ACCESS) is None:
            answer = self.page(401, {"error": "invalid_token"})
            answer.headers.append(("WWW-Authenticate", "Bearer"))
            return answer
        if self.options.require_content_type and call.content_type != "application/json":
            return self.page(415, {"error": "Unsupported Media Type"})
        return None

    def _done(self, call: Call) -> Answer:
        return self.success({"user_id": call.path_fields["user_id"]})

    def _reset(self, call: Call) -> Answer:
        """'Change Password': whoever resets must say so if the user is not to change it again."""
        new, must_modify = call.field("password"), (call.fields() or {}).get("must_modify", True)
        if not isinstance(new, str) or not new or not isinstance(must_modify, bool):
            return self.refuse(call, self.options.bad_request_code)
        user = self._user(call)
        if user is None:
            return self.refuse(call, TENANT + "USER.0001")
        refused = self._users.new_password_refused(call, user, new, TENANT)
        if refused:
            return refused
        self._users.set_password(user, new, initial=must_modify)
        user.resets += 1
        if self.options.reset_unlocks:
            user.unlock()
        return self._done(call)

    def _reset_verify(self, call: Call) -> Answer:
        """'Verifying and Modifying the Original User Password'."""
        old, new, options = call.field("old_password"), call.field("password"), self.options
        if not isinstance(old, str) or not isinstance(new, str) or not old or not new:
            return self.refuse(call, options.bad_request_code)
        user = self._user(call)
        if user is None:
            return self.refuse(call, TENANT + "USER.0001")
        refused = self._users.old_password_refused(
            call, user, old, options.verify_wrong_old_code, counts=options.verify_wrong_old_counts
        ) or self._users.new_password_refused(call, user, new, TENANT)
        if refused:
            return refused
        self._users.set_password(user, new)
        user.changes += 1
        return self._done(call)

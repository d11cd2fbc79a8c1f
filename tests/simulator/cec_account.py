# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CEC cc-management, business accounts: changing their password and checking it without signing in an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .accounts import Account, LockRule
from .cec import API, FAILED, MESSAGES, REST, CecService, Tokens, named_by
from .exchange import Answer, Call, Operation
from .gateway_policy import classes

if TYPE_CHECKING:
    from .world import World

PLATFORM, PHONES = "cc_agent", "cec_sip"
SPELLINGS = ("CC-Management", "CC-Mangemant")
MASK = "***"

UNKNOWN = "The account does not exist."
LOCKED = "The account is locked. Try again in 30 minutes or contact the tenant administrator."
WRONG = "The current password is incorrect."
EARLY = "The password can be changed only once within 24 hours."
POLICY = "The new password does not meet the password rules."
USED = "The new password has been used recently."


class BusinessAccountService(CecService):
    """agentAccount/update and queryAgentLoginParams; also the judge of the password that SIP phones ask for."""

    name = "cec_account"

    def __init__(self, world: World, tokens: Tokens) -> None:
        super().__init__(world, tokens)
        # When the password was last changed, by whomever; the creation of the account is no change.
        self._changed_at: dict[str, float] = {}
        # Account -> number of its SIP phone, as the service of the phones has noted it.
        self.phone_numbers: dict[str, str] = {}

    def operations(self) -> list[Operation]:
        return [
            self.operation(
                "account_change",
                REST + "/agentAccount/update",
                self._change,
                account_of=named_by("userAccount"),
                password_field="oldPassWord",
                pretend=lambda call: self._changed(),
            ),
            *(self._login_check_operation(spelling) for spelling in SPELLINGS),
        ]

    def is_locked(self, account: Account) -> bool:
        return account.is_locked(self.world.clock.now(), self._rule())

    def lock_seconds(self) -> float:
        return self.options.lock_seconds

    def forget(self) -> None:
        self._changed_at.clear()
        self.phone_numbers.clear()

    def password_set(self, account: Account, *, created: bool = False) -> None:
        self._changed_at.pop(account.id, None)
        if not created or account.age_days:
            self._changed_at[account.id] = account.changed_at

    # What the SIP phones need too.

    def phone_of(self, account_id: str | None) -> Account | None:
        phone = self.world.accounts.get(PHONES, self.phone_numbers.get(account_id or ""))
        # The number may have been given to somebody else since.
        return phone if phone and phone.attributes.get("account") == account_id else None

    def of_tenant(self, call: Call, account_id: str) -> Account | None:
        """The account, unless it is said to be another tenant's."""
        account, token = self.account(account_id), self.tokens.presented(call)
        if account is None or "app_key" not in account.attributes:
            return account
        return account if token and token.app_key == account.attributes["app_key"] else None

    def disproved(self, account: Account, password: str, *, counts: bool = True) -> str | None:
        """Why this password does not prove to be the account's; None if it is right. Three in a row lock."""
        if self.is_locked(account):
            account.refused_while_locked += 1
            return LOCKED
        if not counts:
            return None if password == account.password else WRONG
        if not account.accepts(password, self.world.clock.now(), self._rule()):
            return WRONG
        account.consecutive_failures = 0
        return None

    def _rule(self) -> LockRule:
        options = self.options
        return LockRule(options.lock_threshold, options.lock_seconds, options.lock_resets_counter)

    # agentAccount/update.

    def _change(self, call: Call) -> Answer:
        fields = self.texts(call, "userAccount", "oldPassWord", "newPassWord")
        if fields is None:
            return self.malformed()
        account_id, old, new = fields
        account = self.of_tenant(call, account_id)
        if account is None:
            return self.result(FAILED, UNKNOWN, self.options.unknown_account_status)
        cause = self.disproved(account, old) or self._refused(account, new)
        if cause:
            return self.result(FAILED, cause)
        account.set_password(new, self.world.clock.now())
        account.changes += 1
        self._changed_at[account.id] = account.changed_at
        return self._changed()

    def _refused(self, account: Account, new: str) -> str | None:
        options, changed_at = self.options, self._changed_at.get(account.id)
        if changed_at is not None and self.world.clock.now() < changed_at + options.change_interval:
            return EARLY
        right_length = options.account_min_length <= len(new) <= options.account_max_length
        if not right_length or classes(new) < options.account_classes:
            return POLICY
        return USED if account.used_before(new, options.account_history_size) else None

    def _changed(self) -> Answer:
        return self.result("0", "edit success")

    # queryAgentLoginParams: other words, and never wrapped.

    def _login_check_operation(self, spelling: str) -> Operation:
        return self.operation(
            "login_check",
            f"{API}/{spelling}/v1/queryAgentLoginParams",
            self._login_check,
            exists=lambda: spelling == self.options.management_path,
            account_of=named_by("account"),
            password_field="password",
            refuse=lambda code, message: self._verdict(code or FAILED, message),
            pretend=self._pretend_login_check,
        )

    def _verdict(
        self, code: str, message: str = "", results: dict[str, Any] | None = None, status: int = 200
    ) -> Answer:
        content: dict[str, Any] = {"message": message or MESSAGES.get(code, "Unknown error."), "returnCode": code}
        if results is not None:
            content["results"] = results
        return self.answer(content, code, status, wrap=False)

    def _login_check(self, call: Call) -> Answer:
        fields = self.texts(call, "account", "password", wrappable=False)
        if fields is None:
            return self._verdict(FAILED, "Incorrect request.", status=400)
        account = self.of_tenant(call, fields[0])
        if account is None:
            return self._verdict(FAILED, UNKNOWN, status=self.options.unknown_account_status)
        cause = self.disproved(account, fields[1], counts=self.options.login_check_counts)
        return self._verdict(FAILED, cause) if cause else self._verdict("0", results=self._parameters(account))

    def _parameters(self, account: Account) -> dict[str, Any]:
        """Secrets included, as the page says: a client must be able to hold its tongue."""
        work_no = str(account.attributes.get("work_no", ""))
        agent = self.world.accounts.get(PLATFORM, work_no)
        phone = self.phone_of(account.id)
        return {
            "workNo": work_no,
            "password": agent.password if agent else str(account.attributes.get("platform_password", "")),
            "sipAccount": phone.id if phone else "",
            "sipPwd": "" if phone is None else MASK if self.options.mask_sip_password else phone.password,
            "sipServerInfo": [
                {
                    "sipServiceIp": self.options.sip_service_ip,
                    "sipServicePort": self.options.sip_service_port,
                    "node": "1",
                    "type": "0",
                }
            ],
        }

    def _pretend_login_check(self, call: Call) -> Answer:
        account = self.account(named_by("account")(call))
        return self._verdict("0", results=self._parameters(account) if account else {})

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CEC cc-management, SIP phones: a new password against the password of the business account they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import Account
from .cec import FAILED, REST, CecService, named_by
from .cec_account import PHONES, POLICY, UNKNOWN, USED, BusinessAccountService
from .exchange import Answer, Call, Operation
from .gateway_policy import classes
from .jsonfields import FieldError
from .kamailio import set_password

if TYPE_CHECKING:
    from .world import World

SHORTEST, LONGEST = 8, 16
SPECIALS = "~@^*_+.?"
NO_PHONE = "The account has no SIP phone number."


class SipPhoneService(CecService):
    """updateSipPhonePassword. The call names the business account; here it is that account's phone that is meant."""

    name = PHONES

    def __init__(self, world: World, accounts: BusinessAccountService) -> None:
        super().__init__(world, accounts.tokens)
        self._accounts = accounts

    def operations(self) -> list[Operation]:
        return [
            self.operation(
                "sip_change",
                REST + "/sipPhone/updateSipPhonePassword",
                self._change,
                account_of=self._number,
                password_field="accountPwd",
            )
        ]

    def is_locked(self, account: Account) -> bool:
        return False

    def lock_seconds(self) -> float:
        raise FieldError("a SIP phone is never locked: lock the cec_account it belongs to")

    def password_set(self, account: Account, *, created: bool = False) -> None:
        owner = account.attributes.get("account")
        if created and isinstance(owner, str):
            self._accounts.phone_numbers[owner] = account.id
        if self.options.kamailio_socket:
            set_password(self.options.kamailio_socket, account.id, account.password)

    def proving(self, operation: Operation, call: Call) -> Account | None:
        return self._accounts.account(named_by("userAccount")(call))

    def _number(self, call: Call) -> str | None:
        phone = self._accounts.phone_of(named_by("userAccount")(call))
        return phone.id if phone else None

    def _change(self, call: Call) -> Answer:
        fields = self.texts(call, "userAccount", "accountPwd", "newPhonePwd")
        if fields is None:
            return self.malformed()
        account_id, password, new = fields
        account, phone = self._accounts.of_tenant(call, account_id), self._accounts.phone_of(account_id)
        if account is None:
            return self.result(FAILED, UNKNOWN, self.options.unknown_account_status)
        cause = self._accounts.disproved(account, password)
        if cause:
            return self.result(FAILED, cause)
        if phone is None:
            return self.result(FAILED, NO_PHONE)
        if not self._follows_policy(new):
            return self.result(FAILED, POLICY)
        if self.options.sip_history_size and phone.used_before(new, self.options.sip_history_size):
            return self.result(FAILED, USED)
        phone.set_password(new, self.world.clock.now())
        phone.changes += 1
        self.password_set(phone)
        return self.result("0", "success")

    def _follows_policy(self, password: str) -> bool:
        allowed = all((char.isascii() and char.isalnum()) or char in SPECIALS for char in password)
        return allowed and SHORTEST <= len(password) <= LONGEST and classes(password) >= self.options.sip_classes

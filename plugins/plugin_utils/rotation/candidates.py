# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New passwords for a credential of the store, by its kind's policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import Kind
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import ANY, Context

if TYPE_CHECKING:
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store


@dataclass(frozen=True)
class PolicyCandidates:
    """Draws candidates, and has the store encrypt them.

    Attributes:
        kind: kind of credential.
        account: options of the modules that are the account's; its names and numbers are among them.
        rules: rules of the tenant that differ from the documented ones.
        store: encrypts.
    """

    kind: Kind
    account: Mapping[str, Any]
    rules: Mapping[str, Any]
    store: Store

    def check(self) -> None:
        """Find out before anything is sent whether the policy can be satisfied.

        Raises:
            InputError: it cannot.
        """
        self._generate(self.rules, {})

    def draw(self, entry: Entry, announced: Mapping[str, Any]) -> Ciphertext:
        """Return one for an entry that obeys the policy, and the rules that the server announced at the login.

        Raises:
            InputError: no password satisfies both.
        """
        return self.store.encrypt(self._generate(self.rules, announced), entry)

    def draw_for_repair(self, entry: Entry) -> Ciphertext:
        """Return one for an entry that the administrator can set.

        Raises:
            InputError: no password satisfies the administrator's rules and the policy.
        """
        password = self._generate({**self.rules, **self._repair_rules}, {})
        return self.store.encrypt(password, entry)

    def suits_repair(self, candidate: Ciphertext) -> bool:
        """Whether the administrator can set a candidate. Only what is narrower for the administrator is asked."""
        rules = {name: value for name, value in self._repair_rules.items() if name != "generated_length"}
        return not ANY.overridden(rules).violations(self.store.decrypt(candidate))

    @property
    def is_temporary(self) -> bool:
        """Whether what an administrator sets is under rules of its own, and so not meant to stay."""
        return bool(self._repair_rules)

    @property
    def _repair_rules(self) -> Mapping[str, Any]:
        return self.kind.repair.rules if self.kind.repair else {}

    def _generate(self, rules: Mapping[str, Any], announced: Mapping[str, Any]) -> str:
        policy = self.kind.policy.overridden(rules)
        if announced:
            policy = policy.narrowed(announced)
        return policy.generate(Context(identifiers=self.kind.identifiers(self.account)))

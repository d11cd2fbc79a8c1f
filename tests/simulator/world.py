# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything the simulated services share, and how a test fills it."""

from __future__ import annotations

from collections.abc import Mapping

from .accounts import Account, Accounts
from .cec import TenantService
from .cec_account import BusinessAccountService
from .cec_sip import SipPhoneService
from .clock import Clock
from .exchange import Service
from .faults import Faults
from .gateway_agent import AgentService
from .gateway_config import ConfigService
from .idaas_tenant import ClientService
from .idaas_user import UserService
from .issued import ISSUED
from .journal import Journal
from .jsonfields import FieldError, as_object
from .options import Options

SECTIONS = ("options", "accounts", "faults")


class World:
    """The state of one simulator process. A further service is one more class in `services`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.options = Options()
        self.accounts = Accounts()
        self.faults = Faults()
        self.journal = Journal()
        # (service, account) of exclusive calls that have not been answered.
        self.in_flight: set[tuple[str, str]] = set()
        tenants = TenantService(self)
        business = BusinessAccountService(self, tenants.tokens)
        users = UserService(self)
        services: list[Service] = [
            AgentService(self),
            ConfigService(self),
            tenants,
            business,
            SipPhoneService(self, business),
            users,
            ClientService(self, users),
        ]
        self.services = {service.name: service for service in services}

    def reset(self, config: Mapping[str, object]) -> None:
        """Start again from `config`, the same object that the command line takes as a file."""
        self.clock.forget()
        self.options, self.accounts, self.faults, self.journal = Options(), Accounts(), Faults(), Journal()
        self.in_flight.clear()
        ISSUED.clear()
        for service in self.services.values():
            service.forget()
        unknown = config.keys() - set(SECTIONS)
        if unknown:
            raise FieldError(f"unknown section {sorted(unknown)}; known are {', '.join(SECTIONS)}")
        self.options.update(as_object(config.get("options", {}), "options"))
        self.add_accounts(config.get("accounts", []))
        faults = config.get("faults", [])
        if not isinstance(faults, list):
            raise FieldError("faults: a list is needed")
        for fault in faults:
            self.faults.add(as_object(fault, "fault"))

    def add_accounts(self, items: object) -> int:
        if not isinstance(items, list):
            raise FieldError("accounts: a list is needed")
        for item in items:
            values = as_object(item, "account")
            service, account_id = values.pop("service", None), values.pop("id", None)
            if not isinstance(service, str) or not isinstance(account_id, str):
                raise FieldError("account: 'service' and 'id' are needed, both strings")
            self.put_account(service, account_id, values)
        return len(items)

    def put_account(self, service: str, account_id: str, values: Mapping[str, object]) -> Account:
        if service not in self.services:
            raise FieldError(f"unknown service {service!r}; known are {', '.join(self.services)}")
        previous = self.accounts.get(service, account_id)
        if previous:
            self.services[service].end_sessions(previous)
        account = self.accounts.put(service, account_id, values, self.clock.now())
        self.services[service].password_set(account, created=True)
        return account

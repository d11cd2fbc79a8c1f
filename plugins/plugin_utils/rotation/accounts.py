# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which account an inventory means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._http.options import server_of
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import Kind


def account_of(kind: Kind, options: Mapping[str, Any]) -> Account | None:
    """Return the account that the options of a kind's modules name, None where a module will refuse the options."""
    try:
        name, server = kind.account(options), server_of(str(options.get(kind.url) or ""))
    except (InputError, KeyError, TypeError, ValueError):
        return None
    return Account(kind.service, server.casefold(), name) if name else None

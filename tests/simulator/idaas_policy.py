# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password rules of an IDaaS tenant, for users and administrators alike (codes PWD.0001 to PWD.0007)."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter

from .accounts import Account
from .options import IdaasOptions


def announcement(options: IdaasOptions) -> str:
    """`data` of a login that asks for a new password: a JSON document in a string."""
    if options.policy_data:
        return options.policy_data
    rules = {
        "maxLength": options.policy_max_length,
        "minLength": options.policy_min_length,
        "regEx": options.policy_regex,
    }
    return json.dumps(rules, ensure_ascii=False, separators=(",", ":"))


def _most_repeated(password: str, *, anywhere: bool) -> int:
    if anywhere:
        return max(Counter(password).values())
    return max(len(list(group)) for _character, group in itertools.groupby(password))


def _personal(account: Account) -> list[str]:
    """What others know of a user: user name, mobile number, the name in a mail address, name in pinyin."""
    mail = str(account.attributes.get("mail", ""))
    known = [account.id, account.attributes.get("mobile"), mail.partition("@")[0], account.attributes.get("pinyin")]
    return [str(item).lower() for item in known if item]


def broken_rule(password: str, account: Account, options: IdaasOptions) -> str | None:
    """The last part of the code that says why this user may not have this password; None if there is no reason."""
    lowered = password.lower()
    if not options.policy_min_length <= len(password) <= options.policy_max_length:
        return "PWD.0007"
    if not re.search(options.policy_regex, password):
        return "PWD.0004"
    if options.max_repeat and _most_repeated(password, anywhere=options.repeat_anywhere) > options.max_repeat:
        return "PWD.0006"
    if lowered in (weak.lower() for weak in options.weak_passwords):
        return "PWD.0005"
    if any(item in lowered for item in _personal(account)):
        return "PWD.0003"
    if account.id.lower()[::-1] in lowered:
        return "PWD.0002"
    return "PWD.0001" if account.used_before(password, options.history_size) else None

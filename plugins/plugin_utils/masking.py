# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping secrets out of what is written, with the means that the running ansible-core has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

try:  # ansible-core 2.22 and later mask registered secrets wherever output is written
    from ansible.module_utils.secrets import register_secret
except ImportError:
    register_secret = None


def masked(result: dict[str, Any], secrets: Iterable[Any]) -> dict[str, Any]:
    """Return the result as AnsibleModule would: without these secrets, should any have got in."""
    if register_secret is not None:
        for secret in secrets:
            register_secret(secret)
        return result
    from ansible.module_utils.common.parameters import remove_values

    cleaned: dict[str, Any] = remove_values(result, {str(secret) for secret in secrets})
    return cleaned


def remember(secret: str) -> str:
    """Return a secret that was read from a store, registered for masking where that exists."""
    if register_secret is not None:
        register_secret(secret)
    return secret

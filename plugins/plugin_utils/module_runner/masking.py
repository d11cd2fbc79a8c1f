# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping secrets out of what is written, with the means that the running ansible-core has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

try:  # ansible-core 2.22 and later mask registered secrets wherever output is written
    from ansible.module_utils.secrets import register_secret
except ImportError:
    register_secret = None


SHORTEST = 4
"""Fewest characters of a secret that is masked. A shorter one is a piece of many words, and only these would suffer."""
_TOO_SHORT = f"a secret of fewer than {SHORTEST} characters is too short to be kept out of the output"

_read: set[str] = set()
"""What has been read from a store in this process, wherever it was put then."""


def masked(result: dict[str, Any], secrets: Iterable[Any]) -> dict[str, Any]:
    """Return the result as AnsibleModule would: without these secrets, should any have got in.

    It is also without the passwords that the lookup has read, for one may have been given as another option.
    """
    found = {leaf for secret in secrets for leaf in leaves(secret)}
    hidden = {leaf for leaf in found if len(leaf) >= SHORTEST}
    if hidden != found:
        result = {**result, "warnings": [*result.get("warnings", ()), _TOO_SHORT]}
    if register_secret is not None:
        for leaf in hidden:
            register_secret(leaf)
        return result
    from ansible.module_utils.common.parameters import remove_values

    hidden |= _read
    # A password may be the word of a value that says whether something was changed.
    return {
        key: value if value is None or isinstance(value, (bool, int)) else remove_values(value, hidden)
        for key, value in result.items()
    }


def leaves(secret: Any) -> Iterator[str]:
    """Give the texts and numbers in a value, as text."""
    if isinstance(secret, dict):
        secret = list(secret.values())
    if isinstance(secret, (list, tuple)):
        for inner in secret:
            yield from leaves(inner)
    elif secret not in (None, ""):
        yield str(secret)


def register(secret: str) -> str:
    """Return a secret that was read from a store, noted for masking."""
    if len(secret) < SHORTEST:
        return secret
    if register_secret is not None:
        register_secret(secret)
    else:
        _read.add(secret)
    return secret

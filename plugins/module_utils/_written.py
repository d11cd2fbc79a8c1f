# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a secret on its way through files and editors, and shows in it."""

from __future__ import annotations

import unicodedata

_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_INVISIBLE = "Cf"
_REPLACED = "\ufffd"


def blemish(secret: str) -> str:
    """Return what nobody has meant to be in a secret, "" where there is nothing of the kind.

    No service is known that accepts such characters in a password, and each would cost a login to find out.
    """
    if secret.endswith(("\n", "\r")):
        return "ends with a line break, which echo writes; write it with printf %s"
    if secret[:1].isspace():
        return "begins with a blank; remove it where it is written"
    if secret[-1:].isspace():
        return "ends with a blank; remove it where it is written"
    categories = set(map(unicodedata.category, secret))
    if categories & _CONTROLS:
        return "holds a line break, a tab or another control character; remove it where it is written"
    if _INVISIBLE in categories:
        return "holds a character that nobody sees; type it anew where it is written"
    if _REPLACED in secret:
        return "holds the sign for a character that was lost; type it anew where it is written"
    return ""

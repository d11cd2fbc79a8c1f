# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nobody has meant to be in a secret is told before it costs a login."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.module_utils._written import blemish


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("Kx7@mQ2v\n", "ends with a line break"),
        ("Kx7@mQ2v\r\n", "ends with a line break"),
        (" Kx7@mQ2v", "begins with a blank"),
        ("\u3000Kx7@mQ2v", "begins with a blank"),
        ("Kx7@mQ2v\u00a0", "ends with a blank"),
        ("Kx7@\tmQ2v", "holds a line break, a tab or another control character"),
        ("Kx7@\x00mQ2v", "holds a line break, a tab or another control character"),
        ("Kx7@\u2028mQ2v", "holds a line break, a tab or another control character"),
        ("\ufeffKx7@mQ2v", "holds a character that nobody sees"),
        ("Kx7@\u200bmQ2v", "holds a character that nobody sees"),
        ("Kx7@\ufffdmQ2v", "holds the sign for a character that was lost"),
    ],
)
def test_what_is_told(secret: str, told: str) -> None:
    assert blemish(secret).startswith(told)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufffd"), min_size=1))
def test_what_people_type_is_a_password(secret: str) -> None:
    assert blemish(secret) == ""
    assert blemish(f"{secret} {secret}") == "", "a blank in the middle may be meant"

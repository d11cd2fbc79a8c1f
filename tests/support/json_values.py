# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies for the JSON that a server may send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st


def json_values(
    names: Sequence[str], words: Sequence[Any], numbers: st.SearchStrategy[int] | None = None
) -> st.SearchStrategy[Any]:
    """Draw any value, nested ones too.

    Args:
        names: keys that mean something to the reader of the answer.
        words: values that mean something to it.
        numbers: integers; otherwise any.
    """
    leaves = (
        st.none()
        | st.booleans()
        | (st.integers() if numbers is None else numbers)
        | st.floats()
        | st.sampled_from(words)
        | st.text(max_size=9)
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(names) | st.text(max_size=3), inner, max_size=5)
        ),
        max_leaves=10,
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers and kinds that would silently mean something else."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import ranges

RULES = {
    "max_age_days": 30,
    "run_every_hours": 24,
    "min_age_hours": None,
    "lock_window_minutes": 30,
    "lease_seconds": 120,
}


def check(policies: Any = None, exempt: Any = None, percent: float = 10, **rules: Any) -> None:
    ranges.check({"rules": {**RULES, **rules}, "max_fail_percentage": percent, "exempt": exempt or {}}, policies)


def test_what_is_meant() -> None:
    check()
    check({"cc_agent": {"max_length": 16}}, {"idaas": {"reason": "r"}}, 100, max_age_days=0, min_age_hours=24)
    check("{{ a template }}")


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 1e12])
def test_numbers_out_of_range(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{name} is out of range; give a number from 0 to"):
        check(**{name: value})


@pytest.mark.parametrize("percent", [-5, 101, math.nan])
def test_a_percentage_that_is_none(percent: float) -> None:
    with pytest.raises(InputError, match="max_fail_percentage is out of range; give a number from 0 to 100"):
        check(percent=percent)


def test_kinds_that_are_none() -> None:
    with pytest.raises(InputError) as caught:
        check({"cc_agnet": {}}, {"idass": {}})
    told = ". ".join(caught.value.faults)
    assert "rotate_exempt names idass, which is no kind of credential; the kinds are cc_agent, " in told
    assert "rotate_policies names cc_agnet" in told

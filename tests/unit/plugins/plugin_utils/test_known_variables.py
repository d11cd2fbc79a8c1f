# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that nobody reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.plugin_utils.known_variables import KNOWN, check_names

ROOT = Path(__file__).resolve().parents[4]
SPECS = yaml.safe_load((ROOT / "roles/rotate/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]


def test_all_variables_of_the_role_and_the_playbooks_are_known() -> None:
    of_role = {name for spec in SPECS.values() for name in spec["options"]}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")]
    of_playbooks = {name for text in texts for name in re.findall(r"(?<![.\w])rotate_\w+", text)}
    assert of_role <= KNOWN
    assert of_playbooks <= KNOWN
    assert KNOWN - of_role <= of_playbooks


def test_known_ones_and_those_of_others_are_left_alone() -> None:
    assert check_names([*KNOWN, "my_rotate_host", "ansible_host", "rotation"]) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [("rotate_host", "rotate_hosts"), ("rotate_max_age_day", "rotate_max_age_days"), ("rotate_exemt", "rotate_exempt")],
)
def test_a_misspelled_one_is_refused(name: str, meant: str) -> None:
    with pytest.raises(AnsibleActionFail, match=f"is called {name}; {meant} is"):
        check_names([name])


def test_what_is_like_none_is_warned_of() -> None:
    assert check_names(["rotate_kinds"]) == ["rotate_kinds is no variable of this collection and has no effect on it"]

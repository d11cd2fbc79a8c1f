# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an action by the names of the variables that hold them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.plugin_utils.named_options import held as held_by

OPTIONS = {
    "store_path": {"type": "path", "required": True},
    "days": {"type": "float", "default": 30},
    "when": {"type": "str", "choices": ["due", "always"]},
    "account": {
        "type": "dict",
        "options": {"agent_id": {"type": "int"}, "cap": {"options": {"most": {"type": "int"}}}},
    },
    "identifiers": {"type": "list", "elements": "str"},
    "kinds": {"type": "list", "elements": "str", "choices": ["cc_agent", "idaas"]},
}


def held(names: dict[str, Any], **variables: Any) -> dict[str, Any]:
    return held_by(names, OPTIONS, variables, lambda value: value)


def test_values_take_the_places_of_their_names() -> None:
    names = {
        "store_path": "folder",
        "account": {"agent_id": "number", "cap": {"most": "cap"}, "unknown": "anything"},
        "kinds": "kinds",
    }
    assert held(names, folder="/store", number="1001", cap="20", anything={"a": 1}, kinds="cc_agent,idaas", more=1) == {
        "store_path": "/store",
        "account": {"agent_id": 1001, "cap": {"most": 20}, "unknown": {"a": 1}},
        "kinds": ["cc_agent", "idaas"],
    }


def test_what_is_not_defined_is_not_given() -> None:
    assert held({"days": "days", "account": {"agent_id": "number"}}) == {"account": {}}
    assert held({"days": "days"}, days=None) == {"days": None}


def test_several_variables_make_one_list() -> None:
    names = {"identifiers": ["user", "not_defined", "more"]}
    assert held(names, user="a", more=["b", "c"]) == {"identifiers": ["a", "b", "c"]}
    assert held(names) == {"identifiers": []}


def test_a_key_of_a_dictionary() -> None:
    names = {"account": "accounts.mine"}
    assert held(names, accounts={"mine": {"agent_id": 5}}) == {"account": {"agent_id": 5}}
    assert held(names, accounts={"yours": {}}) == held(names, accounts=None) == held(names) == {}


def test_templates_are_filled_in() -> None:
    assert held_by({"days": "days"}, OPTIONS, {"days": "{{ x }}"}, {"{{ x }}": "7"}.__getitem__) == {"days": 7.0}


@pytest.mark.parametrize(
    ("names", "variables", "words"),
    [
        ({"days": "max_days"}, {"max_days": "many"}, ["max_days", "float"]),
        ({"when": "rotate_when"}, {"rotate_when": "soon"}, ["rotate_when", "due, always", "soon"]),
        ({"kinds": "repair"}, {"repair": ["cec_sip"]}, ["repair", "cec_sip"]),
        ({"store_path": "folder"}, {}, ["folder", "missing"]),
        ({"account": {"cap": {"most": "cap"}}}, {"cap": "x"}, ["cap", "int"]),
        ({"account": "accounts.mine"}, {"accounts": "mine"}, ["accounts", "dict"]),
        ({"days": "d", "when": "w"}, {"d": [], "w": ""}, ["'d'", "w must be"]),
    ],
)
def test_a_fault_names_the_variable(names: dict[str, Any], variables: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        held(names, **variables)
    assert [word for word in [*words, "Nothing was sent"] if word not in caught.value.message] == []

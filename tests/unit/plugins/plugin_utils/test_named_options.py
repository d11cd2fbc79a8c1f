# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of an action by the names of the variables that hold them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.named_options import resolve_variables

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


def resolved(names: dict[str, Any], **variables: Any) -> dict[str, Any]:
    return resolve_variables(names, OPTIONS, variables, lambda value: value)


def test_values_take_the_places_of_their_names() -> None:
    names = {
        "store_path": "folder",
        "account": {"agent_id": "number", "cap": {"most": "cap"}, "unknown": "anything"},
        "kinds": "kinds",
    }
    assert resolved(
        names, folder="/store", number="1001", cap="20", anything={"a": 1}, kinds="cc_agent,idaas", more=1
    ) == {
        "store_path": "/store",
        "account": {"agent_id": 1001, "cap": {"most": 20}, "unknown": {"a": 1}},
        "kinds": ["cc_agent", "idaas"],
    }


def test_what_is_not_defined_is_not_given() -> None:
    assert resolved({"days": "days", "account": {"agent_id": "number"}}) == {"account": {}}
    assert resolved({"account": {"agent_id": "number"}}, number=None) == {"account": {"agent_id": None}}


@pytest.mark.parametrize(("option", "variable"), [("days", "rotate_days"), ("store_path", "rotate_folder")])
def test_a_variable_without_a_value(option: str, variable: str) -> None:
    with pytest.raises(
        AnsibleActionFail, match=f"{variable} has no value; give it one, or remove it. Nothing was sent"
    ):
        resolved({option: variable}, **{variable: None})


def test_several_variables_make_one_list() -> None:
    names = {"identifiers": ["user", "not_defined", "more"]}
    assert resolved(names, user="a", more=["b", "c"]) == {"identifiers": ["a", "b", "c"]}
    assert resolved(names) == {"identifiers": []}


def test_a_key_of_a_dictionary() -> None:
    names = {"account": "accounts.mine"}
    assert resolved(names, accounts={"mine": {"agent_id": 5}}) == {"account": {"agent_id": 5}}
    for variables in ({"accounts": {"yours": {}}}, {"accounts": None}, {}):
        assert resolved(names, **variables) == {}


def test_templates_are_filled_in() -> None:
    assert resolve_variables({"days": "days"}, OPTIONS, {"days": "{{ x }}"}, {"{{ x }}": "7"}.__getitem__) == {
        "days": 7.0
    }


@pytest.mark.parametrize(
    ("names", "variables", "words"),
    [
        ({"days": "max_days"}, {"max_days": "many"}, ["max_days", "float"]),
        ({"when": "rotate_when"}, {"rotate_when": "soon"}, ["rotate_when", "due, always"]),
        ({"kinds": "repair"}, {"repair": ["cec_sip"]}, ["repair", "cc_agent, idaas"]),
        ({"store_path": "folder"}, {}, ["folder", "missing"]),
        ({"account": {"cap": {"most": "cap"}}}, {"cap": "x"}, ["cap", "int"]),
        ({"account": "accounts.mine"}, {"accounts": "mine"}, ["accounts", "dict"]),
        ({"days": "d", "when": "w"}, {"d": [], "w": ""}, ["'d'", "w must be"]),
    ],
)
def test_a_fault_names_the_variable(names: dict[str, Any], variables: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        resolved(names, **variables)
    assert [word for word in [*words, "Nothing was sent"] if word not in caught.value.message] == []


def test_options_are_converted_and_completed() -> None:
    spec = ArgumentSpec(OPTIONS)
    given = {"store_path": "/store", "account": {"agent_id": "1001"}, "identifiers": "a,b"}
    options = checked(spec, given)
    assert (options["days"], options["identifiers"], options["account"]["agent_id"]) == (30, ["a", "b"], 1001)
    assert given["account"] == {"agent_id": "1001"}, "what a task was given stays as it is"


def test_all_faults_of_options_are_told_at_once() -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        checked(ArgumentSpec(OPTIONS), {"days": "many", "when": "soon", "surprise": 1})
    for word in ("store_path", "days", "when", "surprise", "Nothing was sent"):
        assert word in caught.value.message

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New passwords by a kind's policy, encrypted by the store."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.action_harness import loader

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import Context
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.candidates import PolicyCandidates
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store, open_store

ACCOUNTS: dict[str, dict[str, Any]] = {
    "cc_agent": {"agent_id": 1001},
    "cc_config": {"admin_id": 101, "vdn_id": 7},
    "cec_account": {"account": "zhang.wei"},
    "cec_sip": {"account": "zhang.wei", "sip_user": "40001"},
    "idaas": {"user_name": "li@example.com", "identifiers": ["13800138000"]},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(str(tmp_path_factory.mktemp("store")), None, loader(("default", "key")))


def candidates(store: Store, kind: str, rules: dict[str, Any] | None = None, **account: Any) -> PolicyCandidates:
    return PolicyCandidates(KINDS[kind], {**ACCOUNTS[kind], **account}, rules or {}, store)


def test_every_kind_has_an_account_here() -> None:
    assert ACCOUNTS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_candidate_obeys_its_kinds_policy(store: Store, kind: str) -> None:
    ciphertext = candidates(store, kind).draw(Entry(), {})
    password = store.decrypt(ciphertext)
    assert password not in ciphertext
    context = Context(identifiers=KINDS[kind].identifiers(ACCOUNTS[kind]))
    assert KINDS[kind].policy.violations(password, context) == []
    assert len(password) == KINDS[kind].policy.generated_length


@pytest.mark.parametrize("kind", KINDS)
def test_a_tenants_rules_shape_it(store: Store, kind: str) -> None:
    assert len(store.decrypt(candidates(store, kind, {"generated_length": 13}).draw(Entry(), {}))) == 13


@pytest.mark.parametrize("user", ["li@example.com", "l@example.com", "zw"])
def test_no_name_is_in_a_candidate_however_short_it_is(store: Store, user: str) -> None:
    name = user.partition("@")[0]
    drawn = candidates(store, "idaas", user_name=user)
    for _draw in range(20):
        password = store.decrypt(drawn.draw(Entry(), {})).lower()
        assert name not in password
        assert name[::-1] not in password


def test_no_piece_of_a_number_is_in_a_candidate(store: Store) -> None:
    drawn = candidates(store, "cc_agent", agent_id=123456789)
    for _draw in range(20):
        password = store.decrypt(drawn.draw(Entry(), {}))
        assert not [start for start in range(7) if "123456789"[start : start + 3] in password]


def test_a_candidate_obeys_what_the_login_announced(store: Store) -> None:
    announced = {"min_length": 22, "max_length": 24, "pattern": "[A-Za-z0-9#]+"}
    password = store.decrypt(candidates(store, "idaas").draw(Entry(), announced))
    assert re.fullmatch(r"[A-Za-z0-9#]{22,24}", password)


@pytest.mark.parametrize(
    ("rules", "announced", "fault"),
    [({"min_length": 30}, {"max_length": 8}, "min_length"), ({}, {"pattern": "x"}, "no password satisfies")],
)
def test_announced_rules_that_nothing_satisfies(
    store: Store, rules: dict[str, Any], announced: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InputError, match=fault):
        candidates(store, "idaas", rules).draw(Entry(), announced)


@pytest.mark.parametrize(
    ("rules", "fault"),
    [({"nonsense": 1}, "there is no rule nonsense"), ({"min_length": 99, "max_length": 9}, "min_length")],
)
def test_a_policy_that_cannot_be_met_is_found_out_before_anything_is_sent(
    store: Store, rules: dict[str, Any], fault: str
) -> None:
    with pytest.raises(InputError, match=fault):
        candidates(store, "cc_agent", rules).check()
    candidates(store, "cc_agent").check()


# -- what an administrator sets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "length", "is_temporary"), [("cc_agent", 8, True), ("idaas", 16, False)])
def test_a_candidate_for_a_repair_obeys_the_administrators_rules(
    store: Store, kind: str, length: int, is_temporary: bool
) -> None:
    drawn = candidates(store, kind)
    assert len(store.decrypt(drawn.draw_for_repair(Entry()))) == length
    assert drawn.is_temporary is is_temporary


def test_a_repair_needs_a_policy_that_the_administrator_can_meet(store: Store) -> None:
    with pytest.raises(InputError, match="min_length"):
        candidates(store, "cc_agent", {"min_length": 9}).draw_for_repair(Entry())


@pytest.mark.parametrize(
    ("kind", "password", "suits"),
    [
        ("cc_agent", "Eight@7x", True),
        ("cc_agent", "Seven@7", True),
        ("cc_agent", "Nine@7xyz", False),
        # Only what is narrower for the administrator is asked: no rule judges a candidate a second time.
        ("cc_agent", "1001", True),
        ("idaas", "li@example.com", True),
        ("idaas", "x", True),
    ],
)
def test_which_candidates_an_administrator_can_set(store: Store, kind: str, password: str, suits: bool) -> None:
    assert candidates(store, kind, {"min_length": 8}).suits_repair(store.encrypt(password, Entry())) is suits


@pytest.mark.parametrize("kind", ["cec_account", "cec_sip", "cc_config"])
def test_a_kind_without_a_repair_has_no_rules_for_one(store: Store, kind: str) -> None:
    drawn = candidates(store, kind)
    assert not drawn.is_temporary
    assert drawn.suits_repair(store.encrypt("anything", Entry()))

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies: what is generated is accepted, and every broken rule is named."""

from __future__ import annotations

import string
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.module_utils.outcome import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils.policy import (
    CC_AGENT,
    CC_CONFIG,
    POLICIES,
    Context,
    Policy,
)

CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation)

specials = st.sets(st.sampled_from(string.punctuation), max_size=8).map(lambda chosen: "".join(sorted(chosen)))
identifiers = st.lists(st.text(string.ascii_letters + string.digits + "._", min_size=1, max_size=12), max_size=3)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw consistent rules: what the constructor accepts, loose enough that passwords exist."""
    minimum = draw(st.integers(1, 40))
    allowed = draw(specials)
    generated = draw(specials)
    return Policy(
        min_length=minimum,
        max_length=draw(st.integers(minimum, 64)),
        min_classes=draw(st.integers(1, 4)),
        specials="".join(sorted({*allowed, *generated})) if allowed else "",
        generated_specials=generated,
        max_identical=draw(st.integers(1, 5)),
        identifier_piece=draw(st.sampled_from([0, 3, 4, 5])),
        generated_length=draw(st.integers(0, 200)),
    )


def fits(policy: Policy) -> bool:
    """Whether the generator has room for one character of each class that it uses, without running out of draws."""
    length = min(max(policy.generated_length, policy.min_length), policy.max_length)
    return length >= 6 and (policy.min_classes < 4 or bool(policy.generated_specials))


@settings(max_examples=60, deadline=None)
@given(policy=policies(), names=identifiers, used=st.lists(st.text(max_size=5), max_size=3))
def test_what_is_generated_is_accepted(policy: Policy, names: list[str], used: list[str]) -> None:
    assume(fits(policy))
    context = Context(names, used)
    password = policy.generate(context)
    assert policy.violations(password, context) == []
    assert set(password) <= set(string.ascii_letters + string.digits + policy.generated_specials)
    assert all(one != other for one, other in pairwise(password))
    groups = [*CLASSES[:3], *([policy.generated_specials] if policy.generated_specials else [])]
    assert all(set(group) & set(password) for group in groups), "every reading of the class rule is satisfied"


@settings(max_examples=50, deadline=None)
@given(policy=policies(), password=st.text(min_size=9, max_size=70), names=identifiers)
def test_a_violation_never_quotes_the_password(policy: Policy, password: str, names: list[str]) -> None:
    sentences = policy.violations(password, Context(names, [password]))
    assert "it is one of the account's earlier passwords" in sentences
    assert set(password) <= set(policy.specials) or not [one for one in sentences if password in one]


@pytest.mark.parametrize("kind", sorted(POLICIES))
def test_the_policies_of_the_kinds_generate(kind: str) -> None:
    generated = {POLICIES[kind].generate(Context(["1001"])) for _time in range(50)}
    assert len(generated) == 50
    assert {len(password) for password in generated} == {POLICIES[kind].generated_length}
    assert not [one for one in generated if "100" in one or "001" in one]


def test_a_short_identifier_is_no_piece() -> None:
    assert CC_AGENT.violations("Abc-10-xyz", Context(["10"])) == []


# -- each rule ---------------------------------------------------------------------------------------------------------

RULES = {
    "shorter": "it is shorter than 8 characters",
    "longer": "it is longer than 32 characters",
    "characters": "it has characters other than ASCII letters, digits and printable specials",
    "classes": "it has fewer than 3 of upper-case letters, lower-case letters, digits and specials",
    "identical": "it has more than 1 identical characters in a row",
    "identifier": "it has 3 or more consecutive characters of the account's name or number",
    "used": "it is one of the account's earlier passwords",
}
CONTEXT = Context(["12345", "Miller"], ["Was-there-1"])


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Abcdef-1", []),
        ("Ab-" + "xy" * 14 + "1", []),
        ("Abcdef1", ["shorter"]),
        ("", ["shorter", "classes"]),
        ("Abc-1" + "xy" * 14, ["longer"]),
        ("Abcdef-1é", ["characters"]),
        ("Abcdef 1-", ["characters"]),
        ("Abcdef-1\n", ["characters"]),
        ("abcdefg1", ["classes"]),
        ("ABCDEFG-", ["classes"]),
        ("Abcdeff-1", ["identical"]),
        ("Abc-123-x", ["identifier"]),
        ("Abc-543-x", ["identifier"]),
        ("Abc-MILL-1x", ["identical", "identifier"]),
        ("Abc-rel-1x", ["identifier"]),
        ("Was-there-1", ["used"]),
        ("é1233", ["shorter", "characters", "classes", "identical", "identifier"]),
        ("1234" + "5" * 30, ["longer", "classes", "identical", "identifier"]),
    ],
)
def test_each_rule_alone_and_together(password: str, broken: list[str]) -> None:
    assert CC_AGENT.violations(password, CONTEXT) == [RULES[rule] for rule in broken]


def test_own_specials_are_named() -> None:
    assert Policy(specials="@.", generated_specials="@").violations("Abcdef-1") == [
        "it has characters other than ASCII letters, digits and the specials @."
    ]


def test_a_special_outside_the_accepted_ones_is_no_class() -> None:
    policy = Policy(specials="@", generated_specials="@", min_classes=4)
    assert len(policy.violations("Abcdef1-")) == 2
    assert policy.violations("Abcdef1@") == []


def test_the_administrators_policy_knows_only_the_length() -> None:
    assert CC_CONFIG.violations("a" * 8, Context(["aaaa"])) == []
    assert CC_CONFIG.violations("ab" * 17) == ["it is longer than 32 characters"]


# -- the rules themselves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ({"min_length": 0}, "min_length and max_length"),
        ({"min_length": 33}, "min_length and max_length"),
        ({"max_length": 129}, "min_length and max_length"),
        ({"min_classes": 0}, "min_classes must be 1 to 4"),
        ({"min_classes": 5}, "min_classes must be 1 to 4"),
        ({"max_identical": 0}, "max_identical must be at least 1"),
        ({"identifier_piece": -1}, "identifier_piece at least 0"),
        ({"specials": "@ "}, "printable ASCII specials"),
        ({"specials": "a"}, "printable ASCII specials"),
        ({"generated_specials": "§"}, "printable ASCII specials"),
        ({"specials": "@"}, "generated_specials must be among specials"),
        ({"min_lenght": 9}, "there is no rule min_lenght"),
        ({"min_length": "9"}, "min_length must be a number"),
        ({"min_length": 9.5}, "min_length must be a number"),
        ({"min_length": None}, "min_length must be a number"),
        ({"max_identical": True}, "max_identical must be a number"),
        ({"specials": 5}, "specials must be a string"),
        ({"specials": ["@"]}, "specials must be a string"),
    ],
)
def test_overrides_are_validated(rules: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError) as caught:
        CC_AGENT.overridden(rules)
    assert fault in str(caught.value)
    assert all(sentence.startswith("policy: ") for sentence in caught.value.faults)


def test_all_faults_of_the_rules_at_once() -> None:
    with pytest.raises(InputError) as caught:
        CC_AGENT.overridden({"min_length": 99, "min_classes": 9, "max_identical": 0, "specials": "ä"})
    assert len(caught.value.faults) == 4
    with pytest.raises(InputError) as caught:
        CC_AGENT.overridden({"one": 1, "two": 2, "min_length": ""})
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("rules", [None, {}])
def test_no_overrides(rules: dict[str, Any] | None) -> None:
    assert CC_AGENT.overridden(rules) == CC_AGENT


def test_overrides_count() -> None:
    policy = CC_AGENT.overridden({"min_length": 12, "specials": "@_+.#", "generated_length": 30})
    assert (policy.min_length, policy.max_length, len(policy.generate())) == (12, 32, 30)


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy(min_classes=4, generated_specials=""), id="a class without characters"),
        pytest.param(Policy(min_length=1, max_length=3), id="no room for one of each class"),
        pytest.param(Policy(min_length=1, max_length=3, min_classes=1), id="no room for what is generated"),
    ],
)
def test_a_policy_that_cannot_be_met_is_refused_at_once(policy: Policy) -> None:
    with pytest.raises(InputError, match="min_classes cannot be met"):
        policy.generate()


def test_a_context_that_admits_nothing_ends_the_search() -> None:
    everything = Context(string.ascii_letters + string.digits)
    with pytest.raises(InputError, match="no password satisfies all rules together"):
        Policy(identifier_piece=1).generate(everything)

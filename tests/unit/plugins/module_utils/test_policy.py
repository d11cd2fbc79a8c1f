# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies: what is generated is accepted, and every broken rule is named."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.module_utils import _policy as policy_module
from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.module_utils._pattern import is_usable_pattern
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import ANY, Context, Policy

CC_AGENT, CC_CONFIG, CEC_ACCOUNT, CEC_SIP, IDAAS = (
    KINDS[name].policy for name in ("cc_agent", "cc_config", "cec_account", "cec_sip", "idaas")
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


@pytest.mark.parametrize("kind", KINDS)
def test_the_policies_of_the_kinds_generate(kind: str) -> None:
    generated = {KINDS[kind].policy.generate(Context(["1001"])) for _time in range(50)}
    assert len(generated) == 50
    assert {len(password) for password in generated} == {KINDS[kind].policy.generated_length}
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


def test_only_the_pattern_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_module, "_DRAWS", 30)
    with pytest.raises(InputError, match="no password satisfies all rules together"):
        Policy(pattern="[0-9]{8}", specials="@", generated_specials="@").generate()


# -- the kinds of the CEC and the IDaaS --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "password", "accepted"),
    [
        (CEC_ACCOUNT, "Aa1!Aa1!", True),
        (CEC_ACCOUNT, "Aaaaaa1-", True),
        (CEC_ACCOUNT, "Abcdefg1", False),
        (CEC_ACCOUNT, "Abc-12x", False),
        (CEC_ACCOUNT, "zhangwei-1A", True),
        (CEC_SIP, "Abcdefg1", True),
        (CEC_SIP, "~@^*_+.?aA", True),
        (CEC_SIP, "Aa1" * 5 + "x", True),
        (CEC_SIP, "Aa1" * 5 + "xy", False),
        (CEC_SIP, "Abcdef1", False),
        (CEC_SIP, "Abcdefg1-", False),
        (CEC_SIP, "abcdefg1", False),
        (IDAAS, "Abcdefg1", True),
        (IDAAS, "zhangwe1-", True),
        (IDAAS, "1-ZhangWei-", False),
        (IDAAS, "1-iewgnahZ-", False),
        (IDAAS, "Abcdef1", False),
    ],
)
def test_the_documented_rules(policy: Policy, password: str, accepted: bool) -> None:
    assert (policy.violations(password, Context(["zhangwei"])) == []) is accepted


@pytest.mark.parametrize("kind", ["cec_account", "cec_sip", "idaas"])
def test_what_is_generated_for_them_keeps_more_than_the_rules(kind: str) -> None:
    for _time in range(30):
        password = KINDS[kind].policy.generate(Context(["zhangwei", "Li"]))
        assert all(set(group) & set(password) for group in (*CLASSES[:3], "@_+."))
        assert not [piece for piece in ("zha", "han", "ang", "ahz", "gna") if piece in password.lower()]
        assert all(one != other for one, other in pairwise(password))


@pytest.mark.parametrize("password", ["x-li-1", "x-IL-1", "Li", "alib"])
def test_a_short_identifier_counts_as_a_whole(password: str) -> None:
    policy = Policy(min_length=1, min_classes=1, whole_identifier=True)
    sentence = "it contains a name or number of the account, forwards or backwards"
    assert policy.violations(password, Context(["Li", ""])) == [sentence]
    assert Policy(min_length=1, min_classes=1).violations(password, Context(["Li", ""])) == []


# -- patterns ----------------------------------------------------------------------------------------------------------

REALISTIC = (
    r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z0-9~!#$%&+\-,*:;<=>@_?^./]+$",
    r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[^\w\s]).{8,20}$",
    r"^(?![A-Za-z]+$)(?!\d+$)\S{8,16}$",
    r"^(?=.*[!#$]).+$",
    r"^[A-Za-z].*$",
    r"[\x21-\x7e]{8,}",
)

# What a tenant may ask for besides; of each of these rules the usual passwords satisfy few or none.
DEMANDING = (
    pytest.param(r"^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?=.*[@#%])[A-Za-z\d@#%]{8,16}$", id="all classes"),
    pytest.param(r"(?=.*[{}|~])(?=.*\[)(?=.*\\)[!-~]{10}", id="unusual specials"),
    pytest.param(r"^(?=[^!]*![^!]*$).{8,}$", id="one special once"),
    pytest.param(r"^(?!.*[@_+.]).{8,}$", id="no usual special"),
    pytest.param(r"^(?!.*[^a-zA-Z0-9].*$).{8,16}$", id="nothing but letters and digits"),
    pytest.param(r"^(?!.*[a-m0-4]|[A-Z]).{8,16}$", id="many characters forbidden"),
    pytest.param(r"^[a-z0-9!#]{8,16}$", id="a class is missing"),
    pytest.param(r"^(?=.{8,12}$)(?=.*[~`])\S+$", id="length in a look-ahead"),
    pytest.param(r"^(?=.{9}$)\S+$", id="one length"),
    pytest.param(r"^[A-Z][a-z]{3}-?\d{4}[~^]$", id="a character for each place"),
    pytest.param(r"^[a-z]+-[a-z]+-[0-9]{2,4}$", id="words"),
    pytest.param(r"^(?=(?:.*[A-Z]){2})[!-~]{8,}$", id="two of a class"),
    pytest.param(r"^(?:(?=.*[~])(?=.*[a-z])|(?=.*[|])(?=.*\d))[!-~]{8,}$", id="alternatives"),
    pytest.param(r"^(?:[A-Z][a-z][\d#])+$", id="a repeated group"),
    pytest.param(r"^(?:(?!abc|1234?).)*$", id="forbidden words"),
)


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count draws: the list grows by one item with each."""
    drawn: list[int] = []
    real = policy_module._filled

    def counting(row: list[frozenset[str]]) -> str:
        drawn.append(len(row))
        return real(row)

    monkeypatch.setattr(policy_module, "_filled", counting)
    return drawn


@pytest.mark.parametrize("pattern", [REALISTIC[3], DEMANDING[0].values[0]])
def test_a_thousand_passwords_take_few_draws(pattern: str, draws: list[int]) -> None:
    policy = IDAAS.narrowed({"min_length": 8, "pattern": pattern})
    assert len({policy.generate(Context(["zhangwei"])) for _time in range(1000)}) == 1000
    assert len(draws) < 1500


@pytest.mark.parametrize("pattern", [*REALISTIC, *DEMANDING])
def test_what_a_pattern_asks_for_is_drawn(pattern: str, draws: list[int]) -> None:
    policy, context = IDAAS.narrowed({"pattern": pattern}), Context(["zhangwei"])
    for _time in range(50):
        assert policy.violations(policy.generate(context), context) == []
    assert len(draws) < 50 * 12, "many of them need one, and one with a missing class or odd lengths needs a few"


def test_the_usual_characters_and_length_are_kept_where_the_pattern_lets_them() -> None:
    password = IDAAS.narrowed({"pattern": "^(?=.*[!#$]).+$"}).generate()
    assert len(password) == IDAAS.generated_length
    assert len(set(password) & set("!#$")) == 1
    assert set(password) <= set(string.ascii_letters + string.digits + "@_+.!#$")
    assert all(set(group) & set(password) for group in CLASSES)


@st.composite
def met_patterns(draw: st.DrawFn) -> str:
    """Draw a pattern that a password of 12 to 16 characters satisfies, of three classes and without a pair of equals."""
    allowed = draw(st.sets(st.sampled_from("abcdefghjkmnpqrtuvw"), min_size=3)) | set("xyz")
    allowed |= draw(st.sets(st.sampled_from("ABCDEF"), min_size=3)) | set("XYZ789")
    allowed |= draw(st.sets(st.sampled_from("!%&,:;<=>@_~"), max_size=4))
    asked: Sequence[str] = draw(st.lists(st.sampled_from(sorted(allowed)), max_size=4, unique=True))
    forbidden = draw(st.sampled_from(["", "(?!.*[a-w])", "(?![A-Z])", "(?!.*[^!-~])", "(?!.*[A-F].*)", r"(?!\d+$)"]))
    asked = [one for one in asked if one not in "abcdefghjkmnpqrtuvwABCDEF"] if forbidden.startswith("(?!.*") else asked
    return (
        "^"
        + "".join(f"(?=.*[{one}])" for one in asked)
        + forbidden
        + f"[{''.join(sorted(allowed))}]"
        + draw(st.sampled_from(["+", "{8,16}", "{12}", "*"]))
        + draw(st.sampled_from(["", "$"]))
    )


@settings(max_examples=100, deadline=None)
@given(pattern=met_patterns(), names=identifiers)
def test_a_pattern_that_can_be_met_is_met(pattern: str, names: list[str]) -> None:
    policy = IDAAS.narrowed({"pattern": pattern, "max_length": 16})
    password = policy.generate(Context(name for name in names if len(name) > 3))
    assert policy.violations(password) == []


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r".*.*\x00", id="not printable"),
        pytest.param("^(?=.*a)[b-z]{8,}$", id="asked for and not allowed"),
        pytest.param("^(?!.*[!-~]).+$", id="all forbidden"),
        pytest.param("^.{33,}$", id="too long"),
        pytest.param("^.{1,7}$", id="too short"),
        pytest.param("a{0}", id="nothing"),
        pytest.param("^(?=.*a)(?=.*[0-9])", id="no room for a character"),
    ],
)
def test_a_pattern_that_nothing_satisfies_ends_the_search(pattern: str, draws: list[int]) -> None:
    with pytest.raises(InputError, match="no password satisfies all rules together"):
        IDAAS.narrowed({"pattern": pattern}).generate()
    assert len(draws) <= 1000


@settings(max_examples=100, deadline=None)
@given(pattern=st.text("aB1!(?=.)*{}|[]^$,", max_size=12).map(lambda text: text + ".*"), longest=st.integers(8, 128))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_no_pattern_ends_otherwise(pattern: str, longest: int) -> None:
    assume(is_usable_pattern(pattern, longest))
    policy = IDAAS.narrowed({"pattern": pattern, "max_length": longest})
    with mock.patch.object(policy_module, "_DRAWS", 20):
        try:
            password = policy.generate()
        except InputError as error:
            sentence = str(error)
        else:
            sentence = "".join(policy.violations(password))
    assert sentence in ("", "policy: no password satisfies all rules together; relax one")


def test_an_expensive_pattern_that_nothing_satisfies_gets_fewer_draws(draws: list[int]) -> None:
    with pytest.raises(InputError, match="no password satisfies all rules together"):
        ANY.narrowed({"pattern": r"(?!.*.*\x00).*(?!.)a"}).generate()
    assert len(draws) < 400


def test_a_longer_password_than_the_pattern_was_measured_for_is_not_matched() -> None:
    policy = Policy(max_length=8, pattern=".*.*.*!")
    assert policy.violations("aB1" * 9) == ["it is longer than 8 characters"]
    with pytest.raises(InputError, match="pattern is no regular expression that can be used here"):
        Policy(max_length=128, pattern=".*.*.*!")


def test_the_whole_password_matches() -> None:
    policy = Policy(min_length=1, min_classes=1, pattern="[a-z]+")
    assert policy.violations("abc") == []
    assert policy.violations("abc1") == ["it does not match the pattern that the policy demands"]


# -- bounds that a server announces ------------------------------------------------------------------------------------


def test_bounds_only_narrow() -> None:
    assert IDAAS.narrowed({}) == IDAAS
    narrow = IDAAS.narrowed({"min_length": 10, "max_length": 18, "pattern": "[a-z]+"})
    assert (narrow.min_length, narrow.max_length, narrow.pattern) == (10, 18, "[a-z]+")
    wide = IDAAS.narrowed({"min_length": 4, "max_length": 100})
    assert (wide.min_length, wide.max_length, wide.pattern) == (8, 32, "")
    assert narrow.narrowed({"pattern": ""}).pattern == "[a-z]+"


def test_bounds_that_nothing_satisfies() -> None:
    with pytest.raises(InputError, match="min_length <= max_length"):
        IDAAS.narrowed({"max_length": 7})


@settings(max_examples=20, deadline=None)
@given(
    minimum=st.none() | st.integers(1, 15),
    maximum=st.none() | st.integers(15, 128),
    pattern=st.sampled_from(["", *REALISTIC]),
    names=identifiers,
)
def test_what_is_generated_within_announced_bounds_is_accepted(
    minimum: int | None, maximum: int | None, pattern: str, names: list[str]
) -> None:
    told = {"min_length": minimum, "max_length": maximum, "pattern": pattern}
    announced = {name: value for name, value in told.items() if value is not None}
    policy, context = IDAAS.narrowed(announced), Context(names)
    password = policy.generate(context)
    assert policy.violations(password, context) == []
    assert IDAAS.violations(password, context) == []
    assert ANY.narrowed(announced).violations(password) == []


@settings(max_examples=60, deadline=None)
@given(minimum=st.integers(1, 128), maximum=st.integers(1, 128), length=st.integers(1, 128))
def test_the_policy_that_accepts_everything_accepts_every_bound(minimum: int, maximum: int, length: int) -> None:
    assume(minimum <= maximum)
    policy = ANY.narrowed({"min_length": minimum, "max_length": maximum})
    assert (policy.violations("a" * length) == []) is (minimum <= length <= maximum)

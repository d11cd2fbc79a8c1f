# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns: what may take long is not used, however it is written, and what is laid out matches.

Nothing here looks at a clock: a pattern's steps are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError
from ansible_collections.callcenter.passwords.plugins.module_utils._pattern import (
    PRINTABLE,
    Characters,
    Edge,
    Either,
    LookAhead,
    Node,
    Repeat,
    Series,
    is_usable_pattern,
    lengths,
    parsed,
)
from ansible_collections.callcenter.passwords.plugins.module_utils._policy import Policy

# -- which can be used -------------------------------------------------------------------------------------------------

USABLE = (
    "",
    "^[A-Za-z0-9]{8,18}$",
    "a{8}",
    r"\(a+\)+",
    "[(a+)+]+",
    r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z0-9~!#$%&+\-,*:;<=>@_?^./]+$",
    r"^(?=.*?\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[^\w\s]).{8,20}$",
    r"^(?![A-Za-z]+$)(?!\d+$)\S{8,16}$",
    "^(?:(?=.*[a-z])(?=.*[A-Z])|(?=.*[0-9])(?=.*[A-Z])|(?=.*[!#]))[!-~]{8,}$",
    "^(?=(?:.*[A-Z]){2}).{8,}$",
    "^(?:(?!abc|123).)*$",
    "^(?:[A-Z][a-z])+$|^[0-9]{9,}$",
    "^.{1,9999}$",
)


@pytest.mark.parametrize("pattern", USABLE)
def test_patterns_that_can_be_used(pattern: str) -> None:
    assert is_usable_pattern(pattern)
    assert Policy(pattern=pattern).pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(a+)+", id="nested"),
        pytest.param("(a*)*$", id="nested stars"),
        pytest.param("(?:a+)+$", id="nested in a group without a number"),
        pytest.param("(?:(?:a+)b?)*c", id="nested two levels deep"),
        pytest.param("((a{2,})){2,}", id="nested in braces"),
        pytest.param("([a-z]+)*[0-9]", id="nested sets"),
        pytest.param(".*.*.*.*x", id="many in a row"),
        pytest.param("x" * 513, id="too long"),
        pytest.param("(", id="no group"),
        pytest.param("[a", id="no set"),
        pytest.param("*", id="nothing to repeat"),
        pytest.param("a{4294967296}", id="too often"),
        pytest.param(r"\p{Lower}+", id="Java: class"),
        pytest.param(r"[\p{Alpha}\d]+", id="Java: class in a set"),
        pytest.param("(?<name>a)", id="Java: named group"),
        pytest.param(r"\Qa.b\E", id="Java: quotation"),
        pytest.param(r"\h", id="Java: blank"),
        pytest.param("(?u)(?-i)a", id="Java: flags"),
    ],
)
def test_patterns_that_cannot_be_used(pattern: str) -> None:
    assert not is_usable_pattern(pattern)
    with pytest.raises(InputError, match="policy: pattern is no regular expression that can be used here"):
        Policy(pattern=pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(.|.)*!", id="alternatives in a repetition"),
        pytest.param("((a)|(a\\2?))+!", id="alternatives with a reference"),
        pytest.param("(a?a)+!", id="an option in a repetition"),
        pytest.param("(a{1,2})+!", id="a bounded repetition in an unbounded one"),
        pytest.param("(a*)(a*)(a*)(a*)(a*)(a*)(a*)(a*)!", id="many in a row, in groups"),
        pytest.param("a{0,99}" * 7 + "!", id="many bounded ones in a row"),
        pytest.param("a?" * 28 + "a" * 28, id="many options in a row"),
        pytest.param("(a|a)" * 60 + "!", id="many alternatives in a row"),
        pytest.param("(?=.*(?=.*(?=.*(?=.*!))))", id="nested look-aheads"),
        pytest.param("(a+)(?#x)*!", id="a comment before the outer repetition"),
        pytest.param("(?#[)(a+)+(?#])!", id="a set that begins in a comment"),
        pytest.param("(?x)(a+) +!", id="blanks before the outer repetition"),
    ],
)
def test_further_patterns_that_take_for_ever(pattern: str) -> None:
    assert not is_usable_pattern(pattern)


# Shapes of which a longer text is no better: each is tried with 1 to 100 times the part.
@pytest.mark.parametrize(
    ("begin", "part", "end"),
    [
        pytest.param("", "(|)", r".*\x00", id="empty alternatives"),
        pytest.param("", "(?:(?=.)|(?=.))", r"\x00", id="look-aheads in alternatives"),
        pytest.param("^", "((?=.*[a-z])|(?=.*[A-Z]))", "[0-9]{8,16}$", id="plausible look-aheads in alternatives"),
        pytest.param("", "(?:a)?", "!", id="optional groups"),
        pytest.param("", "(?:a|)", "!", id="an empty alternative"),
        pytest.param("", "(?:|.*)", "!", id="a long and an empty alternative"),
        pytest.param("", ".{1,9999}", "!", id="large bounds"),
        pytest.param("", "[a-z]*?", "!", id="lazy ones in a row"),
        pytest.param("", r"(?=.*.*\x00)", "", id="expensive look-aheads"),
        pytest.param("", r"(?!.*.*\x00)", ".*", id="expensive forbidden things"),
        pytest.param("(?=", ".*", r"\x00)", id="a long look-ahead"),
    ],
)
def test_a_product_is_refused_from_some_size_on(begin: str, part: str, end: str) -> None:
    usable = [count for count in range(1, 100) if is_usable_pattern(begin + part * count + end)]
    assert usable == list(range(1, len(usable) + 1))
    assert len(usable) <= 16, "two ways each are 65,536 by then"


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(a?){9999}!", id="what may be empty, often"),
        pytest.param("(?:(?=.*!)){9999}", id="a look-ahead, often"),
        pytest.param("((){9999}){9999}", id="nothing, often"),
        pytest.param("(?:^|a)*!", id="an edge in a repetition"),
        pytest.param("(?:ab|a|b)*!", id="overlapping alternatives in a repetition"),
        pytest.param("(?:(?:a|b){3})*!", id="alternatives in two repetitions"),
        pytest.param("(?:a{1,9999}){1,9999}", id="bounded in bounded"),
        pytest.param("(?:(?=.*[a-z].*)[a-z])*", id="a look-ahead of many ways in a repetition"),
        pytest.param(r"(a*)\1\1!", id="a reference"),
        pytest.param("(" * 200 + "a" + ")" * 200, id="nested so deep that reading it may end the stack"),
        pytest.param("(?:" * 30 + "a" + ")+" * 30, id="thirty repetitions of each other"),
        pytest.param("(?=a)*", id="a repeated look-ahead"),
        pytest.param("a++", id="possessive, from Python 3.11 on"),
        pytest.param("a{1}{2}", id="a repeated repetition"),
        pytest.param("a{2,1}", id="bounds the wrong way round"),
        pytest.param("a)", id="closed but not opened"),
        pytest.param("[z-a]", id="a range the wrong way round"),
    ],
)
def test_shapes_that_take_for_ever_in_many_ways(pattern: str) -> None:
    assert not is_usable_pattern(pattern)


def test_a_shorter_password_lets_more_be_used() -> None:
    pattern = "^(?=(?:.*[0-9]){3}).+$"
    assert [longest for longest in (16, 24, 64, 128) if is_usable_pattern(pattern, longest)] == [16, 24]


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]+", "[[:alpha:]]+"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_sets_within_sets_cannot_be_used(pattern: str) -> None:
    assert not is_usable_pattern(pattern)


@settings(max_examples=200, deadline=None)
@given(pattern=st.text("ab()[]{}|*+?.^$\\1,-", max_size=40) | st.text(max_size=20))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_whether_a_pattern_can_be_used_is_always_told(pattern: str) -> None:
    assert is_usable_pattern(pattern) in (True, False)


# -- steps -------------------------------------------------------------------------------------------------------------


class Backtracking:
    """Tries one way after the other to match a tree, as `re` does with the pattern, and counts its steps."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0

    def ends(self, node: Node, at: int) -> Iterator[int]:
        if isinstance(node, Series):
            yield from self._series(node.parts, at)
        elif isinstance(node, Either):
            for branch in node.branches:
                yield from self.ends(branch, at)
        elif isinstance(node, Repeat):
            yield from self._repeat(node, 0, at)
        elif isinstance(node, LookAhead):
            if bool(list(self.ends(node.part, at))) is node.is_wanted:
                yield at
        elif isinstance(node, Characters):
            self.steps += 1
            if at < len(self.text) and self.text[at] in node.members:
                yield at + 1
        elif isinstance(node, Edge):
            self.steps += 1
            if at == (len(self.text) if node.is_end else 0):
                yield at

    def _series(self, parts: Sequence[Node], at: int) -> Iterator[int]:
        if not parts:
            yield at
            return
        for end in self.ends(parts[0], at):
            yield from self._series(parts[1:], end)

    def _repeat(self, node: Repeat, times: int, at: int) -> Iterator[int]:
        if times < node.most:
            for end in self.ends(node.part, at):
                if end > at or times < node.least:
                    yield from self._repeat(node, times + 1, end)
        if times >= node.least:
            yield at


def _put_together(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.tuples(st.sampled_from(["(", "(?:"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda group: f"{group[0]}{'|'.join(group[1])})"
    )
    times = st.sampled_from(["*", "+", "?", "{2}", "{0}", "{1,3}", "{,2}", "{2,}", "*?", "??"])
    return (
        st.lists(inner, max_size=3).map("".join)
        | groups
        | st.tuples(groups | st.sampled_from(["a", "[ab]", "."]), times).map("".join)
    )


atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\W", "!", "^", "$"])
consuming = st.recursive(atoms, _put_together, max_leaves=8)
look_aheads = st.tuples(st.sampled_from(["(?=", "(?!"]), consuming, st.just(")")).map("".join)
patterns = st.lists(look_aheads | consuming, max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(pattern=patterns, text=st.text("ab1!", max_size=7))
def test_no_more_steps_are_taken_than_were_computed(pattern: str, text: str) -> None:
    assume(is_usable_pattern(pattern, len(text)))
    tree, tries = parsed(pattern), Backtracking(text)
    ways, steps = tree.effort(len(text))
    ends = list(tries.ends(tree, 0))
    assert tries.steps <= steps
    assert len(ends) <= ways
    assert (len(text) in ends) is bool(re.fullmatch(pattern, text)), "the tree means what the pattern means"


# -- what is laid out --------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(pattern=patterns, length=st.integers(0, 12), choice=st.randoms())
def test_what_is_laid_out_matches(pattern: str, length: int, choice: Random) -> None:
    assume(is_usable_pattern(pattern, length) and "(?!" not in pattern)
    row = [frozenset(PRINTABLE)] * length
    if parsed(pattern).lay(row, 0, length):
        assert lengths(pattern)[0] <= length <= lengths(pattern)[1]
        assert re.fullmatch(pattern, "".join(choice.choice(sorted(choices)) for choices in row))


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("(?!a).*", ["bc", "abc"]),
        ("(?!.*a).*", ["bc", "bc"]),
        ("(?!.*a.*|b.*$).*", ["c", "bc"]),
        ("(?!.*a$|.*|$).*", ["abc", "abc"]),
        ("a(?!b).", ["a", "ac"]),
        ("[ab]{2}(?!a)", ["ab", "ab"]),
        ("[ab](?=c).", ["ab", "c"]),
        ("(?=.*c)[ab]c?", ["ab", "c"]),
    ],
)
def test_what_is_left_for_each_place(pattern: str, left: list[str]) -> None:
    row = [frozenset("abc")] * 2
    assert parsed(pattern).lay(row, 0, 2)
    assert ["".join(sorted(choices)) for choices in row] == left


@pytest.mark.parametrize("pattern", ["a{3}", "a", "(?!.*[abc])..", "(?=ab)c.", "(?=...).*", "..^", "$..", "(?:...)*"])
def test_what_cannot_be_laid_out(pattern: str) -> None:
    assert not parsed(pattern).lay([frozenset("abc")] * 2, 0, 2)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^[a-z]{3,5}[0-9]?$", (3, 6)),
        ("^(?=.{4,9}$)(?=.*a).+$", (4, 9)),
        ("^(?!.{4}$)(?=.{4,}).{2,7}", (4, 7)),
        ("^a(?=.{4}$).{0,9}$", (1, 10)),
        ("abc|d{9}", (3, 9)),
        ("(?=a)", (1, 0)),
    ],
)
def test_lengths(pattern: str, expected: tuple[int, int]) -> None:
    assert lengths(pattern) == expected

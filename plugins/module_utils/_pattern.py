# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The regular expressions of policies: which of them can be used, and how a password has to look that matches.

A pattern may be a server's text, and ``re`` tries one way to match after the other. So a pattern is read into a tree,
which tells how many steps its worst password takes, and a pattern that may take many is not used. The same tree tells
which characters a password needs at which place, so that nobody has to guess passwords until one matches.
"""

from __future__ import annotations

import re
import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate

Row = list[frozenset[str]]
"""A password that is still open: the characters that each place may have."""

LONGEST_PASSWORD = 128
PRINTABLE = string.ascii_letters + string.digits + string.punctuation
_LONGEST_PATTERN = 512
_MOST_NESTED = 16
_MOST_STEPS = 50_000
"""Far more than policies need: four look-aheads take 2,000. So many take a millisecond at most."""
_TRIES = 8
"""How often the place of what a look-ahead asks for is drawn anew, before all else is drawn anew as well."""

# What has a meaning of its own in another language's regular expressions is in none of these.
_ESCAPE = r"\\(?:[dwsDWS]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^A-Za-z0-9])"
_SET = rf"\[\^?(?:{_ESCAPE}|[^\[\]\\&]|&(?!&))+\]"
_ATOM = rf"\.|{_SET}|{_ESCAPE}|[^\\\[\](){{}}|.*+?^$]"
_TOKEN = re.compile(rf"(?P<atom>{_ATOM})|(?P<edge>[\^$])|(?P<open>\((?:\?[:=!])?)|(?P<close>\))|(?P<bar>\|)")
_TIMES = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>[0-9]{1,4})(?P<range>,(?P<most>[0-9]{1,4})?)?\})\??")
_ENDLESS = LONGEST_PASSWORD + 1
"""How often "as often as you like" is: each takes a character, and the last one finds none."""
_SIGNS = {"*": (0, _ENDLESS), "+": (1, _ENDLESS), "?": (0, 1)}
_LOOK_AHEADS = ("(?=", "(?!")

_random = secrets.SystemRandom()


class Node(ABC):
    """A part of a pattern."""

    @cached_property
    def width(self) -> tuple[int, int]:
        """The fewest and the most characters that it matches."""
        return 0, 0

    @abstractmethod
    def effort(self, longest: int) -> tuple[int, int]:
        """Return in how many ways it matches at one place at most, and how many steps it takes to try them all.

        Args:
            longest: length of the password.
        """

    def lay(self, row: Row, at: int, width: int) -> bool:
        """Leave in the row only what matches this part, in one way that is drawn, and tell whether anything is left.

        Args:
            row: narrowed in place; of no use afterwards where nothing is left.
            at: where the part begins.
            width: how many characters it shall have.
        """
        least, most = self.width
        return least <= width <= most and self._lay(row, at, width)

    @abstractmethod
    def _lay(self, row: Row, at: int, width: int) -> bool:
        """Do what lay does; the part may have this width."""


@dataclass(frozen=True)
class Characters(Node):
    """One of some characters. Only the printable ones are known here."""

    members: frozenset[str]

    @cached_property
    def width(self) -> tuple[int, int]:
        return 1, 1

    def effort(self, longest: int) -> tuple[int, int]:
        return 1, 1

    def _lay(self, row: Row, at: int, width: int) -> bool:
        row[at] &= self.members
        return bool(row[at])


@dataclass(frozen=True)
class Edge(Node):
    """The begin or the end of the password."""

    is_end: bool

    def effort(self, longest: int) -> tuple[int, int]:
        return 1, 1

    def _lay(self, row: Row, at: int, width: int) -> bool:
        return at == (len(row) if self.is_end else 0)


@dataclass(frozen=True)
class Series(Node):
    """Parts that follow each other."""

    parts: Sequence[Node]

    @cached_property
    def width(self) -> tuple[int, int]:
        widths = [part.width for part in self.parts]
        return sum(least for least, _most in widths), sum(most for _least, most in widths)

    def effort(self, longest: int) -> tuple[int, int]:
        all_ways = all_steps = 1
        for part in self.parts:
            ways, steps = part.effort(longest)
            all_steps += all_ways * steps
            all_ways *= ways
        return all_ways, all_steps

    def _lay(self, row: Row, at: int, width: int) -> bool:
        least = self.width[0]
        widths = [part.width[0] for part in self.parts]
        room = [part.width[1] - part.width[0] for part in self.parts]
        for number in _random.sample(range(len(room)), width - least, counts=room) if width > least else ():
            widths[number] += 1
        begins = accumulate(widths, initial=at)
        # A look-ahead comes last: it can choose among what the others have left.
        laid = sorted(zip(self.parts, begins, widths, strict=False), key=lambda one: isinstance(one[0], LookAhead))
        return all(part.lay(row, begin, size) for part, begin, size in laid)


@dataclass(frozen=True)
class Either(Node):
    """Alternatives."""

    branches: Sequence[Node]

    @cached_property
    def width(self) -> tuple[int, int]:
        widths = [branch.width for branch in self.branches]
        return min(least for least, _most in widths), max(most for _least, most in widths)

    def effort(self, longest: int) -> tuple[int, int]:
        efforts = [branch.effort(longest) for branch in self.branches]
        return sum(ways for ways, _steps in efforts), sum(steps for _ways, steps in efforts)

    def _lay(self, row: Row, at: int, width: int) -> bool:
        fitting = [branch for branch in self.branches if branch.width[0] <= width <= branch.width[1]]
        return bool(fitting) and _random.choice(fitting).lay(row, at, width)


@dataclass(frozen=True)
class Repeat(Node):
    """The same part several times."""

    part: Node
    least: int
    most: int

    @cached_property
    def width(self) -> tuple[int, int]:
        least, most = self.part.width
        fewest = self.least * least
        return fewest, max(fewest, min(self.most * most, LONGEST_PASSWORD))

    def effort(self, longest: int) -> tuple[int, int]:
        ways, steps = self.part.effort(longest)
        # Beyond the demanded times each one takes a character, and the last one finds none.
        times = min(self.most, self.least + longest + 1)
        if ways == 1:
            return times - self.least + 1, 1 + times * steps
        # 2 ** 20 is too many in any case, and the numbers stay small.
        ways_by_times = [min(ways, _MOST_STEPS) ** count for count in range(min(times, 20) + 1)]
        return min(sum(ways_by_times), 2**20), 1 + steps * sum(ways_by_times[:-1])

    def _lay(self, row: Row, at: int, width: int) -> bool:
        least, most = self.part.width
        if not most:  # repeated, it demands the same again
            return not self.least or self.part.lay(row, at, 0)
        fewest = max(self.least, -(-width // most))
        times = min(self.most, width // least if least else max(width, fewest))
        if fewest > times:
            return False
        if least == most:
            return all(self.part.lay(row, begin, least) for begin in range(at, at + width, least))
        return Series([self.part] * _random.randint(fewest, times)).lay(row, at, width)


@dataclass(frozen=True)
class LookAhead(Node):
    """What has to follow, or must not."""

    part: Node
    is_wanted: bool

    def effort(self, longest: int) -> tuple[int, int]:
        return 1, self.part.effort(longest)[1]

    def _lay(self, row: Row, at: int, width: int) -> bool:
        return self._demand(row, at) if self.is_wanted else self._forbid(row, at)

    def _demand(self, row: Row, at: int) -> bool:
        rest = len(row) - at
        least, most = self.part.width
        most = min(most, rest)
        for count in range(_TRIES if least <= most else 0):
            trial = row.copy()
            # What comes behind it is free, or it has to go on to the end.
            if self.part.lay(trial, at, most if count % 2 else _random.randint(least, most)):
                row[:] = trial
                return True
        return False

    def _forbid(self, row: Row, at: int) -> bool:
        """Take out what is forbidden at one place or everywhere. Whatever else is forbidden, matching has to find."""
        for branch in self.part.branches if isinstance(self.part, Either) else [self.part]:
            parts = _parts(branch)
            # What may follow does not matter.
            if parts[-2:] == [_ANYTHING, _END]:
                parts.pop()
            if parts[-1:] == [_ANYTHING]:
                parts.pop()
            if parts and isinstance(parts[-1], Characters) and parts[:-1] in ([], [_ANYTHING]):
                for place in range(at, len(row) if len(parts) == 2 else min(at + 1, len(row))):
                    row[place] -= parts[-1].members
        return all(row)


_BEGIN, _END = Edge(is_end=False), Edge(is_end=True)
_ANYTHING = Repeat(Characters(frozenset(PRINTABLE)), *_SIGNS["*"])


def _parts(node: Node) -> list[Node]:
    return list(node.parts) if isinstance(node, Series) else [node]


@dataclass
class _Group:
    """A group that is not closed yet."""

    opening: str = ""
    branches: list[list[Node]] = field(default_factory=lambda: [[]])

    @property
    def is_look_ahead(self) -> bool:
        return self.opening in _LOOK_AHEADS

    def add(self, part: Node) -> None:
        self.branches[-1].append(part)

    def closed(self) -> Node:
        rows = [branch[0] if len(branch) == 1 else Series(branch) for branch in self.branches]
        content = rows[0] if len(rows) == 1 else Either(rows)
        return LookAhead(content, self.opening == "(?=") if self.is_look_ahead else content


@lru_cache(maxsize=16)
def parsed(pattern: str) -> Node:
    """Return the tree of a pattern.

    Raises:
        ValueError: it is no regular expression, or it has more than policies are written with, such as references, or
            something that means something else in another language's regular expressions.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError("too long")
    try:
        tree = _read(pattern)
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError("no regular expression") from error
    return tree


def _read(pattern: str) -> Node:
    groups = [_Group()]
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if not token:
            raise ValueError("unknown part")
        position = token.end()
        if token["open"]:
            groups.append(_Group(token["open"]))
            if len(groups) > _MOST_NESTED or sum(group.is_look_ahead for group in groups) > 1:
                raise ValueError("nested too deep")
        elif token["bar"]:
            groups[-1].branches.append([])
        elif token["edge"]:
            groups[-1].add(_END if token["edge"] == "$" else _BEGIN)
        elif token["close"] and len(groups) == 1:
            raise ValueError("closed but not opened")
        else:
            part = groups.pop().closed() if token["close"] else _characters(token["atom"])
            times = None if isinstance(part, LookAhead) else _TIMES.match(pattern, position)
            if times:
                position = times.end()
                part = Repeat(part, *_bounds(times))
            groups[-1].add(part)
    return groups[0].closed()


def _characters(atom: str) -> Characters:
    return Characters(frozenset(re.findall(atom, PRINTABLE)))


def _bounds(times: re.Match[str]) -> tuple[int, int]:
    if times["sign"]:
        return _SIGNS[times["sign"]]
    least = int(times["least"])
    if not times["range"]:
        return least, least
    return least, int(times["most"]) if times["most"] else least + _ENDLESS


def lengths(pattern: str) -> tuple[int, int]:
    """Return the fewest and the most characters of what matches, as far as the parts and the first look-aheads tell.

    Raises:
        ValueError: see parsed.
    """
    tree = parsed(pattern)
    least, most = tree.width
    for part in _parts(tree):
        if isinstance(part, LookAhead) and part.is_wanted:
            least = max(least, part.part.width[0])
            if _parts(part.part)[-1:] == [_END]:
                most = min(most, part.part.width[1])
        elif part.width != (0, 0):
            break
    return least, most


def is_usable_pattern(pattern: str, longest: int = LONGEST_PASSWORD) -> bool:
    """Whether a regular expression, perhaps a server's, is of the kind that policies are written in.

    That is nothing that takes long to match, and nothing that means something else in another language's regular
    expressions.

    Args:
        pattern: the expression.
        longest: most characters of a password that is matched.
    """
    try:
        return most_steps(pattern, longest) <= _MOST_STEPS
    except ValueError:
        return False


def most_steps(pattern: str, longest: int) -> int:
    """Return how many steps it takes at most to match a password of at most this length.

    Raises:
        ValueError: see parsed.
    """
    return parsed(pattern).effort(longest)[1]

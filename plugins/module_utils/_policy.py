# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Password policies as data, from which both the check and the generator come.

A policy says what a server accepts. What is generated is stricter where the vendor's text is ambiguous, so a
generated password satisfies every reading of it.
"""

from __future__ import annotations

import re
import secrets
import string
from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ._errors import InputError
from ._pattern import LONGEST_PASSWORD, is_usable_pattern, lengths, most_steps, parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ._pattern import Row

_CLASSES = {
    "upper-case letters": frozenset(string.ascii_uppercase),
    "lower-case letters": frozenset(string.ascii_lowercase),
    "digits": frozenset(string.digits),
}
_SPECIALS = frozenset(string.punctuation)
_GENERATED_PIECE = 3
"""Generated passwords hold no piece of an identifier of this size, even where a policy would accept one."""
_TYPES: Mapping[type, str] = {int: "a number", str: "a string", bool: "true or false"}
_DRAWS = 1000
"""Bound on drawing anew. One draw in two fits the usual rules; a policy that defeats 1000 admits nothing."""
_STEPS = 10_000_000
"""Bound on the steps of matching for that. It is a number and no time: on a busy machine it is as good as on others."""

_random = secrets.SystemRandom()


@dataclass(frozen=True)
class Context:
    """What a password must not resemble: the account's own identifiers, and passwords it must differ from."""

    identifiers: Sequence[str] = ()
    used: Sequence[str] = ()


@dataclass(frozen=True)
class Policy:
    """Rules for one kind of password.

    Attributes:
        min_length: fewest characters.
        max_length: most characters.
        min_classes: how many of upper-case letters, lower-case letters, digits and specials must occur; 1 to 4.
        specials: special characters that are accepted; empty accepts every printable ASCII special.
        generated_specials: special characters that the generator uses.
        max_identical: longest accepted run of one character.
        identifier_piece: from how many characters on a piece of an identifier is refused, forwards or backwards;
            0 switches the rule off.
        whole_identifier: refuse an identifier as a whole, forwards or backwards, however short it is.
        generated_length: length of generated passwords, moved into the accepted range where it lies outside.
        pattern: regular expression that the whole password matches; empty for none.
    """

    min_length: int = 8
    max_length: int = 32
    min_classes: int = 3
    specials: str = ""
    generated_specials: str = "@_+."
    max_identical: int = 1
    identifier_piece: int = 3
    whole_identifier: bool = False
    generated_length: int = 20
    pattern: str = ""

    def __post_init__(self) -> None:
        faults = []
        if not 1 <= self.min_length <= self.max_length <= LONGEST_PASSWORD:
            faults.append(f"min_length and max_length must satisfy 1 <= min_length <= max_length <= {LONGEST_PASSWORD}")
        if not 1 <= self.min_classes <= 4:
            faults.append("min_classes must be 1 to 4")
        if self.max_identical < 1 or self.identifier_piece < 0:
            faults.append("max_identical must be at least 1 and identifier_piece at least 0")
        if not set(self.specials + self.generated_specials) <= _SPECIALS:
            faults.append("specials and generated_specials must hold printable ASCII specials only")
        elif self.specials and not set(self.generated_specials) <= set(self.specials):
            faults.append("generated_specials must be among specials")
        if self.pattern and not is_usable_pattern(self.pattern, self.max_length):
            faults.append(
                "pattern is no regular expression that can be used here; give a simpler one without nested repetition"
            )
        if faults:
            raise InputError(*(f"policy: {fault}" for fault in faults))

    def overridden(self, rules: Mapping[str, Any] | None) -> Policy:
        """Return this policy with a tenant's own values for some rules.

        Raises:
            InputError: a rule does not exist or its value has the wrong type or range.
        """
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        faults = []
        accepted = {}
        for name, value in (rules or {}).items():
            if name not in known:
                faults.append(f"policy: there is no rule {name}; the rules are {', '.join(sorted(known))}")
            elif isinstance(value, bool) != (known[name] is bool) or not isinstance(value, known[name]):
                faults.append(f"policy: {name} must be {_TYPES[known[name]]}")
            else:
                accepted[name] = value
        if faults:
            raise InputError(*faults)
        return replace(self, **accepted)

    def narrowed(self, announced: Mapping[str, Any]) -> Policy:
        """Return this policy within the bounds that a server has announced: min_length, max_length, pattern.

        Raises:
            InputError: no password can satisfy both.
        """
        return replace(
            self,
            min_length=max(self.min_length, announced.get("min_length", 0)),
            max_length=min(self.max_length, announced.get("max_length", self.max_length)),
            pattern=announced.get("pattern", "") or self.pattern,
        )

    def violations(self, password: str, context: Context = Context()) -> list[str]:
        """Return a sentence for every rule that the password breaks; none of them quotes it."""
        found = []
        if len(password) < self.min_length:
            found.append(f"it is shorter than {self.min_length} characters")
        if len(password) > self.max_length:
            found.append(f"it is longer than {self.max_length} characters")
        if not set(password) <= self._specials.union(*_CLASSES.values()):
            found.append(
                "it has characters other than ASCII letters, digits and "
                + (f"the specials {self.specials}" if self.specials else "printable specials")
            )
        present = sum(1 for members in (*_CLASSES.values(), self._specials) if members & set(password))
        if present < self.min_classes:
            found.append(
                f"it has fewer than {self.min_classes} of upper-case letters, lower-case letters, digits and specials"
            )
        if _longest_run(password) > self.max_identical:
            found.append(f"it has more than {self.max_identical} identical characters in a row")
        if self.identifier_piece and _has_piece(password, context.identifiers, self.identifier_piece):
            found.append(
                f"it has {self.identifier_piece} or more consecutive characters of the account's name or number"
            )
        if self.whole_identifier and _has_whole(password, context.identifiers):
            found.append("it contains a name or number of the account, forwards or backwards")
        # Only up to this length it is known that matching takes few steps.
        if self.pattern and len(password) <= self.max_length and not re.fullmatch(self.pattern, password):
            found.append("it does not match the pattern that the policy demands")
        if password in context.used:
            found.append("it is one of the account's earlier passwords")
        return found

    def generate(self, context: Context = Context()) -> str:
        """Return a random password that this policy accepts.

        Raises:
            InputError: no password satisfies the policy.
        """
        usual_length = min(max(self.generated_length, self.min_length), self.max_length)
        usual_classes = [*_CLASSES.values(), *filter(None, [frozenset(self.generated_specials)])]
        if not self.min_classes <= len(usual_classes) <= usual_length:
            raise InputError("policy: min_classes cannot be met with this length and these generated_specials")
        piece = min(self.identifier_piece or _GENERATED_PIECE, _GENERATED_PIECE)
        possible = self._lengths()
        if possible:
            usual_length = min(max(usual_length, possible[0]), possible[-1])
        draws = min(_DRAWS, _STEPS // most_steps(self.pattern, self.max_length)) if self.pattern else _DRAWS
        for draw in range(draws if possible else 0):
            length, classes = usual_length, usual_classes
            # A pattern may demand other characters, allow not all classes, or ask for another length.
            if self.pattern and draw % 2:
                classes = _random.sample([*_CLASSES.values(), self._specials], _random.randint(self.min_classes, 4))
            if self.pattern and draw % 4 > 1:
                length = _random.choice(possible)
            password = _filled(self._row(length, classes))
            if not _has_piece(password, context.identifiers, piece) and not self.violations(password, context):
                return password
        raise InputError("policy: no password satisfies all rules together; relax one")

    @property
    def _specials(self) -> frozenset[str]:
        return frozenset(self.specials) or _SPECIALS

    def _lengths(self) -> range:
        """Return the lengths that passwords may have."""
        least, most = lengths(self.pattern) if self.pattern else (0, self.max_length)
        return range(max(least, self.min_length), min(most, self.max_length) + 1)

    def _row(self, length: int, classes: Sequence[frozenset[str]]) -> Row:
        """Return the characters that each place may have: what the pattern asks for, and all classes where it can be.

        An empty row says that the pattern cannot be met in the way that was drawn.
        """
        row = [self._specials.union(*_CLASSES.values())] * length
        if self.pattern and not parsed(self.pattern).lay(row, 0, length):
            return []
        for members in _random.sample(classes, len(classes)):
            places = [place for place, choices in enumerate(row) if choices & members]
            if places and not any(choices <= members for choices in row):
                row[_random.choice(places)] &= members
        preferred = frozenset[str]().union(*classes)
        return [choices & preferred or choices for choices in row]


def _has_piece(password: str, identifiers: Iterable[str], size: int) -> bool:
    """Whether the password has a piece of an identifier of this size, forwards or backwards."""
    return any(
        text[start : start + size] in password.lower()
        for text in _both_ways(identifiers)
        for start in range(len(text) - size + 1)
    )


def _has_whole(password: str, identifiers: Iterable[str]) -> bool:
    return any(text in password.lower() for text in _both_ways(identifiers))


def _both_ways(identifiers: Iterable[str]) -> Iterable[str]:
    for identifier in filter(None, identifiers):
        yield identifier.lower()
        yield identifier.lower()[::-1]


def _longest_run(text: str) -> int:
    longest = run = 0
    before = ""
    for character in text:
        run = run + 1 if character == before else 1
        longest = max(longest, run)
        before = character
    return longest


def _filled(row: Row) -> str:
    """Return a random password for a row: each character as seldom as possible, and different from its neighbors.

    "No identical neighbors" and "at most so many repetitions" hold by construction where the row allows it, whatever a
    vendor means by them.
    """
    drawn = [""] * len(row)
    often: Counter[str] = Counter()
    # Where there is the least choice comes first; the others can make way.
    for place in sorted(range(len(row)), key=lambda place: len(row[place])):
        choices: Collection[str] = row[place].difference(drawn[max(place - 1, 0) : place + 2]) or row[place]
        least = min(often[character] for character in choices)
        drawn[place] = _random.choice([character for character in choices if often[character] == least])
        often[drawn[place]] += 1
    return "".join(drawn)


ANY = Policy(
    min_length=1,
    max_length=LONGEST_PASSWORD,
    min_classes=1,
    max_identical=LONGEST_PASSWORD,
    identifier_piece=0,
)
"""Accepts every password that can be typed; narrowed by what a server announces."""

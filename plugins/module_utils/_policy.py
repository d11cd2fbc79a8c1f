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
import time
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ._errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CLASSES = {
    "upper-case letters": frozenset(string.ascii_uppercase),
    "lower-case letters": frozenset(string.ascii_lowercase),
    "digits": frozenset(string.digits),
}
_SPECIALS = frozenset(string.punctuation)
_GENERATED_PIECE = 3
"""Generated passwords hold no piece of an identifier of this size, even where a policy would accept one."""
_TYPES: Mapping[type, str] = {int: "a number", str: "a string", bool: "true or false"}
_LONGEST_PATTERN = 512
_ESCAPE = r"\\(?:[dwsDWS]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^A-Za-z0-9])"
_SET = rf"\[\^?(?:{_ESCAPE}|[^\[\]\\&]|&(?!&))+\]"
_ATOM = rf"(?:\.|{_SET}|{_ESCAPE}|[^\\\[\](){{}}|.*+?^$])"
_FIXED = rf"(?:{_ATOM}(?:\{{[0-9]{{1,3}}\}})?)*"
_VARIABLE = rf"{_ATOM}(?:[*+?]|\{{[0-9]{{1,3}},(?:[0-9]{{1,3}})?\}})\??"
_BRANCH = rf"{_FIXED}(?:{_VARIABLE}{_FIXED}){{0,2}}\$?"
_LOOK_AHEAD = rf"\(\?[=!]\^?{_BRANCH}(?:\|{_BRANCH})*\)"
_ALTERNATIVES = rf"\((?:\?:)?(?:{_LOOK_AHEAD})*(?:\|(?:{_LOOK_AHEAD})*)*\)"
_POLICY_PATTERN = re.compile(rf"\^?(?:{_LOOK_AHEAD}|{_ALTERNATIVES})*{_BRANCH}")
"""The regular expressions that are used: see is_usable_pattern."""

_META = frozenset("^$()[]{}|?*+.=\\-")
_DRAWS = 1000
"""Bound on drawing anew. One draw in two fits the vendors' rules; a policy that defeats 1000 admits nothing."""
_SECONDS = 5
"""Bound on the time for that: a server's pattern may be slow to match, and be met by nothing."""


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
        if not 1 <= self.min_length <= self.max_length <= 128:
            faults.append("min_length and max_length must satisfy 1 <= min_length <= max_length <= 128")
        if not 1 <= self.min_classes <= 4:
            faults.append("min_classes must be 1 to 4")
        if self.max_identical < 1 or self.identifier_piece < 0:
            faults.append("max_identical must be at least 1 and identifier_piece at least 0")
        if not set(self.specials + self.generated_specials) <= _SPECIALS:
            faults.append("specials and generated_specials must hold printable ASCII specials only")
        elif self.specials and not set(self.generated_specials) <= set(self.specials):
            faults.append("generated_specials must be among specials")
        if self.pattern and not is_usable_pattern(self.pattern):
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
        specials = frozenset(self.specials) or _SPECIALS
        if len(password) < self.min_length:
            found.append(f"it is shorter than {self.min_length} characters")
        if len(password) > self.max_length:
            found.append(f"it is longer than {self.max_length} characters")
        if not set(password) <= specials.union(*_CLASSES.values()):
            found.append(
                "it has characters other than ASCII letters, digits and "
                + (f"the specials {self.specials}" if self.specials else "printable specials")
            )
        present = sum(1 for members in (*_CLASSES.values(), specials) if members & set(password))
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
        if self.pattern and not re.fullmatch(self.pattern, password):
            found.append("it does not match the pattern that the policy demands")
        if password in context.used:
            found.append("it is one of the account's earlier passwords")
        return found

    def generate(self, context: Context = Context()) -> str:
        """Return a random password that this policy accepts.

        Raises:
            InputError: no password satisfies the policy.
        """
        length = min(max(self.generated_length, self.min_length), self.max_length)
        letters_and_digits = ["".join(sorted(members)) for members in _CLASSES.values()]
        piece = min(self.identifier_piece or _GENERATED_PIECE, _GENERATED_PIECE)
        available = len(_CLASSES) + bool(self.generated_specials)
        if not self.min_classes <= available <= length:
            raise InputError("policy: min_classes cannot be met with this length and these generated_specials")
        until = time.monotonic() + _SECONDS
        for specials in self._specials_to_try():
            groups = [*letters_and_digits, specials] if specials else letters_and_digits
            alphabet = "".join(groups)
            for _draw in range(_DRAWS):
                password = "".join(_spread_out(alphabet, length))
                if (
                    all(set(group) & set(password) for group in groups)
                    and not _has_piece(password, context.identifiers, piece)
                    and not self.violations(password, context)
                ):
                    return password
                if time.monotonic() > until:
                    break
        raise InputError("policy: no password satisfies all rules together; relax one")

    def _specials_to_try(self) -> list[str]:
        """Return the sets of specials to generate from: a pattern may demand others than the usual ones, or none."""
        if not self.pattern:
            return [self.generated_specials]
        accepted = self.specials or "".join(sorted(_SPECIALS))
        named = "".join(special for special in accepted if special in self.pattern and special not in _META)
        return [self.generated_specials, *([""] if self.min_classes < 4 else []), named, accepted]


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


def is_usable_pattern(pattern: str) -> bool:
    """Whether a regular expression, perhaps a server's, is of the kind that policies are written in.

    That is a few look-aheads, perhaps in alternatives, and what the password is made of: nothing that takes long to
    match, and nothing that means something else in another language's regular expressions.
    """
    if len(pattern) > _LONGEST_PATTERN or not _POLICY_PATTERN.fullmatch(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        return False
    return True


def _longest_run(text: str) -> int:
    longest = run = 0
    before = ""
    for character in text:
        run = run + 1 if character == before else 1
        longest = max(longest, run)
        before = character
    return longest


def _spread_out(alphabet: str, length: int) -> Iterable[str]:
    """Yield random characters, each different from the many before it.

    "No identical neighbors" and "at most so many repetitions" hold by construction, whatever a vendor means by them.
    """
    recent: list[str] = []
    for _position in range(length):
        character = secrets.choice([other for other in alphabet if other not in recent])
        recent = [*recent[-(len(alphabet) // 2) :], character]
        yield character


ANY = Policy(min_length=1, max_length=128, min_classes=1, max_identical=128, identifier_piece=0)
"""Accepts every password that can be typed; narrowed by what a server announces."""

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Password policies as data, from which both the check and the generator come.

A policy says what a server accepts. What is generated is stricter where the vendor's text is ambiguous, so a
generated password satisfies every reading of it.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .outcome import InputError

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
_DRAWS = 1000
"""Bound on drawing anew. One draw in two fits the vendors' rules; a policy that defeats 1000 admits nothing."""


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
        generated_length: length of generated passwords, moved into the accepted range where it lies outside.
    """

    min_length: int = 8
    max_length: int = 32
    min_classes: int = 3
    specials: str = ""
    generated_specials: str = "@_+."
    max_identical: int = 1
    identifier_piece: int = 3
    generated_length: int = 20

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
            elif isinstance(value, bool) or not isinstance(value, known[name]):
                faults.append(f"policy: {name} must be {'a number' if known[name] is int else 'a string'}")
            else:
                accepted[name] = value
        if faults:
            raise InputError(*faults)
        return replace(self, **accepted)

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
        if _resembles(password, context.identifiers, self.identifier_piece):
            found.append(
                f"it has {self.identifier_piece} or more consecutive characters of the account's name or number"
            )
        if password in context.used:
            found.append("it is one of the account's earlier passwords")
        return found

    def generate(self, context: Context = Context()) -> str:
        """Return a random password that this policy accepts.

        Raises:
            InputError: no password satisfies the policy.
        """
        length = min(max(self.generated_length, self.min_length), self.max_length)
        groups = ["".join(sorted(members)) for members in _CLASSES.values()]
        if self.generated_specials:
            groups.append(self.generated_specials)
        if len(groups) < self.min_classes or length < len(groups):
            raise InputError("policy: min_classes cannot be met with this length and these generated_specials")
        alphabet = "".join(groups)
        for _draw in range(_DRAWS):
            password = "".join(_differing_neighbours(alphabet, length))
            if (
                all(set(group) & set(password) for group in groups)
                and not _resembles(password, context.identifiers, self.identifier_piece or _GENERATED_PIECE)
                and not self.violations(password, context)
            ):
                return password
        raise InputError("policy: no password satisfies all rules together; relax one")


def _resembles(password: str, identifiers: Iterable[str], size: int) -> bool:
    """Whether the password has a piece of an identifier, forwards or backwards, of at least this size (0: never)."""
    return size > 0 and any(
        text[start : start + size] in password.lower()
        for identifier in identifiers
        for text in (identifier.lower(), identifier.lower()[::-1])
        for start in range(len(text) - size + 1)
    )


def _longest_run(text: str) -> int:
    longest = run = 0
    before = ""
    for character in text:
        run = run + 1 if character == before else 1
        longest = max(longest, run)
        before = character
    return longest


def _differing_neighbours(alphabet: str, length: int) -> Iterable[str]:
    """Yield random characters, none equal to the one before: "no identical neighbours" by construction."""
    before = ""
    for _position in range(length):
        before = secrets.choice(alphabet.replace(before, "") if before else alphabet)
        yield before


CC_AGENT = Policy()
"""Agent's platform password: CC-Gateway interface reference, "Changing the Password (Extended)".

The text allows several readings of "consecutive identical characters" and does not list the specials, so no two
neighbours are equal and a small set of specials is used.
"""

CC_CONFIG = Policy(min_classes=1, max_identical=32, identifier_piece=0)
"""Configuration administrator's password. Only its length is documented; what is generated keeps all rules."""

POLICIES: Mapping[str, Policy] = {"cc_agent": CC_AGENT, "cc_config": CC_CONFIG}
"""The policy of each kind of credential."""

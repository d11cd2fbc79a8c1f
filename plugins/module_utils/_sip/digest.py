# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Digest authentication: read what a server offers, and answer it with a password that never leaves in clear text.

RFC 7616 (digest, with RFC 2617 for servers that send no qop), as RFC 3261 section 22 and RFC 8760 apply it to SIP.
Nothing here knows Ansible, sockets or SIP messages.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_VALUE_CHARACTERS = 4096
"""Longest realm, nonce or opaque that is answered. A request over UDP must fit into one datagram."""

_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}  # the strongest last
_STRENGTH = list(_HASHES)

# One parameter, with the name of a scheme in front of it where a new challenge begins.
_PARAMETER = re.compile(
    r"""[\s,]*(?:(?P<scheme>[\w.!%*+`'~-]+)\s+)?(?P<name>[\w.!%*+`'~-]+)\s*=\s*"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^\s,"]+))\s*(?=,|$)"""
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quoted(value: str) -> str:
    """Return `value` as a quoted string (RFC 3261 section 25.1).

    Raises:
        ValueError: it has control characters, a line break for instance, which would end the header.
    """
    if _CONTROL.search(value):
        raise ValueError("control characters")
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _hash(algorithm: str, *parts: str) -> str:
    # What a server sent may be no UTF-8; it is hashed as the bytes that came.
    data = ":".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.new(_HASHES[algorithm], data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Challenge:
    """One offer of a server that can be answered.

    Attributes:
        realm, nonce, opaque: as the server sent them, without quotes; opaque is None if there was none.
        algorithm: MD5, SHA-256 or SHA-512-256.
        session: the algorithm's -sess variant.
        named: the server named the algorithm; without a name it is MD5.
        qop: the server offers qop=auth; otherwise it sent no qop at all.
        stale: the password was not looked at because the nonce of the answer was too old.
    """

    realm: str
    nonce: str
    opaque: str | None = None
    algorithm: str = "MD5"
    session: bool = False
    named: bool = False
    qop: bool = False
    stale: bool = False

    def answer(self, method: str, uri: str, user: str, password: str, cnonce: str | None = None) -> str:
        """Return the value of an Authorization header.

        Args:
            method: of the request, ``REGISTER``.
            uri: exactly as in the request line.
            user: name that the password belongs to, UTF-8 as any other text.
            password: any text.
            cnonce: the client's nonce, only given to repeat an example; a random one otherwise.

        Raises:
            ValueError: a value has control characters, or is no valid Unicode.
        """
        algorithm = self.algorithm
        cnonce = cnonce or secrets.token_hex(16)
        count = "00000001"
        secret = _hash(algorithm, user, self.realm, password)
        if self.session:
            secret = _hash(algorithm, secret, self.nonce, cnonce)
        request = _hash(algorithm, method, uri)
        fields = {
            "username": quoted(user),
            "realm": quoted(self.realm),
            "nonce": quoted(self.nonce),
            "uri": quoted(uri),
        }
        if self.qop:
            response = _hash(algorithm, secret, self.nonce, count, cnonce, "auth", request)
            fields.update(response=quoted(response), cnonce=quoted(cnonce), qop="auth", nc=count)
        else:
            fields["response"] = quoted(_hash(algorithm, secret, self.nonce, request))
        if self.named:
            fields["algorithm"] = algorithm + ("-sess" if self.session else "")
        if self.opaque is not None:
            fields["opaque"] = quoted(self.opaque)
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Return what can be answered among the challenges in these WWW-Authenticate or Proxy-Authenticate headers.

    Everything else is left out: other schemes, unknown algorithms, qop without ``auth``, what has no realm or nonce,
    values that are too long or have control characters, and whatever follows a syntax error. Never raises.
    """
    challenges = []
    for header in headers:
        for scheme, parameters in _offers(header):
            challenge = _challenge(parameters) if scheme == "digest" else None
            if challenge:
                challenges.append(challenge)
    return challenges


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the challenge with the strongest hash, with qop rather than without; the first of equals."""
    return max(challenges, key=lambda one: (_STRENGTH.index(one.algorithm), one.qop), default=None)


def _offers(header: str) -> list[tuple[str, dict[str, str]]]:
    offers: list[tuple[str, dict[str, str]]] = []
    position = 0
    while match := _PARAMETER.match(header, position):
        if match["scheme"]:
            offers.append((match["scheme"].lower(), {}))
        if not offers:
            break
        value = match["token"] or re.sub(r"\\(.)", r"\1", match["quoted"])
        offers[-1][1].setdefault(match["name"].lower(), value)
        position = match.end()
    return offers


def _challenge(parameters: dict[str, str]) -> Challenge | None:
    name = parameters.get("algorithm", "MD5").upper()
    session = name.endswith("-SESS")
    algorithm = name.removesuffix("-SESS")
    qop = {word.strip().lower() for word in parameters.get("qop", "").split(",")} - {""}
    echoed = [parameters.get("realm"), parameters.get("nonce"), parameters.get("opaque", "")]
    if (
        algorithm not in _STRENGTH
        or _HASHES[algorithm] not in hashlib.algorithms_available
        or (qop and "auth" not in qop)
        # The session variants hash a cnonce, which an answer without qop has no field for.
        or (session and not qop)
        or any(value is None or len(value) > MAX_VALUE_CHARACTERS or _CONTROL.search(value) for value in echoed)
    ):
        return None
    return Challenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        opaque=parameters.get("opaque"),
        algorithm=algorithm,
        session=session,
        named="algorithm" in parameters,
        qop=bool(qop),
        stale=parameters.get("stale", "").lower() == "true",
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIP: prove a telephone's password to its registrar, and leave nothing behind.

A REGISTER without Contact is a query (RFC 3261 section 10.2.3): the registrar asks for the password and lists the
telephone's addresses, but keeps none. Whatever happens, one call presents the password once, and once more only if
the registrar says that it has not looked at it (``stale``). Over UDP this request is not repeated either, as RFC 3261
section 17.1.2.2 would have it: some registrars count each copy as a failed login. Nothing here knows Ansible.
"""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import TYPE_CHECKING

from .._errors import ApiError, InputError, NoAnswer, Outcome
from .digest import Challenge, parse_challenges, strongest
from .wire import Answer, NotSent, Query, ask_first

if TYPE_CHECKING:
    from .registrar import Registrar

_CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
_BEFORE_PASSWORD = {
    403: "it does not let this user or this machine in; check the user, and the addresses that it allows",
    404: "it does not know this user or this domain; check both",
    405: "it takes no registrations; check that it is the registrar",
    501: "it takes no registrations; check that it is the registrar",
}
_PERHAPS_CONTACT = (
    "check the user, the domain and the registrar. If it demands a Contact it cannot be asked without taking the "
    "telephone's place; then give no registrar, and the CEC is asked"
)
_OVER_UDP = (
    ". Over UDP it is sent once, so a datagram may have been lost; give ;transport=tcp if the registrar offers TCP"
)


def check_login(registrar: Registrar, user: str, password: str, *, auth_user: str | None = None) -> None:
    """Return if the registrar accepts the password.

    Args:
        registrar: where to ask.
        user: the telephone's number or name, what comes before the @ in its SIP address.
        password: never sent itself, only a digest of it.
        auth_user: the name that the password belongs to where it is not `user`.

    Raises:
        InputError: a name or the password is empty, or has characters that cannot be sent. Nothing was sent.
        NothingSent: no connection came about.
        ApiError: with one of these outcomes, and the SIP status as its code if there was one.
            ``wrong_password``: asked again, or refused with 403, after the password was presented.
            ``access_denied``: refused, redirected or accepted before that, or asked in a way that cannot be answered.
            ``unreachable``: no answer that can be understood before that, or the password could not be sent.
            ``unknown``: everything else after that, also no answer. It may have cost an attempt.
    """
    _check_input(registrar.prefix, user, password, auth_user)
    deadline = time.monotonic() + registrar.timeout
    query = Query(registrar, user)
    line, answer = ask_first(registrar, query, deadline)
    with closing(line):
        _judge_first(registrar, answer)
        for _attempt in range(2):
            challenge = _choose(registrar, answer)
            asked = answer.status
            header = _CHALLENGES[asked][1]
            value = challenge.answer("REGISTER", query.uri, auth_user or user, password)
            try:
                if time.monotonic() >= deadline:
                    raise NotSent
                answer = line.ask_once(query.next(line, f"{header}: {value}"), query.answered_by, deadline)
            except NotSent:
                raise ApiError(
                    Outcome.UNREACHABLE,
                    f"{registrar.place} asks for the password, which could not be sent in time; check "
                    f"{registrar.prefix}timeout and firewalls",
                ) from None
            except (OSError, ValueError):
                raise NoAnswer(
                    f"{registrar.place} gave no complete answer to the password; check the registrar before the "
                    f"next attempt{_OVER_UDP if registrar.transport == 'udp' else ''}"
                ) from None
            if 200 <= answer.status < 300:
                return
            if not (answer.status in _CHALLENGES and _is_stale(answer)):
                break
    raise _refusal(registrar, answer, asked)


def _check_input(prefix: str, user: str, password: str, auth_user: str | None) -> None:
    faults = []
    for name, text in ((f"{prefix}user", user), ("password", password), (f"{prefix}auth_user", auth_user)):
        if text == "":
            faults.append(f"{name} is empty; give one")
        elif text is not None and not _is_text(text, printable=name != "password"):
            faults.append(f"{name} has characters that cannot be sent; remove control characters")
    if faults:
        raise InputError(*faults)


def _is_text(text: str, *, printable: bool) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not (printable and re.search(r"[\x00-\x1f\x7f]", text))


# -- what an answer means ----------------------------------------------------------------------------------------------


def _judge_first(registrar: Registrar, answer: Answer) -> None:
    if answer.status in _CHALLENGES:
        return
    if answer.status < 300:
        why = "it accepted the request without asking for a password, so that no password can be checked here"
    elif answer.status < 400:
        why = "it redirects to another server; give that one if it is right"
    elif answer.status < 500 or answer.status in _BEFORE_PASSWORD:
        why = _BEFORE_PASSWORD.get(answer.status, _PERHAPS_CONTACT)
    else:
        why = "it cannot serve the request; check the registrar, and try again later"
    raise ApiError(
        Outcome.ACCESS_DENIED,
        f"{registrar.place} answered SIP {answer.status} before a password was presented: {why}",
        str(answer.status),
    )


def _choose(registrar: Registrar, answer: Answer) -> Challenge:
    challenge = strongest(_offered(answer))
    if challenge is None:
        raise ApiError(
            Outcome.ACCESS_DENIED,
            f"{registrar.place} asks for the password in a way that cannot be answered; it must offer digest "
            "authentication with MD5, SHA-256 or SHA-512-256, with qop=auth or without qop",
            str(answer.status),
        )
    return challenge


def _offered(answer: Answer) -> list[Challenge]:
    return parse_challenges(answer.all(_CHALLENGES[answer.status][0]))


def _is_stale(answer: Answer) -> bool:
    return any(challenge.stale for challenge in _offered(answer))


def _refusal(registrar: Registrar, answer: Answer, asked: int) -> ApiError:
    """What an answer other than success to the password means; `asked` is the status that asked for it."""
    outcome, why = Outcome.UNKNOWN, "that says nothing about the password; check the registrar before the next attempt"
    if answer.status == 403 or answer.status == asked:
        outcome, why = Outcome.WRONG_PASSWORD, "it does not accept the password"
        if answer.status in _CHALLENGES and _is_stale(answer):
            outcome, why = Outcome.UNKNOWN, "its challenges expire faster than they can be answered; check its clock"
    elif answer.status in _CHALLENGES:
        why = "a proxy and the registrar both ask for a password; give the registrar itself"
    return ApiError(
        outcome, f"{registrar.place} answered SIP {answer.status} to the password: {why}", str(answer.status)
    )

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a log-in at a registrar comes to: which answers prove a password wrong, and which prove nothing."""

from __future__ import annotations

import errno
import re
import socket
import time
from typing import Any

import pytest
from support.sip import (
    DIGEST,
    NONCE,
    PASSWORD,
    QUICK,
    REALM,
    USER,
    Behaviour,
    Peer,
    Request,
    StreamPeer,
    UdpPeer,
    asks,
    outcome_of,
    reach,
    then,
)

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, NoAnswer
from ansible_collections.callcenter.passwords.plugins.module_utils._sip import client as sip_client
from ansible_collections.callcenter.passwords.plugins.module_utils._sip import wire as sip_wire
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.digest import MAX_VALUE_CHARACTERS
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.registrar import Registrar

pytest_plugins = ["support.sip_fixtures"]


# -- right and wrong passwords -----------------------------------------------------------------------------------------


def test_a_right_password(registrar: Registrar, peer: Peer, transport: str) -> None:
    peer.behaviour = asks()
    check_login(registrar, USER, PASSWORD)
    first, second = peer.requests
    assert first.lines[0] == second.lines[0] == f"REGISTER sip:{REALM} SIP/2.0"
    assert first.header("to") == f"<sip:{USER}@{REALM}>"
    assert re.fullmatch(rf"<sip:{USER}@{REALM}>;tag=\w+", first.header("from"))
    assert first.header("via").startswith(f"SIP/2.0/{transport.upper()} 127.0.0.1:")
    assert first.header("via").endswith(";rport")
    assert (first.header("cseq"), second.header("cseq")) == ("1 REGISTER", "2 REGISTER")
    assert first.branch != second.branch
    assert first.header("call-id") == second.header("call-id")
    assert first.header("from") == second.header("from")
    assert not first.credentials
    assert b"contact" not in (first.data + second.data).lower()
    assert b"expires" not in (first.data + second.data).lower()
    assert PASSWORD.encode() not in second.data


def test_a_wrong_password_is_presented_once(registrar: Registrar, peer: Peer) -> None:
    peer.behaviour = asks()
    assert outcome_of(registrar, password="another") == ("wrong_password", "401")
    assert len(peer.requests) == 2


def test_a_proxy_asks(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(status=407)
    check_login(reach(tcp), USER, PASSWORD)
    assert tcp.requests[1].header("proxy-authorization").startswith("Digest ")
    assert outcome_of(reach(tcp), password="another") == ("wrong_password", "407")


def test_another_name_for_the_password(tcp: StreamPeer) -> None:
    tcp.behaviour = asks()
    check_login(reach(tcp), USER, PASSWORD, auth_user='o"ne\\two')
    assert tcp.requests[1].credentials["username"] == 'o\\"ne\\\\two'
    assert tcp.requests[1].header("to") == f"<sip:{USER}@{REALM}>"


# -- refused before a password was presented ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [200, 202, 301, 302, 305, 400, 403, 404, 405, 420, 423, 480, 500, 501, 503, 600, 603]
)
def test_an_answer_without_a_challenge_proves_nothing(udp: UdpPeer, status: int) -> None:
    udp.behaviour = lambda request: [request.answer(status, "Contact: <sip:elsewhere.test>", "Retry-After: 0")]
    assert outcome_of(reach(udp)) == ("access_denied", str(status))
    assert len(udp.requests) == 1


@pytest.mark.parametrize(
    "challenges",
    [
        ('Basic realm="x"',),
        (f"{DIGEST}, algorithm=SHA-3000",),
        (f"{DIGEST}, algorithm=AKAv1-MD5",),
        (f'{DIGEST}, qop="auth-int"',),
        (f"{DIGEST}, algorithm=MD5-sess",),
        ('Digest realm="x"',),
        ('Digest nonce="x"',),
        ("Digest",),
        ("",),
        (f'Digest realm="{REALM}", nonce="\n"',),
        (f'Digest realm="{REALM}", nonce="{"x" * (MAX_VALUE_CHARACTERS + 1)}"',),
    ],
)
def test_a_challenge_that_cannot_be_answered(tcp: StreamPeer, challenges: tuple[str, ...]) -> None:
    tcp.behaviour = asks(*challenges)
    assert outcome_of(reach(tcp)) == ("access_denied", "401")
    assert len(tcp.requests) == 1


def test_the_challenge_of_a_proxy_does_not_count_in_a_401(tcp: StreamPeer) -> None:
    tcp.behaviour = lambda request: [request.answer(401, f"Proxy-Authenticate: {DIGEST}")]
    assert outcome_of(reach(tcp)) == ("access_denied", "401")


# -- answers to the password -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, "wrong_password"),
        (403, "wrong_password"),
        *((status, "unknown") for status in (302, 404, 407, 423, 480, 500, 503, 603)),
    ],
)
def test_what_an_answer_to_the_password_means(tcp: StreamPeer, status: int, outcome: str) -> None:
    tcp.behaviour = then(lambda request: [request.answer(status)])
    assert outcome_of(reach(tcp)) == (outcome, str(status))
    assert len(tcp.requests) == 2


def test_a_stale_nonce_is_replaced_once(registrar: Registrar, peer: Peer) -> None:
    fresh = f'Digest realm="{REALM}", nonce="fresh"'

    def behaviour(request: Request) -> list[bytes]:
        if request.credentials.get("nonce") == NONCE:
            return [request.answer(401, f"WWW-Authenticate: {fresh}, stale=TRUE")]
        return asks()(request)

    peer.behaviour = behaviour
    check_login(registrar, USER, PASSWORD)
    assert [request.credentials.get("nonce") for request in peer.requests] == [None, NONCE, "fresh"]
    peer.behaviour = lambda request: [request.answer(401, f"WWW-Authenticate: {fresh}, stale=true")]
    assert outcome_of(registrar) == ("unknown", "401")
    assert len(peer.requests) == 6


def test_a_wrong_password_after_a_stale_nonce(tcp: StreamPeer) -> None:
    answers = iter([f"{DIGEST}", f"{DIGEST}, stale=true", f"{DIGEST}, stale=false"])
    tcp.behaviour = lambda request: [request.answer(401, f"WWW-Authenticate: {next(answers)}")]
    assert outcome_of(reach(tcp)) == ("wrong_password", "401")


def test_no_answer_to_the_password(registrar: Registrar, peer: Peer) -> None:
    object.__setattr__(registrar, "timeout", QUICK)
    peer.behaviour = then(lambda request: [])
    assert outcome_of(registrar) == ("unknown", None)


def test_over_udp_the_password_is_sent_once(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registrar may count each copy as a failed login. Its question costs nothing and is sent until it comes."""
    monkeypatch.setattr(sip_wire, "_T1", 0.02)
    lost = iter([True, False])
    asked = asks()
    udp.behaviour = lambda request: [] if request.credentials or next(lost) else asked(request)
    with pytest.raises(NoAnswer, match="give ;transport=tcp if the registrar offers TCP"):
        check_login(reach(udp), USER, PASSWORD)
    presented = [bool(request.credentials) for request in udp.requests]
    assert presented.count(False) >= 2
    assert presented.count(True) == 1


@pytest.mark.parametrize("password", [PASSWORD, "another"])
def test_a_late_answer_to_the_password(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr(sip_wire, "_T1", QUICK / 20)
    truth = asks()

    def behaviour(request: Request) -> list[bytes]:
        if request.credentials:
            udp.socket.sendto(request.answer(100), udp.client)
            time.sleep(QUICK)
        return truth(request)

    udp.behaviour = behaviour
    monkeypatch.setattr(sip_wire, "_GIVE_UP", 10_000)
    if password == PASSWORD:
        check_login(reach(udp), USER, password)
    else:
        assert outcome_of(reach(udp), password=password) == ("wrong_password", "401")
    assert sum(bool(request.credentials) for request in udp.requests) == 1


def test_a_password_that_a_firewall_keeps_here(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Guarded(socket.socket):
        def send(self, data: Any, *flags: int) -> int:
            if b"Authorization" in data:
                raise PermissionError(errno.EPERM, "Operation not permitted")
            return super().send(data, *flags)

    monkeypatch.setattr(socket, "socket", Guarded)
    udp.behaviour = asks()
    assert outcome_of(reach(udp)) == ("unreachable", None)
    assert len(udp.requests) == 1


def test_no_time_is_left_for_the_password(registrar: Registrar, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_late(registrar: Registrar, query: sip_wire.Query, deadline: float) -> Any:
        answered = sip_wire.ask_first(registrar, query, deadline)
        time.sleep(max(0, deadline - time.monotonic()))
        return answered

    monkeypatch.setattr(sip_client, "ask_first", ask_late)
    object.__setattr__(registrar, "timeout", QUICK)
    peer.behaviour = asks()
    assert outcome_of(registrar) == ("unreachable", None)
    assert not any(request.credentials for request in peer.requests)


def test_the_registrar_goes_away_when_it_has_the_password(udp: UdpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_wire, "_T1", 0.05)

    def second(request: Request) -> list[bytes]:
        udp.close()
        return []

    udp.behaviour = then(second)
    assert outcome_of(reach(udp, timeout=1)) == ("unknown", None)


# -- registrars that mean harm -----------------------------------------------------------------------------------------


def challenged(*challenges: str) -> Behaviour:
    """Ask for the password again and again, whatever comes."""
    return lambda request: [request.answer(401, *(f"WWW-Authenticate: {challenge}" for challenge in challenges))]


HOSTILE_CHALLENGES = {
    "for ever": (challenged(DIGEST), {("wrong_password", "401")}, 1),
    "stale for ever": (challenged(f"{DIGEST}, stale=true"), {("unknown", "401")}, 2),
    "both for ever": (challenged(DIGEST, f"{DIGEST}, stale=true"), {("unknown", "401")}, 2),
    "a thousand challenges": (
        challenged(*[f'Digest realm="{n}", nonce="n"' for n in range(1000)]),
        {("wrong_password", "401")},
        1,
    ),
    "a thousand in one header": (challenged(", ".join([DIGEST] * 600)), {("wrong_password", "401")}, 1),
    "the longest nonce": (
        challenged(f'Digest realm="r", nonce="{"n" * MAX_VALUE_CHARACTERS}"'),
        {("wrong_password", "401")},
        1,
    ),
    "a nonce too long": (challenged(f'Digest realm="r", nonce="{"n" * 60_000}"'), {("access_denied", "401")}, 0),
    "a realm too long": (challenged(f'Digest realm="{"r" * 60_000}", nonce="n"'), {("access_denied", "401")}, 0),
    "a nonce of a megabyte": (challenged(f'Digest realm="r", nonce="{"n" * 2**20}"'), {("unreachable", None)}, 0),
    "another algorithm": (challenged(f"{DIGEST}, algorithm=MD4"), {("access_denied", "401")}, 0),
    "an algorithm without end": (challenged(f"{DIGEST}, algorithm={'MD5-' * 9000}sess"), {("access_denied", "401")}, 0),
    "another qop": (challenged(f'{DIGEST}, qop="{"auth-int," * 6000}none"'), {("access_denied", "401")}, 0),
    "an empty qop": (challenged(f'{DIGEST}, qop=" , ,,"'), {("wrong_password", "401")}, 1),
    "parameters without end": (challenged(DIGEST + ", x=y" * 10_000), {("wrong_password", "401")}, 1),
    "quotes without end": (challenged('Digest realm="' + '\\"' * 25_000), {("access_denied", "401")}, 0),
    "escape sequences": (challenged('Digest realm="\x1b[2J", nonce="n"'), {("access_denied", "401")}, 0),
    "a template": (challenged('Digest realm="{{ 7 * 7 }}", nonce="n"'), {("wrong_password", "401")}, 1),
    "a flood of headers": (lambda request: [request.answer(401, *["X: x"] * 200_000)], {("unreachable", None)}, 0),
}
"""What a registrar does, how that ends, and how often the password is presented in some form at most."""


@pytest.mark.parametrize("name", HOSTILE_CHALLENGES)
def test_hostile_challenges(registrar: Registrar, peer: Peer, name: str) -> None:
    behaviour, outcomes, presented = HOSTILE_CHALLENGES[name]
    if isinstance(peer, UdpPeer) and outcomes == {("unreachable", None)}:
        pytest.skip("no datagram is so large")
    peer.behaviour = behaviour
    before = time.process_time()
    assert outcome_of(registrar) in outcomes
    assert time.process_time() - before < 2
    assert len([request for request in peer.requests if request.credentials]) == presented


# -- input -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"user": ""}, "user is empty"),
        ({"user": "1\r\nContact: <sip:me@evil.test>"}, "user has characters that cannot be sent"),
        ({"user": "1\udcff"}, "user has characters that cannot be sent"),
        ({"auth_user": '1"\r\nX: y'}, "auth_user has characters that cannot be sent"),
        ({"auth_user": ""}, "auth_user is empty"),
        ({"password": ""}, "password is empty"),
        ({"password": "\ud800"}, "password has characters that cannot be sent"),
    ],
)
def test_names_and_passwords_that_cannot_be_sent(udp: UdpPeer, values: dict[str, str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        check_login(reach(udp), **{"user": USER, "password": PASSWORD, **values})
    with pytest.raises(InputError, match="sip_user is empty"):
        check_login(reach(udp, prefix="sip_"), "", PASSWORD)
    assert not udp.requests

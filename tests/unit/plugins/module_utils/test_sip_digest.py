# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Digest authentication: the challenges that are read, and the answers to them."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.sip import DIGEST, NONCE, PASSWORD, REALM, USER, Request, StreamPeer, asks, outcome_of, reach

from ansible_collections.callcenter.passwords.plugins.module_utils._sip.client import check_login
from ansible_collections.callcenter.passwords.plugins.module_utils._sip.digest import (
    Challenge,
    parse_challenges,
    quoted,
    strongest,
)

pytest_plugins = ["support.sip_fixtures"]


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["", ', qop="auth"', ', qop="auth-int, auth"', ", qop=auth"])
@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        ("md5", ""),
        ("md5", ", algorithm=MD5"),
        ("sha256", ", algorithm=SHA-256"),
        ("sha512_256", ", algorithm=SHA-512-256"),
    ],
)
def test_algorithms(tcp: StreamPeer, algorithm: str, named: str, qop: str) -> None:
    tcp.behaviour = asks(f'{DIGEST}{named}{qop}, opaque="a\\"b"', algorithm=algorithm)
    check_login(reach(tcp), USER, PASSWORD)
    given = tcp.requests[1].credentials
    assert given["opaque"] == 'a\\"b'
    assert given["uri"] == f"sip:{REALM}"
    assert given.get("algorithm", "") == named.partition("=")[2]
    assert ("qop" in given, "nc" in given, "cnonce" in given) == (bool(qop),) * 3
    assert "qop=auth," in tcp.requests[1].header("authorization") or not qop
    assert outcome_of(reach(tcp), password="another") == ("wrong_password", "401")


@pytest.mark.parametrize(("name", "algorithm"), [("MD5-sess", "md5"), ("sha-256-SESS", "sha256")])
def test_session_algorithms(tcp: StreamPeer, name: str, algorithm: str) -> None:
    tcp.behaviour = asks(f'{DIGEST}, algorithm="{name}", qop="auth"', algorithm=algorithm)
    check_login(reach(tcp), USER, PASSWORD)


def test_the_strongest_of_several_challenges_is_answered(tcp: StreamPeer) -> None:
    tcp.behaviour = asks(
        'Basic realm="x"',
        f"{DIGEST}, algorithm=MD5",
        f"{DIGEST}, algorithm=SHA-256",
        f'{DIGEST}, algorithm=SHA-256, qop="auth", opaque="this"',
        f"{DIGEST}, algorithm=SHA-3000",
        f"{DIGEST}, algorithm=MD5",
        algorithm="sha256",
    )
    check_login(reach(tcp), USER, PASSWORD)
    assert tcp.requests[1].credentials["opaque"] == "this"


@pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        # RFC 2617 section 3.5, and the same without qop as RFC 2069 has it (erratum 749).
        (
            Challenge("testrealm@host.com", NONCE, qop=True),
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        ),
        (Challenge("testrealm@host.com", NONCE), "Circle Of Life", None, "670fd8c2df070c60b045671b8b24ff02"),
        # RFC 7616 section 3.9.1.
        *(
            (
                Challenge(
                    "http-auth@example.org",
                    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                    algorithm=algorithm,
                    qop=True,
                ),
                "Circle of Life",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                response,
            )
            for algorithm, response in (
                ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
                ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            )
        ),
    ],
)
def test_rfc_examples(challenge: Challenge, password: str, cnonce: str | None, response: str) -> None:
    assert f'response="{response}"' in challenge.answer("GET", "/dir/index.html", "Mufasa", password, cnonce)


def test_what_a_server_sends_cannot_break_the_answer(tcp: StreamPeer) -> None:
    evil = '\\"\\\\, uri=\\"sip:evil\\"'
    tcp.behaviour = asks(f'Digest realm="{evil}", nonce="{evil}", opaque="{evil}", qop="auth"')
    check_login(reach(tcp), USER, PASSWORD)
    given = tcp.requests[1].credentials
    assert (given["realm"], given["nonce"], given["opaque"]) == (evil, evil, evil)
    assert given["uri"] == f"sip:{REALM}"


def test_a_realm_that_is_no_utf_8(tcp: StreamPeer) -> None:
    def behaviour(request: Request) -> list[bytes]:
        return [data.replace(REALM.encode(), b"K\xf6ln") for data in asks()(request)]

    tcp.behaviour = behaviour
    check_login(reach(tcp), USER, PASSWORD)
    assert b'realm="K\xf6ln"' in tcp.requests[1].data


def test_header_values_never_end_a_header() -> None:
    with pytest.raises(ValueError, match="control"):
        quoted("a\r\nb")


# -- challenges --------------------------------------------------------------------------------------------------------


def test_several_challenges_in_one_header() -> None:
    header = (
        'Basic realm="a", Digest realm="b,=\\"", nonce=n1 ,, algorithm="md5",Digest nonce="n2",realm="c", stale="True"'
    )
    assert parse_challenges([header]) == [
        Challenge('b,="', "n1", named=True),
        Challenge("c", "n2", stale=True),
    ]
    assert strongest([]) is None


WORDS = st.sampled_from(("auth", "MD5", "SHA-256-sess", "true", "\udcff", "x" * 50, "\n"))

PIECES = st.sampled_from(
    ("Digest ", "Basic ", "realm=", "nonce=", "qop=", "algorithm=", "stale=", '"', "\\", ",", " ", "=", "\r")
)


@given(st.lists(st.one_of(PIECES, WORDS, st.text(max_size=5))).map("".join))
@example('Digest realm="' + "\\" * 60_000)
@example("a" * 60_000)
@example("Digest " * 9_000)
@settings(max_examples=100, deadline=None)
def test_any_challenge_can_be_read(header: str) -> None:
    for challenge in parse_challenges([header]):
        with contextlib.suppress(UnicodeEncodeError):  # no header holds half a character
            value = challenge.answer("REGISTER", "sip:x", "user", "password")
            assert not re.search(r"[\x00-\x1f\x7f]", value)

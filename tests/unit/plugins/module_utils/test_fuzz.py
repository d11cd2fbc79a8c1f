# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever bytes a server answers, every call of every client ends as it may end, and says nothing that it must not.

`make fuzz` does for FUZZ_MINUTES what the test suite does for seconds. What it finds, it writes to cases/, and from then
on the test suite tries that first.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.client_operations import (
    GUID,
    OPERATIONS,
    SECRETS,
    ClientOperation,
    check,
)
from support.json_values import json_values

CASES = Path(__file__).parent / "cases"
MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))


# -- answers -----------------------------------------------------------------------------------------------------------

NAMES = sorted(
    {
        name
        for operation in OPERATIONS.values()
        for document in (operation.good or {}, *operation.failed)
        for name in (*document, *(document.get("result") if isinstance(document.get("result"), dict) else ()))
    }
    | {"agents", "sipAccount", "sipPwd", "minLength", "maxLength", "regEx", "schema", "resultCode", "error_code"}
)
CODES = sorted(
    {str(value) for operation in OPERATIONS.values() for document in operation.failed for value in document.values()}
)
ODD = (
    *(
        "0",
        "1",
        "00",
        "0 ",
        "-0",
        "\u0660",
        "0\n",
        "true",
        "false",
        "***",
        "NaN",
        "1e308",
        "9" * 40,
        "{{ lookup('pipe', 'id') }}",
    ),
    *(
        "\x1b[2J\x1b]0;x\x07",
        "a\r\nX-Evil: 1",
        "\ud800",
        "\u202e",
        "\0",
        "(a+)+$",
        "^(a|a)*$",
        "^.{8,20}$",
        "x" * 20_000,
    ),
    *("IDAAS." * 3000 + "LOGIN.0002", "LOGIN.0002\n", "login.0002", "100-004 ", "SUCCESS", "MFA_AUTH", "PASSWORD_WARN"),
    "Remaining attempts: 99999999999999999999.",
    "Try again in 999999999 minutes and -5 seconds.",
    '{"minLength": 1e400, "maxLength": "' + "9" * 5000 + '", "regEx": "' + "(a*)*" * 100 + '"}',
    "[" * 3000,
)
values = json_values(NAMES, [0, 1, -1, 10**400, 10010000001, *ODD, *SECRETS, *CODES])


@st.composite
def documents(draw: st.DrawFn, operation: ClientOperation) -> Any:
    """Draw a document that is good or bad, or one of these with a few fields of it changed."""
    document = dict(draw(st.sampled_from([operation.good or {}, *operation.failed])))
    for _change in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(NAMES))
        if draw(st.booleans()):
            document.pop(name, None)
        else:
            document[name] = draw(values)
    return draw(st.sampled_from([document, document, document, [document], {"schema": document}, {"result": document}]))


statuses = st.sampled_from(["200 OK"] * 6 + ["400 Bad Request"] * 2) | st.integers(-1, 1100).map(str)
lengths = st.sampled_from(["right", "right", "right", "chunked", "none", "-1", "0", "7", "+2", "9" * 5000, "5, 5"])
types = st.sampled_from(
    ["application/json", "application/json;charset=GBK", "text/html; charset=rot13", 'x; charset="utf-7', "\x00", ""]
)
headers = st.sampled_from(
    [
        ("Set-GUID", f"JSESSIONID={GUID}"),
        ("Set-GUID", "JSESSIONID=\x07;x"),
        ("Guid", "x" * 5000),
        ("Set-Cookie", "a=b; Path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Set-Cookie", "a=\xff\x00\x1b"),
        ("Set-Cookie", "a=1\r\n b=2"),
        ("Location", "http://elsewhere.test/"),
        ("Location", "//[::1/\xff"),
        ("Content-Encoding", "gzip"),
        ("Transfer-Encoding", "gzip, chunked"),
        ("Connection", "keep-alive, upgrade"),
        ("X", "x" * 70_000),
        ("No colon", ""),
    ]
)
GARBAGE = (
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"0",
    b"200",
    b"100",
)


@st.composite
def answers(draw: st.DrawFn, operation: ClientOperation) -> bytes:
    """Draw the bytes of an answer, from good ones to rubbish."""
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if operation.good is None and draw(st.booleans()):
        body = draw(st.sampled_from([b"", b" \r\n", b"{}"]))
    elif kind == 1:
        body = draw(st.binary(max_size=60))
    else:
        text = json.dumps(draw(documents(operation) if kind < 18 else values), ensure_ascii=draw(st.booleans()))
        body = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "gbk"])), "backslashreplace")
    status = draw(st.sampled_from(["200 OK", f"{operation.failed_status} x"]) | statuses)
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {draw(types)}"]
    given_headers = draw(st.lists(headers, max_size=3)) if draw(st.booleans()) else operation.headers
    lines += [f"{name}: {value}" for name, value in given_headers]
    length = draw(lengths)
    if length == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif length != "none":
        lines.append(f"Content-Length: {len(body) if length == 'right' else length}")
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    for _change in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.sampled_from([start, start, start + 1, start + 9, len(data)]))
        data = data[:start] + draw(st.sampled_from(GARBAGE) | st.binary(max_size=3)) + data[end:]
    return data


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    """Draw a call and what is answered to it; some calls make two requests."""
    name = draw(st.sampled_from(sorted(OPERATIONS)))
    return name, draw(st.lists(answers(OPERATIONS[name]), min_size=1, max_size=2))


# -- tests -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_good_answers_and_documented_failures_are_understood(name: str) -> None:
    """What the fuzzer changes is in order before it does."""
    operation = OPERATIONS[name]

    def reply(document: Any, status: int) -> bytes:
        body = b"" if document is None else json.dumps(document).encode()
        named = "".join(f"{header}: {value}\r\n" for header, value in operation.headers)
        return f"HTTP/1.1 {status} x\r\n{named}Content-Length: {len(body)}\r\n\r\n".encode() + body

    assert check(name, [reply(operation.good, 200)] * 2) == "ok"
    for document in operation.failed:
        assert check(name, [reply(document, operation.failed_status)] * 2) in operation.outcomes


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_cases_that_were_found(case: Path) -> None:
    found = json.loads(case.read_text("utf-8"))
    check(found["operation"], [answer.encode("latin-1") for answer in found["answers"]])


ANSWERED = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@settings(ANSWERED, max_examples=100)
@given(calls())
def test_any_answer_ends_as_it_may(call: tuple[str, list[bytes]]) -> None:
    check(*call)


@pytest.mark.skipif(not MINUTES, reason="make fuzz does this")
@pytest.mark.timeout(0)
def test_for_minutes() -> None:
    tried, outcomes, last = 0, dict[str, int](), [("", [b""])]
    found = []
    until = time.monotonic() + 60 * MINUTES

    @settings(ANSWERED, max_examples=2000, database=None, phases=[Phase.generate, Phase.shrink])
    @given(calls())
    def round_of_calls(call: tuple[str, list[bytes]]) -> None:
        nonlocal tried
        tried += 1
        last[0] = call
        outcome = check(*call)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    while time.monotonic() < until:
        try:
            round_of_calls()
        except Exception as exc:  # the smallest call that fails comes last
            found.append(_keep(*last[0], f"{type(exc).__name__}: {exc}".splitlines()[0]))
    print(f"{tried} calls: {outcomes}")
    assert not found


def _keep(name: str, data: list[bytes], reason: str) -> str:
    case = {"operation": name, "answers": [answer.decode("latin-1") for answer in data], "found": reason}
    text = json.dumps(case, indent=2) + "\n"
    path = CASES / f"found-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path.write_text(text, "utf-8")
    return path.name

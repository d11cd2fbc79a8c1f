# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIP on the wire: the query, its answers, and UDP, TCP and TLS below them, every wait with an end.

Nothing here knows passwords or what an answer means.
"""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._errors import ApiError, NothingSent, Outcome
from .._net.certificates import certificate_fault, handshake_fault
from .._net.deadlines import remaining, shares
from .._net.key_log import no_key_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from .registrar import Registrar

MAX_ANSWER_BYTES = 64 * 1024
"""Largest message that is read from a connection; a datagram cannot be larger. Answers have a few hundred bytes."""

# RFC 3261 section 17.1.1.1 and its table 4, in seconds: a request over UDP is repeated after T1, 2 T1, 4 T1, and so
# on up to T2, and given up after 64 T1.
_T1 = 0.5
_T2 = 4.0
_GIVE_UP = 64

_STATUS_LINE = re.compile(rb"SIP/2\.0[ ]+([1-6]\d\d)(?!\d)", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
# What a user part may hold besides letters, digits and -_.~ (RFC 3261 section 25.1); the rest is percent-escaped.
_USER_CHARACTERS = "!*'()&=+$,;?/"


# -- messages ----------------------------------------------------------------------------------------------------------


class Query:
    """The REGISTER requests of one call: the same dialogue, a new transaction each (RFC 3261 sections 10.2, 22.2)."""

    def __init__(self, registrar: Registrar, user: str) -> None:
        # No user, no port and no transport belong here (section 10.2); sips would also ask for TLS behind the server.
        self.uri = f"sip:{registrar.domain}"
        self._address = f"<sip:{quote(user, safe=_USER_CHARACTERS)}@{registrar.domain}>"
        self._call_id, self._tag = secrets.token_hex(16), secrets.token_hex(8)
        self._number = 0
        self._branch = ""

    def next(self, line: Line, *headers: str) -> bytes:
        """Return the next request."""
        self._number += 1
        self._branch = "z9hG4bK" + secrets.token_hex(16)
        lines = (
            f"REGISTER {self.uri} SIP/2.0",
            f"Via: SIP/2.0/{line.protocol} {line.local};branch={self._branch};rport",
            "Max-Forwards: 70",
            f"From: {self._address};tag={self._tag}",
            f"To: {self._address}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._number} REGISTER",
            *headers,
            "Content-Length: 0",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def answered_by(self, head: bytes) -> Answer | None:
        """Return the answer in this message to the last request; None if it is anything else (section 17.1.3)."""
        status_line = _STATUS_LINE.match(head)
        if not status_line:
            return None
        answer = Answer(int(status_line[1]), _headers(head))
        via, sequence = answer.all("via")[:1], answer.all("cseq")
        branch = _BRANCH.search(via[0].partition(",")[0]) if via else None
        if not branch or branch[1].lower() != self._branch.lower() or len(sequence) != 1:
            return None
        return answer if sequence[0].split() == [str(self._number), "REGISTER"] else None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


_LONG_NAMES = {"v": "via", "l": "content-length"}


def _headers(head: bytes) -> list[tuple[str, str]]:
    """Return the headers in their order, names in lower case. A line that begins with a space continues the last."""
    text = re.sub(rb"\r\n[ \t]+", b" ", head).decode("utf-8", "surrogateescape")
    pairs = (line.partition(":") for line in text.split("\r\n")[1:])
    names = ((name.strip().lower(), value.strip()) for name, colon, value in pairs if colon)
    return [(_LONG_NAMES.get(name, name), value) for name, value in names]


def _body_length(head: bytes) -> int | None:
    lengths = {value for name, value in _headers(head) if name == "content-length"}
    if not lengths:
        return None
    length = lengths.pop()
    # A wrong length would make a piece of a body the next message.
    if lengths or not re.fullmatch(r"[0-9]{1,9}", length):
        raise ValueError("no length")
    return int(length)


class NotSent(OSError):
    """The request has not left this machine."""


# -- lines -------------------------------------------------------------------------------------------------------------


class Line:
    """A socket that is connected to the registrar."""

    protocol: str

    def __init__(self, plain: socket.socket) -> None:
        self._socket = plain
        host, port = plain.getsockname()[:2]
        self.local = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: bytes, answered_by: Callable[[bytes], Answer | None], deadline: float) -> Answer:
        """Send a request and return its final answer; others are ignored.

        Raises:
            OSError: there was no answer, or not in time.
            ValueError: what came is no SIP, or too large.
        """
        raise NotImplementedError

    def ask_once(self, request: bytes, answered_by: Callable[[bytes], Answer | None], deadline: float) -> Answer:
        """Do the same with a request that must not arrive twice, even if it is lost.

        Raises:
            NotSent: it has not been sent.
        """
        return self.ask(request, answered_by, deadline)

    def _receive(self, deadline: float) -> bytes:
        self._socket.settimeout(remaining(deadline))
        return self._socket.recv(MAX_ANSWER_BYTES)


class _Datagrams(Line):
    """UDP. Only datagrams from the registrar's own address and port get here, and so does its refusal to listen."""

    protocol = "UDP"

    def ask(self, request: bytes, answered_by: Callable[[bytes], Answer | None], deadline: float) -> Answer:
        deadline = min(deadline, time.monotonic() + _GIVE_UP * _T1)
        interval = _T1
        while time.monotonic() < deadline:
            self._socket.send(request)
            again = min(deadline, time.monotonic() + interval)
            interval = min(2 * interval, _T2)
            try:
                while True:
                    answer = self._answer(self._receive(again), answered_by)
                    if answer and answer.status >= 200:
                        return answer
                    if answer:
                        interval = _T2  # it works on it; only an answer that got lost is asked for again
            except TimeoutError:
                continue
        raise TimeoutError

    def ask_once(self, request: bytes, answered_by: Callable[[bytes], Answer | None], deadline: float) -> Answer:
        deadline = min(deadline, time.monotonic() + _GIVE_UP * _T1)
        try:
            self._socket.send(request)
        except OSError:
            raise NotSent from None
        while True:
            answer = self._answer(self._receive(deadline), answered_by)
            if answer and answer.status >= 200:
                return answer

    @staticmethod
    def _answer(datagram: bytes, answered_by: Callable[[bytes], Answer | None]) -> Answer | None:
        head, end, body = datagram.partition(b"\r\n\r\n")
        try:
            # Less than was announced was cut off on its way (RFC 3261 section 18.3).
            whole = bool(end) and (_body_length(head) or 0) <= len(body)
        except ValueError:
            return None
        return answered_by(head) if whole else None


class _Stream(Line):
    """TCP, also below TLS. Messages follow each other, and say how long they are (RFC 3261 section 18.3)."""

    protocol = "TCP"

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain)
        self._received = b""

    def ask(self, request: bytes, answered_by: Callable[[bytes], Answer | None], deadline: float) -> Answer:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        self._socket.sendall(request)
        while True:
            answer = answered_by(self._message(deadline))
            if answer and answer.status >= 200:
                return answer

    def _message(self, deadline: float) -> bytes:
        """Return the next message without its body."""
        while True:
            self._received = self._received.lstrip(b"\r\n")  # some send empty lines to keep a connection alive
            head, end, body = self._received.partition(b"\r\n\r\n")
            if end:
                length = _body_length(head)
                if length is None or len(head) + length > MAX_ANSWER_BYTES:
                    raise ValueError("no length, or too large")
                if len(body) >= length:
                    self._received = body[length:]
                    return head
            elif len(head) > MAX_ANSWER_BYTES:
                raise ValueError("too large")
            chunk = self._receive(deadline)
            if not chunk:
                raise ConnectionError("closed")
            self._received += chunk


class _TlsStream(_Stream):
    protocol = "TLS"


# -- reaching the registrar --------------------------------------------------------------------------------------------


class _Unreached(Exception):
    """One address of the registrar does not answer; another one may."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connected = connected


def ask_first(registrar: Registrar, query: Query, deadline: float) -> tuple[Line, Answer]:
    """Ask at the registrar's addresses, one after the other, and return the first answer and the line it came on.

    No password has been presented yet, so asking twice does no harm.
    """
    kind = socket.SOCK_DGRAM if registrar.transport == "udp" else socket.SOCK_STREAM
    try:
        found = socket.getaddrinfo(registrar.host.strip("[]"), registrar.port, type=kind)
    except (OSError, UnicodeError):
        raise NothingSent(
            f"{registrar.place} was not reached: its name could not be resolved; check the host name and DNS"
        ) from None
    failure = _Unreached("its name has no address; check the host name and DNS", connected=False)
    for (family, _kind, _protocol, _name, address), share in shares(found, deadline):
        try:
            return _ask_at(registrar, query, (family, kind), address, share)
        except _Unreached as exc:
            failure = exc
    if failure.connected:
        raise ApiError(Outcome.UNREACHABLE, f"{registrar.place} gave no answer: {failure.reason}")
    raise NothingSent(f"{registrar.place} was not reached: {failure.reason}")


def _ask_at(
    registrar: Registrar, query: Query, kind: tuple[Any, Any], address: Any, deadline: float
) -> tuple[Line, Answer]:
    line = _open(registrar, kind, address, deadline)
    try:
        return line, line.ask(query.next(line), query.answered_by, deadline)
    except (OSError, ValueError) as exc:
        line.close()
        raise _Unreached(_why_no_answer(registrar, exc), connected=True) from None


def _why_no_answer(registrar: Registrar, exc: Exception) -> str:
    if registrar.transport != "udp":
        return "no complete SIP answer came before a password was presented; check that the port speaks SIP"
    if isinstance(exc, ConnectionRefusedError):
        return "nothing listens on this port; check the address, the port, the transport and that the service runs"
    return "none came within the time-out; check the address, the port, the transport and firewalls"


def _open(registrar: Registrar, kind: tuple[Any, Any], address: Any, deadline: float) -> Line:
    opened: socket.socket | None = None
    try:
        opened = socket.socket(*kind)
        opened.settimeout(max(deadline - time.monotonic(), 0.001))
        opened.connect(address)
        if registrar.transport == "udp":
            return _Datagrams(opened)
        if registrar.transport == "tcp":
            return _Stream(opened)
        opened.settimeout(remaining(deadline))
        opened = _context(registrar).wrap_socket(opened, server_hostname=registrar.host.strip("[]").rstrip("."))
        return _TlsStream(opened)
    except (OSError, ValueError) as exc:
        if opened is not None:
            opened.close()
        raise _Unreached(_why_not_connected(registrar, exc), connected=False) from None


def _context(registrar: Registrar) -> ssl.SSLContext:
    with no_key_log():
        context = ssl.create_default_context(cafile=registrar.ca_path)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if registrar.client_cert:
        context.load_cert_chain(registrar.client_cert, registrar.client_key)
    if not registrar.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _why_not_connected(registrar: Registrar, exc: Exception) -> str:
    if isinstance(exc, ssl.SSLCertVerificationError):
        return certificate_fault(exc.verify_code, registrar.ca_path).replace("ca_path", f"{registrar.prefix}ca_path")
    if fault := handshake_fault(exc, has_certificate=bool(registrar.client_cert)):
        return fault.replace("client_", f"{registrar.prefix}client_")
    if isinstance(exc, TimeoutError):
        return "no connection within the time-out; check the address, the port and firewalls"
    if isinstance(exc, ssl.SSLError):
        return "the TLS handshake failed; check that the port speaks SIP over TLS"
    return "the connection was not accepted; check the address, the port and that the service runs"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A SIP registrar for the telephones `cec_sip`: REGISTER with digest authentication over UDP, TCP and TLS.

Written after RFC 3261 (sections 10.3, 17.2.2, 18, 22) and RFC 7616. It knows nobody's addresses: a REGISTER without
Contact is what it is for, and one with Contact is counted, because there must be none.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import re
import secrets
import ssl
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote

from .accounts import Account, Credential, LockRule

if TYPE_CHECKING:
    from .world import World

SERVICE: Final = "cec_sip"
OPERATION: Final = "sip_register"
LOOPBACK: Final = "127.0.0.1"
LARGEST: Final = 65536
REMEMBERED: Final = 10_000
HASHES: Final = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
PHRASES: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
}
COMPACT: Final = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "m": "contact"}
ECHOED: Final = ("via", "from", "to", "call-id", "cseq")


class Malformed(ValueError):
    """No request that could be answered."""


@dataclass(slots=True)
class Request:
    """One request, read completely."""

    method: str
    uri: str
    headers: list[tuple[str, str]]
    body_bytes: int = 0

    @classmethod
    def parse(cls, head: bytes) -> Request:
        first, *lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[2].upper() != "SIP/2.0":
            raise Malformed(first)
        headers = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise Malformed(line)
            name = name.strip().lower()
            headers.append((COMPACT.get(name, name), value.strip()))
        request = cls(words[0], words[1], headers)
        if any(not request.values(name) for name in ECHOED):
            raise Malformed("a mandatory header is missing")
        return request

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def value(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    @property
    def number(self) -> str | None:
        """The telephone: what comes before the @ in To."""
        found = re.search(r"sips?:([^@>;]*)@", self.value("to"), re.IGNORECASE)
        return unquote(found[1]) if found else None

    @property
    def transaction(self) -> str:
        return f"{self.value('via')} {self.value('cseq')}"

    def credentials(self) -> dict[str, str] | None:
        """The parameters of the Authorization header; None without one."""
        header = self.value("authorization")
        if not header.lower().startswith("digest "):
            return None
        pairs = re.findall(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', header[7:])
        return {name.lower(): re.sub(r"\\(.)", r"\1", text) or token for name, text, token in pairs}


@dataclass(slots=True)
class Verdict:
    """What the registrar decided."""

    outcome: str
    status: int
    headers: list[str] = field(default_factory=list)
    credential: Credential = "none"


@dataclass(slots=True)
class Nonce:
    """One that has been handed out. The highest count that came with it is remembered, against repetitions."""

    stale: bool
    count: int = 0


class Registrar:
    """Decides about requests, whichever way they come."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._nonces: OrderedDict[str, Nonce] = OrderedDict()
        self._servers: list[asyncio.Server] = []
        self._datagrams: asyncio.DatagramTransport | None = None

    async def start(self, tls: ssl.SSLContext) -> tuple[int, int]:
        """Listen; returns the port of UDP and TCP, and that of TLS."""
        while True:
            plain = await asyncio.start_server(self._connection, LOOPBACK, 0, limit=LARGEST)
            port = int(plain.sockets[0].getsockname()[1])
            try:
                self._datagrams, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: Datagrams(self), local_addr=(LOOPBACK, port)
                )
            except OSError as error:
                plain.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                break
        secure = await asyncio.start_server(self._connection, LOOPBACK, 0, limit=LARGEST, ssl=tls)
        self._servers = [plain, secure]
        return port, int(secure.sockets[0].getsockname()[1])

    def close(self) -> None:
        for server in self._servers:
            server.close()
        if self._datagrams is not None:
            self._datagrams.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError, Malformed)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")[:-4]
                if not head:
                    continue
                request = Request.parse(head)
                length = request.value("content-length")
                if not length.isdecimal() or int(length) > LARGEST:
                    raise Malformed("Content-Length")
                request.body_bytes = len(await reader.readexactly(int(length)))
                answer = self.answer(request, writer.get_extra_info("peername"))
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except ended:
            pass
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    def answer(self, request: Request, source: tuple[str, int]) -> bytes | None:
        """The answer on the wire; None if there is none."""
        if request.method == "ACK":
            return None
        options = self.world.options.registrar
        entry = self.world.journal.add(
            self.world.options.journal_per_account,
            time=self.world.clock.now(),
            service=SERVICE,
            account=request.number,
            operation=OPERATION if request.method == "REGISTER" else "unknown",
            method=request.method,
            path=request.uri,
            has_guid=False,
            has_cookies=False,
            body_bytes=request.body_bytes,
        )
        verdict = self._decide(request)
        entry.credential, entry.applied = verdict.credential, verdict.outcome == "accepted"
        if not options.only_credentials or request.credentials() is not None:
            if options.status:
                verdict.status, verdict.headers, verdict.outcome = options.status, [], f"forced {options.status}"
            if options.silent:
                verdict.outcome = "silent"
        entry.retcode, entry.done = verdict.outcome, True
        if verdict.outcome == "silent":
            return None
        entry.status = verdict.status
        return _compose(request, verdict, source)

    def _decide(self, request: Request) -> Verdict:
        if request.method != "REGISTER":
            return Verdict("not allowed", 405, ["Allow: REGISTER"])
        given = request.credentials()
        if given is None:
            return self._challenge("challenged")
        account = self.world.accounts.get(SERVICE, request.number)
        checked = self._check(request, given)
        if checked is not None:
            return checked
        # Who does not exist is asked again, exactly like who has a wrong password.
        if account is None or given["username"] != account.attributes.get("auth_user", account.id):
            return self._challenge("wrong", credential="wrong")
        return self._login(account, request, given)

    def _check(self, request: Request, given: dict[str, str]) -> Verdict | None:
        """What is wrong with the answer to a challenge, whatever the password is."""
        options = self.world.options.registrar
        needed = {"username", "realm", "nonce", "uri", "response"} | ({"cnonce", "nc", "qop"} if options.qop else set())
        fits = (
            needed <= given.keys()
            and given["realm"] == options.realm
            and given["uri"] == request.uri
            and given.get("algorithm", "MD5") in options.algorithms
            and given.get("qop", "auth") == "auth"
            and ("qop" in given) == options.qop
            and bool(re.fullmatch("[0-9a-f]{8}", given.get("nc", "00000001")))
        )
        if not fits:
            return Verdict("malformed", 400)
        nonce = self._nonces.get(given["nonce"])
        count = int(given.get("nc", "1"), 16)
        if nonce is None or nonce.stale or count <= nonce.count:
            return self._challenge("stale", stale=True)
        nonce.count = count
        return None

    def _login(self, account: Account, request: Request, given: dict[str, str]) -> Verdict:
        options, now = self.world.options.registrar, self.world.clock.now()
        rule = LockRule(options.lock_threshold or sys.maxsize, options.lock_seconds, resets_counter=True)
        credential = _credential(account, given)
        if account.is_locked(now, rule):
            account.refused_while_locked += 1
            return Verdict("locked", 403, credential=credential)
        if not account.accepts(account.password if credential == "live" else "", now, rule):
            return self._challenge("wrong", credential=credential)
        account.signed_in()
        contacts = request.values("contact")
        if contacts:
            bindings = account.attributes.get("bindings", 0)
            account.attributes["bindings"] = (bindings if isinstance(bindings, int) else 0) + len(contacts)
        return Verdict("accepted", 200, credential=credential)

    def _challenge(self, outcome: str, *, stale: bool = False, credential: Credential = "none") -> Verdict:
        options = self.world.options.registrar
        headers = []
        for algorithm in options.algorithms:
            nonce = secrets.token_hex(16)
            # With stale_once, only the nonce that replaces another one is good.
            self._nonces[nonce] = Nonce(stale=options.stale_once and not stale)
            if len(self._nonces) > REMEMBERED:
                self._nonces.popitem(last=False)
            more = (', qop="auth"' if options.qop else "") + (", stale=true" if stale else "")
            realm = re.sub(r'(["\\])', r"\\\1", options.realm)
            headers.append(
                f'WWW-Authenticate: Digest realm="{realm}", nonce="{nonce}", opaque="{nonce[:8]}", '
                f"algorithm={algorithm}{more}"
            )
        return Verdict(outcome, 401, headers, credential)


def _credential(account: Account, given: dict[str, str]) -> Credential:
    """Which of the account's passwords the digest was made of."""
    for password in (account.password, *account.history, *account.past):
        if secrets.compare_digest(_digest(given, password), given["response"].encode()):
            return account.credential(password)
    return "wrong"


def _digest(given: dict[str, str], password: str) -> bytes:
    make = HASHES[given.get("algorithm", "MD5")]

    def hashed(*parts: str) -> str:
        return make(":".join(parts).encode()).hexdigest()

    secret = hashed(given["username"], given["realm"], password)
    counted = (given["nc"], given["cnonce"], given["qop"]) if "qop" in given else ()
    return hashed(secret, given["nonce"], *counted, hashed("REGISTER", given["uri"])).encode()


def _compose(request: Request, verdict: Verdict, source: tuple[str, int]) -> bytes:
    lines = [f"SIP/2.0 {verdict.status} {PHRASES.get(verdict.status, 'Forced')}"]
    for name, value in request.headers:
        if name == "to" and ";tag=" not in value:
            value += f";tag={secrets.token_hex(4)}"
        if name in ECHOED:
            lines.append(f"{name}: {value}")
    # Of several Vias the first is the client's own, or that of the last proxy.
    first = next(number for number, line in enumerate(lines) if line.startswith("via: "))
    lines[first] = re.sub(r";rport(?=[;,]|$)", f";received={source[0]};rport={source[1]}", lines[first], count=1)
    return "\r\n".join([*lines, *verdict.headers, "Content-Length: 0", "", ""]).encode()


class Datagrams(asyncio.DatagramProtocol):
    """UDP: a request that comes again gets the same answer again, and is not a second attempt."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._transport: asyncio.DatagramTransport | None = None
        self._answers: OrderedDict[str, bytes | None] = OrderedDict()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        head, end, body = data.partition(b"\r\n\r\n")
        try:
            if not end:
                raise Malformed("cut off")
            request = Request.parse(head)
        except Malformed:
            return
        request.body_bytes = len(body)
        key = f"{addr} {request.transaction}"
        if key not in self._answers:
            self._answers[key] = self._registrar.answer(request, addr)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        answer = self._answers[key]
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, _destination(request, addr))


def _destination(request: Request, source: tuple[str, int]) -> tuple[str, int]:
    """Where the answer goes: back if the client asks for it with rport, otherwise to the port it names."""
    via = request.value("via").partition(",")[0]
    if re.search(r";\s*rport\b", via):
        return source
    port = re.match(r"\S+\s+[^;]*?:(\d{1,5})\s*(?:;|$)", via)
    return source[0], int(port[1]) if port else 5060

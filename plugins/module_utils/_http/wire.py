# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP on the wire: connections below requests and urllib3, every wait with an end, and no answer taken for another.

Both libraries bound the wait for the next byte only, and the one for each address of a name; a server that sends a
byte now and then would hold a run for ever.
"""

from __future__ import annotations

import io
import logging
import socket
import ssl
import time
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from .._net.deadlines import remaining, shares
from .._net.key_log import no_key_log
from .reasons import why_no_proxy, why_no_server, why_no_tunnel

try:
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError as exc:
    # The import sanity test and a friendly message both need this file to import without requests.
    REQUESTS_IMPORT_ERROR: ImportError | None = exc
    HTTPAdapter = HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment, misc]
else:
    REQUESTS_IMPORT_ERROR = None

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_HEAD_CHARACTERS = 64 * 1024
"""Largest headers that are read, taken together. The APIs send less than two kilobytes."""


def _quotes_no_headers(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Failed to parse headers")


# urllib3 logs headers that it cannot parse, a session id among them, and ansible-core's log file takes everything in.
for _logger in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_logger).addFilter(_quotes_no_headers)


class NotConnected(Exception):
    """Raised out of ``connect()``. Neither urllib3 nor requests knows it, so it passes both unchanged.

    After a successful ``connect()`` bytes may have left, so whatever fails later is never "nothing sent".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# -- an answer ---------------------------------------------------------------------------------------------------------


class _Incoming(io.RawIOBase):
    """The bytes of one answer, which must all arrive within the time-out that the socket has in the beginning."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self._file = line.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + line.gettimeout()
        self._is_over = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what http.client reads an answer from."""
        return _Answer(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._is_over:
            return 0
        self._line.settimeout(remaining(self._deadline))
        count: int | None = self._file.readinto(buffer)
        return count

    def end(self) -> None:
        """Read no further, and end the connection too if there is more that has been decrypted."""
        self._is_over = True
        if getattr(self._line, "pending", int)():
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection; urllib3 notices that and opens another one."""
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended

    def close(self) -> None:
        self._file.close()
        super().close()


class _Answer(io.BufferedReader):
    """One answer. What follows it on its connection belongs to no request, and must not pass for the next answer."""

    raw: _Incoming

    def close(self) -> None:
        if not self.closed:
            self.raw.end()
            if self.peek():
                self.raw.hang_up()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, line: Any, *args: Any, **options: Any) -> None:
        super().__init__(_Incoming(line), *args, **options)  # type: ignore[arg-type]

    def begin(self) -> None:
        super().begin()
        # http.client accepts a hundred times more, and requests would look for cookies in all of it.
        if sum(len(name) + len(value) for name, value in self.headers.items()) > _MAX_HEAD_CHARACTERS:
            raise HTTPException("too large")


# -- a connection ------------------------------------------------------------------------------------------------------


_NO_PROXY_URL = (
    "that is no URL of a proxy; write it as http://host:port, with special characters of its user and password as "
    "%-codes"
)
_NO_AUTHORITIES = "there are no certificates of authorities to trust; give ca_path, or install the system's"


@contextmanager
def _before_connecting(reason: str) -> Iterator[None]:
    """Nothing has been sent yet. What fails in the libraries for a bad value, not for a mistake, says so."""
    try:
        yield
    except (OSError, HTTPException, ValueError):
        raise NotConnected(reason) from None


class _Bounded:
    """What both kinds of connection have in common. ``timeout`` is for connecting, and again for each of the rest.

    Connecting includes all addresses of the host's name, a proxy's consent and the TLS handshake.
    """

    response_class: Any = _Response
    sock: Any
    timeout: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        with _before_connecting(_NO_PROXY_URL):
            super().__init__(*args, **options)

    def connect(self) -> None:
        self._deadline = time.monotonic() + self.timeout
        self._has_passed_proxy = False
        try:
            super().connect()  # type: ignore[misc]
            remaining(self._deadline)
            if isinstance(self.sock, ssl.SSLSocket) and self.sock.version() is None:
                # Python shakes no hands on a connection that has ended by then, and takes it for a connected one.
                raise ConnectionResetError
        except NotConnected:
            raise
        except Exception as exc:
            has_proxy, ca_path = bool(getattr(self, "proxy", None)), getattr(self, "ca_certs", None)
            if has_proxy and not self._has_passed_proxy:
                raise NotConnected(why_no_proxy(exc, ca_path)) from None
            has_certificate = bool(getattr(self, "cert_file", None))
            why = why_no_server(exc, ca_path, has_certificate=has_certificate, is_behind_proxy=has_proxy)
            raise NotConnected(why) from None
        self.sock.settimeout(self.timeout)

    def putrequest(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.timeout)  # an earlier answer has left it little
        super().putrequest(*args, **options)  # type: ignore[misc]

    def _new_conn(self) -> socket.socket:
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)  # type: ignore[attr-defined]
        failure = OSError("no address")
        for (family, kind, protocol, _name, address), until in shares(found, self._deadline):
            line = socket.socket(family, kind, protocol)
            try:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.settimeout(remaining(until))
                line.connect(address)
                line.settimeout(remaining(self._deadline))
            except OSError as exc:
                line.close()
                failure = exc
            else:
                return line
        raise failure

    def _tunnel(self) -> None:
        try:
            super()._tunnel()  # type: ignore[misc]
        except (OSError, HTTPException, ValueError) as exc:
            raise NotConnected(why_no_tunnel(exc)) from None
        self._has_passed_proxy = True
        self.sock.settimeout(remaining(self._deadline))


class _Connection(_Bounded, HTTPConnection):
    pass


class _TlsConnection(_Bounded, HTTPSConnection):
    def connect(self) -> None:
        if self.ssl_context is not None:  # some releases of requests have made one when they were imported
            self.ssl_context.keylog_filename = None  # type: ignore[assignment]
        with no_key_log():
            super().connect()

    def send(self, data: Any) -> None:
        """Send, and where the server has hung up meanwhile read the alert with which it did: it tells why."""
        try:
            super().send(data)
        except ssl.SSLError:
            self.sock.recv(1)  # raises what the alert says
            raise


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


# -- below requests ----------------------------------------------------------------------------------------------------


class Adapter(HTTPAdapter):
    """Retries nothing, and tells a failed connection from a failed request.

    What requests does before it opens a connection fails as a connection does: nothing has been sent.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = dict(_POOLS)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.lower().startswith("socks"):
            # Its connections would not be those of this file, so nobody would bound them.
            raise NotConnected("SOCKS is not supported; name an HTTP proxy, or the server in NO_PROXY")
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = dict(_POOLS)
        return manager

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        with _before_connecting(_NO_PROXY_URL):
            return super().get_connection_with_tls_context(*args, **kwargs)

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Do the same for requests before 2.32."""
        with _before_connecting(_NO_PROXY_URL):
            return super().get_connection(*args, **kwargs)

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        with _before_connecting(_NO_AUTHORITIES):
            super().cert_verify(*args, **kwargs)

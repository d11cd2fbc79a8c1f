# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the connection to a service, the same for every API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._errors import InputError
from .._module.argspec import ArgumentSpec
from .transport import Endpoint, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION = ArgumentSpec(
    {
        "ca_path": {"type": "path"},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "validate_certs": {"type": "bool", "default": True},
        "allow_http": {"type": "bool", "default": False},
        "timeout": {"type": "float", "default": 20},
        "failed_login_cap": {
            "type": "dict",
            "options": {
                "folder": {"type": "path", "required": True},
                "most": {"type": "int", "default": 20},
                "window_minutes": {"type": "float", "default": 30},
                "unanswered": {"type": "int", "default": 2},
            },
        },
    }
)


_KEPT_SECONDS = 2.0
"""How long a connection may have been idle to be used again. Servers keep idle ones longer."""

_kept: dict[Endpoint, Transport] = {}
"""Transports of this process, which may do several operations in turn."""


def open_transport(params: Mapping[str, Any], url_option: str) -> Transport:
    """Return the transport that the options describe, with its connection where that was in use a moment ago.

    Raises:
        InputError: an option of the connection is at fault.
    """
    endpoint = Endpoint(
        params[url_option],
        params["ca_path"],
        params["validate_certs"],
        params["allow_http"],
        params["timeout"],
        option=url_option,
        client_cert=params["client_cert"],
        client_key=params["client_key"],
    )
    kept = _kept.pop(endpoint, None)
    if kept and kept.idle_seconds() > _KEPT_SECONDS:
        kept.close()
        kept = None
    _kept[endpoint] = kept or Transport(endpoint)
    return _kept[endpoint]


def server_of(url: str) -> str:
    """Return the server that a URL names, host:port.

    Raises:
        InputError: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname:
        raise InputError("the URL names no server; write it as https://host:port")
    return f"[{parts.hostname}]:{port}" if ":" in parts.hostname else f"{parts.hostname}:{port}"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the connection to a service, the same for every API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .run import ArgumentSpec
from .transport import Endpoint, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION = ArgumentSpec(
    {
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "allow_http": {"type": "bool", "default": False},
        "timeout": {"type": "float", "default": 20},
    }
)


def open_transport(params: Mapping[str, Any], url_option: str) -> Transport:
    """Return the transport that the options describe; sends nothing.

    Raises:
        InputError: an option of the connection is at fault.
    """
    return Transport(
        Endpoint(
            params[url_option],
            params["ca_path"],
            params["validate_certs"],
            params["allow_http"],
            params["timeout"],
            option=url_option,
        )
    )

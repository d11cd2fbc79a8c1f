# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the environment makes of a request: by which proxy it goes, and whose certificates it trusts.

Variables are named in messages and their values never, since a proxy's URL may hold a password.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .._net.certificates import ca_faults

try:
    from requests import adapters
    from requests.utils import select_proxy
except ImportError:
    pass  # wire.py tells

if TYPE_CHECKING:
    from collections.abc import Mapping

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def proxy_variable(url: str, proxies: Mapping[str, str]) -> str | None:
    """Return what names the proxy that requests takes for a URL; None where it takes none."""
    proxy = select_proxy(url, dict(proxies))
    if not proxy:
        return None
    own = f"{urlsplit(url).scheme}_proxy"
    names = (own, own.upper(), "all_proxy", "ALL_PROXY")
    return next((name for name in names if os.environ.get(name) == proxy), "the environment")


def ca_variable_faults(ca_path: str) -> list[str]:
    """Return what is wrong with the certificates that a variable names, nothing where they can be used."""
    if os.path.isdir(ca_path):
        return []
    names = (name for name in _CA_VARIABLES if os.environ.get(name) == ca_path)
    return ca_faults(ca_path, next(names, "the environment"))


def ca_file_option(ca_path: str) -> str:
    """Return what names the file of CA certificates in use; "" for the one that requests takes by itself."""
    if ca_path == adapters.DEFAULT_CA_BUNDLE_PATH:
        return ""
    return next((name for name in _CA_VARIABLES if os.environ.get(name) == ca_path), "ca_path")

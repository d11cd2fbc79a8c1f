# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of one inventory host: YAML, its secrets as Ansible Vault scalars."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import yaml

from .document import from_dict, to_dict
from .entry import SLOTS, Entry, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = 1
_HEADER = "# Passwords of one inventory host, kept by callcenter.passwords. Secrets are Ansible Vault scalars.\n"
_MOST_BYTES = 4 * 1024 * 1024
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _StoreLoader(_Loader):  # type: ignore[misc]
    """Reads vault scalars as they stand."""


class _StoreDumper(_Dumper):  # type: ignore[misc]
    """Writes vault scalars the way ansible-vault does."""


class _VaultScalar(str):
    __slots__ = ()


_StoreLoader.add_constructor("!vault", lambda loader, node: _VaultScalar(loader.construct_scalar(node)))
_StoreDumper.add_representer(
    _VaultScalar, lambda dumper, scalar: dumper.represent_scalar("!vault", str(scalar), style="|")
)

# ansible-core marks strings by subclasses, which YAML does not know.
_StoreDumper.add_multi_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", "".join(text))
)


def read_text(path: str) -> str:
    """Return the text of a host's file.

    Raises:
        FileNotFoundError: there is none.
        StoreError: it cannot be read, or is no ordinary file.
    """
    try:
        # A pipe would never end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise StoreError(f"{path} is no ordinary file; put the store's own file in its place")
            if found.st_size > _MOST_BYTES:
                raise StoreError(f"{path} has more than {_MOST_BYTES >> 20} MiB, which no host needs; {_RESTORE}")
            return file.read().decode("utf-8")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise StoreError(f"{path} is damaged; {_RESTORE}") from None
    except OSError as exc:
        reason = os.strerror(exc.errno or 0)
        raise StoreError(f"{path} cannot be read ({reason}); correct that and run again") from None


def parse(path: str, text: str) -> dict[str, Entry]:
    """Return the credentials that a text holds, by kind.

    Raises:
        StoreError: it is damaged, or of another format.
    """
    if not text.strip():
        raise StoreError(f"{path} is empty; {_RESTORE}")
    if text.startswith("$ANSIBLE_VAULT"):
        raise StoreError(
            f"{path} is encrypted as a whole, and its secrets are encrypted already; run ansible-vault decrypt on it"
        )
    if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
        raise StoreError(
            f"{path} has the marks of a merge, and either side may hold the password in force; put the side with the "
            "later times in its place, and keep the other one until the playbook verify has succeeded"
        )
    try:
        if _has_aliases(text):
            raise StoreError(f"{path} has aliases, which the store never writes; {_RESTORE}")
        document = yaml.load(text, _StoreLoader)  # noqa: S506  a subclass of the safe loader
        if document["format"] != _FORMAT:
            raise StoreError(f"{path} has a format that this version does not know; update the collection")
        return {kind: from_dict(values) for kind, values in document["credentials"].items()}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StoreError(f"{path} is damaged; {_RESTORE}") from None


def text_of(host: str, credentials: Mapping[str, Entry]) -> str:
    """Return the text that holds a host's credentials."""
    document = {
        "format": _FORMAT,
        "host": host,
        "credentials": {kind: _with_scalars(to_dict(credentials[kind])) for kind in sorted(credentials)},
    }
    return _HEADER + str(yaml.dump(document, None, _StoreDumper, sort_keys=False, explicit_start=True))


_RESTORE = "restore it from the newest backup"


def _has_aliases(text: str) -> bool:
    """Whether the text repeats parts of itself. A few lines of such text grow beyond all memory."""
    return "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _Loader))


def _with_scalars(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _VaultScalar(value) if name in SLOTS and value else value for name, value in values.items()}

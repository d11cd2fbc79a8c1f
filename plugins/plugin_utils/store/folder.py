# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of the store: where it may be, and who may enter it."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from .entry import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOUNTS = "/proc/self/mountinfo"
_EPHEMERAL = ("overlay", "aufs", "tmpfs", "ramfs")
"""File systems of containers and of memory. What is on them goes with the container, or with the machine."""


def check_place(path: str, inventory: Iterable[str]) -> None:
    """Raise StoreError where Ansible would read the store as inventory, or an upgrade would remove it.

    Args:
        path: of the folder, which need not be there.
        inventory: the run's inventory sources.
    """
    store = os.path.realpath(path)
    for source in filter(os.path.isdir, map(str, inventory)):
        if _is_below(store, os.path.realpath(source)):
            raise StoreError(
                f"the store {store} lies in the inventory folder {source}, and Ansible would read the store as "
                "inventory; give a folder elsewhere"
            )
    if read := {"host_vars", "group_vars"} & {*store.split(os.sep)}:
        raise StoreError(
            f"the store {store} lies in a folder called {min(read)}, and Ansible would read its passwords as "
            "variables; give a folder elsewhere"
        )
    for folder in _above(store):
        if os.path.basename(folder) == "ansible_collections" or os.path.exists(f"{folder}/tasks/main.yml"):
            what = "a role" if os.path.exists(f"{folder}/tasks/main.yml") else "installed collections"
            raise StoreError(
                f"the store {store} lies in {folder}, where {what} will be replaced by the next version; give a folder "
                "elsewhere"
            )


def check_exists(path: str) -> None:
    """Raise StoreError unless the folder is there. A run that makes no new passwords makes no store either."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            return
    except PermissionError:
        raise StoreError(
            f"the store {os.path.abspath(path)} cannot be reached: this user may not enter a folder above it. Run as "
            "the user whose store it is, or let this one in"
        ) from None
    except OSError:
        pass
    raise StoreError(
        f"the store {os.path.abspath(path)} does not exist; is it mounted? Correct rotate_store_path, or run the "
        "enroll playbook, which makes a new store"
    )


def check_new(path: str, inventory: Iterable[str], *, may_be_ephemeral: bool) -> None:
    """Raise StoreError where a store that is not there yet would be lost, or would be a second one.

    Args:
        path: of the folder.
        inventory: the run's inventory sources.
        may_be_ephemeral: whether the user knows that the store goes with its container or machine.
    """
    if os.path.isdir(path):
        return
    store = os.path.realpath(path)
    here = os.getcwd()
    if not os.path.isabs(path) and not any(_is_below(os.path.realpath(source), here) for source in map(str, inventory)):
        raise StoreError(
            f"the store {store} does not exist, and rotate_store_path is relative to the folder in which the run was "
            "started, which is not the inventory's; start it there, or give the whole path"
        )
    kind = _file_system(store)
    if kind in _EPHEMERAL and not may_be_ephemeral:
        raise StoreError(
            f"the store {store} would be on {kind}, which goes with the container or the machine, and with it every "
            "new password; give a folder on a volume. For a trial set rotate_store_ephemeral"
        )


def prepare(path: str) -> None:
    """Make the folder where it is missing.

    Raises:
        StoreError: others than its owner and its group may enter it, or its owner could replace what is in it.
        OSError: it cannot be made.
    """
    if not os.path.isdir(path):
        _make(os.path.dirname(path), 0o755)
        _make(path, 0o700)
    found = os.stat(f"{path}{os.sep}")
    if found.st_mode & stat.S_IRWXO:
        if not _is_of_its_own(path):
            raise StoreError(f"{path} is a folder for other things too; give the store a folder of its own")
        raise StoreError(
            f"the store {path} is open to every user of this machine; run chmod o-rwx on it, then run again"
        )
    is_shared = bool(found.st_mode & stat.S_IWGRP) and found.st_gid in {os.getegid(), *os.getgroups()}
    if found.st_uid not in (0, os.geteuid()) and not is_shared:
        raise StoreError(
            f"the store {path} belongs to another user (uid {found.st_uid}), who could replace what is in it; run as "
            "that user, or make the folder and all that is in it this user's, then run again"
        )
    if found.st_mode & stat.S_IWGRP and not found.st_mode & stat.S_ISGID:
        raise StoreError(
            f"the store {path} is shared with its group, and files in it would be another group's; run chmod g+s on "
            "it, or chmod g-w where only its owner writes, then run again"
        )


def _is_of_its_own(path: str) -> bool:
    """Whether a folder holds nothing but a store, or nothing at all."""
    return all(name.endswith(".yml") or name.startswith(".") for name in os.listdir(path))


def _make(folder: str, mode: int) -> None:
    """Make a folder and those above it; the umask may be one that lets everybody write."""
    if not os.path.isdir(folder):
        _make(os.path.dirname(folder), 0o755)
        try:
            os.mkdir(folder, mode)
        except FileExistsError:
            return


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _above(path: str) -> Iterator[str]:
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        yield path


def _file_system(path: str) -> str:
    """Return the kind of the file system that a path is on, "" where the kernel does not tell."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.split() for line in file]
    except OSError:
        return ""
    # Fields: id, parent, device, root, mount point, options, any number of others, "-", file system type.
    mounts = [(_unescaped(fields[4]), fields[fields.index("-") + 1]) for fields in lines if "-" in fields]
    around = [(mount, kind) for mount, kind in mounts if _is_below(path, mount)]
    return max(around, key=lambda one: len(one[0]))[1] if around else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)

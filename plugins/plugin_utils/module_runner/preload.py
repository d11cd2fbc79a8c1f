# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loading, in the controller's main process, what its workers need.

Ansible forks a worker for each host and task. A worker inherits all that is loaded by then, and would load anew, each
time, what is not: the modules, the lookup plugin with its documentation, and Ansible's own tests.
"""

from __future__ import annotations

import contextlib
import gc
import pkgutil
import ssl
import time
from functools import cache
from importlib import import_module

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.loader import lookup_loader, test_loader

from ansible_collections.callcenter.passwords.plugins.module_utils._net.key_log import no_key_log
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SHARED_MEMORY

_MODULES = "ansible_collections.callcenter.passwords.plugins.modules"


def preload() -> None:
    """Load it. To be called while an action plugin is imported, which the main process does before it forks."""
    SHARED_MEMORY.take()
    for module in pkgutil.iter_modules(import_module(_MODULES).__path__):
        import_module(f"{_MODULES}.{module.name}")
    lookup_loader.get("callcenter.passwords.secret", class_only=True)
    test_loader.get("ansible.builtin.failed")  # and with it all the others of ansible-core
    time.strptime("2026", "%Y")  # which imports its parser when it is called first
    _start_openssl()


@cache
def freeze() -> None:
    """Keep a worker's garbage collector from all that is inherited, which the kernel would copy if it were looked at.

    To be called when one of this collection's actions begins. What is frozen is never collected, and needs not be: a
    worker ends with its task.
    """
    gc.freeze()


def _start_openssl() -> None:
    """Have OpenSSL look up the algorithms of Ansible Vault and of TLS, which it does when they are used first."""
    key = VaultSecret(b"warm")
    vault = VaultLib([("default", key)])
    with contextlib.suppress(AnsibleError):  # no library for it, which the store will say when it is needed
        vault.decrypt(vault.encrypt("up", key))
    with no_key_log():
        context = ssl.create_default_context()
    line = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        line.do_handshake()

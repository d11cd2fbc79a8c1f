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
import os
import pkgutil
import ssl
import time
from importlib import import_module

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.loader import lookup_loader, test_loader

_MODULES = "ansible_collections.callcenter.passwords.plugins.modules"


def preload() -> None:
    """Load it. To be called while an action plugin is imported, which the main process does before it forks."""
    for module in pkgutil.iter_modules(import_module(_MODULES).__path__):
        import_module(f"{_MODULES}.{module.name}")
    lookup_loader.get("callcenter.passwords.secret", class_only=True)
    test_loader.get("ansible.builtin.failed")  # and with it all the others of ansible-core
    time.strptime("2026", "%Y")  # which imports its parser when it is called first
    _start_openssl()
    # A worker's garbage collector would look at all that is inherited, and the kernel would copy it for that.
    os.register_at_fork(after_in_child=gc.freeze)


def _start_openssl() -> None:
    """Have OpenSSL look up the algorithms of Ansible Vault and of TLS, which it does when they are used first."""
    key = VaultSecret(b"warm")
    vault = VaultLib([("default", key)])
    with contextlib.suppress(AnsibleError):  # no library for it, which the store will say when it is needed
        vault.decrypt(vault.encrypt("up", key))
    line = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        line.do_handshake()

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a worker inherits from the main process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.callcenter.passwords.plugins import modules

WORKER = """
import gc, os, sys
from ansible_collections.callcenter.passwords.plugins.action import cc_agent_login
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import SHARED_MEMORY
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.preload import freeze
if os.fork() == 0:
    # Python 3.12 has a few hundred frozen from its start.
    before = gc.get_freeze_count()
    freeze()
    print("memory" in vars(SHARED_MEMORY), before < 1000, gc.get_freeze_count() > 10000)
    print(*(name for name in sys.modules if ".passwords.plugins.modules." in name))
    os._exit(sys.stdout.flush() or 0)
os.wait()
"""


def test_a_worker_inherits_modules_and_memory_and_freezes_them_when_an_action_begins() -> None:
    finished = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    taken, before, frozen, *loaded = finished.stdout.split()
    assert (taken, before, frozen) == ("True", "True", "True")
    (folder,) = modules.__path__
    assert {name.rpartition(".")[2] for name in loaded} == {path.stem for path in Path(folder).glob("[!_]*.py")}

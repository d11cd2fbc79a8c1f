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
from ansible_collections.callcenter.passwords.plugins.action import rotation
before = gc.get_freeze_count()
if os.fork() == 0:
    print(before, gc.get_freeze_count() > 10000, *(name for name in sys.modules if ".passwords.plugins.modules." in name))
    os._exit(sys.stdout.flush() or 0)
os.wait()
"""


def test_modules_are_loaded_and_no_inherited_object_is_collected() -> None:
    finished = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    before, frozen, *loaded = finished.stdout.split()
    assert (before, frozen) == ("0", "True")
    (folder,) = modules.__path__
    assert {name.rpartition(".")[2] for name in loaded} == {path.stem for path in Path(folder).glob("[!_]*.py")}

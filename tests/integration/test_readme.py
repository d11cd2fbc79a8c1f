# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's "Your first agent, in five minutes", command by command, as a newcomer with an empty home would."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what a fresh clone holds."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    folder = tmp_path / "clone"
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_the_first_agent(clone: Path, tmp_path: Path) -> None:
    commands = "".join(COMMANDS.findall((clone / "README.md").read_text(encoding="utf-8")))
    assert "callcenter.passwords.rotate" in commands
    # The documented port may be taken on the machine that runs the tests.
    commands = commands.replace("8043", str(free_port()))
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}

    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=clone,
        env={**kept, "HOME": str(home), "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    recaps = re.findall(r"^agent-1001 .* (changed=\d) .* failed=0 ", finished.stdout, re.MULTILINE)
    assert recaps == ["changed=1", "changed=1", "changed=0"], "enrolled, rotated, and nothing left to do"
    assert "PASSWORDS *" in finished.stdout, "the report"
    shown = re.findall(r'"(?:msg|credentials\.cc_agent\.current)": "(\S+)"', finished.stdout)
    assert len(shown) == 2
    assert shown[0] == shown[1] != "Start_secret7"
    assert shown[0] in finished.stdout.rpartition("}")[2], "ansible-vault opens the same password"

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on the working tree.

ansible-test wants a real folder `ansible_collections/<namespace>/<name>` (it refuses links), and it fills
`~/.ansible/test` with small virtual environments. Both live in `.cache` here: a copy of what git would commit, and
the home folder that the Makefile hands in. Arguments are passed on to ansible-test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / ".cache/ansible_collections/callcenter/passwords"
CORE = Path(str(distribution("ansible-core").locate_file("ansible_test")))

# Used where the script that puts pip into a new virtual environment cannot be downloaded. Python comes with a pip of
# its own; ansible-test asks for a certain version of it, but does not depend on that.
GET_PIP = '''\
"""Stands in for get-pip.py, which could not be downloaded."""

import subprocess
import sys

sys.exit(subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL).returncode)
'''


def copy_working_tree() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(COPY, ignore_errors=True)
    for name in filter(None, listing.stdout.split("\0")):
        source, target = ROOT / name, COPY / name
        if source.exists():  # git also lists what was deleted but not yet committed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # Or ansible-test would ask the repository around the copy, which ignores .cache, find nothing to test, and pass.
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)


def keep_pip_settings(home: Path) -> None:
    """Hand the user's pip settings and pip's cache on, as a file: ansible-test drops the PIP_* variables."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    user = {**os.environ, "HOME": os.environ.get("HOST_HOME", str(home))}

    def ask(*arguments: str) -> str:
        return subprocess.run([*pip, *arguments], check=True, capture_output=True, text=True, env=user).stdout

    settings = {"cache-dir": ask("cache", "dir").strip(), "quiet": "2", "no-compile": "true"}
    for line in ask("config", "list").splitlines():
        name, value = line.split("=", 1)
        settings[name.rpartition(".")[2]] = value.strip("'\"")
    config = home / ".config/pip/pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))


def provide_get_pip(home: Path) -> None:
    """Download what ansible-test would download; where that fails, put a stand-in in its place."""
    version = re.search(r"pip='([\d.]+)'", (CORE / "_internal/python_requirements.py").read_text())
    url = re.search(r"url = '(https://\S+)' % pip_version", (CORE / "_util/target/setup/requirements.py").read_text())
    if not version or not url:
        sys.exit("tools/sanity.py does not understand this ansible-core: where does its get-pip script come from?")
    script = home / f".ansible/test/cache/get_pip_{version[1].replace('.', '_')}.py"
    if script.exists():
        return
    script.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(url[1] % version[1], timeout=10) as answer:  # noqa: S310 (https, from ansible-core)
            script.write_bytes(answer.read())
    except OSError as reason:
        print(f"get-pip cannot be downloaded ({reason}): using Python's own pip instead", flush=True)
        script.write_text(GET_PIP)


def main() -> int:
    home = Path.home()
    copy_working_tree()
    keep_pip_settings(home)
    provide_get_pip(home)
    # Without it, the shellcheck test only warns and passes.
    if not shutil.which("shellcheck"):
        sys.exit("shellcheck is missing from the virtual environment: make distclean setup")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--local", "--python", python, "--color", "no", "--junit", *sys.argv[1:]]
    status = subprocess.run(command, cwd=COPY, check=False).returncode
    if not status and not any(COPY.glob("tests/output/junit/*.xml")):
        sys.exit("ansible-test passed without running a single test")
    return status


if __name__ == "__main__":
    sys.exit(main())

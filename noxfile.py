# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests on every supported ansible-core: `make matrix` (all of it), `make oldest` (a part), or `nox -s core-2.21`.

A Python that is missing is named, and its session is skipped. antsibull-nox has such sessions too, but they need
containers and ansible-core's repository; these need a package index only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
COLLECTION = "ansible_collections/callcenter/passwords"
# ansible-core -> its version, and the Pythons that it runs on. The first one that is installed is taken.
CORES = {
    "2.16": ("~=2.16.0", ("3.11", "3.12")),
    "2.18": ("~=2.18.0", ("3.11", "3.12")),
    "2.19": ("~=2.19.0", ("3.11", "3.12")),
    "2.20": ("~=2.20.0", ("3.13", "3.12")),
    "2.21": ("~=2.21.0", ("3.12", "3.13")),
    "2.22": ("~=2.22.0rc1", ("3.13", "3.14")),
}
# The oldest one is tried with the oldest requests too, and so with urllib3 1.26.
REQUESTS = {"2.16": "requests~=2.28.0"}

nox.options.envdir = ".cache/nox"
nox.options.sessions = [f"core-{core}" for core in CORES]
nox.options.reuse_existing_virtualenvs = True


def interpreter(version: str) -> str | None:
    """Return a Python of this version that really runs: what a version manager leaves on the path may not."""
    if _output(f"python{version}", "-c", "print('runs')") == "runs":
        return shutil.which(f"python{version}")
    newest = _output("pyenv", "latest", version)
    return f"{_output('pyenv', 'prefix', newest)}/bin/python" if newest else None


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def define(core: str, wanted: str, pythons: tuple[str, ...]) -> None:
    """Define the session of an ansible-core. Arguments after `--` go to pytest and choose some of the tests."""
    python = next(filter(None, map(interpreter, pythons)), None)

    @nox.session(name=f"core-{core}", python=python or False)
    def session_of_core(session: nox.Session) -> None:
        if python is None:
            session.skip(f"ansible-core {core} needs Python {' or '.join(pythons)}, and none is installed")
        session.install(f"ansible-core{wanted}", REQUESTS.get(core, "requests"), "-r", "requirements/tests.txt")
        purelib = session.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", silent=True)
        link = Path(str(purelib).strip(), COLLECTION)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
        for suite, arguments in SUITES.items() if not session.posargs else (("some", session.posargs),):
            # The tests start Ansible's programs by their names.
            path = os.pathsep.join((session.bin, os.environ["PATH"]))
            report = f"--junit-xml=build/reports/core-{core}-{suite}.xml"
            session.run("pytest", "-n2", report, *arguments, env={"PATH": path})


SUITES = {"unit": ["tests/unit"], "integration": ["tests/integration", "--dist=loadfile"]}
for _core, (_wanted, _pythons) in CORES.items():
    define(_core, _wanted, _pythons)


@nox.session
def importer(session: nox.Session) -> None:
    """Import the tarball of `make build` as Galaxy does."""
    session.install("-r", "requirements/importer.txt")
    (tarball,) = (ROOT / "dist").glob("*.tar.gz")
    session.run("python", "-m", "galaxy_importer.main", str(tarball))

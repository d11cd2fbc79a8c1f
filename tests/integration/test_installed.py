# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing but the installed tarball, ansible-core and requests."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from support.controller import BIN, COLLECTION, HERE, Controller

ROOT = HERE.parent.parent


def needed(*names: str) -> set[str]:
    """Names of distributions and of everything they need, optional extras left out."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        try:
            requirements = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another Python or system
        if name not in found:
            found.add(name)
            waiting += [re.split(r"[^\w.-]", line)[0] for line in requirements if "extra ==" not in line]
    return found


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A Python environment with ansible-core and requests only: links to the files of this one, but no collection."""
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    for name in needed("ansible-core", "requests"):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] != ".."}:
            if not top.startswith("__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(installed.locate_file(top))).resolve())
    assert not (packages / "ansible_collections").exists()
    assert not (packages / "aiohttp").exists()
    return folder


def test_the_installed_tarball_rotates(controller: Controller, bare: Path) -> None:
    galaxy = str(BIN / "ansible-galaxy")
    build, installed = controller.folder / "dist", controller.folder / "collections"
    environment = {name: value for name, value in controller.env().items() if not name.startswith("ANSIBLE_")}
    for command in (
        [galaxy, "collection", "build", "--output-path", str(build), str(ROOT)],
        [galaxy, "collection", "install", "--offline", "--force", "-p", str(installed), "{tarball}"],
    ):
        (tarball, *_others) = [str(path) for path in build.glob("*.tar.gz")] or [""]
        subprocess.run(
            [word.format(tarball=tarball) for word in command], check=True, env=environment, capture_output=True
        )
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert not [
        name for name in names if name.split("/")[0] in ("tests", "tools", ".venv", ".git", "build", "Makefile")
    ]
    assert not [name for name in names if name.startswith("extensions/molecule")]
    assert {
        "README.md",
        "LICENSE",
        "meta/runtime.yml",
        "playbooks/rotate.yml",
        "roles/rotate/meta/argument_specs.yml",
    } <= set(names)

    agent, admin = controller.add_agent(1001), controller.add_administrator(301)
    controller.environment["ANSIBLE_COLLECTIONS_PATH"] = str(installed)
    controller.program = [str(bare / "bin" / "python"), "-m", "ansible", "playbook"]
    controller.enroll()
    run = controller.rotate("-vv")
    assert run.rc == 0, run.output
    assert f"task path: {installed}" in run.stdout, "it is the tarball's role"
    assert controller.is_rotated(agent)
    assert controller.is_rotated(admin)
    assert controller.rotate().changed == set()
    assert controller.verify().rc == 0
    # What was rotated is said on standard error, where a callback's document is not in the way; and no warning.
    said = run.stderr.splitlines()
    assert sorted(line.partition(":")[0] for line in said) == ["admin-301, cc_config", "agent-1001, cc_agent"], said
    listed = subprocess.run(
        [str(bare / "bin" / "python"), "-m", "ansible", "doc", "-t", "module", "-l", COLLECTION],
        check=True,
        env=controller.env(),
        capture_output=True,
        text=True,
    )
    assert {line.split()[0].rpartition(".")[2] for line in listed.stdout.splitlines()} >= {
        "cc_agent_info",
        "cc_agent_login",
        "cc_agent_password",
        "cc_config_login",
        "cc_config_password",
        "rotation",
    }

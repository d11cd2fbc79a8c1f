# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store is where it lasts, and no second one comes about unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store import folder
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import StoreError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, in which the run is started."""
    path = tmp_path / "project"
    (path / "inventory").mkdir(parents=True)
    monkeypatch.chdir(path)
    mounted(tmp_path, monkeypatch, "ext4")
    return path


def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, on: str = "/") -> None:
    """Have the kernel say what is mounted."""
    table = tmp_path / "mountinfo"
    table.write_text(
        f"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n36 22 0:31 / {on} rw master:1 - {kind} none rw\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(folder, "_MOUNTS", str(table))


def check_new(path: str, *sources: str, may_be_ephemeral: bool = False) -> None:
    folder.check_new(path, sources, may_be_ephemeral=may_be_ephemeral)


# -- new ones ----------------------------------------------------------------------------------------------------------


def test_a_missing_store_is_told_with_its_whole_path(project: Path) -> None:
    with pytest.raises(StoreError, match=f"the store {project}/passwords does not exist; is it mounted"):
        folder.check_exists("passwords")
    (project / "passwords").mkdir()
    folder.check_exists("passwords")


def test_a_relative_path_makes_a_store_in_the_project_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = str(project / "inventory")
    check_new("passwords", inventory)
    check_new("passwords", "inventory/hosts.yml")
    (project / "elsewhere").mkdir()
    monkeypatch.chdir(project / "elsewhere")
    with pytest.raises(StoreError, match=f"the store {project}/elsewhere/passwords does not exist, and rotate_store_"):
        check_new("passwords", inventory)
    check_new(str(project / "passwords"), inventory)
    (project / "elsewhere" / "passwords").mkdir()
    check_new("passwords", inventory)


@pytest.mark.parametrize("kind", ["overlay", "tmpfs", "ramfs", "aufs"])
def test_a_new_store_is_not_where_it_goes_with_a_container(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounted(tmp_path, monkeypatch, kind, str(tmp_path))
    path = str(project / "passwords")
    with pytest.raises(StoreError, match=f"would be on {kind}, which goes with the container.*rotate_store_ephemeral"):
        check_new(path)
    check_new(path, may_be_ephemeral=True)
    (project / "passwords").mkdir()
    check_new(path)


def test_a_volume_in_a_container_lasts(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = tmp_path / "the volume"
    volume.mkdir()
    mounted(tmp_path, monkeypatch, "xfs", str(volume).replace(" ", "\\040"))
    check_new(str(volume / "passwords"))
    mounted(tmp_path, monkeypatch, "tmpfs", str(volume).replace(" ", "\\040"))
    with pytest.raises(StoreError, match="tmpfs"):
        check_new(str(volume / "passwords"))
    check_new(str(project / "passwords"))


def test_where_the_kernel_tells_nothing(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_MOUNTS", str(tmp_path / "nothing"))
    check_new(str(project / "passwords"))


# -- places ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("ansible_collections/callcenter/passwords/playbooks", "installed collections"),
        ("roles/rotate", "a role"),
    ],
)
def test_no_store_is_where_the_next_version_comes(tmp_path: Path, place: str, what: str) -> None:
    (tmp_path / "roles" / "rotate" / "tasks").mkdir(parents=True)
    (tmp_path / "roles" / "rotate" / "tasks" / "main.yml").touch()
    with pytest.raises(StoreError, match=f"where {what} will be replaced by the next version"):
        folder.check_place(str(tmp_path / place / "passwords"), [])
    folder.check_place(str(tmp_path / "passwords"), [])

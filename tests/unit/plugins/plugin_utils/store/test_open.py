# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opening a store by a task's options."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from support.action_harness import loader

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store


@pytest.mark.parametrize("path", [None, ""])
def test_a_store_needs_a_folder(path: str | None) -> None:
    with pytest.raises(StoreError, match="store_path is empty; give the folder"):
        open_store(path, None, DataLoader())


def test_a_store_takes_the_vault_passwords_of_the_run(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), "here", loader(("here", "key")), may_be_new=True)
    ciphertext = store.encrypt("a secret", Entry())
    assert ";here\n" in ciphertext
    assert open_store(str(tmp_path), None, loader(("any", "key"))).decrypt(ciphertext) == "a secret"


def test_without_a_loader_there_is_no_vault_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no vault password"):
        open_store(str(tmp_path), None, None).encrypt("a secret", Entry())


@pytest.mark.parametrize(
    ("inventory", "is_refused"),
    [
        (["."], True),
        (["store"], True),
        (["link"], True),
        (["elsewhere", "."], True),
        (["elsewhere"], False),
        (["stor"], False),
        (["hosts.yml", "one,"], False),
        ([], False),
    ],
)
def test_no_store_lies_where_ansible_reads_inventory(tmp_path: Path, inventory: list[str], is_refused: bool) -> None:
    for name in ("store", "elsewhere", "stor"):
        (tmp_path / name).mkdir()
    (tmp_path / "hosts.yml").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    sources = [str(tmp_path / source) for source in inventory]
    if is_refused:
        with pytest.raises(StoreError, match=r"Ansible would read the store as inventory; give a folder elsewhere"):
            open_store(str(tmp_path / "store"), None, None, sources)
    else:
        assert open_store(str(tmp_path / "store"), None, None, sources).read("nobody", "cc_agent") is None


def test_a_store_behind_a_link_lies_where_the_link_leads(tmp_path: Path) -> None:
    (tmp_path / "inventory" / "store").mkdir(parents=True)
    (tmp_path / "store").symlink_to(tmp_path / "inventory" / "store")
    with pytest.raises(StoreError, match="lies in the inventory folder"):
        open_store(str(tmp_path / "store"), None, None, [str(tmp_path / "inventory")])

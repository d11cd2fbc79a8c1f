# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of a stored password."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError, AnsibleLookupError
from support.action_harness import loader

from ansible_collections.callcenter.passwords.plugins.lookup import secret
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Ciphertext, Entry
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.vault_file import VaultFileStore

HOST, KIND = "agent-1001", "cc_agent"
KEYS = loader(("default", "key"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passwords") / "store"
    store = open_store(str(folder), None, KEYS, may_be_new=True)
    current, staged = (store.encrypt(f"the {slot}", Entry()) for slot in ("current", "staged"))
    store.write(HOST, KIND, Entry(current=current, staged=staged))
    return folder


def look_up(*terms: Any, keys: Any = KEYS, **options: Any) -> list[str]:
    name = "callcenter.passwords.secret"
    documented = yaml.safe_load(secret.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    plugin = secret.LookupModule(loader=keys, templar=SimpleNamespace(template=lambda value: value))
    plugin._load_name = name
    return plugin.run(list(terms), options.pop("variables", {}), **options)


@pytest.mark.parametrize(
    ("options", "password"),
    [({}, "the current"), ({"slot": "current"}, "the current"), ({"slot": "staged"}, "the staged")],
)
def test_reading_a_password(folder: Path, options: dict[str, str], password: str) -> None:
    assert look_up(HOST, KIND, store_path=str(folder), **options) == [password]


def test_the_store_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_PASSWORDS_STORE", str(folder))
    assert look_up(HOST, KIND) == ["the current"]


def test_the_store_may_be_the_roles(folder: Path) -> None:
    assert look_up(HOST, KIND, variables={"rotate_store_path": str(folder)}) == ["the current"]


@pytest.mark.parametrize(
    ("terms", "options", "fault"),
    [
        ([HOST], {}, "give two terms"),
        ([HOST, KIND], {"version": "staged"}, "there is no option version; the options are slot and store_path"),
        ([HOST, KIND, "x"], {}, "give two terms"),
        (["agent-2", KIND], {}, "store has no host of this name; correct it, or enroll the host"),
        ([HOST, "cc_config"], {}, "store has cc_agent of this host, and no cc_config"),
        ([HOST, KIND], {"slot": "previous"}, "has no previous password of it; it has current, staged"),
        ([HOST, KIND], {"store_path": "/nowhere"}, "the store /nowhere does not exist; is it mounted?"),
        ([HOST, KIND], {"keys": loader()}, "this run has no vault password"),
        ([HOST, KIND], {"keys": loader(("default", "another"))}, "the vault password does not open"),
    ],
)
def test_what_cannot_be_read(folder: Path, terms: list[str], options: dict[str, Any], fault: str) -> None:
    with pytest.raises(AnsibleLookupError) as caught:
        look_up(*terms, **{"store_path": str(folder), **options})
    assert fault in str(caught.value)


def test_an_accident_shows_nothing_of_its_cause(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(store: VaultFileStore, ciphertext: Ciphertext) -> str:
        raise RuntimeError("it was the current")

    monkeypatch.setattr(VaultFileStore, "decrypt", burst)
    with pytest.raises(
        AnsibleLookupError, match=r"unexpected RuntimeError at .*lookup/secret.py:[0-9]+ while reading the store"
    ) as caught:
        look_up(HOST, KIND, store_path=str(folder))
    assert "the current" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_lookup_needs_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLCENTER_PASSWORDS_STORE", raising=False)
    with pytest.raises(AnsibleError, match="store_path"):
        look_up(HOST, KIND)


def test_a_slot_that_does_not_exist(folder: Path) -> None:
    with pytest.raises(AnsibleError, match="slot"):
        look_up(HOST, KIND, store_path=str(folder), slot="oldest")

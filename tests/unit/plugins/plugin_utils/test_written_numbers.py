# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A number is a name only where it is what was written down."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked

SPEC = ArgumentSpec(
    {
        "name": {"type": "str"},
        "path": {"type": "path"},
        "names": {"type": "list", "elements": "str"},
        "inner": {"type": "dict", "options": {"name": {"type": "str"}}},
        "number": {"type": "int"},
        "token": {"type": "str", "no_log": True},
    }
)


def tells_lines() -> bool:
    return importlib.util.find_spec("ansible._internal") is not None


def from_inventory(folder: Path, file: str, text: str) -> Any:
    """Return the variable `name` of the host `h` of an inventory."""
    path = folder / file
    path.write_text(text, encoding="utf-8")
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(path)])
    return VariableManager(loader=loader, inventory=inventory).get_vars(host=inventory.get_host("h"))["name"]


@pytest.mark.parametrize("written", ["04001", "56L", "no"])
def test_names_that_an_inventory_in_ini_format_leaves_alone(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.ini", f"[all]\nh name={written} other=141001\n")
    assert checked(SPEC, {"name": value})["name"] == written


@pytest.mark.skipif(not tells_lines(), reason="ansible-core before 2.19 does not tell where a value was written")
@pytest.mark.parametrize("written", ["41001", "13800000000", "0", "'1'"])
def test_numbers_of_an_inventory_in_ini_format(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.ini", f"[all]\nh name={written} other=141001\n")
    assert checked(SPEC, {"name": value})["name"] == written.strip("'")


@pytest.mark.parametrize("written", ["123_456", "0x11", "1e3", "0o17", "True"])
def test_names_that_an_inventory_in_ini_format_changes(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.ini", f"[all]\nh name={written}\n")
    with pytest.raises(AnsibleActionFail, match=r"name arrived as a (number|boolean); put it in quotes"):
        checked(SPEC, {"name": value})


@pytest.mark.parametrize("written", ["0017", "17", "no", "123_456", "1.5"])
def test_names_without_quotes_in_yaml(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.yml", f"all: {{hosts: {{h: {{name: {written}}}}}}}\n")
    with pytest.raises(AnsibleActionFail, match=r"name arrived as a (number|boolean); put it in quotes"):
        checked(SPEC, {"name": value})


@pytest.mark.skipif(not tells_lines(), reason="ansible-core before 2.19 does not tell where a value was written")
@pytest.mark.parametrize("written", ["0201", "0x11", "0o17", "1_001"])
def test_numbers_that_yaml_reads_as_others(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.yml", f"all: {{hosts: {{h: {{name: {written}}}}}}}\n")
    if isinstance(value, int):
        with pytest.raises(AnsibleActionFail, match="number is another number than it looks like"):
            checked(SPEC, {"number": value})


@pytest.mark.parametrize("written", ["201", "0", "-7", '"0201"'])
def test_numbers_that_are_what_they_look_like(tmp_path: Path, written: str) -> None:
    value = from_inventory(tmp_path, "hosts.yml", f"all:\n  hosts:\n    h:\n      name: {written} # a comment\n")
    assert checked(SPEC, {"number": value})["number"] == int(written.strip('"'))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": True}, "path arrived as a boolean"),
        ({"names": ["a", 17]}, "names arrived as a number"),
        ({"inner": {"name": False}}, "name arrived as a boolean"),
        ({"number": True}, "number arrived as a boolean; write the number in digits"),
        ({"token": "abc\n"}, "token ends with a line break"),
    ],
)
def test_wherever_they_are(options: dict[str, Any], told: str) -> None:
    with pytest.raises(AnsibleActionFail, match=told) as caught:
        checked(SPEC, options)
    assert "17" not in str(caught.value).replace("0017", "")
    assert "abc" not in str(caught.value)

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which part of the plugins may import which, and how long a file may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.imports import OURS, below, cycle, imports_below, wrong_arrows

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = imports_below(ROOT / "plugins")

# The lowest first. A package may import what its row names and nothing else.
MODULE_UTILS = {
    "_errors": "",
    "_written": "",
    "_pattern": "",
    "_policy": "_pattern _errors",
    "_kinds": "_policy _errors",
    "_net": "_errors",
    "_process": "_errors",
    "_module": "_process _kinds _policy _written _errors",
    "_http": "_module _net _errors",
    "_sip": "_net _errors",
    "_cc": "_module _http _process _kinds _policy _errors",
    "_cec": "_module _http _sip _process _kinds _policy _errors",
    "_idaas": "_module _http _process _kinds _policy _pattern _errors",
    "credential_options": "_module _kinds _policy _errors",
}
PLUGIN_UTILS = {
    "durable_file": "",
    "timestamps": "",
    "run_name": "",
    "written_numbers": "",
    "known_variables": "",
    "spoken": "",
    "checked_options": "written_numbers",
    "filling": "",
    "named_options": "checked_options filling written_numbers",
    "store": "durable_file timestamps run_name",
    "first_passwords": "",
    "store_action": "checked_options written_numbers spoken store durable_file timestamps run_name",
    "login_guard": "store durable_file timestamps run_name",
    "module_runner": "checked_options written_numbers filling login_guard store durable_file timestamps run_name",
    "rotation": "module_runner login_guard store durable_file timestamps run_name",
}
ALLOWED = {
    **{
        f"module_utils.{room}": [f"module_utils.{other}" for other in row.split()] for room, row in MODULE_UTILS.items()
    },
    **{
        f"plugin_utils.{room}": ["module_utils", *(f"plugin_utils.{other}" for other in row.split())]
        for room, row in PLUGIN_UTILS.items()
    },
    "doc_fragments": [],
    "modules": ["module_utils"],
    "lookup": ["plugin_utils", "module_utils"],
    "callback": ["plugin_utils", "module_utils"],
    "action": ["plugin_utils", "module_utils", "modules"],
}

# A decision of the rotation needs no Ansible, no file and no network.
PURE = [
    f"plugin_utils.rotation.{name}"
    for name in (
        "model",
        "window",
        "exemption",
        "schedule",
        "sentences",
        "ledger",
        "ends",
        "ranges",
        "decisions",
        "enrolling",
        "presenting",
        "flow",
    )
]
PURE_BASE = ["plugin_utils.store.entry", "plugin_utils.timestamps", "module_utils._errors", "module_utils._kinds"]


def is_client(name: str) -> bool:
    """Return whether a file speaks with a server and knows nothing of Ansible."""
    if any(below(name, f"module_utils.{package}") for package in ("_http", "_sip", "_net")):
        return name != "module_utils._http.options"
    return below(name, "module_utils") and name.endswith((".client", ".tenant", ".answers"))


def of_ansible(imported: frozenset[str]) -> list[str]:
    return sorted(name for name in imported if below(name, "ansible"))


def test_arrows_point_down() -> None:
    faults = wrong_arrows(IMPORTS, ALLOWED)
    assert not faults, "\n".join(faults)


def test_no_file_imports_itself_around_corners() -> None:
    assert not cycle(IMPORTS), " imports ".join(cycle(IMPORTS))


def test_clients_know_no_ansible() -> None:
    clients = [name for name in IMPORTS if is_client(name)]
    assert len(clients) > 12
    assert {name: found for name in clients if (found := of_ansible(IMPORTS[name]))} == {}


@pytest.mark.parametrize("name", PURE)
def test_decisions_are_pure(name: str) -> None:
    if name not in IMPORTS:
        pytest.fail(f"{name} does not exist")
    ours = IMPORTS[name] & IMPORTS.keys()
    assert sorted(ours - {*PURE, *PURE_BASE}) == [], f"{name} imports more than the table allows"
    assert of_ansible(IMPORTS[name]) == []


@pytest.mark.parametrize(("folder", "most"), [("plugins", 400), ("tests", 600)])
def test_no_file_is_long(folder: str, most: int) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    long = [f"{path.relative_to(ROOT)} has {length} lines" for path, length in sorted(lengths.items()) if length > most]
    assert not long, "\n".join(long)


# -- the checker -------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two packages, where the upper one imports the lower one."""
    for path, text in {
        "module_utils/_net/lines.py": "import ssl\n",
        "module_utils/_sip/__init__.py": "",
        "module_utils/_sip/client.py": "from .._net import lines\nfrom ansible.errors import AnsibleError\n",
        "modules/check.py": f"def main():\n    from {OURS}.module_utils._sip.client import ask\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_imports_are_found(tree: Path) -> None:
    found = imports_below(tree)
    assert found["module_utils._sip.client"] == {"module_utils._net.lines", "ansible.errors"}
    assert found["modules.check"] == {"module_utils._sip.client"}
    assert of_ansible(found["module_utils._sip.client"]) == ["ansible.errors"]
    assert wrong_arrows(found, ALLOWED) == []
    assert cycle(found) == []


@pytest.mark.parametrize(
    "line",
    [
        "from .._sip.client import ask",
        "from .._sip import client",
        f"from {OURS}.module_utils._sip import client",
        f"import {OURS}.module_utils._sip.client",
        "def later():\n    from .._sip.client import ask",
        "if TYPE_CHECKING:\n    from .._sip.client import ask",
    ],
)
def test_an_arrow_that_points_up_is_reported(tree: Path, line: str) -> None:
    (tree / "module_utils/_net/lines.py").write_text(f"{line}\n")
    found = imports_below(tree)
    assert wrong_arrows(found, ALLOWED) == ["module_utils._net.lines imports module_utils._sip.client"]
    assert set(cycle(found)) == {"module_utils._net.lines", "module_utils._sip.client"}


def test_a_file_without_a_row_is_reported(tree: Path) -> None:
    (tree / "module_utils/helpers.py").write_text("")
    assert wrong_arrows(imports_below(tree), ALLOWED) == ["module_utils.helpers is in no row of the table"]

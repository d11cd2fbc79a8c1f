# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that lists the kinds of credential agrees with module_utils/_kinds.py, the only list that counts."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from faults.flows import FLOWS
from support.module_runner import ONLY_ACTIONS

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS, REPAIRABLE, Kind
from tools import kinds as lists

ROOT = Path(__file__).resolve().parents[3]
COLLECTION = "callcenter.passwords"
PLUGINS = "ansible_collections.callcenter.passwords.plugins"

RUNTIME = "meta/runtime.yml"
DEFAULTS = "roles/rotate/defaults/main.yml"
SPECS = "roles/rotate/meta/argument_specs.yml"
VARIABLES = "roles/rotate/vars/main.yml"
ROTATION = "plugins/modules/rotation.py"

DELIBERATE = {
    "rotate_cec_account_min_age_hours": "The action takes it for every kind. Only the CEC demands it.",
}
"""Variables of the role whose default is not the option's, and why."""

MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
IN_GROUPS = [module for module in MODULES if module not in ONLY_ACTIONS]


def read(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))


def agree(file: str, what: str, found: Iterable[Any], expected: Iterable[Any]) -> None:
    """Fail with the name of the file and what is missing there or too much, or in another order."""
    found, expected = list(found), list(expected)
    missing = [one for one in expected if one not in found]
    surplus = [one for one in found if one not in expected]
    assert found == expected, f"{file}: {what} is {found}; missing: {missing}; too much: {surplus}"


def equal(file: str, what: str, found: Any, expected: Any) -> None:
    assert found == expected, f"{file}: {what} is {found!r}, not {expected!r}"


# -- modules -----------------------------------------------------------------------------------------------------------


def options_of(module: str) -> Mapping[str, Any]:
    """Return the argument spec of a module."""
    options: Mapping[str, Any] = importlib.import_module(f"{PLUGINS}.modules.{module}").OPERATION.arguments.options
    return options


def written(module: str, name: str) -> dict[str, Any]:
    """Return a document of a module, read from its source."""
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8"))
    (text,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def fragments(module: str) -> list[str]:
    """Return the documentation fragments of a module, without the name of the collection."""
    return [
        name.removeprefix(COLLECTION + ".")
        for name in written(module, "DOCUMENTATION")["extends_documentation_fragment"]
    ]


def fragment(name: str) -> dict[str, Any]:
    file, _dot, part = name.partition(".")
    holder = importlib.import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment
    document: dict[str, Any] = yaml.safe_load(getattr(holder, part.upper() or "DOCUMENTATION"))
    return document


def documented_options(module: str) -> dict[str, Any]:
    """Return the options that a module documents, those of its fragments among them."""
    merged: dict[str, Any] = {}
    for document in [*map(fragment, fragments(module)), written(module, "DOCUMENTATION")]:
        merged |= document.get("options") or {}
    return merged


def modules_of(kind: Kind) -> list[str]:
    return [kind.login, kind.change, *([kind.repair.module] if kind.repair else [])]


class Asked(dict[str, Any]):
    """Options or a result that has everything, and notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return "x"

    def get(self, name: str, _default: Any = None) -> str:
        return self[name]


# -- the rows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_a_row_names_what_exists(name: str) -> None:
    kind = KINDS[name]
    for module in modules_of(kind):
        assert module in MODULES, f"_kinds.py: {name} names the module {module}, which does not exist"
    for parent in (kind.parent, kind.repair and kind.repair.parent):
        assert parent is None or parent in KINDS, f"_kinds.py: {name} names the kind {parent}, which does not exist"
    if kind.parent:
        assert list(KINDS).index(kind.parent) < list(KINDS).index(name), f"_kinds.py: {name} comes before {kind.parent}"


@pytest.mark.parametrize("name", KINDS)
def test_a_row_names_options_of_its_modules(name: str) -> None:
    kind, options, result = KINDS[name], Asked(), Asked()
    kind.identifiers(options)
    named = {
        ("identifiers", kind.change): options.names,
        ("handed_over", kind.change): set(kind.handed_over(result)),
        ("forbidden", kind.change): set(kind.forbidden),
        ("sign_out", kind.login): set(kind.sign_out),
        ("witness", kind.login): {kind.witness} - {None},
    }
    for (what, module), names in named.items():
        unknown = sorted(names - options_of(module).keys())
        assert not unknown, f"_kinds.py: {what} of {name} names {unknown}, which are no options of {module}"
    assert options.names, f"_kinds.py: {name} has no identifiers"
    returned = written(kind.login, "RETURN")
    unknown = sorted(result.names - returned.keys())
    assert not unknown, f"_kinds.py: handed_over of {name} reads {unknown}, which {kind.login} does not return"


@pytest.mark.parametrize("name", REPAIRABLE)
def test_a_repair_names_rules_that_exist(name: str) -> None:
    repair = KINDS[name].repair
    assert repair
    unknown = sorted(repair.rules.keys() - vars(KINDS[name].policy).keys())
    assert not unknown, f"_kinds.py: the repair of {name} names {unknown}, which are no rules of a policy"


# -- action groups -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", IN_GROUPS)
def test_a_module_is_in_one_action_group(module: str) -> None:
    groups = [group for group, members in read(RUNTIME)["action_groups"].items() if module in members]
    assert len(groups) == 1, f"{RUNTIME}: {module} is in the action groups {groups}, not in exactly one"
    expected = [f"attributes.action_group_{groups[0]}"]
    found = [name for name in fragments(module) if name.startswith("attributes.action_group_")]
    agree(f"plugins/modules/{module}.py", "its documentation's action group", found, expected)


@pytest.mark.parametrize("module", IN_GROUPS)
def test_a_module_has_an_action(module: str) -> None:
    """Without it a module that is used alone would print its secrets at -vvv, and its logins would be counted nowhere."""
    assert (ROOT / f"plugins/action/{module}.py").exists(), f"plugins/action/{module}.py is missing"
    action = importlib.import_module(f"{PLUGINS}.action.{module}").ActionModule
    assert action is importlib.import_module(f"{PLUGINS}.plugin_utils.module_runner.runner").ActionModule


def test_action_groups_hold_modules_only() -> None:
    groups = read(RUNTIME)["action_groups"]
    agree(RUNTIME, "the modules in action groups", sorted(chain(*groups.values())), IN_GROUPS)
    for group in groups:
        attribute = fragment(f"attributes.action_group_{group}")["attributes"]["action_group"]
        expected = [f"{COLLECTION}.{group}"]
        agree("plugins/doc_fragments/attributes.py", f"membership of {group}", attribute["membership"], expected)


# -- documentation -----------------------------------------------------------------------------------------------------


def test_the_rotation_module_lists_the_kinds() -> None:
    options = documented_options("rotation")
    agree(ROTATION, "choices of kind", options["kind"]["choices"], KINDS)
    agree(ROTATION, "choices of repairable", options["repairable"]["choices"], REPAIRABLE)


def test_the_table_of_the_readme_lists_the_kinds() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    (table,) = [table for table in tables if re.match(r"\| *Kind *\|", table)]
    agree("README.md", "the table of kinds", re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE), KINDS)


@pytest.mark.parametrize("module", IN_GROUPS)
def test_a_module_documents_its_options(module: str) -> None:
    found = sorted(documented_options(module))
    agree(f"plugins/modules/{module}.py", "the documented options", found, sorted(options_of(module)))


def test_every_kind_is_in_the_fault_matrix() -> None:
    agree("tests/faults/flows.py", "the kinds of the flows", sorted({flow.kind for flow in FLOWS}), sorted(KINDS))


def test_literal_lists_follow() -> None:
    stale = lists.stale()
    assert not stale, f"{', '.join(stale)}: a list of kinds does not follow module_utils/_kinds.py; run `make kinds`"


# -- the role ----------------------------------------------------------------------------------------------------------


def role_options() -> Iterator[tuple[str, str, Any]]:
    """Yield entry point, variable and its description, for each of the role's variables."""
    for entry_point, spec in read(SPECS)["argument_specs"].items():
        for variable, option in spec["options"].items():
            yield entry_point, variable, option


def test_the_role_knows_the_kinds() -> None:
    choices = {"rotate_credentials": list(KINDS), "rotate_only": list(KINDS), "rotate_repair": REPAIRABLE}
    seen = set()
    for entry_point, variable, option in role_options():
        if variable in choices:
            agree(SPECS, f"choices of {variable} in {entry_point}", option["choices"], choices[variable])
            seen.add(variable)
    assert seen >= {"rotate_credentials", "rotate_repair"}, f"{SPECS}: one of {sorted(choices)} is not described"


def test_defaults_of_the_role_follow_the_rows() -> None:
    defaults = read(DEFAULTS)
    columns = {name: kind.csv_column for name, kind in KINDS.items()}
    equal(DEFAULTS, "rotate_enroll_csv_columns", defaults["rotate_enroll_csv_columns"], columns)
    hours = KINDS["cec_account"].min_age_hours
    equal(DEFAULTS, "rotate_cec_account_min_age_hours", defaults["rotate_cec_account_min_age_hours"], hours)


def test_variables_of_the_role_follow_the_rows() -> None:
    agree(VARIABLES, "the kinds of __rotate_options", mapped(), KINDS)


def test_defaults_and_argument_specs_of_the_role_agree() -> None:
    defaults = read(DEFAULTS)
    described = {}
    for entry_point, variable, option in role_options():
        if "default" in option:
            described[variable] = option["default"]
            assert variable in defaults, f"{DEFAULTS}: {variable} is missing; {SPECS} says {option['default']!r}"
            equal(SPECS, f"default of {variable} in {entry_point}", option["default"], defaults[variable])
        else:
            assert variable not in defaults, f"{SPECS}: {variable} in {entry_point} has no default; {DEFAULTS} has one"
    agree(SPECS, "the variables with a default", sorted(described), sorted(defaults))


def mapped() -> dict[str, Any]:
    """Return which variable of the role holds which option of the rotation, by kind."""
    variables = read(VARIABLES)
    found: dict[str, Any] = variables["__rotate_options"]
    return found


def held(mapping: Mapping[str, Any], options: Mapping[str, Any], inner: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each mapped variable, its option, and the option's description, also inside of dictionaries.

    Args:
        mapping: names of variables by options.
        options: descriptions of these options.
        inner: the key of a description that holds those of a dictionary's options.
    """
    for option, variable in mapping.items():
        if option not in options:
            continue
        if isinstance(variable, str):
            yield variable, option, options[option]
        elif isinstance(variable, dict):
            yield from held(variable, options[option].get(inner) or {}, inner)


def _given(default: Any) -> Any:
    """Return a default without what Ansible's validator fills in for suboptions that are not given."""
    return (
        {name: value for name, value in default.items() if value is not None} if isinstance(default, dict) else default
    )


def test_defaults_of_the_role_are_those_of_the_options() -> None:
    defaults, rotation = read(DEFAULTS), documented_options("rotation")
    faults = set()
    for name, mapping in mapped().items():
        sources = {ROTATION: list(held(mapping, rotation, "suboptions"))} | {
            f"plugins/modules/{module}.py": list(held(mapping["account"], options_of(module), "options"))
            for module in modules_of(KINDS[name])
        }
        for file, options in sources.items():
            faults |= {
                f"{DEFAULTS}: {variable} is {defaults[variable]!r}; {option} in {file} is {described.get('default')!r}"
                for variable, option, described in options
                if variable in defaults and variable not in DELIBERATE
                if _given(described.get("default")) != defaults[variable]
            }
    assert not faults, "\n".join(sorted(faults))


@pytest.mark.parametrize("name", KINDS)
def test_variables_of_the_role_name_options(name: str) -> None:
    mapping, rotation = mapped()[name], documented_options("rotation")
    modules = {option for module in modules_of(KINDS[name]) for option in options_of(module)}
    unknown = sorted(set(mapping["account"]) - modules)
    assert not unknown, f"{VARIABLES}: account of {name} names {unknown}, which none of its modules has"
    unknown = sorted(set(mapping["rules"]) - rotation["rules"]["suboptions"].keys())
    assert not unknown, f"{VARIABLES}: rules of {name} names {unknown}, which are no rules of the rotation"


def leaves(value: Any) -> Iterator[str]:
    """Yield the names of variables that a mapping holds at any depth."""
    for inner in value.values():
        if isinstance(inner, dict):
            yield from leaves(inner)
        else:
            yield inner


@pytest.mark.parametrize("name", KINDS)
def test_variables_that_the_role_reads_are_described(name: str) -> None:
    described = {variable for _entry_point, variable, _option in role_options()}
    written = (ROOT / DEFAULTS).read_text(encoding="utf-8")
    for variable in leaves(mapped()[name]):
        first = variable.partition(".")[0]
        if not first.startswith("__"):
            assert first in described, f"{SPECS}: {first} is missing; {VARIABLES} reads it for {name}"
            assert re.search(rf"^(# )?{first}:", written, re.MULTILINE), (
                f"{DEFAULTS}: {first} is missing, also as a comment"
            )


PASSWORDS = ("password", "old_password", "new_password", "account_password")
"""Options that the rotation gives a module from the store."""


@pytest.mark.parametrize("name", KINDS)
def test_options_that_a_module_needs_have_a_variable(name: str) -> None:
    given = {*mapped()[name]["account"], *PASSWORDS}
    for module in (KINDS[name].login, KINDS[name].change):
        arguments = importlib.import_module(f"{PLUGINS}.modules.{module}").OPERATION.arguments
        needed = [(option,) for option, spec in arguments.options.items() if spec.get("required")]
        missing = [group for group in (*needed, *arguments.required_one_of) if not given & set(group)]
        assert not missing, f"{VARIABLES}: account of {name} has none of {missing}, which {module} needs"


# -- the code ----------------------------------------------------------------------------------------------------------


def test_no_code_asks_for_a_certain_kind() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} has the kind {node.value}"
        for folder in ("plugin_utils", "action")
        for path in sorted((ROOT / "plugins" / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in KINDS
    ]
    assert not found, "\n".join(["What is particular about a kind belongs into module_utils/_kinds.py:", *found])


@pytest.mark.parametrize("name", KINDS)
def test_a_module_checks_passwords_of_its_own_kind(name: str) -> None:
    kind = KINDS[name]
    for module in (kind.change, *([kind.repair.module] if kind.repair else [])):
        tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8"))
        named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in [*KINDS]}
        assert named == {name}, f"plugins/modules/{module}.py names the kinds {sorted(named)}, not {name}"

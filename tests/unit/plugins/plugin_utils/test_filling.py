# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filling templates in, by ansible-core itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.callcenter.passwords.plugins.plugin_utils.filling import (
    StoredPasswordError,
    altered_texts,
    filled,
    refuse_altered,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.secretive_action import KEEPS_TEMPLATES

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 trusts every text

    def trust_as_template(value: Any) -> Any:
        """Return a text that is filled in."""
        return value


def trusted(value: Any) -> Any:
    """Return a value as it comes from a file of variables."""
    if isinstance(value, dict):
        return {name: trusted(inner) for name, inner in value.items()}
    return trust_as_template(value)


def password(written: str, variable: str = "{{ given.a }}", **variables: str) -> Any:
    """Fill a variable in behind which a password is written like this."""
    # ansible-core before 2.19 fills in all of a dictionary to get at one value.
    others = {"b": "{{ of another host"} if KEEPS_TEMPLATES else {}
    known = trusted({"given": {"a": written, **others}, **variables})
    templar = Templar(loader=DataLoader(), variables=known)
    with altered_texts(templar) as altered:
        value = filled("variable", trusted(variable), templar.template)
    refuse_altered({"password": value}, altered)
    return value


@pytest.mark.parametrize("written", ["Kz7@mWv", "{Kz7}@mWv", "{{ behind }}", "{{ 'a' }}{{ behind }}"])
def test_a_password_and_a_template_for_one(written: str) -> None:
    assert password(written, behind="Kz7") in {written, "Kz7", "aKz7"}


@pytest.mark.parametrize("written", ["Kz7@{{1+1}}W", "Kz7@{#a#}W", "{#a#}Kz7@W", "Kz7@{{mWv", "Kz7@{#mWv", "Kz7@{%mWv"])
@pytest.mark.parametrize("variable", ["{{ given.a }}", "{{ given['a'] if given.a is defined else '' }}"])
def test_a_password_that_would_be_altered(written: str, variable: str) -> None:
    with pytest.raises(AnsibleActionFail, match="!unsafe") as caught:
        password(written, variable)
    assert "Kz7" not in caught.value.message
    assert "mWv" not in caught.value.message


def test_what_is_not_defined_is_not_quoted() -> None:
    with pytest.raises(
        AnsibleActionFail, match=r"variable cannot be filled in: it, or a variable behind it, names something that is"
    ):
        password("{{ mWv }}")
    with pytest.raises(AnsibleActionFail, match="!unsafe"):
        password("Kz7@{{ mWv }}", "{{ given.a if given.a is defined else '' }}")


def test_a_template_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    templar = Templar(loader=DataLoader(), variables=trusted({"number": "7"}))
    written = trusted("Start-{{ number }}")
    with altered_texts(templar, meant={written}) as altered:
        value = filled("password", {"password": written}, templar.template)
    refuse_altered(value, altered)
    assert value == {"password": "Start-7"}


def test_why_the_store_could_not_be_read_is_told() -> None:
    def burst(_value: Any) -> Any:
        try:
            raise StoredPasswordError("there is no current password; is the host enrolled?")
        except StoredPasswordError as exc:
            raise ValueError("Kz7") from exc

    with pytest.raises(AnsibleActionFail, match="there is no current password") as caught:
        filled("password", "x", burst)
    assert "Kz7" not in caught.value.message

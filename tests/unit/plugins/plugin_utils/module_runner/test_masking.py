# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking, with what the running ansible-core has and with what a later one has."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner import masking

RESULT = {"msg": "it is Marker-1 again", "list": ["Marker-1", {"deep": "xMarker-1x"}], "number": 7}


def test_secrets_are_starred_before_core_2_22(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "register_secret", None)
    cleaned = masking.masked(RESULT, ["Marker-1"])
    assert "Marker-1" not in str(cleaned)
    assert cleaned["number"] == 7
    assert masking.masked(RESULT, []) == RESULT
    monkeypatch.setattr(masking, "_read", set())
    assert masking.register("Marker-1") == "Marker-1"
    assert "Marker-1" not in str(masking.masked(RESULT, [])), "it may have been given as any option"


def test_secrets_are_registered_where_core_masks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[Any] = []
    monkeypatch.setattr(masking, "register_secret", registered.append)
    assert masking.masked(RESULT, ["Marker-1", "Marker-2"]) is RESULT
    assert masking.register("Marker-3") == "Marker-3"
    assert sorted(registered) == ["Marker-1", "Marker-2", "Marker-3"]


@pytest.mark.parametrize("secret", [["Marker-1"], {"a": "Marker-1"}, ({"a": ["Marker-1"]},)])
def test_secrets_inside_other_values_are_starred_too(monkeypatch: pytest.MonkeyPatch, secret: Any) -> None:
    monkeypatch.setattr(masking, "register_secret", None)
    assert "Marker-1" not in str(masking.masked(RESULT, [secret]))


@pytest.mark.parametrize("has_registry", [True, False])
def test_a_secret_that_is_too_short_leaves_the_output_alone(
    monkeypatch: pytest.MonkeyPatch, has_registry: bool
) -> None:
    registered: list[Any] = []
    monkeypatch.setattr(masking, "register_secret", registered.append if has_registry else None)
    result = {"changed": False, "failed_logins": 1, "code": None, "msg": "eat it"}
    for secret in ("a", "1", "eat"):
        (warning,) = masking.masked(result, [secret]).pop("warnings")
        assert warning == "a secret of fewer than 4 characters is too short to be kept out of the output"
    assert masking.register("eat") == "eat"
    assert masking.masked(result, []) == result
    assert registered == []


def test_numbers_and_nothing_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "register_secret", None)
    result = {"changed": False, "failed_logins": 1000, "code": None}
    assert masking.masked(result, ["False", "None"]) == result


@pytest.mark.parametrize("secret", [12345678, ["Marker-1"], {"a": "Marker-1"}])
def test_a_secret_that_is_no_string_breaks_nothing(monkeypatch: pytest.MonkeyPatch, secret: Any) -> None:
    monkeypatch.setattr(masking, "register_secret", None)
    assert masking.masked({"msg": "fine"}, [secret]) == {"msg": "fine"}

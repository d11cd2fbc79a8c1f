# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People with credentials of all kinds: every row of the table in the README, end to end."""

from __future__ import annotations

import pytest
from simulator.client import Simulator
from support.controller import Controller

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS

REQUESTS = {
    "cc_agent": ["sign_in", "change", "sign_out", "sign_in", "sign_out"],
    "cc_config": ["config_login", "config_change", "config_login"],
    # With one more for the phone, because the registrar has not seen the account's password.
    "cec_account": ["login_check", "account_change", "login_check", "login_check"],
    # The registrar asks for the password in an answer of its own.
    "cec_sip": [*["sip_register"] * 2, "sip_change", *["sip_register"] * 2],
    "idaas": ["idaas_login", "idaas_change", "idaas_login"],
}
"""What a rotation asks: a login, the change in its session, and a fresh login that verifies it."""
STEPS = "logged in, staged, changed, verified"


@pytest.mark.oldest_core
def test_people_with_all_five_kinds(controller: Controller, simulator: Simulator) -> None:
    for number in range(1001, 1005):
        controller.add_person(number, KINDS)
    controller.enroll()
    enrolled = controller.files()
    checked = controller.rotate("--check")
    assert checked.rc == 0, checked.output
    assert checked.calls == []
    assert controller.files() == enrolled

    run = controller.rotate(one_batch=False)
    assert run.rc == 0, run.output
    for credential in controller.credentials:
        assert controller.is_rotated(credential), credential
        live = controller.live(credential)
        assert (live["changes"], live["failures"]) == (1, 0), credential
        said = f"{credential.host}, {credential.kind}: rotated: {STEPS}; due 20"
        assert any(line.startswith(said) for line in run.stderr.splitlines()), "a line for each, on standard error"
    # The accounts of one person have the same name in some services.
    first = {credential.kind: credential for credential in controller.credentials[: len(KINDS)]}
    for kind, requests in REQUESTS.items():
        calls = [call for call in run.calls_of(first[kind].number) if call["service"] == kind]
        assert [call["operation"] for call in calls] == requests, kind
    # One token for the tenant, for four people and two kinds.
    assert len([call for call in run.calls if call["operation"] == "cec_token"]) == 1
    # The phones were tried at the registrar, and no phone was registered.
    assert len([call for call in run.calls if call["operation"] == "sip_register"]) >= 8
    order = [call["operation"] for call in run.calls if call["operation"] in ("account_change", "sip_change")]
    assert order[0] == "account_change"

    again = controller.rotate(one_batch=False)
    assert (again.rc, again.changed, again.calls) == (0, set(), [])

    verified = controller.verify()
    assert verified.rc == 0, verified.output
    assert verified.changed == set()
    controller.judge()


def test_a_phone_whose_password_somebody_changed_is_replaced_at_once(
    controller: Controller, simulator: Simulator
) -> None:
    phone = controller.add_person(1001, ["cec_account", "cec_sip"])["cec_sip"]
    controller.enroll()
    assert controller.rotate().rc == 0
    simulator.act("password", "cec_sip", phone.number, password="Changed_by7hand")

    verified = controller.verify()
    assert verified.failed == {phone.host}
    assert "the next rotation replaces it" in verified.message(phone.host)

    # It is not due, and the account's password must not be changed again today; neither stands in the way.
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert (run.outcome(phone.host, "cec_account"), run.outcome(phone.host, "cec_sip")) == ("not_due", "rotated")
    assert controller.is_rotated(phone)
    assert controller.live(phone)["failures"] == 1
    assert controller.verify().rc == 0

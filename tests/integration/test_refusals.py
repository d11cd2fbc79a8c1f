# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that are refused although they were carried out. What the server says is not what it did; a login finds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulator.client import Simulator
from support.controller import Controller, Credential
from support.load_balancer import CHANGES, LoadBalancer

from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS

EXPIRED = {"attributes": {"status": "PASSWORD_EXPIRED"}}
"""A user of an IDaaS whose password is changed with a state token."""

# Kind, operation, and the answer to a change that was carried out.
APPLIED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "policy": ("cc_agent", "change", {"kind": "retcode", "code": "000-002"}),
    "no session": ("cc_agent", "change", {"kind": "retcode", "code": "100-006"}),
    "old password is wrong": ("cc_config", "config_change", {"kind": "retcode", "code": "107-002"}),
    "not logged in": ("cc_config", "config_change", {"kind": "retcode", "code": "107-000"}),
    "resultCode 1": (
        "cec_account",
        "account_change",
        {"kind": "retcode", "code": "1", "message": "The old password is incorrect."},
    ),
    **{f"HTTP {status}": ("cec_account", "account_change", {"kind": "status", "status": status})
       for status in (400, 401, 403, 404, 429)},
    "IDaaS, HTTP 403": ("idaas", "idaas_change", {"kind": "status", "status": 403}),
    "used before": ("idaas", "idaas_change", {"kind": "retcode", "code": "IDAAS.SDK.PWD.0001"}),
    "id token unknown": ("idaas", "idaas_change", {"kind": "retcode", "code": "IDAAS.SDK.PARAM.0016"}),
    "state token unknown": ("idaas", "idaas_update", {"kind": "retcode", "code": "IDAAS.SDK.PARAM.0014"}),
    # A phone's password is changed with its account's.
    "phone, resultCode 1": ("cec_sip", "sip_change", {"kind": "retcode", "code": "1"}),
    "phone, HTTP 403": ("cec_sip", "sip_change", {"kind": "status", "status": 403}),
}  # fmt: skip


def add(controller: Controller, number: int, kind: str, operation: str = "") -> Credential:
    """A person with one credential, or with a phone and the account that it needs."""
    kinds = ["cec_account", "cec_sip"] if kind == "cec_sip" else [kind]
    variables = {"rotate_credentials": [kind]}
    more = {kind: EXPIRED} if operation == "idaas_update" else {}
    return controller.add_person(number, kinds, variables=variables, **more)[kind]


@pytest.mark.parametrize("status", [429, 503])
def test_a_login_that_nobody_has_looked_at(controller: Controller, simulator: Simulator, status: int) -> None:
    """A proxy or a rate limiter answers instead of the service, as often as it likes: nothing counts."""
    operations = {"cc_agent": "sign_in", "cec_account": "login_check", "idaas": "idaas_login"}
    people = {kind: add(controller, 1001 + number, kind) for number, kind in enumerate(operations)}
    controller.fill()
    for kind, operation in operations.items():
        simulator.fault("status", account=people[kind].number, operation=operation, status=status, count=3)
    for _time in range(3):
        run = controller.rotate()
        for kind, person in people.items():
            assert run.outcome(person.host, kind) == "access_denied", run.output
            assert f"HTTP {status}" in run.said(person.host, kind)
            assert controller.stored(person.host, kind)["ledger"] == []
    assert controller.rotate().changed == controller.hosts
    controller.judge()


@pytest.mark.parametrize("transport", ["answer", "page"])
def test_refused_but_carried_out(controller: Controller, simulator: Simulator, transport: str) -> None:
    """Every answer of a service that says no, and pages in its place. No password is lost, and no account is locked.

    The current password is tried once and is wrong, or the new one is tried at once; then the new one is in force.
    """
    wanted = "status" if transport == "page" else "retcode"
    cases = {name: case for name, case in APPLIED.items() if case[2]["kind"] == wanted}
    people = {
        name: add(controller, 1001 + number, kind, operation)
        for number, (name, (kind, operation, _fault)) in enumerate(cases.items())
    }
    controller.fill()
    for name, (_kind, operation, fault) in cases.items():
        simulator.fault(account=people[name].number, operation=operation, applied=True, **fault)
    run = controller.rotate()
    assert simulator.faults() == []
    controller.judge()
    assert {name: run.outcome(person.host, person.kind) for name, person in people.items()} == dict.fromkeys(
        people, "rotated"
    ), run.output
    for name, person in people.items():
        live, stored = controller.live(person), controller.stored(person.host, person.kind)
        assert controller.is_rotated(person), name
        assert stored["previous"] == person.password, name
        assert live["changes"] == 1, name
        assert live["max_consecutive_failures"] <= 2, name
    again = controller.rotate()
    assert (again.rc, again.calls) == (0, []), again.output


def test_a_load_balancer_that_sends_changes_twice(controller: Controller, simulator: Simulator, tmp_path: Path) -> None:
    """The first of the two changes the password, and the second is refused, by all five kinds in their own way."""
    for number, kind in enumerate(KINDS):
        add(controller, 1001 + number, kind)
    add(controller, 1100, "idaas", "idaas_update")
    controller.fill()
    with LoadBalancer(tmp_path / "balancer", simulator.url, simulator.ca_path, sends_changes_twice=True) as balancer:
        for service, where in (("cc", "gateway"), ("cec", "cec"), ("idaas", "idaas")):
            name = f"rotate_{service}_{where}_url" if service == "cc" else f"rotate_{service}_url"
            controller.group_vars |= {name: balancer.url, f"rotate_{service}_ca_path": balancer.ca_path}
        run = controller.rotate()
        for credential in controller.credentials:
            stored, live = controller.stored(credential.host, credential.kind), controller.live(credential)
            assert live["password"] in (stored["current"], stored["staged"]), credential
        controller.judge()
        twice = [call["path"] for call in run.calls if CHANGES.search(call["path"])]
        assert len(twice) >= 2 * (len(KINDS) + 1), "each change was sent twice"
        if run.failed:
            run = controller.rotate()
        assert run.failed == set(), run.output
        for credential in controller.credentials:
            if credential.kind in controller.host_vars[credential.host]["rotate_credentials"]:
                assert controller.is_rotated(credential), credential
        controller.judge()
        verified = controller.verify()
        assert verified.rc == 0, verified.output

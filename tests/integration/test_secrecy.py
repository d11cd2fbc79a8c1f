# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is in any output, file or process, whatever goes wrong: at the highest verbosity, with every log, cache,
report and callback that ansible-core has, during the run and after it."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterable
from typing import Any

import pytest
from simulator.client import Simulator
from support.controller import BIN, Controller, Credential, Run, new_password, until
from support.marked import (
    APP_KEY,
    AWKWARD,
    LOUD,
    every_secret,
    evidence,
    leaks,
    watch,
)
from support.secrecy import hits

FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("cc_agent", "change", {"kind": "drop_before"}),
    ("cc_agent", "change", {"kind": "drop_after"}),
    ("cc_agent", "change", {"kind": "html", "applied": True}),
    ("cc_agent", "change", {"kind": "lie"}),
    ("cc_agent", "change", {"kind": "garbled_http", "applied": True}),
    ("cc_agent", "change", {"kind": "retcode", "code": "000-002", "message": "illegal"}),
    ("cc_agent", "change", {"kind": "redirect", "applied": True}),
    ("cc_agent", "sign_in", {"kind": "header_flood", "applied": True}),
    ("cc_agent", "change", {"kind": "latency", "seconds": 2}),
    ("cc_config", "config_change", {"kind": "drop_after"}),
    ("cec_account", "account_change", {"kind": "drop_after"}),
    ("cec_account", "login_check", {"kind": "garbled_http", "applied": True}),
    ("cec_sip", "sip_change", {"kind": "html", "applied": True}),
    ("idaas", "idaas_change", {"kind": "retcode", "code": "IDAAS.SDK.PWD.0001"}),
    ("idaas", "idaas_update", {"kind": "garbled", "applied": True}),
    ("idaas", "idaas_reset", {"kind": "drop_before"}),
)
SESSION_KINDS = ("cc_agent", "cc_config", "idaas")
IN_ONE_SESSION = {
    "cc_agent": ["sign_in", "change", "sign_out", "sign_in", "sign_out"],
    "cc_config": ["config_login", "config_change", "config_login"],
    "idaas": ["idaas_login", "idaas_change", "idaas_login"],
    "forced": ["idaas_login", "idaas_update", "idaas_login"],
}
"""What a rotation asks where the session of the login is handed on to the change."""
IN_TWO_SESSIONS = {
    "cc_agent": ["sign_in", "sign_out", *IN_ONE_SESSION["cc_agent"]],
    "cc_config": ["config_login", *IN_ONE_SESSION["cc_config"]],
    "idaas": ["idaas_login", *IN_ONE_SESSION["idaas"]],
    "forced": ["idaas_login", *IN_ONE_SESSION["forced"]],
}
"""What it asks where a session would be printed, so that the change opens one of its own."""


def hosts(credentials: Iterable[Credential]) -> str:
    return ",".join(sorted({credential.host for credential in credentials}))


def add_people_with_sessions(controller: Controller, first: int, connection: str) -> dict[str, Credential]:
    """One person for each kind that has sessions, and a user whose password is changed with a state token."""
    there = {"ansible_connection": connection, "rotate_connection": connection}
    kinds = {name: "idaas" if name == "forced" else name for name in (*SESSION_KINDS, "forced")}
    return {
        name: controller.add_person(first + number, [kind], variables=there)[kind]
        for number, (name, kind) in enumerate(kinds.items())
    }


def rotate_and_show_everything(controller: Controller) -> str:
    """A playbook that rotates, then shows and caches all that is known of a host, except what the user gave as variables."""
    vaulted = "rotate_cec_app_secret|rotate_idaas_tenant_client_secret|vaulted_.*"
    variables = (
        f"{{{{ hostvars[inventory_hostname] | dict2items | rejectattr('key', 'match', '{vaulted}') | items2dict }}}}"
    )
    return controller.playbook(
        [
            {
                "name": "Rotate and look",
                "block": [{"name": "Rotate", "ansible.builtin.include_role": {"name": "callcenter.passwords.rotate"}}],
                "always": [
                    {"name": "Show", "ansible.builtin.debug": {"msg": variables}},
                    {"name": "Cache", "ansible.builtin.set_fact": {"known": variables, "cacheable": True}},
                ],
            }
        ],
        vars={"rotate_max_fail_percentage": 100},
    )


def rotate_with_runner(controller: Controller, *arguments: str) -> Run:
    """Rotate by ansible-runner, which keeps artifacts: the command with its environment, every event, facts."""
    folder = controller.folder / "runner"
    folder.mkdir()
    command = [
        "run",
        str(folder),
        "-p",
        "callcenter.passwords.rotate",
        "--inventory",
        str(controller.folder / "inventory"),
    ]
    given = (
        "--vault-password-file",
        str(controller.vault_file),
        "-e",
        "rotate_serial=100%",
        "-e",
        "rotate_when=always",
    )
    done = subprocess.run(
        [str(BIN / "ansible-runner"), *command, "--ident", "1", "--cmdline", " ".join([*given, *arguments])],
        cwd=controller.folder,
        env=controller.env(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout, done.stderr, {}, [], [])


@pytest.mark.oldest_core
def test_the_three_playbooks(loud: Controller, simulator: Simulator) -> None:
    """All kinds, each failing in several ways, in runs of every stdout callback that ansible-core has."""
    loud.environment["ANSIBLE_FORKS"] = "20"
    loud.group_vars |= {"rotate_cc_timeout": 3, "rotate_repair": ["idaas"]}
    people = []
    for number, (kind, operation, _fault) in enumerate(FAULTS):
        kinds = ["cec_account", "cec_sip"] if kind == "cec_sip" else [kind]
        status = {"attributes": {"status": "PASSWORD_EXPIRED"}} if operation == "idaas_update" else {}
        password = {} if kind == "cec_sip" else {"password": AWKWARD[number % 3]}
        people.append(loud.add_person(1001 + number, kinds, **{kind: {**password, **status}})[kind])
    held, repaired = people[8], people[-1]
    one_of_each = {person.kind: person for person in people}.values()
    wrong, unread = loud.add_agent(1101), loud.add_agent(1102)
    far = add_people_with_sessions(loud, 1201, "bastion")
    rows = loud.folder / "given" / "passwords.csv"
    rows.parent.mkdir()
    with rows.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[people[0].host, AWKWARD[0]], [wrong.host, AWKWARD[2]]])
    rows.chmod(0o600)
    simulator.fault("garbled", account=unread.number, operation="sign_in", applied=True)
    texts: dict[str, bytes] = {}
    secrets: set[str] = set()
    runs = [
        loud.enroll(*LOUD, "-e", f"rotate_enroll_csv={rows}", check=False, person_1001={}, agent_1101={}),
        loud.rotate(*LOUD, "--check", "--limit", hosts(one_of_each)),
    ]
    assert runs[0].failed == {wrong.host, unread.host}, runs[0].output
    secrets |= every_secret(loud)

    for person, (_kind, operation, fault) in zip(people, FAULTS, strict=True):
        # The login check and the sign-in are those that verify the change.
        skip = {"login_check": 1, "sign_in": 1}.get(operation, 0)
        simulator.fault(account=person.number, operation=operation, skip=skip, **fault)
    simulator.fault("oversized", account=APP_KEY, operation="cec_token", skip=1, size=2, applied=True)
    simulator.act("password", "idaas", repaired.number, password=new_password())
    loud.environment["ANSIBLE_STDOUT_CALLBACK"] = "minimal"
    running = loud.start(rotate_and_show_everything(loud), *LOUD)
    with watch(loud, running) as watched:
        until(lambda: simulator.journal(account=held.number, operation="change"), seconds=120)
        # The main process and the worker that has the passwords in its hands.
        assert len([name for name in watched.look() if name.startswith("environ")]) >= 2
        runs.append(running.result(timeout=240))
    texts |= watched.texts
    assert runs[-1].failed, runs[-1].output
    secrets |= every_secret(loud)

    simulator.advance(130)
    again = {credential for credential in people if credential.host in runs[-1].failed} | {*one_of_each}
    runs.append(rotate_with_runner(loud, *LOUD, "--limit", hosts([*again, *far.values()])))
    secrets |= every_secret(loud)

    bad = locked, changed, locked_user = people[3], people[4], people[13]
    simulator.act("lock", "cc_agent", locked.number)
    simulator.act("password", "cc_agent", changed.number, password=new_password())
    simulator.act("lock", "idaas", locked_user.number)
    loud.environment["ANSIBLE_STDOUT_CALLBACK"] = "oneline"
    runs.append(loud.verify("-vvvv", "--limit", hosts([*bad, *one_of_each])))
    assert {credential.host for credential in bad} <= runs[-1].failed, runs[-1].output

    for place in ("ansible.log", "facts/*", "retry/*", "junit/*.xml", "tree/*", "reports/*.csv", "results-*.jsonl"):
        assert list(loud.folder.glob(place)), place
    for place in ("command", "stdout", "stderr", "job_events/*.json"):
        assert list(loud.folder.glob(f"runner/artifacts/1/{place}")), place
    assert len(secrets) > 3 * len(people)
    assert leaks(loud, secrets, texts, evidence(loud, runs, [rows])) == []


@pytest.mark.parametrize(
    ("arguments", "debug", "hands_on"),
    [
        ((), False, True),
        (("-vv",), False, True),
        (("-vvv",), False, False),
        pytest.param(("-vvvv", "--diff"), False, False, marks=pytest.mark.oldest_core),
        ((), True, False),
    ],
    ids=["plain", "vv", "vvv", "vvvv", "debug"],
)
def test_sessions_that_are_handed_on(
    loud: Controller, simulator: Simulator, arguments: tuple[str, ...], debug: bool, hands_on: bool
) -> None:
    """A session leads from the login to the change: guid, cookies, id token, state token. Nobody gets to see them.

    Where they come from a module on a bastion, connection plugins print them from -vvv on, and so does Ansible's
    debugging. There the change opens a session of its own.
    """
    here, there = add_people_with_sessions(loud, 1001, "local"), add_people_with_sessions(loud, 1101, "bastion")
    for number in (1201, 1202):
        loud.add_person(
            number, ["cec_account"], variables={"ansible_connection": "bastion", "rotate_connection": "bastion"}
        )
    loud.fill()
    for people in (here, there):
        simulator.act("expire", "idaas", people["forced"].number)
    if debug:
        loud.environment["ANSIBLE_DEBUG"] = "true"
    simulator.fault("latency", account=there["cc_agent"].number, operation="change", seconds=2)
    running = loud.start(rotate_and_show_everything(loud), *arguments)
    with watch(loud, running) as watched:
        until(lambda: simulator.journal(account=there["cc_agent"].number, operation="change"), seconds=120)
        watched.look()
        run = running.result(timeout=240)
    assert run.rc == 0, run.output
    assert all(loud.is_rotated(credential) for credential in loud.credentials)
    assert {name: run.operations(person.number) for name, person in here.items()} == IN_ONE_SESSION
    wanted = IN_ONE_SESSION if hands_on else IN_TWO_SESSIONS
    assert {name: run.operations(person.number) for name, person in there.items()} == wanted
    # A tenant's token is shared in the same way.
    assert (len(run.calls_of(APP_KEY, "cec_token")) == 1) is hands_on
    runs = [run]
    if hands_on:
        runs.append(rotate_with_runner(loud, *arguments))
        often = [credential for credential in loud.credentials if credential.kind != "cec_account"]
        assert all(loud.live(credential)["changes"] == 2 for credential in often), runs[-1].output
    issued = simulator.issued()
    assert len(issued) > 20
    texts = {**watched.texts, **evidence(loud, runs)}
    # With ANSIBLE_DEBUG ansible-core itself prints every module's arguments, as its documentation says.
    assert (hits(texts, issued) if debug else leaks(loud, (), texts)) == []

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is shown or left behind by errors that nobody foresaw, nor by processes that crash."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from simulator.client import Simulator
from support.controller import Controller, descendants, new_password, until
from support.marked import LOUD, NAME, SERVICES, evidence, give_vaulted, leaks, watch

ROOT = Path(__file__).resolve().parents[2]
MARK = "Quoted#by7an{exception}"
ERROR = f"raise RuntimeError(f'{MARK.replace('{', '{{').replace('}', '}}')} {{given}}')"
# What goes wrong where: each function raises an exception that quotes what it was given.
BURSTS = {
    "module_utils/_http/transport.py": f"def _burst(*given, **more):\n    given += (more,)\n    {ERROR}\nTransport.request = _burst\n",
    "module_utils/_sip/digest.py": f"def _burst(*given):\n    {ERROR}\nChallenge.answer = _burst\n",
    "module_utils/_policy.py": f"def _burst(*given):\n    {ERROR}\nPolicy.generate = _burst\n",
    "plugin_utils/store/vault_file.py": (
        f"_decrypt = VaultFileStore.decrypt\ndef _burst(*given):\n    given = _decrypt(*given)\n    {ERROR}\n"
        f"VaultFileStore.decrypt = _burst\n"
        f"def _burst_too(*given):\n    {ERROR}\nVaultFileStore.encrypt = _burst_too\n"
    ),
    "plugin_utils/module_runner/runner.py": (
        f"_plain = plain\ndef plain(given):\n    if isinstance(given, dict) and given.get('agent_id') == 1999:\n"
        f"        {ERROR}\n    return _plain(given)\ndef _burst(*given):\n    {ERROR}\nModuleRunner._token_there = _burst\n"
    ),
    "callback/report.py": f"def _summary(given):\n    {ERROR}\n",
}
AGENT = {"phone_number": "41001", "password": "{{ secret_cc_agent }}"}
STORED = "{{ lookup('callcenter.passwords.secret', inventory_hostname, 'cc_agent', store_path=rotate_store_path) }}"
ROTATION = {"kind": "cc_agent", "store_path": "{{ rotate_store_path }}"}
ENROLLMENT = {
    "intent": "enroll",
    "password": "{{ secret_new }}",
    "account": {"gateway_url": "{{ rotate_cc_gateway_url }}", "agent_id": 1998},
}
BURSTING: list[tuple[str, dict[str, Any]]] = [
    ("cc_agent_login", {**AGENT, "agent_id": 1001}),
    ("cc_agent_login", {**AGENT, "agent_id": 1999}),
    ("cc_agent_login", {**AGENT, "agent_id": 1001, "password": STORED}),
    (
        "idaas_password",
        {
            "user_name": "zhang.wei1001",
            "client_id": "client-1",
            "old_password": "{{ secret_idaas }}",
            "new_password": "{{ secret_new }}",
        },
    ),
    ("cec_token", {}),
    ("cec_login_check", {"account": "zhang.wei1001", "password": "{{ secret_cec_account }}"}),
    (
        "cec_sip_login",
        {
            "account": "zhang.wei1001",
            "registrar": "{{ rotate_sip_registrar }}",
            "sip_user": "{{ rotate_sip_user }}",
            "password": "{{ secret_cec_sip }}",
        },
    ),
    ("rotation", {**ROTATION, "account": {"agent_id": 1001, "phone_number": "41001"}}),
    ("rotation", {**ROTATION, **ENROLLMENT, "replace": True}),
    ("rotation", {**ROTATION, **ENROLLMENT, "host": "fresh", "verify": False}),
]


def add_marked_person(controller: Controller, number: int, connection: str) -> set[str]:
    kinds = ("cc_agent", "cec_account", "cec_sip", "idaas")
    people = controller.add_person(
        number, kinds, variables={"ansible_connection": connection, "rotate_connection": connection}
    )
    own = {kind: credential.password for kind, credential in people.items()} | {"new": new_password()}
    give_vaulted(controller, f"host_vars/person-{number}", {f"secret_{name}": own[name] for name in own})
    return {*own.values()}


def test_unforeseen_errors(loud: Controller, simulator: Simulator) -> None:
    """A copy of the collection whose functions raise exceptions that quote their arguments, deep inside."""
    copy = loud.folder / "collections" / "ansible_collections" / "callcenter" / "passwords"
    for part in ("plugins", "meta", "roles"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", copy)
    for path, code in BURSTS.items():
        with (copy / "plugins" / path).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{code}")
    loud.environment["ANSIBLE_COLLECTIONS_PATH"] = str(loud.folder / "collections")
    secrets = add_marked_person(loud, 1001, "local") | add_marked_person(loud, 1002, "bastion")
    loud.fill()
    tasks = [
        {"name": f"Burst {number}", NAME + module: arguments, "ignore_errors": True}
        for number, (module, arguments) in enumerate(BURSTING)
    ]
    run = loud.run(loud.playbook(tasks, module_defaults=SERVICES), *LOUD)
    for host in ("person-1001", "person-1002"):
        assert run.recap[host]["ignored"] == len(tasks), run.output
        for line in run.of(host):
            assert "unexpected RuntimeError" in line["result"]["msg"], (host, line)
    assert "the report is incomplete: unexpected RuntimeError" in run.output
    assert leaks(loud, {MARK, *secrets}, evidence(loud, [run], [loud.folder / "collections"])) == []


def test_passwords_that_look_like_templates(loud: Controller, simulator: Simulator) -> None:
    """In plain variables, as in a file that is vaulted as a whole. None is shown, and none is altered and tried."""
    odd = ("Kz7@{{mWvQr", "Kz7@{#mWvQr", "Kz7@{%mWvQr", "Kz7@{{1+1}}WvQr", "Kz7@{#a#}WvQr", "Kz7@{{mWv}}Qr")
    people = [loud.add_agent(1001 + number, password=password) for number, password in enumerate(odd)]
    enrolled = loud.enroll(*LOUD, check=False)
    for person in people:
        loud.host_vars[person.host]["plain"] = person.password
    login = {**AGENT, "agent_id": 1001, "password": "{{ plain }}"}
    played = loud.play([{"name": "Log in", f"{NAME}cc_agent_login": login}], *LOUD, module_defaults=SERVICES)
    for run in (enrolled, played):
        assert run.calls == []
        for person in people:
            assert "!unsafe" in run.message(person.host), run.output
    spared = [loud.folder / "inventory" / "hosts.yml"]
    assert leaks(loud, odd, evidence(loud, [enrolled, played], spared)) == []


def may_dump(process: int) -> int | None:
    """Bytes of a core dump that a process may leave, None for any number; those that have ended may leave none."""
    try:
        limits = Path(f"/proc/{process}/limits").read_text(encoding="ascii")
    except OSError:
        return 0
    (soft,) = re.findall(r"^Max core file size +(\w+)", limits, re.MULTILINE)
    return None if soft == "unlimited" else int(soft)


def cores(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("core*") if path.is_file()]


def test_crashes(loud: Controller, simulator: Simulator) -> None:
    """A worker and a module behind a connection crash with passwords in their memory, where core dumps are wanted."""
    loud.program = ["sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", *loud.program]
    control = loud.folder / "control"
    control.mkdir()
    subprocess.run(["sh", "-c", "ulimit -c unlimited; kill -ABRT $$"], cwd=control, check=False)
    dumps_are_files = cores(control) != []
    shutil.rmtree(control)

    secrets = add_marked_person(loud, 1001, "local") | add_marked_person(loud, 1002, "bastion")
    simulator.fault("timeout_after", operation="change", count=2, seconds=20)
    change = {
        "agent_id": "{{ rotate_cc_agent_id }}",
        "phone_number": "{{ rotate_cc_phone_number }}",
        "old_password": "{{ secret_cc_agent }}",
        "new_password": "{{ secret_new }}",
        "timeout": 30,
    }
    tasks = [{"name": "Change", f"{NAME}cc_agent_password": change}]
    running = loud.start(loud.playbook(tasks, module_defaults=SERVICES), *LOUD)
    main = running.process.pid
    with watch(loud, running) as watched:
        until(lambda: simulator.faults() == [], seconds=120)
        watched.look()
        family = {main, *descendants(main)}
        (module,) = (pid for pid in family if not descendants(pid) and "ansible-playbook" not in command_line(pid))
        assert {pid: may_dump(pid) for pid in family} == dict.fromkeys(family, 1)
        os.kill(module, signal.SIGABRT)
        until(lambda: "Fatal Python error" in running.output.read_text(encoding="utf-8", errors="replace"))
        for worker in descendants(main):
            with contextlib.suppress(ProcessLookupError):  # that of the module may have ended by now
                os.kill(worker, signal.SIGSEGV)
        run = running.result()
    assert run.rc != 0, run.output
    if dumps_are_files:
        assert cores(loud.folder) == []
    assert leaks(loud, secrets, watched.texts, evidence(loud, [run])) == []


def command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

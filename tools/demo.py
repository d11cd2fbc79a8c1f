# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enroll, rotate and verify 12 agents and an administrator on a simulated gateway, and show what happened.

Everything is written below build/demo: the inventory, the CSV file with today's passwords, the store. What the demo
claims at the end is compared with what the gateway itself says.
"""

from __future__ import annotations

import os
import secrets
import shutil
import string
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
AGENTS = range(1001, 1013)
ADMINISTRATOR = 101

sys.path.insert(0, str(ROOT / "tests"))
from simulator.client import Simulator  # noqa: E402  the line above makes it importable

CONFIGURATION = """\
[defaults]
inventory = inventory
vault_password_file = vault-password
callbacks_enabled = callcenter.passwords.report
display_skipped_hosts = false

[callback_callcenter_passwords_report]
directory = reports
"""


def main() -> int:
    """Run the demo and return the exit code."""
    started = time.monotonic()
    with Simulator(FOLDER.parent / "demo-simulator") as gateway:
        write_files(gateway)
        say("1. Enroll: take over today's passwords from passwords.csv, trying each with one login")
        playbook("enroll", show_from="PLAY RECAP")
        say("2. Check mode: what would be done? Nothing is sent.")
        gateway.clear_journal()
        playbook("rotate", "--check", show_from="PASSWORDS")
        expect(not gateway.journal(), "check mode made no request")
        say("3. Rotate: a canary first, then a tenth, then everybody")
        playbook("rotate")
        expect(changed_once(gateway), "the gateway says: 13 passwords changed, each exactly once")
        say("4. Rotate again: nothing is due, so nothing changes")
        gateway.clear_journal()
        again = playbook("rotate", show_from="PLAY RECAP")
        expect(again.count("changed=0") == len(AGENTS) + 1, "changed=0 for every host")
        expect(not gateway.journal(), "not one request was made")
        say("5. Verify: does every stored password work?")
        playbook("verify", show_from="PLAY RECAP")
        accounts = gateway.accounts()
        expect(not any(account["failures"] for account in accounts), "the gateway says: not one wrong login, no lock")
        say("6. Read a password back")
        show_a_password()
    print(f"\nDone in {time.monotonic() - started:.0f} seconds. Look around in {FOLDER.relative_to(ROOT)}.")
    return 0


def write_files(gateway: Simulator) -> None:
    """Give the gateway accounts, and write what a user would write."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    passwords = {number: first_password() for number in (*AGENTS, ADMINISTRATOR)}
    gateway.add_accounts(
        [
            {"service": "cc_agent", "id": str(number), "password": passwords[number], "phone": phone(number)}
            for number in AGENTS
        ]
        + [{"service": "cc_config", "id": str(ADMINISTRATOR), "password": passwords[ADMINISTRATOR]}]
    )
    agents = [
        f"        agent-{number}: {{rotate_cc_agent_id: {number}, rotate_cc_phone_number: '{phone(number)}'}}"
        for number in AGENTS
    ]
    write("ansible.cfg", CONFIGURATION)
    write(
        "inventory/hosts.yml",
        "---",
        "all:",
        "  vars:",
        f"    rotate_cc_gateway_url: {gateway.url}",
        f"    rotate_cc_ca_path: {gateway.ca_path}",
        f"    rotate_store_path: {FOLDER / 'store'}",
        f"    rotate_enroll_csv: {FOLDER / 'passwords.csv'}",
        "  children:",
        "    agents:",
        "      hosts:",
        *agents,
        "    administrators:",
        "      hosts:",
        f"        admin-{ADMINISTRATOR}: {{rotate_credentials: [cc_config], rotate_cc_admin_id: {ADMINISTRATOR}}}",
    )
    write(
        "passwords.csv",
        *(f"agent-{number},{passwords[number]}" for number in AGENTS),
        f"admin-{ADMINISTRATOR},{passwords[ADMINISTRATOR]}",
    )
    write("vault-password", secrets.token_urlsafe(24))


def first_password() -> str:
    """Return a password as somebody might have set it by hand."""
    return "Start_" + "".join(secrets.choice(string.ascii_lowercase) for _position in range(6)) + "7"


def phone(number: int) -> str:
    """Return the number of an agent's softphone."""
    return str(40000 + number)


def write(name: str, *lines: str) -> None:
    """Write a file of the demo's folder, readable by its owner only."""
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def playbook(name: str, *arguments: str, show_from: str = "") -> str:
    """Run a playbook of the collection and return its output; show it from the line with a certain text on."""
    return run(["ansible-playbook", f"callcenter.passwords.{name}", *arguments], show_from=show_from)


def run(command: list[str], *, show_from: str = "") -> str:
    """Run a command in the demo's folder. Ends the demo when it fails."""
    print("$ " + " ".join(f'"{word}"' if " " in word else word for word in command), flush=True)
    lines = []
    showing = False
    with subprocess.Popen(
        command, cwd=FOLDER, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            showing = showing or show_from in line
            if showing:
                print(line, end="", flush=True)
    if process.returncode:
        sys.exit(("" if showing else "".join(lines)) + f"the command failed with exit code {process.returncode}")
    return "".join(lines)


def environment() -> dict[str, str]:
    """Return the environment of ansible-playbook: this Python's folder first, none of the caller's Ansible settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}


def changed_once(gateway: Simulator) -> bool:
    """Whether every account's password was changed, once."""
    return [account["changes"] for account in gateway.accounts()] == [1] * (len(AGENTS) + 1)


def show_a_password() -> None:
    """Show how a user gets at a password."""
    secret = f"lookup('callcenter.passwords.secret', 'agent-{AGENTS[0]}', 'cc_agent', store_path='store')"
    run(["ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={{{{ {secret} }}}}"])


def expect(fact: bool, sentence: str) -> None:
    """Say what was found out, or end the demo where it is not so."""
    if not fact:
        sys.exit(f"NOT SO: {sentence}")
    print(f"   -> {sentence}", flush=True)


def say(sentence: str) -> None:
    """Print a heading."""
    print(f"\n=== {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

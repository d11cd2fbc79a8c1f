# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enroll, rotate and verify the credentials of 12 people on simulated services, and show what happened.

Ten agents have a platform password, a business account, a SIP phone and an IDaaS user; two supervisors are
configuration administrators as well. Everything is written below build/demo: the inventory, the CSV file with today's
passwords, the store. What the demo claims is compared with what the services themselves say.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import string
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "demo"
AGENTS = range(1001, 1011)
SUPERVISORS = range(1011, 1013)
PEOPLE = (*AGENTS, *SUPERVISORS)
KINDS = ("cc_agent", "cc_config", "cec_account", "cec_sip", "idaas")
COLOR = re.compile(r"\x1b\[[0-9;]*m")
MOST_ROWS = 4
"""Rows of a table that are shown; the rest is counted."""
APP_KEY, APP_SECRET = "demo-app", "Demo_secret_of_the_tenant"

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
    with Simulator(FOLDER.parent / "demo-simulator") as services:
        credentials = write_files(services)
        say("1. Enroll: take over today's passwords from passwords.csv, trying each with one login")
        playbook("enroll", show_from="PLAY RECAP")
        say("2. Check mode: what would be done? Nothing is sent.")
        services.clear_journal()
        playbook("rotate", "--check", show_from=f"{credentials} credentials")
        expect(not services.journal(), "check mode made no request")
        say("3. Rotate: a canary first, then as many at a time as have succeeded")
        playbook("rotate", show_from="PASSWORDS")
        changes = [account["changes"] for account in accounts(services)]
        expect(changes == [1] * credentials, f"the services say: {credentials} passwords changed, each exactly once")
        tokens = services.journal(operation="cec_token")
        expect(len(tokens) == 1, "they shared one tenant token")
        say("4. Rotate again: nothing is due, so nothing changes")
        services.clear_journal()
        again = playbook("rotate", show_from="PLAY RECAP")
        expect(again.count("changed=0") == len(PEOPLE), "changed=0 for every host")
        expect(not services.journal(), "not one request was made")
        say("5. Verify: does every stored password work?")
        playbook("verify", show_from="PLAY RECAP")
        wrong = [account for account in accounts(services) if account["failures"] or account["times_locked"]]
        expect(not wrong, "the services say: not one wrong login, no lock")
        phones = [call for call in services.journal(operation="sip_register") if call["outcome"] == "accepted"]
        expect(len(phones) == len(PEOPLE), f"the registrar accepted {len(phones)} SIP phones by digest")
        say("6. Read a password back")
        show_a_password()
    print(f"\nDone in {time.monotonic() - started:.0f} seconds. Look around in {FOLDER.relative_to(ROOT)}.")
    return 0


def write_files(services: Simulator) -> int:
    """Give the services accounts, write what a user would write, and return the number of credentials."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, mode=0o700)
    passwords = {(number, kind): first_password() for number in PEOPLE for kind in kinds(number)}
    services.add_accounts(
        [{"service": "cec_app", "id": APP_KEY, "password": APP_SECRET}]
        + [{**account(number, kind), "password": password} for (number, kind), password in passwords.items()]
    )
    write("ansible.cfg", CONFIGURATION)
    write(
        "inventory/hosts.yml",
        "---",
        "all:",
        "  vars:",
        f"    rotate_cc_gateway_url: {services.url}",
        f"    rotate_cc_ca_path: {services.ca_path}",
        f"    rotate_cec_url: {services.url}",
        f"    rotate_cec_ca_path: {services.ca_path}",
        f"    rotate_cec_app_key: {APP_KEY}",
        f"    rotate_cec_app_secret: {APP_SECRET}",
        f"    rotate_sip_registrar: sips:localhost:{services.sips_port}",
        f"    rotate_sip_ca_path: {services.ca_path}",
        f"    rotate_idaas_url: {services.url}",
        f"    rotate_idaas_ca_path: {services.ca_path}",
        "    rotate_idaas_client_id: demo-client",
        f"    rotate_store_path: {FOLDER / 'store'}",
        f"    rotate_enroll_csv: {FOLDER / 'passwords.csv'}",
        "  children:",
        "    agents:",
        "      vars:",
        f"        rotate_credentials: [{', '.join(kinds(AGENTS[0]))}]",
        "      hosts:",
        *(host(number) for number in AGENTS),
        "    supervisors:",
        "      vars:",
        f"        rotate_credentials: [{', '.join(kinds(SUPERVISORS[0]))}]",
        "      hosts:",
        *(host(number) for number in SUPERVISORS),
    )
    columns = ("cc_agent", "cec_account", "cec_sip", "idaas", "cc_config")
    write(
        "passwords.csv",
        ",".join(["host", *columns]),
        *(
            ",".join([f"person-{number}", *(passwords[number, kind] for kind in columns if kind in kinds(number))])
            for number in PEOPLE
        ),
    )
    write("vault-password", secrets.token_urlsafe(24))
    return len(passwords)


def kinds(number: int) -> list[str]:
    """Return the kinds of credential that a person has."""
    return [kind for kind in KINDS if kind != "cc_config" or number in SUPERVISORS]


def account(number: int, kind: str) -> dict[str, object]:
    """Return a person's account of a kind, as the service knows it."""
    known: dict[str, dict[str, object]] = {
        "cc_agent": {"id": str(number), "phone": str(40000 + number)},
        "cc_config": {"id": str(number)},
        "cec_account": {"id": user(number)},
        "cec_sip": {"id": f"8880{number}", "attributes": {"account": user(number)}},
        # The last ones have an expired password, which is changed in another way.
        "idaas": {"id": user(number), "expired": number in SUPERVISORS, "valid_days": 0},
    }
    return {"service": kind, **known[kind]}


def host(number: int) -> str:
    """Return a person's line in the inventory."""
    variables = {
        "rotate_cc_agent_id": number,
        "rotate_cc_phone_number": f"'{40000 + number}'",
        "rotate_cec_account": user(number),
        "rotate_sip_user": f"'8880{number}'",
        "rotate_idaas_user_name": user(number),
        **({"rotate_cc_admin_id": number} if number in SUPERVISORS else {}),
    }
    settings = ", ".join(f"{name}: {value}" for name, value in variables.items())
    return f"        person-{number}: {{{settings}}}"


def user(number: int) -> str:
    """Return the name of a person's business account and IDaaS user."""
    return f"user.{number}"


def first_password() -> str:
    """Return a password as somebody might have set it by hand."""
    return "Start_" + "".join(secrets.choice(string.ascii_lowercase) for _position in range(6)) + "7"


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
    showing, rows = False, 0
    with subprocess.Popen(
        command, cwd=FOLDER, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            showing = showing or show_from in line
            if showing and COLOR.sub("", line).startswith("person-"):
                rows += 1
            elif rows:
                tell_the_rest(rows)
                rows = 0
            if showing and rows <= MOST_ROWS:
                print(line, end="", flush=True)
    tell_the_rest(rows)
    if process.returncode:
        sys.exit(("" if showing else "".join(lines)) + f"the command failed with exit code {process.returncode}")
    return "".join(lines)


def tell_the_rest(rows: int) -> None:
    """Say how many rows are left out, so that a step fits on a screen."""
    if rows > MOST_ROWS:
        print(f"  ... and {rows - MOST_ROWS} more", flush=True)


def environment() -> dict[str, str]:
    """Return the environment of ansible-playbook: this Python's folder first, none of the caller's Ansible settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    colors = {"ANSIBLE_FORCE_COLOR": "true"} if sys.stdout.isatty() else {}
    return {**kept, **colors, "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}


def accounts(services: Simulator) -> list[dict[str, Any]]:
    """Return what the services say of people's accounts."""
    return [account for account in services.accounts() if account["service"] in KINDS]


def show_a_password() -> None:
    """Show how a user gets at a password."""
    secret = f"lookup('callcenter.passwords.secret', 'person-{AGENTS[0]}', 'cec_sip', store_path='store')"
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

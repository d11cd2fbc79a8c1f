# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another vault password: introduced without a login, finished when cut off, and never by a slip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from simulator.client import Simulator
from support.controller import Controller, until


@pytest.fixture
def new(controller: Controller) -> Path:
    path = controller.folder / "new-vault-password"
    path.write_text("a new and better vault password", encoding="utf-8")
    return path


def use(controller: Controller, **keys: Path) -> None:
    controller.vault_arguments = [part for name, path in keys.items() for part in ("--vault-id", f"{name}@{path}")]


def labels(controller: Controller) -> set[str]:
    """The vault ids in the store's files; that of the first vault password is none."""
    text = b"".join(controller.files().values()).decode()
    return set(re.findall(r"\$ANSIBLE_VAULT;1\.[12];AES256;?(\w*)", text))


REKEY = ("callcenter.passwords.rekey", "-e", "rotate_vault_id=new")


def test_the_store_is_encrypted_with_another_vault_password(
    controller: Controller, simulator: Simulator, new: Path
) -> None:
    person = controller.add_person(1001, ("cc_agent", "cec_account", "cec_sip", "idaas"))
    agents = controller.add_agents(1002, 6)
    controller.enroll()
    controller.rotate("-e", "rotate_when=always")
    seen = len(simulator.journal())
    use(controller, old=controller.vault_file, new=new)

    typed = controller.folder / "typed"
    typed.write_text("a new and beter vault password", encoding="utf-8")
    before = controller.files()
    use(controller, new=typed, old=controller.vault_file)
    slip = controller.rotate("-e", "rotate_vault_id=new", "-e", "rotate_when=always")
    assert slip.failed == controller.hosts, "a slip encrypts nothing"
    assert "introduce a new one with the playbook rekey" in slip.message(agents[0].host)
    assert controller.files() == before

    use(controller, old=controller.vault_file, new=new)
    some = controller.run(*REKEY, "--limit", f"{person['cc_agent'].host},{agents[0].host}")
    assert some.rc == 0, some.output
    assert "5 hosts of the store have passwords that new alone does not open" in some.output
    assert f"be read: {agents[1].host}, " in some.output
    assert labels(controller) == {"", "new"}

    running = controller.start(*REKEY)
    until(lambda: b"".join(controller.files().values()).count(b"AES256;new") >= 20)
    running.kill()
    again = controller.run(*REKEY)
    assert again.rc == 0, again.output
    assert "the vault password new opens everything in the store" in again.output, again.output
    assert labels(controller) == {"new"}
    assert len(simulator.journal()) == seen, "without any login"
    assert not controller.run(*REKEY).changed

    use(controller, new=new)
    assert controller.rotate("-e", "rotate_when=always").rc == 0, "the new one alone"
    assert labels(controller) == {"new"}


def test_a_file_that_was_edited_is_refused_until_a_person_accepts_it(
    controller: Controller, simulator: Simulator
) -> None:
    """Somebody copies a password that he knows to where the next run would set it."""
    mallory, admin = controller.add_agent(1001), controller.add_administrator(301)
    controller.enroll()
    theirs = controller.store / f"{admin.host}.yml"
    text = theirs.read_text(encoding="utf-8")
    own = (controller.store / f"{mallory.host}.yml").read_text(encoding="utf-8")
    copied = re.search(r"    current: (!vault \|\n(?: {6}.*\n)+)", own)
    assert copied
    theirs.write_text(text.replace("    staged: null\n", f"    staged: {copied[1]}"), encoding="utf-8")
    run = controller.rotate("--limit", admin.host)
    assert "somebody has edited the file" in run.message(admin.host)
    assert run.calls == []
    assert controller.live(admin)["password"] == admin.password

    theirs.write_text(re.sub(r"(    code: ).*", r"\1null", text), encoding="utf-8")
    assert "somebody has edited" in controller.rotate("--limit", admin.host).message(admin.host)
    accepted = controller.run(
        "callcenter.passwords.rekey",
        "-e",
        "rotate_vault_id=default",
        "-e",
        "rotate_rekey_as_found=true",
        "--limit",
        admin.host,
    )
    assert accepted.rc == 0, accepted.output
    assert controller.rotate("--limit", admin.host).outcome(admin.host, "cc_config") == "rotated"

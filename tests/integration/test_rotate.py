# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job: rotate, and what users do with it."""

from __future__ import annotations

import importlib.util
import json
import stat

import yaml
from simulator.client import Simulator
from support.controller import VAULT_PASSWORD, Controller

MASKS_SECRETS = importlib.util.find_spec("ansible.module_utils.secrets") is not None
"""ansible-core 2.22 and later show nothing of what they have decrypted."""


def test_twelve_agents_and_an_administrator(controller: Controller, simulator: Simulator) -> None:
    controller.add_agents(1001, 12)
    controller.add_administrator(301)
    controller.enroll()
    run = controller.rotate(one_batch=False)

    assert run.rc == 0, run.output
    assert run.changed == controller.hosts
    for credential in controller.credentials:
        stored, live = controller.stored(credential.host, credential.kind), controller.live(credential)
        assert live["password"] == stored["current"] != credential.password
        assert stored["previous"] == credential.password
        assert stored["staged"] is None
        assert stored["ledger"] == []
        assert live["changes"] == 1
        assert live["failures"] == 0
        assert not live["signed_in"] or credential.kind == "cc_config"  # no sign-out for administrators
    assert len({controller.stored(c.host, c.kind)["current"] for c in controller.credentials}) == 13
    assert stat.S_IMODE(controller.store.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in controller.store.iterdir() if path.is_file()} == {0o600}

    again = controller.rotate(one_batch=False)
    assert again.rc == 0
    assert again.changed == set()
    assert again.calls == []
    assert set(again.recap) == controller.hosts

    verified = controller.verify()
    assert verified.rc == 0, verified.output
    assert verified.changed == set()
    assert all(controller.live(credential)["changes"] == 1 for credential in controller.credentials)


def test_passwords_are_read_back_with_ansibles_own_means(controller: Controller) -> None:
    agent, admin = controller.add_agent(1001), controller.add_administrator(301)
    controller.enroll()
    assert controller.rotate().rc == 0
    live = {agent.host: controller.live(agent)["password"], admin.host: controller.live(admin)["password"]}

    read_to = controller.folder / "read"
    read_to.mkdir()
    expression = (
        "{{ lookup('callcenter.passwords.secret', inventory_hostname, rotate_credentials | default(['cc_agent']) | first,"
        " slot=item, store_path=rotate_store_path) }}"
    )
    task = {
        "name": "Read",
        "ansible.builtin.copy": {
            "content": expression,
            "dest": f"{read_to}/{{{{ inventory_hostname }}}}.{{{{ item }}}}",
        },
        "loop": ["current", "previous"],
        "no_log": True,
    }
    run = controller.play([task])
    assert run.rc == 0, run.output
    for credential in (agent, admin):
        assert (read_to / f"{credential.host}.current").read_text() == live[credential.host]
        assert (read_to / f"{credential.host}.previous").read_text() == credential.password

    # ansible-vault on the scalar as it stands in the file
    text = (controller.store / f"{agent.host}.yml").read_text(encoding="utf-8")
    lines = text.splitlines()
    start = lines.index("    current: !vault |")
    scalar = []
    for line in lines[start + 1 :]:
        if not line.startswith("      "):
            break
        scalar.append(line.strip())
    (controller.folder / "scalar").write_text("\n".join(scalar) + "\n", encoding="utf-8")
    plain = controller.command(
        "ansible-vault", "decrypt", "--vault-password-file", str(controller.vault_file), "--output", "-", "scalar"
    )
    assert plain.strip() == live[agent.host]

    # the file as it is, as a file of variables
    shown = controller.command(
        "ansible",
        "localhost",
        "-m",
        "ansible.builtin.debug",
        "-a",
        "var=credentials.cc_agent.current",
        "-e",
        f"@{controller.store / agent.host}.yml",
        "--vault-password-file",
        str(controller.vault_file),
    )
    masked = "$REDACTED$" if MASKS_SECRETS else live[agent.host]
    assert json.loads(shown.partition("=>")[2])["credentials.cc_agent.current"] == masked

    # and everything else without any key
    class Keyless(yaml.SafeLoader):
        pass

    Keyless.add_constructor("!vault", lambda loader, node: "encrypted")
    credential = yaml.load(text, Keyless)["credentials"]["cc_agent"]  # noqa: S506
    assert credential["rotated_at"]
    assert VAULT_PASSWORD not in text
    assert live[agent.host] not in text


def test_check_mode_makes_no_request_and_writes_nothing(controller: Controller, simulator: Simulator) -> None:
    controller.add_agents(1001, 3)
    controller.add_administrator(301)
    controller.enroll()
    before = controller.files()
    simulator.control("DELETE", "/connections")
    run = controller.rotate("--check", "--diff")
    assert run.rc == 0, run.output
    assert run.calls == []
    assert simulator.connections()["accepted"] == 0
    assert controller.files() == before
    assert run.changed == controller.hosts, "check mode says what would be rotated"
    for playbook in (controller.verify, controller.enroll):
        assert playbook("--check").rc == 0
    assert simulator.connections()["accepted"] == 0
    assert controller.files() == before

    assert controller.rotate().rc == 0
    after = controller.rotate("--check")
    assert after.rc == 0
    assert after.changed == set()


def test_check_mode_before_enrollment(controller: Controller, simulator: Simulator) -> None:
    controller.add_agent(1001)
    run = controller.enroll("--check")
    assert run.changed == controller.hosts
    assert not controller.store.exists()
    assert simulator.connections()["accepted"] == 0


def test_one_host_with_both_kinds(controller: Controller) -> None:
    """A kind that fails does not keep the other from its turn, and the host fails with the reason."""
    agent = controller.add_agent(1001)
    controller.simulator.put_account("cc_config", "302", password="Second@Admin7x")
    controller.host_vars[agent.host].update(rotate_credentials=["cc_agent", "cc_config"], rotate_cc_admin_id=302)
    controller.enroll(agent_1001={"cc_agent": agent.password, "cc_config": "Second@Admin7x"})
    controller.simulator.fault("retcode", account=agent.number, operation="change", code="000-002")
    run = controller.rotate()
    assert run.failed == {agent.host}
    assert run.outcome(agent.host, "cc_agent") == "password_rejected"
    assert run.outcome(agent.host, "cc_config") == "rotated"
    assert "cc_agent" in run.message(agent.host)
    assert (
        controller.simulator.account("cc_config", "302")["password"]
        == controller.stored(agent.host, "cc_config")["current"]
    )
    assert controller.rotate().rc == 0
    assert controller.is_rotated(agent)


def test_a_vdn_administrator_and_large_numbers(controller: Controller) -> None:
    controller.simulator.options(gateway={"max_agent_id": 999999, "vdn_offset": 1000000})
    agent = controller.add_agent(700123, variables={"rotate_cc_agent_id_max": 999999})
    controller.host_vars[agent.host]["rotate_cc_phone_number"] = "4" * 24
    vdn = controller.add_administrator(7, variables={"rotate_cc_vdn_id": 7, "rotate_cc_vdn_offset": 1000000})
    del controller.host_vars[vdn.host]["rotate_cc_admin_id"]
    controller.simulator.put_account("cc_config", "vdn:7", password=vdn.password)
    controller.enroll()
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert controller.is_rotated(agent)
    stored = controller.stored(vdn.host, "cc_config")
    assert controller.simulator.account("cc_config", "vdn:7")["password"] == stored["current"] != vdn.password


def test_a_vault_id_of_ones_own(controller: Controller) -> None:
    """The store is encrypted with the identity that the run is told to use, and opened with it again."""
    agent = controller.add_agent(1001)
    other = controller.folder / "other-password"
    other.write_text("quite another one\n", encoding="utf-8")
    controller.vault_arguments = ["--vault-id", f"night@{other}", "--vault-id", f"passwords@{controller.vault_file}"]
    controller.group_vars["rotate_vault_id"] = "passwords"
    controller.enroll()
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert controller.is_rotated(agent)
    assert ";passwords\n" in (controller.store / f"{agent.host}.yml").read_text(encoding="utf-8")
    assert controller.verify().rc == 0


def test_the_gateways_own_ways(controller: Controller, simulator: Simulator) -> None:
    """Static GUIDs, GBK answers, a live agent's password checked first: one run each."""
    for number, options in enumerate(
        (
            {"auth_mode": 1, "encoding": "gbk"},
            {"change_ends_session": False, "stale_guid_code": "000-003"},
            {"check_password_first": True, "require_cookies": False},
        )
    ):
        simulator.options(gateway=options)
        agent = controller.add_agent(1001 + number, name="王小明")
        admin = controller.add_administrator(301 + number)
        hosts = ["--limit", f"{agent.host},{admin.host}"]
        controller.enroll(*hosts)
        run = controller.rotate(*hosts)
        assert run.rc == 0, (options, run.output)
        assert controller.is_rotated(agent)
        assert controller.is_rotated(admin)
        assert not controller.live(agent)["signed_in"]
    controller.judge()

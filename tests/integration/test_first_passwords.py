# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people bring on the first day: lists that were written by hand, names without quotes, or no password at all."""

from __future__ import annotations

import pytest
import yaml
from simulator.client import Simulator
from support.controller import VAULT, Controller, Credential, Run, new_password


def enroll_from(controller: Controller, text: str | bytes, *arguments: str, mode: int = 0o600) -> Run:
    """Enroll from a CSV file with this text."""
    path = controller.folder / "passwords.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return controller.run("callcenter.passwords.enroll", "-e", f"rotate_enroll_csv={path}", *arguments)


def said(run: Run, credential: Credential) -> str:
    """What a run says of one of a host's credentials."""
    return " ".join(
        str(line["result"].get("msg")) for line in run.of(credential.host) if credential.kind in str(line["result"])
    )


def enrolled(controller: Controller) -> set[str]:
    return {one.host for one in controller.credentials if controller.stored(one.host, one.kind).get("current")}


# -- CSV ---------------------------------------------------------------------------------------------------------------


def test_a_list_as_a_chinese_spreadsheet_writes_it(controller: Controller) -> None:
    """In GBK, with CRLF, names of people in a column of their own, and a host whose name has an apostrophe."""
    agent, other = controller.add_agents(1001, 2)
    controller.host_vars["o'brien"] = controller.host_vars.pop(other.host)
    text = f"姓名;cc_agent;host\r\n张伟;{agent.password};{agent.host}\r\n欧;{other.password};o'brien\r\n"
    refused = enroll_from(controller, text.encode("gbk"))
    assert refused.calls == []
    assert "row 1 is no utf-8 text; give rotate_enroll_csv_encoding, such as gbk" in refused.message(agent.host)
    run = enroll_from(controller, text.encode("gbk"), "-e", "rotate_enroll_csv_encoding=gbk")
    assert run.rc == 0, run.output
    assert controller.stored("o%27brien")["current"] == other.password


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('{0},"{a}\n{1},{b}\n', "row 1 has quotation marks that do not fit"),
        ("{0},{a}\n{1},{b}\n{0},{b}\n", "row 3 is for agent-1001, and so is row 1"),
        ("{0},{a}\n{1},{b}\nagent-9999,{b}\n", "row 3 names no host of this inventory"),
    ],
)
def test_a_list_that_is_in_doubt_is_refused_for_all(controller: Controller, rows: str, told: str) -> None:
    agents = controller.add_agents(1001, 2)
    run = enroll_from(
        controller, rows.format(*(one.host for one in agents), a=agents[0].password, b=agents[1].password), "-v"
    )
    assert run.failed == controller.hosts
    assert run.calls == []
    assert all(told in run.message(agent.host) for agent in agents)
    assert not any(agent.password in run.output for agent in agents)


def test_what_is_wrong_with_one_row_keeps_nobody_else(controller: Controller) -> None:
    fine, blank, missing = controller.add_agents(1001, 3)
    person = controller.add_person(2001, ["cc_agent", "idaas"])
    rows = [
        f"{fine.host},{fine.password}",
        f"{blank.host}, {blank.password}",
        f"{person['cc_agent'].host},{person['cc_agent'].password}",
    ]
    run = enroll_from(controller, "\n".join(rows))
    assert enrolled(controller) == {fine.host, person["cc_agent"].host}
    assert "row 2, column 1 (cc_agent): the password begins with a blank" in run.message(blank.host)
    assert f"no row is for {missing.host}" in run.message(missing.host)
    assert "row 3 ends before column 4, which is that of idaas" in said(run, person["idaas"])
    assert {call["credential"] for call in run.calls if call["operation"] == "sign_in"} == {"live"}
    # Who is enrolled needs no row any more.
    again = enroll_from(controller, f"{blank.host},{blank.password}\n", "--limit", f"{blank.host},{fine.host}")
    assert again.rc == 0, again.output
    assert again.changed == {blank.host}


def test_two_kinds_on_one_column(controller: Controller) -> None:
    person = controller.add_person(2001, ["cc_agent", "cc_config"])
    run = enroll_from(controller, f"{person['cc_agent'].host},{person['cc_agent'].password}\n")
    assert run.calls == []
    assert "column 1 is that of cc_agent and of cc_config" in run.message(person["cc_agent"].host)


def test_a_list_that_everybody_may_read(controller: Controller) -> None:
    agent = controller.add_agent(1001)
    row = f"{agent.host},{agent.password}\n"
    run = enroll_from(controller, row, mode=0o644)
    assert run.calls == []
    assert "is open to every user of this machine; run chmod o-rwx on it" in run.message(agent.host)
    assert enroll_from(controller, VAULT.encrypt(row), mode=0o644).rc == 0


# -- an administrator --------------------------------------------------------------------------------------------------

BY_ADMINISTRATOR = ("-e", "rotate_enroll_by=administrator")


def manage(controller: Controller, simulator: Simulator, *people: Credential) -> None:
    """Let the tenant's management application in."""
    simulator.put_account("idaas_client", "management-app", password="Tenant-Secret7")
    for person in people:
        controller.host_vars[person.host] |= {
            "rotate_idaas_tenant_client_id": "management-app",
            "rotate_idaas_tenant_client_secret": "Tenant-Secret7",
        }


def test_nobody_knows_the_passwords(controller: Controller, simulator: Simulator) -> None:
    """Users of an IDaaS, and an agent whose administrator is in the store. Nothing else is touched."""
    user = controller.add_person(2001, ["idaas"])["idaas"]
    known = controller.add_person(2002, ["idaas"])["idaas"]
    manage(controller, simulator, user, known)
    agent, admin = controller.add_agent(1001), controller.add_administrator(301)
    controller.host_vars[agent.host]["rotate_repair_cc_host"] = admin.host
    controller.enroll("--limit", f"{known.host},{admin.host}")
    run = controller.run("callcenter.passwords.enroll", *BY_ADMINISTRATOR)
    assert run.failed == {admin.host}, run.output
    assert "no administrator can set a password of cc_config" in said(run, admin)
    assert [run.outcome(one.host, one.kind) for one in (user, agent, known)] == ["enrolled", "enrolled", "enrolled"]
    assert run.changed == {user.host, agent.host}
    for one in (user, agent):
        assert controller.stored(one.host, one.kind)["current"] == controller.live(one)["password"] != one.password
    assert controller.stored(known.host, "idaas")["current"] == known.password
    assert controller.rotate().rc == 0
    controller.judge()


def test_a_takeover_that_is_cut_off_is_finished(controller: Controller, simulator: Simulator) -> None:
    """Neither the first change nor the login after the second one has an answer."""
    user = controller.add_person(2001, ["idaas"])["idaas"]
    manage(controller, simulator, user)
    simulator.fault("drop_after", account=user.number, operation="idaas_reset")
    simulator.fault("drop_before", account=user.number, operation="idaas_login")
    first = controller.run("callcenter.passwords.enroll", *BY_ADMINISTRATOR)
    staged = controller.stored(user.host, "idaas")["staged"]
    assert (first.rc != 0, bool(staged)) == (True, True)
    again = controller.run("callcenter.passwords.enroll", *BY_ADMINISTRATOR)
    assert again.rc == 0, again.output
    assert controller.stored(user.host, "idaas")["current"] == staged == controller.live(user)["password"]
    controller.judge()


# -- values that YAML changes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["0017", "no", "12_34", "1e3", "17"])
def test_a_name_without_quotes_is_nobody_elses_account(controller: Controller, written: str) -> None:
    person = controller.add_person(2001, ["idaas"])["idaas"]
    controller.host_vars[person.host]["rotate_idaas_user_name"] = yaml.safe_load(written)
    run = controller.enroll(check=False)
    if written == "1e3":  # which YAML 1.1 takes for a text
        assert run.calls != []
        return
    assert run.calls == []
    assert "rotate_idaas_user_name arrived as a" in run.message(person.host)
    assert "put it in quotes where it is written" in run.message(person.host)


def test_a_line_break_at_the_end_of_a_password(controller: Controller) -> None:
    agent = controller.add_agent(1001)
    run = controller.enroll(check=False, agent_1001={"cc_agent": f"{agent.password}\n"})
    assert run.calls == []
    assert "password ends with a line break, which echo writes" in run.message(agent.host)
    assert new_password() not in run.output


# -- what was wrong is corrected ---------------------------------------------------------------------------------------


def test_a_line_of_the_inventory_that_is_corrected(controller: Controller, simulator: Simulator) -> None:
    """After an enrollment that has failed the host follows its line, and what was counted for another one stays there."""
    mistaken, other = controller.add_agents(1001, 2)
    right = dict(controller.host_vars[mistaken.host])
    for wrong in (
        {"rotate_cc_agent_id": 100101},
        {"rotate_cc_agent_id": 1002},
        {"rotate_cc_gateway_url": "https://localhost:1"},
    ):
        controller.host_vars[mistaken.host] = right | wrong
        run = controller.enroll("--limit", mistaken.host, check=False)
        assert run.failed == {mistaken.host}
    controller.host_vars[mistaken.host] = right
    controller.enroll()
    assert controller.rotate().rc == 0
    controller.judge()
    assert controller.live(other)["max_consecutive_failures"] == 1


def test_the_role_in_a_playbook_of_ones_own(controller: Controller, simulator: Simulator) -> None:
    """With Ansible's own check of the variables, which the shipped playbooks leave out."""
    agent = controller.add_agent(1001)
    controller.host_vars[agent.host]["rotate_enroll_passwords"] = {"cc_agent": agent.password}
    for entry in ("enroll", "main", "verify"):
        role = {"name": "callcenter.passwords.rotate", "tasks_from": entry}
        run = controller.play([{"name": entry, "ansible.builtin.include_role": role}])
        assert run.rc == 0, run.output
    assert controller.is_rotated(agent)


def test_a_number_with_leading_zeros_is_nobody_elses(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(129)
    inventory = controller.folder / "octal.yml"
    inventory.write_text(
        "all:\n  hosts:\n    h:\n      rotate_cc_agent_id: 0201\n      rotate_cc_phone_number: '40201'\n"
        "      rotate_enroll_passwords: {cc_agent: Wrong@Marker7x}\n"
        f"  vars: {{rotate_store_path: {controller.store}, rotate_cc_gateway_url: {simulator.url},"
        f" rotate_cc_ca_path: {simulator.ca_path}}}\n",
        encoding="utf-8",
    )
    controller.host_vars.clear()
    run = controller.run("callcenter.passwords.enroll", "-i", str(inventory))
    assert "rotate_cc_agent_id is another number than it looks like" in run.message("h"), run.output
    assert run.calls == []
    assert controller.live(agent)["failures"] == 0

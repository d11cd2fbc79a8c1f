# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking today's passwords over into the store."""

from __future__ import annotations

import pytest
from simulator.client import Simulator
from support.controller import Controller, new_password


def test_from_variables_and_from_csv(controller: Controller) -> None:
    """A variable wins over the file; the file serves the hosts that have no variable; both kinds from one file."""
    by_variable, both, by_file = controller.add_agents(1001, 3)
    admin = controller.add_administrator(301)
    csv = controller.folder / "passwords.csv"
    rows = [
        "host;cc_agent;cc_config",
        f"{both.host};{new_password()};",
        f'{by_file.host};"{by_file.password}";',
        f"{admin.host};;{admin.password}",
    ]
    csv.write_text("\n".join(rows) + "\n", encoding="utf-8")
    csv.chmod(0o600)
    file = controller.folder / "enroll.yml"
    file.write_text(f'rotate_enroll_csv: "{csv}"\n', encoding="utf-8")
    controller.host_vars[by_variable.host]["rotate_enroll_passwords"] = {"cc_agent": by_variable.password}
    controller.host_vars[both.host]["rotate_enroll_passwords"] = {"cc_agent": both.password}
    run = controller.run("callcenter.passwords.enroll", "-e", f"@{file}")
    assert run.rc == 0, run.output
    assert run.changed == controller.hosts
    for credential in controller.credentials:
        stored = controller.stored(credential.host, credential.kind)
        assert stored["current"] == credential.password
        assert stored["rotated_at"] is None, "its age is unknown"
        logins = run.calls_of(credential.number, "sign_in", "config_login")
        assert [(call["credential"], call["retcode"]) for call in logins] == [("live", "0")]
        assert credential.kind == "cc_config" or not controller.live(credential)["signed_in"]

    again = controller.run("callcenter.passwords.enroll", "-e", f"@{file}")
    assert again.rc == 0
    assert again.changed == set()
    assert again.calls == []


@pytest.mark.oldest_core
def test_a_wrong_password_is_not_enrolled_and_never_tried_a_third_time(controller: Controller) -> None:
    """The same one is not even tried a second time, and another one only when a person says so: a ledger has no clock."""
    agent, admin, right = controller.add_agent(1001), controller.add_administrator(301), controller.add_agent(1002)
    first, second, third = (
        {"agent_1001": {"cc_agent": new_password()}, "admin_301": {"cc_config": new_password()}}
        for _attempt in range(3)
    )
    for wrong, failures, told in (
        (first, 1, "password is wrong"),
        (first, 1, "refused before"),
        (second, 2, "password is wrong"),
        (third, 2, "2 logins failed or may have failed"),
    ):
        run = controller.enroll(check=False, **wrong)
        assert {agent.host, admin.host} == run.failed
        for credential in (agent, admin):
            assert told in run.message(credential.host)
            assert controller.live(credential)["failures"] == failures
            assert controller.live(credential)["times_locked"] == 0
            assert controller.stored(credential.host, credential.kind)["current"] is None
        assert controller.stored(right.host)["current"] == right.password
    assert run.calls == []
    assert (run.outcome(agent.host), run.outcome(admin.host, "cc_config")) == ("held", "held")
    # the store knows the host, yet there is nothing to rotate
    rotate = controller.rotate("--limit", agent.host)
    assert rotate.failed == {agent.host}
    assert "enroll" in rotate.message(agent.host)
    assert rotate.calls == []
    controller.enroll("-e", "rotate_retry_diverged=true")
    for credential in (agent, admin):
        stored = controller.stored(credential.host, credential.kind)
        assert (stored["current"], stored["initial"], stored["ledger"]) == (credential.password, None, [])
    controller.judge()


def test_the_message_about_a_wrong_password(controller: Controller) -> None:
    """Right after a wrong one the right one is enrolled, and the ledger is forgotten."""
    agent = controller.add_agent(1001)
    run = controller.enroll(check=False, agent_1001={"cc_agent": new_password()})
    assert run.failed == {agent.host}
    assert "password is wrong" in run.message(agent.host)
    assert "log in" in run.message(agent.host)
    controller.enroll()
    stored = controller.stored(agent.host)
    assert stored["current"] == agent.password
    assert stored["ledger"] == []


def test_without_a_login(controller: Controller, simulator: Simulator) -> None:
    agents = controller.add_agents(1001, 2)
    run = controller.enroll("-e", '{"rotate_enroll_verify": false}')
    assert simulator.connections()["accepted"] == 0
    assert run.changed == controller.hosts
    assert all(controller.stored(agent.host)["current"] == agent.password for agent in agents)
    assert controller.rotate().rc == 0
    assert all(controller.is_rotated(agent) for agent in agents)


def test_replacing_what_somebody_else_has_changed(controller: Controller, simulator: Simulator) -> None:
    """It is reported with two wrong logins at most, whatever is run afterwards, until the right password is enrolled.

    Diverged is what is known to be lost. Held is what two logins have not found out: a third one is up to a person, and
    who enrolls another password with rotate_enroll_replace is one.
    """
    staged, plain = controller.add_agents(1001, 2)
    admin = controller.add_administrator(301)
    controller.enroll()
    assert controller.rotate().rc == 0
    first = {
        credential: controller.stored(credential.host, credential.kind)["current"]
        for credential in controller.credentials
    }
    # one of them in the middle of a rotation: neither its change nor its verification was answered
    simulator.fault("drop_before", account=staged.number, operation="change")
    simulator.fault("timeout_before", account=staged.number, operation="sign_in", skip=1, seconds=0.1)
    controller.rotate("-e", "rotate_when=always", "--limit", staged.host)
    candidate = controller.stored(staged.host)["staged"]
    assert candidate
    assert simulator.faults() == []

    changed = {credential: new_password() for credential in controller.credentials}
    before = {credential: controller.live(credential)["failures"] for credential in controller.credentials}
    for credential, password in changed.items():
        simulator.act("password", credential.kind, credential.number, password=password)
    for _attempt in range(3):
        run = controller.rotate("-e", "rotate_when=always")
        assert run.rc != 0
    assert run.calls == []
    assert run.failed >= {plain.host, admin.host}
    for credential in controller.credentials:
        live = controller.live(credential)
        assert run.outcome(credential.host, credential.kind) == ("held" if credential == staged else "diverged")
        assert live["failures"] - before[credential] <= 2
        assert live["times_locked"] == 0
        assert live["password"] == changed[credential]
        assert controller.stored(credential.host, credential.kind)["current"] == first[credential], (
            "nothing is thrown away"
        )
    assert "somebody else has changed it" in run.message(plain.host)
    assert all("rotate_enroll_replace" in run.message(agent.host) for agent in (plain, staged))

    plainly = controller.enroll(
        "--limit",
        f"{plain.host},{admin.host}",
        check=False,
        agent_1001={},
        agent_1002={"cc_agent": changed[plain]},
        admin_301={"cc_config": changed[admin]},
    )
    assert plainly.calls == [], "without rotate_enroll_replace it is left as it is"
    healed = controller.enroll(
        "-e",
        '{"rotate_enroll_replace": true}',
        agent_1001={"cc_agent": changed[staged]},
        agent_1002={"cc_agent": changed[plain]},
        admin_301={"cc_config": changed[admin]},
    )
    assert healed.changed == controller.hosts
    for credential in controller.credentials:
        stored = controller.stored(credential.host, credential.kind)
        assert stored["current"] == changed[credential]
        assert stored["previous"] == (candidate if credential == staged else first[credential])
        assert (stored["staged"], stored["ledger"]) == (None, [])
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert controller.verify().rc == 0
    controller.judge()


def test_replacing_keeps_what_an_unresolved_rotation_has_sent(controller: Controller, simulator: Simulator) -> None:
    """The password that a person gives is proved, but a server may carry out a change late: its candidate is kept."""
    agent = controller.add_agent(1001)
    controller.fill()
    simulator.fault("late", account=agent.number, operation="change", now="drop", seconds=900)
    simulator.fault("drop_before", account=agent.number, operation="sign_in", skip=1)
    assert [controller.rotate().outcome(agent.host) for _attempt in range(2)] == ["unknown", "held"]
    candidate = controller.stored(agent.host)["staged"]
    controller.enroll("-e", "rotate_enroll_replace=true")
    stored = controller.stored(agent.host)
    assert (stored["current"], stored["previous"], stored["staged"]) == (agent.password, candidate, None)
    simulator.advance(1000)
    assert controller.live(agent)["password"] == candidate
    assert controller.rotate().outcome(agent.host) == "diverged"
    controller.enroll("-e", "rotate_enroll_replace=true", agent_1001={"cc_agent": candidate})
    assert controller.rotate().rc == 0
    controller.judge()


def test_replacing_with_a_wrong_password(controller: Controller) -> None:
    """Neither a wrong one nor an unverified one takes the place of a password that works."""
    agent = controller.add_agent(1001)
    controller.enroll()
    wrong = {"agent_1001": {"cc_agent": new_password()}}
    run = controller.enroll("-e", '{"rotate_enroll_replace": true}', check=False, **wrong)
    assert run.failed == {agent.host}
    assert controller.stored(agent.host)["current"] == agent.password
    run = controller.enroll(
        "-e", '{"rotate_enroll_replace": true, "rotate_enroll_verify": false}', check=False, **wrong
    )
    assert run.failed == {agent.host}
    assert "rotate_enroll_verify" in run.message(agent.host)
    assert controller.stored(agent.host)["current"] == agent.password
    run = controller.rotate()
    assert run.rc == 0, run.output
    assert controller.is_rotated(agent)


def test_verify_finds_the_one_that_does_not_work(controller: Controller, simulator: Simulator) -> None:
    agents, admin = controller.add_agents(1001, 3), controller.add_administrator(301)
    controller.enroll()
    simulator.act("password", "cc_agent", agents[1].number, password=new_password())
    simulator.act("lock", "cc_agent", agents[2].number)
    run = controller.verify()
    assert run.rc != 0
    assert run.failed == {agents[1].host, agents[2].host}
    assert run.outcome(agents[0].host) == "verified"
    assert run.outcome(admin.host, "cc_config") == "verified"
    assert run.outcome(agents[1].host) == "diverged"
    assert run.outcome(agents[2].host) == "locked"
    assert "locked" in run.message(agents[2].host)
    assert run.changed == set()
    assert all(controller.live(credential)["changes"] == 0 for credential in controller.credentials)
    again = controller.verify("--limit", agents[2].host)
    assert again.calls == [], "nothing is tried on a locked account"

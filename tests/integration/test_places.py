# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where people keep their stores, and what happens to the files in them."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from simulator.client import Simulator
from support.controller import Controller, new_password

UNPRIVILEGED = ["setpriv", "--clear-groups", "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"]
"""Another user, who may read what Python itself needs below root's home, and write only what is theirs."""

needs_users = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can become other users, with setpriv"
)


def act_as(controller: Controller, user: int, group: int) -> None:
    home = controller.folder / f"home-{user}"
    home.mkdir(exist_ok=True)
    os.chown(home, user, group)
    controller.environment["HOME"] = str(home)
    program = [*UNPRIVILEGED, f"--reuid={user}", f"--regid={group}"]
    controller.program = [*program, "sh", "-c", 'umask 007; exec "$@"', "sh", controller.program[-1]]


def hook(controller: Controller, code: str) -> None:
    """Make every Python of the runs to come start with this."""
    folder = controller.folder / "hook"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    controller.environment["PYTHONPATH"] = str(folder)


def test_a_relative_path(controller: Controller, simulator: Simulator) -> None:
    """From another folder it is another store: it is shown in full, and not made."""
    agent = controller.add_agent(1001)
    controller.group_vars["rotate_store_path"] = "store"
    controller.enroll()
    assert controller.rotate().rc == 0
    elsewhere = controller.folder / "elsewhere"
    elsewhere.mkdir()
    controller.program = ["env", f"--chdir={elsewhere}", *controller.program]
    for run in (controller.rotate(), controller.enroll(check=False)):
        assert run.failed == {agent.host}
        assert f"the store {elsewhere}/store does not exist" in run.message(agent.host)
        assert run.calls == []
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_an_upgrade_replaces(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    role = controller.folder / "roles" / "passwords"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text("[]\n", encoding="utf-8")
    controller.group_vars["rotate_store_path"] = str(role / "files" / "store")
    run = controller.enroll(check=False)
    assert f"lies in {role}" in run.message(agent.host)
    assert "folder elsewhere" in run.message(agent.host)
    assert run.calls == []
    assert not (role / "files").exists()


def test_a_disk_that_goes_with_its_machine(controller: Controller, simulator: Simulator) -> None:
    agent = controller.add_agent(1001)
    shared_memory = Path("/dev/shm")
    controller.store = shared_memory / f"store-of-a-test-{os.getpid()}"
    controller.group_vars["rotate_store_path"] = str(controller.store)
    try:
        run = controller.enroll(check=False)
        assert "would be on tmpfs" in run.message(agent.host)
        assert "rotate_store_ephemeral" in run.message(agent.host)
        assert run.calls == []
        assert not controller.store.exists()
        controller.enroll("-e", "rotate_store_ephemeral=true")
        assert controller.rotate().rc == 0, "what is there is used"
        controller.judge()
    finally:
        shutil.rmtree(controller.store, ignore_errors=True)


@needs_users
def test_a_store_that_a_group_shares(simulator: Simulator) -> None:
    """Whoever writes a file, the group may write the next one."""
    one, other, group = 61501, 61502, 61600
    # Only root may look below pytest's folders.
    with tempfile.TemporaryDirectory() as folder:
        share_a_store(Controller(Path(folder), simulator), one, other, group)


def share_a_store(controller: Controller, one: int, other: int, group: int) -> None:
    agent = controller.add_agent(1001)
    controller.store.mkdir()
    os.chown(controller.store, 0, group)
    controller.store.chmod(0o2770)
    controller.folder.chmod(0o777)
    outcomes = []
    for user, act in (
        (one, lambda: controller.enroll(check=False)),
        (other, controller.rotate),
        (one, lambda: controller.rotate("-e", "rotate_when=always")),
        (other, controller.verify),
    ):
        act_as(controller, user, group)
        run = act()
        outcomes.append((run.outcome(agent.host), run.message(agent.host)))
    assert outcomes == [("enrolled", ""), ("rotated", ""), ("rotated", ""), ("verified", "")]
    found = (controller.store / f"{agent.host}.yml").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, group)
    controller.judge()


def test_a_file_system_that_cannot_do_everything(controller: Controller, simulator: Simulator) -> None:
    """Folders that cannot be flushed need not be; without locks, nothing is done."""
    agent = controller.add_agent(1001)
    hook(
        controller,
        """
import errno, os, stat
flush = os.fsync
def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return flush(descriptor)
os.fsync = fsync
""",
    )
    controller.enroll()
    assert controller.rotate().changed == {agent.host}
    controller.judge()
    before = controller.files()
    hook(
        controller,
        """
import errno, fcntl, os
def flock(descriptor, how):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = flock
""",
    )
    run = controller.rotate("-e", "rotate_when=always")
    assert run.failed == {agent.host}
    assert "has no locks" in run.message(agent.host)
    assert run.calls == []
    assert controller.files() == before


def test_a_disk_that_is_full(controller: Controller, simulator: Simulator) -> None:
    """What cannot be staged is not sent, and is not counted."""
    agent = controller.add_agent(1001)
    controller.enroll()
    hook(
        controller,
        """
import errno, os
rename = os.replace
def replace(source, target, *others, **more):
    if str(target).endswith("agent-1001.yml"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return rename(source, target, *others, **more)
os.replace = os.rename = replace
""",
    )
    before = controller.files()
    for _run in range(3):
        run = controller.rotate()
        assert run.failed == {agent.host}
        assert "No space left on device" in run.message(agent.host)
        assert run.calls_of(agent.number, "change") == []
    assert controller.files() == before
    del controller.environment["PYTHONPATH"]
    assert controller.rotate().changed == {agent.host}
    controller.judge()


def test_files_that_somebody_has_handled(controller: Controller, simulator: Simulator) -> None:
    """Each says what was done to it and how to undo that; the healthy ones rotate, and new hosts are enrolled."""
    vaulted, merged, emptied, healthy = controller.add_agents(1001, 4)
    controller.enroll()
    before = {agent: (controller.store / f"{agent.host}.yml").read_bytes() for agent in (vaulted, merged, emptied)}

    path = controller.store / f"{vaulted.host}.yml"
    controller.command("ansible-vault", "encrypt", "--vault-password-file", str(controller.vault_file), str(path))
    path = controller.store / f"{merged.host}.yml"
    path.write_bytes(b"<<<<<<< HEAD\n" + before[merged] + b"=======\n" + before[merged] + b">>>>>>> theirs\n")
    (controller.store / f"{emptied.host}.yml").write_bytes(b"")

    newcomer = controller.add_agent(1009)
    enrolled = controller.enroll("--limit", newcomer.host)
    assert enrolled.outcome(newcomer.host) == "enrolled"
    run = controller.rotate()
    assert run.failed == {vaulted.host, merged.host, emptied.host}
    for agent, words in (
        (vaulted, ["encrypted as a whole", "ansible-vault decrypt"]),
        (merged, ["merge"]),
        (emptied, ["empty"]),
    ):
        said = run.message(agent.host)
        assert [word for word in words if word not in said] == [], said
        assert f"{agent.host}.yml" in said
        assert run.calls_of(agent.number) == []
    assert controller.is_rotated(healthy)

    path = controller.store / f"{vaulted.host}.yml"
    controller.command("ansible-vault", "decrypt", "--vault-password-file", str(controller.vault_file), str(path))
    for agent in (merged, emptied):
        (controller.store / f"{agent.host}.yml").write_bytes(before[agent])
    assert controller.rotate().rc == 0
    controller.judge()


def test_what_was_written_while_the_clock_was_ahead(controller: Controller, simulator: Simulator) -> None:
    """Two logins that failed in years to come are no reason to wait for years."""
    agent = controller.add_agent(1001)
    controller.enroll()
    simulator.fault("drop_before", account=agent.number, operation="sign_in", count=2)
    for _run in range(2):
        controller.rotate()
    future = f"{datetime.now(timezone.utc) + timedelta(days=730):%Y-%m-%dT%H:%M:%SZ}"
    controller.edit(agent, ledger=lambda lines: [{**line, "at": future} for line in lines])
    run = controller.rotate()
    assert run.calls_of(agent.number) == []
    assert run.outcome(agent.host) == "cooling"
    assert str(datetime.now(timezone.utc).year) in run.said(agent.host)
    assert controller.rotate("-e", "rotate_retry_diverged=true").outcome(agent.host) == "rotated"
    controller.judge()


def test_another_persons_password_is_not_tried(controller: Controller, simulator: Simulator) -> None:
    """A file that was copied from one host to another names whose passwords it holds."""
    one, other = controller.add_agents(1001, 2)
    controller.enroll()
    simulator.act("password", "cc_agent", other.number, password=new_password())
    shutil.copy(controller.store / f"{one.host}.yml", controller.store / f"{other.host}.yml")
    run = controller.rotate()
    assert run.failed == {other.host}
    said = f"the stored password is that of {one.number} of the CC-Gateway"
    assert said in run.message(other.host)
    assert run.calls_of(other.number) == []

# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to the hosts of a floor before they are left to settle. Each scene plays one batch of cases."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from support.controller import Running, until

from .floor import FORKS, HOURS, Floor, Player

HOOK = Path(__file__).resolve().parent / "hook"
PATIENCE = 300
"""Seconds for the slowest host to get to where it is held."""
HELD = {"rotate_cc_timeout": 280, "rotate_cec_timeout": 280, "rotate_idaas_timeout": 280, "rotate_sip_timeout": 60}

Scene = Callable[[Floor], None]


def wrong_answers(floor: Floor) -> None:
    """Every host meets its accidents in one run, and perhaps more in the next."""
    floor.plan()
    floor.run()
    for player in floor.unmet():
        player.faults.append("void: the accident did not happen")
    floor.simulator.clear_faults()
    again = [player for player in floor.players if player.case.later]
    if again:
        floor.plan("later")
        floor.wait(31 * 60)
        floor.run(again)


def killed_at_requests(floor: Floor) -> None:
    """Every host is held at its request, answered or not; then the whole run is killed. The next may be hurt as well."""
    floor.plan()
    with _patient(floor):
        run = floor.start()
        _kill(floor, run, lambda: not floor.simulator.faults())
    _again(floor)


def killed_at_writes(floor: Floor) -> None:
    """Every host is held before or after a write of its store; then the whole run is killed. The next may be hurt."""
    points = watched(floor)
    run = floor.start()
    _kill(floor, run, lambda: all((points / f"{player.host}.held").exists() for player in floor.players))
    unwatched(floor)
    _again(floor)


def _again(floor: Floor) -> None:
    """A run that is hurt as well, for those whose cases say so."""
    again = [player for player in floor.players if player.case.later]
    if again:
        floor.plan("later")
        floor.run(again)


def broken_disk(floor: Floor) -> None:
    """The store is full, read-only or cannot be flushed from one of its writes on, while the run lasts."""
    points = watched(floor)
    floor.run()
    for player in floor.players:
        if player.case.write["how"] != "not flushed" and not (points / f"{player.host}.held").exists():
            player.faults.append("void: the disk did not fail")
    unwatched(floor)


def restored_backup(floor: Floor) -> None:
    """After the run each host's file is replaced by the one from an earlier moment of that run."""
    points = watched(floor)
    shutil.copytree(floor.controller.store, points, dirs_exist_ok=True)  # version 0
    floor.plan()
    floor.run()
    floor.simulator.clear_faults()
    unwatched(floor)
    for player in floor.players:
        number = player.case.write["write"]
        backup = points / (f"{player.host}.{number}.yml" if number else f"{player.host}.yml")
        player.foreign.add(str(floor.simulator.account(*player.main.key)["password"]))
        file = floor.controller.store / f"{player.host}.yml"
        if backup.exists():
            shutil.copyfile(backup, file)
        else:
            file.unlink()
    floor.judge()


NIGHTS, NIGHT = 4, 24 * 3600


def nights(floor: Floor) -> None:
    """The same fault meets every login, night after night; somebody may have changed the password before."""
    for player in floor.players:
        if player.case.act:
            _act(floor, player)
    floor.plan()
    for _night in range(NIGHTS):
        floor.run()
        floor.wait(NIGHT)
    floor.simulator.clear_faults()


def wrong_clocks(floor: Floor) -> None:
    """What the run has written is dated as by a clock that was wrong."""
    floor.plan()
    floor.run()
    floor.simulator.clear_faults()
    for player in floor.players:
        floor.date_back(-player.case.write["clock"], player)
    floor.run()


def twins(floor: Floor) -> None:
    """Each host is rotated; then another one names its account. That one sends nothing, and the first is not hurt."""
    floor.run()
    floor.wait(25 * HOURS)
    twins = [(player, f"twin-of-{player.host}") for player in floor.players]
    for player, twin in twins:
        others = {"name": "somebody-else"} if player.case.write["twin"] == "other" else {}
        floor.controller.add_copy(player.host, twin, **others)
    floor.plan()
    run = floor.run(None, "-e", "rotate_when=always")
    for player, twin in twins:
        outcome, said = run.outcome(twin, player.main.kind), run.message(twin)
        if outcome != "failed" or not any(words in said for words in ("belongs to the inventory host", "names")):
            player.faults.append(f"unresolved: the twin ended {outcome}")
        del floor.controller.host_vars[twin]
    floor.simulator.clear_faults()


def outage(floor: Floor) -> None:
    """No login is answered. Few are made at the server, and then nobody is left waiting for a person's word."""
    allowed = floor.controller.group_vars.pop("rotate_max_unanswered_logins_per_server")
    floor.plan()
    run = floor.run()
    floor.controller.group_vars["rotate_max_unanswered_logins_per_server"] = allowed
    asked = [call for call in run.calls if call["fault"]]
    if not 0 < len(asked) <= MOST_IN_AN_OUTAGE:
        floor.players[0].faults.append(f"unresolved: {len(asked)} logins at a server that does not answer")
    floor.simulator.clear_faults()
    run = floor.run()
    for player in floor.players:
        if player.end != "rotated":
            outcome = run.outcome(player.host, player.main.kind)
            player.faults.append(f"unresolved: charged for an outage, {outcome}")


MOST_IN_AN_OUTAGE = 2 + FORKS
"""Logins without an answer after which a run makes no further one, and those that are under way by then."""


def meddled_before(floor: Floor) -> None:
    """Somebody does something to the account before the run."""
    for player in floor.players:
        _act(floor, player)
    floor.run()


def meddled_between(floor: Floor) -> None:
    """Somebody does something to the account after a run that was hurt.

    With two accidents and a password that nobody knows there is no way to find out within two wrong logins for ever.
    """
    floor.forgets = True
    floor.plan()
    floor.run()
    floor.simulator.clear_faults()
    floor.wait(60)
    for player in floor.players:
        _act(floor, player)
    floor.run()


def meddled_during(floor: Floor) -> None:
    """Somebody does something to the account while a request is on its way; then it arrives.

    A change that presents a password which has just become wrong is a wrong login that no run can foresee, and servers
    do not tell it from other failures.
    """
    floor.forgets = True
    floor.plan()
    waiting = list(floor.players)

    def all_done(run: Running) -> bool:
        held = {call["account"] for call in floor.simulator.journal() if call["fault"] and not call["done"]}
        for player in list(waiting):
            if _held_account(player) in held:
                _act(floor, player)
                waiting.remove(player)
        return not waiting or run.process.poll() is not None

    with _patient(floor):
        run = floor.start()
        until(lambda: all_done(run), PATIENCE, pause=0.1)
        for player in waiting:
            player.faults.append("void: nobody got there in time")
        floor.seen(run.result(PATIENCE))


def crowded(controllers: int) -> Callable[[Floor], None]:
    """Several controllers at once on one store, and accidents besides."""

    def play(floor: Floor) -> None:
        floor.plan()
        floor.simulator.options(latency=0.02)
        runs = []
        for number in range(controllers):
            # Of different width, so that they meet in all places.
            floor.controller.environment["ANSIBLE_FORKS"] = str(FORKS // (1 + number))
            runs.append(floor.start())
        floor.take_turns()
        for run in runs:
            floor.seen(run.result(1800))
        floor.simulator.options(latency=0)

    return play


def strange_registrar(floor: Floor) -> None:
    """The registrar is silent, or answers everything with one status."""
    floor.simulator.options(registrar=dict(floor.players[0].case.write["registrar"]))
    floor.run()
    floor.simulator.options(registrar={"silent": False, "status": 0, "only_credentials": False})


def no_token(floor: Floor) -> None:
    """The request that is made once for all hosts goes wrong."""
    floor.simulator.fault(**floor.players[0].case.write["fault"])
    floor.run()


def _act(floor: Floor, player: Player) -> None:
    assert player.case.act
    action, values = player.case.act
    if action == "password":
        floor.set_password(player)
        return
    if action == "lock":
        player.locks += 1
    if action in ("mfa", "denied"):
        status = {"mfa": "MFA_AUTH", "denied": "ACCESS_DENIED"}[action]
        number = int(player.main.host.rpartition("-")[2])
        attributes = {"user_id": f"id-{number}", "status": status}
        floor.simulator.put_account(
            "idaas", player.main.number, password=player.main.password, valid_days=0, attributes=attributes
        )
        return
    floor.simulator.act(action, player.main.kind, player.main.number, **values)


@contextlib.contextmanager
def _patient(floor: Floor) -> Iterator[None]:
    """Time-outs that let every host wait where it is held until all have got there."""
    usual = {name: floor.controller.group_vars[name] for name in HELD}
    floor.controller.group_vars |= HELD
    try:
        yield
    finally:
        floor.controller.group_vars |= usual


def _held_account(player: Player) -> str:
    return player.account(player.case.accidents[0].request.service)


def _kill(floor: Floor, run: Running, is_held: Callable[[], bool]) -> None:
    """Kill the run, controller and workers, once everybody is where it shall die."""
    try:
        until(lambda: is_held() or run.process.poll() is not None, PATIENCE, pause=0.1)
        if run.process.poll() is not None:
            raise AssertionError("the run ended before it was killed")
    except AssertionError as problem:
        stuck = floor.unmet()
        for player in stuck or floor.players:
            player.faults.append(f"void: {problem}")
    run.kill()
    floor.simulator.clear_faults()
    floor.judge()


def watched(floor: Floor) -> Path:
    """Let the disk misbehave as the cases say; the folder gets every version of every file."""
    points = floor.controller.folder / "points"
    points.mkdir()
    hosts = {player.host: dict(player.case.write) for player in floor.players if player.case.write}
    plan = {"store": str(floor.controller.store), "hosts": hosts}
    (points / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    floor.controller.environment |= {"PYTHONPATH": str(HOOK), "STORE_POINTS": str(points)}
    return points


def unwatched(floor: Floor) -> None:
    for name in ("PYTHONPATH", "STORE_POINTS"):
        floor.controller.environment.pop(name, None)

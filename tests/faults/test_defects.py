# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test of the tests: mistakes that other rotators have made are put into a copy of the collection, and the matrix
must find each of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from faults import matrix
from faults.floor import Place
from faults.flows import FLOWS
from faults.matrix import Batch
from simulator.client import Simulator
from support.controller import Controller, new_password

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("galaxy.yml", "meta", "playbooks", "plugins", "roles")
FLOWS_TRIED = ("agent", "user, repaired")


@dataclass(frozen=True)
class Defect:
    """A mistake: where it is made, what stands there, what is put in its place; the case that must catch it, and how."""

    edits: Sequence[tuple[str, str, str]]
    case: str
    verdict: str


DECISIONS, FLOW = "plugins/plugin_utils/rotation/decisions.py", "plugins/plugin_utils/rotation/flow.py"
LEDGER = "plugins/plugin_utils/rotation/ledger.py"
STORE, TRANSPORT = "plugins/plugin_utils/store/vault_file.py", "plugins/module_utils/_http/transport.py"

APPENDED = ""
IN_MEMORY = """

# What a run has not finished exists only as long as it lives.
_stored, _write = VaultFileStore._path, replace


def _remembered(path):
    return f"{path}.{os.getppid()}"


def _path(self, host):
    path = _stored(self, host)
    return _remembered(path) if os.path.exists(_remembered(path)) else path


def _write_late(path, text, check):
    stored = path.removesuffix(f".{os.getppid()}")
    credentials = host_file.parse(path, text)
    if any(entry.staged and entry.written_by for entry in credentials.values()):
        return _write(_remembered(stored), text)
    _write(stored, text)
    if path != stored:
        os.unlink(path)


VaultFileStore._path, replace = _path, _write_late
"""

DEFECTS = {
    "the store is written after the change instead of before": Defect(
        ((STORE, APPENDED, IN_MEMORY),),
        "agent: change 1 killed after",
        "lost",
    ),
    "a new candidate on every retry": Defect(
        (
            (DECISIONS, "if not (sent.staged and self.candidates.suits_repair(sent.staged)):", "if True:"),
            (DECISIONS, "sent if sent.staged else self._with_candidate(", "self._with_candidate("),
        ),
        "user, repaired: idaas_reset 1 late 5400 s, drop",
        "lost",
    ),
    "success is believed without verification": Defect(
        (
            (
                FLOW,
                '            proof: LoginReport = yield LogIn(STAGED, "verify")\n            if not proof.proves:\n',
                "            if False:\n",
            ),
        ),
        "agent: change 1 lie",
        "unresolved: open",
    ),
    "the change is retried by the HTTP library": Defect(
        ((TRANSPORT, "Adapter(max_retries=0)", "Adapter(max_retries=urllib3.Retry(2, allowed_methods=None))"),),
        "agent: change 1 drop_after",
        "sent twice",
    ),
    "the candidate is dropped on an unknown outcome": Defect(
        (
            (
                DECISIONS,
                "        freed = ledger.release(settled)\n",
                "        freed = ledger.release(settled).changed(staged=None)\n",
            ),
        ),
        "agent: sign_in 2 drop_after",
        "lost",
    ),
    "the candidate is dropped on a refusal": Defect(
        ((DECISIONS, "        if not change.is_sent:\n", "        if not change.is_settled_by_proof:\n"),),
        "agent: change 1 policy, applied",
        "lost",
    ),
    "the ledger forgets with time": Defect(
        (
            (
                LEDGER,
                "    lines = [line for line in booked if line.outcome != Outcome.LOCKED and not line.is_free]\n",
                "    lines = [line for line in booked if run.time - line.at < timedelta(minutes=30)]\n",
            ),
        ),
        "agent: password changed before, no code for it",
        "locked",
    ),
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def batches(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Batch]:
    """The cases that catch the defects, each as a batch of its own, as the true code's requests give rise to them."""
    flows = [flow for flow in FLOWS if flow.name in FLOWS_TRIED]
    healthy = matrix.healthy(Place(simulator, tmp_path_factory.mktemp("healthy")), flows)
    return {
        str(case): replace(batch, cases=[case])
        for batch in matrix.batches(healthy, quick=False)
        for case in batch.cases
    }


def planted(folder: Path, edits: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """Make a copy of the collection with these edits, and return what has a run use it."""
    copy = folder / "ansible_collections/callcenter/passwords"
    copy.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy / part)
    for file, before, after in edits:
        text = (copy / file).read_text(encoding="utf-8")
        assert before in text, f"{file} has changed: this defect needs a new place"
        (copy / file).write_text(text.replace(before, after) if before else text + after, encoding="utf-8")
    return {"ANSIBLE_COLLECTIONS_PATH": str(folder)}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_matrix_catches(name: str, batches: dict[str, Batch], simulator: Simulator, tmp_path: Path) -> None:
    defect = DEFECTS[name]
    place = Place(simulator, tmp_path / "floors", planted(tmp_path / "copy", defect.edits))
    (player,) = matrix.play(place, batches[defect.case]).players
    assert any(defect.verdict in fault for fault in player.faults), player.faults


def test_the_true_code_is_clean(batches: dict[str, Batch], simulator: Simulator, tmp_path: Path) -> None:
    """On the same cases, so that it is the defects that are caught."""
    place = Place(simulator, tmp_path)
    wanted = {defect.case for defect in DEFECTS.values()}
    for scene in {batches[case].scene for case in wanted}:
        some = [batches[case] for case in wanted if batches[case].scene == scene]
        played = matrix.play(place, replace(some[0], cases=[case for batch in some for case in batch.cases]))
        assert [player.faults for player in played.players] == [[] for _player in played.players]


NOBODY_ASKS = (
    (STORE, "        if account is None or self._owners.of(account).get(kind) == host:\n", "        if True:\n"),
)


@pytest.mark.parametrize(("edits", "times"), [((), 0), (NOBODY_ASKS, 1)], ids=["true code", "nobody asks the index"])
def test_an_account_that_several_hosts_name(
    edits: Sequence[tuple[str, str, str]], times: int, simulator: Simulator, tmp_path: Path
) -> None:
    """Each host presents a password of its own, so without the index of accounts they lock the account together."""
    simulator.reset()
    controller = Controller(tmp_path / "controller", simulator)
    agent = controller.add_agent(1001)
    others = [f"desk-{number}" for number in range(4)]
    for host in others:
        controller.host_vars[host] = dict(controller.host_vars[agent.host])
    controller.environment |= planted(tmp_path / "copy", edits)
    given = {host.replace("-", "_"): {"cc_agent": new_password()} for host in others}
    controller.enroll("--forks", "1", check=False, **given)
    assert controller.live(agent)["times_locked"] == times

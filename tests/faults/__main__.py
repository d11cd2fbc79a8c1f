# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make faults`: everything that can go wrong, played with real ansible-playbook runs, and the verdict of the servers."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from simulator.client import Simulator

from . import matrix
from .floor import Place
from .flows import FLOWS
from .verdict import Verdict, page

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of the matrix that takes under two minutes")
    parser.add_argument("--flow", action="append", choices=[flow.name for flow in FLOWS], help="only this flow")
    parser.add_argument("--batch", action="append", default=[], help="only batches whose name begins like this")
    parser.add_argument("--case", default="", help="only cases whose name has this in it")
    parser.add_argument("--collections", type=Path, help="folder with another copy of the collection to try")
    parser.add_argument("--output", type=Path, default=ROOT / "build/faults.json", help="where the verdict goes")
    parser.add_argument("--page", type=Path, help="the page of the documentation, written where the whole matrix ran")
    parser.add_argument("--keep", type=Path, help="folder for the controllers, kept afterwards")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        return play(arguments, arguments.keep or Path(temporary))


def play(arguments: argparse.Namespace, folder: Path) -> int:
    verdict = Verdict()
    began = time.monotonic()
    flows = [flow for flow in FLOWS if not arguments.flow or flow.name in arguments.flow]
    with Simulator() as simulator:
        environment = {"ANSIBLE_COLLECTIONS_PATH": str(arguments.collections)} if arguments.collections else {}
        place = Place(simulator, folder, environment)
        healthy = matrix.healthy(place, flows)
        for batch in matrix.batches(healthy, quick=arguments.quick):
            if not batch.name.startswith(tuple(arguments.batch) or ""):
                continue
            batch = replace(batch, cases=[case for case in batch.cases if arguments.case in str(case)])
            if not batch.cases:
                continue
            start = time.monotonic()
            played = matrix.play(place, batch)
            verdict.add(played.players, played.leaks)
            print(f"{time.monotonic() - start:6.1f} s  {len(batch.cases):4} cases  {batch.name}", flush=True)
            write(arguments.output, verdict, time.monotonic() - began)
    if arguments.page and not (arguments.batch or arguments.case or arguments.flow or arguments.quick):
        arguments.page.write_text(page(verdict.document()), encoding="utf-8")
    for problem in verdict.problems:
        print(f"{problem['case']}: {'; '.join(problem['faults'])}")
    print(verdict.line)
    return int(not verdict.is_clean)


def write(path: Path, verdict: Verdict, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**verdict.document(), "seconds": round(seconds)}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

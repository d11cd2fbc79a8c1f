# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks of `make test` and sum them up. With arguments: only these checks.

A check is a target of the Makefile. The quick ones and the sanity tests share the two cores, their output is shown when
they end; the tests that drive real playbooks then have the machine to themselves and are shown as they run. Everything
runs even if something failed before, so that one run tells all there is to mend.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build/reports"

# The longest first: it fills one core while the others follow each other on the second.
SHARED = [
    "sanity",
    "ruff",
    "yamllint",
    "unit",
    "mypy",
    "ansible-lint",
    "docs-lint",
    "changelog-lint",
    "codespell",
    "vulture",
    "reuse",
    "actionlint",
    "docs",
    "build",
]
ALONE = ["demo", "integration", "faults-quick", "defects", "oldest", "molecule"]
WORKERS = 2


@dataclass
class Result:
    gate: str
    seconds: float
    passed: int
    failed: int
    skipped: Counter[str]
    output: str = ""


def count(gate: str, status: int) -> tuple[int, int, Counter[str]]:
    """Passed, failed, and skipped by their reasons: the tests of a pytest run, else the check itself."""
    report = REPORTS / f"{gate}.xml"
    if not report.exists():
        return int(status == 0), int(status != 0), Counter()
    total = failed = 0
    root = ElementTree.parse(report).getroot()  # noqa: S314 (pytest wrote it just now)
    for suite in root.iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    skipped = Counter(str(one.get("message")) for one in root.iter("skipped"))
    passed = max(total - failed - skipped.total(), 0)
    # pytest can fail without a failing test, for instance because it found none.
    return passed, max(failed, int(status != 0)), skipped


def environment() -> dict[str, str]:
    """Without what this run's own make left there, and without colours if nobody would see them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return clean if sys.stdout.isatty() else {**clean, "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}


def run(gate: str, shown: bool) -> Result:
    (REPORTS / f"{gate}.xml").unlink(missing_ok=True)
    start = time.monotonic()
    process = subprocess.run(
        ["make", "--no-print-directory", gate],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - start
    return Result(gate, seconds, *count(gate, process.returncode), output=process.stdout or "")


def heading(text: str) -> None:
    print(f"\n=== {text} ".ljust(100, "="), flush=True)


def run_all(gates: list[str]) -> Iterator[Result]:
    shared = [gate for gate in SHARED if gate in gates]
    with ThreadPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(run, gate, False) for gate in shared]):
            result = future.result()
            heading(result.gate)
            print(result.output, end="", flush=True)
            yield result
    for gate in ALONE:
        if gate in gates:
            heading(gate)
            yield run(gate, True)


def main() -> int:
    gates = sys.argv[1:] or SHARED + ALONE
    if sys.version_info >= (3, 13) and "oldest" in gates:
        gates.remove("oldest")
        print("skipped: oldest (the oldest supported ansible-core runs on no Python after 3.12)")
    unknown = [gate for gate in gates if gate not in SHARED + ALONE]
    if unknown:
        sys.exit(f"no such check: {', '.join(unknown)} (there are: {', '.join(SHARED + ALONE)})")

    start = time.monotonic()
    results = list(run_all(gates))

    heading("summary")
    for result in results:
        verdict = "FAILED" if result.failed else "ok"
        counts = f"{result.passed} passed, {result.failed} failed, {result.skipped.total()} skipped"
        print(f"{result.gate:<16}{verdict:<8}{result.seconds:>7.1f} s   {counts}")
    print(f"{'together':<24}{time.monotonic() - start:>7.1f} s\n")

    skipped = sum((result.skipped for result in results), Counter[str]())
    for reason, number in skipped.most_common():
        print(f"{number:>5} skipped: {reason}")
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    print(f"{passed} passed, {failed} failed, {skipped.total()} skipped")
    if os.environ.get("NEEDS_KAMAILIO") and any("kamailio" in reason.lower() for reason in skipped):
        sys.exit("Kamailio is installed, and its tests were skipped all the same")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

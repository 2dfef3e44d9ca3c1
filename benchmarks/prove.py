"""The reasons to trust it, as runs: references, identities, properties, bad inputs, kills, damaged
files, shape of the code, coverage, reproduction of every report that is there.

Run: make prove (all, about an hour on two cores) or python benchmarks/prove.py --quick (minutes).
Two reasons at a time (--at-once), the long ones first. One line a reason with its figure; exit
status 1 where one fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS_OF_A_FILE = (
    "lfs/test_real_files.py"  # half a million published weights of one office: counted apart
)
Reason = tuple[bool, str]


def command(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of the project's own commands."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"OMP_NUM_THREADS": "1", "MISMES_EXAMPLES": "100", **os.environ, **(env or {})},
    )


def tests(*words: str) -> Reason:
    """Tests, by marker or folder."""
    return passed(command("-m", "pytest", "-n", "1", "-v", *words))


def watched() -> Reason:
    """No test changes what it shares with others, and none has an assertion that is never reached."""
    with tempfile.TemporaryDirectory() as folder:
        hook = ("-p", "tests.watch", "-o", "enable_assertion_pass_hook=true")
        words = ("-m", "pytest", "-v", *hook, "-m", "not slow", "tests")
        return passed(command(*words, env={"PYTHONPYCACHEPREFIX": folder}))


def passed(answer: subprocess.CompletedProcess[str]) -> Reason:
    """Whether all tests passed, and the line that counts them."""
    tail = [
        line.strip("= ")
        for line in answer.stdout.splitlines()
        if re.search(r"\d+ (passed|failed|skipped)", line)
    ]
    return answer.returncode == 0, tail[-1] if tail else (answer.stdout + answer.stderr)[-300:]


def references() -> Reason:
    """Numbers compared with R, papers and offices, counted where the tests compare them."""
    with tempfile.TemporaryDirectory() as folder:
        answer = command(
            "-m",
            "pytest",
            "-n",
            "1",
            "-m",
            "golden or shared",
            "tests",
            env={"MISMES_REFERENCES": folder},
        )
        counts: Counter[str] = Counter()
        for file in Path(folder).glob("*.json"):
            counts.update(json.loads(file.read_text()))
    apart = counts.pop(WEIGHTS_OF_A_FILE, 0)
    if not counts:
        return (
            False,
            "no reference number was compared: the reference data are absent (MISMES_SHARED)",
        )
    return (
        answer.returncode == 0 and counts.total() >= 350,
        f"{counts.total():,} numbers in {len(counts)} test files, and {apart:,} published weights",
    )


def attacks(quick: bool) -> Reason:
    """Every kind of attack: n tried and n held, one line a kind."""
    answer = command("benchmarks/attacks.py", *(["--quick"] if quick else []))
    *lines, figure = answer.stdout.rstrip().splitlines() or [answer.stderr[-300:]]
    sys.stdout.write("\n".join(lines) + "\n")
    return answer.returncode == 0, figure


def study(script: str, *words: str) -> Reason:
    """A study whose exit status says whether its promise held; its last two lines are its figure."""
    answer = command(f"benchmarks/{script}", *words)
    return answer.returncode == 0, " | ".join(
        answer.stdout.strip().splitlines()[-2:]
    ) or answer.stderr[-300:]


def coverage(script: str, runs: int) -> Reason:
    """A coverage study; the bounds follow the number of runs."""
    answer = command(f"benchmarks/{script}", "--runs", str(runs))
    found = [
        float(m.group(1))
        for m in re.finditer(
            r"\s(0\.\d{4}|1\.0000)\s+(?:-?\d+\.\d{4}|NaN)\s+(?:\d+\.\d{4}|NaN)\s+\d+\s*$",
            answer.stdout,
            re.MULTILINE,
        )
    ]
    if answer.returncode or not found:
        return False, answer.stderr[-300:]
    slack = max(0.015, 3.5 * (0.95 * 0.05 / runs) ** 0.5)
    inside = [c for c in found if abs(c - 0.95) <= slack]
    figure = f"{len(found)} intervals, coverage {min(found):.3f} to {max(found):.3f} in {runs} runs, {len(inside)} within {0.95 - slack:.3f} to {0.95 + slack:.3f}"
    return len(inside) >= 0.95 * len(found), figure


def reports() -> Reason:
    """Every report in reports/ made again in a clean folder and compared number by number."""
    made = sorted(
        p.parent
        for p in (ROOT / "reports").glob("*/MANIFEST.json")
        if (p.parent / "report.ipynb").is_file()
    )
    failed = [p.name for p in made if command("-m", "mismes_eval", "verify", str(p)).returncode]
    if not made:
        return False, "no report is there: run make report first"
    return not failed, f"{len(made) - len(failed)} of {len(made)} reports reproduced" + (
        f", not: {', '.join(failed)}" if failed else ""
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs and files")
    parser.add_argument("--at-once", type=int, default=2, help="reasons at the same time")
    args = parser.parse_args()
    runs = 200 if args.quick else 2000
    reasons: list[tuple[str, Callable[[], Reason]]] = [
        ("95% intervals of a survey", lambda: coverage("coverage.py", runs)),
        ("95% intervals of effects", lambda: coverage("coverage_impact.py", runs)),
        ("attacks", lambda: attacks(args.quick)),
        ("published and R numbers", references),
        ("identities", lambda: tests("-m", "identity")),
        ("relations, properties, bad inputs", lambda: tests("tests/proof")),
        ("properties elsewhere", lambda: tests("-m", "property", "--ignore", "tests/proof")),
        ("tests that spoil or skip nothing", watched),
        ("shape of the code", lambda: tests("-m", "architecture")),
        ("tests that take long", lambda: tests("-m", "slow")),
        ("disclosure attack", lambda: study("disclosure_attack.py")),
        ("reports reproduce", reports),
    ]
    with ThreadPoolExecutor(args.at_once) as pool:
        held = list(pool.map(lambda r: told(*r), reasons))
    return 0 if all(held) else 1


def told(name: str, reason: Callable[[], Reason]) -> bool:
    """Whether a reason holds, and its line."""
    start = time.perf_counter()
    ok, figure = reason()
    sys.stdout.write(
        f"{'holds ' if ok else 'FAILS '} {name:<34} {figure}  ({time.perf_counter() - start:.0f} s)\n"
    )
    sys.stdout.flush()
    return ok


if __name__ == "__main__":
    sys.exit(main())

"""The reasons to trust it, as runs: references, identities, properties, shape of the code, coverage, reproduction of every report that is there.

Run: make prove. One line a reason with its figure; exit status 1 where one fails.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tests(marker: str) -> tuple[bool, str]:
    """Tests with a marker."""
    answer = subprocess.run([sys.executable, "-m", "pytest", "-n", "2", "-m", marker, "-q"], cwd=ROOT, capture_output=True, text=True, check=False)
    tail = [line for line in answer.stdout.splitlines() if re.search(r"\d+ (passed|failed|skipped)", line)]
    return answer.returncode == 0, tail[-1] if tail else (answer.stdout + answer.stderr)[-300:]


def coverage(runs: int) -> tuple[bool, str]:
    """Coverage study; the bounds follow the number of runs."""
    answer = subprocess.run([sys.executable, "benchmarks/coverage.py", "--runs", str(runs)], cwd=ROOT, capture_output=True, text=True, check=False)
    found = [float(m.group(1)) for m in re.finditer(r"\s(0\.\d{4}|1\.0000)\s+-?\d+\.\d{4}\s+\d+\.\d{4}\s+\d+\s*$", answer.stdout, re.MULTILINE)]
    if answer.returncode or not found:
        return False, answer.stderr[-300:]
    slack = 3.5 * (0.95 * 0.05 / runs) ** 0.5
    inside = [c for c in found if abs(c - 0.95) <= max(0.015, slack)]
    return (
        len(inside) == len(found),
        f"{len(found)} intervals, coverage {min(found):.3f} to {max(found):.3f} in {runs} runs, {len(inside)} within {0.95 - max(0.015, slack):.3f} to {0.95 + max(0.015, slack):.3f}",
    )


def reports() -> tuple[bool, str]:
    """Every report in reports/ made again in a clean folder and compared number by number."""
    made = sorted(p.parent for p in (ROOT / "reports").glob("*/MANIFEST.json"))
    failed = [
        p.name
        for p in made
        if subprocess.run([str(Path(sys.executable).with_name("mismes")), "verify", str(p)], cwd=ROOT, capture_output=True, check=False).returncode
    ]
    if not made:
        return True, "no report is there: run make report first"
    return not failed, f"{len(made) - len(failed)} of {len(made)} reports reproduced" + (f", not: {', '.join(failed)}" if failed else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="runs of the coverage study (2000 takes about half an hour)")
    args = parser.parse_args()
    reasons = [
        ("published and R numbers", lambda: tests("golden")),
        ("identities", lambda: tests("identity")),
        ("properties", lambda: tests("property")),
        ("shape of the code", lambda: tests("architecture")),
        ("reports reproduce", reports),
        ("95% intervals", lambda: coverage(args.runs)),
    ]
    good = True
    for name, reason in reasons:
        start = time.perf_counter()
        ok, figure = reason()
        good &= ok
        sys.stdout.write(f"{'holds ' if ok else 'FAILS '} {name:<26} {figure}  ({time.perf_counter() - start:.0f} s)\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""Every kind of attack on the product, with n tried and n held: `python benchmarks/attacks.py
[--only WORD ...] [--quick] [--write]`. `make prove` runs it.

A row is a file of attacking tests, or a study that counts itself (its last line: "n tried, m
held"). --only runs the rows whose kind holds one of the words; --write puts the rows that ran into
the table of docs/trust.md and leaves the others. Exit status 1 where one attack succeeds.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "trust.md"
BEGIN, END = "<!-- attacks: benchmarks/attacks.py --write -->", "<!-- end of attacks -->"
HEAD = "| attack | with | tried | held | on |\n|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Attack:
    """kind: what is attacked; script: a file of tests, or of benchmarks with its words."""

    kind: str
    script: str
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()

    def said(self, quick: bool) -> tuple[str, ...]:
        """The words after the script."""
        return (self.quick if quick else self.words) or self.words

    @property
    def is_study(self) -> bool:
        return self.script.startswith("benchmarks/")


def tests(kind: str, file: str) -> Attack:
    return Attack(kind, f"tests/{file}")


ATTACKS = (
    tests(
        "manifests, archives, tampered files, kernels, surroundings, signals",
        "report/test_attacks.py",
    ),
    tests("damaged and changed files of a report, compared", "report/test_verify.py"),
    Attack(
        "every published file, tampered with at random",
        "benchmarks/tamper.py",
        ("--each", "4"),
        ("--each", "1"),
    ),
    tests("pages of all measures: tampered files, manifests", "report/test_verify_site.py"),
    tests("files of persons in folders of reports", "report/test_publish.py"),
    tests("signatures: changed, foreign, missing", "report/test_signatures.py"),
    tests(
        "publishing killed before each change, full disks", "report/test_faults_of_publishing.py"
    ),
    Attack(
        "a whole report killed, on a full disk, several at once",
        "benchmarks/kill.py",
        quick=("--fixed", "8", "--random", "4", "--sizes", "4", "--together", "3"),
    ),
    tests("data files that hold too much, headers that lie", "frame/test_limits.py"),
    tests("exports, plans, mappings, manifests of others", "frame/test_outside.py"),
    Attack("damaged data files", "benchmarks/fuzz.py", ("--files", "10000"), ("--files", "500")),
    tests("two publications taken from each other", "report/test_differencing.py"),
    tests("published files against each other", "report/test_published_attack.py"),
    Attack("hidden cells of the reports that are there", "benchmarks/published_attack.py"),
    Attack(
        "intervals of hidden numbers: the reports that are there, small made-up studies",
        "benchmarks/interval_attack.py",
        ("--made", "24"),
        ("--made", "4"),
    ),
    tests("sums of persons by linear programme", "report/test_disclosure.py"),
    tests("sums of persons by hand", "report/test_disclosure_by_hand.py"),
    tests("groups at the limit", "report/test_disclosure_at_limits.py"),
    tests("spoiled inputs that check must name", "report/test_named_by_check.py"),
    tests("hostile labels and params", "proof/test_hostile.py"),
    tests("planted identifiers", "proof/test_confidential.py"),
)


def run(attack: Attack, quick: bool) -> tuple[int, int]:
    """How many attacks of a kind were tried, and how many were held. Tests that are skipped were
    not tried.
    """
    words = attack.said(quick)
    pytest = ("-m", "pytest", "-n", "1", "-v", "-p", "no:cacheprovider")
    call = (attack.script, *words) if attack.is_study else (*pytest, attack.script)
    answer = subprocess.run(
        [sys.executable, *call],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"OMP_NUM_THREADS": "1", **os.environ},
        preexec_fn=as_in_a_terminal if os.name == "posix" else None,
    )
    tried, held = study(answer.stdout) if attack.is_study else counted(answer.stdout)
    if answer.returncode and tried == held:
        sys.stderr.write((answer.stdout + answer.stderr)[-2000:])
        return tried + 1, held
    return tried, held


def as_in_a_terminal() -> None:
    """Signals end a process, also where this one was started with nohup or in the background."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def counted(out: str) -> tuple[int, int]:
    """Tests that ran and that passed."""
    lines = [line for line in out.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    last = lines[-1] if lines else ""
    counts = Counter({m[2]: int(m[1]) for m in re.finditer(r"(\d+) (passed|failed|error)", last)})
    return counts.total(), counts["passed"]


def study(out: str) -> tuple[int, int]:
    """What a study says of itself."""
    found = re.findall(r"^([\d,]+) tried, ([\d,]+) held$", out, re.MULTILINE)
    if not found:
        return 1, 0
    tried, held = (int(n.replace(",", "")) for n in found[-1])
    return tried, held


def row(attack: Attack, tried: int, held: int, day: str, quick: bool) -> str:
    called = " ".join((attack.script, *attack.said(quick)))
    return f"| {attack.kind} | `{called}` | {tried:,} | {held:,} | {day} |"


def rows_of(page: str) -> dict[str, str]:
    """Kind of attack -> its row in the page."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ") and "`" in line]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


def written(page: str, made: dict[str, str]) -> str:
    """The page with the rows that were made, in the order of ATTACKS."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    rows = rows_of(page) | made
    body = "\n".join(rows[a.kind] for a in ATTACKS if a.kind in rows)
    return f"{before}{BEGIN}\n\n{HEAD}{body}\n\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="kinds that hold one of these words")
    parser.add_argument("--quick", action="store_true", help="fewer runs and files")
    parser.add_argument("--write", action="store_true", help="put the rows into docs/trust.md")
    args = parser.parse_args()
    chosen = [a for a in ATTACKS if not args.only or any(w in a.kind for w in args.only)]
    made, all_tried, all_held = {}, 0, 0
    for attack in chosen:
        tried, held = run(attack, args.quick)
        made[attack.kind] = row(
            attack, tried, held, datetime.now(UTC).date().isoformat(), args.quick
        )
        all_tried, all_held = all_tried + tried, all_held + held
        sys.stdout.write(f"    {attack.kind:<70} {tried:6,} tried {held:6,} held\n")
        sys.stdout.flush()
    if args.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(written(page, made), encoding="utf-8")
    sys.stdout.write(f"{all_tried:,} tried, {all_held:,} held\n")
    return 0 if chosen and 0 < all_tried == all_held else 1


if __name__ == "__main__":
    sys.exit(main())

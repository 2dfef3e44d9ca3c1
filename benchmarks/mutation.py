"""Mutation testing (mutmut) of the parts that make the numbers: how many small faults, planted one
at a time, do the tests find?

Run: python benchmarks/mutation.py [AREA ...] [--share 0.2] [--seed 1] [--jobs 2]. Each area is
mutated in a copy of the last commit and tested with the tests named for it.
Prints one line an area (mutants in all, tried, killed, of them by running out of time, share killed
with its 95% interval) and writes the survivors with their diff to the file of --survivors. A mutant
on a line that no test runs counts as a survivor. What was found: docs/mutation.md.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

ROOT = Path(__file__).resolve().parent.parent
TARGET = 0.85
NOTICED = ("killed", "timeout", "segfault", "suspicious", "caught by type check")
NOBODY = "no mutant has this name"
MUTMUT = str(Path(sys.executable).with_name("mutmut"))


@dataclass(frozen=True)
class Area:
    """Files to mutate and the tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Count:
    """Mutants that exist, that were tried, that a test noticed, and of the latter those whose tests
    ran out of time.
    """

    made: int
    tried: int
    killed: int
    late: int

    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson interval (95%) of the share killed among all mutants; the share itself,
        twice, where all were tried.
        """
        if self.tried == self.made:
            return self.killed / self.tried, self.killed / self.tried
        exact = binomtest(self.killed, self.tried).proportion_ci(0.95, "exact")
        return exact.low, exact.high


AREAS = {
    "numerics": Area(("mismes_eval/numerics/*",), ("tests/numerics",)),
    "weighting": Area(
        ("mismes_eval/weighting/*",),
        ("tests/weighting", "tests/proof/test_bad_calls.py"),
        ("mismes_eval/weighting/attrition.py",),
    ),
    "impact": Area(
        ("mismes_eval/impact/*",),
        ("tests/impact", "tests/impact_doubt", "tests/proof/test_bad_calls.py"),
    ),
    "tracer weights": Area(
        (
            "mismes_eval/tracer/attrition.py",
            "mismes_eval/tracer/response_model.py",
            "mismes_eval/tracer/refreshment.py",
            "mismes_eval/weighting/attrition.py",
        ),
        (
            "tests/tracer/test_attrition.py",
            "tests/tracer/test_refreshment.py",
            "tests/tracer/test_weights_at_the_edge.py",
            "tests/tracer/test_weights_by_hand.py",
            "tests/tracer/test_diagnostics.py",
        ),
    ),
    "disclosure": Area(
        (
            "mismes_eval/report/document/protect.py",
            "mismes_eval/report/document/suppression.py",
            "mismes_eval/report/document/rules.py",
        ),
        (
            "tests/report/test_protect.py",
            "tests/report/test_disclosure_by_hand.py",
            "tests/report/test_disclosure_at_limits.py",
        ),
    ),
    "params": Area(
        (
            "mismes_eval/evaluation/params.py",
            "mismes_eval/evaluation/yaml_text.py",
            "mismes_eval/evaluation/sections.py",
        ),
        (
            "tests/evaluation/test_params.py",
            "tests/evaluation/test_words_of_params.py",
            "tests/evaluation/test_messages_of_params.py",
        ),
    ),
}
SLOW = ("tests/weighting/test_coverage.py",)


def copy(area: Area, folder: Path, deselected: tuple[str, ...]) -> None:
    """The last commit in a folder, with mutmut told what to do."""
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)

    def lines(values: tuple[str, ...]) -> str:
        return "".join(f"\n    {v}" for v in values)

    also = tuple(
        p.name
        for p in folder.iterdir()
        if p.name not in ("mismes_eval", "tests", "mutants") and not p.name.startswith(".")
    )
    present = tuple(t for t in area.tests if (folder / t).exists())
    (folder / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths={lines(('mismes_eval',))}\nonly_mutate={lines(area.files)}\n{f'do_not_mutate={lines(area.without)}' if area.without else ''}\nalso_copy={lines(also)}\n"
        f"pytest_add_cli_args_test_selection={lines(present)}\npytest_add_cli_args={lines((*(f'--ignore={s}' for s in SLOW), *(f'--deselect={d}' for d in deselected)))}\n"
        "track_dependencies=false\nuse_git_change_detection=false\n"
    )


def environment() -> dict[str, str]:
    """One thread a process, the reference data where they are."""
    shared = os.environ.get("MISMES_SHARED") or str(ROOT.parent / "shared")
    return {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "MISMES_SHARED": shared}


def mutmut(folder: Path, *words: str) -> str:
    """Run mutmut in the folder; its output."""
    answer = subprocess.run(
        [MUTMUT, *words], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if answer.returncode and words[0] != "run":
        raise SystemExit(answer.stdout[-2000:] + answer.stderr[-2000:])
    return answer.stdout + answer.stderr


def results(folder: Path) -> dict[str, str]:
    """Every mutant and what became of it."""
    return {
        k: v.strip()
        for k, v in re.findall(
            r"(mismes_eval\.\S+__mutmut_\d+): (.+)", mutmut(folder, "results", "--all", "true")
        )
    }


def made(folder: Path) -> list[str]:
    """Make the mutants, see which tests reach them, and list them: a run of a name that no mutant
    has stops after that, before the first mutant is tested.
    """
    said = mutmut(folder, "run", "--max-children", "1", NOBODY)
    names = sorted(results(folder))
    if not names or "nothing matches" not in said:
        raise SystemExit(f"no mutants were made:\n{said[-2000:]}")
    return names


def written(out: Path, folder: Path, name: str, alive: dict[str, str]) -> None:
    """Append every survivor with what it changed."""
    with out.open("a") as file:
        for mutant, fate in alive.items():
            diff = [
                line
                for line in mutmut(folder, "show", mutant).splitlines()
                if line[:1] in "+-" and line[:3] not in ("+++", "---")
            ]
            file.write(f"{name}: {mutant} ({fate})\n" + "".join(f"    {line}\n" for line in diff))


def tested(
    name: str,
    area: Area,
    share: float,
    seed: int,
    jobs: int,
    survivors: Path | None,
    deselected: tuple[str, ...],
) -> Count:
    """Try the mutants of an area, or a share of them drawn with the seed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy(area, folder, deselected)
        everything = made(folder)
        chosen = sorted(
            random.Random(seed).sample(everything, max(1, round(share * len(everything))))
        )
        said = mutmut(folder, "run", "--max-children", str(jobs), *(chosen if share < 1 else ()))
        known = {k: v for k, v in results(folder).items() if k in chosen and v != "not checked"}
        if len(known) < len(chosen) or all(v == "no tests" for v in known.values()):
            raise SystemExit(
                f"{name}: {len(known)} of {len(chosen)} mutants were tested:\n{said[-2000:]}"
            )
        alive = {k: v for k, v in known.items() if v not in NOTICED}
        if survivors is not None:
            written(survivors, folder, name, alive)
    return Count(
        len(everything),
        len(known),
        len(known) - len(alive),
        sum(v == "timeout" for v in known.values()),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("area", nargs="*", help=f"among {', '.join(AREAS)}; none: all")
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the mutants, drawn at random"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--survivors", type=Path)
    parser.add_argument(
        "--deselect",
        action="append",
        default=[],
        metavar="TEST",
        help="a test to leave out: all tests must pass before mutants are tried",
    )
    args = parser.parse_args()
    unknown = [a for a in args.area if a not in AREAS]
    if unknown:
        parser.error(f"unknown area: {', '.join(unknown)}")
    good = True
    for name in args.area or AREAS:
        start = time.perf_counter()
        count = tested(
            name,
            AREAS[name],
            args.share,
            args.seed,
            args.jobs,
            args.survivors,
            tuple(args.deselect),
        )
        low, high = count.interval()
        good &= count.killed >= TARGET * count.tried
        sys.stdout.write(
            f"{name:<16} {count.made:6,} mutants, {count.tried:6,} tried, {count.killed:6,} killed ({count.late} out of time), {count.tried - count.killed:5,} survived, "
            f"{100 * count.killed / count.tried:.1f}% ({100 * low:.1f} to {100 * high:.1f})  seed {args.seed}, {time.perf_counter() - start:.0f} s\n"
        )
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

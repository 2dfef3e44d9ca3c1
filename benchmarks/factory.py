"""The report factory beside a plain loop over papermill's API: five cold reports of the same
notebook on the same data, in one run; and what a hundred countries cost.

Run: python benchmarks/factory.py [--jobs 2] or python benchmarks/factory.py --countries 100
[--plain]. The loop only executes the notebook; the factory also checks, renders, hashes and
publishes, and makes the synthesis and the index. Every estimates.json of the factory's two kinds of
kernels must be equal byte for byte, and hold the numbers of the loop's; exit status 1
where they differ. With --countries one country is copied under new names (SYNTHETIC scenario
copies) and time, memory and disk are written after every tenth report.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = "ARM"
NAMES = ("ARM", "GEO", "MAR", "MDA", "TUN")
MISMES = (sys.executable, "-m", "mismes_eval")
LOOP = """
import sys, time
sys.modules.setdefault("rfc3987_syntax", None)
import papermill
for name in sys.argv[1:]:
    papermill.execute_notebook("notebooks/country_report.ipynb", f"loop/{name}.ipynb", {"run": f"params/{name}.yaml"}, kernel_name="python3", progress_bar=False)
"""


def project(folder: Path) -> Path:
    """The five countries as they ship."""
    for part in ("params", "notebooks", "data_raw"):
        shutil.copytree(ROOT / part, folder / part)
    (folder / "loop").mkdir()
    return folder


def seconds(root: Path, *words: str, expect: int = 0, one_thread: bool = True) -> tuple[float, str]:
    """Wall time of a command in the project, and what it said. one_thread: linear algebra on one
    thread, as reports are made; else as many as it takes by itself.
    """
    begin = time.perf_counter()
    plain = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"} | {"MPLBACKEND": "Agg"}
    answer = subprocess.run(
        words,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=plain | ({"OMP_NUM_THREADS": "1"} if one_thread else {}),
    )
    if answer.returncode != expect:
        raise SystemExit(answer.stdout[-2000:] + answer.stderr[-2000:])
    return time.perf_counter() - begin, answer.stdout


def numbers(file: Path) -> object:
    """Tables and facts of a results file."""
    result = json.loads(file.read_text(encoding="utf-8"))
    return {k: result[k] for k in ("tables", "facts") if k in result}


def beside_papermill(jobs: int) -> bool:
    """Print the comparison; whether all results agree."""
    with tempfile.TemporaryDirectory() as made:
        root = project(Path(made) / "project")
        found: dict[str, float] = {}
        found["the same loop, with the threads that linear algebra takes"], _ = seconds(
            root, sys.executable, "-c", LOOP, *NAMES, one_thread=False
        )
        found["papermill's API in a loop"], _ = seconds(
            root, sys.executable, "-c", LOOP, *NAMES
        )  # last of the two: its numbers are compared below
        everything = (*MISMES, "report", "--all", "--jobs", str(jobs), "--quiet")
        found[f"mismes report --jobs {jobs}, with synthesis and index"], _ = seconds(
            root, *everything, "--out", "plain"
        )
        found[f"mismes report --jobs {jobs} --forked, with synthesis and index"], _ = seconds(
            root, *everything, "--forked", "--out", "forked"
        )
        found["again, nothing changed"], said = seconds(
            root, *everything[:-1], "--out", "plain", "--json"
        )
        agree = [o["status"] for o in json.loads(said)] == ["unchanged"] * len(NAMES)
        params = root / "params" / "MDA.yaml"
        params.write_text(
            params.read_text(encoding="utf-8") + "\ntitle: another title\n", encoding="utf-8"
        )
        found["again, one parameter of one country changed"], said = seconds(
            root, *everything[:-1], "--out", "plain", "--json"
        )
        agree &= {o["name"]: o["status"] for o in json.loads(said)} == {
            n: "made" if n == "MDA" else "unchanged" for n in NAMES
        }
        found["mismes --help"], _ = seconds(root, *MISMES, "--help")
        for name in NAMES:
            if name != "MDA":
                agree &= (root / "plain" / name / "estimates.json").read_bytes() == (
                    root / "forked" / name / "estimates.json"
                ).read_bytes()
            agree &= numbers(root / "data_processed" / name / "estimates.json") == numbers(
                root / "forked" / name / "estimates.json"
            )
        first = found["papermill's API in a loop"]
        for what, took in found.items():
            sys.stdout.write(f"{what:<64} {took:7.2f} s   {took / first:5.2f} of the loop\n")
        sys.stdout.write(f"the same numbers from all: {agree}\n")
        return agree


@contextmanager
def memory(out: dict[str, float]) -> Iterator[None]:
    """Watch the resident memory of the process tree below this one: peak of the runner and of all
    together, in MB.
    """
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.25):
            tree, page = {os.getpid()}, os.sysconf("SC_PAGE_SIZE") / 2**20
            parents, sizes = {}, {}
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError, ValueError, IndexError):
                    pid = int(entry.name)
                    parents[pid] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    sizes[pid] = int((entry / "statm").read_text().split()[1]) * page
            for _ in range(4):
                tree |= {pid for pid, parent in parents.items() if parent in tree}
            rest = [sizes.get(pid, 0.0) for pid in tree if pid != os.getpid()]
            out["runner"] = max(
                (sizes.get(pid, 0.0) for pid, parent in parents.items() if parent == os.getpid()),
                default=0.0,
            )
            out["peak"] = max(out.get("peak", 0.0), sum(rest))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def many(countries: int, jobs: int, forked: bool) -> bool:
    """Print time, memory and disk after every tenth of the countries; whether the last tenth cost
    at most half as much again as the second.
    """
    with tempfile.TemporaryDirectory() as made:
        root = project(Path(made) / "project")
        for k in range(countries):
            source = (root / "params" / f"{COPIED}.yaml").read_text(
                encoding="utf-8"
            )  # equal copies, since the largest are made first
            (root / "params" / f"C{k:03}.yaml").write_text(source, encoding="utf-8")
        names = [f"C{k:03}" for k in range(countries)]
        step, marks, watched, begin = max(1, countries // 10), [0.0], {}, time.perf_counter()
        words = (
            *MISMES,
            "report",
            *names,
            "--jobs",
            str(jobs),
            *(["--forked"] if forked else []),
            "--out",
            "reports",
        )
        env = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"}
        with (
            memory(watched),
            subprocess.Popen(
                words,
                cwd=root,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as run,
        ):
            assert run.stdout is not None
            done = 0
            for line in run.stdout:
                if " made " in line and line.startswith("C"):
                    done += 1
                    if done % step == 0:
                        marks.append(time.perf_counter() - begin)
                        disk = (
                            sum(
                                p.stat().st_size
                                for p in (root / "reports").glob("C*/**/*")
                                if p.is_file()
                            )
                            / 2**20
                        )
                        sys.stdout.write(
                            f"{done:4} reports {marks[-1]:7.1f} s, {marks[-1] / done:5.2f} s a report; runner {watched.get('runner', 0):5.0f} MB, "
                            f"all processes at most {watched.pop('peak', 0.0):6.0f} MB since the last line; {disk / done:5.2f} MB on disk a report\n"
                        )
                        sys.stdout.flush()
        good = run.returncode == 0 and done == countries
        parts = [b - a for a, b in pairwise(marks)]
        return good and parts[-1] <= 1.5 * parts[min(1, len(parts) - 1)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--countries", type=int, default=0, help="time so many reports instead of the comparison"
    )
    parser.add_argument(
        "--plain", action="store_true", help="with --countries: new kernels instead of forked ones"
    )
    args = parser.parse_args()
    if args.countries:
        return (
            0
            if many(args.countries, args.jobs, sys.platform.startswith("linux") and not args.plain)
            else 1
        )
    return 0 if beside_papermill(args.jobs) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Reports that are killed, that run out of disk, or that run twice at once: under the final name
stands the earlier report or the new one, whole, and a second run mends everything.

Run: python benchmarks/kill.py [--fixed 60] [--random 60] [--sizes 20] [--together 8] [--seed 1]. A
small report is made; the runner is killed (SIGKILL) before every change that it makes to a file and
at more of its calls to the system, or at a random moment; file sizes are limited as on a full disk;
the folder may not be written; several processes make one report at once; several countries are made
at once and one by one. No kernel may outlive its runner. One line a series; exit status 1 where one
report was broken.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mismes_eval.report.factory.run import Order, run_reports
from mismes_eval.report.trust.provenance import MANIFEST, changed_outputs, read_manifest

ROOT = Path(__file__).resolve().parent.parent
CHILD = """
import os, resource, signal, sys
from pathlib import Path
sys.modules.setdefault("rfc3987_syntax", None)
from mismes_eval.report.factory.run import Order, run_report
root, out, at, limit, user = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
seen, changes = 0, []
def watch(event, args):
    global seen
    if event.partition(".")[0] not in ("open", "os", "shutil", "subprocess", "socket", "tempfile"):
        return
    seen += 1
    change = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "os.chmod") or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+"))
    if change and any(out in str(a) for a in args if isinstance(a, (str, bytes, os.PathLike))):
        changes.append(seen)
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if user:
    os.setuid(user)
sys.addaudithook(watch)
outcome = run_report(Order("MDA", root / "params" / "MDA.yaml", root / "notebooks" / "country_report.ipynb", Path(out)), lambda name, what: None)
print(outcome.status, seen, ",".join(map(str, changes)))
"""


def project(folder: Path) -> Path:
    """The small project of the report tests."""
    spec = importlib.util.spec_from_file_location(
        "report_conftest", ROOT / "tests" / "report" / "conftest.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    made: Path = module.make_project(folder)
    return made


def start(
    root: Path, out: Path, at: int = 0, limit: int = 0, user: int = 0
) -> subprocess.Popen[str]:
    """A process that makes the report; killed before its at-th call to the system; files no larger
    than limit bytes; run as another user.
    """
    sockets = root.parent / "sockets"
    sockets.mkdir(exist_ok=True)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "TMPDIR": str(sockets)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(out), str(at), str(limit), str(user)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )


def strays(folder: Path, seconds: float = 15.0) -> int:
    """Kernels with their connection file below the folder that are still there after some time;
    Jupyter's kernels look for their parent once a second.
    """
    end = time.monotonic() + seconds
    while True:
        found = 0
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found += (
                    str(folder).encode() in line.read_bytes() and b"ipykernel" in line.read_bytes()
                )
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.5)


def whole(out: Path, name: str = "MDA") -> bool:
    """Nothing stands under the report's name, or a report whose every file is as its manifest says."""
    final = out / name
    return not final.exists() or (
        (final / MANIFEST).is_file() and not changed_outputs(final, read_manifest(final))
    )


def tables(out: Path, name: str = "MDA") -> dict[str, bytes]:
    """Bytes of every published table and of the estimates."""
    final = out / name
    return {
        p.relative_to(final).as_posix(): p.read_bytes()
        for p in sorted([*(final / "tables").rglob("*"), final / "estimates.json"])
        if p.is_file()
    }


def series(
    fixed: int, drawn: int, sizes: int, together: int, seed: int
) -> dict[str, tuple[int, int, int]]:
    """Series -> (runs, runs that were stopped, runs after which something was broken)."""
    draw = random.Random(seed)
    result: dict[str, tuple[int, int, int]] = {}
    with tempfile.TemporaryDirectory() as made:
        root = project(Path(made) / "project")
        out = Path(made) / "first"
        begin = time.perf_counter()
        said = start(root, out).communicate()[0].split()
        seconds, events, changes, good = (
            time.perf_counter() - begin,
            int(said[1]),
            [int(n) for n in said[2].split(",")],
            tables(out),
        )
        assert said[0] == "made" and good, said

        def after(
            run: subprocess.Popen[str], out: Path, wait: float | None = None
        ) -> tuple[bool, bool]:
            try:
                said = run.communicate(timeout=wait)[0]
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                said = run.communicate()[0]
            stopped = run.returncode != 0 or "failed" in said
            sound = whole(out)
            again = start(root, out).communicate()[0].split()
            return stopped, sound and again[0] in ("made", "unchanged") and whole(out) and tables(
                out
            ) == good

        def keep(name: str, outcomes: Iterable[tuple[bool, bool]]) -> None:
            """The series so far is said after each run: a run that is ended early still counts."""
            runs, halted, broken = 0, 0, 0
            for runs, (stopped, sound) in enumerate(outcomes, 1):
                halted, broken = halted + stopped, broken + (not sound)
                sys.stderr.write(f"{name}: {runs} runs, {halted} stopped, {broken} broken\n")
            result[name] = (runs, halted, broken)

        between = [round(events * (k + 0.5) / max(fixed, 1)) for k in range(fixed)]
        points = (
            sorted(draw.sample(changes, min(fixed, len(changes))))
            + between[: max(0, fixed - len(changes))]
        )
        keep(
            "killed at a call to the system",
            (
                after(start(root, Path(made) / f"fixed{k}", at=k), Path(made) / f"fixed{k}")
                for k in points
            ),
        )
        keep(
            "killed at a random moment",
            (
                after(
                    start(root, Path(made) / f"random{k}"),
                    Path(made) / f"random{k}",
                    draw.uniform(0, seconds),
                )
                for k in range(drawn)
            ),
        )
        keep(
            "killed over an earlier report",
            (
                _over(root, Path(made) / f"over{k}", k, after)
                for k in draw.sample(changes, min(fixed // 4, len(changes)))
            ),
        )
        largest = max(
            p.stat().st_size for p in (Path(made) / "first" / "MDA").rglob("*") if p.is_file()
        )
        limits = [max(64, int(largest * (j + 0.5) / max(sizes, 1))) for j in range(sizes)]
        keep(
            "disk full",
            (
                after(start(root, Path(made) / f"full{j}", limit=limit), Path(made) / f"full{j}")
                for j, limit in enumerate(limits)
            ),
        )
        if os.name == "posix" and os.getuid() == 0:
            keep(
                "a folder that may not be written",
                [_forbidden(root, Path(made), Path(made) / "forbidden", good)],
            )
        if together:
            out = Path(made) / "together"
            runs = [start(root, out) for _ in range(together)]
            said_all = [r.communicate()[0].split()[0] for r in runs]
            keep(
                "one report several times at once",
                [(s == "failed", whole(out) and tables(out) == good) for s in said_all],
            )
            keep("several countries at once and serial", _countries(root, Path(made), together))
        keep("kernels that outlive their runner", [(False, strays(Path(made)) == 0)])
    return result


def _forbidden(root: Path, made: Path, out: Path, good: dict[str, bytes]) -> tuple[bool, bool]:
    """Another user may not write where the report shall stand: one clear failure, nothing left, and
    the owner's run succeeds.
    """
    out.mkdir()
    for folder in (made, made / "sockets"):
        folder.chmod(0o777)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    said = start(root, out, user=65534).communicate()[0].split()
    left = list(out.iterdir())
    again = start(root, out).communicate()[0].split()
    return said[0] == "failed", said[0] == "failed" and not left and again[0] == "made" and tables(
        out
    ) == good


def _countries(root: Path, made: Path, number: int) -> list[tuple[bool, bool]]:
    """The same countries made all at once and one after the other: equal tables."""
    names = [f"MD{k}" for k in range(number)]
    for k, name in enumerate(names):
        text = (
            (root / "params" / "MDA.yaml")
            .read_text()
            .replace("data_raw/MDA/lfs.csv", f"data_raw/MDA/lfs{k}.csv")
        )
        (root / "params" / f"{name}.yaml").write_text(text)
        (root / "data_raw" / "MDA" / f"lfs{k}.csv").write_text(
            f"place,persons\nnorth,{120 + k}\nsouth,{80 + 2 * k}\n"
        )
    outcomes = {}
    for jobs in (number, 1):
        out = made / f"jobs{jobs}"
        orders = [
            Order(
                n, root / "params" / f"{n}.yaml", root / "notebooks" / "country_report.ipynb", out
            )
            for n in names
        ]
        outcomes[jobs] = {
            o.name: o.status
            for o in run_reports(orders, jobs, lambda name, what: None, lambda outcome: None)
        }
    return [
        (
            any(o[n] != "made" for o in outcomes.values()),
            tables(made / f"jobs{number}", n) == tables(made / "jobs1", n) != {}
            and whole(made / "jobs1", n),
        )
        for n in names
    ]


def _over(
    root: Path,
    out: Path,
    at: int,
    after: Callable[[subprocess.Popen[str], Path], tuple[bool, bool]],
) -> tuple[bool, bool]:
    """A report is there and is made again by force of a changed title, killed half-way."""
    params = root / "params" / "MDA.yaml"
    text = params.read_text()
    start(root, out).communicate()
    params.write_text(text + f"title: try {at}\n")
    run = start(root, out, at=at)
    run.communicate()
    sound = whole(out) and (out / "MDA" / MANIFEST).is_file()
    params.write_text(text)
    stopped, mended = after(start(root, out), out)
    return run.returncode != 0 or stopped, sound and mended


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixed", type=int, default=60)
    parser.add_argument("--random", type=int, default=60)
    parser.add_argument("--sizes", type=int, default=20)
    parser.add_argument("--together", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    begin = time.perf_counter()
    found = series(args.fixed, args.random, args.sizes, args.together, args.seed)
    for name, (runs, stopped, broken) in found.items():
        sys.stdout.write(f"{name:<36} {runs:4} runs, {stopped:4} stopped, {broken} broken\n")
    sys.stdout.write(f"{time.perf_counter() - begin:.0f} s, seed {args.seed}\n")
    tried = sum(runs for runs, _, _ in found.values())
    lost = sum(broken for _, _, broken in found.values())
    sys.stdout.write(f"{tried:,} tried, {tried - lost:,} held\n")
    return 0 if all(broken == 0 for _, _, broken in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

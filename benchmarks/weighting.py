"""Weighting and estimation on 200,000 persons, 40 strata, 4,000 PSUs: seconds of a processor (the
least of several runs on each side, so that other work on the machine tells little) and peak memory
beside R survey (Rscript) and svy (its own environment).

Run: OMP_NUM_THREADS=1 python benchmarks/weighting.py [--replicates 20] [--svy PYTHON]. R's
replicate time is measured on --replicates and scaled to 500, and said so.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import mismes_eval as me

HERE = Path(__file__).parent
YS = [f"y{j}" for j in range(10)]


def data(seed: int = 1, n: int = 200_000) -> pd.DataFrame:
    """Persons with ten outcomes, five margins (28 categories) and 20 domains."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.integers(0, 4000, n))
    level = rng.normal(0, 0.3, 4000)[psu]
    frame = pd.DataFrame(
        {
            "w": rng.uniform(50, 150, n),
            "psu": psu,
            "stratum": psu % 40,
            "dom": rng.integers(0, 20, n),
        }
    )
    for y in YS:
        frame[y] = level + rng.normal(size=n)
    for j, k in enumerate((2, 8, 6, 5, 7)):
        frame[f"m{j}"] = rng.integers(0, k, n)
    return frame


def totals(frame: pd.DataFrame, seed: int = 2) -> dict[str, dict[int, float]]:
    """Margins a few percent away from the sample's, with one sum."""
    rng = np.random.default_rng(seed)
    size = float(frame["w"].sum())
    out = {}
    for j in range(5):
        t = frame.groupby(f"m{j}")["w"].sum()
        t = t * rng.uniform(0.93, 1.07, len(t))
        out[f"m{j}"] = {int(k): float(v) for k, v in (t * size / t.sum()).items()}
    return out


def best(work: Callable[[], object], repeat: int = 5) -> float:
    """Least seconds of a processor of several runs."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def ours(frame: pd.DataFrame, margins: dict[str, dict[int, float]]) -> dict[str, float]:
    s = me.Sample.from_frame(frame, weights="w", strata="stratum", psu="psu")
    greg = me.calibrate(s, margins)
    seconds = {
        "means_by": best(lambda: me.mean(s, YS, by="dom").se),
        "raking": best(lambda: me.calibrate(s, margins, method="raking")),
        "greg": best(lambda: me.calibrate(s, margins)),
        "bootstrap_500": best(
            lambda: me.mean(me.replicates(greg, method="bootstrap", n=500, seed=1), YS).se, 2
        ),
    }
    first, calibrated = me.mean(s, YS, by="dom"), me.mean(greg, "y0")
    seconds["check_means_by"] = float(first.se[0])
    seconds["check_greg"] = float(calibrated.se[0])
    return seconds


def peer(command: list[str], folder: Path, replicates: int) -> dict[str, tuple[float, float]]:
    """name -> (seconds, MB) printed by a peer's script; a check line gives (value, SE)."""
    answer = subprocess.run(
        [*command, str(folder), str(replicates)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "POLARS_MAX_THREADS": "1",
            "RAYON_NUM_THREADS": "1",
        },
    )
    if answer.returncode:
        sys.stderr.write(answer.stderr[-2000:])
        return {}
    lines = [
        line.rstrip(",").split(",") for line in answer.stdout.splitlines() if line.count(",") >= 2
    ]
    return {name: (float(a), float(b)) for name, a, b, *_ in lines}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--svy", help="python of an environment with svy installed")
    args = parser.parse_args()
    frame = data()
    margins = totals(frame)
    mine = ours(frame, margins)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "data.csv", index=False)
        pd.DataFrame(
            [(m, k, v) for m, t in margins.items() for k, v in t.items()],
            columns=["margin", "level", "total"],
        ).to_csv(Path(folder) / "totals.csv", index=False)
        peers = {
            "R survey": peer(
                ["Rscript", str(HERE / "survey_peer.R")], Path(folder), args.replicates
            )
        }
        if args.svy:
            peers["svy"] = peer(
                [args.svy, str(HERE / "survey_peer_svy.py")], Path(folder), args.replicates
            )
    rows = []
    for name in ("means_by", "raking", "greg", "bootstrap_500"):
        row: dict[str, object] = {"work": name, "mismes_eval s": mine[name]}
        for who, got in peers.items():
            measured = (
                got.get(name) or got.get(f"bootstrap_{args.replicates}")
                if name.startswith("bootstrap")
                else got.get(name)
            )
            if measured:
                seconds = measured[0] * (
                    500 / args.replicates if name.startswith("bootstrap") and name not in got else 1
                )
                row[f"{who} s"], row[f"{who} ratio"] = seconds, seconds / mine[name]
        rows.append(row)
    sys.stdout.write(
        pd.DataFrame(rows).to_string(index=False, float_format=lambda v: f"{v:.3f}") + "\n"
    )
    for who, got in peers.items():
        for check in ("check_means_by", "check_greg"):
            if check in got:
                sys.stdout.write(
                    f"{check}: SE ours {mine[check]:.12g}, {who} {got[check][1]:.12g}, relative difference {mine[check] / got[check][1] - 1:.1e}\n"
                )
    sys.stdout.write(
        f"peak memory of this process {peak:.0f} MB; bootstrap of peers measured on {args.replicates} replicates and scaled to 500\n"
    )


if __name__ == "__main__":
    main()

"""Weighting and estimation on 200,000 persons, 40 strata, 4,000 PSUs: seconds of a processor (the
least of several runs on each side, so that other work on the machine tells little) and peak memory
beside R survey (Rscript) and svy, leafblower and weightpipe (an environment of their own), with
the ratios that are asked for.

Run: OMP_NUM_THREADS=1 python benchmarks/weighting.py [--replicates 20] [--peers PYTHON]. The peers'
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
PEERS = ("svy", "leafblower", "weightpipe")
ONE_THREAD = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
# work: whose ratio (all peers where blank) must reach what
LIMITS = {"means_by": ("R survey", 30), "bootstrap_500": ("", 800)}
Peers = dict[str, dict[str, tuple[float, float]]]


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
    raked = me.mean(me.calibrate(s, margins, method="raking"), "y0")
    seconds["check_raking"] = float(raked.value[0])
    seconds["check_means_by"] = float(first.se[0])
    seconds["check_greg"] = float(calibrated.se[0])
    return seconds


def peer(command: list[str], folder: Path, replicates: int) -> dict[str, tuple[float, float]]:
    """name -> (seconds, MB) printed by a peer's script; a check gives (value, SE)."""
    answer = subprocess.run(
        [*command, str(folder), str(replicates)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
    )
    if answer.returncode:
        sys.stderr.write(answer.stderr[-2000:])
        return {}
    lines = [line.rstrip(",").split(",") for line in answer.stdout.splitlines()]
    for line in lines:
        if line[0] == "version":
            print(f"{command[-1]}: version {line[1]}")
    return {name: (float(a), float(b)) for name, a, b, *_ in (x for x in lines if len(x) > 2)}


def beside(name: str, mine: float, peers: Peers, replicates: int) -> dict[str, float]:
    """Our seconds and those of each peer that does this work, with the ratio."""
    row = {"mismes_eval s": mine}
    for who, got in peers.items():
        measured = got.get(f"bootstrap_{replicates}" if name == "bootstrap_500" else name)
        if measured:
            seconds = measured[0] * (500 / replicates if name == "bootstrap_500" else 1)
            row[f"{who} s"], row[f"{who} ratio"] = seconds, seconds / mine
    return row


def held(name: str, row: dict[str, float]) -> str:
    """The least ratio of a work beside its limit; without a peer nothing is held."""
    whose, limit = LIMITS[name]
    ratios = [ratio for key, ratio in row.items() if key.endswith(" ratio") and whose in key]
    asked = f"limit {limit} times {whose or 'the fastest peer'}"
    if not ratios:
        return f"{name}: {asked}, which is not here"
    return f"{name}: {min(ratios):.0f}, {asked}: {'reached' if min(ratios) >= limit else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--peers", help=f"python of an environment with {', '.join(PEERS)}")
    args = parser.parse_args()
    frame = data()
    margins = totals(frame)
    mine = ours(frame, margins)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        frame.to_csv(folder / "data.csv", index=False)
        cells = [(m, k, v) for m, t in margins.items() for k, v in t.items()]
        pd.DataFrame(cells, columns=["margin", "level", "total"]).to_csv(
            folder / "totals.csv", index=False
        )
        commands = {"R survey": ["Rscript", str(HERE / "survey_peer.R")]}
        if args.peers:
            script = str(HERE / "survey_peer.py")
            commands |= {name: [args.peers, "-P", script, name] for name in PEERS}
        peers = {who: peer(c, folder, args.replicates) for who, c in commands.items()}
    works = ("means_by", "raking", "greg", "bootstrap_500")
    rows = {name: beside(name, mine[name], peers, args.replicates) for name in works}
    print(pd.DataFrame.from_dict(rows, orient="index").T.to_string(float_format="{:.3f}".format))
    print(*(held(name, rows[name]) for name in LIMITS), sep="\n")
    for who, got in peers.items():
        for check, at in (("check_means_by", 1), ("check_raking", 0), ("check_greg", 1)):
            if check in got:
                apart = mine[check] / got[check][at] - 1
                print(f"{check}: ours {mine[check]:.12g}, {who} {got[check][at]:.12g}: {apart:.1e}")
    print(
        f"peak memory of this process {peak:.0f} MB; bootstrap of peers measured on"
        f" {args.replicates} replicates and scaled to 500"
    )


if __name__ == "__main__":
    main()

"""Staggered difference-in-differences against diff-diff in the same run, one thread: 100,000 units x 10 periods x 5 cohorts, two covariates, doubly robust, all averages;
then the imputation estimator, overall and by event time, on the same rows.

Each side runs in a process of its own and reports its time and the memory it added. Usage: python benchmarks/did.py [group_time | imputation] [ours | peer]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna, ImputationDiD

from mismes_eval.impact.bands import sup_t
from mismes_eval.impact.group_time import att_gt
from mismes_eval.impact.imputation import imputation
from mismes_eval.weighting.sample import Sample

REPEATS = 3


def data(n: int = 100_000, periods: int = 10) -> pd.DataFrame:
    """SYNTHETIC long panel: cohorts 3, 4, 6, 7, 9 and never."""
    rng = np.random.default_rng(1)
    g = rng.choice([0, 3, 4, 6, 7, 9], n, p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    x1, x2 = rng.normal(size=n) + 0.2 * (g > 4), rng.normal(size=n)
    unit, t = np.repeat(np.arange(n), periods), np.tile(np.arange(1, periods + 1), n)
    y = (
        np.repeat(rng.normal(size=n), periods)
        + 0.1 * t * (1 + np.repeat(x1, periods))
        + ((np.repeat(g, periods) > 0) & (t >= np.repeat(g, periods)))
        + rng.normal(size=n * periods)
    )
    return pd.DataFrame({"unit": unit, "t": t, "g": np.repeat(g, periods), "x1": np.repeat(x1, periods), "x2": np.repeat(x2, periods), "y": y, "w": 1.0})


def ours(sample: Sample) -> tuple[float, float]:
    """Overall effect and standard error; all four averages with their standard errors and a sup-t band."""
    g = att_gt(sample, "y", "g", "t", "unit", ["x1", "x2"])
    parts = [g.aggregate(kind).se for kind in ("simple", "event", "cohort", "calendar")]
    sup_t(g.aggregate("event"), draws=999)
    simple = g.overall("simple")
    assert all(np.isfinite(p).all() for p in parts)
    return float(simple.value[0]), float(simple.se[0])


def peer(frame: pd.DataFrame) -> tuple[float, float]:
    """The same by diff-diff's own classes, analytical standard errors."""
    result = CallawaySantAnna(control_group="never_treated", estimation_method="dr").fit(
        frame, outcome="y", unit="unit", time="t", first_treat="g", covariates=["x1", "x2"], aggregate="all"
    )
    return float(result.overall_att), float(result.overall_se)


def imputed(sample: Sample) -> tuple[float, float]:
    """Imputation, overall and by event time."""
    att = imputation(sample, "y", "g", "unit", "t")
    assert np.isfinite(imputation(sample, "y", "g", "unit", "t", by="event").se).all()
    return float(att.value[0]), float(att.se[0])


def imputed_by_peer(frame: pd.DataFrame) -> tuple[float, float]:
    """The same by diff-diff."""
    result = ImputationDiD().fit(frame, outcome="y", unit="unit", time="t", first_treat="g", aggregate="all")
    return float(result.overall_att), float(result.overall_se)


CONTESTS = {"group_time": (ours, peer), "imputation": (imputed, imputed_by_peer)}


def main() -> None:
    """Both contests, both sides and the ratio; or one side of one."""
    if len(sys.argv) == 1:
        for contest in CONTESTS:
            lines = {
                side: subprocess.run([sys.executable, __file__, contest, side], check=True, capture_output=True, text=True).stdout.split()
                for side in ("ours", "peer")
            }
            for side, (seconds, memory, att, se) in lines.items():
                print(f"{contest:10s} {side:5s} {float(seconds):6.2f} s  {float(memory):6.0f} MB added  ATT {att} (se {se})")
            print(f"{contest:10s} {float(lines['peer'][0]) / float(lines['ours'][0]):.1f} times faster")
        return
    frame = data()
    sample = Sample.from_frame(frame, weights="w")
    mine, theirs = CONTESTS[sys.argv[1]]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    best = np.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        att, se = mine(sample) if sys.argv[2] == "ours" else theirs(frame)
        best = min(best, time.perf_counter() - start)
    print(f"{best:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before:.0f} {att:.8f} {se:.8f}")


if __name__ == "__main__":
    main()

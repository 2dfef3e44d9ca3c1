"""Staggered difference-in-differences against diff-diff in the same run, one thread: 100,000 units
x 10 periods x 5 cohorts, two covariates, doubly robust, all averages; the same with 999 multiplier
draws; the imputation estimator, overall and by event time; a two-way event study of the 1,000,000
rows against pyfixest.

Each side runs in a process of its own and reports its time and the memory it added. pyfixest is no
dependency: its side runs where the interpreter named by
PYFIXEST_PYTHON, or this one, has it. Usage: python benchmarks/did.py [group_time | bootstrap |
imputation | event_study] [ours | peer]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna, ImputationDiD

from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
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
    return pd.DataFrame(
        {
            "unit": unit,
            "t": t,
            "g": np.repeat(g, periods),
            "x1": np.repeat(x1, periods),
            "x2": np.repeat(x2, periods),
            "y": y,
            "w": 1.0,
            "event": np.where(np.repeat(g, periods) > 0, t - np.repeat(g, periods), -1000.0),
        }
    )


def ours(sample: Sample) -> tuple[float, float]:
    """Overall effect and standard error; all four averages with their standard errors and a sup-t
    band.
    """
    g = att_gt(sample, "y", "g", "t", "unit", ["x1", "x2"])
    parts = [g.aggregate(kind).se for kind in ("simple", "event", "cohort", "calendar")]
    sup_t(g.aggregate("event"), draws=999)
    simple = g.overall("simple")
    assert all(np.isfinite(p).all() for p in parts)
    return float(simple.value[0]), float(simple.se[0])


def peer(frame: pd.DataFrame) -> tuple[float, float]:
    """The same by diff-diff's own classes, analytical standard errors."""
    result = CallawaySantAnna(control_group="never_treated", estimation_method="dr").fit(
        frame,
        outcome="y",
        unit="unit",
        time="t",
        first_treat="g",
        covariates=["x1", "x2"],
        aggregate="all",
    )
    return float(result.overall_att), float(result.overall_se)


def imputed(sample: Sample) -> tuple[float, float]:
    """Imputation, overall and by event time."""
    att = imputation(sample, "y", "g", "unit", "t")
    assert np.isfinite(imputation(sample, "y", "g", "unit", "t", by="event").se).all()
    return float(att.value[0]), float(att.se[0])


def imputed_by_peer(frame: pd.DataFrame) -> tuple[float, float]:
    """The same by diff-diff."""
    result = ImputationDiD().fit(
        frame, outcome="y", unit="unit", time="t", first_treat="g", aggregate="all"
    )
    return float(result.overall_att), float(result.overall_se)


def drawn(sample: Sample) -> tuple[float, float]:
    """All averages, and 999 multiplier draws for the event study's band."""
    g = att_gt(sample, "y", "g", "t", "unit", ["x1", "x2"])
    parts = [g.aggregate(kind) for kind in ("simple", "event", "cohort", "calendar")]
    assert np.isfinite(sup_t(parts[1], draws=999, method="multiplier").critical)
    return float(parts[0].value[0]), float(parts[0].se[0])


def drawn_by_peer(frame: pd.DataFrame) -> tuple[float, float]:
    """The same by diff-diff."""
    result = CallawaySantAnna(
        control_group="never_treated", estimation_method="dr", n_bootstrap=999, seed=1
    ).fit(
        frame,
        outcome="y",
        unit="unit",
        time="t",
        first_treat="g",
        covariates=["x1", "x2"],
        aggregate="all",
    )
    return float(result.overall_att), float(result.overall_se)


def event_study(sample: Sample) -> tuple[float, float]:
    """Two-way event study, errors clustered by unit with fixest's degrees of freedom."""
    e = two_way(sample, "y", event_time="event", unit="unit", time="t", small_sample="nested")
    at = e.names.index("0")
    return float(e.value[at]), float(e.se[at])


PYFIXEST = """
import resource, sys, time
import numpy as np, pandas as pd, pyfixest
frame = pd.read_csv(sys.argv[1])
frame["event"] = frame["event"].where(frame["event"] > -900, -1).astype(int)
before, best = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, np.inf
for _ in range(3):
    start = time.perf_counter()
    fit = pyfixest.feols("y ~ i(event, ref=-1) | unit + t", frame, vcov={"CRV1": "unit"})
    value, se = fit.coef()["event::0"], fit.se()["event::0"]
    best = min(best, time.perf_counter() - start)
print(f"{best:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before:.0f} {value:.8f} {se:.8f}")
"""


def pyfixest_line() -> list[str]:
    """Its seconds, memory, value and error; empty where it is not installed."""
    python = os.environ.get("PYFIXEST_PYTHON", sys.executable)
    one = {
        k: "1"
        for k in (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "NUMBA_NUM_THREADS",
            "RAYON_NUM_THREADS",
        )
    }
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.csv"
        data()[["unit", "t", "y", "event"]].to_csv(path, index=False)
        done = subprocess.run(
            [python, "-c", PYFIXEST, path],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **one},
        )
    return done.stdout.split()


CONTESTS = {
    "group_time": (ours, peer),
    "bootstrap": (drawn, drawn_by_peer),
    "imputation": (imputed, imputed_by_peer),
    "event_study": (event_study, None),
}


def line(contest: str, side: str) -> list[str]:
    """One side's figures, from a process of its own."""
    if CONTESTS[contest][1] is None and side == "peer":
        return pyfixest_line()
    return subprocess.run(
        [sys.executable, __file__, contest, side], check=True, capture_output=True, text=True
    ).stdout.split()


def main() -> None:
    """Both contests, both sides and the ratio; or one side of one."""
    if len(sys.argv) == 1:
        for contest in CONTESTS:
            lines = {side: line(contest, side) for side in ("ours", "peer")}
            for side, figures in lines.items():
                if figures:
                    print(
                        f"{contest:11s} {side:5s} {float(figures[0]):6.2f} s  {float(figures[1]):6.0f} MB added  ATT {figures[2]} (se {figures[3]})"
                    )
            print(
                f"{contest:11s} "
                + (
                    f"{float(lines['peer'][0]) / float(lines['ours'][0]):.1f} times faster"
                    if lines["peer"]
                    else "peer not installed"
                )
            )
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
    print(
        f"{best:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before:.0f} {att:.8f} {se:.8f}"
    )


if __name__ == "__main__":
    main()

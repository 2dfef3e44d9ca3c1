"""Staggered difference-in-differences beside its peers in the same run, one thread: 100,000 units
x 10 periods x 5 cohorts, two covariates, doubly robust, all averages (diff-diff, moderndid,
StatsPAI); the same with 999 multiplier draws, and the imputation estimator overall and by event time
(diff-diff); a two-way event study of the 1,000,000 rows (pyfixest); and the matrix work of the
group-time effects alone, that is from arrays to effects and their influence without reading a frame.

Each side runs in a process of its own and tells seconds of a processor and the memory it added.
Usage: python benchmarks/did.py [--peers PYTHON] [--only CONTEST]. PYTHON is that of an environment
with the peers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from did_peer import PEERS, least

from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.weighting.sample import Sample

ONE_THREAD = ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
# at least so many times faster than the peer
LIMITS = {("group_time", "diff-diff"): 8.0}
# at most so many times the matrix work alone
OF_MATRIX_WORK = 1.6


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
            "event": np.where(np.repeat(g, periods) > 0, t - np.repeat(g, periods), np.inf),
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


def imputed(sample: Sample) -> tuple[float, float]:
    """Imputation, overall and by event time."""
    att = imputation(sample, "y", "g", "unit", "t")
    assert np.isfinite(imputation(sample, "y", "g", "unit", "t", by="event").se).all()
    return float(att.value[0]), float(att.se[0])


def drawn(sample: Sample) -> tuple[float, float]:
    """All averages, and 999 multiplier draws for the event study's band."""
    g = att_gt(sample, "y", "g", "t", "unit", ["x1", "x2"])
    parts = [g.aggregate(kind) for kind in ("simple", "event", "cohort", "calendar")]
    assert np.isfinite(sup_t(parts[1], draws=999, method="multiplier").critical)
    return float(parts[0].value[0]), float(parts[0].se[0])


def event_study(sample: Sample) -> tuple[float, float]:
    """Two-way event study, errors clustered by unit with fixest's degrees of freedom."""
    e = two_way(sample, "y", event_time="event", unit="unit", time="t", small_sample="nested")
    at = e.names.index("0")
    return float(e.value[at]), float(e.se[at])


def matrix_work(units: pd.DataFrame, outcomes: np.ndarray) -> tuple[float, float]:
    """The simple average of the same effects and its error by linear algebra alone: a logit for each
    cohort and, for each of its periods, a regression among the never treated, with the influence of
    every unit. units: g, x1, x2; outcomes: units x periods.
    """
    cohort = units["g"].to_numpy()
    design = np.column_stack([np.ones(len(units)), units[["x1", "x2"]]])
    size = len(units)
    effects, influences, shares, starts = [], [], [], []
    for first in np.unique(cohort[cohort > 0]):
        rows = np.flatnonzero((cohort == first) | (cohort == 0))
        x, d = design[rows], (cohort[rows] == first).astype(float)
        beta = np.zeros(x.shape[1])
        for _ in range(25):
            p = 1 / (1 + np.exp(-x @ beta))
            information = x.T @ (x * (p * (1 - p))[:, None])
            step = np.linalg.solve(information, x.T @ (d - p))
            beta += step
            if np.abs(step).max() < 1e-10:
                break
        odds = p * (1 - d) / (1 - p)
        score = x * (d - p)[:, None] @ np.linalg.inv(information)
        control = x * (1 - d)[:, None]
        gram = np.linalg.inv(control.T @ x)
        treated, weight = d.mean(), odds.mean()
        base = outcomes[rows, first - 2]
        for period in range(outcomes.shape[1]):
            before = base if period >= first - 1 else outcomes[rows, max(period - 1, 0)]
            change = outcomes[rows, period] - before
            coefficients = gram @ (control.T @ change)
            residual = change - x @ coefficients
            one, two = d @ residual / d.sum(), odds @ residual / odds.sum()
            influence = d * (residual - one) / treated - odds * (residual - two) / weight
            moved = (odds * (residual - two)) @ x / weight / len(rows)
            influence -= score @ moved * len(rows)
            shift = d @ x / d.sum() - odds @ x / odds.sum()
            influence -= (control * residual[:, None]) @ (gram @ shift) * len(rows)
            whole = np.zeros(size)
            whole[rows] = influence * size / len(rows)
            effects.append(one - two)
            influences.append(whole)
            shares.append((cohort == first).mean() if period >= first - 1 else 0.0)
            starts.append(first)
    share, effect = np.array(shares), np.array(effects)
    value = float(share @ effect / share.sum())
    whole = np.array(influences).T @ share / share.sum()
    for first, part, one in zip(starts, share, effect, strict=True):
        if part:
            whole += ((cohort == first) - part) * (one - value) / share.sum()
    return value, float(np.sqrt((whole**2).sum() / size / (size - 1)))


CONTESTS: dict[str, Callable[[Sample], tuple[float, float]]] = {
    "group_time": ours,
    "bootstrap": drawn,
    "imputation": imputed,
    "event_study": event_study,
}


def line(command: list[str]) -> list[str]:
    """Seconds, memory, effect, error and perhaps version, from a process of its own."""
    one_thread = {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread)
    return done.stdout.split()


def told(who: str, figures: list[str], ratio: str = "") -> None:
    seconds, added, effect, error, *version = figures
    print(
        f"  {' '.join([who, *version]):22s} {float(seconds):6.2f} s {float(added):6.0f} MB added"
        f"  ATT {effect} (se {error}){ratio}"
    )


def contest(name: str, peers: str | None, path: str) -> None:
    """Ours, the peers and the ratios with their limits."""
    print(name)
    mine = line([sys.executable, __file__, "--side", name])
    told("mismes_eval", mine)
    # -P: a script of this folder has the name of a module that a peer imports
    script = str(Path(__file__).with_name("did_peer.py"))
    for who in PEERS[name] if peers else ():
        theirs = line([str(peers), "-P", script, name, who, path])
        ratio, limit = float(theirs[0]) / float(mine[0]), LIMITS.get((name, who))
        held = limit and f", limit {limit:g}: {'reached' if ratio >= limit else 'MISSED'}"
        told(who, theirs, f"  {ratio:.1f} times faster{held or ''}")
    if name == "group_time":
        alone = line([sys.executable, __file__, "--side", "matrix_work"])
        ratio = float(mine[0]) / float(alone[0])
        held = "reached" if ratio <= OF_MATRIX_WORK else "MISSED"
        told(
            "its matrix work alone",
            alone,
            f"  ours takes {ratio:.1f} times this, limit {OF_MATRIX_WORK:g}: {held}",
        )


def side(name: str) -> str:
    """One of our own sides, in this process."""
    frame = data()
    if name == "matrix_work":
        units = frame.drop_duplicates("unit")[["g", "x1", "x2"]]
        outcomes = frame["y"].to_numpy().reshape(len(units), -1)
        return least(lambda: matrix_work(units, outcomes))
    sample = Sample.from_frame(frame, weights="w")
    return least(lambda: CONTESTS[name](sample))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="python of an environment with the peers")
    parser.add_argument("--only", choices=CONTESTS)
    parser.add_argument("--side", choices=[*CONTESTS, "matrix_work"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(side(args.side))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.parquet"
        data().to_parquet(path)
        for name in [args.only] if args.only else CONTESTS:
            contest(name, args.peers, path)


if __name__ == "__main__":
    main()

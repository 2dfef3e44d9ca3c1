"""Coverage of nominal 95% intervals of effects: two periods (panel, repeated cross-sections) and
staggered starts, with and without a survey design, one by one and as a band.

python benchmarks/coverage_impact.py [scenario ...] [--runs 2000] [--seed 1]   prints one table: share of intervals that hold the truth, bias over spread, mean standard error over spread.

Every population has trends that depend on a covariate which also drives treatment, so that a
comparison without it is biased; the true effects are known by construction.
"With design": strata, PSUs whose shocks move outcomes, a sample drawn against x, persons lost and
weighted for by propensity and calibration (panel), raking (cross-sections).
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

import mismes_eval as me
from mismes_eval.impact.did.bands import sup_t
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.two_by_two import att_2x2

EFFECT = 0.5
SHARES = {3.0: 0.2, 4.0: 0.2, 6.0: 0.2, 0.0: 0.4}
PERIODS = (1, 2, 3, 4, 5, 6)
PERSON = 100 * np.exp(
    0.4**2 * 1.25 / 2 + 0.3**2 / 2
)  # mean weight: the population behind one person of the sample
MEAN_X = 0.4 * 1.25  # mean of x in the population, against which the sample is drawn
HIGH = float(norm.cdf(MEAN_X / np.sqrt(1.25)))
Draw = tuple[float, float, bool, float]  # value, standard error, covered, truth


def drawn(e: me.Estimate, truth: float, at: int = 0) -> Draw:
    """One interval."""
    ci = e.ci().iloc[at]
    return float(e.value[at]), float(e.se[at]), bool(ci["low"] <= truth <= ci["high"]), truth


def people(rng: np.random.Generator, design: int) -> pd.DataFrame:
    """Persons with a covariate x, PSU and stratum; with a design of so many PSUs the weight rises
    with x and the sample is drawn against it.
    """
    psus, size = (design, 12) if design else (900, 1)
    psu = np.repeat(np.arange(psus), size)
    x = 0.5 * rng.normal(size=psus)[psu] + rng.normal(size=psu.size)
    weight = np.exp(0.4 * x + 0.3 * rng.normal(size=psu.size)) if design else np.ones(psu.size)
    return pd.DataFrame(
        {
            "x": x,
            "w": 100 * weight,
            "psu": psu,
            "stratum": psu % 8,
            "shock": (0.3 * rng.normal(size=psus))[psu] if design else 0.0,
        }
    )


def sampled(f: pd.DataFrame, design: int) -> me.Sample:
    """The survey: strata and PSUs, or independent persons."""
    return (
        me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu")
        if design
        else me.Sample.from_frame(f, weights="w", psu="psu")
    )


def panel(rng: np.random.Generator, design: int) -> dict[str, Draw]:
    """Two waves; with a design a fifth is lost depending on x and the rest is calibrated to the
    first wave.
    """
    f = people(rng, design)
    n = len(f)
    d = rng.random(n) < 1 / (1 + np.exp(0.3 - 0.7 * f["x"]))
    y0 = f["x"] + rng.normal(size=n)
    f["d"], f["y0"] = d.astype(float), y0
    f["y1"] = y0 + 0.4 * f["x"] + EFFECT * d + f["shock"] + rng.normal(size=n)
    f["stays"] = rng.random(n) < 1 / (1 + np.exp(-1.4 - 0.5 * f["x"]))
    s = sampled(f, design)
    if design:
        s = me.calibrate(
            me.nonresponse(s, "stays", "x"), {"1": PERSON * n, "x": MEAN_X * PERSON * n}
        )
    return {
        f"panel, {method}": drawn(
            att_2x2(s, ("y0", "y1"), "d", covariates=("x",), method=method), EFFECT
        )
        for method in ("or", "ipw", "dr", "dr_improved")
    }


def sections(rng: np.random.Generator, design: int) -> dict[str, Draw]:
    """Two rounds of different persons in the same PSUs; with a design each round is raked to age
    classes.
    """
    f = people(rng, design)
    n = len(f)
    f["round"] = rng.integers(0, 2, n)
    d = rng.random(n) < 1 / (1 + np.exp(0.3 - 0.7 * f["x"]))
    f["d"] = d.astype(float)
    f["y"] = f["x"] + f["round"] * (0.4 * f["x"] + EFFECT * d + f["shock"]) + rng.normal(size=n)
    f["group"] = pd.cut(f["x"], [-np.inf, 0, np.inf], labels=["low", "high"]).astype(str)
    s = sampled(f, design)
    if design:
        half = PERSON * n / 2
        s = me.calibrate(
            s,
            {
                "round": {0: half, 1: half},
                "group": {"low": 2 * half * (1 - HIGH), "high": 2 * half * HIGH},
            },
            method="raking",
        )
    return {
        f"cross-sections, {method}": drawn(
            att_2x2(s, "y", "d", "round", covariates=("x",), method=method), EFFECT
        )
        for method in ("or", "ipw", "dr", "dr_improved")
    }


def staggered(rng: np.random.Generator, design: int) -> dict[str, Draw]:
    """Six periods, three cohorts, effects that grow by 0.1 a period after the start."""
    f = people(rng, design)
    n, periods = len(f), np.array(PERIODS)
    tilt = np.exp(np.array([[0.4, 0.0, -0.4, 0.0]]) * f["x"].to_numpy()[:, None]) * np.array(
        list(SHARES.values())
    )
    cumulative = np.cumsum(tilt / tilt.sum(axis=1, keepdims=True), axis=1)
    cohort = np.array(list(SHARES))[(rng.random((n, 1)) > cumulative).sum(axis=1)]
    after = (cohort[:, None] > 0) & (periods[None] >= cohort[:, None])
    effect = after * (EFFECT + 0.1 * (periods[None] - cohort[:, None]))
    shocks = 0.3 * rng.normal(size=(f["psu"].max() + 1, periods.size))[f["psu"]] if design else 0.0
    y = (
        f["x"].to_numpy()[:, None] * (1 + 0.2 * periods)
        + effect
        + shocks
        + rng.normal(size=(n, periods.size))
        + rng.normal(size=n)[:, None]
    )
    long = f.loc[f.index.repeat(periods.size), ["x", "w", "psu", "stratum"]].assign(
        unit=np.repeat(np.arange(n), periods.size),
        period=np.tile(periods, n),
        cohort=np.repeat(cohort, periods.size),
        y=y.ravel(),
    )
    s = sampled(long.reset_index(drop=True), design)
    gt = att_gt(
        s,
        "y",
        "cohort",
        "period",
        unit="unit",
        covariates=("x",),
        control="never",
        base="universal",
    )
    events = gt.aggregate("event")
    at = {name: j for j, name in enumerate(events.names)}
    truth = np.array(
        [0.0 if float(name) < 0 else EFFECT + 0.1 * float(name) for name in events.names]
    )
    band = sup_t(events, seed=int(rng.integers(2**31)))
    moving = events.se > 0
    low, high = band.table["low"].to_numpy(), band.table["high"].to_numpy()
    covered = bool(((low <= truth) & (truth <= high))[moving].all())
    share = cohort_shares(design)
    span = {g: np.array([EFFECT + 0.1 * (t - g) for t in PERIODS if t >= g]) for g in share}
    simple = sum(share[g] * span[g].sum() for g in share) / sum(
        share[g] * span[g].size for g in share
    )
    return {
        "staggered, average": drawn(gt.overall("simple"), simple),
        "staggered, 0 periods after": drawn(events, EFFECT, at["0"]),
        "staggered, 2 periods after": drawn(events, EFFECT + 0.2, at["2"]),
        "staggered, whole event study (sup-t band)": (0.0, 1.0, covered, 0.0),
    }


_SHARE: dict[int, dict[float, float]] = {}


def cohort_shares(design: int) -> dict[float, float]:
    """Weighted shares of the treated cohorts in the population, by a sum over four million persons
    drawn once.
    """
    if design not in _SHARE:
        rng = np.random.default_rng(12345)
        x = rng.normal(size=4_000_000) * np.sqrt(1.25)
        weight = np.exp(0.4 * x) if design else np.ones(x.size)
        tilt = np.exp(np.array([[0.4, 0.0, -0.4, 0.0]]) * x[:, None]) * np.array(
            list(SHARES.values())
        )
        share = (weight[:, None] * tilt / tilt.sum(axis=1, keepdims=True)).sum(
            axis=0
        ) / weight.sum()
        _SHARE[design] = {g: float(v) for g, v in zip(SHARES, share, strict=True) if g > 0}
    return _SHARE[design]


SCENARIOS: dict[str, Callable[[np.random.Generator, int], dict[str, Draw]]] = {
    "panel": panel,
    "cross-sections": sections,
    "staggered": staggered,
}


def run(names: list[str], runs: int, seed: int, designs: Sequence[int]) -> pd.DataFrame:
    """Coverage table of scenarios x designs: numbers of PSUs, 0 for independent persons."""
    rows = []
    for name in names:
        for design in designs:
            draws: dict[str, list[Draw]] = {}
            for r in range(runs):
                for k, v in SCENARIOS[name](
                    np.random.default_rng([seed, r, len(name), int(design > 0)]), design
                ).items():
                    draws.setdefault(k, []).append(v)
            for k, v in draws.items():
                value, se, covered, truth = np.array(v, float).T
                spread = value.std(ddof=1) if runs > 1 and value.std() > 0 else np.nan
                rows.append(
                    {
                        "case": k,
                        "design": f"strata, {design} PSUs, weights"
                        if design
                        else "independent persons",
                        "coverage": covered.mean(),
                        "bias_over_se": (value - truth).mean() / spread,
                        "se_ratio": se.mean() / spread,
                        "runs": runs,
                    }
                )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--psus",
        type=int,
        nargs="+",
        default=[0, 96, 192],
        help="PSUs of 12 persons, a multiple of 8; 0 for 900 independent persons",
    )
    args = parser.parse_args()
    start = time.perf_counter()
    warnings.simplefilter("error")
    table = run(args.scenario or [*SCENARIOS], args.runs, args.seed, args.psus)
    sys.stdout.write(
        table.to_string(index=False, float_format=lambda v: f"{v:.4f}")
        + f"\n{time.perf_counter() - start:.0f} s, seed {args.seed}\n"
    )


if __name__ == "__main__":
    main()

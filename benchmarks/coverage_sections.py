"""Coverage of effects from cross-sections under unequal weights: the ATT, effects on those who might
be in either group and with capped odds, the error stretched for leverage, and the jackknife that
makes every weight step and the effect anew.

python benchmarks/coverage_sections.py [--runs 1000] [--jackknife 100] [--psus 192]   prints one
table: coverage in percent, mean error over the spread of the estimates, mean error over that of the
design, runs. The seed of run r is r. The jackknife takes the first runs only.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import numpy as np
import pandas as pd
from coverage_effective_df import stretched
from coverage_impact import EFFECT, HIGH, PERSON, people, sampled

import mismes_eval as me

KINDS = {
    "ATT, inverse probability": {"method": "ipw"},
    "ATT, doubly robust": {"method": "dr"},
    "ATT, doubly robust, improved": {"method": "dr_improved"},
    "overlap": {"method": "ipw", "estimand": "overlap"},
    "odds capped at 2": {"method": "ipw", "estimand": "capped", "cap": 2.0},
}
Figures = tuple[float, float, float]


def drawn(r: int, psus: int) -> me.Sample:
    """Two rounds of different persons in the same PSUs, raked to classes of x (coverage_impact)."""
    rng = np.random.default_rng(r)
    f = people(rng, psus)
    n = len(f)
    f["round"] = rng.integers(0, 2, n)
    d = rng.random(n) < 1 / (1 + np.exp(0.3 - 0.7 * f["x"]))
    f["d"] = d.astype(float)
    f["y"] = f["x"] + f["round"] * (0.4 * f["x"] + EFFECT * d + f["shock"]) + rng.normal(size=n)
    f["group"] = pd.cut(f["x"], [-np.inf, 0, np.inf], labels=["low", "high"]).astype(str)
    half = PERSON * n / 2
    totals = {
        "round": {0: half, 1: half},
        "group": {"low": 2 * half * (1 - HIGH), "high": 2 * half * HIGH},
    }
    return me.calibrate(sampled(f, psus), totals, method="raking")


def effect(s: me.Sample, how: dict[str, object]) -> me.Estimate:
    return me.att_2x2(s, "y", "d", "round", ["x"], **how)  # type: ignore[arg-type]


def figures(e: me.Estimate, factor: float = 1.0) -> Figures:
    """Value, error, and whether the interval holds the effect."""
    low, high = e.ci().to_numpy()[0]
    value, half = float(e.value[0]), float(high - low) / 2 * factor
    return value, float(e.se[0]) * factor, float(abs(value - EFFECT) <= half)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--jackknife", type=int, default=100)
    parser.add_argument("--psus", type=int, default=192)
    args = parser.parse_args()
    warnings.simplefilter("error")
    plain: dict[str, list[Figures]] = {name: [] for name in KINDS}
    leverage: dict[str, list[Figures]] = {name: [] for name in KINDS}
    jackknife: dict[str, list[Figures]] = {name: [] for name in KINDS}
    for r in range(args.runs):
        s = drawn(r, args.psus)
        for name, how in KINDS.items():
            e = effect(s, how)
            plain[name].append(figures(e))
            leverage[name].append(figures(e, stretched(e)))
            if r < args.jackknife:
                again = effect(me.replicates(s, method="jackknife"), how)
                jackknife[name].append(figures(again))
    for name, rows in plain.items():
        own = np.array(rows)
        spread = own[:, 0].std(ddof=1)
        for words, of in (("", plain), (", leverage", leverage), (", jackknife", jackknife)):
            made = np.array(of[name]).reshape(-1, 3)
            ratio = np.mean(made[:, 1] / own[: len(made), 1])
            sys.stdout.write(
                f"| {name}{words} | {100 * made[:, 2].mean():.1f} |"
                f" {made[:, 1].mean() / spread:.3f} | {ratio:.3f} | {len(made)} |\n"
            )


if __name__ == "__main__":
    main()

"""Coverage of the intervals for few clusters, for bounds, for cost ratios and for trends that are
not parallel.

python benchmarks/coverage_doubt.py [--runs 2000] [--only few|sizes|lee|fieller|honest]   prints one table; the seed of run r is r.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from mismes_eval.estimate.totals import mean
from mismes_eval.impact.bounds.lee import lee_bounds
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.ferman_pinto import ferman_pinto
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap
from mismes_eval.impact.planning.fieller import fieller
from mismes_eval.impact.sensitivity.relative_magnitudes import confidence_set
from mismes_eval.weighting.sample import Sample


def few_clusters(regions: int, treated: int, runs: int, equal: bool) -> list[tuple[str, float]]:
    """A doubly robust difference-in-differences, treatment by region, region shocks to the change;
    true effect 0.5. Regions of equal size, or from 20 to 100 persons.
    """
    hits = {"t with regions minus 1": 0, "wild, null imposed": 0, "wild, null not imposed": 0}
    for r in range(runs):
        rng = np.random.default_rng(r)
        size = np.full(regions, 40) if equal else rng.integers(20, 101, regions)
        g = np.repeat(np.arange(regions), size)
        d = (rng.permutation(regions) < treated)[g].astype(float)
        x = rng.normal(size=g.size)
        change = 0.5 * d + 0.4 * x + 0.3 * rng.normal(size=regions)[g] + rng.normal(size=g.size)
        f = pd.DataFrame(
            {"y0": 0.0, "y1": change, "d": d, "x": x, "w": rng.uniform(1, 3, g.size), "g": g}
        )
        e = att_2x2(
            Sample.from_frame(f, weights="w", psu="g"), ("y0", "y1"), "d", covariates=("x",)
        )
        ci = e.ci()
        hits["t with regions minus 1"] += ci["low"].iloc[0] <= 0.5 <= ci["high"].iloc[0]
        hits["wild, null imposed"] += (
            wild_bootstrap(e, treated=f["d"], null=0.5, draws=999, level=None, seed=r).p[0] > 0.05
        )
        plain = wild_bootstrap(e, null=0.5, draws=999, level=None, seed=r)
        hits["wild, null not imposed"] += plain.p[0] > 0.05
    return [(k, v / runs) for k, v in hits.items()]


def few_treated(treated: int, runs: int) -> float:
    """Coverage of the t interval of a doubly robust difference-in-differences with a few treated
    PSUs of 40 persons beside 40 others; PSU shocks to the change; true effect 0.5.
    """
    hits = 0
    for r in range(runs):
        rng = np.random.default_rng(r)
        g = np.repeat(np.arange(40 + treated), 40)
        d = (g < treated).astype(float)
        x = rng.normal(size=g.size)
        change = (
            0.5 * d + 0.4 * x + 0.3 * rng.normal(size=40 + treated)[g] + rng.normal(size=g.size)
        )
        f = pd.DataFrame(
            {"y0": 0.0, "y1": change, "d": d, "x": x, "w": rng.uniform(1, 3, g.size), "g": g}
        )
        ci = att_2x2(
            Sample.from_frame(f, weights="w", psu="g"), ("y0", "y1"), "d", covariates=("x",)
        ).ci()
        hits += ci["low"].iloc[0] <= 0.5 <= ci["high"].iloc[0]
    return hits / runs


def few_of_unequal_size(
    groups: int, treated: int, large: bool, doubled: bool, runs: int
) -> tuple[float, float]:
    """Coverage of the sets that Ferman and Pinto's test and the plain t with the value's degrees of
    freedom do not reject (an interval that is not given does not cover), few treated groups of 10 to
    200 persons, the largest or the smallest of all; shocks of the treated doubled; true effect 0.5.
    """
    hits = np.zeros(2)
    for r in range(runs):
        rng = np.random.default_rng(r)
        size = np.sort(rng.integers(10, 201, groups))
        size = size[::-1] if large else size
        g = np.repeat(np.arange(groups), size)
        d = (g < treated).astype(float)
        shock = 0.15 * rng.normal(size=groups) * (1 + doubled * (np.arange(groups) < treated))
        f = pd.DataFrame(
            {"y0": 0.0, "y1": 0.5 * d + shock[g] + rng.normal(size=g.size), "d": d, "g": g}
        )
        sample = Sample.from_frame(f.assign(w=rng.uniform(1, 3, g.size)), weights="w", psu="g")
        effect = att_2x2(sample, ("y0", "y1"), "d")
        test = ferman_pinto(effect, null=0.5, draws=499, level=None, seed=r)
        ci = effect.ci()
        inside = ci["low"].iloc[0] <= 0.5 <= ci["high"].iloc[0]
        hits += (float(test.p[0] > 0.05), float(inside))
    return float(hits[0]) / runs, float(hits[1]) / runs


def sizes(runs: int) -> list[tuple[str, str, float]]:
    """Rows of the table: groups in all, treated, which of them, their shocks."""
    rows = []
    for groups in (20, 41):
        for treated in (1, 2, 3):
            for large, doubled in ((True, False), (False, False), (True, True)):
                what = f"{treated} treated of {groups}, the {'largest' if large else 'smallest'}"
                case = what + (", their shocks doubled" if doubled else "")
                shares = few_of_unequal_size(groups, treated, large, doubled, runs)
                rows += [(case, "Ferman-Pinto", shares[0]), (case, "t", shares[1])]
    return rows


def lee(runs: int) -> list[tuple[str, float]]:
    """80 PSUs of 15 persons, treatment by person; those who answer only if treated have the highest
    outcomes, so that the effect on the always-observed, 0.5, is the lower bound itself: the hardest
    case for the Imbens-Manski interval."""
    inside = 0
    for r in range(runs):
        rng = np.random.default_rng(r)
        n = 1200
        psu = np.arange(n) // 15
        d = rng.integers(0, 2, n)
        u = (0.4 * rng.normal(size=80)[psu] + rng.normal(size=n)) / np.sqrt(1.16)
        y = 0.5 * d + u
        seen = u < np.where(d == 1, 0.8416, 0.2533)
        f = pd.DataFrame(
            {
                "y": np.where(seen, y, np.nan),
                "d": d,
                "s": seen,
                "w": rng.uniform(1, 3, n),
                "psu": psu,
            }
        )
        low, high = lee_bounds(Sample.from_frame(f, weights="w", psu="psu"), "y", "d", "s").extra[
            "imbens_manski"
        ]  # type: ignore[misc]
        inside += low <= 0.5 <= high
    return [("Lee bounds, Imbens-Manski, effect at a bound", inside / runs)]


def ratio(runs: int) -> list[tuple[str, float]]:
    """Mean cost over mean effect in 40 PSUs, correlated; true ratio 4,000. Runs in which the effect
    covers 0 count by the test they invert.
    """
    inside = 0
    for r in range(runs):
        rng = np.random.default_rng(r)
        n = 800
        psu = np.arange(n) // 20
        e = 0.25 + 0.15 * rng.normal(size=40)[psu] + rng.normal(size=n)
        c = 1000 + 300 * (e - 0.25) + 200 * rng.normal(size=n)
        s = Sample.from_frame(
            pd.DataFrame({"e": e, "c": c, "w": 1.0, "psu": psu}), weights="w", psu="psu"
        )
        both = mean(s, ["e", "c"])
        v = both.vcov
        t = 2.022691  # t with 39 degrees of freedom
        limits = fieller(both.value[0], both.value[1], v[0, 0], v[1, 1], v[0, 1], t)
        gap = both.value[1] - 4000 * both.value[0]
        inside += (
            limits[0] <= 4000 <= limits[1]
            if limits is not None
            else abs(gap) <= t * np.sqrt(v[1, 1] - 8000 * v[0, 1] + 4000**2 * v[0, 0])
        )
    return [("Fieller", inside / runs)]


def honest(runs: int) -> list[tuple[str, float]]:
    """Four coefficients before and three after; breaks before up to 0.2, after 0.2 throughout (M =
    1, the worst case); true average effect 0.5.
    """
    delta = np.array([0.1, -0.1, 0.0, 0.2, 0.2, 0.4, 0.6])
    vcov = 0.01 * (np.eye(7) + 0.6)
    target = np.full(3, 1 / 3)
    inside = plain = 0
    for r in range(runs):
        beta = np.random.default_rng(r).multivariate_normal(
            delta + np.array([0, 0, 0, 0, 0.5, 0.5, 0.5]), vcov
        )
        low, high = confidence_set(beta, vcov, 4, target, 1.0, 0.95, np.ones(beta.size))
        inside += low <= 0.5 <= high
        half = 1.96 * np.sqrt(target @ vcov[4:, 4:] @ target)
        plain += abs(target @ beta[4:] - 0.5) <= half
    return [
        ("relative magnitudes, M = 1, at least 95%", inside / runs),
        ("interval under parallel trends", plain / runs),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--only", choices=["few", "sizes", "lee", "fieller", "honest"])
    chosen = parser.parse_args()
    rows = []
    start = time.time()
    if chosen.only in (None, "few"):
        for regions, treated, equal in (
            (8, 4, True),
            (11, 5, True),
            (11, 5, False),
            (24, 8, True),
            (24, 8, False),
        ):
            what = f"{regions} regions, {treated} treated, {'equal' if equal else 'unequal'} sizes"
            rows += [
                (what, name, share)
                for name, share in few_clusters(regions, treated, chosen.runs, equal)
            ]
        rows += [
            (f"{treated} treated PSUs, 40 others", "t", few_treated(treated, chosen.runs))
            for treated in (2, 3, 4, 6, 8, 12, 20)
        ]
    if chosen.only in (None, "sizes"):
        rows += sizes(chosen.runs)
    for name, function in (("lee", lee), ("fieller", ratio), ("honest", honest)):
        if chosen.only in (None, name):
            rows += [(name, label, share) for label, share in function(chosen.runs)]
    print(pd.DataFrame(rows, columns=["case", "interval", "coverage"]).to_string(index=False))
    print(f"{chosen.runs:,} runs, {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()

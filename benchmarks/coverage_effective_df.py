"""Coverage of 95% intervals where few or unequal PSUs carry the information: domains in few PSUs,
few treated PSUs (of equal and unequal size, with shocks as large as the others' or doubled), PSUs
of unequal weight, few regions.

python benchmarks/coverage_effective_df.py [--runs 2000] [--only words]   prints one table; the seed of run r of a row is (r, the row's place).
A band of 93.5 to 97 percent was chosen beforehand (92.5 for unequal PSUs, above 95 for two).

Columns: degrees of freedom of the design; of the value (what the package prints); of the value with
the error stretched to its expectation under independent shocks of one variance (leverage-corrected,
tried here only: it would part standard errors from those of other packages); the wild bootstrap over
regions with the null imposed; percent of samples without an interval. Shares are of the samples
that have an interval.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import mean
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap
from mismes_eval.numerics.effective_df import spread
from mismes_eval.weighting.sample import Sample

DRAWS = 999


def people(
    rng: np.random.Generator,
    psus: int,
    log_sd: float = 0.0,
    sizes: tuple[int, int] = (8, 16),
    doubled: int = 0,
) -> pd.DataFrame:
    """PSUs of so many persons with shocks of their own, twice as large in the first `doubled`; log
    weights of PSUs with this spread.
    """
    psu = np.repeat(np.arange(psus), rng.integers(*sizes, psus))
    shock = 0.5 * rng.normal(size=psus) * np.where(np.arange(psus) < doubled, 2.0, 1.0)
    y = shock[psu] + rng.normal(size=psu.size)
    weight = np.exp(log_sd * rng.normal(size=psus))[psu]
    return pd.DataFrame({"psu": psu, "y": y, "zero": 0.0, "w": weight})


def domain(rng: np.random.Generator, k: int) -> Estimate:
    f = people(rng, 60)
    s = Sample.from_frame(f, weights="w", psu="psu")
    return mean(s.where((f["psu"] < k).to_numpy()), "y")


def effect(f: pd.DataFrame, treated: int) -> Estimate:
    """Difference of mean changes between the first PSUs and the others; its truth is 0."""
    f = f.assign(d=(f["psu"] < treated).astype(int))
    return att_2x2(Sample.from_frame(f, weights="w", psu="psu"), ("zero", "y"), "d", method="none")


def few_treated(rng: np.random.Generator, k: int, kind: str) -> Estimate:
    sizes = (3, 41) if kind == "unequal" else (8, 16)
    return effect(people(rng, k + 40, 0.0, sizes, k if kind == "doubled" else 0), k)


def whole(rng: np.random.Generator, log_sd: float) -> Estimate:
    return mean(Sample.from_frame(people(rng, 24, log_sd), weights="w", psu="psu"), "y")


Scenario = Callable[[np.random.Generator], Estimate]
SPREADS = (0.0, 0.5, 1.0, 1.5, 2.0)
SCENARIOS: dict[str, Scenario] = {
    **{f"domain in {k} of 60 PSUs": (lambda g, k=k: domain(g, k)) for k in (2, 3, 5, 10, 60)},
    **{
        f"{k} treated PSUs beside 40, {words}": (lambda g, k=k, kind=kind: few_treated(g, k, kind))
        for kind, words in (
            ("equal", "equal"),
            ("unequal", "3 to 40 persons each"),
            ("doubled", "shocks of the treated doubled"),
        )
        for k in (2, 3, 4, 6, 8, 12, 20)
    },
    **{
        f"12 treated PSUs beside 12, log sd {v}": (lambda g, v=v: effect(people(g, 24, v), 12))
        for v in SPREADS
    },
    **{f"mean of 24 PSUs, log sd {v}": (lambda g, v=v: whole(g, v)) for v in SPREADS},
}
REGIONS = {
    f"{m} regions, {k} with the measure": (m, k)
    for m, k in ((4, 2), (6, 3), (8, 4), (8, 3), (10, 5), (12, 6), (12, 4))
}


def stretched(e: Estimate) -> float:
    """What the standard error is to be multiplied by, so that its square is the variance expected
    under independent shocks of one variance in each average.
    """
    design, averages = e.parts[0].design, e.averages
    assert averages is not None
    unit, clusters = design.clusters
    tables, squares = zip(
        *(s.table(design.weights, unit, clusters.count) for s in averages.sources), strict=True
    )
    table, square = np.hstack(tables), np.hstack(squares)[0]
    total = table.sum(axis=0)
    shares, square = table / total, square * total**2
    trace, _ = spread(shares, np.ones(total.size, bool), clusters, pairs=False)
    return float(np.sqrt(square @ (shares**2).sum(axis=0) / (square @ trace)))


def held(e: Estimate) -> list[float]:
    """Whether 0 lies in the intervals of the design, of the value, and leverage-corrected."""
    low, high = e.on_design_df().ci().to_numpy()[0]
    own_low, own_high = e.ci().to_numpy()[0]
    value = float(e.value[0])
    half = (own_high - value) * stretched(e)
    return [low <= 0 <= high, own_low <= 0 <= own_high, abs(value) <= half]


def coverage(scenario: Scenario, runs: int, row: int) -> tuple[float, float, float, float, float]:
    """Percent of intervals that hold 0 (four kinds), and percent without one."""
    inside, without = np.zeros(3), 0
    for r in range(runs):
        e = scenario(np.random.default_rng([r, row]))
        inside += held(e)
        without += bool(e.refused[0])
    made = max(runs - without, 1)
    design, own, corrected = 100 * inside / np.array([runs, made, made])
    return design, own, corrected, np.nan, 100 * without / runs


def over_regions(
    regions: int, treated: int, runs: int, row: int
) -> tuple[float, float, float, float, float]:
    """The same where regions of 20 to 100 persons are the clusters, with the wild bootstrap."""
    inside, without, wild = np.zeros(3), 0, 0
    for r in range(runs):
        f = people(np.random.default_rng([r, row]), regions, 0.0, (20, 101))
        e = effect(f, treated)
        inside += held(e)
        without += bool(e.refused[0])
        boot = wild_bootstrap(e, treated=f["psu"] < treated, draws=DRAWS, level=None, seed=r)
        wild += float(boot.p[0]) > 0.05
    made = max(runs - without, 1)
    design, own, corrected = 100 * inside / np.array([runs, made, made])
    return design, own, corrected, 100 * wild / runs, 100 * without / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--only", default="", help="scenarios whose name holds these words")
    args = parser.parse_args()
    for row, name in enumerate((*SCENARIOS, *REGIONS)):
        if args.only not in name:
            continue
        if name in REGIONS:
            figures = over_regions(*REGIONS[name], args.runs, row)
        else:
            figures = coverage(SCENARIOS[name], args.runs, row)
        shown = " | ".join("" if np.isnan(v) else f"{v:.1f}" for v in figures)
        sys.stdout.write(f"| {name} | {shown} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

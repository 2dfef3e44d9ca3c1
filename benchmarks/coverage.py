"""Coverage of nominal 95% intervals on made-up populations with known truth: how the weight was
made reaches the interval, or it does not.

Run: python benchmarks/coverage.py [--runs 2000] [--seed 1] [scenario ...]. Prints one line per
scenario and statistic: coverage, bias, mean SE over true SE.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

import mismes_eval as me

STRATA, PSUS, SIZE = 8, 400, 40  # PSUs in each stratum of the population, persons in each PSU
Draw = Callable[[pd.DataFrame, np.random.Generator], "me.Sample"]


@dataclass(frozen=True)
class Population:
    """persons: one row each. truth: statistic -> population value."""

    persons: pd.DataFrame
    truth: dict[str, float]


def population(seed: int = 7) -> Population:
    """128,000 persons in clusters that resemble each other; migrants are rare, clustered and earn
    differently.
    """
    rng = np.random.default_rng(seed)
    m = STRATA * PSUS
    psu = np.repeat(np.arange(m), SIZE)
    stratum = psu // PSUS
    n = psu.size
    level = rng.normal(0, 0.4, m)[psu] + 0.15 * stratum
    age = rng.integers(0, 5, n)
    female = rng.integers(0, 2, n)
    migrant = rng.random(n) < np.clip(0.04 + 0.10 * (level > 0.9) + 0.02 * (1 - female), 0, 1)
    y = 10 + level + 0.5 * age - 0.8 * female + 1.5 * migrant + rng.normal(0, 2, n)
    work = (
        rng.random(n) < 1 / (1 + np.exp(-(0.2 + 0.3 * level - 0.3 * female + 0.5 * migrant)))
    ).astype(float)
    hours = np.where(work > 0, 20 + 15 * rng.random(n) + level, 5 * rng.random(n))
    persons = pd.DataFrame(
        {
            "psu": psu,
            "stratum": stratum,
            "age": age,
            "female": female,
            "migrant": migrant,
            "y": y,
            "work": work,
            "hours": hours,
            "one": 1.0,
        }
    )
    x = np.column_stack([np.ones(n), female, y])
    beta = np.zeros(3)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        beta = beta + np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]), x.T @ (work - p))
    truth = {
        "mean": float(y.mean()),
        "ratio": float(y.sum() / hours.sum()),
        "domain": float(y[migrant].mean()),
        "total": float(work.sum()),
        "median": float(np.median(y)),
        "logit": float(beta[2]),
    }
    return Population(persons, truth)


def _two_stage(
    persons: pd.DataFrame,
    rng: np.random.Generator,
    psus: int,
    take: int,
    strata: range = range(STRATA),
) -> pd.DataFrame:
    """psus PSUs in each stratum, take persons in each, both at random without replacement; base
    weight in 'w'.
    """
    chosen = np.concatenate([h * PSUS + rng.choice(PSUS, psus, replace=False) for h in strata])
    rows = np.concatenate([c * SIZE + rng.choice(SIZE, take, replace=False) for c in chosen])
    return persons.iloc[rows].assign(w=PSUS / psus * SIZE / take).reset_index(drop=True)


def _sample(frame: pd.DataFrame, **more: object) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", strata="stratum", psu="psu", **more)


def _calibrated(sample: me.Sample, persons: pd.DataFrame, method: str = "raking") -> me.Sample:
    totals = {c: persons[c].value_counts().astype(float).to_dict() for c in ("female", "age")}
    return me.calibrate(sample, totals, method=method)


def base(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    return _sample(_two_stage(persons, rng, 12, 10))


def base_calibrated(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    return _calibrated(base(persons, rng), persons)


def oversample(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    """Three strata with many migrants sampled at three times the rate, GREG afterwards."""
    parts = [
        _two_stage(persons, rng, 18, 10, range(5, 8)),
        _two_stage(persons, rng, 8, 8, range(5)),
    ]
    return _calibrated(_sample(pd.concat(parts, ignore_index=True)), persons, "linear")


def two_phase(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    """Everybody in the PSU is listed, migrants are interviewed with certainty, others one in six;
    phase-2 weights meet phase-1 counts.
    """
    listed = _two_stage(persons, rng, 12, 24)
    prob = np.where(listed["migrant"], 1.0, 1 / 4)
    listed = listed.assign(prob=prob, chosen=rng.random(len(listed)) < prob)
    return _calibrated(
        me.two_phase(_sample(listed), "chosen", "prob", classes=["migrant"]), persons
    )


def nonresponse_raked(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    """A third does not answer, depending on sex, age and migration; propensity, then raking."""
    frame = _two_stage(persons, rng, 14, 12)
    p = 1 / (
        1 + np.exp(-(0.4 + 0.5 * frame["female"] + 0.2 * frame["age"] - 0.7 * frame["migrant"]))
    )
    frame = frame.assign(answered=rng.random(len(frame)) < p, mig=frame["migrant"].astype(float))
    return _calibrated(
        me.nonresponse(_sample(frame), "answered", ["female", "age", "mig"]), persons
    )


def _register(persons: pd.DataFrame, rng: np.random.Generator, take: int) -> pd.DataFrame:
    listed = np.flatnonzero(persons["migrant"] & (persons["psu"] % 3 > 0))
    rows = rng.choice(listed, take, replace=False)
    return (
        persons.iloc[rows]
        .assign(w=listed.size / take, stratum=99, psu=10**6 + np.arange(take))
        .reset_index(drop=True)
    )


def dual_frame(
    persons: pd.DataFrame, rng: np.random.Generator, method: str = "hartley"
) -> me.Sample:
    """Area sample and a register that holds two thirds of the migrants, joined and calibrated
    together.
    """
    a, b = _two_stage(persons, rng, 12, 10), _register(persons, rng, 400)
    on_list = (a["migrant"] & (a["psu"] % 3 > 0)).to_numpy()
    if method == "hartley":
        a, b = a.assign(other=on_list), b.assign(other=True)
    else:
        rate_b = 1 / float(b["w"].iloc[0])
        a, b = a.assign(other=on_list * rate_b), b.assign(other=12 / PSUS * 10 / SIZE)
    joined = me.combine_frames([_sample(a), _sample(b)], ["other", "other"], method=method)
    return _calibrated(joined, persons)


def kalton_anderson(persons: pd.DataFrame, rng: np.random.Generator) -> me.Sample:
    return dual_frame(persons, rng, "kalton_anderson")


SCENARIOS: dict[str, Draw] = {
    "base": base,
    "base, raked": base_calibrated,
    "oversample, GREG": oversample,
    "two-phase, raked": two_phase,
    "propensity, then raked": nonresponse_raked,
    "dual frame Hartley, raked": dual_frame,
    "dual frame Kalton-Anderson, raked": kalton_anderson,
}


def statistics(sample: me.Sample) -> dict[str, me.Estimate]:
    """The six statistics of each scenario."""
    slope = me.logit(sample, "work ~ female + y")
    return {
        "mean": me.mean(sample, "y"),
        "ratio": me.ratio(sample, "y", "hours"),
        "domain": me.mean(sample.where(sample.frame["migrant"].astype(bool)), "y"),
        "total": me.total(sample, "work"),
        "median": me.quantile(sample, "y", [0.5]),
        "logit": slope.select([slope.p - 1]),
    }


def weight_share(runs: int, seed: int) -> pd.DataFrame:
    """Absent members reported by one to three kin households: coverage of their total and of a mean
    among them.
    """
    rng = np.random.default_rng(seed)
    households, absent = 40_000, 6_000
    link = [rng.choice(households, k, replace=False) for k in rng.integers(1, 4, absent)]
    income = rng.gamma(4, 100, absent)
    reports = pd.DataFrame(
        {
            "hhid": np.concatenate(link),
            "absent": np.repeat(np.arange(absent), [len(v) for v in link]),
        }
    )
    reports["s_i"] = np.repeat([len(v) for v in link], [len(v) for v in link])
    reports["income"] = income[reports["absent"]]
    reports["one"] = 1.0
    psu = np.arange(households) // 20
    hits = {"total": [], "mean": []}
    for _ in range(runs):
        chosen = rng.choice(households // 20, 120, replace=False)
        frame = pd.DataFrame({"hhid": np.flatnonzero(np.isin(psu, chosen))}).assign(
            w=households / 20 / 120, psu=lambda f: psu[f["hhid"]]
        )
        inside = reports[reports["hhid"].isin(frame["hhid"])]
        s = me.weight_share(me.Sample.from_frame(frame, weights="w", psu="psu"), inside)
        hits["total"].append(_drawn(me.total(s, "one"), float(absent)))
        hits["mean"].append(_drawn(me.mean(s, "income"), float(income.mean())))
    return pd.DataFrame([_line("weight share", name, values) for name, values in hits.items()])


Draw = tuple[float, float, float, float, float]  # value, standard error, low, high, truth


def _drawn(e: me.Estimate, truth: float) -> Draw:
    ci = e.ci()
    return (
        float(e.value[0]),
        float(e.se[0]),
        float(ci["low"].iloc[0]),
        float(ci["high"].iloc[0]),
        truth,
    )


def _line(scenario: str, name: str, draws: list[Draw]) -> dict[str, object]:
    value, se, low, high, truth = np.array(draws).T
    return {
        "scenario": scenario,
        "statistic": name,
        "coverage": np.mean((low <= truth) & (truth <= high)),
        "bias_over_se": (value.mean() - truth[0]) / value.std(ddof=1),
        "se_ratio": se.mean() / value.std(ddof=1),
        "runs": len(draws),
    }


def run(names: list[str], runs: int, seed: int) -> pd.DataFrame:
    """Coverage table of the named scenarios."""
    pop = population()
    out = []
    for name in names:
        if name == "weight share":
            out.append(weight_share(runs, seed))
            continue
        rng = np.random.default_rng([seed, sum(name.encode())])
        kept: dict[str, list[Draw]] = {k: [] for k in pop.truth}
        for _ in range(runs):
            for k, e in statistics(SCENARIOS[name](pop.persons, rng)).items():
                kept[k].append(_drawn(e, pop.truth[k]))
        out.append(pd.DataFrame([_line(name, k, v) for k, v in kept.items()]))
    return pd.concat(out, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start = time.perf_counter()
    table = run(args.scenario or [*SCENARIOS, "weight share"], args.runs, args.seed)
    sys.stdout.write(
        table.to_string(index=False, float_format=lambda v: f"{v:.4f}")
        + f"\n{time.perf_counter() - start:.0f} s, seed {args.seed}\n"
    )


if __name__ == "__main__":
    main()

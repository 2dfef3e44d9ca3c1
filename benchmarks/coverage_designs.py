"""Coverage of nominal 95% intervals of the designs beside difference-in-differences: draws by lot,
participants beside residents, nearest neighbours, doses, a status that comes and goes, waits,
answers that are missing, models fitted elsewhere.

python benchmarks/coverage_designs.py [design ...] [--runs 2000] [--seconds 150]   prints one table:
share of intervals that hold the truth, mean error over the spread of the estimates, runs made
before the seconds of a design were over. The seed of run r is r.

Persons lie in 64 PSUs of 10 in 8 strata, share a shock of their PSU and have unequal weights. True
effects are known by construction.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm

import mismes_eval as me
from mismes_eval.estimate.missing_items import Imputed
from mismes_eval.impact.trials.late import RatioSet

PSUS, SIZE, STRATA = 64, 10, 8
EFFECT, COMPLIERS = 0.5, 0.6
TAU = 12.0
Draw = tuple[float, float, float, float, float]  # value, error, low, high, truth
Rng = np.random.Generator


def people(rng: Rng) -> pd.DataFrame:
    """Persons with a covariate x, a shock of their PSU and a weight that is not of the outcome."""
    psu = np.repeat(np.arange(PSUS), SIZE)
    x = 0.4 * rng.normal(size=PSUS)[psu] + rng.normal(size=psu.size)
    weight = np.exp(0.4 * rng.normal(size=psu.size))
    shock = (0.3 * rng.normal(size=PSUS))[psu]
    return pd.DataFrame(
        {"x": x, "w": 100 * weight, "psu": psu, "stratum": psu % STRATA, "shock": shock}
    )


def sampled(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu")


def drawn(e: me.Estimate | Imputed, truth: float, at: int = 0) -> Draw:
    ci = e.ci().iloc[at]
    return float(e.value[at]), float(e.se[at]), float(ci["low"]), float(ci["high"]), truth


def between(by_group: me.Estimate) -> me.Estimate:
    one, other = by_group.names
    return by_group.contrast({other: 1.0, one: -1.0})


def lottery(rng: Rng) -> dict[str, Draw]:
    """Lots within two blocks of unequal chances; a tenth comes anyway; who takes part is reached
    more often, and who is reached has higher outcomes.
    """
    f = people(rng)
    n = len(f)
    f["block"] = rng.choice(["a", "b"], n)
    f["z"] = rng.random(n) < np.where(f["block"] == "a", 0.35, 0.6)
    ease = rng.random(n)
    f["took"] = (ease < 0.1) | (f["z"] & (ease < 0.1 + COMPLIERS))
    level = f["x"] + f["shock"] + (f["block"] == "b")
    f["y"] = level + EFFECT * f["took"] + rng.normal(size=n)
    f["seen"] = rng.random(n) < 1 / (1 + np.exp(-0.8 - 0.5 * level - 0.8 * f["took"]))
    f["reached"] = f["y"].where(f["seen"])
    s = sampled(f)
    offer = me.itt(s, "y", "z", "x", "block")
    part = me.late(s, "y", "took", "z", "x", "block")
    possible = part.extra["set"]
    assert isinstance(possible, RatioSet)
    low, high = possible.intervals[0]
    bounds = me.late_bounds(s, "reached", "took", "z", "seen", blocks="block")
    ends = np.array(bounds.extra["set"], float)
    middle = float(bounds.value.mean())
    reached = (middle, np.nan, float(ends[0]), float(ends[1]), EFFECT)
    return {
        "offer (itt)": drawn(offer, EFFECT * COMPLIERS),
        "taking part (late), Anderson-Rubin": (*drawn(part, EFFECT)[:2], low, high, EFFECT),
        "taking part, a third lost (late_bounds)": reached,
    }


def small_blocks(rng: Rng) -> dict[str, Draw]:
    """Half of each block drawn, no effect, persons drawn one by one: with and without the count of
    the coefficients of the blocks.
    """
    out = {}
    for blocks, size in ((40, 6), (60, 4), (100, 10)):
        block = np.repeat(np.arange(blocks), size)
        z = np.concatenate([rng.permutation(np.arange(size) % 2) for _ in range(blocks)])
        y = rng.normal(size=blocks)[block] + rng.normal(size=z.size)
        f = pd.DataFrame({"block": block.astype(str), "z": z, "y": y, "w": 1.0})
        s = me.Sample.from_frame(f, weights="w")
        for adjustment in ("additive", "interacted"):
            for rule in ("design", "full"):
                e = me.itt(s, "y", "z", (), "block", adjustment, rule)
                out[f"{blocks} blocks of {size}, {adjustment}, {rule}"] = drawn(e, 0.0)
    return out


def beside(rng: Rng) -> dict[str, Draw]:
    """Participants of one survey beside residents of another, unlike in x."""
    own, other = people(rng), people(rng)
    own = own[rng.random(len(own)) < 1 / (1 + np.exp(0.7 - 0.6 * own["x"]))]
    for f, took in ((own, 1.0), (other, 0.0)):
        f["took"] = took
        f["y"] = 0.8 * f["x"] + f["shock"] + EFFECT * took + rng.normal(size=len(f))
    s = me.stack_samples([sampled(own.reset_index(drop=True)), sampled(other)])
    out = {}
    for method in ("entropy", "ipw", "overlap"):
        alike = me.balance_weights(s, "took", "x", method)
        out[f"beside residents, {method}"] = drawn(between(me.mean(alike, "y", by="took")), EFFECT)
    both = me.balance_weights(s, "took", "x", "cbps", "ate")
    out["beside residents, cbps (everybody)"] = drawn(
        between(me.mean(both, "y", by="took")), EFFECT
    )
    out["beside residents, nearest neighbour"] = drawn(me.match(s, "y", "took", ["x"]), EFFECT)
    return out


def beside_before(rng: Rng) -> dict[str, Draw]:
    """Participants asked twice beside residents of two rounds; participants are 1 higher at any
    time for what nobody knows, and everybody moves by x.
    """
    own, now, earlier = people(rng), people(rng), people(rng)
    own = own[rng.random(len(own)) < 1 / (1 + np.exp(0.7 - 0.6 * own["x"]))]
    for f, took in ((own, 1.0), (now, 0.0), (earlier, np.nan)):
        level = 0.8 * f["x"] + f["shock"] + np.nan_to_num(took)
        f["before"] = level + rng.normal(size=len(f))
        f["after"] = level + 0.3 + 0.2 * f["x"] + EFFECT * took + rng.normal(size=len(f))
        f["now"], f["earlier"] = took, 1.0 - (f is earlier)
    now["earlier"] = np.nan
    s = me.stack_samples([sampled(f.reset_index(drop=True)) for f in (own, now, earlier)])
    later, former = (s.frame[column].notna() for column in ("now", "earlier"))
    alike = me.balance_weights(s.where(later), "now", "x").everybody()
    alike = me.balance_weights(alike.where(former), "earlier", "x").everybody()
    after = between(me.mean(alike.where(later), "after", by="now"))
    before = between(me.mean(alike.where(former), "before", by="earlier"))
    both = me.stack(after, before)
    change = both.contrast({both.names[0]: 1.0, both.names[1]: -1.0})
    return {"beside residents of two rounds, entropy": drawn(change, EFFECT)}


def dose(rng: Rng) -> dict[str, Draw]:
    """Effect 0.2 + 0.02 an hour; hours are 5 to 35."""
    f = people(rng)
    n = len(f)
    hours = np.where(rng.random(n) < 0.5, rng.uniform(5, 35, n), 0.0)
    effect = np.where(hours > 0, 0.2 + 0.02 * hours, 0.0)
    f["hours"], f["y0"] = hours, f["x"] + rng.normal(size=n)
    f["y1"] = f["y0"] + 0.3 + f["shock"] + effect + rng.normal(size=n)
    found = me.dose_response(sampled(f), ("y0", "y1"), "hours", doses=[10.0, 30.0], degree=2)
    return {
        "dose, mean effect": drawn(found.overall, 0.2 + 0.02 * 20),
        "dose, per hour": drawn(found.overall, 0.02, 1),
        "dose, effect of 30 hours": drawn(found.levels, 0.8, 1),
    }


def switching(rng: Rng) -> dict[str, Draw]:
    """Five periods; a status starts for some and stops for others; the effect holds while it does."""
    f = people(rng)
    n, periods = len(f), 5
    first = rng.random(n) < 0.3
    when = rng.choice([1, 2, 3, 9], n, p=[0.2, 0.2, 0.2, 0.4])
    at, who = np.tile(np.arange(periods), n), np.repeat(np.arange(n), periods)
    status = first[who] ^ (at >= when[who])
    long = f.loc[who].reset_index(drop=True).assign(i=who, t=at, d=status)
    trend = 0.2 * at + 0.2 * f["shock"].to_numpy()[who] * at
    long["y"] = long["x"] + trend + EFFECT * status + rng.normal(size=len(long))
    found = me.switching_effects(sampled(long), "y", "d", "t", "i")
    return {
        "switching, period of the change": drawn(found, EFFECT),
        "switching, a period later": drawn(found, EFFECT, 1),
    }


def waits(rng: Rng) -> dict[str, Draw]:
    """Exponential waits for a job (hazard 0.08, 0.05 without the measure) beside leaving (0.02);
    censored at 6 to 24 months; groups unlike in x, which moves no hazard alone but both groups'.
    """
    f = people(rng)
    n = len(f)
    f["took"] = (rng.random(n) < 1 / (1 + np.exp(-0.5 * f["x"]))).astype(float)
    hazard = np.where(f["took"] == 1, 0.08, 0.05)
    job, left = rng.exponential(1 / hazard), rng.exponential(50.0, n)
    end = rng.uniform(6, 24, n)
    first = np.minimum(np.minimum(job, left), end)
    f["months"], f["any"] = first, (first < end).astype(int)
    f["cause"] = pd.Series(np.where(job < left, "job", "abroad")).where(first < end)
    s = me.balance_weights(sampled(f), "took", "x")
    without = [(1 - np.exp(-(h + 0.02) * TAU)) / (h + 0.02) for h in (0.08, 0.05)]
    came = [h / (h + 0.02) * (1 - np.exp(-(h + 0.02) * TAU)) for h in (0.08, 0.05)]
    gone = me.cumulative_incidence(s, "months", "cause", "job", "took", TAU)
    return {
        "wait, months within 12": drawn(
            between(me.rmst(s, "months", "any", TAU, by="took")), without[0] - without[1]
        ),
        "wait, job by 12 months beside leaving": drawn(between(gone), came[0] - came[1]),
    }


def lost(rng: Rng) -> dict[str, Draw]:
    """Waits in whole months that are longer where x is 1, from where fewer are lost; arms by lot."""
    f = people(rng)
    n = len(f)
    f["took"], f["level"] = (rng.random(n) < 0.5).astype(float), (f["x"] > 0).astype(float)
    hazard = np.where(f["level"] == 1, 0.04, 0.15) * np.where(f["took"] == 1, 1.4, 1.0)
    wait = np.ceil(rng.exponential(1 / hazard))
    gone = np.ceil(rng.exponential(np.where(f["level"] == 1, 60.0, 8.0)))
    f["months"] = np.minimum(np.minimum(wait, gone), TAU)
    f["any"] = ((wait <= gone) & (wait <= TAU)).astype(int)
    s = me.censoring_weights(sampled(f), "months", "any", TAU, "level", "took")
    month = np.arange(TAU)
    means = [np.mean([np.exp(-h * up * month).sum() for h in (0.04, 0.15)]) for up in (1.4, 1.0)]
    found = between(me.rmst(s, "months", "any", TAU, by="took"))
    return {"wait, a third lost by what is known (IPCW)": drawn(found, float(means[0] - means[1]))}


def missing(rng: Rng) -> dict[str, Draw]:
    """A third of the answers missing, by x; mean of a population of which x has mean 0."""
    f = people(rng)
    n = len(f)
    y = 1 + 0.8 * f["x"] + f["shock"] + rng.normal(size=n)
    f["class"] = pd.cut(f["x"], [-np.inf, -0.7, 0, 0.7, np.inf], labels=list("abcd")).astype(str)
    by_class = f["class"].map({"a": 0.5, "b": 0.65, "c": 0.75, "d": 0.85}).to_numpy(float)
    f["y"] = y.where(rng.random(n) < by_class)
    s = sampled(f)
    copies = me.impute(s, ["y"], ["x", "stratum"], imputations=10, rounds=1, seed=1)
    return {
        "imputed answers, mean": drawn(me.over_imputations(copies, lambda c: me.mean(c, "y")), 1.0),
        "fractional hot deck, mean": drawn(me.mean(me.hot_deck(s, "y", "class"), "y"), 1.0),
    }


def own_model(rng: Rng) -> dict[str, Draw]:
    """A least-squares and a Poisson fit of statsmodels."""
    f = people(rng)
    n = len(f)
    f["d"] = (rng.random(n) < 0.5).astype(float)
    f["y"] = f["x"] + f["shock"] + EFFECT * f["d"] + rng.normal(size=n)
    f["count"] = rng.poisson(np.exp(0.2 + 0.2 * f["x"] + EFFECT * f["d"]))
    s, x = sampled(f), sm.add_constant(f[["d", "x"]])
    line = me.from_fit(sm.WLS(f["y"], x, weights=f["w"]).fit(), s)
    log = sm.GLM(f["count"], x, family=sm.families.Poisson(), freq_weights=f["w"]).fit()
    at = list(line.names).index("d")
    return {
        "your own model, least squares": drawn(line, EFFECT, at),
        "your own model, Poisson": drawn(me.from_fit(log, s), EFFECT, at),
    }


DESIGNS: dict[str, Callable[[Rng], dict[str, Draw]]] = {
    "lottery": lottery,
    "small_blocks": small_blocks,
    "beside": beside,
    "beside_before": beside_before,
    "dose": dose,
    "switching": switching,
    "waits": waits,
    "lost": lost,
    "missing": missing,
    "own_model": own_model,
}


def told(rows: Sequence[Draw]) -> str:
    """One line of the table."""
    value, error, low, high, truth = np.array(rows, float).T
    covered = 100 * np.mean((low <= truth) & (truth <= high))
    ratio = error.mean() / value.std(ddof=1)
    words = "" if np.isnan(ratio) else f"{ratio:.3f}"
    return f"{covered:.1f} | {words} | {len(rows):,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", default=list(DESIGNS))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=150.0)
    args = parser.parse_args()
    warnings.simplefilter("error")
    for name in args.designs:
        found: dict[str, list[Draw]] = {}
        start = time.process_time()
        for r in range(args.runs):
            if time.process_time() - start > args.seconds:
                break
            for row, draw in DESIGNS[name](np.random.default_rng(r)).items():
                found.setdefault(row, []).append(draw)
        for row, rows in found.items():
            sys.stdout.write(f"| {row} | {told(rows)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

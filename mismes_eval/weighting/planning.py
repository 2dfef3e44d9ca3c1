"""Planning an oversample: allocation with screening costs, what a sampling-rate ratio buys, and
sample size for a rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import DesignError, Problem, of_argument, of_arguments, worded
from mismes_eval.numerics.rows import Float
from mismes_eval.public import check, fitting


def _vector(name: str, value: Sequence[float] | float, size: int | None = None) -> Float:
    try:
        v = np.atleast_1d(np.asarray(value, float))
    except (TypeError, ValueError):
        v = np.full(1, np.nan)
    if size is not None and v.size == 1:
        v = np.full(size, float(v[0]))
    bad = ~np.isfinite(v) | (v <= 0)
    if bad.any() or (size is not None and v.size != size):
        want = (
            worded("{size} positive numbers", {"size": size})
            if size is not None
            else "positive numbers"
        )
        raise DesignError(
            Problem("a planning figure does not fit", of_argument(name), want, str(value))
        )
    return v


def _figures(
    shares: Mapping[str, object] | None = None,
    costs: Mapping[str, object] | None = None,
    **numbers: object,
) -> None:
    """Raise DesignError naming every argument that is no finite number, every share outside (0, 1)
    and every negative cost.
    """
    shares, costs = shares or {}, costs or {}
    problems = []
    for name, value in {**numbers, **shares, **costs}.items():
        where = of_argument(name)
        if not (isinstance(value, (int, float, np.number)) and np.isfinite(value)):
            problems.append(
                Problem("a planning figure is not a finite number", where, "a number", repr(value))
            )
        elif name in shares and not 0 < float(value) < 1:
            problems.append(
                Problem(
                    "a planning figure is out of range",
                    where,
                    "a share between 0 and 1",
                    repr(value),
                )
            )
        elif name in costs and float(value) < 0:
            problems.append(
                Problem(
                    "a planning figure is out of range", where, "a cost of 0 or more", repr(value)
                )
            )
    DesignError.refuse(problems)


@fitting(DesignError)
def plan_allocation(
    size: Sequence[float],
    total: float,
    sd: Sequence[float] | float = 1.0,
    cost: Sequence[float] | float = 1.0,
    prevalence: Sequence[float] | None = None,
    screening_cost: float = 0.0,
    labels: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Optimum allocation of a sample to strata, also when members of a rare group must be found by
    screening.

    Parameters
    ----------
    size : (H,) population units of each stratum.
    total : units to be sampled (screened) in all.
    sd : (H,) standard deviation of the variable.
    cost : (H,) cost of a main interview, in any one currency.
    prevalence : (H,) share of the rare group in each stratum; None: everybody is interviewed.
    screening_cost : cost of contacting one unit.

    Returns
    -------
    frame with stratum, size, rate_relative (first stratum = 1), rate, n, expected_interviews, cost.
    Strata that would be taken more than wholly are taken with certainty and the rest is allocated
    again.

    References
    ----------
    Neyman (1934); Kalton and Anderson (1986), JRSS A 149, 65-82: f_h proportional to sqrt(P_h S_h^2
    / (c_s + P_h c_m)).
    """
    _figures(total=total, screening_cost=screening_cost)
    n_pop = _vector("size", size)
    h = n_pop.size
    check(DesignError, "plan_allocation", ("labels", labels, Sequence[object] | None))
    if labels is not None and len(labels) != h:
        raise DesignError(
            Problem(
                "a planning figure does not fit",
                of_argument("labels"),
                worded("{stratum} labels", {"stratum": h}),
                str(len(labels)),
            )
        )
    s, c = _vector("sd", sd, h), _vector("cost", cost, h)
    p = np.ones(h) if prevalence is None else _vector("prevalence", prevalence, h)
    if (p > 1).any() or not 0 < total <= n_pop.sum() or screening_cost < 0:
        raise DesignError(
            Problem(
                "a planning figure does not fit",
                worded("prevalence, total or screening_cost"),
                "shares up to 1, a sample up to the population, a cost of 0 or more",
            )
        )
    unit_cost = screening_cost + p * c
    relative = np.sqrt(p * s**2 / unit_cost)
    rate = np.zeros(h)
    sure = np.zeros(h, bool)
    for _ in range(h):
        left = total - n_pop[sure].sum()
        rate = np.where(
            sure, 1.0, relative * left / (n_pop * relative)[~sure].sum() if (~sure).any() else 1.0
        )
        over = (rate > 1) & ~sure
        if not over.any():
            break
        sure |= over
    n = rate * n_pop
    return pd.DataFrame(
        {
            "stratum": list(labels) if labels is not None else range(1, h + 1),
            "size": n_pop,
            "rate_relative": relative / relative[0],
            "rate": rate,
            "n": n,
            "expected_interviews": n * p,
            "cost": n * unit_cost,
        }
    )


def plan_precision(
    ratios: Sequence[float] = (1, 1.5, 2, 2.2, 3, 4, 6, 8),
    share_high: float = 0.2,
    prevalence_high: float = 0.12,
    prevalence_low: float = 0.025,
    n: float = 6000,
    deff: float = 1.3,
    rate: float = 0.2,
    screening_cost: float = 1.0,
    interview_cost: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
) -> pd.DataFrame:
    """What oversampling the areas with many migrants buys, for each ratio of the sampling rates, at
    the same number of sampled persons.

    Parameters
    ----------
    ratios : sampling rate in high-prevalence areas over that elsewhere.
    share_high : their share of the population.
    prevalence_high, prevalence_low : share of migrants in the two kinds of area.
    n : persons sampled in all.
    deff : effect of clustering.
    rate : the share among migrants to be estimated (for CV and the detectable difference).
    power, level : of a two-sample comparison between migrants of two equal halves.

    Returns
    -------
    frame: ratio, n_high, n_low, migrants (expected interviews), kish_deff (among migrants), n_eff,
    cv (of `rate`), mde (difference between two halves), cost, best.

    The weights undo the oversample, so beyond the best ratio more migrants are interviewed and less
    is learnt.
    """
    _figures(
        {"power": power, "level": level},
        {"screening_cost": screening_cost, "interview_cost": interview_cost},
        share_high=share_high,
        prevalence_high=prevalence_high,
        prevalence_low=prevalence_low,
        n=n,
        deff=deff,
        rate=rate,
    )
    r = _vector("ratios", ratios)
    if not r.size:
        raise DesignError(
            Problem(
                "a planning figure does not fit",
                of_argument("ratios"),
                "at least one ratio",
                worded("none"),
            )
        )
    if not (
        0 < share_high < 1
        and 0 < prevalence_low <= 1
        and 0 < prevalence_high <= 1
        and 0 < rate < 1
        and n > 0
        and deff > 0
    ):
        raise DesignError(
            Problem(
                "a planning figure does not fit",
                "plan_precision",
                "shares between 0 and 1, n and deff above 0",
            )
        )
    high = n * share_high * r / (share_high * r + 1 - share_high)
    low = n - high
    m_high, m_low = high * prevalence_high, low * prevalence_low
    migrants = m_high + m_low
    kish = migrants * (m_high / r**2 + m_low) / (m_high / r + m_low) ** 2
    n_eff = migrants / (kish * deff)
    z = stats.norm.ppf(0.5 + level / 2) + stats.norm.ppf(power)
    out = pd.DataFrame(
        {
            "ratio": r,
            "n_high": high,
            "n_low": low,
            "migrants": migrants,
            "kish_deff": kish,
            "n_eff": n_eff,
            "cv": np.sqrt((1 - rate) / (rate * n_eff)),
            "mde": z * np.sqrt(4 * rate * (1 - rate) / n_eff),
            "cost": n * screening_cost + migrants * interview_cost,
        }
    )
    return out.assign(best=out["n_eff"] == out["n_eff"].max())


def best_ratio(prevalence_high: float, prevalence_low: float) -> float:
    """Sampling rate of areas with many migrants over that of the others that gives most.

    It gives the largest effective number of migrants at a fixed number of sampled persons, where
    finding a migrant costs what screening a person costs: sqrt(P_high / P_low).

    Parameters
    ----------
    prevalence_high, prevalence_low : share of migrants among persons of each kind of area, above 0
        and up to 1.

    Returns
    -------
    The ratio of the two sampling rates: 1 where the areas are alike.

    Raises
    ------
    DesignError : shares that are not above 0, or above 1.

    References
    ----------
    Kalton and Anderson (1986), Journal of the Royal Statistical Society A 149, 65-82.
    """
    shares = {"prevalence_high": prevalence_high, "prevalence_low": prevalence_low}
    _figures(prevalence_high=prevalence_high, prevalence_low=prevalence_low)
    _vector("prevalence", list(shares.values()))
    DesignError.refuse(
        [
            Problem(
                "a planning figure does not fit", of_argument(name), "a share up to 1", f"{share:g}"
            )
            for name, share in shares.items()
            if share > 1
        ]
    )
    return float(np.sqrt(prevalence_high / prevalence_low))


def sample_size_for_rate(rate: float, cv: float, deff: float = 1.0) -> float:
    """Interviews needed for a share with a given coefficient of variation.

    Parameters
    ----------
    rate : the share, between 0 and 1, ends excluded.
    cv : its standard error over the share that is aimed at (0.1: 10%).
    deff : design effect, by which the variance of a simple random sample is multiplied.

    Returns
    -------
    n = deff (1 - rate) / (rate cv^2), not rounded; without correction for a small population.

    Raises
    ------
    DesignError : figures outside these ranges.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    _figures(rate=rate, cv=cv, deff=deff)
    if not (0 < rate < 1 and cv > 0 and deff > 0):
        raise DesignError(
            Problem(
                "a planning figure does not fit",
                "sample_size_for_rate",
                "0 < rate < 1, cv > 0, deff > 0",
                worded("{rate}, {cv}, {deff}", {"rate": rate, "cv": cv, "deff": deff}),
            )
        )
    return deff * (1 - rate) / (rate * cv**2)


def compare_plans(
    budget: float,
    share_high: float,
    prevalence_high: float,
    prevalence_low: float,
    cost_listing: float,
    cost_interview: float,
    deff: float = 1.3,
    register_cost: float | None = None,
    register_share: float = 0.0,
    rate: float = 0.2,
) -> pd.DataFrame:
    """One budget, four ways to reach migrants: plain sample, oversampled areas, two-phase listing,
    register supplement.

    Parameters
    ----------
    budget, cost_listing (a screened person), cost_interview (a full interview) : one currency.
    Without a listing everybody sampled gets the full interview.
    register_cost : cost of one interview from a list of returnees; register_share : share of all
        migrants that are on it (the rest is not covered by it).
    rate : share among migrants to be estimated.

    Returns
    -------
    frame: plan, sampled, migrants, n_eff, cv, and a note on what the plan assumes.
    """
    check(DesignError, "compare_plans", ("share_high", share_high, float))
    _figures(
        budget=budget,
        cost_listing=cost_listing,
        cost_interview=cost_interview,
        deff=deff,
        rate=rate,
        register_share=register_share,
        register_cost=1.0 if register_cost is None else register_cost,
    )
    _refuse_register(register_cost, register_share)
    if not (budget > 0 and cost_listing > 0 and cost_interview > 0):
        raise DesignError(
            Problem("a planning figure does not fit", "compare_plans", "budget and costs above 0")
        )
    best = best_ratio(prevalence_high, prevalence_low)
    overall = share_high * prevalence_high + (1 - share_high) * prevalence_low
    rows = []
    n = budget / cost_interview
    for name, ratio in (("plain sample", 1.0), ("oversampled areas", best)):
        row = plan_precision(
            [ratio], share_high, prevalence_high, prevalence_low, n, deff, rate
        ).iloc[0]
        rows.append((name, n, row["migrants"], row["n_eff"], f"sampling-rate ratio {ratio:.2f}"))
    listed = budget / (cost_listing + overall * cost_interview)
    rows.append(
        (
            "two-phase listing",
            listed,
            listed * overall,
            listed * overall / deff,
            "every migrant that the listing finds is interviewed, nobody else",
        )
    )
    if register_cost is not None:
        taken = budget / 2 / register_cost
        base = plan_precision(
            [1.0], share_high, prevalence_high, prevalence_low, n / 2, deff, rate
        ).iloc[0]
        on = base["n_eff"] * register_share + taken
        variance = (
            register_share**2 / on + (1 - register_share) / base["n_eff"]
        )  # those off the list: n_eff (1 - share) interviews for a share (1 - share)
        rows.append(
            (
                "register supplement",
                n / 2 + taken,
                base["migrants"] + taken,
                1 / variance,
                f"half the budget on a list that holds {register_share:.0%} of migrants",
            )
        )
    out = pd.DataFrame(rows, columns=["plan", "sampled", "migrants", "n_eff", "note"])
    return out.assign(cv=np.sqrt((1 - rate) / (rate * out["n_eff"])))


def _refuse_register(cost: float | None, share: float) -> None:
    """A register has a cost of its interviews and a share of the migrants that it holds."""
    if cost is None and share:
        raise DesignError(
            Problem(
                "a register without the cost of its interviews",
                of_arguments("register_cost", "register_share"),
                "both or neither",
                worded("share {register_share}", {"register_share": repr(share)}),
            )
        )
    if cost is not None and not (cost > 0 and 0 < share <= 1):
        raise DesignError(
            Problem(
                "a register does not fit",
                of_arguments("register_cost", "register_share"),
                "a cost above 0 and a share in (0, 1]",
                worded(
                    "{register_cost} and {register_share}",
                    {"register_cost": cost, "register_share": share},
                ),
            )
        )

"""Recruitment cost indicator (SDG 10.7.1): what the first job abroad cost, in months of earnings
there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.quantile import Distribution
from mismes_eval.lfs.answers import month_number, text, values, yes
from mismes_eval.lfs.catalogue import Indicator
from mismes_eval.lfs.context import Context, Result, labelled, nobody
from mismes_eval.lfs.labour import Measure
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.domain import domains
from mismes_eval.weighting.replication import replicated


def recruitment_cost(c: Context) -> Measure:
    """Total cost over monthly earnings abroad, of returnees who worked abroad and left first within
    ages.recruitment_months before the interview.
    """
    cost, wage = values(c.frame, "mig_rec_cost_total"), values(c.frame, "mig_wage_abroad")
    paid, earned = _in_euro(c, "mig_rec_cost_currency"), _in_euro(c, "mig_wage_abroad_currency")
    same = text(c.frame, "mig_rec_cost_currency") == text(c.frame, "mig_wage_abroad_currency")
    factor = np.where(same, 1.0, paid / earned)
    with np.errstate(divide="ignore", invalid="ignore"):
        months = np.where(wage > 0, cost / wage * factor, np.nan)
    return Measure(months, _recent(c))


def _recent(c: Context) -> Bool:
    worked: Bool = (c.status == "RET") & (yes(c.frame, "mig_worked_abroad") == 1)
    if c.ages.recruitment_months is None:
        return worked
    interview = values(c.frame, "int_year") * 12 + values(c.frame, "int_month") - 1
    with np.errstate(invalid="ignore"):
        recent: Bool = (
            interview - month_number(c.frame, "mig_first_dep_ym") <= c.ages.recruitment_months
        )
    return worked & recent


def _in_euro(c: Context, column: str) -> Float:
    """(n,) euro for one unit of the currency; NaN where the currency is missing or the rates lack
    it.
    """
    bad = [currency for currency, rate in c.rates.items() if not rate > 0]
    if bad:
        raise InputError(
            Problem(
                "an exchange rate is not positive",
                worded("rates: {bad}", {"bad": ", ".join(bad)}),
                "currency units for one euro, above 0",
            )
        )
    rates = {**c.rates, "EUR": 1.0} if c.rates else {}
    euro = pd.Series(text(c.frame, column)).map(rates).to_numpy(dtype=np.float64, na_value=np.nan)
    out: Float = np.divide(1.0, euro, dtype=np.float64)
    return out


def top_fifth(c: Context, indicator: Indicator) -> Result:
    """Share of the sum of ratios that falls on the top fifth, 1 - L(0.8) of the Lorenz curve; the
    cut is estimated, and its estimation is in the standard error.

    References: Langel and Tille (2011), Survey Methodology 37, 191-207 (quantile shares).
    """
    measure = recruitment_cost(c)
    concerned = measure.universe & c.sample.active
    base = concerned & ~np.isnan(measure.value)
    if not base.any():
        return nobody(c, indicator, concerned)
    sample = c.sample.where(base)
    where = domains(sample, c.by)
    x = np.where(base, measure.value, 0.0)

    def shares(w: Float) -> Float:
        return np.array(
            [_top(x, np.where(where.code == place, w, 0.0))[0] for place in range(where.count)]
        )

    found = [
        _top(x, np.where(where.code == place, sample.weights, 0.0)) for place in range(where.count)
    ]
    value = np.array([top for top, _ in found])
    z = np.column_stack([influence for _, influence in found])
    each = replicated(sample, shares) if sample.design.replicates is not None else None
    n = np.bincount(where.code, minlength=where.count + 1)[: where.count].astype(float)
    names = tuple(f"{indicator.id}, {label}" if label else indicator.id for label in where.labels)
    of = Influence.of(z)
    full = None if each is None else value
    out = Estimate(
        value=value,
        names=names,
        parts=(Part(sample.design, of, each, full, averages=by_influence(of)),),
        keys=where.keys.assign(variable=indicator.id, level=""),
        n=n,
        dof=np.full(value.size, sample.degf),
        kind="share",
        notes=sample.notes,
    )
    return labelled(c, indicator, out, concerned, base)


def _top(x: Float, w: Float, p: float = 0.8) -> tuple[float, Float]:
    """1 - L(p) of x (n,) with weights w (n,), and its influence (n,)."""
    used = w > 0
    cut = float(Distribution.of(x, w).quantile(np.array([p]), "math")[0])
    low = np.where(used, np.minimum(x - cut, 0.0) + p * cut, 0.0)
    total = float(w @ x)
    share = 1.0 - float(w @ low) / total
    return share, np.where(used, (x - low - share * x) / total, 0.0)

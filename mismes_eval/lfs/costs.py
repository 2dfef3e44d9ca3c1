"""Recruitment cost indicator (SDG 10.7.1): what the first job abroad cost, in months of earnings there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.lfs.answers import month_number, text, values, yes
from mismes_eval.lfs.context import Context
from mismes_eval.lfs.labour import Measure
from mismes_eval.numerics.rows import Bool, Float


def recruitment_cost(c: Context) -> Measure:
    """Total cost over monthly earnings abroad, of returnees who worked abroad and left first within ages.recruitment_months before the interview."""
    cost, wage = values(c.frame, "mig_rec_cost_total"), values(c.frame, "mig_wage_abroad")
    paid, earned = _in_euro(c, "mig_rec_cost_currency"), _in_euro(c, "mig_wage_abroad_currency")
    same = text(c.frame, "mig_rec_cost_currency") == text(c.frame, "mig_wage_abroad_currency")
    factor = np.where(same, 1.0, paid / earned)
    with np.errstate(divide="ignore", invalid="ignore"):
        months = np.where(wage > 0, cost / wage * factor, np.nan)
    return Measure(months, _recent(c))


def _recent(c: Context) -> Bool:
    worked = (c.status == "RET") & (yes(c.frame, "mig_worked_abroad") == 1)
    if c.ages.recruitment_months is None:
        return worked
    interview = values(c.frame, "int_year") * 12 + values(c.frame, "int_month") - 1
    with np.errstate(invalid="ignore"):
        return worked & (interview - month_number(c.frame, "mig_first_dep_ym") <= c.ages.recruitment_months)


def _in_euro(c: Context, column: str) -> Float:
    """(n,) euro for one unit of the currency; NaN where the currency is missing or the rates lack it."""
    bad = [k for k, v in c.rates.items() if not v > 0]
    if bad:
        raise InputError(Problem("an exchange rate is not positive", f"rates: {', '.join(bad)}", "currency units for one euro, above 0"))
    rates = {**c.rates, "EUR": 1.0} if c.rates else {}
    return 1.0 / pd.Series(text(c.frame, column)).map(rates).to_numpy(dtype=float, na_value=np.nan)

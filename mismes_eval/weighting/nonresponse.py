"""Nonresponse: weights of respondents raised so that they stand for all who were sampled. Every row
is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, in_column, named, unknown, worded
from mismes_eval.message import Message
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.rows import Bool, Float, Rows
from mismes_eval.public import fitting
from mismes_eval.weighting.arguments import as_name, as_names
from mismes_eval.weighting.covariates import effect_among, unreadable
from mismes_eval.weighting.levels import crossed
from mismes_eval.weighting.numbers import numbers_in
from mismes_eval.weighting.read_once import absent, once
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import ResponsePropensity


@fitting(DesignError)
def nonresponse(
    sample: Sample,
    responded: str,
    covariates: str | Sequence[str],
    method: str = "logit",
    eligible: str | None = None,
) -> Sample:
    """Divide weights by the estimated response propensity; a nonrespondent keeps its row with
    weight 0.

    Parameters
    ----------
    responded : boolean or 0/1 column.
    covariates : columns (categories become indicators), known for respondents and nonrespondents
        alike; none: one overall rate.
    method : "logit" (propensity by weighted logistic regression on main effects) or "cells"
        (response rate in each combination).
    eligible : column True, False or missing (unknown). Known ineligibles leave the response model
        and keep their weight; unknown ones are nonrespondents of which the share e among the known
        in the same model is assumed eligible only in reporting, never by dropping rows.

    On a narrowed sample the domain's response is modelled; rows outside keep their weight.

    Returns
    -------
    Sample with a propensity step; its estimation reaches every later standard error.

    References
    ----------
    Kim and Kim (2007), Canadian Journal of Statistics 35, 501-514.
    """
    needs_sample(sample, "nonresponse")
    responded = as_name(responded, "responded")
    columns = list(as_names(covariates, "covariates"))
    eligible = as_name(eligible, "eligible")
    DesignError.refuse(unknown("unknown nonresponse method", "method", method, ("logit", "cells")))
    inside = sample.active
    problems = _problems(sample, responded, columns, eligible, inside)
    DesignError.refuse(problems)
    r = np.where(inside, numbers_in(sample.frame[responded]), 0.0)
    at_risk = inside.copy()
    if eligible is not None:
        at_risk &= numbers_in(sample.frame[eligible]) != 0
    on = ", ".join(map(str, columns)) or "the overall rate"
    model = {"method": method, "columns": on}
    name = sample.narrowed(Message("nonresponse ({method}) on {columns}", model, "step"))
    if method == "cells":
        return sample.step(cell_step(name, sample.frame, columns, r, sample.weights, at_risk))
    return sample.step(
        propensity_step(
            name, *named_effects(sample.frame, columns, at_risk), r, sample.weights, at_risk
        )
    )


def propensity_step(
    name: str, x: Rows, columns: Sequence[str], r: Float, weights: Float, at_risk: Bool
) -> ResponsePropensity:
    """Fit the propensity on rows at risk; rows outside it pass through with factor 1 (r = p = 1
    there adds nothing to the score).
    """
    dense = x.dense()
    try:
        fit = fit_logit(dense[at_risk], r[at_risk], weights[at_risk])
    except Separation as error:
        raise no_propensity(name, r[at_risk], error.named(columns)) from error
    p = np.ones(r.size)
    p[at_risk] = fit.p
    responded = np.where(at_risk, r, 1.0)
    return ResponsePropensity(
        name=name, x=Rows(np.where(at_risk[:, None], dense, 0.0)), r=responded, p=p, before=weights
    )


def no_propensity(name: str, r: Float, reason: str) -> DesignError:
    """The error where responses r (n,) of 0 and 1 give no propensity: there is nothing to model,
    nobody to stand for the others, or covariates tell them apart.
    """
    both = "respondents and nonrespondents"
    if (r == 1).all():
        return DesignError(
            Problem(
                what="everybody responded",
                where=name,
                expected=both,
                got=worded("no nonrespondent"),
                fix="Leave the step out: no weight would change.",
            )
        )
    if (r == 0).all():
        return DesignError(
            Problem(
                what="nobody responded",
                where=name,
                expected=both,
                got=worded("no respondent"),
                fix="Look whether answers are coded as they should be; without respondents no weight"
                " can be made.",
            )
        )
    fix = "Merge categories or drop a covariate."
    return DesignError(
        Problem(
            what="the response propensity cannot be fitted",
            where=name,
            expected=worded("{both} in every combination the model can tell apart", {"both": both}),
            got=reason,
            fix=fix,
        )
    )


def cell_step(
    name: str, frame: pd.DataFrame, columns: list[str], r: Float, weights: Float, at_risk: Bool
) -> ResponsePropensity:
    """Weighted response rate in each combination of the columns: the saturated logit, also where
    everybody in a cell responded.
    """
    each = [pd.factorize(frame[column], sort=True) for column in columns] or [
        (np.zeros(len(frame), np.intp), pd.Index(["all"]))
    ]
    combination, cell = crossed(each)
    c = combination.shape[0]
    mass = np.bincount(cell[at_risk], weights=weights[at_risk], minlength=c)
    reached = np.bincount(cell[at_risk], weights=(weights * r)[at_risk], minlength=c)
    empty = np.flatnonzero((mass > 0) & (reached == 0))
    if empty.size:
        labels = [
            ", ".join(f"{col}={each[j][1][combination[k, j]]}" for j, col in enumerate(columns))
            or "all"
            for k in empty
        ]
        raise DesignError(
            Problem(
                what="a response cell has no respondent",
                where=named(labels),
                expected="at least one respondent in every cell",
                got=worded("{size} empty", {"size": empty.size}),
                fix="Merge cells.",
            )
        )
    rate = np.divide(reached, mass, out=np.ones(c), where=mass > 0)
    partial = np.flatnonzero((rate < 1) & (mass > 0))
    x = (
        Rows(np.where(at_risk[:, None], np.eye(c)[:, partial][cell], 0.0))
        if partial.size
        else Rows(at_risk[:, None].astype(float))
    )
    return ResponsePropensity(
        name=name,
        x=x,
        r=np.where(at_risk, r, 1.0),
        p=np.where(at_risk, rate[cell], 1.0),
        before=weights,
    )


def main_effects(frame: pd.DataFrame, columns: list[str], at_risk: Bool) -> Rows:
    """Intercept and main effects (categories that occur as indicators) for the rows at risk, zero
    elsewhere. Raises DesignError for columns that cannot be main effects.
    """
    return named_effects(frame, columns, at_risk)[0]


def named_effects(
    frame: pd.DataFrame, columns: list[str], at_risk: Bool
) -> tuple[Rows, tuple[str, ...]]:
    """The same, and the name of each column."""
    problems = [*unreadable(frame, columns, at_risk), *_missing(frame, columns, at_risk)]
    DesignError.refuse(problems)
    effects = [effect_among(frame, column, at_risk) for column in columns]
    names = ("Intercept", *(name for _, named in effects for name in named))
    out = np.zeros((len(frame), len(names)))
    out[at_risk] = np.column_stack(
        [np.ones(int(at_risk.sum())), *(values for values, _ in effects)]
    )
    return Rows(out), names


def _problems(
    sample: Sample, responded: str, columns: list[str], eligible: str | None, inside: Bool
) -> list[Problem]:
    needed = [responded, *columns, *([eligible] if eligible is not None else [])]
    problems = [
        Problem("nonresponse names an unknown column", in_column(column), "a column of the sample")
        for column in needed
        if column not in sample.frame.columns
    ]
    if problems:
        return problems
    value = numbers_in(sample.frame[responded])
    bad = inside & ~np.isin(value, (0.0, 1.0))
    if bad.any():
        problems.append(
            Problem(
                what="the response column is not yes or no",
                where=in_column(responded),
                expected="True or False, 1 or 0, in every row with weight",
                got=worded("something else"),
            ).in_rows(np.flatnonzero(bad))
        )
    elif not (inside & (value == 1)).any():
        problems.append(
            Problem("nobody responded", in_column(responded), "at least one respondent")
        )
    if eligible is not None:
        known = sample.frame[eligible]
        odd = inside & known.notna().to_numpy() & ~np.isin(numbers_in(known), (0.0, 1.0))
        problems += Problem(
            what="the eligibility column is not yes, no or missing",
            where=in_column(eligible),
            expected="True or False, 1 or 0, or missing where it is unknown",
            got=worded("something else"),
        ).where_true(odd)
    return [*problems, *_missing(sample.frame, columns, inside)]


def _missing(frame: pd.DataFrame, columns: list[str], inside: Bool) -> list[Problem]:
    problems = []
    for column in dict.fromkeys(columns):
        gone = inside & once(frame, column, absent)
        problems += Problem(
            what="a response covariate is missing",
            where=in_column(column),
            expected="a value for respondents and nonrespondents",
            got=worded("missing"),
            fix="Make missing a category.",
        ).where_true(gone)
    return problems

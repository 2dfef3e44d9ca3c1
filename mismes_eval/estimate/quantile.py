"""Quantiles with Woodruff intervals: a confidence interval of the distribution function, read back
on the scale of the variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import evaluate, over_last, wrap
from mismes_eval.numerics import averages
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.rows import Columns, Float
from mismes_eval.public import public
from mismes_eval.weighting.arguments import Column
from mismes_eval.weighting.columns import Number
from mismes_eval.weighting.domain import By, Domains, grouped, no_negative_weights, zero_outside
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

Rule = Literal["math", "school", "hf7"]
Way = Literal["mean", "xlogit", "quantile"]
RULES = {
    "math": "the smallest value at which the weighted share at or below it reaches p",
    "school": "as 'math', and halfway to the next value where the share equals p exactly",
    "hf7": "linear interpolation (Hyndman and Fan 7) on weighted ranks",
}


@dataclass(frozen=True)
class Distribution:
    """Weighted distribution of one domain: x (k,) sorted, cumulative (k,) weights."""

    x: Float
    cumulative: Float

    @classmethod
    def of(cls, x: Float, w: Float) -> Distribution:
        """From values and weights in any order; rows of weight 0 are left out."""
        used = w > 0
        order = np.argsort(x[used], kind="stable")
        return cls(x[used][order], np.cumsum(w[used][order]))

    def quantile(self, p: Float, rule: Rule) -> Float:
        """Quantiles at p, any shape; NaN where p is not in [0, 1]."""
        inside = (p >= 0) & (p <= 1)
        target = np.where(inside, p, 0.5)
        if rule == "hf7":
            k = self.x.size
            q = (
                np.interp(
                    target,
                    np.concatenate([[0.0], self.cumulative[:-1]]) / self.cumulative[-2],
                    self.x,
                )
                if k > 1
                else np.full(p.shape, self.x[0])
            )
            return np.where(inside, q, np.nan)
        share = self.cumulative / self.cumulative[-1]
        at = np.minimum(np.searchsorted(share, target - 1e-12), self.x.size - 1)
        q = self.x[at]
        if rule == "school":
            after = self.x[np.minimum(at + 1, self.x.size - 1)]
            q = np.where(np.abs(share[at] - target) <= 1e-12, (q + after) / 2, q)
        return np.where(inside, q, np.nan)


@public(EstimateError, answers=True)
def quantile(
    sample: Sample,
    column: Column,
    probs: float | Sequence[float],
    by: By = None,
    rule: Rule = "math",
    interval: Way = "mean",
) -> Estimate:
    """Weighted quantiles (R survey: svyquantile).

    Parameters
    ----------
    column : numeric, no missing values inside the domain.
    probs : between 0 and 1.
    rule : "math" (inverse of the weighted distribution function), "school" (midpoint at exact
        ties), "hf7" (interpolated).
    interval : of the distribution function, "mean" (symmetric) or "xlogit" (on the log-odds; stays
        in (0, 1), better in the tails); "quantile" takes the variance of the quantile over
        replicates, for replicate designs (not the jackknife, whose variance of a quantile is not
        consistent).

    Returns
    -------
    Estimate, value (D * P,) in the column's units. The standard error is the width of the 95%
    interval over 2 t, as in R. The influence is that of the distribution function, -(1{y <= q} -
    F(q)), divided by the density which that width implies, so that contrasts and steps carry the
    same standard error; it is not differentiable theory but Woodruff's local slope. NaN where the
    interval of the distribution function leaves (0, 1).
    Where p is below the weighted share of the smallest value the quantile is that value; R survey
    4.1 returns the next one, and so wider or narrower limits.

    References
    ----------
    Woodruff (1952), JASA 47, 635-646; Francisco and Fuller (1991), Annals of Statistics 19,
    454-469.
    """
    try:
        chosen = np.atleast_1d(np.asarray(probs, float))
    except (TypeError, ValueError):
        raise EstimateError(
            Problem(
                "a quantile's share is no number",
                of_argument("probs"),
                "numbers between 0 and 1, ends excluded",
                repr(probs),
            )
        ) from None
    problems = _problems(sample, chosen, rule, interval)
    EstimateError.refuse(problems)
    where, data = grouped(sample, by, y=Number(column))
    no_negative_weights(sample)
    (y,) = zero_outside(sample, data.y)
    curves = _curves(y, sample.weights, where)
    q = np.array([curve.quantile(chosen, rule) for curve in curves])
    names = [f"{column} p{100 * p:g}" for p in chosen]
    keys = pd.DataFrame({"variable": column, "level": [f"p{100 * p:g}" for p in chosen]})
    notes: tuple[str, ...] = (f"Quantile: {RULES[rule]}.",)
    if interval == "quantile":
        part = _over_replicates(sample, y, q, where, chosen, rule)
        wrapped = wrap(sample, q.ravel(), part, where, keys, names, "quantile")
        return replace(wrapped, notes=(*sample.notes, *notes))
    share, part = _shares_below(sample, y, q, where)
    se = np.sqrt(np.maximum(np.diag(part.vcov), 0.0))
    wrapped = wrap(sample, q.ravel(), part, where, keys, names, "quantile")
    owner = np.repeat(np.arange(where.count), chosen.size)

    def limits(level: float, df: Float) -> tuple[Float, Float]:
        low, high = _share_interval(share, se, df, level, interval)
        return _read_back(curves, owner, low, rule), _read_back(curves, owner, high, rule)

    low, high = limits(0.95, wrapped.dof)
    critical = stats.t.ppf(0.975, np.where(wrapped.dof > 0, wrapped.dof, np.nan))
    slope = np.divide((high - low) / (2 * critical), se, out=np.zeros_like(se), where=se > 0)
    if np.isnan(slope).any():
        notes = (
            *notes,
            (
                "No standard error where the interval of the distribution function leaves (0, 1):"
                " take interval='xlogit', or quantiles nearer the middle."
            ),
        )
    moved = part.linear(-np.diag(slope))
    if part.replicates is not None:
        moved = replace(
            moved, replicates=q.ravel() - slope * (part.replicates - share), full=q.ravel()
        )
    return replace(wrapped, parts=(moved,), limits=limits, notes=(*sample.notes, *notes))


def _problems(sample: Sample, probs: Float, rule: str, interval: str) -> list[Problem]:
    problems = []
    if probs.ndim != 1 or probs.size == 0 or not ((probs > 0) & (probs < 1)).all():
        problems.append(
            Problem(
                "a quantile's share is out of range",
                of_argument("probs"),
                "numbers between 0 and 1, ends excluded",
                str(probs.tolist()),
            )
        )
    problems += unknown("unknown rule for quantiles", "rule", rule, RULES)
    problems += unknown(
        "unknown interval for quantiles", "interval", interval, ("mean", "xlogit", "quantile")
    )
    if interval == "quantile" and sample.design.replicates is None:
        problems.append(
            Problem(
                what="the variance of the quantile itself needs replicates",
                where=of_argument("interval"),
                expected="'mean' or 'xlogit' for a linearised design",
                got="'quantile'",
                fix="Use replicates().",
            )
        )
    return problems


def _over_replicates(
    sample: Sample, y: Float, q: Float, where: Domains, probs: Float, rule: Rule
) -> Part:
    """The quantiles (D, P) with those of every replicate."""

    def again(w: Float) -> Float:
        return np.array([curve.quantile(probs, rule) for curve in _curves(y, w, where)]).ravel()

    each = replicated(sample, again)
    averages = _averages(sample, where, probs.size)
    return Part(sample.design, None, each, q.ravel(), averages=averages)


def _curves(y: Float, w: Float, where: Domains) -> list[Distribution]:
    order = np.argsort(where.code, kind="stable")
    ends = np.cumsum(np.bincount(where.code, minlength=where.count + 1))
    rows = [order[(ends[place - 1] if place else 0) : ends[place]] for place in range(where.count)]
    return [Distribution.of(y[rows_], w[rows_]) for rows_ in rows]


def _shares_below(sample: Sample, y: Float, q: Float, where: Domains) -> tuple[Float, Part]:
    """Weighted share at or below each quantile, (D*P,), and the part that carries its variance."""
    d, p = q.shape
    bound = np.vstack([q, np.full(p, -np.inf)])
    below = Columns((*[y <= bound[where.code, j] for j in range(p)], where.code < d))
    value, part = evaluate(sample, below, where, over_last(p))
    return value, replace(part, averages=_averages(sample, where, p))


def _averages(sample: Sample, where: Domains, each: int) -> Averages:
    """A quantile stands on the share below it, an average over its domain."""
    w = np.where(where.code < where.count, sample.weights, 0.0)
    return averages.of_domains(w, where.small, where.count, each)


def _share_interval(
    share: Float, se: Float, dof: Float, level: float, interval: str
) -> tuple[Float, Float]:
    critical = stats.t.ppf(0.5 + level / 2, np.where(dof > 0, dof, np.nan))
    if interval == "mean":
        return share - critical * se, share + critical * se
    inside = (share > 0) & (share < 1)
    level_ = np.where(inside, share, 0.5)
    eta = np.log(level_ / (1 - level_))
    half = critical * se / (level_ * (1 - level_))
    return np.where(inside, 1 / (1 + np.exp(half - eta)), np.nan), np.where(
        inside, 1 / (1 + np.exp(-half - eta)), np.nan
    )


def _read_back(curves: list[Distribution], owner: np.ndarray, p: Float, rule: Rule) -> Float:
    out = np.empty(p.size)
    for place, curve in enumerate(curves):
        out[owner == place] = curve.quantile(p[owner == place], rule)
    return out

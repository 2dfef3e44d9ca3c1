"""Many outcomes or groups at once: p-values and intervals that keep their error over the family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate, need_estimates
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Count, Seed, public

Method = Literal["romano_wolf", "holm", "benjamini_hochberg", "bonferroni"]
METHODS = {
    "romano_wolf": (
        "Romano-Wolf step-down: chance of any false finding in the family, using the correlation of"
        " the estimates"
    ),
    "holm": "Holm step-down: chance of any false finding in the family",
    "benjamini_hochberg": (
        "Benjamini-Hochberg q-values: expected share of false findings among the findings"
    ),
    "bonferroni": "Bonferroni: chance of any false finding in the family",
}


@dataclass(frozen=True, repr=False)
class AdjustedPValues(ResultTable):
    """names, value, se, p, adjusted, all (p,); values without a standard error keep NaN and do not
    count in the family.
    """

    names: tuple[str, ...]
    value: Float
    se: Float
    p: Float
    adjusted: Float
    method: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """variable, value, se, p, p_adjusted."""
        return pd.DataFrame(
            {
                "variable": self.names,
                "value": self.value,
                "se": self.se,
                "p": self.p,
                "p_adjusted": self.adjusted,
            }
        )


@public(EstimateError)
def adjust_pvalues(
    estimate: Estimate, method: Method = "romano_wolf", draws: Count = 20_000, seed: Seed = 1
) -> AdjustedPValues:
    """P-values of the values of an Estimate (stack outcomes or groups first), adjusted for being
    many.

    Parameters
    ----------
    estimate : the family.
    method : "romano_wolf", "holm", "benjamini_hochberg" (q-values), "bonferroni".
    draws, seed : of romano_wolf, which draws the joint law of the estimates under the null: normal
        with their design covariance (what normal multipliers on
        PSU totals give), stretched to a t with the design's degrees of freedom.

    Returns
    -------
    AdjustedPValues, in the order of the estimate; the size of the family stands in its notes.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73, 1237-1282; (2016), Statistics and Probability Letters
    113, 38-40; Holm (1979); Benjamini and Hochberg (1995).
    """
    EstimateError.refuse(unknown("unknown adjustment", "method", method, METHODS))
    need_estimates((estimate,), "adjust_pvalues")
    p = estimate.pvalue
    usable = np.isfinite(p) & (estimate.se > 0)
    if not usable.any():
        raise EstimateError(
            Problem(
                "no value has a standard error and degrees of freedom",
                of_argument("estimate"),
                "at least one p-value",
                worded("none"),
            )
        )
    adjusted = np.full(estimate.p, np.nan)
    if method == "romano_wolf":
        adjusted[usable] = _romano_wolf(estimate, usable, draws, seed)
    else:
        adjusted[usable] = {
            "holm": _holm,
            "benjamini_hochberg": _benjamini_hochberg,
            "bonferroni": _bonferroni,
        }[method](p[usable])
    notes = [f"{METHODS[method]}; {int(usable.sum())} values in the family."]
    if not usable.all():
        notes.append(
            f"{int((~usable).sum())} values without a standard error are not in the family."
        )
    return AdjustedPValues(
        names=estimate.names,
        value=estimate.value,
        se=estimate.se,
        p=p,
        adjusted=adjusted,
        method=method,
        notes=(*notes, *estimate.notes),
    )


def _bonferroni(p: Float) -> Float:
    return np.minimum(p * p.size, 1.0)


def _holm(p: Float) -> Float:
    order = np.argsort(p, kind="stable")
    out = np.empty_like(p)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)), 1.0)
    return out


def _benjamini_hochberg(p: Float) -> Float:
    order = np.argsort(p, kind="stable")[::-1]
    out = np.empty_like(p)
    out[order] = np.minimum(
        np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1)), 1.0
    )
    return out


def _romano_wolf(estimate: Estimate, usable: np.ndarray, draws: int, seed: int) -> Float:
    se, dof = estimate.se[usable], estimate.degf[usable]
    correlation = estimate.vcov[np.ix_(usable, usable)] / np.outer(se, se)
    values, vectors = np.linalg.eigh(correlation)
    rng = np.random.default_rng(seed)
    statistic = np.abs(
        rng.standard_normal((draws, se.size)) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    )
    if np.isfinite(dof).all():
        chi = rng.chisquare(dof.min(), draws)
        statistic *= np.sqrt(dof.min() / chi)[:, None]
    observed = np.abs(estimate.value[usable] / se)
    if (
        np.isfinite(dof).all() and np.ptp(dof) > 0
    ):  # values on fewer PSUs: compare on one scale, that of the smallest degrees of freedom
        observed = stats.t.isf(stats.t.sf(observed, dof), dof.min())
    order = np.argsort(-observed, kind="stable")
    out = np.empty(se.size)
    largest = np.maximum.accumulate(statistic[:, order[::-1]], axis=1)[:, ::-1]
    exceed = (1 + (largest >= observed[order]).sum(axis=0)) / (1 + draws)
    own = estimate.pvalue[usable][order]  # draws alone could put an adjusted p-value below its own
    out[order] = np.maximum.accumulate(np.maximum(exceed, own))
    return out

"""Are the groups comparable? Standardised differences before and after weighting by the propensity
(love plot), and the propensity's overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_argument,
    in_column,
    worded,
)
from mismes_eval.estimate.domains import require, variables
from mismes_eval.impact.did.two_by_two import EXTREME
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.rows import Columns, Float
from mismes_eval.pictures.robustness import love, overlap
from mismes_eval.public import public
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample

LIMIT = 0.1


@dataclass(frozen=True)
class Balance:
    """table: one row a covariate (variable, level, treated, comparison, weighted_comparison,
    before, after); before and after are standardised differences.

    propensity, treated, weights : (k,) rows of the domain.  effective : Kish size of the comparison group after weighting.  extreme : share of comparison weight above 0.995.
    """

    table: pd.DataFrame
    propensity: Float
    treated: Float
    weights: Float
    effective: float
    extreme: float

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        worst = self.table.iloc[int(np.nanargmax(self.table["after"].abs().to_numpy()))]
        return (
            f"{int((self.table['before'].abs() > LIMIT).sum())} of {len(self.table)} standardised"
            f" differences exceed {LIMIT:g} before weighting,"
            f" {int((self.table['after'].abs() > LIMIT).sum())} after (largest: {worst['variable']}"
            f" {worst['level']} {worst['after']:.3f}); effective comparison group"
            f" {self.effective:,.0f} of {int((self.treated == 0).sum()):,};"
            f" {100 * self.extreme:.1f}% of the comparison weight has a propensity above {EXTREME}."
        )

    def plot(self, kind: str = "love", ax: Any = None) -> Any:
        """ "love": absolute standardised differences before and after; "overlap": distribution of
        the propensity. Returns the axes.
        """
        if kind not in ("love", "overlap"):
            raise IdentificationError(
                Problem("unknown plot", in_argument("kind"), "'love' or 'overlap'", repr(kind))
            )
        return self.love_plot(ax) if kind == "love" else self.overlap_plot(ax)

    def love_plot(self, ax: Any = None) -> Any:
        """Absolute standardised differences before (open) and after (filled). Returns the axes."""
        before, after = (self.table[c].to_numpy(float) for c in ("before", "after"))
        ax = love(
            ax,
            labels=self.labels(),
            before=before,
            after=after,
            limit=LIMIT,
            words=("before weighting", "after weighting"),
            xlabel="Absolute standardised difference",
        )
        ax.legend(frameon=False)
        return ax

    def labels(self) -> list[str]:
        """Covariates with their levels."""
        pairs = zip(self.table["variable"], self.table["level"], strict=True)
        return [f"{variable} {level}".strip() for variable, level in pairs]

    def shares(self, edges: Float, value: float, least: int = 0) -> Float:
        """Share of a group's weight in each bin of the propensity, in percent (k,); 0 in bins of
        fewer rows than `least`. value: 1 treated, 0 comparison.
        """
        rows = self.treated == value
        weight = np.histogram(self.propensity[rows], edges, weights=self.weights[rows])[0]
        enough = np.histogram(self.propensity[rows], edges)[0] >= least
        share: Float = np.where(enough, 100 * weight / self.weights[rows].sum(), 0.0)
        return share

    def overlap_plot(self, ax: Any = None) -> Any:
        """Weighted distribution of the propensity, treated above and comparison below. Returns the
        axes.
        """
        edges = np.linspace(0, 1, 41)
        ax = overlap(
            ax,
            edges=edges,
            participants=self.shares(edges, 1),
            comparison=self.shares(edges, 0),
            words=("treated", "comparison"),
            xlabel="Propensity of treatment",
            ylabel="% of the group's weight",
        )
        ax.legend(frameon=False)
        return ax

    def _repr_html_(self) -> str:
        return f"<p>{self.text}</p>" + self.table.to_html(
            index=False, float_format=lambda v: f"{v:,.3f}"
        )


@public(EstimateError)
def balance(
    sample: Sample,
    treated: str,
    covariates: str | Sequence[str],
    weighted: Sample | None = None,
) -> Balance:
    """Balance of covariates between treated and comparison rows, before and after weights p/(1 - p)
    of a logit on main effects, or those of `weighted`: the same sample after a step that makes the
    groups alike (`balance_weights`).

    Differences are divided by the standard deviation among the treated. Raises IdentificationError:
    no overlap, collinear or missing covariates, one group.
    """
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    require(sample, [treated, *names], "balance")
    inside = sample.active
    d = pd.to_numeric(sample.frame[treated], errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )[inside]
    if not (np.isin(d, (0.0, 1.0)).all() and 0 < d.sum() < d.size):
        raise IdentificationError(
            Problem(
                "treatment is not yes or no, or has one value",
                in_column(treated),
                "0 and 1 in the domain",
                ", ".join(map(str, np.unique(d)[:5])),
            )
        )
    arrays, keys, _ = variables(sample, names, "balance")
    x, w = Columns(tuple(arrays)).take(inside).dense(), sample.weights[inside]
    try:
        effects, columns = named_effects(sample.frame, names, inside)
        p = fit_logit(effects.values[inside], d, w).p
    except Separation as error:
        raise IdentificationError(
            Problem(
                what="the propensity cannot be fitted",
                where=worded("covariates {names}", {"names": ", ".join(names)}),
                expected="overlap, covariates that are not collinear",
                got=error.named(columns),
                fix="Merge categories or drop a covariate.",
            )
        ) from error
    w1, w0 = w * d, w * (1 - d)
    odds = w0 * p / (1 - p)
    last = w1
    if weighted is not None:
        after = _same_rows(sample, weighted)[inside]
        last, odds = after * d, after * (1 - d)
    m1, m0, mw, ml = (k @ x / k.sum() for k in (w1, w0, odds, last))
    spread = np.sqrt(w1 @ (x - m1) ** 2 / w1.sum())
    spread = np.where(spread > 0, spread, np.nan)
    table = keys.assign(
        treated=m1,
        comparison=m0,
        weighted_comparison=mw,
        before=(m1 - m0) / spread,
        after=(ml - mw) / spread,
    )
    return Balance(
        table=table,
        propensity=p,
        treated=d,
        weights=w,
        effective=float(odds.sum() ** 2 / (odds**2).sum()),
        extreme=float(w0[p > EXTREME].sum() / w0.sum()),
    )


def _same_rows(sample: Sample, weighted: Sample) -> Float:
    """(n,) weights after the step. Raises IdentificationError for another sample."""
    if weighted.n != sample.n or not weighted.frame.index.equals(sample.frame.index):
        raise IdentificationError(
            Problem(
                what="the weighted sample has other rows",
                where=in_argument("weighted"),
                expected=worded("the {count:,} rows of 'sample'", {"count": sample.n}),
                got=worded("{count:,} rows", {"count": weighted.n}),
                fix="Give the sample that a weight step made of it.",
            )
        )
    return weighted.weights

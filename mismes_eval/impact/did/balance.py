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
    in_column,
    named,
    of_argument,
    of_covariates,
    unknown,
    worded,
)
from mismes_eval.estimate.totals import answers
from mismes_eval.impact.did.two_by_two import EXTREME
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.rows import Bool, Columns, Float, Int
from mismes_eval.pictures.robustness import love, overlap
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.columns import refuse_unknown
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.numbers import numbers_in
from mismes_eval.weighting.sample import Sample

LIMIT = 0.1


@dataclass(frozen=True)
class Balance:
    """table: one row a covariate or level of one (variable, level, treated, comparison,
    weighted_comparison, before, after, ratio_before, ratio_after, fewest); before and after are
    standardised differences, ratios variances of the treated over those of the comparison (of
    numbers alone: the variance of an indicator follows from its mean), fewest the rows with the
    rarer answer of an indicator in the group that has fewest of them, else the smaller group.

    inside : (n,) whether a row is in the domain.
    propensity, treated, weights : (k,) rows of the domain; propensity is NaN where weights of
        another kind are given and no logit can be fitted.
    sizes : Kish sizes, one row a group, columns before and after.
    effective : that of the comparison group after weighting.
    extreme : share of comparison weight whose propensity is above 0.995.
    """

    table: pd.DataFrame
    inside: Bool
    propensity: Float
    treated: Float
    weights: Float
    sizes: pd.DataFrame
    extreme: float

    @property
    def effective(self) -> float:
        """Kish size of the comparison group after weighting."""
        return float(self.sizes["after"].to_numpy(float)[1])

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
            f" {worst['level']} {round(worst['after'], 3) + 0.0:.3f}); effective comparison group"
            f" {self.effective:,.0f} of {int((self.treated == 0).sum()):,}{self._overlap_text}."
        )

    @property
    def _overlap_text(self) -> str:
        if np.isnan(self.extreme):
            return ""
        share = 100 * self.extreme
        return f"; {share:.1f}% of the comparison weight has a propensity above {EXTREME}"

    def plot(self, kind: str = "love", ax: Any = None) -> Any:
        """ "love": absolute standardised differences before and after; "overlap": distribution of
        the propensity. Returns the axes.
        """
        IdentificationError.refuse(unknown("unknown plot", "kind", kind, ("love", "overlap")))
        return self.love_plot(ax) if kind == "love" else self.overlap_plot(ax)

    def love_plot(self, ax: Any = None) -> Any:
        """Absolute standardised differences before (open) and after (filled). Returns the axes."""
        before, after = (self.table[column].to_numpy(float) for column in ("before", "after"))
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
    weighted: Sample | Sequence[float] | None = None,
) -> Balance:
    """Balance of covariates between treated and comparison rows, before and after weights p/(1 - p)
    of a logit on main effects, or those of `weighted`: the same sample after a step that makes the
    groups alike (`balance_weights`), or (n,) weights (`match(...).extra["weights"]`).

    Differences are divided by the standard deviation among the treated. Raises IdentificationError:
    no overlap, collinear or missing covariates, one group.
    """
    names = [*listed_names(covariates)]
    refuse_unknown(sample, [treated, *names])
    inside = sample.active
    d = _yes_no(sample, treated, inside)
    (arrays, keys, _), _ = answers(sample, names)
    x = Columns(tuple(arrays)).take(inside).dense()
    w = sample.weights[inside]
    p = _propensity(sample, names, inside, d, needed=weighted is None)
    after = w * (d + (1 - d) * p / (1 - p))
    if weighted is not None:
        after = _same_rows(sample, weighted)[inside]
    groups = [d == 1, d == 0]
    before_of = [_moments(x[g], w[g]) for g in groups]
    after_of = [_moments(x[g], after[g]) for g in groups]
    number = (keys["level"] == "").to_numpy(bool) & ~np.isin(x, (0.0, 1.0)).all(axis=0)
    (m1, v1), (m0, _) = before_of
    spread = np.sqrt(np.where(v1 > 0, v1, np.nan))
    table = keys.assign(
        treated=m1,
        comparison=m0,
        weighted_comparison=after_of[1][0],
        before=(m1 - m0) / spread,
        after=(after_of[0][0] - after_of[1][0]) / spread,
        ratio_before=_ratio(before_of, number),
        ratio_after=_ratio(after_of, number),
        fewest=np.min([_fewest(x[g]) for g in groups], axis=0),
    )
    sizes = [[_kish(weight[g]) for weight in (w, after)] for g in groups]
    far = (
        np.nan if np.isnan(p).any() else float(w[(d == 0) & (p > EXTREME)].sum() / w[d == 0].sum())
    )
    return Balance(
        table=table,
        inside=inside,
        propensity=p,
        treated=d,
        weights=w,
        sizes=pd.DataFrame(sizes, ["treated", "comparison"], ["before", "after"]),
        extreme=far,
    )


def _yes_no(sample: Sample, treated: str, inside: Bool) -> Float:
    """(k,) treatment of the domain's rows. Raises IdentificationError."""
    d = numbers_in(sample.frame[treated])[inside]
    if not (np.isin(d, (0.0, 1.0)).all() and 0 < d.sum() < d.size):
        raise IdentificationError(
            Problem(
                "treatment is not yes or no, or has one value",
                in_column(treated),
                "0 and 1 in the domain",
                named(np.unique(d)),
            )
        )
    return d


def _propensity(sample: Sample, names: list[str], inside: Bool, d: Float, needed: bool) -> Float:
    """(k,) propensities; NaN where there are none and none is needed."""
    effects, columns = named_effects(sample.frame, names, inside)
    try:
        return fit_logit(effects.values[inside], d, sample.weights[inside]).p
    except Separation as error:
        if not needed:
            return np.full(d.size, np.nan)
        raise IdentificationError(
            Problem(
                what="the propensity cannot be fitted",
                where=of_covariates(names),
                expected="overlap, covariates that are not collinear",
                got=error.named(columns),
                fix="Merge categories or drop a covariate.",
            )
        ) from error


def _moments(x: Float, w: Float) -> tuple[Float, Float]:
    """Weighted means and variances (q,)."""
    mean = w @ x / w.sum()
    return mean, w @ (x - mean) ** 2 / w.sum()


def _fewest(x: Float) -> Int:
    """(q,) rows with the rarer of two answers; all rows where a column is no yes or no."""
    ones = np.count_nonzero(x, axis=0)
    binary = np.isin(x, (0.0, 1.0)).all(axis=0)
    return np.where(binary, np.minimum(ones, len(x) - ones), len(x))


def _ratio(groups: Sequence[tuple[Float, Float]], number: Bool) -> Float:
    """(q,) variance of the treated over that of the comparison, NaN of indicators."""
    (_, treated), (_, compared) = groups
    known = number & (compared > 0)
    return np.where(known, treated / np.where(known, compared, 1.0), np.nan)


def _kish(w: Float) -> float:
    return float(w.sum() ** 2 / (w**2).sum())


def _same_rows(sample: Sample, weighted: Sample | Sequence[float]) -> Float:
    """(n,) weights after the step. Raises IdentificationError for another sample."""
    if isinstance(weighted, Sample):
        same = weighted.frame.index.equals(sample.frame.index)
        weights = weighted.weights
    else:
        weights = _numbers(weighted)
        same = bool(np.isfinite(weights).all() and (weights >= 0).all())
    if not same or weights.size != sample.n:
        raise IdentificationError(
            Problem(
                what="the weighted sample has other rows",
                where=of_argument("weighted"),
                expected=worded(
                    "the {count:,} rows of 'sample', or a weight of 0 or more for each",
                    {"count": sample.n},
                ),
                got=worded("{size:,} rows", {"size": weights.size})
                if same
                else worded("something else"),
                fix="Give the sample that a weight step made of it.",
            )
        )
    return weights


def _numbers(values: Sequence[float]) -> Float:
    """The values as an array of numbers; one NaN where they are none."""
    try:
        return np.asarray(values, float).reshape(-1)
    except (TypeError, ValueError):
        return np.array([np.nan])

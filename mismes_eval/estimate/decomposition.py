"""Why the means of two groups differ: regression adjustment, Oaxaca-Blinder and reweighting (DFL),
each with the influence of everything it estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import of_domains
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.qr import Collinear, least_squares
from mismes_eval.numerics.rows import Bool, Float, Rows
from mismes_eval.public import public, verb_name
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.columns import Number, Stated, read
from mismes_eval.weighting.covariates import effect_among, unreadable
from mismes_eval.weighting.domain import no_negative_weights, occupied
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

REFERENCES = ("comparison", "group", "pooled")


@dataclass(frozen=True)
class _Groups:
    """The k rows of the domain that carry weight. y (k,), g (k,) 1 in the group and 0 in the
    comparison, x (k, q) with an intercept, w (k,); inside (n,) says which rows.
    """

    y: Float
    g: Float
    x: Float
    labels: tuple[str, ...]
    inside: Bool
    w: Float


Core = Callable[["_Groups"], tuple[Float, Float]]


@public(EstimateError, answers=True)
def adjusted_gap(sample: Sample, outcome: str, group: str, covariates: Sequence[str]) -> Estimate:
    """Difference of the mean outcome between group and comparison at equal covariates: the
    coefficient of the group in a linear regression (Mincer).

    Parameters
    ----------
    outcome : numeric column.
    group : boolean or 0/1 column.
    covariates : columns; categories become indicators. No missing values inside the domain.

    Returns
    -------
    Estimate with one value, in the outcome's units.
    """
    groups = _groups(sample, outcome, group, covariates)
    return _wrap(
        sample,
        groups,
        _adjusted,
        ("adjusted gap",),
        f"linear regression on {', '.join(map(str, as_names(covariates, 'covariates')))}",
    )


def _adjusted(d: _Groups) -> tuple[Float, Float]:
    beta, z = _regression(d, np.column_stack([d.x, d.g]), d.w)
    return beta[-1:], z[:, -1:]


@public(EstimateError, answers=True)
def oaxaca_blinder(
    sample: Sample,
    outcome: str,
    group: str,
    covariates: Sequence[str],
    reference: str = "comparison",
    detail: bool = False,
) -> Estimate:
    """Two-fold decomposition of the gap in means into what covariates explain and the rest.

    gap = (mean x_group - mean x_comparison)' b + rest, b the coefficients of the reference.

    Parameters
    ----------
    reference : "comparison" or "group" coefficients, or "pooled" from a regression of both with a
        group indicator (Jann 2008).
    detail : adds the explained part of each covariate column; for categories it depends on the
        omitted one (Oaxaca and Ransom 1999).

    Returns
    -------
    Estimate: gap, explained, unexplained (then details), outcome units. Standard errors count the
    sampling of covariates and the estimation of coefficients.

    References
    ----------
    Blinder (1973); Oaxaca (1973); Jann (2008), Stata Journal 8, 453-479.
    """
    EstimateError.refuse(
        unknown("unknown reference of oaxaca_blinder", "reference", reference, REFERENCES)
    )
    groups = _groups(sample, outcome, group, covariates)
    by_covariate = [f"explained by {label}" for label in groups.labels[1:]]
    names = ("gap", "explained", "unexplained", *(by_covariate if detail else ()))
    return _wrap(
        sample,
        groups,
        partial(_oaxaca, reference=reference, detail=detail),
        names,
        f"Oaxaca-Blinder on {', '.join(map(str, as_names(covariates, 'covariates')))}, {reference} coefficients",
    )


def _oaxaca(d: _Groups, reference: str, detail: bool) -> tuple[Float, Float]:
    first, second = d.g == 1, d.g == 0
    joined = np.column_stack([d.y, d.x])
    (mean_a, z_a), (mean_b, z_b) = _mean(joined, d.w * first), _mean(joined, d.w * second)
    gap, z_gap = mean_a[0] - mean_b[0], z_a[:, 0] - z_b[:, 0]
    shift, z_shift = mean_a[1:] - mean_b[1:], z_a[:, 1:] - z_b[:, 1:]
    if reference == "pooled":
        beta, z_beta = _regression(d, np.column_stack([d.x, d.g]), d.w)
        beta, z_beta = beta[:-1], z_beta[:, :-1]
    else:
        beta, z_beta = _regression(d, d.x, d.w * (second if reference == "comparison" else first))
    each = shift * beta
    z_each = z_shift * beta + z_beta * shift
    explained = each.sum()
    z_explained = z_each.sum(axis=1)
    value, z = (
        np.array([gap, explained, gap - explained]),
        np.column_stack([z_gap, z_explained, z_gap - z_explained]),
    )
    return (
        (np.concatenate([value, each[1:]]), np.column_stack([z, z_each[:, 1:]]))
        if detail
        else (value, z)
    )


@public(EstimateError, answers=True)
def reweighted_gap(sample: Sample, outcome: str, group: str, covariates: Sequence[str]) -> Estimate:
    """The gap in means after the comparison is reweighted to the covariates of the group (DiNardo,
    Fortin and Lemieux 1996).

    Comparison rows get the odds p / (1 - p) of a weighted logit of the group on the covariates,
    whose estimation enters the standard error.

    Returns
    -------
    Estimate: gap, composition (reweighted minus plain comparison mean), adjusted gap (group minus
    reweighted comparison), outcome units.

    Raises
    ------
    EstimateError : covariates tell the groups apart completely.
    """
    groups = _groups(sample, outcome, group, covariates)
    no_negative_weights(sample)
    return _wrap(
        sample,
        groups,
        _reweighted,
        ("gap", "composition", "adjusted gap"),
        f"reweighting (DFL) on {', '.join(map(str, as_names(covariates, 'covariates')))}",
    )


def _reweighted(d: _Groups) -> tuple[Float, Float]:
    first, second = d.g == 1, d.g == 0
    rows = d.w != 0
    try:
        fit = fit_logit(d.x[rows], d.g[rows], d.w[rows])
    except Separation as error:
        raise EstimateError(
            Problem(
                what="the comparison cannot be reweighted to the group",
                where=", ".join(d.labels[1:]),
                expected="both groups at all values of the covariates",
                got=error.named(d.labels),
                fix="Merge categories or drop a covariate.",
            )
        ) from error
    p = np.zeros(d.y.size)
    p[rows] = fit.p
    odds = np.where(second, np.divide(p, 1 - p, out=np.zeros_like(p), where=p < 1), 0.0)
    mass = float(d.w @ odds)
    centre = float(d.w @ (odds * d.y)) / mass
    slope = (d.x * (d.w * odds * (d.y - centre))[:, None]).sum(axis=0) / mass
    score = d.x * np.where(rows, d.g - p, 0.0)[:, None]
    z_centre = odds * (d.y - centre) / mass + score @ np.linalg.solve(fit.information, slope)
    (mean_a, z_a), (mean_b, z_b) = (
        _mean(d.y[:, None], d.w * first),
        _mean(d.y[:, None], d.w * second),
    )
    value = np.array([mean_a[0] - mean_b[0], centre - mean_b[0], mean_a[0] - centre])
    return value, np.column_stack(
        [z_a[:, 0] - z_b[:, 0], z_centre - z_b[:, 0], z_a[:, 0] - z_centre]
    )


def _regression(d: _Groups, x: Float, w: Float) -> tuple[Float, Float]:
    """Coefficients (q,) of y on x (k, q) with weights w (k,), zero for rows outside, and their
    influence (k, q), unweighted.
    """
    rows = w > 0
    try:
        fit = least_squares(x[rows], d.y[rows], w[rows])
    except Collinear as error:
        names = (*d.labels, "group")
        named = "; ".join(
            f"'{names[j]}' is made of {', '.join(names[i] for i in of) or 'zeros'}"
            for j, of in error.dependent
        )
        raise EstimateError(
            Problem(
                what="the regression has collinear columns",
                where=of_argument("covariates"),
                expected="covariates that no combination of the others gives",
                got=named,
                fix="Drop one or merge categories.",
            )
        ) from error
    influence = np.zeros_like(x)
    influence[rows] = (x[rows] * fit.residual[:, None]) @ fit.inverse
    return fit.beta, influence


def _mean(y: Float, w: Float) -> tuple[Float, Float]:
    """Weighted means (p,) of y (k, p) and their influence (k, p), zero where w is zero."""
    total = w.sum()
    mean = w @ y / total
    return mean, np.where(w != 0, 1.0, 0.0)[:, None] * (y - mean) / total


def _groups(sample: Sample, outcome: str, group: str, covariates: Sequence[str]) -> _Groups:
    columns = list(as_names(covariates, "covariates", EstimateError))
    others = {f"x{place}": Stated(column) for place, column in enumerate(columns)}
    data = read(sample, EstimateError, y=Number(outcome), g=Number(group), **others)
    inside = occupied(sample)
    y = data.y
    g = data.g
    problems = unreadable(sample.frame, columns, inside)
    if (inside & (g != 0) & (g != 1)).any():
        problems.append(
            Problem(
                worded("{caller} needs two groups", {"caller": verb_name()}),
                in_column(group),
                "True and False, or 1 and 0",
                worded("other values"),
            )
        )
    elif not (inside & (g == 1)).any() or not (inside & (g == 0)).any():
        problems.append(
            Problem(
                worded("{caller} needs rows in both groups", {"caller": verb_name()}),
                in_column(group),
                "group and comparison in the domain",
                worded("only one of them"),
            )
        )
    EstimateError.refuse(problems)
    x, labels = _design(sample.frame, columns, inside)
    return _Groups(y[inside], g[inside], x, labels, inside, sample.weights[inside])


def _design(
    frame: pd.DataFrame, columns: Sequence[str], inside: Bool
) -> tuple[Float, tuple[str, ...]]:
    """Intercept and main effects of the rows `inside`; empty categories and constant columns are
    left out.
    """
    blocks = [np.ones((np.count_nonzero(inside), 1))]
    labels = ["Intercept"]
    for column in columns:
        values, named = effect_among(frame, column, inside)
        if values.shape[1] != 1 or values.min() != values.max():
            blocks.append(values)
            level = f"{column}="
            labels += [
                f"{column}[T.{name.removeprefix(level)}]" if name.startswith(level) else name
                for name in named
            ]
    return np.column_stack(blocks), tuple(labels)


def _wrap(sample: Sample, d: _Groups, core: Core, names: tuple[str, ...], kind: str) -> Estimate:
    value, z = core(d)
    replicates = None
    if sample.design.replicates is not None:
        replicates = replicated(sample, lambda w: core(replace(d, w=w[d.inside]))[0])
    influence = Block(Rows.among(z, d.inside, sample.n), np.eye(len(names)))
    group = np.full(sample.n, 2, np.min_scalar_type(2))
    group[d.inside] = d.g
    part = Part(
        sample.design,
        Influence((influence,), sample.n),
        replicates,
        None if replicates is None else value,
        averages=of_domains(sample.weights, group, 2, 1).linear(np.ones((len(names), 2))),
    )
    n = np.full(len(names), float(d.inside.sum()))
    return Estimate(
        value=value,
        names=names,
        parts=(part,),
        keys=pd.DataFrame({"variable": list(names)}),
        n=n,
        dof=np.full(len(names), sample.degf),
        kind=kind,
        notes=sample.notes,
    )

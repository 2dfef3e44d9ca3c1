"""Why the means of two groups differ: regression adjustment, Oaxaca-Blinder and reweighting (DFL), each with the influence of everything it estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import model_matrix

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.domains import numbers, require
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.sample import Sample

REFERENCES = ("comparison", "group", "pooled")


@dataclass(frozen=True)
class Linear:
    """Weighted least squares on some rows of a sample. beta (q,); influence (n, q), unweighted, zero outside the rows; residual (n,)."""

    beta: Float
    influence: Float
    residual: Float


@dataclass(frozen=True)
class _Groups:
    """y (n,), g (n,) 1 in the group and 0 in the comparison, x (n, q) with an intercept, inside (n,), w (n,) zero outside."""

    y: Float
    g: Float
    x: Float
    labels: tuple[str, ...]
    inside: Bool
    w: Float


def least_squares(x: Float, y: Float, w: Float) -> Linear:
    """Weighted least squares. x (n, q), y (n,), w (n,) zero for rows outside. Raises EstimateError where columns are collinear."""
    gram = x.T @ (x * w[:, None])
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    if np.linalg.cond(gram / np.outer(scale, scale)) > 1e12:
        raise EstimateError(
            Problem(
                "the regression has collinear columns",
                "argument 'covariates'",
                "covariates that no combination of the others gives",
                "",
                "Drop one or merge categories.",
            )
        )
    beta = np.asarray(np.linalg.solve(gram, x.T @ (w * y)), np.float64)
    residual = np.where(w != 0, y - x @ beta, 0.0)
    influence = np.asarray(np.linalg.solve(gram, (x * residual[:, None]).T).T, np.float64)
    return Linear(beta, influence, residual)


def adjusted_gap(sample: Sample, outcome: str, group: str, covariates: Sequence[str]) -> Estimate:
    """Difference of the mean outcome between group and comparison at equal covariates: the coefficient of the group in a linear regression (Mincer).

    Parameters
    ----------
    outcome : numeric column.  group : boolean or 0/1 column.  covariates : columns; categories become indicators. No missing values inside the domain.

    Returns
    -------
    Estimate with one value, in the outcome's units.
    """
    d = _groups(sample, outcome, group, covariates, "adjusted_gap")
    fit = least_squares(np.column_stack([d.x, d.g]), d.y, d.w)
    return _wrap(sample, d, fit.beta[-1:], fit.influence[:, -1:], ("adjusted gap",), f"linear regression on {', '.join(covariates)}")


def oaxaca_blinder(sample: Sample, outcome: str, group: str, covariates: Sequence[str], reference: str = "comparison", detail: bool = False) -> Estimate:
    """Two-fold decomposition of the gap in means into what covariates explain and the rest.

    gap = (mean x_group - mean x_comparison)' b + rest, b the coefficients of the reference.

    Parameters
    ----------
    reference : "comparison" or "group" coefficients, or "pooled" from a regression of both with a group indicator (Jann 2008).
    detail : adds the explained part of each covariate column; for categories it depends on the omitted one (Oaxaca and Ransom 1999).

    Returns
    -------
    Estimate: gap, explained, unexplained (then details), outcome units. Standard errors count the sampling of covariates and the estimation of coefficients.

    References
    ----------
    Blinder (1973); Oaxaca (1973); Jann (2008), Stata Journal 8, 453-479.
    """
    if reference not in REFERENCES:
        raise EstimateError(Problem("unknown reference of oaxaca_blinder", "argument 'reference'", f"one of {', '.join(REFERENCES)}", repr(reference)))
    d = _groups(sample, outcome, group, covariates, "oaxaca_blinder")
    a, b = d.g == 1, d.inside & (d.g == 0)
    mean_a, z_a = _mean(np.column_stack([d.y, d.x]), d.w * a)
    mean_b, z_b = _mean(np.column_stack([d.y, d.x]), d.w * b)
    gap, z_gap = mean_a[0] - mean_b[0], z_a[:, 0] - z_b[:, 0]
    shift, z_shift = mean_a[1:] - mean_b[1:], z_a[:, 1:] - z_b[:, 1:]
    if reference == "pooled":
        fit = least_squares(np.column_stack([d.x, d.g]), d.y, d.w)
        beta, z_beta = fit.beta[:-1], fit.influence[:, :-1]
    else:
        fit = least_squares(d.x, d.y, d.w * (b if reference == "comparison" else a))
        beta, z_beta = fit.beta, fit.influence
    each, z_each = shift * beta, z_shift * beta + z_beta * shift
    explained, z_explained = each.sum(), z_each.sum(axis=1)
    value, z = np.array([gap, explained, gap - explained]), np.column_stack([z_gap, z_explained, z_gap - z_explained])
    names: tuple[str, ...] = ("gap", "explained", "unexplained")
    if detail:
        value, z = np.concatenate([value, each[1:]]), np.column_stack([z, z_each[:, 1:]])
        names += tuple(f"explained by {label}" for label in d.labels[1:])
    return _wrap(sample, d, value, z, names, f"Oaxaca-Blinder on {', '.join(covariates)}, {reference} coefficients")


def reweighted_gap(sample: Sample, outcome: str, group: str, covariates: Sequence[str]) -> Estimate:
    """The gap in means after the comparison is reweighted to the covariates of the group (DiNardo, Fortin and Lemieux 1996).

    Comparison rows get the odds p / (1 - p) of a weighted logit of the group on the covariates, whose estimation enters the standard error.

    Returns
    -------
    Estimate: gap, composition (reweighted minus plain comparison mean), adjusted gap (group minus reweighted comparison), outcome units.

    Raises
    ------
    EstimateError : covariates tell the groups apart completely.
    """
    d = _groups(sample, outcome, group, covariates, "reweighted_gap")
    a, b = d.g == 1, d.inside & (d.g == 0)
    rows = d.inside & (d.w != 0)
    try:
        fit = fit_logit(d.x[rows], d.g[rows], d.w[rows])
    except Separation as error:
        raise EstimateError(Problem("the comparison cannot be reweighted to the group", f"column '{group}'", "both groups at all values of the covariates", str(error),
                                    "Merge categories or drop a covariate.")) from error  # fmt: skip
    p = np.zeros(d.y.size)
    p[rows] = fit.p
    odds = np.where(b, np.divide(p, 1 - p, out=np.zeros_like(p), where=p < 1), 0.0)
    mass = float(d.w @ odds)
    centre = float(d.w @ (odds * d.y)) / mass
    slope = (d.x * (d.w * odds * (d.y - centre))[:, None]).sum(axis=0) / mass
    score = d.x * np.where(rows, d.g - p, 0.0)[:, None]
    z_centre = odds * (d.y - centre) / mass + score @ np.linalg.solve(fit.information, slope)
    mean_a, z_a = _mean(d.y[:, None], d.w * a)
    mean_b, z_b = _mean(d.y[:, None], d.w * b)
    value = np.array([mean_a[0] - mean_b[0], centre - mean_b[0], mean_a[0] - centre])
    z = np.column_stack([z_a[:, 0] - z_b[:, 0], z_centre - z_b[:, 0], z_a[:, 0] - z_centre])
    return _wrap(sample, d, value, z, ("gap", "composition", "adjusted gap"), f"reweighting (DFL) on {', '.join(covariates)}")


def _mean(y: Float, w: Float) -> tuple[Float, Float]:
    """Weighted means (k,) of y (n, k) and their influence (n, k), zero where w is zero."""
    total = w.sum()
    mean = w @ y / total
    return mean, np.where(w != 0, 1.0, 0.0)[:, None] * (y - mean) / total


def _groups(sample: Sample, outcome: str, group: str, covariates: Sequence[str], caller: str) -> _Groups:
    columns = list(covariates)
    require(sample, [outcome, group, *columns], caller)
    if sample.design.replicates is not None:
        raise EstimateError(
            Problem(f"{caller} has no replicate standard error", "replicate designs", "a linearised design", fix="Use the sample before replicates().")
        )
    inside = sample.active
    y, g = numbers(sample, outcome, caller), numbers(sample, group, caller)
    problems = [
        Problem(f"{caller} meets missing values in the domain", f"column '{c}'", "a value in every row of the domain", "missing", "Narrow the domain with where(), or code missing as a category.",
                int(gone.sum()), tuple(int(i) for i in np.flatnonzero(gone)[:5]))
        for c in columns if (gone := inside & sample.frame[c].isna().to_numpy()).any()
    ]  # fmt: skip
    if not np.isin(g[inside], (0.0, 1.0)).all():
        problems.append(Problem(f"{caller} needs two groups", f"column '{group}'", "True and False, or 1 and 0", "other values"))
    elif not (inside & (g == 1)).any() or not (inside & (g == 0)).any():
        problems.append(Problem(f"{caller} needs rows in both groups", f"column '{group}'", "group and comparison in the domain", "only one of them"))
    if problems:
        raise EstimateError(problems)
    x, labels = _design(sample.frame.loc[inside, columns])
    full = np.zeros((sample.n, x.shape[1]))
    full[inside] = x
    return _Groups(y, np.where(inside, g, 0.0), full, labels, inside, np.where(inside, sample.weights, 0.0))


def _design(frame: pd.DataFrame) -> tuple[Float, tuple[str, ...]]:
    """Intercept and main effects; empty categories and constant columns are left out."""
    plain = frame.assign(**{str(c): frame[c].cat.remove_unused_categories() for c in frame.columns if isinstance(frame[c].dtype, pd.CategoricalDtype)})
    varied = [c for c in plain.columns if plain[c].nunique() > 1]
    plain = plain.assign(**{str(c): plain[c].astype(float) for c in varied if pd.api.types.is_numeric_dtype(plain[c]) or pd.api.types.is_bool_dtype(plain[c])})
    matrix = model_matrix(" + ".join(["1", *(f"`{c}`" for c in varied)]), plain[varied], na_action="raise")
    return matrix.to_numpy(float), tuple(map(str, matrix.columns))


def _wrap(sample: Sample, d: _Groups, value: Float, z: Float, names: tuple[str, ...], kind: str) -> Estimate:
    keys = pd.DataFrame({"variable": list(names)})
    n = np.full(len(names), float(d.inside.sum()))
    return Estimate(value, names, (Part(sample.design, Influence.of(z)),), keys, n, np.full(len(names), sample.degf), kind, notes=sample.notes)

"""What models of statsmodels and linearmodels solve: scores row by row and the inverse of their
derivative, from a fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.numerics.qr import Collinear, check_rank, least_squares
from mismes_eval.numerics.rows import Float, Int

CONSTANT = 1e-9  # range of a column that is a constant, put back after the effects were taken out
SINGULAR = 1e13  # condition of a scaled information beyond which its inverse is noise
ONE_INDEX = ("Logit", "Probit", "Poisson")
OWN_CURVATURE = ("Logit", "Probit", "Poisson", "NegativeBinomial", "OrderedModel")


@dataclass(frozen=True)
class Equation:
    """What a fit solves: sum of weight * scores(theta) = 0.

    names (q,), theta (q,); scores (n_a, q), unweighted; inverse (q, q) of the sum of weight times
    minus the derivative of the scores; rows (n_a, q): rows @ inverse are the averages of an outcome
    that the coefficients are, None where there is no such form. In the order of the fit's rows.
    """

    names: tuple[str, ...]
    theta: Float
    scores: Float
    inverse: Float
    rows: Float | None = None


@dataclass(frozen=True)
class Fitted:
    """A fit apart from its package: model and result as they are, the labels of its rows, its
    outcome and the name of the column that it is, the weights (n_a,) that it used, and the
    regressors of a formula by name.
    """

    model: Any
    result: Any
    kind: str
    labels: pd.Index | None
    outcome: Float
    outcome_name: str
    weights: Float
    columns: dict[str, Float]


def _inverse(information: Float, x: Float, names: tuple[str, ...], weights: Float) -> Float:
    """Inverse of the information of an index x (n_a, q). Raises EstimateError where columns depend
    on each other, or where the outcome is told completely.
    """
    _refuse_dependent(x, names, weights)
    return _inverted(information)


def _inverted(information: Float) -> Float:
    scale = np.sqrt(np.abs(np.diag(information)))
    solved = bool(np.isfinite(information).all() and (scale > 0).all())
    if not solved or not np.linalg.cond(information / scale / scale[:, None]) < SINGULAR:
        raise EstimateError(
            Problem(
                what="the fit has no finite solution",
                where=of_argument("fit"),
                expected="coefficients that the data tell apart",
                got=worded("an information matrix that cannot be inverted"),
                fix="Merge categories or drop a regressor, and fit again.",
            )
        )
    return np.asarray(np.linalg.inv(information), float)


def _refuse_dependent(x: Float, names: Sequence[str], weights: Float) -> None:
    try:
        check_rank(x, weights)
    except Collinear as error:
        raise EstimateError(
            [
                Problem(
                    what="a regressor depends on others",
                    where=worded("'{names}'", {"names": names[j]}),
                    expected="columns none of which follows from the others",
                    got=worded("a combination of {of}", {"of": ", ".join(names[k] for k in of)}),
                    fix="Leave it out and fit again: statsmodels divides the coefficient between"
                    " them without a word.",
                )
                for j, of in error.dependent
            ]
        ) from error


def _linear(names: Sequence[str], theta: Float, x: Float, residual: Float, w: Float) -> Equation:
    """Least squares on x (n_a, q) as the fit used it."""
    _refuse_dependent(x, names, w)
    inverse = least_squares(x, np.zeros(w.size), w).inverse
    return Equation(tuple(names), theta, x * residual[:, None], inverse, rows=x)


def _least_squares(fitted: Fitted, weights: Float) -> Equation:
    x, theta = np.asarray(fitted.model.exog, float), np.asarray(fitted.result.params, float)
    return _linear(fitted.model.exog_names, theta, x, fitted.outcome - x @ theta, weights)


def _glm(fitted: Fitted, weights: Float) -> Equation:
    """Scores and observed information of a generalised linear model at scale 1."""
    model = fitted.model
    theta = np.asarray(fitted.result.params, float)
    scores = np.asarray(model.score_obs(theta, scale=1.0), float) / fitted.weights[:, None]
    factor = np.asarray(model.hessian_factor(theta, scale=1.0, observed=True), float)
    x = np.asarray(model.exog, float)
    rows = x * (factor / fitted.weights)[:, None]
    names = tuple(model.exog_names)
    inverse = _inverse(x.T @ (rows * weights[:, None]), x, names, weights)
    return Equation(names, theta, scores, inverse, rows)


def _likelihood(fitted: Fitted, weights: Float) -> Equation:
    """Models that statsmodels maximises itself, all rows counting alike."""
    theta = np.asarray(fitted.result.params, float)
    scores = np.asarray(fitted.model.score_obs(theta), float)
    information = -np.asarray(fitted.model.hessian(theta), float) * weights[0]
    names = tuple(map(str, fitted.model.data.param_names))
    rows = None
    x = np.asarray(fitted.model.exog, float)
    if fitted.kind in ONE_INDEX:
        rows = -x * np.asarray(fitted.model.hessian_factor(theta), float)[:, None]
    return Equation(names, theta, scores, _inverse(information, x, names, weights), rows)


def _quantile(fitted: Fitted, weights: Float) -> Equation:
    """Quantile regression: the density of the residuals at 0 stands for the derivative of a step."""
    x, theta = np.asarray(fitted.model.exog, float), np.asarray(fitted.result.params, float)
    residual = fitted.outcome - x @ theta
    tau = float(fitted.result.q)
    scaled = residual / float(fitted.result.bandwidth)
    density = np.where(np.abs(scaled) < 1, 0.75 * (1 - scaled**2), 0.0)
    slope = density / float(fitted.result.bandwidth)
    rows = x * slope[:, None]
    scores = x * (tau - (residual < 0))[:, None]
    names = tuple(fitted.model.exog_names)
    inverse = _inverse(x.T @ (rows * weights[:, None]), x, names, weights)
    return Equation(names, theta, scores, inverse, rows)


def _panel(fitted: Fitted, weights: Float) -> Equation:
    """Regression with the effects of a panel taken out of outcome and regressors."""
    model, result = fitted.model, fitted.result
    if model.other_effects:
        raise EstimateError(
            Problem(
                what="from_fit takes entity and time effects",
                where=of_argument("fit"),
                expected="PanelOLS with entity_effects, time_effects or both",
                got=worded("other_effects"),
                fix="Use AbsorbingLS for other effects.",
            )
        )
    theta = np.asarray(result.params, float)
    x = np.asarray(model.exog.values2d, float)
    codes = []
    if model.entity_effects:
        codes.append(np.asarray(model.dependent.entity_ids).reshape(-1))
    if model.time_effects:
        codes.append(np.asarray(model.dependent.time_ids).reshape(-1))
    within = _within(np.column_stack([fitted.outcome, x]), codes, weights)
    names = list(map(str, model.exog.vars))
    if not codes or not model.has_constant:
        residual = within[:, 0] - within[:, 1:] @ theta
        return _linear(names, theta, within[:, 1:], residual, weights)
    return _with_constant(names, theta, np.column_stack([fitted.outcome, x]), within, weights)


def _with_constant(
    names: Sequence[str], theta: Float, values: Float, within: Float, weights: Float
) -> Equation:
    """Regression with effects taken out and the means put back, as linearmodels has it where there
    is a constant. values, within (n_a, 1 + q): outcome and regressors, as they are and less the
    effects; the means are estimated from the same rows.
    """
    mean = weights @ values / weights.sum()
    x, inner = values[:, 1:], within[:, 1:]
    apart = float(mean[0] - mean[1:] @ theta)
    of_effects = inner * (within[:, 0] - inner @ theta)[:, None]
    of_means = x * apart + np.outer(values[:, 0] - x @ theta - apart, mean[1:])
    rows = inner + mean[1:]
    whole = _linear(names, theta, rows, np.zeros(weights.size), weights)
    return replace(whole, scores=of_effects + of_means)


def _within(values: Float, codes: list[Int], weights: Float) -> Float:
    """values (n, k) less their weighted projection on the dummies of one or two codes."""
    if not codes:
        return values
    root = np.sqrt(weights)
    sizes = [int(code.max()) + 1 for code in codes]
    first = _demeaned(values, codes[0], sizes[0], weights)
    if len(codes) == 1:
        return first
    dummies = np.zeros((values.shape[0], sizes[1] - 1))
    later = codes[1] > 0
    dummies[np.flatnonzero(later), codes[1][later] - 1] = 1.0
    second = _demeaned(dummies, codes[0], sizes[0], weights) * root[:, None]
    slope = np.linalg.lstsq(second, first * root[:, None], rcond=None)[0]
    return first - (second / root[:, None]) @ slope


def _demeaned(values: Float, code: Int, size: int, weights: Float) -> Float:
    mass = np.bincount(code, weights, size)
    sums = np.column_stack([np.bincount(code, weights * column, size) for column in values.T])
    out: Float = values - (sums / np.where(mass > 0, mass, 1.0)[:, None])[code]
    return out


def _absorbing(fitted: Fitted, weights: Float) -> Equation:
    """Regression with any effects absorbed: linearmodels keeps what is left of the columns, with
    their means where it has a constant, times the root of its weights.
    """
    model = fitted.model
    theta = np.asarray(fitted.result.params, float)
    names = list(map(str, fitted.result.params.index))
    root = np.sqrt(fitted.weights)[:, None]
    left = np.hstack([np.asarray(model.absorbed_dependent, float), model.absorbed_exog]) / root
    if not (np.ptp(left[:, 1:], axis=0) < CONSTANT).any():
        return _linear(names, theta, left[:, 1:], left[:, 0] - left[:, 1:] @ theta, weights)
    used = model.exog.pandas[list(fitted.result.params.index)].to_numpy(float)
    values = np.column_stack([fitted.outcome, used])
    within = left - weights @ values / weights.sum()
    return _with_constant(names, theta, values, within, weights)


def _instrumented(fitted: Fitted, weights: Float) -> Equation:
    """Two-stage least squares. The first stage is estimated from the same rows: with more
    instruments than needed its own error reaches the coefficients, and stands in the scores.
    """
    model = fitted.model
    theta = np.asarray(fitted.result.params, float)
    x = np.hstack([model.exog.ndarray, model.endog.ndarray]).astype(float)
    z = np.hstack([model.exog.ndarray, model.instruments.ndarray]).astype(float)
    residual = fitted.outcome - x @ theta
    names = tuple(map(str, fitted.result.params.index))
    gram = least_squares(z, np.zeros(weights.size), weights).inverse
    first = gram @ (z.T @ (x * weights[:, None]))
    projected = z @ first
    left = z @ (gram @ (z.T @ (weights * residual)))
    scores = projected * residual[:, None] + (x - projected) * left[:, None]
    _refuse_dependent(projected, names, weights)
    inverse = least_squares(projected, np.zeros(weights.size), weights).inverse
    return Equation(names, theta, scores, inverse, rows=projected)


EQUATIONS: Mapping[str, Callable[[Fitted, Float], Equation]] = {
    "OLS": _least_squares,
    "WLS": _least_squares,
    "GLM": _glm,
    "QuantReg": _quantile,
    "PanelOLS": _panel,
    "IV2SLS": _instrumented,
    "AbsorbingLS": _absorbing,
    **dict.fromkeys(OWN_CURVATURE, _likelihood),
}

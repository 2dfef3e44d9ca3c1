"""A model that statsmodels or linearmodels fitted on the rows of a sample, as an Estimate: the same
coefficients, with the survey design's standard errors and every weight step in them.

Each family of models gives its estimating function row by row (scores, unweighted) and the inverse
of its derivative; influence is their product. What a weight did to the fit must be known, so the
fit must have used the sample's own weights and its own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.message import Message
from mismes_eval.numerics.averages import Averages, SignedRows, by_influence
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.qr import Collinear, check_rank, least_squares
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.public import public
from mismes_eval.weighting.columns import float64, read
from mismes_eval.weighting.sample import Sample

SAME_WEIGHTS = 1e-8  # relative difference up to which two sets of weights are one
CONSTANT = 1e-9  # range of a column that is a constant, put back after the effects were taken out
SINGULAR = 1e13  # condition of a scaled information beyond which its inverse is noise
# standard errors that coefficients may be away from those that solve the equation: said, refused
NEARLY, UNSOLVED = 0.01, 0.25
ONE_INDEX = ("Logit", "Probit", "Poisson")
OWN_CURVATURE = ("Logit", "Probit", "Poisson", "NegativeBinomial", "OrderedModel")
SUPPORTED = (
    "statsmodels OLS, WLS, GLM, Logit, Probit, Poisson, NegativeBinomial, OrderedModel, QuantReg; "
    "linearmodels PanelOLS, IV2SLS, AbsorbingLS"
)


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


@public(EstimateError)
def from_fit(fit: object, sample: Sample) -> Estimate:
    """Coefficients of a fitted model with design-based standard errors.

    Parameters
    ----------
    fit : result of statsmodels (OLS, WLS, GLM, Logit, Probit, Poisson, NegativeBinomial,
        OrderedModel, QuantReg) or linearmodels (PanelOLS, IV2SLS, AbsorbingLS), fitted on the rows
        of the sample's domain that carry weight, as a frame with the sample's index, and with the
        sample's weights (WLS weights=, GLM freq_weights= or var_weights=, linearmodels weights=).
        Models that take no weights fit only samples whose weights are all alike. PanelOLS names its
        rows by the two columns of its index.

    Returns
    -------
    Estimate, value (q,) as in the fit; standard errors from its scores and its observed
    information, so that they are the derivative by the weights; degrees of freedom: the design's
    plus 1 less q.

    Raises
    ------
    EstimateError : another kind of model; a fit on other rows, other values or other weights; one
        that did not converge, is penalised or constrained, or has regressors that depend on each
        other; a sample with replicate weights, in which the model would have to be fitted again.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292; for quantile regression the
    density at the quantile by the kernel and bandwidth of the fit (Koenker 2005, section 3.4).
    """
    read(sample)
    fitted = _opened(fit)
    inside = sample.active
    if sample.design.replicates is not None:
        raise EstimateError(
            Problem(
                what="a fit cannot be redone in the replicates",
                where=of_argument("sample"),
                expected="a design with linearised variance",
                got=worded("{count} replicate weights", {"count": sample.design.replicates.count}),
                fix="Use me.ols, me.logit or me.poisson, which are fitted in every replicate.",
            )
        )
    rows = _rows_of(fitted, sample, inside)
    _refuse_other_outcomes(fitted, sample, rows)
    _refuse_other_columns(fitted, sample, rows)
    weights = sample.weights[rows]
    _refuse_other_weights(fitted, weights)
    equation = _EQUATIONS[fitted.kind](fitted, weights)
    # the sum of the scores of a quantile has steps, and is not 0 at the solution
    notes = () if fitted.kind == "QuantReg" else _unsolved(equation, weights)
    return _estimate(sample, rows, equation, fitted.kind, notes)


def _estimate(
    sample: Sample, rows: Int, equation: Equation, kind: str, notes: tuple[str, ...]
) -> Estimate:
    """The equation on the rows of the sample. Rows that the fit did not use have no influence."""
    scores = np.zeros((sample.n, equation.theta.size))
    scores[rows] = equation.scores
    q = equation.theta.size
    of = Influence((Block(Rows(scores), equation.inverse.T),), sample.n)
    averages = by_influence(of)
    if equation.rows is not None:
        working = np.zeros((sample.n, q))
        working[rows] = equation.rows
        taken = Influence((Block(Rows(working), equation.inverse.T),), sample.n)
        averages = Averages((SignedRows(taken),))
    part = Part(sample.design, of, averages=averages)
    return Estimate(
        value=equation.theta,
        names=equation.names,
        parts=(part,),
        keys=pd.DataFrame({"variable": list(equation.names), "level": ""}),
        n=np.full(q, float(rows.size)),
        dof=np.full(q, sample.degf + 1 - q),
        kind="coefficient",
        definition=f"{kind} as fitted, standard errors of the design",
        notes=(*sample.notes, *notes),
        extra={"model": kind, "rank": q},
    )


def _opened(fit: object) -> Fitted:
    """The fit, whichever package made it. Raises EstimateError for anything else."""
    model = getattr(fit, "model", None)
    kind, package = type(model).__name__, type(model).__module__.partition(".")[0]
    if package == "statsmodels" and kind in _EQUATIONS:
        return _of_statsmodels(model, fit, kind)
    if package == "linearmodels" and kind in _EQUATIONS:
        return _of_linearmodels(model, fit, kind)
    raise EstimateError(
        Problem(
            what="from_fit does not know this kind of fit",
            where=of_argument("fit"),
            expected=SUPPORTED,
            got=worded("{package}.{kind}", {"package": package, "kind": kind})
            if model is not None
            else worded("a {kind}", {"kind": type(fit).__name__}),
            fix="Fit one of these on sample.frame, or use me.ols, me.logit, me.poisson.",
        )
    )


def _of_statsmodels(model: Any, fit: Any, kind: str) -> Fitted:
    outcome = np.asarray(model.endog, float)
    weights = np.ones(outcome.shape[0])
    if kind == "WLS":
        weights = np.broadcast_to(np.asarray(model.weights, float), outcome.shape)
    if kind == "GLM":
        weights = np.asarray(model.freq_weights, float) * np.asarray(model.var_weights, float)
    name = model.endog_names if isinstance(model.endog_names, str) else ""
    return Fitted(
        model=model,
        result=fit,
        kind=kind,
        labels=model.data.row_labels,
        outcome=outcome,
        outcome_name=name,
        weights=weights,
        columns=_named(model.exog_names, model.exog) if hasattr(model, "formula") else {},
    )


def _named(names: Sequence[object], values: object) -> dict[str, Float]:
    """Columns of a matrix (n_a, q) by their names."""
    return {str(n): column for n, column in zip(names, np.asarray(values, float).T, strict=False)}


def _of_linearmodels(model: Any, fit: Any, kind: str) -> Fitted:
    data = model.dependent
    frame = data.dataframe if kind == "PanelOLS" else data.pandas
    weights = model.weights
    values = weights.values2d if kind == "PanelOLS" else weights.ndarray
    columns: dict[str, Float] = {}
    if kind != "AbsorbingLS" and model.formula and kind == "PanelOLS":
        columns = _named(model.exog.vars, model.exog.values2d)
    elif kind != "AbsorbingLS" and model.formula:
        for part in (model.exog, model.endog, model.instruments):
            columns |= _named(part.cols, part.ndarray)
    return Fitted(
        model=model,
        result=fit,
        kind=kind,
        labels=frame.index,
        outcome=np.asarray(frame, float).reshape(-1),
        outcome_name=str(frame.columns[0]),
        weights=np.asarray(values, float).reshape(-1),
        columns=columns,
    )


def _rows_of(fitted: Fitted, sample: Sample, inside: Bool) -> Int:
    """(n_a,) row of the sample for each row of the fit: all rows of the domain with weight, each
    once. Raises EstimateError otherwise.
    """
    labels = fitted.labels
    if labels is None:
        raise EstimateError(
            Problem(
                what="the rows of a fit cannot be told",
                where=of_argument("fit"),
                expected="a fit on columns of sample.frame, which carry its index",
                got=worded("arrays"),
                fix="Fit on frame columns or by a formula with data=sample.frame.",
            )
        )
    own = _labels_of(sample, labels)
    wanted = own[inside]
    problems = []
    if not own.is_unique:
        problems.append(
            Problem(
                what="the sample's rows have no labels of their own",
                where=worded("index of sample.frame"),
                expected="every label once",
                got=worded("{own} repeated", {"own": int(own.duplicated().sum())}),
                fix="sample = me.Sample.from_frame(frame.reset_index(drop=True), ...)",
            )
        )
    else:
        lacking, beyond = (
            wanted.difference(labels, sort=False),
            labels.difference(wanted, sort=False),
        )
        for what, found in (("lacks rows", lacking), ("has rows outside", beyond)):
            if len(found):
                problems.append(
                    Problem(
                        what=worded("the fit {what} of the sample's domain", {"what": what}),
                        where=of_argument("fit"),
                        expected=worded(
                            "the {wanted:,} rows of the domain that carry weight",
                            {"wanted": len(wanted)},
                        ),
                        got=worded("{labels:,} rows", {"labels": len(labels)}),
                        fix="Fit on sample.frame[sample.active]; missing values drop rows silently in"
                        " other packages, so narrow the sample first with sample.where(...).",
                        count=len(found),
                        rows=tuple(found[:5].tolist()),
                    )
                )
    if problems:
        raise EstimateError(problems)
    return np.asarray(own.get_indexer(labels), np.intp)


def _labels_of(sample: Sample, labels: pd.Index) -> pd.Index:
    """The sample's rows under the labels that the fit uses: its index, or the columns that a panel
    was indexed by.
    """
    names = list(labels.names)
    if isinstance(labels, pd.MultiIndex) and all(n in sample.frame.columns for n in names):
        return pd.MultiIndex.from_frame(sample.frame[names])
    return sample.frame.index


def _unsolved(equation: Equation, weights: Float) -> tuple[str, ...]:
    """A note where the coefficients are a little off the solution of their equation. Raises
    EstimateError where they are far: penalised, constrained, or not converged. A step towards the
    solution is measured in standard errors of independent rows.
    """
    step = equation.inverse @ (weights @ equation.scores)
    spread = (equation.scores * weights[:, None]) @ equation.inverse.T
    error = np.sqrt((spread**2).sum(axis=0))
    rounding = 1e-7 * (np.abs(equation.theta) + error)
    away = np.where(np.abs(step) > rounding, np.abs(step), 0.0) / np.where(error > 0, error, 1.0)
    if not (away > UNSOLVED).any():
        if not (away > NEARLY).any():
            return ()
        words = (
            "The fit stopped {k:.2f} standard errors from its solution: use a smaller tolerance."
        )
        return (Message(words, {"k": float(away.max())}),)
    names = [name for name, far in zip(equation.names, away, strict=True) if far > UNSOLVED]
    raise EstimateError(
        Problem(
            what="the fit does not solve the equation of its model",
            where=worded("coefficients {names}", {"names": ", ".join(names)}),
            expected="a fit that converged, without penalty and without constraints",
            got=worded("a coefficient {away:.2g} standard errors away", {"away": away.max()}),
            fix="Fit with more iterations or a smaller tolerance; a penalised or constrained fit has"
            " no such standard error.",
        )
    )


def _refuse_other_columns(fitted: Fitted, sample: Sample, rows: Int) -> None:
    """Raise where a regressor that has the name of a column has other values."""
    problems = []
    for name, values in fitted.columns.items():
        if name not in sample.frame.columns:
            continue
        own = float64(sample.frame[name].iloc[rows])
        if own is None or own.shape != values.shape:
            continue
        differs = ~np.isclose(own, values, rtol=1e-6, atol=0, equal_nan=True)
        if differs.any():
            problems.append(
                Problem(
                    what="a regressor of the fit is not the sample's",
                    where=in_column(name),
                    expected="the same values in both",
                    got=worded("other values"),
                    fix="Fit the model on sample.frame.",
                    count=int(differs.sum()),
                    rows=tuple(rows[differs][:5].tolist()),
                )
            )
    if problems:
        raise EstimateError(problems)


def _refuse_other_outcomes(fitted: Fitted, sample: Sample, rows: Int) -> None:
    if fitted.outcome_name not in sample.frame.columns or fitted.outcome.ndim != 1:
        return
    column = sample.frame[fitted.outcome_name].iloc[rows]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        return
    differs = column.to_numpy(float, na_value=np.nan) != fitted.outcome
    if differs.any():
        raise EstimateError(
            Problem(
                what="the outcome of the fit is not the sample's",
                where=in_column(fitted.outcome_name),
                expected="the same values in both",
                got=worded("other values"),
                fix="Fit the model on sample.frame.",
                count=int(differs.sum()),
                rows=tuple(rows[differs][:5].tolist()),
            )
        )


def _refuse_other_weights(fitted: Fitted, weights: Float) -> None:
    """Weights of a fit may differ from the sample's by a factor, and by nothing else."""
    ratio = fitted.weights / weights
    if np.ptp(ratio) <= SAME_WEIGHTS * abs(ratio[0]):
        return
    line = {
        "OLS": "smf.wls(formula, data=frame, weights=sample.weights[sample.active])",
        "WLS": "smf.wls(formula, data=frame, weights=sample.weights[sample.active])",
        "GLM": "smf.glm(..., freq_weights=sample.weights[sample.active])",
        "PanelOLS": "PanelOLS(..., weights=sample.weights[sample.active])",
        "IV2SLS": "IV2SLS(..., weights=sample.weights[sample.active])",
        "AbsorbingLS": "AbsorbingLS(..., weights=sample.weights[sample.active])",
    }.get(
        fitted.kind,
        f"{fitted.kind} takes no weights: fit smf.glm with a family that does, or use me.ols,"
        " me.logit, me.poisson, me.quantile.",
    )
    raise EstimateError(
        Problem(
            what="the fit used other weights than the sample's",
            where=of_argument("fit"),
            expected="weights of the sample's rows, up to one factor",
            got=worded("no weights") if np.ptp(fitted.weights) == 0 else worded("other weights"),
            fix=line,
        )
    )


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
    model, theta = fitted.model, np.asarray(fitted.result.params, float)
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
    model, theta = fitted.model, np.asarray(fitted.result.params, float)
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
    model, theta = fitted.model, np.asarray(fitted.result.params, float)
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


_EQUATIONS: dict[str, Callable[[Fitted, Float], Equation]] = {
    "OLS": _least_squares,
    "WLS": _least_squares,
    "GLM": _glm,
    "QuantReg": _quantile,
    "PanelOLS": _panel,
    "IV2SLS": _instrumented,
    "AbsorbingLS": _absorbing,
    **dict.fromkeys(OWN_CURVATURE, _likelihood),
}

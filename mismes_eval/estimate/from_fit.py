"""A model that statsmodels or linearmodels fitted on the rows of a sample, as an Estimate: the same
coefficients, with the survey design's standard errors and every weight step in them.

Each family of models gives its estimating function row by row (scores, unweighted) and the inverse
of its derivative; influence is their product. What a weight did to the fit must be known, so the
fit must have used the sample's own weights and its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, kind_of, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.fit_equations import EQUATIONS, Equation, Fitted
from mismes_eval.estimate.part import Part
from mismes_eval.message import Message
from mismes_eval.numerics.averages import Averages, SignedRows, by_influence
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.public import public
from mismes_eval.weighting.columns import read
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

SAME_WEIGHTS = 1e-8  # relative difference up to which two sets of weights are one
# standard errors that coefficients may be away from those that solve the equation: said, refused
NEARLY, UNSOLVED = 0.01, 0.25
SUPPORTED = (
    "statsmodels OLS, WLS, GLM, Logit, Probit, Poisson, NegativeBinomial, OrderedModel, QuantReg; "
    "linearmodels PanelOLS, IV2SLS, AbsorbingLS"
)


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
    equation = EQUATIONS[fitted.kind](fitted, weights)
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
    kind = type(model).__name__
    package = type(model).__module__.partition(".")[0]
    if package == "statsmodels" and kind in EQUATIONS:
        return _of_statsmodels(model, fit, kind)
    if package == "linearmodels" and kind in EQUATIONS:
        return _of_linearmodels(model, fit, kind)
    raise EstimateError(
        Problem(
            what="from_fit does not know this kind of fit",
            where=of_argument("fit"),
            expected=SUPPORTED,
            got=worded("{package}.{kind}", {"package": package, "kind": kind})
            if model is not None
            else kind_of(fit),
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
                        rows=tuple(found.tolist()),
                    )
                )
    EstimateError.refuse(problems)
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
                    rows=tuple(rows[differs].tolist()),
                )
            )
    EstimateError.refuse(problems)


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
                rows=tuple(rows[differs].tolist()),
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

"""Linear, logistic and Poisson regression with the survey design's standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.formula import Model, build
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import Averages, SignedRows
from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.qr import Collinear, least_squares
from mismes_eval.numerics.rows import Bool, Float, Rows
from mismes_eval.public import public
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

NEARLY_COLLINEAR = 1e9


@dataclass(frozen=True)
class Fit:
    """beta (q,); residual (n_a,) outcome less fitted; inverse (q, q) of the information; working
    (n_a,) derivative of the fitted by the linear predictor; extra: what a reader may ask of it.
    """

    beta: Float
    residual: Float
    inverse: Float
    working: Float
    extra: dict[str, object]


Fitter = Callable[[Float, Float, Float, "Float | None"], Fit]


@public(EstimateError, answers=True)
def ols(sample: Sample, formula: str) -> Estimate:
    """Weighted least squares (R survey: svyglm, gaussian).

    Parameters
    ----------
    formula : "y ~ x + group", in the language of formulaic (column names that are no identifiers in
        `backticks`); evaluated on the rows of the domain that carry weight. Missing values there
        are refused.

    Returns
    -------
    Estimate, value (q,) coefficients in outcome units per regressor unit; degrees of freedom: the
    design's plus 1 less q.

    Raises
    ------
    EstimateError : unknown columns, missing values, columns that are combinations of others (all
        named).

    References
    ----------
    Fuller (1975), Sankhya C 37, 117-132; Binder (1983), International Statistical Review 51,
    279-292.
    """
    return _estimate(sample, build(sample, formula, "ols"), _fit_ols, "ols")


@public(EstimateError, answers=True)
def logit(sample: Sample, formula: str) -> Estimate:
    """Weighted logistic regression (R survey: svyglm, quasibinomial), converged to rounding.
    Coefficients are log-odds ratios.

    Parameters
    ----------
    formula : "y ~ x + group" with an outcome of 0 and 1 (or True and False).

    Raises
    ------
    EstimateError : as for ols; also separation (no finite maximum), with its reason.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292.
    """
    model = build(sample, formula, "logit")
    _refuse_outcomes(
        model,
        ~np.isin(model.y, (0.0, 1.0)),
        "the outcome of logit is not yes or no",
        "0 or 1 in every row",
    )
    return _estimate(sample, model, _fit_logit, "logit")


@public(EstimateError, answers=True)
def poisson(sample: Sample, formula: str) -> Estimate:
    """Weighted Poisson regression with a log link (R survey: svyglm, quasipoisson), converged to
    rounding. Coefficients are log rate ratios.

    Parameters
    ----------
    formula : "y ~ x + group" with an outcome of 0 or more.

    Raises
    ------
    EstimateError : as for ols; also a group of rows whose outcome is 0 throughout (no finite
        maximum).
    """
    model = build(sample, formula, "poisson")
    _refuse_outcomes(
        model, ~(model.y >= 0), "the outcome of poisson is negative", "0 or more in every row"
    )
    return _estimate(sample, model, _fit_poisson, "poisson")


def _refuse_outcomes(model: Model, bad: Bool, what: str, expected: str) -> None:
    if not bad.any():
        return
    raise EstimateError(
        Problem(
            what=what,
            where=worded("'{outcome}'", {"outcome": model.outcome}),
            expected=expected,
            got=worded("{value:g}", {"value": model.y[bad][0]}),
            count=int(bad.sum()),
        )
    )


def _fit_ols(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = least_squares(x, y, w)
    return Fit(
        beta=fit.beta,
        residual=fit.residual,
        inverse=fit.inverse,
        working=np.ones(y.size),
        extra={
            "condition": fit.condition,
            "classical_se": fit.classical_se(w) if y.size > x.shape[1] else None,
        },
    )


def _fit_logit(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = fit_logit(x, y, w, start=start)
    return Fit(
        beta=fit.beta,
        residual=y - fit.p,
        inverse=np.asarray(np.linalg.inv(fit.information), float),
        working=fit.p * (1 - fit.p),
        extra={"iterations": fit.iterations},
    )


def _fit_poisson(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = fit_poisson(x, y, w, start=start)
    return Fit(
        beta=fit.beta,
        residual=y - fit.mu,
        inverse=np.asarray(np.linalg.inv(fit.information), float),
        working=fit.mu,
        extra={"iterations": fit.iterations},
    )


def _estimate(sample: Sample, model: Model, fitter: Fitter, caller: str) -> Estimate:
    try:
        fit = fitter(model.x, model.y, model.w, None)
    except Separation as error:
        raise EstimateError(
            Problem(
                what=worded("{caller} has no finite solution", {"caller": caller}),
                where=model.formula,
                expected="an outcome that varies within every combination of regressors",
                got=error.named(model.names),
                fix="Merge categories or drop a regressor.",
            )
        ) from error
    q = fit.beta.size
    scores = np.zeros((sample.n, q))
    scores[model.inside] = model.x * fit.residual[:, None]
    influence = Influence((Block(Rows(scores), fit.inverse),), sample.n)
    replicates = None
    if sample.design.replicates is not None:
        replicates = _replicates(sample, model, fitter, fit, caller)
    dof = sample.degf + 1 - q
    notes = sample.notes
    if dof <= 0:
        notes = (
            *notes,
            (
                f"{q} coefficients leave no degrees of freedom ({sample.degf:g} of the design): no"
                " intervals."
            ),
        )
    condition = fit.extra.get("condition")
    if isinstance(condition, float) and condition > NEARLY_COLLINEAR:
        notes = (
            *notes,
            (
                f"The regressors are nearly collinear (condition {condition:.1g}): count on"
                f" {max(int(16 - np.log10(condition)), 1)} digits of the coefficients."
            ),
        )
    rows = np.zeros((sample.n, q))
    rows[model.inside] = model.x * fit.working[:, None]
    taken = SignedRows(Influence((Block(Rows(rows), fit.inverse),), sample.n))
    full = None if replicates is None else fit.beta
    part = Part(sample.design, influence, replicates, full, averages=Averages((taken,)))
    keys = pd.DataFrame({"variable": list(model.names), "level": ""})
    n = np.full(q, float(model.y.size))
    definition = f"{caller}: {model.formula}"
    return Estimate(
        value=fit.beta,
        names=model.names,
        parts=(part,),
        keys=keys,
        n=n,
        dof=np.full(q, dof),
        kind="coefficient",
        definition=definition,
        notes=notes,
        extra={"formula": model.formula, "rank": q, **fit.extra},
    )


def _replicates(sample: Sample, model: Model, fitter: Fitter, fit: Fit, caller: str) -> Float:
    def refitted(w: Float) -> Float:
        weight = w[model.inside]
        used = weight > 0
        return fitter(model.x[used], model.y[used], weight[used], fit.beta).beta

    try:
        return replicated(sample, _moved(model, fit) if fitter is _fit_ols else refitted)
    except (Separation, Collinear, np.linalg.LinAlgError) as error:
        raise EstimateError(
            Problem(
                what=worded("{caller} has no solution in some replicate", {"caller": caller}),
                where=model.formula,
                expected="a solution in every replicate",
                got=str(error),
                fix="Use the linearised design, or merge categories.",
            )
        ) from error


def _moved(model: Model, fit: Fit) -> Callable[[Float], Float]:
    """Least squares with other weights as a correction to the full fit, in columns that are
    orthonormal under the full weights: no digits are lost to scale.
    """
    half = np.asarray(np.linalg.cholesky(fit.inverse), float)
    x = model.x @ half

    def beta(w: Float) -> Float:
        weight = w[model.inside]
        gram = x.T @ (x * weight[:, None])
        if np.linalg.cond(gram) > 1e10:
            raise np.linalg.LinAlgError("a regressor is a combination of others there")
        moved: Float = fit.beta + half @ np.linalg.solve(gram, x.T @ (weight * fit.residual))
        return moved

    return beta

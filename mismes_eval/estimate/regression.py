"""Linear, logistic and Poisson regression with the survey design's standard errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.domains import no_negative_weights, require
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.numerics.glm import fit_poisson
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.logit import Separation, fit_logit
from mismes_eval.numerics.qr import Collinear, check_rank, least_squares
from mismes_eval.numerics.rows import Bool, Float, Rows
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

NEARLY_COLLINEAR = 1e9


@dataclass(frozen=True)
class Fit:
    """beta (q,); residual (n_a,) outcome less fitted; inverse (q, q) of the information; extra: what a reader may ask of the fit."""

    beta: Float
    residual: Float
    inverse: Float
    extra: dict[str, object]


@dataclass(frozen=True)
class Model:
    """A formula on the rows of a domain. x (n_a, q), y (n_a,), w (n_a,) for the rows `inside` (n,); names (q,)."""

    formula: str
    outcome: str
    x: Float
    y: Float
    w: Float
    inside: Bool
    names: tuple[str, ...]


Fitter = Callable[[Float, Float, Float, "Float | None"], Fit]


def ols(sample: Sample, formula: str) -> Estimate:
    """Weighted least squares (R survey: svyglm, gaussian).

    Parameters
    ----------
    formula : "y ~ x + group", in the language of formulaic (column names that are no identifiers in `backticks`); evaluated on the rows of the domain that carry weight. Missing values there are refused.

    Returns
    -------
    Estimate, value (q,) coefficients in outcome units per regressor unit; degrees of freedom: the design's plus 1 less q.

    Raises
    ------
    EstimateError : unknown columns, missing values, columns that are combinations of others (all named).

    References
    ----------
    Fuller (1975), Sankhya C 37, 117-132; Binder (1983), International Statistical Review 51, 279-292.
    """
    return _estimate(sample, build(sample, formula, "ols"), _fit_ols, "ols")


def logit(sample: Sample, formula: str) -> Estimate:
    """Weighted logistic regression (R survey: svyglm, quasibinomial), converged to rounding. Coefficients are log-odds ratios.

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
    bad = ~np.isin(model.y, (0.0, 1.0))
    if bad.any():
        raise EstimateError(
            Problem("the outcome of logit is not yes or no", f"'{model.outcome}'", "0 or 1 in every row", f"{model.y[bad][0]:g}", "", int(bad.sum()))
        )
    return _estimate(sample, model, _fit_logit, "logit")


def poisson(sample: Sample, formula: str) -> Estimate:
    """Weighted Poisson regression with a log link (R survey: svyglm, quasipoisson), converged to rounding. Coefficients are log rate ratios.

    Parameters
    ----------
    formula : "y ~ x + group" with an outcome of 0 or more.

    Raises
    ------
    EstimateError : as for ols; also a group of rows whose outcome is 0 throughout (no finite maximum).
    """
    model = build(sample, formula, "poisson")
    bad = ~(model.y >= 0)
    if bad.any():
        raise EstimateError(
            Problem("the outcome of poisson is negative", f"'{model.outcome}'", "0 or more in every row", f"{model.y[bad][0]:g}", "", int(bad.sum()))
        )
    return _estimate(sample, model, _fit_poisson, "poisson")


def build(sample: Sample, formula: str, caller: str) -> Model:
    """Outcome and regressors of a formula on the active rows. Raises EstimateError with every problem."""
    quoted = tuple(dict.fromkeys(re.findall(r"`([^`]*)`", formula)))
    alias = {name: f"quoted_{j}_" for j, name in enumerate(quoted)}
    original = {v: k for k, v in alias.items()}
    try:
        parsed = Formula(re.sub(r"`([^`]*)`", lambda found: alias[found[1]], formula))
    except (FormulaicError, SyntaxError) as error:
        raise EstimateError(Problem(f"{caller} cannot read the formula", formula, "outcome ~ terms", str(error))) from error
    if not hasattr(parsed, "lhs"):
        raise EstimateError(Problem(f"{caller} needs an outcome", formula, "outcome ~ terms", "no ~ in the formula"))
    columns = sorted(original.get(str(v), str(v)) for v in parsed.required_variables)
    require(sample, columns, caller)
    no_negative_weights(sample, caller)
    inside = sample.active
    if not inside.any():
        raise EstimateError(Problem(f"{caller} has an empty domain", "", "at least one row with a weight above 0", "none", "Widen the mask of where()."))
    data = sample.frame.loc[inside, columns]
    _refuse_missing(data, np.flatnonzero(inside), caller)
    data = data.assign(**{c: data[c].astype(float) for c in columns if pd.api.types.is_bool_dtype(data[c])})
    data = data.assign(**{c: data[c].cat.remove_unused_categories() for c in columns if isinstance(data[c].dtype, pd.CategoricalDtype)})
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            matrices = parsed.get_model_matrix(data.rename(columns=alias), context=None, na_action="ignore")
    except FormulaicError as error:
        raise EstimateError(Problem(f"{caller} cannot evaluate the formula", formula, "terms that are defined for these columns", str(error))) from error
    y = matrices.lhs.to_numpy(float)
    outcome = _spelled(str(matrices.lhs.columns[-1]), original)
    if y.shape[1] == 2 and outcome.endswith("[T.True]"):
        y = y[:, 1:]
    if y.shape[1] != 1:
        raise EstimateError(
            Problem(
                f"{caller} needs one outcome column",
                formula,
                "a numeric or boolean outcome",
                f"{y.shape[1]} columns: {', '.join(map(str, matrices.lhs.columns))}",
            )
        )
    x = matrices.rhs.to_numpy(float)
    names = tuple(_spelled(str(c), original) for c in matrices.rhs.columns)
    _refuse_infinite(np.column_stack([y, x]), (outcome, *names), caller)
    model = Model(formula, outcome, x, y[:, 0], sample.weights[inside], inside, names)
    try:
        check_rank(x, model.w)
    except Collinear as error:
        raise EstimateError([_collinear(model, j, made) for j, made in error.dependent]) from error
    return model


def _spelled(name: str, original: dict[str, str]) -> str:
    for alias, column in original.items():
        name = name.replace(alias, column)
    return name


def _refuse_missing(data: pd.DataFrame, rows: np.ndarray, caller: str) -> None:
    problems = []
    for c in data.columns:
        bad = data[c].isna().to_numpy()
        if bad.any():
            problems.append(
                Problem(f"{caller} meets missing values in the domain", f"column '{c}'", "a value in every row of the domain that carries weight", "missing",
                        f"Narrow the domain: sample.where(frame['{c}'].notna()).", int(bad.sum()), tuple(int(i) for i in rows[bad][:5]))
            )  # fmt: skip
    if problems:
        raise EstimateError(problems)


def _refuse_infinite(values: Float, names: tuple[str, ...], caller: str) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise EstimateError([
            Problem(f"{caller} meets a term that is not a finite number", f"'{names[j]}'", "a finite value in every row", "infinite or undefined", "", int(bad[:, j].sum()),
                    tuple(int(i) for i in np.flatnonzero(bad[:, j])[:5]))
            for j in np.flatnonzero(bad.any(axis=0))
        ])  # fmt: skip


def _collinear(model: Model, column: int, made: tuple[int, ...]) -> Problem:
    of = ", ".join(f"'{model.names[i]}'" for i in made) or "zeros only"
    return Problem(
        "a regressor is a combination of others",
        f"'{model.names[column]}'",
        "columns none of which follows from the others",
        f"made of {of}",
        "Drop one of them from the formula.",
    )


def _fit_ols(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = least_squares(x, y, w)
    return Fit(fit.beta, fit.residual, fit.inverse, {"condition": fit.condition, "classical_se": fit.classical_se(w) if y.size > x.shape[1] else None})


def _fit_logit(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = fit_logit(x, y, w, start=start)
    return Fit(fit.beta, y - fit.p, np.asarray(np.linalg.inv(fit.information), float), {"iterations": fit.iterations})


def _fit_poisson(x: Float, y: Float, w: Float, start: Float | None) -> Fit:
    fit = fit_poisson(x, y, w, start=start)
    return Fit(fit.beta, y - fit.mu, np.asarray(np.linalg.inv(fit.information), float), {"iterations": fit.iterations})


def _estimate(sample: Sample, model: Model, fitter: Fitter, caller: str) -> Estimate:
    try:
        fit = fitter(model.x, model.y, model.w, None)
    except Separation as error:
        raise EstimateError(
            Problem(
                f"{caller} has no finite solution",
                model.formula,
                "an outcome that varies within every combination of regressors",
                str(error),
                "Merge categories or drop a regressor.",
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
        notes = (*notes, f"{q} coefficients leave no degrees of freedom ({sample.degf:g} of the design): no intervals.")
    condition = fit.extra.get("condition")
    if isinstance(condition, float) and condition > NEARLY_COLLINEAR:
        notes = (
            *notes,
            f"The regressors are nearly collinear (condition {condition:.1g}): count on {max(int(16 - np.log10(condition)), 1)} digits of the coefficients.",
        )
    part = Part(sample.design, influence, replicates, None if replicates is None else fit.beta)
    keys = pd.DataFrame({"variable": list(model.names), "level": ""})
    n = np.full(q, float(model.y.size))
    definition = f"{caller}: {model.formula}"
    return Estimate(
        fit.beta,
        model.names,
        (part,),
        keys,
        n,
        np.full(q, dof),
        "coefficient",
        definition=definition,
        notes=notes,
        extra={"formula": model.formula, "rank": q, **fit.extra},
    )


def _replicates(sample: Sample, model: Model, fitter: Fitter, fit: Fit, caller: str) -> Float:
    def refitted(w: Float) -> Float:
        v = w[model.inside]
        used = v > 0
        return fitter(model.x[used], model.y[used], v[used], fit.beta).beta

    try:
        return replicated(sample, _moved(model, fit) if fitter is _fit_ols else refitted)
    except (Separation, Collinear, np.linalg.LinAlgError) as error:
        raise EstimateError(
            Problem(
                f"{caller} has no solution in some replicate",
                model.formula,
                "a solution in every replicate",
                str(error),
                "Use the linearised design, or merge categories.",
            )
        ) from error


def _moved(model: Model, fit: Fit) -> Callable[[Float], Float]:
    """Least squares with other weights as a correction to the full fit, in columns that are orthonormal under the full weights: no digits are lost to scale."""
    half = np.asarray(np.linalg.cholesky(fit.inverse), float)
    x = model.x @ half

    def beta(w: Float) -> Float:
        v = w[model.inside]
        gram = x.T @ (x * v[:, None])
        if np.linalg.cond(gram) > 1e10:
            raise np.linalg.LinAlgError("a regressor is a combination of others there")
        moved: Float = fit.beta + half @ np.linalg.solve(gram, x.T @ (v * fit.residual))
        return moved

    return beta

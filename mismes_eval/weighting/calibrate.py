"""Calibration of weights to known totals, post-stratification, and what can be known before
solving.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from mismes_eval.errors import (
    CalibrationError,
    DesignWarning,
    Problem,
    kind_of,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.calibration import Method, Solution, sizes, solve
from mismes_eval.numerics.rows import Float
from mismes_eval.public import check, fitting
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.margin_rows import Margins
from mismes_eval.weighting.margins import Publication, Totals, margins
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import Calibration, Slope

METHODS = ("linear", "raking", "logit")
SLOPES = ("derivative", "before")
MOST_ROWS = 3000  # distinct rows up to which margins are looked at for contradictions
INFEASIBLE = 2  # status of linprog
_MET = 1e-9  # a margin is met where its gap is below this share of the total


@fitting(CalibrationError)
def calibrate(
    sample: Sample,
    totals: Totals,
    method: Method = "linear",
    bounds: tuple[float, float] | None = None,
    total_se: Totals | None = None,
    unit: str | None = None,
    totals_unit: float = 1.0,
    scale_to: str | tuple[str, ...] | None = None,
    slope: Slope = "derivative",
) -> Sample:
    """Weights that meet known totals and stay close to the weights before (R survey: calibrate).

    Parameters
    ----------
    totals : {"age": 1234.0, "stype": {"E": 4421, ...}, ("sex", "age_group"): {("F", "15-24"): ...,
        ...}, "1": N}: a number for a numeric column, a mapping (or a Series) for a categorical one,
        a tuple key for crossed columns, "1" for the number of units.
    method : "linear" (GREG), "raking" (all margins at once), "logit" (needs bounds).
    bounds : (lowest, highest) factor on the weight.
    total_se : standard errors of totals that are estimates themselves, same shape as totals; they
        enter every standard error after this step.
    unit : column inside which the factor is constant (household weights; Lemaitre and Dufour 1987).
    totals_unit : what a total of 1 stands for: 1000 where totals are published in thousands.
    scale_to : the margin to whose sum the others are scaled, where rounding parts their sums.
    slope : how standard errors see raking, logit and bounds. "derivative": exactly, also where
        factors are far from 1 because calibration corrects nonresponse; "before": as if factors
        were near 1, with the weights before the step (R survey: calibrate). Linear calibration
        without bounds is the same in both.

    A narrowed sample (`where`) is calibrated inside its domain: the totals are the domain's, rows
    outside keep their weight. Where the common factor that the totals ask for lies outside the
    bounds and is 10 or more (0.1 or less), weights and totals have other units: all weights are
    multiplied by it first and the bounds count from there; the step's name says so.

    Returns
    -------
    Sample with one more weight step. The standard error of a calibrated margin is 0 to rounding.

    Raises
    ------
    CalibrationError : every unknown column, empty cell, unmatched category, margins with different
        sums, impossible bounds; the worst margin when no solution exists.

    References
    ----------
    Deville and Sarndal (1992), JASA 87, 376-382; Kott (2006), Survey Methodology 32, 133-142, for
    the slope under nonresponse. Decision 0018. With slope="before" standard errors follow
    calibrate(), not rake(), of R survey (they differ by about 4e-4).
    """
    needs_sample(sample, "calibrate")
    _check(method, bounds, slope)
    check(CalibrationError, "calibrate", ("unit", unit, str | None))
    published = Publication(totals_unit, scale_to)
    m = margins(sample, totals, total_se, unit, published)
    before = sample.weights
    solution = solve(before, m.x, m.totals, method, bounds)
    if not solution.missed < _MET:
        raise CalibrationError(_unmet(m, before, solution, method, bounds))
    factor = solution.factor if m.x.cell is None else solution.factor[m.x.cell]
    negative = (before > 0) & (factor < 0)
    if negative.any():
        warnings.warn(
            "Linear calibration made weights negative: quantiles and regressions refuse them. Set"
            " bounds=(lowest, highest) or use method='raking'.",
            DesignWarning,
            stacklevel=3,
        )
    keys = ", ".join(dict.fromkeys(m.margin))
    name = _named(method, keys, bounds, unit)
    if bounds is not None and solution.scale != 1:
        factor_said = {"step": name, "factor": f"{solution.scale:.4g}"}
        name = Message("{step}, all weights first multiplied by {factor}", factor_said, "step")
    name = sample.narrowed(published.said_of(name))
    return sample.step(
        Calibration(
            name=name,
            factor=factor,
            x=m.x,
            before=before,
            total_vcov=m.total_vcov,
            margins=m.labels,
            totals=m.totals,
            method=method,
            bounds=bounds,
            slope=slope,
            scale=solution.scale,
        )
    )


def _named(
    method: Method, keys: str, bounds: tuple[float, float] | None, unit: str | None
) -> Message:
    """The method, the margins, the bounds of the factors and the unit that shares one."""
    name = Message("{method} calibration to {keys}", {"method": method, "keys": keys}, "step")
    if method == "raking":
        name = Message("raking to {keys}", {"keys": keys}, "step")
    if bounds:
        ends = {"lo": f"{bounds[0]:g}", "hi": f"{bounds[1]:g}"}
        name = name.extended(", factors within {lo} to {hi}", ends)
    return name.extended(", constant within {unit}", {"unit": unit}) if unit else name


@fitting(CalibrationError)
def poststratify(
    sample: Sample,
    by: str | Sequence[str],
    totals: Mapping[object, float] | pd.Series,
    totals_unit: float = 1.0,
) -> Sample:
    """Scale the weights in each cell to its known size (R survey: postStratify).

    It is calibration with one crossed margin, inside the domain of a narrowed sample.

    Parameters
    ----------
    by : column or columns that make the cells.
    totals : {level: N}, or {(level, level): N} in the order of `by`; a Series works alike.
    totals_unit : what a total of 1 stands for, as for `calibrate`.

    Returns
    -------
    Sample with one more weight step; the standard error of a cell's size is 0.

    Raises
    ------
    CalibrationError : cells without a total or without rows, unknown columns, totals that are no
        mapping.

    References
    ----------
    Holt and Smith (1979), Journal of the Royal Statistical Society A 142, 33-46.
    """
    columns = as_names(by, "by", CalibrationError)
    if not columns:
        raise CalibrationError(
            Problem(
                "post-stratification names no column",
                of_argument("by"),
                "a column, or a list of columns",
            )
        )
    if not isinstance(totals, (Mapping, pd.Series)):
        raise CalibrationError(
            Problem(
                "totals are stated by cell",
                of_argument("totals"),
                "a mapping or Series of cell to number",
                kind_of(totals),
            )
        )
    known: dict[object, float] = dict(totals.items())
    if len(columns) > 1:
        return calibrate(sample, {columns: known}, totals_unit=totals_unit)
    return calibrate(
        sample,
        {
            columns[0]: {
                (key[0] if isinstance(key, tuple) and len(key) == 1 else key): total
                for key, total in known.items()
            }
        },
        totals_unit=totals_unit,
    )


@fitting(CalibrationError)
def feasibility(
    sample: Sample,
    totals: Totals,
    totals_unit: float = 1.0,
    scale_to: str | tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Whether totals can be met, before solving: each margin cell and the factor that it asks for.

    Parameters
    ----------
    sample : where it is narrowed (`where`), the totals are the domain's.
    totals : as for `calibrate`.
    totals_unit, scale_to : as for `calibrate`.

    Returns
    -------
    DataFrame, one row a margin cell: margin; rows (with a weight that is not 0, in the domain);
    before (sum of weights, or of weight times value for a numeric margin); total; factor_alone
    (total / before, the common factor if this margin stood alone). A cell without rows, or a factor
    far from the others, is where a calibration would fail or give extreme weights.

    Raises
    ------
    CalibrationError : unknown columns, categories without a total, totals without a category.
    """
    needs_sample(sample, "feasibility")
    m = margins(sample, totals, None, None, Publication(totals_unit, scale_to))
    before = m.x.totals(sample.weights)
    rows = m.x.totals(sample.active.astype(float))
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = m.totals / before
    return pd.DataFrame(
        {
            "margin": m.labels,
            "rows": rows,
            "before": before,
            "total": m.totals,
            "factor_alone": needed,
        }
    )


@fitting(CalibrationError)
def tightest_bounds(sample: Sample, totals: Totals) -> tuple[float, float]:
    """The narrowest bounds with which totals can still be met.

    Parameters
    ----------
    sample : where it is narrowed (`where`), the totals are the domain's.
    totals : as for `calibrate`.

    Returns
    -------
    (lower, upper): the highest lower bound on the factor with which some solution exists, and the
    lowest upper bound; each alone, so both together may be too narrow. NaN, NaN where no factors of
    0 or more meet the totals. From linear programmes on rows that differ in the margins.

    Raises
    ------
    CalibrationError : totals that do not fit the sample (see `calibrate`).
    """
    needs_sample(sample, "tightest_bounds")
    m = margins(sample, totals, None, None)
    return _tightest(m, sample.weights)


def _tightest(m: Margins, weights: Float) -> tuple[float, float]:
    mass = m.x.collapse(weights)
    a = (m.x.values * mass[:, None]).T
    c = a.shape[1]
    keep = mass > 0
    a = a[:, keep]
    c = int(keep.sum())
    scale = 1.0 / sizes(weights, m.x, m.totals)
    a = a * scale[:, None]
    b = (m.totals * scale)[:, None]
    lowest = np.append(np.zeros(c), -1.0)
    # factors are t + h with h >= 0: the largest t
    lower = linprog(lowest, A_eq=np.hstack([a, a.sum(axis=1, keepdims=True)]), b_eq=b)
    # factors are u / s with u from 0 to 1: the largest s
    within: list[tuple[float, float | None]] = [(0.0, 1.0)] * c
    upper = linprog(
        lowest, A_eq=np.hstack([a, -b]), b_eq=np.zeros(b.size), bounds=[*within, (0.0, None)]
    )
    if lower.status != 0 or upper.status != 0 or upper.x[-1] <= 0:
        return float("nan"), float("nan")
    return float(lower.x[-1]), 1.0 / float(upper.x[-1])


def _check(method: str, bounds: tuple[float, float] | None, slope: str) -> None:
    problems = []
    problems += unknown("unknown calibration method", "method", method, METHODS)
    if method == "logit" and bounds is None:
        problems.append(
            Problem(
                "the logit method needs bounds",
                of_argument("bounds"),
                "(lowest, highest) with lowest < 1 < highest",
                "None",
            )
        )
    if bounds is not None and not _possible(bounds, method):
        finite = ", both finite" if method == "logit" else ""
        problems.append(
            Problem(
                "bounds cannot work",
                of_argument("bounds"),
                worded(
                    "(lowest, highest) with 0 <= lowest < 1 < highest{finite}", {"finite": finite}
                ),
                repr(bounds),
            )
        )
    problems += unknown("unknown slope of calibration", "slope", slope, SLOPES)
    CalibrationError.refuse(problems)


def _possible(bounds: Iterable[float], method: str) -> bool:
    try:
        lowest, highest = (float(bound) for bound in bounds)
    except (TypeError, ValueError):
        return False
    return 0 <= lowest < 1 < highest and (method != "logit" or np.isfinite(highest))


def _unmet(
    m: Margins, before: Float, solution: Solution, method: str, bounds: tuple[float, float] | None
) -> Problem:
    worst, gap = solution.worst, solution.gap
    contradiction = _contradiction(m, before, method)
    if contradiction:
        fix = contradiction
    elif bounds is not None:
        lo, hi = _tightest(m, before)
        fix = "Widen the bounds, merge small categories, or drop a margin."
        if np.isfinite([lo, hi]).all():
            fix = worded(
                "Bounds must at least let factors fall to {lo:.4g} and rise to {hi:.4g} (each taken alone).",
                {"lo": lo, "hi": hi},
            )
    else:
        fix = "Merge small categories, or drop a margin."
    return Problem(
        what="calibration does not meet its totals",
        where=worded("margin '{labels}'", {"labels": m.labels[worst]}),
        expected=worded("{totals:,.6g}", {"totals": m.totals[worst]}),
        got=worded("{totals:,.6g}", {"totals": m.totals[worst] - gap[worst]}),
        fix=fix,
    )


def _contradiction(m: Margins, weights: Float, method: str) -> str:
    """Which margins no factors can meet together (for raking, logit and bounds: none of 0 or more),
    each of them needed for the contradiction; nothing where there is none or too many rows to tell.
    """
    mass = m.x.collapse(weights)
    keep = mass > 0
    a = (m.x.values[keep] * mass[keep, None]).T / sizes(weights, m.x, m.totals)[:, None]
    b = m.totals / sizes(weights, m.x, m.totals)
    owner = np.array(m.margin)
    if a.shape[1] > MOST_ROWS:
        return ""
    lowest = None if method == "linear" else 0.0

    def meets(names: Sequence[str]) -> bool:
        rows = np.isin(owner, names)
        answer = linprog(
            np.zeros(a.shape[1]), A_eq=a[rows], b_eq=b[rows], bounds=(lowest, None), method="highs"
        )
        return bool(answer.status != INFEASIBLE)

    needed = list(dict.fromkeys(m.margin))
    if meets(needed):
        return ""
    for name in list(needed):
        others = [n for n in needed if n != name]
        if others and not meets(others):
            needed = others
    if len(needed) == 1:
        return f"No weights of this sample meet the margin '{needed[0]}': compare it with the data."
    named = " and ".join(f"'{n}'" for n in needed)
    return f"The margins {named} contradict each other in this sample: correct or drop one of them."

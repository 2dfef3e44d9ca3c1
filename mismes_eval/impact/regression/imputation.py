"""Imputation: unit and period effects from untreated rows, effects as what treated rows have beyond
them (Borusyak, Jaravel and Spiess 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.impact.did.breaks import placed, refuse_starts
from mismes_eval.impact.regression.long_rows import by_code, ever_and_never, regression_panel
from mismes_eval.numerics.averages import Averages
from mismes_eval.numerics.influence import Block
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.numerics.two_way import Columns, Within, codes, within
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.panel import Panel, PanelLike
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn

Errors = Literal["influence", "conservative"]


@dataclass(frozen=True)
class _Target:
    """What is averaged. use (n,) treated rows that can be imputed; code (n,) their group 0..p-1, p
    for other rows; untreated (n,).
    """

    use: Bool
    code: Int
    groups: Float
    untreated: Bool


@public(EstimateError)
def imputation(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    unit: str | None = None,
    time: TimeColumn = None,
    by: str = "att",
    cluster: str | None = None,
    errors: Errors = "influence",
    covariates: Sequence[str] = (),
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Effects on treated rows against their imputed untreated outcomes. Cohorts with a single
    period before treatment are kept.

    Parameters
    ----------
    cohort : first treated period; 0, or after the last period: never.
    by : "att" (all treated rows), "event" (by time since treatment), "cohort".
    errors : "influence" (two-step estimation error and the sampling of who is treated, as did2s) or
        "conservative" (Borusyak, Jaravel and Spiess, section 4.3:
        spread of effects inside cohort and period only, as didimputation).
    covariates : numeric columns that change over time and that treatment does not move.
    series_breaks : first periods of new series: a cohort that starts on one stops the run unless
        acknowledge_breaks.

    Returns
    -------
    Estimate in the outcome's units. Units without an untreated row and periods without one are left
    out and said.

    Raises
    ------
    IdentificationError : no treated or no untreated rows, nothing left to impute, untreated rows
        that do not connect the periods, cohorts that change, missing values.
    """
    _refuse_words(by, errors)
    covariates = listed_names(covariates)
    long = regression_panel(data, [outcome, *covariates], unit, time, cluster, cohort)
    g, t = long.start, long.at
    said = (
        *refuse_starts(placed(long.time, series_breaks), g, series_breaks, acknowledge_breaks),
        long.time.said,
    )
    target, notes = _target(long, g, t, cohort, by)
    columns = Columns(
        np.array([long.columns[covariate] for covariate in covariates])
        .reshape(len(covariates), long.unit.size)
        .T,
        ((long.period, long.periods.size),),
    )
    y, w, p = long.columns[outcome], long.weights, target.groups.size
    model, inverse = _of_untreated(long, columns, target, w, covariates)
    value, gap = _averages(model, inverse, target, y, w)
    size = np.bincount(target.code, weights=w, minlength=p + 1)[:p].astype(float)
    centre = np.append(value, 0.0)[target.code] if errors == "influence" else _inside(gap, g, t, w)
    blocks = [
        Block(
            Rows(np.where(target.use, gap - centre, 0.0)[:, None]), np.diag(1 / size), target.code
        ),
        *_first_step(model, inverse, target, gap, w, size),
    ]
    design = long.sample.design
    each = None
    if design.replicates is not None:
        each = replicated(long.sample, lambda v: _again(long, columns, target, y, v[long.row]))
    keys = pd.DataFrame(
        {
            "variable": "ATT",
            **_groups_of(by, target.groups, long),
        },
        index=range(p),
    )
    text = (
        f"Imputation from untreated rows, {outcome}; covariates: {', '.join(covariates) or 'none'};"
        f" {int(target.use.sum()):,} treated and {int(target.untreated.sum()):,} untreated rows,"
        f" {long.units:,} units; errors: {errors}."
    )
    shown = long.time.shown if by == "cohort" else "{:g}".format
    names = ("ATT",) if by == "att" else tuple(shown(float(group)) for group in target.groups)
    n = np.bincount(target.code, minlength=p + 1)[:p].astype(float)
    never = ever_and_never(long, np.isfinite(g)).linear(np.ones((p, 1)))
    taken = Averages((by_code(long, target.code, p), replace(never, coef=never.coef * [0.0, 1.0])))
    full = None if each is None else value
    part = Part(design, long.carried(blocks), each, full, averages=taken)
    return Estimate(
        value=value,
        names=names,
        parts=(part,),
        keys=keys,
        n=n,
        dof=np.full(p, long.sample.degf),
        kind="effect",
        notes=(text, *said, *notes, *long.notes, *long.sample.notes),
        extra={"base": "universal"},
    )


def _groups_of(by: str, groups: Float, long: Panel) -> dict[str, list[float | str]]:
    """The column of keys of the averages."""
    if by == "att":
        return {}
    if by == "event":
        return {"event_time": groups.tolist()}
    return {"cohort": [long.time.key(float(group)) for group in groups]}


def _refuse_words(by: str, errors: str) -> None:
    problems = []
    problems += unknown("unknown average", "by", by, ("att", "event", "cohort"))
    problems += unknown("unknown errors", "errors", errors, ("influence", "conservative"))
    IdentificationError.refuse(problems)


def _target(long: Panel, g: Float, t: Float, cohort: str, by: str) -> tuple[_Target, Sequence[str]]:
    treated = t >= g
    if not treated.any() or treated.all():
        raise IdentificationError(
            Problem(
                "imputation needs treated and untreated rows",
                in_column(cohort),
                "both",
                worded(
                    "{treated:,} of {size:,} treated",
                    {"treated": int(treated.sum()), "size": treated.size},
                ),
            )
        )
    known_period = np.bincount(long.period, weights=~treated, minlength=long.periods.size) > 0
    known_unit = np.bincount(long.unit, weights=~treated, minlength=long.units) > 0
    use = treated & known_unit[long.unit] & known_period[long.period]
    if not use.any():
        raise IdentificationError(
            Problem(
                "no treated row can be imputed",
                in_column(cohort),
                "units seen before treatment, in periods in which others are untreated",
                worded("none"),
            )
        )
    if by == "att":
        key = np.zeros(t.size)
    else:
        key = np.where(use, long.time.since(t, g), 0.0) if by == "event" else g
    groups = np.unique(key[use])
    return _Target(use, codes(np.where(use, key, np.nan), groups), groups, ~treated), _left_out(
        long, treated & ~use, known_unit, known_period
    )


def _of_untreated(
    long: Panel, columns: Columns, target: _Target, w: Float, covariates: Sequence[str]
) -> tuple[Within, Float]:
    """Regression of untreated rows with units swept out, and the inverse of its normal equations."""
    model = within(np.where(target.untreated, w, 0.0), long.unit, long.units, columns)
    root = np.sqrt(np.where(model.whole > 0, model.whole, 1.0))
    scaled = model.gram / root[:, None] / root
    needed = len(covariates) + int((model.whole[len(covariates) :] > 0).sum()) - 1
    if np.linalg.matrix_rank(scaled, tol=1e-9, hermitian=True) < needed:
        raise IdentificationError(
            Problem(
                what="untreated rows do not connect all periods, or do not hold a covariate",
                where=worded(
                    "unit and period effects{covariates}",
                    {"covariates": "".join(", " + covariate for covariate in covariates)},
                ),
                expected="untreated units seen across periods, covariates that vary inside units",
                got=worded("separate groups or collinear columns"),
                fix="Narrow the periods, or drop the covariate.",
            )
        )
    return (
        model,
        np.asarray(np.linalg.pinv(scaled, rcond=1e-11, hermitian=True), float)
        / root[:, None]
        / root,
    )


def _averages(
    model: Within, inverse: Float, target: _Target, y: Float, w: Float
) -> tuple[Float, Float]:
    """Average gap of each group (p,), and the gap between outcome and imputation of every row (n,)."""
    start = y - model.unit_mean(y)[model.unit]
    beta = np.zeros(model.columns.k)
    left = start
    for _ in range(2):
        beta = beta + inverse @ model.columns.totals(model.weight * left)
        left = start - model.columns.times(beta) + (model.means @ beta)[model.unit]
    p = target.groups.size
    size = np.bincount(target.code, weights=w, minlength=p + 1)[:p].astype(float)
    return np.bincount(target.code, weights=w * left, minlength=p + 1)[:p] / size, left


def _first_step(
    model: Within, inverse: Float, target: _Target, gap: Float, w: Float, size: Float
) -> list[Block]:
    """Influence that untreated rows have through the effects fitted on them; the last block sums to
    zero inside units.
    """
    p = size.size
    q = model.columns.dense.shape[1]
    share = w / np.append(size, 1.0)[target.code]
    m = model.size.size
    by_unit = np.bincount(
        model.unit * (p + 1) + target.code, weights=share, minlength=m * (p + 1)
    ).reshape(m, p + 1)[:, :p]
    (period, periods), span = model.columns.sets[0], model.columns.spans[0]
    by_column = np.concatenate(
        [
            np.array(
                [
                    np.bincount(target.code, weights=share * column, minlength=p + 1)[:p]
                    for column in model.columns.dense.T
                ]
            ).reshape(q, p),
            np.bincount(
                period * (p + 1) + target.code, weights=share, minlength=periods * (p + 1)
            ).reshape(periods, p + 1)[:, :p],
        ]
    )
    slope = inverse @ (by_column - model.means.T @ by_unit)
    effect = (
        np.divide(
            by_unit, model.size[:, None], out=np.zeros_like(by_unit), where=model.size[:, None] > 0
        )
        - model.means @ slope
    )
    e = np.where(target.untreated, gap, 0.0)
    out = [Block(Rows(e[:, None]), -slope[span], period)]
    if q:
        out.append(Block(Rows(model.columns.dense), -slope[:q], None, e))
    return [*out, Block(Rows(effect, model.unit), -np.eye(p), None, e)]


def _again(long: Panel, columns: Columns, target: _Target, y: Float, w: Float) -> Float:
    model, inverse = _of_untreated(long, columns, target, w, ())
    return _averages(model, inverse, target, y, w)[0]


def _inside(gap: Float, g: Float, t: Float, w: Float) -> Float:
    """(n,) average gap in the row's cohort and period, rows weighted by the square of their part."""
    cell = pd.factorize(pd.MultiIndex.from_arrays([g, t]))[0].astype(np.intp)
    total = np.bincount(cell, weights=w**2)
    out: Float = (np.bincount(cell, weights=w**2 * gap) / np.where(total > 0, total, 1.0))[cell]
    return out


def _left_out(long: Panel, lost: Bool, known_unit: Bool, known_period: Bool) -> Sequence[str]:
    if not lost.any():
        return ()
    late = long.time.listed(long.periods[~known_period])
    units = int((~known_unit).sum())
    return (
        f"{int(lost.sum()):,} treated rows have nothing to impute from and are left out: {units:,}"
        " units never seen untreated" + (f"; nobody is untreated in {late}" if late else "") + ".",
    )

"""The interaction-weighted event study of Sun and Abraham: cohorts by event time in one regression
on unit and period effects, then averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    of_argument,
    unknown,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.did.breaks import placed, refuse_starts
from mismes_eval.impact.regression.fixed_effects import SmallSample, regress
from mismes_eval.impact.regression.long_rows import regression_panel
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.numerics.two_way import codes
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.panel import Panel, PanelLike
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn


@public(EstimateError)
def sun_abraham(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    unit: str | None = None,
    time: TimeColumn = None,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    by: str = "event",
    small_sample: SmallSample = "design",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Interaction-weighted event study (fixest: sunab): cohort-by-event-time effects in one
    regression, averaged with the cohorts' weighted shares, taken as fixed.

    by : "event", "cohort" (average over its treated periods), "att" (all treated rows) or "cells".
    series_breaks : first periods of new series: a cohort that starts on one stops the run unless
        acknowledge_breaks.

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225, 175-199.
    """
    IdentificationError.refuse(
        unknown("unknown average", "by", by, ("event", "cohort", "att", "cells"))
    )
    covariates = listed_names(covariates)
    long = regression_panel(data, [outcome, *covariates], unit, time, cluster, cohort)
    _refuse_cohorts(long, cohort)
    g, t = long.start, long.at
    said = (
        *refuse_starts(placed(long.time, series_breaks), g, series_breaks, acknowledge_breaks),
        long.time.said,
    )
    cells, code = _cells(g, long.time.since(t, g), _last_before(long, g))
    shown = [long.time.key(cell[0]) for cell in cells]
    keys = pd.DataFrame(
        {
            "variable": [*covariates, *["cell"] * len(cells)],
            "cohort": [*[np.nan] * len(covariates), *shown],
            "event_time": [*[np.nan] * len(covariates), *[cell[1] for cell in cells]],
        }
    )
    each = regress(
        long,
        outcome,
        covariates,
        (code, [f"{long.time.shown(h)}:{event_time:.12g}" for h, event_time in cells]),
        keys,
        small_sample,
        f"Sun-Abraham regression of {outcome}.",
    ).annotated(notes=said)
    if by == "cells":
        return each
    summed = np.bincount(code, weights=long.weights, minlength=len(cells) + 1)
    mass = summed[: len(cells)].astype(float)
    averaged = _averaged(each, cells, mass, len(covariates), by)
    if by == "cohort":
        labels = [long.time.key(start) for start in averaged.keys["cohort"]]
        names = tuple(long.time.shown(start) for start in averaged.keys["cohort"])
        return replace(averaged, names=names, keys=averaged.keys.assign(cohort=labels))
    if by != "event":
        return averaged
    reference = np.unique(long.time.since(t, g)[np.isfinite(g) & _last_before(long, g)])
    extra = {**averaged.extra, "references": tuple(reference.tolist())}
    if reference.size > 1:
        counted = _averaged(each, _in_order(long, cells), mass, len(covariates), by)
        counted = replace(counted, extra={**counted.extra, "references": (-1.0,)})
        extra["in_order"] = (averaged.p, counted)
    return replace(averaged, extra=extra)


def _refuse_cohorts(long: Panel, cohort: str) -> None:
    """Somebody is never treated, and every cohort has a period before its start."""
    g = long.start
    if not np.isinf(g).any():
        raise IdentificationError(
            Problem(
                what="no never-treated group",
                where=of_argument("cohort"),
                expected="units with 0, or a start after the last period",
                got=worded("none"),
                fix="Drop the periods from the last cohort's start on.",
            )
        )
    early = np.unique(g[g <= long.periods[0]])
    if early.size:
        raise IdentificationError(
            Problem(
                what="a cohort has no period before treatment",
                where=in_column(cohort),
                expected=worded("starts after {labels}", {"labels": long.time.labels[0]}),
                got=long.time.listed(early),
                fix="Narrow the domain to the other cohorts.",
            )
        )


def _in_order(long: Panel, cells: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The cells with their event times counted in periods."""
    start = np.searchsorted(long.periods, [start for start, _ in cells])
    ahead = [start + lag - long.time.tolerance for start, lag in cells]
    passed = np.searchsorted(long.periods, ahead) - start
    return [(start, float(count)) for (start, _), count in zip(cells, passed, strict=True)]


def _last_before(long: Panel, g: Float) -> Bool:
    """(n,) rows in the last period before their unit's start, by the order of periods."""
    start = np.searchsorted(long.periods, np.where(np.isfinite(g), g, long.periods[0]))
    return np.asarray(long.period == start - 1)


def _cells(g: Float, e: Float, reference: Bool) -> tuple[list[tuple[float, float]], Int]:
    """Cohorts by event time that occur, without the last period before treatment, and the cell of
    each row (their number for rows in none).
    """
    inside = np.isfinite(g) & ~reference
    cohorts, times = np.unique(g[inside]), np.unique(e[inside])
    h, k = codes(np.where(inside, g, np.inf), cohorts), codes(np.where(inside, e, np.inf), times)
    both = np.where(inside, h * times.size + k, cohorts.size * times.size)
    present = np.flatnonzero(
        np.bincount(both, minlength=cohorts.size * times.size)[: cohorts.size * times.size]
    )
    lookup = np.full(cohorts.size * times.size + 1, present.size)
    lookup[present] = np.arange(present.size)
    return [
        (float(cohorts[place // times.size]), float(times[place % times.size])) for place in present
    ], lookup[both].astype(np.intp)


def _averaged(
    each: Estimate, cells: Sequence[tuple[float, float]], mass: Float, q: int, by: str
) -> Estimate:
    cohort, event_time = np.array(cells).T
    if by == "event":
        groups = [(key, event_time == key) for key in np.unique(event_time)]
    elif by == "cohort":
        groups = [(key, (cohort == key) & (event_time >= 0)) for key in np.unique(cohort)]
    else:
        groups = [(0.0, event_time >= 0)]
    j = np.zeros((len(groups), each.p))
    for i, (_, chosen) in enumerate(groups):
        j[i, q:][chosen] = mass[chosen] / mass[chosen].sum()
    out = each.through(
        lambda v: j @ v, j, tuple("ATT" if by == "att" else f"{key:g}" for key, _ in groups)
    )
    keys = pd.DataFrame(
        {
            "variable": by,
            {"event": "event_time", "cohort": "cohort", "att": "over"}[by]: [
                key for key, _ in groups
            ],
        }
    )
    return replace(out, keys=keys, extra={"base": "universal"})

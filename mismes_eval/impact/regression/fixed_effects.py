"""Two-way fixed effects, static and event study, with the design's variance or the cluster rules of
fixest and Stata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.impact.did.breaks import refuse_starts
from mismes_eval.impact.did.two_by_two import PanelLike
from mismes_eval.impact.regression.long_rows import Long, few_said, read_long
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.numerics.two_way import Columns, codes, within
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

SmallSample = Literal["design", "nested", "full"]
SMALL = {
    "design": "the design's",
    "nested": (
        "(n - 1)/(n - K), unit effects nested in clusters not counted (fixest, Stata xtreg and"
        " reghdfe)"
    ),
    "full": "(n - 1)/(n - K), all effects counted (Stata areg)",
}


def two_way(
    data: Sample | PanelLike,
    outcome: str,
    treated: str | None = None,
    event_time: str | None = None,
    cluster: str | None = None,
    unit: str | None = None,
    time: str | None = None,
    covariates: Sequence[str] = (),
    reference: Sequence[float] = (-1,),
    small_sample: SmallSample = "design",
    series_breaks: Sequence[float] = (),
    acknowledge_breaks: bool = False,
) -> Estimate:
    """Regression on unit and period effects: beside the other estimators, never instead of them,
    where starts are staggered.

    Parameters
    ----------
    data : a tracer panel, or a long Sample with `unit` and `time`.
    treated : 0/1 in the row's period (static effect).  event_time : periods since treatment in each row; any value beyond +-900, or infinite, means never. Give one of both.
    reference : event times left out.  covariates : numeric columns that vary over time.
    cluster : column (of the persons of a panel); None: the design's PSUs, or units where the file
        has none.
    small_sample : "design" (m/(m - 1)), "nested" or "full", which multiply the variance by (n -
        1)/(n - K) too.
    series_breaks : first periods of new series: treatment that starts on one stops the run unless
        acknowledge_breaks.

    Returns
    -------
    Estimate: covariates, then "ATT" or one value an event time.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277, on what the static coefficient
    averages: see `bacon`.
    """
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    if (treated is None) == (event_time is None):
        raise IdentificationError(
            Problem(
                "two_way needs one of two descriptions of treatment",
                "arguments 'treated' and 'event_time'",
                "exactly one of them",
                f"{treated!r}, {event_time!r}",
            )
        )
    column = treated or event_time or ""
    long = read_long(
        data, [outcome, column, *covariates], unit, time, cluster, "two_way", event=event_time
    )
    d = long.columns[column]
    starts = _starts(long, d, treated is not None)
    said = (
        *refuse_starts(long.periods, starts, series_breaks, acknowledge_breaks),
        *few_said(long, np.isfinite(starts)),
    )
    if treated is not None:
        if not np.isin(d, (0.0, 1.0)).all():
            raise IdentificationError(
                Problem(
                    "treatment is not yes or no",
                    f"column '{column}'",
                    "0 or 1",
                    "other values",
                    "",
                    int((~np.isin(d, (0.0, 1.0))).sum()),
                )
            )
        _refuse_switching_off(long, d, column)
        return regress(
            long,
            outcome,
            covariates,
            (np.zeros(d.size, np.intp), ()),
            pd.DataFrame({"variable": [*covariates, "ATT"]}),
            small_sample,
            f"Two-way fixed effects, static, of {outcome} on {column}.",
            {"ATT": d},
        ).annotated(notes=said)
    times = [float(e) for e in np.unique(d[np.abs(d) < 900]) if e not in reference]
    keys = pd.DataFrame(
        {
            "variable": [*covariates, *["event"] * len(times)],
            "event_time": [*[np.nan] * len(covariates), *times],
        }
    )
    text = (
        f"Two-way fixed effects event study of {outcome}; reference"
        f" {', '.join(f'{r:g}' for r in reference)}."
    )
    return regress(
        long,
        outcome,
        covariates,
        (codes(d, times), [f"{e:g}" for e in times]),
        keys,
        small_sample,
        text,
    ).annotated(notes=said)


def regress(
    long: Long,
    outcome: str,
    covariates: Sequence[str],
    indicators: tuple[Int, Sequence[str]],
    keys: pd.DataFrame,
    small_sample: SmallSample,
    text: str,
    dose: dict[str, Float] | None = None,
) -> Estimate:
    """Least squares of the outcome on covariates, dose and indicators, unit and period effects
    taken out; influence of every coefficient.

    indicators : codes (n,) and their names, one coefficient each, none for rows with a code beyond
        the names.
    """
    if small_sample not in SMALL:
        raise IdentificationError(
            Problem(
                "unknown small-sample rule",
                "argument 'small_sample'",
                f"one of {', '.join(SMALL)}",
                repr(small_sample),
            )
        )
    design, dose = long.sample.design, dose or {}
    if design.replicates is not None and small_sample != "design":
        raise IdentificationError(
            Problem(
                "replicates carry their own degrees of freedom",
                "argument 'small_sample'",
                "'design'",
                repr(small_sample),
            )
        )
    code, labels = indicators
    names = [*covariates, *dose, *labels]
    dense = (
        np.array([*(long.columns[c] for c in covariates), *dose.values()])
        .reshape(-1, long.unit.size)
        .T
    )
    columns = Columns(dense, ((code, len(labels)), (long.period, long.periods.size)))
    y, w = long.columns[outcome], long.weights
    model = within(w, long.unit, long.units, columns)
    left = model.left()
    _refuse_collinear(left, np.sqrt(model.whole), names)
    bread = np.asarray(np.linalg.inv(left), float)
    beta, e = model.fit(y, bread)
    n, k = y.size, len(names)
    effects = long.periods.size if small_sample == "nested" else long.units + long.periods.size - 1
    scale = 1.0 if small_sample == "design" else np.sqrt((n - 1) / (n - k - effects))
    influence = long.carried(model.blocks(e, model.coefficients(bread * scale)))
    each = (
        None
        if design.replicates is None
        else replicated(long.sample, lambda v: _refitted(v[long.row], long, columns, y, names))
    )
    note = (
        f"{text} {long.units:,} units, {long.periods.size} periods, {n:,} rows. Small-sample"
        f" factor: {SMALL[small_sample]}."
    )
    count = np.concatenate(
        [
            np.full(len(covariates), float(n)),
            [float((v != 0).sum()) for v in dose.values()],
            np.bincount(code, minlength=len(labels) + 1)[: len(labels)],
        ]
    )
    return Estimate(
        beta,
        tuple(names),
        (Part(design, influence, each, None if each is None else beta),),
        keys.reset_index(drop=True),
        count,
        np.full(k, long.sample.degf),
        "effect",
        notes=(note, *long.notes, *long.sample.notes),
        extra={"base": "universal", "residual_sum": float(w @ e**2)},
    )


def _refitted(w: Float, long: Long, columns: Columns, y: Float, names: Sequence[str]) -> Float:
    model = within(w, long.unit, long.units, columns)
    left = model.left()
    _refuse_collinear(left, np.sqrt(model.whole), names, " in a replicate")
    return model.fit(y, np.asarray(np.linalg.inv(left), float))[0]


def _refuse_collinear(gram: Float, size: Float, names: Sequence[str], where: str = "") -> None:
    """Every column that the effects and the columns before it explain."""
    left = gram.copy()
    gone = []
    for j in range(left.shape[0]):
        if left[j, j] <= 1e-10 * max(size[j] ** 2, 1e-300):
            gone.append(names[j])
            continue
        left -= np.outer(left[:, j], left[j]) / left[j, j]
    if gone:
        raise IdentificationError(
            [
                Problem(
                    "a column is explained by unit and period effects and the columns before it",
                    f"'{g}'{where}",
                    "variation of its own",
                    "none",
                    "Leave it out; in an event study without never-treated units leave out two"
                    " event times.",
                )
                for g in gone
            ]
        )


def _starts(long: Long, d: Float, static: bool) -> Float:
    """(n,) first treated period of each row's unit, inf for never: from the 0/1 column, or from the
    periods since treatment.
    """
    t = long.periods[long.period]
    if not static:
        return np.where(np.abs(d) < 900, t - d, np.inf)
    first = np.full(long.units, np.inf)
    np.minimum.at(first, long.unit, np.where(d == 1, t, np.inf))
    return np.asarray(first[long.unit])


def _refuse_switching_off(long: Long, d: Float, column: str) -> None:
    order = np.lexsort((long.period, long.unit))
    falls = (np.diff(d[order]) < 0) & (np.diff(long.unit[order]) == 0)
    if falls.any():
        raise IdentificationError(
            Problem(
                "treatment switches off",
                f"column '{column}'",
                "treatment that stays on",
                f"{int(falls.sum())} units that leave",
                "Define the cohort by the first treatment.",
            )
        )


def sun_abraham(
    data: Sample | PanelLike,
    outcome: str,
    cohort: str,
    unit: str | None = None,
    time: str | None = None,
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
    if by not in ("event", "cohort", "att", "cells"):
        raise IdentificationError(
            Problem(
                "unknown average", "argument 'by'", "'event', 'cohort', 'att' or 'cells'", repr(by)
            )
        )
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    long = read_long(data, [outcome, *covariates], unit, time, cluster, "sun_abraham", cohort)
    g, t = long.columns[cohort], long.periods[long.period]
    if not np.isinf(g).any():
        raise IdentificationError(
            Problem(
                "no never-treated group",
                "argument 'cohort'",
                "units with 0, or a start after the last period",
                "none",
                "Drop the periods from the last cohort's start on.",
            )
        )
    early = np.unique(g[g <= long.periods[0]])
    if early.size:
        raise IdentificationError(
            Problem(
                "a cohort has no period before treatment",
                f"column '{cohort}'",
                f"starts after {long.periods[0]:g}",
                ", ".join(f"{v:g}" for v in early),
                "Narrow the domain to the other cohorts.",
            )
        )
    said = (
        *refuse_starts(long.periods, g, series_breaks, acknowledge_breaks),
        *few_said(long, np.isfinite(g)),
    )
    e = t - g
    cells, code = _cells(g, e)
    keys = pd.DataFrame(
        {
            "variable": [*covariates, *["cell"] * len(cells)],
            "cohort": [*[np.nan] * len(covariates), *[c[0] for c in cells]],
            "event_time": [*[np.nan] * len(covariates), *[c[1] for c in cells]],
        }
    )
    each = regress(
        long,
        outcome,
        covariates,
        (code, [f"{h:g}:{k:g}" for h, k in cells]),
        keys,
        small_sample,
        f"Sun-Abraham regression of {outcome}.",
    ).annotated(notes=said)
    if by == "cells":
        return each
    mass = np.bincount(code, weights=long.weights, minlength=len(cells) + 1)[: len(cells)].astype(
        float
    )
    return _averaged(each, cells, mass, len(covariates), by)


def _cells(g: Float, e: Float) -> tuple[list[tuple[float, float]], Int]:
    """Cohorts by event time that occur, without the last period before treatment, and the cell of
    each row (their number for rows in none).
    """
    inside = np.isfinite(g) & (e != -1)
    cohorts, times = np.unique(g[inside]), np.unique(e[inside])
    h, k = codes(np.where(inside, g, np.inf), cohorts), codes(np.where(inside, e, np.inf), times)
    both = np.where(inside, h * times.size + k, cohorts.size * times.size)
    present = np.flatnonzero(
        np.bincount(both, minlength=cohorts.size * times.size)[: cohorts.size * times.size]
    )
    lookup = np.full(cohorts.size * times.size + 1, present.size)
    lookup[present] = np.arange(present.size)
    return [
        (float(cohorts[c // times.size]), float(times[c % times.size])) for c in present
    ], lookup[both].astype(np.intp)


def _averaged(
    each: Estimate, cells: Sequence[tuple[float, float]], mass: Float, q: int, by: str
) -> Estimate:
    h, e = np.array(cells).T
    if by == "event":
        groups = [(k, e == k) for k in np.unique(e)]
    elif by == "cohort":
        groups = [(k, (h == k) & (e >= 0)) for k in np.unique(h)]
    else:
        groups = [(0.0, e >= 0)]
    j = np.zeros((len(groups), each.p))
    for i, (_, chosen) in enumerate(groups):
        j[i, q:][chosen] = mass[chosen] / mass[chosen].sum()
    out = each.through(
        lambda v: j @ v, j, tuple("ATT" if by == "att" else f"{k:g}" for k, _ in groups)
    )
    keys = pd.DataFrame(
        {
            "variable": by,
            {"event": "event_time", "cohort": "cohort", "att": "over"}[by]: [k for k, _ in groups],
        }
    )
    return replace(out, keys=keys, extra={"base": "universal"})

"""Averages of group-time effects with the cohorts' shares as weights, and the shares' own sampling
error (Callaway and Sant'Anna 2021, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.timeline import Timeline

Kind = Literal["simple", "event", "cohort", "calendar"]
KINDS = ("simple", "event", "cohort", "calendar")
WORDS = {
    "simple": (
        "Average over all post-treatment group-time effects, weighted by the size of the cohort."
    ),
    "event": "Average effect by time since treatment.",
    "cohort": "Average effect of each cohort over its treated periods.",
    "calendar": "Average effect in each period over the cohorts treated by then.",
}


@dataclass(frozen=True)
class Row:
    """One average: the cells behind it and whether they are weighted by cohort size (else equally)."""

    key: float
    cells: Bool
    by_size: bool


Window = tuple[float | None, float | None]


def averages(
    joint: Estimate,
    cells: pd.DataFrame,
    time: Timeline,
    kind: Kind,
    window: Window,
    balance: float | None,
) -> Estimate:
    """Averages by key, from the joint estimate of K cells and the weighted sizes of G cohorts."""
    cells, dropped = _balanced(cells, time, kind, window, balance)
    each = _each(joint, cells, time, kind, _chosen(cells, kind, window)).annotated(notes=dropped)
    if kind != "event" or joint.extra.get("base") != "universal":
        return each
    return _with_references(joint, cells, time, each)


def overall(
    joint: Estimate,
    cells: pd.DataFrame,
    time: Timeline,
    kind: Kind,
    window: Window,
    balance: float | None,
) -> Estimate:
    """The overall average of what `averages` gives."""
    cells, dropped = _balanced(cells, time, kind, window, balance)
    rows = _chosen(cells, kind, window)
    groups = np.unique(cells["cohort"].to_numpy(float))
    owner = np.searchsorted(groups, cells["cohort"].to_numpy(float))
    each = _each(joint, cells, time, kind, rows)
    return replace(
        _overall(each, joint, rows, kind, owner, groups, each.n),
        extra={**joint.extra, "kind": kind},
    ).annotated(notes=dropped)


def _chosen(cells: pd.DataFrame, kind: Kind, window: Window) -> list[Row]:
    IdentificationError.refuse(unknown("unknown aggregation", "kind", kind, KINDS))
    rows = _rows(cells, kind)
    if not rows:
        raise IdentificationError(
            Problem(
                what="no group-time effect is left to average",
                where=worded("aggregate('{kind}')", {"kind": kind}),
                expected="at least one",
                got=worded("none"),
                fix="Widen min_event, max_event or balance.",
            )
        )
    return rows


def _each(
    joint: Estimate, cells: pd.DataFrame, time: Timeline, kind: Kind, rows: list[Row]
) -> Estimate:
    groups = np.unique(cells["cohort"].to_numpy(float))
    owner = np.searchsorted(groups, cells["cohort"].to_numpy(float))
    jacobian = _averages(rows, joint.value, owner, groups.size)[1]
    labelled = kind in ("cohort", "calendar")
    shown = [time.shown(row.key) if labelled else f"{row.key:g}" for row in rows]
    names = ("ATT",) if kind == "simple" else tuple(shown)
    key = {"event": "event_time", "cohort": "cohort", "calendar": "time"}.get(kind)
    keys = pd.DataFrame({"variable": ["ATT"]})
    if key:
        told = [time.key(row.key) if labelled else row.key for row in rows]
        keys = pd.DataFrame({"variable": kind, key: told})
    treated = cells["n_treated"].to_numpy(float)
    if kind == "calendar":
        n = np.array([treated[row.cells].sum() for row in rows])
    else:
        n = np.array([_largest(treated[r.cells], owner[r.cells], groups.size) for r in rows])
    each = joint.through(lambda v: _averages(rows, v, owner, groups.size)[0], jacobian, names, n)
    return replace(
        each,
        keys=keys,
        dof=np.full(len(rows), joint.dof.min()),
        definition=WORDS[kind],
        extra={**joint.extra, "kind": kind},
    )


def _with_references(
    joint: Estimate, cells: pd.DataFrame, time: Timeline, each: Estimate
) -> Estimate:
    """The event study, with the event times of its reference periods; and where cohorts differ in
    these, the same counted in periods, in which they do not.
    """
    at_base = (cells["time"] == cells["base"]).to_numpy() & cells["kept"].to_numpy(bool)
    references = tuple(np.unique(cells.loc[at_base, "event_time"].to_numpy(float)).tolist())
    extra = {**each.extra, "references": references}
    if len(references) > 1:
        counted = cells.assign(event_time=_order(cells))
        study = _each(joint, counted, time, "event", _chosen(counted, "event", (None, None)))
        once = np.unique(counted.loc[at_base, "event_time"].to_numpy(float))
        study = replace(study, extra={**study.extra, "references": tuple(once)})
        extra["in_order"] = (each.p, study)
    return replace(each, extra=extra)


def _order(cells: pd.DataFrame) -> Float:
    """(K,) periods since the first treated one, in their order."""
    periods = np.unique(cells["time"].to_numpy(float))
    start = np.searchsorted(periods, cells["cohort"].to_numpy(float))
    place = np.searchsorted(periods, cells["time"].to_numpy(float))
    return np.asarray(place - start, float)


def _largest(treated: Float, owner: np.ndarray, g: int) -> float:
    """Sum over cohorts of the most treated rows behind any of their cells."""
    out = np.zeros(g)
    np.maximum.at(out, owner, treated)
    return float(out.sum())


def _balanced(
    cells: pd.DataFrame, time: Timeline, kind: Kind, window: Window, balance: float | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Cells with the column `kept`, False outside the window and for cohorts that lack an event
    time that was asked for; and who was left out for it.

    Asked for are all event times that any cohort has from the window's start (0 where it has none)
    up to `balance`.
    """
    event_time = cells["event_time"].to_numpy(float)
    g = cells["cohort"].to_numpy(float)
    low = -np.inf if window[0] is None else window[0]
    high = np.inf if window[1] is None else window[1]
    kept = (event_time >= low) & (event_time <= high)
    if balance is None:
        return cells.assign(kept=kept), ()
    if kind != "event":
        raise IdentificationError(
            Problem(
                "balance belongs to the event study",
                of_argument("balance"),
                "None unless kind is 'event'",
                str(balance),
            )
        )
    kept &= event_time <= balance
    asked = np.unique(event_time[kept & (event_time >= (0.0 if window[0] is None else low))])
    if event_time.max(initial=-np.inf) < balance:
        asked = np.append(asked, balance)
    lacking = {}
    for cohort in np.unique(g):
        missing = np.setdiff1d(asked, event_time[kept & (g == cohort)])
        if missing.size:
            lacking[cohort] = ", ".join(f"{m:g}" for m in missing)
    dropped = tuple(
        f"Cohort {time.shown(cohort)} is left out of the balanced event study: no effect is estimated at"
        f" event time {missing}."
        for cohort, missing in lacking.items()
    )
    return cells.assign(kept=kept & ~np.isin(g, list(lacking))), dropped


def _rows(cells: pd.DataFrame, kind: Kind) -> list[Row]:
    cohort, time_, event_time = (
        cells[column].to_numpy(float) for column in ("cohort", "time", "event_time")
    )
    kept = cells["kept"].to_numpy(bool)
    post = kept & (event_time >= 0)
    if kind == "simple":
        return [Row(0.0, post, True)] if post.any() else []
    if kind == "event":
        return [
            Row(float(moment), kept & (event_time == moment), True)
            for moment in np.unique(event_time[kept])
        ]
    if kind == "cohort":
        return [
            Row(float(start), post & (cohort == start), False) for start in np.unique(cohort[post])
        ]
    return [Row(float(moment), post & (time_ == moment), True) for moment in np.unique(time_[post])]


def _averages(rows: list[Row], value: Float, owner: np.ndarray, g: int) -> tuple[Float, Float]:
    """Values (R,) and jacobian (R, K + G) with respect to effects and cohort sizes."""
    k = owner.size
    att, size = value[:k], value[k : k + g]
    out = np.empty(len(rows))
    jacobian = np.zeros((len(rows), k + g))
    for i, row in enumerate(rows):
        weight = np.where(row.cells, size[owner] if row.by_size else 1.0, 0.0)
        total = weight.sum()
        out[i] = weight @ att / total
        jacobian[i, :k] = weight / total
        if row.by_size:
            np.add.at(jacobian[i], k + owner[row.cells], (att[row.cells] - out[i]) / total)
    return out, jacobian


def _overall(
    each: Estimate,
    joint: Estimate,
    rows: list[Row],
    kind: Kind,
    owner: np.ndarray,
    groups: Float,
    n: Float,
) -> Estimate:
    """Equal weights over event times from 0 and over periods; cohort sizes over cohorts (R did:
    aggte's overall effect).
    """
    if kind == "simple":
        return each
    if kind == "cohort":
        at = np.searchsorted(groups, [row.key for row in rows])

        def mean(value: Float) -> tuple[Float, Float]:
            averages, inner = _averages(rows, value, owner, groups.size)
            size = value[owner.size + at]
            jacobian = (size @ inner / size.sum())[None]
            out = float(size @ averages / size.sum())
            jacobian[0, owner.size + at] += (averages - out) / size.sum()
            return np.array([out]), jacobian

        jacobian = mean(joint.value)[1]
        size = np.array([n.sum()])
        overall = joint.through(lambda v: mean(v)[0], jacobian, ("overall",), size)
        return replace(
            overall,
            dof=np.array([joint.dof.min()]),
            definition="Average effect over cohorts, weighted by their size.",
        )
    chosen = np.array([kind != "event" or row.key >= 0 for row in rows])
    if not chosen.any():
        raise IdentificationError(
            Problem(
                "no effect after treatment is left to average",
                worded("aggregate('{kind}')", {"kind": kind}),
                "event times of 0 or later",
                worded("none"),
            )
        )
    j = (chosen / chosen.sum())[None]
    out = each.through(lambda v: j @ v, j, ("overall",), np.array([n[chosen].max()]))
    words = "event times from 0" if kind == "event" else "periods"
    return replace(
        out,
        dof=np.array([joint.dof.min()]),
        definition=Message("Equal average over {what}.", {"what": words}, "definition"),
    )

"""A measure rolled out region by region, inside the impact chapter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.report import figures
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import persons, plain
from mismes_eval.report.chapters.cells import rows as plain_rows
from mismes_eval.report.chapters.doubt import honest_items
from mismes_eval.report.tables import COLUMNS, P_VALUE, Table, cells_of


def rollout_items(context: Context, r: Rollout) -> list[Item]:
    """T24 group-time effects, T24b summary with the wild bootstrap, F11-rollout path of the effect and F11b-rollout its honest intervals, and the words they allow."""
    intro = context.text(
        "{m} was rolled out over {n} regions. Group-time effects compare the change in regions that got it with regions that had not, on repeated cross-sections.",
        m=r.measure,
        n=r.regions,
    )
    if isinstance(r.overall, NotEstimable):
        return [intro, context.text("The effect of the roll-out could not be estimated: {r}", r=context.text(r.overall.reason))]
    return [intro, context.text(_words(r), **_values(context, r)), _summary(context, r), _cells(context, r), *_path(context, r), *_honest(context, r)]


def _limits(r: Rollout) -> tuple[float, float]:
    """The interval that counts: over regions where they are few enough to need the wild bootstrap and it gives one, else the design's."""
    if not isinstance(r.wild, NotEstimable):
        frame = r.wild.to_frame()
        low, high = float(frame["ci_low"].iloc[0]), float(frame["ci_high"].iloc[0])
        if np.isfinite(low) and np.isfinite(high):
            return low, high
    assert isinstance(r.overall, Estimate)
    ci = r.overall.ci().iloc[0]
    return float(ci["low"]), float(ci["high"])


def _words(r: Rollout) -> str:
    low, high = _limits(r)
    if low <= 0 <= high:
        return "No effect of the roll-out on '{o}' could be shown: {v} percentage points, {lo} to {hi} when regions are the clusters (wild bootstrap, {n} regions)."
    return "'{o}' is {v} percentage points higher or lower where the measure was rolled out, {lo} to {hi} when regions are the clusters (wild bootstrap, {n} regions), if regions would else have changed alike."


def _values(context: Context, r: Rollout) -> dict[str, object]:
    assert isinstance(r.overall, Estimate)
    low, high = _limits(r)
    n = context.words.number
    return {"o": context.column(r.outcome), "v": n(float(r.overall.value[0]) * 100), "lo": n(low * 100), "hi": n(high * 100), "n": r.regions}


def _summary(context: Context, r: Rollout) -> Table:
    rows = [("all groups and periods, design-based error", "estimate", r.overall), ("change in the share of men (composition)", "estimate", r.composition),
            ("outcome before the first roll-out", "estimate", r.before.annotated(kind="share") if isinstance(r.before, Estimate) else r.before)]  # fmt: skip
    cells = pd.concat([cells_of(rows, context.rules), _pretrend(context, r)], ignore_index=True)
    if not isinstance(r.wild, NotEstimable):
        w = r.wild.to_frame().iloc[0]
        blank = dict.fromkeys(COLUMNS, np.nan) | {
            "flag": "",
            "unit": "share",
            "definition": "wild cluster bootstrap over regions",
            "status": "shown",
            "kind": "effect",
        }
        line = blank | {
            "row": "all groups and periods, regions as clusters (wild bootstrap)",
            "column": "estimate",
            "value": w["value"],
            "se": w["se"],
            "ci_low": w["ci_low"],
            "ci_high": w["ci_high"],
            "n": float(w["clusters"]),
        }
        cells = pd.concat([cells, pd.DataFrame([line], columns=list(COLUMNS))], ignore_index=True)
    note = "With few regions the design's error misses shocks that whole regions share; the wild bootstrap treats regions as the clusters. Its n counts regions. A change in composition would mean that who lives there changed."
    return Table(
        "T24",
        "Effect of the roll-out, percentage points",
        cells,
        r.source,
        (note, *r.breaks, *_truth(context, r), _basis(r)),
        100.0,
        1,
        context.synthetic,
        {"p-value of the test that all effects before the roll-out are 0": (1.0, 3)},
    )


def _pretrend(context: Context, r: Rollout) -> pd.DataFrame:
    """Joint test of all effects before the roll-out."""
    row = "p-value of the test that all effects before the roll-out are 0"
    test = r.effects if isinstance(r.effects, NotEstimable) else r.effects.pretrend_test()
    return (
        cells_of([(row, "estimate", test)], context.rules)
        if isinstance(test, NotEstimable)
        else plain_rows([plain(row, "estimate", float(test.p), P_VALUE, kind="effect")])
    )


def _basis(r: Rollout) -> str:
    return next((n for n in r.overall.notes if n.startswith("Variance")), "") if isinstance(r.overall, Estimate) else ""


def _truth(context: Context, r: Rollout) -> tuple[str, ...]:
    table = context.evaluation.truth
    if table is None:
        return ()
    mine = table[(table["source"].astype(str) == "lfs_rollout") & (table["outcome"].astype(str) == r.outcome)]
    if mine.empty:
        return ()
    said = "Known true effect of these made-up data on '{o}': {v:.3f}."
    return (context.text(said, o=context.column(r.outcome), v=float(mine["att"].astype(float).mean())),)


def _cells(context: Context, r: Rollout) -> Table:
    assert not isinstance(r.effects, NotEstimable)
    frame = r.effects.to_frame()
    blank = dict.fromkeys(COLUMNS, np.nan) | {"flag": "", "unit": "share", "definition": "group-time effect", "status": "shown", "kind": "effect"}
    cells = [
        blank
        | {
            "row": f"{int(c['cohort'])}",
            "column": f"{int(c['time'])}",
            "value": c["att"],
            "se": c["se"],
            "ci_low": c["ci_low"],
            "ci_high": c["ci_high"],
            "n": float(c["n_treated"]),
        }
        for c in frame.to_dict("records")
    ]
    note = "Rows: first year with the measure; columns: year of the survey. Years before the first year are pre-trends."
    return Table(
        "T24b",
        "Group-time effects of the roll-out, percentage points",
        pd.DataFrame(cells, columns=list(COLUMNS)),
        r.source,
        (note,),
        100.0,
        1,
        context.synthetic,
    )


def _path(context: Context, r: Rollout) -> list[Item]:
    if isinstance(r.event, NotEstimable):
        return [cells_note(context, r.event.reason)]
    ci = r.event.ci()
    frame = pd.DataFrame(
        {
            "series": context.column(r.outcome),
            "x": r.event.keys["event_time"].astype(float),
            "value": r.event.value,
            "low": ci["low"].to_numpy(),
            "high": ci["high"].to_numpy(),
        }
        | _band(r)
    )
    title = context.text("Effect of the roll-out on '{o}' by years since it began", o=context.column(r.outcome))
    return [
        figures.paths(
            "F11-rollout",
            title,
            frame,
            "years since the roll-out",
            "percentage points (95% interval)",
            100.0,
            True,
            r.source,
            (
                "The year before the roll-out is 0 by construction.",
                "Thick: 95% interval of each point; thin: 95% band that holds for all points together (sup-t).",
                *r.breaks,
                persons(context, r.event.n.max()),
            ),
            context.synthetic,
            context.words,
        )
    ]


def _band(r: Rollout) -> dict[str, np.ndarray]:
    if isinstance(r.band, NotEstimable):
        return {}
    wide = r.band.to_frame()
    return {"wide_low": wide["low"].fillna(0.0).to_numpy(), "wide_high": wide["high"].fillna(0.0).to_numpy()}


def _honest(context: Context, r: Rollout) -> list[Item]:
    measure = context.text("{m}, first year", m=r.measure)
    return honest_items(context, r.honest, "F11b-rollout", measure, r.outcome, r.source, _basis(r), r.event)


def cells_note(context: Context, reason: str) -> str:
    """Why there is no picture."""
    return context.text("The path of the effect could not be drawn: {r}", r=context.text(reason))

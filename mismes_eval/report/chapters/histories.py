"""What became of the people of a tracer study: indicators T5 to T12 by arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import joined, pooled_basis, single
from mismes_eval.report.chapters.waiting import NO_EPISODES
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.tables import Table

TITLES = {
    "T5": "months to the first job, median",
    "T6": "job match",
    "T7": "share of months employed",
    "T8": "employed in all of the last 6 months",
    "T9": "ever went abroad",
    "T10": "business still running",
    "T11": "reintegration",
    "T12": "mean earnings of the employed, PPP",
}
FROM_EPISODES = ("T5", "T7", "T8", "T9")
ARMS = {"T": "participants", "C": "comparison"}
DIMENSIONS = {
    "rsi_econ": "economic",
    "rsi_social": "social",
    "rsi_psych": "psychosocial",
}  # of reintegration, beside its total score
# of indicators that are no shares
UNITS = {"T5": "months", "T11": "score", "T12": "international dollars"}
SHARES = ("T6", "T7", "T8", "T9", "T10")


def histories(context: Context, study: Tracing) -> Table:
    """T16b: one row an indicator and month, one column an arm."""
    parts: list[pd.DataFrame] = []
    units: dict[str, tuple[float, int]] = {}
    try:
        found = tracers.indicators(study.panel, by="arm", arm="arm")
    except MismesError as error:
        found = dict.fromkeys(TITLES, NotEstimable(error.problems[0].reason))
    for id_, title in TITLES.items():
        item = found.get(id_, NotEstimable("not in the tracer study"))
        if isinstance(item, NotEstimable):
            if study.panel.episodes is None and id_ in FROM_EPISODES:
                item = NotEstimable(NO_EPISODES)
            parts.append(single(context, context.text(title), "participants", item))
            continue
        share = id_ in SHARES
        stated = _selected(id_, item).annotated(
            kind="share" if share else item.kind,
            unit="share" if share else item.unit or UNITS.get(id_, "number"),
        )
        rows = [_row(context, id_, title, keys) for keys in stated.keys.to_dict("records")]
        shown = (100.0, 1) if share else (1.0, 2 if id_ == "T11" else 1)
        units |= dict.fromkeys(rows, shown)
        arms: str | list[str] = "all"
        if "arm" in stated.keys:
            arms = [ARMS.get(str(arm)) or context.name(arm) for arm in stated.keys["arm"]]
        parts.append(cells_by(stated, context.rules, rows, arms))
    note = (
        "Shares in %. Job match: level and field of the job fit the training. Reintegration: scores"
        " from 0 to 1, in total and by dimension. Months count from enrolment."
    )
    return Table(
        id="T16b",
        title="Work and life after enrolment",
        cells=joined(parts),
        source=study.source,
        notes=(note, *pooled_basis(context, study)),
        units=units,
    )


def _selected(id_: str, item: Estimate) -> Estimate:
    """The values that are shown: of reintegration the mean scores."""
    if id_ != "T11":
        return item
    wanted = {f"{score} mean" for score in ("rsi_total", *DIMENSIONS)}
    return item.select([k for k, name in enumerate(item.keys["variable"]) if str(name) in wanted])


def _row(context: Context, id_: str, title: str, keys: Mapping[Any, Any]) -> str:
    name = context.text(title)
    part = ""
    if id_ == "T6":
        part = str(keys["variable"])
    elif id_ == "T11":
        part = DIMENSIONS.get(str(keys["variable"]).removesuffix(" mean"), "")
    if part:
        name = context.text("{indicator}: {part}", indicator=name, part=context.text(part))
    when = keys.get("months", keys.get("time"))
    if when is None or pd.isna(when):
        return name
    months = context.text("{m:.0f} months", m=float(when))
    return context.text("{what}, {when}", what=name, when=months)

"""What became of the people of a tracer study: indicators T5 to T12 by arm."""

from __future__ import annotations

import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import pooled_basis
from mismes_eval.report.chapters.waiting import NO_EPISODES
from mismes_eval.report.document.cells import COLUMNS
from mismes_eval.report.document.estimated_cells import cells_by, cells_of
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
            parts.append(cells_of([(context.text(title), "participants", item)], context.rules))
            continue
        keep = [place for place in range(item.p) if _wanted(id_, item, place)]
        rows = [_row(context, id_, title, item, place) for place in keep]
        units |= {
            row: (100.0, 1) if id_ in SHARES else (1.0, 2 if id_ == "T11" else 1) for row in rows
        }
        kind = "share" if id_ in SHARES else item.kind
        arms = [
            (
                ARMS.get(str(item.keys["arm"].iloc[place]))
                or context.name(item.keys["arm"].iloc[place])
                if "arm" in item.keys
                else "all"
            )
            for place in keep
        ]
        unit = "share" if id_ in SHARES else item.unit or UNITS.get(id_, "number")
        stated = item.select(keep).annotated(kind=kind, unit=unit)
        parts.append(cells_by(stated, context.rules, rows, arms))
    cells = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    note = (
        "Shares in %. Job match: level and field of the job fit the training. Reintegration: scores"
        " from 0 to 1, in total and by dimension. Months count from enrolment."
    )
    return Table(
        id="T16b",
        title="Work and life after enrolment",
        cells=cells,
        source=study.source,
        notes=(note, *pooled_basis(context, study)),
        units=units,
    )


def _wanted(id_: str, item: Estimate, k: int) -> bool:
    if id_ == "T11":
        score, _, kind = str(item.keys["variable"].iloc[k]).partition(" ")
        return kind == "mean" and score in ("rsi_total", *DIMENSIONS)
    return True


def _row(context: Context, id_: str, title: str, item: Estimate, k: int) -> str:
    keys = item.keys.iloc[k]
    name = context.text(title)
    if id_ == "T6":
        name = context.text(
            "{indicator}: {part}", indicator=name, part=context.text(str(keys["variable"]))
        )
    score = str(keys["variable"]).removesuffix(" mean") if id_ == "T11" else ""
    if score in DIMENSIONS:
        name = context.text(
            "{indicator}: {part}", indicator=name, part=context.text(DIMENSIONS[score])
        )
    when = keys.get("months", keys.get("time"))
    return (
        name
        if when is None or pd.isna(when)
        else context.text(
            "{what}, {when}", what=name, when=context.text("{m:.0f} months", m=float(when))
        )
    )

"""Do no harm: whether any outcome in which more is better fell by more than chance explains."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import after, outcome_kind, outcome_scale, spoken_cell
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import SummarySpec

NONE = (
    "{m}: looked for harm in {k} outcomes and waves in which more is better: none fell by more than"
    " chance explains. Falls within the intervals of the table cannot be excluded."
)
SOME = (
    "{m}: looked for harm in {k} outcomes and waves in which more is better: {falls} fell by more"
    " than chance explains (95% intervals, each outcome for itself)."
)


def harm(context: Context, study: Tracing, effect: Effects) -> Items:
    """One sentence a measure; none where nothing could be estimated."""
    seen = {
        (str(outcome), wave): spoken_cell(context, effect.measure, study, str(outcome), wave)
        for (outcome, wave), e in effect.by_wave.items()
        if isinstance(e, Estimate) and outcome_kind(context, str(outcome)).better == "more"
    }
    if not seen:
        return []
    places = {key: place for place, key in seen.items()}

    def say(cells: pd.DataFrame) -> str:
        shown = cells[cells["value"].notna()]
        if shown.empty:
            return ""
        falls = []
        for cell in shown.to_dict("records"):
            span = Span(cell["value"], cell["ci_low"], cell["ci_high"])
            if span.sign == "lower":
                place = places[CellKey(cell["table"], cell["row"], cell["column"])]
                falls.append(_fall(context, study, *place, span))
        if not falls:
            return context.text(NONE, m=effect.measure, k=len(shown))
        return context.text(SOME, m=effect.measure, k=len(shown), falls="; ".join(falls))

    return [SummarySpec(tuple(seen.values()), say)]


def _fall(context: Context, study: Tracing, outcome: str, wave: object, span: Span) -> str:
    scale = outcome_scale(context, outcome)[0]
    n = context.words.number
    return context.text(
        "'{o}' after {w} ({v}; {lo} to {hi})",
        o=context.column(outcome),
        w=after(context, study, wave),
        v=n(span.value * scale),
        lo=n(span.low * scale),
        hi=n(span.high * scale),
    )

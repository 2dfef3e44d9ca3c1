"""What the generator of made-up data planted, beside the interval that a report gives for it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mismes_eval.estimate.verdict import Span
from mismes_eval.message import Message, Quantity
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import following, plain, rows, shown_values, span_at
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import SummarySpec

AFTER = (
    "{m}: truth of these made-up data on '{o}' after {w}: {v}; {place} the 95% interval"
    " ({lo} to {hi})."
)
OVERALL = "Truth of these made-up data on '{o}': {v}; {place} the 95% interval ({lo} to {hi})."
INSIDE, OUTSIDE = Message("inside"), Message("outside")
PLANTED = ("planted", "effect")  # row and column of the cell that the sentence has of its own


def truth_item(
    context: Context,
    id: str,
    planted: float,
    cells: tuple[CellKey, ...],
    words: Mapping[str, str],
    unit: tuple[float, str, str, int],
) -> SummarySpec:
    """The planted effect beside the interval of the first of the cells; nothing where one of them
    is hidden. unit : scale, singular, plural, decimals.
    """
    scale, one, many, digits = unit
    own = following(rows([plain(*PLANTED, planted, kind="effect")]), *cells)

    def say(published: pd.DataFrame) -> str:
        span = span_at(published, cells[0])
        told = shown_values(published).get(CellKey(id, *PLANTED))
        if span is None or told is None:
            return ""
        message = truth_message(told * scale, span.scaled(scale), words, (one, many), digits)
        return context.text(message)

    return SummarySpec(cells, say, id, own)


def truth_message(
    planted: float,
    span: Span,
    words: Mapping[str, object],
    unit: tuple[str, str],
    digits: int = 1,
) -> Message:
    """planted : the effect of the generator's own record, in the unit of span. words : o the
    outcome, and for a wave m the measure and w the time. unit : singular and plural.
    """
    inside = span.low <= planted <= span.high
    values = {
        "v": Quantity(planted, *unit, digits),
        "lo": Quantity(span.low, "", "", digits),
        "hi": Quantity(span.high, "", "", digits),
        "place": INSIDE if inside else OUTSIDE,
    }
    return Message(AFTER if "w" in words else OVERALL, dict(words) | values)

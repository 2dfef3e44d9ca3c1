"""What the generator of made-up data planted, beside the interval that a report gives for it."""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.estimate.verdict import Span
from mismes_eval.message import Message, Quantity

AFTER = (
    "{m}: truth of these made-up data on '{o}' after {w}: {v}; {place} the 95% interval"
    " ({lo} to {hi})."
)
OVERALL = "Truth of these made-up data on '{o}': {v}; {place} the 95% interval ({lo} to {hi})."
INSIDE, OUTSIDE = Message("inside"), Message("outside")


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

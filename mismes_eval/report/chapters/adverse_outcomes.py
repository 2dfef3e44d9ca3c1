"""Do no harm: whether any outcome in which more is better fell by more than chance explains."""

from __future__ import annotations

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import outcome_kind, outcome_scale, published
from mismes_eval.report.chapters.verdicts import spoken_span

NONE = (
    "{m}: looked for harm in {k} outcomes and waves in which more is better: none fell by more than"
    " chance explains. Falls within the intervals of the table cannot be excluded."
)
SOME = (
    "{m}: looked for harm in {k} outcomes and waves in which more is better: {falls} fell by more"
    " than chance explains (95% intervals, each outcome for itself)."
)


def harm(context: Context, study: Tracing, effect: Effects) -> list[str]:
    """One sentence a measure; none where nothing could be estimated."""
    seen = {
        key: e
        for key, e in effect.by_wave.items()
        if isinstance(e, Estimate)
        and published(context, e)
        and outcome_kind(context, key[0]).better == "more"
    }
    if not seen:
        return []
    falls = []
    for outcome, wave in seen:
        span = spoken_span(context.evaluation, effect, str(outcome), wave)
        if span is not None and span.sign == "lower":
            falls.append(_fall(context, study, str(outcome), wave, span))
    if not falls:
        return [context.text(NONE, m=effect.measure, k=len(seen))]
    return [context.text(SOME, m=effect.measure, k=len(seen), falls="; ".join(falls))]


def _fall(context: Context, study: Tracing, outcome: str, wave: object, span: Span) -> str:
    scale, n = outcome_scale(context, outcome)[0], context.words.number
    when = context.text("{m:.0f} months", m=study.months[wave])
    return context.text(
        "'{o}' after {w} ({v}; {lo} to {hi})",
        o=context.column(outcome),
        w=when,
        v=n(span.value * scale),
        lo=n(span.low * scale),
        hi=n(span.high * scale),
    )

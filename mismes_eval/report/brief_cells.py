"""What page one says of a measure's cells: how sure, what a job-year cost, where the jobs are."""

from __future__ import annotations

from mismes_eval.estimate.verdict import DRAWN_BY_LOT, Check, Span, Verdict
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import interval_numbers, part_cells
from mismes_eval.report.chapters.costs import cost_row
from mismes_eval.report.chapters.job_year import Priced, horizon_in_words, no_price_in_short
from mismes_eval.report.chapters.verdicts import SIDES, in_short
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import Number, SentenceSpec
from mismes_eval.report.sentences import parts_in_brief

NOTHING = "–"
# a price is quoted alone: it says by itself what it rests on
PRICE = "{price}, {assumption}"
WEAK_PRICE = "{price}, {assumption}, weak evidence"
COUNTED, LASTING = "over {w:.0f} months", "if it lasts {h}"
RESERVED = "{word}, {n} {n:=reservation|reservations}"


def sureness_said(context: Context, verdict: Verdict) -> tuple[str, str]:
    """The strength of the evidence with the number of reservations; the same with the one that
    weighs most: what makes it weak by itself, then what else is reserved, that no lot was drawn
    last.
    """

    def weight(check: Check) -> int:
        if check.started_apart or check.code == SIDES:
            return 0
        return 2 if check.code == DRAWN_BY_LOT else 1

    word = context.text(str(verdict.sureness))
    failed = sorted(verdict.reservations, key=weight)
    if not failed:
        return word, word
    reserved = context.text(RESERVED, word=word, n=len(failed))
    return reserved, context.text(
        "{word}: {why}", word=reserved, why=context.text(in_short(failed[0]))
    )


def price_said(context: Context, m: Priced, price: str, verdict: Verdict) -> str:
    """What a job-year cost with what it supposes and, where that is weak, how sure the effect is;
    or why no cost is given.
    """
    if price == NOTHING:
        return context.text(no_price_in_short(m, verdict))
    assumption = context.text(LASTING, h=horizon_in_words(m.horizon))
    if m.measured is not None:
        assumption = context.text(COUNTED, w=m.measured)
    template = WEAK_PRICE if verdict.sureness == "weak" else PRICE
    return context.text(template, price=price, assumption=assumption)


def where_jobs_are(context: Context, published: Published, effect: Effects, study: Tracing) -> str:
    """The parts of the effect that are work at home and work abroad: they add up to it, so both
    stand there with their intervals, or neither.
    """
    keys = part_cells(context, effect.measure, study).values()
    cells = [published.cells.get(key) for key in keys]
    spans = [Span(c.value, c.ci_low, c.ci_high) for c in cells if c is not None and c.shown]
    if len(spans) < len(cells):
        return NOTHING
    home, abroad = spans
    return context.text(parts_in_brief(home, abroad))


def cost_cell(context: Context, effect: Effects, what: str) -> CellKey:
    return CellKey("T20", cost_row(context, effect.measure, what), "estimate")


def number_said(context: Context, published: Published, key: CellKey) -> str:
    numbers = {"v": Number(key, digits=0)}
    return SentenceSpec("{v}", numbers).text(published, context.words) or NOTHING


def interval_said(context: Context, published: Published, key: CellKey) -> str:
    """An amount with its interval, where its cell is shown."""
    sentence = SentenceSpec("{v} ({lo} to {hi})", interval_numbers(key))
    return sentence.text(published, context.words) or NOTHING

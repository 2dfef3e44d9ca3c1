"""The first page as a brief: one row a measure that was evaluated, of cells that tables show."""

from __future__ import annotations

from dataclasses import dataclass

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import DRAWN_BY_LOT, Verdict
from mismes_eval.evaluation.tracer_study import Effects, Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import published as may_leave
from mismes_eval.report.chapters.costs import cost_row
from mismes_eval.report.chapters.impact import headline_cell, named
from mismes_eval.report.chapters.verdicts import (
    effect_verdict,
    in_short,
    main_cell,
    rollout_verdict,
)
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import Number, Part, SentenceSpec
from mismes_eval.report.document.plain import escape

HOME = "employed_home"
ROWS = 4
NOTHING = "–"
EFFECTS = {
    "higher": "{v} more ({lo} to {hi})",
    "lower": "{v} fewer ({lo} to {hi})",
    "unclear": "none shown ({lo} to {hi})",
    "unknown": "no interval",
}
CAPTION = (
    "'{o}' after {m:.0f} months, percentage points against life without the measure (95% interval),"
    " {assumption}"
)
HEADS = (
    "Measure",
    "Effect",
    "How sure",
    "Cost per participant, {c}",
    "Per additional job-year, {c}",
    "Of it at home",
)


@dataclass(frozen=True)
class BriefRow:
    """One measure: what it is, effect, how sure and why not surer, cost per participant and per
    additional job-year, effect on work at home; anchor: the table that holds the effect.
    """

    anchor: str
    measure: str
    effect: str
    sure: str
    cost: str
    job_year: str
    home: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells behind the measure's name."""
        return (self.effect, self.sure, self.cost, self.job_year, self.home)


@dataclass(frozen=True)
class Brief:
    """caption and heads of the table; rows; more: how many measures are left to the chapter."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[BriefRow, ...]
    more: str

    def html(self) -> str:
        """The table, each measure linked to the table of its effect."""
        heads = "".join(f'<th scope="col">{escape(h)}</th>' for h in self.heads)
        lines = []
        for row in self.rows:
            link = f'<a href="#{escape(row.anchor)}">{escape(row.measure)}</a>'
            cells = "".join(f"<td>{escape(text)}</td>" for text in row.texts)
            lines.append(f'<tr><th scope="row">{link}</th>{cells}</tr>')
        more = f"<p>{escape(self.more)}</p>" if self.more else ""
        return (
            f'<table class="brief"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"
        )


def brief(context: Context, published: Published) -> Brief | None:
    """The brief of a run, or None where no measure was evaluated."""
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    rows: list[BriefRow] = []
    verdicts: list[Verdict] = []
    if study is not None:
        for effect in context.evaluation.effects:
            found = _followed(context, published, effect, study)
            rows += [] if found is None else [found[0]]
            verdicts += [] if found is None else [found[1]]
    overall = None if rolled is None else rolled.overall
    if rolled is not None and isinstance(overall, Estimate) and may_leave(context, overall):
        verdict = rollout_verdict(rolled)
        if verdict is not None:
            rows.append(_row(context, "T24", rolled.measure, verdict))
    if not rows or study is None:
        return None
    outcome, wave = main_cell(context.evaluation)
    assumed = dict.fromkeys(context.text(v.assumption) for v in verdicts if v.assumption)
    left = len(rows) - ROWS
    currency = context.evaluation.params.cost.currency
    return Brief(
        caption=context.text(
            CAPTION,
            o=context.column(outcome),
            m=study.months[wave],
            assumption="; ".join(assumed),
        ),
        heads=tuple(context.text(head, c=currency) for head in HEADS),
        rows=tuple(rows[:ROWS]),
        more=context.text("The chapter on impact has {k} more.", k=left) if left > 0 else "",
    )


def _followed(
    context: Context, published: Published, effect: Effects, study: Tracing
) -> tuple[BriefRow, Verdict] | None:
    """The row of a measure of the tracer study; None where its effect is hidden or not there."""
    outcome, wave = main_cell(context.evaluation)
    main = effect.by_wave.get((outcome, wave))
    cell = published.cells.get(headline_cell(context, effect.measure, study))
    hidden = cell is not None and not cell.shown
    if not isinstance(main, Estimate) or hidden or not may_leave(context, main):
        return None
    doubts = {d.measure: d for d in context.evaluation.doubts}
    verdict = effect_verdict(context.evaluation, effect, doubts.get(effect.measure))
    if verdict is None:
        return None
    when = context.text("{m:.0f} months", m=study.months[wave])
    home = CellKey(f"T17-{effect.measure}", context.column(HOME), when)
    table = f"T17-{effect.measure}"
    return (
        _row(
            context,
            table,
            effect.measure,
            verdict,
            cost=_number(context, published, _cost(context, effect, "cost per participant"), 1.0),
            job_year=_between(
                context, published, _cost(context, effect, "cost per additional job-year"), 1.0
            ),
            home=_between(context, published, home, 100.0) if outcome == "employed" else NOTHING,
        ),
        verdict,
    )


def _row(
    context: Context,
    anchor: str,
    measure: str,
    verdict: Verdict,
    cost: str = NOTHING,
    job_year: str = NOTHING,
    home: str = NOTHING,
) -> BriefRow:
    span = verdict.span.size if verdict.shown else verdict.span
    number = context.words.number
    effect = context.text(
        EFFECTS[verdict.sign],
        v=number(100 * span.value),
        lo=number(100 * span.low),
        hi=number(100 * span.high),
    )
    failed = sorted(verdict.reservations, key=lambda check: check.code == DRAWN_BY_LOT)
    reasons = [in_short(check) for check in failed]
    sure = context.text(str(verdict.sureness))
    if reasons:
        sure = context.text("{word}: {why}", word=sure, why=context.text(reasons[0]))
    return BriefRow(anchor, named(context, measure), effect, sure, cost, job_year, home)


def _cost(context: Context, effect: Effects, what: str) -> CellKey:
    currency = context.evaluation.params.cost.currency
    return CellKey("T20", cost_row(context, effect.measure, what, currency), "estimate")


def _number(context: Context, published: Published, key: CellKey, scale: float) -> str:
    numbers = {"v": Number(key, "value", scale, 0)}
    return SentenceSpec("{v}", numbers).text(published, context.words) or NOTHING


def _between(context: Context, published: Published, key: CellKey, scale: float) -> str:
    """A number with its interval, where its cell is shown."""
    parts: dict[str, Part] = {"v": "value", "lo": "ci_low", "hi": "ci_high"}
    digits = 1 if scale > 1 else 0
    numbers = {name: Number(key, part, scale, digits) for name, part in parts.items()}
    text = SentenceSpec("{v} ({lo} to {hi})", numbers).text(published, context.words)
    return text or NOTHING

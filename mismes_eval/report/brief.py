"""The first page as a brief: one row a measure that was evaluated, of cells that tables show."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import DRAWN_BY_LOT, Check, Span, Verdict
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import headline_cell, outcome_scale, unit_of
from mismes_eval.report.chapters.cells import published as may_leave
from mismes_eval.report.chapters.costs import cost_row, no_price_in_short, priced
from mismes_eval.report.chapters.names import named
from mismes_eval.report.chapters.verdicts import (
    SIDES,
    effect_verdict,
    in_short,
    main_cell,
    planned,
    rollout_verdict,
)
from mismes_eval.report.document.blocks import Block, Grid, Paragraph, Run, numbered
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import Number, Part, SentenceSpec
from mismes_eval.report.document.plain import escape
from mismes_eval.report.sentences import in_brief

HOME = "employed_home"
ROWS = 4
NOTHING = "–"
NOT_SHOWN, NOT_ESTIMATED = "not shown: too few persons", "could not be estimated"
PRICE = "{price}, {sure}"  # a price is quoted alone: it says by itself what it rests on
CAPTION = "'{o}', {unit} against life without the measure (95% interval), {assumption}"
HEADS = (
    "Measure",
    "Effect",
    "How sure",
    "Cost per participant, {c}",
    "Per additional job-year, {c}",
    "Employed at home, points",
)
HORIZON = {  # why the headline is of this wave
    True: "{m:.0f} months: the headline's wave, registered beforehand (T22).",
    False: "{m:.0f} months: chosen for the headline, not registered beforehand.",
}


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
    """caption and heads of the table; rows; more: how many measures are left to the chapter;
    horizon: why the headline is of its wave, "" where no measure was followed.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[BriefRow, ...]
    more: str
    horizon: str

    @property
    def below(self) -> tuple[str, ...]:
        """The sentences below the table."""
        return tuple(text for text in (self.horizon, self.more) if text)

    def html(self) -> str:
        """The table, each measure linked to the table of its effect."""
        heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in self.heads)
        lines = []
        for row in self.rows:
            link = f'<a href="#{escape(row.anchor)}">{escape(row.measure)}</a>'
            cells = "".join(f"<td>{escape(text)}</td>" for text in row.texts)
            lines.append(f'<tr><th scope="row">{link}</th>{cells}</tr>')
        below = "".join(f"<p>{escape(text)}</p>" for text in self.below)
        return (
            f'<table class="brief"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{below}"
        )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The table for a document that can be edited."""
        rows = [
            ((Run(row.measure),), *(numbered(text, row.measure) for text in row.texts))
            for row in self.rows
        ]
        grid = Grid(
            id="",
            title=self.caption,
            heads=self.heads,
            rows=tuple(rows),
            numbers=False,
        )
        return (grid, *(Paragraph(numbered(text)) for text in self.below))


def brief(context: Context, published: Published) -> Brief | None:
    """The brief of a run, or None where no measure was followed or rolled out."""
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    outcome, _ = main_cell(context.evaluation)
    found: list[tuple[BriefRow, Verdict | None]] = []
    if study is not None:
        found += [
            _followed(context, published, effect, study) for effect in context.evaluation.effects
        ]
    if rolled is not None and (study is None or rolled.outcome == outcome):
        found.append(_rolled_out(context, rolled))
    if not found:
        return None
    shown = outcome if study is not None or rolled is None else rolled.outcome
    assumed = {
        context.text(verdict.assumption)
        for _, verdict in found
        if verdict is not None and verdict.assumption
    }
    rows = tuple(_with_assumption(context, *pair, len(assumed) > 1) for pair in found)
    left = len(rows) - ROWS
    currency = context.evaluation.params.cost.currency
    return Brief(
        caption=context.text(
            CAPTION,
            o=context.column(shown),
            unit=context.text(unit_of(context, shown)[2]),
            assumption=assumed.pop() if len(assumed) == 1 else context.text("as stated"),
        ),
        heads=tuple(context.text(head, c=currency) for head in HEADS),
        rows=rows[:ROWS],
        more=context.text("The chapter on impact has {k} more.", k=left) if left > 0 else "",
        horizon="" if study is None else _horizon(context, study),
    )


def _horizon(context: Context, study: Tracing) -> str:
    """Whether the wave of the headline was chosen before the data were seen."""
    wave = main_cell(context.evaluation)[1]
    if wave not in study.months:
        return ""
    return context.text(HORIZON[planned(context.evaluation)], m=study.months[wave])


def _with_assumption(
    context: Context, row: BriefRow, verdict: Verdict | None, own: bool
) -> BriefRow:
    """The row with the assumption of its own effect, where rows rest on different ones."""
    if not own or verdict is None or verdict.assumption is None:
        return row
    words = {"effect": row.effect, "assumption": context.text(verdict.assumption)}
    return replace(row, effect=context.text("{effect}, {assumption}", **words))


def _followed(
    context: Context, published: Published, effect: Effects, study: Tracing
) -> tuple[BriefRow, Verdict | None]:
    """The row of a measure of the tracer study, with the verdict where there is an effect."""
    outcome, wave = main_cell(context.evaluation)
    main = effect.by_wave.get((outcome, wave))
    cell = published.cells.get(headline_cell(context, effect.measure, study))
    table = f"T17-{effect.measure}"
    bare = BriefRow(
        anchor=table,
        measure=named(context, effect.measure),
        effect="",
        sure=NOTHING,
        cost=NOTHING,
        job_year=NOTHING,
        home=NOTHING,
    )
    doubts = {doubt.measure: doubt for doubt in context.evaluation.doubts}
    verdict = effect_verdict(context.evaluation, effect, doubts.get(effect.measure))
    if not isinstance(main, Estimate) or verdict is None:
        return replace(bare, effect=context.text(NOT_ESTIMATED)), None
    if (cell is not None and not cell.shown) or not may_leave(context, main):
        return replace(bare, effect=context.text(NOT_SHOWN)), None
    months = context.text("{m:.0f} months", m=study.months[wave])
    when = context.text("after {m:.0f} months", m=study.months[wave])
    home = CellKey(table, context.column(HOME), months)
    cost = _number(context, published, _cost(context, effect, "cost per participant"))
    job_year = _between(context, published, _cost(context, effect, "cost per additional job-year"))
    if cost != NOTHING and job_year == NOTHING:
        price = priced(context.evaluation, study, effect, doubts.get(effect.measure))
        job_year = context.text(no_price_in_short(price))
    elif job_year != NOTHING and verdict.sureness == "weak":
        job_year = context.text(PRICE, price=job_year, sure=context.text("weak"))
    row = replace(
        bare,
        effect=_effect(context, verdict.span, outcome, when),
        sure=_sure(context, verdict),
        cost=cost,
        job_year=job_year,
        home=_at_home(context, published, home) if outcome == "employed" else NOTHING,
    )
    return row, verdict


def _rolled_out(context: Context, rolled: Rollout) -> tuple[BriefRow, Verdict | None]:
    """The row of a roll-out over regions."""
    bare = BriefRow(
        anchor="T24",
        measure=named(context, rolled.measure),
        effect="",
        sure=NOTHING,
        cost=NOTHING,
        job_year=NOTHING,
        home=NOTHING,
    )
    verdict = rollout_verdict(rolled)
    if verdict is None or not isinstance(rolled.overall, Estimate):
        return replace(bare, effect=context.text(NOT_ESTIMATED)), None
    if not may_leave(context, rolled.overall):
        return replace(bare, effect=context.text(NOT_SHOWN)), None
    when = context.text("over all rounds, residents")
    effect = _effect(context, verdict.span, rolled.outcome, when)
    return replace(bare, effect=effect, sure=_sure(context, verdict)), verdict


def _effect(context: Context, span: Span, outcome: str, when: str) -> str:
    words = _span(context, span, *outcome_scale(context, outcome))
    return context.text("{effect} {when}", effect=words, when=when)


def _span(context: Context, span: Span, scale: float, digits: int) -> str:
    return context.text(in_brief(span, scale, digits))


def _sure(context: Context, verdict: Verdict) -> str:
    """The strength of the evidence, and the reason that weighs most: what makes it weak by itself,
    then what else is reserved, that no lot was drawn last.
    """
    word = context.text(str(verdict.sureness))

    def weight(check: Check) -> int:
        if check.started_apart or check.code == SIDES:
            return 0
        return 2 if check.code == DRAWN_BY_LOT else 1

    failed = sorted(verdict.reservations, key=weight)
    if not failed:
        return word
    return context.text("{word}: {why}", word=word, why=context.text(in_short(failed[0])))


def _at_home(context: Context, published: Published, key: CellKey) -> str:
    """The effect on work at home, where its cell is shown."""
    cell = published.cells.get(key)
    if cell is None or not cell.shown:
        return NOTHING
    return _span(context, Span(cell.value, cell.ci_low, cell.ci_high), 100.0, 1)


def _cost(context: Context, effect: Effects, what: str) -> CellKey:
    currency = context.evaluation.params.cost.currency
    return CellKey("T20", cost_row(context, effect.measure, what, currency), "estimate")


def _number(context: Context, published: Published, key: CellKey) -> str:
    numbers = {"v": Number(key, "value", 1.0, 0)}
    return SentenceSpec("{v}", numbers).text(published, context.words) or NOTHING


def _between(context: Context, published: Published, key: CellKey) -> str:
    """An amount with its interval, where its cell is shown."""
    parts: dict[str, Part] = {"v": "value", "lo": "ci_low", "hi": "ci_high"}
    numbers = {name: Number(key, part, 1.0, 0) for name, part in parts.items()}
    text = SentenceSpec("{v} ({lo} to {hi})", numbers).text(published, context.words)
    return text or NOTHING

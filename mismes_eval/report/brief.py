"""The first page as a brief: one row a measure that was evaluated, of cells that tables show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.verdict import PARALLEL, SURENESS, Verdict
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.message import Message
from mismes_eval.report.brief_cells import (
    NOTHING,
    cost_cell,
    interval_said,
    number_said,
    price_said,
    sureness_said,
    where_jobs_are,
)
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import (
    about_outcome,
    about_rollout,
    beside_main,
    headline_cell,
    in_short,
    outcome_kind,
    outcome_unit_in_short,
    wave_cell,
)
from mismes_eval.report.chapters.description import (
    SURVEY_FRAME,
    comparison_frames,
    eligible_in_short,
)
from mismes_eval.report.chapters.job_year import (
    NO_PRICE,
    priced,
)
from mismes_eval.report.chapters.names import named_in_short
from mismes_eval.report.chapters.rollout import EFFECT, rolled_cell
from mismes_eval.report.chapters.verdicts import (
    effect_verdict,
    later_verdict,
    planned,
    rollout_verdict,
)
from mismes_eval.report.document.blocks import Block, Grid, Paragraph, Run, numbered
from mismes_eval.report.document.cells import Published
from mismes_eval.report.document.plain import escape
from mismes_eval.report.sentences import in_brief, to_do

ROWS = 4
NOT_SHOWN, NOT_ESTIMATED = "not shown: too few persons", "could not be estimated"
UNTRACED = "users not followed"
MORE = '{m}: chapter "Impact and its cost".'
MOST_WORDS = 160  # of the first page, beside its picture
LIKE_SURVEYED = Message(
    "if beneficiaries would otherwise have changed like non-participants in the labour force survey"
)
CAPTION = "Effect on '{o}', {unit}, 95% interval, {assumption}"
HEADS = (
    "Measure, for whom",
    "Effect {when}",
    "How sure",
    "Cost per participant, {c}",
    "Per additional year employed, {c}",
    "Where, {unit}",
)
AT_THE_END = {  # what the last wave says of the effect of the headline
    "same": "{v} after {m:.0f} months",
    "higher": "but more after {m:.0f} months",
    "lower": "but fewer after {m:.0f} months",
    "unclear": "unproven after {m:.0f} months",
    "unknown": "not known after {m:.0f} months",
}
HORIZON = {  # whether the wave of the headline was chosen before the data were seen
    True: "{when} (chosen beforehand)",
    False: "{when} (not chosen beforehand)",
}


@dataclass(frozen=True)
class BriefRow:
    """One measure: id; what it is, who was eligible, effect and when, how sure, with how many
    reservations and the first of them, cost per participant and per additional job-year, which part
    of an effect that is shown is work at home and which work abroad; anchor: the table that holds
    the effect; later: an effect that is shown with what the last wave says of it; reserved: how
    sure, without the first reservation.
    """

    anchor: str
    id: str
    measure: str
    whom: str
    effect: str
    when: str = ""
    sure: str = NOTHING
    cost: str = NOTHING
    job_year: str = NOTHING
    where: str = NOTHING
    later: str = ""
    reserved: str = NOTHING

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells behind the measure's name."""
        return (self.later or self.effect, self.sure, self.cost, self.job_year, self.where)


Judged = tuple[BriefRow, Verdict | None]


@dataclass(frozen=True)
class Brief:
    """caption and heads of the table; rows; more: which measures are left to the chapter; to_do:
    what follows for the measures, "" where more of the outcome is not better.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[BriefRow, ...]
    more: str
    to_do: str

    @property
    def below(self) -> tuple[str, ...]:
        """The paragraph below the table: what follows from it, then what it leaves out."""
        said = " ".join(text for text in (self.to_do, self.more) if text)
        return (said,) if said else ()

    @property
    def words(self) -> int:
        """How many words a reader meets in it."""
        rows = [text for row in self.rows for text in (row.measure, row.whom, *row.texts)]
        return words_in((self.caption, *self.heads, *rows, *self.below))

    def html(self) -> str:
        """The table, each measure linked to the table of its effect."""
        heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in self.heads)
        lines = []
        for row in self.rows:
            link = f'<a href="#{escape(row.anchor)}">{escape(row.measure)}</a>'
            cells = "".join(
                f'<td data-label="{escape(head)}">{escape(text)}</td>'
                for head, text in zip(self.heads[1:], row.texts, strict=True)
            )
            whom = f'<span class="whom">{escape(row.whom)}</span>'
            lines.append(f'<tr><th scope="row">{link} {whom}</th>{cells}</tr>')
        below = "".join(f"<p>{escape(text)}</p>" for text in self.below)
        return (
            f'<table class="brief"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{below}"
        )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The table for a document that can be edited."""
        rows = [
            (
                (Run(f"{row.measure} {row.whom}"),),
                *(numbered(text, row.measure) for text in row.texts),
            )
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


def words_in(texts: Iterable[str]) -> int:
    """Words and numbers, as a reader counts them."""
    whole = (re.sub(r"(?<=\d)[\u00a0\u202f](?=\d{3})", "", text) for text in texts)
    return sum(len(re.findall(r"\S*\w\S*", text)) for text in whole)


def brief(context: Context, published: Published, beside: int = 0) -> Brief | None:
    """The brief of a run, or None where no measure was followed or rolled out. It has as many rows,
    and says as much of who was eligible and of the last wave, as the first page has words for.

    beside : words that stand on the first page besides.
    """
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    found: list[Judged] = []
    if study is not None:
        found += [
            _followed(context, published, effect, study) for effect in context.evaluation.effects
        ]
    if rolled is not None and (study is None or beside_main(context, rolled)):
        found.append(_rolled_out(context, published, rolled))
    if not found:
        return None
    return _filled(context, found, MOST_WORDS - beside)


def _filled(context: Context, found: list[Judged], room: int) -> Brief:
    """The brief with as many rows as there is room for, then with what a row can do without, one
    after the other, where there is still room: what the last wave says, who was eligible, the first
    reservation on an effect that is unproven, why it has no price, age and schooling of those
    eligible.
    """

    def told(rows: list[Judged], most: int) -> Brief | None:
        one = _of_rows(context, rows, most)
        return one if one.words <= room else None

    said = [(_bare(row, verdict), verdict) for row, verdict in found]
    counts = range(min(ROWS, len(found)), 0, -1)
    most = next((count for count in counts if told(said, count)), 1)
    best = _of_rows(context, said, most)
    groups = [
        replace(row, whom=eligible_in_short(context, row.id, whole=False)) for row, _ in found
    ]
    whole = [row for row, _ in found]
    named = {"later": whole, "whom": groups, "sure": whole, "job_year": whole}
    for name, rows in (*named.items(), ("whom", whole)):
        for place, row in enumerate(rows):
            longer = list(said)
            longer[place] = (replace(said[place][0], **{name: getattr(row, name)}), said[place][1])
            fitting = told(longer, most)
            if fitting is not None:
                said, best = longer, fitting
    return best


def _bare(row: BriefRow, verdict: Verdict | None) -> BriefRow:
    """The row with what has to be said of it."""
    least = replace(row, whom="", later="")
    if verdict is not None and verdict.shown:
        return least
    return replace(least, sure=row.reserved, job_year=NOTHING)


def _surest(found: list[Judged], most: int) -> list[int]:
    """The places of the rows with the strongest evidence, in their order."""

    def rank(place: int) -> int:
        verdict = found[place][1]
        return -1 if verdict is None else SURENESS.index(verdict.sureness)

    return sorted(sorted(range(len(found)), key=rank, reverse=True)[:most])


def _of_rows(context: Context, found: list[Judged], most: int) -> Brief:
    """The brief with the rows of the strongest evidence; it says which measures are left to the
    chapter. When the effects are of stands in the head of their column, where most rows share it.
    """
    study, rolled = context.evaluation.tracing, context.evaluation.rollout
    outcome, _ = context.evaluation.main_cell
    spoken = outcome if study is not None or rolled is None else rolled.outcome
    assumed = {
        context.text(_assumption(context, row, verdict))
        for row, verdict in found
        if verdict is not None and verdict.assumption
    }
    rows = tuple(_with_assumption(context, *pair, len(assumed) > 1) for pair in found)
    when = rows[0].when if study is not None else ""
    places = _surest(found, most)
    kept = [rows[place] for place in places]
    left = [row.id for place, row in enumerate(rows) if place not in places]
    horizon = context.text(HORIZON[planned(context.evaluation)], when=when) if when else ""
    heads = HEADS if any(row.whom for row in kept) else ("Measure", *HEADS[1:])
    currency = context.params.cost.currency
    unit = context.text(about_outcome(context, spoken).many)
    return Brief(
        caption=context.text(
            CAPTION,
            o=context.column(spoken),
            unit=outcome_unit_in_short(context, spoken),
            assumption=assumed.pop()
            if len(assumed) == 1
            else context.text("against a comparison group, as stated"),
        ),
        heads=tuple(
            context.text(head, c=currency, when=horizon, unit=unit).strip() for head in heads
        ),
        rows=tuple(
            _with_later(context, row) if row.when == when else _with_time(context, row)
            for row in kept
        ),
        more=context.text(MORE, m=", ".join(left)) if left else "",
        to_do=_to_do(context, spoken, found),
    )


def _to_do(context: Context, outcome: str, found: list[Judged]) -> str:
    """What follows for all measures, those left to the chapter too."""
    if outcome_kind(context, outcome).better != "more":
        return ""
    steps = {
        row.id: verdict.step
        for row, verdict in found
        if verdict is not None and verdict.step is not None
    }
    said = context.text(to_do(steps)) if steps else ""
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _with_assumption(
    context: Context, row: BriefRow, verdict: Verdict | None, own: bool
) -> BriefRow:
    """The row with the assumption of its own effect, where rows rest on different ones."""
    if not own or verdict is None or verdict.assumption is None:
        return row
    words = {"effect": row.effect, "assumption": context.text(_assumption(context, row, verdict))}
    return replace(row, effect=context.text("{effect}, {assumption}", **words))


def _assumption(context: Context, row: BriefRow, verdict: Verdict) -> Message:
    """The assumption of an effect, which says where its comparison persons come from where they all
    come from the labour force survey.
    """
    stated = verdict.assumption
    assert stated is not None
    study = context.evaluation.tracing
    if stated != PARALLEL:
        return stated
    if study is None or row.id not in study.measures:
        return LIKE_SURVEYED  # a roll-out, over rounds of the survey
    return LIKE_SURVEYED if comparison_frames(study, row.id) == [SURVEY_FRAME] else stated


def _with_later(context: Context, row: BriefRow) -> BriefRow:
    """The row with its effect and what the last wave says of it."""
    if not row.later:
        return row
    return replace(row, later=context.text("{effect}; {then}", effect=row.effect, then=row.later))


def _with_time(context: Context, row: BriefRow) -> BriefRow:
    """The row with the time of its own effect."""
    return replace(row, effect=effect_and_time(context, row), when="")


def effect_and_time(context: Context, row: BriefRow) -> str:
    """The effect of a row and when it is of."""
    return context.text("{effect} {when}", effect=row.effect, when=row.when).strip()


def _row(context: Context, anchor: str, measure: str, effect: str) -> BriefRow:
    """A row that says no more of an effect."""
    return BriefRow(
        anchor=anchor,
        id=measure,
        measure=named_in_short(context, measure),
        whom=eligible_in_short(context, measure),
        effect=effect,
    )


def _followed(context: Context, published: Published, effect: Effects, study: Tracing) -> Judged:
    """The row of a measure of the tracer study, with the verdict where there is an effect."""
    outcome, wave = context.evaluation.main_cell
    main = effect.by_wave.get((outcome, wave))
    cell = published.cells.get(headline_cell(context, effect.measure, study))
    table = f"T17-{effect.measure}"
    verdict = effect_verdict(context.evaluation, effect)
    if not isinstance(main, Estimate) or verdict is None:
        return _row(context, table, effect.measure, context.text(NOT_ESTIMATED)), None
    if cell is not None and not cell.shown:
        return _row(context, table, effect.measure, context.text(NOT_SHOWN)), None
    cost = number_said(context, published, cost_cell(context, effect, "cost per participant"))
    job_year = interval_said(
        context, published, cost_cell(context, effect, "cost per additional job-year")
    )
    if not verdict.shown:
        job_year = context.text(NO_PRICE["effect"])
    elif cost != NOTHING:
        price = priced(context.evaluation, study, effect)
        job_year = price_said(context, price, job_year, verdict)
    reserved, sure = sureness_said(context, verdict)
    row = replace(
        _row(
            context,
            table,
            effect.measure,
            context.text(in_brief(verdict.span, about_outcome(context, outcome))),
        ),
        when=context.text("after {m:.0f} months", m=study.months[wave]),
        sure=sure,
        reserved=reserved,
        cost=cost,
        job_year=job_year,
        where=where_jobs_are(context, published, effect, study) if verdict.shown else NOTHING,
        later=_later(context, published, effect, verdict) if verdict.shown else "",
    )
    return row, verdict


def _later(context: Context, published: Published, effect: Effects, headline: Verdict) -> str:
    """What the last wave says of an effect that is shown at an earlier one."""
    study = context.evaluation.tracing
    outcome, wave = context.evaluation.main_cell
    assert study is not None
    last = max(study.waves, key=lambda one: study.months[one])
    cell = published.cells.get(wave_cell(context, effect.measure, study, last))
    if last == wave or cell is None or not cell.shown:
        return ""
    span = later_verdict(context.evaluation, effect, outcome, last).span
    words = AT_THE_END["same" if span.sign == headline.span.sign else span.sign]
    size = about_outcome(context, outcome).quantity(span.size.value)
    return context.text(Message(words, {"v": size, "m": study.months[last]}))


def _rolled_out(context: Context, published: Published, rolled: Rollout) -> Judged:
    """The row of a roll-out over regions."""
    verdict = rollout_verdict(rolled)
    if verdict is None or not isinstance(rolled.overall, Estimate):
        return _row(context, "T24", rolled.measure, context.text(NOT_ESTIMATED)), None
    cells = [published.cells.get(key) for key in (EFFECT, rolled_cell(verdict))]
    if any(cell is not None and not cell.shown for cell in cells):
        return _row(context, "T24", rolled.measure, context.text(NOT_SHOWN)), None
    effect = context.text(in_brief(verdict.span, in_short(about_rollout(context, rolled))))
    reserved, sure = sureness_said(context, verdict)
    row = replace(
        _row(context, "T24", rolled.measure, effect),
        when=context.text("residents, all rounds"),
        sure=sure,
        reserved=reserved,
        cost=context.text(UNTRACED),
        job_year=context.text(UNTRACED if verdict.shown else NO_PRICE["effect"]),
    )
    return row, verdict

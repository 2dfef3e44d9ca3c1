"""What the measures cost for each participant, completer and additional job, with the uncertainty
of both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.money import MONTHS, YEAR
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.message import Message, Quantity, as_message
from mismes_eval.report import figures, figures_impact
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    P,
    arm_of,
    effect_cell,
    following,
    headline_cell,
    joined,
    outcome_scale,
    persons,
    plain,
    rows,
    single,
    span_at,
    unit_of,
    with_ends,
    with_interval,
)
from mismes_eval.report.chapters.job_year import (
    Priced,
    lasting,
    priced,
)
from mismes_eval.report.document.cells import (
    NOBODY,
    CellKey,
    Persons,
    Standing,
    persons_behind,
    population,
)
from mismes_eval.report.document.estimated_cells import cells_of, standing_of
from mismes_eval.report.document.items import PictureSpec, SummarySpec
from mismes_eval.report.document.tables import Table

RATE = (
    "Service records are in euro and shown in {c} at the rate of {y}: {r:,.4f} {c} for one euro;"
    " nothing is deflated."
)
AS_SPENT = "Costs are in euro of the years in which the services were given; nothing is deflated."
NO_END = Message("its interval has no end", kind="reason")
JOB_YEAR_MEASURED = (
    "{m}: an additional job-year cost {v}, 95% interval {lo} to {hi} (Fieller), counted from the"
    " months worked in the {w:.0f} months after enrolment, {assumption}."
)
JOB_YEAR = (
    "{m}: an additional job-year cost {v}, 95% interval {lo} to {hi} (Fieller), if the effect lasts"
    " {h} and {assumption}."
)
BY_WIDEST = (
    "Job-years, their cost and the net benefit carry the widest interval of the effect, here one over"
    " clusters (wild bootstrap)."
)
JOB_YEARS_ARE = (
    "A job-year: one person employed for twelve months; interval: Fieller. Net benefit: value of the"
    " job-years gained less the cost, per participant."
)
N_OF_COSTS = (
    "n of a cost: participants; of a job-year: persons behind its effect, the fewest of any year."
)
JOB_YEAR_ROW = "cost per additional job-year"
# rows of T20 that F13 draws -> what a line of it is called
DRAWN = {
    "cost per participant": "per participant",
    "cost per completer": "per completer",
    JOB_YEAR_ROW: "per additional job-year",
}
VALUED = "A job-year is valued at {v:,.0f} {c} (cost.job_year_value)."
NO_COST = "no cost can be shown"
NO_VALUE = "the params give no value of a job-year (cost.job_year_value)"


def worth_items(context: Context, study: Tracing) -> Items:
    """T20: cost per participant, completer and additional job-year with its Fieller interval, net
    benefit, break-even; F13 costs, F13b the plane.
    """
    evaluation = context.evaluation
    found = {effect.measure: priced(evaluation, study, effect) for effect in evaluation.effects}
    lines: Items = []
    parts: list[pd.DataFrame] = []
    for effect in evaluation.effects:
        m = found[effect.measure]
        parts += _costs(context, m, _behind(evaluation, effect), _counted_from(context, study, m))
        lines.append(job_item(context, study, m))
    counted = [m for m in found.values() if not isinstance(m.worth, NotEstimable)]
    notes = (
        (
            "Costs are those of the services that participants received; the interval carries the"
            " error of the effect and of the cost."
        ),
        *dict.fromkeys(_of_job_years(context, counted)),
        *_converted(context),
        study.published_basis,
    )
    units: dict[str, tuple[float, int]] = {}
    for m in found.values():
        if m.measured is None:
            outcome = evaluation.params.impact.main_outcome
            units[_break_even_row(context, m)] = outcome_scale(context, outcome)
        else:
            units |= dict.fromkeys(
                (_break_even_row(context, m), job_years_row(context, m)), (1.0, 3)
            )
    table = Table(
        id="T20",
        title="Cost per participant, completer and additional job-year",
        cells=joined(parts),
        source=study.source,
        notes=notes,
        digits=0,
        units=units,
    )
    return [table, *lines, _figure(context, study, found), *_plane(context, study, found)]


def _of_job_years(context: Context, counted: Sequence[Priced]) -> Iterator[str]:
    """What a reader must know of job-years, where any are shown."""
    if not counted:
        return
    yield context.text(JOB_YEARS_ARE)
    yield context.text(N_OF_COSTS)
    valued = (m for m in counted if m.job_value is not None)
    yield from (context.text(VALUED, v=m.job_value, c=m.currency) for m in valued)
    yield from (context.text(said) for m in counted for said in lasting(m))
    # whether an interval over clusters speaks for the job-years of a measure
    if any(isinstance(m.worth, CostEffectiveness) and m.worth.spoken is not None for m in counted):
        yield context.text(BY_WIDEST)


def _behind(evaluation: Evaluation, effect: Effects) -> Estimate | None:
    """The effect that a job-year is counted from: that of the year with the fewest persons."""
    months = [
        e
        for (outcome, _), e in effect.by_wave.items()
        if outcome == MONTHS and isinstance(e, Estimate)
    ]
    main = effect.by_wave.get(evaluation.main_cell)
    found = months or ([main] if isinstance(main, Estimate) else [])
    return min(found, key=lambda e: float(e.n[0]), default=None)


def _break_even_row(context: Context, m: Priced) -> str:
    """The row of the effect that pays for the cost, with its unit."""
    unit = "job-years"
    if m.measured is None:
        unit = unit_of(context, context.params.impact.main_outcome)[2]
    return context.text("{m}, break-even effect, {u}", m=m.measure, u=context.text(unit))


def _converted(context: Context) -> tuple[Message, ...]:
    """Of which prices the costs are: those of the years in which services were given, in euro or at
    the rate of one year in another currency.
    """
    cost = context.params.cost
    if cost.currency == "EUR":
        return (Message(AS_SPENT),)
    values = {"c": cost.currency, "r": context.evaluation.per_euro, "y": str(cost.price_year)}
    return (Message(RATE, values),)


def cost_row(context: Context, measure: str, what: str) -> str:
    """A row of T20."""
    currency = context.params.cost.currency
    return context.text("{m}, {what}, {c}", m=measure, what=context.text(what), c=currency)


def _counted_from(context: Context, study: Tracing, m: Priced) -> tuple[CellKey, ...]:
    """The cells of T17 that job-years are counted from: each of them could be had from the sum and
    the others.
    """
    headline = headline_cell(context, m.measure, study)
    if m.measured is None:
        return (headline,)
    waves = [wave for wave in study.waves if study.months[wave] <= m.measured]
    yearly = [wave for wave in waves if study.months[wave] % YEAR == 0]
    return (headline, *(effect_cell(context, m.measure, study, MONTHS, wave) for wave in yearly))


def _of_completers(estimate: Estimate | NotEstimable) -> Standing:
    """What a cost per completer tells beside that per participant: how many completed."""
    if isinstance(estimate, NotEstimable):
        return NOBODY
    completed = np.asarray(estimate.extra["completed"], bool)
    behind = persons_behind(estimate, 0)
    if behind is None:
        return NOBODY
    among = behind.rows[: completed.size]
    name = population(estimate.parts[0].design)
    return Standing(
        tells=(Persons.of(name, among & completed), Persons.of(name, among & ~completed))
    )


def _costs(
    context: Context, m: Priced, behind: Estimate | None, counted_from: tuple[CellKey, ...]
) -> list[pd.DataFrame]:
    each, completer = (
        cost_row(context, m.measure, what)
        for what in ("cost per participant", "cost per completer")
    )
    spent = [
        with_interval(context, each, m.cost),
        with_interval(context, completer, m.completer, _of_completers(m.completer)),
    ]
    return [
        *(cells[cells["column"] != P] for cells in spent),
        *(following(cells, *counted_from) for cells in _job_costs(context, m, behind)),
    ]


def _job_costs(context: Context, m: Priced, behind: Estimate | None) -> list[pd.DataFrame]:
    """What job-years cost and gain."""
    job, net = (
        cost_row(context, m.measure, what) for what in (JOB_YEAR_ROW, "net benefit per participant")
    )
    even = _break_even_row(context, m)
    w = m.worth
    if isinstance(w, NotEstimable):
        return [cells_of([(row, "estimate", w) for row in (job, net, even)], context.rules)]
    out = _job_years(context, m, behind)
    out.append(_line(context, job, m.job, w.fieller or (np.nan, np.nan), behind, m.currency))
    if isinstance(w.net_benefit, NotEstimable):
        out.append(single(context, net, "estimate", NotEstimable(NO_VALUE)))
    else:
        value, *ends = w.net_benefit
        out.append(_line(context, net, value, ends, behind, m.currency))
    if isinstance(w.break_even, NotEstimable):
        out.append(single(context, even, "estimate", NotEstimable(NO_VALUE)))
    else:
        unit = "share" if m.measured is None else "job-years"
        out.append(rows([plain(even, "estimate", w.break_even, unit, kind="effect")]))
    return out


def _job_years(context: Context, m: Priced, behind: Estimate | None) -> list[pd.DataFrame]:
    """Job-years that were counted, and what one would cost if the main effect lasted."""
    w = m.worth
    if m.measured is None or isinstance(w, NotEstimable):
        return []
    row = job_years_row(context, m)
    out = [_line(context, row, w.effect, w.effect_interval, behind, "job-years")]
    supposed = context.text(
        "{m}, scenario: cost per additional job-year, {c}", m=m.measure, c=m.currency
    )
    ends = m.scenario.fieller if isinstance(m.scenario, CostEffectiveness) else None
    if isinstance(m.supposed, NotEstimable):
        out.append(single(context, supposed, "estimate", m.supposed))
    elif m.supposed is not None and ends is not None:
        out.append(_line(context, supposed, m.supposed, ends, behind, m.currency))
    return out


def job_years_row(context: Context, m: Priced) -> str:
    """The name of the row of T20 that has the job-years counted."""
    return context.text(
        "{m}, job-years gained per participant in {w:.0f} months", m=m.measure, w=m.measured
    )


def _line(
    context: Context,
    row: str,
    value: float | NotEstimable,
    ends: Sequence[float],
    behind: Estimate | None,
    unit: str,
) -> pd.DataFrame:
    if isinstance(value, NotEstimable):
        return single(context, row, "estimate", value)
    standing = NOBODY if behind is None else standing_of(behind)
    n = np.nan if behind is None else float(behind.n[0])
    main = plain(row, "estimate", value, unit, n, "effect", standing=standing)
    return rows(with_ends(main, *ends))


def job_item(context: Context, study: Tracing, m: Priced) -> SummarySpec:
    """What an additional job-year cost, or why there is no cost; said where the cells that it is
    of are shown.
    """
    return SummarySpec(job_cells(context, study, m), partial(job_sentence, context, study, m))


def job_cells(context: Context, study: Tracing, m: Priced) -> tuple[CellKey, ...]:
    """The effect that a job-year is counted from, and its cost where there is one."""
    effect = headline_cell(context, m.measure, study)
    if isinstance(m.job, NotEstimable):
        return (effect,)
    return (effect, CellKey("T20", cost_row(context, m.measure, JOB_YEAR_ROW), "estimate"))


def job_sentence(context: Context, study: Tracing, m: Priced, published: pd.DataFrame) -> str:
    """What an additional job-year cost, with its assumptions, or why that is not said; "" where one
    of its cells is hidden.
    """
    spans = [span_at(published, key) for key in job_cells(context, study, m)]
    cost = spans[-1]
    if cost is None or spans[0] is None:
        return ""
    if isinstance(m.job, NotEstimable) or not cost.known:
        reason = m.job.reason if isinstance(m.job, NotEstimable) else NO_END
        words = "{m}: no cost per additional job-year is given: {r}."
        return context.text(Message(words, {"m": m.measure, "r": as_message(reason, "reason")}))
    digits = 0 if float(m.horizon).is_integer() else 1
    template = JOB_YEAR if m.measured is None else JOB_YEAR_MEASURED
    values = {
        "m": m.measure,
        "v": Quantity(cost.value, m.currency, m.currency, 0),
        "lo": Quantity(cost.low, "", "", 0),
        "hi": Quantity(cost.high, "", "", 0),
        "h": Quantity(m.horizon, "year", "years", digits),
        "w": m.measured or 0.0,
        "assumption": m.assumption,
    }
    return context.text(Message(template, values))


def _figure(context: Context, study: Tracing, found: dict[str, Priced]) -> PictureSpec:
    """F13: every cost that table T20 shows, with its interval."""
    title = "What the measures cost"
    labels: dict[CellKey, tuple[str, str, str]] = {}
    for measure, (row, what) in product(found, DRAWN.items()):
        key = CellKey("T20", cost_row(context, measure, row), "estimate")
        said = context.text(what)
        labels[key] = (context.text("{m}, {what}", m=measure, what=said), said, measure)

    def draw(published: pd.DataFrame) -> figures.Figure | str:
        cells = published[published["ci_low"].notna()]
        if cells.empty:
            return context.nothing("F13", ", ".join(found), NO_COST)
        named = [labels[CellKey("T20", row, "estimate")] for row in cells["row"]]
        names, groups, measures = map(list, zip(*named, strict=True))
        frame = pd.DataFrame(
            {
                "label": names,
                "value": cells["value"].to_numpy(),
                "low": cells["ci_low"].to_numpy(),
                "high": cells["ci_high"].to_numpy(),
                "group": groups,
            }
        )
        known = cells["n"].groupby(measures).max().sum()
        notes = (
            "A measure without a cost per additional job-year is missing here: the table before"
            " says why.",
            persons(context, known),
            study.published_basis,
        )
        return figures_impact.forest(
            context.caption("F13", title, study.source, notes),
            frame,
            context.text("{c} (95% interval)", c=context.params.cost.currency),
            1.0,
            False,
            digits=0,
            legend=False,
        )

    return PictureSpec("F13", title, draw, refers=tuple(labels))


def _plane(context: Context, study: Tracing, found: dict[str, Priced]) -> Items:
    """F13b: effect and cost together, also where the ratio is not defined."""
    worths = {
        measure: m.worth for measure, m in found.items() if isinstance(m.worth, CostEffectiveness)
    }
    said: Items = [
        context.nothing("F13b", measure, m.worth.reason)
        for measure, m in found.items()
        if isinstance(m.worth, NotEstimable)
    ]
    if not worths:
        return said
    notes = [
        "Square: estimates; lines: their 95% intervals, those of T20. Left of the dashed line the"
        " measure costs and gains nothing."
    ]
    title = "Effect and cost together"
    cells = []
    for measure, worth in worths.items():
        sample = study.of(measure).sample
        who = Persons.among(sample, arm_of(sample) == 1)
        cost = CellKey("T20", cost_row(context, measure, "cost per participant"), "estimate")
        counted_from = _counted_from(context, study, found[measure])
        cells.append(following(_plane_cells(measure, worth, who), cost, *counted_from))

    def draw(published: pd.DataFrame) -> figures.Figure | str:
        wide = published.pivot(index="row", columns="column", values="value").dropna()
        shown = wide.reindex(list(worths)).dropna()
        drawn = {str(measure): row for measure, row in shown.iterrows()}
        if not drawn:
            return context.nothing("F13b", ", ".join(worths), NO_COST)
        known = persons(context, published.groupby("row")["n"].max().sum())
        told = (*notes, known, study.published_basis)
        caption = context.caption("F13b", title, study.source, told)
        return figures_impact.plane(caption, drawn, context.params.cost.currency)

    return [*said, PictureSpec("F13b", title, draw, joined(cells))]


def _plane_cells(measure: str, worth: CostEffectiveness, who: Persons) -> pd.DataFrame:
    """Effect and cost, each with the ends of the interval that speaks for it."""
    values = (worth.effect, *worth.effect_interval, worth.cost, *worth.cost_interval)
    standing = Standing(persons=who)
    made = [
        plain(measure, name, value, n=who.n, kind="effect", standing=standing)
        for name, value in zip(figures_impact.IN_PLANE, values, strict=True)
    ]
    return rows(made)

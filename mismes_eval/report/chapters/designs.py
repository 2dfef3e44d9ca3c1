"""Designs that the params name beside the difference-in-differences, inside the impact chapter: one
table each, all of them side by side, and the words that each allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.missing_items import Imputed
from mismes_eval.estimate.verdict import Verdict
from mismes_eval.evaluation.designs import IN_WORDS, Answer, Beside, Unit, across
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.balance import Balance
from mismes_eval.report import sentences
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    P,
    as_published,
    cell_unit,
    in_unit,
    joined,
    outcome_scale,
    outcome_unit,
    p_of,
    plain,
    rows,
    single,
    unit_of,
    with_ends,
    with_interval,
)
from mismes_eval.report.chapters.comparability import love_picture
from mismes_eval.report.chapters.doubt_pictures import specification_picture
from mismes_eval.report.chapters.verdicts import bare_span
from mismes_eval.report.document.cells import CellKey, Persons, Standing, population
from mismes_eval.report.document.items import SummarySpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.sentences import About

TABLES = {
    "beside_survey": "T41",
    "dose": "T42",
    "switching": "T43",
    "first_job": "T44",
    "imputed": "T45",
}
TITLES = {
    "beside_survey": "{m}, beside residents of the labour force survey ({c})",
    "dose": "{m}, by dose ({c})",
    "switching": "{m}, by changes of '{c}'",
    "first_job": "{m}, wait for a first job within {c} months",
    "imputed": "{m}, with missing answers on '{c}' imputed",
}
WHEN_NOT = {
    "beside_survey": (
        "When not: where what decides who enrols (motivation, contacts, health) is in neither file."
    ),
    "dose": (
        "When not: where people choose how much by how they are doing: who finds work leaves the"
        " course early, and a longer course then looks worse."
    ),
    "switching": (
        "When not: where the outcome moves people (who loses work leaves): the change is then an"
        " answer, no cause."
    ),
    "first_job": (
        "When not: where persons were lost because they found work, or had work at enrolment more"
        " often in one group."
    ),
    "imputed": (
        "When not: where who stays silent depends on the answer itself, as with high earnings."
    ),
}
INTRO = (
    "Other designs that the params name. Each answers a question of its own, which its row names;"
    " none replaces the headline, and they are not averaged."
)
ALT = (
    "{n} designs, each with an estimand of its own: from {lo} to {hi}; {positive} above 0; {sure}"
    " intervals exclude 0."
)
STANDARDISED = {
    "before": "difference before",
    "after": "difference after",
    "ratio_before": "ratio of variances before",
    "ratio_after": "ratio of variances after",
}
SIZES = (
    "Differences in standard deviations of the participants: above 0.1 in size deserves attention."
    " Ratios of variances, participants over residents, of numbers alone: 1 is alike. Persons in"
    " effect: how many of equal weight would say as much (Kish)."
)
FEW = NotEstimable("too few persons")
WHOLE = "the number that stands for it"


def design_items(context: Context, study: Tracing) -> Items:
    """T40 all designs that the params name, F40 those on the outcome of the headline beside it, T41
    to T45 each of them, T46 and F41 how alike residents were made. Nothing where none is named.
    """
    found = [_large_enough(context, b) for b in context.evaluation.beside]
    if not found:
        return []
    return [
        context.text(INTRO),
        *(_said(context, b) for b in found),
        _side_by_side(context, study, found),
        *(i for e in context.evaluation.effects for i in _curve(context, study, e, found)),
        *(_table(context, study, b) for b in found if not isinstance(b.effect, NotEstimable)),
        *(i for b in found for i in _alike(context, study, b)),
    ]


def _alike(context: Context, study: Tracing, b: Beside) -> Items:
    """T46 and F41: participants and residents in what makes them alike, before and after."""
    if b.alikeness is None or isinstance(b.effect, NotEstimable):
        return []
    if isinstance(b.alikeness, NotEstimable):
        return [context.nothing("F41", _named(context, b), b.alikeness.reason)]
    shown = _without_rare(context, b.alikeness)
    if shown.table.empty:
        return []
    labels = {v: context.column(str(v)) for v in shown.table["variable"]}
    notes = []
    if len(shown.table) < len(b.alikeness.table):
        rare = "Traits of which an answer has fewer than {k} persons in a group are left out."
        notes.append(context.text(rare, k=context.rules.min_cell))
    table = _balance_table(context, study, b, shown, labels, notes)
    title = context.text("{m}: participants against residents", m=context.name(b.measure))
    first = table.cells.iloc[0]
    key = CellKey(table.id, str(first["row"]), str(first["column"]))
    picture = (f"F41-{b.measure}", title)
    told = (*notes, _basis(study, b))
    who = Persons.of(population(b.groups[0].design), shown.inside)
    return [table, love_picture(context, study, picture, shown, who, told, key)]


def _basis(study: Tracing, b: Beside) -> str:
    """How the variance is taken: on the design of those who are compared, both files' where there
    are two.
    """
    sample = b.groups[0] if b.groups else study.sample
    return sample.design.published_basis


def _without_rare(context: Context, found: Balance) -> Balance:
    """The balance without traits whose mean would tell of a few persons."""
    table = found.table
    rare = set(table.loc[table["fewest"] < context.rules.min_cell, "variable"])
    return replace(found, table=table[~table["variable"].isin(rare)].reset_index(drop=True))


def _balance_table(
    context: Context,
    study: Tracing,
    b: Beside,
    found: Balance,
    labels: Mapping[str, str],
    notes: list[str],
) -> Table:
    """T46: standardised differences, ratios of variances and effective numbers of persons."""
    standing = Standing(compares=tuple(Persons.among(g) for g in b.groups))
    cells = []
    for row in found.table.to_dict("records"):
        name = f"{labels[str(row['variable'])]} {row['level']}".strip()
        for key, column in STANDARDISED.items():
            if not np.isnan(row[key]):
                unit = "standard deviations" if key in ("before", "after") else "ratio"
                cells.append(plain(name, column, row[key], unit, kind="effect", standing=standing))
    units = {}
    for place, name in enumerate(("participants", "residents")):
        row_name = context.text("{g}: persons in effect", g=context.text(name))
        units[row_name] = (1.0, 0)
        for key in ("before", "after"):
            size = float(found.sizes[key].to_numpy(float)[place])
            unit = "persons in effect"
            column = STANDARDISED[key]
            told = replace(standing, tells=standing.compares[place : place + 1])
            cells.append(plain(row_name, column, size, unit, kind="effect", standing=told))
    return Table(
        id=f"T46-{b.measure}",
        title=context.text("{m}: how alike residents were made", m=context.name(b.measure)),
        cells=rows(cells),
        source=study.source,
        notes=(SIZES, *notes, _basis(study, b)),
        digits=2,
        units=units,
    )


def _large_enough(context: Context, b: Beside) -> Beside:
    """The design, without its numbers where one of its groups is too small for a mean."""
    sizes = [int(g.active.sum()) for g in b.groups]
    if any(context.rules.confidential("mean", n) for n in sizes):
        return replace(b, effect=FEW, lines=(), notes=(), alikeness=None)
    return b


def _named(context: Context, b: Beside) -> str:
    column = b.design in ("dose", "switching", "imputed")
    chosen = context.column(b.chosen) if column else context.name(b.chosen)
    return context.text(TITLES[b.design], m=context.name(b.measure), c=chosen)


def _outcome(context: Context, b: Beside) -> str:
    return context.column(b.outcome) if b.unit == "outcome" else context.text(b.outcome)


def _said(context: Context, b: Beside) -> SummarySpec:
    """What a design gives in words, under its own assumption, with the numbers of its cell in T40;
    or why it gives nothing.
    """
    named = _named(context, b)
    key = CellKey("T40", named, "estimate")

    def say(published: pd.DataFrame) -> str:
        absent = b.effect if isinstance(b.effect, NotEstimable) else FEW
        told = None
        if not isinstance(b.effect, NotEstimable):
            span = bare_span(b.effect) if isinstance(b.effect, Imputed) else b.effect
            verdict = Verdict(span, assumption=b.assumption)
            told = as_published(verdict, published, key)
        if told is None:
            reason = context.text(absent.reason).rstrip(".")
            return context.text("{m}: could not be estimated: {r}.", m=named, r=reason)
        unit = (1.0, "month", "months") if b.unit == "months" else unit_of(context, b.outcome)
        about = About(named, _outcome(context, b), "", *unit)
        messages = [sentences.design_sentence(told, about)]
        messages += [sentences.CAUTION] if told.doubtful else []
        return " ".join(context.text(message) for message in messages)

    return SummarySpec((key,), say)


def _side_by_side(context: Context, study: Tracing, found: list[Beside]) -> Table:
    notes = []
    parts = []
    units = {}
    named = []
    for b in found:
        row = _named(context, b)
        units[row] = _shown_as(context, b, b.unit)
        parts.append(_cells(context, row, b.effect, b, b.unit))
        named.append((row, b.effect, _unit_words(context, b, b.unit)))
        reason = context.text(b.estimand)
        notes.append(context.text("{row}: {reason}", row=row, reason=reason))
    notes.append(_units(context, named))
    return Table(
        id="T40",
        title="Designs beside the headline, each with what it estimates",
        cells=joined(parts),
        source=study.source,
        notes=tuple(dict.fromkeys(notes)),
        units=units | {P: (1.0, 3)},
    )


def _table(context: Context, study: Tracing, b: Beside) -> Table:
    whole = context.text(WHOLE)
    parts = [_cells(context, whole, b.effect, b, b.unit)]
    units = {whole: _shown_as(context, b, b.unit)}
    named = [(whole, b.effect, _unit_words(context, b, b.unit))]
    for line in b.lines:
        row = context.text(line.words)
        scale, digits = _shown_as(context, b, line.unit)
        units[row] = (scale, digits + 2 * line.fine)
        parts.append(_cells(context, row, line.answer, b, line.unit))
        named.append((row, line.answer, _unit_words(context, b, line.unit)))
    notes = (
        context.text("Outcome: {o}.", o=_outcome(context, b)),
        _units(context, named),
        context.text("Estimated: {what}.", what=context.text(b.estimand)),
        context.text("It holds {a}.", a=context.text(b.assumption)),
        *(context.text(note) for note in b.notes),
        WHEN_NOT[b.design],
        _basis(study, b),
    )
    return Table(
        id=f"{TABLES[b.design]}-{b.measure}",
        title=_named(context, b),
        cells=joined(parts),
        source=study.source,
        notes=notes,
        units=units | {P: (1.0, 3)},
    )


def _unit_words(context: Context, b: Beside, unit: Unit) -> str:
    """The unit of a number of a design."""
    words = {"share": "percentage points", "months": "months"}
    return words.get(unit) or outcome_unit(context, b.outcome)


def _units(context: Context, lines: list[tuple[str, Answer, str]]) -> str:
    """The unit of each row that has a number: points for a difference of shares, % for a share."""
    told = []
    for row, answer, unit in lines:
        if isinstance(answer, NotEstimable):
            continue
        level = isinstance(answer, Estimate) and answer.kind != "effect"
        words = "%" if level and unit == "percentage points" else unit
        told.append(context.text("{row}: {reason}", row=row, reason=context.text(words)))
    return context.text("Units: {rows}.", rows="; ".join(told)) if told else ""


def _shown_as(context: Context, b: Beside, unit: Unit) -> tuple[float, int]:
    """Scale and decimals of a number."""
    if unit == "share":
        return 100.0, 1
    return (1.0, 1) if unit == "months" else outcome_scale(context, b.outcome)


def _cells(context: Context, row: str, answer: Answer, b: Beside, unit: Unit) -> pd.DataFrame:
    """A number with its interval; n counts persons."""
    told = cell_unit(context, b.outcome) if unit == "outcome" else unit
    standing = Standing(compares=tuple(Persons.among(g) for g in b.groups))
    if isinstance(answer, Estimate) and answer.kind != "effect":
        return single(context, row, "estimate", in_unit(answer, told), standing)
    if not isinstance(answer, Imputed):
        return with_interval(context, row, in_unit(answer, told), standing)
    low, high = answer.ends()
    inside = np.any([group.active for group in b.groups], axis=0)
    who = Persons.of(population(b.groups[0].design), inside)
    standing = replace(standing, persons=who)
    main = plain(row, "estimate", answer.value[0], told, who.n, "effect", standing=standing)
    cells = with_ends(main, low[0], high[0], se=answer.se[0], degf=answer.degf[0])
    return rows([*cells, p_of(row, answer.pvalue[0])])


def _curve(context: Context, study: Tracing, effect: Effects, found: list[Beside]) -> Items:
    """F40: the headline and every design on its outcome, each named with its estimand."""
    impact = context.params.impact
    outcome = impact.main_outcome
    curve = across(effect, found, outcome, impact.main_wave)
    if len(curve.drawn()) < 2:
        return []
    by_name = {IN_WORDS[b.design]: b for b in found if b.measure == effect.measure}
    cells = []
    for run in curve.runs:
        if run.name in by_name:
            cells.append(_cells(context, run.name, run.result, by_name[run.name], "outcome"))
        elif isinstance(run.result, Estimate):
            cells.append(with_interval(context, run.name, run.result))
    notes = (
        context.text(
            "Every point is another estimand: they need not agree. Intervals are the design's; where"
            " the headline speaks with a wider one, table T19 has it."
        ),
        study.published_basis,
    )
    title = context.text("{m}: every design that the params name", m=effect.measure)
    own = joined(cells)
    name = (f"F40-{effect.measure}", title)
    return [specification_picture(context, study, name, curve, own, notes, ALT, least=2)]

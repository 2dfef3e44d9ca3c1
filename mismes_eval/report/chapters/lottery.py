"""A draw by lot, inside the impact chapter: who was lost in each arm, the arms before the draw,
what the offer changed, what taking part changed, and what both can have changed whoever was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.lottery import ALL, Lottery
from mismes_eval.evaluation.study import Alone
from mismes_eval.impact.trials.itt import CORRECTED, NOT_CORRECTED
from mismes_eval.impact.trials.late import WEAK, RatioSet
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.report import sentences
from mismes_eval.report.chapters.base import Context, Item, Items
from mismes_eval.report.chapters.cells import (
    FROM,
    TO,
    as_published,
    ends_of,
    in_unit,
    joined,
    plain,
    rows,
    shown_values,
    single,
    with_interval,
)
from mismes_eval.report.chapters.names import named
from mismes_eval.report.chapters.study import in_one_arm, not_in_it, row_of
from mismes_eval.report.chapters.verdicts import draw_verdict, taken_verdict
from mismes_eval.report.document.cells import CellKey, Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_of, counted
from mismes_eval.report.document.items import Number, SentenceSpec, SummarySpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.sentences import About

LOSS, BEFORE, OFFER, TAKEN, BOUNDS = "T33", "T34", "T35", "T36", "T37"
IN_DRAW = "in-the-draw"  # a sentence with cells of its own
IN_ALL_ALONE = "{n:,} {n:=unit has no group and stands|units have no group and stand} in the rows of all alone."
FEW_IN_ALL_ALONE = (
    "Units without a group stand in the rows of all alone; they are too few to be counted here."
)
NOT_SHOWN = "{m}: its effect is not shown: too few persons."
LOWER, UPPER = "lower bound", "upper bound"
ADJUSTED = {
    "interacted": "a regression in each arm, evaluated at the mean of both (Lin 2013)",
    "additive": "one regression with the arm and the covariates",
}
NO_END = "no end: the lot moved take-up too little"
NO_BOUND = "no end: those who would be followed either way are not clearly there"


def lottery_items(context: Context, draw: Lottery) -> Items:
    """T33 loss by arm, T34 the arms before the draw, the headline, T35 what the offer changed, T36
    what taking part changed, T37 bounds on both where units were lost.
    """
    items: Items = [*_who(context, draw), _loss(context, draw)]
    if isinstance(draw.before, Estimate):
        items.append(_before(context, draw, draw.before))
    headline = SummarySpec((main_key(context, draw),), partial(draw_sentence, context, draw))
    items += [headline, _offers(context, draw)]
    if draw.taken:
        items += [_taken_words(context, draw), _taken(context, draw)]
    if draw.bounds:
        items.append(_bounds(context, draw))
    return items


def draw_sentence(context: Context, draw: Lottery, published: pd.DataFrame) -> str:
    """What the lot changed in the main outcome, by its verdict, with the numbers that T35 shows and
    what is reserved; or why nothing is said of it.
    """
    verdict = draw_verdict(context.evaluation, draw)
    if verdict is None:
        return not_drawn(context, draw)
    told = as_published(verdict, published, main_key(context, draw))
    if told is None:
        return context.text(NOT_SHOWN, m=named(context, draw.measure))
    about = about_draw(context, draw, draw.main_outcome)
    messages = [sentences.drawn_sentence(told, about), *sentences.excluded(told, about)]
    messages += [*sentences.reservations(told), sentences.sureness(told)]
    return " ".join(map(context.text, messages))


def not_drawn(context: Context, draw: Lottery) -> str:
    """Why the effect on the main outcome could not be estimated."""
    found = draw.offers[ALL, draw.main_outcome]
    assert isinstance(found, NotEstimable)
    words = "{m}: the effect on '{o}' could not be estimated: {r}"
    reason = context.text(found.reason)
    name = named(context, draw.measure)
    outcome = context.own(draw.main_outcome)
    return context.text(words, m=name, o=outcome, r=reason)


IN_POINTS = (100.0, "percentage point", "percentage points", 1)
IN_UNITS = (1.0, "unit of the outcome", "units of the outcome", 2)


def about_draw(context: Context, draw: Lottery, outcome: str) -> About:
    """What an effect of a draw is of, in the words and units of the report."""
    unit = IN_POINTS if draw.is_share(outcome) else IN_UNITS
    return About(named(context, draw.measure), context.own(outcome), "", *unit)


def _shown_in(draw: Lottery, outcome: str) -> tuple[str, tuple[float, int]]:
    """The unit of an effect of a draw, and the scale and decimals that it is shown with."""
    return ("share", (100.0, 1)) if draw.is_share(outcome) else ("number", (1.0, 2))


def main_key(context: Context, draw: Lottery) -> CellKey:
    """The cell of T35 that the headline is about."""
    return CellKey(OFFER, context.own(draw.main_outcome), "estimate")


def _who(context: Context, draw: Lottery) -> Items:
    """How many were drawn and not, who was left out, whose group is not known."""
    sample = draw.sample
    words = {"m": named(context, draw.measure), "f": draw.file.source}
    sets = {"n": Persons.among(sample), "a": Persons.among(sample, draw.offered)}
    others = counted(ALL, "others", Persons.among(sample, ~draw.offered))
    drawn = SentenceSpec(
        template="{m}: {n:,} units of {f} were in the draw, {a:,} of them were drawn.",
        numbers={key: Number(CellKey(IN_DRAW, ALL, key)) for key in sets},
        words=words,
        otherwise="{m}: units of {f} were drawn, too few in one of the groups to be counted here.",
        id=IN_DRAW,
        cells=rows([*(counted(ALL, key, who) for key, who in sets.items()), others]),
    )
    return [
        drawn,
        *not_in_it(draw.file, IN_ALL_ALONE, FEW_IN_ALL_ALONE),
        *in_one_arm("one-arm", draw.file, _alone(context, draw)),
    ]


def _alone(context: Context, draw: Lottery) -> dict[str, Alone]:
    """Units in blocks of one arm: in the draw, and among those behind each row of T35."""
    rows_of = {"": draw.alone(draw.groups[ALL])}
    for group, outcome in draw.offers:
        inside = draw.groups[group] & draw.answered(outcome)
        rows_of[row_of(context, group, outcome)] = draw.alone(inside)
    return rows_of


def _arms(draw: Lottery, inside: Bool) -> Standing:
    """Those drawn and the others, among some units that are compared."""
    both = draw.compared(inside)
    return Standing(
        persons=Persons.among(draw.sample, both),
        compares=(
            Persons.among(draw.sample, both & draw.offered),
            Persons.among(draw.sample, both & ~draw.offered),
        ),
    )


def _loss(context: Context, draw: Lottery) -> Table:
    parts = []
    for (group, column), (offered, other, gap) in draw.loss.items():
        row = row_of(context, group, column)
        inside = draw.groups[group]
        lost = inside & ~draw.answered(column)
        for name, item, arm in (
            ("drawn", offered, draw.offered),
            ("not drawn", other, ~draw.offered),
        ):
            told = Standing(tells=(Persons.among(draw.sample, lost & arm),))
            parts.append(single(context, row, name, in_unit(item, "share"), told))
        apart = in_unit(gap, "share")
        parts.append(single(context, row, "difference", apart, _arms(draw, inside)))
    within = ", ".join(map(context.own, draw.keys.blocks))
    notes = [
        context.text(
            "Share without an answer. The loss stands first: an effect is only as good as it."
        )
    ]
    if within:
        notes.append(context.text("Differences within {blocks}.", blocks=within))
    return Table(
        id=LOSS,
        title="Lost after the draw, by arm, percent",
        cells=joined(parts),
        source=draw.file.source,
        notes=tuple(notes),
        scale=100.0,
    )


def _before(context: Context, draw: Lottery, found: Estimate) -> Table:
    everybody = draw.groups[ALL]
    parts = [
        with_interval(
            context,
            context.own(name),
            found.contrast({found.names[place]: 1.0}).annotated(unit="number"),
            _arms(draw, everybody),
        )
        for place, name in enumerate(draw.known_before)
    ]
    fair = draw.drawn_fairly
    if isinstance(fair, NotEstimable):
        note = context.text("No joint test: {r}", r=context.text(fair.reason))
    else:
        words = "Joint test that the arms did not differ before the draw: p = {p}."
        note = context.text(words, p=context.words.number(fair.p, 3))
    return Table(
        id=BEFORE,
        title="The arms before the draw: drawn minus not drawn",
        cells=joined(parts),
        source=draw.file.source,
        notes=(note,),
        digits=3,
    )


def _offers(context: Context, draw: Lottery) -> Table:
    parts = []
    units = {}
    for (group, outcome), found in draw.offers.items():
        row = row_of(context, group, outcome)
        inside = draw.groups[group] & draw.answered(outcome)
        unit, units[row] = _shown_in(draw, outcome)
        parts.append(with_interval(context, row, in_unit(found, unit), _arms(draw, inside)))
        if isinstance(found, Estimate):
            others = Persons.among(draw.sample, draw.compared(inside) & ~draw.offered)
            parts.append(_level_of_others(row, found, unit, others))
    return Table(
        id=OFFER,
        title="What the offer changed (intention to treat)",
        cells=joined(parts),
        source=draw.file.source,
        notes=tuple(_method(context, draw)),
        digits=2,
        units=units,
    )


def _level_of_others(row: str, found: Estimate, unit: str, others: Persons) -> pd.DataFrame:
    """The adjusted mean of those who were not drawn."""
    cell = plain(
        row,
        "mean of those not drawn",
        float(np.asarray(found.extra["comparison"], float)[0]),
        unit,
        float(others.n),
        "mean",
        "mean of those not drawn, adjusted like the effect",
        Standing(persons=others),
    )
    return rows([cell])


def _method(context: Context, draw: Lottery) -> list[str]:
    """How every effect of T35 is made."""
    keys = draw.keys
    none = context.text("none")
    made = context.text(
        "Drawn minus not drawn, whether they took part or not; {how}; covariates: {covariates};"
        " blocks: {blocks}.",
        how=context.text(ADJUSTED[keys.adjustment]),
        covariates=", ".join(map(context.own, keys.covariates)) or none,
        blocks=", ".join(map(context.own, keys.blocks)) or none,
    )
    notes = [made]
    if draw.adjusted:
        known = [context.text("the arm"), *map(context.own, draw.response_covariates)]
        words = "Weights of those who answered are raised by response propensities on {columns}."
        notes.append(context.text(words, columns=", ".join(known)))
    if draw.keys.months is not None:
        notes.append(context.text("Outcomes {m:.0f} months after the draw.", m=draw.keys.months))
    found = draw.offers[ALL, draw.main_outcome]
    if isinstance(found, Estimate):
        notes += [
            context.text(note)
            for note in found.notes
            if isinstance(note, Message) and note.template in (CORRECTED, NOT_CORRECTED)
        ]
    return [*notes, context.text(draw.sample.design.published_basis)]


def _taken_words(context: Context, draw: Lottery) -> Item:
    """What taking part changed, with the ends of its set as T36 shows them: none where it has none."""
    found = draw.taken[draw.main_outcome]
    if isinstance(found, NotEstimable):
        return context.text("Effect of taking part: {r}", r=context.text(found.reason))
    verdict = taken_verdict(found)
    about = about_draw(context, draw, draw.main_outcome)
    row = context.own(draw.main_outcome)
    keys = tuple(CellKey(TAKEN, row, column) for column in ("estimate", FROM, TO))
    moved = {
        CellKey(TAKEN, context.own(outcome), "estimate"): _first_stage(context, outcome, late)
        for outcome, late in draw.taken.items()
        if isinstance(late, Estimate)
    }

    def say(published: pd.DataFrame) -> str:
        shown = shown_values(published)
        value, low, high = map(shown.get, keys)
        take_up = [said for key, said in moved.items() if key in shown]
        if value is None:
            return " ".join(take_up)
        ends = (-np.inf if low is None else low, np.inf if high is None else high)
        told = sentences.taken_sentence(verdict.of_published(value, *ends), about)
        return " ".join((context.text(told), *take_up))

    return SummarySpec(tuple(dict.fromkeys((*keys, *moved))), say)


def _taken(context: Context, draw: Lottery) -> Table:
    parts = []
    units = {}
    for outcome, found in draw.taken.items():
        row = context.own(outcome)
        unit, units[row] = _shown_in(draw, outcome)
        standing = _arms(draw, draw.answered(outcome, str(draw.keys.takeup)))
        parts.append(_effect_on_takers(context, row, found, unit, standing))
    return Table(
        id=TAKEN,
        title="What taking part changed, for those who take part if drawn and not otherwise",
        cells=joined(parts),
        source=draw.file.source,
        notes=(
            context.text(
                "The interval holds every effect that the data do not reject (Anderson and Rubin),"
                " however little the lot moved take-up."
            ),
        ),
        digits=2,
        units=units,
    )


def _effect_on_takers(
    context: Context, row: str, found: Estimate | NotEstimable, unit: str, standing: Standing
) -> pd.DataFrame:
    """The effect of taking part with the ends of its set."""
    if isinstance(found, NotEstimable):
        return single(context, row, "estimate", found, standing)
    first = found.contrast({"late": 1.0}).annotated(unit=unit)
    main = single(context, row, "estimate", first, standing)
    if main["status"].iloc[0] != "shown":
        return main
    possible = found.extra["set"]
    assert isinstance(possible, RatioSet)
    ends = possible.intervals[0] if possible.bounded else (np.nan, np.nan)
    return joined([main, _interval(context, row, ends, unit, NO_END)])


def _interval(
    context: Context, row: str, ends: Sequence[float], unit: str, reason: str
) -> pd.DataFrame:
    """The ends of a set of effects; the reason where it has none."""
    low, high = ends
    if not np.isfinite(low):
        none = [(row, column, NotEstimable(reason)) for column in (FROM, TO)]
        return cells_of(none, context.rules)
    return rows(ends_of(row, low, high, unit))


def _bounds(context: Context, draw: Lottery) -> Table:
    """Bounds on the effects of the offer and of taking part, with the ends of their sets."""
    parts = []
    units = {}
    everybody = Persons.among(draw.sample, draw.compared(draw.groups[ALL]))
    for (outcome, column), found in draw.bounds.items():
        words = "{outcome}, the offer" if column == draw.assigned else "{outcome}, taking part"
        row = context.text(words, outcome=context.own(outcome))
        unit, units[row] = _shown_in(draw, outcome)
        standing = replace(_arms(draw, draw.answered(outcome)), persons=everybody)
        parts.append(_ends(context, row, found, unit, standing))
    notes = (
        "On those who would be followed whether they were drawn (took part) or not, whatever decided"
        " who was lost: the arm that lost fewer is trimmed from above and from below.",
        "It holds if being drawn (taking part) moves being followed in one direction only, and the"
        " offer moves it through taking part alone. Weights are those from before any correction"
        " for loss.",
        "The interval holds every effect that the tests on both bounds do not reject.",
    )
    return Table(
        id=BOUNDS,
        title="Bounds where units were lost, whoever they were",
        cells=joined(parts),
        source=draw.file.source,
        notes=tuple(map(context.text, notes)),
        digits=2,
        units=units,
    )


def _ends(
    context: Context, row: str, found: Estimate | NotEstimable, unit: str, standing: Standing
) -> pd.DataFrame:
    """Both bounds and the ends of the set of effects."""
    if isinstance(found, NotEstimable):
        return single(context, row, LOWER, found, standing)
    each = [found.contrast({name: 1.0}).annotated(unit=unit) for name in found.names]
    pair = [(row, LOWER, each[0]), (row, UPPER, each[1])]
    main = cells_of(pair, context.rules, standing)
    if (main["status"] != "shown").any():
        return main
    ends = np.asarray(found.extra["set"], float)
    return joined([main, _interval(context, row, ends.tolist(), unit, NO_BOUND)])


def _first_stage(context: Context, outcome: str, found: Estimate) -> str:
    """How far the lot moved take-up."""
    strength = float(np.asarray(found.extra["first_stage_f"], float))
    words = "'{o}': {v} percentage points more took part among those drawn (F = {f})."
    if strength < WEAK:
        words = (
            "'{o}': {v} percentage points more took part among those drawn (F = {f}): too few to"
            " tell the effect of taking part closely."
        )
    number = context.words.number
    share = number(100 * float(found.value[1]), 1)
    return context.text(words, o=context.own(outcome), v=share, f=number(strength, 1))

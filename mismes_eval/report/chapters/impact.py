"""The impact question: effects of each measure, what stands beside them, what they cost."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import moved_apart
from mismes_eval.evaluation.heterogeneity import VOLUNTARY, returnees
from mismes_eval.evaluation.tracer_effects import WORK, Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.impact.did.two_by_two import NAMES
from mismes_eval.report import sentences
from mismes_eval.report.chapters.adverse_outcomes import harm
from mismes_eval.report.chapters.base import Chapter, Context, Items, titles
from mismes_eval.report.chapters.bias import bias
from mismes_eval.report.chapters.cells import (
    NO_SUCH,
    SPOKEN,
    YEAR_BEFORE,
    about_effect,
    after,
    as_published,
    before_note,
    cell_unit,
    earnings_note,
    effect_cell,
    following,
    headline_cell,
    in_unit,
    joined,
    outcome_scale,
    outcome_unit,
    parts_of_effect,
    plain,
    rows,
    shown_values,
    single,
    span_at,
    spoken_cell,
    unit_of,
)
from mismes_eval.report.chapters.costs import worth_items
from mismes_eval.report.chapters.designs import design_items
from mismes_eval.report.chapters.heterogeneity import whom_items
from mismes_eval.report.chapters.lottery import lottery_items
from mismes_eval.report.chapters.names import named
from mismes_eval.report.chapters.rollout import rollout_items
from mismes_eval.report.chapters.sensitivity import doubt_items
from mismes_eval.report.chapters.study import study_items
from mismes_eval.report.chapters.theory import theory
from mismes_eval.report.chapters.verdicts import (
    PRE,
    drawn_by_lot,
    effect_verdict,
    missed_share,
    spoken_outcomes,
    spoken_span,
)
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import Number, SentenceSpec, SummarySpec, no_cells
from mismes_eval.report.document.tables import Table
from mismes_eval.report.truth import truth_item

NOT_SHOWN = "{m}: its effect is not shown: too few persons."
NOT_ESTIMATED = "{m}: the effect on '{o}' could not be estimated: {r}"
PARALLEL_TRENDS = (
    "Assumed (parallel trends): without the measure both groups would have changed alike from"
    " enrolment on."
)
MISSED = "missed"  # samples that miss a parting of trends: a cell of its own that the headline has
WHERE = (
    "{m}: effect after {w} in percentage points {v}, of which work at home {home} (95% interval {hl} to"
    " {hh}) and work abroad {abroad} ({al} to {ah}); the two add up to it. A part whose interval holds"
    " 0 may be none."
)
BOUND = {
    "lower": "{what}, lower bound for those who have it either way",
    "upper": "{what}, upper bound for those who have it either way",
}


def impact(context: Context) -> Chapter:
    """T05d how the measures are meant to work; T17 effects by outcome and wave; T19, F10 to F12
    what can be held against them; T18 for whom; T20, F13 what they cost; a draw by lot, a roll-out
    or a study of its own.
    """
    study = context.evaluation.tracing
    own = context.evaluation.study
    rolled = context.evaluation.rollout
    drawn = context.evaluation.lottery
    alone = [
        *(lottery_items(context, drawn) if drawn is not None else []),
        *(rollout_items(context, rolled) if rolled is not None else []),
        *(study_items(context, own) if own is not None else []),
    ]
    if study is None or not study.measures:
        told = theory(context, {**context.shown, **titles(alone)})
        missing = [context.absent("tracer study or impact study")] if study is None else []
        return Chapter("impact", "Impact and its cost", (*told, *(alone or missing)))
    items: Items = [
        context.text(
            "Effects compare the change of participants with the change of the comparison group,"
            " doubly robust, from enrolment to each wave. They are effects if, without the measure,"
            " both groups would have changed alike given the covariates; the pre-trend test below"
            " is a check, not a proof."
        ),
    ]
    for effect, doubt in zip(context.evaluation.effects, context.evaluation.doubts, strict=True):
        items += [
            *headline_items(context, effect, study),
            _effects(context, study, effect),
            *truth_items(context, effect, study),
            *harm(context, study, effect),
            *doubt_items(context, study, effect, doubt),
        ]
    items += [
        *bias(context, study),
        *whom_items(context, study),
        *worth_items(context, study),
        *design_items(context, study),
        *alone,
    ]
    return Chapter(
        "impact",
        "Impact and its cost",
        (*theory(context, {**context.shown, **titles(items)}), *items),
    )


def headline_items(context: Context, effect: Effects, study: Tracing) -> Items:
    """The main effect in words that follow its verdict, with the numbers that T17, T19 and T19d
    show: the effect or the sizes that a null excludes, what the year before enrolment could have
    shown, what is reserved; why it is not there, where T17 hides it.
    """
    evaluation = context.evaluation
    name = named(context, effect.measure)
    outcome, wave = evaluation.main_cell
    main = effect.by_wave.get((outcome, wave), NO_SUCH)
    if isinstance(main, NotEstimable):
        reason = context.text(main.reason)
        return [context.text(NOT_ESTIMATED, m=name, o=context.column(outcome), r=reason)]
    verdict = effect_verdict(evaluation, effect)
    assert verdict is not None
    shown = headline_cell(context, effect.measure, study)
    spoken = spoken_cell(context, effect.measure, study, outcome, wave)
    year_before = CellKey(f"T19-{effect.measure}", YEAR_BEFORE, "estimate")
    about = about_effect(context, study, name, outcome, wave)

    def say(published: pd.DataFrame) -> str:
        told = as_published(verdict, published, spoken)
        if told is None or span_at(published, shown) is None:
            return context.text(NOT_SHOWN, m=name)
        messages = [sentences.effect_sentence(told, about), *sentences.excluded(told, about)]
        if told.doubtful:
            messages.append(sentences.CAUTION)
        pre = span_at(published, year_before)
        missed = shown_values(published).get(chance)
        known: tuple[str, ...] = ()
        if pre is not None and missed is not None:
            messages.append(sentences.before(pre, missed, told, about))
            known = (PRE,)
        messages += [*sentences.reservations(told, known), sentences.sureness(told)]
        return " ".join(map(context.text, messages))

    pre = effect.pre.get(outcome)
    own = no_cells()
    id = f"headline-{effect.measure}"
    chance = CellKey(id, MISSED, "share")
    if isinstance(pre, Estimate) and moved_apart(pre) is not None:
        missed = missed_share(pre, verdict, study.months[wave])
        told = rows([plain(MISSED, "share", missed, "share", kind="effect")])
        own = following(told, shown, spoken, year_before)
    items: Items = [SummarySpec((shown, spoken, year_before), say, id, own)]
    if effect.abroad and outcome == WORK:
        numbers = {"v": Number(shown, "value", 100.0, 1)}
        numbers |= parts_of_effect(context, effect.measure, study)
        items.append(SentenceSpec(WHERE, numbers, {"m": effect.measure, "w": shown.column}))
    return items


def _effects(context: Context, study: Tracing, effect: Effects) -> Table:
    cells = []
    units = {}
    for (outcome, wave), estimate in effect.stated.items():
        row = context.column(outcome)
        units[row] = outcome_scale(context, outcome)
        cells.append(
            single(
                context,
                row,
                after(context, study, wave),
                in_unit(estimate, cell_unit(context, outcome)),
            )
        )
    for (outcome, wave), ends in effect.bounds.items():
        when = after(context, study, wave)
        for end, estimate in zip(("lower", "upper"), ends, strict=True):
            row = context.text(BOUND[end], what=context.column(outcome))
            units[row] = outcome_scale(context, outcome)
            stated = in_unit(estimate, cell_unit(context, outcome))
            cells.append(single(context, row, when, stated))
    notes = [
        *_method(context, study),
        _units(context, effect),
        *_wider(context, effect, study),
    ]
    if not drawn_by_lot(context.evaluation, effect.measure):
        notes.append(PARALLEL_TRENDS)
    outcomes = {outcome for outcome, _ in effect.by_wave}
    if any("earn" in outcome for outcome in outcomes):
        notes += earnings_note(context, study)
    notes += before_note(context, study, outcomes)
    notes += _pooled(context, study, effect.measure)
    return Table(
        id=f"T17-{effect.measure}",
        title=context.text("Effects of {m}", m=effect.measure),
        cells=joined(cells),
        source=study.source,
        notes=tuple(notes),
        units=units,
        intervals=True,
    )


def _pooled(context: Context, study: Tracing, measure: str) -> list[str]:
    """What an average over voluntary and forced returns hides, for measures after a return."""
    if not returnees(study, measure, context.evaluation.inventory):
        return []
    found = context.evaluation.whom
    words = (
        "Averages over voluntary and forced returns: they cannot be told apart here, and T18 says"
        " why."
    )
    if found is not None and isinstance(found.groups.get((measure, VOLUNTARY)), GroupEffects):
        words = "Averages over voluntary and forced returns; T18 shows the effect of each."
    return [context.text(words)]


def _method(context: Context, study: Tracing) -> list[str]:
    """How every effect of the table is made: estimator, covariates, weights, variance."""
    impact = context.params.impact
    adjustment = study.panel.adjustment
    covariates = ", ".join(map(context.column, impact.covariates)) or context.text("none")
    made = context.text(
        "Difference-in-differences between enrolment and each wave, {method}, one row a person;"
        " covariates: {covariates}.",
        method=context.text(NAMES[impact.method]),
        covariates=covariates,
    )
    if adjustment is None:
        weights = context.text("Weights of enrolment; loss is not adjusted for.")
    else:
        weights = context.text(
            "Weights of enrolment, adjusted at each wave for loss by response propensities on"
            " {columns}.",
            columns=", ".join(map(context.column, adjustment.covariates)),
        )
    return [made, weights, context.text(study.published_basis)]


def _units(context: Context, effect: Effects) -> str:
    """The unit of each row that the table has."""
    outcomes = dict.fromkeys(outcome for outcome, _ in effect.stated)
    rows = [
        context.text(
            "{row}: {reason}", row=context.column(outcome), reason=outcome_unit(context, outcome)
        )
        for outcome in outcomes
    ]
    return context.text("Units: {rows}.", rows="; ".join(rows))


def _wider(context: Context, effect: Effects, study: Tracing) -> list[str]:
    """Where sentences and figures speak with wider intervals than the table has."""
    spans = [
        spoken_span(context.evaluation, effect, outcome, wave)
        for outcome in spoken_outcomes(context.evaluation)
        for wave in study.waves
    ]
    if not any(span is not None and span.basis is not None for span in spans):
        return []
    return [
        context.text(
            "Brackets hold the design's intervals; sentences and figures speak with the widest that"
            " there is of an effect (table {t}).",
            t=f"{SPOKEN}-{effect.measure}",
        )
    ]


def truth_items(context: Context, effect: Effects, study: Tracing) -> list[SummarySpec]:
    """Where data are made up: the effect that the generator planted on the main outcome at each
    wave, and whether the interval that speaks holds it. Nothing where that cell is hidden.
    """
    table = context.evaluation.truth
    if table is None:
        return []
    outcome, _ = context.evaluation.main_cell
    mine = table[
        (table["measure_id"].astype(str) == effect.measure)
        & (table["outcome"].astype(str) == outcome)
        & (table["source"].astype(str) == "tracer")
    ]
    planted = dict(zip(pd.to_numeric(mine["wave"]), mine["att"].astype(float), strict=True))
    unit = (*unit_of(context, outcome), outcome_scale(context, outcome)[1])
    out = []
    for wave in study.waves:
        if not isinstance(effect.by_wave.get((outcome, wave)), Estimate) or wave not in planted:
            continue
        when = after(context, study, wave)
        words = {"m": effect.measure, "o": context.column(outcome), "w": when}
        shown = effect_cell(context, effect.measure, study, outcome, wave)
        spoken = spoken_cell(context, effect.measure, study, outcome, wave)
        id = f"truth-{effect.measure}-{study.months[wave]:.0f}"
        out.append(truth_item(context, id, planted[wave], (spoken, shown), words, unit))
    return out

"""The impact question: effects of each measure, what stands beside them, what they cost."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.heterogeneity import VOLUNTARY, returnees
from mismes_eval.evaluation.tracer_study import Effects, Tracing
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.report.chapters.adverse_outcomes import harm
from mismes_eval.report.chapters.base import Chapter, Context, Item, titles
from mismes_eval.report.chapters.bias import bias
from mismes_eval.report.chapters.cells import earnings_note, outcome_scale
from mismes_eval.report.chapters.costs import worth_items
from mismes_eval.report.chapters.heterogeneity import whom_items
from mismes_eval.report.chapters.rollout import rollout_items
from mismes_eval.report.chapters.sensitivity import doubt_items
from mismes_eval.report.chapters.strength import PRE, checks, reservations
from mismes_eval.report.chapters.study import study_items
from mismes_eval.report.chapters.theory import theory
from mismes_eval.report.chapters.words import spelled
from mismes_eval.report.document.tables import Table, cells_of


def impact(context: Context) -> Chapter:
    """T05d how the measures are meant to work; T17 effects by outcome and wave; T19, F10 to F12
    what can be held against them; T18 for whom; T20, F13 what they cost; a roll-out or a study of
    its own.
    """
    study = context.evaluation.tracing
    own = context.evaluation.study
    rolled = context.evaluation.rollout
    alone = (rollout_items(context, rolled) if rolled is not None else []) + (
        study_items(context, own) if own is not None else []
    )
    if study is None:
        told = theory(context, {**context.shown, **titles(alone)})
        return Chapter(
            "impact",
            "Impact and its cost",
            (*told, *(alone or [context.absent("tracer study or impact study")])),
        )
    items: list[Item] = [
        context.text(
            "Effects compare the change of participants with the change of the comparison group,"
            " doubly robust, from enrolment to each wave. They are effects if, without the measure,"
            " both groups would have changed alike given the covariates; the pre-trend test below"
            " is a check, not a proof."
        ),
    ]
    for effect, doubt in zip(context.evaluation.effects, context.evaluation.doubts, strict=True):
        items += headline(context, effect, study)
        items += [
            _effects(context, study, effect),
            *harm(context, study, effect),
            *doubt_items(context, study, effect, doubt),
        ]
    items += [
        *bias(context, study),
        *whom_items(context, study),
        *worth_items(context, study),
        *alone,
    ]
    return Chapter(
        "impact",
        "Impact and its cost",
        (*theory(context, {**context.shown, **titles(items)}), *items),
    )


def headline(context: Context, effect: Effects, study: Tracing) -> list[str]:
    """The main effect in words that follow its interval and its pre-trend: never more than they
    allow.
    """
    p = context.evaluation.params
    outcome, wave = p.impact.main_outcome, p.impact.main_wave
    main = effect.by_wave.get(
        (outcome, wave), NotEstimable("the params name no such outcome and wave")
    )
    if isinstance(main, NotEstimable):
        return [
            context.text(
                "{m}: the effect on '{o}' could not be estimated: {r}",
                m=named(context, effect.measure),
                o=context.column(outcome),
                r=context.text(main.reason),
            )
        ]
    scale, _ = outcome_scale(outcome)
    n = context.words.number
    low, high = (float(v) * scale for v in main.ci().iloc[0])
    unit = (
        context.text("percentage points") if scale == 100 else context.text("units of the outcome")
    )
    values = {
        "m": named(context, effect.measure),
        "o": context.column(outcome),
        "w": context.text("{m:.0f} months", m=study.months[wave]),
        "v": n(float(main.value[0]) * scale),
        "lo": n(low),
        "hi": n(high),
        "u": unit,
        "most": n(max(abs(low), abs(high))),
    }
    if low <= 0 <= high:
        text = context.text(
            "{m}: no effect on '{o}' could be shown after {w}: {v} {u}, 95% interval {lo} to {hi}."
            " Effects larger than {most} {u} in size can be ruled out.",
            **values,
        )
    else:
        higher = (
            "{m}: after {w}, '{o}' among participants is {v} {u} higher than it would have been"
            " without the measure (95% interval {lo} to {hi}), provided that both groups would"
            " otherwise have changed alike."
        )
        lower = (
            "{m}: after {w}, '{o}' among participants is {v} {u} lower than it would have been"
            " without the measure (95% interval {lo} to {hi}), provided that both groups would"
            " otherwise have changed alike."
        )
        size = {
            "v": n(abs(float(main.value[0])) * scale),
            "lo": n(min(abs(low), abs(high))),
            "hi": n(max(abs(low), abs(high))),
        }
        text = context.text(higher if low > 0 else lower, **{**values, **size})
    pre = effect.pre.get(outcome)
    out = [text]
    if main.doubtful:
        out.append(
            context.text(
                "Caution: one of the groups lies in fewer than 8 primary sampling units; the"
                " interval is too short (tables mark it i)."
            )
        )
    if isinstance(pre, Estimate):
        plow, phigh = (float(v) * scale for v in pre.ci().iloc[0])
        shown = {"v": n(float(pre.value[0]) * scale), "lo": n(plow), "hi": n(phigh), "u": unit}
        if plow <= 0 <= phigh:
            out.append(
                context.text(
                    "In the year before enrolment the groups moved alike within what can be seen:"
                    " {v} {u} ({lo} to {hi}).",
                    **shown,
                )
            )
        else:
            out.append(
                context.text(
                    "Caution: already in the year before enrolment the groups moved apart by {v}"
                    " {u} ({lo} to {hi}); the effect above may be wrong by as much.",
                    **shown,
                )
            )
    return [*out, *_not_passed(context, effect)] if not low <= 0 <= high else out


def _not_passed(context: Context, effect: Effects) -> list[str]:
    """The checks that an effect does not pass, in a sentence; the year before enrolment has its
    own.
    """
    d = next((d for d in context.evaluation.doubts if d.measure == effect.measure), None)
    said = "" if d is None else reservations(context, checks(context, effect, d), (PRE,))
    return [said] if said else []


def named(context: Context, measure: str) -> str:
    """A measure with its model in words, where the inventory knows it: a reader outside the project
    does not know ids.
    """
    inventory = context.evaluation.inventory
    mine = (
        []
        if inventory is None
        else inventory.frame.loc[
            inventory.frame["measure_id"].astype(str) == measure, "model_primary"
        ]
        .dropna()
        .astype(str)
    )
    model = context.codes("models").get(mine.iloc[0]) if len(mine) else None
    return measure if model is None else context.text("{m} ({what})", m=measure, what=model)


def _effects(context: Context, study: Tracing, effect: Effects) -> Table:
    cells, units = [], {}
    for (outcome, wave), e in effect.by_wave.items():
        row = context.column(outcome)
        units[row] = outcome_scale(outcome)
        cells.append(
            cells_of(
                [(row, context.text("{m:.0f} months", m=study.months[wave]), e)], context.rules
            )
        )
    truth = _truth(context, effect.measure)
    pooled = _pooled(context, study, effect.measure)
    notes = [
        _standard_errors(context, effect),
        context.text("Shares in percentage points; months and earnings in their units."),
    ]
    notes += (
        earnings_note(context, study)
        if any("earn" in str(outcome) for outcome, _ in effect.by_wave)
        else ()
    )
    notes += [pooled] if pooled else []
    if truth is not None:
        notes.append(truth)
    return Table(
        f"T17-{effect.measure}",
        context.text("Effects of {m}", m=effect.measure),
        pd.concat(cells, ignore_index=True),
        study.source,
        tuple(notes),
        1.0,
        1,
        context.synthetic,
        units,
        intervals=True,
    )


def _pooled(context: Context, study: Tracing, measure: str) -> str:
    """What an average over voluntary and forced returns hides, for measures after a return; "" for
    the others.
    """
    if not returnees(study, measure, context.evaluation.inventory):
        return ""
    found = context.evaluation.whom
    if found is not None and isinstance(found.groups.get((measure, VOLUNTARY)), GroupEffects):
        return context.text(
            "Averages over voluntary and forced returns; T18 shows the effect of each."
        )
    return context.text(
        "Averages over voluntary and forced returns: they cannot be told apart here, and T18 says"
        " why."
    )


def _standard_errors(context: Context, effect: Effects) -> str:
    for e in effect.by_wave.values():
        if isinstance(e, Estimate):
            said = [*e.notes[:1], *(n for n in e.notes[1:] if n.startswith("Variance"))][:2]
            return context.name(" ".join(context.text(spelled(n)) for n in said))
    return ""


def _truth(context: Context, measure: str) -> str | None:
    """The known effect of synthetic data, beside the estimate."""
    table, p = context.evaluation.truth, context.evaluation.params
    if table is None:
        return None
    outcome, wave = p.impact.main_outcome, p.impact.main_wave
    mine = table[
        (table["measure_id"].astype(str) == measure)
        & (table["outcome"].astype(str) == outcome)
        & (pd.to_numeric(table["wave"]) == wave)
        & (table["source"].astype(str) == "tracer")
    ]
    if mine.empty:
        return None
    said = "Known true effect of these made-up data on '{o}' in wave {wave}: {v} {u}."
    scale, digits = outcome_scale(str(outcome))
    unit = (
        context.text("percentage points") if scale == 100 else context.text("units of the outcome")
    )
    return context.text(
        said,
        o=context.column(str(outcome)),
        wave=wave,
        v=context.words.number(float(mine["att"].iloc[0]) * scale, digits),
        u=unit,
    )

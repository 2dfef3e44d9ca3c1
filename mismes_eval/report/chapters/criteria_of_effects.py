"""Evidence on effectiveness, impact and sustainability: what the effects say on each criterion."""

from __future__ import annotations

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report import sentences
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import (
    NO_SUCH,
    about_effect,
    about_rollout,
    as_published,
    effect_cell,
    span_at,
    spoken_cell,
)
from mismes_eval.report.chapters.lottery import about_draw, main_key, not_drawn
from mismes_eval.report.chapters.rollout import EFFECT, rolled_cell
from mismes_eval.report.chapters.study import EFFECTIVENESS, Line, study_findings
from mismes_eval.report.chapters.verdicts import (
    draw_verdict,
    effect_verdict,
    later_verdict,
    rollout_verdict,
)

STRONG, MODERATE, WEAK, NONE = "strong", "moderate", "weak", "none"
ENOUGH = 0.8
FEW = "too few persons"


def no_evidence(context: Context, criterion: str, reason: str, tables: str = "") -> Line:
    said = context.text("Nothing can be said: {r}.", r=context.text(reason).rstrip("."))
    return Line(criterion, said, NONE, tables)


def of_measure(context: Context, criterion: str, measure: str, reason: str, tables: str) -> Line:
    """Why nothing is said of a measure."""
    said = context.text("{m}: {r}", m=measure, r=context.text(reason))
    return Line(criterion, said, NONE, tables)


def strength_of_records(n: float, whole: int) -> str:
    if n == 0:
        return NONE
    return MODERATE if n >= ENOUGH * whole else WEAK


def on_participants(context: Context) -> list[Line]:
    """What the measures changed for those who took part."""
    study = context.evaluation.tracing
    out = list[Line]()
    for effect in context.evaluation.effects:
        assert study is not None
        tables = f"T17-{effect.measure}, T19-{effect.measure}, F12-{effect.measure}"
        out.append(_effect(context, study, effect, tables))
    own = context.evaluation.study
    if own is not None:
        out += study_findings(context, own)
    draw = context.evaluation.lottery
    if draw is not None:
        out.append(_drawn(context, draw))
    none = "no tracer study, study file or draw by lot was supplied"
    return out or [no_evidence(context, EFFECTIVENESS, none if study is None else FEW)]


def impact(context: Context) -> list[Line]:
    """What changed beyond participants: for the residents of the regions of a roll-out."""
    rollout = context.evaluation.rollout
    if rollout is None:
        return [no_evidence(context, "Impact", "effects beyond participants were not measured")]
    return [_rolled(context, rollout)]


def _effect(
    context: Context, study: Tracing, effect: Effects, tables: str, last: object = None
) -> Line:
    """The main effect or, for sustainability, that of the last wave."""
    criterion = EFFECTIVENESS if last is None else "Sustainability"
    outcome, wave = context.evaluation.main_cell
    wave = wave if last is None else last
    estimate = effect.by_wave.get((outcome, wave), NO_SUCH)
    if isinstance(estimate, NotEstimable):
        return of_measure(context, criterion, effect.measure, estimate.reason, tables)
    if last is None:
        verdict = effect_verdict(context.evaluation, effect)
        assert verdict is not None
        held: str = verdict.sureness
    else:
        verdict = later_verdict(context.evaluation, effect, outcome, wave)
        held = MODERATE if verdict.sureness == STRONG else verdict.sureness
    shown = effect_cell(context, effect.measure, study, outcome, wave)
    spoken = spoken_cell(context, effect.measure, study, outcome, wave)
    cells = context.published_at([shown, spoken])
    told = as_published(verdict, cells, spoken)
    if told is None or span_at(cells, shown) is None:
        return of_measure(context, criterion, effect.measure, FEW, tables)
    about = about_effect(context, study, effect.measure, outcome, wave)
    messages = [sentences.effect_in_short(told, about), *sentences.reservations(told)]
    said = " ".join(context.text(message) for message in messages)
    return Line(criterion, context.name(said), held, tables)


def _drawn(context: Context, draw: Lottery) -> Line:
    """What a lot changed in the main outcome."""
    verdict = draw_verdict(context.evaluation, draw)
    if verdict is None:
        return Line(EFFECTIVENESS, not_drawn(context, draw), NONE, "T33")
    key = main_key(context, draw)
    told = as_published(verdict, context.published_at([key]), key)
    if told is None:
        return of_measure(context, EFFECTIVENESS, draw.measure, FEW, "T33")
    about = about_draw(context, draw, draw.main_outcome)
    messages = [sentences.drawn_sentence(told, about), *sentences.reservations(told)]
    said = " ".join(context.text(message) for message in messages)
    tables = "T33, T35, T36" if draw.taken else "T33, T35"
    return Line(EFFECTIVENESS, context.name(said), verdict.sureness, tables)


def _rolled(context: Context, r: Rollout) -> Line:
    verdict = rollout_verdict(r)
    if verdict is None:
        assert isinstance(r.overall, NotEstimable)
        return of_measure(context, "Impact", r.measure, r.overall.reason, "T24")
    spoken = rolled_cell(verdict)
    cells = context.published_at([EFFECT, spoken])
    told = as_published(verdict, cells, spoken)
    if told is None or span_at(cells, EFFECT) is None:
        return of_measure(context, "Impact", r.measure, FEW, "T24")
    effect = sentences.rollout_sentence(told, about_rollout(context, r))
    found = " ".join(map(context.text, [effect, *sentences.reservations(told)]))
    said = context.text("{m}: {r}", m=context.name(r.measure), r=found)
    return Line("Impact", said, verdict.sureness, "T24, F11-rollout")


def sustainability(context: Context) -> list[Line]:
    """Does the effect last to the last wave, and do services go on without the funding?"""
    out = list[Line]()
    study = context.evaluation.tracing
    main = context.params.impact.main_wave
    for effect in context.evaluation.effects:
        assert study is not None
        last = study.waves[-1]
        table = f"T17-{effect.measure}"
        if last == main:
            reason = "the wave of the headline is the last one"
            out.append(no_evidence(context, "Sustainability", reason, table))
        else:
            out.append(_effect(context, study, effect, table, last))
    inventory = context.evaluation.inventory
    if inventory is not None:
        frame = inventory.frame[inventory.counted.to_numpy()]
        ended = frame[frame["sustained_after_end"].notna()]
        if len(ended):
            said = context.text(
                "Services went on after the funding ended in {a:.0%} of {k} measures that say so.",
                a=float(ended["sustained_after_end"].astype(bool).mean()),
                k=len(ended),
            )
            strength = strength_of_records(len(ended), len(frame))
            out.append(Line("Sustainability", said, strength, "T05"))
    return out or [
        no_evidence(
            context, "Sustainability", "neither a tracer study nor an inventory says what lasted"
        )
    ]

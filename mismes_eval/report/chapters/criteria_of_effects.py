"""Evidence on effectiveness, impact and sustainability: what the effects say on each criterion."""

from __future__ import annotations

from dataclasses import dataclass

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.report import sentences
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.cells import (
    about_effect,
    about_rollout,
    as_published,
    effect_cell,
    span_at,
    spoken_cell,
)
from mismes_eval.report.chapters.lottery import about_draw, main_key, not_drawn
from mismes_eval.report.chapters.rollout import EFFECT, rolled_cell
from mismes_eval.report.chapters.study import study_findings
from mismes_eval.report.chapters.verdicts import (
    draw_verdict,
    effect_verdict,
    later_verdict,
    main_cell,
    rollout_verdict,
)

STRONG, MODERATE, WEAK, NONE = "strong", "moderate", "weak", "none"
ENOUGH = 0.8


@dataclass(frozen=True)
class Line:
    """One sentence of evidence on a criterion."""

    criterion: str
    finding: str
    strength: str
    tables: str


def no_evidence(context: Context, criterion: str, reason: str, tables: str = "") -> Line:
    said = context.text("Nothing can be said: {r}.", r=context.text(reason).rstrip("."))
    return Line(criterion, said, NONE, tables)


def strength_of_records(n: float, whole: int) -> str:
    if n == 0:
        return NONE
    return MODERATE if n >= ENOUGH * whole else WEAK


def on_participants(context: Context) -> list[Line]:
    """What the measures changed for those who took part."""
    study = context.evaluation.tracing
    out = list[Line]()
    for effect, doubt in zip(context.evaluation.effects, context.evaluation.doubts, strict=True):
        assert study is not None
        out.append(
            _effect(
                context,
                study,
                effect,
                doubt,
                f"T17-{effect.measure}, T19-{effect.measure}, F12-{effect.measure}",
            )
        )
    own = context.evaluation.study
    if own is not None:
        found = study_findings(context, own)
        out += [
            Line("Effectiveness", finding.said, finding.strength, finding.tables)
            for finding in found
        ]
    draw = context.evaluation.lottery
    if draw is not None:
        out.append(_drawn(context, draw))
    none = "no tracer study, study file or draw by lot was supplied"
    return out or [
        no_evidence(context, "Effectiveness", none if study is None else "too few persons")
    ]


def impact(context: Context) -> list[Line]:
    """What changed beyond participants: for the residents of the regions of a roll-out."""
    rollout = context.evaluation.rollout
    if rollout is None:
        return [no_evidence(context, "Impact", "effects beyond participants were not measured")]
    return [_rolled(context, rollout)]


def _effect(
    context: Context, study: Tracing, effect: Effects, d: Doubt, tables: str, last: object = None
) -> Line:
    """The main effect or, for sustainability, that of the last wave."""
    criterion = "Effectiveness" if last is None else "Sustainability"
    outcome, wave = main_cell(context.evaluation)
    wave = wave if last is None else last
    estimate = effect.by_wave.get(
        (outcome, wave), NotEstimable("the params name no such outcome and wave")
    )
    if isinstance(estimate, NotEstimable):
        reason = context.text("{m}: {r}", m=effect.measure, r=context.text(estimate.reason))
        return Line(criterion, reason, NONE, tables)
    if last is None:
        verdict = effect_verdict(context.evaluation, effect, d)
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
        few = context.text("{m}: {r}", m=effect.measure, r=context.text("too few persons"))
        return Line(criterion, few, NONE, tables)
    about = about_effect(context, effect.measure, outcome, study.months[wave])
    messages = [sentences.effect_in_short(told, about), *sentences.reservations(told)]
    said = " ".join(context.text(message) for message in messages)
    return Line(criterion, context.name(said), held, tables)


def _drawn(context: Context, draw: Lottery) -> Line:
    """What a lot changed in the main outcome."""
    verdict = draw_verdict(context.evaluation, draw)
    if verdict is None:
        return Line("Effectiveness", not_drawn(context, draw), NONE, "T33")
    key = main_key(context, draw)
    told = as_published(verdict, context.published_at([key]), key)
    if told is None:
        few = context.text("{m}: {r}", m=draw.measure, r=context.text("too few persons"))
        return Line("Effectiveness", few, NONE, "T33")
    about = about_draw(context, draw, draw.main_outcome)
    messages = [sentences.drawn_sentence(told, about), *sentences.reservations(told)]
    said = " ".join(context.text(message) for message in messages)
    tables = "T33, T35, T36" if draw.taken else "T33, T35"
    return Line("Effectiveness", context.name(said), verdict.sureness, tables)


def _rolled(context: Context, r: Rollout) -> Line:
    verdict = rollout_verdict(r)
    if verdict is None:
        assert isinstance(r.overall, NotEstimable)
        reason = context.text("{m}: {r}", m=r.measure, r=context.text(r.overall.reason))
        return Line("Impact", reason, NONE, "T24")
    spoken = rolled_cell(verdict)
    cells = context.published_at([EFFECT, spoken])
    told = as_published(verdict, cells, spoken)
    if told is None or span_at(cells, EFFECT) is None:
        few = context.text("{m}: {r}", m=r.measure, r=context.text("too few persons"))
        return Line("Impact", few, NONE, "T24")
    effect = sentences.rollout_sentence(told, about_rollout(context, r))
    found = " ".join(map(context.text, [effect, *sentences.reservations(told)]))
    said = context.text("{m}: {r}", m=context.name(r.measure), r=found)
    return Line("Impact", said, verdict.sureness, "T24, F11-rollout")


def sustainability(context: Context) -> list[Line]:
    """Does the effect last to the last wave, and do services go on without the funding?"""
    out = list[Line]()
    study = context.evaluation.tracing
    main = context.evaluation.params.impact.main_wave
    for effect, doubt in zip(context.evaluation.effects, context.evaluation.doubts, strict=True):
        assert study is not None
        last = study.waves[-1]
        if last == main:
            out.append(
                no_evidence(
                    context,
                    "Sustainability",
                    "the wave of the headline is the last one",
                    f"T17-{effect.measure}",
                )
            )
        else:
            out.append(_effect(context, study, effect, doubt, f"T17-{effect.measure}", last))
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
            out.append(
                Line(
                    "Sustainability",
                    said,
                    strength_of_records(len(ended), len(frame)),
                    "T05",
                )
            )
    return out or [
        no_evidence(
            context, "Sustainability", "neither a tracer study nor an inventory says what lasted"
        )
    ]

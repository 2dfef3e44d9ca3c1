"""The verdict on each effect of a run: what it was put to, threats and precision in one list that
the headline, the risk of bias (T19c) and the matrix (T05c) share.

A check asks whether the evidence is sound, not whether an effect was found: a true null can pass
every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.missing_items import Imputed
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.verdict import (
    BY_LOT,
    DRAWN_BY_LOT,
    FEWEST_CLUSTERS,
    MISSED_AT_MOST,
    PARALLEL,
    Answer,
    Aspect,
    Check,
    Span,
    Verdict,
    moved_apart,
)
from mismes_eval.evaluation.analysis_plan import REGISTERED
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.lottery import ALL, Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.sensitivity import MONTHS_BEFORE, Doubt, wild_span
from mismes_eval.evaluation.tracer_effects import ABROAD, HOME, WORK, Effects
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.did.balance import LIMIT
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.impact.sensitivity.pretrend_missed import chance_missed, chance_missed_on_path
from mismes_eval.impact.sensitivity.pretrend_power import PretrendPower
from mismes_eval.impact.sensitivity.robustness import SpecificationCurve
from mismes_eval.impact.trials.late import RatioSet
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float

FAIR_DRAW = "fair_draw"
ALIKE, PRE, LOSS = "alike_at_enrolment", "year_before_enrolment", "lost_alike"
MODE, TRENDS, PLANNED = "asked_alike", "parting_trends", "registered_plan"
OTHERS, CERTAIN = "other_specifications", "certain_specifications"
LEFT_OUT, CLUSTERS, PSUS = "regions_left_out", "region_clusters", "enough_psus"
SIDES = "regions_a_side"
REGIONS = "regions"
HEADLINE = "headline"
LEVEL = 0.95
HALF_AS_MUCH = 0.5  # breaks of trend, in multiples of the largest one before the measure
# A loss that differs by more than this would matter, so an interval beyond it tells nothing.
LOSS_MATTERS = 0.1

RESERVATIONS = {
    DRAWN_BY_LOT: Message("participants were not drawn by lot"),
    FAIR_DRAW: Message("the groups differed before the draw by more than a lot explains"),
    ALIKE: Message("the groups differed at enrolment by more than 0.1 standard deviations"),
    PRE: Message("the groups moved apart already in the year before enrolment"),
    LOSS: Message("the groups were not lost to follow-up alike"),
    MODE: Message("the groups were not interviewed in the same way"),
    OTHERS: Message("other ways to estimate it do not agree"),
    TRENDS: Message(
        "it would not hold if the trends of the two groups had parted by half as much as they did"
        " before the measure"
    ),
    PLANNED: Message("its outcome and wave were not registered beforehand"),
    CERTAIN: Message("most other ways to estimate it are less certain"),
    LEFT_OUT: Message("it hangs on a single region"),
    CLUSTERS: Message("counted over regions, it cannot be told from chance"),
    PSUS: Message("one of the groups lies in too few primary sampling units"),
    SIDES: Message("one side of the roll-out has fewer than three regions"),
}
IN_SHORT = {  # the same for the first page, where there is room for a few words
    DRAWN_BY_LOT: "not drawn by lot",
    FAIR_DRAW: "groups differed before the draw",
    ALIKE: "groups differed at enrolment",
    PRE: "groups moved apart before",
    LOSS: "unequal dropout",
    MODE: "groups were asked unlike",
    OTHERS: "other estimates disagree",
    TRENDS: "trends that part would undo it",
    PLANNED: "not registered beforehand",
    CERTAIN: "other estimates are less certain",
    LEFT_OUT: "hangs on one region",
    CLUSTERS: "over regions it may be chance",
    PSUS: "too few sampling units",
    SIDES: "too few regions",
}
TOO_WEAK_IN_SHORT = {
    PRE: "earlier trends hardly tested",
    LOSS: "dropout may be unequal",
}
AS_HEADLINE = "the evidence on the headline is {word}, and no other wave is surer"
CAN_HAVE = Message(
    "it would not hold if the trends of the two groups had parted by half as much as they can have"
    " parted before the measure"
)
CANNOT_TELL_LOSS = Message("whether the groups were lost alike cannot be told")
REGIONS_APART = Message("the regions moved apart already before the roll-out")
MISSED = (
    "a parting of trends that explains the whole effect would have been missed in {x:.0%} of"
    " samples"
)
MISSED_NULL = (
    "a parting of trends that hides an effect as large as the interval allows would have been"
    " missed in {x:.0%} of samples"
)


def effect_verdict(evaluation: Evaluation, effect: Effects) -> Verdict | None:
    """The verdict on the main effect of one measure; None where it could not be estimated. Many
    chapters ask for it: it is made once.
    """
    kept = evaluation.verdicts.get(effect.measure)
    if kept is None or kept[0] is not effect:
        kept = (effect, judged(evaluation, effect, evaluation.doubt_of(effect.measure)))
        evaluation.verdicts[effect.measure] = kept
    return kept[1]


def judged(evaluation: Evaluation, effect: Effects, d: Doubt | None) -> Verdict | None:
    """The same with what is held against the effect."""
    main = effect.by_wave.get(evaluation.main_cell)
    study = evaluation.tracing
    if not isinstance(main, Estimate) or study is None:
        return None
    by_lot = drawn_by_lot(evaluation, effect.measure)
    bare = Verdict(main, wider=() if d is None else d.wider)
    checks = [_check(DRAWN_BY_LOT, "start", by_lot)]
    checks += _threats(evaluation, study, effect, d, bare)
    checks += _precision(d, bare)
    return Verdict(main, tuple(checks), bare.wider, BY_LOT if by_lot else PARALLEL)


def later_verdict(evaluation: Evaluation, effect: Effects, outcome: str, wave: object) -> Verdict:
    """The verdict on another wave: trends, losses and modes of interview are checked anew, and it
    is no surer than the headline, which was put to more. The effect must be there.
    """
    study = evaluation.tracing
    main = effect.by_wave[outcome, wave]
    assert study is not None and isinstance(main, Estimate)
    by_lot = drawn_by_lot(evaluation, effect.measure)
    bare = Verdict(main, wider=evaluation.spans_beside(effect, outcome, wave))
    doubt = evaluation.doubt_of(effect.measure)
    checks = [_check(DRAWN_BY_LOT, "start", by_lot)]
    checks += _of_any_wave(study, effect, (outcome, wave), doubt, bare)
    headline = effect_verdict(evaluation, effect)
    verdict = Verdict(
        main,
        tuple(checks),
        bare.wider,
        assumption=BY_LOT if by_lot else PARALLEL,
        headline="none" if headline is None else headline.sureness,
    )
    if verdict.sureness == replace(verdict, headline=None).sureness:
        return verdict
    told = Message(AS_HEADLINE, {"word": Message(verdict.sureness)}, "reason")
    return replace(verdict, checks=(*verdict.checks, Check(HEADLINE, "plan", "too weak", told)))


def spoken_outcomes(evaluation: Evaluation) -> tuple[str, ...]:
    """The outcomes of which sentences speak: the main one and, where it is work anywhere, work at
    home and abroad.
    """
    outcome, _ = evaluation.main_cell
    return (outcome, HOME, ABROAD) if outcome == WORK else (outcome,)


def spoken_span(evaluation: Evaluation, effect: Effects, outcome: str, wave: object) -> Span | None:
    """The interval that speaks for an effect, the widest that there is of it: the same rule for the
    headline, every other wave and work at home. None where the effect could not be estimated.
    """
    estimate = effect.stated.get((outcome, wave))
    if not isinstance(estimate, Estimate):
        return None
    if outcome not in spoken_outcomes(evaluation):
        return Span.of(estimate)
    return Verdict(estimate, wider=evaluation.spans_beside(effect, outcome, wave)).span


def rollout_verdict(r: Rollout) -> Verdict | None:
    """The verdict on a roll-out over regions, in which the wider interval speaks; None where there
    is no effect.
    """
    if not isinstance(r.overall, Estimate):
        return None
    design = Message("error of the survey's design, which misses shocks that whole regions share")
    wild = Message(
        "regions as the clusters, wild bootstrap over {n} regions", {"n": r.regions}, "note"
    )
    bare = Verdict(Span.of(r.overall, basis=design), wider=wild_span(r.wild, wild))
    checks = [_check(DRAWN_BY_LOT, "start", False), *_years_before(r, bare)]
    if isinstance(r.honest, HonestDiD):
        checks.append(_parting(r.honest, bare))
    checks.append(_check(SIDES, "precision", r.fewest_regions >= FEWEST_CLUSTERS))
    return Verdict(bare.own, tuple(checks), bare.wider, clusters=r.fewest_regions)


def draw_verdict(evaluation: Evaluation, draw: Lottery) -> Verdict | None:
    """The verdict on what the offer of a draw changed in its main outcome; None where it could not
    be estimated.
    """
    main = draw.offers[ALL, draw.main_outcome]
    if not isinstance(main, Estimate):
        return None
    checks = [_check(DRAWN_BY_LOT, "start", True)]
    fair = draw.drawn_fairly
    if not isinstance(fair, NotEstimable):
        checks.append(_check(FAIR_DRAW, "start", fair.p >= 1 - LEVEL))
    gap = draw.loss[ALL, draw.main_outcome][2]
    checks.append(_loss(Span.of(gap)) if isinstance(gap, Estimate) else _no_loss(draw))
    checks.append(_check(PLANNED, "plan", outcome_planned(evaluation, draw.main_outcome)))
    checks.append(_check(PSUS, "precision", not Verdict(main).doubtful))
    return Verdict(main, tuple(checks), assumption=BY_LOT)


def _no_loss(draw: Lottery) -> Check:
    """Nobody is lost; or somebody is, and the arms cannot be compared."""
    everybody = bool(draw.answered(draw.main_outcome)[draw.sample.active].all())
    return Check(LOSS, "loss", "yes" if everybody else "too weak", CANNOT_TELL_LOSS)


def taken_verdict(effect: Estimate) -> Verdict:
    """The verdict on the effect of taking part, with the Anderson-Rubin set as its interval."""
    possible = effect.extra["set"]
    assert isinstance(possible, RatioSet)
    ends = possible.intervals[0] if possible.bounded else (-np.inf, np.inf)
    return Verdict(Span(float(effect.value[0]), *ends), assumption=BY_LOT)


def blocks_verdict(
    evaluation: Evaluation, outcome: str, within_blocks: Estimate, lost_within: object
) -> Verdict:
    """The verdict on an effect within the blocks of a draw that a study names."""
    checks = [_check(DRAWN_BY_LOT, "start", True)]
    if isinstance(lost_within, Estimate):
        checks.append(_loss(Span.of(lost_within)))
    checks.append(_check(PLANNED, "plan", outcome_planned(evaluation, outcome)))
    return Verdict(within_blocks, tuple(checks), assumption=BY_LOT)


def outcome_planned(evaluation: Evaluation, outcome: str) -> bool:
    """Whether a registered plan names the main outcome of a study of its own."""
    return _registered(evaluation, {("main outcome", outcome)})


def _registered(evaluation: Evaluation, choices: set[tuple[str, str]]) -> bool:
    """Whether there is a registered plan with these items and their values."""
    plan = evaluation.plan
    if plan is None:
        return False
    written = set(zip(plan["item"], plan["value"], strict=True))
    return choices <= written and bool(plan["item"].isin(REGISTERED[:1]).any())


def _years_before(r: Rollout, verdict: Verdict) -> list[Check]:
    """Whether regions moved alike before the roll-out, and whether the joint test would have seen
    otherwise.
    """
    test = r.effects if isinstance(r.effects, NotEstimable) else r.effects.pretrend_test()
    if isinstance(test, NotEstimable):
        return []
    if float(test.p) < 1 - LEVEL:
        return [Check(PRE, "trends", "no", REGIONS_APART, started_apart=True)]
    missed = 1.0
    if isinstance(r.event, Estimate) and isinstance(r.power, PretrendPower):
        missed = chance_missed_on_path(r.event, _explained(verdict))
    return [_seen(missed, verdict)]


def _explained(verdict: Verdict) -> float:
    """The effect that parting trends would have to explain: of a null, the largest not excluded."""
    span = verdict.span
    return span.value if verdict.shown else max(abs(span.low), abs(span.high))


def _seen(missed: float, verdict: Verdict) -> Check:
    """A test of trends that found nothing, with what it would have missed."""
    words = MISSED if verdict.shown else MISSED_NULL
    answer: Answer = "yes" if missed <= MISSED_AT_MOST else "too weak"
    return Check(PRE, "trends", answer, Message(words, {"x": missed}, "reason"))


def in_short(check: Check) -> Message:
    """Why a check is not passed, in a few words."""
    weak = TOO_WEAK_IN_SHORT.get(check.code) if check.answer == "too weak" else None
    return Message(weak or IN_SHORT[check.code])


def drawn_by_lot(evaluation: Evaluation, measure: str) -> bool:
    """Whether the inventory records a randomised trial of the measure: no other comparison excludes
    that the groups would have parted anyway.
    """
    inventory = evaluation.inventory
    if inventory is None:
        return False
    designs = inventory.frame.loc[inventory.frame["measure_id"] == measure, "impact_design"]
    return bool((designs == "RCT").any())


def before_check(pre: object, verdict: Verdict, months: float) -> Check | None:
    """Whether the groups moved alike before, and whether the test could have seen otherwise: a
    straight parting that explains the effect (of a null: the largest one not excluded) after so
    many months would have shown a part of it in the year before.
    """
    apart = moved_apart(pre)
    if apart is None or not isinstance(pre, Estimate):
        return None
    if apart:
        return Check(PRE, "trends", "no", RESERVATIONS[PRE], started_apart=True)
    return _seen(missed_share(pre, verdict, months), verdict)


def missed_share(pre: Estimate, verdict: Verdict, months: float) -> float:
    """In which share of samples the test before enrolment would have missed a parting that explains
    the effect; NaN counts as missed always.
    """
    if not months > 0:
        return 1.0
    missed = chance_missed(pre, _explained(verdict) * MONTHS_BEFORE / months)
    return missed if np.isfinite(missed) else 1.0


def lost(study: Tracing, measure: str, wave: object) -> Estimate | None:
    """Share lost at a wave, participants minus comparison group, of one measure; None where it has
    one arm or the study no such wave.
    """
    if wave not in study.panel.waves:
        return None
    lost_to_it = np.where(study.responded(wave), 0.0, 1.0)
    return _between_arms(study, measure, lost_to_it, study.fielded(wave))


def asked_alike(study: Tracing, measure: str, wave: object) -> Estimate | None:
    """Share of those who answered a wave in its commonest mode of interview (in person, by phone),
    participants minus comparison group; None where the study does not record how it asked.
    """
    long = study.panel.long
    if "mode" not in long.columns or wave not in study.panel.waves:
        return None
    of_wave = long[study.panel.wave] == wave
    rows = long.loc[of_wave, [study.panel.unit, "mode"]].drop_duplicates(study.panel.unit)
    mode = rows.set_index(study.panel.unit)["mode"].astype("string")
    persons = study.of(measure).sample.frame[study.panel.unit].map(mode)
    answered = persons.notna().to_numpy(bool) & study.responded(wave)
    if persons[answered].nunique() < 2:
        return None
    commonest = persons[answered].mode().iloc[0]
    in_mode = np.asarray((persons == commonest).fillna(False), float)
    return _between_arms(study, measure, in_mode, answered)


def _between_arms(study: Tracing, measure: str, trait: Float, among: Bool) -> Estimate | None:
    """Mean of a trait, participants minus comparison group."""
    sample = study.of(measure).sample.where(among)
    if len(set(sample.frame.loc[sample.active, TREATED])) < 2:
        return None
    arms = sample.frame[TREATED].map({1.0: "T", 0.0: "C"})
    found = mean(sample.with_columns({"_trait": trait, "_arm": arms}), "_trait", by="_arm")
    return found.contrast({"_trait, _arm=T": 1.0, "_trait, _arm=C": -1.0})


def _of_any_wave(
    study: Tracing, effect: Effects, cell: tuple[str, object], d: Doubt | None, bare: Verdict
) -> Iterator[Check]:
    """Threats that are asked of every wave: alike at enrolment, trends before, losses, modes."""
    outcome, wave = cell
    if d is not None and not isinstance(d.balance, NotEstimable):
        alike = bool(d.balance.table["before"].abs().max() <= LIMIT)
        yield _check(ALIKE, "start", alike)
    before = before_check(effect.pre.get(outcome), bare, study.months[wave])
    if before is not None:
        yield before
    gap = lost(study, effect.measure, wave)
    if gap is not None:
        yield _loss(Span.of(gap))
    asked = asked_alike(study, effect.measure, wave)
    if asked is not None:
        yield _check(MODE, "measurement", Span.of(asked).sign == "unclear")


def _threats(
    evaluation: Evaluation, study: Tracing, effect: Effects, d: Doubt | None, bare: Verdict
) -> Iterator[Check]:
    yield from _of_any_wave(study, effect, evaluation.main_cell, d, bare)
    if d is not None:
        agreed = specifications_agree(d.curve, bare)
        if agreed is not None:
            yield _check(OTHERS, "trends", agreed)
        if isinstance(d.honest, HonestDiD):
            yield _parting(d.honest, bare)
    yield _check(PLANNED, "plan", planned(evaluation))


def _loss(gap: Span) -> Check:
    if gap.sign != "unclear":
        return _check(LOSS, "loss", False)
    seen = max(abs(gap.low), abs(gap.high)) <= LOSS_MATTERS
    return Check(LOSS, "loss", "yes" if seen else "too weak", CANNOT_TELL_LOSS)


def specifications_agree(curve: SpecificationCurve, verdict: Verdict) -> bool | None:
    """Whether the other ways to estimate an effect say what the headline says: its sign, or for a
    null that no more than one in twenty finds an effect. None where none could be estimated.
    """
    spans = curve_spans(curve)
    return _agree(spans, verdict, len(spans) / 20) if spans else None


def _agree(spans: list[Span], verdict: Verdict, tolerated: float) -> bool:
    """Whether intervals say what a verdict says. tolerated: how many may find an effect beside a
    null.
    """
    if verdict.shown:
        return all((span.value > 0) == (verdict.span.value > 0) for span in spans)
    return sum(span.sign in ("higher", "lower") for span in spans) <= tolerated


def curve_spans(curve: SpecificationCurve) -> list[Span]:
    """The intervals of the specifications that were estimated."""
    return [bare_span(run.result) for run in curve.runs if isinstance(run.result, Estimate)]


def bare_span(estimate: Estimate | Imputed) -> Span:
    """The first interval of an estimate, without what makes it doubtful."""
    low, high = estimate.ends()
    return Span(float(estimate.value[0]), float(low[0]), float(high[0]))


def _parting(honest: HonestDiD, verdict: Verdict) -> Check:
    """Whether the effect survives trends that part by half as much as before. With one period
    before, the multiple is of what they can have parted by.
    """
    # a null survives, because the interval only grows
    survives = not verdict.shown or (honest.breakdown or 0.0) >= HALF_AS_MUCH
    reservation = CAN_HAVE if honest.one_before else RESERVATIONS[TRENDS]
    return Check(TRENDS, "trends", "yes" if survives else "no", reservation)


def planned(evaluation: Evaluation) -> bool:
    """Whether a registered plan names the main outcome and wave of this run."""
    outcome, wave = evaluation.main_cell
    return _registered(evaluation, {("main outcome", outcome), ("main wave", str(wave))})


def _precision(d: Doubt | None, bare: Verdict) -> Iterator[Check]:
    check = partial(_check, aspect="precision")
    yield check(PSUS, passed=not bare.doubtful)
    if d is None:
        return
    spans = curve_spans(d.curve)
    if spans and bare.shown:
        certain = sum(span.sign == bare.sign for span in spans)
        yield check(CERTAIN, passed=certain >= len(spans) / 2)
    if not isinstance(d.left_out, NotEstimable):
        without = curve_spans(d.left_out)
        if without:
            yield check(LEFT_OUT, passed=_agree(without, bare, 0))
    regions = d.wild.get(REGIONS)
    if isinstance(regions, WildBootstrap):
        told = bool(float(regions.p[0]) < 0.05)
        yield check(CLUSTERS, passed=told or not Verdict(bare.own).shown)


def _check(code: str, aspect: Aspect, passed: bool) -> Check:
    return Check(code, aspect, "yes" if passed else "no", RESERVATIONS[code])

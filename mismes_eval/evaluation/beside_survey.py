"""Participants beside residents of the labour force survey who are made like them: the difference
after the measure and, where residents have a baseline, the difference-in-differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.chosen_rows import has_one_of
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import Survey
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.designs.matching import match
from mismes_eval.impact.did.balance import Balance, balance
from mismes_eval.message import Message
from mismes_eval.numerics.balancing import Method as Weights
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.balancing import balance_weights
from mismes_eval.weighting.frames import stack_samples
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

AFTER, BEFORE = "_outcome", "_outcome_before"
NOW, EARLIER = "_took_part", "_took_part_or_earlier"  # 1 participants, 0 residents of a time
STATUS = {"lstatus": "employed", "lstatus_year": "employed"}  # now, and a year ago (GLD)


@dataclass(frozen=True)
class Side:
    """Participants and the residents of one time: a sample whose domain they are; joined, outcome :
    its columns.
    """

    sample: Sample
    joined: str
    outcome: str

    @property
    def groups(self) -> tuple[Sample, Sample]:
        """Participants, and residents."""
        arm = self.sample.frame[self.joined].to_numpy(float)
        return self.sample.where(arm == 1.0), self.sample.where(arm == 0.0)

    @property
    def difference(self) -> Estimate:
        """Participants less residents, by the sample's weights."""
        return between(mean(self.sample, self.outcome, by=self.joined))


@dataclass(frozen=True)
class Residents:
    """effect : what stands for the design; after, before : the differences between participants and
    residents made like them that it is made of, None where residents have no baseline; plain : the
    effect with residents as they are.
    groups : who is compared.
    alikeness : the groups in what makes them alike, before and after.
    """

    effect: Estimate
    plain: Estimate
    after: Estimate | None
    before: Estimate | None
    groups: tuple[Sample, ...]
    notes: tuple[Message, ...]
    alikeness: Balance | NotEstimable


def between(by_group: Estimate) -> Estimate:
    """The second group's value less the first's."""
    one, other = by_group.names
    return by_group.contrast({other: 1.0, one: -1.0}).annotated(kind="effect")


def beside_residents(
    params: Params, study: Tracing, survey: Survey | None, earlier: Sample | None, measure: str
) -> Residents:
    """The design for one measure. Raises EstimateError where the data cannot carry it."""
    if survey is None:
        raise EstimateError("no labour force survey is named")
    method = params.designs.beside_survey[measure]
    traits = list(params.designs.traits)
    sides = _sides(params, study, survey, earlier, measure)
    for side in sides:
        _refuse_nobody(side)
    times = list({side.joined: side for side in sides}.values())
    if method == "match":
        differences, weights = _matched(sides, times, traits)
    else:
        differences, weights = _weighted(sides, times, traits, method)
    baseline = len(sides) > 1
    first = times[0]
    return Residents(
        effect=_less(differences),
        plain=_less([side.difference for side in sides]),
        after=differences[0] if baseline else None,
        before=differences[1] if baseline else None,
        groups=(*first.groups, *(side.groups[1] for side in times[1:])),
        notes=tuple(_left_unlike(s, w, traits) for s, w in zip(times, weights, strict=True)),
        alikeness=attempted(lambda: balance(first.sample, NOW, traits, weights[0].tolist())),
    )


def _less(differences: Sequence[Estimate]) -> Estimate:
    """The first difference, less the second where there is one."""
    if len(differences) == 1:
        return differences[0]
    both = stack(*differences)
    after, before = both.names
    return both.contrast({after: 1.0, before: -1.0}).annotated(kind="effect")


def _matched(
    sides: Sequence[Side], times: Sequence[Side], traits: Sequence[str]
) -> tuple[list[Estimate], list[Float]]:
    """The difference of each side, and the weights (n,) of each time."""
    _refuse_text(times[0].sample, traits)
    found = [match(side.sample, side.outcome, side.joined, traits) for side in sides]
    of_time = {s.joined: e.extra["weights"] for s, e in zip(sides, found, strict=True)}
    return found, [np.asarray(of_time[side.joined], float) for side in times]


def _weighted(
    sides: Sequence[Side], times: Sequence[Side], traits: Sequence[str], method: Weights
) -> tuple[list[Estimate], list[Float]]:
    """As `_matched`, by weight steps one after the other: those of the treated keep their weight,
    so that residents of each time are made like the same participants.
    """
    if method == "overlap" and len(times) > 1:
        raise EstimateError(
            "overlap weights change participants too: with a round from before, take entropy,"
            " cbps, ipw or match"
        )
    last = sides[0].sample
    for side in times:
        inside = last.everybody().where(side.sample.domain)
        last = balance_weights(inside, side.joined, traits, method)
    made = [replace(side, sample=last.everybody().where(side.sample.domain)) for side in sides]
    return [side.difference for side in made], [last.weights for _ in times]


def _sides(
    params: Params, study: Tracing, survey: Survey, earlier: Sample | None, measure: str
) -> list[Side]:
    """Participants and residents after the measure and, where residents have a baseline, before it:
    the same residents who were asked back, or others of an earlier round.
    """
    d = params.designs
    baseline = d.residents_before is not None or d.round_before is not None
    own = _participants(params, study, measure, baseline)
    now = _now(params, survey)
    samples = [own, now]
    if d.round_before is not None:
        samples.append(_then(params, earlier))
    columns = [AFTER, NOW, *([BEFORE] if baseline else []), *d.traits]
    columns += [EARLIER] if d.round_before is not None else []
    both = stack_samples([_slim(s, columns) for s in samples])
    _refuse_other_values(both, baseline)
    traits = both.frame[list(d.traits)].notna().all(axis=1)

    def side(joined: str, outcome: str, *known: str) -> Side:
        there = both.frame[[joined, outcome, *known]].notna().all(axis=1)
        return Side(both.where((traits & there).to_numpy(bool)), joined, outcome)

    if not baseline:
        return [side(NOW, AFTER)]
    if d.residents_before is not None:
        return [side(NOW, AFTER, BEFORE), side(NOW, BEFORE, AFTER)]
    return [side(NOW, AFTER), side(EARLIER, BEFORE)]


def _participants(params: Params, study: Tracing, measure: str, baseline: bool) -> Sample:
    """Those who answered at the headline's wave and, with a baseline, at enrolment."""
    outcome, wave = params.impact.main_outcome, params.impact.main_wave
    study.comparable(outcome)
    waves = [study.baseline, wave] if baseline else [wave]
    followed = study.of(measure).weight_sample(waves)
    arm = followed.frame[TREATED].to_numpy(float)
    ones = np.ones(followed.n)
    after, before = study.values(outcome, wave), study.values(outcome, study.baseline)
    joined = arm == 1.0
    if baseline:
        joined = joined & ~np.isnan(after) & ~np.isnan(before)
    return followed.where(joined).with_columns(
        {AFTER: after, BEFORE: before, NOW: ones, EARLIER: ones}
    )


def _now(params: Params, survey: Survey) -> Sample:
    """Residents after the measure, with what they were asked of the time before it."""
    d, outcome = params.designs, params.impact.main_outcome
    people = survey.sample.where(residents(survey.sample.frame, d.residents))
    before = np.full(people.n, np.nan)
    if d.residents_before is not None:
        before = _answers(people.frame, d.residents_before, outcome)
    after = _of_survey(people.frame, outcome)
    return _with_traits(people, d.traits, after, before, (0.0, np.nan))


def _then(params: Params, earlier: Sample | None) -> Sample:
    """Residents of the round before the measure."""
    d = params.designs
    if earlier is None:
        raise EstimateError("no rounds of the survey are named")
    people = earlier.where(residents(earlier.frame, d.residents))
    before = _of_survey(people.frame, params.impact.main_outcome)
    return _with_traits(people, d.traits, np.full(people.n, np.nan), before, (np.nan, 0.0))


def _with_traits(
    people: Sample,
    traits: Mapping[str, str],
    after: Float,
    before: Float,
    joined: tuple[float, float],
) -> Sample:
    """Residents with outcomes and traits under the names that participants have."""
    lacking = [column for column in traits.values() if column not in people.frame.columns]
    if lacking:
        words = "the labour force survey or its rounds have no column '{o}' to compare with"
        raise EstimateError(Message(words, {"o": ", ".join(lacking)}))
    now, earlier = (np.full(people.n, value) for value in joined)
    columns: dict[str, object] = {AFTER: after, BEFORE: before, NOW: now, EARLIER: earlier}
    columns |= {trait: people.frame[column] for trait, column in traits.items()}
    return people.with_columns(columns)


def _slim(sample: Sample, columns: Sequence[str]) -> Sample:
    """The sample with these columns alone, text and numbers as the files can share them."""
    frame = sample.frame[list(columns)].copy()
    for column in columns:
        number = float64(frame[column])
        frame[column] = frame[column].astype("string") if number is None else number
    return replace(sample, frame=frame)


def residents(frame: pd.DataFrame, rules: Mapping[str, tuple[str, ...]]) -> Bool:
    """(n,) rows that the params keep."""
    keep = np.ones(len(frame), bool)
    for column, values in rules.items():
        keep &= has_one_of(frame[column], values)
    return keep


def _of_survey(frame: pd.DataFrame, outcome: str) -> Float:
    """(n,) the outcome in the survey: a column of its name, or work by labour status."""
    if outcome in frame.columns:
        number = float64(frame[outcome])
        if number is not None:
            return number
    return _answers(frame, "lstatus", outcome)


def _answers(frame: pd.DataFrame, column: str, outcome: str) -> Float:
    """(n,) the outcome from a column: numbers as they are, work by labour status."""
    number = float64(frame[column]) if column in frame.columns else None
    means = STATUS.get(column)
    if number is None or means not in (None, outcome):
        lacking = outcome if column in STATUS else column
        words = "the labour force survey has no column '{o}' to compare with"
        raise EstimateError(Message(words, {"o": lacking}))
    if means is None:
        return number
    return np.where(np.isnan(number), np.nan, (number == 1).astype(float))


def _refuse_other_values(both: Sample, baseline: bool) -> None:
    """Where participants say yes or no, so do residents: other numbers mean something else."""
    inside = both.active
    joined = both.frame[NOW].to_numpy(float) == 1.0
    for column in (AFTER, BEFORE) if baseline else (AFTER,):
        values = both.frame[column].to_numpy(float)
        known = inside & ~np.isnan(values)
        own, others = (np.unique(values[known & group]) for group in (joined, ~joined))
        if np.isin(own, (0.0, 1.0)).all() and not np.isin(others, (0.0, 1.0)).all():
            raise EstimateError(
                "participants say yes or no (1 and 0), and residents have other numbers; map the"
                " survey's answers to 1 and 0"
            )


def _refuse_nobody(side: Side) -> None:
    """Raise where a group has nobody with the outcome and the traits."""
    sizes = [int(group.active.sum()) for group in side.groups]
    if not all(sizes):
        found = worded("{a:,} participants and {b:,} residents", {"a": sizes[0], "b": sizes[1]})
        raise EstimateError(
            Problem(
                "nobody is left to compare",
                expected="participants and residents with the outcome and the traits",
                got=found,
            )
        )


def _refuse_text(sample: Sample, traits: Sequence[str]) -> None:
    """Raise for traits that are no numbers: they cannot be near each other."""
    text = [t for t in traits if float64(sample.frame[t]) is None]
    if text:
        words = "nearest neighbours need numbers: {c} is text; weight instead (entropy), or leave it out"
        raise EstimateError(Message(words, {"c": ", ".join(text)}))


def _left_unlike(side: Side, weights: Float, traits: Sequence[str]) -> Message:
    """How unlike the groups were, and are after weighting."""
    gap, left = (_largest_gap(side, w, traits) for w in (side.sample.weights, weights))
    words = (
        "Largest standardised difference of a trait: {gap:.2f} before weighting, {left:.2f} after."
    )
    if side.joined == EARLIER:
        words = (
            "Residents of the earlier round: largest standardised difference of a trait {gap:.2f}"
            " before weighting, {left:.2f} after."
        )
    return Message(words, {"gap": gap, "left": left}, "note")


def _largest_gap(side: Side, weights: Float, traits: Sequence[str]) -> float:
    inside = side.sample.active
    frame = side.sample.frame.loc[inside, list(traits)].convert_dtypes()
    x = pd.get_dummies(frame, drop_first=True, dtype=float).to_numpy(float)
    d = side.sample.frame.loc[inside, side.joined].to_numpy(float) == 1.0
    w = weights[inside]
    one, other = (np.average(x[g], axis=0, weights=w[g]) for g in (d, ~d))
    spread = np.sqrt(np.average((x[d] - one) ** 2, axis=0, weights=w[d]))
    gap = np.abs(one - other)
    return float(np.max(gap[spread > 0] / spread[spread > 0], initial=0.0))

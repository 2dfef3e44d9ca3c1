"""Designs that the params name beside the difference-in-differences of the tracer study: residents
of the labour force survey as comparison, doses, a status that comes and goes, waits for a first
job, answers that are imputed. Each is one estimate with its own estimand, or the reason for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.errors import EstimateError, Problem, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.missing_items import Imputed, impute, over_imputations
from mismes_eval.estimate.restricted_mean import rmst
from mismes_eval.estimate.survival import cumulative_incidence
from mismes_eval.evaluation.attempt import attempted
from mismes_eval.evaluation.beside_survey import beside_residents, between
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.sensitivity import changes
from mismes_eval.evaluation.survey import Survey
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.designs.dose import dose_response
from mismes_eval.impact.designs.switching import switching_effects
from mismes_eval.impact.did.balance import Balance
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.sensitivity.robustness import Specification, SpecificationCurve
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.tracer import TracerPanel
from mismes_eval.tracer.histories import ABROAD, EMPLOYED, EMPLOYED_ABROAD, EMPLOYED_HOME
from mismes_eval.weighting.balancing import balance_weights
from mismes_eval.weighting.censoring import censoring_weights
from mismes_eval.weighting.sample import Sample

Name = Literal["beside_survey", "dose", "switching", "first_job", "imputed"]
Unit = Literal["outcome", "months", "share"]
Answer = Estimate | Imputed | NotEstimable
HOURS = "hours"
DID = "difference-in-differences"
DID_ESTIMAND = "participants who were followed"
ENDED = "_ended"
WAYS = {
    "job at home": EMPLOYED_HOME,
    "job abroad": EMPLOYED_ABROAD,
    "abroad without work": tuple(state for state in ABROAD if state not in EMPLOYED),
}
ESTIMANDS: Mapping[Name, Message] = {
    "beside_survey": Message(
        "participants who were followed, against residents of the survey made like them"
    ),
    "dose": Message("mean over participants of the effect of the dose that each had"),
    "switching": Message("the first wave after a first change of status, both arms together"),
    "first_job": Message(
        "months without a job, participants who had none at enrolment less a comparison group"
        " weighted to be like them"
    ),
    "imputed": Message(
        "effect on participants by difference-in-differences, missing answers imputed"
    ),
}
OVERLAP = Message(
    "participants who could be residents and residents who could be participants (overlap weights),"
    " one against the other"
)
CHANGE = Message(
    "participants who were followed, their change against that of residents made like them"
)
OVERLAP_CHANGE = Message(
    "participants who could be residents and residents who could be participants (overlap weights),"
    " the change of one against that of the other"
)
MOVED_ALIKE = Message(
    "if participants and residents made like them would else have moved alike (parallel trends)"
)
IN_WORDS: Mapping[str, str] = {
    "beside_survey": "residents of the survey",
    "dose": "dose",
    "switching": "changes of status",
    "first_job": "wait for a first job",
    "imputed": "answers imputed",
}
IN_SHORT: Mapping[Name, str] = {  # whose effect it is, in a figure
    "beside_survey": "participants against residents",
    "dose": "participants at their dose",
    "switching": "those who change status",
    "first_job": "participants without a job",
    "imputed": "participants, imputed",
}
OVERLAP_IN_SHORT = "those who could be either"
ASSUMPTIONS: Mapping[Name, Message] = {
    "beside_survey": Message("if participants differ from them in the traits named alone"),
    "dose": Message(
        "if those with more would have moved like those with less (strong parallel trends)"
    ),
    "switching": Message("if those of one first status would else have moved alike"),
    "first_job": Message(
        "if the groups differ at enrolment in the covariates alone and being lost tells nothing of"
        " the wait"
    ),
    "imputed": Message(
        "if beneficiaries would otherwise have changed like the comparison group and answers are"
        " missing at random given what the imputation knows"
    ),
}

WATCHED = Message(
    "if the groups differ at enrolment in the covariates alone and being lost tells nothing of the"
    " wait among those alike in what the weights know"
)


NO_DOSE = "Participants without a recorded dose ('{c}') are left out: not recorded is not 0."
LEFT_OUT = "Persons who left '{o}' out are imputed; {x:.0%} of the information is missing."


@dataclass(frozen=True)
class Line:
    """A number beside the one that stands for a design. unit: "outcome", "months" or "share";
    fine : whether it is small and needs more decimals.
    """

    words: Message
    answer: Answer
    unit: Unit = "outcome"
    fine: bool = False


@dataclass(frozen=True)
class Beside:
    """One design for one measure.

    design : its key in the params.
    chosen : what the params say of it (a method, a column).
    outcome, unit : of the effect; unit "outcome" is that of the outcome, "months" months.
    effect : the number that stands for the design; lines : all else it gives.
    groups : who is compared, as samples whose domain they are.
    under : an assumption in the place of the design's own.
    alikeness : the groups in what makes them alike, before and after; why it is not known.
    changes : of the survey, whether changes from a baseline are compared.
    """

    measure: str
    design: Name
    chosen: str
    outcome: str
    effect: Answer
    unit: Unit = "outcome"
    lines: tuple[Line, ...] = ()
    groups: tuple[Sample, ...] = ()
    notes: tuple[Message, ...] = ()
    under: Message | None = None
    alikeness: Balance | NotEstimable | None = None
    changes: bool = False

    @property
    def estimand(self) -> Message:
        if self.chosen == "overlap":
            return OVERLAP_CHANGE if self.changes else OVERLAP
        return CHANGE if self.changes else ESTIMANDS[self.design]

    @property
    def whose(self) -> str:
        """The estimand in three words."""
        return OVERLAP_IN_SHORT if self.chosen == "overlap" else IN_SHORT[self.design]

    def to_frame(self) -> pd.DataFrame:
        """One row a number, the one that stands for the design first: number, value, se, ci_low,
        ci_high and, where there is none, the reason.
        """
        whole = Line(self.estimand, self.effect)
        return pd.DataFrame([_row(line) for line in (whole, *self.lines)])

    @property
    def assumption(self) -> Message:
        return self.under or ASSUMPTIONS[self.design]


def _row(line: Line) -> dict[str, object]:
    row: dict[str, object] = {"number": str(line.words)}
    if isinstance(line.answer, NotEstimable):
        return row | {"why not": line.answer.reason}
    (low, high), e = line.answer.ends(), line.answer
    return row | {"value": e.value[0], "se": e.se[0], "ci_low": low[0], "ci_high": high[0]}


def beside(
    params: Params, study: Tracing, survey: Survey | None, earlier: Sample | None = None
) -> tuple[Beside, ...]:
    """Every design that the params name, in the order of the measures."""
    d = params.designs
    makers: Mapping[Name, Callable[[str], Beside]] = {
        "beside_survey": partial(_beside_survey, params, study, survey, earlier),
        "dose": partial(_dose, params, study),
        "switching": partial(_switching, params, study),
        "first_job": partial(_first_job, params, study),
        "imputed": partial(_imputed, params, study),
    }
    return tuple(
        _reasoned(make, measure, name, _plain(d.named[name][measure]), params.impact.main_outcome)
        for measure in study.measures
        for name, make in makers.items()
        if measure in d.named.get(name, {})
    )


def across(
    effect: Effects, found: Sequence[Beside], outcome: str, wave: object
) -> SpecificationCurve:
    """The headline of a measure and every design of it whose effect is on the same outcome, each
    with its own estimand among its choices. What has another outcome or unit is named in the notes.
    """
    main = effect.by_wave.get((outcome, wave), NotEstimable("not asked for"))
    own = {"design": DID, "estimand": DID_ESTIMAND}
    runs = [Specification(DID, own, main)]
    elsewhere = []
    for b in (b for b in found if b.measure == effect.measure):
        if b.outcome != outcome or b.unit != "outcome":
            elsewhere.append(IN_WORDS[b.design])
            continue
        choices = {"design": IN_WORDS[b.design], "estimand": b.whose}
        runs.append(Specification(IN_WORDS[b.design], choices, b.effect))
    notes = (f"In other units or of another outcome: {', '.join(elsewhere)}.",) if elsewhere else ()
    return SpecificationCurve(tuple(runs), DID, notes)


def _plain(chosen: object) -> str:
    return f"{chosen:g}" if isinstance(chosen, float) else str(chosen)


def _reasoned(
    make: Callable[[str], Beside], measure: str, design: Name, chosen: str, outcome: str
) -> Beside:
    """The design, or why the data cannot carry it."""
    found = attempted(partial(make, measure))
    if isinstance(found, NotEstimable):
        return Beside(measure, design, chosen, outcome, effect=found)
    return found


def _arms(sample: Sample) -> tuple[Sample, ...]:
    """Participants and the comparison group of a sample's domain."""
    arm = sample.frame[TREATED].to_numpy(float)
    return tuple(sample.where(arm == a) for a in (1.0, 0.0))


def _headline(params: Params) -> tuple[str, int]:
    return params.impact.main_outcome, params.impact.main_wave


# Participants beside the survey


def _beside_survey(
    params: Params, study: Tracing, survey: Survey | None, earlier: Sample | None, measure: str
) -> Beside:
    found = beside_residents(params, study, survey, earlier, measure)
    lines = [Line(Message("difference as they are"), found.plain)]
    under = None
    if found.after is not None and found.before is not None:
        under = MOVED_ALIKE
        lines = [
            Line(Message("difference after the measure, residents made alike"), found.after),
            Line(Message("difference before it, residents made alike"), found.before),
            Line(Message("difference-in-differences as they are"), found.plain),
        ]
    return Beside(
        measure=measure,
        design="beside_survey",
        chosen=params.designs.beside_survey[measure],
        outcome=params.impact.main_outcome,
        effect=found.effect,
        lines=tuple(lines),
        groups=found.groups,
        notes=found.notes,
        under=under,
        alikeness=found.alikeness,
        changes=under is not None,
    )


# Dose


def _dose(params: Params, study: Tracing, measure: str) -> Beside:
    outcome, wave = _headline(params)
    column = params.designs.dose[measure]
    sample, names = changes(study, study.of(measure), outcome, wave)
    dose = _hours(study, measure) if column == HOURS else study.values(column, study.baseline)
    arm = sample.frame[TREATED].to_numpy(float)
    inside = sample.active
    strange = inside & (arm == 0.0) & (np.nan_to_num(dose) > 0)
    if strange.any():
        raise EstimateError(
            Problem(
                Message("comparison persons have a dose of '{c}'", {"c": column}),
                got=worded("{n:,} of them", {"n": int(strange.sum())}),
            )
        )
    silent = inside & (arm == 1.0) & ~(np.nan_to_num(dose) > 0)
    known = sample.where(~silent).with_columns({"_dose": np.where(arm == 1.0, dose, 0.0)})
    found = dose_response(known, names, "_dose", degree=params.designs.dose_degree)
    more = Message("one unit of the dose more, mean over participants")
    lines = [Line(more, found.overall.select([1]), fine=True)]
    for k, at in enumerate(found.doses):
        words = Message("effect of a dose of {d}", {"d": f"{at:g}"})
        lines.append(Line(words, found.levels.select([k])))
    return Beside(
        measure=measure,
        design="dose",
        chosen=column,
        outcome=outcome,
        effect=found.overall.select([0]),
        lines=tuple(lines),
        groups=_arms(known),
        notes=(Message(NO_DOSE, {"c": column}, "note"),) if silent.any() else (),
    )


def _hours(study: Tracing, measure: str) -> Float:
    """(n,) hours of services of the measure, NaN where none is recorded."""
    if study.services is None or HOURS not in study.services.columns:
        raise EstimateError("the services have no hours")
    own = study.services[study.services["measure_id"].astype("string") == measure]
    hours = own.assign(hours=pd.to_numeric(own[HOURS], errors="coerce"))
    total = hours.groupby(study.panel.unit)[HOURS].sum(min_count=1)
    return study.panel.sample.frame[study.panel.unit].map(total).to_numpy(float)


# A status that comes and goes


def _switching(params: Params, study: Tracing, measure: str) -> Beside:
    outcome = params.impact.main_outcome
    column = params.designs.switching[measure]
    study.comparable(outcome)
    panel = study.of(measure)
    seen, status = _at_every_wave(study, panel, outcome, column)
    everybody = replace(switching_effects(panel, outcome, column), notes=())
    found = replace(everybody, n=np.full(everybody.p, float(seen.active.sum())))
    periods = found.keys["periods"].to_numpy(int)
    moved = (status != status[:, :1]).any(axis=1)
    return Beside(
        measure=measure,
        design="switching",
        chosen=column,
        outcome=outcome,
        effect=found.select([int(np.flatnonzero(periods == 1)[0])]),
        lines=tuple(
            Line(_since(int(p)), found.select([k])) for k, p in enumerate(periods) if p != 1
        ),
        groups=(seen.where(moved), seen.where(~moved)),
        notes=(Message("Whoever switched back counts as having switched.", kind="note"),),
    )


def _at_every_wave(
    study: Tracing, panel: TracerPanel, outcome: str, column: str
) -> tuple[Sample, Float]:
    """Persons whose outcome and status are known at every wave, and (n, waves) the status."""
    status = np.column_stack([panel.values(column, wave) for wave in panel.waves])
    values = np.column_stack([panel.values(outcome, wave) for wave in panel.waves])
    known = ~np.isnan(np.column_stack([status, values]).astype(float)).any(axis=1)
    return panel.weight_sample(None).where(known), status


def _since(periods: int) -> Message:
    if periods > 0:
        return Message("waves since the first change: {k}", {"k": periods})
    return Message("waves before it: {k} (a check, 0 expected)", {"k": -periods})


# Waits for a first job


def _first_job(params: Params, study: Tracing, measure: str) -> Beside:
    months = params.designs.first_job[measure]
    panel = study.of(measure)
    waits = _watched(params, tracers.first_event(panel, {"job": EMPLOYED}), "event", months)
    compete = _watched(params, tracers.first_event(panel, WAYS), "cause", months)
    within = rmst(waits, "duration", "event", months, by=TREATED)
    lines = [
        Line(Message("comparison group: months without a job"), within.select([0]), "months"),
        Line(Message("participants: months without a job"), within.select([1]), "months"),
    ]
    for way in WAYS:
        words = Message("{way} by then, difference", {"way": Message(way)})
        lines.append(Line(words, attempted(partial(_came, compete, way, months)), "share"))
    return Beside(
        measure=measure,
        design="first_job",
        chosen=f"{months:g}",
        outcome="months without a job",
        effect=between(within),
        unit="months",
        lines=tuple(lines),
        groups=_arms(waits),
        notes=_lost_notes(params),
        under=WATCHED if params.designs.lost_given else None,
    )


def _alike(params: Params, waits: Sample) -> Sample:
    """The comparison group weighted to be like participants in the covariates."""
    covariates = params.impact.covariates
    return balance_weights(waits, TREATED, covariates) if covariates else waits


def _watched(params: Params, waits: Sample, event: str, months: float) -> Sample:
    """Groups made alike; those who were watched stand for those alike in each who were lost."""
    alike = _alike(params, waits)
    given = params.designs.lost_given
    if not given:
        return alike
    came = alike.frame[event]
    ended = came.notna() if event == "cause" else came
    marked = alike.with_columns({ENDED: ended.to_numpy(float)})
    return censoring_weights(marked, "duration", ENDED, months, given, TREATED)


def _lost_notes(params: Params) -> tuple[Message, ...]:
    if not params.designs.lost_given:
        return ()
    words = (
        "Whoever was watched stands for those of the group who were lost and alike in {c} (inverse"
        " probability of being still observed; the error of the weights is inside)."
    )
    return (Message(words, {"c": ", ".join(params.designs.lost_given)}, "note"),)


def _came(compete: Sample, way: str, months: float) -> Estimate:
    """Participants less the comparison group, of those who have gone one way first."""
    return between(cumulative_incidence(compete, "duration", "cause", way, TREATED, months))


# Answers that are imputed


def _imputed(params: Params, study: Tracing, measure: str) -> Beside:
    outcome = params.designs.imputed[measure]
    wave = params.impact.main_wave
    study.comparable(outcome)
    panel = study.of(measure)
    covariates = params.impact.covariates
    names = (f"{outcome}@{study.baseline}", f"{outcome}@{wave}")
    dates = (study.baseline, wave)
    values = {name: study.values(outcome, w) for name, w in zip(names, dates, strict=True)}
    sample = panel.weight_sample(dates).with_columns(values)
    inside = sample.active
    gaps = [name for name in names if np.isnan(values[name][inside]).any()]
    if not gaps:
        raise EstimateError(Message("nobody who answered left '{o}' out", {"o": outcome}))
    known = [TREATED, *covariates, *(name for name in names if name not in gaps)]
    main = f"{params.impact.main_outcome}@{wave}"
    beside_it = study.values(params.impact.main_outcome, wave)
    if main not in names and not np.isnan(beside_it[inside]).any():
        sample = sample.with_columns({main: beside_it})
        known = [*known, main]
    copies = impute(
        sample, gaps, known, params.designs.imputations, rounds=5, seed=params.impact.seed
    )
    method = params.impact.method

    def effect(s: Sample) -> Estimate:
        return att_2x2(s, names, TREATED, None, covariates, method)

    found = over_imputations(copies, effect)
    answered = sample.where(~np.any([np.isnan(v) for v in values.values()], axis=0))
    told = {"o": outcome, "x": float(found.missing[0])}
    return Beside(
        measure=measure,
        design="imputed",
        chosen=outcome,
        outcome=outcome,
        effect=found,
        lines=(Line(Message("those who answered alone"), attempted(partial(effect, answered))),),
        groups=_arms(sample),
        notes=(Message(LEFT_OUT, told, "note"),),
    )

"""Claims about persons, from the survey and the tracer study: the estimates of the report's own
verbs, with their errors, set against each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.verdict import Verdict, moved_apart
from mismes_eval.evaluation.claims.census import AFTER, BEFORE, ENTREPRENEURSHIP, NOT_TO_STRONG
from mismes_eval.evaluation.evaluation import Evaluation, Result
from mismes_eval.evaluation.heterogeneity import RETURN_KINDS, VOLUNTARY
from mismes_eval.evaluation.money import money
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.planning.meta_regression import LEAST
from mismes_eval.message import Message
from mismes_eval.tracer.outcomes import Outcome, declared
from mismes_eval.weighting.sample import Sample

RETURNEE, STAYER = "returnee", "non-migrant"
FAMILY, OTHER_REASONS = "FAMILY", "other reasons"
MEAN, LEVEL, DIFFERENCE, EFFECT = "mean", "share", "difference", "effect"
NO_SUCH = "nobody is {group}"
APART = "{measure}: the groups moved apart before the measure began"
TRAINING_LINKED = "inventory.linked_job_offer of 2 or 3 in a training measure with an effect"
TRAINING_UNLINKED = "inventory.linked_job_offer of 0 or 1 in a training measure with an effect"
TRAINING = "inventory.service_language or service_vet_training in a measure with an effect"
NO_TRAINING = (
    "a measure with an effect that has neither inventory.service_language nor service_vet_training"
)
MATCHING = "inventory.service_jobmatch in a measure after return with an effect"
NO_MATCHING = "a measure after return with an effect that has no inventory.service_jobmatch"
STARTUPS = "inventory.model_primary M08 in a measure with an effect"
EXPECTATIONS = "inventory.stage_code BEF in a measure whose participants say what they expect"
NO_SIDE = "nobody says that more of the main outcome is better"
NO_SHARE = "the main outcome is no share, so a margin in points says nothing"
NO_MEASURE = "no such measure has an effect"
FEATURES_OVER = "measures with an effect here: {k}; over all countries {least} or more are needed"


@dataclass(frozen=True)
class Evidence:
    """What was found for a claim: the number, and the groups of persons that it compares, each as
    an estimate of the group alone (by whose rows it is known who they are).

    arms : the number is an effect, which compares participants with the comparison group.
    adds, takes : the measures whose main effects the number adds up and takes off.
    needed : where there is no number, how many units it would take.
    lacking : what the run would have to have for a number, where its fields hold too little.
    """

    found: Result
    compared: tuple[Estimate, ...] = ()
    arms: bool = False
    adds: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    needed: float = float("nan")
    lacking: tuple[str, ...] = ()

    def ends(self, evaluation: Evaluation) -> tuple[float, float]:
        """The interval that speaks: of main effects as wide as the headlines speak of them, which
        may be wider than the design's; NaN where a headline's has no end.
        """
        assert isinstance(self.found, Estimate)
        value, low, high = (float(end[0]) for end in (self.found.value, *self.found.ends()))
        below, above = 1.0, 1.0
        for measure in (*self.adds, *self.takes):
            down, up = _widened(evaluation, measure)
            if measure in self.takes:
                down, up = up, down
            below, above = max(below, down), max(above, up)
        if not (math.isfinite(below) and math.isfinite(above)):
            return math.nan, math.nan
        return value - below * (value - low), value + above * (high - value)


def _widened(evaluation: Evaluation, measure: str) -> tuple[float, float]:
    """How many times as far as the design's the two ends of a headline's interval lie from it."""
    doubt = next(one for one in evaluation.doubts if one.measure == measure)
    verdict = Verdict(_main_effect(evaluation, measure), wider=doubt.wider)
    own, span = verdict.own, verdict.span
    return (
        (span.value - span.low) / (own.value - own.low),
        (span.high - span.value) / (own.high - own.value),
    )


def _main_effect(evaluation: Evaluation, measure: str) -> Estimate:
    found = _main_effects(evaluation)[measure]
    assert isinstance(found, Estimate)
    return found


def evidence(evaluation: Evaluation, claim: str) -> Evidence:
    """The estimate for a claim about persons; NotEstimable with its reason where there is none."""
    try:
        return PERSONS[claim](evaluation)
    except MismesError as error:
        return Evidence(NotEstimable(error.problems[0].reason))


def _gap(
    evaluation: Evaluation, indicator: str, by: str, pair: tuple[str, str], row: str = ""
) -> Evidence:
    """An indicator of one group less that of another. row: which of its numbers; the first."""
    return _less(_indicator(evaluation, indicator, by), by, pair, row)


def _indicator(evaluation: Evaluation, indicator: str, *by: str) -> Result:
    found = evaluation.indicators(by=by, which=(indicator,)).get(indicator)
    return found or NotEstimable("not computed for this survey")


def _less(found: Result, by: str, pair: tuple[str, str], row: str = "") -> Evidence:
    if isinstance(found, NotEstimable):
        return Evidence(found)
    keys = found.keys.astype(str)
    named = keys["variable"] if "variable" in keys else pd.Series("", index=keys.index)
    wanted = row or named.iloc[0]
    at = {group: np.flatnonzero((keys[by] == group) & (named == wanted)) for group in pair}
    empty = [group for group in pair if at[group].size == 0]
    if empty:
        return Evidence(NotEstimable(Message(NO_SUCH, {"group": empty[0]})))
    first, second = (int(at[group][0]) for group in pair)
    difference = found.contrast({found.names[first]: 1.0, found.names[second]: -1.0})
    groups = found.select([first]), found.select([second])
    return Evidence(difference.annotated(kind=DIFFERENCE), compared=groups)


def _level(evaluation: Evaluation, indicator: str) -> Evidence:
    """The first number of an indicator, to be held against a threshold."""
    found = _indicator(evaluation, indicator)
    if isinstance(found, NotEstimable):
        return Evidence(found)
    alone = found.select([0])
    return Evidence(alone.annotated(kind=DIFFERENCE), compared=(alone,))


def _models_of_participation(evaluation: Evaluation, one: str, other: str) -> Evidence:
    """Share of those meant who took part in one model less that in another: the same persons."""
    found = _indicator(evaluation, "L12")
    if isinstance(found, NotEstimable):
        return Evidence(found)
    model = [str(variable).split(" ")[-1] for variable in found.keys["variable"]]
    lacking = [m for m in (one, other) if m not in model]
    if lacking:
        return Evidence(NotEstimable(Message(NO_SUCH, {"group": lacking[0]})))
    names = [found.names[model.index(m)] for m in (one, other)]
    difference = found.contrast({names[0]: 1.0, names[1]: -1.0})
    alone = found.select([model.index(one)])
    return Evidence(difference.annotated(kind=DIFFERENCE), compared=(alone,))


def _returnees(evaluation: Evaluation, columns: dict[str, Any]) -> Sample:
    survey = evaluation.survey
    assert survey is not None
    frame = survey.sample.frame
    returned = (frame["mig_status"].astype("string") == "RET").fillna(False).to_numpy(bool)
    return survey.sample.with_columns(columns).where(returned)


def _by_kind_of_return(evaluation: Evaluation) -> Evidence:
    """Employment of forced less that of voluntary returnees, as table T08d has them."""
    kind = _told(evaluation, "mig_ret_type").map(RETURN_KINDS)
    return _employment_gap(evaluation, kind, ("forced", "voluntary"))


def _by_reason_of_return(evaluation: Evaluation) -> Evidence:
    """Employment of those who came back for family reasons less that of the others."""
    told = _told(evaluation, "mig_reason_ret")
    reason = told.eq(FAMILY).map({True: FAMILY, False: OTHER_REASONS}).where(told.notna())
    return _employment_gap(evaluation, reason, (FAMILY, OTHER_REASONS))


def _told(evaluation: Evaluation, column: str) -> pd.Series:
    """A column of the survey as text, empty where nothing is said."""
    assert evaluation.survey is not None
    told = evaluation.survey.sample.frame[column].astype("string")
    return told.where(told.str.strip().ne(""))


def _employment_gap(evaluation: Evaluation, kind: pd.Series, pair: tuple[str, str]) -> Evidence:
    """Employment of returnees of one kind less that of returnees of another."""
    survey = evaluation.survey
    assert survey is not None
    known = kind.notna().to_numpy(bool)
    sample = _returnees(evaluation, {"_kind": kind.astype(object).where(known, None).to_numpy()})
    made = lfs.indicators(
        sample.where(known), by=["_kind"], which=["L3.employment"], ages=survey.ages
    )
    return _less(made["L3.employment"], "_kind", pair)


def _yes_share(evaluation: Evaluation, column: str) -> Evidence:
    """Share of returnees with a yes, of those who answered."""
    survey = evaluation.survey
    assert survey is not None
    answer = pd.to_numeric(survey.sample.frame[column], errors="coerce").to_numpy(float)
    sample = _returnees(evaluation, {"_yes": np.nan_to_num(answer)})
    found = mean(sample.where(np.isfinite(answer)), "_yes")
    return Evidence(found.annotated(kind=DIFFERENCE, unit="share"), compared=(found,))


def _agencies(evaluation: Evaluation) -> Evidence:
    """Returnees without a written contract abroad: private agencies less public services."""
    survey = evaluation.survey
    assert survey is not None
    frame = survey.sample.frame
    written = frame["mig_written_contract"].astype("boolean").astype("Float64")
    without = 1.0 - written.astype(float).to_numpy()
    recruiter = frame["mig_recruiter"].astype("string")
    known = recruiter.isin(["PES", "PRIVATE_AGENCY"]).fillna(False).to_numpy(bool)
    columns = {"_without": np.nan_to_num(without), "_by": recruiter.astype(object).to_numpy()}
    sample = _returnees(evaluation, columns).where(known & np.isfinite(without))
    return _less(mean(sample, "_without", by="_by"), "_by", ("PRIVATE_AGENCY", "PES"))


def _unfit(study: Tracing, outcome: str) -> str:
    """Why nothing can be claimed of effects on an outcome: what would matter of it cannot be said
    in points, or nobody says that more of it is better.
    """
    known = study.outcomes.get(outcome) or declared(outcome) or Outcome(outcome)
    if known.kind != "share":
        return NO_SHARE
    return "" if known.better == "more" else NO_SIDE


def _main_effects(evaluation: Evaluation) -> dict[str, Result]:
    """The main effect of each measure; none where its groups moved apart before."""
    p, study = evaluation.params.impact, evaluation.tracing
    absent = NotEstimable("the params name no such outcome and wave")
    out = {}
    unfit = "" if study is None else _unfit(study, p.main_outcome)
    if unfit:
        return {effect.measure: NotEstimable(unfit) for effect in evaluation.effects}
    for effect in evaluation.effects:
        out[effect.measure] = effect.by_wave.get((p.main_outcome, p.main_wave), absent)
        if moved_apart(effect.pre.get(p.main_outcome)):
            out[effect.measure] = NotEstimable(Message(APART, {"measure": effect.measure}))
    return out


def _means(effects: Sequence[Sequence[Estimate]]) -> Estimate:
    """Mean of the first group of effects, less that of the second where there is one."""
    weights = [sign / len(part) for sign, part in zip((1.0, -1.0), effects) for _ in part]
    together = on_base([effect for part in effects for effect in part])
    row = np.array([weights])
    made = together.through(lambda value: row @ value, row, ("effect",))
    return made.annotated(kind=EFFECT)


def _measures(evaluation: Evaluation) -> pd.DataFrame:
    assert evaluation.inventory is not None
    frame = evaluation.inventory.frame.drop_duplicates("measure_id")
    return frame.set_index(frame["measure_id"].astype(str))


def _split(evaluation: Evaluation, having: pd.Series, needs: Mapping[bool, str]) -> Evidence:
    """Effects of measures that have a feature less those of measures that have not.

    Parameters
    ----------
    having : by measure, missing where the register does not say.
    needs : what is lacking where no measure has the feature, and where all have it.
    """
    effects = _main_effects(evaluation)
    groups: dict[bool, dict[str, Estimate]] = {True: {}, False: {}}
    refused = ""
    for measure, effect in effects.items():
        feature = having.get(measure, pd.NA)
        if isinstance(effect, NotEstimable):
            refused = refused or effect.reason
        elif not pd.isna(feature):
            groups[bool(feature)][measure] = effect
    lacking = tuple(need for kind, need in needs.items() if not groups[kind])
    if lacking:
        return Evidence(NotEstimable(refused or NO_MEASURE), lacking=() if refused else lacking)
    found = _means([list(groups[having].values()) for having in (True, False)])
    return Evidence(found, arms=True, adds=tuple(groups[True]), takes=tuple(groups[False]))


def _trains(measures: pd.DataFrame) -> pd.Series:
    language, vocational = measures["service_language"], measures["service_vet_training"]
    return language.astype("boolean") | vocational.astype("boolean")


def _skills(evaluation: Evaluation) -> Evidence:
    needs = {True: TRAINING, False: NO_TRAINING}
    return _split(evaluation, _trains(_measures(evaluation)), needs)


def _linked_training(evaluation: Evaluation) -> Evidence:
    measures = _measures(evaluation)
    score = pd.to_numeric(measures["linked_job_offer"], errors="coerce")
    linked = (score >= NOT_TO_STRONG).astype("boolean").mask(score.isna())
    needs = {True: TRAINING_LINKED, False: TRAINING_UNLINKED}
    return _split(evaluation, linked[_trains(measures).fillna(False)], needs)


def _services_after_return(evaluation: Evaluation) -> Evidence:
    measures = _measures(evaluation)
    after = measures[measures["stage_code"].astype(str) == AFTER]
    matching = after["service_jobmatch"].astype("boolean")
    return _split(evaluation, matching, {True: MATCHING, False: NO_MATCHING})


def _entrepreneurship(evaluation: Evaluation) -> Evidence:
    """Mean of the main effects of entrepreneurship measures."""
    model = _measures(evaluation)["model_primary"].astype(str)
    mine = {
        m: effect
        for m, effect in _main_effects(evaluation).items()
        if model.get(m) == ENTREPRENEURSHIP
    }
    found = {m: effect for m, effect in mine.items() if isinstance(effect, Estimate)}
    if not found:
        reasons = [effect.reason for effect in mine.values() if isinstance(effect, NotEstimable)]
        lacking = () if reasons else (STARTUPS,)
        return Evidence(NotEstimable(reasons[0] if reasons else NO_MEASURE), lacking=lacking)
    return Evidence(_means([list(found.values())]), arms=True, adds=tuple(found))


def _voluntary(evaluation: Evaluation) -> Evidence:
    """Mean over measures for returnees: effect on voluntary less effect on forced returnees."""
    whom, study = evaluation.whom, evaluation.tracing
    assert whom is not None and study is not None
    if unfit := _unfit(study, evaluation.params.impact.main_outcome):
        return Evidence(NotEstimable(unfit))
    gaps = []
    reason = NO_MEASURE
    for (_, factor), found in whom.groups.items():
        if factor != VOLUNTARY:
            continue
        if isinstance(found, NotEstimable):
            reason = found.reason
        elif {"voluntary", "forced"} <= set(found.effects.names):
            gaps.append(found.effects.contrast({"voluntary": 1.0, "forced": -1.0}))
    if not gaps:
        return Evidence(NotEstimable(reason))
    return Evidence(_means([gaps]), arms=True)


def _net_benefit(evaluation: Evaluation) -> Evidence:
    """Value of the job-years added less what the services cost, for each participant."""
    study, value = evaluation.tracing, evaluation.params.cost.job_year_value
    assert study is not None and value is not None
    effects = _main_effects(evaluation)
    gains = {}
    reason = NO_MEASURE
    for effect in evaluation.effects:
        main = effects[effect.measure]
        spent = money(evaluation, study, effect)
        if isinstance(main, NotEstimable):
            reason = main.reason
            continue
        if isinstance(spent.cost, NotEstimable):
            reason = spent.cost.reason
            continue
        row = np.array([[value * spent.horizon, -1.0]])
        both = on_base([main, spent.cost])
        gains[effect.measure] = both.through(partial(np.matmul, row), row, ("net benefit",))
    if not gains:
        return Evidence(NotEstimable(reason))
    return Evidence(_means([list(gains.values())]), arms=True, adds=tuple(gains))


def _disappointed(evaluation: Evaluation) -> Evidence:
    """Share of participants of measures before departure who earn less than they expected."""
    study, p = evaluation.tracing, evaluation.params.impact
    assert study is not None
    stage = _measures(evaluation)["stage_code"].astype(str)
    before = {m for m in study.measures if stage.get(m) == BEFORE}
    panel = study.panel
    frame = panel.sample.frame
    expected = pd.to_numeric(frame["expect_earn"], errors="coerce").to_numpy(float)
    earned = study.values("earnings", p.main_wave)
    inside = frame[study.measure].astype("string").isin(before).fillna(False).to_numpy(bool)
    took_part = inside & (frame[TREATED].to_numpy(float) == 1)
    told = took_part & np.isfinite(expected)
    known = told & np.isfinite(earned) & study.responded(p.main_wave)
    if not known.any():
        lacking = () if told.any() else (EXPECTATIONS,)
        return Evidence(NotEstimable(NO_MEASURE), lacking=lacking)
    less = np.where(known, earned < expected, 0.0).astype(float)
    sample = panel.weight_sample(p.main_wave).with_columns({"_less": less}).where(known)
    found = mean(sample, "_less")
    return Evidence(found.annotated(kind=DIFFERENCE, unit="share"), compared=(found,))


def _feature(evaluation: Evaluation) -> Evidence:
    """Measures are the units: one country has too few."""
    done = sum(isinstance(effect, Estimate) for effect in _main_effects(evaluation).values())
    said = Message(FEATURES_OVER, {"k": done, "least": LEAST})
    return Evidence(NotEstimable(said), needed=float(LEAST))


PERSONS: Mapping[str, Callable[[Evaluation], Evidence]] = {
    "C03": _disappointed,
    "C04": _agencies,
    "C07": _linked_training,
    "C10": partial(_gap, indicator="L13", by="status", pair=(RETURNEE, STAYER)),
    "C13": _voluntary,
    "C14": partial(_gap, indicator="L3.employment", by="status", pair=(RETURNEE, STAYER)),
    "C15": partial(_models_of_participation, one="M08", other="M09"),
    "C18": _entrepreneurship,
    "C20": _by_kind_of_return,
    "C22": partial(_yes_share, column="mig_skills_validated"),
    "C23": partial(_gap, indicator="L5", by="status", pair=(RETURNEE, STAYER)),
    "C24": partial(_level, indicator="L12"),
    "C28": _net_benefit,
    "C29": partial(_gap, indicator="L12", by="sex", pair=("men", "women")),
    "C30": partial(_gap, indicator="L12", by="education", pair=("high", "low")),
    "C32": _feature,
    "C33": _feature,
    "C34": _feature,
    "C35": _skills,
    "C41": _by_reason_of_return,
    "C51": _services_after_return,
}

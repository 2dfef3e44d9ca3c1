"""A measure rolled out region by region, seen in several rounds of the labour force survey:
group-time effects on repeated cross-sections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import (
    InputError,
    Problem,
    in_column,
    in_columns,
    in_place,
    named,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.attempt import attempted, made_of
from mismes_eval.evaluation.params import Params, used_at
from mismes_eval.evaluation.reading import own_table
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.did.aggregation import Kind
from mismes_eval.impact.did.bands import Band, sup_t
from mismes_eval.impact.did.breaks import refuse_starts
from mismes_eval.impact.did.composition import Composition, composition_check
from mismes_eval.impact.did.group_time import att_gt
from mismes_eval.impact.did.group_time_result import GroupTime
from mismes_eval.impact.did.periods import Base, Control
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.honest import HonestDiD, honest_did
from mismes_eval.impact.sensitivity.pretrend_power import PretrendPower, pretrend_power
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool
from mismes_eval.tracer.outcomes import NUMBER, Outcome, declared
from mismes_eval.weighting.columns import spelled
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
COHORT = "_first_period"
TRAITS = ("male", "educat4")
FEWEST_REGIONS = 3  # in an arm, for an interval that is drawn over regions


@dataclass(frozen=True)
class Rollout:
    """effects: group-time effects or the reason why there are none; overall, event: their
    aggregations; wild: bootstrap over regions; composition: traits that no measure changes as
    outcomes.

    event has one base (the last year before treatment); band: simultaneous over it; honest, power:
    what parting trends could do to the effect in its first year.
    breaks: series breaks inside the rounds that were acknowledged.
    fewest_regions: in the arm that has fewest: those that ever get the measure and those that never
    do or, where all do, the last to get it and the others.
    what: what the outcome is. reached: regions that got the measure by the last round.
    """

    outcome: str
    what: Outcome
    measure: str
    region: str
    regions: int
    reached: int
    effects: GroupTime | NotEstimable
    overall: Result
    event: Result
    composition: Composition | NotEstimable
    wild: WildBootstrap | NotEstimable
    before: Result
    source: str
    band: Band | NotEstimable
    honest: HonestDiD | NotEstimable
    power: PretrendPower | NotEstimable
    breaks: tuple[str, ...]
    fewest_regions: int
    sample: Sample
    time: str

    def compared(self, cells: pd.DataFrame) -> list[tuple[Bool, Bool, Bool, Bool]]:
        """The four groups (n,) whose means each effect compares: the rounds' persons in regions that
        got the measure in that year and in those beside them, at that time and in the base period.
        """
        frame = self.sample.frame
        start = frame[COHORT].to_numpy(float)
        start = np.where(start > 0, start, np.inf)
        time = frame[self.time].to_numpy(float)
        never = isinstance(self.effects, GroupTime) and self.effects.control == "never"
        out = []
        for cohort, now, base in cells[["cohort", "time", "base"]].to_numpy(float):
            mine = self.sample.active & (start == cohort)
            beside = self.sample.active & (start > (time.max() if never else max(now, base)))
            out.append(
                (
                    mine & (time == now),
                    mine & (time == base),
                    beside & ~mine & (time == now),
                    beside & ~mine & (time == base),
                )
            )
        return out


def rollout(params: Params) -> Rollout | None:
    """The roll-out that a run names; None where no rounds are supplied."""
    source = params.inputs.lfs_rounds
    if source is None or (params.designs.round_before and params.rollout.cohort is None):
        return None
    frame = own_table(source).frame
    outcome, time, region = params.rollout.outcome, params.rollout.time, params.rollout.region
    cohort, covariates = params.rollout.cohort, params.rollout.covariates
    _refuse_columns(frame, source.name, params)
    InputError.refuse(_unusable(frame, source.name, params))
    frame = frame.assign(**{COHORT: frame[str(cohort)].fillna(0).astype(float)})
    _refuse_switches(frame, source.name, params)
    sample = _designed(params, frame)
    said = _breaks(params, frame, time)
    control: Control = "never" if bool((frame[COHORT] == 0).any()) else "not_yet"
    seen = sample.where(frame[outcome].notna())

    def effects(column: str, base: Base = "varying") -> GroupTime | NotEstimable:
        return attempted(
            lambda: att_gt(
                seen,
                column,
                COHORT,
                time,
                None,
                [covariate for covariate in covariates if covariate != column],
                control,
                base,
            )
        )

    main = effects(outcome)
    overall, event = (
        _aggregated(main, "simple"),
        _aggregated(effects(outcome, "universal"), "event"),
    )
    mix = _makeup(seen, frame, time, control)
    regions = int(frame[str(region)].nunique())
    seed = params.impact.seed
    start = frame.groupby(str(region))[COHORT].max()
    fewest = _fewest_regions(start)
    wild = _over_regions(overall, frame, str(region), fewest, seed)
    path = _first_year(event)
    first = (
        float(np.min(frame.loc[frame[COHORT] > 0, COHORT]))
        if bool((frame[COHORT] > 0).any())
        else np.inf
    )
    before = seen.where((frame[time].astype(float) < first).to_numpy(bool))
    level: Result = (
        mean(before, outcome)
        if before.active.any()
        else NotEstimable("no round lies before the first roll-out")
    )
    return Rollout(
        outcome=outcome,
        what=_what(frame, outcome),
        measure=params.rollout.measure or "",
        region=str(region),
        regions=regions,
        reached=int(((start > 0) & (start <= frame[time].astype(float).max())).sum()),
        effects=main,
        overall=overall,
        event=event,
        composition=mix,
        wild=wild,
        before=level,
        source=source.name,
        band=made_of(event, lambda e: sup_t(e, seed=seed)),
        honest=made_of(path, lambda e: honest_did(e, target="first")),
        power=made_of(path, pretrend_power),
        breaks=said,
        fewest_regions=fewest,
        sample=seen,
        time=time,
    )


def _what(frame: pd.DataFrame, outcome: str) -> Outcome:
    """A share where the rounds hold yes and no, else what the template says, else a number."""
    known = declared(outcome) or Outcome(outcome)
    if frame[outcome].dropna().isin((0, 1)).all():
        return replace(known, kind="share")
    return replace(known, kind=NUMBER) if known.kind == "share" else known


def _refuse_switches(frame: pd.DataFrame, file: str, params: Params) -> None:
    """Raises InputError where a region is first served in one round by one round's file and in
    another by another's: what it has once it keeps. Regions that hold several cohorts in one round
    are larger than the areas that are served, and are not compared.
    """
    region = str(params.rollout.region)
    time = params.rollout.time
    told = frame.groupby([region, time])[COHORT].agg(["min", "max"])
    alone = told.loc[told["min"] == told["max"], "min"].groupby(level=0)
    moved = alone.nunique()
    switching = moved.index[moved > 1]
    if len(switching):
        rows = frame[region].isin(switching).to_numpy(bool)
        years = (f"{name}: {named(f'{c:g}' for c in alone.get_group(name))}" for name in switching)
        raise InputError(
            Problem(
                what="a region is first served at different times by different rounds",
                where=in_place(file, in_columns(region, params.rollout.cohort)),
                expected="one cohort for a region in every round; 0 where it is never served",
                got="; ".join(years),
                fix="Write the round in which the region was first served in all its rows.",
            ).in_rows(np.flatnonzero(rows) + 2)
        )


def _refuse_columns(frame: pd.DataFrame, file: str, params: Params) -> None:
    """Columns that the roll-out does not name, or that the rounds do not have."""
    rollout = params.rollout
    keys = {
        "outcome": rollout.outcome,
        "time": rollout.time,
        "region": rollout.region,
        "cohort": rollout.cohort,
    }
    problems = [
        Problem(
            "the roll-out names no column",
            params.where(f"rollout.{key}"),
            worded("a column of {name}", {"name": file}),
            worded("nothing"),
        )
        for key, column in keys.items()
        if column is None
    ]
    problems += [
        Problem(
            "the rounds lack a column", in_place(file, in_column(column)), "a column of the file"
        )
        for column in (*keys.values(), *rollout.covariates)
        if column is not None and column not in frame.columns
    ]
    InputError.refuse(problems)


def _unusable(frame: pd.DataFrame, file: str, params: Params) -> list[Problem]:
    """Columns of the roll-out that are no numbers, and rows of no period or no region."""
    rollout = params.rollout
    problems = []
    keys = {"outcome": rollout.outcome, "time": rollout.time, "cohort": str(rollout.cohort)}
    for key, column in keys.items():
        number = float64(frame[column])
        place = used_at(params.where(f"rollout.{key}"), in_place(file, in_column(column)))
        if number is None or (np.isnan(number).all() and key == "outcome"):
            what = "a column of the roll-out is no number"
            got = named(frame[column].dropna().unique()) or worded("no value")
            fix = (
                "Number the rounds, a year for one; a cohort is the first of them with the measure."
            )
            problems.append(Problem(what, place, "numbers", got, fix if key != "outcome" else ""))
    for key, column in {"time": rollout.time, "region": str(rollout.region)}.items():
        lost = frame[column].isna().to_numpy(bool)
        problems += Problem(
            what="a column of the roll-out is missing for some rows",
            where=used_at(params.where(f"rollout.{key}"), in_place(file, in_column(column))),
            expected="a value in every row",
            got=worded("missing"),
        ).where_true(lost, 2)
    return problems or _never_within(frame, file, params)


def _never_within(frame: pd.DataFrame, file: str, params: Params) -> list[Problem]:
    """Rounds within which no region gets the measure: the column of time is none, or counts
    otherwise than the cohorts do.
    """
    rollout = params.rollout
    time, cohort = float64(frame[rollout.time]), float64(frame[str(rollout.cohort)])
    assert time is not None and cohort is not None
    first, last = float(time.min()), float(time.max())
    served = np.unique(cohort[cohort > 0])
    if not served.size or ((first < served) & (served <= last)).any():
        return []
    return [
        Problem(
            what="no region gets the measure within the rounds",
            where=used_at(params.where("rollout.time"), in_place(file, in_column(rollout.time))),
            expected=worded(
                "a cohort of '{cohort}' after the first period and not after the last,"
                " {first} to {last}",
                {"cohort": str(rollout.cohort), "first": f"{first:g}", "last": f"{last:g}"},
            ),
            got=named(f"{value:g}" for value in served),
            fix="Name the period of a round in rollout.time, and in rollout.cohort the first of these"
            " periods with the measure.",
        )
    ]


def earlier_round(params: Params) -> Sample | None:
    """The round of the survey from before the measure (designs.round_before), as a sample of its
    own; None where none is named. Raises InputError.
    """
    source, period = params.inputs.lfs_rounds, params.designs.round_before
    if source is None or period is None:
        return None
    frame, time = own_table(source).frame, params.rollout.time
    periods = spelled(frame[time]) if time in frame.columns else pd.Series(dtype="string")
    inside = (periods == period).to_numpy(bool, na_value=False)
    if not inside.any():
        known = sorted(periods.dropna().unique())
        raise InputError(
            Problem(
                what="the rounds lack the period from before",
                where=params.where("designs.round_before"),
                expected=worded(
                    "a period of {name}, column '{time}': {known}",
                    {"name": source.name, "time": time, "known": ", ".join(known)},
                ),
                got=period,
            )
        )
    return _designed(params, frame[inside].reset_index(drop=True))


def _designed(params: Params, frame: pd.DataFrame) -> Sample:
    design = params.design
    return Sample.from_frame(
        frame,
        weights=design.weights,
        strata=design.strata or None,
        psu=design.psu or None,
        household=None if design.psu else design.household,
        lonely_psu=design.lonely_psu,
        cluster_deff=design.cluster_deff,
        nest=_nested(params),
    ).flagged(*((SYNTHETIC,) if params.synthetic else ()))


def _over_regions(
    overall: Result, frame: pd.DataFrame, region: str, fewest: int, seed: int
) -> WildBootstrap | NotEstimable:
    """Wild bootstrap over regions with the effect imposed on the regions that get the measure: with
    few regions the interval that imposes nothing is too short. Fewer than three regions on one
    side say nothing of how such regions differ.
    """
    if isinstance(overall, NotEstimable):
        return overall
    if fewest < FEWEST_REGIONS:
        return NotEstimable(
            Message(
                "one side has {n} {n:=region|regions}: no interval from regions below {least}",
                {"n": f"{fewest}", "least": f"{FEWEST_REGIONS}"},
            )
        )
    served = _served_first(frame[COHORT]).astype(float)
    labels = frame[region].tolist()
    return attempted(lambda: wild_bootstrap(overall, cluster=labels, treated=served, seed=seed))


def _nested(params: Params) -> bool | None:
    """PSU codes restart in every stratum, unless the params say otherwise. One code in two rounds
    is one PSU: areas that are asked again are not independent, and taking two that are not the same
    for one costs degrees of freedom only.
    """
    if params.design.nest is not None:
        return params.design.nest
    return True if params.design.strata and params.design.psu else None


def _served_first(start: pd.Series) -> pd.Series:
    """Who ever gets the measure or, where all do, who is not the last to get it. start: first period
    with the measure, 0 where it never comes.
    """
    return start > 0 if (start == 0).any() else start < start.max()


def _fewest_regions(start: pd.Series) -> int:
    """start: first period with the measure of each region, 0 where it never comes."""
    served = _served_first(start)
    return int(min(served.sum(), (~served).sum()))


def _aggregated(effects: GroupTime | NotEstimable, kind: Kind) -> Result:
    return made_of(effects, lambda made: made.aggregate(kind).annotated(kind="effect"))


def _makeup(
    sample: Sample, frame: pd.DataFrame, time: str, control: Control
) -> Composition | NotEstimable:
    """Did the kind of people who were asked change where the measure was rolled out? By the traits
    that the rounds have.
    """
    traits = [
        trait
        for trait in TRAITS
        if trait in frame.columns and frame.loc[sample.active, trait].notna().all()
    ]
    if not traits:
        return NotEstimable(
            Message(
                "the rounds have none of {columns} for everybody", {"columns": ", ".join(TRAITS)}
            )
        )
    named = sample.with_columns(
        {
            trait: frame[trait].astype(float).map("{:.0f}".format).to_numpy()
            for trait in traits
            if trait != "male"
        }
    )
    return attempted(lambda: composition_check(named, traits, COHORT, time, control))


def _first_year(event: Result) -> Result:
    """The event study, where it has an effect in the first year: what honest intervals are made
    for.
    """
    if isinstance(event, Estimate) and not (event.keys["event_time"].astype(float) == 0).any():
        return NotEstimable("no effect in the first year of the roll-out")
    return event


def _breaks(params: Params, frame: pd.DataFrame, time: str) -> tuple[str, ...]:
    """Sentences on series breaks inside the rounds. Raises where a region starts at one that is not
    acknowledged, and where breaks cannot be placed in time.
    """
    known = lfs.series_breaks("" if params.synthetic else params.country, params.breaks.series)
    acknowledged = params.breaks.acknowledge
    periods = np.unique(frame[time].to_numpy(float))
    if known and not acknowledged and not (periods[0] >= 1900 and periods[-1] <= 2200):
        raise InputError(
            Problem(
                what="series breaks cannot be placed in time",
                where=worded("section 'rollout', time '{time}'", {"time": time}),
                expected="years",
                got=worded(
                    "{periods:g} to {periods2:g}", {"periods": periods[0], "periods2": periods[-1]}
                ),
                fix="Count the rounds in years, or acknowledge the breaks (breaks.acknowledge).",
            )
        )
    inside = [change for change in known if periods[0] < change.year <= periods[-1]]
    starts = frame[COHORT].to_numpy(float)
    at = refuse_starts(
        periods, starts[starts > 0], [float(change.year) for change in inside], acknowledged
    )
    words = "Series break {year} inside the rounds: {reason}."
    said = (
        Message(words, {"year": f"{change.year}", "reason": change.reason}) for change in inside
    )
    return (*at, *said)

"""A measure rolled out region by region, seen in several rounds of the labour force survey: group-time effects on repeated cross-sections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mismes_eval import frame as frames
from mismes_eval.errors import EstimateError, InputError, Problem
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import SYNTHETIC
from mismes_eval.impact.few_clusters import wild_bootstrap
from mismes_eval.impact.group_time import GroupTime, att_gt
from mismes_eval.impact.wild_draws import WildBootstrap
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
COHORT = "_first_period"


@dataclass(frozen=True)
class Rollout:
    """effects: group-time effects or the reason why there are none; overall, event: their aggregations; wild: bootstrap over regions; composition: sex share as outcome."""

    outcome: str
    measure: str
    region: str
    regions: int
    effects: GroupTime | NotEstimable
    overall: Result
    event: Result
    composition: Result
    wild: WildBootstrap | NotEstimable
    before: Result
    source: str


def rollout(params: Params) -> Rollout | None:
    """The roll-out that a run names; None where no rounds are supplied."""
    path = params.path("inputs.lfs_rounds")
    if path is None:
        return None
    frame = frames.read(path).frame
    outcome, time, region = params.text("rollout.outcome") or "employed", params.text("rollout.time") or "year", params.text("rollout.region")
    cohort = params.text("rollout.cohort")
    covariates = params.items("rollout.covariates")
    needed = [c for c in (outcome, time, region, cohort, *covariates) if c is None or c not in frame.columns]
    if needed:
        raise InputError([Problem("the rounds lack a column", f"{path.name}, section 'rollout', column '{c}'", "a column of the file") for c in needed])
    frame = frame.assign(**{COHORT: frame[str(cohort)].fillna(0).astype(float)})
    household = None if params.items("design.psu") else params.text("design.household")
    sample = Sample.from_frame(
        frame, weights=params.text("design.weights"), strata=params.items("design.strata") or None, psu=params.items("design.psu") or None, household=household,
        lonely_psu=params.text("design.lonely_psu"), nest=True if params.items("design.strata") and params.items("design.psu") else None,  # type: ignore[arg-type]
    ).flagged(*((SYNTHETIC,) if params.synthetic else ()))  # fmt: skip
    breaks = [float(b.split(":")[0]) for b in params.items("breaks.series") if b.split(":")[0].strip().isdigit()]
    control = "never" if bool((frame[COHORT] == 0).any()) else "not_yet"
    seen = sample.where(frame[outcome].notna())

    def effects(column: str) -> GroupTime | NotEstimable:
        try:
            return att_gt(seen, column, COHORT, time, None, [c for c in covariates if c != column], control,  # type: ignore[arg-type]
                          series_breaks=breaks, acknowledge_breaks=bool(params["breaks.acknowledge"]))  # fmt: skip
        except EstimateError as error:
            return NotEstimable(str(error.problems[0]))

    main = effects(outcome)
    overall, event = _aggregated(main, "simple"), _aggregated(main, "event")
    mix = _aggregated(effects("male"), "simple") if "male" in frame.columns else NotEstimable("the rounds have no column 'male'")
    regions = int(frame[str(region)].nunique())
    wild = _wild(overall, frame[str(region)].to_numpy(), params.integer("impact.seed") or 1)
    first = float(np.min(frame.loc[frame[COHORT] > 0, COHORT])) if bool((frame[COHORT] > 0).any()) else np.inf
    before = seen.where((frame[time].astype(float) < first).to_numpy(bool))
    level: Result = mean(before, outcome) if before.active.any() else NotEstimable("no round lies before the first roll-out")
    return Rollout(outcome, params.text("rollout.measure") or "", str(region), regions, main, overall, event, mix, wild, level, path.name)


def _aggregated(effects: GroupTime | NotEstimable, kind: str) -> Result:
    if isinstance(effects, NotEstimable):
        return effects
    try:
        return effects.aggregate(kind).annotated(kind="effect")  # type: ignore[arg-type]
    except EstimateError as error:
        return NotEstimable(str(error.problems[0]))


def _wild(overall: Result, region: np.ndarray, seed: int) -> WildBootstrap | NotEstimable:
    if isinstance(overall, NotEstimable):
        return overall
    try:
        return wild_bootstrap(overall, cluster=region.tolist(), seed=seed)
    except EstimateError as error:
        return NotEstimable(str(error.problems[0]))

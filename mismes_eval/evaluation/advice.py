"""Which design the data of a country allow: read from what is there, never chosen for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import named
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.study import Study
from mismes_eval.evaluation.tracer_study import Tracing

NOT_TRAITS = {"country", "psu", "strata", "weight", "data_status", "wave"}
MEASURE = "<measure>"
YES, CARE, NO = "yes", "with care", "no"
SWITCH, FEW_CLUSTERS = "abroad", "few-clusters"
FEW, LEAST = 8, 3  # PSUs an arm: below the first a caution, below the second no interval


@dataclass(frozen=True)
class Design:
    """What is said of a design whatever the data are: the call that makes it, the page of the
    methods that says when not to, and the lines of the params that bring it into the report.
    """

    call: str
    page: str
    params: str


DESIGNS: Mapping[str, Design] = {
    "lottery or encouragement": Design(
        "me.itt(s, outcome, assigned, blocks=...); me.late(s, outcome, takeup, assigned)",
        "lotteries",
        "lottery: {assigned: ..., outcomes: [...]}",
    ),
    "comparison group, before and after": Design(
        "me.att_2x2(panel, outcome, treated, time=(before, after))",
        "difference-in-differences",
        "impact: {main_outcome: ..., main_wave: ...}",
    ),
    "roll-out over regions": Design(
        "me.att_gt(sample, outcome, cohort, time)",
        "event-studies",
        "rollout: {cohort: ..., region: ..., measure: ...}",
    ),
    "participants beside the survey": Design(
        "me.balance_weights(me.stack_samples([participants, survey]), treated, covariates)",
        "comparison-by-weighting",
        "designs: {beside_survey: {<measure>: entropy}, traits: {male: male, age_enrol: age}}",
    ),
    "dose": Design(
        'me.dose_response(s, (before, after), "hours")',
        "dose",
        "designs: {dose: {<measure>: hours}}",
    ),
    "support or status that comes and goes": Design(
        f'me.switching_effects(panel, outcome, "{SWITCH}")',
        "switching",
        "designs: {switching: {<measure>: abroad}}",
    ),
    "time to a first job": Design(
        "me.rmst(s, months, event, tau, by=treated); where the lost differ, first"
        " me.censoring_weights(s, months, event, tau, covariates, by=treated)",
        "how-soon",
        "designs: {first_job: {<measure>: 24}}",
    ),
    "answers that are missing": Design(
        "me.over_imputations(me.impute(s, columns, predictors), estimate)",
        "missing-items",
        "designs: {imputed: {<measure>: earnings}}",
    ),
}


@dataclass(frozen=True)
class Judged:
    """Whether the data allow a design, and why; page: of the methods, where it is another than the
    design's.
    """

    allowed: str
    why: str
    page: str = ""


@dataclass(frozen=True)
class Advice:
    """One design: whether the data allow it ("yes", "with care", "no"), why, the call that makes
    it, the page of the methods that says when not to, and the lines of the params that bring it
    into the report.
    """

    design: str
    allowed: str
    why: str
    call: str
    page: str
    params: str = ""


def advice(evaluation: Evaluation) -> list[Advice]:
    """Every design that the package has, in the order of how little it must assume."""
    tracing = evaluation.tracing
    judged = (
        _lottery(evaluation.study, evaluation.lottery),
        _before_and_after(tracing),
        _staggered(evaluation.rollout),
        _weighting(evaluation),
        _dose(tracing),
        _switching(tracing),
        _how_soon(tracing),
        _missing(evaluation),
    )
    measure = tracing.measures[0] if tracing is not None and tracing.measures else "MEASURE"
    return [
        Advice(
            design=name,
            allowed=found.allowed,
            why=found.why,
            call=design.call,
            page=found.page or design.page,
            params=design.params.replace(MEASURE, measure),
        )
        for (name, design), found in zip(DESIGNS.items(), judged, strict=True)
    ]


def to_frame(found: list[Advice]) -> pd.DataFrame:
    """One row a design."""
    return pd.DataFrame([vars(line) for line in found])


def _lottery(study: Study | None, draw: Lottery | None) -> Judged:
    if draw is not None:
        blocks = ", ".join(draw.keys.blocks) or "one draw over all of them"
        return Judged(YES, f"{draw.sample.n:,} units; drawn within: {blocks} (section lottery)")
    if study is None:
        return Judged(NO, "no study is named (inputs.study)")
    if study.absorb:
        return Judged(
            YES,
            f"{study.sample.n:,} units, drawn within {', '.join(study.absorb)}; named in section"
            " lottery, the report adjusts for loss and covariates",
        )
    return Judged(
        CARE,
        f"{study.sample.n:,} units; the params name no draw (section lottery): only if lots were"
        " drawn",
    )


def _before_and_after(tracing: Tracing | None) -> Judged:
    if tracing is None:
        return Judged(NO, "no tracer study is named (inputs.tracer_person)")
    sample = tracing.panel.sample
    arm = sample.frame["treated"].to_numpy(float)
    psus = [np.unique(sample.design.psu[sample.active & (arm == side)]).size for side in (1.0, 0.0)]
    if min(psus) == 0:
        return Judged(NO, "the tracer study has one arm only")
    if tracing.baseline not in tracing.panel.waves:
        return Judged(NO, f"no wave {tracing.baseline} from before the measure")
    counted = f"participants in {psus[0]} PSUs, the comparison in {psus[1]}"
    if min(psus) < LEAST:
        return Judged(NO, f"{counted}: no interval can be had")
    if min(psus) < FEW:
        return Judged(CARE, f"{counted}: few for an interval", FEW_CLUSTERS)
    return Judged(YES, f"{counted}; both groups asked before and after")


def _staggered(rollout: Rollout | None) -> Judged:
    if rollout is None:
        return Judged(NO, "no rounds and starts are named (inputs.lfs_rounds, rollout.cohort)")
    fewest = rollout.fewest_regions
    counted = f"{rollout.regions} regions, {fewest} in the smaller arm"
    if fewest < LEAST:
        return Judged(NO, f"{counted}: no interval can be had", FEW_CLUSTERS)
    why = f"{counted}; who lives there may change with migration (me.composition_check)"
    return Judged(CARE, why)


def _weighting(evaluation: Evaluation) -> Judged:
    if evaluation.survey is None or evaluation.tracing is None:
        return Judged(NO, "needs participants and a labour force survey in one country")
    survey, traced = evaluation.survey.sample.frame, evaluation.tracing.panel.sample.frame
    both = set(map(str, survey.columns)) & set(map(str, traced.columns))
    shared = sorted(both - NOT_TRAITS)
    why = (
        f"columns of one name in both files: {named(shared) or 'none'}; nothing tests that"
        f" participants differ in these alone; {_time_before(evaluation, survey)}"
    )
    return Judged(CARE if shared else NO, why)


def _time_before(evaluation: Evaluation, survey: pd.DataFrame) -> str:
    """Whether residents have a baseline, for a difference-in-differences on top."""
    inputs, time = evaluation.params.inputs, evaluation.params.rollout.time
    if "lstatus_year" in survey.columns:
        return "residents were asked back (designs.residents_before: lstatus_year)"
    if inputs.lfs_rounds is not None:
        return f"inputs.lfs_rounds may hold a round from before (designs.round_before, of '{time}')"
    return "residents have no outcome from before (an earlier round, inputs.lfs_rounds, has one)"


def _dose(tracing: Tracing | None) -> Judged:
    services = None if tracing is None else tracing.services
    if tracing is None or services is None or "hours" not in services.columns:
        return Judged(NO, "no services with hours are named (inputs.tracer_service)")
    hours = pd.to_numeric(services["hours"], errors="coerce")
    if not (hours > 0).any():
        return Judged(NO, "no hours are recorded in the services")
    persons = services.loc[hours > 0, tracing.panel.unit].nunique()
    why = f"hours of {persons:,} persons; who got more may have differed (strong parallel trends)"
    return Judged(CARE, why)


def _switching(tracing: Tracing | None) -> Judged:
    if tracing is None or SWITCH not in tracing.panel.long.columns:
        why = f"needs a yes/no column in every wave of a tracer study ('{SWITCH}' is not there)"
        return Judged(NO, why)
    panel = tracing.panel
    status = np.column_stack([panel.values(SWITCH, wave) for wave in panel.waves])
    known = ~np.isnan(status).any(axis=1)
    moved = int((known & (status != status[:, :1]).any(axis=1)).sum())
    if len(panel.waves) < LEAST or not moved:
        return Judged(
            NO, f"'{SWITCH}' does not change between waves, or there are fewer than three"
        )
    why = f"'{SWITCH}' changes for {moved:,} of {int(known.sum()):,} persons seen in every wave"
    return Judged(CARE, why)


def _missing(evaluation: Evaluation) -> Judged:
    tracing, impact = evaluation.tracing, evaluation.params.impact
    if tracing is None or impact.main_wave not in tracing.panel.waves:
        return Judged(NO, "no tracer study is named (inputs.tracer_person)")
    answered = tracing.responded(impact.main_wave)
    gaps = {
        outcome: int((answered & np.isnan(tracing.values(outcome, impact.main_wave))).sum())
        for outcome in impact.outcomes
        if outcome in tracing.panel.long.columns
    }
    silent = [f"{outcome} ({n:,} persons)" for outcome, n in gaps.items() if n]
    if not silent:
        return Judged(NO, "nobody who answered the wave of the headline left an outcome out")
    return Judged(CARE, f"left out by persons who answered: {', '.join(silent)}")


def _how_soon(tracing: Tracing | None) -> Judged:
    if tracing is None or tracing.panel.episodes is None:
        return Judged(NO, "no episodes are named (inputs.tracer_episode)")
    return Judged(
        YES,
        f"{len(tracing.panel.episodes):,} episodes; leaving is an event of its own; where those who"
        " were lost differ, designs.lost_given",
    )

"""Which design the data of a country allow: read from what is there, never chosen for anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.study import Study
from mismes_eval.evaluation.tracer_study import Tracing

NOT_TRAITS = {"country", "psu", "strata", "weight", "data_status", "wave"}
MEASURE = "<measure>"
LINES = {  # design -> the lines of the params, for the first measure
    "lottery or encouragement": "lottery: {assigned: ..., outcomes: [...]}",
    "comparison group, before and after": "impact: {main_outcome: ..., main_wave: ...}",
    "roll-out over regions": "rollout: {cohort: ..., region: ..., measure: ...}",
    "participants beside the survey": (
        "designs: {beside_survey: {<measure>: entropy}, traits: {male: male, age_enrol: age}}"
    ),
    "dose": "designs: {dose: {<measure>: hours}}",
    "support or status that comes and goes": "designs: {switching: {<measure>: abroad}}",
    "time to a first job": "designs: {first_job: {<measure>: 24}}",
    "answers that are missing": "designs: {imputed: {<measure>: earnings}}",
}
SWITCH = "abroad"
FEW, LEAST = 8, 3  # PSUs an arm: below the first a caution, below the second no interval


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
    study, tracing = evaluation.study, evaluation.tracing
    found = [
        _lottery(study, evaluation.lottery),
        _before_and_after(tracing),
        _staggered(evaluation.rollout),
        _weighting(evaluation),
        _dose(tracing),
        _switching(tracing),
        _how_soon(tracing),
        _missing(evaluation),
    ]
    measure = tracing.measures[0] if tracing is not None and tracing.measures else "MEASURE"
    return [replace(line, params=LINES[line.design].replace(MEASURE, measure)) for line in found]


def to_frame(found: list[Advice]) -> pd.DataFrame:
    """One row a design."""
    return pd.DataFrame([vars(line) for line in found])


def _lottery(study: Study | None, draw: Lottery | None) -> Advice:
    call = "me.itt(s, outcome, assigned, blocks=...); me.late(s, outcome, takeup, assigned)"
    if draw is not None:
        blocks = ", ".join(draw.keys.blocks) or "one draw over all of them"
        allowed, why = "yes", f"{draw.sample.n:,} units; drawn within: {blocks} (section lottery)"
    elif study is None:
        allowed, why = "no", "no study is named (inputs.study)"
    elif study.absorb:
        blocks = ", ".join(study.absorb)
        allowed = "yes"
        why = (
            f"{study.sample.n:,} units, drawn within {blocks}; named in section lottery, the report"
            " adjusts for loss and covariates"
        )
    else:
        allowed = "with care"
        why = (
            f"{study.sample.n:,} units; the params name no draw (section lottery): only if lots"
            " were drawn"
        )
    return Advice(
        design="lottery or encouragement", allowed=allowed, why=why, call=call, page="lotteries"
    )


def _before_and_after(tracing: Tracing | None) -> Advice:
    name, page = "comparison group, before and after", "difference-in-differences"
    call = "me.att_2x2(panel, outcome, treated, time=(before, after))"
    if tracing is None:
        return Advice(
            design=name,
            allowed="no",
            why="no tracer study is named (inputs.tracer_person)",
            call=call,
            page=page,
        )
    sample = tracing.panel.sample
    arm = sample.frame["treated"].to_numpy(float)
    psus = [np.unique(sample.design.psu[sample.active & (arm == side)]).size for side in (1.0, 0.0)]
    if min(psus) == 0:
        return Advice(
            design=name, allowed="no", why="the tracer study has one arm only", call=call, page=page
        )
    if tracing.baseline not in tracing.panel.waves:
        return Advice(
            design=name,
            allowed="no",
            why=f"no wave {tracing.baseline} from before the measure",
            call=call,
            page=page,
        )
    counted = f"participants in {psus[0]} PSUs, the comparison in {psus[1]}"
    if min(psus) < LEAST:
        return Advice(
            design=name,
            allowed="no",
            why=f"{counted}: no interval can be had",
            call=call,
            page=page,
        )
    if min(psus) < FEW:
        return Advice(
            design=name,
            allowed="with care",
            why=f"{counted}: few for an interval",
            call=call,
            page="few-clusters",
        )
    return Advice(
        design=name,
        allowed="yes",
        why=f"{counted}; both groups asked before and after",
        call=call,
        page=page,
    )


def _staggered(rollout: Rollout | None) -> Advice:
    name, call = "roll-out over regions", "me.att_gt(sample, outcome, cohort, time)"
    if rollout is None:
        why = "no rounds and starts are named (inputs.lfs_rounds, rollout.cohort)"
        return Advice(design=name, allowed="no", why=why, call=call, page="event-studies")
    fewest = rollout.fewest_regions
    counted = f"{rollout.regions} regions, {fewest} in the smaller arm"
    if fewest < LEAST:
        return Advice(
            design=name,
            allowed="no",
            why=f"{counted}: no interval can be had",
            call=call,
            page="few-clusters",
        )
    why = f"{counted}; who lives there may change with migration (me.composition_check)"
    return Advice(design=name, allowed="with care", why=why, call=call, page="event-studies")


def _weighting(evaluation: Evaluation) -> Advice:
    call = "me.balance_weights(me.stack_samples([participants, survey]), treated, covariates)"
    page = "comparison-by-weighting"
    if evaluation.survey is None or evaluation.tracing is None:
        why = "needs participants and a labour force survey in one country"
        return Advice(
            design="participants beside the survey", allowed="no", why=why, call=call, page=page
        )
    survey, traced = evaluation.survey.sample.frame, evaluation.tracing.panel.sample.frame
    both = set(map(str, survey.columns)) & set(map(str, traced.columns))
    shared = sorted(both - NOT_TRAITS)
    why = (
        f"columns of one name in both files: {', '.join(shared[:8]) or 'none'}; nothing tests that"
        f" participants differ in these alone; {_time_before(evaluation, survey)}"
    )
    return Advice(
        design="participants beside the survey",
        allowed="with care" if shared else "no",
        why=why,
        call=call,
        page=page,
    )


def _time_before(evaluation: Evaluation, survey: pd.DataFrame) -> str:
    """Whether residents have a baseline, for a difference-in-differences on top."""
    inputs, time = evaluation.params.inputs, evaluation.params.rollout.time
    if "lstatus_year" in survey.columns:
        return "residents were asked back (designs.residents_before: lstatus_year)"
    if inputs.lfs_rounds is not None:
        return f"inputs.lfs_rounds may hold a round from before (designs.round_before, of '{time}')"
    return "residents have no outcome from before (an earlier round, inputs.lfs_rounds, has one)"


def _dose(tracing: Tracing | None) -> Advice:
    name, call = "dose", 'me.dose_response(s, (before, after), "hours")'
    services = None if tracing is None else tracing.services
    if tracing is None or services is None or "hours" not in services.columns:
        why = "no services with hours are named (inputs.tracer_service)"
        return Advice(design=name, allowed="no", why=why, call=call, page="dose")
    hours = pd.to_numeric(services["hours"], errors="coerce")
    if not (hours > 0).any():
        return Advice(
            design=name,
            allowed="no",
            why="no hours are recorded in the services",
            call=call,
            page="dose",
        )
    persons = services.loc[hours > 0, tracing.panel.unit].nunique()
    why = f"hours of {persons:,} persons; who got more may have differed (strong parallel trends)"
    return Advice(design=name, allowed="with care", why=why, call=call, page="dose")


def _switching(tracing: Tracing | None) -> Advice:
    name = "support or status that comes and goes"
    call = f'me.switching_effects(panel, outcome, "{SWITCH}")'
    if tracing is None or SWITCH not in tracing.panel.long.columns:
        why = f"needs a yes/no column in every wave of a tracer study ('{SWITCH}' is not there)"
        return Advice(design=name, allowed="no", why=why, call=call, page="switching")
    panel = tracing.panel
    status = np.column_stack([panel.values(SWITCH, wave) for wave in panel.waves])
    known = ~np.isnan(status).any(axis=1)
    moved = int((known & (status != status[:, :1]).any(axis=1)).sum())
    if len(panel.waves) < LEAST or not moved:
        why = f"'{SWITCH}' does not change between waves, or there are fewer than three"
        return Advice(design=name, allowed="no", why=why, call=call, page="switching")
    why = f"'{SWITCH}' changes for {moved:,} of {int(known.sum()):,} persons seen in every wave"
    return Advice(design=name, allowed="with care", why=why, call=call, page="switching")


def _missing(evaluation: Evaluation) -> Advice:
    name, page = "answers that are missing", "missing-items"
    call = "me.over_imputations(me.impute(s, columns, predictors), estimate)"
    tracing, impact = evaluation.tracing, evaluation.params.impact
    if tracing is None or impact.main_wave not in tracing.panel.waves:
        return Advice(
            design=name,
            allowed="no",
            why="no tracer study is named (inputs.tracer_person)",
            call=call,
            page=page,
        )
    answered = tracing.responded(impact.main_wave)
    gaps = {
        outcome: int((answered & np.isnan(tracing.values(outcome, impact.main_wave))).sum())
        for outcome in impact.outcomes
        if outcome in tracing.panel.long.columns
    }
    silent = [f"{outcome} ({n:,} persons)" for outcome, n in gaps.items() if n]
    if not silent:
        why = "nobody who answered the wave of the headline left an outcome out"
        return Advice(design=name, allowed="no", why=why, call=call, page=page)
    why = f"left out by persons who answered: {', '.join(silent)}"
    return Advice(design=name, allowed="with care", why=why, call=call, page=page)


def _how_soon(tracing: Tracing | None) -> Advice:
    name = "time to a first job"
    call = (
        "me.rmst(s, months, event, tau, by=treated); where the lost differ, first"
        " me.censoring_weights(s, months, event, tau, covariates, by=treated)"
    )
    if tracing is None or tracing.panel.episodes is None:
        return Advice(
            design=name,
            allowed="no",
            why="no episodes are named (inputs.tracer_episode)",
            call=call,
            page="how-soon",
        )
    count = len(tracing.panel.episodes)
    return Advice(
        design=name,
        allowed="yes",
        why=f"{count:,} episodes; leaving is an event of its own; where those who were lost differ,"
        " designs.lost_given",
        call=call,
        page="how-soon",
    )

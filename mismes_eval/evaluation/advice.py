"""Which design the data of a country allow: read from what is there, never chosen for anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.study import Study
from mismes_eval.evaluation.tracer_study import Tracing

NOT_TRAITS = {"country", "psu", "strata", "weight", "data_status", "wave"}
FEW, LEAST = 8, 3  # PSUs an arm: below the first a caution, below the second no interval


@dataclass(frozen=True)
class Advice:
    """One design: whether the data allow it ("yes", "with care", "no"), why, the call that makes it,
    and the page of the methods that says when not to.
    """

    design: str
    allowed: str
    why: str
    call: str
    page: str


def advice(evaluation: Evaluation) -> list[Advice]:
    """Every design that the package has, in the order of how little it must assume."""
    study, tracing = evaluation.study, evaluation.tracing
    return [
        _lottery(study, evaluation.lottery),
        _before_and_after(tracing),
        _staggered(evaluation.rollout),
        _weighting(evaluation),
        _how_soon(tracing),
    ]


def to_frame(found: list[Advice]) -> pd.DataFrame:
    """One row a design."""
    return pd.DataFrame([vars(a) for a in found])


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
    return Advice("lottery or encouragement", allowed, why, call, "lotteries")


def _before_and_after(tracing: Tracing | None) -> Advice:
    name, page = "comparison group, before and after", "difference-in-differences"
    call = "me.att_2x2(panel, outcome, treated, time=(before, after))"
    if tracing is None:
        return Advice(name, "no", "no tracer study is named (inputs.tracer_person)", call, page)
    sample = tracing.panel.sample
    arm = sample.frame["treated"].to_numpy(float)
    psus = [np.unique(sample.design.psu[sample.active & (arm == a)]).size for a in (1.0, 0.0)]
    if min(psus) == 0:
        return Advice(name, "no", "the tracer study has one arm only", call, page)
    if tracing.baseline not in tracing.panel.waves:
        return Advice(name, "no", f"no wave {tracing.baseline} from before the measure", call, page)
    counted = f"participants in {psus[0]} PSUs, the comparison in {psus[1]}"
    if min(psus) < LEAST:
        return Advice(name, "no", f"{counted}: no interval can be had", call, page)
    if min(psus) < FEW:
        return Advice(name, "with care", f"{counted}: few for an interval", call, "few-clusters")
    return Advice(name, "yes", f"{counted}; both groups asked before and after", call, page)


def _staggered(rollout: Rollout | None) -> Advice:
    name, call = "roll-out over regions", "me.att_gt(sample, outcome, cohort, time)"
    if rollout is None:
        why = "no rounds and starts are named (inputs.lfs_rounds, rollout.cohort)"
        return Advice(name, "no", why, call, "event-studies")
    fewest = rollout.fewest_regions
    counted = f"{rollout.regions} regions, {fewest} in the smaller arm"
    if fewest < LEAST:
        return Advice(name, "no", f"{counted}: no interval can be had", call, "few-clusters")
    why = f"{counted}; who lives there may change with migration (me.composition_check)"
    return Advice(name, "with care", why, call, "event-studies")


def _weighting(evaluation: Evaluation) -> Advice:
    call = "me.balance_weights(me.stack_samples([participants, survey]), treated, covariates)"
    page = "comparison-by-weighting"
    if evaluation.survey is None or evaluation.tracing is None:
        why = "needs participants and a labour force survey in one country"
        return Advice("participants beside the survey", "no", why, call, page)
    survey, traced = evaluation.survey.sample.frame, evaluation.tracing.panel.sample.frame
    both = set(map(str, survey.columns)) & set(map(str, traced.columns))
    shared = sorted(both - NOT_TRAITS)
    why = (
        f"columns of one name in both files: {', '.join(shared[:8]) or 'none'}; nothing tests that"
        " participants differ in these alone"
    )
    return Advice(
        "participants beside the survey", "with care" if shared else "no", why, call, page
    )


def _how_soon(tracing: Tracing | None) -> Advice:
    name, call = "time to a first job", "me.rmst(s, months, event, tau, by=treated)"
    if tracing is None or tracing.panel.episodes is None:
        return Advice(name, "no", "no episodes are named (inputs.tracer_episode)", call, "how-soon")
    count = len(tracing.panel.episodes)
    return Advice(
        name, "yes", f"{count:,} episodes; leaving is an event of its own", call, "how-soon"
    )

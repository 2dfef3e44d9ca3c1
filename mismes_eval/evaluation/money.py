"""What a measure costs for each participant and, where an effect can be shown, for each additional
job.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import takewhile

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean, ratio
from mismes_eval.estimate.verdict import Span, Verdict, moved_apart
from mismes_eval.evaluation.attempt import attempted, made_of
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.measure_costs import Money
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.sensitivity import few_clusters, wild_spans
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.impact.planning.cost import cost_effectiveness
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.message import Message
from mismes_eval.weighting.sample import Sample

Result = Estimate | NotEstimable
JOBS = ("employed", "employed_home")
APART = NotEstimable(
    "the groups moved apart before the measure began, so the effect cannot be set against its cost"
)
MONTHS, YEAR = "months_employed_12m", 12.0  # months worked in the year before a wave

PER_COMPLETER = (
    "Cost of all services over the participants who completed every service they began (C1)."
)


def money(evaluation: Evaluation, study: Tracing, effect: Effects) -> Money:
    """Costs of one measure from its service records, on the design of its main effect, so that
    their covariance counts. Many chapters ask for them: they are made once.
    """
    kept = evaluation.spent.get(effect.measure)
    if kept is None or kept[0] is not study or kept[1] is not effect:
        kept = (study, effect, _spent(evaluation, study, effect))
        evaluation.spent[effect.measure] = kept
    return kept[2]


def _spent(evaluation: Evaluation, study: Tracing, effect: Effects) -> Money:
    p = evaluation.params
    outcome = p.impact.main_outcome
    wave = p.impact.main_wave
    main = effect.by_wave.get(
        (outcome, wave), NotEstimable("the params name no such outcome and wave")
    )
    cost, completer = _cost(study, effect.measure, evaluation)
    pre = effect.pre.get(outcome)
    worth: CostEffectiveness | NotEstimable
    counted = job_years(study, effect) if outcome in JOBS else None
    scenario = None
    if moved_apart(pre):
        counted = None
        worth = APART
    else:
        beside = evaluation.spans_beside(effect, outcome, wave)
        worth = _worth(main, cost, outcome, p, p.cost.horizon_years, beside)
    if counted is not None:
        beside = wild_spans(few_clusters(p, study.of(effect.measure), counted[0]))
        scenario = worth
        worth = _worth(counted[0], cost, outcome, p, 1.0, beside)
    return Money(
        measure=effect.measure,
        cost=cost,
        completer=completer,
        worth=worth,
        measured=None if counted is None else counted[1],
        scenario=scenario,
        job_value=p.cost.job_year_value,
        horizon=p.cost.horizon_years,
        currency=p.cost.currency,
    )


def job_years(study: Tracing, effect: Effects) -> tuple[Result, float] | None:
    """Job-years gained per participant, as the sum of the effects on months worked in each year
    after enrolment, and the months that they cover; None where the study did not count months, or a
    year between has no wave.
    """
    by_end = {study.months[w]: w for outcome, w in effect.by_wave if outcome == MONTHS}
    ends = [YEAR * year for year in range(1, len(by_end) + 1)]
    years = list(takewhile(lambda end: end in by_end, ends))
    if not years:
        return None
    found = [effect.by_wave[MONTHS, by_end[end]] for end in years]
    estimates = [end for end in found if isinstance(end, Estimate)]
    if len(estimates) < len(found):
        return next(end for end in found if isinstance(end, NotEstimable)), years[-1]
    joint = attempted(lambda: on_base(estimates))
    if isinstance(joint, NotEstimable):
        return joint, years[-1]
    weights = np.full((1, joint.p), 1 / YEAR)
    total = joint.through(lambda months: weights @ months, weights, ("job-years",))
    notes = total.notes
    return total.annotated(unit="job-years", kind="effect", notes=notes), years[-1]


def _worth(
    main: Result,
    cost: Result,
    outcome: str,
    params: Params,
    years: float,
    beside: tuple[Span, ...],
) -> CostEffectiveness | NotEstimable:
    """What a measure costs for what it gains, by the widest interval of the gain. beside: intervals
    of `main` that stand beside its own.
    """
    if isinstance(main, NotEstimable):
        return main
    if isinstance(cost, NotEstimable):
        return cost
    if outcome not in JOBS:
        return NotEstimable("a cost per additional job-year needs employment as the main outcome")
    worth = attempted(
        lambda: cost_effectiveness(
            main,
            cost,
            years=years,
            unit="job-year",
            currency=params.cost.currency,
            seed=params.impact.seed,
            value=params.cost.job_year_value,
        )
    )
    widest = Verdict(main, wider=beside).span.scaled(years)
    if isinstance(worth, NotEstimable) or widest.basis is None:
        return worth
    return replace(worth, spoken=(widest.low, widest.high))


def _cost(study: Tracing, measure: str, evaluation: Evaluation) -> tuple[Result, Result]:
    """Mean cost of a participant and of a completer: services summed by person, over all
    participants enrolled (records are kept of those too who were later lost).

    A participant without any record cost nothing, where the measure has records at all.
    """
    reason = _no_costs(study, measure)
    if reason is not None:
        return NotEstimable(reason), NotEstimable(reason)
    assert study.services is not None
    mine = study.services[study.services["measure_id"].astype(str) == measure]
    sample = study.of(measure).sample
    person = sample.frame["person_id"]
    currency = evaluation.params.cost.currency
    spent = (mine.groupby("person_id")["cost_eur"].sum() * evaluation.per_euro).to_dict()
    treated = sample.frame[TREATED].to_numpy(float) == 1
    inside = sample.with_columns({"cost": person.map(spent).fillna(0.0).to_numpy(float)}).where(
        treated
    )
    each = mean(inside, "cost").annotated(
        unit=currency, definition="Mean cost of the services received by a participant."
    )
    return each, _per_completer(inside, mine, currency)


def _no_costs(study: Tracing, measure: str) -> str | None:
    """Why there is no cost of a measure; None where there is one."""
    if study.services is None or "cost_eur" not in study.services.columns:
        return "no service records with costs were supplied"
    rows = study.services[study.services["measure_id"].astype(str) == measure]
    if rows.empty:
        return Message("no service record names measure {m}", {"m": measure})
    if rows["cost_eur"].notna().all():
        return None
    return Message("service records of {m} have no cost", {"m": measure})


def _per_completer(inside: Sample, services: pd.DataFrame, currency: str) -> Result:
    """What was spent on everybody for each participant who completed every service begun (indicator
    C1).
    """
    if "completed" not in services.columns or services["completed"].isna().any():
        return NotEstimable("the service records do not say who completed")
    done = services.groupby("person_id")["completed"].all().to_dict()
    completed = inside.frame["person_id"].map(done).fillna(False).astype(float).to_numpy()
    counted = inside.with_columns({"completed": completed})
    spent = attempted(partial(ratio, counted, "cost", "completed"))

    def stated(out: Estimate) -> Estimate:
        told = out.annotated(unit=currency, definition=PER_COMPLETER)
        return replace(told, extra={"completed": completed > 0})

    return made_of(spent, stated)

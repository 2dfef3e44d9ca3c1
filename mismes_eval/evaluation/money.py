"""What a measure costs for each participant and, where an effect can be shown, for each additional job."""

from __future__ import annotations

from dataclasses import dataclass

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.tracing import TREATED, Effects, Tracing
from mismes_eval.impact.cost import CostEffectiveness, cost_effectiveness

Result = Estimate | NotEstimable
JOBS = ("employed", "employed_home")


@dataclass(frozen=True)
class Money:
    """cost: mean cost of the services a participant received; worth: cost per additional job-year, or the reason why there is none."""

    measure: str
    cost: Result
    worth: CostEffectiveness | NotEstimable
    horizon: float
    currency: str


def money(evaluation: Evaluation, study: Tracing, effect: Effects) -> Money:
    """Costs of one measure from its service records, on the design and weights of its main effect, so that their covariance counts."""
    p = evaluation.params
    outcome, wave = str(p.text("impact.main_outcome")), p.integer("impact.main_wave")
    main = effect.by_wave.get((outcome, wave), NotEstimable("the params name no such outcome and wave"))
    horizon, currency = p.number("cost.horizon_years") or 1.0, p.text("cost.currency") or "EUR"
    cost = _cost(study, effect.measure, wave)
    pre = effect.pre.get(outcome)
    if isinstance(pre, Estimate) and not (pre.ci()["low"].iloc[0] <= 0 <= pre.ci()["high"].iloc[0]):
        apart = NotEstimable("the groups moved apart before the measure began, so the effect cannot be set against its cost")
        return Money(effect.measure, cost, apart, horizon, currency)
    return Money(effect.measure, cost, _worth(main, cost, outcome, horizon, currency, p.integer("impact.seed") or 1), horizon, currency)


def _worth(main: Result, cost: Result, outcome: str, horizon: float, currency: str, seed: int) -> CostEffectiveness | NotEstimable:
    for item in (main, cost):
        if isinstance(item, NotEstimable):
            return item
    if outcome not in JOBS:
        return NotEstimable(f"a cost per additional job needs an employment outcome, not '{outcome}'")
    try:
        return cost_effectiveness(main, cost, years=horizon, unit="job-year", currency=currency, seed=seed)  # type: ignore[arg-type]
    except EstimateError as error:
        return NotEstimable(str(error.problems[0]))


def _cost(study: Tracing, measure: str, wave: object) -> Result:
    """Mean cost of a participant: services summed by person. A participant without any record cost nothing, where the measure has records at all."""
    if study.services is None or "cost_eur" not in study.services.columns:
        return NotEstimable("no service records with costs were supplied")
    rows = study.services[study.services["measure_id"].astype(str) == measure]
    if rows.empty:
        return NotEstimable(f"no service record names measure {measure}")
    if rows["cost_eur"].isna().any():
        return NotEstimable(f"{int(rows['cost_eur'].isna().sum())} service records of {measure} have no cost")
    spent = rows.groupby("person_id")["cost_eur"].sum().to_dict()
    sample = study.of(measure).weight_sample([study.baseline, wave])
    per = sample.frame["person_id"].map(spent).fillna(0.0).to_numpy(float)
    treated = sample.frame[TREATED].to_numpy(float) == 1
    out = mean(sample.with_columns({"cost": per}).where(treated), "cost")
    return out.annotated(unit="EUR", definition="Mean cost of the services received by a participant.")

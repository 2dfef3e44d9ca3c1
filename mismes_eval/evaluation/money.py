"""What a measure costs for each participant and, where an effect can be shown, for each additional job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.tracing import TREATED, Effects, Tracing

Result = Estimate | NotEstimable


@dataclass(frozen=True)
class Money:
    """cost: mean cost of the services a participant received, euro; effect: the main effect; horizon: years over which it is counted."""

    measure: str
    cost: Result
    effect: Result
    horizon: float
    currency: str


def money(evaluation: Evaluation, study: Tracing, effect: Effects) -> Money:
    """Costs of one measure from its service records, on the tracer's design."""
    p = evaluation.params
    outcome, wave = str(p.text("impact.main_outcome")), p.integer("impact.main_wave")
    main = effect.by_wave.get((outcome, wave), NotEstimable("the params name no such outcome and wave"))
    return Money(effect.measure, _cost(study, effect.measure), main, p.number("cost.horizon_years") or 1.0, p.text("cost.currency") or "EUR")


def _cost(study: Tracing, measure: str) -> Result:
    """Mean cost of a participant: services summed by person, participants without any service record count as zero cost only where records exist for the measure."""
    if study.services is None or "cost_eur" not in study.services.columns:
        return NotEstimable("no service records with costs were supplied")
    rows = study.services[study.services["measure_id"].astype(str) == measure]
    if rows.empty:
        return NotEstimable(f"no service record names measure {measure}")
    if rows["cost_eur"].isna().any():
        return NotEstimable(f"{int(rows['cost_eur'].isna().sum())} service records of {measure} have no cost")
    spent: Mapping[object, float] = rows.groupby("person_id")["cost_eur"].sum().to_dict()
    panel = study.of(measure)
    per = panel.sample.frame["person_id"].map(spent).fillna(0.0).to_numpy(float)
    treated = panel.sample.frame[TREATED].to_numpy(float) == 1
    out = mean(panel.sample.with_columns({"cost": per}).where(treated), "cost")
    return out.annotated(unit="EUR", definition="Mean cost of the services received by a participant.")



"""Which effects of several countries may be summarised, and their summary; for the others the
reason why not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.published_effects import headlines
from mismes_eval.impact.planning.meta_analysis import RandomEffects, Tau2, random_effects

_OTHERS: tuple[Tau2, ...] = ("dl", "pm")
NO_OTHER = "the other effects of this model have another outcome, follow-up, design or adjustment"
WINDOW = 6  # months: effects whose follow-up rounds to the same half-year are of one age


@dataclass(frozen=True)
class Summary:
    """effects: rows of the synthesis' effects that belong to one model, outcome, follow-up and
    design.

    main : REML with the ad hoc Hartung-Knapp interval.
    others : the same effects by DerSimonian-Laird and Paule-Mandel.
    alike_before : the main summary without measures whose groups moved apart before enrolment; None
        where there is none to leave out.
    """

    model: str
    outcome: str
    months: float
    design: str
    effects: pd.DataFrame
    main: RandomEffects | NotEstimable
    others: tuple[RandomEffects, ...]
    alike_before: RandomEffects | NotEstimable | None


def summaries(effects: pd.DataFrame) -> Iterable[Summary]:
    """One summary for each model, outcome, follow-up and design of the main effects. Effects on
    different models are never averaged: they are different treatments.
    """
    main = effects[headlines(effects) & (effects["status"] == "shown")]
    main = main.assign(
        _age=(main["months"] / WINDOW).round() * WINDOW, _adjusted=main["method"] != "none"
    )
    for (model, outcome, age, design, _), part in main.groupby(
        ["model", "outcome", "_age", "design", "_adjusted"], dropna=False, sort=True
    ):
        rows = part.drop(columns=["_age", "_adjusted"]).reset_index(drop=True)
        result = _summarised(rows)
        if len(rows) == 1 and (main["model"] == model).sum() > 1:
            result = NotEstimable(NO_OTHER)
        ways = _OTHERS if isinstance(result, RandomEffects) else ()
        others = tuple(_pooled(rows, way) for way in ways)
        apart = rows["moved_apart"].eq(True)
        alike = (
            _summarised(rows[~apart].reset_index(drop=True))
            if isinstance(result, RandomEffects) and apart.any()
            else None
        )
        yield Summary(
            model=str(model),
            outcome=str(outcome),
            months=float(str(age)),
            design=str(design),
            effects=rows,
            main=result,
            others=others,
            alike_before=alike,
        )


def _summarised(rows: pd.DataFrame) -> RandomEffects | NotEstimable:
    reason = _obstacle(rows)
    return NotEstimable(reason) if reason else _pooled(rows, "reml")


def _pooled(rows: pd.DataFrame, method: Tau2) -> RandomEffects:
    return random_effects(
        rows["value"].to_numpy(float), rows["se"].to_numpy(float), method, "hartung_knapp_adhoc"
    )


def _obstacle(rows: pd.DataFrame) -> str:
    """Why the effects are not summarised, "" where they may be."""
    if len(rows) < 2:
        return "one effect only: there is nothing to summarise"
    if not str(rows["model"].iloc[0]):
        return "the model of the measures is not on record"
    if rows["country"].duplicated().any():
        return "several effects come from one country's sample and are not independent"
    if not rows["unit_of_outcome"].isin(["share", "months"]).all():
        return "the outcome has no common unit (national currency)"
    if not (rows["se"] > 0).all():
        return "an effect has no standard error"
    return ""

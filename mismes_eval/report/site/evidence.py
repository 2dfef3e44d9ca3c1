"""What evaluations found: effects that country reports published, with the verdict on each, and
evaluations that records name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval.estimate.verdict import Sign, Span, Verdict
from mismes_eval.frame import codes
from mismes_eval.inventory.indicators import evaluated
from mismes_eval.report.synthesis.published import Origin

SHOWN = "shown"
STRONG, COMPARED = 4, 2  # strength of a design from which it is strong, or has a comparison
COLUMNS = (
    *("measure_id", "country", "model", "outcome", "months", "unit", "value", "ci_low", "ci_high"),
    *("direction", "moved_apart", "design", "quality", "report", "results_sha256", "synthetic"),
)


@dataclass(frozen=True)
class Evaluation:
    """An effect of one measure on one outcome, as a report shows it."""

    measure_id: str
    country: str
    model: str
    outcome: str
    months: float
    unit: str
    value: float
    ci_low: float
    ci_high: float
    direction: Sign
    moved_apart: bool
    design: str
    quality: str
    report: str
    results_sha256: str
    synthetic: bool


def evaluations(origins: Sequence[Origin]) -> list[Evaluation]:
    """Effects that reports show. What a report hides, could not estimate or calls unreliable is
    not among them.
    """
    return [
        _evaluation(origin, effect)
        for origin in origins
        for effect in origin.facts.get("effects", ())
        if effect.get("status") == SHOWN and effect.get("value") is not None
    ]


def _evaluation(origin: Origin, effect: dict[str, object]) -> Evaluation:
    value, low, high = (_number(effect.get(key)) for key in ("value", "ci_low", "ci_high"))
    return Evaluation(
        measure_id=str(effect["measure"]),
        country=origin.country,
        model=str(effect["model"]),
        outcome=str(effect["outcome"]),
        months=_number(effect.get("months")),
        unit=str(effect.get("unit_of_outcome") or ""),
        value=value,
        ci_low=low,
        ci_high=high,
        direction=Verdict(Span(value, low, high)).sign,
        moved_apart=effect.get("moved_apart") is True,
        design=str(effect.get("design") or ""),
        quality="medium",  # every effect of a report rests on a comparison group
        report=origin.name,
        results_sha256=origin.estimates_sha256,
        synthetic=origin.synthetic,
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def as_frame(found: Sequence[Evaluation]) -> pd.DataFrame:
    """The evaluations as a table."""
    rows = [[getattr(e, column) for column in COLUMNS] for e in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def recorded(frame: pd.DataFrame) -> pd.DataFrame:
    """Evaluations that records name: measure_id, model_primary and quality by the design."""
    strength = codes("impact_designs").set_index("code")["strength"].astype(int)
    done = frame.loc[evaluated(frame), ["measure_id", "model_primary", "impact_design"]]
    ranked = done["impact_design"].map(strength).fillna(0)
    return done.assign(quality=[quality(rank) for rank in ranked])


def quality(strength: float) -> str:
    """Class of a design by its strength: strong, medium or weak."""
    if strength >= STRONG:
        return "strong"
    return "medium" if strength >= COMPARED else "weak"

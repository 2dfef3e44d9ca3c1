"""What evaluations found: effects that country reports published, with the verdict on each, and
evaluations that records name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval.errors import InputError, Problem
from mismes_eval.estimate.verdict import Sign, Span, Verdict
from mismes_eval.frame import codes
from mismes_eval.inventory.indicators import evaluated
from mismes_eval.report.synthesis.published import Origin

SHOWN = "shown"
MADE_UP = "SYNTHETIC"
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


def evaluations(origins: Sequence[Origin], frame: pd.DataFrame) -> list[Evaluation]:
    """Effects that reports show for measures of the repository. What a report hides, could not
    estimate or calls unreliable is not among them.

    Raises
    ------
    InputError : an effect of made-up data for a measure that is not made up, or the other way.
    """
    kinds = dict(zip(frame["measure_id"], frame["source_type"] == MADE_UP, strict=True))
    found = [
        _evaluation(origin, effect)
        for origin in origins
        for effect in origin.facts.get("effects", ())
        if effect.get("status") == SHOWN and effect.get("value") is not None
        if effect["measure"] in kinds
    ]
    mixed = sorted({(e.report, e.measure_id) for e in found if e.synthetic != kinds[e.measure_id]})
    if mixed:
        raise InputError(
            [
                Problem(
                    "a report on made-up data for a measure that is not, or the other way",
                    f"report {report}: {measure}",
                    "report and record both made up, or both not",
                    fix="Name the folder of the right reports, or the right inventory.",
                )
                for report, measure in mixed
            ]
        )
    return found


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

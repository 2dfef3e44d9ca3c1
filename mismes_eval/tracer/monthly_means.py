"""Means of the waves or the calendar near each month, with the weights of those who answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.transitions import on_enrolment
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.tracer.clock import Clock
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


Result = Estimate | NotEstimable


def by_month(
    panel: TracerPanel,
    clock: Clock,
    by: By,
    columns: Callable[[object], tuple[dict[str, Float], Bool]],
) -> Result:
    """Means of columns of the wave near each month, with the weights of those who answered it."""
    return _by(panel, clock, by, lambda month, wave: columns(wave))


def by_calendar(
    panel: TracerPanel,
    clock: Clock,
    by: By,
    columns: Callable[[int], tuple[dict[str, Float], Bool]],
) -> Result:
    """Means of columns of the calendar up to each month, with the weights of those who answered the
    wave near it.
    """
    return _by(panel, clock, by, lambda month, wave: columns(month))


def _by(
    panel: TracerPanel,
    clock: Clock,
    by: By,
    columns: Callable[[int, object], tuple[dict[str, Float], Bool]],
) -> Result:
    parts = []
    for month, wave in clock.waves(panel).items():
        values, ok = columns(month, wave)
        keys = {"months": month, "wave": wave}
        parts.append(_means(panel, panel.weight_sample(wave), values, ok, by, keys))
    return _joined(parts, clock)


def _means(
    panel: TracerPanel,
    sample: Sample,
    values: dict[str, Float],
    ok: Bool,
    by: By,
    keys: dict[str, object],
) -> Estimate | None:
    clean = {name: np.where(ok, value, 0.0) for name, value in values.items()}
    inside = sample.with_columns(clean).where(ok)
    if not inside.active.any():
        return None
    estimate = mean(inside, list(clean), by)
    silent = int((sample.active & ~ok).sum())
    note = (
        (
            (
                f"Wave {keys['wave']}: {silent:,} of {int(sample.active.sum()):,} who answered are"
                " not concerned or did not tell."
            ),
        )
        if silent
        else ()
    )
    estimate = on_enrolment(panel.sample, estimate).annotated(notes=note)
    labels = tuple(f"{name}, {keys['months']} months" for name in estimate.names)
    return keyed(
        estimate,
        estimate.keys.drop(columns="level").assign(
            **{key: pd.Series([value] * estimate.p) for key, value in keys.items()}
        ),
        labels,
    )


def _joined(given: Sequence[Estimate | None], clock: Clock) -> Result:
    parts = [p for p in given if p is not None]
    if not parts and given:
        return NotEstimable("nobody in the domain answered what this needs")
    if not parts:
        return NotEstimable(
            Message(
                "no wave with answers within {t} months of {months} months since {origin}",
                {
                    "t": f"{clock.tolerance:g}",
                    "months": ", ".join(map(str, clock.months)),
                    "origin": clock.since,
                },
            )
        )
    out = stack(*parts) if len(parts) > 1 else parts[0]
    missing = [m for m in clock.months if m not in set(out.keys["months"])]
    note = (
        (
            Message(
                "No wave near {months} months since {origin}.",
                {"months": ", ".join(map(str, missing)), "origin": clock.since},
            ),
        )
        if missing
        else ()
    )
    return out.annotated(kind="mean", notes=note)


def keyed(e: Estimate, keys: pd.DataFrame, names: tuple[str, ...] | None = None) -> Estimate:
    own = keys.reset_index(drop=True)
    return replace(e, names=names or e.names, keys=own, srs=None, limits=None, extra={})


def require(panel: TracerPanel, *columns: str) -> None:
    EstimateError.refuse(
        Problem("the indicator needs a column of the waves", in_column(column))
        for column in columns
        if column not in panel.long.columns
    )

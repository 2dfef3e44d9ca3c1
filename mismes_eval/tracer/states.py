"""Transitions of a panel: pooled over neighbouring waves, each pair with the weights of those who
answered both.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.transitions import Pair, pooled_transitions
from mismes_eval.public import public
from mismes_eval.tracer.shapes import refuse_other

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@public(EstimateError)
def transitions(
    panel: TracerPanel, state: str, waves: Sequence[object] | None = None, minimum: int = 30
) -> Estimate:
    """Share of each destination among those who start in each origin, from wave to next wave.

    Parameters
    ----------
    state : column of the waves.
    waves : None for all; two of them for one step.
    minimum : origins with fewer persons are withheld and named.

    Returns
    -------
    Estimate; keys: origin, destination, transitions. Each pair of waves has its own attrition
    weights, whose uncertainty enters; a person (or PSU) is a cluster.
    """
    refuse_other(panel, "transitions")
    key = panel.chosen(waves)
    if len(key) < 2:
        raise EstimateError(
            Problem(
                "transitions need two waves",
                of_argument("waves"),
                worded("two or more of {waves}", {"waves": ", ".join(map(str, panel.waves))}),
                ", ".join(map(str, key)),
            )
        )
    pairs, notes = [], []
    for origin, destination in pairwise(key):
        first, second = (pd.Series(panel.values(state, w)) for w in (origin, destination))
        sample = panel.weight_sample((origin, destination))
        pairs.append(
            Pair(
                sample,
                *(v.astype(object).where(v.notna(), None).to_numpy() for v in (first, second)),
            )
        )
        told = sample.active & first.notna().to_numpy() & second.notna().to_numpy()
        silent = int((sample.active & ~told).sum())
        steps = (
            "; ".join(step.name for step in sample.design.steps[len(panel.sample.design.steps) :])
            or "everybody answered"
        )
        notes.append(
            f"Waves {origin} to {destination}: {int(told.sum()):,} persons; {steps}"
            + (f"; {silent:,} who answered both lack a state and do not count." if silent else ".")
        )
    return pooled_transitions(panel.sample, pairs, minimum).annotated(notes=tuple(notes))

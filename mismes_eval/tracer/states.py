"""Transitions of a panel: pooled over neighbouring waves, each pair with the weights of those who answered both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.transitions import Pair, pooled_transitions

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


def transitions(panel: TracerPanel, state: str, waves: Sequence[object] | None = None, minimum: int = 30) -> Estimate:
    """Share of each destination among those who start in each origin, from wave to next wave.

    Parameters
    ----------
    state : column of the waves.  waves : None for all; two of them for one step.  minimum : origins with fewer persons are withheld and named.

    Returns
    -------
    Estimate; keys: origin, destination, transitions. Each pair of waves has its own attrition weights, whose uncertainty enters; a person (or PSU) is a cluster.
    """
    key = panel.chosen(waves)
    pairs = []
    for a, b in pairwise(key):
        first, second = (pd.Series(panel.values(state, w)) for w in (a, b))
        pairs.append(Pair(panel.weight_sample((a, b)), *(v.astype(object).where(v.notna(), None).to_numpy() for v in (first, second))))
    return pooled_transitions(panel.sample, pairs, minimum)

"""One picture for any estimate: values with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mismes_eval.pictures.intervals import Series, forest, path

if TYPE_CHECKING:
    from mismes_eval.estimate.estimate import Estimate


def dots(estimate: Estimate, ax: Any = None) -> Any:
    """Dot and 95% interval for each value, first on top; over event time where the estimate has it.
    A line at 0 where the intervals reach it. Returns the axes.
    """
    ci = estimate.ci()
    unit = estimate.unit or estimate.kind
    low = ci["low"].to_numpy()
    high = ci["high"].to_numpy()
    if "event_time" in estimate.keys and estimate.keys["event_time"].is_unique:
        at = estimate.keys["event_time"].to_numpy(float)
        event = Series(name="", at=at, value=estimate.value, low=low, high=high)
        return path(ax, [event], "event time; dashed: the measure begins", unit, start=-0.5)
    rows = np.arange(estimate.p, dtype=float)
    return forest(
        ax,
        estimate.names,
        [Series(name="", at=rows, value=estimate.value, low=low, high=high)],
        unit,
    )

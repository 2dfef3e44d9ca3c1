"""One picture for any estimate: values with intervals."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mismes_eval.estimate.estimate import Estimate

# imported when a picture is drawn: half a second that a report that is up to date does without
PYPLOT = "matplotlib.pyplot"


def dots(estimate: Estimate, ax: Any = None) -> Any:
    """Dot and 95% interval for each value, first on top; over event time where the estimate has it.
    A line at 0 where the intervals reach it. Returns the axes.
    """
    if "event_time" in estimate.keys and estimate.keys["event_time"].is_unique:
        return _event_study(estimate, ax)
    if ax is None:
        _, ax = import_module(PYPLOT).subplots(
            figsize=(7, 0.9 + 0.32 * estimate.p), layout="constrained"
        )
    ci = estimate.ci()
    y = np.arange(estimate.p)[::-1]
    if ci["low"].min() < 0 < ci["high"].max():
        ax.axvline(0.0, color="0.4", lw=1)
    ax.hlines(y, ci["low"], ci["high"], color="#1f4e79", lw=1.6)
    ax.plot(estimate.value, y, "o", color="#1f4e79", ms=5)
    ax.set_yticks(y, estimate.names)
    ax.set_xlabel(estimate.unit or estimate.kind)
    ax.grid(axis="x", color="0.9")
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax


def _event_study(estimate: Estimate, ax: Any) -> Any:
    """Effects over event time, with a line at 0 and one where the measure begins."""
    if ax is None:
        _, ax = import_module(PYPLOT).subplots(figsize=(7, 3.4), layout="constrained")
    ci = estimate.ci()
    x = estimate.keys["event_time"].to_numpy(float)
    ax.axhline(0.0, color="0.4", lw=1)
    ax.axvline(-0.5, color="0.6", lw=1, ls="--")
    ax.vlines(x, ci["low"], ci["high"], color="#1f4e79", lw=1.6)
    ax.plot(x, estimate.value, "o", color="#1f4e79", ms=5)
    ax.set_xticks(x, [f"{v:g}" for v in x])
    ax.set_xlabel("event time; dashed: the measure begins")
    ax.set_ylabel(estimate.unit or estimate.kind)
    ax.spines[["top", "right"]].set_visible(False)
    return ax

"""Pictures of staggered designs: event study with both bands, map of group-time effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.did.bands import Band
from mismes_eval.weighting.timeline import Timeline

BEFORE, AFTER = "#7f7f7f", "#1f4e79"


def study(estimate: Estimate, band: Band, time: Timeline, ax: Any = None) -> Any:
    """Values by their key with pointwise (thick) and simultaneous (thin) intervals. Returns the
    axes.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    key = next(c for c in ("event_time", "cohort", "time") if c in estimate.keys.columns)
    event = key == "event_time"
    named = not (event or time.numeric)
    at = np.arange(estimate.p, dtype=float) if named else estimate.keys[key].to_numpy(float)
    ci = estimate.ci(band.level)
    wide = band.to_frame()
    for chosen, colour, label in (
        (at < 0, BEFORE, "before treatment"),
        (at >= 0, AFTER, "after treatment" if event else "effect"),
    ):
        if not chosen.any():
            continue
        moving = chosen & np.isfinite(wide["low"].to_numpy())
        ax.vlines(at[moving], wide["low"][moving], wide["high"][moving], color=colour, lw=1)
        ax.vlines(
            at[moving],
            ci["low"].to_numpy()[moving],
            ci["high"].to_numpy()[moving],
            color=colour,
            lw=3.2,
            alpha=0.75,
        )
        ax.plot(at[chosen], estimate.value[chosen], "o", color=colour, ms=5, label=label)
    ax.axhline(0, color="0.3", lw=0.8)
    if event:
        ax.axvline(-0.5, color="0.6", lw=0.8, ls=":")
    ax.set_xticks(at, list(estimate.keys[key]) if named else None)
    ax.set_xlabel(
        {
            "event_time": "Periods since treatment",
            "cohort": "Cohort (first treated period)",
            "time": "Period",
        }[key]
    )
    ax.set_ylabel("Average effect on the treated")
    ax.set_title(
        f"Thick: pointwise {100 * band.level:g}% interval; thin: simultaneous",
        fontsize=9,
        loc="left",
    )
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def heat_map(
    cells: pd.DataFrame, ax: Any = None, shown: Callable[[Any], str] = "{:g}".format
) -> Any:
    """Effects by cohort (rows) and period (columns), value and standard error written in. Returns
    the axes.
    """
    value = cells.pivot(index="cohort", columns="time", values="att")
    se = cells.pivot(index="cohort", columns="time", values="se")
    if ax is None:
        _, ax = plt.subplots(
            figsize=(1.6 + 0.9 * value.shape[1], 1.2 + 0.6 * value.shape[0]), layout="constrained"
        )
    limit = float(np.nanmax(np.abs(value.to_numpy()))) or 1.0
    image = ax.imshow(value.to_numpy(), cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), v in np.ndenumerate(value.to_numpy()):
        if np.isfinite(v):
            error = se.to_numpy()[i, j]
            ax.text(
                j,
                i,
                f"{v:.3g}" + (f"\n({error:.2g})" if np.isfinite(error) else ""),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if abs(v) > 0.6 * limit else "black",
            )
    for i, g in enumerate(value.index):
        ax.axvline(
            float(np.searchsorted(value.columns, g)) - 0.5,
            (len(value) - i - 1) / len(value),
            (len(value) - i) / len(value),
            color="black",
            lw=1.5,
        )
    ax.set_xticks(range(value.shape[1]), [shown(t) for t in value.columns])
    ax.set_yticks(range(value.shape[0]), [shown(g) for g in value.index])
    ax.set_xlabel("Period")
    ax.set_ylabel("Cohort")
    ax.figure.colorbar(image, ax=ax, label="Average effect on the treated")
    return ax

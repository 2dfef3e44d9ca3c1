"""Pictures of staggered designs: event study with both bands, map of group-time effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.did.bands import Band
from mismes_eval.pictures.grids import effects
from mismes_eval.pictures.intervals import Series, path
from mismes_eval.pictures.style import BLUE, GREY
from mismes_eval.weighting.timeline import Timeline

KEYS = {
    "event_time": "Periods since treatment",
    "cohort": "Cohort (first treated period)",
    "time": "Period",
}


def study(estimate: Estimate, band: Band, time: Timeline, ax: Any = None) -> Any:
    """Values by their key with pointwise (thick) and simultaneous (thin) intervals. Returns the
    axes.
    """
    key = next(key for key in KEYS if key in estimate.keys.columns)
    event = key == "event_time"
    named = not (event or time.numeric)
    at = np.arange(estimate.p, dtype=float) if named else estimate.keys[key].to_numpy(float)
    ends = estimate.ci(band.level).to_numpy(float)
    wide = band.to_frame()[["low", "high"]].to_numpy(float)
    ends = np.where(np.isfinite(wide), ends, np.nan)  # the reference period has no interval
    parts = [("after treatment" if event else "effect", at >= 0, BLUE)]
    if event:
        parts.insert(0, ("before treatment", at < 0, GREY))
    series = [
        Series(
            name=name,
            at=at[rows],
            value=estimate.value[rows],
            low=ends[rows, 0],
            high=ends[rows, 1],
            colour=colour,
            wide=wide[rows],
        )
        for name, rows, colour in parts
        if rows.any()
    ]
    start = -0.5 if event else None
    ax = path(ax, series, KEYS[key], "Average effect on the treated", start=start, apart=0.0)
    if named:
        ax.set_xticks(at, list(estimate.keys[key]))
    words = f"Thick: pointwise {100 * band.level:g}% interval; thin: simultaneous"
    ax.set_title(words, fontsize=9, loc="left")
    ax.legend(frameon=False)
    return ax


def heat_map(
    cells: pd.DataFrame, ax: Any = None, shown: Callable[[Any], str] = "{:g}".format
) -> Any:
    """Effects by cohort (rows) and period (columns), value and standard error written in. Returns
    the axes.
    """
    value, error = (
        cells.pivot(index="cohort", columns="time", values=column) for column in ("att", "se")
    )
    pairs = zip(value.to_numpy(), error.to_numpy(), strict=True)
    return effects(
        ax,
        value=value.to_numpy(float),
        words=[[_in_cell(effect, se) for effect, se in zip(*row, strict=True)] for row in pairs],
        rows=[shown(cohort) for cohort in value.index],
        columns=[shown(time) for time in value.columns],
        starts=[float(np.searchsorted(value.columns, cohort)) for cohort in value.index],
        xlabel="Period",
        ylabel="Cohort",
    )


def _in_cell(value: float, error: float) -> str:
    return f"{value:.3g}" + (f"\n({error:.2g})" if np.isfinite(error) else "")

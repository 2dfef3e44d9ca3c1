"""Numbers in a grid: counts, and effects by cohort and period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.style import axes, highest


def counts(ax: Any, table: Float, rows: Sequence[str], columns: Sequence[str]) -> Any:
    """Counts by row and column, darker where there are more; NaN cells stay empty."""
    ax = axes(ax, 7.2, 1.2 + 0.34 * len(rows))
    most = highest(table)
    ax.imshow(table, cmap="Blues", aspect="auto", vmin=0, vmax=most)
    for (i, j), n in np.ndenumerate(table):
        if np.isfinite(n):
            ink = "white" if n > most / 2 else "black"
            ax.text(j, i, f"{n:.0f}", ha="center", va="center", fontsize=8, color=ink)
    return _named(ax, rows, columns)


def effects(
    ax: Any,
    value: Float,
    words: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    starts: Sequence[float],
    xlabel: str,
    ylabel: str,
) -> Any:
    """Effects by cohort (rows) and period (columns), in colours around 0, with words in each cell
    and a thick line where the measure begins (`starts`: columns before it, one a row).
    """
    ax = axes(ax, 1.8 + 1.1 * len(columns), 1.1 + 0.55 * len(rows))
    limit = highest(np.abs(value), least=0.0) or 1.0
    ax.imshow(value, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), cell in np.ndenumerate(value):
        if np.isfinite(cell):
            ink = "white" if abs(cell) > 0.6 * limit else "black"
            ax.text(j, i, words[i][j], ha="center", va="center", fontsize=8, color=ink)
    for i, start in enumerate(starts):
        ax.plot([start - 0.5] * 2, [i - 0.5, i + 0.5], color="black", lw=2)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return _named(ax, rows, columns)


def _named(ax: Any, rows: Sequence[str], columns: Sequence[str]) -> Any:
    ax.set_xticks(range(len(columns)), list(columns))
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax

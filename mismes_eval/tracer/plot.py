"""The picture of a tracer panel: where everybody is at each wave."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

COLOURS = ("#1f4e79", "#5b8db8", "#e0a458", "#c0c0c0", "#7a7a7a", "#b5523b", "#8fae5d", "#6b4e71")
PREFIX = "whereabouts "


def participation(table: pd.DataFrame, ax: Any = None) -> Any:
    """Stacked bars of whereabouts by wave, with the number who answered. Without whereabouts:
    answered and not. Returns the axes.

    Parameters
    ----------
    table : what `TracerPanel.participation()` gives, one row a wave.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    named = [c for c in table.columns if str(c).startswith(PREFIX) and (table[c] > 0).any()]
    parts = {str(c).removeprefix(PREFIX): table[c].to_numpy(float) for c in named}
    answered = table["answered"].to_numpy(float)
    if not parts:
        parts = {"answered": answered, "not": table["persons"].to_numpy(float) - answered}
    x, below = np.arange(len(table)), np.zeros(len(table))
    for colour, (name, count) in zip(np.resize(COLOURS, len(parts)), parts.items(), strict=True):
        ax.bar(x, count, bottom=below, color=colour, label=name, width=0.7)
        below += count
    ax.plot(x, answered, "o-", color="black", ms=4, lw=1, label="answered")
    ax.set_xticks(x, [str(w) for w in table["wave"]])
    ax.set_xlabel("wave")
    ax.set_ylabel("persons")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.spines[["top", "right"]].set_visible(False)
    return ax

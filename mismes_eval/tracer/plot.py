"""The picture of a tracer panel: where everybody is at each wave."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mismes_eval.pictures.shares import bars

PREFIX = "whereabouts "


def participation(table: pd.DataFrame, ax: Any = None) -> Any:
    """Stacked bars of whereabouts by wave, with the number who answered. Without whereabouts:
    answered and not. Returns the axes.

    Parameters
    ----------
    table : what `TracerPanel.participation()` gives, one row a wave.
    """
    named = [
        column
        for column in table.columns
        if str(column).startswith(PREFIX) and (table[column] > 0).any()
    ]
    parts = {str(column).removeprefix(PREFIX): table[column].to_numpy(float) for column in named}
    answered = table["answered"].to_numpy(float)
    if not parts:
        parts = {"answered": answered, "not": table["persons"].to_numpy(float) - answered}
    waves = [str(wave) for wave in table["wave"]]
    return bars(ax, waves, parts, line=("answered", answered), words=("wave", "persons"))

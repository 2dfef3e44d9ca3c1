"""Effects of several measures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.pictures import intervals as pictures
from mismes_eval.pictures.style import BLUE
from mismes_eval.report.document.language import Language
from mismes_eval.report.figures import Caption, Figure, finish, panels, series_of

WIDE, HIGH = 7.0, 2.2  # inches
SHADED = 0.12  # of the axis, around the headline


@dataclass(frozen=True)
class Panel:
    """One measure. frame: series, x, value, low, high (NaN where it is not shown), weak. headline:
    the place that is shaded.
    """

    name: str
    xlabel: str
    frame: pd.DataFrame
    headline: float | None = None


def small_multiples(
    caption: Caption,
    measures: Sequence[Panel],
    ylabel: str,
    scale: float = 1.0,
) -> Figure:
    """Values with intervals over time, a panel a measure on one vertical axis; weak points hollow."""
    t = caption.t
    ylabel = t(ylabel)
    fig, axes = panels(WIDE, HIGH, 1, len(measures), sharey=True)
    alt = []
    for place, (ax, one) in enumerate(zip(axes, measures, strict=True)):
        at = one.frame["x"].to_numpy(float)
        series = series_of(one.frame, at, scale, BLUE, 0, hollow=one.frame["weak"].to_numpy(bool))
        xlabel = t(one.xlabel)
        pictures.path(ax, [series], xlabel, ylabel if place == 0 else "", joined=True)
        if one.headline is not None:
            half = SHADED / 2 * np.ptp(at)
            ends = (one.headline - half, one.headline + half)
            ax.axvspan(*ends, color="0.9", lw=0, zorder=0.5)
        ax.set_title(one.name)
        ax.margins(x=0.12)
        alt.append(t("{series}: {values}", series=t.name(one.name), values=_said(one, scale, t)))
    words = caption.told(". ".join(alt), ylabel)
    data = pd.concat([one.frame for one in measures], ignore_index=True)
    return finish(caption, fig, words, data)


def _said(one: Panel, scale: float, t: Language) -> str:
    """A panel in words: every value with its interval, what is weak, what is not shown."""
    said = []
    for row in one.frame.to_dict("records"):
        x = t.number(row["x"], 0)
        if not np.isfinite(row["value"]):
            said.append(t("at {x}: not shown", x=x))
            continue
        numbers = {key: t.number(scale * row[key]) for key in ("value", "low", "high")}
        template = "at {x}: {value} ({low} to {high})"
        if row["weak"]:
            template = "at {x}: {value} ({low} to {high}), weak evidence"
        said.append(t(template, x=x, **numbers))
    return t("{when}, {values}", when=t(one.xlabel), values="; ".join(said))

"""Figures of the synthesis: effects by model and country with their summary; an indicator by
country and group.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mismes_eval.pictures.intervals import forest as interval_forest
from mismes_eval.pictures.style import BLUE, GREY, ORANGE
from mismes_eval.report.figures import (
    Caption,
    Figure,
    canvas,
    colours_of,
    finish,
    legend_above,
    series_of,
)

HEAD, EFFECT, SUMMARY, PREDICTION = "head", "effect", "summary", "prediction"


def forest(
    caption: Caption,
    frame: pd.DataFrame,
    xlabel: str,
) -> Figure:
    """Effects under a heading for each model, with a diamond for their summary and a dashed line
    for the prediction interval.

    frame : kind ("head", "effect", "summary", "prediction"), label, value, low, high, weight (share
        in the summary, NaN where there is none), hollow (to be read with caution).
    """
    t = caption.t
    fig, ax = canvas(7.6, 1.0 + 0.31 * len(frame))
    y = np.arange(len(frame))[::-1].astype(float)
    for at, row in zip(y, frame.to_dict("records"), strict=True):
        _line(ax, at, row)
    for at, kind in zip(y, frame["kind"], strict=True):
        if kind != HEAD:
            ax.vlines(0, at - 0.5, at + 0.5, color="0.35", lw=1, zorder=0)
    heads = (frame["kind"] == HEAD).to_numpy()
    ax.set_yticks(y, np.where(heads, "", frame["label"]), fontsize=8.5)
    for at, label in enumerate(ax.get_yticklabels()):
        label.set_color(GREY if frame["kind"].iloc[at] == PREDICTION else "black")
    ax.set_ylim(-0.7, len(frame) - 0.3)
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel)
    numbers = [
        t(
            "{v} ({lo} to {hi})",
            v=t.number(row["value"]),
            lo=t.number(row["low"]),
            hi=t.number(row["high"]),
        )
        for row in frame.to_dict("records")
    ]
    right = ax.twinx()
    right.set_ylim(ax.get_ylim())
    right.set_yticks(y, np.where(heads, "", numbers), fontsize=8.5)
    right.tick_params(axis="y", length=0)
    right.grid(visible=False)
    right.spines[:].set_visible(False)
    lines = zip(heads, frame["label"], numbers, strict=True)
    said = "; ".join(f"{label} {number}" for head, label, number in lines if not head)
    return finish(caption, fig, caption.told(said), frame)


def _line(ax: Axes, at: float, row: Mapping[Hashable, Any]) -> None:
    """One line of the forest, as its kind is drawn."""
    low, high, value = row["low"], row["high"], row["value"]
    if row["kind"] == HEAD:  # across the picture: models have long names
        ax.annotate(
            row["label"],
            (0.005, at),
            xycoords=("figure fraction", "data"),
            va="center",
            fontsize=8.5,
            fontweight="bold",
        ).set_in_layout(False)
    elif row["kind"] == EFFECT:
        size = 6.0 if not np.isfinite(row["weight"]) else 4.5 + 6.0 * np.sqrt(row["weight"])
        ax.hlines(at, low, high, color=BLUE, lw=1.6)
        ax.plot(
            value, at, "s", color=BLUE, ms=size, mfc="white" if row["hollow"] else BLUE, mew=1.4
        )
    elif row["kind"] == SUMMARY:
        ax.fill([low, value, high, value], [at, at + 0.28, at, at - 0.28], color=ORANGE, lw=0)
    elif row["kind"] == PREDICTION:
        ax.hlines(at, low, high, color=ORANGE, lw=1.4, ls=(0, (4, 2)))
        ax.plot([low, high], [at, at], "|", color=ORANGE, ms=8)


def by_country(
    caption: Caption,
    frame: pd.DataFrame,
    xlabel: str,
) -> Figure:
    """Value and interval of each group in each country. frame: country, group, value, low, high."""
    t = caption.t
    countries, groups = list(dict.fromkeys(frame["country"])), list(dict.fromkeys(frame["group"]))
    fig, ax = canvas(7.0, 1.2 + 0.2 * len(countries) * (len(groups) + 1))
    chosen = colours_of(groups, t)
    series = []
    for place, group in enumerate(groups):
        lines = frame[frame["group"] == group].assign(series=group)
        rows = np.array([countries.index(country) for country in lines["country"]], float)
        series.append(series_of(lines, rows, 1.0, chosen[place], place))
    interval_forest(ax, countries, series, xlabel)
    legend_above(ax)
    said = "; ".join(
        t(
            "{name} {v} ({lo} to {hi})",
            name=f"{row['country']}, {row['group']}",
            v=t.number(row["value"]),
            lo=t.number(row["low"]),
            hi=t.number(row["high"]),
        )
        for row in frame.to_dict("records")
    )
    return finish(caption, fig, caption.told(said), frame)

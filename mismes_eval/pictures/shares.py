"""Shares and counts over time: where people are, what they do, a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.style import BLUE, ORANGE, axes, framed, highest

# One colour a state that reads in grey too: work dark, none light; abroad in the warm hues. White
# is left for what is not shown.
STATES = (
    "#0b3c5d",
    "#328cc1",
    "#9ecae1",
    "#deebf7",
    "#4d4d4d",
    "#969696",
    "#bdbdbd",
    "#d4d4d4",
    "#d55e00",
    "#f5b78a",
    "#e8e0d0",
)


def areas(
    ax: Any,
    x: Float,
    shares: Mapping[str, Float],
    colours: Sequence[str],
    xlabel: str,
    ylabel: str,
) -> Any:
    """Shares in percent, one above the other, along x; NaN: not shown, left white."""
    ax = axes(ax, 7.5, 3.8)
    stacked = [np.nan_to_num(np.asarray(share, float)) for share in shares.values()]
    ax.stackplot(x, stacked, labels=list(shares), colors=list(colours), edgecolor="0.35", lw=0.3)
    ax.set_xlim(0, highest(x))
    ax.set_ylim(0, 100)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)


def bars(
    ax: Any,
    labels: Sequence[str],
    parts: Mapping[str, Float],
    line: tuple[str, Float],
    words: tuple[str, str],
) -> Any:
    """Counts one above the other for each label, with a line through one of them (name, values);
    words : of the two axes.
    """
    ax = axes(ax, 7, 3.4)
    x = np.arange(len(labels))
    below = np.zeros(len(labels))
    for place, (name, count) in enumerate(parts.items()):
        colour = STATES[place % len(STATES)]
        ax.bar(
            x, count, bottom=below, color=colour, label=name, width=0.7, edgecolor="0.35", lw=0.3
        )
        below = below + np.nan_to_num(np.asarray(count, float))
    ax.plot(x, line[1], "o-", color="black", ms=4, lw=1, label=line[0])
    ax.set_xticks(x, list(labels))
    ax.set_xlabel(words[0])
    ax.set_ylabel(words[1])
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return framed(ax)


def distribution(
    ax: Any, values: Float, bins: int, at: float, xlabel: str, ylabel: str = ""
) -> Any:
    """Histogram of the finite values, with an upright line at one of them."""
    ax = axes(ax, 6.5, 3.2)
    finite = values[np.isfinite(values)]
    ax.hist(finite, bins=bins, color=BLUE, edgecolor="white", lw=0.2)
    if np.isfinite(at):
        ax.axvline(at, color=ORANGE, lw=1.8)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)

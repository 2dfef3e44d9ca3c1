"""What an effect was put to: specification curve, balance, overlap, parting trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mismes_eval.libraries import library
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.pictures.style import BLUE, ORANGE, axes, framed


@dataclass(frozen=True)
class Choice:
    """One choice of a specification curve in words, and which of the specifications made it (k,)."""

    label: str
    made: Bool


def specification_curve(
    ax: Any,
    value: Float,
    low: Float,
    high: Float,
    headline: Bool,
    words: tuple[str, str],
    ylabel: str,
) -> Any:
    """Estimates in the order that they come in (by size), the headline in its own colour.

    words : of the headline and of the others, for the legend.
    """
    ax = axes(ax, 7.2, 3.0)
    place = np.arange(value.size)
    for chosen, colour, mark, label in (
        (~headline, BLUE, "o", words[1]),
        (headline, ORANGE, "s", words[0]),
    ):
        ax.vlines(place[chosen], low[chosen], high[chosen], color=colour, lw=1.6)
        ax.plot(
            place[chosen],
            value[chosen],
            linestyle="none",
            marker=mark,
            color=colour,
            ms=5,
            label=label,
        )
    ax.axhline(0, color="0.3", lw=1)
    ax.set_ylabel(ylabel)
    return framed(ax)


def curve_axes(options: int) -> tuple[Any, Any]:
    """Axes for a specification curve and, below them, for so many choices."""
    height = 0.21 * options
    figure = library("matplotlib.pyplot").figure(figsize=(7.2, 2.6 + height), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.6, height])
    return top, below


def choices(ax: Any, options: Sequence[Choice], headline: Bool) -> Any:
    """Below a specification curve: a mark for each choice that a specification made."""
    for y, option in enumerate(options):
        for chosen, colour in ((option.made & ~headline, BLUE), (option.made & headline, ORANGE)):
            at = np.flatnonzero(chosen)
            ax.plot(at, np.full(at.size, y), "s", color=colour, ms=4)
    ax.set_yticks(range(len(options)), [option.label for option in options], fontsize=8)
    ax.set_ylim(len(options) - 0.4, -0.6)
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    return ax


def love(
    ax: Any,
    labels: Sequence[str],
    before: Float,
    after: Float,
    limit: float,
    words: tuple[str, str],
    xlabel: str,
) -> Any:
    """Standardised differences in size, before weighting (open) and after it (filled); the dashed
    line stands at what counts as alike.
    """
    ax = axes(ax, 6.5, 1 + 0.3 * len(labels))
    y = np.arange(len(labels))[::-1]
    open_marks = {"mfc": "white", "mec": ORANGE, "color": ORANGE}
    ax.plot(np.abs(before), y, linestyle="none", marker="s", label=words[0], **open_marks)
    ax.plot(np.abs(after), y, linestyle="none", marker="o", color=BLUE, label=words[1])
    ax.axvline(limit, color="0.4", lw=1, ls="--")
    ax.set_yticks(y, list(labels))
    ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    ax.margins(y=0.2)
    return framed(ax)


def overlap(
    ax: Any,
    edges: Float,
    participants: Float,
    comparison: Float,
    words: tuple[str, str],
    xlabel: str,
    ylabel: str,
) -> Any:
    """Shares of each group by propensity, in percent: participants above the line, comparison group
    below it. edges (k + 1,); shares (k,), 0 where a bin is not shown.
    """
    ax = axes(ax, 6.5, 3.2)
    width = np.diff(edges)
    for share, colour, label, hatch in (
        (participants, BLUE, words[0], None),
        (-np.asarray(comparison), ORANGE, words[1], "//"),
    ):
        ax.bar(
            edges[:-1],
            share,
            width,
            align="edge",
            color=colour,
            edgecolor="white",
            lw=0.4,
            label=label,
            hatch=hatch,
        )
    ax.axhline(0, color="0.3", lw=1)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)


def parting_trends(
    ax: Any,
    parallel: tuple[float, float, float],
    allowed: Float,
    low: Float,
    high: Float,
    ticks: Sequence[str],
    words: tuple[str, str],
    xlabel: str,
    ylabel: str,
) -> Any:
    """Interval of an effect for each allowed departure from parallel trends, the one under parallel
    trends (value, low, high) first.

    ticks : words at the axis, that of parallel trends first.
    words : for the legend, likewise.
    """
    ax = axes(ax, 6.5, 3.4)
    gap = float(np.diff(allowed).min()) if allowed.size > 1 else 1.0
    first = allowed[0] - gap
    value, lower, upper = parallel
    ax.vlines(first, lower, upper, color=ORANGE, lw=3)
    ax.plot([first], [value], "s", color=ORANGE, ms=6, label=words[0])
    ax.vlines(allowed, low, high, color=BLUE, lw=3, label=words[1])
    ax.axhline(0, color="0.3", lw=1)
    ax.set_xticks([first, *allowed], list(ticks))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)

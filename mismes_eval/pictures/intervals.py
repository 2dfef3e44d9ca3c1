"""Values with their intervals: one under the other (forest), or along an axis (path)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.pictures.style import BLUE, GREY, axes, framed, reaches_zero

NO_SIGNS: Final[Mapping[int, str]] = MappingProxyType({})
BESIDE = 0.22  # between series of one row
ALONG = 0.12  # between series at one place


@dataclass(frozen=True)
class Series:
    """Values with intervals under one name. at (k,): row of a forest, counted from the top, or
    place along the axis of a path; value, low, high (k,), NaN where there is nothing to show;
    wide (k, 2): the interval that holds for all of them together; hollow (k,): points of which the
    evidence is weak.
    """

    name: str
    at: Float
    value: Float
    low: Float
    high: Float
    colour: str = BLUE
    marker: str = "o"
    wide: Float | None = None
    hollow: Bool | None = None


def forest(
    ax: Any,
    labels: Sequence[str],
    series: Sequence[Series],
    xlabel: str = "",
    reference: float | None = None,
    signs: Mapping[int, str] = NO_SIGNS,
    apart: float = BESIDE,
) -> Any:
    """Dot and interval for each label, the first on top, series a little apart.

    reference : where an upright line stands; None: at 0 where intervals lie on both sides of it.
    signs : row -> the sign that stands where a number is not shown.
    """
    rows = len(labels)
    ax = axes(ax, 7, 0.9 + 0.32 * rows)
    for place, one in enumerate(series):
        y = rows - 1 - one.at - (place - (len(series) - 1) / 2) * apart
        ax.hlines(y, one.low, one.high, color=one.colour, lw=1.8)
        ax.plot(
            one.value,
            y,
            linestyle="none",
            marker=one.marker,
            color=one.colour,
            ms=5,
            label=one.name,
        )
    if reference is not None:
        ax.axvline(reference, color="0.4", lw=1, ls="--", zorder=0.9)
    elif any(reaches_zero(one.low, one.high) for one in series):
        ax.axvline(0.0, color="0.4", lw=1, zorder=0.9)
    for row, sign in signs.items():
        _signed(ax, rows - 1 - row, sign)
    ax.set_yticks(np.arange(rows)[::-1], list(labels))
    ax.set_ylim(-0.7, rows - 0.3)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", color="0.9")
    ax.grid(axis="y", visible=False)
    return framed(ax, left=False)


def _signed(ax: Any, y: float, sign: str) -> None:
    beside = ax.get_yaxis_transform()
    ax.text(0.01, y, sign, transform=beside, va="center", fontsize=8, color=GREY)


def path(
    ax: Any,
    series: Sequence[Series],
    xlabel: str = "",
    ylabel: str = "",
    start: float | None = None,
    joined: bool = False,
    zero: bool = True,
    apart: float = ALONG,
) -> Any:
    """Values along an axis with their intervals (thick) and the wider ones of all together (thin).

    start : where a dashed upright line stands, the beginning of a measure.
    joined : a line from point to point, which breaks where a series has no value at a place that
        others have.  apart : between series at one place.
    """
    ax = axes(ax, 7, 3.4)
    places = np.unique(np.concatenate([np.asarray(one.at, float) for one in series]))
    for place, one in enumerate(series):
        shift = (place - (len(series) - 1) / 2) * apart
        x = np.asarray(one.at, float) + shift
        if one.wide is not None:
            low, high = np.asarray(one.wide, float).T
            _bars(ax, x, low, high, colour=one.colour, width=1.0)
        _bars(ax, x, one.low, one.high, colour=one.colour, width=2.4)
        if joined:
            ax.plot(places + shift, _spread(one, places), "-", color=one.colour, lw=1.2)
        _points(ax, x, one)
    if zero:
        ax.axhline(0.0, color="0.3", lw=1, zorder=0.9)
    if start is not None:
        ax.axvline(start, color="0.6", lw=1, ls="--", zorder=0.9)
    ax.set_xticks(places, [f"{place:g}" for place in places])
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)


def _points(ax: Any, x: Float, one: Series) -> None:
    """The values of a series, hollow where it says so."""
    hollow = np.zeros(x.size, bool) if one.hollow is None else one.hollow
    kinds = [(~hollow, one.colour, one.name)]
    if hollow.any():
        kinds.append((hollow, "white", "_"))
    for rows, face, name in kinds:
        ax.plot(
            x[rows],
            np.asarray(one.value, float)[rows],
            linestyle="none",
            marker=one.marker,
            color=one.colour,
            markerfacecolor=face,
            ms=5,
            label=name,
        )


def _bars(ax: Any, x: Float, low: Float, high: Float, colour: str, width: float) -> None:
    """Upright lines where there is an interval."""
    known = np.isfinite(low) & np.isfinite(high)
    ax.vlines(x[known], low[known], high[known], color=colour, lw=width)


def _spread(one: Series, places: Float) -> Float:
    """The values of a series at all places, NaN at those that it lacks."""
    spread = np.full(places.size, np.nan)
    spread[np.searchsorted(places, np.asarray(one.at, float))] = one.value
    return spread

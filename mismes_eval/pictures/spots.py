"""Points in a plane: estimates against weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.style import axes, framed


@dataclass(frozen=True)
class Cloud:
    """Points of one kind: x, y (k,)."""

    name: str
    x: Float
    y: Float
    colour: str
    marker: str = "o"


def spots(ax: Any, clouds: Sequence[Cloud], level: tuple[float, str]) -> Any:
    """Weight and estimate of each comparison as points by kind, with a dashed line at a level
    (value, words).
    """
    ax = axes(ax, 6.5, 4)
    for cloud in clouds:
        ax.plot(
            cloud.x,
            cloud.y,
            linestyle="none",
            marker=cloud.marker,
            color=cloud.colour,
            ms=6,
            alpha=0.85,
            label=cloud.name,
        )
    value, words = level
    ax.axhline(value, color="0.3", lw=1, ls="--")
    beside = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom"}
    ax.annotate(words, (1, value), fontsize=8, **beside)
    ax.set_xlabel("Weight")
    ax.set_ylabel("Two-by-two estimate")
    return framed(ax)

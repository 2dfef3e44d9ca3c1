"""The cost-effectiveness plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.style import BLUE, GREY, ORANGE, SKY, axes, framed, highest

SHOWN = 1500  # draws that are drawn


def ellipse(vcov: Float, squared: float) -> Float:
    """(2, 200) points at this squared distance (a quantile of chi-squared) from the origin."""
    angle = np.linspace(0, 2 * np.pi, 200)
    values, vectors = np.linalg.eigh(vcov)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    ring: Float = half @ np.vstack([np.cos(angle), np.sin(angle)]) * np.sqrt(squared)
    return ring


def plane(
    ax: Any,
    draws: Float,
    centre: tuple[float, float],
    ring: Float,
    xlabel: str,
    ylabel: str,
    worth: tuple[float, str] | None = None,
) -> Any:
    """Effect to the right, cost upwards: draws (k, 2), estimate, region of its interval (`ring`,
    around the centre), and the line on which a unit costs what it is worth (slope, words).
    """
    ax = axes(ax, 6, 4.5)
    effect, cost = centre
    ax.plot(*draws[:SHOWN].T, ".", color=SKY, ms=2, alpha=0.6, zorder=1)
    ax.plot(effect + ring[0], cost + ring[1], color=BLUE, lw=1.6, zorder=2)
    ax.plot([effect], [cost], "s", color=ORANGE, ms=6, zorder=3)
    ax.axvline(0, color=GREY, lw=1, ls="--")
    ax.axhline(0, color=GREY, lw=1)
    lowest = -highest(-(cost + ring[1]), -draws[:SHOWN, 1], least=0.0)
    ax.set_ylim(1.25 * lowest, 1.25 * highest(cost, cost + ring[1], least=1e-9))
    if worth is not None:
        x = np.array(ax.get_xlim())
        ax.plot(x, worth[0] * x, "--", color=GREY, lw=1.2, label=worth[1])
        ax.set_xlim(x)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)


def crossed_intervals(ax: Any, effect: Float, cost: Float, xlabel: str, ylabel: str) -> Any:
    """Effect to the right, cost upwards; effect and cost (3,): estimate and ends of its interval,
    which need not lie alike on both sides.
    """
    ax = axes(ax, 6, 4.5)
    ax.plot(effect[1:], cost[[0, 0]], color=BLUE, lw=2)
    ax.plot(effect[[0, 0]], cost[1:], color=BLUE, lw=2)
    ax.plot(effect[:1], cost[:1], "s", color=ORANGE, ms=6, zorder=3)
    ax.axvline(0, color=GREY, lw=1, ls="--")
    ax.axhline(0, color=GREY, lw=1)
    ax.set_ylim(-1.25 * highest(-cost, least=0.0), 1.25 * highest(cost, least=1e-9))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return framed(ax)

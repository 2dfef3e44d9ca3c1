"""Persons from step to step: boxes with arrows; in each box who is in it and, smaller, why others
are not. Drawn so narrow that it can be read on a phone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.patches import FancyBboxPatch

from mismes_eval.pictures.style import BLUE, axes

WIDTH, LOSSES = 40, 46  # letters in a line: of who is there, of who is not
INCHES = 4.2  # as wide as a phone shows without making letters smaller
BOX = "round,pad=0,rounding_size=0.06"
LINE, SMALL, GAP, PAD = 0.2, 0.17, 0.24, 0.08  # inches: lines of text, an arrow, around a text


def flow(ax: Any, steps: Sequence[tuple[str, str]]) -> Any:
    """A box for each step from top to bottom, an arrow from box to box. steps: who is in the step,
    and who is not and why ("" for nothing), which stands in the same box.
    """
    ax = axes(ax, INCHES, flow_height(steps))
    top = 0.0
    middle = INCHES / 2
    for place, (what, lost) in enumerate(steps):
        height = _height(what, lost)
        corner = (0.1, top - height)
        frame = FancyBboxPatch(corner, INCHES - 0.2, height, BOX, fc="#eef3f8", ec=BLUE)
        ax.add_patch(frame)
        box = _wrapped(what, WIDTH)
        ax.text(middle, top - PAD, box, ha="center", va="top", fontsize=10, linespacing=1.25)
        if lost:
            below = top - PAD - LINE * _lines(what, WIDTH)
            words = _wrapped(lost, LOSSES)
            ax.text(middle, below, words, ha="center", va="top", fontsize=8.5, color="0.25")
        if place + 1 < len(steps):
            arrow = {"arrowstyle": "-|>", "color": BLUE, "lw": 2.2, "mutation_scale": 18}
            ends = {"xy": (middle, top - height - GAP), "xytext": (middle, top - height)}
            ax.annotate("", **ends, arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
        top -= height + GAP
    ax.set_xlim(0, INCHES)
    ax.set_ylim(top + GAP - 0.05, 0.05)
    ax.axis("off")
    return ax


def flow_height(steps: Sequence[tuple[str, str]]) -> float:
    """Inches that the steps take."""
    return sum(_height(*step) + GAP for step in steps) + 0.1


def _height(what: str, lost: str) -> float:
    small = SMALL * _lines(lost, LOSSES) if lost else 0.0
    return 2 * PAD + LINE * _lines(what, WIDTH) + small


def _lines(text: str, width: int) -> int:
    return _wrapped(text, width).count("\n") + 1


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width) for line in text.split("\n"))

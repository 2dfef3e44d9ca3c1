"""Persons from step to step: boxes with arrows, losses beside them; drawn so narrow that it can be
read on a phone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from mismes_eval.pictures.style import BLUE, axes

WIDTH, LOSSES = 30, 30  # letters in a line of a box, and beside it
LINE, GAP, PAD = 0.17, 0.34, 0.3  # inches: a line of text, an arrow, what a box has around its text


def flow(ax: Any, steps: Sequence[tuple[str, str]]) -> Any:
    """A box for each step from top to bottom, an arrow from box to box; to the right why fewer
    arrive. steps: what stands in the box, and beside it ("" for nothing).
    """
    ax = axes(ax, 5.8, flow_height(steps))
    top = 0.0
    for k, (what, lost) in enumerate(steps):
        height = _height(what, lost)
        middle = top - height / 2
        edge = {"boxstyle": "round,pad=0.3", "fc": "#eef3f8", "ec": BLUE}
        box = _wrapped(what, WIDTH)
        ax.text(2.4, middle, box, ha="center", va="center", fontsize=10, bbox=edge)
        if lost:
            beside = _wrapped(lost, LOSSES)
            ax.text(5.3, middle, beside, ha="left", va="center", fontsize=9, color="0.25")
        if k + 1 < len(steps):
            arrow = {"arrowstyle": "-|>", "color": BLUE, "lw": 1.8, "mutation_scale": 15}
            bottom = middle - LINE * _lines(what, WIDTH) / 2 - 0.08
            following = _height(*steps[k + 1])
            end = top - height - GAP - following / 2 + LINE * _lines(steps[k + 1][0], WIDTH) / 2
            ax.annotate("", xy=(2.4, end + 0.08), xytext=(2.4, bottom), arrowprops=arrow)
        top -= height + GAP
    ax.set_xlim(0, 10)
    ax.set_ylim(top + GAP - 0.05, 0.05)
    ax.axis("off")
    return ax


def flow_height(steps: Sequence[tuple[str, str]]) -> float:
    """Inches that the steps take."""
    return sum(_height(*step) + GAP for step in steps) + 0.1


def _height(what: str, lost: str) -> float:
    return PAD + LINE * max(_lines(what, WIDTH), _lines(lost, LOSSES))


def _lines(text: str, width: int) -> int:
    return _wrapped(text, width).count("\n") + 1


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width) for line in text.split("\n"))

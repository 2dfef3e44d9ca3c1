"""What all pictures share: colours with one meaning each, markers, frames, axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mismes_eval.libraries import library
from mismes_eval.numerics.rows import Float

BLUE, ORANGE, SKY, GREY, RED = "#1f4e79", "#d55e00", "#2f8fd0", "#6e6e6e", "#a61c3c"
PINK, BROWN = "#cc79a7", "#846030"
# Told apart without red, green or blue cones, and each at least 3:1 against the white that every
# picture lies on (WCAG 1.4.11); a series has a marker of its own besides.
PALETTE = (BLUE, ORANGE, SKY, GREY, PINK, BROWN)
MARKERS = ("o", "s", "^", "D", "v", "P")
# What is drawn has the same colour in every picture, whatever stands beside it: the arms of a
# study, migration status, stages of measures. The words are the English ones of the catalogue.
MEANINGS: Mapping[str, str] = {
    "participants": BLUE,
    "treated": BLUE,
    "comparison": ORANGE,
    "comparison group": ORANGE,
    "non-migrants": BLUE,
    "non-migrant": BLUE,
    "returnees": ORANGE,
    "returnee": ORANGE,
    "immigrants": SKY,
    "immigrant": SKY,
    "absent members": GREY,
    "absent member": GREY,
    "internal migrants": PINK,
    "internal migrant": PINK,
    "no status": BROWN,
    "others": BROWN,
    "other stages": BROWN,
    "Before migration": BLUE,
    "During migration": ORANGE,
    "After migration": SKY,
    "Multi-dimensional": GREY,
}


def axes(ax: Any, width: float, height: float) -> Any:
    """The axes that were given, or new ones of this size in inches."""
    if ax is not None:
        return ax
    _, made = library("matplotlib.pyplot").subplots(figsize=(width, height), layout="constrained")
    return made


def framed(ax: Any, *, left: bool = True) -> Any:
    """Without the lines at the top and right (and left)."""
    hidden = ["top", "right"] if left else ["top", "right", "left"]
    ax.spines[hidden].set_visible(False)
    return ax


def colours(names: Iterable[str], meanings: Mapping[str, str] = MEANINGS) -> list[str]:
    """A colour for each series: the one of its meaning, or the first that none of them has."""
    series = list(names)
    taken = {meanings[name] for name in series if name in meanings}
    free = [colour for colour in PALETTE if colour not in taken]
    out = []
    for name in series:
        if name in meanings:
            out.append(meanings[name])
        else:
            out.append(free.pop(0) if free else PALETTE[len(out) % len(PALETTE)])
    return out


def marker(position: int) -> str:
    """The marker of a series."""
    return MARKERS[position % len(MARKERS)]


def highest(*values: Float | float, least: float = 1.0) -> float:
    """The largest finite number; `least` where there is none: an axis always has an end."""
    numbers = np.concatenate([np.atleast_1d(np.asarray(value, float)) for value in values])
    finite = numbers[np.isfinite(numbers)]
    return max(float(finite.max()), least) if finite.size else least


def reaches_zero(low: Float, high: Float) -> bool:
    """Whether intervals lie on both sides of zero, so that its line belongs into the picture."""
    ends = np.concatenate([np.asarray(low, float), np.asarray(high, float)])
    finite = ends[np.isfinite(ends)]
    return bool(finite.size and finite.min() < 0 < finite.max())

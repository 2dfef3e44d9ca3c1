"""The picture of a weight: its values after every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mismes_eval.pictures.shares import distribution
from mismes_eval.pictures.style import axes

if TYPE_CHECKING:
    from mismes_eval.weighting.sample import Sample

BINS = 60


def weights(sample: Sample, ax: Any = None) -> Any:
    """Histogram of the relative weights in the domain (mean 1), with the Kish design effect.
    Returns the axes.
    """
    w = sample.weights[sample.active]
    relative = w / w.mean()
    deff = float(np.mean(relative**2))
    words = (
        f"weight over its mean; Kish design effect {deff:.2f}, effective n {w.size / deff:,.0f} of"
        f" {w.size:,}"
    )
    ax = axes(ax, 7, 3)
    return distribution(ax, values=relative, bins=BINS, at=1.0, xlabel=words, ylabel="rows")

"""The picture of a weight: its values after every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from mismes_eval.weighting.sample import Sample


def weights(sample: Sample, ax: Any = None) -> Any:
    """Histogram of the relative weights in the domain (mean 1), with the Kish design effect.
    Returns the axes.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    w = sample.weights[sample.active]
    relative = w / w.mean()
    deff = float(np.mean(relative**2))
    ax.hist(relative, bins=60, color="#1f4e79")
    ax.axvline(1.0, color="0.4", lw=1)
    ax.set_xlabel(
        f"weight over its mean; Kish design effect {deff:.2f}, effective n {w.size / deff:,.0f} of"
        f" {w.size:,}"
    )
    ax.set_ylabel("rows")
    ax.spines[["top", "right"]].set_visible(False)
    return ax

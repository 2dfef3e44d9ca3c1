"""One picture for any estimate: values with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from mismes_eval.estimate.estimate import Estimate


def dots(estimate: Estimate, ax: Any = None) -> Any:
    """Dot and 95% interval for each value, first on top. Returns the axes."""
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.9 + 0.32 * estimate.p), layout="constrained")
    ci = estimate.ci()
    y = np.arange(estimate.p)[::-1]
    ax.hlines(y, ci["low"], ci["high"], color="#1f4e79", lw=1.6)
    ax.plot(estimate.value, y, "o", color="#1f4e79", ms=5)
    ax.set_yticks(y, estimate.names)
    ax.set_xlabel(estimate.unit or estimate.kind)
    ax.grid(axis="x", color="0.9")
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax

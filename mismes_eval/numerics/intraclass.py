"""How alike persons of one cluster are."""

from __future__ import annotations

import numpy as np

from mismes_eval.numerics.rows import Float, Int


def intraclass(values: Float, cluster: Int) -> float:
    """Intraclass correlation by analysis of variance, groups of unequal size; not below 0.

    values (n,), cluster (n,) codes. NaN with fewer than two clusters or one person in each.

    References
    ----------
    Donner (1986), International Statistical Review 54, 67-82, equation 2.1.
    """
    _, code = np.unique(cluster, return_inverse=True)
    size = np.bincount(code).astype(float)
    n, k = values.size, size.size
    if k < 2 or n == k:
        return float("nan")
    means = np.bincount(code, values) / size
    between = float(size @ (means - values.mean()) ** 2) / (k - 1)
    within = float(((values - means[code]) ** 2).sum()) / (n - k)
    average = (n - float(size @ size) / n) / (k - 1)
    whole = between + (average - 1) * within
    return max((between - within) / whole, 0.0) if whole > 0 else float("nan")

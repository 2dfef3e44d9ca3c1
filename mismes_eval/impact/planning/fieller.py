"""Interval of a ratio of two normal estimates."""

from __future__ import annotations

import numpy as np


def fieller(
    effect: float,
    cost: float,
    var_effect: float,
    var_cost: float,
    covariance: float,
    critical: float,
) -> tuple[float, float] | None:
    """Interval of cost / effect: all ratios r for which cost - r * effect lies within critical
    standard errors of 0. None where that set has no two ends (the effect is within critical
    standard errors of 0).

    References
    ----------
    Fieller (1954), JRSS B 16, 175-185.
    """
    a = effect**2 - critical**2 * var_effect
    if not a > 0:
        return None
    b = effect * cost - critical**2 * covariance
    root = np.sqrt(max(b**2 - a * (cost**2 - critical**2 * var_cost), 0.0))
    return float((b - root) / a), float((b + root) / a)

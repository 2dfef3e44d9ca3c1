"""How a number stands in the table of a result: four digits, whole from ten thousand on, never in
powers of ten; a number that is not there is an empty cell.
"""

from __future__ import annotations

import math

import numpy as np

WHOLE_FROM = 9999.5
LEAST = 0.0001  # p-value that is shown


def figure(value: float) -> str:
    """12345.6 -> '12,346', 0.0123456 -> '0.01235', 0.00001234 -> '1.234e-05' (a p-value), nan ->
    ''.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value) or abs(value) >= WHOLE_FROM:
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def whole(value: object) -> str:
    """12345 -> '12,345'; '' for a count that is not known."""
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return value if isinstance(value, str) else ""


def chance(value: object) -> str:
    """0.04321 -> '0.0432', 0.00001 -> '<0.0001'; '' where there is no test."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    return "<0.0001" if value < LEAST else f"{value:.4f}"

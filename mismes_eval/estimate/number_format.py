"""How a number stands in the table of a result: four digits, whole from ten thousand on, never in
powers of ten; a number that is not there is an empty cell.
"""

from __future__ import annotations

import math

WHOLE_FROM = 9999.5


def figure(value: float) -> str:
    """12345.6 -> '12,346', 0.0123456 -> '0.01235', 0.00001234 -> '1.234e-05' (a p-value), nan ->
    ''.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value) or abs(value) >= WHOLE_FROM:
        return f"{value:,.0f}"
    return f"{value:,.4g}"

"""The derivative of an estimate by weights, taken numerically."""

from collections.abc import Callable, Iterable

import numpy as np


def by_weight(
    value: Callable[[np.ndarray], np.ndarray], w: np.ndarray, rows: Iterable[int], h: float = 1e-5
) -> np.ndarray:
    """(rows, p) central differences of value(w), (p,), as the weight of one row moves by h."""
    moves = [h * (np.arange(w.size) == row) for row in rows]
    return np.array([(value(w + move) - value(w - move)) / (2 * h) for move in moves])

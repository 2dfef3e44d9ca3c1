"""Small made-up data from sines, the same in every language: reference numbers were made from
files of them.
"""

import numpy as np
import pandas as pd


def _noise(at: np.ndarray, step: float, phase: float) -> np.ndarray:
    return np.asarray(np.modf(np.sin(at * step + phase) * 43758.5453)[0])


def persons() -> pd.DataFrame:
    """240 persons: x1, x2, x3, treated d, outcome y, psu, w, dose, before."""
    k = np.arange(240)

    def u(step: float) -> np.ndarray:
        return _noise(k, step, 0.5)

    x1, x2 = np.round(u(12.9898) * 3, 3), np.round(u(78.233) * 2, 3)
    x3 = (u(37.719) > 0).astype(int)
    d = ((x1 + x2 + u(4.581) * 3) > 1.2).astype(int)
    y = np.round(1 + 0.8 * x1 - 0.5 * x2 + 0.3 * x3 + 0.7 * d + u(93.98), 4)
    dose = np.where(d == 1, np.round(5 + np.abs(u(7.77)) * 35, 2), 0)
    before = np.round(y - 0.7 * d - 0.03 * dose * (1 - dose / 80) - u(1.23) * 0.5, 4)
    w = np.round(1 + np.abs(u(2.17)) * 2, 3)
    return pd.DataFrame(
        {"x1": x1, "x2": x2, "x3": x3, "d": d, "y": y, "psu": k // 8, "w": w}
        | {"dose": dose, "before": before}
    )


def switchers() -> pd.DataFrame:
    """60 units over 7 years, a quarter treated at first; some switch, some switch back."""
    n, years = 60, 7
    i, t = np.repeat(np.arange(n), years), np.tile(np.arange(2001, 2001 + years), n)
    own = _noise(np.arange(n), 12.9898, 0.3)
    start = ((np.abs(own) * 100).astype(int) % 9)[i]
    first, p = (np.arange(n) % 4 == 3).astype(int)[i], t - 2001
    moves = (start >= 1) & (start < 7)
    d = np.where(moves & (p >= start), 1 - first, first)
    d = np.where((i % 5 == 0) & moves & (p >= start + 2), first, d)
    y = np.round(2 + 0.3 * p + own[i] + 0.9 * d + 0.2 * _noise(i * 7 + p, 78.233, 0.1), 4)
    return pd.DataFrame({"i": i, "t": t, "d": d, "y": y, "g": i // 3})

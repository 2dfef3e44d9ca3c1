"""The codes and levels of a column, by counting where whole numbers lie close together and by
hashing elsewhere.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.numerics.rows import Int

_SPREAD = 10_000  # whole numbers within this range are counted rather than hashed


def levels_of(series: pd.Series) -> tuple[Int, pd.Index]:
    """code (n,) of each row, -1 where missing, and the levels that occur, in order (a categorical's
    own order).
    """
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iu" and series.size:
        value = series.to_numpy()
        low, high = value.min(), value.max()
        if int(high) - int(low) < _SPREAD:
            code = (value if low == 0 else value - low).astype(np.intp, copy=False)
            present = np.flatnonzero(np.bincount(code))
            level = pd.Index((present + int(low)).astype(series.dtype))
            if present.size == int(high) - int(low) + 1:
                return code, level
            lookup = np.zeros(int(present[-1]) + 1, np.intp)
            lookup[present] = np.arange(present.size)
            return lookup[code], level
    column = (
        series.cat.remove_unused_categories()
        if isinstance(series.dtype, pd.CategoricalDtype)
        else series
    )
    code, level = pd.factorize(column, sort=True)
    return code.astype(np.intp, copy=False), pd.Index(level)

"""Cells of one line that adds up to a known whole: which of them may not be shown because of few
persons, or because they would give such a cell away.
"""

from __future__ import annotations

import pandas as pd


def few_of(count: pd.Series, least: int) -> pd.Series:
    """Which cells stay hidden: those of 1 to `least` - 1 persons, and others until two or more are
    hidden that hold `least` persons together.

    Fewer than that would be what the shown cells lack to the whole. Added are the smallest cells
    with persons in them; those without, where no other is left.
    """
    few = count.gt(0) & count.lt(least)
    if not few.any():
        return few
    ordered = count[~few].sort_values(kind="stable")
    for cell in (*ordered[ordered > 0].index, *ordered[ordered <= 0].index):
        if few.sum() > 1 and count[few].sum() >= least:
            break
        few[cell] = True
    return few

"""Codes by counting and codes by hashing name the same level in every row, in the same order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mismes_eval.weighting.levels import levels_of

COLUMNS = {
    "from zero": pd.Series([2, 0, 1, 2]),
    "gaps and negative": pd.Series([7, -3, 7, 2], dtype="int32"),
    "one value": pd.Series([5, 5], dtype="uint8"),
    "wide": pd.Series([10**12, -(10**12), 3]),
    "floats": pd.Series([1.5, np.nan, 0.5]),
    "text": pd.Series(["b", None, "a"]),
    "booleans": pd.Series([True, False, True]),
    "nullable": pd.Series([3, None, 1], dtype="Int64"),
    "ordered categories": pd.Categorical(
        ["low", "high", None], categories=["low", "middle", "high"], ordered=True
    ),
    "empty": pd.Series([], dtype="int64"),
}


@pytest.mark.parametrize("column", COLUMNS, ids=list(COLUMNS))
def test_each_row_gets_the_code_of_its_level(column: str) -> None:
    series = pd.Series(COLUMNS[column])
    code, level = levels_of(series)
    missing = series.isna().to_numpy()
    assert (code[missing] == -1).all() and (code[~missing] >= 0).all()
    assert [level[c] for c in code[~missing]] == list(series[~missing])
    assert len(level) == series.nunique()
    if not isinstance(series.dtype, pd.CategoricalDtype):
        assert list(level) == sorted(level)
    else:
        assert list(level) == ["low", "high"]

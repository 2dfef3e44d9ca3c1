"""Columns that stand in a model as main effects: what cannot be read as one, and categories that occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem
from mismes_eval.numerics.rows import Bool

_NUMBERS = ("floating", "integer", "mixed-integer-float", "decimal")


def unreadable(frame: pd.DataFrame, columns: Sequence[str], inside: Bool) -> list[Problem]:
    """One problem for each column named twice, each column of dates, of numbers stored as objects, and of infinite values in the rows `inside` (n,)."""
    problems = [
        Problem("a covariate is named twice", f"column '{c}'", "every column once", f"{columns.count(c)} times", "Name it once.")
        for c in dict.fromkeys(columns) if columns.count(c) > 1
    ]  # fmt: skip
    return [*problems, *(p for c in dict.fromkeys(columns) for p in _of_column(frame[c], inside))]


def occurring(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, without the categories that none of them has."""
    return frame.assign(**{str(c): frame[c].cat.remove_unused_categories() for c in frame.columns if isinstance(frame[c].dtype, pd.CategoricalDtype)})


def _of_column(series: pd.Series, inside: Bool) -> list[Problem]:
    where = f"column '{series.name}'"
    if series.dtype.kind in "mM" or isinstance(series.dtype, pd.PeriodDtype):
        return [Problem("a covariate is a date", where, "numbers or categories", str(series.dtype), "Count months or years from a fixed date.")]
    if series.dtype == object and pd.api.types.infer_dtype(series[inside], skipna=True) in _NUMBERS:
        return [Problem("a covariate holds numbers that are stored as objects", where, "a numeric column, or text", "object", f"frame['{series.name}'] = pd.to_numeric(frame['{series.name}'])")]  # fmt: skip
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return []
    bad = inside & np.isinf(series.to_numpy(dtype=float, na_value=np.nan))
    if not bad.any():
        return []
    return [Problem("a covariate is infinite", where, "a finite number in every row of the domain that carries weight", "infinite", "Narrow the domain, or mend the column.",
                    int(bad.sum()), tuple(int(i) for i in np.flatnonzero(bad)[:5]))]  # fmt: skip

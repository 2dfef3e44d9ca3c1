"""Columns that stand in a model as main effects: what cannot be read as one, and categories that
occur.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem
from mismes_eval.numerics.rows import Bool, Float

_NUMBERS = ("floating", "integer", "mixed-integer-float", "decimal")


def unreadable(frame: pd.DataFrame, columns: Sequence[str], inside: Bool) -> list[Problem]:
    """One problem for each column named twice, each column of dates, of numbers stored as objects,
    and of infinite values in the rows `inside` (n,).
    """
    problems = [
        Problem(
            "a covariate is named twice",
            f"column '{c}'",
            "every column once",
            f"{columns.count(c)} times",
            "Name it once.",
        )
        for c in dict.fromkeys(columns)
        if columns.count(c) > 1
    ]
    return [*problems, *(p for c in dict.fromkeys(columns) for p in _of_column(frame[c], inside))]


def occurring(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows as numpy's own types and categories, which is what formulas read, without the
    categories that no row has.
    """
    return frame.assign(
        **{
            str(c): _plain(frame[c])
            for c in frame.columns
            if not isinstance(frame[c].dtype, np.dtype)
        }
    )


def main_effect(series: pd.Series) -> tuple[Float, list[str]]:
    """(n, 1) a numeric or yes-no column, or (n, k - 1) indicators of the k categories that occur
    but the first, in the order of a categorical, else sorted; and the columns' names. No missing
    values.
    """
    if pd.api.types.is_numeric_dtype(series):  # yes-no columns too
        return np.asarray(series.to_numpy(dtype=float))[:, None], [str(series.name)]
    code = pd.Categorical(series).remove_unused_categories()
    return np.asarray(code.codes[:, None] == np.arange(1, len(code.categories)), dtype=float), [
        f"{series.name}={v}" for v in code.categories[1:]
    ]


def _plain(series: pd.Series) -> pd.Series:
    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        used = series.cat.remove_unused_categories()
        return (
            used.cat.rename_categories(list(used.cat.categories))
            if isinstance(used.cat.categories.dtype, pd.StringDtype)
            else used
        )
    if pd.api.types.is_bool_dtype(kind):
        return series.astype(object) if series.isna().any() else series.astype(bool)
    if pd.api.types.is_numeric_dtype(kind):
        return pd.Series(
            series.to_numpy(dtype=float, na_value=np.nan), index=series.index, name=series.name
        )
    return series.astype(object) if pd.api.types.is_string_dtype(kind) else series


def _of_column(series: pd.Series, inside: Bool) -> list[Problem]:
    where = f"column '{series.name}'"
    if series.dtype.kind in "mM" or isinstance(series.dtype, pd.PeriodDtype):
        return [
            Problem(
                "a covariate is a date",
                where,
                "numbers or categories",
                str(series.dtype),
                "Count months or years from a fixed date.",
            )
        ]
    if series.dtype == object and pd.api.types.infer_dtype(series[inside], skipna=True) in _NUMBERS:
        return [
            Problem(
                "a covariate holds numbers that are stored as objects",
                where,
                "a numeric column, or text",
                "object",
                f"frame['{series.name}'] = pd.to_numeric(frame['{series.name}'])",
            )
        ]
    if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return []
    bad = inside & np.isinf(series.to_numpy(dtype=float, na_value=np.nan))
    if not bad.any():
        return []
    return [
        Problem(
            "a covariate is infinite",
            where,
            "a finite number in every row of the domain that carries weight",
            "infinite",
            "Narrow the domain, or mend the column.",
            int(bad.sum()),
            tuple(int(i) for i in np.flatnonzero(bad)[:5]),
        )
    ]

"""Columns that stand in a model as main effects: what cannot be read as one, and categories that
occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import Problem, in_column, worded
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.weighting.arguments import Column
from mismes_eval.weighting.levels import levels_of, one_spelling
from mismes_eval.weighting.levels import occurring as occurring_levels
from mismes_eval.weighting.numbers import float64, temporal
from mismes_eval.weighting.read_once import once


def unreadable(frame: pd.DataFrame, columns: Sequence[Column], inside: Bool) -> list[Problem]:
    """One problem for each column named twice, each column of dates, of codes in two spellings, and
    of infinite values in the rows `inside` (n,).
    """
    problems = [
        Problem(
            what="a covariate is named twice",
            where=in_column(column),
            expected="every column once",
            got=worded("{columns} times", {"columns": columns.count(column)}),
            fix="Name it once.",
        )
        for column in dict.fromkeys(columns)
        if columns.count(column) > 1
    ]
    return [
        *problems,
        *(p for column in dict.fromkeys(columns) for p in _of_column(frame, column, inside)),
    ]


def occurring(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows as float64 and categories, which is what formulas read, without the categories
    that no row has. The file's dtype never reaches the arithmetic.
    """
    plain = {column: _plain(frame[column]) for column in frame.columns}
    return pd.DataFrame(plain, index=frame.index)


def main_effect(series: pd.Series) -> tuple[Float, list[str]]:
    """(n, 1) a numeric or yes-no column, or (n, k - 1) indicators of the k categories that occur
    but the first, in the order of a categorical, else sorted; and the columns' names. No missing
    values.
    """
    number = None if isinstance(series.dtype, pd.CategoricalDtype) else float64(series)
    if number is not None:  # yes-no columns too
        return number[:, None], [str(series.name)]
    return _indicators(*levels_of(series), series.name)


def effect_among(frame: pd.DataFrame, column: Column, rows: Bool) -> tuple[Float, list[str]]:
    """`main_effect` of a column in some rows (n,): the categories that occur among them."""
    series = frame[column]
    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "fiub":
        return series.to_numpy(np.float64)[rows, None], [str(series.name)]
    if not isinstance(kind, (pd.CategoricalDtype, pd.StringDtype)):
        return main_effect(series[rows])
    code, categories = once(frame, column, levels_of)
    return _indicators(*occurring_levels(code[rows], categories), series.name)


def _indicators(
    code: NDArray[np.integer[Any]], categories: pd.Index, name: object
) -> tuple[Float, list[str]]:
    """(n, k - 1) whether a row has each category but the first, and the names of these columns."""
    values = np.asarray(code[:, None] == np.arange(1, len(categories)), dtype=float)
    return values, [f"{name}={category}" for category in categories[1:]]


def _plain(series: pd.Series) -> pd.Series:
    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        used = series.cat.remove_unused_categories()
        return (
            used.cat.rename_categories(list(used.cat.categories))
            if isinstance(used.cat.categories.dtype, pd.StringDtype)
            else used
        )
    number = float64(series)
    if number is not None:
        return pd.Series(number, index=series.index, name=series.name)
    boxed = pd.api.types.is_object_dtype(kind) and pd.api.types.infer_dtype(series) != "string"
    if boxed or isinstance(kind, pd.IntervalDtype):
        return pd.Series(pd.Categorical.from_codes(*levels_of(series)), series.index)
    return series.astype(object) if pd.api.types.is_string_dtype(kind) else series


def _of_column(frame: pd.DataFrame, column: Column, inside: Bool) -> list[Problem]:
    series = frame[column]
    where = in_column(series.name)
    dated = temporal(series)
    if dated or series.dtype.kind == "c":
        count = "Count months or years from a fixed date."
        return [
            Problem(
                what="a covariate is a date" if dated else "a covariate is a complex number",
                where=where,
                expected="numbers or categories",
                got=str(series.dtype),
                fix=count if dated else "Take its real part or its size.",
            )
        ]
    infinite = once(frame, column, _infinite)
    if infinite is None:
        spelling = once(frame, column, one_spelling)
        return [] if spelling is None else [replace(spelling, who="a covariate")]
    bad = inside & infinite
    if not bad.any():
        return []
    return [
        Problem(
            what="a covariate is infinite",
            where=where,
            expected="a finite number in every row of the domain that carries weight",
            got=worded("infinite"),
            fix="Narrow the domain, or mend the column.",
        ).in_rows(np.flatnonzero(bad))
    ]


def _infinite(series: pd.Series) -> Bool | None:
    """(n,) where a column of numbers is infinite; None for categories."""
    number = None if isinstance(series.dtype, pd.CategoricalDtype) else float64(series)
    return None if number is None else np.isinf(number)

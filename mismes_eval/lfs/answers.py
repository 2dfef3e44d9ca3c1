"""Answers of a survey column as arrays: yes or no, number, month. Anything else is an error with
its rows, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.read_once import once

_YES = {"1", "1.0", "true", "yes"}
_NO = {"0", "0.0", "false", "no"}


def truth(frame: pd.DataFrame, column: str) -> pd.Series:
    """1, 0 or missing, as Float64; accepts booleans, 0/1 and their words."""
    series = frame[column]
    if pd.api.types.is_bool_dtype(series):
        return series.astype("boolean").astype("Float64")
    if pd.api.types.is_numeric_dtype(series):
        bad = series.notna() & ~series.isin([0, 1])
        value = series.astype("Float64")
    else:
        text = series.astype("string").str.strip().str.lower()
        yes, no = text.isin(list(_YES)), text.isin(list(_NO))
        bad = series.notna() & ~yes & ~no
        value = yes.astype("Float64").mask(~(yes | no))
    _refuse(bad, series, column, "yes or no: 1/0, True/False")
    return value


def number(frame: pd.DataFrame, column: str) -> pd.Series:
    """Numbers or missing, as Float64; text that is not a number is an error."""
    series = frame[column]
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype("Float64")
    value = pd.to_numeric(series.astype("string"), errors="coerce").astype("Float64")
    _refuse(series.notna() & value.isna(), series, column, "numbers")
    return value


def values(frame: pd.DataFrame, column: str) -> Float:
    """(n,) floats, NaN where missing."""
    plain = _numbers(frame[column])
    if plain is not None:
        return plain
    return number(frame, column).to_numpy(dtype=float, na_value=np.nan)


def yes(frame: pd.DataFrame, column: str) -> Float:
    """(n,) 1, 0 or NaN."""
    plain = _numbers(frame[column])
    if plain is not None and not ((plain != 0) & (plain != 1) & ~np.isnan(plain)).any():
        return plain
    return truth(frame, column).to_numpy(dtype=float, na_value=np.nan)


def if_known(unknown: Bool, holds: Bool) -> Float:
    """(n,) 1 where something holds, 0 where not, NaN where it is not known."""
    return np.where(unknown, np.nan, holds.astype(float))


def looked_up(number: Float, table: Mapping[int, float]) -> Float:
    """(n,) what a table of whole numbers of 0 or more has for each number, NaN where it has nothing."""
    top = max(table)
    has = np.full(top + 2, np.nan)
    has[list(table)] = list(table.values())
    place = np.where((number >= 0) & (number <= top), number, top + 1)
    whole = place.astype(np.intp)
    return np.where(whole == place, has[whole], np.nan)


def _numbers(series: pd.Series) -> Float | None:
    """(n,) floats of a column that holds them as numpy does; None for any other."""
    numpys = isinstance(series.dtype, np.dtype) and series.dtype != object
    return float64(series) if numpys else None


def spelled(frame: pd.DataFrame, column: str) -> tuple[Int, np.ndarray]:
    """(n,) codes, -1 where missing, and the distinct stripped texts they stand for."""
    return once(frame, column, _spelled)


def _spelled(series: pd.Series) -> tuple[Int, np.ndarray]:
    raw, values = pd.factorize(series)
    texts = np.array([str(value).strip() for value in values], dtype=object)
    level, distinct = pd.factorize(texts)
    return np.append(level, -1)[raw].astype(np.intp), np.asarray(distinct, dtype=object)


def coded(frame: pd.DataFrame, column: str) -> tuple[Int, np.ndarray]:
    """The same with -1 where the text is empty, too."""
    code, distinct = spelled(frame, column)
    if "" not in distinct:
        return code, distinct
    level, told = pd.factorize(np.array([text or None for text in distinct], dtype=object))
    return np.append(level, -1)[code].astype(np.intp), np.asarray(told, dtype=object)


def text(frame: pd.DataFrame, column: str) -> np.ndarray:
    """(n,) objects: stripped text, None where missing or empty."""
    code, distinct = coded(frame, column)
    out: np.ndarray = np.array([*distinct, None], dtype=object)[code]
    return out


def month_number(frame: pd.DataFrame, column: str) -> Float:
    """(n,) year * 12 + month - 1 from YYYY-MM, dates or periods; NaN where missing."""
    series = frame[column]
    if pd.api.types.is_datetime64_any_dtype(series) or isinstance(series.dtype, pd.PeriodDtype):
        return np.asarray(
            (series.dt.year * 12 + series.dt.month - 1).to_numpy(dtype=float, na_value=np.nan),
            float,
        )
    parts = series.astype("string").str.strip().str.extract(r"^(\d{4})-(\d{2})(?:-\d{2})?$")
    year, month = pd.to_numeric(parts[0], errors="coerce"), pd.to_numeric(parts[1], errors="coerce")
    empty = series.isna() | (series.astype("string").str.strip() == "")
    _refuse(~empty & ~(year.notna() & month.between(1, 12)), series, column, "months as YYYY-MM")
    out: Float = (year * 12 + month - 1).to_numpy(dtype=float, na_value=np.nan)
    return out


def _refuse(bad: pd.Series, series: pd.Series, column: str, expected: str) -> None:
    rows = bad.to_numpy(dtype=bool, na_value=False)
    if rows.any():
        seen = named(map(repr, pd.unique(series[rows])))
        raise InputError(
            Problem(
                what="a column has answers that cannot be read",
                where=in_column(column),
                expected=expected,
                got=seen,
                fix="Recode them in the params (mapping.recode) or declare them as missing.",
            ).in_rows(np.flatnonzero(rows))
        )

"""Cells that are allowed and look wrong: characters that nobody sees, texts as long as a page,
years like 9999, codes like 999 among values, one row with nearly all of a total. Named in
sentences; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mismes_eval.errors import named
from mismes_eval.numerics.rows import Bool, Float, Int

UNSEEN = r"[\u200b-\u200f\u2028\u2029\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069]"
BROKEN = r"\u00c3[\u0080-\u00bf]|\u00c2[\u00a0-\u00bf]|\u00e2\u20ac"  # utf-8 read as cp1252
LEVELS = 200  # a column of fewer different texts is one of names or labels
LONGEST = 1000  # characters of a cell
FIRST, LAST = 1900, 2100  # years that a survey of today can mean
MOST = 0.9  # share of a total that one row of at least SOME has
SOME = 20
NEARLY_ALL, FEW = 0.99, 3  # the same for tables of few rows
CODES = (-99, -98, -97, -9, -8, -7, 97, 98, 99, 997, 998, 999, 9997, 9998, 9999)
LONG_CODES = tuple(float(10**digits - 1) for digits in range(5, 10))  # 99999 to 999999999
FAR = 2  # a code is beyond any value where it is this many times the largest of the others
HEAP, NEAR = 10, 5  # rows of a code inside the range, and how far its neighbours are


def strange_cells(frame: pd.DataFrame, weights: Float | None = None) -> tuple[str, ...]:
    """One sentence a column and kind, with the number of rows. weights (rows,): None counts rows."""
    said = []
    for column in frame.columns:
        series = frame[column]
        if _is_text(series):
            said += _of_text(series, str(column))
        elif pd.api.types.is_datetime64_any_dtype(series):
            said += _years(series.dt.year.to_numpy(float), str(column))
        elif pd.api.types.is_bool_dtype(series):
            continue
        elif pd.api.types.is_numeric_dtype(series):
            said += _codes(series, str(column))
            said += _largest(series, str(column), weights)
    return tuple(said)


def _is_text(series: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(series) or pd.api.types.is_object_dtype(series)


def _of_text(series: pd.Series, column: str) -> list[str]:
    code, level = pd.factorize(series)
    text = pd.Series([value if isinstance(value, str) else "" for value in level], dtype="str")
    said = []
    unseen = _rows(code, text, lambda t: t.str.contains(UNSEEN, regex=True))
    if unseen:
        said.append(
            f"Column '{column}' has characters that nobody sees (zero width) in {unseen:,} rows:"
            " values that look alike are not."
        )
    broken = _rows(code, text, lambda t: t.str.contains(BROKEN, regex=True))
    if broken:
        one = text[text.str.contains(BROKEN, regex=True)].iloc[0][:40]
        said.append(
            f"Column '{column}' has letters that were read in another encoding in {broken:,} rows"
            f" ({one!r}): export the file again as UTF-8."
        )
    if not unseen:
        said += _alike(text, column)
    long = _rows(code, text, lambda t: t.str.len() > LONGEST)
    if long:
        most = int(text.str.len().max())
        said.append(
            f"Column '{column}' has texts of more than {LONGEST:,} characters in {long:,} rows (up"
            f" to {most:,})."
        )
    year = text.str.extract(r"^(\d{4})-\d{2}(?:-\d{2})?$")[0].astype(float)
    return said + _years(np.append(year.to_numpy(float), np.nan)[code], column)


def _alike(text: pd.Series, column: str) -> list[str]:
    """Labels that differ in capitals, spaces and signs alone."""
    if text.size > LEVELS or column.endswith("id"):
        return []
    key = text.str.casefold().str.replace(r"[\W_]+", "", regex=True)
    twice = text[key.duplicated(keep=False) & (key != "")]
    if twice.empty:
        return []
    shown = named(map(repr, twice))
    return [
        f"Column '{column}' has labels that differ in capitals, spaces or signs alone ({shown}):"
        " they count as different."
    ]


def _rows(code: np.ndarray, level: pd.Series, test: Callable[[pd.Series], pd.Series]) -> int:
    """How many rows have a value for which the test holds."""
    holds: Bool = np.append(test(level).to_numpy(bool), False)
    return int(holds[code].sum())


def _years(year: Float, column: str) -> list[str]:
    far = int(((year < FIRST) | (year > LAST)).sum())
    if not far:
        return []
    seen = sorted({int(y) for y in year[(year < FIRST) | (year > LAST)]})
    return [
        f"Column '{column}' has years before {FIRST} or after {LAST} in {far:,} rows"
        f" ({named(seen)}): a code for unknown or open? Leave the cell empty."
    ]


def _codes(series: pd.Series, column: str) -> list[str]:
    """Codes for "unknown" or "not asked" among numbers: far from all others, or in many more rows
    than the numbers around them.
    """
    value, count = np.unique(series.dropna().to_numpy(float), return_counts=True)
    coded = np.isin(value, (*CODES, *LONG_CODES))
    others = value[~coded & np.isfinite(value)]
    if not coded.any() or others.size < SOME:
        return []
    found = [
        f"{v:.0f} in {n:,} rows"
        for v, n in zip(value[coded], count[coded], strict=True)
        if _beyond(v, others) or _heaped(v, n, value[~coded], count[~coded])
    ]
    if not found:
        return []
    return [
        f"Column '{column}' has what looks like codes among its values ({', '.join(found)}): unknown"
        " or not asked? Declare them as missing, or leave the cells empty."
    ]


def _beyond(code: float, others: Float) -> bool:
    """Whether no other value comes near a code."""
    return bool(others.min() >= 0) if code < 0 else bool(code > FAR * others.max())


def _heaped(code: float, rows: int, value: Float, count: Int) -> bool:
    """Whether a code has far more rows than the values around it, round ones left out."""
    around = (np.abs(value - code) <= NEAR) & (value % 10 != 0)
    return rows >= HEAP and bool(rows > NEAR * count[around].sum())


def _largest(series: pd.Series, column: str, weights: Float | None) -> list[str]:
    value = np.abs(np.nan_to_num(series.to_numpy(dtype=float, na_value=np.nan), posinf=0.0))
    part = value if weights is None else value * weights
    rows = int((part > 0).sum())
    if rows < FEW or not np.isfinite(part.sum()):
        return []
    share = float(part.max() / part.sum())
    row = int(part.argmax())
    if share < (MOST if rows >= SOME else NEARLY_ALL):
        return []
    return [
        f"Row {row + 1:,} has {share:.1%} of the total of column '{column}': a wrong unit or a"
        " decimal sign lost? Mend the cell, or leave it empty."
    ]


def strange_weights(weights: Float, strata: pd.Series | None = None) -> tuple[str, ...]:
    """Rows and strata without weight, and one row with nearly all of the weight."""
    said = []
    none = np.flatnonzero(weights == 0)
    if none.size:
        rows = named(f"{row + 1:,}" for row in none)
        said.append(
            f"{none.size:,} of {weights.size:,} rows have weight 0 (rows {rows}): they count"
            " for nobody. Write their weights, or leave the rows out."
        )
    if strata is not None:
        total = pd.Series(weights).groupby(strata.astype("string").to_numpy()).sum()
        empty = [str(stratum) for stratum in total.index[total == 0]]
        if empty:
            said.append(f"Strata in which nobody has weight: {len(empty)} ({named(empty)}).")
    if (weights > 0).sum() >= SOME and weights.max() >= MOST * weights.sum():
        share = weights.max() / weights.sum()
        row = int(weights.argmax())
        said.append(
            f"Row {row + 1:,} has {share:.1%} of the sum of all weights: a decimal sign lost? Mend"
            " the weight."
        )
    return tuple(said)

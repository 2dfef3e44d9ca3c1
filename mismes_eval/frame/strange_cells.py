"""Cells that are allowed and look wrong: characters that nobody sees, texts as long as a page, years
like 9999, one row with nearly all of a total. Named in sentences; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mismes_eval.numerics.rows import Bool, Float

UNSEEN = r"[\u200b-\u200f\u2028\u2029\u2060\ufeff\u00ad]"
LONGEST = 1000  # characters of a cell
FIRST, LAST = 1900, 2100  # years that a survey of today can mean
MOST = 0.9  # share of a total that one row of at least SOME has
SOME = 20


def strange_cells(frame: pd.DataFrame, weights: Float | None = None) -> tuple[str, ...]:
    """One sentence a column and kind, with the number of rows. weights (rows,): None counts rows."""
    said = []
    for column in frame.columns:
        series = frame[column]
        if _is_text(series):
            said += _of_text(series, str(column))
        elif pd.api.types.is_datetime64_any_dtype(series):
            said += _years(series.dt.year.to_numpy(float), str(column))
        elif pd.api.types.is_float_dtype(series):
            said += _largest(series, str(column), weights)
    return tuple(said)


def _is_text(series: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(series) or pd.api.types.is_object_dtype(series)


def _of_text(series: pd.Series, column: str) -> list[str]:
    code, level = pd.factorize(series)
    text = pd.Series([v if isinstance(v, str) else "" for v in level], dtype="str")
    said = []
    unseen = _rows(code, text, lambda t: t.str.contains(UNSEEN, regex=True))
    if unseen:
        said.append(
            f"Column '{column}' has characters that nobody sees (zero width) in {unseen:,} rows:"
            " values that look alike are not."
        )
    long = _rows(code, text, lambda t: t.str.len() > LONGEST)
    if long:
        most = int(text.str.len().max())
        said.append(
            f"Column '{column}' has texts of more than {LONGEST:,} characters in {long:,} rows (up"
            f" to {most:,})."
        )
    year = text.str.extract(r"^(\d{4})-\d{2}(?:-\d{2})?$")[0].astype(float)
    return said + _years(np.append(year.to_numpy(float), np.nan)[code], column)


def _rows(code: np.ndarray, level: pd.Series, test: Callable[[pd.Series], pd.Series]) -> int:
    """How many rows have a value for which the test holds."""
    holds: Bool = np.append(test(level).to_numpy(bool), False)
    return int(holds[code].sum())


def _years(year: Float, column: str) -> list[str]:
    far = int(((year < FIRST) | (year > LAST)).sum())
    if not far:
        return []
    seen = sorted({int(y) for y in year[(year < FIRST) | (year > LAST)]})[:3]
    return [
        f"Column '{column}' has years before {FIRST} or after {LAST} in {far:,} rows"
        f" ({', '.join(map(str, seen))}): a code for unknown or open? Leave the cell empty."
    ]


def _largest(series: pd.Series, column: str, weights: Float | None) -> list[str]:
    value = np.abs(np.nan_to_num(series.to_numpy(dtype=float, na_value=np.nan), posinf=0.0))
    part = value if weights is None else value * weights
    if (part > 0).sum() < SOME or not np.isfinite(part.sum()):
        return []
    share, row = float(part.max() / part.sum()), int(part.argmax())
    if share < MOST:
        return []
    return [f"Row {row + 1:,} has {share:.1%} of the total of column '{column}'."]


def strange_weights(weights: Float, strata: pd.Series | None = None) -> tuple[str, ...]:
    """Strata in which nobody has weight, and one row with nearly all of the weight."""
    said = []
    if strata is not None:
        total = pd.Series(weights).groupby(strata.astype("string").to_numpy()).sum()
        empty = [str(s) for s in total.index[total == 0]]
        if empty:
            named = ", ".join(empty[:10])
            said.append(f"Strata in which nobody has weight: {len(empty)} ({named}).")
    if (weights > 0).sum() >= SOME and weights.max() >= MOST * weights.sum():
        share, row = weights.max() / weights.sum(), int(weights.argmax())
        said.append(f"Row {row + 1:,} has {share:.1%} of the sum of all weights.")
    return tuple(said)

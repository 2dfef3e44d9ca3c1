"""The codes and levels of a column, by counting where whole numbers lie close together and by
hashing elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import Problem, in_column, worded
from mismes_eval.numerics.rows import Int, cells

_SPREAD = 10_000  # whole numbers within this range are counted rather than hashed
_FIRST = 1000  # rows in which all levels are looked for first
_EXACT = 2**53  # below it a float64 holds every whole number


def levels_of(series: pd.Series) -> tuple[Int, pd.Index]:
    """code (n,) of each row, -1 where missing, and the levels that occur, in order (a categorical's
    own order).
    """
    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biuf" and series.size:
        counted = _counted(series.to_numpy())
        if counted is not None:
            return counted
    if isinstance(kind, pd.CategoricalDtype):
        return occurring(series.cat.codes.to_numpy(), series.cat.categories)
    try:
        code, level = pd.factorize(series, sort=True)
    except TypeError:  # values without an order among them: that of their words
        code, level = pd.factorize(series)
        order = np.argsort([str(value) for value in level], kind="stable")
        level, code = level[order], np.append(np.argsort(order), -1)[code]
    return code.astype(np.intp, copy=False), pd.Index(level)


def _counted(value: NDArray[Any]) -> tuple[Int, pd.Index] | None:
    """The same of numbers (n,) that are whole and lie close together; None for any others."""
    low = float(np.fmin.reduce(value))
    high = float(np.fmax.reduce(value))
    if not (abs(low) < _EXACT and high - low < _SPREAD):
        return None
    if value.dtype.kind == "f":
        above = np.where(np.isnan(value), -1.0, value - int(low))
        code = above.astype(np.intp)
        if (code != above).any():
            return None
    else:
        code = value.astype(np.intp) - int(low)
    levels = np.arange(int(low), int(high) + 1).astype(value.dtype)
    return occurring(code, pd.Index(levels))


def occurring(code: NDArray[np.integer[Any]], levels: pd.Index) -> tuple[Int, pd.Index]:
    """Codes (n,), -1 where missing, among the levels that occur, and these levels."""
    found = present(code, len(levels))
    if found.size == len(levels):
        return code.astype(np.intp, copy=False), levels
    lookup = np.full(len(levels) + 1, -1, np.intp)
    lookup[found] = np.arange(found.size)
    return lookup[code], levels[found]


def present(code: NDArray[np.integer[Any]], count: int) -> Int:
    """Which of 0..count-1 occur in code (n,), where -1 and `count` stand for none of them: mostly
    all do, and already in the first rows.
    """
    found = _seen(code[:_FIRST], count)
    return found if found.size == count else _seen(code, count)


def _seen(code: NDArray[np.integer[Any]], count: int) -> Int:
    times = np.bincount(code + np.intp(1), minlength=count + 1)
    return np.flatnonzero(times[1 : count + 1])


def one_spelling(values: pd.Series) -> Problem | None:
    """The problem that 1 and "1", "1.0" and "1", or "A" and "A ", stand in one column: two groups
    to a computer and one to a reader.
    """
    levels = values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else values
    if not (levels.dtype == object or pd.api.types.is_string_dtype(levels.dtype)):
        return None
    spelled: dict[str, object] = {}
    try:
        distinct = pd.unique(levels)
    except TypeError:  # lists and other cells that cannot be compared
        return Problem(
            what="holds cells with several values",
            where=in_column(values.name),
            expected="one code in each cell",
            got=repr(levels[levels.notna()].tolist()[0]),
        )
    for value in distinct:
        if pd.api.types.is_scalar(value) and pd.isna(value):
            continue
        other = spelled.setdefault(_plain(value), value)
        if other is value:
            continue
        name = f"frame[{values.name!r}]"
        texts = [spelling for spelling in (value, other) if isinstance(spelling, str)]
        mend = f"{name}.str.strip()" if len(texts) == 2 else f"{name}.map(str)"
        if len(texts) == 2 and len({text.strip() for text in texts}) == 2:
            mend = f"{name}.str.normalize('NFKC').str.strip()"
        if any(text.endswith(".0") for text in texts):
            mend = rf"{name}.map(str).str.replace(r'\.0$', '', regex=True)"
        return Problem(
            what="holds one code in two spellings",
            where=in_column(values.name),
            expected="one spelling of each code",
            got=worded("{other} and {value}", {"other": repr(other), "value": repr(value)}),
            fix=worded("{name} = {mend}", {"name": name, "mend": mend}),
        )
    return None


def _plain(value: object) -> str:
    """A code as a reader sees it: 2 for 2.0, "2.0" and "2", without blanks around it and without
    characters that do not print; letters and blanks that look alike are one.
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    shown = unicodedata.normalize("NFKC", str(value)).strip()
    if shown.endswith(".0") and shown[:-2].isdecimal():
        shown = shown[:-2]
    return shown if shown.isprintable() else "".join(filter(str.isprintable, shown)).strip()


def crossed(each: Sequence[tuple[Int, pd.Index]]) -> tuple[Int, Int]:
    """`numerics.rows.cells` of the codes and levels of several columns; a row without a level
    stands with the first.
    """
    codes = [np.maximum(code, 0).astype(np.intp) for code, _ in each]
    sizes = [max(len(level), 1) for _, level in each]
    return cells(codes, sizes)

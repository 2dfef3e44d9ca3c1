"""What is read of a column is kept while its frame is there: narrowed samples, weight steps and
panels share their frame, and each would read the same columns again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.numerics.rows import Bool

T = TypeVar("T")
Kept = dict[tuple[Hashable, Callable[..., object]], tuple[pd.Series, Any]]

# by the identity of a frame, as long as it lives: a column, and what was read of it. The column is
# held, so that whatever is written into the frame later goes to a copy and is read anew.
_OF_FRAMES: dict[int, Kept] = {}
_ROWS: dict[int, pd.Index] = {}  # likewise: the rows that the frame had when it was first seen


def once(frame: pd.DataFrame, column: Hashable, read: Callable[[pd.Series], T]) -> T:
    """What `read` makes of a column; its arrays are not to be changed."""
    values = frame[column]
    kept = _of(frame)
    known = kept.get((column, read))
    if known is not None and _same(known[0], values):
        found: T = known[1]
        return found
    made = read(values)
    kept[column, read] = values, made
    return made


def absent(values: pd.Series) -> Bool:
    """(n,) where a column has no value."""
    return values.isna().to_numpy(bool)


def carried(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The frame `after`, which has columns of `before`, with what was read of them."""
    known = _OF_FRAMES.get(id(before))
    if known and after is not before:
        _of(after).update(known)
    return after


def same_rows(frame: pd.DataFrame) -> bool:
    """Whether a frame has the rows, in their order, that it had when it was first seen."""
    _of(frame)
    return _ROWS[id(frame)].is_(frame.index)


def _of(frame: pd.DataFrame) -> Kept:
    kept = _OF_FRAMES.get(id(frame))
    if kept is None:
        kept = _OF_FRAMES[id(frame)] = {}
        _ROWS[id(frame)] = frame.index
        weakref.finalize(frame, _OF_FRAMES.pop, id(frame), None)
        weakref.finalize(frame, _ROWS.pop, id(frame), None)
    return kept


def _same(known: pd.Series, now: pd.Series) -> bool:
    """Whether two columns are the same cells in memory."""
    if known.dtype != now.dtype or len(known) != len(now):
        return False
    one, other = _cells(known), _cells(now)
    if one is None or other is None:
        return known.array is now.array
    return one.strides == other.strides and one.ctypes.data == other.ctypes.data


def _cells(values: pd.Series) -> NDArray[Any] | None:
    """Where the cells of a column lie; None where pandas does not say."""
    kind = values.dtype
    if isinstance(kind, np.dtype):
        return values.to_numpy()
    if isinstance(kind, pd.StringDtype) and kind.storage == "python":
        return np.asarray(values.array)
    return None

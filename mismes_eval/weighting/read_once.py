"""What is read of a column is kept while its frame is there: narrowed samples, weight steps and
panels share their frame, and each would read the same columns again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool

T = TypeVar("T")


@dataclass
class _Kept:
    """What was read of a frame's columns, and the frame that it has columns of. A column is held
    with what was read of it, so that whatever is written into the frame later goes to a copy and is
    read anew.

    rows : the index that the frame had when it was first seen.
    """

    rows: pd.Index
    found: dict[tuple[Hashable, Callable[..., object]], tuple[pd.Series, Any]] = field(
        default_factory=dict
    )
    before: weakref.ref[pd.DataFrame] | None = None

    def earlier(self, column: Hashable, values: pd.Series) -> pd.DataFrame | None:
        """The frame before, where it is there and has the very same column."""
        frame = None if self.before is None else self.before()
        if frame is None or column not in frame.columns or not _same(frame[column], values):
            return None
        return frame


_OF_FRAMES: dict[int, _Kept] = {}  # by the identity of a frame, as long as it lives


def once(frame: pd.DataFrame, column: Hashable, read: Callable[[pd.Series], T]) -> T:
    """What `read` makes of a column; its arrays are not to be changed."""
    values = frame[column]
    kept = _of(frame)
    known = kept.found.get((column, read))
    if known is not None and _same(known[0], values):
        found: T = known[1]
        return found
    earlier = kept.earlier(column, values)
    made = read(values) if earlier is None else once(earlier, column, read)
    kept.found[column, read] = values, made
    return made


def absent(values: pd.Series) -> Bool:
    """(n,) where a column has no value."""
    return values.isna().to_numpy(bool)


def carried(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The frame `after`, which has columns of `before`, with what was read of them; what will be
    read of them is read of `before` as long as it is there.
    """
    known = _OF_FRAMES.get(id(before))
    if known and after is not before:
        _of(after).found.update(known.found)
    _of(after).before = weakref.ref(before)
    return after


def same_rows(frame: pd.DataFrame) -> bool:
    """Whether a frame has the rows, in their order, that it had when it was first seen."""
    return _of(frame).rows.is_(frame.index)


def other_rows(frame: pd.DataFrame, whose: Message) -> list[Problem]:
    """The problem that a frame has other rows than it had, or has them in another order."""
    if same_rows(frame):
        return []
    return [
        Problem(
            what="rows were sorted, dropped, added or numbered anew",
            where=whose,
            expected=worded(
                "the {n} rows it was made of, in their order", {"n": _of(frame).rows.size}
            ),
            got=worded("{n} rows", {"n": len(frame)}),
            fix="Make it anew of the changed frame.",
        )
    ]


def _of(frame: pd.DataFrame) -> _Kept:
    kept = _OF_FRAMES.get(id(frame))
    if kept is None:
        kept = _OF_FRAMES[id(frame)] = _Kept(frame.index)
        weakref.finalize(frame, _OF_FRAMES.pop, id(frame), None)
    return kept


def _same(known: pd.Series, now: pd.Series) -> bool:
    """Whether two columns are the same cells in memory."""
    if known.dtype != now.dtype or len(known) != len(now):
        return False
    one, other = _cells(known), _cells(now)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.strides == other.strides and one.ctypes.data == other.ctypes.data
    return one is other


def _cells(values: pd.Series) -> object:
    """What holds the cells of a column: an array of numpy, or what pandas keeps them in."""
    kind = values.dtype
    array = values.array
    if isinstance(kind, np.dtype):
        return values.to_numpy()
    if isinstance(array, pd.Categorical):
        return array.codes
    if isinstance(kind, pd.StringDtype) and kind.storage == "python":
        return np.asarray(array)
    return array.__arrow_array__() if isinstance(kind, (pd.StringDtype, pd.ArrowDtype)) else array

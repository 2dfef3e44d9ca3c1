"""The numbers of a column as float64, however a file stores them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
import pyarrow as pa

from mismes_eval.numerics.rows import Float

TEMPORAL = ("date", "datetime", "datetime64", "time", "timedelta", "timedelta64", "period")


def float64(values: pd.Series) -> Float | None:
    """(n,) numbers of any numeric or boolean dtype, NaN where missing, also where they are stored
    as objects or as a categorical's levels; None where the column holds anything else (text,
    dates).
    """
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        levels = float64(pd.Series(kind.categories))
        return None if levels is None else np.append(levels, np.nan)[values.cat.codes.to_numpy()]
    if pd.api.types.is_complex_dtype(kind):
        return None
    if isinstance(kind, np.dtype) and kind.kind in "fiub":
        return values.to_numpy(np.float64)
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)
    return _objects(values) if kind.kind == "O" else None


def numbers_in(values: pd.Series) -> Float:
    """(n,) the same where text that reads as a number is one too; NaN for anything else."""
    number = float64(values)
    if number is not None:
        return number
    if temporal(values):
        return np.full(len(values), np.nan)
    read = pd.to_numeric(values, errors="coerce")
    return np.asarray(read.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)


def temporal(values: pd.Series) -> bool:
    """Whether a column holds dates, times, durations or periods, also one by one."""
    kind = values.dtype
    if kind.kind in "mM" or isinstance(kind, pd.PeriodDtype):
        return True
    if isinstance(kind, pd.CategoricalDtype):
        return False
    boxed = pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.ArrowDtype)
    return boxed and pd.api.types.infer_dtype(values, skipna=True) in TEMPORAL


def native(frame: pd.DataFrame, among: Iterable[str] | None = None) -> pd.DataFrame:
    """The frame with numbers as this machine holds them, which alone can be looked up and sorted:
    in its byte order, dense, and in 32 or 64 bits where they have decimals; dictionaries of arrow
    are the categories that they are. among: the columns that may be otherwise; None: all.

    It is a frame of its own (pandas copies a column when it is written to): whatever is done to the
    given one later, rows sorted or dropped included, does not reach it.
    """
    kinds = (
        dict(frame.dtypes.items())
        if among is None
        else {column: frame[column].dtype for column in among}
    )
    held = {column: _held(kind) for column, kind in kinds.items()}
    changed = {column: kind for column, kind in held.items() if kind is not None}
    coded = [column for column, kind in kinds.items() if _is_dictionary(kind)]
    out = frame.astype(changed) if changed else frame.copy(deep=False)
    for column in coded:
        out[column] = _categories(frame[column])
    return out


def _is_dictionary(kind: object) -> bool:
    return isinstance(kind, pd.ArrowDtype) and pa.types.is_dictionary(kind.pyarrow_dtype)


def _categories(values: pd.Series) -> pd.Series:
    """A dictionary of arrow as a categorical, in the dictionary's order where it is one."""
    plain = values.astype(object)
    kind = values.dtype
    assert isinstance(kind, pd.ArrowDtype)
    if not kind.pyarrow_dtype.ordered:
        return plain.astype("category")
    pieces = values.array.__arrow_array__().unify_dictionaries()
    order = pieces.chunk(0).dictionary.to_pylist()
    return pd.Series(pd.Categorical(plain, order, ordered=True), values.index)


def _held(kind: object) -> np.dtype | str | None:
    """The dtype that stands for another, None where it stays."""
    if isinstance(kind, pd.SparseDtype):
        return _held(kind.subtype) or np.dtype(kind.subtype)
    if isinstance(kind, pd.ArrowDtype):
        if pa.types.is_nested(kind.pyarrow_dtype):
            return "object"
        return "float64" if pa.types.is_float16(kind.pyarrow_dtype) else None
    if not isinstance(kind, np.dtype):
        return None
    if kind.kind == "f" and kind.itemsize not in (4, 8):
        return "float64"
    return kind.newbyteorder("=") if kind.byteorder == ">" else None


def _objects(values: pd.Series) -> Float | None:
    """(n,) numbers that are stored one by one; each distinct one is looked at once."""
    try:
        code, level = pd.factorize(values.astype(object))
    except TypeError:  # lists and other cells that cannot be compared
        return None
    if not len(level) or not all(isinstance(value, (Real, Decimal, np.bool_)) for value in level):
        return None
    return np.append(np.array([float(value) for value in level]), np.nan)[code]
